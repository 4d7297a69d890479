# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An ask to its HTTP answer: jobs queued, tokens sent as they come, the chip freed when nobody listens any more."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .asks import Ask
from .engine import Engine, Job, Jobs
from .errors import ApiError
from .passes import Judge
from .replies import NativeReply, Reply, Taken, Tried, event
from .settings import Settings

SSE = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no"}
JSON = {"content-type": "application/json", "cache-control": "no-store"}
Headers = Mapping[str, str]


class Gone(Exception):
    """The client closed its connection."""


class Answering(Response):
    """The response of one ask. ``most``: answers of this user that may wait. ``on_end`` is told the tokens of all."""

    def __init__(
        self,
        ask: Ask,
        reply: Reply,
        engine: Engine,
        settings: Settings,
        user: str,
        most: int,
        on_end: Callable[[int], None],
    ) -> None:
        self.ask, self.reply, self._engine, self._settings = ask, reply, engine, settings
        self._user, self._most, self._on_end = user, most, on_end
        self._asked: list[Jobs] = []
        self._gone = self._started = False
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = send
        watch = asyncio.create_task(self._watch(receive))
        try:
            await self._answer()
        except Gone:
            pass
        except ApiError as error:
            if not self._started:
                raise
            await self._put(event(error.body()), last=True)
        finally:
            watch.cancel()
            self._cancel()

    async def _answer(self) -> None:
        jobs = self._queue(self.ask.jobs())
        try:
            await (self._stream(jobs) if self.ask.stream else self._whole(jobs))
        finally:
            self._on_end(sum(job.tokens for job in jobs.jobs))

    async def _watch(self, receive: Receive) -> None:
        """The body was read, so all that can come is the end of the connection."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._cancel()

    def _cancel(self) -> None:
        """End all that was asked and has not ended."""
        for jobs in self._asked:
            self._engine.cancel(jobs)

    def _queue(self, jobs: list[Job]) -> Jobs:
        asked = Jobs(self._user, jobs)
        self._engine.ask(asked, self._most)
        self._asked.append(asked)
        return asked

    async def _come(self, jobs: Jobs) -> None:
        """Wait for more. Raises Gone, and ApiError for what failed."""
        await jobs.come()
        if self._gone:
            raise Gone
        jobs.check()

    async def _end(self, jobs: Jobs) -> list[Taken]:
        """Wait for all; their tokens."""
        while not all(job.ended for job in jobs.jobs):
            await self._come(jobs)
        found = [Taken() for _ in jobs.jobs]
        for job, taken in zip(jobs.jobs, found, strict=True):
            taken.take(job)
        return found

    async def _whole(self, jobs: Jobs) -> None:
        taken = await self._end(jobs)
        await self._object(self.reply.whole(jobs.jobs, taken))

    async def _object(self, data: dict[str, Any]) -> None:
        await self._start(JSON)
        await self._put(json.dumps(data, ensure_ascii=False).encode(), last=True)

    async def _stream(self, jobs: Jobs) -> None:
        """Events until all have ended: what came since the last one, and ``interval`` seconds apart at least."""
        running, taken = list(jobs.jobs), Taken()
        while running:
            await self._come(jobs)
            data = b""
            for job in list(running):
                ended = bool(job.ended)  # asked first: what it gave before that is there
                parts = taken.take(job)
                data += self.reply.some(job, parts) if parts else b""
                if ended:
                    data += self.reply.last(job)
                    running.remove(job)
            if not self._started:
                await self._start(SSE)
                data = b"".join(self.reply.begin(jobs.jobs)) + data
            if data:
                await self._put(data)
            if running:
                await asyncio.sleep(self._settings.interval)
        await self._put(self.reply.end(jobs.jobs), last=True)

    # -- ASGI ----------------------------------------------------------------------------------------

    async def _start(self, headers: Headers) -> None:
        self._started = True
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})

    async def _put(self, data: bytes, last: bool = False) -> None:
        """Wait until the client has read enough of it; server.py ends those that do not."""
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})
        if self._gone and not last:
            raise Gone


class Trying(Answering):
    """The response of an ask with ``until``: answers with the next seeds until one passes.

    As many run side by side as the chip has streams; they are judged in the order of their seeds, so that the answer is
    the one that a chip with one stream gives.
    """

    def __init__(self, *arguments: Any, judge: Judge) -> None:
        super().__init__(*arguments)
        self._judge, self._left = judge, self.ask.attempts

    async def _answer(self) -> None:
        reply, began = self.reply, time.perf_counter()
        assert self.ask.until is not None and isinstance(reply, NativeReply)
        waiting: deque[Jobs] = deque()
        try:
            for attempt in range(self.ask.attempts):
                self._fill(waiting)
                jobs = waiting.popleft()
                taken = await self._end(jobs)
                (job,), (got,) = jobs.jobs, taken
                text = "".join(got.text) + job.rest
                passed = await self._judge.passes(text, self.ask.until)
                if self.ask.stream:
                    if not self._started:
                        await self._start(SSE)
                    await self._put(reply.attempt(attempt + 1, text, passed))
                if passed:
                    break
            self._cancel()
            tried = Tried(attempt + 1, self._tokens(), 1000 * (time.perf_counter() - began), passed)
            await self._last(jobs, taken, tried, reply)
        finally:
            self._on_end(self._tokens())

    def _fill(self, waiting: deque[Jobs]) -> None:
        """Ask for one answer on each stream. Where others fill the queue one is enough. Raises ApiError."""
        while self._left and len(waiting) < self._engine.model.backend.limits.streams:
            try:
                jobs = self._queue([self.ask.job(0, self.ask.attempts - self._left, 0)])
            except ApiError:
                if waiting:
                    return
                raise
            self._left -= 1
            waiting.append(jobs)

    def _tokens(self) -> int:
        """Of all answers, those that were cut short among them."""
        return sum(job.tokens for jobs in self._asked for job in jobs.jobs)

    async def _last(self, jobs: Jobs, taken: list[Taken], tried: Tried, reply: NativeReply) -> None:
        data = reply.whole(jobs.jobs, taken, tried)
        if self.ask.stream:
            await self._put(event(data) + b"data: [DONE]\n\n", last=True)
        else:
            await self._object(data)
