# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler of a build against the integer reference: requests with every option of it, at random.

Top-k, top-p, penalties over windows, allowed tokens, guides and log probabilities, alone and together, some on a
context that goes on, some without any option. Tokens, ends, logits, every number of every draw, and the cycles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..chip.model import Chip
from ..chip.reference import Reference
from ..driver.automaton import Automaton
from ..driver.hosted import HostedChip
from ..host.requests import BY_CHIP, ENDS, NONE_ALLOWED, STOP_TOKEN, Backend, Outcome, Request
from ..host.sampling import Guide, Walk
from ..ops.choice import Chosen
from ..ops.fixed import Ints
from ..plan.choice import draw_cycles
from ..plan.program import Schedule
from .receipts import Difference, Rung

STATUSES = (*ENDS, NONE_ALLOWED)
END = f"end, of {', '.join(f'{number} {status}' for number, status in enumerate(STATUSES))}"
STOP = 3  # a token that ends an answer
LEAST = 4  # tokens that every stream has room for behind a prompt of requests


def random_guide(draw: np.random.Generator, vocab: int, states: int = 5) -> Automaton:
    """Some tokens lead on from every state; STOP may end an answer in the last one, where otherwise nothing goes on."""
    tokens = np.setdiff1d(np.arange(vocab), [STOP])
    edges = {
        state: {int(token): state + 1 for token in draw.choice(tokens, int(draw.integers(1, 6)), replace=False)}
        for state in range(states)
    }
    return Automaton(vocab, 0, [states], edges, ends=() if draw.random() < 0.5 else (STOP,))


@dataclass(frozen=True)
class Masks:
    """A guide whose masks the host gives, also to a chip with room for its automaton."""

    guide: Guide

    def begin(self) -> Walk:
        return self.guide.begin()


def requests(
    draw: np.random.Generator, vocab: int, best: int, count: int, *, rows: int | None = None
) -> Iterator[tuple[int, Request]]:
    """Numbered requests; some go on, some are plain, some allow nothing. rows: of logits, the most; None: some score
    their whole prompt."""
    for case in range(count):
        k = int(draw.integers(0, best + 1))
        how: dict[str, Any] = {
            "top_k": k,
            "top_p": float(draw.choice([1, 0.5, 0.01])) if k else 1.0,
            "penalty": float(draw.choice([1, 1.3, 0.7, 10])),
            "window": int(draw.choice([0, 1, 4])),
            "logprobs": [None, 0, min(3, best)][case % 3],
        }
        budget = None if case % 11 == 4 else int(draw.integers(0, 6))
        if case % 4 == 1:
            how["allowed"], budget = draw.random(vocab) < draw.choice([0, 0.1, 0.6]), 1
        if case % 4 == 3:
            how["guide"], budget = random_guide(draw, vocab), 8
        if case % 7 == 6:
            how = {}
        ids = tuple(draw.integers(0, vocab, int(draw.integers(1, 5))).tolist())
        wanted = len(ids) if rows is None and case % 6 == 0 else case % 2
        yield (
            case,
            Request(
                ids=ids,
                budget=budget,
                clear=case % 5 != 2,
                rows=wanted if rows is None else min(wanted, rows),
                stops=() if budget is None else (STOP,),  # so that one at least fills the context
                temperature=float(draw.choice([0, 0.7, 1.5])),
                seed=int(draw.integers(1 << 62)),
                **how,
            ),
        )


def draws(
    rung: Rung, name: str, chip: Chip, backend: Backend, count: int, program: Schedule | None = None
) -> Difference | None:
    """So many requests, of all streams in turn, counted in ``rung``; ``program``: of an engine, for the cycles of what
    it draws."""
    limits, rng = backend.limits, np.random.default_rng(count)
    reference, drawn, guided = Reference(chip, limits.streams, limits.best), 0, [0, 0]
    for number, asked in requests(rng, limits.vocab, limits.best, count, rows=limits.rows):
        request = replace(asked, stream=number % limits.streams)
        if limits.context < chip.shape.context:  # of a stream that shares a cache, which the reference does not
            request = replace(request, clear=True, budget=1 if request.allowed is not None else LEAST)
        if request.guide is not None and limits.guide_words:
            request = _guided_other(request, sum(guided), isinstance(backend, HostedChip))
        want, got = reference.run(request), backend.run(request)
        if request.guide is not None and limits.guide_words:
            guided[got.guided == BY_CHIP] += 1
        found = unlike(request, want, got) or _off_the_plan(request, got, program)
        if found is not None:
            stage, token, index, expected, actual = found
            return Difference(
                rung=name, stage=stage, token=token, index=index, expected=expected, got=actual, request=number
            )
        rung.tokens, rung.logits = rung.tokens + len(want.ids), rung.logits + want.logits.size
        drawn += len(want.drawn)
    rung.tell(f"{count} requests to the extended sampler, every number of the {drawn} draws that tell them")
    if limits.guide_words:
        rung.tell(f"{guided[1]} of them guided by the chip's automaton, {guided[0]} by masks")
    return None


def _guided_other(request: Request, number: int, hosted: bool) -> Request:
    """Every third under the host's masks, the others as the chip's automaton takes them: where it is behind registers,
    without what is read token by token."""
    if number % 3 == 2:
        return replace(request, guide=Masks(request.guide) if request.guide is not None else None)
    return replace(request, rows=0, logprobs=None) if hosted else replace(request, rows=min(request.rows, 1))


Unlike = tuple[str, int, int, int, int]  # stage, token, index, expected, got


def unlike(request: Request, want: Outcome, got: Outcome) -> Unlike | None:
    """The first thing that two backends say differently to a request; tokens are counted from its first known one, and
    -1 stands for what is missing."""
    known = len(request.ids)
    for row, (one, other) in enumerate(zip(want.logits, got.logits, strict=False)):
        if (found := _values("logits", known - request.rows + row, one, other)) is not None:
            return found
    for place, (chosen, other_choice) in enumerate(zip(want.drawn, got.drawn, strict=False)):
        if (found := _draw(known + place, chosen, other_choice)) is not None:
            return found
    ids = (np.array(want.ids, np.int64), np.array(got.ids, np.int64))
    return (
        _values("token", known, *ids, steps=True)
        or _number(END, known + len(want.ids), STATUSES.index(want.status), _end(got.status))
        or _number("position", known + len(want.ids), want.position, got.position)
        or _number("rows of logits", known, len(want.logits), len(got.logits))
        or _number("draws", known, len(want.drawn), len(got.drawn))
    )


def _draw(token: int, want: Chosen, got: Chosen) -> Unlike | None:
    return (
        _values("best ids", token, want.ids, got.ids)
        or _values("best logits", token, want.logits, got.logits)
        or _number("sum of weights", token, want.total, got.total)
        or _number("token drawn", token, want.token, got.token)
        or _number("logit drawn", token, want.logit, got.logit)
    )


def _values(stage: str, token: int, want: Ints, got: Ints, *, steps: bool = False) -> Unlike | None:
    """The first differing value; ``steps``: each is of a token of its own."""
    for index in range(max(len(want), len(got))):
        expected, actual = (int(side[index]) if index < len(side) else -1 for side in (want, got))
        if expected != actual:
            return (stage, token + index, 0, expected, actual) if steps else (stage, token, index, expected, actual)
    return None


def _number(stage: str, token: int, want: int, got: int) -> Unlike | None:
    return None if want == got else (stage, token, 0, want, got)


def _end(status: str) -> int:
    return STATUSES.index(status) if status in STATUSES else -1


def _off_the_plan(request: Request, got: Outcome, program: Schedule | None) -> Unlike | None:
    """The first token that took other cycles than planned. An answer under the host's masks is many requests, which
    count anew; of one under the chip's automaton each draw takes what it takes under that mask."""
    if program is None or got.cycles is None or (request.guide is not None and got.guided != BY_CHIP):
        return None
    walk = None if request.guide is None else request.guide.begin()
    first = got.position - len(got.cycles) - (got.status in (STOP_TOKEN, NONE_ALLOWED))
    for place, cycles in enumerate(got.cycles):
        position = first + place
        one = request if walk is None else replace(request, guide=None, allowed=walk.allowed(), budget=1)
        more = draw_cycles(program.shape.vocab, position, one, one.inverse) if one.options() else 0
        if cycles != program.cycles(position) + more:
            return "cycles", len(request.ids) + place, 0, program.cycles(position) + more, cycles
        if walk is not None:
            walk.take(got.ids[place])
    return None
