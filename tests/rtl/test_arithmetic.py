# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Rounding, and two products in one multiplier: every input at small widths."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hardwire.backends.rtlsim import verilator_root
from hardwire.emit.rtl import rtl_folder
from hardwire.fixed import Ints, requantize

pytestmark = pytest.mark.tools


def clocked(
    module: str, parameters: dict[str, int], inputs: dict[str, Ints], outputs: dict[str, int], cycles: int, folder: Path
) -> dict[str, Ints]:
    """Outputs (of so many signed bits each) of a module that holds each input for ``cycles`` cycles."""
    root = verilator_root()
    given = [f"-G{name}={value}" for name, value in parameters.items()]
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    subprocess.run(
        [
            root / "bin" / "verilator_bin",
            "--cc",
            "-Wall",
            *given,
            "--top-module",
            module,
            "--Mdir",
            folder,
            rtl_folder() / f"{module}.sv",
        ],
        check=True,
        env=environment,
    )
    feed = "".join(f"top.{name} = in[{i}][n]; " for i, name in enumerate(inputs))
    keep = "".join(f"out[{i}][n] = top.{name}; " for i, name in enumerate(outputs))
    shim = (
        f'#include "V{module}.h"\nextern "C" void run(long count, const long** in, long** out) {{\n'
        f"  V{module} top;\n  for (long n = 0; n < count; n++) {{\n    {feed}\n"
        f"    for (int c = 0; c < {cycles}; c++) {{\n"
        f"      top.clk_i = 0; top.eval(); top.clk_i = 1; top.eval();\n    }}\n"
        f"    {keep}\n  }}\n}}\n"
    )
    (folder / "shim.cc").write_text(shim)
    sources = [
        *folder.glob("V*.cpp"),
        folder / "shim.cc",
        root / "include" / "verilated.cpp",
        root / "include" / "verilated_threads.cpp",
    ]
    subprocess.run(
        [
            shutil.which("g++") or "g++",
            "-shared",
            "-fPIC",
            "-O0",
            "-std=c++17",
            "-w",
            f"-I{root / 'include'}",
            f"-I{root / 'include' / 'vltstd'}",
            f"-I{folder}",
            *sources,
            "-lpthread",
            "-o",
            folder / "run.so",
        ],
        check=True,
    )
    columns = [np.ascontiguousarray(values, np.int64) for values in inputs.values()]
    found = [np.zeros(len(columns[0]), np.int64) for _ in outputs]
    pointers = [(ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays)) for arrays in (columns, found)]
    ctypes.CDLL(str(folder / "run.so")).run(ctypes.c_long(len(columns[0])), *pointers)
    return {
        name: (values << (64 - bits)) >> (64 - bits)
        for (name, bits), values in zip(outputs.items(), found, strict=True)
    }


def test_requant_equals_the_reference(tmp_path: Path) -> None:
    x, shift = (a.reshape(-1) for a in np.meshgrid(np.arange(-(1 << 10), 1 << 10), np.arange(16)))
    most = np.full_like(x, 31)
    got = clocked(
        "requant",
        {"InW": 11, "OutW": 8, "ShiftW": 4},
        {"x_i": x & 0x7FF, "shift_i": shift, "max_i": most},
        {"y_o": 8},
        3,
        tmp_path,
    )
    np.testing.assert_array_equal(got["y_o"], requantize(x, 1, shift, 6))


def test_requant_widens(tmp_path: Path) -> None:
    x, shift = (a.reshape(-1) for a in np.meshgrid(np.arange(-32, 32), np.arange(8)))
    got = clocked(
        "requant",
        {"InW": 6, "OutW": 12, "ShiftW": 3},
        {"x_i": x & 63, "shift_i": shift, "max_i": np.full_like(x, 2047)},
        {"y_o": 12},
        3,
        tmp_path,
    )
    np.testing.assert_array_equal(got["y_o"], requantize(x, 1, shift, 12))


def test_two_products_share_a_multiplier(tmp_path: Path) -> None:
    a, low, high = (v.reshape(-1) for v in np.meshgrid(np.arange(-16, 16), np.arange(-8, 8), np.arange(-8, 8)))
    got = clocked(
        "product_pair",
        {"Packed": 1, "AW": 5, "BW": 4},
        {"a_i": a & 31, "low_i": low & 15, "high_i": high & 15},
        {"low_o": 9, "high_o": 9},
        2,
        tmp_path,
    )
    np.testing.assert_array_equal(got["low_o"], a * low)
    np.testing.assert_array_equal(got["high_o"], a * high)
