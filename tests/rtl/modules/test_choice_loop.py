# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_loop: plain requests pass through it; of others the engine's tokens are dropped and those drawn are fed."""

from __future__ import annotations

import pytest
from bench import Bench
from bench_choice import CHOICE, DRAWN, packed

pytestmark = pytest.mark.tools


class Loop:
    """The module between a host and a played engine, whose token takes some cycles."""

    def __init__(self) -> None:
        self.bench = Bench("choice_loop")
        self.bench.reset(16)
        self.bench.set(token_ready_i=1)
        self.fed: list[tuple[int, int]] = []
        self.given: list[int] = []

    def request(self, prompt: list[int], budget: int, drawn: list[int | None], active: bool, stop: int = 0) -> str:
        """Play a request; the engine gives token 99, the sampler what ``drawn`` has (None: no token is allowed)."""
        b = self.bench
        fields = {
            "request_i.budget": budget,
            "request_i.clear": 1,
            "request_i.stop": stop,
            "request_i.stop_valid": int(stop > 0),
        }
        b.set(choice_i=packed(CHOICE, active=int(active)), request_valid_i=1, **fields)
        waiting, draws, position = list(prompt), list(drawn), 0
        left, work, busy, due = 0, 0, 0, -1
        for cycle in range(400):
            last = len(waiting) == 1
            b.set(prompt_valid_i=int(bool(waiting)))
            if waiting:
                b.set(**{"prompt_i.id": waiting[0], "prompt_i.last": int(last)})
            b.set(
                prompt_ready_i=int(busy and work == 0 and left > 0), token_valid_i=int(work == 1), done_i=int(due == 0)
            )
            b.set(**{"token_i.id": 99, "progress_i.busy": busy, "progress_i.position": position})
            b.settle()
            starts, takes = b.get("request_valid_o"), b.get("prompt_valid_o") and b.get("prompt_ready_i")
            if b.get("fed_o"):
                self.fed.append((b.get("place_o"), b.get("fed_id_o")))
            if b.get("token_valid_o"):
                self.given.append(b.get("token_o.id"))
            begun = cycle > 0
            if begun and not b.get("progress_o.busy") and not starts:
                return {0: "budget", 1: "stop", 2: "full"}[b.get("progress_o.status")]
            ends = bool(b.get("prompt_o.last"))
            if b.get("prompt_ready_o") and waiting:
                waiting.pop(0)
            if b.get("start_o"):
                token = draws.pop(0)
                b.set(drawn_i=packed(DRAWN, none=int(token is None), id=token or 0))
                due = 3
            elif due >= 0:
                due -= 1
            if starts:
                left, busy = b.get("request_o.budget"), 1
                assert not active or (left <= 1 and b.get("request_o.inverse") == 0)
            elif takes:
                position, work = position + 1, 4 if ends else 0
            elif work:
                work -= 1
                if work == 0:
                    left -= 1
                    if left == 0:
                        busy = 0
            b.run(1)
            b.set(request_valid_i=0)
        raise AssertionError("the request does not end")


def test_drawn_tokens_are_given_and_fed() -> None:
    loop = Loop()
    assert loop.request([5, 6], 3, [7, 8, 9], active=True) == "budget"
    assert loop.given == [7, 8, 9] and loop.fed == [(0, 5), (1, 6), (2, 7), (3, 8)]


def test_a_stop_token_is_not_given_and_no_token_ends_too() -> None:
    loop = Loop()
    assert loop.request([5], 9, [7, 4], active=True, stop=4) == "stop" and loop.given == [7]
    loop.given = []
    assert loop.request([5], 9, [7, None], active=True) == "stop" and loop.given == [7]


def test_a_plain_request_passes_through() -> None:
    loop = Loop()
    assert loop.request([5, 6], 1, [], active=False) == "budget"
    assert loop.given == [99] and loop.fed[:2] == [(0, 5), (1, 6)] and loop.fed[2][1] == 99
