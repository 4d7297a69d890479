# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Several streams in one engine: a replay of who plays which word of the control program when, exact to the cycle.

Every token plays the program of ``schedule.py`` by itself, in a pass through the decoder. What passes share is taken by
whole runs, and whoever finds it taken waits with everything behind: ``rtl/arbiter.sv`` gives lanes and read-out,
``rtl/attention_jobs.sv`` attention. Of those that could go on in a cycle the oldest token does. A token that is alone
never waits, and takes ``Schedule.cycles``.

Every stream has a pass; while it is idle the prompts of others have it (``rtl/passes.sv``), and while all others are
idle a draft of what comes next (``rtl/drafts.sv``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice, pairwise

from .latency import ceil_div
from .program import MEAN_OVER, Busy, Schedule, Word
from .shared import Played, Shared, Step, Turn
from .words import DRAFT_LATE, END, LEND_AFTER, LENT_LATE, PROMPT_LATE

__all__ = ["Played", "Step", "Throughput", "Turn", "replay", "throughput", "timeline"]

NEVER = 1 << 62  # a cycle that does not come
WARM = 4  # tokens of each stream in front of one that is shown


@dataclass(kw_only=True)
class _Stream:
    """What a stream has still to do: ``turn``, from ``due`` on, unless its last token has to end first."""

    number: int
    turns: Iterator[Turn]
    turn: Turn | None = None
    due: int = 0
    flying: int = 0  # tokens that are computed
    lends: int = 0  # where nothing of it is computed: from here on its pass is lent until its next turn is due
    guessed: int = NEVER  # from here on what comes behind its last token could be fetched as a draft,
    guess_until: int = NEVER  # until that token ends;
    guess: bool = False  # whether it comes true,
    position: int = 0  # and that token's position

    def next_turn(self) -> None:
        self.turn = next(self.turns, None)

    @property
    def waits(self) -> bool:
        """For the end of a token before the next can be there."""
        return self.flying > 0 and self.due == NEVER


@dataclass(kw_only=True)
class _Pass:
    """A token on its way, or where the next one could be: ``step`` of the program, from ``due`` on."""

    number: int
    age: int
    owner: _Stream | None = None
    turn: Turn = field(default_factory=lambda: Turn(position=0))
    step: int = 0
    due: int = 0
    fetch: int = 0
    draft: bool = False  # which is to be decided


@dataclass(kw_only=True)
class _Draft:
    """The one that is to be decided: ``at`` this cycle, or before it by who comes."""

    stream: _Stream
    place: _Pass
    true: bool  # what it guesses
    at: int = NEVER
    noise: int = 0  # when its noise is complete


Choice = tuple[int, int, int, _Pass, _Stream]


def _order(choice: Choice) -> tuple[int, int, int]:
    return choice[:3]


Observer = Callable[[int, int, Word | None, int], None]  # stream, position, what it plays (None: a fetch), cycle


def replay(
    program: Schedule, streams: Sequence[Iterator[Turn]], observe: Observer = lambda *_: None
) -> Iterator[Played]:
    """Play the turns of every stream, each stream's one after another; yield tokens as they are done, forever if the
    turns are. ``observe`` sees every fetch and word in the cycle in which it is played."""
    return _Engine(program, streams, observe).play()


class _Engine:
    """Streams and their passes, at the cycle of what was played last."""

    def __init__(self, program: Schedule, streams: Sequence[Iterator[Turn]], observe: Observer) -> None:
        following = [*program.words[1:], None]
        self.program, self.observe = program, observe
        self.steps = [Step.of(program, word, after) for word, after in zip(program.words, following, strict=True)]
        self.shared, self.ages = Shared(program=program), count(len(streams))
        self.streams = [_Stream(number=i, turns=iter(turns)) for i, turns in enumerate(streams)]
        self.passes = [_Pass(number=i, age=i) for i in range(len(streams))]
        self.draft: _Draft | None = None
        for stream in self.streams:
            stream.next_turn()
            stream.due = stream.turn.after if stream.turn else 0

    def play(self) -> Iterator[Played]:
        while True:
            choices = [*self._steps(), *self._fetches()]
            if self.program.geometry.drafts:
                decided, keeps = self._decided()
                drafts = list(self._drafts())
                if decided < NEVER and all(choice[0] > decided for choice in choices):
                    (self._keep if keeps else self._drop)(decided)
                    continue
                if drafts and drafts[0][:3] < min(choices, key=_order)[:3]:
                    at, _, _, place, stream = drafts[0]
                    self._fetch_draft(stream, place, at)
                    continue
            if not choices:
                return
            at, _, _, place, stream = min(choices, key=_order)
            if place.owner is None:
                self._fetch(stream, place, at)
            elif (token := self._step(stream, place, at)) is not None:
                yield token

    # What could be played next: when, the pass's age, the stream's number, the pass, and whose token it is.

    def _steps(self) -> Iterator[Choice]:
        for place in self.passes:
            if (stream := place.owner) is not None:
                step = self._at(place)
                if place.draft and place.step == len(self.steps) - 2:
                    continue  # with its last run it waits until it is decided
                at = self.shared.earliest(step, place.turn, place.due)
                if not self._attends(step) or not self._before(place, at):
                    yield at, place.age, stream.number, place, stream

    def _attends(self, step: Step) -> bool:
        return step.attend and step is not self.shared.inner

    def _before(self, place: _Pass, at: int) -> bool:
        """Whether a token before it, of the same context, waits for attention too."""
        others = [o for o in self.passes if o.owner is place.owner and o.age < place.age and not o.draft]
        return any(o.due <= at and self._attends(self._at(o)) for o in others)

    def _fetches(self) -> Iterator[Choice]:
        for stream in self.streams:
            if stream.turn is None or stream.waits or self._keeps(stream):
                continue
            own = self.passes[stream.number]
            free = NEVER if own.owner is not None else own.due
            found = [(self._fetch_at(stream, free), own)] if free < NEVER else []
            if self.program.geometry.lends:
                lent = [(self._lent_at(stream, place), place) for place in self.passes]
                found += [(at, place) for at, place in lent if at < free]
            if found:
                at, place = min(found, key=lambda choice: choice[0])
                yield at, place.age, stream.number, place, stream

    def _fetch_at(self, stream: _Stream, free: int) -> int:
        assert stream.turn is not None
        return self.shared.earliest(self.shared.embed, stream.turn, max(stream.due, free))

    def _lent_at(self, stream: _Stream, place: _Pass) -> int:
        """When a pass of another could have the stream's next token."""
        lender = self.streams[place.number]
        if lender is stream or place.owner is not None or lender.flying:
            return NEVER
        assert stream.turn is not None
        seen = max(stream.due, place.due, lender.lends, self.shared.noise if stream.turn.generated else 0)
        at = self._fetch_at(stream, seen + LENT_LATE)
        return at if lender.turn is None or at < lender.due else NEVER

    def _at(self, place: _Pass) -> Step:
        step = self.steps[place.step]
        return self.shared.inner if step.attend and step.ends and not place.turn.generated else step

    # Drafts: one at a time, of a stream whose neighbours are all idle.

    def _drafts(self) -> Iterator[Choice]:
        for stream in self.streams if self.draft is None else ():
            others = [o for o in self.streams if o is not stream]
            if stream.guessed == NEVER or any(o.flying for o in others):
                continue
            alone = max(stream.guessed, max(o.lends for o in others) + LENT_LATE)
            until = min([o.due for o in others if o.turn is not None], default=NEVER)
            found = []
            for place in self.passes:
                if place.owner is None:
                    lent = place.number != stream.number
                    at = max(alone, place.due + LENT_LATE * lent)
                    found.append((self.shared.earliest(self.shared.embed, Turn(position=0), at), lent, place.number))
            at, _, number = min(found, default=(NEVER, False, 0))
            if at < until and at <= stream.guess_until:
                yield at, self.passes[number].age, stream.number, self.passes[number], stream

    def _decided(self) -> tuple[int, bool]:
        """When the draft is, and whether it is kept. Who comes before ends it."""
        if (draft := self.draft) is None:
            return NEVER, False
        others = [o for o in self.streams if o is not draft.stream and o.turn is not None]
        comes = min([max(o.due, draft.place.fetch + 1) for o in others], default=NEVER)
        return (draft.at, draft.true) if draft.at <= comes else (comes, False)

    def _keeps(self, stream: _Stream) -> bool:
        """Whether the stream's next token is its draft."""
        draft = self.draft
        return draft is not None and draft.stream is stream and draft.true and draft.at < NEVER

    def _guess(self, stream: _Stream, turn: Turn, at: int) -> None:
        """The turn is begun, and what comes behind it guessed."""
        guesses = turn.generated and turn.guess is not None
        stream.guessed, stream.guess_until = at + DRAFT_LATE if guesses else NEVER, NEVER
        stream.guess, stream.position = bool(turn.guess), turn.position

    def _settle(self, stream: _Stream) -> None:
        """A draft of a stream whose token has ended: it is compared in the first cycle in which the next token is
        needed, and decided in the one behind."""
        draft = self.draft
        if draft is not None and draft.stream is stream and not stream.flying:
            draft.at = stream.lends - LEND_AFTER if stream.turn is None else stream.due + 1
            draft.true = draft.true and stream.turn is not None and stream.turn.generated
            stream.due = max(stream.due, draft.at)

    def _fetch_draft(self, stream: _Stream, place: _Pass, at: int) -> None:
        turn = Turn(position=stream.position + 1)
        self.shared.take(self.shared.embed, turn, at)
        self.observe(stream.number, turn.position, None, at)
        place.owner, place.turn, place.fetch, place.age = stream, turn, at, next(self.ages)
        place.step, place.due, place.draft = 0, at + 1, True
        self.draft = _Draft(stream=stream, place=place, true=stream.guess, noise=self.shared.noise)
        stream.guessed = NEVER
        self._settle(stream)

    def _keep(self, at: int) -> None:
        assert self.draft is not None
        stream, place, turn = self.draft.stream, self.draft.place, self.draft.stream.turn
        assert turn is not None and turn.position == place.turn.position
        place.turn, place.fetch, place.draft, place.due = turn, at, False, max(place.due, at + 1)
        stream.flying += 1
        stream.next_turn()
        stream.due, self.draft = NEVER, None
        self._guess(stream, turn, at)

    def _drop(self, at: int) -> None:
        """It begins nothing more; its pass is free when all is through that it began."""
        assert self.draft is not None
        stream, place, noise = self.draft.stream, self.draft.place, self.draft.noise
        if NEVER > stream.due == self.draft.at > at + 1:  # who came did so before it was compared
            stream.due = self.draft.at - 1
        if self.shared.noise == noise:
            self.shared.noise = min(noise, at + 1)
        place.owner, place.draft = None, False
        place.due = max(place.due, at + 1) + self.program.drop_wait + 1 + END
        self.draft = None

    # What is played.

    def _fetch(self, stream: _Stream, place: _Pass, at: int) -> None:
        turn = stream.turn
        assert turn is not None
        self.shared.take(self.shared.embed, turn, at)
        self.observe(stream.number, turn.position, None, at)
        place.owner, place.turn, place.fetch, place.age = stream, turn, at, next(self.ages)
        place.step, place.due = 0, at + 1
        stream.flying += 1
        stream.next_turn()
        ahead = stream.turn is not None and not turn.generated and not stream.turn.after
        stream.due = at + PROMPT_LATE if ahead else NEVER
        self._guess(stream, turn, at)

    def _step(self, stream: _Stream, place: _Pass, at: int) -> Played | None:
        """The token, where it is done with this."""
        step, turn = self._at(place), place.turn
        self.shared.take(step, turn, at)
        self.observe(stream.number, turn.position, self.program.words[place.step], at)
        if not step.ends or step.attend:
            place.due = at + step.wait + (self.program.wait(turn.position) if step.after_span else 0)
            place.step = len(self.steps) - 1 if step is self.shared.inner else place.step + 1
            return None
        end = at + END
        place.owner, place.due = None, end
        stream.flying -= 1
        stream.lends = end + LEND_AFTER
        stream.guess_until = at if turn.generated else stream.guess_until
        if stream.due == NEVER and not stream.flying and stream.turn is not None:
            stream.due = end + stream.turn.after
        self._settle(stream)
        return Played(
            stream=stream.number, position=turn.position, generated=turn.generated, fetch=place.fetch, end=end
        )


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


def prompt_spans(program: Schedule, tokens: int) -> list[int]:
    """Cycles from the fetch of each of so many inner tokens of a prompt, from position 0 on, to that of the next token;
    every other stream is idle."""
    if not program.geometry.lends:
        return [program.cycles(p, generated=False) for p in range(tokens)]
    turns = (Turn(position=p, generated=p == tokens) for p in range(tokens + 1))
    found = sorted(token.fetch for token in _alone(program, turns))
    return [after - before for before, after in pairwise(found)]


def prompt_cycles(program: Schedule) -> float:
    """Per inner token of a prompt over the first positions, up to ``MEAN_OVER`` of them; every other stream is idle."""
    spans = prompt_spans(program, max(min(MEAN_OVER, program.context - 1), 1))
    return sum(spans) / len(spans)


def _alone(program: Schedule, turns: Iterator[Turn]) -> Iterator[Played]:
    return replay(program, [turns, *(iter(()) for _ in range(program.geometry.streams - 1))])


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
