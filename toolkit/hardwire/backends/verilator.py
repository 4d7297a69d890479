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
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..errors import BuildError, ToolMissing
from ..progress import Progress
from ..tools.cache import Cache
from ..tools.process import Stop, first_error, run_tool
from ..tools.verilator import verilate, verilator_root, verilator_version


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


# Lines of comment, but for orders to Verilator: a project's files name the chip that they are made from.
_COMMENT = re.compile(rb"^[ \t]*//(?![ \t]*verilator).*\n", re.MULTILINE)

_CHUNK = 12 << 20  # bytes of C++ that one compiler process gets: each reads a header of thousands of signals first


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What Verilator is to make: data, so that it can be looked at without it."""

    top: str
    sources: tuple[Path, ...]
    shim: tuple[Path, ...]  # C++ that drives V<top>, with main() or with C functions for a library
    library: bool = False
    parameters: tuple[tuple[str, int | str], ...] = ()
    modules: tuple[Path, ...] = ()  # folders in which a module is found by its name
    includes: tuple[Path, ...] = ()  # folders, for Verilog and C++
    flags: tuple[str, ...] = ()  # more for Verilator
    strict: bool = False  # a lint warning is an error, as it is for sources of our own
    stamp: str = ""  # digest of what goes in beside these files
    optimize: str = "-O2"
    prefix: str = ""  # of the generated class, where it is not V<top>

    @property
    def model(self) -> str:
        """Name of the C++ class that Verilator generates."""
        return self.prefix or f"V{self.top}"

    @property
    def options(self) -> list[str]:
        """Verilator's, without the names of files."""
        values = [f"-G{name}=" + (f'"{v}"' if isinstance(v, str) else str(v)) for name, v in self.parameters]
        lint = ["-Wall"] if self.strict else _QUIET
        return [
            *("--cc", "-O3", "--top-module", self.top, "--prefix", self.model),
            # In small functions: the compiler's time grows faster than a function.
            *("--output-split", "20000", "--output-split-cfuncs", "300"),
            *(*lint, *self.flags, *values),
        ]

    def arguments(self, out: Path) -> list[str]:
        """Verilator's command line, which writes the model's C++ into ``out``."""
        places = [f"-I{folder}" for folder in self.includes]
        for folder in self.modules:
            places += ["-y", str(folder)]
        return [*self.options, "--Mdir", str(out), *places, *map(str, self.sources)]

    def digest(self, tools: Sequence[str]) -> str:
        """Of all that goes in but the folders' names: equal sources elsewhere are the same simulation.

        So chips of one geometry have one simulation, as their weights are files that it reads when it begins.
        """
        total = hashlib.sha256(json.dumps([self.options, self.library, self.optimize, self.stamp, *tools]).encode())
        headers = {*self.includes, *(path.parent for path in self.shim)}
        beside = [path for folder in sorted(headers) for path in sorted(folder.glob("*.[hs]*"))]
        beside += [path for folder in self.modules for path in sorted(folder.glob("*.*v*"))]
        for path in (*self.sources, *self.shim, *filter(Path.is_file, beside)):
            content = _COMMENT.sub(b"", path.read_bytes())
            total.update(f"\n{path.name} {len(content)}\n".encode() + content)
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
    """Verilate and compile in ``work``; returns the program or library, which the user's cache keeps.

    Raises BuildError with the tool's first error, ToolMissing without Verilator or a compiler.
    """
    compiler = _compiler()
    digest, kept = simulation.digest(_tools(compiler))[:16], Cache("simulations")
    name = f"lib{simulation.top}-{digest}.so" if simulation.library else f"{simulation.top}-{digest}"
    if (path := kept.get(name)) is not None:
        return path
    work, stop = work.resolve(), stop or Stop()
    work.mkdir(parents=True, exist_ok=True)
    generated = work / f"obj-{digest}"
    shutil.rmtree(generated, ignore_errors=True)
    generated.mkdir()
    progress("verilate", 0.0)
    verilate(simulation.arguments(generated), work, work / "verilate.log", timeout=timeout, stop=stop)
    progress("compile", 0.4)
    root = verilator_root()
    base = [compiler, "-c", "-std=c++17", "-fPIC", "-w", "-DVM_COVERAGE=0", "-DVM_TRACE=0", f"-I{generated}"]
    base += [f"-I{folder}" for folder in (root / "include", root / "include" / "vltstd", *simulation.includes)]
    units = _units(simulation, root, generated)
    step = functools.partial(_step, cwd=work, timeout=timeout, stop=stop)
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
    step([compiler, *shared, *objects, "-lpthread", "-o", str(generated / name)], log=work / "link.log")
    path = kept.put(generated / name, name)
    shutil.rmtree(generated)
    progress("simulation", 1.0)
    return path


def _compiler() -> str:
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        raise ToolMissing("g++ is not on PATH; install a C++ compiler (Debian: apt-get install g++)")
    return compiler


@functools.cache
def _tools(compiler: str) -> tuple[str, ...]:
    """Versions of what makes a simulation: a cache may be shared by machines that differ."""
    version = subprocess.run([compiler, "-dumpfullversion", "-dumpmachine"], capture_output=True, text=True)
    return (verilator_version(verilator_root()), compiler, version.stdout)


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


def _step(argv: list[str], cwd: Path, log: Path, timeout: float | None, stop: Stop | None) -> None:
    if run_tool(argv, cwd, log, timeout=timeout, stop=stop):
        raise BuildError(f"{Path(argv[0]).name} failed: {first_error(log)} (all of it in {log})")
