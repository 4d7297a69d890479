# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Several streams in one engine: a replay of who plays which word of the control program when, exact to the cycle.

Every stream plays the program of ``schedule.py`` by itself. What they share is taken by whole runs, and whoever finds
it taken waits with everything behind: ``rtl/arbiter.sv`` gives lanes and read-out, ``rtl/attention_jobs.sv`` attention.
Of those that could go on in a cycle the oldest token does. One stream never waits, and takes ``Schedule.cycles``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice

from ..parts import present
from .latency import ceil_div
from .program import MEAN_OVER, Busy, Schedule, Word, run_read
from .words import EMBED_READ, END, NOISE_LATE

WARM = 4  # tokens of each stream in front of one that is shown


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A token that a stream has to compute.

    generated: logits and sampling are wanted; otherwise an inner token of a prompt. after: cycles from the end of the
    stream's token before, or from cycle 0, until it is there to be fetched.
    """

    position: int
    generated: bool = True
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class Played:
    """A token that was computed: ``end`` is the cycle of the next possible fetch of its stream."""

    stream: int
    position: int
    generated: bool
    fetch: int
    end: int

    @property
    def latency(self) -> int:
        """Cycles from its fetch to the next possible one."""
        return self.end - self.fetch


@dataclass(frozen=True)
class Step:
    """What is played at once: a word of the program, with its wait for the next, or a fetch."""

    wait: int = 1
    after_span: bool = False
    attend: bool = False
    ends: bool = False
    lanes: int = 0  # cycles until another run may be played; 0: it has no run
    reads_from: int = 0  # cycles until the read-out is taken; 0: it is not
    reads_until: int = 0  # and until it is free again

    @classmethod
    def of(cls, program: Schedule, word: Word, following: Word | None) -> Step:
        wait = following.at - word.at if following else 0
        step = cls(wait, following is not None and following.after_span, word.attend, word.ends)
        if word.run is None:
            return step
        g, last = program.geometry, len(word.run.emissions) - 1
        passes = run_read(word.run, 1, g, last // g.depth * g.depth) - g.lane_late
        first, until = run_read(word.run, 1, g, 0), run_read(word.run, 1, g, last) + 1
        if word.run.name == "head":  # what caps logits hands them on later: no other stream's row may come beside them
            until += sum(part.logit_late for part in present(program.wiring))
        return cls(step.wait, step.after_span, step.attend, step.ends, passes, first, until)


@dataclass(kw_only=True)
class _Stream:
    """Where a stream is. ``step``: of the program; -1 before the fetch."""

    number: int
    turns: Iterator[Turn]
    age: int
    turn: Turn | None = None
    step: int = -1
    due: int = 0
    fetch: int = 0

    def next_turn(self, at: int) -> None:
        self.turn = next(self.turns, None)
        self.step, self.due = -1, at + (self.turn.after if self.turn else 0)


@dataclass(kw_only=True)
class _Shared:
    """When what all streams share is free: lanes, read-out, noise, attention."""

    program: Schedule
    lanes: int = 0  # first cycle in which a run may be played
    reads: int = 0  # first read that may be made
    grant: int = 0  # a run or a fetch is played in a cycle of its own
    noise: int = 0
    walk: int | None = None  # first block of the last walk
    blocks: int = 0  # of that walk
    embed: Step = field(init=False)
    inner: Step = field(init=False)  # what an inner token of a prompt has for its last attention
    noise_cycles: int = field(init=False)

    def __post_init__(self) -> None:
        s, rows = self.program.shape, self.program.geometry.rows
        self.embed = Step(reads_from=EMBED_READ, reads_until=EMBED_READ + len(self.program.embed))
        self.inner = Step(wait=self.program.inner_wait + 1)
        self.noise_cycles = ceil_div(s.vocab, rows) * (rows // 2) + NOISE_LATE - 1

    def earliest(self, step: Step, turn: Turn, due: int) -> int:
        """The first cycle from ``due`` on in which the step could be played."""
        if step.reads_from:
            due = max(due, self.grant, self.reads - step.reads_from)
            if step.lanes:
                return max(due, self.lanes)
            return max(due, self.noise) if turn.generated else due
        if step.attend and self.walk is not None:
            # The next walk's scores, exponentials and quotients all come behind those of the last.
            p, n, blocks = self.program, self.blocks, turn.position // self.program.geometry.banks + 1
            gap = max(n, p.spacing, 2 * n - blocks, 2 * (n - blocks) + p.quotient_steps)
            return max(due, self.walk + gap - 1)
        return due

    def take(self, step: Step, turn: Turn, at: int) -> None:
        if step.reads_from:
            self.grant, self.reads = at + 1, at + step.reads_until
            if step.lanes:
                self.lanes = at + step.lanes
            elif turn.generated:
                self.noise = at + self.noise_cycles
        elif step.attend:
            p = self.program
            self.blocks = turn.position // p.geometry.banks + 1
            self.walk = at + 1 + (p.walks - 1) * max(self.blocks, p.spacing)


Observer = Callable[[int, int, Word | None, int], None]  # stream, position, what it plays (None: a fetch), cycle


def replay(
    program: Schedule, streams: Sequence[Iterator[Turn]], observe: Observer = lambda *_: None
) -> Iterator[Played]:
    """Play the turns of every stream, each stream's one after another; yield tokens as they are done, forever if the
    turns are. ``observe`` sees every fetch and word in the cycle in which it is played."""
    steps = [
        Step.of(program, word, after) for word, after in zip(program.words, [*program.words[1:], None], strict=True)
    ]
    shared, ages = _Shared(program=program), count(len(streams))
    waiting = [_Stream(number=i, turns=iter(turns), age=i) for i, turns in enumerate(streams)]
    for stream in waiting:
        stream.next_turn(0)
    while active := [(stream, stream.turn) for stream in waiting if stream.turn is not None]:
        at, _, stream, turn, step = min(
            (
                (shared.earliest(step, turn, stream.due), stream.age, stream, turn, step)
                for stream, turn in active
                for step in (_next_step(stream, turn, steps, shared),)
            ),
            key=lambda choice: choice[:2],
        )
        shared.take(step, turn, at)
        observe(stream.number, turn.position, program.words[stream.step] if stream.step >= 0 else None, at)
        if step.ends and not step.attend:
            end = at + END
            yield Played(
                stream=stream.number, position=turn.position, generated=turn.generated, fetch=stream.fetch, end=end
            )
            stream.next_turn(end)
            continue
        if stream.step < 0:
            stream.fetch, stream.age = at, next(ages)
        stream.due = at + step.wait + (program.wait(turn.position) if step.after_span else 0)
        stream.step = len(steps) - 1 if step is shared.inner else stream.step + 1


def _next_step(stream: _Stream, turn: Turn, steps: Sequence[Step], shared: _Shared) -> Step:
    if stream.step < 0:
        return shared.embed
    step = steps[stream.step]
    return shared.inner if step.attend and step.ends and not turn.generated else step


def timeline(program: Schedule, position: int) -> tuple[list[tuple[int, Busy]], int]:
    """What every stream keeps busy when, while the first computes a token at ``position`` and all are busy: whose, and
    what, in cycles from that token's fetch; and how many it takes.

    Tokens before it are played first, as many as it takes until nobody's turn depends on having begun together.
    """
    before = min(position, WARM)
    found: list[tuple[int, Busy]] = []

    def observe(stream: int, at_position: int, word: Word | None, at: int) -> None:
        if word is None:
            found.append((stream, program.embeds(at)))
            return
        found.extend((stream, busy) for busy in program.busy_of(word, at + 1, at_position))
        if word.run is program.runs[-1]:
            heads[stream] = at + 1

    heads: dict[int, int] = {}
    turns = [
        (Turn(position=place) for place in range(position - before, program.context))
        for _ in range(program.geometry.streams)
    ]
    shown: Played | None = None
    for token in replay(program, turns, observe):
        found.append((token.stream, program.samples(heads[token.stream], token.end)))
        if token.stream == 0 and token.position == position:
            shown = token
        elif shown is not None and token.fetch >= shown.end:
            break
    assert shown is not None
    first, end = shown.fetch, shown.end
    moved = [(stream, replace(busy, start=busy.start - first, end=busy.end - first)) for stream, busy in found]
    return [(s, busy) for s, busy in moved if busy.end > 0 and busy.start < end - first], end - first


def lane_cycles(program: Schedule) -> int:
    """Cycles that the lanes are taken by a token's runs: no number of streams takes fewer per token."""
    return sum(Step.of(program, word, None).lanes for word in program.words)


@dataclass(frozen=True)
class Throughput:
    """Of all streams together. cycles: per token over all; latency: of one token, in cycles."""

    cycles: float
    latency: float


def throughput(program: Schedule, per_stream: int = MEAN_OVER, generated: bool = True) -> Throughput:
    """All streams busy without end, spread over the first positions, up to ``MEAN_OVER`` of them.

    ``per_stream``: tokens of each that are counted, from one position to the last in equal strides.
    """
    window, streams = min(MEAN_OVER, program.context), program.geometry.streams
    stride = ceil_div(window, per_stream)
    counted = ceil_div(window, stride) * streams
    warm = counted // 4 if streams > 1 else 0  # until nobody's turn depends on having begun together
    turns = [_turns(window, stride, stream * window // streams, generated) for stream in range(streams)]
    played = list(islice(replay(program, turns), warm + counted))
    began = played[warm - 1].end if warm else 0
    latency = sum(token.latency for token in played[warm:]) / counted
    return Throughput((played[-1].end - began) / counted, latency)


def _turns(window: int, stride: int, first: int, generated: bool) -> Iterator[Turn]:
    return (Turn(position=(first + stride * i) % window, generated=generated) for i in count())
