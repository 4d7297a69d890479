# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Who pauses when, and both sides of a handshake: what every bench of a stream is crossed with. See bench.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from bench import Bench

from hardwire.ops.fixed import Ints


def _pauses(kind: str, count: int, seed: int) -> Ints:
    draw = np.random.default_rng(seed)
    if kind == "never":
        return np.ones(count, bool)
    if kind == "every other cycle":
        return np.arange(count) % 2 == 0
    if kind == "mostly":
        return draw.random(count) < 0.15
    if kind == "at random":
        return draw.random(count) < 0.6
    # in bursts: runs of up to 12 cycles of each
    lengths = draw.integers(1, 13, count)
    return np.repeat(np.arange(count) % 2 == 0, lengths)[:count]


PAUSES = ("never", "every other cycle", "at random", "in bursts", "mostly")


def active(pauses: str, count: int, seed: int) -> Ints:
    """[count] booleans: when a side that pauses like this does not. It is never silent for good."""
    return _pauses(pauses, count, seed)


idle = pytest.mark.parametrize("idle", PAUSES)
pressure = pytest.mark.parametrize("pressure", PAUSES)


def spread(items: Mapping[str, Ints], at: Ints, bits: Mapping[str, int], seed: int = 0) -> dict[str, Ints]:
    """Items ([N] or [N, lanes] by port) where ``at`` is true, and garbage of so many bits a lane where it is not."""
    draw = np.random.default_rng(seed)
    out = {}
    for name, values in items.items():
        shape = (len(at), *np.asarray(values).shape[1:])
        out[name] = draw.integers(0, 1 << bits[name], shape)
        out[name][at] = np.asarray(values) & ((1 << bits[name]) - 1)
    return out


class Source:
    """Offers items to a port with a handshake; once offered, an item stays until it is taken."""

    def __init__(self, items: Sequence[Mapping[str, int]], valid: str, ready: str, when: Ints) -> None:
        self.items, self.valid, self.ready, self.when = list(items), valid, ready, when
        self.offered, self.cycle = False, 0

    @property
    def done(self) -> bool:
        return not self.items

    def before(self, bench: Bench) -> None:
        self.offered = bool(self.items) and (self.offered or bool(self.when[self.cycle % len(self.when)]))
        self.cycle += 1
        bench.set(**{self.valid: int(self.offered)}, **(self.items[0] if self.offered else {}))

    def after(self, bench: Bench) -> None:
        if self.offered and bench.get(self.ready):
            self.items.pop(0)
            self.offered = False


class Sink:
    """Takes items from a port with a handshake. What is offered must stay as it is until it is taken."""

    def __init__(self, names: Sequence[str], valid: str, ready: str, when: Ints) -> None:
        self.names, self.valid, self.ready, self.when = tuple(names), valid, ready, when
        self.items: list[tuple[int, ...]] = []
        self.waiting: tuple[int, ...] | None = None
        self.cycle = 0

    def before(self, bench: Bench) -> None:
        bench.set(**{self.ready: int(self.when[self.cycle % len(self.when)])})
        self.cycle += 1

    def after(self, bench: Bench) -> None:
        offer = tuple(bench.get(name) for name in self.names) if bench.get(self.valid) else None
        assert self.waiting is None or offer == self.waiting, f"{self.waiting} was withdrawn: {offer}"
        taken = offer is not None and bench.get(self.ready)
        if offer is not None and taken:
            self.items.append(offer)
        self.waiting = None if taken else offer


def cycles(bench: Bench, parts: Sequence[Any], until: Callable[[], bool], limit: int) -> int:
    """Clock until it is done; returns after how many cycles. Each part's ``before`` puts inputs, ``after`` looks."""
    for count in range(limit):
        if until():
            return count
        for part in parts:
            part.before(bench)
        bench.settle()
        for part in parts:
            part.after(bench)
        bench.tick()
    raise AssertionError(f"{bench.module} is not done after {limit} cycles")
