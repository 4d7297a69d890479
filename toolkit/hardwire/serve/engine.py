# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The chip at work: jobs from the queue, tokens to whoever asked.

A thread for each of the chip's streams takes the next job when its last has ended: as many users are served at once.

A thread never waits for a reader: what an answer has so far lies in its job, one context of tokens at the most. It
wakes the reader's event loop once, and again only when the reader has taken what was there; a reader that pauses
between two looks so decides how many tokens one event carries.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..driver.model import LanguageModel, Speaker, Token
from ..driver.text import NumberStream
from ..errors import HardwireError
from ..host.requests import BUDGET, CONTEXT_FULL, NONE_ALLOWED, RUNNING, STOP_TOKEN, Request, RequestState
from ..ops.choice import Chosen
from .errors import ApiError, of_chip
from .queue import FairQueue, stopping
from .stops import StopTexts

STOP_TEXT, CANCELLED = "stop text", "cancelled"  # why an answer ended, besides host/requests.py's reasons
REASONS = {
    STOP_TOKEN: "stop",
    STOP_TEXT: "stop",
    NONE_ALLOWED: "stop",  # of a guide, whose every state leads on to an end: it is whole
    BUDGET: "length",
    CONTEXT_FULL: "length",
}  # in OpenAI's words
FAULT_SECONDS = 10.0  # after a failure, in which a proxy is told to ask others


# A token, what of the text can be shown with it, its cycles where the backend counts them, and its draw where log
# probabilities were asked for.
Part = tuple[int, str, int | None, Chosen | None]


@dataclass(eq=False, kw_only=True)
class Job:
    """One answer that is wanted, and how far it is. The engine writes it, its ``Jobs`` reads it."""

    request: Request
    adapter: str | None = None
    stops: tuple[str, ...] = ()
    index: int = 0
    status: str = RUNNING
    error: ApiError | None = None
    tokens: int = 0
    began: float = 0.0  # of time.perf_counter, when its turn came; 0 while it waits
    first: float = 0.0  # when its first token came
    ended: float = 0.0
    total_cycles: int | None = None
    cancelled: bool = False

    def __post_init__(self) -> None:
        self.parts: deque[Part] = deque()  # that nobody has taken
        self.rest = ""  # text that was held back and is shown behind the last token

    @property
    def finish_reason(self) -> str | None:
        return REASONS.get(self.status)


class Jobs:
    """The answers of one HTTP request, and the event that says that something came of them."""

    def __init__(self, user: str, jobs: Sequence[Job]) -> None:
        self.user, self.jobs, self.asked = user, tuple(jobs), time.perf_counter()
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        self.told = False  # since something was taken

    def tell(self) -> None:
        """From the engine's thread: something came."""
        if not self.told:
            self.told = True
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody reads any more
                self._loop.call_soon_threadsafe(self._event.set)

    async def come(self) -> None:
        """Wait until something has come since the last time."""
        await self._event.wait()
        self._event.clear()
        self.told = False  # before anything is taken: what comes from here on tells again

    def check(self) -> None:
        """Raise the ApiError of the first that failed."""
        for job in self.jobs:
            if job.error is not None:
                raise job.error


class Engine:
    """A model and its queue. ``on_end`` is called behind every job, in one of the engine's threads."""

    def __init__(self, model: LanguageModel, queue: int, on_end: Callable[[Jobs, Job], None] = lambda *_: None) -> None:
        self.model = model
        self.draining = False
        self.adapter: str | None = None  # that the chip holds
        self._queue: FairQueue[tuple[Jobs, Job]] = FairQueue(queue)
        self._on_end = on_end
        self._fault, self._fault_at = "", 0.0
        self._pieces: dict[int, Token] = {}
        self._current: dict[int, Job] = {}  # by stream
        streams = range(model.backend.limits.streams)
        self._threads = [
            threading.Thread(target=self._work, args=(stream,), name=f"chip {stream}", daemon=True)
            for stream in streams
        ]
        for thread in self._threads:
            thread.start()

    # -- from the event loop -------------------------------------------------------------------------

    def ask(self, jobs: Jobs, most: int) -> None:
        """Queue all jobs; ``most`` may wait of this user.

        Raises ApiError for what the chip cannot take, and where there is no room.
        """
        if self.draining:
            raise stopping()
        for job in jobs.jobs:
            try:
                self.model.backend.limits.check(job.request)
            except HardwireError as error:
                raise of_chip(error) from None
        self._queue.put(jobs.user, [(jobs, job) for job in jobs.jobs], most)

    def cancel(self, jobs: Jobs) -> None:
        """End all of them: those that wait at once, one that runs behind the token that is being computed."""
        for job in jobs.jobs:
            job.cancelled = True
            if not job.ended and self._queue.drop(jobs.user, (jobs, job)):
                self._finish(jobs, job, CANCELLED)

    @property
    def running(self) -> int:
        return len(self._current)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def fault(self) -> str:
        """Why the chip is not to be asked just now; "" where nothing is known against it."""
        return self._fault if time.monotonic() - self._fault_at < FAULT_SECONDS else ""

    def drain(self) -> None:
        """Refuse new jobs and those that wait; what runs goes on."""
        self.draining = True
        for jobs, job in self._queue.close():
            job.error = stopping()
            self._finish(jobs, job, CANCELLED)

    def interrupt(self) -> None:
        """End what runs, behind the token that is being computed, and say why."""
        for job in list(self._current.values()):
            job.error = job.error or stopping()
            job.cancelled = True

    def close(self) -> None:
        """End what runs, and the threads."""
        self.drain()
        self.interrupt()
        for thread in self._threads:
            thread.join()

    # -- the threads ---------------------------------------------------------------------------------

    def _work(self, stream: int) -> None:
        while (item := self._queue.take()) is not None:
            jobs, job = item
            self._current[stream] = job
            try:
                status = CANCELLED if job.cancelled else self._answer(jobs, job, stream)
                self._fault = ""
            except HardwireError as error:
                status = self._failed(job, of_chip(error))
            except Exception as error:  # a fault of ours ends one answer, never the thread
                status = self._failed(job, ApiError(500, f"internal error: {type(error).__name__}: {error}"))
            del self._current[stream]
            self._finish(jobs, job, status)

    def _failed(self, job: Job, error: ApiError) -> str:
        job.error = error
        if error.status >= 500:
            self._fault, self._fault_at = error.message, time.monotonic()
        return CANCELLED

    def _finish(self, jobs: Jobs, job: Job, status: str) -> None:
        job.status, job.ended = status, time.perf_counter()
        self._on_end(jobs, job)
        jobs.tell()

    def _answer(self, jobs: Jobs, job: Job, stream: int) -> str:
        """Run one job on a stream; why it ended. Raises HardwireError."""
        model, state = self.model, RequestState()
        job.began = time.perf_counter()
        model.hold(job.adapter)
        self.adapter = job.adapter
        ids = job.request.ids
        say = Speaker(NumberStream() if model.codec is None else model.codec.stream(ids), self._pieces)
        tokens = model.backend.stream(replace(job.request, stream=stream), state)
        try:
            status = self._tokens(jobs, job, tokens, state, say)
        finally:
            close = getattr(tokens, "close", None)
            if close is not None:
                close()  # of a chip whose answer was cut short: it is free behind the token that it computes
        if model.hosted is not None and status in (STOP_TOKEN, BUDGET, CONTEXT_FULL, NONE_ALLOWED):
            job.total_cycles = (model.hosted.streams[stream] if stream else model.hosted).run_cycles()
        elif state.cycles is not None:
            job.total_cycles = sum(state.cycles) + sum(state.prompt_cycles or ())
        if status not in REASONS and status != CANCELLED:
            job.error = ApiError(503, f"the chip ended the answer: {status}", code="chip_failed", retry_after=1)
        return status

    def _tokens(self, jobs: Jobs, job: Job, tokens: Iterator[int], state: RequestState, say: Speaker) -> str:
        """Take tokens as they come. Of Python, a token costs what stands in this loop."""
        put, pieces, stops = job.parts.append, self._pieces, StopTexts(job.stops) if job.stops else None
        found = False
        for token in tokens:
            piece: str | None = pieces.get(token) if say.steady else None
            text = say(token) if piece is None else piece
            if stops is not None:
                text, found = stops.feed(text)
            if not job.tokens:
                job.first = time.perf_counter()
            job.tokens += 1
            put((token, text, state.cycles[-1] if state.cycles else None, state.drawn[-1] if state.drawn else None))
            if not jobs.told:
                jobs.tell()
            if found:
                return STOP_TEXT
            if job.cancelled:
                return CANCELLED
        job.rest = say.flush()
        if stops is not None:
            job.rest, found = stops.feed(job.rest)
            if found:
                return STOP_TEXT
            job.rest += stops.flush()
        return state.status
