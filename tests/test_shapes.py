# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The ladder of shapes, what a board holds of it, what to expect of a size, and ``fit --shapes``."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hardwire.chip.format import expected_shapes
from hardwire.cli.main import main
from hardwire.errors import BoardError, HardwireError
from hardwire.pipeline import SHAPES
from hardwire.plan.budget import beside_host, beyond_device, bitstream_cost
from hardwire.plan.capacity import demand
from hardwire.plan.cost import predict
from hardwire.plan.geometry import Geometry
from hardwire.plan.planner import Planner
from hardwire.plan.schedule import schedule
from hardwire.plan.widths import Widths
from hardwire.quantize import Options, random_chip
from hardwire.shapes import choices as module
from hardwire.shapes.choices import choices
from hardwire.shapes.ladder import LlamaShape, rungs, within
from hardwire.shapes.search import largest, plan_of, skeleton
from hardwire.shapes.trained import POINTS, SHORT, curve
from hardwire.targets.board import board_names, load_board
from hardwire.tools.cache import Cache


def test_each_rung_is_larger_in_every_matrix_or_as_large() -> None:
    for below, above in pairwise(rungs()):
        assert below.parameters < above.parameters
        small, large = expected_shapes(below.on_chip()), expected_shapes(above.on_chip())
        assert all(a <= b for name in small for a, b in zip(small[name], large[name], strict=True))


def test_all_dimensions_are_multiples_of_16_and_the_bundled_shape_is_a_rung() -> None:
    for shape in rungs():
        assert not any(size % 16 for size in (shape.vocab, shape.dim, shape.head_dim, shape.hidden))
        assert shape.heads % shape.kv_heads == 0
    assert SHAPES["bundled"].shape in [shape.on_chip() for shape in rungs()]


def test_parameters_are_a_limit() -> None:
    assert within(5_000).parameters == 4_656
    assert within(500_000).parameters == 479_760
    assert within(280_000, context=64).context == 64 and within(280_000).parameters == 279_232
    assert within(10_000, vocab=256).vocab == 256
    with pytest.raises(HardwireError, match="--parameters 4,000: the smallest shape has 4,656; give that or more"):
        within(4_000)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_a_skeleton_asks_for_what_a_chip_does(bits: int) -> None:
    shape = within(40_000, context=128)
    chip, counted = random_chip(shape.on_chip(), 1, Options(weights=bits, rounding="plain")), skeleton(shape, bits)
    assert replace(demand(counted), table_bits=0) == replace(demand(chip), table_bits=0)
    assert demand(counted).table_bits >= demand(chip).table_bits  # its tables are wider
    with pytest.raises(HardwireError, match="--weights 9: 2 to 8 bits are possible"):
        skeleton(shape, 9)


def test_what_holds_a_skeleton_holds_a_chip() -> None:
    board, shape = load_board("pynq-z2"), within(9_000, context=64)
    assert Planner(skeleton(shape, 4)).holds(board)
    assert Planner(random_chip(shape.on_chip(), 1)).holds(board)
    assert not Planner(skeleton(shape, 4)).holds(replace(board, bram18=4))


def test_the_search_ends_at_the_limit_or_says_that_nothing_fits() -> None:
    board = load_board("pynq-z2")
    assert largest(board, 4, context=64, most=17_000).parameters == 16_480
    with pytest.raises(BoardError, match="pynq-z2 holds no shape of 4-bit weights and 512 positions; use fewer bits"):
        largest(replace(board, bram18=8), 4)


def test_a_host_beside_the_engine_has_its_block_ram() -> None:
    board, chip = load_board("pynq-z2"), skeleton(within(9_000), 4)
    assert board.zynq is not None and 0 < board.bram18 - beside_host(chip, board).bram18 < 40
    alone = replace(board, zynq=None)
    assert beside_host(chip, alone) == alone


def test_the_curve_falls_and_says_what_it_is_fitted_to() -> None:
    line = curve()
    expected = [line.at(size, 4) for size in (5_000, 50_000, 500_000, 5_000_000)]
    assert all(a is not None and b is not None and a > b > 0 for a, b in pairwise(expected))
    for point in POINTS:
        if point.source == SHORT:
            near = line.at(point.parameters, point.bits)
            assert near is not None and abs(near - point.bits_per_char) <= 2 * line.error
    assert line.error < 0.1 and line.at(5_000, 7) is None  # no model of seven bits was trained
    assert line.extrapolated(10**7) and not line.extrapolated(50_000)
    assert "models of 4,656 to " in line.basis and "extrapolated" in line.basis


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The search stands in for one that takes minutes, and a cache of its own."""
    asked: list[Any] = []
    plan = plan_of(within(5_000, context=16), 4, load_board("pynq-z2"))

    def search(board: Any, bits: int, context: int) -> LlamaShape:
        asked.append((board.key, bits, context))
        if bits == 8:
            raise BoardError(f"{board.key} holds no shape")
        return within(300_000, context=context)

    monkeypatch.setattr(module, "largest", search)
    monkeypatch.setattr(module, "plan_of", lambda shape, bits, board: plan)
    monkeypatch.setenv("HARDWIRE_CACHE", str(tmp_path / "cache"))
    return asked


def test_what_was_found_is_kept(searched: list[Any], tmp_path: Path) -> None:
    boards, kept = [load_board("pynq-z2")], Cache("shapes", tmp_path)
    first = choices(boards, (4, 8), kept=kept)
    assert choices(boards, (4, 8), kept=kept) == first and len(searched) == 2
    assert first[0].parameters == 279_232 and first[0].bits_per_char == curve().at(279_232, 4)
    assert first[1].parameters is None and first[1].bits_per_char is None and "holds no shape" in first[1].limit


@pytest.mark.tools
def test_fit_shapes_answers_for_every_board(searched: list[Any], tmp_path: Path) -> None:
    picture = tmp_path / "shapes.png"
    run = CliRunner().invoke(main, ["fit", "--shapes", "--json", "--context", "256", "--plot", str(picture)])
    answer = json.loads(run.stdout)
    assert len(answer["shapes"]) >= 3 * 8 and {context for _, _, context in searched} == {256}
    keys = {
        "board",
        "weights",
        "parameters",
        "shape",
        "limit",
        "tokens_per_second",
        "clock_mhz",
        "bits_per_char",
        "extrapolated",
    }
    assert set(answer["shapes"][0]) == keys and answer["expected_from"] == curve().basis
    assert picture.stat().st_size > 20_000
    table = CliRunner().invoke(main, ["fit", "--shapes", "--board", "pynq-z2", "--weights", "4"]).output
    assert "279,232" in table and "64 x 5" in table


@pytest.mark.slow
@pytest.mark.parametrize("board", board_names())
def test_every_board_holds_a_shape_that_its_planner_plans(board: str) -> None:
    """By fewer bits none that is smaller; and an engine for it fits, with the host of a bitstream beside it."""
    place = load_board(board)
    shapes = {bits: largest(place, bits) for bits in (4, 8)}
    assert shapes[4].parameters >= shapes[8].parameters >= 45_280
    plan = plan_of(shapes[8], 8, place)
    assert plan.fits
    chip = skeleton(shapes[8], 8)
    made = schedule(chip, Geometry(**plan.geometry or {}))
    host = bitstream_cost(chip, made, place)
    totals = predict(chip, made, place.family, Widths.of(chip))
    assert beyond_device((totals.beside(host) if host else totals).as_dict(), place) == []


def test_fit_says_which_of_a_chip_and_shapes_is_missing(tmp_path: Path) -> None:
    for arguments, words in (
        ([], "CHIP is missing; or give --shapes"),
        (["m.chip", "--shapes"], "--shapes is asked without a chip; leave m.chip out"),
        (["m.chip", "--weights", "4"], "--weights and --plot go with --shapes"),
    ):
        result = CliRunner().invoke(main, ["fit", *arguments])
        assert result.exit_code == 1 and words in result.output
