# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A server in a thread on a free port, a client of the standard library, and a backend whose tokens a test lets go."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import numpy as np

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.host.requests import Backend, Limits, Request, RequestState, Stages, token_loop
from hardwire.ops.choice import NO_TOKEN, WEIGHT_FRACTION, Chosen
from hardwire.serve.app import Service
from hardwire.serve.server import Server
from hardwire.serve.settings import Settings
from hardwire.serve.timeline import Timeline

PATIENCE = 60.0  # seconds in which what must come comes, on a busy machine


def until(condition: Callable[[], Any]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.002)


class Gated(Backend):
    """The reference, token by token as ``let`` says. ``begun``: prompts in the order in which they had their turn."""

    def __init__(self, chip: Chip, streams: int = 1) -> None:
        self._reference = Reference(chip, streams, best=0)
        self._gate = threading.Semaphore(0)
        self.begun: list[tuple[int, ...]] = []
        self.on: list[int] = []  # and on which stream
        self.given = self.closed = 0

    @property
    def limits(self) -> Limits:
        return self._reference.limits

    def let(self, tokens: int) -> None:
        self._gate.release(tokens)

    def stages(self) -> Stages:
        return self._reference.stages()

    def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
        self.begun.append(request.ids)
        self.on.append(request.stream)
        return self._stream(self._reference.stream(request, state))

    def _stream(self, tokens: Iterator[int]) -> Iterator[int]:
        try:
            for token in tokens:
                assert self._gate.acquire(timeout=PATIENCE)
                self.given += 1
                yield token
        finally:
            self.closed += 1


class Quick(Backend):
    """Tokens without arithmetic, each the one behind the last, or behind it the next that a guide allows: for what
    looks at the server and not at the answers. ``best``: of an extended sampler."""

    def __init__(self, chip: Chip, best: int = 0) -> None:
        self._vocab, self._context, self._best = chip.shape.vocab, chip.shape.context, best

    @property
    def limits(self) -> Limits:
        return Limits(name="a counter", vocab=self._vocab, context=self._context, rows=0, best=self._best)

    def stages(self) -> Stages:
        return {}

    def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
        progress = state or RequestState()
        walk = None if request.guide is None else request.guide.begin()

        def feed(token: int, position: int) -> int:
            if position < len(request.ids) - 1:
                return token
            allowed = np.ones(self._vocab, np.bool_) if walk is None else walk.allowed()
            if not allowed.any():
                return NO_TOKEN
            after = (token + 1) % self._vocab
            drawn = int((np.flatnonzero(np.roll(allowed, -after))[0] + after) % self._vocab)
            if walk is not None and drawn not in request.stops:
                walk.take(drawn)
            if request.logprobs is not None:
                best = np.flatnonzero(allowed)[: self._best]
                zeros = np.zeros(len(best), np.int64)
                one = Chosen(token=drawn, logit=0, ids=best, logits=zeros, total=int(allowed.sum()) << WEIGHT_FRACTION)
                progress.drawn.append(one)
            return drawn

        return token_loop(feed, request.ids, request, progress, self._context)


class Running:
    """A server that runs. ``ask`` posts, ``get`` reads, ``open`` leaves the answer to be read."""

    def __init__(self, service: Service) -> None:
        self.service, self.server = service, Server(service)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        until(lambda: self.server.started or not self.thread.is_alive())
        host, _, port = self.server.address.removeprefix("http://").rpartition(":")
        self.host, self.port = host, int(port)

    def _run(self) -> None:
        import asyncio

        asyncio.run(self.server.serve())

    def open(self, path: str, body: Any = None, key: str = "", method: str = "") -> tuple[HTTPConnection, HTTPResponse]:
        connection = HTTPConnection(self.host, self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method or ("GET" if body is None else "POST"), path, body, headers)
        return connection, connection.getresponse()

    def ask(self, path: str, body: Any = None, key: str = "", method: str = "") -> tuple[int, Any]:
        """Status and JSON; of a stream its events."""
        connection, response = self.open(path, body, key, method)
        data = response.read()
        connection.close()
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            return response.status, events(data)
        if response.headers.get("content-type", "").startswith("application/json"):
            return response.status, json.loads(data)
        return response.status, data.decode()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        self.service.close()


def events(data: bytes) -> list[Any]:
    """Objects of a stream of events, which must end with [DONE], or with an error."""
    lines = [line.removeprefix("data: ") for line in data.decode().split("\n\n") if line]
    done = lines[-1] == "[DONE]"
    found = [json.loads(line) for line in (lines[:-1] if done else lines)]
    assert done or "error" in found[-1]
    return found


@contextmanager
def running(model: LanguageModel, timeline: Timeline | None = None, **settings: Any) -> Iterator[Running]:
    """A server of a model."""
    settings = {"port": 0, "name": "tiny", "interval": 0.001, **settings}
    server = Running(Service(model, Settings(**settings), timeline))
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def serving(
    chip: Chip, backend: Backend | None = None, timeline: Timeline | None = None, **settings: Any
) -> Iterator[Running]:
    """A server of a chip, on the reference or another backend."""
    with LanguageModel(chip, backend or Reference(chip, best=0), "tiny (reference)") as model:
        with running(model, timeline, **settings) as server:
            yield server
