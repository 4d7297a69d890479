# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip behind memory-mapped registers: pynq.MMIO, the simulated AXI port, or anything that reads and writes words.

chip = MappedChip(pynq.MMIO(0x43C0_0000, 0x8_0000))
for token in chip.stream(Request(ids=(1, 29, 3), budget=20)):
    print(token)

The ring is read without popping, one word per token and one index per batch, and given back behind the batch: so a
read that was aborted, or a program that died, loses nothing. ``reads`` and ``tokens`` count what that cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import LinkError, PromptError, Unsupported
from ..host.registers import ID_BITS, REGISTERS, field, sequence_bits
from ..host.requests import BY_CHIP, TAKEN, Request, RequestState
from .hosted import EMPTY, INDICES, ChipInfo, HostedChip, understood

BATCH = 32  # tokens that a host which is faster than the chip waits for
LONGEST_WAIT = 5e-3  # seconds; of a chip that is slower than this, tokens come one by one
PATIENCE = 64  # tokens' time without a token or a position, and the chip is given up
UNKNOWN_PACE = 1_000  # cycles per token, until a manifest or a request tells
UNKNOWN_SLOWEST = 10_000_000  # cycles that no token takes
DEAD_CLOCK = 2.0  # seconds in which a clock must have moved
LOST = 0.1  # seconds at least, and two of these lulls, in which an interrupt must come
LOST_SIMULATED = 10.0  # of one whose chip's time is simulated
MISSES = 2  # that often in a row a line may stand and nobody be woken; then it is polled
Words = NDArray[np.uint32]
_MASK = INDICES - 1
_IRQS = sum(part.mask for part in next(entry for entry in REGISTERS if entry.name == "irq").fields)


class Bus(Protocol):
    """Registers by their byte address, a word at a time.

    May have ``read_array(address, count)``, words [count] of uint32, each by one aligned read, ``write_array(address,
    words)`` likewise; and, where time is simulated, ``run(cycles)``, which lets it pass.
    """

    def read(self, address: int, /) -> int: ...

    def write(self, address: int, word: int, /) -> Any: ...


class Signal(Protocol):
    """An interrupt line, as pynq.Interrupt is one.

    May have ``acknowledge()``, for what stands between the chip and the processor and remembers a line that fell.
    """

    async def wait(self) -> Any: ...


class ChipFault(RuntimeWarning):
    """A chip was found in its sticky error state, and reset."""


class MappedChip(HostedChip):
    """A chip behind a bus.

    chip_id: the first 32 bits of a chip's digest; another chip is refused. cycles: of a token, by position, as a
    manifest has them: they say how long to wait, and when to give up. interrupt: makes the chip's line for an
    ``astream``, each time anew, since what waits belongs to one event loop; or says why there is none. ``interrupt``
    then tells whether it was awaited, or why the chip was polled.
    A request that runs is left alone: ``resume`` takes it up. Several streams may run requests at once, each from a
    thread or task of its own. Raises LinkError where no chip answers.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        chip_id: int | None = None,
        cycles: Sequence[int] | None = None,
        interrupt: Callable[[], Signal] | str = "this bus brings none",
        of: MappedChip | None = None,
        stream: int = 0,
    ) -> None:
        self._become(stream)
        self.bus, self._make_line = bus, interrupt
        self.interrupt = "not used yet" if callable(interrupt) else f"polled: {interrupt}"
        self._misses = 0
        self.reads = self.writes = self.tokens = 0  # accesses of the bus, and tokens that were given
        self.faults: list[str] = []  # errors that stood when the last request began, or arose in it
        self._turn = 0  # which request is followed
        self._mine: tuple[MappedChip, ...] = ()  # ``streams``
        self._feed = 0  # tokens of its prompt
        self._last: int | None = None  # index behind its last token, if it spends its budget
        self._array: Callable[[int, int], Words] = getattr(bus, "read_array", self._one_by_one)
        self._store: Callable[[int, Words], object] = getattr(bus, "write_array", self._each)
        self._run: Callable[[int], object] | None = getattr(bus, "run", None)
        self._hello = self._read_words(self._at("magic"), 8)
        self._info = understood(self._hello, chip_id)
        self._hz = max(self._info.clock_khz, 1) * 1000
        self._knows_cycles = bool(cycles)
        self.pace = max(1, round(sum(cycles) / len(cycles))) if cycles else UNKNOWN_PACE
        self._slowest = max(cycles) if cycles else UNKNOWN_SLOWEST
        if of is not None:
            self._check_number()
            self._info = replace(self._info, streams=of._info.streams)
        elif self._count_streams() > 1:
            others = [
                MappedChip(bus, chip_id=chip_id, cycles=cycles, interrupt=interrupt, of=self, stream=number)
                for number in range(1, self._info.streams)
            ]
            for chip in (self, *others):
                chip.streams = chip._mine = (self, *others)
        self._sequence = 1 << sequence_bits(self._info.streams)
        self._tags = _tags(self._info.streams, self.number)

    # -- the bus -------------------------------------------------------------------------------------

    def _one_by_one(self, at: int, count: int) -> Words:
        read = self.bus.read
        return np.array([read(offset) for offset in range(at, at + 4 * count, 4)], np.uint32)

    def _read_words(self, at: int, count: int = 1) -> list[int]:
        self.reads += count
        read = self.bus.read
        return [read(offset) for offset in range(at, at + 4 * count, 4)]

    def _write_words(self, at: int, words: Sequence[int]) -> None:
        self.writes += len(words)
        for offset, word in enumerate(words):
            self.bus.write(at + 4 * offset, int(word))

    def _each(self, at: int, words: Words) -> None:
        for offset, word in enumerate(words.tolist()):
            self.bus.write(at + 4 * offset, word)

    def _write_image(self, at: int, words: Words) -> None:
        self.writes += len(words)
        self._store(at, words)

    def pour(self, image: Words) -> None:
        self._turn += 1  # whoever follows a request has lost it
        super().pour(image)
        self._hello = self._read_words(self._at("magic"), 8)

    # -- requests ------------------------------------------------------------------------------------

    def astream(self, request: Request, state: RequestState | None = None) -> AsyncIterator[int]:
        """``stream`` for asyncio: other tasks run while none has come, and behind every batch.

        It waits for the chip's interrupt where there is one, and looks for tokens when that came. Rows of logits and
        stages it has none: they are read between tokens.
        """
        self.limits.check(request)
        chip = self._mine[request.stream] if request.stream != self.number else self
        if chip._singly(request):
            guide = chip._guide(request)
            why = f" ({guide})" if guide and isinstance(guide, str) else ""
            raise Unsupported(
                "rows of logits, stages, log probabilities, guides whose masks are the host's"
                f"{why}: astream has none of them; ask run() or stream()"
            )
        state = state or RequestState()
        state.guided = BY_CHIP if request.guide is not None else ""
        return chip._astream(request, state)

    async def _astream(self, request: Request, state: RequestState) -> AsyncIterator[int]:
        self._begin(request)
        interrupt = line = self._line()
        if interrupt is not None:
            self._settle(interrupt)
            self._write("irq_enable", _IRQS)
        try:
            with contextlib.closing(self._polls(state)) as polls:
                for ids in polls:
                    first = self.index + 1
                    for self.index, token in enumerate(ids, first):
                        yield token
                    if ids:
                        await asyncio.sleep(0)
                    else:
                        line = await self._arrival(line)
        finally:
            if interrupt is not None:
                self._write("irq_enable", 0)

    def reset(self) -> None:
        super().reset()
        self._clear_errors()

    def _begin(self, request: Request) -> None:
        self.faults = []
        if field("status", "error").of(self._read("status")):
            self._report(self._clear_errors(), "stood; the chip was reset")
            super().reset()
            if not request.clear:
                raise PromptError("the chip was reset, so there is nothing to continue; give the whole prompt")
        super()._begin(request)
        self._feed = len(request.ids)
        budget = request.budget
        self._last = (self.index + budget) & _MASK if budget is not None and budget < _MASK else None

    def _abandon(self) -> None:
        status = self._read("status")
        if field("status", "busy").of(status):
            try:
                self.stop()
            except LinkError:
                self._write("control", field("control", "reset").mask)
                self._await_idle()
        self._turn += 1
        self.index = self._read("write_index")
        self._write("read_index", self.index)
        if field("status", "error").of(status):
            self._clear_errors()

    def _start(self, clear: bool) -> None:
        try:
            super()._start(clear)
        except LinkError as error:
            raise self._fault(str(error)) from None

    def _fault(self, cause: str) -> LinkError:
        """The error for what went wrong: where the chip is no longer there, or began anew, it is that."""
        hello = self._read_words(self._at("magic"), 8)
        if hello[2] == 0 and hello[:2] == self._hello[:2] and self.loads():
            return LinkError(EMPTY)
        if hello != self._hello:
            return LinkError(
                f"the FPGA no longer holds this chip (magic {hello[0]:#010x}, ID {hello[2]:08x}): it lost its power, "
                "or another program loaded a bitstream; load the model again"
            )
        if self._requests and self._read("requests") != self._requests:
            return LinkError(
                f"the chip was loaded, reset or used by another program meanwhile ({cause}); what it had said is lost, "
                "ask again"
            )
        return LinkError(cause)

    def _ask_to_start(self, word: int) -> None:
        self._write("control", word)

    def _resume_at(self, index: int) -> None:
        self._write("read_index", index)
        self._turn, self._feed, self._last, self.index = self._turn + 1, 0, None, index

    def _request(self, request: Request, state: RequestState) -> Iterator[int]:
        return self._follow(state, partial(self._begin, request))

    def _follow(self, state: RequestState, begin: Callable[[], None] = lambda: None) -> Iterator[int]:
        """As every chip's; ``begin`` first. Of Python, a token costs what stands in the inner loop, and a caller's."""
        begin()
        with contextlib.closing(self._polls(state)) as polls:
            for ids in polls:
                if not ids:
                    self._pause()
                first = self.index + 1
                for self.index, token in enumerate(ids, first):
                    yield token

    def _polls(self, state: RequestState) -> Generator[list[int], None, None]:
        """Yield tokens that came, batch by batch; an empty one where the caller is to wait. It moves ``index``.

        Whether the request has ended is asked where nothing came twice, or all came that may: so a host that is faster
        than the chip reads the index twice per batch, and nothing else.
        """
        turn, quiet, patience = self._turn, self.index == self._last, _Patience(self)
        try:
            while True:
                count = (self._read("write_index") - self.index) & _MASK
                if not count and quiet:
                    if not self.busy:  # a request that has ended has published everything
                        count = (self._read("write_index") - self.index) & _MASK
                        if not count:
                            break
                    else:
                        patience.spend()
                ids = self._slots(count) if count else []
                yield ids
                if self._turn != turn:
                    raise LinkError(TAKEN)
                self.index &= _MASK
                quiet = not count or self.index == self._last
                if count:
                    self._write("read_index", self.index)
                    self.tokens += len(ids)
                    if count <= 2 * BATCH:  # the host is not behind: a look at once would find little
                        yield []
        except (GeneratorExit, KeyboardInterrupt):
            if self._turn == turn:
                with contextlib.suppress(LinkError):
                    self._abandon()
            raise
        self._end(state)

    def _slots(self, count: int) -> list[int]:
        """Ids of the next tokens, half a ring at most, so that the chip goes on while they are used."""
        index, ring = self.index, self._info.ring
        if count > ring:
            raise self._fault(f"the chip is {count} tokens ahead of the stream; another program read on")
        count = min(count, max(ring // 2, 1), INDICES - index)
        at = index % ring
        to_end = min(count, ring - at)
        words = self._array(self._at("tokens", at), to_end)
        if to_end < count:
            words = np.concatenate([words, self._array(self._at("tokens"), count - to_end)])
        self.reads += count
        first = index % self._sequence
        ids = words - self._tags[first : first + count]  # a wrong tag leaves more than any id
        if ids.max() >= self._info.vocab:
            odd = int(np.argmax(ids >= self._info.vocab))
            raise self._fault(
                f"slot {(index + odd) % ring} of the ring holds {words[odd]:#010x}, which is not token "
                f"{(index + odd) & _MASK}; another program read on, or the bus is disturbed"
            )
        tokens: list[int] = ids.tolist()
        return tokens

    def _end(self, state: RequestState) -> None:
        try:
            super()._end(state)
        except LinkError as error:
            raise self._fault(str(error)) from None
        if not self._knows_cycles and state.position:
            self.pace = max(1, self.run_cycles() // state.position)
        if errors := self._clear_errors():
            self._report(errors, "arose during a request, whose tokens are right")

    def _report(self, errors: set[str], consequence: str) -> None:
        self.faults = sorted(errors)
        warnings.warn(f"errors {', '.join(self.faults)} {consequence}", ChipFault, stacklevel=4)

    # -- time ----------------------------------------------------------------------------------------

    def _lull(self) -> int:
        """Cycles to wait for what comes next: a batch, but not so long that a person would see it."""
        tokens, self._feed = self._feed or min(BATCH, max(self._info.ring // 4, 1)), 0
        return max(self.pace, min(tokens * self.pace, round(LONGEST_WAIT * self._hz)))

    def _pause(self) -> None:
        cycles = self._lull()
        self._run(cycles) if self._run is not None else time.sleep(cycles / self._hz)

    def _line(self) -> Signal | None:
        """The chip's interrupt in this event loop, if it can be had; ``interrupt`` says why not."""
        if not callable(self._make_line):
            return None
        try:
            line = self._make_line()
        except Exception as error:  # whatever a package says where the kernel has no such device
            self.interrupt = f"polled: {str(error) or type(error).__name__}"
            return None
        self.interrupt, self._misses = "awaited", 0
        return line

    async def _arrival(self, line: Signal | None) -> Signal | None:
        """Let other tasks run until something may have come; the line, if it is to be awaited again."""
        cycles = self._lull()
        seconds = cycles / self._hz
        if line is not None:
            return await self._risen(line, max(LOST, 2 * seconds) if self._run is None else LOST_SIMULATED)
        if self._run is not None:
            self._run(cycles)
            seconds = 0.0
        await asyncio.sleep(seconds)
        return None

    async def _risen(self, line: Signal, seconds: float) -> Signal | None:
        """Wait for the interrupt, not for ever. One that does not wake is given up: it costs time, no token."""
        try:
            await asyncio.wait_for(line.wait(), seconds)
            self._misses = 0
        except asyncio.TimeoutError:
            self._misses += self._read("irq") != 0
        except Exception as error:  # pynq's own, of any type
            self.interrupt = f"polled: {str(error) or type(error).__name__}"
            return None
        self._settle(line)
        if self._misses < MISSES:
            return line
        self.interrupt = f"polled: the chip's line stood for {seconds:g} s, {MISSES} times, and woke nobody"
        return None

    def _settle(self, line: Signal) -> None:
        """Lower the line. What comes behind this raises it again, what came before is found by the next look.

        A controller in between remembers a level until that is acknowledged, which it is when it has fallen; one that
        sees edges may lose one thereby, so that the line is lowered once more.
        """
        self._write("irq", _IRQS)
        acknowledge: Callable[[], Any] | None = getattr(line, "acknowledge", None)
        if acknowledge is not None:
            acknowledge()
            self._write("irq", _IRQS)

    def _await_idle(self) -> None:
        patience = _Patience(self)
        while self.busy:
            patience.spend()
            cycles = min(self.pace, round(LONGEST_WAIT * self._hz))
            self._run(cycles) if self._run is not None else time.sleep(cycles / self._hz)

    def hello(self) -> ChipInfo:
        """Ask again what the chip is. Raises LinkError where it is no longer one."""
        found = understood(self._read_words(self._at("magic"), 8), self._info.id)
        return replace(found, streams=self._info.streams)


def _tags(streams: int, stream: int) -> Words:
    """What slots in a row hold above their ids, from any index on: its low bits, and of several streams which it is."""
    bits = sequence_bits(streams)
    names = np.arange(2 << bits, dtype=np.uint32) % (1 << bits)
    return (names | (stream << bits if streams > 1 else 0)).astype(np.uint32) << np.uint32(ID_BITS)


class _Patience:
    """Ends where a chip does not move: by its own cycles, so that a simulated one has its time too."""

    def __init__(self, chip: MappedChip) -> None:
        self._chip = chip
        self._bound = PATIENCE * chip._slowest
        self._progress, self._since = (-1, -1), 0
        self._cycles, self._moved = -1, time.monotonic()

    def spend(self) -> None:
        """Raise LinkError, with the chip reset, where too much time has passed without a token or a position."""
        chip = self._chip
        progress, cycles, now = (chip.index, chip.position), chip.cycles(), time.monotonic()
        if progress != self._progress:
            self._progress, self._since = progress, cycles
        elif cycles - self._since > self._bound:
            self._give_up(f"nothing moves for {self._bound:,} cycles at position {progress[1]}")
        if cycles != self._cycles:
            self._cycles, self._moved = cycles, now
        elif now - self._moved > DEAD_CLOCK:
            self._give_up(f"its clock stands still for {DEAD_CLOCK:g} s")

    def _give_up(self, why: str) -> None:
        chip = self._chip
        chip._write("control", field("control", "reset").mask)
        again = "it was reset" if not chip.busy else "it does not reset, load the bitstream again"
        raise chip._fault(f"the chip hangs: {why}; {again}")
