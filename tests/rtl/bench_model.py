# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Verilator's model of an RTL module as a library; compiled once, and kept by the hash of its C++. See bench.py."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hardwire.emit.rtl.packages import PACKAGES
from hardwire.emit.rtl.project import rtl_folder
from hardwire.tools.verilator import verilate, verilator_root

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "benches"
PACKAGE_FILES = [Path(name).name for name in PACKAGES]


def _call(command: Sequence[object], **more: Any) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{Path(str(command[0])).name} failed:\n{done.stderr[:4000]}"


def _compiler() -> list[str]:
    include = verilator_root() / "include"
    given = ["-fPIC", "-O0", "-std=c++17", "-w", f"-I{include}", f"-I{include / 'vltstd'}"]
    return [shutil.which("g++") or "g++", *given]


@functools.cache
def _runtime() -> Path:
    """A folder with what all models share: Verilator's C++ with the clock's loop, and its headers precompiled."""
    include = verilator_root() / "include"
    ours = [HERE / "bench.hpp", HERE / "bench.cpp"]
    stamp = hashlib.sha256(" ".join(_compiler()).encode())
    for path in (*ours, include / "verilated.cpp", include / "verilated.h"):
        stamp.update(path.read_bytes())
    folder = BUILT / f"runtime-{stamp.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as made:
        for path in ours:
            shutil.copy(path, made)
        _call([*_compiler(), "-x", "c++-header", "bench.hpp", "-o", "bench.hpp.gch"], cwd=made)
        hooks = [f"-DVL_USER_{name}" for name in ("FINISH", "STOP", "FATAL", "WARN")]
        sources = ["bench.cpp", include / "verilated.cpp", include / "verilated_threads.cpp"]
        _call(
            [*_compiler(), *hooks, "-include", "bench.hpp", "-shared", *sources, "-lpthread", "-o", "libbench.so"],
            cwd=made,
        )
        try:
            os.rename(made, folder)
        except OSError:  # another process was faster
            assert folder.is_dir()
        else:
            Path(made).mkdir()  # what the context manager removes
    return folder


_PORT = re.compile(r"VL_(IN|OUT)\w*\(&(\w+),(\d+),(\d+)")


def _shim(module: str, header: str) -> str:
    ports = [
        f'{{"{name}", &top.{name}, {int(high) - int(low) + 1}, sizeof(top.{name}), {int(way == "IN")}}},'
        for way, name, high, low in _PORT.findall(header)
    ]
    return f"""#include "V{module}.h"
struct Bench : Model {{
  V{module} top{{&context}};
  Port ports[{len(ports) + 1}] = {{{" ".join(ports)} {{}}}};
  using Model::Model;
  void eval() override {{ top.eval(); }}
}};
extern "C" Model* bench_new(int seed) {{ return new Bench(seed); }}
extern "C" Port* bench_ports(Model* model) {{ return static_cast<Bench*>(model)->ports; }}
"""


@functools.cache
def library(module: str, flags: tuple[str, ...], wrapper: str, plan: str) -> ctypes.CDLL:
    runtime = _runtime()
    with tempfile.TemporaryDirectory(dir=BUILT) as made:
        folder = Path(made)
        source = next(rtl_folder().rglob(f"{module}.sv"))
        own = source.parent
        places = ["-y", rtl_folder(), "-y", own]
        if wrapper:
            module, source = f"{module}_bench", folder / f"{module}_bench.sv"
            source.write_text(wrapper)
        (folder / "plan_pkg.sv").write_text(plan)
        packages = [folder / name if name == "plan_pkg.sv" else rtl_folder() / name for name in PACKAGE_FILES]
        packages += sorted(own.glob("*_pkg.sv")) if own != rtl_folder() else []
        unset = ["--x-assign", "unique", "--x-initial", "unique"]
        options = ["--cc", "--assert", "-Wall", "-O3", *unset, *flags, "--top-module", module, "--Mdir", folder]
        verilate([*options, *places, *packages, source], folder, folder / "log")
        units = sorted(folder.glob("V*.cpp"))
        (folder / "shim.cpp").write_text(_shim(module, (folder / f"V{module}.h").read_text()))
        total = hashlib.sha256(runtime.name.encode())
        for path in (*units, *sorted(folder.glob("V*.h")), folder / "shim.cpp"):
            total.update(path.read_bytes())
        library = BUILT / f"{module}-{total.hexdigest()[:16]}.so"
        if not library.is_file():
            (folder / "all.cpp").write_text("".join(f'#include "{p.name}"\n' for p in (*units, folder / "shim.cpp")))
            place = [f"-I{runtime}", "-include", "bench.hpp", f"-I{folder}"]
            link = [f"-L{runtime}", "-lbench", f"-Wl,-rpath,{runtime}"]
            _call([*_compiler(), "-shared", *place, folder / "all.cpp", *link, "-o", folder / "made.so"])
            os.replace(folder / "made.so", library)
    loaded = ctypes.CDLL(str(library))
    loaded.bench_new.restype = ctypes.c_void_p
    loaded.bench_ports.restype = ctypes.POINTER(Port)
    loaded.bench_error.restype = ctypes.c_char_p
    return loaded


class Port(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("bits", ctypes.c_uint32),
        ("bytes", ctypes.c_uint32),
        ("input", ctypes.c_uint32),
    ]


class Column(ctypes.Structure):
    _fields_ = [("port", ctypes.c_void_p), ("samples", ctypes.c_void_p), ("bytes", ctypes.c_uint64)]


class Run(ctypes.Structure):
    _fields_ = [
        ("ins", ctypes.c_void_p),
        ("outs", ctypes.c_void_p),
        ("in_count", ctypes.c_uint64),
        ("out_count", ctypes.c_uint64),
        ("cycles", ctypes.c_uint64),
        ("clock", ctypes.c_void_p),
        ("clock_bytes", ctypes.c_uint64),
        ("clock_high", ctypes.c_uint64),
    ]
