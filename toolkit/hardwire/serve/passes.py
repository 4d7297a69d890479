# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether an answer passes: a pattern or a schema of a stranger's, in a process of its own with a bound on its time.

Python's re cannot be interrupted, and a pattern like (a+)+b takes longer than anybody waits: it runs in a child that is
ended when its time is over, and started anew for the next. The child speaks JSON, a line per question. ``python -m
hardwire.serve.passes`` is that child.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from ..driver.schema import patterns, text_fits
from .errors import ApiError

LONGEST_LINE = 1 << 22  # bytes; an answer is shorter than a context
START_SECONDS = 20.0  # a board takes a while to start Python
MEMORY = 1 << 30  # bytes of the child's address space


def passes(text: str, until: Mapping[str, Any]) -> bool:
    """Whether a text passes. Raises re.error, or RecursionError for what nests too deep."""
    if "regex" in until:
        return re.fullmatch(until["regex"], text) is not None
    return text_fits(text, until["json_schema"])


def check_patterns(until: Mapping[str, Any]) -> None:
    """Raises ApiError, status 422, for a pattern that is none."""
    for pattern in [until["regex"]] if "regex" in until else patterns(until["json_schema"]):
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise ApiError(
                422,
                f"until: {pattern[:60]!r} is no pattern of Python's re: {error}",
                param="until",
                code="invalid_value",
            ) from None


class Judge:
    """Asks the child, one question at a time. ``seconds``: for one answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def passes(self, text: str, until: Mapping[str, Any]) -> bool:
        """Raises ApiError where that takes too long or cannot be told."""
        line = json.dumps({"text": text, "until": until}).encode() + b"\n"
        async with self._turn:
            answer = await self._ask(line)
        if "error" in answer:
            raise ApiError(422, f"until: {answer['error']}", param="until", code="invalid_value")
        return bool(answer["passes"])

    async def _ask(self, line: bytes) -> dict[str, Any]:
        try:
            child = self._child or await self._start()
            assert child.stdin is not None and child.stdout is not None
            child.stdin.write(line)
            said = await asyncio.wait_for(child.stdout.readline(), self._seconds)
            if not said:
                raise ConnectionError
            answer: dict[str, Any] = json.loads(said)
            return answer
        except asyncio.TimeoutError:
            reason = f"takes longer than {self._seconds:g} s on an answer; give a simpler one"
        except (OSError, ValueError):
            reason = "cannot be told here: its process ended; give a simpler one"
        except asyncio.CancelledError:
            await self.close()  # the child is in the middle of an answer that nobody reads
            raise
        await self.close()
        return {"error": f"the pattern {reason}"}

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        child = self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, stdin=pipe, stdout=pipe, limit=LONGEST_LINE
        )
        assert child.stdout is not None
        await asyncio.wait_for(child.stdout.readline(), START_SECONDS)  # it says that it is there
        return child

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()


def main() -> None:
    """The child: a line in, a line out."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print("{}", flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer: dict[str, Any] = {"passes": passes(question["text"], question["until"])}
        except (re.error, RecursionError, MemoryError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
