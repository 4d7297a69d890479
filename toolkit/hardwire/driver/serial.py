# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip on a board with a serial line.

chip = SerialChip("/dev/ttyUSB0")
for token in chip.stream([1, 29, 3], budget=20):
    print(token)

Tokens have indices that never repeat, and the chip keeps each until it is told that it arrived: so a token is neither
lost nor given twice, whatever the line does to the frames between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import LinkError, PromptError
from ..ops.sampler import inverse_temperature
from ..reference import Progress, Sampling
from . import frames
from .link import BAUDS, Link, NoAnswer, Port, SerialPort
from .registers import ID_BITS, MAGIC, REASONS, REGISTERS, SEQUENCE_BITS, VERSION, address, field

UNLIMITED = 0xFFFFFFFF
STARTS = 5
QUIET_SHARE = 4  # of the timeout: so long without a pushed token, and the ring is looked at
HUNG = 20  # looks at a busy chip without a token, before it is given up
_INDEX = 1 << 32
_SEQUENCE = 1 << SEQUENCE_BITS


@dataclass(frozen=True)
class ChipInfo:
    """What a chip says of itself."""

    id: int  # the first 32 bits of the digest of the .chip that it was made from
    vocab: int
    context: int
    ring: int
    stops: int
    logit_bits: int  # 0: it keeps no logits for the host
    logit_lanes: int
    logit_fraction: int
    clock_khz: int


@dataclass(frozen=True)
class _Look:
    slots: list[int]
    write_index: int
    busy: bool
    position: int


class SerialChip:
    """A chip behind a port: the name of a serial port, or an object with ``read`` and ``write`` (see ``Port``).

    ``baud``: of a named port; without it, those of ``BAUDS`` are tried until a chip answers.
    ``chip_id``: the first 32 bits of a chip's digest; another chip is refused. A request that runs is left alone:
    ``resume`` takes it up. Raises LinkError where no chip answers within ``timeout`` seconds, five times.
    """

    def __init__(
        self, port: str | Port, *, chip_id: int | None = None, baud: int | None = None, timeout: float = 0.5
    ) -> None:
        self.index = 0  # of the next token that a stream gives
        self.reason = "none"  # why the last request ended
        self.link, hello = _reach(port, BAUDS if baud is None else (baud,), timeout)
        self._info = _understood(hello, chip_id)
        self._write("stream", 0)
        self._clear_errors()

    def info(self) -> ChipInfo:
        return self._info

    @property
    def position(self) -> int:
        """Tokens in the chip's context."""
        return self._read("position")

    @property
    def busy(self) -> bool:
        return bool(field("status", "busy").of(self._read("status")))

    def cycles(self) -> int:
        """The chip's clock cycles since power-up, 64 bits."""
        low, high = self.link.read(address("cycles_low"), 2)
        return low | high << 32

    def run_cycles(self) -> int:
        """Cycles that the engine worked on the last request."""
        return self._read("run_cycles")

    # -- requests ------------------------------------------------------------------------------------

    def stream(
        self,
        prompt: Sequence[int],
        budget: int | None = None,
        sampling: Sampling = Sampling(),
        stops: Sequence[int] = (),
        *,
        clear: bool = True,
        progress: Progress | None = None,
    ) -> Iterator[int]:
        """Yield the tokens of a request. What still runs is stopped, and its tokens are dropped.

        Without ``clear`` the context continues, with the last token fed first; the prompt may then be empty.
        A stream that is closed early stops the chip. Raises PromptError for what the chip cannot take, LinkError.
        """
        budget = UNLIMITED if budget is None else budget
        self._check(prompt, budget, stops, clear)
        return self._request(prompt, budget, sampling, stops, clear, progress or Progress())

    def generate(
        self,
        prompt: Sequence[int],
        budget: int | None = None,
        sampling: Sampling = Sampling(),
        stops: Sequence[int] = (),
        *,
        clear: bool = True,
    ) -> list[int]:
        """All tokens of ``stream``."""
        return list(self.stream(prompt, budget, sampling, stops, clear=clear))

    def resume(self, index: int | None = None, progress: Progress | None = None) -> Iterator[int]:
        """Yield what is left of a request that another ``SerialChip`` began: tokens from ``index`` on, or from the
        first that nobody acknowledged. Raises LinkError for tokens that are not in the chip."""
        write_index, read_index = self.link.read(address("write_index"), 2)
        index = read_index if index is None else index % _INDEX
        if (index - read_index) % _INDEX > (write_index - read_index) % _INDEX:
            raise LinkError(f"no token {index} in the chip; it holds {read_index} to {write_index}, the last not yet")
        self._write("read_index", index)
        self.link.pushed.clear()
        self._write("stream", 1)
        self.index = index
        return self._follow(progress or Progress())

    def stop(self) -> None:
        """End the request behind the token that is being computed; its tokens stay readable. Nothing else changes."""
        self._write("control", field("control", "stop").mask)
        self._await_idle()

    def reset(self) -> None:
        """End the request at once and empty the context."""
        self._write("control", field("control", "reset").mask)
        self._await_idle()

    def logits(self) -> NDArray[np.int64]:
        """The logits [V] of the last token sampled, in units of 2**-logit_fraction. Raises LinkError while busy."""
        info = self._info
        if not info.logit_bits:
            raise LinkError("this chip keeps no logits for the host; build it with a logit window")
        if self.busy:
            raise LinkError("logits change while a request runs; read them behind it")
        pitch = 1 << (info.logit_lanes - 1).bit_length()
        rows = -(-info.vocab // info.logit_lanes)
        words = np.array(self.link.read(address("logits"), rows * pitch), np.uint32).astype(np.int32)
        return words.reshape(rows, pitch)[:, : info.logit_lanes].reshape(-1)[: info.vocab].astype(np.int64)

    # -- how -----------------------------------------------------------------------------------------

    def _check(self, prompt: Sequence[int], budget: int, stops: Sequence[int], clear: bool) -> None:
        info = self._info
        if not (0 if not clear else 1) <= len(prompt) <= info.context:
            raise PromptError(f"the prompt has {len(prompt)} tokens; 1 to {info.context} fit the context")
        if not 0 <= budget <= UNLIMITED:
            raise PromptError(f"a budget of {budget} tokens; give 0 or more")
        if len(stops) > info.stops:
            raise PromptError(f"{len(stops)} stop tokens; the chip takes {info.stops}")
        for token in (*prompt, *stops):
            if not 0 <= token < info.vocab:
                raise PromptError(f"token {token} is not one of the {info.vocab} of the vocabulary")

    def _request(
        self,
        prompt: Sequence[int],
        budget: int,
        sampling: Sampling,
        stops: Sequence[int],
        clear: bool,
        progress: Progress,
    ) -> Iterator[int]:
        self._abandon()
        valid = field("stop_token", "valid").mask
        halts = [valid | token for token in stops] + [0] * (self._info.stops - len(stops))
        seed = sampling.seed
        settings = [len(prompt), budget, inverse_temperature(sampling.temperature), seed & 0xFFFFFFFF, seed >> 32]
        self.link.write(address("length"), settings + halts)
        self.link.write(address("prompt"), list(prompt))
        self._start(clear)
        yield from self._follow(progress)

    def _abandon(self) -> None:
        """The chip idle, its ring empty, no error, and nothing of before on its way."""
        self._write("stream", 0)
        if self.busy:
            self.stop()
        self.index = self._read("write_index")
        self._write("read_index", self.index)
        self._clear_errors()
        self.link.pushed.clear()

    def _start(self, clear: bool) -> None:
        """Start and stream, exactly once: whether a start whose answer was lost took place says its counter."""
        before = self._read("requests")
        word = field("control", "start").mask | (field("control", "clear").mask if clear else 0)
        for _ in range(STARTS):
            with contextlib.suppress(NoAnswer):
                self.link.write(address("control"), [word, 1], tries=1)
            if self._read("requests") != before:
                self._write("stream", 1) if not field("status", "stream").of(self.link.status) else None
                return
            errors = self._clear_errors()
            if errors == {"refused"}:
                raise PromptError("the chip has nothing to continue: its context is empty; give a prompt")
            if errors & {"range", "address"}:
                raise LinkError(f"the chip did not take the request ({', '.join(sorted(errors))}); reset it")
        raise LinkError(f"the request did not begin, {STARTS} times; check the cable and the baud rate")

    def _follow(self, progress: Progress) -> Iterator[int]:
        """Yield tokens from ``index`` on until the request has ended and the last was given."""
        acknowledged, silent, seen = self.index, 0, (-1, -1)
        try:
            while True:
                frame = self.link.wait_pushed(self.link.timeout / QUIET_SHARE)
                slots = frame.words if frame is not None and frame.op == frames.TOKENS else ()
                yield from self._fresh(slots)
                if not slots or self._ahead(slots[-1]) < _SEQUENCE // 2:
                    # The end, silence, or a frame was lost: what does the chip say?
                    look = self._look()
                    yield from self._fresh(look.slots)
                    if not look.busy and look.write_index == self.index:
                        break
                    silent = silent + 1 if seen == (self.index, look.position) else 0
                    seen = self.index, look.position
                    if silent > HUNG:
                        raise LinkError(
                            f"nothing moves for {HUNG * self.link.timeout / QUIET_SHARE:g} s; reset the chip"
                        )
                if (self.index - acknowledged) % _INDEX >= max(self._info.ring // 4, 1):
                    self._write("read_index", self.index)
                    acknowledged = self.index
            self._write("read_index", self.index)
        except (GeneratorExit, KeyboardInterrupt):
            with contextlib.suppress(LinkError):
                self._abandon()
            raise
        self.reason = progress.status = REASONS[field("status", "reason").of(self._read("status"))]
        progress.position = self.position

    def _ahead(self, slot: int) -> int:
        """How far a slot's token is ahead of the one that is wanted; half of the range and more is behind it."""
        return ((slot >> ID_BITS) - self.index) % _SEQUENCE

    def _fresh(self, slots: Sequence[int]) -> Iterator[int]:
        """Yield what is next among slots that follow each other; ``index`` follows."""
        for slot in slots:
            if self._ahead(slot) == 0:
                self.index = (self.index + 1) % _INDEX
                yield slot & ((1 << ID_BITS) - 1)

    def _look(self) -> _Look:
        """What the ring holds from ``index`` on."""
        status, write_index, _, _, _, position = self.link.read(address("status"), 6)
        ring = self._info.ring
        slots: list[int] = []
        at, count = self.index % ring, (write_index - self.index) % _INDEX
        if count > ring:
            raise LinkError(f"the chip is at token {write_index}, the stream at {self.index}; another program read on")
        for first, some in ((at, min(count, ring - at)), (0, max(0, count - (ring - at)))):
            slots += self.link.read(address("tokens", first), some) if some else []
        return _Look(slots, write_index, bool(field("status", "busy").of(status)), position)

    def _await_idle(self) -> None:
        deadline = self.link.now() + HUNG * self.link.timeout
        while self.busy:
            if self.link.now() > deadline:
                raise LinkError(f"the chip is still busy after {HUNG * self.link.timeout:g} s; press its reset button")

    def _clear_errors(self) -> set[str]:
        """Names of the errors that stood; none stands behind it."""
        word = self._read("error")
        if word:
            self._write("error", word)
        parts = next(register for register in REGISTERS if register.name == "error").fields
        return {part.name for part in parts if part.of(word)}

    def _read(self, name: str) -> int:
        return self.link.read(address(name))[0]

    def _write(self, name: str, word: int) -> None:
        self.link.write(address(name), [word])


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


def _understood(hello: Sequence[int], chip_id: int | None) -> ChipInfo:
    magic, version, found, vocab, context, ring, shape, clock = hello
    if magic != MAGIC or version != VERSION:
        raise LinkError(
            f"what answers is no chip of this version: magic {magic:#010x}, map {version}, not {MAGIC:#010x}, "
            f"{VERSION}; load a bitstream of this version"
        )
    if chip_id is not None and found != chip_id:
        raise LinkError(f"the board holds chip {found:08x}, not {chip_id:08x}; load the right bitstream")
    part = {each: field("shape", each).of(shape) for each in ("stops", "logit_bits", "logit_lanes", "logit_fraction")}
    return ChipInfo(id=found, vocab=vocab, context=context, ring=ring, clock_khz=clock, **part)
