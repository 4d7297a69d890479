# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What passes through the decoder share, and when it is free: the rules of ``rtl/arbiter.sv`` and
``rtl/attention_jobs.sv`` for a single step of a token, which ``replay.py`` plays for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..parts import present
from .latency import ceil_div
from .program import Schedule, Word, run_read
from .words import EMBED_READ, NOISE_LATE


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A token that a stream has to compute.

    generated: logits and sampling are wanted; otherwise an inner token of a prompt, whose next one is there at once.
    after: cycles from the end of the stream's token before, or from cycle 0, until it is there to be fetched; meanwhile
    the stream is idle.
    guess: where an engine with drafts guesses what comes behind it, whether that comes true; None: it guesses
    nothing, or nothing that it may compute.
    """

    position: int
    generated: bool = True
    after: int = 0
    guess: bool | None = None


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
class Shared:
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
