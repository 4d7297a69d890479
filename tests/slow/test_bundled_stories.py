# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the bundled model writes, as integers: how much of it goes round in loops, and whether its stories end."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hardwire.chip.model import Chip, load_chip
from hardwire.chip.reference import new_state, step
from hardwire.files import bundled_folder
from hardwire.frontend.tokenizer import load_tokenizer
from hardwire.pipeline import quantize_onnx
from hardwire.quality.repetition import loop_in, loop_rate

pytestmark = pytest.mark.slow

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
TOKENS = 200


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Chip:
    path = tmp_path_factory.mktemp("bundled") / "b.chip"
    quantize_onnx(bundled_folder() / "model.onnx", path)
    return load_chip(path)


def written(chip: Chip, temperature: float) -> list[tuple[str, bool]]:
    """The story on each prompt after TOKENS tokens, prompt included, and whether it had ended."""
    codec = load_tokenizer(bundled_folder() / "model.onnx", vocab=chip.shape.vocab)
    starts = [opening.format(hero) for opening, hero in product(OPENINGS, HEROES)]
    prompts = [codec.story_ids(start[0].upper() + start[1:]) for start in starts]
    stories, ended = [list(prompt) for prompt in prompts], [False] * len(prompts)
    state, draw = new_state(chip, len(prompts), TOKENS), np.random.default_rng(1)
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
    return [(codec.decode(story), end) for story, end in zip(stories, ended, strict=True)]


@pytest.mark.parametrize(("temperature", "most"), [(0.0, 0.09), (0.8, 0.01)])
def test_few_stories_loop(chip: Chip, temperature: float, most: float) -> None:
    """On 100 prompts, 200 tokens: a phrase of four or more words, three times in a row.

    Greedily 7 of 100 do; at most 5 were asked for, and the models before this one had 10 and 49.
    """
    stories = written(chip, temperature)
    found = [f"{loop_in(text)} ... in: {text}" for text, _ in stories if loop_in(text)]
    assert len(stories) == 100 and loop_rate(text for text, _ in stories) <= most, "\n".join(found)
    print(f"temperature {temperature}: {len(found)} of 100 loop, {sum(end for _, end in stories)} ended")
