# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning: the student is the decoder, and its logits come closer to the float model's. Needs torch."""

from __future__ import annotations

import numpy as np
import pytest
from outlines import EVERY, GPT, texts

from hardwire.decoder import forward
from hardwire.files import bundled_folder
from hardwire.frontend import import_onnx
from hardwire.frontend.tokenizer import load_tokenizer
from hardwire.pipeline import read_text
from hardwire.quality.evaluate import Scored, evaluate, split_text
from hardwire.quantize import Options, quantize, random_decoder
from hardwire.quantize.prepare import prepare

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("prepared", [False, True], ids=["as it is", "prepared"])
@pytest.mark.parametrize("name", EVERY)
def test_the_student_is_the_decoder(name: str, prepared: bool) -> None:
    import torch

    from hardwire.quantize.student import Student, weights_of

    decoder, ids = random_decoder(EVERY[name], 3), texts(EVERY[name], 9, 4)
    decoder = prepare(decoder) if prepared else decoder
    with torch.no_grad():
        logits = Student(decoder)(weights_of(decoder), torch.from_numpy(decoder.embedding), torch.from_numpy(ids))
    exact = forward(decoder, ids)
    assert np.abs(logits.numpy() - exact).max() <= 1e-4 * np.abs(exact).max()


def test_a_tuned_model_is_better_on_stories_that_were_not_seen() -> None:
    """The bundled model, trained for four bits, with three: 60 steps took perplexity from 8.54 to 7.83."""
    folder = bundled_folder()
    decoder = import_onnx(folder / "model.onnx").decoder
    encoder = load_tokenizer(folder / "model.onnx", vocab=decoder.vocab)
    stories = [encoder.story_ids(story) for story in split_text(read_text(folder / "calibration.txt"))]
    held_out = [Scored(ids[:128], 1) for ids in stories[-16:]]
    perplexity = {}
    for steps in (0, 60):
        chip = quantize(decoder, stories[:-16], Options(weights=3, tokens=4096, tuning=steps))
        assert chip.about.get("tuning_steps", 0) == steps
        perplexity[steps] = evaluate(chip, None, held_out).integer.perplexity
    assert perplexity[60] < 0.95 * perplexity[0], perplexity


def test_the_same_steps_give_the_same_chip() -> None:
    decoder, stories = random_decoder(GPT, 5), texts(GPT, 4, 40).tolist()
    options = Options(tokens=960, length=24, tuning=5)
    assert quantize(decoder, stories, options).digest == quantize(decoder, stories, options).digest
