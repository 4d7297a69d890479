# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a token costs the driver: bus reads, and Python's time on a ring in memory. ``python tests/driver/cost.py``

The ring is an array that pynq.MMIO would have mapped, and an engine that is always ahead of the host. What it takes on
a board's processor is arithmetic, not run: the instructions of a token as valgrind counts them here (instructions.py;
Python 3.11, x86), at an assumed number of cycles each, and an assumed time for each read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from hardwire.chip.model import Chip
from hardwire.driver.mmio import MappedChip
from hardwire.driver.model import LanguageModel
from hardwire.driver.overlay import MmioBus
from hardwire.host.registers import MAGIC, REGISTERS, VERSION, address, field
from hardwire.host.requests import Request

RING = 512
A9_MHZ = 650.0
# Counted with the engine of this file among them, hashes seeded by 0, Python 3.11.7 as pyenv builds it.
INSTRUCTIONS = {"token ids": 1_638, "text": 2_559}
CYCLES_PER_INSTRUCTION = 2.0  # assumed, of CPython on a Cortex-A9
BUS_READ_NS = 150.0  # assumed: a load through M_AXI_GP0 and an AXI4-Lite slave at 100 MHz, some 15 of its cycles


class RingInMemory(MmioBus):
    """The registers as an array; tokens are there before they are asked for."""

    def __init__(self, chip: Chip, tokens: int) -> None:
        array = np.zeros(1 << 17, np.uint32)
        super().__init__(SimpleNamespace(array=array, device=None))
        self.array, self.tokens, self.vocab = array, tokens, chip.shape.vocab
        shape = 8 | chip.formats.logit_fraction << 24
        said = {"magic": MAGIC, "version": VERSION, "id": 1, "vocab": self.vocab, "context": 1 << 14, "ring": RING}
        for name, word in {**said, "shape": shape, "clock_khz": 100_000}.items():
            array[address(name) >> 2] = word
        self.store, self.write = self.write, self.act  # type: ignore[method-assign]
        self.writable = {r.address for r in REGISTERS if r.access != "ro"}

    def act(self, at: int, word: int) -> None:
        self.store(at, word)
        if at == address("control") and word & 1:
            self.array[address("requests") >> 2] += 1
            self.array[address("status") >> 2] = field("status", "busy").mask
            self.end = int(self.array[address("write_index") >> 2]) + self.tokens
            self.fill()
        elif at == address("read_index"):
            self.fill()

    def fill(self) -> None:
        first = int(self.array[address("write_index") >> 2])
        done = int(self.array[address("read_index") >> 2])
        last = min(done + RING, getattr(self, "end", 0))
        if last <= first:
            if done >= last:
                self.array[address("status") >> 2] = 1 << field("status", "reason").low
            return
        index = np.arange(first, last)
        slots = (index % 4096 << 20) | (3 + index % (self.vocab - 3))
        self.array[(address("tokens") >> 2) + index % RING] = slots
        self.array[address("write_index") >> 2] = last


@dataclass(frozen=True)
class Cost:
    """Per token."""

    what: str
    ns: float
    reads: float

    @property
    def a9_ns(self) -> float:
        """On a Cortex-A9 of 650 MHz. Not run."""
        return INSTRUCTIONS[self.what] * CYCLES_PER_INSTRUCTION / A9_MHZ * 1e3 + self.reads * BUS_READ_NS


def _timed(stream: Iterable[object]) -> float:
    started = time.perf_counter()
    for _ in stream:
        pass
    return time.perf_counter() - started


def ring_in_memory(chip: Chip, tokens: int) -> LanguageModel:
    """A chip with a tokenizer, of whose every request ``tokens`` come."""
    return LanguageModel(chip, MappedChip(RingInMemory(chip, tokens), cycles=[900]), "ring in memory")


def stream_of(model: LanguageModel, what: str) -> Iterable[object]:
    """A request for "token ids" or "text"."""
    return model.backend.stream(Request(ids=(1,))) if what == "token ids" else model.stream("a", stops=())


def measure(chip: Chip, tokens: int = 20_000, rounds: int = 5) -> list[Cost]:
    """The best of some rounds, of token ids and of text; a chip with a tokenizer."""
    costs = []
    for what in ("token ids", "text"):
        model = ring_in_memory(chip, tokens)
        mapped: Any = model.backend
        best = float("inf")
        for _ in range(rounds):
            reads = mapped.reads
            best = min(best, _timed(stream_of(model, what)))
            reads = mapped.reads - reads
        assert mapped.tokens == rounds * tokens
        costs.append(Cost(what, best / tokens * 1e9, reads / tokens))
    return costs


def main() -> None:
    from importlib import resources

    from hardwire.chip.model import load_chip

    chip = load_chip(resources.files("hardwire.overlays") / "ulx3s-85f" / "bundled" / "model.chip")  # type: ignore[arg-type]
    for cost in measure(chip, 100_000):
        rate = 1e9 / cost.a9_ns
        work = f"{INSTRUCTIONS[cost.what]:,} instructions * {CYCLES_PER_INSTRUCTION:g} / {A9_MHZ:g} MHz"
        print(
            f"{cost.what}: {cost.ns:.0f} ns and {cost.reads:.4f} bus reads per token here; on a {A9_MHZ:g} MHz "
            f"Cortex-A9, not run: {work} + {cost.reads:.2f} * {BUS_READ_NS:g} ns = {cost.a9_ns:,.0f} ns, "
            f"{rate:,.0f} tokens/s"
        )


if __name__ == "__main__":
    main()
