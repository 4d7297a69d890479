# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""host_request: requests played to an engine that takes its time; stops, resets, a full ring, a full context."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from bench import Bench
from bench_streams import PAUSES, active, cycles

pytestmark = pytest.mark.tools

BUDGET, STOP, FULL = 0, 1, 2  # engine_pkg::status_e
REASONS = {"none": 0, "budget": 1, "stop token": 2, "context full": 3, "stopped": 4, "reset": 5}  # host_pkg
VOCAB, CONTEXT = 100, 12
STOP_TOKEN = 99


@dataclass
class Engine:
    """The engine behind its ports, as token_loop plays it; a token takes some random cycles."""

    ready: np.ndarray  # when it takes a prompt token
    draw: np.random.Generator
    sampled: list[int]  # what it will sample, one after the other
    position: int = 0
    state: str = "idle"
    status: int = BUDGET
    left: int = 0
    wait: int = 0
    fed: list[int] = field(default_factory=list)  # since the context was empty
    clock: int = 0
    resets: int = 0
    last: bool = False
    token: int | None = None

    def before(self, bench: Bench) -> None:
        self.clock += 1
        takes = self.state in ("prompt", "drain") and bool(self.ready[self.clock % len(self.ready)])
        takes &= self.wait == 0
        bench.set(
            **{
                "progress_i.busy": int(self.state != "idle"),
                "progress_i.status": self.status,
                "progress_i.position": self.position,
                "prompt_ready_i": int(takes),
                "token_valid_i": int(self.token is not None),
                "token_i.id": self.token or 0,
            }
        )

    def after(self, bench: Bench) -> None:
        self.token = None
        if bench.get("engine_rst_o"):
            self.resets += 1
            self.position, self.state, self.status, self.wait, self.fed = 0, "idle", BUDGET, 0, []
            return
        if bench.get("request_valid_o"):
            assert self.state == "idle", "a request while the engine is busy"
            self.left, self.state = bench.get("budget_o"), "prompt"
            if bench.get("clear_o"):
                self.position, self.fed = 0, []
            if not self.left or self.position == CONTEXT:
                self.status, self.state = FULL if self.left else BUDGET, "drain"
            return
        taken = bench.get("prompt_valid_o") and bench.get("prompt_ready_i")
        if self.wait:
            self.wait -= 1
        elif self.state == "drain" and taken:
            self.state = "idle" if bench.get("prompt_o.last") else "drain"
        elif self.state == "prompt" and taken:
            self.fed.append(bench.get("prompt_o.id"))
            self.position += 1
            self.wait, self.last = int(self.draw.integers(1, 6)), bool(bench.get("prompt_o.last"))
            self.state = "judge" if self.last else "prompt"
            if not self.last and self.position == CONTEXT:
                self.status, self.state = FULL, "drain"
        elif self.state == "judge":
            token = self.sampled.pop(0)
            if token == STOP_TOKEN:
                self.status = STOP
            else:
                self.token, self.status = token, BUDGET
            self.state = "end"
        elif self.state == "end":
            self.state = "idle"


@dataclass
class Host:
    """The prompt's memory, a ring that is full at times, and what came of it."""

    prompt: list[int]
    full: np.ndarray
    tokens: list[int] = field(default_factory=list)
    done: int = 0
    stalled: int = 0
    word: int = 0
    clock: int = 0

    def before(self, bench: Bench) -> None:
        self.clock += 1
        bench.set(prompt_word_i=self.word, full_i=int(self.full[self.clock % len(self.full)]))

    def after(self, bench: Bench) -> None:
        at = bench.get("prompt_addr_o")
        self.word = self.prompt[at] if at < len(self.prompt) else 0
        if bench.get("put_o"):
            self.tokens.append(bench.get("put_id_o"))
        self.done += bench.get("done_o")
        self.stalled += bench.get("stalled_o")


def wanted(state: dict, prompt: list[int], budget: int, clear: bool, sampled: list[int]) -> tuple[list[int], str]:
    """What a request gives: its tokens and why it ends. ``state``: what is fed, and what waits to be."""
    if clear:
        state.update(fed=[], pending=None)
    if budget == 0:
        return [], "budget"
    items, tokens, drawn = ([] if state["pending"] is None else [state["pending"]]) + prompt, [], iter(sampled)
    while True:
        room = CONTEXT - len(state["fed"])
        state["fed"] += items[:room]
        if room:
            state["pending"] = None
        if len(items) > room:
            return tokens, "context full"
        token = next(drawn)
        if token == STOP_TOKEN:
            state["pending"] = None
            return tokens, "stop token"
        tokens.append(token)
        state["pending"], items = token, [token]
        if len(tokens) == budget:
            return tokens, "budget"


def started(draw: np.random.Generator, idle: str, streams: int = 1) -> tuple[Bench, Engine, Host]:
    bench = Bench("host_request", plan={"Vocab": VOCAB, "Context": CONTEXT, "Streams": streams})
    bench.reset(2)
    return bench, Engine(active(idle, 300, 1), draw, []), Host([], ~active(idle, 300, 2) & (idle != "never"))


def ask(bench: Bench, host: Host, prompt: list[int], budget: int, clear: bool) -> None:
    host.prompt, host.tokens, host.done = prompt, [], 0
    bench.set(start_i=1, clear_i=int(clear), length_i=len(prompt), budget_i=budget)


class Start:
    """start_i is high for the first cycle alone."""

    def __init__(self) -> None:
        self.cycle = 0

    def before(self, bench: Bench) -> None:
        self.cycle += 1
        if self.cycle == 2:
            bench.set(start_i=0, clear_i=0)

    def after(self, bench: Bench) -> None:
        pass


@pytest.mark.parametrize("idle", PAUSES)
def test_requests(draw: np.random.Generator, idle: str) -> None:
    bench, engine, host = started(draw, idle)
    state: dict = {"fed": [], "pending": None}
    reasons = set()
    for number in range(60 if idle == "never" else 30):
        clear = number == 0 or draw.random() < 0.3
        fewest = 0 if state["pending"] is not None and not clear else 1
        prompt = draw.integers(0, STOP_TOKEN, draw.integers(fewest, 7)).tolist()
        budget = int(draw.choice([0, 1, 2, 5, 1 << 31]))
        sampled = [int(draw.choice([STOP_TOKEN, *draw.integers(0, 99, 9)])) for _ in range(2 * CONTEXT)]
        engine.sampled = list(sampled)
        tokens, reason = wanted(state, prompt, budget, clear, sampled)
        ask(bench, host, prompt, budget, clear)
        cycles(bench, [Start(), engine, host], lambda: host.done > 0, 20_000)
        bench.settle()
        told = (host.tokens, bench.get("reason_o"), engine.fed, bench.get("pending_o"))
        pending = int(state["pending"] is not None)
        assert told == (tokens, REASONS[reason], state["fed"], pending), f"request {number}, {prompt}, {budget}"
        assert not bench.get("busy_o") and host.done == 1
        reasons.add(reason)
    assert reasons == {"budget", "stop token", "context full"} and bool(host.stalled) == (idle != "never")


@pytest.mark.parametrize("idle", PAUSES)
def test_a_stop_ends_behind_a_token(draw: np.random.Generator, idle: str) -> None:
    """At any moment: the tokens are the first of those that would have come, and what is fed is in order."""
    stopped = 0
    for _ in range(25):
        bench, engine, host = started(draw, idle)
        prompt = draw.integers(0, STOP_TOKEN, draw.integers(1, 7)).tolist()
        sampled = draw.integers(0, STOP_TOKEN, 2 * CONTEXT).tolist()
        engine.sampled = list(sampled)
        ask(bench, host, prompt, 1 << 31, True)
        when = int(draw.integers(0, 80))
        clock = Start()
        parts = [clock, engine, host]
        cycles(bench, parts, lambda clock=clock, host=host, when=when: clock.cycle > when or host.done > 0, 20_000)
        bench.set(stop_i=1)
        cycles(bench, parts, lambda c=clock.cycle, clock=clock, host=host: clock.cycle > c or host.done > 0, 9)
        bench.set(stop_i=0)
        cycles(bench, parts, lambda host=host: host.done > 0, 2000)
        bench.settle()
        assert bench.get("reason_o") in (REASONS["stopped"], REASONS["context full"])
        stopped += bench.get("reason_o") == REASONS["stopped"]
        assert host.tokens == sampled[: len(host.tokens)]
        text = prompt + host.tokens
        assert engine.fed == text[: len(engine.fed)]
        waits = host.tokens and engine.fed == text[:-1]  # the last token is not fed yet
        assert bench.get("pending_o") == int(bool(waits)) and not bench.get("busy_o")
    assert stopped > 10


def test_a_reset_ends_at_once(draw: np.random.Generator) -> None:
    for when in (1, 3, 7, 20):
        bench, engine, host = started(draw, "at random")
        engine.sampled = [5] * 99
        ask(bench, host, [1, 2, 3], 1 << 31, True)
        clock = Start()
        parts = [clock, engine, host]
        cycles(bench, parts, lambda clock=clock, when=when: clock.cycle > when, 99)
        bench.set(reset_i=1)
        cycles(bench, parts, lambda clock=clock, when=when: clock.cycle > when + 1, 9)
        bench.set(reset_i=0)
        flushed = cycles(bench, parts, lambda host=host: host.done > 0, 99)
        assert flushed >= 16  # engine_pkg::LeastReset
        bench.settle()
        assert bench.get("reason_o") == REASONS["reset"] and not bench.get("pending_o") and not bench.get("busy_o")
        engine.sampled = [7, 8, 9]
        ask(bench, host, [4, 5], 2, False)
        cycles(bench, [Start(), engine, host], lambda host=host: host.done > 0, 5000)
        assert host.tokens == [7, 8] and engine.fed == [4, 5, 7]


def test_a_reset_of_one_of_several_streams_leaves_the_engine_alone(draw: np.random.Generator) -> None:
    """At any moment, idle among them: nothing is put any more, and the context is none, however the next begins."""
    ended = 0
    for when in [*range(1, 40), 55, 90, 140]:
        bench, engine, host = started(draw, "at random", streams=2)
        prompt = draw.integers(0, STOP_TOKEN, draw.integers(1, 7)).tolist()
        engine.sampled = draw.integers(0, STOP_TOKEN, 99).tolist()
        sampled = list(engine.sampled)
        ask(bench, host, prompt, int(draw.choice([2, 1 << 31])), True)
        clock = Start()
        parts = [clock, engine, host]
        cycles(bench, parts, lambda clock=clock, when=when: clock.cycle > when, 999)
        before, done = len(host.tokens), host.done
        ended += done
        bench.set(reset_i=1)
        cycles(bench, parts, lambda clock=clock, when=when: clock.cycle > when + 1, 9)
        bench.set(reset_i=0)
        cycles(bench, parts, lambda host=host, done=done: host.done > done, 99)
        cycles(bench, parts, lambda n=clock.cycle, clock=clock: clock.cycle > n + 20, 99)
        bench.settle()
        told = [bench.get(name) for name in ("reason_o", "pending_o", "busy_o", "position_o")]
        assert told == [REASONS["reset"], 0, 0, 0] and host.done == done + 1, f"cycle {when}"
        # What was put in the very cycle of the reset had come; nothing behind it does.
        assert len(host.tokens) <= before + 1 and host.tokens == sampled[: len(host.tokens)]
        assert engine.state == "idle" and engine.resets == 0
        engine.sampled = [7, 8, 9]
        ask(bench, host, [4, 5], 2, False)
        cycles(bench, [Start(), engine, host], lambda host=host: host.done > 0, 5000)
        bench.settle()
        assert host.tokens == [7, 8] and engine.fed == [4, 5, 7] and bench.get("position_o") == 3
    assert 0 < ended < 20
