# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning: the student is the decoder, and its logits come closer to the float model's. Needs torch."""

from __future__ import annotations

import numpy as np
import pytest
from outlines import EVERY, GPT, texts

from hardwire.decoder import forward
from hardwire.evaluate import integer_logits
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


@pytest.mark.parametrize("bits", [3, 4])
def test_tuned_integers_are_closer_on_text_that_was_not_seen(bits: int) -> None:
    outline = EVERY["llama"]
    decoder, stories, held_out = random_decoder(outline, 5), texts(outline, 4, 200).tolist(), texts(outline, 11, 8)
    exact, errors = forward(decoder, held_out), {}
    for steps in (0, 200):
        options = Options(weights=bits, tokens=4800, length=24, tuning=steps)
        chip = quantize(decoder, stories, options)
        assert chip.about.get("tuning_steps", 0) == steps
        errors[steps] = np.sqrt(np.square(integer_logits(chip, held_out) - exact).mean())
    assert errors[200] < 0.85 * errors[0], errors


def test_the_same_steps_give_the_same_chip() -> None:
    decoder, stories = random_decoder(GPT, 5), texts(GPT, 4, 40).tolist()
    options = Options(tokens=960, length=24, tuning=5)
    assert quantize(decoder, stories, options).digest == quantize(decoder, stories, options).digest
