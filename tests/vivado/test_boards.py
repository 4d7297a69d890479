# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What board.toml says of a Zynq: complete, each fact with its source, and a wrong one is named."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from hardwire.errors import BoardError
from hardwire.targets.board import board_names, boards_folder, load_board
from hardwire.targets.zynq import MOST_RANGE, PlClock, Zynq, parse_zynq

from .catalog import PARTS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BOARDS = ("kv260", "pynq-z1", "pynq-z2", "rfsoc4x2", "ultra96-v2", "zcu104")


def table(board: str) -> dict[str, Any]:
    data = tomllib.loads((boards_folder() / board / "board.toml").read_text())
    return dict(data["vivado"])


def test_six_boards_have_a_zynq_and_every_fact_has_a_source() -> None:
    assert tuple(name for name in board_names() if load_board(name).zynq) == BOARDS
    for name in BOARDS:
        board = load_board(name)
        assert board.zynq is not None and board.part in PARTS
        facts = {"ps", "base", "pll_mhz", "settings", "since", "seen", "edition"}
        assert facts <= {key for key, text in board.zynq.sources if len(text) > 8}, name
        assert board.zynq.base % MOST_RANGE == 0
        assert board.zynq.clock(board.clock_mhz).mhz == (125.0 if name == "kv260" else board.clock_mhz)


@pytest.mark.parametrize(
    ("asked", "made"),
    [(100, 100.0), (145, 142.857), (142.857, 142.857), (499.9, 333.333), (99.9, 90.909), (0.3, 0.299)],
)
def test_a_clock_is_a_pll_by_two_dividers_and_stays_what_it_is(asked: float, made: float) -> None:
    zynq = load_board("pynq-z2").zynq
    assert isinstance(zynq, Zynq)
    clock = zynq.clock(asked)
    assert clock.mhz == pytest.approx(made, abs=0.001) and zynq.clock(clock.mhz) == clock
    assert all(1 <= divisor <= 63 for divisor in clock.divisors)
    assert PlClock(1000.0, clock.divisors).mhz == clock.mhz


def test_no_divisor_is_skipped() -> None:
    zynq = load_board("zcu104").zynq
    assert zynq is not None
    possible = sorted({round(1500 / (a * b), 3) for a in range(1, 64) for b in range(1, 64)})
    for asked in (1.0, 7.77, 33.3, 67.1, 149.9, 150.0, 333.0):
        assert zynq.clock(asked).mhz == max(mhz for mhz in possible if mhz <= asked + 0.0005)


def test_where_sources_disagree_about_a_pll_only_clocks_of_both_are_made() -> None:
    zynq = load_board("kv260").zynq
    assert zynq is not None and zynq.pll_mhz == (1000.0, 1500.0)
    for asked, made in ((150, 125.0), (100, 100.0), (199, 166.667), (250, 250.0), (300, 250.0), (187.5, 166.667)):
        assert zynq.clock(asked).mhz == made
        for pll in zynq.pll_mhz:
            assert round(pll / round(pll / made), 3) == made
    with pytest.raises(BoardError, match=r"a clock of 0\.3 MHz: the processor's PLL makes 0\.38 to 500 MHz"):
        zynq.clock(0.3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ps": "versal"}, "no processor 'versal'; known are processing_system7, zynq_ultra_ps_e"),
        ({"port": "M_AXI_GP9"}, "processing_system7 has no port 'M_AXI_GP9'; known are M_AXI_GP0"),
        ({"base": 0x43C1_0000}, "base 0x43c10000 of 0x200000 bytes must be a multiple of that"),
        ({"base": 0x8000_0000}, "within 0x40000000 to 0x7fffffff"),
        ({"settings": {}}, "settings must turn on PCW_USE_M_AXI_GP0, for M_AXI_GP0"),
        ({"since": "new"}, "since 'new' is no version of Vivado"),
        ({"pll_mhz": []}, "pll_mhz .* is no frequency, nor a list of them"),
        ({"edition": "cheap"}, "edition 'cheap' is neither free nor licence"),
    ],
)
def test_a_wrong_fact_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_zynq(table("pynq-z2") | change, "xc7z020clg400-1")


def test_a_processor_that_the_part_does_not_have_and_a_clock_out_of_reach_are_refused() -> None:
    with pytest.raises(ValueError, match="part xczu7ev-ffvc1156-2-e has no processing_system7"):
        parse_zynq(table("pynq-z2"), "xczu7ev-ffvc1156-2-e")
    with pytest.raises(ValueError, match="part xc7z020clg400-1 has no zynq_ultra_ps_e"):
        parse_zynq(table("kv260"), "xc7z020clg400-1")
    zynq = load_board("zcu104").zynq
    assert zynq is not None
    with pytest.raises(BoardError, match=r"a clock of 0\.1 MHz: the processor's PLL makes 0\.38 to 750 MHz"):
        zynq.clock(0.1)
