# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RTL simulation: the Verilator model of a written RTL project as a shared library, called like a function.

Of a project around an HLS core (emit/rtl_hls.py), the core is its C++; all around it is simulated to the cycle.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chip.model import Chip, Formats, Shape
from ..driver.guide_memory import NO_ROOM, fitting
from ..driver.guide_tables import GuideTables
from ..emit.rtl.around_hls import core_of
from ..emit.rtl.contents import Cast, Words
from ..emit.rtl.loads import packages
from ..emit.rtl.packages import ENGINE_PACKAGE, PLAN_PACKAGE
from ..emit.rtl.project import TOP, best_of, guide_words_of, read_meta
from ..errors import BuildError, PromptError, Unsupported
from ..host.requests import (
    BY_CHIP,
    CHECKSUMS,
    NONE_ALLOWED,
    RESET,
    STOP_TOKEN,
    Limits,
    Outcome,
    Request,
    RequestState,
    Stages,
    WholeRequests,
    token_loop,
)  # fmt: skip
from ..host.sampling import choice_fields, mask_words, read_drawn
from ..ops.choice import NO_TOKEN, Chosen
from ..ops.fixed import Ints
from ..plan.choice import class_bits
from ..plan.geometry import Geometry
from ..plan.schedule import schedule
from ..plan.trace import checksum_words
from ..plan.words import Status
from .verilator import Simulation, build, in_folder, load

_C = ctypes
SHIM = "rtl/sim.cpp"


class _Request(_C.Structure):
    _fields_ = [
        ("stream", _C.c_uint32),
        ("after", _C.c_uint64),
        ("prompt", _C.c_void_p),
        ("prompt_length", _C.c_uint32),
        ("budget", _C.c_uint32),
        ("clear", _C.c_uint32),
        ("stops", _C.c_void_p),
        ("stop_count", _C.c_uint32),
        ("inverse", _C.c_uint32),
        ("seed", _C.c_uint64),
        ("stall", _C.c_uint32),
        ("abort_after", _C.c_uint64),
        ("vocab", _C.c_uint32),
        ("groups", _C.c_uint32),
        ("choice", _C.c_void_p),
        ("mask", _C.c_void_p),
        ("classes", _C.c_void_p),
        ("table", _C.c_void_p),
        ("table_words", _C.c_uint32),
        ("guide_state", _C.c_uint32),
        ("drafts", _C.c_uint32),
    ]


class _Result(_C.Structure):
    _fields_ = [
        ("tokens", _C.c_void_p),
        ("token_room", _C.c_uint32),
        ("logits", _C.c_void_p),
        ("logit_room", _C.c_uint32),
        ("fetches", _C.c_void_p),
        ("fetch_room", _C.c_uint32),
        ("token_count", _C.c_uint32),
        ("logit_count", _C.c_uint32),
        ("fetch_count", _C.c_uint32),
        ("status", _C.c_uint32),
        ("position", _C.c_uint32),
        ("cycles", _C.c_uint64),
        ("drawn", _C.c_void_p),
        ("none", _C.c_uint32),
    ]


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What one request gave, with what only a simulation sees."""

    tokens: list[int]
    logits: Ints  # [N, V] of every token that was sampled from, in order
    fetches: Ints  # cycle of each fetch since the request
    status: str  # as host/requests.py names them, or "reset"
    position: int
    cycles: int
    drawn: tuple[Chosen, ...] = ()  # of each token, where log probabilities were asked for

    @property
    def token_cycles(self) -> list[int]:
        """Cycles from each fetch of a token to the next, one fewer than fetches."""
        return [int(c) for c in np.diff(self.fetches)]


class RtlSim(WholeRequests):
    """A written RTL project as a callable chip. ``compile`` first; the library is kept and found again.

    Cycles are those of the RTL. ``chip`` is needed for the names of stages, where the project has a trace window.
    """

    name = "the RTL simulation"

    def __init__(self, folder: Path, chip: Chip | None = None) -> None:
        self.folder, self.chip = Path(folder).resolve(), chip
        self.meta = read_meta(self.folder)
        if chip is not None and self.meta["chip"] != chip.digest:
            raise BuildError(
                f"{self.folder}: made from chip {self.meta['chip'][:12]}, not from {chip.digest[:12]}; "
                "write the RTL project again"
            )
        self.shape, self.formats = Shape(**self.meta["shape"]), Formats(**self.meta["formats"])
        self._library: ctypes.CDLL | None = None
        self._handle: ctypes.c_void_p | None = None
        self._one = threading.Lock()  # threads may ask, one runs
        self._guided: dict[int, bytes] = {}  # which automaton each stream holds

    # -- building ------------------------------------------------------------------------------------

    def compile(self) -> Path:
        """Verilate and compile unless the library of these sources is there; load it."""
        library = build(self.simulation(), self.folder / "obj_dir")
        self._open(library)
        return library

    def simulation(self) -> Simulation:
        """The library to verilate: packages, top, modules by their names, and the C++ around them."""
        core = core_of(self.folder, self.meta)
        ours = (*packages(self.folder, (ENGINE_PACKAGE, PLAN_PACKAGE)), f"{TOP}.sv")
        return Simulation(
            top=TOP,
            sources=(*(self.folder / name for name in ours), *core.verilog),
            shim=(self.folder / SHIM, *core.cpp),
            library=True,
            modules=(self.folder / "rtl",),
            includes=core.headers,
            flags=("--x-assign", "fast", "--x-initial", "fast"),
            strict=True,
            stamp=core.stamp,
        )

    def _open(self, library: Path) -> None:
        self._library = load(library, private="core" in self.meta)
        self._library.hw_new.restype = ctypes.c_void_p
        for name in ("hw_delete", "hw_reset"):
            getattr(self._library, name).argtypes = [ctypes.c_void_p]
        self._library.hw_trace.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        self._library.hw_trace.restype = ctypes.c_uint32
        self._library.hw_load.argtypes = [_C.c_void_p, _C.c_void_p, _C.c_uint64]
        self._library.hw_run.argtypes = [_C.c_void_p, _C.c_void_p, _C.c_void_p, _C.c_uint32, _C.c_uint64]
        self.restart()

    def restart(self) -> None:
        """A fresh chip: the ROMs are read again, nothing is in the cache."""
        self.close()
        self._handle = self._new()
        self.__dict__.pop("limits", None)  # of a chip that was poured in
        self._guided.clear()
        self.reset()

    def _new(self) -> ctypes.c_void_p:
        with in_folder(self.folder):  # the ROM files are named relative to the project
            return ctypes.c_void_p(self._loaded().hw_new())

    def close(self) -> None:
        if self._handle is not None:
            self._loaded().hw_delete(self._handle)
            self._handle = None

    def _loaded(self) -> ctypes.CDLL:
        if self._library is None:
            raise BuildError(f"{self.folder}: not compiled yet; call compile() first")
        return self._library

    # -- contents ------------------------------------------------------------------------------------

    def reprint(self, chip: Chip) -> None:
        """Write another chip of the same mould into the memories; its context is empty then. Raises BuildError for a
        frozen build, or another mould."""
        self.load_image(self._cast.image(chip))

    def load_image(self, image: Words) -> None:
        """Write an image into the memories, whatever it holds: its frame is for the registers, which are not here."""
        body = np.ascontiguousarray(image[1:-2])
        self._loaded().hw_load(self._handle, body.ctypes.data, len(body))
        self.position, self.pending = 0, None
        if at := self._cast.positions_at:
            self.limits = replace(self.limits, context=int(image[at]))

    @property
    def _cast(self) -> Cast:
        return Cast.read(self.meta, self.folder)

    # -- requests ------------------------------------------------------------------------------------

    @cached_property
    def limits(self) -> Limits:
        traced = (self.meta.get("geometry") or {}).get("trace", False)
        return Limits(
            name=self.name,
            vocab=self.shape.vocab,
            context=self.meta["parameters"]["Context"],
            streams=self.meta["parameters"]["Streams"],
            best=min(best_of(self.meta), self.shape.vocab),
            guide_words=guide_words_of(self.meta),
            stages=CHECKSUMS if traced and self.chip is not None else "",
            no_stages="it keeps no checksums; build it with --geometry trace=1",
        )

    def reset(self) -> None:
        """The chip's reset line; every context is empty behind it."""
        self._loaded().hw_reset(self._handle)
        for context in self.contexts:
            context.position, context.pending = 0, None

    def trace(self, word: int) -> int:
        """A word of the trace window: a checksum of a stage of the last token (plan/trace.py)."""
        return int(self._loaded().hw_trace(self._handle, word))

    def stages(self) -> Stages:
        """The checksum [1] of every stage of the last token."""
        if not self.limits.stages:
            raise Unsupported(f"stages: {self.name} cannot give them, {self.limits.no_stages}")
        return {name: np.array([self.trace(word)], np.int64) for name, word in self._words.items()}

    @cached_property
    def _words(self) -> dict[str, int]:
        assert self.chip is not None  # limits have seen to it
        return checksum_words(self.chip, schedule(self.chip, Geometry(**self.meta["geometry"])))

    def guides(self, request: Request) -> bool:
        return request.rows <= 1 and not request.stages and isinstance(self._guide(request), GuideTables)

    def _guide(self, request: Request) -> GuideTables | str:
        """A guide as the engine takes it, or why the host has to give its masks."""
        words, vocab = guide_words_of(self.meta), self.shape.vocab
        if request.guide is None or not words:
            return NO_ROOM
        return fitting(request.guide, request.stops, words, class_bits(vocab))

    def _told(self, request: Request) -> GuideTables | None:
        """A request's guide. Raises Unsupported where the engine does not take it."""
        guide = None if request.guide is None else self._guide(request)
        if isinstance(guide, str):
            raise Unsupported(f"guide: {self.name} cannot follow it, {guide}; ask run(), which gives masks")
        return guide

    def answer(self, request: Request) -> Outcome:
        """One request of the engine; where the prompt is scored, or stages are asked for, one for each token."""
        known, before = self.known(request), self.before(request)
        if request.rows > 1 or request.stages:
            outcome = self._fed_singly(request, known, before)
        else:
            outcome = self._as_a_whole(request, known)
        self.note(request, outcome)
        return outcome

    def _as_a_whole(self, request: Request, known: Sequence[int]) -> Outcome:
        # A request that fed nothing has cleared the context here, and not in the chip.
        clear = request.clear or not self.before(request)
        run = self._simulate([Asked(replace(request, ids=tuple(known), rows=0, clear=clear))], 0)[0]
        prompt, cycles = self._cycles(run, bool(request.options()))
        return Outcome(
            ids=tuple(run.tokens),
            status=run.status,
            position=run.position,
            logits=run.logits if request.rows else self.rows_of([]),
            cycles=cycles,
            prompt_cycles=prompt,
            total_cycles=run.cycles,
            drawn=run.drawn,
            guided=BY_CHIP if request.guide is not None else "",
        )

    def _fed_singly(self, request: Request, known: Sequence[int], before: int) -> Outcome:
        """The token loop here and its tokens in the engine: so each has logits, and stays in the trace window."""
        state, scored, total = RequestState(position=before), before + len(known) - request.rows, 0

        def feed(token: int, position: int) -> int:
            nonlocal total
            one = replace(request, ids=(token,), budget=1, stops=(), clear=position == 0, rows=0, stages=False)
            run = self._simulate([Asked(one)], 0)[0]
            total += run.cycles
            part = self._cycles(run, bool(request.options()))[1]
            if part is not None and position < before + len(known) - 1:
                state.prompt_cycles = [*(state.prompt_cycles or ()), *part]
            elif part is not None:
                state.cycles = [*(state.cycles or ()), *part]
            if position >= scored:
                state.logits.append(run.logits[0])
            if position >= scored and request.stages:
                state.stages.append(self.stages())
            if run.status == NONE_ALLOWED:
                return NO_TOKEN
            if position >= before + len(known) - 1 and run.tokens[0] not in request.stops:
                state.drawn += run.drawn
            return run.tokens[0]

        ids = tuple(token_loop(feed, known, request, state, self.limits.context))
        if state.cycles is not None:  # a stop token's are no token's
            state.cycles = state.cycles[: len(ids)]
        return replace(self.outcome(ids, state, 0.0), total_cycles=total)

    def _cycles(self, run: Simulated, extended: bool) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
        """Of the known tokens but the last, and of each that was given."""
        end = self._end_of_choice if extended else self._end
        if end is None or not run.fetches.size:
            return (None, None) if end is None else ((), ())
        spans = [*run.token_cycles, run.cycles - int(run.fetches[-1]) - end]
        drawn = len(run.tokens) + (run.status in (STOP_TOKEN, NONE_ALLOWED))
        inner = len(spans) - drawn
        return tuple(spans[:inner]), tuple(spans[inner : inner + len(run.tokens)])

    @cached_property
    def _end(self) -> int | None:
        """Cycles by which a request ends later than the next token would have been fetched: the same at all positions.

        Found by a second chip. None around an HLS core, whose cycles only Vitis HLS knows.
        """
        if "core" in self.meta or self.shape.context < 2:
            return None
        return self._measured_end(Request(ids=(0,)))

    @cached_property
    def _end_of_choice(self) -> int | None:
        """The same of a request with options."""
        return None if self.shape.context < 2 else self._measured_end(Request(ids=(0,), top_k=1))

    def _measured_end(self, request: Request) -> int:
        with self._another():
            double, single = (self._simulate([Asked(replace(request, budget=budget))], 0)[0] for budget in (2, 1))
        return single.cycles - int(single.fetches[0]) - double.token_cycles[0]

    @contextmanager
    def _another(self) -> Any:
        """Within the block the handle is a second chip, just reset."""
        handle, self._handle = self._handle, self._new()
        try:
            self._loaded().hw_reset(self._handle)
            yield
        finally:
            self._loaded().hw_delete(self._handle)
            self._handle = handle

    # -- the bench -----------------------------------------------------------------------------------

    def simulate(
        self,
        prompt: Sequence[int],
        budget: int | None = None,
        *,
        temperature: float = 0.0,
        seed: int = 0,
        stops: Sequence[int] = (),
        clear: bool = True,
        stall: int = 0,
        abort_after: int = 0,
        stream: int = 0,
    ) -> Simulated:
        """One request of the engine itself, which feeds ``prompt`` and nothing before it.

        ``stall`` seeds random pauses of both streams; a reset comes behind ``abort_after`` cycles, where that is not 0.
        """
        asked = Request(
            stream=stream, ids=tuple(prompt), budget=budget, temperature=temperature, seed=seed, stops=tuple(stops),
            clear=clear,
        )  # fmt: skip
        return self._simulate([Asked(asked, stall=stall)], abort_after)[0]

    def together(self, asked: Sequence[Asked]) -> list[Simulated]:
        """Requests of different streams, in the engine at once. Cycles of all count from the first cycle."""
        return self._simulate(asked, 0)

    def _simulate(self, asked: Sequence[Asked], abort_after: int) -> list[Simulated]:
        if not all(one.request.ids for one in asked):
            raise PromptError("the prompt is empty; give at least one token")
        room, best = self.limits.context + 1, best_of(self.meta)
        calls = [_Call.of(one, room, self.shape.vocab, best, self._told(one.request)) for one in asked]
        rows, vocab = self.meta["parameters"]["Rows"], self.shape.vocab
        held = [self._guided.get(one.request.stream) for one in asked]
        told = (call.request(rows, vocab, abort_after, at) for call, at in zip(calls, held, strict=True))
        requests = (_Request * len(asked))(*told)
        results = (_Result * len(asked))(*(call.result() for call in calls))
        # The simulated core of an HLS project takes about a cycle for each logit, and pauses.
        longest = self.meta["cycles"]["last"] if self.meta["cycles"] else self.shape.vocab + 100
        tokens = sum(self.limits.context + 1 + len(one.request.ids) for one in asked)
        limit = 8 * longest * tokens + 1000 + max(one.after for one in asked)
        with self._one:
            code = self._loaded().hw_run(self._handle, requests, results, len(asked), limit)
        for one in calls:
            if one.guide is not None:
                self._guided[one.asked.request.stream] = one.guide.digest
        if code == 2:
            raise BuildError(f"{self.folder}: the simulation did not end a request within {limit:,} cycles")
        return [call.simulated(result, code == 1) for call, result in zip(calls, results, strict=True)]


@dataclass(frozen=True)
class Asked:
    """A request with what only a simulation takes. ``stall`` seeds random pauses of its streams of tokens, 0: none;
    it begins ``after`` so many cycles."""

    request: Request
    stall: int = 0
    after: int = 0


@dataclass(frozen=True, eq=False)
class _Call:
    """The arrays of one request, which the library reads and writes."""

    asked: Asked
    ids: Ints
    stops: Ints
    tokens: Ints
    logits: Ints
    fetches: Ints
    choice: NDArray[np.uint32]  # fields of choice_t; [0] of a request without options, as the next two
    mask: NDArray[np.uint32]
    drawn: Ints
    guide: GuideTables | None

    @classmethod
    def of(cls, asked: Asked, room: int, vocab: int, best: int, guide: GuideTables | None) -> _Call:
        """With room for so many tokens."""
        return cls(
            asked,
            np.array(asked.request.ids, np.uint32),
            np.array(asked.request.stops, np.uint32),
            np.zeros(room, np.uint32),
            np.zeros((room, vocab), np.int32),
            np.zeros(room, np.uint64),
            choice_fields(asked.request),
            mask_words(asked.request),
            np.zeros((room if asked.request.logprobs is not None else 0, 3 + 2 * best), np.int64),
            guide,
        )

    def request(self, rows: int, vocab: int, abort_after: int, held: bytes | None) -> _Request:
        """held: the automaton that the stream holds, by its digest; another is written."""
        asked, guide = self.asked.request, self.guide
        written: tuple[int | None, int | None, int] = (None, None, 0)
        if guide is not None and guide.digest != held:
            written = (_address(guide.classes), _address(guide.table), len(guide.table))
        budget = 0xFFFFFFFF if asked.budget is None else min(asked.budget, 0xFFFFFFFF)
        return _Request(
            asked.stream, self.asked.after, self.ids.ctypes.data, len(self.ids), budget, int(asked.clear),
            self.stops.ctypes.data, len(self.stops), asked.inverse, asked.seed, self.asked.stall, abort_after,
            vocab, rows, _address(self.choice), _address(self.mask), *written, 0 if guide is None else guide.start,
            int(asked.drafts),
        )  # fmt: skip

    def result(self) -> _Result:
        room = len(self.tokens)
        at = [array.ctypes.data for array in (self.tokens, self.logits, self.fetches)]
        return _Result(at[0], room, at[1], room, at[2], room, drawn=_address(self.drawn))

    def simulated(self, result: _Result, aborted: bool) -> Simulated:
        status = Status(result.status).meaning
        if status == STOP_TOKEN and result.none:  # as the engine has it; what was drawn last says more
            status = NONE_ALLOWED
        return Simulated(
            tokens=self.tokens[: result.token_count].tolist(),
            logits=self.logits[: result.logit_count].astype(np.int64),
            fetches=self.fetches[: result.fetch_count].astype(np.int64),
            status=RESET if aborted else status,
            position=0 if aborted else int(result.position),
            cycles=int(result.cycles),
            drawn=tuple(
                read_drawn(token, record.tolist())
                for token, record in zip(self.tokens[: result.token_count].tolist(), self.drawn, strict=False)
            ),
        )


def _address(array: NDArray[Any]) -> int | None:
    return array.ctypes.data if array.size else None
