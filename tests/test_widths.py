# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Activations get more bits where outliers need them, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outlines import GPT, TINY, texts

from hardwire.chip.model import Formats
from hardwire.decoder import Decoder, Linear, forward
from hardwire.quality.evaluate import integer_logits
from hardwire.quantize import Options, Outline, quantize, random_decoder
from hardwire.quantize.calibrate import Ranges, token_weights, unit_of_least_error
from hardwire.quantize.rounding import Moments, round_weights
from hardwire.quantize.widths import formats_of

OUTLINE = Outline(TINY)
OPTIONS = Options(weights=8, tokens=24 * 48, length=24)


def chip_of(decoder: Decoder, **options: object):
    return quantize(decoder, texts(OUTLINE, 4, 48).tolist(), replace(OPTIONS, **options))


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return random_decoder(OUTLINE, 5)


def error(decoder: Decoder, chip) -> float:
    held_out = texts(OUTLINE, 11, 8)
    exact = forward(decoder, held_out)
    return float(np.sqrt(np.square(integer_logits(chip, held_out) - exact).mean() / np.square(exact).mean()))


def test_usual_values_keep_the_usual_bits(decoder: Decoder) -> None:
    chip = chip_of(decoder)
    assert replace(chip.formats, logit_fraction=10) == Formats()
    assert chip.exceptions() == ["normalised inputs: 9 bits", "queries: 9 bits"]


def test_a_token_of_huge_residuals_widens_the_stream(decoder: Decoder) -> None:
    """Where one token's residual is 3,000 times the others', 16 bits leave those ten steps."""
    table = decoder.embedding.copy()
    table[3] *= 3000
    odd = replace(decoder, embedding=table)
    wide, narrow = chip_of(odd), chip_of(odd, widen=False)
    assert narrow.formats.residual == 16 < wide.formats.residual <= 24
    assert f"residual stream: {wide.formats.residual} bits" in wide.exceptions()
    assert error(odd, wide) < 0.3 * error(odd, narrow)


def test_large_gates_widen_the_index_of_the_activation(decoder: Decoder) -> None:
    def louder(layer: Linear | None) -> Linear:
        assert layer is not None
        return Linear(layer.weight * np.float32(12))

    blocks = tuple(replace(b, mlp=replace(b.mlp, gate=louder(b.mlp.gate))) for b in decoder.blocks)
    odd = replace(decoder, blocks=blocks)
    wide, narrow = chip_of(odd), chip_of(odd, widen=False)
    assert narrow.formats.gate == 10 < wide.formats.gate <= 12
    assert len(wide.tables["activation"]) == 1 << wide.formats.gate
    assert f"index of the activation: {wide.formats.gate} bits" in wide.exceptions()


def test_one_layer_of_rare_large_values_widens_the_hidden_values(decoder: Decoder) -> None:
    draw = np.random.default_rng(3)
    tame = draw.standard_normal((4000, 24)).astype(np.float32)
    wild = np.where(draw.random(tame.shape) < 4e-4, np.float32(60), tame)

    def hidden(*layers: np.ndarray, weights: np.ndarray = np.ones(4000)) -> int:
        ranges = Ranges({"residual": 1.0, "logits": 1.0, "L0.gate": 1.0}, smallest=1.0)
        ranges.hidden = {f"L{index}": [values] for index, values in enumerate(layers)}
        ranges.weights = {f"L{index}": [weights] for index in range(len(layers))}
        return formats_of(decoder, ranges, OPTIONS).hidden

    assert hidden(tame, tame) == 8
    assert 8 < hidden(tame, wild) == hidden(wild) <= 12
    # The same values where the residual is so large at these tokens that they hardly matter.
    rare = np.where((wild == 60).any(1), 1e-6, 1.0)
    assert hidden(tame, wild, weights=rare) == 8


def test_a_token_far_above_the_others_decides_no_unit() -> None:
    draw = np.random.default_rng(4)
    residual = draw.standard_normal((2, 100, 24)).astype(np.float32)
    assert np.array_equal(token_weights(residual), np.ones(200))
    residual[1, 3] *= 1000
    weights = token_weights(residual)
    assert weights[103] < 1e-4 and np.array_equal(np.delete(weights, 103), np.ones(199))
    values = draw.standard_normal((1, 200))
    values[0, 103] = 3000
    usual = unit_of_least_error(np.delete(values, 103, axis=1), 8)
    assert unit_of_least_error(values, 8)[0] > 50 * usual[0]
    assert unit_of_least_error(values, 8, weights**2)[0] < 2 * usual[0]


def test_rounding_serves_the_usual_tokens() -> None:
    """Beside a token a thousand times larger, in a direction of its own, the others keep their accuracy."""
    draw = np.random.default_rng(5)
    inputs, weight = draw.standard_normal((400, 32)), draw.standard_normal((16, 32))
    sink = np.vstack([inputs, 1000 * draw.standard_normal((1, 32))])
    weights = np.r_[np.ones(400), 1e-6]

    def error(moments: Moments) -> float:
        made = round_weights(weight, moments, 3)
        return float(np.square(inputs @ (weight - made.weight * made.scale[:, None]).T).mean())

    alone, weighed = error(Moments.of(inputs, inputs)), error(Moments.of(sink, sink, weights))
    assert weighed < 1.1 * alone < error(Moments.of(sink, sink))


def test_a_plain_mlp_keeps_its_one_table() -> None:
    chip = quantize(random_decoder(GPT, 5), texts(GPT, 4, 48).tolist(), OPTIONS)
    assert (chip.formats.gate, chip.formats.hidden) == (10, 8)
