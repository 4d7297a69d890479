# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What is folded and turned before a decoder is quantised: the function stays, the outliers go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outlines import EVERY, GEMMA2, QWEN3, TINY, texts

from hardwire.decoder import Decoder, forward
from hardwire.quality.evaluate import integer_logits
from hardwire.quantize import Options, Outline, quantize, random_decoder
from hardwire.quantize.prepare import can_rotate, prepare, rotation


@pytest.mark.parametrize("rotated", [False, True], ids=["folded", "rotated"])
@pytest.mark.parametrize("name", EVERY)
def test_no_logit_changes_and_no_gain_is_left(name: str, rotated: bool) -> None:
    decoder, ids = random_decoder(EVERY[name], 3), texts(EVERY[name], 9, 6)
    rotated = rotated and can_rotate(decoder)
    prepared = prepare(decoder, rotated)
    before, after = forward(decoder, ids), forward(prepared, ids)
    assert np.abs(after - before).max() <= 1e-4 * np.abs(before).max()
    plain = (*(norm for b in prepared.blocks for norm in (b.attention_norm, b.mlp_norm)), prepared.final_norm)
    assert all(norm is None or (norm.gain is None and norm.bias is None and norm.kind == "rms") for norm in plain)
    inside = (norm for b in prepared.blocks for norm in (b.attention.q_norm, b.attention_post_norm, b.mlp_post_norm))
    assert all(norm is None or norm.gain is None or norm.gain.min() >= 0 for norm in inside)


def test_interleaved_pairs_become_half_split_ones() -> None:
    decoder, ids = random_decoder(QWEN3, 3), texts(QWEN3, 9, 6)
    blocks = tuple(
        replace(b, attention=replace(b.attention, rope=replace(b.attention.rope, interleaved=True)))
        for b in decoder.blocks
    )
    turned = replace(decoder, blocks=blocks)
    prepared = prepare(turned)
    assert not any(b.attention.rope.interleaved for b in prepared.blocks)
    before = forward(turned, ids)
    assert np.abs(before - forward(decoder, ids)).max() > 0.1
    assert np.abs(forward(prepared, ids) - before).max() <= 1e-4 * np.abs(before).max()


@pytest.mark.parametrize("size", [1, 6, 8, 24, 64, 576])
def test_a_rotation_is_orthogonal_and_spreads_every_channel(size: int) -> None:
    turn = rotation(size)
    assert np.allclose(turn @ turn.T, np.eye(size), atol=1e-12)  # float64 sums of up to 576
    # An entry of a Hadamard matrix is 1 / sqrt(size), one of a cosine transform at most sqrt(2) times that.
    assert np.abs(turn).max() <= (2 / size) ** 0.5 + 1e-12 or size == 1


def test_norms_on_branches_keep_their_channels() -> None:
    assert can_rotate(random_decoder(QWEN3, 3)) and not can_rotate(random_decoder(GEMMA2, 3))
    chip = quantize(random_decoder(GEMMA2, 3), texts(GEMMA2, 4, 16).tolist(), Options(tokens=384, length=24))
    assert chip.about["rotated"] is False


@pytest.fixture(scope="module")
def outliers() -> Decoder:
    """A decoder one of whose residual channels is thirty times as large as the others, and read as much less."""
    decoder = random_decoder(Outline(replace(TINY, dim=32), affine=True), 5)
    table = decoder.embedding.copy()
    table[:, 7] *= 30
    return replace(decoder, embedding=table)


def test_rotation_helps_where_a_channel_is_large(outliers: Decoder) -> None:
    outline = Outline(TINY)
    stories, held_out = texts(outline, 4, 48), texts(outline, 11, 8)
    exact, errors = forward(outliers, held_out), {}
    for rotation_on in (False, True):
        options = Options(weights=8, tokens=stories.size, length=stories.shape[1], rotation=rotation_on)
        chip = quantize(outliers, stories.tolist(), options)
        assert chip.about["rotated"] is rotation_on
        errors[rotation_on] = np.sqrt(np.square(integer_logits(chip, held_out) - exact).mean())
    assert errors[True] < 0.7 * errors[False], errors


def test_a_model_that_was_trained_on_its_grid_is_not_turned() -> None:
    decoder = random_decoder(Outline(TINY), 5)
    down = decoder.blocks[0].mlp.down
    step = np.abs(down.weight).max(1, keepdims=True) / 7
    snapped = replace(down, weight=(np.rint(down.weight / step) * step).astype(np.float32))
    block = replace(decoder.blocks[0], mlp=replace(decoder.blocks[0].mlp, down=snapped))
    stories = texts(Outline(TINY), 4, 16).tolist()
    trained = replace(decoder, blocks=(block, *decoder.blocks[1:]))
    assert quantize(trained, stories, Options(tokens=384, length=24)).about["rotated"] is False
    assert quantize(decoder, stories, Options(tokens=384, length=24)).about["rotated"] is True
