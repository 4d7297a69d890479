# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of a chip, and what it answers: one contract for the reference, every simulation and every board.

backend.run(Request(ids=(1, 29, 3), budget=20)).ids         # tokens; Outcome has status, cycles, logits, stages too
for token in backend.stream(Request(ids=(1, 29, 3))): ...   # the same, token by token

What a backend cannot do it refuses by name (Unsupported), before anything runs. Only numpy and the standard library:
this runs on boards.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import LinkError, PromptError, Unsupported
from ..ops.choice import NO_TOKEN, Chosen
from ..ops.fixed import Ints
from ..ops.sampler import inverse_temperature
from .sampling import Sampling, check_best

STOPS = 8  # stop tokens that a request can name, in HLS and RTL alike

RUNNING, BUDGET, STOP_TOKEN, CONTEXT_FULL = "running", "budget", "stop token", "context full"
STOPPED, RESET = "stopped", "reset"  # what else ends a request on a board
NONE_ALLOWED = "no token allowed"  # of a guide, or allowed tokens: none of them was left
BY_CHIP, BY_HOST = "the chip's automaton", "the host's masks"  # what kept an answer to its guide
ENDS = (BUDGET, STOP_TOKEN, CONTEXT_FULL)  # as hls/token_loop.hpp and rtl/engine_pkg.sv number them

Stages = Mapping[str, Ints]  # by the reference's names: values [N], or one checksum [1]; Limits.stages says which

VALUES, CHECKSUMS = "values", "checksums"  # of Limits.stages
TAKEN = "another request of this program took the chip; begin again"
NOTHING_TO_CONTINUE = "the chip has nothing to continue: its context is empty; give a prompt"


@dataclass(frozen=True, kw_only=True)
class Request(Sampling):
    """One answer that is wanted. Raises PromptError for numbers that no chip takes.

    stream: whose context it is; ``Limits.streams`` says how many a backend holds.
    ids: tokens that are known, one or many; they are fed first. Any sequence of integers becomes a tuple.
    budget: tokens to give at most; None: until a stop token or the end of the context. 0 feeds nothing.
    temperature: 0 is greedy, otherwise 1/31 to 100; seed: 64 bits. Noise depends on seed, position and id alone.
    stops: token ids that end the answer, and are not part of it.
    clear: from an empty context. Without it the context goes on: the last token that was given is fed first where that
    has not happened, and ``ids`` may be empty.
    rows: logits wanted behind so many of the last known tokens, and behind every token that is given and fed then: 1 is
    a row per token drawn, ``len(ids)`` also scores the whole prompt.
    stages: every stage wanted of the tokens whose logits are; a row at least is given then.
    drafts: the chip may guess tokens in passes of idle streams, where it has a table for that. No answer depends on it.
    What ``Sampling`` has beside these needs an extended sampler.
    """

    stream: int = 0
    ids: tuple[int, ...] = ()
    budget: int | None = None
    temperature: float = 0.0
    seed: int = 0
    stops: tuple[int, ...] = ()
    clear: bool = True
    rows: int = 0
    stages: bool = False
    drafts: bool = True

    def __post_init__(self) -> None:
        for name in ("ids", "stops"):
            object.__setattr__(self, name, tuple(map(int, getattr(self, name))))
        if self.stages and not self.rows:
            object.__setattr__(self, "rows", 1)
        inverse_temperature(self.temperature)  # refuses what the chip has no number for
        if not 0 <= self.seed < 1 << 64:
            raise PromptError(f"seed {self.seed} is not usable; give an integer from 0 to 2**64 - 1")
        if self.budget is not None and self.budget < 0:
            raise PromptError(f"a budget of {self.budget} tokens; give 0 or more")
        if self.stream < 0:
            raise PromptError(f"stream {self.stream}; streams are numbered from 0")
        if self.rows < 0:
            raise PromptError(f"{self.rows} rows of logits; give 0 or more")
        self.check_sampling(self.budget)

    @property
    def inverse(self) -> int:
        """1 / temperature as the chip takes it; 0 is greedy."""
        return inverse_temperature(self.temperature)


@dataclass(kw_only=True)
class RequestState:
    """Where a request is, while it runs and at its end: what runs it writes here.

    cycles: None where the backend cannot tell them.
    """

    position: int = 0  # tokens in the context
    status: str = RUNNING  # then one of ENDS, or STOPPED or RESET
    cycles: list[int] | None = None
    prompt_cycles: list[int] | None = None
    logits: list[Ints] = field(default_factory=list)  # [V] each
    stages: list[Stages] = field(default_factory=list)
    drawn: list[Chosen] = field(default_factory=list)
    guided: str = ""  # under a guide: BY_CHIP, or BY_HOST and why

    def add(self, part: Outcome) -> None:
        """Append a part's logits, stages, draws and cycles, and take its position."""
        self.position = part.position
        self.logits += list(part.logits)
        self.stages += part.stages
        self.drawn += part.drawn
        if part.cycles is not None:
            self.cycles = [*(self.cycles or ()), *part.cycles]
        if part.prompt_cycles is not None:
            self.prompt_cycles = [*(self.prompt_cycles or ()), *part.prompt_cycles]


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What a request gave.

    ids: the tokens; a stop token is not among them. status: why it ended. position: tokens in the context behind it.
    logits: [R, V], R as ``Request.rows`` says, in units of 2**-logit_fraction; empty where none were asked for.
    stages: of each row of logits, where asked for. drawn: of each token, where log probabilities were asked for.
    seconds: on this computer.
    cycles: of the chip's clock for each token, from the fetch of the one before it to its own; None where the backend
    cannot tell (the reference, C-simulation; a board counts whole requests). prompt_cycles: of each known token but the
    last, likewise. total_cycles: that the engine worked on the request, where it counts. guided: as ``RequestState``.
    """

    ids: tuple[int, ...]
    status: str
    position: int
    logits: Ints
    stages: tuple[Stages, ...] = ()
    drawn: tuple[Chosen, ...] = ()
    cycles: tuple[int, ...] | None = None
    prompt_cycles: tuple[int, ...] | None = None
    total_cycles: int | None = None
    guided: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a backend takes. ``name`` is what its refusals call it.

    best: tokens that an extended sampler keeps in order; 0: the sampler is a plain one. guide_words: transitions of an
    automaton that its memory holds; 0: the host alone guides.
    """

    name: str
    vocab: int
    context: int
    streams: int = 1
    stops: int = STOPS
    best: int = 0
    guide_words: int = 0
    rows: int | None = None  # of logits, the most per request besides those of tokens drawn; None: any number
    stages: str = ""  # VALUES, CHECKSUMS, or "": none
    no_rows: str = "it keeps no logits"  # why, where ``rows`` is 0
    no_stages: str = "it keeps none"

    def check(self, request: Request) -> None:
        """Raise PromptError for what is no request of this chip, Unsupported for one that this backend cannot serve."""
        if not (1 if request.clear else 0) <= len(request.ids) <= self.context:
            raise PromptError(f"the prompt has {len(request.ids)} tokens; 1 to {self.context} fit the context")
        if len(request.stops) > self.stops:
            raise PromptError(f"{len(request.stops)} stop tokens; the chip takes {self.stops}")
        for role, ids in (("token", request.ids), ("stop token", request.stops)):
            for token in ids:
                if not 0 <= token < self.vocab:
                    raise PromptError(f"{role} {token} is not one of the {self.vocab} of the vocabulary")
        known = len(request.ids) + (not request.clear)
        if request.rows > max(known, 1):
            raise PromptError(f"{request.rows} rows of logits of {known} known tokens; ask for {known} or fewer")
        if request.stream >= self.streams:
            streams = "stream 0 alone" if self.streams == 1 else f"streams 0 to {self.streams - 1}"
            raise Unsupported(f"stream {request.stream}: {self.name} has {streams}")
        if self.rows is not None and request.rows > self.rows:
            why = self.no_rows if not self.rows else "it gives those behind the last known token; ask for 1"
            raise Unsupported(f"{request.rows} rows of logits: {self.name} cannot give them, {why}")
        if request.stages and not self.stages:
            raise Unsupported(f"stages: {self.name} cannot give them, {self.no_stages}")
        check_best(request, self.best, self.vocab, self.name)


class Backend(ABC):
    """Whatever runs requests. A context stays behind a request, for one that goes on."""

    @property
    @abstractmethod
    def limits(self) -> Limits:
        """The largest request that it serves, and which options."""

    @abstractmethod
    def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
        """Yield the tokens of a request as they come; ``state`` tells where it is, and at the end why it ended.

        Raises at the call: PromptError, and Unsupported of it, for what cannot be served. A stream that is closed early
        ends the request; a request ends the stream before it, which raises LinkError when it is read on.
        """

    @abstractmethod
    def stages(self) -> Stages:
        """Every stage of the last token of a request with ``stages``, by the reference's names.

        The reference and C-simulation give values [N]; RTL, netlist and boards with a trace window the 32-bit checksum
        [1] that ``plan/trace.py`` defines (``limits.stages`` says which). Raises Unsupported where there are none.
        """

    def close(self) -> None:  # noqa: B027  # most hold nothing
        """Free what it holds; it is not used afterwards."""

    def run(self, request: Request) -> Outcome:
        """Run a request to its end. Raises as ``stream`` does."""
        began, state = time.perf_counter(), RequestState()
        ids = tuple(self.stream(request, state))
        return self.outcome(ids, state, began)

    def outcome(self, ids: tuple[int, ...], state: RequestState, began: float) -> Outcome:
        """What a stream gave that is read to its end; ``began`` of time.perf_counter."""
        return Outcome(
            ids=ids,
            status=state.status,
            position=state.position,
            logits=self.rows_of(state.logits),
            stages=tuple(state.stages),
            drawn=tuple(state.drawn),
            cycles=None if state.cycles is None else tuple(state.cycles),
            prompt_cycles=None if state.prompt_cycles is None else tuple(state.prompt_cycles),
            guided=state.guided,
            seconds=time.perf_counter() - began,
        )

    def rows_of(self, logits: Sequence[Ints]) -> Ints:
        """Stack rows of logits [V] to [R, V] int64; R may be 0."""
        return np.array(logits, np.int64).reshape(len(logits), self.limits.vocab)

    def generate(self, ids: Sequence[int] = (), budget: int | None = None, **options: Any) -> list[int]:
        """The tokens of a request; ``options`` as ``Request`` has them."""
        return list(self.run(Request(ids=tuple(ids), budget=budget, **options)).ids)

    def predict(self, ids: Sequence[int]) -> Ints:
        """Logits [T, V] behind every token of ids [T], from an empty context."""
        return self.run(Request(ids=tuple(ids), budget=1, rows=len(ids))).logits


@dataclass
class Context:
    """Where the context of a stream is. ``pending``: the last token that was given, which the engine has not been fed;
    ``turn``: which request has it."""

    position: int = 0  # tokens in it
    pending: int | None = None
    turn: int = 0


class WholeRequests(Backend):
    """A backend that answers a request in one call, ``answer``: a stream asks it for one token at a time."""

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """Of every stream."""
        return tuple(Context() for _ in range(self.limits.streams))

    def before(self, request: Request) -> int:
        """Tokens in the context when a request begins."""
        return 0 if request.clear else self.contexts[request.stream].position

    def guides(self, request: Request) -> bool:
        """Whether ``answer`` takes this request with its guide, which a chip's automaton then is."""
        return False

    @abstractmethod
    def answer(self, request: Request) -> Outcome:
        """A request that was checked, from its first token to its end."""

    def run(self, request: Request) -> Outcome:
        self.limits.check(request)
        if request.guide is not None and not self.guides(request):  # a token at a time
            return super().run(request)
        self.contexts[request.stream].turn += 1
        began = time.perf_counter()
        return replace(self.answer(request), seconds=time.perf_counter() - began)

    def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
        self.limits.check(request)
        self.known(request)  # refuses a context with nothing to continue
        context = self.contexts[request.stream]
        context.turn += 1
        return one_by_one(self._while(context, context.turn), request, state or RequestState())

    def _while(self, context: Context, turn: int) -> Callable[[Request], Outcome]:
        """``answer`` as long as no other request of the stream began."""

        def answer(part: Request) -> Outcome:
            if context.turn != turn:
                raise LinkError(TAKEN)
            return self.answer(part)

        return answer

    def known(self, request: Request) -> list[int]:
        """What is fed first. Raises PromptError where there is nothing."""
        pending = self.contexts[request.stream].pending
        lead = [] if request.clear or pending is None else [pending]
        if not lead and not request.ids:
            raise PromptError(NOTHING_TO_CONTINUE)
        return [*lead, *request.ids]

    def note(self, request: Request, outcome: Outcome) -> None:
        """Keep where the context is behind a request."""
        context, position, before = self.contexts[request.stream], outcome.position, self.before(request)
        if outcome.ids:
            context.pending = outcome.ids[-1]
        if outcome.status in (STOP_TOKEN, NONE_ALLOWED) or (not outcome.ids and position != before) or position == 0:
            context.pending = None
        context.position = position


def one_by_one(answer: Callable[[Request], Outcome], request: Request, state: RequestState) -> Iterator[int]:
    """The tokens of a request, each of which ``answer`` gives as a request that goes on."""
    budget = request.budget
    walk = None if request.guide is None else request.guide.begin()
    if walk is not None:
        state.guided = state.guided or BY_HOST
    part = replace(request, budget=1 if budget is None else min(budget, 1), guide=None)
    while True:
        outcome = answer(part if walk is None else replace(part, allowed=walk.allowed()))
        state.add(outcome)
        budget = budget if budget is None else budget - len(outcome.ids)
        if outcome.ids:
            if walk is not None:
                walk.take(outcome.ids[0])
            yield outcome.ids[0]
        if not outcome.ids or budget == 0:
            state.status = outcome.status
            return
        part = replace(part, ids=(), clear=False, rows=min(part.rows, 1))


# (token id, position) -> next token id
Feed = Callable[[int, int], int]


def token_loop(feed: Feed, known: Sequence[int], request: Request, state: RequestState, context: int) -> Iterator[int]:
    """Feed ``known`` from ``state.position`` on, then each new token; yield new tokens until the request ends.

    The last token yielded has not been fed.
    """
    waiting, produced = list(known), 0
    while request.budget is None or produced < request.budget:
        if state.position == context:
            state.status = CONTEXT_FULL
            return
        token = feed(waiting.pop(0), state.position)
        state.position += 1
        if waiting:
            continue
        if token == NO_TOKEN:
            state.status = NONE_ALLOWED
            return
        if token in request.stops:
            state.status = STOP_TOKEN
            return
        yield token
        produced += 1
        waiting = [token]
    state.status = BUDGET
