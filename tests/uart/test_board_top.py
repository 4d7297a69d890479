# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The board's clock, its line, and the project that is written: no tool needed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from hardwire.chip.model import Chip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.serial import SerialHost, read_board, sources, write_board_top
from hardwire.errors import BoardError, BuildError
from hardwire.plan.geometry import Geometry
from hardwire.synth.builds import board_job
from hardwire.targets.board import board_names, load_board
from hardwire.targets.ecp5 import pll_for

from .conftest import BOARD, GEOMETRY, SERIAL


@pytest.mark.parametrize("oscillator", [12, 25, 48, 100])
def test_the_clock_is_the_nearest_that_is_not_above(oscillator: int) -> None:
    """Against every setting that the PLL has."""
    dividers = [n for n in range(1, 129) if oscillator / n >= 3.125]
    possible = sorted({oscillator * feedback / divider for divider in dividers for feedback in range(1, 129)})
    for tenths in range(32, 4001, 13):
        wanted = tenths / 10
        if wanted < possible[0]:
            continue
        pll = pll_for(oscillator, wanted)
        best = max(clock for clock in possible if clock <= wanted)
        assert float(pll.mhz) == pytest.approx(best, abs=1e-12), wanted
        assert 400 <= pll.vco_mhz <= 800 and oscillator / pll.input >= 3.125
        assert all(1 <= divider <= 128 for divider in (pll.input, pll.feedback, pll.output))


@pytest.mark.parametrize(("mhz", "dividers"), [(50, (1, 2, 12)), (62.5, (2, 5, 10)), (40, (5, 8, 15))])
def test_dividers_are_those_of_ecppll(mhz: float, dividers: tuple[int, int, int]) -> None:
    pll = pll_for(25, mhz)
    assert (pll.input, pll.feedback, pll.output) == dividers


@pytest.mark.parametrize("mhz", [3, 401, 0, -1, float("nan")])
def test_a_clock_that_cannot_be_made(mhz: float) -> None:
    with pytest.raises(BuildError, match=f"a clock of {mhz:g} MHz: the PLL of an ECP5 makes 3.125 to 400 MHz"):
        pll_for(25, mhz)


@pytest.mark.parametrize(
    ("clock_mhz", "baud", "divisor"),
    [(50, 1_000_000, 50), (50, 115_200, 434), (62.5, 2_000_000, 31), (60, 3_000_000, 20)],
)
def test_divisors(clock_mhz: float, baud: int, divisor: int) -> None:
    assert SerialHost(baud=baud).divisor(Fraction(str(clock_mhz))) == divisor


def test_a_rate_that_is_four_percent_off() -> None:
    with pytest.raises(BuildError, match="3000000 baud from 25 MHz: .* may be 1 % off; 3125000 baud would do"):
        SerialHost(baud=3_000_000).divisor(Fraction(25))


@pytest.mark.parametrize("baud", [0, -9, 12_000_000])
def test_a_rate_that_cannot_be_made(baud: int) -> None:
    with pytest.raises(BuildError, match=rf"{baud} baud from 50 MHz: .*at least 8.* baud would do"):
        SerialHost(baud=baud).divisor(Fraction(50))


@pytest.fixture
def folder(tiny_chip: Chip, tmp_path: Path) -> Path:
    write_rtl(tiny_chip, tmp_path, GEOMETRY)
    return tmp_path


def test_the_written_project(folder: Path, tiny_chip: Chip) -> None:
    made = write_board_top(folder, BOARD, SERIAL)
    assert made == read_board(folder) == json.loads((folder / "board" / "board.json").read_text())
    assert f"{made['id']:08x}" == tiny_chip.digest[:8] and (made["clock_mhz"], made["divisor"]) == (50, 8)
    package = (folder / "board" / "board_pkg.sv").read_text()
    assert "localparam int Divisor = 8;" in package and "FirstIndex = 32'hfffffffa;" in package
    files = {path.name: path.read_bytes() for path in (folder / "board").iterdir()}
    write_board_top(folder, BOARD, SERIAL)
    assert files == {path.name: path.read_bytes() for path in (folder / "board").iterdir()}


def test_the_synthesis_job(folder: Path) -> None:
    write_board_top(folder, BOARD, replace(SERIAL, clock_mhz=40, baud=2_000_000))
    job = board_job(folder, seeds=(1, 2))
    assert (job.top, job.package, job.speed, job.clock_mhz) == ("ulx3s_top", "CABGA381", "6", 40.0)
    assert job.seeds == (1, 2) and job.sources == sources(folder) and job.board is not None and job.board == BOARD
    job.check_files()


LINES = [key for key in board_names() if load_board(key).serial is not None]


@pytest.mark.parametrize("key", LINES)
def test_every_pin_has_a_place(folder: Path, key: str) -> None:
    made = write_board_top(folder, load_board(key))
    top, pins = (folder / "board" / f"{made['top']}.sv").read_text(), (folder / made["pins"]).read_text()
    ports = re.findall(r"^  (?:input|output) +logic +(?:\[(\d+):0\] )?(\w+)", top, re.MULTILINE)
    assert {"clk_i", "rxd_i", "txd_o", "button_i", "light_o"} <= {name for _, name in ports}, "the simulation's"
    wanted = {f"{name}[{i}]" if high else name for high, name in ports for i in range(int(high or 0) + 1)}
    placed = re.findall(r'^LOCATE COMP "([^"]+)" SITE "([A-Z]+\d+)";', pins, re.MULTILINE)
    assert {name for name, _ in placed} == wanted == set(re.findall(r'^IOBUF PORT "([^"]+)"', pins, re.MULTILINE))
    assert len({site for _, site in placed}) == len(placed)
    oscillator = load_board(key).serial.oscillator_mhz  # type: ignore[union-attr]
    assert f'FREQUENCY PORT "clk_i" {oscillator:g} MHZ;' in pins


def test_a_board_without_a_line_is_refused(folder: Path) -> None:
    with pytest.raises(BoardError, match=f"pynq-z2 has no serial line that we know; .* are {', '.join(LINES)}"):
        write_board_top(folder, load_board("pynq-z2"))


BAD = {
    "a ring of 100": (SerialHost(ring=100), "a token ring of 100: give a power of two from 2 to 2048"),
    "a ring of 4096": (SerialHost(ring=4096), "a token ring of 4096"),
    "an index of 33 bits": (SerialHost(first_index=1 << 32), "a first index of 4294967296: it has 32 bits"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_built(folder: Path, name: str) -> None:
    with pytest.raises(BuildError, match=BAD[name][1]):
        write_board_top(folder, BOARD, BAD[name][0])


def test_a_model_beyond_the_map(folder: Path) -> None:
    path = folder / "hardwire_rtl.json"
    meta = json.loads(path.read_text())
    meta["parameters"]["Context"] = 20_000
    path.write_text(json.dumps(meta))
    with pytest.raises(BuildError, match="context 20000, vocabulary 40, 4 rows: the register map has room for 16384"):
        write_board_top(folder, BOARD)
    meta["parameters"] |= {"Context": 24, "Vocab": 70_000}
    path.write_text(json.dumps(meta))
    with pytest.raises(BuildError, match="70000 logits do not fit the window of 65536; give logits=False"):
        write_board_top(folder, BOARD)
    assert write_board_top(folder, BOARD, SerialHost(logits=False))["serial"]["logits"] is False


def test_a_project_without_a_board_or_of_another_chip(folder: Path, odd_chip: Chip) -> None:
    with pytest.raises(BuildError, match="no board top in it .*write_board_top adds one"):
        read_board(folder)
    write_board_top(folder, BOARD)
    write_rtl(odd_chip, folder, Geometry(columns=8, rows=8, depth=2, banks=5, divides=8))
    with pytest.raises(BuildError, match=r"board.json: of chip [0-9a-f]{12}, not the project's; write_board_top again"):
        read_board(folder)
