# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What every chip on a board has in common, whatever carries its registers: requests, their checks, logits, info.

A transport gives ``_read_words`` and ``_write_words``, says how tokens come (``_follow``) and how a request is made to
start exactly once. Tokens have indices that never repeat, and the chip keeps each until it is told that it arrived.
"""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError, HardwireError, LinkError, PromptError, Unsupported
from ..host.registers import (
    ADDRESS_BITS,
    CHOOSES,
    DRAFTS,
    KNOWN_VERSIONS,
    LOADER_WINDOW,
    LOADS,
    MAGIC,
    REASONS,
    address,
    field,
    fields_in,
)
from ..host.requests import (
    BY_CHIP,
    BY_HOST,
    CHECKSUMS,
    NONE_ALLOWED,
    NOTHING_TO_CONTINUE,
    STOP_TOKEN,
    Backend,
    Limits,
    Outcome,
    Request,
    RequestState,
    Stages,
    one_by_one,
)  # fmt: skip
from ..host.sampling import mask_words, read_drawn, register_words
from ..ops.choice import Chosen
from .guide_memory import GuideMemory
from .guide_tables import GuideTables

UNLIMITED = 0xFFFFFFFF
READY = 100  # looks at a chip that was told to take contents, which takes it less than one
EMPTY = "the chip's memories hold no chip: a load was cut off, or never made; reprint it, or load the model again"
LOST = "the chip lost the prompt that it was told: it was reset or lost its power meanwhile; ask again"
STARTS = 5
INDICES = 1 << 32  # indices of tokens run modulo this


@dataclass(frozen=True, kw_only=True)
class ChipInfo:
    """A chip's identity and limits, as its registers give them."""

    id: int  # the first 32 bits of the digest of the .chip that it was made from
    vocab: int
    context: int
    ring: int
    stops: int
    logit_bits: int  # 0: it keeps no logits for the host
    logit_lanes: int
    logit_fraction: int
    clock_khz: int
    version: int  # of its register map
    streams: int = 1  # contexts that it holds, each with requests of its own


def understood(hello: Sequence[int], chip_id: int | None) -> ChipInfo:
    """What the first eight registers say. Raises LinkError for what is no chip of ours, or not that one."""
    magic, version, board_id, vocab, context, ring, shape, clock = hello
    if magic != MAGIC or version not in KNOWN_VERSIONS:
        known = " or ".join(map(str, KNOWN_VERSIONS))
        raise LinkError(
            f"what answers is no chip of this version: magic {magic:#010x}, map {version}, not {MAGIC:#010x}, "
            f"{known}; load a bitstream of this version"
        )
    if chip_id is not None and board_id != chip_id:
        raise LinkError(f"the board holds chip {board_id:08x}, not {chip_id:08x}; load the right bitstream")
    part = {name: field("shape", name).of(shape) for name in ("stops", "logit_bits", "logit_lanes", "logit_fraction")}
    return ChipInfo(id=board_id, vocab=vocab, context=context, ring=ring, clock_khz=clock, version=version, **part)


class HostedChip(Backend):
    """A chip that runs requests by itself. Raises LinkError where it does not answer as one.

    Of several streams, ``streams`` has one of these for each: registers, ring and errors are its own, and ``position``,
    ``stop``, ``reset`` and the like are of that stream. A request is run by the one that it names, whichever is asked.

    It keeps the logits and checksums of the last token alone: a request that wants more of them is told to it as one
    for each token, which costs a round of registers each. ``traced``: tells, by its names, where the trace window has
    each stage.
    """

    # Written for every token: in the dictionary of an object with so many attributes that is 400 instructions more.
    __slots__ = ("index",)
    index: int  # of the next token that a stream gives
    reason = "none"  # why the last request ended
    traced: Callable[[], Mapping[str, int]] | None = None
    _words: Mapping[str, int] = {}  # that it told
    _requests = 0  # what the chip's counter said when the last one began
    _chooses = False  # the last one was drawn by the extended sampler
    _info: ChipInfo
    number = 0  # of the stream
    _base = 0  # of its registers
    streams: tuple[HostedChip, ...] = ()  # of the chip, by their numbers

    # -- what a transport gives ----------------------------------------------------------------------

    @abstractmethod
    def _read_words(self, at: int, count: int = 1) -> list[int]:
        """``count`` words from address ``at`` on."""

    @abstractmethod
    def _write_words(self, at: int, words: Sequence[int]) -> None:
        """Write words from address ``at`` on."""

    @abstractmethod
    def _abandon(self) -> None:
        """The chip idle, its ring empty, ``index`` at the next token, no error, and nothing of before on its way."""

    @abstractmethod
    def _ask_to_start(self, word: int) -> None:
        """Write ``control`` once; whether that worked may be open."""

    @abstractmethod
    def _follow(self, state: RequestState) -> Iterator[int]:
        """Yield tokens from ``index`` on until the request has ended and the last was given."""

    @abstractmethod
    def _resume_at(self, index: int) -> None:
        """Make ``_follow`` begin at a token that the ring holds."""

    @abstractmethod
    def _await_idle(self) -> None:
        """Return when no request runs. Raises LinkError when that takes too long."""

    # -- streams -------------------------------------------------------------------------------------

    def _at(self, name: str, index: int = 0) -> int:
        """The address of a register of this stream, or of a word of a window."""
        return address(name, index) + self._base

    def _count_streams(self) -> int:
        """How many the chip has; what it says of itself has that from then on."""
        if self._info.version > 2:  # before, there was one
            self._info = replace(self._info, streams=1 + field("features", "others").of(self._read("features")))
        return self._info.streams

    def _become(self, number: int) -> None:
        """Be the stream of that number, whose registers are behind those of the others."""
        self.index, self.number, self._base = 0, number, number << ADDRESS_BITS
        self._telling = threading.RLock()  # not in the middle of a reset, in which a chip refuses what it is told

    def _check_number(self) -> None:
        """Raise LinkError where the registers are another stream's: addresses that do not reach so far."""
        found = field("features", "stream").of(self._read("features"))
        if found != self.number:
            raise LinkError(
                f"the registers of stream {self.number} say that they are of stream {found}: the bus does not reach "
                "them; build anew"
            )

    # -- what it says --------------------------------------------------------------------------------

    def info(self) -> ChipInfo:
        return self._info

    @property
    def position(self) -> int:
        """Number of tokens in the chip's context."""
        return self._read("position")

    @property
    def busy(self) -> bool:
        return bool(field("status", "busy").of(self._read("status")))

    def cycles(self) -> int:
        """The chip's clock cycles since power-up, 64 bits."""
        low, high = self._read_words(self._at("cycles_low"), 2)
        return low | high << 32

    def run_cycles(self) -> int:
        """Cycles that the engine worked on the last request."""
        return self._read("run_cycles")

    def trace_segments(self) -> int:
        """Segments of the trace window; 0: the chip keeps no checksums."""
        return field("features", "segments").of(self._read("features"))

    def logits(self) -> NDArray[np.int64]:
        """The logits [V] of the last token sampled, in units of 2**-logit_fraction. Raises LinkError while busy."""
        info = self._info
        if not info.logit_bits:
            raise LinkError("this chip keeps no logits for the host; build it with a logit window")
        if self.busy:
            raise LinkError("logits change while a request runs; read them behind it")
        pitch = 1 << (info.logit_lanes - 1).bit_length()
        rows = -(-info.vocab // info.logit_lanes)
        words = np.array(self._read_words(self._at("logits"), rows * pitch), np.uint32).astype(np.int32)
        return words.reshape(rows, pitch)[:, : info.logit_lanes].reshape(-1)[: info.vocab].astype(np.int64)

    # -- contents ------------------------------------------------------------------------------------

    def loads(self) -> bool:
        """Whether its memories can be written."""
        return bool(LOADS.of(self._read("features")))

    def contents(self) -> set[str]:
        """What stands of "whole", "loading", "ready", "foreign", "damaged", of a chip that ``loads``."""
        return fields_in("contents_state", self._read("contents_state"))

    def holds(self) -> bool:
        """Whether the memories of a chip that ``loads`` hold one, and nobody has begun to load another."""
        state = self.contents()
        return "whole" in state and "loading" not in state

    def pour(self, image: NDArray[np.uint32]) -> None:
        """Write an image (``emit.rtl.contents``) into the memories. What runs ends, and the context is empty.

        Raises BuildError for what is no image for this chip, before anything is written, and LinkError where the chip
        does not hold it then. It starts nothing until a later load is whole.
        """
        self._check_image(image)
        self._info = replace(self._info, id=0)
        self._write("contents_state", 1)
        if not any("ready" in self.contents() for _ in range(READY)):
            raise LinkError(f"the chip took no contents, {READY} times asked; reset it and load again")
        for first in range(0, len(image), LOADER_WINDOW.words):
            self._write_image(self._at("contents"), image[first : first + LOADER_WINDOW.words])
        state, taken, held = self.contents(), self._read("contents_taken"), self._read("id")
        if "whole" not in state or held != image[-2]:
            raise LinkError(
                f"the chip does not hold what was loaded: it took {taken} of {len(image)} words and says "
                f"{', '.join(sorted(state)) or 'nothing'}; load again"
            )
        self._info = replace(self._info, id=held, context=self._read("context"))

    def _check_image(self, image: NDArray[np.uint32]) -> None:
        if not self.loads():
            raise BuildError("the chip is frozen: its memories cannot be written; build it with --reprintable")
        length, mould = self._read("contents_length"), self._read("mould")
        if image.dtype != np.uint32 or image.ndim != 1 or len(image) != length:
            raise BuildError(
                f"an image of {image.shape} {image.dtype}, where this chip takes {length} words of uint32; make it "
                "for this build"
            )
        if int(image[0]) != mould:
            raise BuildError(
                f"an image for mould {int(image[0]):08x}, this chip is of {mould:08x}; make it for this build"
            )
        if crc32(image[:-1].astype("<u4").tobytes()) != int(image[-1]):
            raise BuildError("an image whose CRC-32 is not that of its words: it was damaged; make it again")

    def _write_image(self, at: int, words: NDArray[np.uint32]) -> None:
        self._write_words(at, words.tolist())

    # -- the extended sampler ------------------------------------------------------------------------

    @cached_property
    def best(self) -> int:
        """Tokens that its sampler keeps in order; 0: it has the plain one."""
        return self._read("choice_best") if CHOOSES.of(self._read("features")) else 0

    def drawn(self, token: int) -> Chosen:
        """What the draw of the last token gave."""
        state, logit, low, high = self._read_words(self._at("drawn"), 4)
        count = field("drawn", "count").of(state)
        pairs = self._read_words(self._at("best"), 2 * count) if count else []
        signed = np.array([logit, *pairs[1::2]], np.uint32).astype(np.int32).tolist()
        return read_drawn(token, [signed[0], low | high << 32, count, *pairs[::2], *signed[1:]])

    def _tell_choice(self, request: Request) -> None:
        """How the next request draws."""
        self._chooses = bool(request.options())
        if not self._chooses:
            if self.best:
                self._write("choice_how", 0)
            return
        self._write_words(self._at("choice_how"), register_words(request))
        if request.allowed is not None:
            self._write_words(self._at("mask"), mask_words(request).tolist())
        if isinstance(guide := self._guide(request), GuideTables):
            self.guide_memory.begin(guide)

    @cached_property
    def guide_memory(self) -> GuideMemory:
        """Of this stream."""
        return GuideMemory(self._read, self._write, lambda window, words: self._write_image(self._at(window), words))

    def _guide(self, request: Request) -> GuideTables | str:
        """What the chip's automaton is for a request, or why it is none; "" without a guide."""
        if request.guide is None:
            return ""
        if request.rows or request.logprobs is not None:
            return "rows of logits and log probabilities are read token by token"
        return self.guide_memory.fitting(request.guide, request.stops)

    def _singly(self, request: Request) -> bool:
        """Whether a request is told to the chip as one for each token."""
        by_host = request.guide is not None and isinstance(self._guide(request), str)
        return bool(request.rows) or request.logprobs is not None or by_host

    # -- requests ------------------------------------------------------------------------------------

    @cached_property
    def drafts(self) -> bool:
        """Whether it guesses tokens in passes of idle streams, for requests that let it."""
        return bool(DRAFTS.of(self._read("features")))

    @property
    def limits(self) -> Limits:
        info = self._info
        return Limits(
            name="this board",
            vocab=info.vocab,
            context=info.context,
            streams=info.streams,
            stops=info.stops,
            best=min(self.best, info.vocab),
            guide_words=self.guide_memory.room[0] if self.best else 0,
            rows=1 if info.logit_bits else 0,
            stages=CHECKSUMS if self.traced is not None else "",
            no_rows="it has no logit window; build it with one",
            no_stages="it has no trace window; build it with --geometry trace=1",
        )

    def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
        """Yield the tokens of a request. What still runs is stopped, and its tokens are dropped.

        A stream that is closed early stops the chip. Raises PromptError for what the chip cannot take, LinkError.
        """
        self.limits.check(request)
        state = state or RequestState()
        if request.stream != self.number:
            return self.streams[request.stream].stream(request, state)
        if request.guide is not None:
            guide = self._guide(request)
            state.guided = f"{BY_HOST}: {guide}" if isinstance(guide, str) else BY_CHIP
        if self._singly(request):
            return one_by_one(self._scored, request, state)
        return self._request(request, state)

    def run(self, request: Request) -> Outcome:
        """All of ``stream``. ``total_cycles`` are the chip's own count; it has none for a single token."""
        outcome = super().run(request)
        chip = self.streams[request.stream] if request.stream != self.number else self
        return outcome if chip._singly(request) else replace(outcome, total_cycles=chip.run_cycles())

    def _scored(self, part: Request) -> Outcome:
        """A request for one token, with what is kept of it."""
        began, state = time.perf_counter(), RequestState()
        ids = tuple(self._request(part, state))
        if ids and part.logprobs is not None:
            state.drawn.append(self.drawn(ids[0]))
        if part.rows and (ids or state.status in (STOP_TOKEN, NONE_ALLOWED)):  # otherwise nothing was drawn
            state.logits.append(self.logits())
            if part.stages:
                state.stages.append(self.stages())
        return self.outcome(ids, state, began)

    def stages(self) -> Stages:
        """The checksum [1] of every stage of the last token."""
        if self.traced is None:
            raise Unsupported(f"stages: {self.limits.name} cannot give them, {self.limits.no_stages}")
        self._words = self._words or self.traced()
        return {
            name: np.array(self._read_words(self._at("trace", word)), np.int64) for name, word in self._words.items()
        }

    def resume(self, index: int | None = None, state: RequestState | None = None) -> Iterator[int]:
        """Yield what is left of a request that another program began: tokens from ``index`` on, or from the first that
        nobody acknowledged. Raises LinkError for tokens that are not in the chip."""
        self._resume_at(self._index_in_ring(index))
        return self._follow(state or RequestState())

    def stop(self) -> None:
        """End the request behind the token that is being computed; its tokens stay readable. Nothing else changes."""
        self._write("control", field("control", "stop").mask)
        self._await_idle()

    def reset(self) -> None:
        """End the request at once and empty the context."""
        with self._telling:
            self._write("control", field("control", "reset").mask)
            self._await_idle()

    # -- how -----------------------------------------------------------------------------------------

    def _request(self, request: Request, state: RequestState) -> Iterator[int]:
        self._begin(request)
        yield from self._follow(state)

    def _begin(self, request: Request) -> None:
        """Tell the chip a request, which then runs."""
        self._abandon()
        valid = field("stop_token", "valid").mask
        halts = [valid | token for token in request.stops] + [0] * (self._info.stops - len(request.stops))
        budget = UNLIMITED if request.budget is None else min(request.budget, UNLIMITED)
        settings = [len(request.ids), budget, request.inverse, request.seed & 0xFFFFFFFF, request.seed >> 32]
        with self._telling:
            self._write_words(self._at("length"), settings + halts)
            self._write_words(self._at("prompt"), request.ids)
            if self.drafts:
                self._write("drafts", int(request.drafts))
            self._tell_choice(request)
        try:
            self._start(request.clear)
        except HardwireError as error:
            self.guide_memory.forget()  # a chip that was reset meanwhile may have taken a part of it
            if isinstance(error, PromptError) and request.ids:
                raise LinkError(LOST) from None
            raise

    def _start(self, clear: bool) -> None:
        """Start exactly once: whether a start that is not known to have arrived took place says its counter."""
        before = self._read("requests")
        word = field("control", "start").mask | (field("control", "clear").mask if clear else 0)
        for _ in range(STARTS):
            self._ask_to_start(word)
            self._requests = self._read("requests")
            if self._requests != before:
                return
            errors = self._clear_errors()
            if errors == {"refused"}:
                if self.loads() and not self.holds():
                    raise LinkError(EMPTY)
                raise PromptError(NOTHING_TO_CONTINUE)
            if errors & {"range", "address"}:
                raise LinkError(f"the chip did not take the request ({', '.join(sorted(errors))}); reset it")
        raise LinkError(f"the request did not begin, {STARTS} times; check the cable and the baud rate")

    def _end(self, state: RequestState) -> None:
        """Note why the request ended, and where."""
        code = field("status", "reason").of(self._read("status"))
        if code >= len(REASONS) or (code == 0 and self._requests):  # without one there is none to end
            raise LinkError(f"a request ended, and the chip says why by {code}, which is no reason; reset it")
        self.reason = state.status = REASONS[code]
        if self._chooses and state.status == STOP_TOKEN and field("drawn", "none").of(self._read("drawn")):
            state.status = NONE_ALLOWED
        state.position = self.position

    def _index_in_ring(self, index: int | None) -> int:
        """``index``, or that of the first token that nobody acknowledged, if the ring holds it or it comes next."""
        write_index, read_index = self._read_words(self._at("write_index"), 2)
        index = read_index if index is None else index % INDICES
        if (index - read_index) % INDICES > (write_index - read_index) % INDICES:
            raise LinkError(f"no token {index} in the chip; it holds {read_index} to {write_index}, the last not yet")
        return index

    def _clear_errors(self) -> set[str]:
        """Names of the errors that stood; none stands behind it."""
        word = self._read("error")
        if word:
            self._write("error", word)
        return fields_in("error", word)

    def _read(self, name: str) -> int:
        return self._read_words(self._at(name))[0]

    def _write(self, name: str, word: int) -> None:
        self._write_words(self._at(name), [word])
