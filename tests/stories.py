# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the bundled model writes, as integers, on a hundred openings: how many stories loop, how many end.

python tests/stories.py
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from hardwire.chip.model import Chip, load_chip
from hardwire.chip.reference import new_state, step
from hardwire.files import bundled_folder
from hardwire.frontend.tokenizer import load_tokenizer
from hardwire.pipeline import quantize_onnx
from hardwire.quality.repetition import loop_in, loop_rate

OPENINGS = [
    "Once upon a time, there was {}",
    "One day, {} went to the park",
    "{} was very sad",
    "In a small house lived {}",
    "{} loved to play outside",
    "It was a sunny day and {}",
    "Every morning {}",
    "{} found a red ball",
    '"Can I help you?" asked {}',
    "There was once {}",
]
HEROES = ["a little girl", "Tom", "a big dog", "Lily and Ben", "a cat", "the old man", "Sue", "a bird", "my mom", "Max"]
TOKENS = 200  # of a story, prompt included
SEED = 1
TEMPERATURES = (0.0, 0.8)


@dataclass(frozen=True)
class Story:
    """A prompt and what was written behind it; ``ended`` by the model itself."""

    text: str
    ended: bool

    @property
    def loop(self) -> str | None:
        """A phrase of four or more words that stands there three times in a row."""
        return loop_in(self.text)


def write_stories(chip: Chip, temperature: float) -> list[Story]:
    """One story for each opening and hero, side by side."""
    codec = load_tokenizer(bundled_folder() / "model.onnx", vocab=chip.shape.vocab)
    starts = [opening.format(hero) for opening, hero in product(OPENINGS, HEROES)]
    prompts = [codec.story_ids(start[0].upper() + start[1:]) for start in starts]
    stories, ended = [list(prompt) for prompt in prompts], [False] * len(prompts)
    state, draw = new_state(chip, len(prompts), TOKENS), np.random.default_rng(SEED)
    ends = {*chip.eos, chip.bos}
    for at in range(TOKENS):
        fed = np.array([[story[at] if at < len(story) else 0] for story in stories])
        logits = step(chip, state, fed)[:, 0] / np.float64(2**chip.formats.logit_fraction)
        chosen = logits.argmax(-1)
        if temperature:  # the largest of logits and Gumbel's noise is drawn from their softmax
            chosen = (logits / temperature + draw.gumbel(size=logits.shape)).argmax(-1)
        for row, story in enumerate(stories):
            if at == len(story) - 1 and not ended[row]:
                ended[row] = int(chosen[row]) in ends
                story += [] if ended[row] else [int(chosen[row])]
    return [Story(codec.decode(story), end) for story, end in zip(stories, ended, strict=True)]


def summary(temperature: float, stories: list[Story]) -> str:
    """How many loop, and how many end, in words."""
    how = f"at temperature {temperature:g}" if temperature else "greedy"
    loops = loop_rate(story.text for story in stories)
    return (
        f"{how}, {loops:.0%} of {len(stories)} stories loop; {sum(story.ended for story in stories)} end by themselves"
    )


def bundled_chip(folder: Path) -> Chip:
    """The bundled model, quantized as the demo does."""
    path = folder / "bundled.chip"
    quantize_onnx(bundled_folder() / "model.onnx", path)
    return load_chip(path)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        chip = bundled_chip(Path(folder))
        for temperature in TEMPERATURES:
            stories = write_stories(chip, temperature)
            print(summary(temperature, stories))
            for story in stories:
                if story.loop is not None:
                    print(f"  {story.loop!r} in: {story.text}")


if __name__ == "__main__":
    main()
