# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The sockets of a server: uvicorn, with bounds on connections and on what a client may keep us waiting for."""

from __future__ import annotations

import asyncio
import json
import threading
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import Service
from .errors import ApiError
from .metrics import log
from .settings import Settings

BUFFER = 16 << 10  # bytes of an answer that wait for a slow reader in this process


class Bounded(H11Protocol):
    """A connection that is closed where headers come too slowly, an answer is not read, or there are too many."""

    bounds = Settings()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._slow: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        transport.set_write_buffer_limits(high=BUFFER)
        if len(self.connections) > self.bounds.connections:
            transport.write(_FULL)
            transport.close()
            return
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._cancel()
        elif self._slow is None:
            self._expect_headers()

    def _expect_headers(self) -> None:
        self._slow = self.loop.call_later(self.bounds.header_seconds, self.transport.abort)

    def _cancel(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def on_response_complete(self) -> None:
        self._cancel()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self.bounds.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)


def _response(error: ApiError) -> bytes:
    """A whole response, for a connection that nothing is read from."""
    body = json.dumps(error.body()).encode()
    headers = {**error.headers(), "content-type": "application/json", "content-length": str(len(body))}
    lines = [f"HTTP/1.1 {error.status} Service Unavailable", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


_FULL = _response(ApiError(503, "too many connections; ask again", code="too_many_connections", retry_after=1))


class Server(uvicorn.Server):
    """uvicorn that, told to stop, refuses what waits and lets what runs end, or tells it in time that it will not."""

    def __init__(self, service: Service) -> None:
        settings = service.settings
        self._service = service
        protocol = type("Bounded", (Bounded,), {"bounds": settings})
        config = uvicorn.Config(
            service.app,
            host=settings.host,
            port=settings.port,
            http=protocol,
            loop="asyncio",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=round(settings.idle_seconds),
            timeout_graceful_shutdown=max(1, round(settings.grace_seconds)),
            h11_max_incomplete_event_size=settings.headers,
        )
        super().__init__(config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        log.info("stop", extra={"about": {"signal": sig, "running": self._service.engine.running}})
        engine = self._service.engine
        engine.drain()
        # So much before uvicorn cuts connections that what runs can still be told.
        timer = threading.Timer(0.8 * self._service.settings.grace_seconds, engine.interrupt)
        timer.daemon = True
        timer.start()
        super().handle_exit(sig, frame)

    @property
    def address(self) -> str:
        """Where it listens, once it does; of port 0 the one that the system chose."""
        sockets = [sock for server in self.servers for sock in server.sockets]
        host, port = (sockets[0].getsockname() if sockets else (self.config.host, self.config.port))[:2]
        return f"http://[{host}]:{port}" if ":" in str(host) else f"http://{host}:{port}"

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            log.info("listening", extra={"about": {"address": self.address, "model": self._service.about.name}})


def run(service: Service) -> None:
    """Serve until SIGTERM or SIGINT; then give the chip back."""
    try:
        Server(service).run()
    finally:
        service.close()
