# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Rounding, products that share a multiplier, products in LUTs, lanes: every input at small widths."""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

from hardwire.emit.rtl.project import rtl_folder
from hardwire.emit.rtl.roms import cap_lines, hex_lines, slope_bits
from hardwire.ops import norm, softcap
from hardwire.ops.fixed import MULTIPLIER_BITS, Ints, requantize, round_shift, saturate
from hardwire.tools.verilator import verilator_root

pytestmark = pytest.mark.tools


@functools.cache
def runtime() -> list[Path]:
    """Verilator's own C++, compiled once for all tests."""
    include, folder = verilator_root() / "include", Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    objects = []
    for name in ("verilated", "verilated_threads"):
        objects.append(folder / f"{name}.o")
        flags = ["-c", "-fPIC", "-O0", "-std=c++17", "-w", f"-I{include}", f"-I{include / 'vltstd'}"]
        subprocess.run([shutil.which("g++") or "g++", *flags, include / f"{name}.cpp", "-o", objects[-1]], check=True)
    return objects


def clocked(
    module: str,
    parameters: dict[str, int | str],
    inputs: dict[str, Ints],
    outputs: dict[str, int],
    cycles: int,
    folder: Path,
    flags: tuple[str, ...] = (),
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
            *flags,
            "--top-module",
            module,
            "--Mdir",
            folder,
            "-y",
            rtl_folder(),
            rtl_folder() / "engine_pkg.sv",
            rtl_folder() / f"{module}.sv",
        ],
        check=True,
        env=environment,
    )
    feed = "".join(f"top.{name} = in[{i}][n]; " for i, name in enumerate(inputs))
    keep = "".join(f"out[{i}][n] = top.{name}; " for i, name in enumerate(outputs))
    clocked_source = "clk_i" in (rtl_folder() / f"{module}.sv").read_text()
    tick = "top.clk_i = 0; top.eval(); top.clk_i = 1; top.eval();" if clocked_source else "top.eval();"
    shim = (
        f'#include "V{module}.h"\nextern "C" void run(long count, const long** in, long** out) {{\n'
        f"  V{module} top;\n  for (long n = 0; n < count; n++) {{\n    {feed}\n"
        f"    for (int c = 0; c < {cycles}; c++) {{\n"
        f"      {tick}\n    }}\n"
        f"    {keep}\n  }}\n}}\n"
    )
    (folder / "shim.cc").write_text(shim)
    sources = [*folder.glob("V*.cpp"), folder / "shim.cc", *runtime()]
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


def pieces(values: Ints, bits: int) -> Ints:
    """[N, K] integers as one word each, the first lowest."""
    places = np.arange(values.shape[1]) * bits
    return ((values & ((1 << bits) - 1)) << places).sum(1)


@pytest.mark.parametrize("stages", [1, 2])
def test_requant_equals_the_reference(tmp_path: Path, stages: int) -> None:
    x, shift = (a.reshape(-1) for a in np.meshgrid(np.arange(-(1 << 10), 1 << 10), np.arange(16)))
    got = clocked(
        "requant",
        {"InW": 11, "OutW": 8, "ShiftW": 4, "Stages": stages},
        {"x_i": x & 0x7FF, "shift_i": shift, "max_i": np.full_like(x, 31), "bias_i": np.zeros_like(x)},
        {"y_o": 8},
        3,
        tmp_path,
    )
    np.testing.assert_array_equal(got["y_o"], requantize(x, 1, shift, 6))


def test_requant_adds_its_bias_before_it_saturates(tmp_path: Path) -> None:
    x, shift, bias = (a.reshape(-1) for a in np.meshgrid(np.arange(-256, 256), np.arange(8), np.arange(-32, 32)))
    got = clocked(
        "requant",
        {"InW": 9, "OutW": 7, "ShiftW": 3, "BiasW": 6},
        {"x_i": x & 0x1FF, "shift_i": shift, "max_i": np.full_like(x, 31), "bias_i": bias & 63},
        {"y_o": 7},
        3,
        tmp_path,
    )
    np.testing.assert_array_equal(got["y_o"], saturate(round_shift(x, shift) + bias, 6))


def test_requant_widens(tmp_path: Path) -> None:
    x, shift = (a.reshape(-1) for a in np.meshgrid(np.arange(-32, 32), np.arange(8)))
    got = clocked(
        "requant",
        {"InW": 6, "OutW": 12, "ShiftW": 3},
        {"x_i": x & 63, "shift_i": shift, "max_i": np.full_like(x, 2047), "bias_i": np.zeros_like(x)},
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


def test_a_weight_times_two_values_shares_a_multiplier(tmp_path: Path) -> None:
    weight, low, high = (v.reshape(-1) for v in np.meshgrid(np.arange(32), np.arange(-8, 8), np.arange(-8, 8)))
    got = clocked(
        "weighted_pair",
        {"Packed": 1, "WeightW": 5, "ValueW": 4},
        {"weight_i": weight, "low_i": low & 15, "high_i": high & 15},
        {"low_o": 9, "high_o": 9},
        2,
        tmp_path,
    )
    np.testing.assert_array_equal(got["low_o"], weight * low)
    np.testing.assert_array_equal(got["high_o"], weight * high)


def digit_offset(bits: int) -> int:
    """engine_pkg::digit_offset."""
    return sum(4**i for i in range((bits + 1) // 2 - 1))


@pytest.mark.parametrize("digits", ["digits", "products"])
@pytest.mark.parametrize(("act", "weight", "minus"), [(4, 4, 0), (4, 4, 1), (3, 5, 0), (4, 3, 1), (5, 2, 0)])
def test_a_dot_product_in_luts(tmp_path: Path, digits: str, act: int, weight: int, minus: int) -> None:
    """Two terms, every input; by digits, as it is synthesised, and by products, as it is simulated."""
    a, w = (np.arange(-(1 << bits - 1), 1 << bits - 1) for bits in (act, weight))
    a0, a1, w0, w1 = (v.reshape(-1) for v in np.meshgrid(a, a, w, w))
    terms = np.stack([a0, a1], 1), np.stack([w0, w1], 1)
    out = act + 2 + 2 * ((weight + 1) // 2 - 1) + (1 if weight > 2 else 0)
    got = clocked(
        "dot",
        {"Terms": 2, "ActW": act, "WeightW": weight, "Minus": minus},
        {"a_i": pieces(terms[0], act), "w_i": pieces(terms[1], weight)},
        {"y_o": out, "c_o": 2},
        1,
        tmp_path,
        ("-DHW_DIGITS",) if digits == "digits" else (),
    )
    whole = got["y_o"] + got["c_o"] + digit_offset(weight) * terms[0].sum(1)
    np.testing.assert_array_equal(whole, (terms[0] * terms[1]).sum(1))


@pytest.mark.parametrize("stage", [0, 1])
def test_a_settled_dot_product_leaves_no_carry(tmp_path: Path, stage: int) -> None:
    draw = np.random.default_rng(3)
    a, w = draw.integers(-256, 256, (4000, 4)), draw.integers(-128, 128, (4000, 4))
    a[:4], w[:4] = [[-256] * 4, [-256] * 4, [255] * 4, [255] * 4], [[-128] * 4, [127] * 4, [-128] * 4, [127] * 4]
    got = clocked(
        "dot",
        {"Terms": 4, "ActW": 9, "WeightW": 8, "Settled": 1, "Stage": stage},
        {"a_i": pieces(a, 9), "w_i": pieces(w, 8)},
        {"y_o": 19, "c_o": 2},
        2,
        tmp_path,
        ("-DHW_DIGITS",),
    )
    assert not got["c_o"].any()
    np.testing.assert_array_equal(got["y_o"] + digit_offset(8) * a.sum(1), (a * w).sum(1))


# engine_pkg::style_e, and how many of three are in LUTs anyway
STYLES = {"in LUTs": (0, 0), "packed": (1, 0), "packed, one in LUTs": (1, 1), "apart": (2, 0)}


@pytest.mark.parametrize("style", STYLES)
def test_scores_of_a_block(tmp_path: Path, style: str) -> None:
    """Three positions of five channels. In LUTs alone, all are short of the same multiple of the query's sum."""
    banks, channels, kind, fabric = 3, 5, *STYLES[style]
    draw = np.random.default_rng(7)
    query, keys = draw.integers(-16, 16, (3000, channels)), draw.integers(-8, 8, (3000, banks * channels))
    query[:2], keys[:2] = -16, [[-8] * banks * channels, [7] * banks * channels]
    got = clocked(
        "score_products",
        {"Banks": banks, "HeadDim": channels, "QueryW": 5, "CacheW": 4, "ScoreW": 12, "Style": kind, "Fabric": fabric},
        {"query_i": pieces(query, 5), "keys_i": pieces(keys, 4)},
        {"score_o": 36},
        3,
        tmp_path,
        ("-DHW_DIGITS", "-Wno-WIDTHTRUNC"),  # the style is given as an integer
    )
    scores = (got["score_o"][:, None] >> np.arange(banks) * 12 & 0xFFF ^ 0x800) - 0x800
    wanted = (query[:, None] * keys.reshape(-1, banks, channels)).sum(-1)
    lack = digit_offset(4) * query.sum(1) if kind == 0 else 0 * query.sum(1)
    np.testing.assert_array_equal(scores + lack[:, None], wanted)


@pytest.mark.parametrize("style", STYLES)
def test_weighted_values_of_a_block(tmp_path: Path, style: str) -> None:
    """Five positions of three channels; a channel in LUTs lacks a multiple of the weights' sum."""
    banks, channels, kind, fabric = 5, 3, *STYLES[style]
    draw = np.random.default_rng(9)
    weight, values = draw.integers(0, 32, (3000, banks)), draw.integers(-8, 8, (3000, banks * channels))
    weight[:2], values[:2] = 31, [[-8] * banks * channels, [7] * banks * channels]
    got = clocked(
        "mix_products",
        {"Banks": banks, "HeadDim": channels, "CacheW": 4, "WeightW": 5, "SumW": 16, "Style": kind, "Fabric": fabric},
        {"weight_i": pieces(weight, 5), "values_i": pieces(values, 4)},
        {"part_o": 48},
        2,
        tmp_path,
        ("-DHW_DIGITS", "-Wno-WIDTHTRUNC"),  # the style is given as an integer
    )
    sums = (got["part_o"][:, None] >> np.arange(channels) * 16 & 0xFFFF ^ 0x8000) - 0x8000
    in_luts = np.arange(channels) < (channels if kind == 0 else fabric)
    whole = sums + digit_offset(4) * weight.sum(1)[:, None] * in_luts
    np.testing.assert_array_equal(whole, (weight[:, :, None] * values.reshape(-1, banks, channels)).sum(1))


@pytest.mark.parametrize("eps", [1, norm.LARGEST_EPS])
def test_a_head_is_normalised_as_the_reference_does_it(tmp_path: Path, eps: int) -> None:
    """Two channels, the extremes among them, each pair of values held until its result is there."""
    edge = np.array([0, 1, -1, 2, 3, -4, 255, -256, 4095, 16383, -16384, 16384, 32767, -32767, -32768])
    x = np.concatenate([np.stack(np.meshgrid(edge, edge), -1).reshape(-1, 2), edges(16, 16)])
    renorm = norm.Renorm(np.array([[(1 << MULTIPLIER_BITS) - 1, 70_000]]), np.array([15]), np.array([eps]))
    wanted = norm.renormalize(x[:, None, :], renorm, 0, norm.rsqrt_table(), 16)[:, 0]
    roms = {
        "renorm": hex_lines((renorm.multiplier, MULTIPLIER_BITS), (renorm.shift[:, None], 6)) * 2,
        "renorm_eps": hex_lines((renorm.eps[:, None], 31)) * 2,
        "rsqrt": hex_lines((norm.rsqrt_table()[:, None], 17)),
    }
    for name, lines in roms.items():
        (tmp_path / f"{name}.hex").write_text("\n".join(lines) + "\n")
    energy = norm.largest_energy(2, norm.RENORM_BITS).bit_length()
    ones, zeros = np.ones(len(x), np.int64), np.zeros(len(x), np.int64)
    got = clocked(
        "renorm",
        {"Rows": 2, "EnergyW": energy, "EpsW": 31, "Words": 2, "Folder": f'"{tmp_path}/"'},
        {"x_i": pieces(x, 16), "valid_i": ones, "part_i": zeros, "side_i": zeros, "rst_i": zeros, "restart_i": zeros},
        {"y_o": 32},
        14,
        tmp_path,
    )
    y = (got["y_o"][:, None] >> np.arange(2) * 16 & 0xFFFF ^ 0x8000) - 0x8000
    assert (wanted[0] == 0).all() and {32767, -32768} <= set(wanted.flat) and len(set(wanted.flat)) > 200
    np.testing.assert_array_equal(y, wanted)


CAPS = {
    "gentle": softcap.cap_table(30.0, 2e-3, 2**-10),
    "steepest": np.where(np.arange(softcap.CAP_ENTRIES) % 2, 32767, -32768),
}


@pytest.mark.parametrize("name", CAPS)
def test_a_soft_cap_is_the_reference_s(tmp_path: Path, name: str) -> None:
    """Every value of 16 bits; in steps of 7, too, on two more lanes, of which one shares no memory."""
    table = CAPS[name]
    x = np.arange(-32768, 32768)[:, None] * (1, 7, 7) % 65536
    x = (x ^ 0x8000) - 0x8000
    (tmp_path / "cap.hex").write_text("\n".join(cap_lines(table)) + "\n")
    got = clocked(
        "soft_cap",
        {"Lanes": 3, "SlopeW": slope_bits(table), "File": f'"{tmp_path}/cap.hex"'},
        {"x_i": pieces(x, 16)},
        {"y_o": 48},
        3,
        tmp_path,
    )
    y = (got["y_o"][:, None] >> np.arange(3) * 16 & 0xFFFF ^ 0x8000) - 0x8000
    np.testing.assert_array_equal(y, softcap.soft_cap(x, table))


def edges(bits: int, count: int) -> Ints:
    """Random pairs of every magnitude up to ``bits`` bits."""
    draw = np.random.default_rng(13)
    return np.concatenate([draw.integers(-(1 << b), 1 << b, (count, 2)) for b in range(bits)])
