# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""One climb for everything that runs requests: a backend against the integer reference, value by value.

In order: logits behind every token of some texts; every stage of the first tokens; the tokens of the backend's own
loop; cycles at every position. What a backend does not tell is not compared, and the rung's counts say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..chip.model import Chip
from ..chip.reference import Reference, new_state, step
from ..errors import BuildError
from ..host.requests import CHECKSUMS, Backend, Request, Stages
from ..ops.fixed import Ints
from ..plan.geometry import Geometry
from ..plan.program import Schedule
from ..plan.replay import prompt_spans
from ..plan.schedule import schedule
from ..plan.trace import Tracer, named
from ..progress import Share
from .receipts import Difference, Rung

SAMPLED: Mapping[str, Any] = {"temperature": 0.9, "seed": 7}


@dataclass(frozen=True)
class Text:
    """Ids [T] of which the first ``known`` are a prompt, and the reference's logits [T, V] behind each.

    known: where a backend cannot be fed others behind them, the rest is the greedy continuation.
    """

    ids: Ints
    logits: Ints
    known: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """What of a backend is compared.

    texts: their logits. traced: tokens of the first text whose every stage is compared; of a text whose logits differ,
    all up to there are. loops: requests whose tokens are. timed: a request for the cycles of its tokens, beside
    ``cycles``, the planned ones by position. every: whether a board that has one row of logits at a time is asked for
    all of them, or for the last. geometry: of the engine, for checksums of its stages.
    """

    rung: str
    chip: Chip
    texts: Sequence[Text]
    traced: int = 0
    loops: Sequence[Request] = ()
    timed: Request | None = None
    cycles: Sequence[int] | None = None
    every: bool = True
    geometry: Mapping[str, int | str | bool] = field(default_factory=dict)

    @cached_property
    def plan(self) -> Schedule:
        """Of an engine's cycles and stages."""
        if not self.geometry:
            raise BuildError("the plan has no geometry, so stages have no checksums; build again")
        return schedule(self.chip, Geometry(**self.geometry))  # type: ignore[arg-type]

    @cached_property
    def tracer(self) -> Tracer:
        """Of the checksums that an engine's stages must have."""
        return Tracer(self.chip, self.plan)


def climb(route: Route, backend: Backend, progress: Share = lambda share: None) -> tuple[Rung, Difference | None]:
    """Compare; the rung, and the first difference if there is one."""
    rung = Rung(status="equal")
    difference = (
        _texts(route, backend, rung, progress)
        or _stages(route, backend, 0, min(route.traced, len(route.texts[0].ids)), rung)
        or _loops(route, backend, rung)
        or _cycles(route, backend, rung)
    )
    rung.status = "different" if difference else "equal"
    return rung, difference


# ---------------------------------------------------------------------------------------------------
# Logits.


def _texts(route: Route, backend: Backend, rung: Rung, progress: Share) -> Difference | None:
    total = sum(len(text.ids) for text in route.texts)
    before_text = 0
    compare = _fed if backend.limits.rows is None else _continued
    for number, text in enumerate(route.texts):

        def report(share: float, before: int = before_text, size: int = len(text.ids)) -> None:
            progress((before + share * size) / total)

        difference = compare(route, backend, number, rung, report)
        if difference is not None:
            if difference.stage != "logits":
                return difference
            return _stages(route, backend, number, difference.token + 1, rung) or difference
        before_text += len(text.ids)
    return None


def _fed(route: Route, backend: Backend, number: int, rung: Rung, progress: Share) -> Difference | None:
    """Every token of a text is given, and every row of its logits asked for."""
    text = route.texts[number]
    logits = backend.run(Request(ids=tuple(text.ids), budget=1, rows=len(text.ids))).logits
    rung.tokens, rung.logits = rung.tokens + len(logits), rung.logits + logits.size
    progress(1.0)
    return _rows(route, number, 0, logits) or _missing(route, "logits", len(text.ids), len(logits))


def _continued(route: Route, backend: Backend, number: int, rung: Rung, progress: Share) -> Difference | None:
    """A backend that keeps one row of logits, and feeds the token that it gave before what comes next: rows within the
    prompt are those of prompts that end there, the others come token by token."""
    text = route.texts[number]
    start, budget = tuple(text.ids[: text.known]), len(text.ids) - text.known
    rows = backend.limits.rows or 0
    for position in range(text.known - 1 if rows and route.every else 0):
        got = backend.run(Request(ids=start[: position + 1], budget=1, rows=1)).logits
        rung.logits += got.size
        if (difference := _rows(route, number, position, got)) is not None:
            return difference
        progress((position + 1) / len(text.ids))
    rung.tokens += text.known
    for position in range(text.known - 1, text.known - 1 + budget):
        first, last = position == text.known - 1, position == text.known + budget - 2
        row_count = min(rows, 1) if route.every or last else 0
        outcome = backend.run(Request(ids=start if first else (), budget=1, clear=first, rows=row_count))
        rung.tokens, rung.logits = rung.tokens + len(outcome.ids), rung.logits + outcome.logits.size
        want = [int(text.ids[position + 1])]
        difference = _rows(route, number, position, outcome.logits) or _ids(route, position + 1, want, outcome.ids)
        if difference is not None:
            return difference
        progress((position + 2) / len(text.ids))
    return None


def _rows(route: Route, number: int, first: int, got: Ints) -> Difference | None:
    """Logits [N, V] behind the tokens of a text from ``first`` on."""
    want = route.texts[number].logits[first : first + len(got)]
    return first_difference(route.rung, {"logits": want[None]}, {"logits": got[None, : len(want)]}, first, number)


def _missing(route: Route, stage: str, want: int, got: int) -> Difference | None:
    return (
        None
        if want == got
        else Difference(rung=route.rung, stage=f"rows of {stage}", token=got, index=0, expected=want, got=got)
    )


# ---------------------------------------------------------------------------------------------------
# Stages.


def _stages(route: Route, backend: Backend, number: int, tokens: int, rung: Rung) -> Difference | None:
    """Every stage of the first ``tokens`` tokens of a text: its values, or its checksum."""
    if not backend.limits.stages or not tokens or backend.limits.rows is not None:
        return None
    ids = route.texts[number].ids[:tokens]
    got = backend.run(Request(ids=tuple(ids), budget=1, rows=tokens, stages=True)).stages
    expected = _checksums(route, ids) if backend.limits.stages == CHECKSUMS else _values(route, ids)
    for position, stages in enumerate(got):
        want = expected(position)
        missing = set(want) - set(stages)
        if missing:
            raise BuildError(f"{backend.limits.name} has no stage {sorted(missing)[0]!r}; build again")
        answered = {stage: stages[stage].reshape(1, 1, -1) for stage in want}
        wanted = {stage: value.reshape(1, 1, -1) for stage, value in want.items()}
        difference = first_difference(route.rung, wanted, answered, position, number)
        if difference is not None:
            return difference
        rung.stages += sum(value.size for stage, value in want.items() if stage != "logits")
    return _missing(route, "stages", tokens, len(got))


def _values(route: Route, ids: Ints) -> Callable[[int], Stages]:
    joined: dict[str, Ints] = {}
    step(route.chip, new_state(route.chip, 1, len(ids)), ids[None], joined.__setitem__)
    return lambda position: {stage: values[0, position] for stage, values in joined.items()}


def _checksums(route: Route, ids: Ints) -> Callable[[int], Stages]:
    state, names = new_state(route.chip, 1, len(ids)), named(route.tracer.stages)

    def expected(position: int) -> Stages:
        sums = route.tracer.step(state, int(ids[position]))
        return {name: np.array([sums[stage]], np.int64) for name, stage in names.items()}

    return expected


# ---------------------------------------------------------------------------------------------------
# Tokens and cycles.


def _loops(route: Route, backend: Backend, rung: Rung) -> Difference | None:
    """The backend's own token loop: tokens as the reference's, and as many positions."""
    for request in route.loops:
        want, outcome = Reference(route.chip).run(request), backend.run(request)
        difference = _ids(route, len(request.ids), want.ids, outcome.ids)
        if difference is None and want.position != outcome.position:
            difference = Difference(
                rung=route.rung,
                stage="position",
                token=outcome.position,
                index=0,
                expected=want.position,
                got=outcome.position,
            )
        difference = difference or _prompt_cycles(route, outcome.prompt_cycles)
        if difference is not None:
            return difference
        rung.tokens += len(want.ids)
    return None


def _prompt_cycles(route: Route, got: Sequence[int] | None) -> Difference | None:
    """Cycles of the inner tokens of a prompt from position 0 on, as planned; every other stream is idle."""
    if not got or not route.geometry:
        return None
    for position, (want, actual) in enumerate(zip(prompt_spans(route.plan, len(got)), got, strict=True)):
        if want != actual:
            return Difference(
                rung=route.rung, stage="prompt cycles", token=position, index=0, expected=want, got=actual
            )
    return None


def _ids(route: Route, first: int, want: Sequence[int], got: Sequence[int]) -> Difference | None:
    """Tokens from position ``first`` on; -1 stands for one that is missing."""
    longest = max(len(want), len(got))
    for index in range(longest):
        expected, actual = (side[index] if index < len(side) else -1 for side in (want, got))
        if expected != actual:
            return Difference(
                rung=route.rung, stage="token", token=first + index, index=0, expected=expected, got=actual
            )
    return None


def _cycles(route: Route, backend: Backend, rung: Rung) -> Difference | None:
    """Cycles of every token that the timed request gives, as planned."""
    if route.timed is None or route.cycles is None:
        return None
    cycles = backend.run(route.timed).cycles
    if cycles is None:
        return None
    first = len(route.timed.ids) - 1  # what is fed before it needs no logits, and fewer cycles
    for position, actual in enumerate(cycles, first):
        if route.cycles[position] != actual:
            return Difference(
                rung=route.rung, stage="cycles", token=position, index=0, expected=route.cycles[position], got=actual
            )
    rung.note = f"cycles as planned at {len(cycles)} positions, {cycles[0]:,} at the first, {cycles[-1]:,} at the last"
    return None


def first_difference(rung: str, expected: Stages, got: Stages, token: int = 0, text: int = 0) -> Difference | None:
    """The first differing value of stages [B, T, N], in the order of ``expected``."""
    for stage, want in expected.items():
        unequal = np.argwhere(want != got[stage])
        if len(unequal):
            row, position, index = unequal[0]
            return Difference(
                rung=rung,
                stage=stage,
                token=token + int(position),
                index=int(index),
                expected=int(want[tuple(unequal[0])]),
                got=int(got[stage][tuple(unequal[0])]),
                text=text + int(row),
            )
    return None
