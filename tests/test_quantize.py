# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The quantizer: it helps, it is reproducible, and it says what it cannot do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hardwire.decoder import Attention, Block, Decoder, Linear, Mlp, Norm, Rope, forward
from hardwire.errors import QuantizeError
from hardwire.quality.evaluate import error_by_stage, integer_logits
from hardwire.quantize import Options, quantize
from hardwire.quantize.parts import whole_bias
from hardwire.quantize.rounding import Moments, round_plain, round_weights


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    """A random decoder whose activations have a few large channels, as trained ones do."""
    draw = np.random.default_rng(2)

    def linear(rows: int, columns: int) -> Linear:
        return Linear((draw.standard_normal((rows, columns)) / columns**0.5).astype(np.float32))

    def norm() -> Norm:
        return Norm("rms", 1e-5, np.exp(draw.standard_normal(32) * 0.5).astype(np.float32))

    rope = Rope(10000.0 ** (-np.arange(0, 8, 2) / 8))
    blocks = tuple(
        Block(
            attention_norm=norm(),
            attention=Attention(
                q=linear(32, 32),
                k=linear(16, 32),
                v=linear(16, 32),
                o=linear(32, 32),
                heads=4,
                kv_heads=2,
                head_dim=8,
                scale=8**-0.5,
                rope=rope,
            ),
            mlp=Mlp(linear(64, 32), linear(32, 64), "silu", linear(64, 32)),
            mlp_norm=norm(),
        )
        for _ in range(2)
    )
    table = draw.standard_normal((50, 32)).astype(np.float32)
    table[:, :3] *= 6
    return Decoder(embedding=table, blocks=blocks, final_norm=norm(), head=linear(50, 32), context=64)


@pytest.fixture(scope="module")
def stories() -> list[list[int]]:
    return np.random.default_rng(4).integers(0, 50, (32, 64)).tolist()


def logit_error(decoder: Decoder, stories: list[list[int]], options: Options) -> float:
    chip = quantize(decoder, stories, options)
    held_out = np.random.default_rng(9).integers(0, 50, (8, 64))
    return float(np.sqrt(np.square(integer_logits(chip, held_out) - forward(decoder, held_out)).mean()))


def test_more_bits_and_better_rounding_err_less(decoder: Decoder, stories: list[list[int]]) -> None:
    errors = {
        (bits, rounding): logit_error(
            decoder, stories, Options(weights=bits, tokens=2048, length=64, rounding=rounding)
        )
        for bits in (3, 4, 8)
        for rounding in ("plain", "calibrated")
    }
    assert errors[8, "calibrated"] < 0.35 * errors[4, "calibrated"] < 0.35 * errors[3, "calibrated"]
    for bits in (3, 4):
        assert errors[bits, "calibrated"] < 0.85 * errors[bits, "plain"]


def test_quantizing_twice_gives_the_same_chip(decoder: Decoder, stories: list[list[int]]) -> None:
    options = Options(tokens=512, length=64)
    assert quantize(decoder, stories, options).digest == quantize(decoder, stories, options).digest


def test_interleaved_rotary_pairs_become_half_split_ones(decoder: Decoder, stories: list[list[int]]) -> None:
    blocks = tuple(
        replace(b, attention=replace(b.attention, rope=replace(b.attention.rope, interleaved=True)))
        for b in decoder.blocks
    )
    turned = replace(decoder, blocks=blocks)
    options = Options(weights=8, tokens=1024, length=64)
    assert logit_error(turned, stories, options) < 1.5 * logit_error(decoder, stories, options)


def test_every_stage_is_close_to_the_float_one_at_eight_bits(decoder: Decoder, stories: list[list[int]]) -> None:
    chip = quantize(decoder, stories, Options(weights=8, tokens=1024, length=64))
    errors = error_by_stage(chip, decoder, np.array(stories[:4]))
    assert set(errors) == {
        "embed",
        "logits",
        *(f"L{n}.{s}" for n in (0, 1) for s in ("q", "k", "v", "attn", "attn_x", "gate", "up", "hidden", "x")),
    }
    assert max(errors.values()) < 0.05, errors


def test_calibrated_rounding_lowers_the_output_error() -> None:
    draw = np.random.default_rng(0)
    x = draw.standard_normal((500, 24)) @ draw.standard_normal((24, 24))  # correlated inputs
    weight = draw.standard_normal((10, 24))
    plain, better = round_plain(weight, 4), round_weights(weight, Moments.of(x, x), 4)
    error = [np.square(x @ (weight - r.weight * r.scale[:, None]).T).mean() for r in (plain, better)]
    assert error[1] < 0.4 * error[0]
    assert better.weight.min() >= -8 and better.weight.max() <= 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"final_norm": Norm("layer", 1e-5)}, "at the ends: norm of another kind than the first"),
        ({"final_norm": Norm("rms", 1e-6)}, "at the ends: norm with an epsilon of its own"),
        (
            {"embedding_norm": Norm("layer", 1e-5), "positions": np.zeros((64, 32), np.float32)},
            "no norm behind the embedding where there is LayerNorm",
        ),
        ({"embedding_norm": Norm("rms", 1e-5, bias=np.ones(32, np.float32))}, "no bias in the norm behind the emb"),
        ({"embedding_norm": Norm("rms", 1e-5, -np.ones(32, np.float32))}, "no negative gain in the norm behind"),
    ],
)
def test_parts_the_chip_lacks_are_named(decoder: Decoder, stories: list[list[int]], change: dict, message: str) -> None:
    with pytest.raises(QuantizeError, match=message):
        quantize(replace(decoder, **change), stories)


def test_layer_norm_needs_one_in_front_of_the_head(decoder: Decoder, stories: list[list[int]]) -> None:
    layer = Norm("layer", 1e-5)
    blocks = tuple(replace(b, attention_norm=layer, mlp_norm=layer) for b in decoder.blocks)
    with pytest.raises(QuantizeError, match="no LayerNorm without one in front of the head"):
        quantize(replace(decoder, blocks=blocks, final_norm=None), stories)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parallel": True}, "layer of another shape than the first"),
        ({"mlp_post_norm": Norm("rms", 1e-5)}, "layer of another shape than the first"),
        ({"mlp_post_norm": Norm("layer", 1e-5)}, "LayerNorm behind a branch"),
        ({"mlp_norm": Norm("layer", 1e-5)}, "norm of another kind than the first"),
        ({"attention": {"q_norm": Norm("rms", 1e-5)}}, "layer of another shape than the first"),
        ({"attention": {"q_norm": Norm("layer", 1e-5)}}, "LayerNorm of queries or keys"),
        ({"attention": {"q_norm": Norm("rms", 1e-5, bias=np.ones(8, np.float32))}}, "bias in a norm inside a layer"),
        ({"attention": {"softcap": 50.0}}, "layer of another shape than the first"),
        ({"attention": {"rope": Rope(np.ones(3))}}, "number of rotated dimensions that differs between layers"),
        ({"mlp": {"gate": None}}, "layer of another shape than the first"),
    ],
)
def test_layers_are_named_too(decoder: Decoder, stories: list[list[int]], change: dict, message: str) -> None:
    last = decoder.blocks[1]
    parts = {
        name: replace(getattr(last, name), **value) if isinstance(value, dict) else value
        for name, value in change.items()
    }
    with pytest.raises(QuantizeError, match=f"the chip has no .*layer 1: {message}"):
        quantize(replace(decoder, blocks=(decoder.blocks[0], replace(last, **parts))), stories)


def test_a_bias_beyond_its_bits_is_refused(decoder: Decoder, stories: list[list[int]]) -> None:
    a = decoder.blocks[1].attention
    key = Linear(a.k.weight, np.full(16, 0.01, np.float32))
    blocks = (decoder.blocks[0], replace(decoder.blocks[1], attention=replace(a, k=key)))
    chip = quantize(replace(decoder, blocks=blocks), stories, Options(tokens=512, length=64))
    assert list(chip.biases) == ["k"] and not chip.biases["k"][0].any() and chip.biases["k"][1].all()
    with pytest.raises(QuantizeError, match="a bias of k is 1.*e.* units of its output, more than 20 bits hold"):
        whole_bias("k", Linear(a.k.weight, np.ones(16, np.float32)), 1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(weights=9), "--weights 9: 2 to 8 bits"),
        (Options(activations=2), "--activations 2: 4 to 12 bits"),
        (Options(tuning=-3), "-3 steps of fine-tuning; give 0 or more"),
        (Options(tuning_stories=9), "9 stories of the model's own to tune on; give 0 or more, and --tune too"),
    ],
)
def test_impossible_bits_are_refused(
    decoder: Decoder, stories: list[list[int]], options: Options, message: str
) -> None:
    with pytest.raises(QuantizeError, match=message):
        quantize(decoder, stories, options)


def test_too_little_calibration_text_is_refused(decoder: Decoder) -> None:
    with pytest.raises(QuantizeError, match="the calibration text has 3 tokens; at least 64"):
        quantize(decoder, [[1, 2, 3]])
