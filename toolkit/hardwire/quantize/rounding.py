# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Weight rounding: from a float matrix and the inputs it will see to integers and one scale per row.

Given calibration inputs X, rounding each weight to the nearest step is not the best choice: errors of
correlated inputs can cancel. The error of a row w with integers q and scale s is
``(w - s q) H (w - s q)^T`` with ``H = X^T X``. It is lowered in three steps: a scale search, GPTQ
(Frantar et al., 2023), and coordinate descent on single weights (QuantEase, Behdin et al., 2023) in turn
with the least-squares scale. Rows are independent; everything is vectorised over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ops.fixed import limits

Floats = NDArray[np.float64]

CLIPS = np.linspace(0.45, 1.05, 25)  # candidate scales, as a share of the row's largest weight over 2**(bits-1)
SWEEPS = 6
LARGE = 1 << 19  # weights of a matrix whose scales are searched in float32
COLUMNS = 64  # of a block that is rounded one after the other before the rest hears of it
GRID_TOLERANCE = 1e-3  # of a step: what float32 leaves of a weight on the grid


@dataclass(frozen=True)
class Rounded:
    """Integers [out, in] and the real value of one step of each row [out]."""

    weight: NDArray[np.int8]
    scale: Floats


Place = tuple[str, int]  # a matrix: its name and its layer; the head is in layer 0


@dataclass(frozen=True)
class Rounding:
    """A rounded matrix and what it was made of: a float matrix with each column times ``columns`` [in]."""

    rounded: Rounded
    columns: Floats
    bits: int


@dataclass(frozen=True)
class Moments:
    """Second moments of a matrix's inputs over the calibration tokens.

    gram [in, in]: quantised inputs with themselves. cross [in, in]: float inputs with quantised ones.
    """

    gram: Floats
    cross: Floats

    @staticmethod
    def of(quantized: Floats, exact: Floats, weights: Floats | None = None, damping: float = 0.01) -> Moments:
        """Of inputs [N, in]; ``damping`` is relative to the mean diagonal and keeps the solution near ``exact``.

        ``weights`` [N]: what the square of each token's error counts.
        """
        if weights is not None:
            root = np.sqrt(weights)[:, None]
            quantized, exact = quantized * root, exact * root
        gram, cross = quantized.T @ quantized, exact.T @ quantized
        ridge = damping * np.trace(gram) / len(gram) + 1e-12
        return Moments(gram + ridge * np.eye(len(gram)), cross + ridge * np.eye(len(gram)))

    def best_weight(self, weight: Floats) -> Floats:
        """The matrix that on quantised inputs comes closest to ``weight`` on the float ones."""
        return np.linalg.solve(self.gram, (weight @ self.cross).T).T


def round_plain(weight: Floats, bits: int) -> Rounded:
    """Nearest integers, scale from each row's largest weight."""
    low, high = limits(bits)
    scale = np.maximum(np.abs(weight).max(1), 1e-12) / high
    return Rounded(np.rint(weight / scale[:, None]).clip(low, high).astype(np.int8), scale)


def within(rounded: Rounded, weight: Floats, most: int) -> tuple[Rounded, int]:
    """Integers of which no row's magnitudes add to more than ``most``, and how many of them gave way by a step.

    Those that do were rounded away from zero the furthest.
    """
    q, given = rounded.weight.astype(np.int64), 0
    for row in np.flatnonzero(abs(q).sum(1) > most):
        while (excess := int(abs(q[row]).sum()) - most) > 0:
            away = np.where(q[row] != 0, abs(q[row]) - abs(weight[row]) / rounded.scale[row], -np.inf)
            first = np.argsort(-away, kind="stable")[: min(excess, int((q[row] != 0).sum()))]
            q[row, first] -= np.sign(q[row, first])
            given += len(first)
    return Rounded(q.astype(np.int8), rounded.scale), given


def on_grid(weight: Floats, bits: int) -> bool:
    """Was the model trained on the plain grid? Then nearest rounding changes nothing, and is the best."""
    rounded = round_plain(weight, bits)
    return bool(np.abs(weight - rounded.weight * rounded.scale[:, None]).max() < GRID_TOLERANCE * rounded.scale.max())


def round_weights(weight: Floats, moments: Moments, bits: int) -> Rounded:
    """Integers and scales that lower the output error on the calibration inputs."""
    if on_grid(weight, bits):
        return round_plain(weight, bits)
    target = moments.best_weight(weight)
    scale = _search_scale(target, moments.gram, bits)
    q = _gptq(target, moments.gram, scale, bits)
    for _ in range(SWEEPS):
        scale = _least_squares_scale(target, moments.gram, q, scale)
        q = _descend(target, moments.gram, q, scale, bits)
    scale = _least_squares_scale(target, moments.gram, q, scale)
    return Rounded(q.astype(np.int8), scale)


def _error(target: Floats, gram: Floats, q: Floats, scale: Floats) -> Floats:
    e = target - q * scale[:, None]
    return np.asarray(((e @ gram) * e).sum(1))


def _search_scale(target: Floats, gram: Floats, bits: int) -> Floats:
    low, high = limits(bits)
    widest = np.maximum(np.abs(target).max(1), 1e-12) / (high + 0.5)
    best, best_error = widest, np.full(len(target), np.inf)
    if target.size > LARGE:  # enough to tell scales apart, in half the time
        target, gram = target.astype(np.float32), gram.astype(np.float32)
    for clip in CLIPS:
        scale = widest * clip
        narrow = scale.astype(target.dtype)
        q = np.rint(target / narrow[:, None]).clip(low, high)
        error = _error(target, gram, q, narrow)
        better = error < best_error
        best, best_error = np.where(better, scale, best), np.where(better, error, best_error)
    return best


def _gptq(target: Floats, gram: Floats, scale: Floats, bits: int) -> Floats:
    """Round column by column, most important first, each error pushed onto the columns not yet rounded.

    Columns beyond a block of COLUMNS get the block's errors at once, as a matrix product.
    """
    low, high = limits(bits)
    order = np.argsort(-np.diag(gram))
    factor = np.linalg.cholesky(np.linalg.inv(gram[np.ix_(order, order)])).T  # upper triangular
    w, q = target[:, order].copy(), np.empty_like(target)
    for start, stop in _blocks(w.shape[1]):
        errors = np.empty((len(w), stop - start))
        for j in range(start, stop):
            q[:, j] = np.rint(w[:, j] / scale).clip(low, high)
            error = (w[:, j] - q[:, j] * scale) / factor[j, j]
            w[:, j + 1 : stop] -= error[:, None] * factor[j, j + 1 : stop]
            errors[:, j - start] = error
        w[:, stop:] -= errors @ factor[start:stop, stop:]
    result = np.empty_like(q)
    result[:, order] = q
    return result


def _descend(target: Floats, gram: Floats, q: Floats, scale: Floats, bits: int) -> Floats:
    """One sweep over the columns: each integer becomes the best one, the others held."""
    low, high = limits(bits)
    q = q.copy()
    residual = target - q * scale[:, None]
    for start, stop in _blocks(q.shape[1]):
        pull = residual @ gram[:, start:stop]  # gradient of the error, of the block's columns [out, block]
        for j in range(start, stop):
            best = np.rint(q[:, j] + pull[:, j - start] / (gram[j, j] * scale)).clip(low, high)
            change = (best - q[:, j]) * scale
            pull -= change[:, None] * gram[j, start:stop]
            residual[:, j] -= change
            q[:, j] = best
    return q


def _blocks(columns: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + COLUMNS, columns)) for start in range(0, columns, COLUMNS))


def _least_squares_scale(target: Floats, gram: Floats, q: Floats, scale: Floats) -> Floats:
    """The scale of each row at which its integers fit best; the old one where that would not be positive."""
    weighted = q @ gram
    above, below = np.einsum("ij,ij->i", weighted, target), np.einsum("ij,ij->i", weighted, q)
    good = (above > 0) & (below > 0)
    return np.where(good, above / np.where(good, below, 1.0), scale)
