# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""token_loop: requests of every kind against a chip that takes its time; a prompt and a reader that pause."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
import pytest
from bench import Bench
from bench_streams import Sink, Source, active, cycles, idle, pressure

from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import REQUEST, Status

pytestmark = pytest.mark.tools

PLAN = {"Vocab": 50, "Context": 14, "Stops": 3}


@dataclass
class Chip:
    """A token is done some cycles behind its start; what is sampled is drawn beforehand."""

    draw: np.random.Generator
    sampled: list[int]
    left: int = 0
    running: bool = False
    fed: list[tuple[int, int, int]] = field(default_factory=list)  # id, short, position
    cleared: int = 0
    moved: int = 0
    now: tuple[int, int] = (0, 0)

    def before(self, bench: Bench) -> None:
        done = self.running and self.left == 0
        wanted = self.sampled[0] if done and not self.now[1] else int(self.draw.integers(PLAN["Vocab"]))
        bench.set(done_i=int(done), sampled_i=wanted)

    def after(self, bench: Bench) -> None:
        self.cleared += bench.get("clear_o")
        if self.running:
            # id and short are held while the token is computed.
            self.now = (bench.get("id_o"), bench.get("short_o"))
            assert not bench.get("start_o"), "a token begins while one is computed"
            if self.left == 0:
                assert bench.get("next_o")
                self.moved += 1
                self.running = False
                self.fed.append((*self.now, bench.get("progress_o.position")))
                if not self.now[1]:
                    self.sampled.pop(0)
                return
            assert not bench.get("next_o")
            self.left -= 1
            if self.left == 0:
                assert self.now == (bench.get("id_o"), bench.get("short_o"))
        elif bench.get("start_o"):
            self.running, self.left, self.now = True, int(self.draw.integers(1, 7)), (0, 1)


def wanted(
    fed: list[int], prompt: list[int], budget: int, stops: list[int], sampled: list[int]
) -> tuple[list[int], Status]:
    """What a request gives: its tokens and why it ends. ``fed`` grows by what is computed."""
    tokens: list[int] = []
    if budget == 0:
        return tokens, Status.BUDGET
    items, drawn = list(prompt), iter(sampled)
    while True:
        for item in items:
            if len(fed) == PLAN["Context"]:
                return tokens, Status.FULL
            fed.append(item)
        token = next(drawn)
        if token in stops:
            return tokens, Status.STOP
        tokens.append(token)
        if len(tokens) == budget:
            return tokens, Status.BUDGET
        items = [token]


class Begin:
    """A request is valid for one cycle; its fields are held."""

    def __init__(self) -> None:
        self.cycle = 0

    def before(self, bench: Bench) -> None:
        bench.set(request_valid_i=int(self.cycle == 0))
        self.cycle += 1

    def after(self, bench: Bench) -> None:
        pass


def over(bench: Bench, begin: Begin, sink: Sink) -> bool:
    return begin.cycle > 1 and not bench.get("progress_o.busy") and sink.waiting is None


@idle
@pressure
def test_requests(draw: np.random.Generator, idle: str, pressure: str) -> None:
    bench = Bench("token_loop", plan=PLAN)
    bench.reset(2)
    places = REQUEST.places(complete(defaults() | PLAN))
    chip, fed, seen = Chip(draw, []), [], set()
    for number in range(18):
        clear = number == 0 or draw.random() < 0.4
        fed = [] if clear else fed
        prompt = draw.integers(0, 50, draw.integers(1, 7)).tolist()
        budget = int(draw.choice([0, 1, 2, 4, 0xFFFFFFFF]))
        stops = draw.integers(0, 50, 3).tolist()
        valid = int(draw.integers(8))
        chip.sampled = draw.integers(0, 50, 40).tolist()
        before, cleared = len(fed), chip.cleared
        used = [stop for n, stop in enumerate(stops) if valid >> n & 1]
        tokens, status = wanted(fed, prompt, budget, used, chip.sampled)
        width = places["stop"].bits
        chip.fed, chip.moved = [], 0
        bench.set(
            **{
                "request_i.clear": int(clear),
                "request_i.budget": budget,
                "request_i.stop_valid": valid,
                "request_i.stop": sum(stop << n * width for n, stop in enumerate(stops)),
            }
        )
        items = [{"prompt_i.id": token, "prompt_i.last": int(n + 1 == len(prompt))} for n, token in enumerate(prompt)]
        source = Source(items, "prompt_valid_i", "prompt_ready_o", active(idle, 200, number))
        sink = Sink(["token_o.id"], "token_valid_o", "token_ready_i", active(pressure, 200, number + 1))
        begin = Begin()
        ended = functools.partial(over, bench, begin, sink)
        cycles(bench, [begin, source, sink, chip], ended, 20_000)
        label = f"request {number}: {prompt}, budget {budget}, stops {used}"
        assert [token for (token,) in sink.items] == tokens, label
        assert bench.get("progress_o.status") == status and bench.get("progress_o.position") == len(fed), label
        assert source.done and chip.cleared - cleared == int(clear) and chip.moved == len(fed) - before, label
        ids = [token for token, _, _ in chip.fed]
        assert ids == fed[before:] and [p for _, _, p in chip.fed] == list(range(before, len(fed))), label
        # Logits are wanted from the prompt's last token on.
        short = [int(n + 1 < len(prompt)) for n in range(len(ids))]
        assert [s for _, s, _ in chip.fed] == short, label
        seen.add(status)
    assert seen == set(Status)
