# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The register map as a Python model, with a ring in memory: what ``rtl/host_registers.sv`` says, without its cycles.

Time passes by ``step`` cycles with every access, and a token takes ``cost`` of them; a cost of 0 makes a chip that is
faster than any host. The tokens come from the integer reference, or from ``tokens``, a function of the position. A
``ModelBoard`` has one for each of several streams.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from hardwire.chip.model import Chip
from hardwire.chip.reference import new_state, step
from hardwire.host.registers import (
    ADDRESS_BITS,
    ID_BITS,
    MAGIC,
    REGISTERS,
    VERSION,
    WINDOWS,
    address,
    field,
    sequence_bits,
)
from hardwire.ops.sampler import sample

MASK = (1 << 32) - 1
ERRORS = {name: field("error", name).mask for name in ("address", "range", "refused")}
SETTINGS = {"length": 0, "budget": MASK, "inverse": 0, "seed_low": 0, "seed_high": 0}
LANES = 3  # logits per row of the window: not a power of two
BUDGET, STOP_TOKEN, FULL, STOPPED, RESET = range(1, 6)


class ModelChip:
    """A chip at its bus: ``read``, ``write``, ``run``; or stream ``number`` of ``streams``."""

    def __init__(
        self,
        chip: Chip,
        *,
        ring: int = 8,
        first_index: int = 0,
        cost: int = 0,
        step: int = 4,
        tokens: Callable[[int], int] | None = None,
        context: int | None = None,
        clock_khz: int = 100_000,
        version: int = VERSION,
        streams: int = 1,
        number: int = 0,
    ) -> None:
        self.version, self.streams, self.number = version, streams, number
        self.chip, self.ring_size, self.cost, self.step, self.tokens = chip, ring, cost, step, tokens
        self.context = context or chip.shape.context
        self.clock_khz, self.first_index = clock_khz, first_index
        self.hung = False  # a fault: busy, and nothing moves
        self.stopped_clock = False
        self.reads = self.writes = 0
        self.names = {r.address + 4 * i: (r.name, i) for r in REGISTERS for i in range(r.count)}
        self.power_up()

    def power_up(self) -> None:
        self.settings = dict(SETTINGS)
        self.stops = [0] * 8
        self.prompt = [0] * self.context
        self.ring = [0] * self.ring_size
        self.write_index = self.read_index = self.start_index = self.first_index
        self.error = self.reason = self.requests = self.produced = self.run_cycles = self.stream = 0
        self.irq = self.irq_enable = 0
        self.busy = self.stalled = False
        self.pending: int | None = None
        self.position = self.cycle = self.high = 0
        self.logits = np.zeros(self.chip.shape.vocab, np.int64)
        self.state = new_state(self.chip)
        self.ready = 0

    # -- the bus -------------------------------------------------------------------------------------

    def read(self, at: int) -> int:
        self.reads += 1
        self.run(self.step)
        window = next((w for w in WINDOWS if w.address <= at < w.address + 4 * w.words), None)
        if at in self.names:
            name, index = self.names[at]
            if name == "control":
                self._fail("address")
                return 0
            return self._register(name, index)
        index = (at - window.address) // 4 if window else 0
        if window and window.name == "tokens" and index < self.ring_size:
            return self.ring[index]
        if window and window.name == "logits":
            row, lane = divmod(index, 4)
            if row < -(-len(self.logits) // LANES):
                at_id = row * LANES + lane
                return int(self.logits[at_id]) & MASK if lane < LANES and at_id < len(self.logits) else 0
        self._fail("address")
        return 0

    def write(self, at: int, word: int) -> None:
        self.writes += 1
        self.run(self.step)
        name, index = self.names.get(at, ("", 0))
        writable = {r.name for r in REGISTERS if r.access != "ro"}
        if name in writable:
            self._write(name, index, word)
        elif (index := (at - address("prompt")) // 4) in range(self.context):
            if self._may(word < self.chip.shape.vocab, not self.busy):
                self.prompt[index] = word
        else:
            self._fail("address")
        self._work()

    def run(self, cycles: int) -> None:
        """Let time pass."""
        if not self.stopped_clock:
            self.cycle += cycles
        self._work()

    def _fail(self, name: str) -> None:
        self.error |= ERRORS[name]
        self.irq |= 4

    def _may(self, in_range: bool, allowed: bool) -> bool:
        """Whether a write is taken; what it leaves behind if not."""
        if not in_range:
            self._fail("range")
        elif not allowed:
            self._fail("refused")
        return in_range and allowed

    # -- registers -----------------------------------------------------------------------------------

    def _register(self, name: str, index: int) -> int:
        fixed = {
            "magic": MAGIC,
            "version": self.version,
            "id": int(self.chip.digest[:8], 16),
            "vocab": self.chip.shape.vocab,
            "context": self.context,
            "ring": self.ring_size,
            "shape": 8 | self.chip.formats.logit << 8 | LANES << 16 | self.chip.formats.logit_fraction << 24,
            "features": self.streams - 1 << 28 | self.number << 30,
        }
        if name in fixed:
            return fixed[name]
        if name in SETTINGS:
            return self.settings[name]
        if name == "stop_token":
            return self.stops[index]
        if name == "status":
            flags = self.busy | self.stalled << 1 | (self.error != 0) << 2 | (self.pending is not None) << 3
            return flags | self.reason << 4 | self.stream << 7
        if name == "cycles_low":
            self.high = self.cycle >> 32
            return self.cycle & MASK
        return self.high if name == "cycles_high" else int(getattr(self, name))

    def _write(self, name: str, index: int, word: int) -> None:
        if name == "control":
            start = bool(word & 1)
            if self._may(word < 16, not start or self._can_start(word)):
                self._control(word)
        elif name == "stream":
            if self._may(word < 2, True):
                self.stream = word
        elif name in ("error", "irq"):
            setattr(self, name, getattr(self, name) & ~word)
        elif name == "irq_enable":
            self.irq_enable = word & 7
        elif name == "read_index":
            ahead = (self.write_index - self.read_index) & MASK
            if self._may((self.write_index - word) & MASK <= ahead, True):
                self.read_index = word
        elif name == "stop_token":
            if self._may(word & 0x7FFFFFFF < self.chip.shape.vocab, not self.busy):
                self.stops[index] = word
        else:
            largest = {"length": self.context, "inverse": 0x1FFFF}.get(name, MASK)
            if self._may(word <= largest, not self.busy):
                self.settings[name] = word

    def _can_start(self, word: int) -> bool:
        something = self.settings["length"] > 0 or (self.pending is not None and not word & 2)
        return not self.busy and not self.error and not word & 8 and something

    # -- requests ------------------------------------------------------------------------------------

    def _control(self, word: int) -> None:
        if word & 8:
            self.busy = self.stalled = False
            self.pending, self.position, self.reason = None, 0, RESET
            self.irq |= 2
        elif word & 1:
            self.requests += 1
            self.start_index, self.produced, self.run_cycles = self.write_index, 0, 0
            self.busy, self.clear = True, bool(word & 2)
            self.first, self.cut, self.stop, self.at_room, self.engine = True, False, False, True, 0
            self.left = self.settings["budget"]
            lead = [self.pending] if self.pending is not None and not self.clear else []
            self.items = [*lead, *self.prompt[: self.settings["length"]]]
            self.ready = self.cycle + self.cost
        elif word & 4 and self.busy:
            self.stop = True

    def _work(self) -> None:
        while self.busy and not self.hung and self.cycle >= self.ready and self._advance():
            pass

    def _advance(self) -> bool:
        """One step of a request; False where it ended or waits."""
        return self._room() if self.at_room else self._feed()

    def _room(self) -> bool:
        if reason := self._why():
            self.busy, self.stalled, self.reason = False, False, reason
            self.irq |= 2
            if reason == STOP_TOKEN:
                self.pending = None
            return False
        feeds = self.left > 0 and (self.clear or self.position < self.context)
        waited = self.stalled
        self.stalled = feeds and (self.write_index - self.read_index) & MASK >= self.ring_size
        if self.stalled:
            return False
        if waited:
            self.ready = self.cycle + self.cost
        self.first = False
        if self.clear:
            self.pending, self.position, self.clear = None, 0, False
            self.state = new_state(self.chip)
        if not feeds:
            self.engine = FULL if self.left else BUDGET
        self.at_room = not feeds
        return True

    def _why(self) -> int:
        if not self.first and not self.cut:
            if self.engine in (STOP_TOKEN, FULL):
                return self.engine
            if not self.left:
                return BUDGET
        return STOPPED if self.stop else 0

    def _feed(self) -> bool:
        if self.position == self.context:
            self.items, self.engine, self.at_room = [], FULL, True
            return True
        fed, self.items = self.items[0], self.items[1:]
        last = not self.items or self.stop
        self.cut = bool(self.items) and self.stop
        self.pending = None
        token = self._compute(fed, last and not self.cut)
        self.position += 1
        self.run_cycles += self.cost
        self.ready += self.cost
        if not last:
            return True
        self.at_room = True
        if self.cut:
            self.items = []
        elif token | 1 << 31 in self.stops:
            self.engine = STOP_TOKEN
        else:
            self._put(token)
        return True

    def _compute(self, fed: int, wanted: bool) -> int:
        if self.tokens is not None:
            return self.tokens(self.position)
        self.state.position = self.position
        logits = step(self.chip, self.state, np.array([[fed]]))[0, 0]
        if not wanted:
            return 0
        self.logits = logits
        seed = self.settings["seed_low"] | self.settings["seed_high"] << 32
        fraction, table = self.chip.formats.logit_fraction, self.chip.tables["gumbel"]
        return sample(logits, fraction, self.settings["inverse"], seed, self.position, table)

    def _put(self, token: int) -> None:
        bits = sequence_bits(self.streams)
        tag = self.number << bits | self.write_index % (1 << bits)
        self.ring[self.write_index % self.ring_size] = tag << ID_BITS | token
        self.write_index = (self.write_index + 1) & MASK
        self.pending, self.items = token, [token]
        self.left, self.produced, self.engine = self.left - 1, self.produced + 1, 0
        self.irq |= 1


class ModelBoard:
    """A chip of several streams at its bus, whose time is the same; threads may use it."""

    def __init__(self, chip: Chip, streams: int, **options: Any) -> None:
        self.chips = [ModelChip(chip, streams=streams, number=number, **options) for number in range(streams)]
        self._one = threading.RLock()

    def read(self, at: int) -> int:
        with self._one:
            return self._of(at).read(at % (1 << ADDRESS_BITS))

    def write(self, at: int, word: int) -> None:
        with self._one:
            self._of(at).write(at % (1 << ADDRESS_BITS), word)

    def run(self, cycles: int) -> None:
        with self._one:
            for chip in self.chips:
                chip.run(cycles)

    def _of(self, at: int) -> ModelChip:
        return self.chips[at >> ADDRESS_BITS]
