# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The static report: loops of the kernels, memories of the generated declarations; lanes that a board can hold."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

import pytest
from outlines import EVERYTHING, GEMMA2

from hardwire.chip.model import Chip, Shape, Wiring
from hardwire.emit.hls import report, report_memories
from hardwire.emit.hls.constants import chip_context, layout_of
from hardwire.emit.hls.lanes import DSP_SHARE, check_board, default_lanes
from hardwire.emit.hls.project import _render, kernel_folder
from hardwire.errors import BoardError
from hardwire.quantize import Options, random_chip
from hardwire.targets.board import load_board

SMALL = Shape(vocab=40, dim=16, layers=2, heads=4, kv_heads=2, head_dim=8, hidden=48, context=24, rotary=8)
BUNDLED = Shape(vocab=512, dim=64, layers=5, heads=4, kv_heads=2, head_dim=16, hidden=192, context=512, rotary=16)


@pytest.fixture(scope="module")
def mixed_chip() -> Chip:
    """Matrices of 3, 4 and 8 bits: three ROMs beside the head's."""
    options = Options(rounding="plain", matrix_bits={"q": 3, "down": 8, "head": 5, "embedding": 7})
    return random_chip(SMALL, seed=2, options=options)


@pytest.fixture(scope="module")
def whole_chip() -> Chip:
    """Every part that a Llama-like chip has not."""
    return random_chip(EVERYTHING, seed=8)


@pytest.fixture(scope="module")
def bundled_like() -> Chip:
    return random_chip(BUNDLED, seed=1, options=Options(rounding="plain"))


def constants(header: str) -> dict[str, int]:
    """``static constexpr`` integers of struct Chip, by name: the ones before its inner structs."""
    chip = header[header.index("struct Chip : hw::Parts {") :]
    found = {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)[,;]", chip[: chip.index("    struct ")])}
    parts = re.findall(r"    static constexpr int (ROPE_SETS|BIASES|HEAD_BIASES|RENORMED) = (\w+);", chip)
    return found | {name: found[value] if value in found else int(value) for name, value in parts}


def declared_roms(header: str) -> dict[str, int]:
    """Bits of every ``static const`` array of chip.hpp by its qualified name."""
    known, scope, found = constants(header), [], {}
    for line in header.splitlines():
        if opened := re.match(r" *struct (\w+)(?: : hw::Parts)? \{", line):
            scope.append(opened[1])
        elif re.match(r" *\};", line) and scope:
            scope.pop()
        elif array := re.match(r" *static const u?int(\d+)_t (\w+)((?:\[[^]]*\])+);", line):
            sizes = [eval(size, {}, known) for size in re.findall(r"\[([^]]*)\]", array[3])]  # noqa: S307
            found["::".join([*scope, array[2]])] = int(array[1]) * prod(sizes)
    return found


def declared_arrays(source: str, known: dict[str, int]) -> dict[str, int]:
    """Bits of every array of ap_int that functions of a kernel declare, by function and name."""
    found, function = {}, ""
    for line in re.sub(r"Chip::|MULTIPLIER_BITS", lambda m: "" if m[0] == "Chip::" else "17", source).splitlines():
        if opened := re.match(r"(?:template <.*> )?(?:inline )?[\w<>]+ (\w+)\(", line):
            function = opened[1]
        if declared := re.match(r"    (?:static )?ap_u?int<(\w+)> ([^(=]+);", line):
            for name, dims in re.findall(r"(\w+)((?:\[\w+\])+)", declared[2]):
                sizes = [known[x] if x in known else int(x) for x in (declared[1], *re.findall(r"\w+", dims))]
                found[f"{function}::{name}"] = prod(sizes)
    return found


PARTS = {  # arrays of kernels that a chip may lack: the functions are not called
    "gated_middle::gate": lambda w: w.gated,
    "embedding_norm::a": lambda w: w.embedding_norm,
    "embedding_layer::residual": lambda w: not w.positions,
    "embedding_at_layer::residual": lambda w: w.positions,
}


@pytest.mark.tools
@pytest.mark.parametrize("which", ("mixed_chip", "whole_chip"))
@pytest.mark.parametrize("lanes", (7, 16, 24))
def test_every_memory_is_a_declaration_and_has_its_size(which: str, lanes: int, request: pytest.FixtureRequest) -> None:
    chip: Chip = request.getfixturevalue(which)
    layout = layout_of(chip, lanes)
    header = _render("chip.hpp.j2", chip_context(chip, layout)).decode()
    made = report.expectation(layout)
    roms = {m["memory"]: m["depth"] * m["width"] for m in made["memories"] if m["kind"] == "rom"}
    assert roms == declared_roms(header)
    assert {f"Rom{bits}::words" for bits in layout.roms} | {"HeadRom::words", "Chip::multipliers"} <= set(roms)

    known, f, s = constants(header), layout.formats, layout.shape
    score = 16 if chip.wiring.score_cap else f.query + f.cache + 3  # head_dim 8 or 6, context 24
    total = 10 + 5
    attend = {
        "T": layout.together,
        "C": s.head_dim,
        "Q": f.query,
        "SCORE": score,
        "SUM": total + 1 + f.cache,
        "TOTAL": total,
    }
    arrays: dict[str, int] = {}
    for name in ("decoder", "head", "token_loop", "graph"):
        arrays |= declared_arrays((kernel_folder() / f"{name}.hpp").read_text(), known)
    arrays |= declared_arrays((kernel_folder() / "attention.hpp").read_text(), known | attend)
    for instance, bits in [*((f"{b} bit", layout.sum_bits(g)) for b, g in layout.roms.items())] + [
        ("head", layout.sum_bits([layout.head]))
    ]:
        engine = declared_arrays((kernel_folder() / "matvec.hpp").read_text(), known | {"ACC": bits})
        arrays |= {f"{name} {instance}": size for name, size in engine.items()}
    rams = {
        m["memory"]: m["bits"]
        for m in (*made["memories"], *made["graph_memories"])
        if m["kind"] in ("ram", "registers")
    }
    assert set(PARTS) <= set(arrays)
    assert rams == {name: size for name, size in arrays.items() if name not in PARTS or PARTS[name](chip.wiring)}


@pytest.mark.tools
def test_one_rom_of_mixed_matrices_is_rounded_once(mixed_chip: Chip) -> None:
    layout = layout_of(mixed_chip, 16)
    rom = next(m for m in report.expectation(layout)["memories"] if m["memory"] == "Rom4::words")
    steps = [layout.steps(p) for p in layout.placed if p.bits == 4]
    assert len(steps) == 5 and rom["depth"] == sum(steps) and rom["width"] == 64
    assert rom["bram18"] < sum(report_memories.memory("one", n, 64)["bram18"] for n in steps)


def test_report_counts_the_multiplications_of_the_shape(tiny_chip: Chip) -> None:
    s = tiny_chip.shape
    made = {k["kernel"]: k for k in report.expectation(layout_of(tiny_chip, 16), positions=10)["kernels"]}
    matrices = {
        "q": (s.query_rows, s.dim),
        "k": (s.kv_rows, s.dim),
        "v": (s.kv_rows, s.dim),
        "o": (s.dim, s.query_rows),
        "gate": (s.hidden, s.dim),
        "up": (s.hidden, s.dim),
        "down": (s.dim, s.hidden),
    }
    for name, (rows, cols) in matrices.items():
        scaling = rows * (1 if name in ("o", "down") else 2)
        assert made[f"matvec {name}"]["multiplications"] == s.layers * (rows * cols + scaling)
    assert made["matvec head"]["multiplications"] == s.vocab * s.dim + 2 * s.vocab
    assert made["attention"]["multiplications"] == s.layers * s.heads * s.head_dim * (2 * 10 + 1)


def test_every_pipelined_loop_is_in_the_report(bundled_like: Chip, whole_chip: Chip) -> None:
    """As many pipelined loops per kernel file as the report names; a loop twice in the source is twice there."""
    named: dict[str, set[str]] = {}
    for chip in (bundled_like, whole_chip):
        made = report.expectation(layout_of(chip, 16))
        for one in (k for part in ("kernels", "per_text", "debug", "graph") for k in made[part]):
            named.setdefault(one["source"], set()).update(x["loop"] for x in one["loops"])
    named["decoder.hpp"] |= {"copy"}  # of the gate, listed with its kernel
    named["gate.hpp"] -= {"copy"}
    named["decoder.hpp"] -= {"write a head's word"}  # unrolled
    named["token_loop.hpp"] -= {"token"}  # not pipelined
    named["matvec.hpp"] -= {"last rows"}  # the same loop
    for source, loops in named.items():
        pipelined = (kernel_folder() / source).read_text().count("#pragma HLS PIPELINE")
        copies = 3 if source == "graph.hpp" else 1  # read_all, write_all: three uses each
        assert len(loops) == pipelined * copies, (source, loops)


def test_the_reset_is_counted_once_per_text(bundled_like: Chip) -> None:
    made = report.expectation(layout_of(bundled_like, 16))
    reset = next(k for k in made["per_text"] if k["kernel"] == "reset")
    assert reset["loops"][0]["trip"] == 5 * 512 * 2
    assert made["totals"]["cycles_per_text"] >= reset["cycles"]
    assert made["totals"]["cycles_per_token"] == sum(k["cycles"] for k in made["kernels"])


def test_heads_of_a_kv_head_go_together_where_that_is_small(bundled_like: Chip, odd_chip: Chip) -> None:
    layout = layout_of(bundled_like, 16)
    attention = next(k for k in report.expectation(layout)["kernels"] if k["kernel"] == "attention")
    assert layout.together == 2 and attention["calls"] == 5 * 4 // 2
    assert attention["multipliers"] == 2 * 2 * 16 + 2
    assert layout_of(odd_chip, 7).together == 1  # three heads
    wide = replace(bundled_like, shape=replace(BUNDLED, head_dim=32))
    assert layout_of(wide, 16).together == 1
    alone = replace(bundled_like, shape=replace(BUNDLED, kv_heads=4))
    assert layout_of(alone, 16).together == 1
    capped = replace(bundled_like, wiring=Wiring(score_cap=True))
    assert layout_of(capped, 16).together == 1


def test_a_part_that_a_chip_lacks_costs_nothing_and_one_that_it_has_is_there(tiny_chip: Chip, whole_chip: Chip) -> None:
    plain = report.expectation(layout_of(tiny_chip, 16))
    made = report.expectation(layout_of(whole_chip, 16), positions=20)
    own = {k["kernel"] for k in made["kernels"]} - {k["kernel"] for k in plain["kernels"]}
    renorms = {"norm of q", "norm of k", "norm of attention", "norm of mlp"}
    others = {"positions", "norm of embedding", "write back", "attention in 5", "attention in 7", "activation"}
    assert own == renorms | others | {"cap of logits"}
    kernels = {k["kernel"]: k for k in made["kernels"]}
    s = whole_chip.shape
    walks = {name: kernels[name]["loops"][1]["trip"] for name in kernels if name.startswith("attention")}
    assert walks == {"attention": 20, "attention in 5": 5, "attention in 7": 7}
    assert kernels["attention in 5"]["multiplications"] == s.heads * (s.head_dim * (2 * 5 + 1) + 5)
    assert kernels["norm of q"]["multiplications"] == s.layers * 3 * s.query_rows
    assert kernels["norm of q"]["instance"] == kernels["norm of k"]["instance"]
    assert kernels["norm of mlp"]["instance"] == kernels["norm of attention"]["instance"]
    assert (kernels["norm of head"]["multipliers"], kernels["activation"]["multipliers"]) == (0, 0)
    copies = {m["memory"]: m["copies"] for m in made["memories"]}
    assert copies["Chip::rsqrt"] == 4 and copies["Chip::eps"] == 2  # the decoder's, the embedding's; two inner widths


def test_attention_within_a_window_is_shorter(tiny_chip: Chip) -> None:
    chip = random_chip(GEMMA2, seed=8)
    spans = [report.expectation(layout_of(chip, 16), positions=n)["totals"]["cycles_per_token"] for n in (4, 5, 6, 7)]
    whole = 2 * chip.shape.heads  # scores and values of a position more, in the one layer that sees all
    assert [b - a for a, b in zip(spans, spans[1:], strict=False)] == [2 * whole, whole, whole]


def test_report_follows_lanes_and_is_an_expectation(tiny_chip: Chip) -> None:
    totals = [report.expectation(layout_of(tiny_chip, lanes))["totals"] for lanes in (4, 16)]
    assert totals[0]["cycles_per_token"] > totals[1]["cycles_per_token"]
    assert totals[0]["multipliers"] < totals[1]["multipliers"]
    made = report.expectation(layout_of(tiny_chip, 16))
    assert "no HLS tool ran" in made["note"] and made["note"] in report.text(made)
    keys = next(m for m in made["memories"] if m["memory"] == "decode::keys")
    assert keys["bits"] == 2 * 24 * 1 * 8 * 8 and keys["width"] == 8 * 8


# ---------------------------------------------------------------------------------------------------
# Lanes and boards.


def totals(chip: Chip, lanes: int) -> dict[str, int]:
    found: dict[str, int] = report.expectation(layout_of(chip, lanes))["totals"]
    return found


@pytest.mark.parametrize("key", ("pynq-z2", "ultra96-v2", "kv260", "zcu104", "alveo-u250"))
def test_default_lanes_are_the_fastest_that_fit(bundled_like: Chip, key: str) -> None:
    board = load_board(key)
    lanes = default_lanes(bundled_like, board)
    check_board(bundled_like, board, lanes)
    assert lanes % 8 == 0 and lanes == default_lanes(bundled_like, board)
    own = totals(bundled_like, lanes)
    assert own["multipliers"] <= DSP_SHARE * board.dsp and own["bram18"] <= board.bram18
    for other in map(lambda n: totals(bundled_like, n), range(8, 513, 8)):
        fits = other["multipliers"] <= DSP_SHARE * board.dsp and other["bram18"] <= board.bram18
        assert not fits or other["cycles_per_token"] >= own["cycles_per_token"]


def test_a_small_board_gets_few_lanes_and_never_none(bundled_like: Chip) -> None:
    board = load_board("pynq-z2")
    one, eight = (totals(bundled_like, lanes)["multipliers"] for lanes in (1, 8))
    between = replace(board, dsp=int(one / DSP_SHARE) + 3, bram18=10_000)
    assert 1 <= default_lanes(bundled_like, between) < 8 and between.dsp * DSP_SHARE < eight
    assert default_lanes(bundled_like, replace(board, dsp=2)) == 1


def test_boards_that_cannot_hold_it_are_refused(bundled_like: Chip) -> None:
    board = load_board("pynq-z2")
    wanted = totals(bundled_like, 256)["multipliers"]
    with pytest.raises(
        BoardError, match=rf"256 lanes are expected to take {wanted} multipliers; PYNQ-Z2 has 220: give --lanes \d+, or"
    ):
        check_board(bundled_like, board, 256)
    with pytest.raises(BoardError, match="larger board") as refused:
        check_board(bundled_like, replace(board, dsp=20), 1)
    assert "--lanes" not in str(refused.value)
    wanted = totals(bundled_like, 16)["bram18"]
    with pytest.raises(
        BoardError, match=f"expected to take {wanted} block RAMs of 18 Kbit; PYNQ-Z2 has 100: use fewer"
    ):
        check_board(bundled_like, replace(board, bram18=100), 16)


def test_a_part_that_vitis_hls_does_not_know_is_refused(tiny_chip: Chip) -> None:
    with pytest.raises(BoardError, match="ULX3S 85F has an LFE5U.*Vitis HLS does not know.*pynq-z2") as refused:
        check_board(tiny_chip, load_board("ulx3s-85f"), 8)
    assert "ulx3s" not in str(refused.value)


def test_an_extended_sampler_is_counted_where_there_is_one(tiny_chip: Chip) -> None:
    layout = layout_of(tiny_chip, 16)
    plain, made = report.expectation(layout), report.expectation(layout, best=20)
    assert "choice" not in plain and made["kernels"] == plain["kernels"]
    loops = {one["source"]: len(one["loops"]) for one in made["choice"]}
    for source, count in loops.items():
        assert (kernel_folder() / source).read_text().count("#pragma HLS PIPELINE") == count, source
    assert set(loops) == {"choice.hpp", "choice_draw.hpp"} and "tell: 1 x 40 iterations" in report.text(made)
    assert made["totals"]["multipliers"] > plain["totals"]["multipliers"]
    assert made["totals"]["memory_bits"] > plain["totals"]["memory_bits"] + 1024 * 25
