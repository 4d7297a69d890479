# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Guides compiled in a thread of their own, users one after the other.

A pattern may take seconds. Prompts of others do not wait for it, and guides of others for one of them at the most.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from .asks import Ask
from .queue import FairQueue, stopping


class Guiding:
    """``make`` compiles what an ask wants; ``size``: asks that wait, of all users."""

    def __init__(self, make: Callable[[Ask], Ask], size: int) -> None:
        self._make = make
        self._queue: FairQueue[tuple[Future[Ask], Ask]] = FairQueue(size)
        self._thread = threading.Thread(target=self._work, name="guides", daemon=True)
        self._thread.start()

    async def guided(self, ask: Ask, user: str, most: int) -> Ask:
        """The ask with its guides. Raises ApiError: 422 for what cannot be compiled, 429 where more than ``most`` of
        the user wait, 503 where all is full."""
        future: Future[Ask] = Future()
        self._queue.put(user, [(future, ask)], most)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Refuse those that wait; blocks until the one that is compiled is done."""
        for future, _ in self._queue.close():
            future.set_exception(stopping())
        self._thread.join()

    def _work(self) -> None:
        while (item := self._queue.take()) is not None:
            future, ask = item
            if not future.set_running_or_notify_cancel():  # who asked has left
                continue
            try:
                future.set_result(self._make(ask))
            except Exception as error:  # whatever it is, it is the answer to one ask
                future.set_exception(error)
