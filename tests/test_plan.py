# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fit: demands are counted from the arrays, and boards come from their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outlines import NEOX, TINY

from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.errors import BoardError, BuildError
from hardwire.pipeline import SHAPES
from hardwire.plan.budget import resources
from hardwire.plan.capacity import capacity, demand
from hardwire.plan.cost import Cost, axi_cost, bram18, choice_cost, memories, predict
from hardwire.plan.fit import can_be_built, fit, serial_chain
from hardwire.plan.geometry import Geometry
from hardwire.plan.planner import Planner
from hardwire.plan.schedule import schedule
from hardwire.plan.widths import Widths, weight_words
from hardwire.plan.words import END
from hardwire.quantize import random_chip
from hardwire.shapes.ladder import within
from hardwire.targets import board as boards
from hardwire.targets.board import BRAM18_BITS, Board, board_names, load_board
from hardwire.targets.families import family_of


def test_demand_is_counted_from_the_shape(tiny_chip: Chip) -> None:
    need = demand(tiny_chip)
    per_layer = 16 * 16 * 2 + 2 * 8 * 16 + 3 * 16 * 48
    assert need.multiplications == 2 * per_layer + 40 * 16
    assert need.weight_bits == 4 * need.multiplications
    assert need.embedding_bits == 8 * 40 * 16
    assert need.cache_bits == 2 * 2 * 8 * 24 * 8
    assert need.attention == 2 * 2 * 16 * 12.5  # the mean of 1 .. 24 visible positions


def test_every_board_file_is_read() -> None:
    names = board_names()
    assert {"pynq-z1", "pynq-z2", "ultra96-v2", "kv260", "zcu104", "rfsoc4x2", "ulx3s-85f"} <= set(names)
    for name in names:
        board = load_board(name)
        assert board.key == name and board.dsp > 0 and board.bram18 > 0 and board.part


def test_an_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(BoardError, match="no board 'pynq-z9'; known are .*pynq-z2"):
        load_board("pynq-z9")


def test_a_faulty_board_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "board.toml").write_text('name = "Bad"\n')
    monkeypatch.setattr(boards, "boards_folder", lambda: tmp_path)
    with pytest.raises(BoardError, match="board.toml: KeyError: 'part'"):
        load_board("bad")


def small_board(**changes: int) -> Board:
    counts = {"lut": 20_000, "dsp": 60, "bram18": 60, "uram": 0} | changes
    return Board(key="small", name="Small", part="part", family="xc7", processor="none", clock_mhz=100.0, **counts)


def test_what_limits_is_said(tiny_chip: Chip) -> None:
    verdict = fit(tiny_chip, small_board(bram18=2))
    assert not verdict.fits and verdict.limit.startswith("block RAM")
    assert "bits wanted" in verdict.notes[0] and "larger board" in verdict.notes[0]
    assert (
        verdict.most_bits is None
        and "not even 2 bits in every matrix, embeddings included, are few enough" in verdict.notes[-1]
    )
    assert verdict.cycles == [] and verdict.geometry is None and verdict.clock_source == "asked"


def test_a_chip_that_is_too_large_is_told_the_bits_that_would_fit() -> None:
    chip = random_chip(replace(TINY, vocab=4000), seed=1)  # many block RAMs for each bit
    need = demand(chip)
    weights = sum(matrix.weight.size for matrix in chip.matrices.values())
    others = need.total_bits - need.weight_bits - need.embedding_bits
    for bits in (2, 3):
        verdict = fit(chip, small_board(bram18=-(-(others + bits * weights) // BRAM18_BITS)))
        assert not verdict.fits and verdict.most_bits == bits
        assert f"with {bits} bits in every matrix, embeddings included, its memories would hold it" in verdict.notes


def test_memories_may_hold_what_nothing_can_compute(tiny_chip: Chip) -> None:
    verdict = fit(tiny_chip, small_board(lut=1000))
    assert capacity(tiny_chip, small_board(lut=1000)).fits
    assert not verdict.fits and verdict.limit == "LUTs and multipliers: even the smallest engine is over its budget"
    assert can_be_built(tiny_chip, small_board(lut=1000))  # by HLS, which knows the part
    assert not can_be_built(tiny_chip, replace(small_board(lut=1000), family="ecp5"))


def test_a_plan_is_the_schedule_of_its_geometry_and_keeps_its_budget(tiny_chip: Chip) -> None:
    board = small_board()
    verdict = fit(tiny_chip, board)
    made = schedule(tiny_chip, Geometry(**verdict.geometry))
    assert verdict.cycles == [made.cycles(p) for p in range(tiny_chip.shape.context)]
    assert verdict.mean_cycles == pytest.approx(sum(verdict.cycles) / 24, abs=0.01)
    assert verdict.resources["lut"]["budget"] == int(20_000 * 0.85)
    assert all(r["used"] <= r["budget"] for r in verdict.resources.values())
    assert verdict.tokens_per_second == round(verdict.clock_mhz * 1e6 / (sum(verdict.cycles) / 24), 1)


def test_a_board_without_a_processor_has_its_host_beside_the_engine() -> None:
    cost, board = Cost(lut=10, ff=20, dsp=30, bram18=40, uram=0), small_board()
    assert resources(cost, replace(board, processor="armv7")) == cost.as_dict()
    assert resources(cost, board) == cost.as_dict() | {"lut": 3010, "ff": 1720, "bram18": 46}


def test_a_zynq_has_its_registers_beside_the_engine_and_the_engine_stays(tiny_chip: Chip) -> None:
    board = load_board("pynq-z2")
    alone, both = fit(tiny_chip, replace(board, zynq=None)), fit(tiny_chip, board)
    assert both.geometry == alone.geometry and both.cycles == alone.cycles and both.limit == alone.limit
    for name, told in both.resources.items():
        assert {key: told[key] for key in ("used", "budget")} == alone.resources[name]
        assert told["device"] == getattr(board, name)
    made = schedule(tiny_chip, Geometry(**both.geometry))
    host = axi_cost(tiny_chip, made)
    assert {name: told["host"] for name, told in both.resources.items()} == {
        name: count for name, count in host.as_dict().items() if name in both.resources
    }
    share = (both.resources["lut"]["used"] + host.lut) / board.lut
    assert (
        f"the AXI registers on top ({host.lut:,} LUTs), the device has to give {share:.0%} of the LUTs" in both.notes[1]
    )
    assert "host" not in str(alone.resources) and len(alone.notes) == 1
    traced = schedule(tiny_chip, replace(made.geometry, trace=True))
    assert axi_cost(tiny_chip, traced).lut > host.lut + 500 and axi_cost(tiny_chip, traced).dsp == 8


@pytest.mark.tools
def test_a_device_that_holds_the_engine_and_not_its_registers(
    tiny_chip: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = load_board("pynq-z2")
    alone = fit(tiny_chip, board).resources["bram18"]
    full = replace(board, bram18=alone["used"])
    verdict = fit(tiny_chip, full)
    made = f"{verdict.resources['bram18']['used'] + alone['host']} of {full.bram18}"
    assert verdict.fits and verdict.limit.startswith("with the AXI registers block RAM 1") and made in verdict.limit
    assert verdict.notes[-1].startswith("so --target bitstream does not fit; build it with a smaller engine")
    tiny_chip.save(tmp_path / "tiny.chip")
    plan = make_build(tmp_path / "tiny.chip", full, tmp_path / "a", target="bitstream").manifest.plan
    assert (
        plan.geometry != verdict.geometry and (plan.resources or {})["bram18"] <= full.bram18
    )  # a smaller engine does
    monkeypatch.setattr("hardwire.build.engine_plan.REPLANS", 0)
    with pytest.raises(BoardError, match=r"does not fit PYNQ-Z2 as a bitstream: with the AXI registers block RAM 1"):
        make_build(tmp_path / "tiny.chip", full, tmp_path / "b", target="bitstream")
    assert not (tmp_path / "b").exists()


@pytest.mark.slow
def test_a_bitstream_takes_a_smaller_engine_where_the_fastest_leaves_its_registers_no_memory(tmp_path: Path) -> None:
    chip, full = random_chip(within(5_000, context=64).on_chip(), 1), replace(load_board("pynq-z2"), bram18=80)
    verdict = fit(chip, full)
    assert verdict.limit.startswith("with the AXI registers block RAM 106% of the device (85 of 80)")
    chip.save(tmp_path / "m.chip")
    plan = make_build(tmp_path / "m.chip", full, tmp_path / "b", target="bitstream").manifest.plan
    assert plan.geometry != verdict.geometry and (plan.resources or {})["bram18"] <= 80


@pytest.mark.parametrize(
    ("shape", "geometry", "measured"),
    [
        # Yosys, xc7: vocabulary, context and logit bits; rows; LUTs, registers, block RAMs
        ((512, 512, 16), Geometry(columns=8, rows=8), (857, 884, 6)),
        ((32_000, 1024, 18), Geometry(columns=32, rows=32), (1173, 943, 34)),
        ((50_257, 1024, 20), Geometry(columns=64, rows=64), (1633, 953, 74)),
    ],
)
def test_the_registers_cost_what_yosys_counted(
    tiny_chip: Chip, shape: tuple[int, int, int], geometry: Geometry, measured: tuple[int, int, int]
) -> None:
    vocab, context, logit = shape
    chip = replace(
        tiny_chip,
        shape=replace(tiny_chip.shape, vocab=vocab, context=context),
        formats=replace(tiny_chip.formats, logit=logit),
    )
    cost = axi_cost(chip, replace(schedule(tiny_chip, replace(geometry, banks=1)), geometry=geometry))
    assert (cost.lut, cost.ff) == pytest.approx(measured[:2], rel=0.03) and cost.bram18 == measured[2]


def test_more_of_a_board_is_never_slower(tiny_chip: Chip) -> None:
    planner = Planner(tiny_chip)
    means = [fit(tiny_chip, small_board(lut=lut), planner).mean_cycles for lut in (12_000, 20_000, 60_000)]
    assert means == sorted(means, reverse=True) and means[0] > means[-1]


def test_layers_beyond_two_add_what_the_second_did(odd_chip: Chip) -> None:
    """The search schedules two layers; the rest it knows by repetition."""
    deep = replace(odd_chip, shape=replace(odd_chip.shape, layers=5))
    core = Geometry(columns=8, rows=8, depth=2, banks=1, divides=1)
    stretched = Planner(odd_chip)
    stretched.chip = replace(deep, gate_shift=np.resize(odd_chip.gate_shift, 5))
    assert stretched.end(core)[0] == schedule(stretched.chip, core).end_at + END


def test_the_search_means_what_the_schedule_counts(tiny_chip: Chip) -> None:
    """Parallel branches take a part of attention from the wait for it; the search knows how much."""
    for chip, slack in ((tiny_chip, False), (random_chip(NEOX, seed=8), True)):
        core = Geometry(columns=4, rows=4, depth=3, terms=2, banks=1, divides=1)
        found = list(Planner(chip)._banked(core, load_board("kv260"), float("inf")))
        assert len(found) > 3
        for geometry, mean in found:
            made = schedule(chip, geometry)
            assert mean == pytest.approx(made.mean_cycles(), abs=1e-9) and (made.slack > 0) == slack


def test_no_plan_beats_the_floor(tiny_chip: Chip) -> None:
    for key in ("pynq-z2", "kv260", "ulx3s-85f"):
        verdict = fit(tiny_chip, load_board(key))
        assert verdict.fits and verdict.mean_cycles > verdict.floor_cycles and verdict.ratio > 1
        assert verdict.floor in ("multiplications", "weight bits", "serial chain")


def test_the_chain_of_parallel_branches_is_the_longer_one() -> None:
    chip, g = random_chip(NEOX, seed=8), Geometry(columns=24, rows=24, depth=32, terms=4, banks=24, divides=8)
    apart = replace(chip, wiring=replace(chip.wiring, parallel=False))
    assert serial_chain(chip, g) < serial_chain(apart, g) - 2 * (g.lane_late + g.plain_late)
    assert serial_chain(chip, g) <= schedule(chip, g).cycles(0)


def test_weights_go_to_uram_where_block_ram_is_full(tiny_chip: Chip) -> None:
    board = Board(
        key="u",
        name="U",
        part="part",
        family="xcup",
        processor="none",
        clock_mhz=150.0,
        lut=60_000,
        dsp=200,
        bram18=38,
        uram=32,
    )
    verdict = fit(tiny_chip, board)
    assert verdict.fits and verdict.geometry["uram"] > 0
    assert any("loaded at boot" in note for note in verdict.notes)


def test_the_tail_of_weights_goes_to_luts_where_block_ram_is_full() -> None:
    """stories260K's depths hold 514 words each: two of them would take the block RAM of 512."""
    chip, core = random_chip(SHAPES["stories260k"], seed=1), Geometry(columns=16, rows=8, depth=4, banks=25, divides=4)
    widths, program = Widths.of(chip), schedule(chip, core)
    whole, split = (memories(chip, replace(program, geometry=replace(core, split=s)), widths) for s in (False, True))
    assert (whole["weights"], split["weights"], split["tail"]) == (116, 60, 4 * 16 * 8 * 4)
    planner, board, words = Planner(chip), load_board("pynq-z2"), weight_words(program)
    for room, wanted in ((whole["bram18"], False), (whole["bram18"] - 1, True)):
        placed = planner._placed(core, program, replace(board, bram18=room), words)
        assert placed is not None and placed[0].split is wanted
    assert planner._placed(core, program, replace(board, bram18=split["bram18"] - 1), words) is None


def test_an_inner_token_of_a_prompt_takes_no_head_and_no_last_layer() -> None:
    chip = random_chip(SHAPES["stories260k"], seed=1)
    made = schedule(chip, Geometry(columns=16, rows=8, depth=4, banks=25, divides=4))
    assert made.mean_cycles() < 1_000 and made.mean_cycles(generated=False) < 770


def test_a_stage_that_there_is_not() -> None:
    with pytest.raises(BuildError, match="sum_stages 4: there are 1 to 3"):
        Geometry(sum_stages=4)


def test_predicted_block_rams_take_the_shape_that_wastes_least() -> None:
    assert (bram18(36, 512), bram18(37, 512), bram18(18, 1024), bram18(64, 513), bram18(8, 4096)) == (1, 2, 1, 4, 2)


def test_an_extended_sampler_is_part_of_the_prediction(tiny_chip: Chip) -> None:
    plain, extended = (
        predict(tiny_chip, schedule(tiny_chip, Geometry(best=best)), "ecp5", Widths.of(tiny_chip)) for best in (0, 20)
    )
    assert extended == plain.beside(choice_cost(tiny_chip, Geometry(best=20), family_of("ecp5").fabric))
    with pytest.raises(BuildError, match="best 33: a sampler keeps up to 32 tokens in order; 0 is a plain one"):
        Geometry(best=33)
