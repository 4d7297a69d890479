# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning: the student is the decoder, and its logits come closer to the float model's. Needs torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outlines import EVERY, GPT, texts

from hardwire.chip.model import Shape
from hardwire.decoder import Decoder, forward
from hardwire.errors import QuantizeError
from hardwire.files import bundled_folder
from hardwire.frontend import import_onnx
from hardwire.frontend.tokenizer import load_tokenizer
from hardwire.pipeline import read_text
from hardwire.quality.evaluate import Scored, evaluate, split_text
from hardwire.quantize import Options, Outline, quantize, random_decoder
from hardwire.quantize.prepare import prepare

pytestmark = pytest.mark.slow

LLAMA = Shape(vocab=48, dim=32, layers=2, heads=4, kv_heads=2, head_dim=8, hidden=52, context=24, rotary=8)


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


LLAMAS = {
    "heads of 8": Outline(shape=LLAMA),
    "half of a head turned": Outline(shape=replace(LLAMA, head_dim=12, hidden=40, rotary=6)),
    "multiples of 16": Outline(shape=replace(LLAMA, head_dim=16, hidden=64, rotary=16)),
}


@pytest.mark.parametrize("interleaved", [False, True], ids=["halves", "pairs"])
@pytest.mark.parametrize("name", LLAMAS)
def test_compiled_c_finds_torch_s_distance_and_gradient(name: str, interleaved: bool) -> None:
    """Within what bfloat16 leaves of it, where the processor has that."""
    import torch

    from hardwire.quantize.distance import CompiledDistance, TorchDistance, distance_on
    from hardwire.quantize.student import weights_of

    decoder = turned(random_decoder(LLAMAS[name], 3), interleaved)
    rows = torch.from_numpy(texts(LLAMAS[name], 9, 4)[:, :16].copy())
    assert isinstance(distance_on(decoder, rows), CompiledDistance)
    draw, found = torch.Generator().manual_seed(1), []
    noise = {key: torch.randn(weight.shape, generator=draw) for key, weight in weights_of(decoder).items()}
    for distance in (TorchDistance(decoder, rows), CompiledDistance(decoder, rows)):
        weights = {
            key: (weight + 0.2 * weight.std() * noise[key]).requires_grad_()
            for key, weight in weights_of(decoder).items()
        }
        embedding = torch.tensor(decoder.embedding).requires_grad_()
        loss = distance(weights, embedding, np.array([3, 0, 2]))
        found.append(
            (loss, torch.cat([w.grad.flatten() for w in [*weights.values(), embedding] if w.grad is not None]))
        )
    (exact, wanted), (loss, gradient) = found
    assert exact > 0 and abs(loss - exact) <= 0.03 * exact
    assert gradient.shape == wanted.shape and (gradient - wanted).norm() <= 0.05 * wanted.norm()


def turned(decoder: Decoder, interleaved: bool) -> Decoder:
    """With pairs of neighbours turned, or halves of the heads."""
    blocks = []
    for block in decoder.blocks:
        assert block.attention.rope is not None
        rope = replace(block.attention.rope, interleaved=interleaved)
        blocks.append(replace(block, attention=replace(block.attention, rope=rope)))
    return replace(decoder, blocks=tuple(blocks))


def test_other_wirings_are_left_to_torch() -> None:
    import torch

    from hardwire.quantize.distance import TorchDistance, distance_on
    from hardwire.quantize.plain_llama import kernel_takes

    assert not any(kernel_takes(random_decoder(outline, 3)) for outline in EVERY.values())
    decoder = random_decoder(Outline(shape=LLAMA), 3)
    assert kernel_takes(decoder)
    assert isinstance(distance_on(decoder, torch.zeros(2, 15, dtype=torch.long)), TorchDistance)


def test_rows_begin_where_stories_do() -> None:
    from hardwire.quantize.tune import story_rows

    short, long = [1, 2, 3], [1, *range(10, 21)]
    assert story_rows([short, long, long, short], 5).tolist() == [
        [1, 2, 3, 1, 10],
        [14, 15, 16, 17, 18],
        [1, 10, 11, 12, 13],
        [14, 15, 16, 17, 18],
    ]
    with pytest.raises(QuantizeError, match="the calibration text has 6 tokens; at least 7 are needed"):
        story_rows([short, short], 7)


def test_a_model_writes_what_it_is_tuned_on() -> None:
    """The same stories again, of its own vocabulary; and who cannot is told so before the long work."""
    from hardwire.quantize.tune import own_stories

    decoder = random_decoder(Outline(shape=LLAMA), 3)
    stories = own_stories(decoder, 5, bos=1, eos=(2,))
    assert stories == own_stories(decoder, 5, bos=1, eos=(2,)) and stories[0] != stories[1]
    assert all(story[0] == 1 and 0 <= min(story) <= max(story) < LLAMA.vocab for story in stories)
    rows = texts(Outline(shape=LLAMA), 4, 40).tolist()
    options = Options(tokens=960, length=16, tuning=2, tuning_stories=5)
    chip = quantize(decoder, rows, options, bos=1, eos=(2,))
    assert (chip.about["tuning_steps"], chip.about["tuning_stories"]) == (2, 5)
    with pytest.raises(QuantizeError, match="--tune-stories: the tokenizer has no tokens that begin and end a text"):
        quantize(decoder, rows, options)
    with pytest.raises(QuantizeError, match="--tune-stories: only a plain Llama"):
        own_stories(random_decoder(GPT, 3), 5, bos=1, eos=(2,))


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
