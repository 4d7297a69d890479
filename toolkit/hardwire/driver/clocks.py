# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The fabric's clock of a board with a Zynq: set by its frequency through pynq, read back, never above the build's.

pynq 3 writes the dividers of the .hwh, which are those of the PLL that Vivado chose; pynq 4 takes the nearest
frequency, which may be a faster one; neither changes which PLL is divided. So the driver divides the board's PLL.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import BoardError

WITHIN = 0.01  # of the build's clock that the board's may be below it
FASTER = 1e-4  # that a reading may be above: pynq's 33.333 for 33.333333 MHz, and clocks told in kHz
MOST_DIVISOR = 63  # of two, six bits each
_UNREADABLE = (AttributeError, IndexError, TypeError, ValueError, ZeroDivisionError)  # pynq's words for a bad register


@dataclass(frozen=True)
class FabricClock:
    """What the processor's registers say of the fabric's clock, in MHz."""

    mhz: float
    pll_mhz: float | None = None  # where it was set, what was divided


def read_clock(pynq: Any, device: Any) -> FabricClock:
    """The clock as it is. Raises BoardError where pynq cannot read it."""
    with _registers(pynq, device) as clocks:
        return FabricClock(float(clocks.fclk0_mhz))


def set_clock(pynq: Any, device: Any, mhz: float) -> FabricClock:
    """Set the clock to the fastest that is not above ``mhz``, and read it back.

    On the way it is never faster than that. Raises BoardError where the board's PLL makes no clock within 1 % below,
    or where what is read back is another.
    """
    with _registers(pynq, device) as clocks:
        # pynq writes one divider and then the other: from the largest on, no pair in between is fast.
        clocks.set_pl_clk(0, MOST_DIVISOR, MOST_DIVISOR)
        pll = float(clocks.fclk0_mhz) * MOST_DIVISOR**2
        first, second = _divisors(pll, mhz)
        clocks.set_pl_clk(0, MOST_DIVISOR, second)
        clocks.set_pl_clk(0, first, second)
        clock = FabricClock(float(clocks.fclk0_mhz), round(pll, 2))
    check_clock(clock, mhz)
    return clock


def check_clock(clock: FabricClock, mhz: float) -> None:
    """Raises BoardError for a clock that is not the build's: faster than it was signed off for, or 1 % slower."""
    of = f", of a PLL of {clock.pll_mhz:g} MHz," if clock.pll_mhz else ""
    if clock.mhz > mhz * (1 + FASTER):
        raise BoardError(
            f"the fabric's clock{of} reads {clock.mhz:g} MHz, faster than the {mhz:g} that the build's timing was met "
            "at; it is not run: load again with its bitstream, or build with --clock"
        )
    if clock.mhz < mhz * (1 - WITHIN):
        raise BoardError(
            f"the fabric's clock{of} is {clock.mhz:g} MHz, the build is for {mhz:g}; build again with --clock "
            f"{clock.mhz:.3f}, which this board makes"
        )


def agrees(clock: FabricClock, mhz: float) -> bool:
    """Whether a clock is the build's."""
    try:
        check_clock(clock, mhz)
    except BoardError:
        return False
    return True


def _divisors(pll_mhz: float, mhz: float) -> tuple[int, int]:
    """Two dividers with the least product that is not too fast; the second as small as can be."""
    for product in range(max(1, int(pll_mhz / (mhz * (1 + FASTER)))), MOST_DIVISOR**2 + 1):
        if pll_mhz / product > mhz * (1 + FASTER):
            continue
        for second in range(1, MOST_DIVISOR + 1):
            first, remainder = divmod(product, second)
            if not remainder and first <= MOST_DIVISOR:
                return first, second
    return MOST_DIVISOR, MOST_DIVISOR


_clocked: list[Callable[[], Any]] = []  # the device whose clocks pynq holds; weak


@contextmanager
def _registers(pynq: Any, device: Any) -> Iterator[Any]:
    """pynq's Clocks of this device: it keeps those of the first that it saw, and 3.0 knows the active one alone."""
    clocks, kind = pynq.Clocks, pynq.Device
    if not (_clocked and _clocked[0]() is device) and "_real_instance" in vars(clocks):
        del clocks._real_instance
    if hasattr(clocks, "set_device"):
        clocks.set_device(device)
    before = vars(kind).get("_active_device")
    kind.active_device = device
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a frequency is the closest possible
            yield clocks
        _clocked[:] = [weakref.ref(device)]
    except _UNREADABLE as error:
        raise BoardError(
            f"pynq cannot set the fabric's clock here ({type(error).__name__}: {error}); reboot the board, which sets "
            "its PLLs anew"
        ) from None
    finally:
        if before is None:
            del kind._active_device
        else:
            kind.active_device = before
