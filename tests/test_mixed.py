# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Bits per matrix: chosen by what the model minds least, and by what a board holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outlines import GPT, TINY, texts

from hardwire.chip.model import LOOKED_UP, Chip
from hardwire.decoder import Decoder, Linear
from hardwire.errors import QuantizeError
from hardwire.plan.capacity import capacity, demand
from hardwire.quality.tradeoff import draw_tradeoff, mean_bits, tradeoff
from hardwire.quantize import FEWEST, MOST, Options, Outline, bit_choices, quantize, random_decoder
from hardwire.quantize.mixed import names, sensitivities
from hardwire.quantize.prepare import prepare
from hardwire.quantize.rounding import round_plain
from hardwire.targets.board import load_board

OPTIONS = Options(weights=8, tokens=384, length=24)


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return random_decoder(Outline(TINY), 5)


@pytest.fixture(scope="module")
def stories() -> list[list[int]]:
    return texts(Outline(TINY), 4, 24).tolist()


def test_choices_go_from_all_bits_to_fewest_one_bit_at_a_time(decoder: Decoder, stories: list[list[int]]) -> None:
    found = list(bit_choices(decoder, stories, OPTIONS))
    assert set(found[0].bits.values()) == {MOST} and set(found[-1].bits.values()) == {FEWEST}
    for before, after in zip(found, found[1:], strict=False):
        assert sum(before.bits.values()) - sum(after.bits.values()) == 1
        assert after.mean_bits < before.mean_bits
    assert found[-1].loss > 10 * found[0].loss >= 0
    assert found[0].mean_bits == MOST and found[-1].mean_bits == FEWEST


def test_a_matrix_that_does_little_loses_its_bits_first(decoder: Decoder, stories: list[list[int]]) -> None:
    blocks = tuple(
        replace(b, attention=replace(b.attention, o=Linear(b.attention.o.weight * np.float32(1e-3))))
        for b in decoder.blocks
    )
    quiet = replace(decoder, blocks=blocks)
    losses = sensitivities(prepare(quiet), np.array(stories[:4]))
    assert losses["o", FEWEST] < 0.01 * losses["down", FEWEST]
    halfway = next(c for c in bit_choices(quiet, stories, OPTIONS) if c.mean_bits < 6)
    assert halfway.bits["o"] == FEWEST == min(halfway.bits.values()) < halfway.bits["down"]


def test_plain_mlps_have_no_gate() -> None:
    assert "gate" not in names(random_decoder(GPT, 3)) and "gate" in names(random_decoder(Outline(TINY), 3))


def test_the_best_choice_that_fits_is_taken(decoder: Decoder, stories: list[list[int]]) -> None:
    seen: list[Chip] = []

    def fits(chip: Chip) -> bool:
        seen.append(chip)
        return mean_bits(chip) <= 5

    chip = quantize(decoder, stories, OPTIONS, fits=fits)
    assert 4.5 < mean_bits(chip) <= 5 and len(set(chip.bits.values())) > 1
    best = max((one for one in seen if mean_bits(one) <= 5), key=mean_bits)
    worse = min((one for one in seen if mean_bits(one) > 5), key=mean_bits)
    assert chip.bits == best.bits and sum(worse.bits.values()) == sum(best.bits.values()) + 1  # the next one does not
    assert demand(best) == demand(chip)  # a chip of zeros takes what the real one does
    assert quantize(decoder, stories, replace(OPTIONS, weights=3), fits=lambda chip: True).bits["down"] <= 3


def test_bits_within_a_mean(decoder: Decoder, stories: list[list[int]]) -> None:
    chip = quantize(decoder, stories, replace(OPTIONS, weights=8, mean_bits=4.3))
    assert 3.8 < mean_bits(chip) <= 4.3 and len(set(chip.bits.values())) > 1
    given = replace(OPTIONS, weights=8, mean_bits=4.3, matrix_bits={"down": 6})
    chip = quantize(decoder, stories, given)
    assert chip.bits["down"] == 6 and mean_bits(chip) <= 4.3  # which counts what was given
    assert quantize(decoder, stories, given, fits=lambda chip: mean_bits(chip) <= 4).bits["down"] == 6
    with pytest.raises(QuantizeError, match="--mean-bits 2: the exceptions of --bits alone need more"):
        quantize(decoder, stories, replace(given, mean_bits=2))
    with pytest.raises(QuantizeError, match=r"--mean-bits 1.5: 2 to 8 bits are possible"):
        quantize(decoder, stories, replace(given, mean_bits=1.5))


def test_a_model_trained_on_a_grid_keeps_it_where_bits_are_chosen(stories: list[list[int]]) -> None:
    free = random_decoder(Outline(TINY), 3)

    def on_three_bits(layer: Linear) -> Linear:
        rounded = round_plain(layer.weight.astype(np.float64), 3)
        return Linear((rounded.weight * rounded.scale[:, None]).astype(np.float32), layer.bias)

    blocks = tuple(replace(b, mlp=replace(b.mlp, down=on_three_bits(b.mlp.down))) for b in free.blocks)
    trained = replace(free, blocks=blocks)
    for decoder, rotated in ((free, True), (trained, False)):
        chip = quantize(decoder, stories, replace(OPTIONS, weights=8, mean_bits=5))
        assert chip.about["rotated"] is rotated


def test_what_no_bits_can_fit_is_refused(decoder: Decoder, stories: list[list[int]]) -> None:
    with pytest.raises(QuantizeError, match="the board cannot hold this model even with 2 bits .* --bits stay"):
        quantize(decoder, stories, OPTIONS, fits=lambda chip: False)


def test_exceptions_by_hand_stand(decoder: Decoder, stories: list[list[int]]) -> None:
    chip = quantize(decoder, stories, replace(OPTIONS, weights=4, matrix_bits={"down": 6, "embedding": 5}))
    assert chip.bits == dict.fromkeys(chip.bits, 4) | {"down": 6, "embedding": 5}
    with pytest.raises(QuantizeError, match="bits of down 9: 2 to 8 bits are possible"):
        quantize(decoder, stories, replace(OPTIONS, matrix_bits={"down": 9}))


@pytest.mark.tools
def test_the_tradeoff_is_measured_and_drawn(decoder: Decoder, stories: list[list[int]], tmp_path: Path) -> None:
    board = load_board("pynq-z2")
    points, exact = tradeoff(decoder, stories, OPTIONS, board, uniform=(2, 8), mixed=(3.5,))
    uniform = {p.mean_bits: p for p in points if p.kind == "uniform"}
    assert list(uniform) == [2, 8]
    assert [round(p.mean_bits, 1) for p in points if p.kind == "mixed"] == [3.5]
    away = {bits: abs(np.log(point.perplexity / exact)) for bits, point in uniform.items()}
    assert away[8] < 0.5 * away[2]
    assert all(p.tokens_per_second and p.tokens_per_second > 1e4 for p in points)
    draw_tradeoff(points, exact, tmp_path / "picture.png", "tiny")
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(QuantizeError, match="1 stories of calibration text are too few to hold some out"):
        tradeoff(decoder, stories[:1], OPTIONS, board)
    given = replace(OPTIONS, mean_bits=4.0, matrix_bits={"down": 6, "embedding": 5})  # as the delivered chip's
    kept, _ = tradeoff(decoder, stories, given, board, uniform=(8,), mixed=(4.5,))
    assert kept[0].bits == dict.fromkeys(kept[0].bits, 8) | {"down": 6, "embedding": 5}
    assert abs(kept[1].mean_bits - 4.5) < 0.3 and (kept[1].bits["down"], kept[1].bits["embedding"]) == (6, 5)


def test_capacity_counts_each_matrix_with_its_bits(decoder: Decoder, stories: list[list[int]]) -> None:
    chip = quantize(decoder, stories, replace(OPTIONS, matrix_bits={"down": 2}))
    read = [m for name, m in chip.matrices.items() if name not in LOOKED_UP]
    assert demand(chip).weight_bits == sum(m.weight.size * m.bits for m in read)
    assert capacity(chip, load_board("pynq-z2")).fits
