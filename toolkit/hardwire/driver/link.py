# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Registers of a chip at the other end of a serial line: commands, their answers, and another try when none comes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from ..errors import LinkError, ToolMissing
from ..host import frames
from ..host.frames import Frame
from ..host.registers import ADDRESS_BITS, BURST

TRIES = 5
READ_SIZE = 4096
MOST_PUSHED = 4096  # frames that nobody has asked for yet; a chip that pushes more is not one of ours


class Port(Protocol):
    """What carries bytes. ``read`` gives those that came, ``size`` at most, and waits a little for the first."""

    def read(self, size: int = 1) -> bytes: ...

    def write(self, data: bytes) -> int | None: ...


class NoAnswer(LinkError):
    """No answer came back whole and in time; whether the command acted is open."""


class Link:
    """Reads and writes registers. What the chip sends unasked waits in ``pushed``, of each stream by itself.

    Several threads may use one line: commands follow each other, and whoever listens receives for all.
    """

    def __init__(self, port: Port, timeout: float) -> None:
        self.port, self.timeout = port, timeout
        self.now: Callable[[], float] = getattr(port, "now", time.monotonic)
        self.status: defaultdict[int, int] = defaultdict(int)  # the last that the chip told, by stream
        self.retries = 0  # commands that were sent again
        self.pushed: defaultdict[int, deque[Frame]] = defaultdict(lambda: deque(maxlen=MOST_PUSHED))
        self._one = threading.RLock()
        self._answers: deque[Frame] = deque()
        self._splitter = frames.Splitter()
        self._tag = 0

    @property
    def dropped(self) -> int:
        """Frames from the chip that did not come whole."""
        return self._splitter.dropped

    def read(self, address: int, count: int = 1) -> list[int]:
        """``count`` words from ``address`` on. Raises LinkError."""
        words: list[int] = []
        while len(words) < count:
            size = min(BURST, count - len(words))
            at = address + 4 * len(words)
            answer = self._exchange(partial(frames.read_command, address=at, count=size), TRIES)
            if len(answer.words) != size:
                raise LinkError(f"the chip answered {len(answer.words)} words to a command to read {size}; reset it")
            words += answer.words
        return words

    def write(self, address: int, words: Sequence[int], tries: int = TRIES) -> None:
        """Write words from ``address`` on. A command whose answer is lost is sent again, so it may act twice; with
        one try it does not, and NoAnswer leaves open whether it acted. Raises LinkError."""
        for first in range(0, len(words), BURST):
            at, some = address + 4 * first, words[first : first + BURST]
            self._exchange(partial(frames.write_command, address=at, words=some), tries)

    def wait_pushed(self, seconds: float, stream: int = 0) -> Frame | None:
        """The next frame that came of a stream unasked; None when none comes in time."""
        pushed, deadline = self.pushed[stream], self.now() + seconds
        while not pushed and self.now() < deadline:
            with self._one:
                if not pushed:  # another thread may have received it meanwhile
                    self._receive()
        return pushed.popleft() if pushed else None

    def _exchange(self, command: Callable[[int], bytes], tries: int) -> Frame:
        """Send a command until it is answered."""
        with self._one:
            return self._exchanged(command, tries)

    def _exchanged(self, command: Callable[[int], bytes], tries: int) -> Frame:
        refused = 0
        for attempt in range(tries):
            self.retries += attempt > 0
            self._tag = self._tag % 255 + 1
            self._answers.clear()
            self.port.write(command(self._tag))
            answer = self._await(self._tag)
            if answer is not None and answer.op != frames.REFUSED:
                return answer
            refused += answer is not None
        if refused == tries:
            raise NoAnswer(f"the chip refused a command as damaged, {tries} times; check the cable and the baud rate")
        raise NoAnswer(f"no answer within {self.timeout:g} s, {tries} times; check port, baud rate and board")

    def _await(self, tag: int) -> Frame | None:
        """The answer with that tag, or word of a damaged frame; None when nothing comes in time."""
        deadline = self.now() + self.timeout
        damaged = None
        while True:
            while self._answers:
                answer = self._answers.popleft()
                if answer.tag == tag:
                    return answer
                if answer.op == frames.REFUSED:  # ours, or garbage in front of it: a whole answer may still come
                    damaged = answer
                    deadline = min(deadline, self.now() + self.timeout / 4)
            if self.now() >= deadline:
                return damaged
            self._receive()

    def _receive(self) -> None:
        for frame in self._splitter.feed(self.port.read(READ_SIZE)):
            stream = frame.address >> ADDRESS_BITS
            self.status[stream] = frame.status
            (self.pushed[stream] if frame.op in (frames.TOKENS, frames.ENDED) else self._answers).append(frame)


class SerialPort:
    """A serial port of this computer. Raises LinkError where it cannot be opened, ToolMissing without pyserial."""

    def __init__(self, name: str, baud: int) -> None:
        try:
            import serial
        except ImportError:
            raise ToolMissing('serial ports need pyserial; pip install "hardwire[serial]"') from None
        try:
            self._port: Any = serial.Serial(name, baud, timeout=0.02, exclusive=True)
        except (OSError, ValueError) as error:  # serial.SerialException is an OSError
            raise LinkError(f"{name} at {baud} baud: {error}; name the board's port, and see that it is free") from None
        self.name = name

    def read(self, size: int = 1) -> bytes:
        try:
            return bytes(self._port.read(min(size, max(1, self._port.in_waiting))))
        except OSError as error:
            raise LinkError(f"{self.name}: {error}; is the board still connected?") from None

    def write(self, data: bytes) -> int | None:
        try:
            return int(self._port.write(data))
        except OSError as error:
            raise LinkError(f"{self.name}: {error}; is the board still connected?") from None

    def close(self) -> None:
        self._port.close()
