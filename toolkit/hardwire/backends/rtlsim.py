# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RTL simulation: the Verilator model of a written RTL project as a shared library, called like a function.

Of a project around an HLS core (emit/rtl_hls.py), the core is its C++; all around it is simulated to the cycle.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..chip.model import Chip, Formats, Shape
from ..chip.reference import Sampling
from ..emit.rtl.around_hls import CoreSources, core_of
from ..emit.rtl.packages import ENGINE_PACKAGE, PLAN_PACKAGE
from ..emit.rtl.project import STOPS, TOP, read_meta
from ..errors import BuildError, PromptError, ToolMissing
from ..ops import sampler
from ..ops.fixed import Ints
from ..plan.words import Status
from ..tools.verilator import verilator_root
from .verilator import in_folder, load

_C = ctypes


class _Request(_C.Structure):
    _fields_ = [
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
    ]


@dataclass(frozen=True)
class Outcome:
    """What one request gave."""

    tokens: list[int]
    logits: Ints  # [N, V] of every token that was sampled from, in order
    fetches: Ints  # cycle of each fetch since the request
    status: str  # as the reference's Progress, or "reset"
    position: int
    cycles: int

    @property
    def token_cycles(self) -> list[int]:
        """From each fetch to the next."""
        return [int(c) for c in np.diff(self.fetches)]


class RtlSim:
    """A written RTL project as a callable chip. ``compile`` first; the library is kept and found again."""

    def __init__(self, folder: Path, chip: Chip | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.meta = read_meta(self.folder)
        if chip is not None and self.meta["chip"] != chip.digest:
            raise BuildError(
                f"{self.folder}: made from chip {self.meta['chip'][:12]}, not from {chip.digest[:12]}; "
                "write the RTL project again"
            )
        self.shape, self.formats = Shape(**self.meta["shape"]), Formats(**self.meta["formats"])
        self.status = ""
        self.position = 0
        self._library: ctypes.CDLL | None = None
        self._handle: ctypes.c_void_p | None = None

    # -- building ------------------------------------------------------------------------------------

    def compile(self) -> Path:
        """Verilate and compile unless the library of these sources is there; load it."""
        core = core_of(self.folder, self.meta)
        sources = [self.folder / f"{TOP}.sv", *sorted((self.folder / "rtl").iterdir()), *core.verilog, *core.cpp]
        total = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources) + core.stamp.encode())
        digest = total.hexdigest()[:16]
        library = self.folder / f"lib{TOP}-{digest}.so"
        if not library.is_file():
            self._build(library, core)
        self._open(library)
        return library

    def _open(self, library: Path) -> None:
        self._library = load(library, private="core" in self.meta)
        self._library.hw_new.restype = ctypes.c_void_p
        for name in ("hw_delete", "hw_reset"):
            getattr(self._library, name).argtypes = [ctypes.c_void_p]
        self._library.hw_trace.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        self._library.hw_trace.restype = ctypes.c_uint32
        self._library.hw_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64]
        self.restart()

    def _build(self, library: Path, core: CoreSources) -> None:
        root = verilator_root()
        compiler = shutil.which("g++")
        if compiler is None:
            raise ToolMissing("g++ is not on PATH; install a C++ compiler (Debian: apt-get install g++)")
        work = self.folder / "obj_dir"
        shutil.rmtree(work, ignore_errors=True)
        _run(
            [
                str(root / "bin" / "verilator_bin"),
                "--cc",
                "-Wall",
                "-O3",
                "--x-assign",
                "fast",
                "--x-initial",
                "fast",
                "--top-module",
                TOP,
                "--Mdir",
                "obj_dir",
                "-y",
                "rtl",
                *(ENGINE_PACKAGE, PLAN_PACKAGE),
                f"{TOP}.sv",
                *map(str, core.verilog),
            ],
            self.folder,
            {**os.environ, "VERILATOR_ROOT": str(root)},
        )
        generated = sorted(work.glob(f"V{TOP}*.cpp"))
        (work / "all.cpp").write_text("".join(f'#include "{path.name}"\n' for path in generated))
        include = root / "include"
        partial = library.with_suffix(".part")
        _run(
            [
                compiler,
                "-shared",
                "-fPIC",
                "-O2",
                "-std=c++17",
                "-w",
                "-DVM_COVERAGE=0",
                "-DVM_TRACE=0",
                f"-I{include}",
                f"-I{include / 'vltstd'}",
                "-Iobj_dir",
                *(f"-I{folder}" for folder in core.headers),
                "obj_dir/all.cpp",
                "rtl/sim.cpp",
                *map(str, core.cpp),
                str(include / "verilated.cpp"),
                str(include / "verilated_threads.cpp"),
                "-lpthread",
                "-o",
                str(partial),
            ],
            self.folder,
            None,
        )
        partial.replace(library)

    def restart(self) -> None:
        """A fresh chip: the ROMs are read again, nothing is in the cache."""
        self.close()
        with in_folder(self.folder):  # the ROM files are named relative to the project
            self._handle = ctypes.c_void_p(self._loaded().hw_new())
        self.reset()

    def close(self) -> None:
        if self._handle is not None:
            self._loaded().hw_delete(self._handle)
            self._handle = None

    def _loaded(self) -> ctypes.CDLL:
        if self._library is None:
            raise BuildError(f"{self.folder}: not compiled yet; call compile() first")
        return self._library

    # -- running -------------------------------------------------------------------------------------

    def reset(self) -> None:
        """The chip's reset line; the context is empty behind it."""
        self._loaded().hw_reset(self._handle)
        self.position = 0

    def trace(self, word: int) -> int:
        """A word of the trace window: a checksum of a stage of the last token (hardwire.trace)."""
        return int(self._loaded().hw_trace(self._handle, word))

    def run(
        self,
        prompt: Sequence[int],
        budget: int | None = None,
        sampling: Sampling = Sampling(),
        *,
        stops: Sequence[int] = (),
        clear: bool = True,
        stall: int = 0,
        abort_after: int = 0,
    ) -> Outcome:
        """One request. Without ``clear`` the context continues. ``stall`` seeds random pauses of both streams."""
        if len(stops) > STOPS:
            raise PromptError(f"{len(stops)} stop tokens; the chip takes {STOPS}")
        for token in prompt:
            if not 0 <= token < self.shape.vocab:
                raise PromptError(f"token {token} is not one of the {self.shape.vocab} of the vocabulary")
        if not len(prompt):
            raise PromptError("the prompt is empty; give at least one token")
        room = self.shape.context + 1
        arrays = (
            np.array(prompt, np.uint32),
            np.array(stops, np.uint32),
            np.zeros(room, np.uint32),
            np.zeros((room, self.shape.vocab), np.int32),
            np.zeros(room, np.uint64),
        )
        given, halts, tokens, logits, fetches = arrays
        at = [array.ctypes.data for array in arrays]
        values = self.meta["parameters"]
        request = _Request(
            at[0],
            len(given),
            0xFFFFFFFF if budget is None else budget,
            int(clear),
            at[1],
            len(halts),
            sampler.inverse_temperature(sampling.temperature),
            sampling.seed,
            stall,
            abort_after,
            self.shape.vocab,
            values["Rows"],
        )
        result = _Result(at[2], room, at[3], room, at[4], room)
        # The simulated core of an HLS project takes about a cycle for each logit, and pauses.
        longest = self.meta["cycles"]["last"] if self.meta["cycles"] else self.shape.vocab + 100
        limit = 8 * longest * (room + len(given)) + 1000
        code = self._loaded().hw_run(self._handle, ctypes.byref(request), ctypes.byref(result), limit)
        if code == 2:
            raise BuildError(f"{self.folder}: the simulation did not end a request within {limit:,} cycles")
        self.status = "reset" if code == 1 else Status(result.status).meaning
        self.position = 0 if code == 1 else int(result.position)
        return Outcome(
            tokens[: result.token_count].tolist(),
            logits[: result.logit_count].astype(np.int64),
            fetches[: result.fetch_count].astype(np.int64),
            self.status,
            self.position,
            int(result.cycles),
        )

    def predict(self, tokens: Sequence[int]) -> Ints:
        """Logits [T, V] of tokens [T] from an empty context."""
        return np.concatenate([self.run([int(t)], 1, clear=i == 0).logits for i, t in enumerate(tokens)])

    def generate(
        self,
        prompt: Sequence[int],
        budget: int | None = None,
        sampling: Sampling = Sampling(),
        *,
        stops: Sequence[int] = (),
        reset: bool = True,
    ) -> Iterator[int]:
        """Yield the tokens of one request; sets ``status``."""
        yield from self.run(prompt, budget, sampling, stops=stops, clear=reset).tokens


def _run(command: list[str], folder: Path, env: dict[str, str] | None) -> None:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        first = next((x for x in lines if x.startswith("%") or "error" in x), lines[0] if lines else "no message")
        raise BuildError(f"{folder}: {Path(command[0]).name} failed: {first}")
