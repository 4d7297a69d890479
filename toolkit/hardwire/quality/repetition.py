# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Does a written text loop? It does where one phrase follows itself again and again.

Words are compared without case and punctuation: "a red ball, a red ball" repeats itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return WORD.findall(text.lower().replace("’", "'"))


def loop_in(text: str, words: int = 4, times: int = 3) -> str | None:
    """The first phrase of at least ``words`` words that stands ``times`` times in a row, or None.

    A shorter phrase that goes on for as long counts too: twelve times "very" is three times "very very very very".
    """
    if words < 1 or times < 2:
        raise ValueError(f"a phrase of {words} words, {times} times: at least one word and two times make a loop")
    written = words_of(text)
    for period in range(words, len(written) // times + 1):
        same = 0  # how many words in a row have been equal to the one a period before
        for at in range(period, len(written)):
            same = same + 1 if written[at] == written[at - period] else 0
            if same == period * (times - 1):
                return " ".join(written[at - period + 1 : at + 1])
    return None


def loop_rate(texts: Iterable[str], words: int = 4, times: int = 3) -> float:
    """Share of the texts that loop. Raises ValueError without a text."""
    loops = [loop_in(text, words, times) is not None for text in texts]
    if not loops:
        raise ValueError("no text to look for loops in")
    return sum(loops) / len(loops)
