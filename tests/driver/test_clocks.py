# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The fabric's clock behind the real pynq.Clocks of three versions: what pynq alone makes of a .hwh, and what the
driver makes, on processors whose PLLs are those that the boards boot with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hardwire
from hardwire.backends.simclocks import UltrascaleClocks, ZynqClocks
from hardwire.chip.model import Chip
from hardwire.cli import doctor
from hardwire.driver.clocks import FabricClock, check_clock
from hardwire.driver.mmio import Bus
from hardwire.emit.top.hwh import hwh_text, vivado_divides
from hardwire.errors import BoardError, BuildError, LinkError
from hardwire.targets.board import load_board

from .board import make_bundle, make_device, seal
from .model import ModelChip

pytestmark = pytest.mark.tools
TESTS = Path(__file__).parents[1]
VERSIONS = {"3.0.1": "pynq30", "3.1.2": "pynq31", "4.0.0": ""}
one = pytest.mark.parametrize("bus", ["fast"], indirect=True)

# Board, its PLL, the clock that a build is for; what pynq 3 makes alone of Vivado's dividers, and pynq 4 of the
# frequency (None: it fails); what the driver makes, or None where it refuses. MHz.
CASES = [
    ("pynq-z2", 1000.0, 100.0, 62.5, None, 100.0),
    ("pynq-z2", 1000.0, 142.857, 142.857, None, 142.857),
    ("pynq-z2", 1000.0, 125.0, 1000 / 12, None, 125.0),
    ("zcu104", 1500.0, 187.5, 187.5, 187.5, 187.5),
    ("zcu104", 1000.0, 187.5, 125.0, 200.0, None),
    ("kv260", 1000.0, 100.0, 1000 / 15, 100.0, 100.0),
    ("kv260", 1500.0, 100.0, 100.0, 100.0, 100.0),
    ("kv260", 1000.0, 125.0, 1000 / 12, 125.0, 125.0),
    ("kv260", 1500.0, 125.0, 125.0, 125.0, 125.0),
    ("kv260", 1000.0, 166.667, 1000 / 9, 166.667, 166.667),
    ("kv260", 1500.0, 166.667, 166.667, 166.667, 166.667),
    ("kv260", 1000.0, 250.0, 1000 / 6, 250.0, 250.0),
    ("zcu104", 1500.0, 150.0, 150.0, 150.0, 150.0),
    ("zcu104", 1000.0, 150.0, 100.0, 1000 / 7, None),
    ("zcu104", 1500.0, 3.0, 3.0, 3.0, 3.0),
]

SCRIPT = """
import json, sys, warnings
sys.path.insert(0, TESTS)
warnings.simplefilter("ignore")
import pynq, pynq.ps
from pathlib import Path
from driver.board import make_bundle, make_device, seal
from driver.model import ModelChip
import hardwire
from hardwire.targets.board import load_board
from hardwire.chip.model import load_chip
from hardwire.errors import HardwireError
found = []
for number, (key, pll, mhz) in enumerate(CASES):
    board = load_board(key)
    folder = Path(FOLDER) / str(number)
    chip = load_chip(folder / "model.chip")
    def fresh():
        bus = ModelChip(chip, ring=64, clock_khz=round(1000 * mhz))
        device = make_device(bus, board.zynq.base, key, board.processor, pll)
        # 3.0 takes the machine's architecture and pynq's active device
        pynq.ps.CPU_ARCH = device.arch
        pynq.Device.active_device = device
        return device
    device = fresh()
    if "_real_instance" in vars(pynq.Clocks):
        del pynq.Clocks._real_instance
    try:
        pynq.Overlay(str(folder / "hardwire.bit"), download=True, device=device)
        alone = device.clocks.mhz()
    except TypeError:
        alone = None
    device = fresh()
    try:
        with hardwire.load(folder, device=device) as model:
            made, said, read = device.clocks.mhz(), "", model.info()["fabric_mhz"]
            assert len(model.generate("abc", 2, stops=())) and model.hosted.tokens == 2
    except HardwireError as error:
        made, said, read = None, f"{type(error).__name__}: {error}", None
    found.append([alone, made, read, device.clocks.fastest, len(device.downloads), said])
print(json.dumps([pynq.__version__, found]))
"""


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARDWIRE_LOCKS", str(tmp_path))
    monkeypatch.delenv("BOARD", raising=False)


def bundle_of(folder: Path, chip: Chip, key: str, mhz: float) -> Path:
    """A folder for a board at a clock, its handoff as Vivado solves the processor's settings."""
    from dataclasses import replace

    board = load_board(key)
    made = make_bundle(folder, chip, board=key, name=board.name)
    assert board.zynq is not None
    (made / "hardwire.hwh").write_text(hwh_text(replace(board, clock_mhz=mhz)))
    manifest = json.loads((made / "manifest.json").read_text())
    seal(made, manifest | {"clock_mhz": mhz})
    return made


def python(code: str, version: str) -> Any:
    env = dict(os.environ)
    if VERSIONS[version]:
        name = VERSIONS[version]
        place = Path(os.environ.get(f"HARDWIRE_{name.upper()}", TESTS.parent / f".venv-{name}"))
        assert (place / "pynq").is_dir(), f"no pynq {version} in {place}; make test installs it"
        env["PYTHONPATH"] = str(place)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_clock_is_the_builds_or_the_board_is_refused(tmp_path: Path, chip_with_text: Chip, version: str) -> None:
    for number, (key, _, mhz, *_) in enumerate(CASES):
        bundle_of(tmp_path / str(number), chip_with_text, key, mhz)
    cases = [list(case[:3]) for case in CASES]
    ran, found = python(f"TESTS, FOLDER, CASES = {str(TESTS)!r}, {str(tmp_path)!r}, {cases!r}\n{SCRIPT}", version)
    assert ran == version
    for (key, pll, mhz, three, four, wanted), (alone, made, read, fastest, downloads, said) in zip(
        CASES, found, strict=True
    ):
        case = f"{key}, {pll:g}, {mhz:g}, pynq {version}"
        expected = three if version.startswith("3") else four
        assert alone == (None if expected is None else pytest.approx(expected, rel=1e-4)), f"pynq alone: {case}"
        assert fastest <= mhz * 1.0001, f"for a moment faster than signed off: {case}"
        if wanted is None:
            assert made is None and downloads == 0, f"refused before anything is loaded: {case}"
            assert f"the build is for {mhz:g}; build again with --clock" in said, said
        else:
            assert made == pytest.approx(wanted, rel=1e-4), (case, said)
            assert read == pytest.approx(wanted, rel=1e-4) and downloads == 1, case


def test_what_vivado_solves_is_not_what_a_pynq_board_boots_with() -> None:
    """Row A1: dividers of 4 and 4 for a PLL of 1600 MHz make 62.5 of one of 1000."""
    assert vivado_divides("processing_system7", 100.0) == (1600.0, (16, 1))
    assert vivado_divides("processing_system7", 142.857)[0] == 1000.0
    assert vivado_divides("zynq_ultra_ps_e", 187.5) == (1500.0, (8, 1))
    assert ZynqClocks(1000.0).mhz() == 100.0 and UltrascaleClocks(1500.0).mhz() == pytest.approx(100.0)
    assert UltrascaleClocks(1000.0).mhz() == pytest.approx(100.0)


def test_a_clock_that_is_set_and_does_not_follow_is_refused(chip_with_text: Chip, tmp_path: Path) -> None:
    folder = bundle_of(tmp_path / "x", chip_with_text, "pynq-z2", 50.0)
    device = make_device(ModelChip(chip_with_text, ring=64, clock_khz=50_000))
    device.clocks.write = lambda address, word: None  # locked
    with pytest.raises(BoardError, match=r"reads 100 MHz, faster than the 50 that the build's timing was met at"):
        hardwire.load(folder, device=device)
    assert device.downloads == []


@pytest.mark.parametrize(
    ("address", "word", "said"),
    [
        (0xF800_0170, 0, "ZeroDivisionError"),  # no dividers, and none can be read
        (0xF800_0108, 0, "is 0 MHz|ZeroDivisionError"),  # the PLL has no feedback
    ],
)
def test_registers_that_say_nothing_are_told(
    chip_with_text: Chip, tmp_path: Path, address: int, word: int, said: str
) -> None:
    folder = bundle_of(tmp_path / "x", chip_with_text, "pynq-z2", 100.0)
    device = make_device(ModelChip(chip_with_text, ring=64))
    device.clocks.words[address] = word
    device.clocks.write = lambda address, word: None
    with pytest.raises(BoardError, match=said):
        hardwire.load(folder, device=device)


def test_a_source_that_pynq_does_not_know_is_told(chip_with_text: Chip, tmp_path: Path) -> None:
    """SRCSEL 1 of a Zynq UltraScale+ is none, and pynq does not choose another."""
    folder = bundle_of(tmp_path / "x", chip_with_text, "kv260", 100.0)
    board = load_board("kv260")
    assert board.zynq is not None
    bus = ModelChip(chip_with_text, ring=64)
    device = make_device(bus, board.zynq.base, "kv260", board.processor, 1000.0)
    device.clocks.words[0xFF5E_00C0] |= 1
    with pytest.raises(BoardError, match="pynq cannot set the fabric's clock here .*; reboot the board"):
        hardwire.load(folder, device=device)


def test_the_bound_is_a_percent_below_and_nothing_above() -> None:
    for mhz in (100.0, 99.1, 100.005):
        check_clock(FabricClock(mhz), 100.0)
    for mhz, said in (
        (98.9, r"is 98\.9 MHz, the build is for 100"),
        (100.02, r"reads 100\.02 MHz, faster than the 100"),
    ):
        with pytest.raises(BoardError, match=said):
            check_clock(FabricClock(mhz), 100.0)


# -- without loading -----------------------------------------------------------------------------------


@one
def test_a_clock_that_somebody_changed_is_set_again_and_the_chip_reset(
    bus: Bus, chip_with_text: Chip, tmp_path: Path
) -> None:
    folder = bundle_of(tmp_path / "x", chip_with_text, "pynq-z2", 100.0)
    device = make_device(bus)
    with hardwire.load(folder, device=device) as first:
        wanted = first.generate("abc", stops=())
    for word in (1 << 20 | 5 << 8, 4 << 20 | 4 << 8):  # 200 MHz: too fast; 62.5: another notebook's overlay
        device.clocks.write(0xF800_0170, word)
        with hardwire.load(folder, device=device, download=False) as again:
            assert device.clocks.mhz() == 100.0 and len(device.downloads) == 1
            assert again.hosted is not None and again.hosted.position == 0, "the chip was reset"
            assert again.generate("abc", stops=()) == wanted


@one
def test_a_bitstream_of_another_clock_is_told(bus: Bus, chip_with_text: Chip, tmp_path: Path) -> None:
    """The same model, so the same ID; only the clock that it was built for differs."""
    folder = bundle_of(tmp_path / "x", chip_with_text, "pynq-z2", 50.0)
    with pytest.raises(
        LinkError, match=r"holds a bitstream for 100 MHz, .*x is for 50; load with download=True, or open"
    ):
        hardwire.load(folder, device=make_device(bus), download=False)


@one
def test_a_manifest_without_a_clock_is_refused(bus: Bus, chip_with_text: Chip, tmp_path: Path) -> None:
    folder = bundle_of(tmp_path / "x", chip_with_text, "pynq-z2", 100.0)
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["clock_mhz"]
    seal(folder, manifest)
    with pytest.raises(BuildError, match="its manifest tells no clock; deploy it again"):
        hardwire.load(folder, device=make_device(bus))


# -- measured ------------------------------------------------------------------------------------------


class Ticking:
    """A chip whose cycles are those of ``mhz`` by the processor's clock, which the test moves."""

    def __init__(self, mhz: float, now: list[float], late: float = 1e-6) -> None:
        self.mhz, self.now, self.late = mhz, now, late

    def cycles(self) -> int:
        self.now[0] += self.late
        counted = int(self.now[0] * self.mhz * 1e6)
        self.now[0] += self.late
        return counted


@pytest.mark.parametrize("mhz", [62.5, 100.0, 200.0])
def test_the_doctor_measures_the_clock_by_the_processors(mhz: float, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(doctor.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(doctor.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    found, error = doctor.measured_mhz(Ticking(mhz, now))  # type: ignore[arg-type]
    assert abs(found - mhz) <= error < 0.01 * mhz
    found, error = doctor.measured_mhz(Ticking(mhz, now, late=0.02))  # type: ignore[arg-type]
    assert abs(found - mhz) <= error, "a processor that is busy knows less, and says so"


@one
def test_the_doctors_verdict_on_a_clock(
    bus: Bus, chip_with_text: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row A1 on a board whose crystal is another than pynq's: the registers say 100, the chip does not."""
    folder = bundle_of(tmp_path / "x", chip_with_text, "pynq-z2", 100.0)
    device = make_device(bus)
    del device.run  # time is real here
    for measured, said in (
        ((100.01, 0.02), "right"),
        ((62.5, 0.1), "wrong: it runs 0.625 times as fast as it was built for"),
        ((200.0, 0.1), "wrong: it runs 2.000 times as fast as its timing was met at; do not use it"),
        ((100.0, 30.0), "not known: this processor was too busy"),
    ):
        monkeypatch.setattr(doctor, "measured_mhz", lambda chip, measured=measured: measured)
        clock = doctor.report(folder, device)["chip"]["clock"]
        assert clock["status"].startswith(said) and clock["registers_mhz"] == 100 and clock["built_for_mhz"] == 100
