# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: users one after the other, each with his own line.

A user with a hundred answers wanted delays another by one of them, not by a hundred. Bounded, and for threads.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from .errors import ApiError
from .settings import Key

Item = TypeVar("Item")
RETRY = 1.0  # seconds after which a full queue is worth another try


class FairQueue(Generic[Item]):
    """``put`` from any thread, ``take`` from those that work. ``size``: items of all users that wait at most."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lines: OrderedDict[str, deque[Item]] = OrderedDict()  # the first has the next turn
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._lines.values()))

    def put(self, user: str, items: Sequence[Item], most: int) -> None:
        """All of ``items`` or none.

        Raises ApiError: 429 where the user would have more than ``most`` waiting, 503 where all is full or closed.
        """
        with self._changed:
            if self._closed:
                raise stopping()
            waiting = len(self._lines.get(user, ()))
            if waiting + len(items) > most:
                raise ApiError(
                    429,
                    f"{waiting} answers of yours wait, and {most} may; ask again when some have come",
                    code="too_many_waiting",
                    retry_after=RETRY,
                )
            if sum(map(len, self._lines.values())) + len(items) > self._size:
                raise ApiError(
                    503, f"{self._size} answers wait already; ask again", code="queue_full", retry_after=RETRY
                )
            self._lines.setdefault(user, deque()).extend(items)
            self._changed.notify_all()

    def take(self) -> Item | None:
        """The next item; waits for one. None when the queue was closed."""
        with self._changed:
            while not self._lines:
                if self._closed:
                    return None
                self._changed.wait()
            user, line = self._lines.popitem(last=False)
            item = line.popleft()
            if line:
                self._lines[user] = line  # behind everybody else's
            return item

    def drop(self, user: str, item: Item) -> bool:
        """Take an item out, if it still waits."""
        with self._changed:
            line = self._lines.get(user)
            if line is None or item not in line:
                return False
            line.remove(item)
            if not line:
                del self._lines[user]
            return True

    def close(self) -> list[Item]:
        """Take nothing more; what waited."""
        with self._changed:
            self._closed = True
            left = [item for line in self._lines.values() for item in line]
            self._lines.clear()
            self._changed.notify_all()
            return left


def stopping() -> ApiError:
    return ApiError(503, "the server is about to stop; ask another, or ask again", code="stopping", retry_after=5)


class Allowance:
    """What a key may use per minute, as a bucket that fills steadily. One thread."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._requests, self._tokens, self._at = float(key.requests), float(key.tokens), time.monotonic()

    def take_request(self) -> None:
        """Raises ApiError, status 429 with the seconds until there is one again."""
        key, now = self._key, time.monotonic()
        passed, self._at = (now - self._at) / 60, now
        self._requests = min(self._requests + passed * key.requests, float(key.requests))
        self._tokens = min(self._tokens + passed * key.tokens, float(key.tokens))
        if self._tokens <= 0:
            raise _limited(f"{key.tokens} tokens", -self._tokens / key.tokens * 60 + 1)
        if self._requests < 1:
            raise _limited(f"{key.requests} requests", (1 - self._requests) / key.requests * 60)
        self._requests -= 1

    def spend_tokens(self, count: int) -> None:
        """Tokens of an answer, known behind it; the next request waits until they are paid."""
        self._tokens -= count


def _limited(what: str, seconds: float) -> ApiError:
    return ApiError(
        429, f"this key may use {what} a minute; ask again later", code="rate_limit_exceeded", retry_after=seconds
    )
