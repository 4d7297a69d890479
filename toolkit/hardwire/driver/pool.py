# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Who has which stream of a chip: callers from threads and asyncio tasks, in the order in which they came.

Every caller has one stream while its answer lasts. Where all are taken it waits for the next that is free. A caller
whose own thread, or task, holds them all would wait for itself: it takes over the one that was taken first, as a
notebook's cell that is run again takes the chip from the one that was interrupted.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress


class Lease:
    """A caller's hold on stream ``number``. It ends by ``StreamPool.free``, or when the same caller takes it over."""

    __slots__ = ("number", "task", "thread")

    def __init__(self, number: int, thread: int, task: object) -> None:
        self.number, self.thread, self.task = number, thread, task


class _Waiter:
    """A caller in the line. ``tell`` wakes it."""

    def __init__(self, thread: int, task: object, tell: Callable[[], object]) -> None:
        self.thread, self.task, self.tell = thread, task, tell
        self.lease: Lease | None = None


class StreamPool:
    """The streams of a chip, 0 to ``count`` - 1. The one that was used longest ago is taken first."""

    def __init__(self, count: int) -> None:
        self._free, self._held, self._waiting = deque(range(count)), list[Lease](), deque[_Waiter]()
        self._lock = threading.Lock()

    def take(self, number: int | None = None) -> Lease:
        """A lease for this thread, of stream ``number`` where that is free; waits while all are taken."""
        event = threading.Event()
        waiter = _Waiter(threading.get_ident(), _current_task(), event.set)
        if self._enter(waiter, number, lambda lease: lease.thread == waiter.thread):
            try:
                event.wait()
            except BaseException:  # Ctrl-C
                self._leave(waiter)
                raise
        assert waiter.lease is not None
        return waiter.lease

    async def atake(self, number: int | None = None) -> Lease:
        """``take`` for asyncio: other tasks run meanwhile."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop was closed, and nobody waits any more
                loop.call_soon_threadsafe(event.set)

        waiter = _Waiter(threading.get_ident(), _current_task(), tell)
        if self._enter(waiter, number, lambda lease: lease.task is not None and lease.task is waiter.task):
            try:
                await event.wait()
            except BaseException:  # the task is cancelled, or Ctrl-C
                self._leave(waiter)
                raise
        assert waiter.lease is not None
        return waiter.lease

    def free(self, lease: Lease) -> None:
        """Give a stream to who waits longest, or back; nothing for a lease that was taken over."""
        with self._lock:
            if lease not in self._held:
                return
            self._held.remove(lease)
            self._free.append(lease.number)
            self._serve()

    # -- how -----------------------------------------------------------------------------------------

    def _enter(self, waiter: _Waiter, number: int | None, own: Callable[[Lease], bool]) -> bool:
        """Give a caller its lease; whether it has to wait for one."""
        with self._lock:
            if self._free and not self._waiting:
                chosen = number if number is not None and number in self._free else self._free[0]
                self._free.remove(chosen)
                self._grant(waiter, chosen)
            elif not self._free and all(map(own, self._held)):
                self._grant(waiter, self._held.pop(0).number)
            else:
                self._waiting.append(waiter)
            return waiter.lease is None

    def _grant(self, waiter: _Waiter, number: int) -> None:
        waiter.lease = Lease(number, waiter.thread, waiter.task)
        self._held.append(waiter.lease)

    def _serve(self) -> None:
        while self._free and self._waiting:
            waiter = self._waiting.popleft()
            self._grant(waiter, self._free.popleft())
            waiter.tell()

    def _leave(self, waiter: _Waiter) -> None:
        """A caller that waits no more: its place in the line, or what it was given in the same moment, is others'."""
        with self._lock:
            with suppress(ValueError):
                self._waiting.remove(waiter)
        if waiter.lease is not None:
            self.free(waiter.lease)


def _current_task() -> object:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None
