# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from hardwire.ops import norm
from hardwire.ops.fixed import scale_pair
from hardwire.ops.matvec import ROOT_SHIFT

BITS, RESIDUAL, DIM, UNIT, EPS = 9, 16, 64, 1e-3, 1e-5


def normalized(x: np.ndarray) -> np.ndarray:
    a, energy, m = norm.shift_normalize(x, norm.eps_table(EPS, DIM, UNIT), BITS)
    assert np.abs(a).max() <= 256
    root = norm.reciprocal_root(energy, m, norm.rsqrt_table())
    assert root.max() < 1 << 17
    return a * root[..., None] * np.sqrt(DIM) / norm.root_scale(BITS)


@pytest.mark.parametrize("size", [3, 40, 1000, 32767])
def test_norm_matches_the_float_one(size: int, draw: np.random.Generator) -> None:
    x = np.rint(draw.standard_normal((200, DIM)) * size / 3).astype(np.int64).clip(-32768, 32767)
    real = x * UNIT
    want = real / np.sqrt(np.square(real).mean(-1, keepdims=True) + EPS)
    # Half a unit of the shifted vector's largest entry, and the table's 0.1 %.
    bound = np.abs(want).max(-1, keepdims=True) * (0.5 / 127 + 2e-3)
    assert (np.abs(normalized(x) - want) <= bound + 1e-12).all()


def test_zero_vector_stays_zero() -> None:
    assert not normalized(np.zeros((2, DIM), np.int64)).any()


def test_extreme_vectors_fill_the_bits_without_leaving_them() -> None:
    eps = norm.eps_table(EPS, DIM, UNIT)
    for value in (-32768, 32767, -1, 1, 255, -256, 256, -257):
        x = np.zeros((1, DIM), np.int64)
        x[0, 0] = value
        a, _, _ = norm.shift_normalize(x, eps, BITS)
        assert 128 <= abs(a[0, 0]) <= 256 and np.sign(a[0, 0]) == np.sign(value)


def check_root(energy: np.ndarray, m: np.ndarray) -> None:
    """Within the table's step and its rounding (half a unit at most, then half a unit where it is shifted)."""
    root = norm.reciprocal_root(energy, m, norm.rsqrt_table())
    exact = 2.0 ** (16 + m) / np.sqrt(energy)
    assert (np.abs(root - exact) <= exact / 1024 + 0.75).all()
    assert root.min() >= 0 and root.max() < 1 << 17


@pytest.mark.parametrize(("dim", "residual"), [(1, 12), (2, 7), (3, 5)])
@pytest.mark.parametrize("eps", [1, 2, 1000, norm.LARGEST_EPS])
def test_every_vector_of_few_bits(dim: int, residual: int, eps: int) -> None:
    each = np.arange(-(1 << residual - 1), 1 << residual - 1)
    x = np.stack(np.meshgrid(*[each] * dim), -1).reshape(-1, dim)
    for bits in (3, residual, residual + 2):
        a, energy, m = norm.shift_normalize(x, np.array([eps]), bits)
        assert energy.tolist() == [sum(v * v for v in row) + eps for row in x.tolist()]
        assert all(int(e).bit_length() >= 2 * int(b) - 1 for e, b in zip(energy, m, strict=True))
        # Half a unit, or the one unit by which a value that rounds up to the next bit is saturated.
        real = x * 2.0 ** (bits - 1 - m[:, None])
        high = 2 ** (bits - 1) - 1
        assert (np.abs(a - real) <= np.where(real > high - 0.5, 1.0, 0.5)).all()
        assert (np.abs(a).max(-1)[x.any(-1)] >= 1 << bits - 2).all()
        assert a.min() >= -(1 << bits - 1) and a.max() < 1 << bits - 1
        check_root(energy, m)


def test_roots_of_all_magnitudes_that_a_residual_can_have() -> None:
    for m in range(24):
        energy = np.geomspace(max(4.0 ** (m - 1) + 1, 1), norm.LARGEST_ENERGY - 1024, 5000).astype(np.int64)
        check_root(energy, np.full_like(energy, m))
    for k in range(63):  # every edge of the table, and of an octave
        edges = np.unique([max((1 << k) + d, 1) for d in (-1, 0, 1)])
        check_root(edges, np.zeros_like(edges))


def test_eps_is_at_least_one_and_fits_its_bits() -> None:
    assert norm.eps_table(1e-5, 64, 1e-3).tolist() == [640]
    assert norm.eps_table(1e-12, 64, 1.0).tolist() == [1]
    assert norm.eps_table(1.0, 1 << 17, 1e-9).tolist() == [norm.LARGEST_EPS]


@pytest.mark.parametrize(("residual", "bits"), [(8, 4), (12, 9), (16, 9), (17, 12)])
def test_without_a_norm_the_shift_is_undone(residual: int, bits: int) -> None:
    x = np.unique(np.linspace(-(1 << residual - 1), (1 << residual - 1) - 1, 4001).astype(np.int64))[:, None]
    a, _, m = norm.shift_normalize(x, np.array([1]), bits)
    root = norm.plain_root(m, residual)
    assert root.min() >= 1 and root.max() == 1 << 16
    # Half a unit of a, or a whole one where it is saturated, in terms of x.
    step = 2.0 ** (m[:, None] - (bits - 1))
    assert (np.abs(a * root[:, None] / norm.plain_scale(bits, residual) - x) <= step).all()


def test_roots_of_sixteen_bit_residuals_without_a_norm() -> None:
    assert norm.plain_root(np.arange(16), 16).tolist() == [2 << m for m in range(16)]
    assert norm.plain_root(np.array([0, 7, 8, 23]), 24).tolist() == [1, 1, 2, 1 << 16]


@pytest.mark.parametrize("size", [40, 1000, 20000])
def test_a_norm_written_back_is_the_float_one(size: int, draw: np.random.Generator) -> None:
    x = np.rint(draw.standard_normal((200, DIM)) * size / 3).astype(np.int64).clip(-32768, 32767)
    gain, unit = draw.uniform(0.5, 2, DIM), 5e-4  # of a residual
    real = x * UNIT
    want = gain * real / np.sqrt(np.square(real).mean(-1, keepdims=True) + EPS)
    a, energy, m = norm.shift_normalize(x, norm.eps_table(EPS, DIM, UNIT), BITS)
    root = norm.reciprocal_root(energy, m, norm.rsqrt_table())
    scale = norm.Scale(*scale_pair(gain * np.sqrt(DIM) / norm.root_scale(BITS) * 2.0**ROOT_SHIFT / unit))
    got = norm.write_back(a, root, scale, 16) * unit
    # As above; then a folded multiplier's half unit of 2**8 or more, and the residual's own half unit.
    largest = np.abs(want / gain).max(-1, keepdims=True) * gain
    assert (np.abs(got - want) <= largest * (0.5 / 127 + 2e-3 + 0.5 / 256) + 0.5 * unit).all()
    top, ends = norm.Scale(np.full(3, (1 << 17) - 1, np.int64), 0), np.array([255, -256, 0], np.int64)
    assert norm.write_back(ends, np.array(1 << 16, np.int64), top, 16).tolist() == [32767, -32768, 0]
