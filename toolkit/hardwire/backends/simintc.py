# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Between a simulated chip's interrupt and pynq: Xilinx's interrupt controller, and the kernel's UIO device.

AxiIntc models what PG099 says of AXI INTC 4.1 with one level input, as far as software sees it. Uio is a terminal
that pynq's own UioController opens and polls as it does /dev/uio0.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from collections.abc import Callable

WORD = 4
ISR, IPR, IER, IAR, SIE, CIE, IVR, MER = range(0, 0x20, WORD)
ENABLED, HARDWARE = 1, 2  # of MER
NONE_PENDING = 0xFFFF_FFFF


class AxiIntc:
    """The controller's registers. ``line`` tells the level of its one input.

    A level that was seen stays in ISR until it is acknowledged; one that still stands is seen again at once.
    """

    def __init__(self, line: Callable[[], bool]) -> None:
        self._line = line
        self._isr = self._ier = self._mer = 0

    def _look(self) -> None:
        if self._mer & HARDWARE and self._line():
            self._isr |= 1

    @property
    def output(self) -> bool:
        """Level of the interrupt line to the processor."""
        self._look()
        return bool(self._mer & ENABLED and self._isr & self._ier)

    @property
    def listens(self) -> bool:
        """Whether its input can reach its output at all."""
        return self._mer == ENABLED | HARDWARE and bool(self._ier)

    def read(self, offset: int) -> int:
        self._look()
        pending = self._isr & self._ier
        vector = (pending & -pending).bit_length() - 1 if pending else NONE_PENDING
        return {ISR: self._isr, IPR: pending, IER: self._ier, IVR: vector, MER: self._mer}.get(offset, 0)

    def write(self, offset: int, word: int) -> None:
        bit = word & 1
        if offset == ISR:
            self._isr = self._isr if self._mer & HARDWARE else bit  # software's, until hardware's are on
        elif offset == IER:
            self._ier = bit
        elif offset == IAR:
            self._isr &= ~bit
        elif offset == SIE:
            self._ier |= bit
        elif offset == CIE:
            self._ier &= ~bit
        elif offset == MER:
            self._mer = word & ENABLED | (self._mer | word) & HARDWARE  # that bit stays until a reset


class Uio:
    """A file that behaves as a UIO device: a write of a word enables it, a read of a word waits for the interrupt.

    ``pending`` lets some of the chip's time pass and tells whether the interrupt is there; it is called by a thread,
    while the device is enabled, until ``limit`` calls found nothing and nobody said ``poke``.
    """

    def __init__(self, pending: Callable[[], bool], limit: int = 4_000) -> None:
        self._pending, self._limit = pending, limit
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        self.count = 0  # interrupts delivered
        self._changed = threading.Event()
        self._open = True
        self._thread = threading.Thread(target=self._serve, name="simulated UIO", daemon=True)
        self._thread.start()

    def poke(self) -> None:
        """Something changed that may raise the interrupt."""
        self._changed.set()

    def close(self) -> None:
        self._open = False
        self._changed.set()
        os.close(self._theirs)  # ends the thread's read
        self._thread.join(1)
        os.close(self._ours)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while self._open:
                if any(os.read(self._ours, WORD)) and self._risen():
                    self.count += 1
                    os.write(self._ours, self.count.to_bytes(WORD, "little"))

    def _risen(self) -> bool:
        """Wait for the interrupt; false when the device is closed."""
        calls = 0
        while self._open:
            if self._pending():
                return True
            calls += 1
            if calls < self._limit:
                time.sleep(0)  # the bus is others', too
            else:
                self._changed.wait()
                self._changed.clear()
                calls = 0
        return False
