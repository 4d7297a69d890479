# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Sender and receiver alone, bit by bit on the wire: clock errors, glitches, breaks, missing stop bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardwire.backends.serialsim import PREFIX, SerialSim
from hardwire.backends.verilator import Simulation
from hardwire.emit.rtl.project import rtl_folder

pytestmark = pytest.mark.tools

DIVISORS = (8, 27)
EVERY_BYTE = bytes(np.random.default_rng(2).permutation(256).astype(np.uint8))


class Echo(SerialSim):
    """The board of ``echo/``."""

    def __init__(self, folder: Path, divisor: int) -> None:
        self.folder, self.divisor = folder, divisor
        self.made = {"divisor": divisor, "clock_mhz": 25.0, "released": 0}
        self.bit_cycles = float(divisor)
        self.work = folder / "sim"
        self._library = self._handle = None

    def simulation(self, netlist: Path | None = None) -> Simulation:
        rtl = rtl_folder()
        files = [rtl / f"{name}.sv" for name in ("reset_sync", "uart_rx", "uart_tx")]
        files.append(Path(__file__).parent / "echo" / "echo_top.sv")
        return Simulation(
            "echo_top",
            tuple(files),
            (rtl / "serial_sim.cpp",),
            library=True,
            parameters=(("Divisor", self.divisor),),
            optimize="-O0",
            prefix=PREFIX,
        )

    def with_error(self, clock_error: float) -> Echo:
        """Switched on anew, for a host whose bits are that much too long."""
        self.bit_cycles = self.divisor * (1 + clock_error)
        self.power_up()
        self.run(4)
        return self

    def hear_all(self) -> bytes:
        self.send_all()
        heard = b""
        while data := self.read(4096):
            heard += data
        return heard


@pytest.fixture(scope="module", params=DIVISORS)
def echo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Echo:
    echo = Echo(tmp_path_factory.mktemp("echo"), request.param)
    echo.compile()
    return echo


@pytest.mark.parametrize("clock_error", [-0.02, -0.007, 0.0, 0.013, 0.02])
def test_every_byte_with_the_clocks_two_percent_apart(echo: Echo, clock_error: float) -> None:
    """Without a pause between bytes, so that nothing but the start bit can correct the phase."""
    board = echo.with_error(clock_error)
    board.write(EVERY_BYTE)
    assert board.hear_all() == EVERY_BYTE
    assert (board.lights, board.errors) == (0, 0)


@pytest.mark.parametrize("clock_error", [-0.08, 0.08])
def test_eight_percent_are_too_many(echo: Echo, clock_error: float) -> None:
    board = echo.with_error(clock_error)
    board.write(EVERY_BYTE)
    assert board.hear_all() != EVERY_BYTE


def test_glitches_are_no_start_bits(echo: Echo) -> None:
    board = echo.with_error(0)
    for byte in b"abc":
        board.level(0, 0.3)
        board.level(1, 1.7)
        board.write(bytes([byte]))
        board.level(1, 0.5)
    assert board.hear_all() == b"abc" and board.lights == 0


def test_a_byte_without_its_stop_bit_is_lost_and_told(echo: Echo) -> None:
    board = echo.with_error(0)
    board.write(b"a")
    board.level(0, 1)  # the start bit of a byte of zeros and ...
    board.level(0, 8)
    board.level(0, 1)  # ... no stop bit
    board.level(1, 1)
    board.write(b"b")
    assert board.hear_all() == b"ab" and board.lights == 1


def test_a_break_is_one_error_however_long(echo: Echo) -> None:
    board = echo.with_error(0)
    board.level(0, 95)
    board.level(1, 2)
    board.write(b"x")
    assert board.hear_all() == b"x" and board.lights == 1
