# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The routes of a server, and what every request passes: key, limits, size, log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..driver.model import LanguageModel
from ..driver.schema import Problem
from .answering import Answering, Trying
from .asks import Ask, Reader
from .chat import read_template
from .engine import Engine
from .errors import ApiError, wrong_fields
from .fields import described
from .guiding import Guiding
from .logprobs import LogProbs
from .metrics import CONTENT_TYPE, Metrics, log
from .openapi import document
from .passes import Judge, check_patterns
from .queue import Allowance
from .replies import reply_to
from .sampling import CHAT, COMPLETIONS, NATIVE
from .settings import Key, Settings, find_key, is_loopback
from .timeline import Timeline

PAGE = Path(__file__).parent / "page"
PAGE_FILES = {"/": "index.html", "/page.css": "page.css", "/page.js": "page.js"}
CALLS = {"/v1/completions": COMPLETIONS, "/v1/chat/completions": CHAT, "/generate": NATIVE}
SECURE = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
Endpoint = Callable[[Request], Awaitable[Response]]


class Service:
    """A model behind HTTP. ``app`` is the ASGI application, ``engine`` what runs it; ``close`` ends both."""

    def __init__(self, model: LanguageModel, settings: Settings, timeline: Timeline | None = None) -> None:
        settings.check()
        self.settings, self.metrics, self._timeline = settings, Metrics(), timeline
        for name, path in settings.adapters:
            model.add_adapter(name, path)
        self.about = described(model, settings.name, [name for name, _ in settings.adapters])
        template = read_template(settings.chat_template, self.about.letters)
        self.reader = Reader(model, self.about, settings, template)
        self.engine = Engine(model, settings.queue, self.metrics.ended)
        self.metrics.watch(self.engine)
        self._judge = Judge(settings.match_seconds)
        self._logprobs = LogProbs(model)
        self._allowances = {key.name: Allowance(key) for key in settings.keys}
        self._speller = ThreadPoolExecutor(1, "speller")  # prompts to ids, one at a time and beside the event loop
        self._guiding = Guiding(self.reader.guided, settings.queue)
        self._document = document(self.about, settings, self.reader.schemas)
        self._began = int(time.time())
        handlers: dict[Any, Any] = {ApiError: _refuse, HTTPException: _no_route, Exception: _broken}
        app = Starlette(routes=self._routes(), exception_handlers=handlers, lifespan=self._lifespan)
        self.app: ASGIApp = Logged(app, self.metrics)

    def _routes(self) -> list[Route]:
        pages = [Route(path, _page(name)) for path, name in PAGE_FILES.items()]
        calls = [Route(path, self._call(call), methods=["POST"]) for path, call in CALLS.items()]
        reads: dict[str, Callable[[Request], dict[str, Any]]] = {
            "/v1/models": lambda request: {"object": "list", "data": self._models()},
            "/v1/models/{model:path}": self._one_model,
            "/models": lambda request: {"models": [self._native_model()]},
            "/openapi.json": lambda request: self._document,
        }
        read = [Route(path, self._read(function)) for path, function in reads.items()]
        others = {"/health": self._health, "/metrics": self._metrics, "/timeline": self._token_timeline}
        return [*pages, *calls, *read, *(Route(path, function) for path, function in others.items())]

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> Any:
        yield
        await self._judge.close()

    def close(self) -> None:
        """End what runs. Blocks until the chip is free."""
        self.engine.close()
        self._guiding.close()
        self._speller.shutdown()

    # -- who asks ------------------------------------------------------------------------------------

    def _admit(self, request: Request, *query: str) -> Key:
        """Who asks; without keys everybody by his address. Raises ApiError: 401, and 422 for unknown query fields."""
        key = self._key(request)
        for name in request.query_params:
            if name not in query:
                raise wrong_fields([Problem((name,), "is not known in the address; fields stand in the body")])
        return key

    def _key(self, request: Request) -> Key:
        if not self.settings.keys:
            # Or else any page of the web could ask, by a name of its own for this computer's address.
            if not self.settings.open_to_all and not is_loopback(request.url.hostname or ""):
                raise ApiError(
                    403, "without a key this server is asked by a name of this computer alone", code="wrong_host"
                )
            host = request.client.host if request.client is not None else ""
            return Key(name=f"address {host}", digest=b"", waiting=self.settings.waiting)
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise ApiError(401, "a key is needed: send Authorization: Bearer with yours", code="missing_api_key")
        key = find_key(self.settings.keys, secret.strip())
        if key is None:
            raise ApiError(401, "this key is not known here", code="invalid_api_key")
        return key

    # -- calls ---------------------------------------------------------------------------------------

    def _call(self, call: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            key = self._admit(request)
            if key.name in self._allowances:
                self._allowances[key.name].take_request()
            data = await self._body(request)
            loop = asyncio.get_running_loop()
            ask = await loop.run_in_executor(self._speller, self.reader.ask, call, data)
            if ask.guide is not None:
                ask = await self._guiding.guided(ask, key.name, key.waiting)
            about = request.scope["about"]
            about |= {"user": key.name, "prompt_tokens": ask.prompt_tokens, "seed": ask.request.seed}
            about |= {"label": ask.label} if ask.label else {}
            return self._answering(ask, key, about)

        return answer

    def _answering(self, ask: Ask, key: Key, about: dict[str, Any]) -> Response:
        def spent(tokens: int) -> None:
            about["tokens"] = tokens
            if key.name in self._allowances:
                self._allowances[key.name].spend_tokens(tokens)

        parts = (
            ask,
            reply_to(ask, self.about, self._logprobs),
            self.engine,
            self.settings,
            key.name,
            key.waiting,
            spent,
        )
        if ask.until is None:
            return Answering(*parts)
        check_patterns(ask.until)
        return Trying(*parts, judge=self._judge)

    async def _body(self, request: Request) -> bytes:
        """Raises ApiError: 415, 413, and 408 where it comes too slowly."""
        kind = request.headers.get("content-type", "nothing").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(415, f"the body is {kind}; send Content-Type: application/json", code="wrong_content_type")
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.settings.body:
            raise self._too_large()
        try:
            return await asyncio.wait_for(self._pieces(request), self.settings.body_seconds)
        except asyncio.TimeoutError:
            raise ApiError(408, "the body did not come in time", code="timeout") from None

    async def _pieces(self, request: Request) -> bytes:
        data = bytearray()
        async for piece in request.stream():
            data += piece
            if len(data) > self.settings.body:
                raise self._too_large()
        return bytes(data)

    def _too_large(self) -> ApiError:
        return ApiError(413, f"the body is larger than {self.settings.body} bytes; shorten it", code="body_too_large")

    # -- what there is -------------------------------------------------------------------------------

    def _read(self, function: Callable[[Request], dict[str, Any]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            self._admit(request)
            return JSONResponse(function(request))

        return answer

    def _model(self) -> dict[str, Any]:
        about = {"context": self.about.context, "digest": self.about.digest}
        return {
            "id": self.about.name,
            "object": "model",
            "created": self._began,
            "owned_by": "hardwire",
            "hardwire": about,
        }

    def _models(self) -> list[dict[str, Any]]:
        return [{**self._model(), "id": name} for name in (self.about.name, *self.about.adapters)]

    def _one_model(self, request: Request) -> dict[str, Any]:
        name = request.path_params["model"]
        if name not in self.about.names:
            raise ApiError(404, f"there is no model {name!r} here", param="model", code="model_not_found")
        return {**self._model(), "id": name}

    def _native_model(self) -> dict[str, Any]:
        model = self.engine.model
        return {
            "name": self.about.name,
            "digest": self.about.digest,
            "vocab": self.about.vocab,
            "context": self.about.context,
            "has_tokenizer": self.about.has_text,
            "runs_on": model.name,
            "adapters": list(self.about.adapters),
            "best": self.about.best,
            "guides": self.about.guides,
            "timeline": self._timeline is not None,
        }

    async def _health(self, request: Request) -> Response:
        status = "stopping" if self.engine.draining else "failing" if self.engine.fault else "ok"
        data = {"status": status, "queue_size": self.engine.waiting, "current_adapter": self.engine.adapter}
        return JSONResponse(data, 200 if status == "ok" else 503)

    async def _metrics(self, request: Request) -> Response:
        self._admit(request)
        return Response(self.metrics.text(), media_type=CONTENT_TYPE)

    async def _token_timeline(self, request: Request) -> Response:
        self._admit(request, "position")
        if self._timeline is None:
            raise ApiError(
                404, "there is no plan of this chip's engine here: it is not an RTL build", code="no_timeline"
            )
        said = request.query_params.getlist("position") or ["0"]
        if len(said) > 1 or not said[0].isascii() or not said[0].isdecimal() or int(said[0][:9]) >= self.about.context:
            raise wrong_fields([Problem(("position",), f"is a number from 0 to {self.about.context - 1}")])
        loop = asyncio.get_running_loop()
        return JSONResponse(await loop.run_in_executor(self._speller, self._timeline.at, int(said[0])))


# ---------------------------------------------------------------------------------------------------
# What is no answer.


async def _refuse(request: Request, error: ApiError) -> Response:
    request.scope["about"]["code"] = error.code
    headers = error.headers() | ({"www-authenticate": "Bearer"} if error.status == 401 else {})
    return JSONResponse(error.body(), error.status, headers)


async def _no_route(request: Request, error: HTTPException) -> Response:
    words = {
        404: f"there is nothing at {request.url.path}",
        405: f"{request.method} is no method of {request.url.path}",
    }
    told = ApiError(error.status_code, words.get(error.status_code, error.detail), code="no_route")
    return JSONResponse(told.body(), error.status_code, error.headers)


async def _broken(request: Request, error: Exception) -> Response:
    return JSONResponse(ApiError(500, "internal error; the server's log says more").body(), 500)


def _page(name: str) -> Endpoint:
    async def answer(request: Request) -> Response:
        return FileResponse(PAGE / name, headers=SECURE)

    return answer


class Logged:
    """Counts every request and writes its line, whatever became of it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._paths = {
            *PAGE_FILES,
            *CALLS,
            "/v1/models",
            "/models",
            "/openapi.json",
            "/health",
            "/metrics",
            "/timeline",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        about: dict[str, Any] = {}
        scope["about"] = about
        began, status = time.perf_counter(), 499  # as nginx calls a client that left

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            pass
        finally:
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.requests.labels(path, str(status)).inc()
            client = scope["client"][0] if scope.get("client") else None
            line = {"method": scope["method"], "path": scope["path"][:200], "status": status, "client": client}
            line["milliseconds"] = round(1000 * (time.perf_counter() - began), 1)
            level = logging.INFO if status < 500 else logging.WARNING
            log.log(level, "request", extra={"about": {**line, **about}})
