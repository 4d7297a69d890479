# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Verilog to a library or program by Verilator and a C++ compiler, kept by the digest of all that goes in."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..errors import BuildError, ToolMissing
from ..progress import Progress
from ..tools.process import Stop, first_error, run_tool
from ..tools.verilator import verilator_root


def load(library: Path, private: bool) -> ctypes.CDLL:
    """A compiled library. ``private``: with state of its own, which the C++ of an HLS core keeps in the library."""
    if not private:
        return ctypes.CDLL(str(library))
    with tempfile.TemporaryDirectory() as folder:  # a file of another name is loaded anew, and may go then
        return ctypes.CDLL(str(shutil.copy(library, folder)))


@contextlib.contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """The current directory for a while: ROM files are named relative to their project."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


# Yosys declares the cells that it has no model of, too; Verilator takes a module's first definition, which is ours.
_QUIET = ("-Wno-lint", "-Wno-style", "-Wno-fatal", "-Wno-MODDUP", "-Wno-MULTIDRIVEN", "--no-timing")


_CHUNK = 12 << 20  # bytes of C++ that one compiler process gets: each reads a header of thousands of signals first


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What Verilator is to make: data, so that it can be looked at without it."""

    top: str
    sources: tuple[Path, ...]
    shim: tuple[Path, ...]  # C++ that drives V<top>, with main() or with C functions for a library
    library: bool = False
    parameters: tuple[tuple[str, int | str], ...] = ()
    includes: tuple[Path, ...] = ()  # folders, for Verilog and C++
    flags: tuple[str, ...] = ()  # more for Verilator
    optimize: str = "-O2"
    prefix: str = ""  # of the generated class, where it is not V<top>

    @property
    def model(self) -> str:
        """Name of the C++ class that Verilator generates."""
        return self.prefix or f"V{self.top}"

    def verilate(self, root: Path, out: Path) -> list[str]:
        """The command that writes the model's C++ into ``out``; ``root`` is Verilator's own folder."""
        values = [f"-G{name}=" + (f'"{v}"' if isinstance(v, str) else str(v)) for name, v in self.parameters]
        return [
            *(str(root / "bin" / "verilator_bin"), "--cc", "-O3", "--top-module", self.top, "--prefix", self.model),
            # In small functions: the compiler's time grows faster than a function.
            *("--Mdir", str(out), "--output-split", "20000", "--output-split-cfuncs", "300"),
            *(*_QUIET, *self.flags, *values),
            *(f"-I{folder}" for folder in self.includes),
            *map(str, self.sources),
        ]

    def digest(self, root: Path) -> str:
        total = hashlib.sha256(json.dumps([self.verilate(root, Path()), self.library, self.optimize]).encode())
        headers = (p for folder in self.includes for p in sorted(folder.glob("*.[hs]*")) if p.is_file())
        for path in (*self.sources, *self.shim, *headers):
            total.update(path.read_bytes())
        return total.hexdigest()


def build(
    simulation: Simulation,
    work: Path,
    progress: Progress = lambda stage, share: None,
    *,
    jobs: int | None = None,
    timeout: float | None = None,
    stop: Stop | None = None,
) -> Path:
    """Verilate and compile; returns the program or library, which is kept and found again.

    Raises BuildError with the tool's first error, ToolMissing without Verilator or a compiler.
    """
    root, compiler = verilator_root(), shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        raise ToolMissing("g++ is not on PATH; install a C++ compiler (Debian: apt-get install g++)")
    digest, work, stop = simulation.digest(root)[:16], work.resolve(), stop or Stop()
    work.mkdir(parents=True, exist_ok=True)
    name = f"lib{simulation.top}-{digest}.so" if simulation.library else f"{simulation.top}-{digest}"
    if (work / name).is_file():
        return work / name
    generated = work / f"obj-{digest}"
    shutil.rmtree(generated, ignore_errors=True)
    generated.mkdir()
    progress("verilate", 0.0)
    step = functools.partial(_step, cwd=work, timeout=timeout, stop=stop)
    step(simulation.verilate(root, generated), log=work / "verilate.log", env={"VERILATOR_ROOT": str(root)})
    progress("compile", 0.4)
    base = [compiler, "-c", "-std=c++17", "-fPIC", "-w", "-DVM_COVERAGE=0", "-DVM_TRACE=0", f"-I{generated}"]
    base += [f"-I{folder}" for folder in (root / "include", root / "include" / "vltstd", *simulation.includes)]
    units = _units(simulation, root, generated)
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        runs = [
            pool.submit(step, [*base, level, str(unit), "-o", f"{unit}.o"], log=Path(f"{unit}.log"))
            for unit, level in units
        ]
        try:
            for number, run in enumerate(runs):
                run.result()
                progress("compile", 0.4 + 0.55 * (number + 1) / len(runs))
        except KeyboardInterrupt:  # the compilers do not hear of it
            stop.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    shared = ["-shared"] if simulation.library else []
    objects = [f"{unit}.o" for unit, _ in units]
    step([compiler, *shared, *objects, "-lpthread", "-o", f"{name}.part"], log=work / "link.log")
    (work / f"{name}.part").replace(work / name)
    shutil.rmtree(generated)
    progress("simulation", 1.0)
    return work / name


def _units(simulation: Simulation, root: Path, generated_folder: Path) -> list[tuple[Path, str]]:
    """What is compiled, and how hard: what runs once (constructors, contents of memories) is not worth optimizing."""
    generated = sorted(generated_folder.glob(f"{simulation.model}*.cpp"))
    units = []
    slow = [path for path in generated if "__Slow" in path.name]
    fast = [path for path in generated if path not in slow]
    for kind, level, files in (("fast", simulation.optimize, fast), ("slow", "-O0", slow)):
        for number, chunk in enumerate(_chunks(files)):
            unit = generated_folder / f"{kind}-{number}.cpp"
            unit.write_text("".join(f'#include "{path.name}"\n' for path in chunk))
            units.append((unit, level))
    runtime = generated_folder / "runtime.cpp"
    names = [
        "verilated.cpp",
        "verilated_threads.cpp",
        *(["verilated_dpi.cpp"] if any(generated_folder.glob("*__Dpi.h")) else []),
    ]
    support = [root / "include" / name for name in names]
    runtime.write_text("".join(f'#include "{path}"\n' for path in support))
    return [
        *units,
        (runtime, "-O0"),
        *((_beside(path, generated_folder), simulation.optimize) for path in simulation.shim),
    ]


def _beside(shim: Path, folder: Path) -> Path:
    unit = folder / f"shim-{shim.name}"
    unit.write_text(f'#include "{shim.resolve()}"\n')
    return unit


def _chunks(files: Iterable[Path]) -> list[list[Path]]:
    chunks: list[list[Path]] = []
    room = 0
    for path in files:
        size = path.stat().st_size
        if not chunks or size > room:
            chunks.append([])
            room = _CHUNK
        chunks[-1].append(path)
        room -= size
    return chunks


def _step(
    argv: list[str],
    cwd: Path,
    log: Path,
    timeout: float | None,
    stop: Stop | None,
    env: Mapping[str, str] | None = None,
) -> None:
    if run_tool(argv, cwd, log, timeout=timeout, stop=stop, env=env):
        raise BuildError(f"{Path(argv[0]).name} failed: {first_error(log)} (all of it in {log})")
