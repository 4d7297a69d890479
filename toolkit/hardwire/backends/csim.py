# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""C-simulation: the HLS project compiled by hls4ml and called like a function.

``step``, ``predict`` and ``trace`` go through hls4ml's ``predict`` of the graph, one token per call;
``generate`` through the token-loop top in the same library. Both share one KV cache, as both run the same
decoder, and so do two objects on one folder: each text starts with a reset.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chip.model import Chip, Formats, Shape
from ..chip.reference import Sampling
from ..emit.hls.graph import require_hls4ml
from ..emit.hls.project import read_meta
from ..errors import BuildError, PromptError, ToolMissing
from ..ops import sampler
from ..ops.fixed import Ints
from ..progress import Stage

STATUS = ("budget", "stop token", "context full", "prompt")  # as enum Status in hls/token_loop.hpp
LARGEST_STOPS = 8
SOURCES = (".cpp", ".h", ".hpp", ".inc", ".sh")


class CSim:
    """A written HLS project as a callable chip. ``compile`` first; the library is kept and found again.

    ``chip`` may be given to check that the project is this chip's. ``status`` tells why the last generate
    ended.
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
        self.position = 0  # of the token loop
        self.status = ""
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
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                graph.compile()
        except Exception as error:  # hls4ml raises a bare Exception and prints what the compiler said
            lines = [line.strip() for line in said.getvalue().splitlines() if line.strip()]
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

    def step(self, token: int, position: int, reset: bool, sampling: Sampling = Sampling()) -> tuple[Ints, int]:
        """Feed one token; logits [V] and the next token. ``reset`` clears the KV cache first."""
        self._check(token, position)
        inverse = sampler.inverse_temperature(sampling.temperature)
        words = [(sampling.seed >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]
        inputs = [np.array([values], np.float64) for values in ([inverse, *words], [position], [reset], [token])]
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

    def predict(self, tokens: Sequence[int]) -> Ints:
        """Logits [T, V] of tokens [T] from an empty context."""
        return np.stack([self.step(int(t), at, at == 0)[0] for at, t in enumerate(tokens)])

    def trace(self, token: int, position: int, reset: bool, sampling: Sampling = Sampling()) -> dict[str, Ints]:
        """Like ``step``: every stage of this token by the reference's names."""
        s = self.shape
        rows = 3 * s.query_rows + 3 * s.kv_rows + 6 * s.dim + 3 * s.hidden + 2  # with every norm inside a layer
        values = np.zeros(s.layers * rows + 2 * s.dim + s.vocab + 1, np.int64)
        names = ctypes.create_string_buffer(64 * (20 * s.layers + 8))
        record = self._loaded().hw_trace
        record.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64]
        record(values.ctypes.data, values.size, ctypes.addressof(names), len(names))
        try:
            self.step(token, position, reset, sampling)
        finally:
            record(None, 0, None, 0)
        found, start = {}, 0
        for line in names.value.decode().splitlines():
            stage, count = line.split()
            found[stage] = values[start : start + int(count)]
            start += int(count)
        return found

    # -- the token loop ------------------------------------------------------------------------------

    def generate(
        self,
        prompt: Sequence[int],
        budget: int | None = None,
        sampling: Sampling = Sampling(),
        *,
        stops: Sequence[int] = (),
        reset: bool = True,
    ) -> Iterator[int]:
        """Yield tokens after ``prompt`` from the token-loop top, one call of it per token; sets ``status``.

        Without ``reset`` the context continues: the prompt starts with the last token yielded before.
        """
        pending, produced, self.status = list(prompt), 0, "budget"
        while budget is None or produced < budget:
            tokens, _ = self.run(pending, 1, sampling, stops=stops, reset=reset)
            if not tokens:
                return
            yield tokens[0]
            produced += 1
            pending, reset = tokens, False

    def run(
        self,
        prompt: Sequence[int],
        budget: int,
        sampling: Sampling = Sampling(),
        *,
        stops: Sequence[int] = (),
        reset: bool = True,
        logits: bool = False,
    ) -> tuple[list[int], Ints]:
        """One call of the token-loop top: up to ``budget`` tokens; logits [N, V] of each draw if asked."""
        if len(stops) > LARGEST_STOPS:
            raise PromptError(f"{len(stops)} stop tokens; the chip takes {LARGEST_STOPS}")
        for token in prompt:
            self._check(int(token), 0)
        if not 1 <= len(prompt) <= self.shape.context:
            raise PromptError(f"the prompt has {len(prompt)} tokens; 1 to {self.shape.context} fit the context")
        if budget < 0:
            raise PromptError(f"a budget of {budget} tokens; give 0 or more")
        budget = min(budget, self.shape.context)
        tokens, outcome = np.zeros(budget, np.uint32), np.zeros(4, np.uint32)
        rows = np.zeros((budget + 1 if logits else 0, self.shape.vocab), np.int64)
        function = self._loaded().hw_generate
        function.restype = None
        given, halts = np.array(prompt, np.uint32), np.array(stops, np.uint32)
        function(
            _at(given),
            ctypes.c_uint32(len(given)),
            ctypes.c_uint32(budget),
            ctypes.c_int(reset),
            _at(halts),
            ctypes.c_uint32(len(halts)),
            ctypes.c_uint64(sampling.seed),
            ctypes.c_uint32(sampler.inverse_temperature(sampling.temperature)),
            _at(tokens),
            _at(rows) if logits else None,
            _at(outcome),
        )
        self.status, self.position = STATUS[outcome[0]], int(outcome[2])
        return tokens[: outcome[1]].tolist(), rows[: outcome[3]]

    def _check(self, token: int, position: int) -> None:
        if not 0 <= token < self.shape.vocab:
            raise PromptError(f"token {token} is not one of the {self.shape.vocab} of the vocabulary")
        if not 0 <= position < self.shape.context:
            raise PromptError(f"position {position} is beyond the context of {self.shape.context}")

    def _loaded(self) -> ctypes.CDLL:
        if self._library is None:
            raise BuildError(f"{self.folder}: not compiled yet; call compile() first")
        return self._library


def _at(array: NDArray[Any]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
