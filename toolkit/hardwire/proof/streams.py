# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Streams of one chip at once, against the integer reference: each must answer as if it were alone.

``mixes`` is of an engine by itself: requests of all streams at random times, with pauses, their logits and the cycle of
every fetch. ``listeners`` is of a chip behind its registers: answers that are read in any order, with stops, resets and
restarts of one in the middle of the others, and rings that fill.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..backends.rtlsim import Asked, RtlSim, Simulated
from ..chip.model import Chip
from ..chip.reference import Reference
from ..driver.hosted import HostedChip
from ..host.requests import Outcome, Request, RequestState
from ..ops.fixed import Ints
from ..plan.drafts import NONE, DraftTable
from ..plan.program import Schedule
from ..plan.replay import Turn, replay
from .draws import STOP, random_guide
from .receipts import Difference, Rung

MOST_KNOWN, MOST_DRAWN = 12, 16  # tokens of a request, at most
PAUSE = 2000  # cycles that a simulated chip is left alone now and then, at most
_NONE = np.zeros((0, 0), np.int64)  # rows of logits
ENDS = ("stop", "reset", "close", "forget")  # how an answer is cut short


def drawn(
    rng: np.random.Generator, chip: Chip, context: int, stream: int, best: int = 0, guided: bool = False
) -> tuple[Request, Outcome]:
    """A request that ``context`` positions hold, and what the reference says to it, a row of logits for each token.
    best: of extended samplers, whose options it has then; guided: half of the time with a guide too."""
    known = int(rng.integers(1, min(MOST_KNOWN, context // 2 + 1) + 1))
    prompt = tuple(rng.integers(0, chip.shape.vocab, known).tolist())
    request = Request(
        ids=prompt,
        budget=int(rng.integers(1, min(MOST_DRAWN, context - known + 1) + 1)),
        temperature=float(rng.choice([0.0, 0.8])),
        seed=int(rng.integers(1 << 40)),
        drafts=sum(prompt) % 5 > 0,
        rows=1,
        **(_options(rng, best) if best else {}),
    )
    if guided and rng.random() < 0.5:
        request = replace(request, guide=random_guide(rng, chip.shape.vocab), stops=(STOP,))
    want = Reference(chip).run(request)
    if rng.random() < 0.3:
        request = replace(request, stops=(*request.stops, int(rng.choice(want.ids))))
        want = Reference(chip).run(request)
    return replace(request, stream=stream, rows=0), want


def _options(rng: np.random.Generator, best: int) -> dict[str, Any]:
    """Of an extended sampler; without log probabilities, for which a driver asks token by token."""
    k = int(rng.integers(0, best + 1))
    top_p = float(rng.choice([1, 0.5])) if k else 1.0
    return {"top_k": k, "top_p": top_p, "penalty": float(rng.choice([1, 1.3, 10])), "window": int(rng.choice([0, 4]))}


def _first(
    rung: str, request: Request, want: Outcome, ids: Sequence[int], logits: Ints, behind: int = 0
) -> Difference | None:
    """Where an answer parts from the reference's: logits [N, V] from those behind so many drawn tokens on, or a token;
    -1 stands for one that is missing."""
    known = len(request.ids)
    for row, (expected, got) in enumerate(zip(want.logits[behind:], logits, strict=False), behind):
        if (odd := np.flatnonzero(expected != got)).size:
            at = int(odd[0])
            return _difference(rung, request, "logits", known - 1 + row, at, int(expected[at]), int(got[at]))
    for index in range(max(len(ids), len(want.ids))):
        expected_id, got_id = (side[index] if index < len(side) else -1 for side in (want.ids, ids))
        if expected_id != got_id:
            return _difference(rung, request, "token", known + index, 0, expected_id, got_id)
    return None


def _difference(rung: str, request: Request, stage: str, token: int, index: int, expected: int, got: int) -> Difference:
    return Difference(
        rung=rung, stage=stage, token=token, index=index, expected=expected, got=got, stream=request.stream
    )


# ---------------------------------------------------------------------------------------------------
# An engine by itself.


def mixes(
    rung: Rung,
    name: str,
    chip: Chip,
    sim: RtlSim,
    program: Schedule,
    rounds: int,
    table: DraftTable | None = None,
) -> Difference | None:
    """Requests of all streams at once, so many times: logits, tokens, and without pauses the cycles of every fetch.
    Where samplers are extended half of them have options, whose cycles no replay knows. With a table of drafts every
    other time without pauses is one stream's alone, so that it has guesses, kept and dropped."""
    rng = np.random.default_rng(rounds)
    for number in range(rounds):
        pauses, best = number % 2 == 1, sim.limits.best if number % 4 > 1 else 0
        sim.reset()
        asked, wanted = [], []
        alone = table is not None and rounds > 1 and number % 4 == 0
        for stream in range(sim.limits.streams):
            if alone and stream != number // 4 % sim.limits.streams:
                continue
            guided = best > 0 and sim.limits.guide_words > 0
            request, want = drawn(rng, chip, sim.limits.context, stream, best, guided)
            stall = int(rng.integers(1, 1 << 16)) if pauses else 0
            asked.append(Asked(request, stall=stall, after=int(rng.integers(2 * program.cycles(0)))))
            wanted.append(want)
        found = sim.together(asked)
        for one, want, got in zip(asked, wanted, found, strict=True):
            if (difference := _first(name, one.request, want, got.tokens, got.logits)) is not None:
                return difference
            rung.tokens, rung.logits = rung.tokens + len(got.tokens), rung.logits + got.logits.size
        if not pauses and not best and (difference := _off_the_plan(name, program, asked, found, table)) is not None:
            return difference
    return None


def _off_the_plan(
    rung: str,
    program: Schedule,
    asked: Sequence[Asked],
    found: Sequence[Simulated],
    table: DraftTable | None,
) -> Difference | None:
    """The first fetch that comes in another cycle than the replay has for it."""
    queues: list[Iterator[Turn]] = [iter(()) for _ in range(program.geometry.streams)]
    by_stream, place = {}, [0] * len(queues)
    for one, result in zip(asked, found, strict=True):
        by_stream[one.request.stream] = one, result
        queues[one.request.stream] = turns(program, one, result, table)
    for played in replay(program, queues):
        stream = played.stream
        one, result = by_stream[stream]
        got = int(result.fetches[place[stream]])
        if got != played.fetch:
            return _difference(rung, one.request, "cycles", place[stream], 0, played.fetch, got)
        place[stream] += 1
    return None


def turns(program: Schedule, asked: Asked, found: Simulated, table: DraftTable | None = None) -> Iterator[Turn]:
    """What the engine was given to do, and whether its guesses came true; a request is taken up a cycle after it is
    there. Of its last token nothing is guessed, nor a stop token, nor what no position is left for."""
    request, known = asked.request, len(asked.request.ids)
    ids = [*request.ids, *found.tokens]
    last = known - 2 + (request.budget or 1 << 30)
    guesses = [NONE] * len(ids) if table is None or not request.drafts else table.guesses(ids).tolist()
    for position in range(len(found.fetches)):
        generated, guess = position >= known - 1, guesses[position]
        made = generated and position < min(last, program.context - 1) and guess not in (NONE, *request.stops)
        yield Turn(
            position=position,
            generated=generated,
            after=0 if position else asked.after + 1,
            guess=ids[position + 1 : position + 2] == [guess] if made else None,
        )


# ---------------------------------------------------------------------------------------------------
# A chip behind its registers.


@dataclass
class _Answer:
    """One that is being read."""

    request: Request
    want: Outcome
    tokens: Iterator[int]
    state: RequestState
    got: list[int]
    cut: int  # behind so many tokens it is cut short; -1: never


class _Listener:
    """Who reads one stream: request behind request, each to its end or cut short."""

    def __init__(self, name: str, chip: Chip, stream: HostedChip, rng: np.random.Generator, rung: Rung) -> None:
        self._name, self._chip, self._stream, self._rng, self._rung = name, chip, stream, rng, rung
        self.ended, self._limits = 0, stream.limits
        self._answer = self._begin()

    def _begin(self) -> _Answer:
        limits = self._limits
        guided = limits.guide_words > 0
        request, want = drawn(self._rng, self._chip, limits.context, self._stream.number, limits.best, guided)
        state = RequestState()
        cut = int(self._rng.integers(1, 6)) if self._rng.random() < 0.4 else -1
        return _Answer(request, want, self._stream.stream(request, state), state, [], cut)

    def listen(self) -> Difference | None:
        """A token, or the end."""
        answer = self._answer
        if len(answer.got) == answer.cut:
            return self._cut_short(answer)
        token = next(answer.tokens, None)
        if token is not None:
            answer.got.append(token)
            self._rung.tokens += 1
            return self._wrong(answer)
        return self._whole(answer)

    def _wrong(self, answer: _Answer) -> Difference | None:
        """Whether what came so far is not the beginning of what should."""
        begun = replace(answer.want, ids=answer.want.ids[: len(answer.got)])
        return _first(self._name, answer.request, begun, answer.got, _NONE)

    def _whole(self, answer: _Answer) -> Difference | None:
        last = self._stream.logits()[None] if self._stream.info().logit_bits else _NONE
        self._rung.logits += last.size
        rows = len(answer.want.logits)
        difference = _first(self._name, answer.request, answer.want, answer.got, last, rows - 1)
        if difference is None and answer.want.position != answer.state.position:
            positions = answer.want.position, answer.state.position
            difference = _difference(self._name, answer.request, "position", positions[1], 0, *positions)
        self._next()
        return difference

    def _cut_short(self, answer: _Answer) -> Difference | None:
        """A stop or a reset ends this stream alone, as closing the answer does, and the next request one that is
        forgotten."""
        how = str(self._rng.choice(ENDS))
        if how in ("stop", "reset"):
            getattr(self._stream, how)()
            answer.got += list(answer.tokens)
            position = self._stream.position
            if how == "reset" and position:
                return _difference(self._name, answer.request, "position behind a reset", position, 0, 0, position)
        elif how == "close":
            answer.tokens.close()  # type: ignore[attr-defined]
        difference = self._wrong(answer)
        self._next()
        return difference

    def _next(self) -> None:
        self.ended += 1
        self._answer = self._begin()


def listeners(rung: Rung, name: str, chip: Chip, hosted: HostedChip, requests: int, seed: int = 5) -> Difference | None:
    """Answers of all streams, so many of each or more, read in any order; a simulated chip is left alone between."""
    rng = np.random.default_rng(seed)
    run = getattr(getattr(hosted, "bus", None), "run", None)
    readers = [_Listener(name, chip, stream, rng, rung) for stream in hosted.streams or (hosted,)]
    while min(reader.ended for reader in readers) < requests:
        reader = readers[int(rng.integers(len(readers)))]
        for _ in range(int(rng.integers(1, 5))):
            if (difference := reader.listen()) is not None:
                return difference
        if run is not None and rng.random() < 0.05:
            run(int(rng.integers(PAUSE)))  # rings fill meanwhile
    return None
