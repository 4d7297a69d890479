# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A text before it is ids: its documents, what is held out of it, and the characters that a tokenizer is to spell.

Documents stand between lines of ``<|endoftext|>``; a text without is one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..errors import TrainError
from ..quality.evaluate import SEPARATOR, split_text

LEAST_CHARACTERS = 10_000
HELD_OUT = 0.05  # of the text, at its end
MOST_HELD_OUT = 100_000  # characters
LARGEST_DOCUMENT = 20_000_000  # characters; the tokenizer takes 50 times as many bytes to encode one
LINE = 500  # characters within which a line is expected to end
CALIBRATION = 100_000  # characters, from all over the text
LEAST_SPELLED = 0.995  # of the characters of a text


def stories_of(text: str) -> list[str]:
    """The documents of a text, without the space around them."""
    return [story.strip() for story in text.split(SEPARATOR) if story.strip()]


@dataclass(frozen=True)
class Parts:
    """A text, divided. Documents to train on, and text that is held out, whole stories or the last lines."""

    documents: list[str]
    held_out: str

    @classmethod
    def of(cls, text: str) -> Parts:
        """Raises TrainError where there is too little to learn from."""
        documents = stories_of(text)
        characters = sum(map(len, documents))
        if characters < LEAST_CHARACTERS:
            raise TrainError(
                f"{characters:,} characters of text are too few to learn from; give {LEAST_CHARACTERS:,} or more, a "
                "million for sentences that hold together"
            )
        longest = max(map(len, documents))
        if longest > LARGEST_DOCUMENT:
            raise TrainError(
                f"a document of {longest:,} characters, more than {LARGEST_DOCUMENT:,}; put a line {SEPARATOR} between "
                "its parts"
            )
        wanted = min(int(characters * HELD_OUT), MOST_HELD_OUT)
        if len(documents) == 1:
            start = len(documents[0]) - wanted
            near = (documents[0].rfind(mark, start - LINE, start) for mark in ("\n", " "))
            cut = next((place for place in near if place > 0), start)
            return cls([documents[0][:cut].rstrip()], documents[0][cut:].strip())
        first = len(documents) - 1
        while first > 1 and sum(map(len, documents[first:])) < wanted:
            first -= 1
        return cls(documents[:first], f"\n{SEPARATOR}\n".join(documents[first:]))

    def calibration(self) -> str:
        """Pieces from all over the training text, for the quantizer to calibrate on."""
        pieces = [piece for document in self.documents for piece in split_text(document)]
        mean = sum(map(len, pieces)) / len(pieces)
        step = max(int(len(pieces) * mean / CALIBRATION), 1)
        return f"\n{SEPARATOR}\n".join(pieces[::step]) + "\n"

    def alphabet(self, vocab: int) -> list[str]:
        """The characters that a tokenizer of ``vocab`` tokens spells: the most common ones, at most half as many.

        Raises TrainError where they are too little of the text.
        """
        counts: Counter[str] = Counter()
        for document in self.documents:
            counts.update(document)
        ranked = sorted(counts, key=lambda character: (-counts[character], character))
        kept, total = ranked[: vocab // 2], sum(counts.values())
        share = sum(counts[character] for character in kept) / total
        if share < LEAST_SPELLED:
            needed, covered = 0, 0
            while covered < LEAST_SPELLED * total:
                covered += counts[ranked[needed]]
                needed += 1
            raise TrainError(
                f"the text has {len(counts):,} different characters; a vocabulary of {vocab:,} has room for "
                f"{vocab // 2:,}, {share:.1%} of the text: give --vocab {-(-2 * needed // 16) * 16}, or text in fewer "
                "scripts"
            )
        return kept
