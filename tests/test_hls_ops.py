# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""HLS kernels: each header compiles alone, and each op equals its Python reference bit for bit."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hardwire.emit.hls.constants import lane_words, pack
from hardwire.emit.hls.project import KERNELS, kernel_folder
from hardwire.ops import attention, choice, embedding, gate, norm, rope, sampler, softcap
from hardwire.ops.fixed import BIAS_BITS, bit_length, limits, magnitude_bits, requantize, round_shift, saturate
from hardwire.ops.matvec import Matrix

pytestmark = pytest.mark.tools
HARNESS = Path(__file__).parent / "hls_harness.cpp"
LANES, ROWS, COLS = 8, 21, 13  # as in the harness


@pytest.fixture(scope="module")
def ap_types() -> Path:
    import hls4ml  # here, so that the file can be collected where only tests without tools run

    return Path(hls4ml.__file__).parent / "templates/vivado/ap_types"


@pytest.fixture(scope="module")
def kernels(ap_types: Path, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("harness") / "harness.so"
    subprocess.run(
        [
            "g++",
            "-std=c++14",
            "-O1",
            "-shared",
            "-fPIC",
            "-fno-gnu-unique",
            "-Wno-unknown-pragmas",
            f"-I{kernel_folder()}",
            f"-I{ap_types}",
            str(HARNESS),
            "-o",
            str(library),
        ],
        check=True,
    )
    return ctypes.CDLL(str(library))


def at(array: np.ndarray) -> ctypes.c_void_p:
    assert array.flags.c_contiguous
    return array.ctypes.data_as(ctypes.c_void_p)  # keeps a temporary array alive during the call


def ints(values: object) -> np.ndarray:
    return np.ascontiguousarray(values, np.int64)


def test_each_header_compiles_alone(ap_types: Path) -> None:
    headers = [str(kernel_folder() / f"{name}.hpp") for name in KERNELS]
    subprocess.run(
        [
            "g++",
            "-std=c++14",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-unknown-pragmas",
            f"-isystem{ap_types}",
            "-fsyntax-only",
            "-x",
            "c++",
            *headers,
        ],
        check=True,
    )  # one translation unit each


def test_every_op_has_a_kernel_and_every_header_is_known() -> None:
    ops = {p.stem for p in Path(norm.__file__).parent.glob("*.py")} - {"__init__"}
    assert ops <= set(KERNELS) == {p.stem for p in kernel_folder().glob("*.hpp")}


def test_fixed_equals_python_exhaustively(kernels: ctypes.CDLL) -> None:
    x, shift = (a.reshape(-1) for a in np.meshgrid(np.arange(-1024, 1024), np.arange(0, 13)))
    out = np.zeros_like(x)
    kernels.round_shifts(at(ints(x)), at(ints(shift)), at(out), x.size)
    assert np.array_equal(out, round_shift(x, shift))
    x, m, shift = (a.reshape(-1) for a in np.meshgrid(np.arange(-64, 64), np.arange(0, 32), np.arange(0, 9)))
    for bits in range(2, 9):
        out = np.zeros_like(x)
        kernels.requantizes(at(ints(x)), at(ints(m)), at(ints(shift)), bits, at(out), x.size)
        assert np.array_equal(out, requantize(x, m, shift, bits))
    edge = ints([*range(-300, 301), *(s * ((1 << n) - d) for n in range(9, 63) for d in (0, 1) for s in (1, -1))])
    lengths, magnitudes, clamped = (np.zeros_like(edge) for _ in range(3))
    kernels.bits(at(edge), at(lengths), at(magnitudes), at(clamped), edge.size)
    assert np.array_equal(lengths, bit_length(np.abs(edge)))
    assert np.array_equal(magnitudes, magnitude_bits(edge))
    assert np.array_equal(clamped, saturate(edge, 8))


@pytest.mark.parametrize("biased", (False, True))
@pytest.mark.parametrize("bits", range(2, 9))
def test_matvec_equals_reference(kernels: ctypes.CDLL, bits: int, biased: bool, draw: np.random.Generator) -> None:
    low, high = limits(bits)
    weight = draw.integers(low, high + 1, (2, ROWS, COLS)).astype(np.int8)
    weight[1, 0], weight[1, 1] = low, high  # rows of extremes
    matrix = Matrix(weight, draw.integers(0, 1 << 17, (2, ROWS)), ints([9, 17]), bits)
    words = lane_words(weight, LANES, bits)
    biases = draw.integers(*limits(BIAS_BITS), (2, ROWS)) if biased else None
    if biases is not None:
        biases[0, :3], biases[1, :2] = (*limits(BIAS_BITS), 0), limits(BIAS_BITS)[::-1]
        biases[1, 2:] %= 1 << 12  # the others leave most outputs saturated
    for a in (
        draw.integers(-256, 256, COLS),
        np.zeros(COLS, np.int64),
        np.full(COLS, -256),
        np.full(COLS, 255),
    ):
        for layer, root in ((0, None), (1, None), (1, 65537), (1, 131071)):
            out = np.zeros(ROWS, np.int64)
            multipliers = matrix.multiplier.astype(np.uint32)
            getattr(kernels, f"matvec_{bits}")(
                at(words),
                at(multipliers),
                None if biases is None else at(biases.astype(np.int32)),
                layer,
                int(matrix.shift[layer]),
                root or 0,
                root is not None,
                at(ints(a)),
                at(out),
            )
            want = matrix.apply(layer, ints(a), 9, 16, None if root is None else np.array(root), biases)
            assert np.array_equal(out, want), (bits, layer, root)


def test_embedding_equals_reference(kernels: ctypes.CDLL, draw: np.random.Generator) -> None:
    table = Matrix(
        draw.integers(-128, 128, (1, 5, COLS)).astype(np.int8),
        draw.integers(0, 1 << 17, (1, 5)),
        ints([9]),
        8,
    )
    words, multipliers = pack(table.weight[0], 8), table.multiplier[0].astype(np.uint32)
    for token in range(5):
        row = embedding.embed(table, ints([token]), 16)[0]
        for before in (np.zeros(COLS), draw.integers(-32768, 32768, COLS)):  # what a position is added to
            for adds in (False, True):
                out = ints(before).copy()
                kernels.embedding(at(words), at(multipliers), 9, token, adds, at(out))
                assert np.array_equal(out, saturate(ints(before) + row, 16) if adds else row)


def test_norm_equals_reference(kernels: ctypes.CDLL, draw: np.random.Generator) -> None:
    rsqrt, eps = norm.rsqrt_table(), norm.eps_table(1e-5, COLS, 2.0**-10)
    rows = [
        np.zeros(COLS),
        np.full(COLS, -(2**15)),
        np.full(COLS, 2**15 - 1),
        np.eye(COLS)[3],
        -np.eye(COLS)[3],
    ]
    rows += [draw.integers(-(1 << n), 1 << n, COLS) for n in range(16) for _ in range(8)]
    for x in map(ints, rows):
        a, root = np.zeros(COLS, np.int64), np.zeros(1, np.int64)
        want, energy, m = norm.shift_normalize(x, eps, 9)
        for normalizes in (True, False):
            given = at(eps.astype(np.uint32)), at(rsqrt.astype(np.uint32))
            kernels.normalize(at(x), *given, normalizes, at(a), at(root))
            assert np.array_equal(a, want)
            assert root[0] == (norm.reciprocal_root(energy, m, rsqrt) if normalizes else norm.plain_root(m, 16))


def test_a_norm_is_written_back_as_by_the_reference(kernels: ctypes.CDLL, draw: np.random.Generator) -> None:
    for root in (0, 1, 65536, 131071):
        for shift in (0, 12, 24):
            scale = norm.Scale(draw.integers(0, 1 << 17, COLS), shift)
            a, out = draw.integers(-256, 256, COLS), np.zeros(COLS, np.int64)
            kernels.write_back(at(ints(a)), root, at(scale.multiplier.astype(np.uint32)), shift, at(out))
            assert np.array_equal(out, norm.write_back(ints(a), np.array(root), scale, 16))


def test_norms_inside_a_layer_equal_reference(kernels: ctypes.CDLL, draw: np.random.Generator) -> None:
    """Two groups of 13 channels, by the second of two layers, with channels that saturate."""
    rsqrt, eps = norm.rsqrt_table(), ints([1, 77])
    rows = [np.zeros(26), np.full(26, -32768), np.full(26, 32767), np.r_[np.zeros(13), -np.eye(13)[2]]]
    rows += [draw.integers(-(1 << n), 1 << n, 26) for n in range(16) for _ in range(4)]
    saturated = 0
    for case, x in enumerate(map(ints, rows)):
        renorm = norm.Renorm(draw.integers(0, 1 << 17, (2, 26)), ints([20, (13, 18, 22)[case % 3]]), eps)
        for bits in (16, 18):
            out, multipliers = x.copy(), renorm.multiplier.astype(np.uint32)
            kernels.renormalize(
                at(out), at(multipliers), 26, int(renorm.shift[1]), 77, at(rsqrt.astype(np.uint32)), bits
            )
            want = norm.renormalize(x.reshape(2, 13), renorm, 1, rsqrt, bits).reshape(-1)
            assert np.array_equal(out, want), (case, bits)
            saturated += int((np.abs(want) >= limits(bits)[1]).sum())
    assert saturated > 0


@pytest.mark.parametrize("rotary", (8, 4, 0))
def test_rope_equals_reference(kernels: ctypes.CDLL, rotary: int, draw: np.random.Generator) -> None:
    angle = draw.uniform(0, 7, (6, max(rotary // 2, 1)))
    cos, sin = rope.angle_tables(np.cos(angle), np.sin(angle))
    for x in (draw.integers(-32768, 32768, 24), np.full(24, -32768), np.full(24, 32767), np.zeros(24)):
        for position in (0, 5):
            out = np.zeros(24, np.int64)
            getattr(kernels, f"rope_{rotary}")(
                at(ints(x)), at(cos.astype(np.int16)), at(sin.astype(np.int16)), position, at(out)
            )
            half = slice(0, rotary // 2)
            want = rope.rotate(ints(x).reshape(3, 8), cos[position, half], sin[position, half], 9)
            assert np.array_equal(out, want.reshape(-1))


@pytest.mark.parametrize("form", ("plain", "capped", "alibi"))
@pytest.mark.parametrize("together", (1, 2))
def test_attention_equals_reference(kernels: ctypes.CDLL, together: int, form: str, draw: np.random.Generator) -> None:
    heads, groups, size, context = 4, 2, 8, 24
    exp, reciprocal = attention.exp_table(), attention.reciprocal_table()
    cap = softcap.cap_table(3.0, 1 / 112, 1 / 112) if form == "capped" else None
    slopes = attention.alibi_slopes(np.array([1.0, 0.25, 0.05, 0.0])) if form == "alibi" else None
    for case in range(24):
        q = draw.integers(-256, 256, (heads, size)) if case else np.full((heads, size), -256)
        k, v = (
            draw.integers(-128, 128, (context, groups, size)) if case > 1 else np.full((context, groups, size), -128)
            for _ in range(2)
        )
        start, last = ((0, context - 1), (0, 0), (context - 5, context - 1), (11, 11), (3, 11))[case % 5]
        score_shift, value_shift = draw.integers(0, 12, heads), draw.integers(0, 9, heads)
        out = np.zeros(heads * size, np.int64)
        getattr(kernels, f"attention_{together}")(
            at(ints(q)),
            at(ints(k)),
            at(ints(v)),
            start,
            last,
            at(score_shift.astype(np.uint8)),
            at(value_shift.astype(np.uint8)),
            None if cap is None else at(cap.astype(np.int16)),
            None if slopes is None else at(slopes.astype(np.uint32)),
            at(exp.astype(np.uint16)),
            at(reciprocal.astype(np.uint16)),
            at(out),
        )
        seen = np.arange(last + 1) >= start
        for head in range(heads):
            group = head // (heads // groups)
            score = attention.scores(ints(q[None, head]), ints(k[: last + 1, group]), 9, 8)
            shift = score_shift[head]
            if cap is not None:
                score = softcap.soft_cap(saturate(round_shift(score, shift), softcap.CAP_BITS), cap)
                shift = np.int64(0)
            if slopes is not None:
                score = score + attention.alibi(slopes[head], shift, np.arange(last + 1))
            p = attention.probabilities(score, seen, shift, exp)
            sums = attention.weighted_values(p, ints(v[: last + 1, group]), 8)
            want = attention.divide(sums, p.sum(-1), reciprocal, value_shift[head], 8)[0]
            assert np.array_equal(out.reshape(heads, size)[head], want), (case, head)


@pytest.mark.parametrize(("cap", "unit"), [(50.0, 1 / 112), (1.0, 1.0)])
def test_soft_cap_equals_reference_everywhere(kernels: ctypes.CDLL, cap: float, unit: float) -> None:
    x, table = np.arange(-(1 << 15), 1 << 15), softcap.cap_table(cap, unit, cap * 2.0**-15)
    out = np.zeros(len(x), np.int64)
    kernels.soft_caps(at(ints(x)), at(table.astype(np.int16)), at(out), len(x))
    assert np.array_equal(out, softcap.soft_cap(x, table))


def test_gate_equals_reference_at_every_gate_value(kernels: ctypes.CDLL, draw: np.random.Generator) -> None:
    table, _ = gate.activation_table("silu", 0.01, 11)
    g = np.arange(-1024, 1024)
    for up in (draw.integers(-32768, 32768, 2048), np.full(2048, -32768), np.full(2048, 32767)):
        for shift in (0, 14, 26):
            out = np.zeros(2048, np.int64)
            kernels.gate(at(ints(g)), at(ints(up)), at(table.astype(np.int16)), shift, at(out))
            assert np.array_equal(out, gate.gated(g, ints(up), table, shift, 11, 8))


def test_an_mlp_without_a_gate_equals_reference_at_every_value(kernels: ctypes.CDLL) -> None:
    table, up = gate.hidden_table("gelu_tanh", 0.01, 0.05, 11, 8), np.arange(-1024, 1024)
    out = np.zeros(2048, np.int64)
    kernels.activate(at(ints(up)), at(table.astype(np.int16)), at(out))
    assert np.array_equal(out, gate.activated(up, table, 11)) and len(set(out.tolist())) > 50


def test_threefry_known_answer(kernels: ctypes.CDLL) -> None:
    """Random123's kat_vectors, threefry2x32 with 13 rounds."""
    known = (
        ((0, 0), (0, 0), (0x9D1C5EC6, 0x8BD50731)),
        ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0xFD36D048, 0x2D17272C)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xBA3E4725, 0xF27D669E)),
    )
    for key, counter, expected in known:
        block = np.zeros(2, np.uint32)
        kernels.threefry(at(np.array(key, np.uint32)), at(np.array(counter, np.uint32)), at(block))
        assert tuple(block.tolist()) == expected
        assert sampler.threefry(np.array(key, np.uint64), np.array(counter, np.uint64)).tolist() == list(expected)


def test_sampler_equals_reference(kernels: ctypes.CDLL, draw: np.random.Generator) -> None:
    u = ints([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 2, *draw.integers(0, 2**32, 500), *(1 << np.arange(32))])
    index = np.zeros_like(u)
    kernels.noise_indices(at(u), at(index), u.size)
    assert np.array_equal(index, sampler.noise_index(u))
    table = sampler.gumbel_table()
    for case in range(200):
        logits = draw.integers(-32768, 32768, 37) if case % 3 else np.full(37, int(draw.integers(-3, 3)))
        seed, position = int(draw.integers(0, 2**63)) * 2 + case % 2, int(draw.integers(0, 4096))
        inverse = sampler.inverse_temperature(float(draw.choice([0, 1 / 31, 0.3, 0.8, 1.0, 100])))
        got = kernels.pick(at(ints(logits)), ctypes.c_uint64(seed), inverse, position, at(table.astype(np.int16)))
        assert got == sampler.sample(ints(logits), 10, inverse, seed, position, table)


def test_choice_equals_reference(kernels: ctypes.CDLL, draw: np.random.Generator) -> None:
    """Ties, extremes, few or no allowed tokens, every option with every other."""
    gumbel, octave, vocab, best = sampler.gumbel_table(), choice.weight_table(), 37, 7
    nothing = 0
    for case in range(600):
        logits = draw.integers(-32768, 32768, vocab) >> draw.integers(0, 16)
        if case % 3 == 0:
            logits = draw.integers(-2, 3, vocab)
        seed, position = int(draw.integers(0, 2**63)) * 2 + case % 2, int(draw.integers(0, 60))
        inverse = sampler.inverse_temperature(float(draw.choice([0, 0, 1 / 31, 0.3, 0.8, 1.0, 100])))
        how = choice.narrowing(
            int(draw.integers(0, best + 1)),
            float(draw.choice([1.0, 0.5, 0.9, 1e-9])),
            float(draw.choice([1.0, 1.3, 0.5, 10.0])),
        )
        window, history = int(draw.choice([0, 1, 5, 100])), draw.integers(0, vocab, position + 1)
        seen = np.zeros(vocab, np.bool_)
        seen[history[-window:] if window else history] = True
        masked = bool(case % 2)
        allowed = draw.random(vocab) < draw.choice([0, 0.05, 0.5, 1])
        wanted = choice.choose(
            ints(logits), fraction=10, bits=16, best=best, inverse=inverse, seed=seed, position=position,
            gumbel=gumbel, weights=octave, how=how, seen=seen, allowed=allowed if masked else None,
        )  # fmt: skip
        words = np.packbits(np.pad(allowed, (0, 64 - vocab)), bitorder="little").view(np.uint32)
        numbers = np.array([how.top_k, how.top_p, how.grow, how.shrink, window, masked], np.uint32)
        record = np.zeros(4 + 2 * best, np.int64)
        kernels.choose_one(
            at(ints(logits)), ctypes.c_uint64(seed), inverse, position, at(numbers), at(history.astype(np.uint32)),
            at(words), at(gumbel.astype(np.int16)), at(octave.astype(np.uint32)), at(record),
        )  # fmt: skip
        count = len(wanted.ids)
        assert record[:4].tolist() == [wanted.token, wanted.logit, wanted.total, count], case
        assert record[4 : 4 + count].tolist() == wanted.ids.tolist(), case
        assert record[4 + best : 4 + best + count].tolist() == wanted.logits.tolist(), case
        nothing += wanted.token == choice.NO_TOKEN
    assert nothing > 20
