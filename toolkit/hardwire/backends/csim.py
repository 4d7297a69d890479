# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""C-simulation: the HLS project compiled by hls4ml and called like a function.

Requests go through the token-loop top of the library; those that score their prompt or want stages through hls4ml's
``predict`` of the graph, one token per call (``step``), in a loop here. Both share one KV cache, as both run the same
decoder, and so do two objects on one folder: one that goes on behind the other's request is refused.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chip.model import Chip, Formats, Shape
from ..emit.hls.graph import require_hls4ml
from ..emit.hls.project import read_meta
from ..errors import BuildError, LinkError, PromptError, ToolMissing
from ..host.requests import (
    ENDS,
    NONE_ALLOWED,
    TAKEN,
    VALUES,
    Limits,
    Outcome,
    Request,
    RequestState,
    Stages,
    WholeRequests,
    token_loop,
)  # fmt: skip
from ..host.sampling import mask_words, read_drawn
from ..ops.choice import NO_TOKEN, Chosen
from ..ops.fixed import Ints
from ..progress import Stage

NONE_IN_KERNEL = 4  # hw::NONE_ALLOWED
SOURCES = (".cpp", ".h", ".hpp", ".inc", ".sh")

_users: dict[Path, int] = {}  # of each library, which object began the context that is in it


class CSim(WholeRequests):
    """A written HLS project as a callable chip. ``compile`` first; the library is kept and found again.

    ``chip`` may be given to check that the project is this chip's. C++ has no clock: cycles are None.
    """

    def __init__(self, folder: Path, chip: Chip | None = None) -> None:
        self.folder = Path(folder).resolve()
        meta = read_meta(self.folder)
        if chip is not None and meta.get("chip") != chip.digest:
            raise BuildError(
                f"{self.folder}: made from chip {str(meta.get('chip'))[:12]}, not from {chip.digest[:12]}; "
                "write the HLS project again"
            )
        self.name = str(meta["name"])
        self.shape, self.formats = Shape(**meta["shape"]), Formats(**meta["formats"])
        self.library_path = self.folder / "firmware" / f"{self.name}-{meta['stamp']}.so"
        self._limits = Limits(
            name="the C-simulation",
            vocab=self.shape.vocab,
            context=self.shape.context,
            best=min(meta.get("best", 0), self.shape.vocab),
            stages=VALUES,
        )
        self._best = meta.get("best", 0)
        self._history = np.zeros(self.shape.context, np.uint32)  # tokens of the context by position
        self._stages: Stages = {}
        self._by_graph = False  # whether the context was fed token by token, past the top's own position
        self._graph: Any = None  # hls4ml's, where hls4ml is installed
        self._library: ctypes.CDLL | None = None

    # -- building ------------------------------------------------------------------------------------

    def compile(self, progress: Stage = lambda stage: None) -> Path:
        """Build the library with hls4ml's ``compile`` unless no source changed since it was; load it.

        Raises ToolMissing without g++ or hls4ml, BuildError with the compiler's first error.
        """
        mark = self.library_path.with_suffix(".sources")
        digest = self._sources_digest()
        if not self.library_path.is_file() or not mark.is_file() or mark.read_text().strip() != digest:
            progress("C++")
            self._build()
            mark.write_text(digest + "\n")
        self._load()
        return self.library_path

    def _sources_digest(self) -> str:
        total = hashlib.sha256()
        for path in sorted(p for p in self.folder.rglob("*") if p.suffix in SOURCES):
            total.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + path.read_bytes())
        return total.hexdigest()

    def _build(self) -> None:
        graph = self._link(require_hls4ml())
        if shutil.which("g++") is None:
            raise ToolMissing("g++ is not on PATH; install a C++ compiler (Debian: apt-get install g++)")
        self.close()
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                graph.compile()
        except Exception as error:  # hls4ml raises a bare Exception and prints what the compiler said
            lines = [line.strip() for line in output.getvalue().splitlines() if line.strip()]
            first = next((line for line in lines if "error" in line.lower()), lines[0] if lines else str(error))
            raise BuildError(f"{self.folder}: C++ compilation failed: {first}") from None
        self._graph = graph

    def _link(self, hls4ml: Any) -> Any:
        """hls4ml's graph of the written project: it can compile and predict, and writes nothing."""
        graph = hls4ml.converters.link_existing_project(self.folder)
        graph.config.config["OutputDir"] = str(self.folder)  # the file says ".", wherever the folder lies
        return graph

    def _load(self) -> None:
        """Open the library for ctypes and, where hls4ml is installed, for its predict."""
        if self._library is None:
            self._library = ctypes.CDLL(str(self.library_path))
        if self._graph is None:
            try:
                self._graph = self._link(require_hls4ml())
                self._graph._top_function_lib = ctypes.CDLL(str(self.library_path))  # what its compile() would set
            except ToolMissing:
                self._graph = None  # a compiled library runs without hls4ml: see _call

    def close(self) -> None:
        """Unload the library, and its KV cache with it."""
        import _ctypes

        handles = [self._library, self._graph and self._graph._top_function_lib]
        self._graph = self._library = None
        for library in handles:
            if library is not None:
                _ctypes.dlclose(library._handle)

    # -- one token per call, through hls4ml's predict -------------------------------------------------

    def step(self, token: int, position: int, clear: bool, request: Request = Request()) -> tuple[Ints, int]:
        """Feed one token; logits [V] and the next token, by the request's temperature and seed.

        ``clear`` empties the KV cache first.
        """
        self._check(token, position)
        words = [(request.seed >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]
        inputs = [
            np.array([values], np.float64) for values in ([request.inverse, *words], [position], [clear], [token])
        ]
        logits, drawn = self._call(inputs)
        return logits.astype(np.int64), int(drawn[0])

    def _call(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        if self._graph is not None:
            return [np.asarray(out).reshape(-1) for out in self._graph.predict(inputs)]
        function = getattr(self._loaded(), f"{self.name}_double")  # the function that predict calls
        tensors = [a.reshape(-1) for a in inputs] + [np.zeros(self.shape.vocab), np.zeros(1)]
        function.restype = None
        function(*(t.ctypes.data_as(ctypes.c_void_p) for t in tensors))
        return tensors[4:]

    def _traced(self, token: int, position: int, clear: bool, request: Request) -> tuple[Ints, int]:
        """``step``, with every stage of this token kept."""
        s = self.shape
        rows = 3 * s.query_rows + 3 * s.kv_rows + 6 * s.dim + 3 * s.hidden + 2  # with every norm inside a layer
        values = np.zeros(s.layers * rows + 2 * s.dim + s.vocab + 1, np.int64)
        names = ctypes.create_string_buffer(64 * (20 * s.layers + 8))
        record = self._loaded().hw_trace
        record.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64]
        record(values.ctypes.data, values.size, ctypes.addressof(names), len(names))
        try:
            result = self.step(token, position, clear, request)
        finally:
            record(None, 0, None, 0)
        stages, start = {}, 0
        for line in names.value.decode().splitlines():
            stage, count = line.split()
            stages[stage] = values[start : start + int(count)]
            start += int(count)
        self._stages = stages
        return result

    # -- requests ------------------------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        return self._limits

    def stages(self) -> Stages:
        """The values [N] of every stage of the last token that was fed with stages asked for."""
        return self._stages

    def answer(self, request: Request) -> Outcome:
        """One call of the token-loop top, or of the graph for each token where the top has no such answer."""
        known, before = self.known(request), self.before(request)
        if not request.clear and _users.get(self.library_path) != id(self):
            raise LinkError(TAKEN)
        _users[self.library_path] = id(self)
        beyond = len(known) > self.shape.context - before  # which the top would refuse, where others fill the context
        self._by_graph = (self._by_graph and not request.clear) or request.rows > 1 or request.stages or beyond
        outcome = self._fed_singly(request, known, before) if self._by_graph else self._as_a_whole(request, known)
        fed = [*known, *outcome.ids][: outcome.position - before]
        self._history[before : before + len(fed)] = fed
        self.note(request, outcome)
        return outcome

    def _fed_singly(self, request: Request, known: Sequence[int], before: int) -> Outcome:
        state = RequestState(position=before)
        scored = before + len(known) - request.rows if request.rows else self.shape.context

        def feed(token: int, position: int) -> int:
            self._history[position] = token
            scoring = position >= scored
            step = self._traced if scoring and request.stages else self.step
            logits, drawn = step(token, position, position == 0, request)
            if scoring:
                state.logits.append(logits)
            if scoring and request.stages:
                state.stages.append(self._stages)
            if not request.options() or position < before + len(known) - 1:
                return drawn
            chosen = self._draw(logits, position, request)
            if request.logprobs is not None and chosen.token not in (NO_TOKEN, *request.stops):
                state.drawn.append(chosen)
            return chosen.token

        ids = tuple(token_loop(feed, known, request, state, self.shape.context))
        return self.outcome(ids, state, 0.0)

    def _draw(self, logits: Ints, position: int, request: Request) -> Chosen:
        """A draw of the top's sampler from logits [V], behind the tokens that were fed."""
        record, mask = np.zeros(4 + 2 * self._best, np.int64), mask_words(request)
        self._loaded().hw_draw(
            _at(np.ascontiguousarray(logits, np.int64)),
            ctypes.c_uint32(position),
            ctypes.c_uint64(request.seed),
            ctypes.c_uint32(request.inverse),
            _at(_narrowing(request)),
            _at(mask) if mask.size else None,
            _at(self._history),
            _at(record),
        )
        return read_drawn(int(record[0]), record[1:].tolist())

    def _as_a_whole(self, request: Request, known: Sequence[int]) -> Outcome:
        most = self.shape.context + 1  # one more than there can be, so that a full context is what ends it
        budget = most if request.budget is None else min(request.budget, most)
        tokens, ended = np.zeros(budget, np.uint32), np.zeros(4, np.uint32)
        rows = np.zeros((budget + 1 if request.rows else 0, self.shape.vocab), np.int64)
        function = self._loaded().hw_generate
        function.restype = None
        prompt, halts = np.array(known, np.uint32), np.array(request.stops, np.uint32)
        told = np.zeros((budget + 1 if request.logprobs is not None else 0, 4 + 2 * self._best), np.int64)
        narrowing, mask = _narrowing(request), mask_words(request)
        extended = (
            ctypes.c_int(bool(request.options())),
            _at(narrowing),
            _at(mask) if mask.size else None,
            _at(told) if told.size else None,
        )
        function(
            _at(prompt),
            ctypes.c_uint32(len(prompt)),
            ctypes.c_uint32(budget),
            ctypes.c_int(request.clear),
            _at(halts),
            ctypes.c_uint32(len(halts)),
            ctypes.c_uint64(request.seed),
            ctypes.c_uint32(request.inverse),
            _at(tokens),
            _at(rows) if request.rows else None,
            _at(ended),
            *(extended if self._best else ()),
        )
        return Outcome(
            ids=tuple(tokens[: ended[1]].tolist()),
            status=NONE_ALLOWED if ended[0] == NONE_IN_KERNEL else ENDS[ended[0]],
            drawn=tuple(read_drawn(int(one[0]), one[1:].tolist()) for one in told[: ended[1]]),
            position=int(ended[2]),
            logits=rows[: ended[3]],
        )

    def _check(self, token: int, position: int) -> None:
        if not 0 <= token < self.shape.vocab:
            raise PromptError(f"token {token} is not one of the {self.shape.vocab} of the vocabulary")
        if not 0 <= position < self.shape.context:
            raise PromptError(f"position {position} is beyond the context of {self.shape.context}")

    def _loaded(self) -> ctypes.CDLL:
        if self._library is None:
            raise BuildError(f"{self.folder}: not compiled yet; call compile() first")
        return self._library


def _narrowing(request: Request) -> NDArray[np.uint32]:
    """hw::Narrowing [6], in the order of its fields."""
    how = request.narrowing
    return np.array([how.top_k, how.top_p, how.grow, how.shrink, request.window, request.guided], np.uint32)


def _at(array: NDArray[Any]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
