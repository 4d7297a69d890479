# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip on a board with a serial line.

chip = SerialChip("/dev/ttyUSB0")
for token in chip.stream(Request(ids=(1, 29, 3), budget=20)):
    print(token)

Tokens have indices that never repeat, and the chip keeps each until it is told that it arrived: so a token is neither
lost nor given twice, whatever the line does to the frames between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import LinkError
from ..host import frames
from ..host.frames import BAUDS
from ..host.registers import ID_BITS, address, field, sequence_bits
from ..host.requests import RequestState
from .hosted import INDICES, HostedChip, understood
from .link import Link, NoAnswer, Port, SerialPort

QUIET_SHARE = 4  # of the timeout: so long without a pushed token, and the ring is looked at
HUNG = 20  # looks at a busy chip without a token, before it is given up


@dataclass(frozen=True)
class _Look:
    slots: list[int]
    write_index: int
    busy: bool
    position: int


class SerialChip(HostedChip):
    """A chip behind a port: the name of a serial port, or an object with ``read`` and ``write`` (see ``Port``).

    ``baud``: of a named port; without it, those of ``BAUDS`` are tried until a chip answers.
    ``chip_id``: the first 32 bits of a chip's digest; another chip is refused. A request that runs is left alone:
    ``resume`` takes it up. Several streams may run requests at once, each from a thread of its own; ``of`` and
    ``stream`` are for the chip's own use. Raises LinkError where no chip answers within ``timeout`` seconds, five
    times.
    """

    def __init__(
        self,
        port: str | Port,
        *,
        chip_id: int | None = None,
        baud: int | None = None,
        timeout: float = 0.5,
        of: SerialChip | None = None,
        stream: int = 0,
    ) -> None:
        self._become(stream)
        if of is None:
            self.link, hello = _reach(port, BAUDS if baud is None else (baud,), timeout)
            self._info = understood(hello, chip_id)
            if self._count_streams() > 1:
                others = [SerialChip(port, of=self, stream=number) for number in range(1, self._info.streams)]
                for chip in (self, *others):
                    chip.streams = (self, *others)
        else:
            self.link, self._info = of.link, of._info
            self._check_number()
        self._indices = 1 << sequence_bits(self._info.streams)  # that a slot tells apart
        self._write("stream", 0)
        self._clear_errors()

    def close(self) -> None:
        """Give a port of this computer to others."""
        if isinstance(self.link.port, SerialPort):
            self.link.port.close()

    # -- how -----------------------------------------------------------------------------------------

    def _read_words(self, at: int, count: int = 1) -> list[int]:
        return self.link.read(at, count)

    def _write_words(self, at: int, words: Sequence[int]) -> None:
        self.link.write(at, words)

    def _abandon(self) -> None:
        """The chip idle, its ring empty, no error, and nothing of before on its way."""
        self._write("stream", 0)
        if self.busy:
            self.stop()
        self.index = self._read("write_index")
        self._write("read_index", self.index)
        self._clear_errors()
        self.link.pushed[self.number].clear()

    def _ask_to_start(self, word: int) -> None:
        """The stream begins behind the start in the same frame; an answer that is lost leaves both open."""
        with contextlib.suppress(NoAnswer):
            self.link.write(self._at("control"), [word, 1], tries=1)

    def _start(self, clear: bool) -> None:
        super()._start(clear)
        if not field("status", "stream").of(self.link.status[self.number]):
            self._write("stream", 1)

    def _resume_at(self, index: int) -> None:
        self._write("read_index", index)
        self.link.pushed[self.number].clear()
        self._write("stream", 1)
        self.index = index

    def _follow(self, state: RequestState) -> Iterator[int]:
        """Yield tokens from ``index`` on until the request has ended and the last was given."""
        acknowledged, silent, progress = self.index, 0, (-1, -1)
        try:
            while True:
                frame = self.link.wait_pushed(self.link.timeout / QUIET_SHARE, self.number)
                slots = frame.words if frame is not None and frame.op == frames.TOKENS else ()
                yield from self._fresh(slots)
                if not slots or self._ahead(slots[-1]) < self._indices // 2:
                    # The end, silence, or a frame was lost: what does the chip say?
                    look = self._look()
                    yield from self._fresh(look.slots)
                    if not look.busy and look.write_index == self.index:
                        break
                    silent = silent + 1 if progress == (self.index, look.position) else 0
                    progress = self.index, look.position
                    if silent > HUNG:
                        raise LinkError(
                            f"nothing moves for {HUNG * self.link.timeout / QUIET_SHARE:g} s; reset the chip"
                        )
                if (self.index - acknowledged) % INDICES >= max(self._info.ring // 4, 1):
                    self._write("read_index", self.index)
                    acknowledged = self.index
            self._write("read_index", self.index)
        except (GeneratorExit, KeyboardInterrupt):
            with contextlib.suppress(LinkError):
                self._abandon()
            raise
        self._end(state)

    def _ahead(self, slot: int) -> int:
        """How far a slot's token is ahead of the one that is wanted; half of the range and more is behind it."""
        return ((slot >> ID_BITS) - self.index) % self._indices

    def _fresh(self, slots: Sequence[int]) -> Iterator[int]:
        """Yield what is next among slots that follow each other; ``index`` follows."""
        for slot in slots:
            if self._ahead(slot) == 0:
                self.index = (self.index + 1) % INDICES
                yield slot & ((1 << ID_BITS) - 1)

    def _look(self) -> _Look:
        """What the ring holds from ``index`` on."""
        status, write_index, _, _, _, position = self.link.read(self._at("status"), 6)
        ring = self._info.ring
        slots: list[int] = []
        at, count = self.index % ring, (write_index - self.index) % INDICES
        if count > ring:
            raise LinkError(f"the chip is at token {write_index}, the stream at {self.index}; another program read on")
        for first, some in ((at, min(count, ring - at)), (0, max(0, count - (ring - at)))):
            slots += self.link.read(self._at("tokens", first), some) if some else []
        return _Look(slots, write_index, bool(field("status", "busy").of(status)), position)

    def _await_idle(self) -> None:
        deadline = self.link.now() + HUNG * self.link.timeout
        while self.busy:
            if self.link.now() > deadline:
                raise LinkError(f"the chip is still busy after {HUNG * self.link.timeout:g} s; press its reset button")


def _reach(port: str | Port, bauds: Sequence[int], timeout: float) -> tuple[Link, list[int]]:
    """A line on which something answers, and the registers with which a chip introduces itself."""
    for baud in bauds if isinstance(port, str) else bauds[-1:]:
        link = Link(SerialPort(port, baud) if isinstance(port, str) else port, timeout)
        link.port.write(bytes([frames.MARK] * 2))  # ends what another program may have left half said
        try:
            return link, link.read(address("magic"), 8)
        except NoAnswer:
            if baud == bauds[-1]:
                raise
            if isinstance(link.port, SerialPort):
                link.port.close()
    raise LinkError("no rate to try; give one or more")
