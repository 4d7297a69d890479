# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""rows: a read a cycle, of every kind: the multiplier with and without a root, the embedding's, bias and width."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import active

from hardwire.ops.fixed import MULTIPLIER_BITS, round_shift
from hardwire.ops.matvec import fold_root

pytestmark = pytest.mark.tools

WIDTHS = {"ResidualW": 14, "CacheW": 6, "GateW": 11, "UpW": 13, "LogitW": 15}
# engine_pkg::kind_e: bits of a result of each
BITS = [
    WIDTHS["ResidualW"],
    16,
    16,
    WIDTHS["CacheW"],
    WIDTHS["GateW"],
    WIDTHS["UpW"],
    WIDTHS["GateW"],
    WIDTHS["LogitW"],
]


@pytest.mark.parametrize(
    ("rows", "acc", "row_bits", "bias", "factors", "stages"),
    [(4, 20, 16, 0, 1, 2), (2, 24, 18, 9, 1, 1), (1, 18, 16, 20, 1, 2), (4, 20, 16, 7, 2, 3)],
)
def test_a_read_a_cycle(
    draw: np.random.Generator, rows: int, acc: int, row_bits: int, bias: int, factors: int, stages: int
) -> None:
    count, table = 8000, 8
    kind, shift = draw.integers(0, 8, count), draw.integers(0, 48, count)
    raw, fold, embed = (active(kind_, count, n) for n, kind_ in enumerate(("mostly", "at random", "in bursts")))
    multiplier = draw.integers(0, 1 << MULTIPLIER_BITS, (count, rows))
    factor, root = draw.integers(0, 1 << MULTIPLIER_BITS, (2, count))
    added = draw.integers(-(1 << bias - 1), 1 << bias - 1, (count, rows)) if bias else np.zeros((count, rows), np.int64)
    row = draw.integers(-(1 << table - 1), 1 << table - 1, (count, rows))
    total = draw.integers(-(1 << acc - 1), 1 << acc - 1, (count, rows)) >> draw.integers(0, acc, (count, 1))
    stage = {"FactorStages": factors, "Stages": stages}
    bench = Bench("rows", Rows=rows, AccW=acc, RowW=row_bits, BiasW=bias, EmbeddingW=table, **stage, **WIDTHS)

    def later(values: np.ndarray, by: int) -> np.ndarray:
        values = np.roll(values, by, axis=0)
        return values[:, 0] if values.ndim == 2 and rows == 1 else values

    more = {"bias_i": later(added, 0)} if bias else {}
    wave = bench.run(
        kind_i=kind,
        raw_i=raw.astype(int),
        fold_i=fold.astype(int),
        shift_i=shift,
        multiplier_i=later(multiplier, 0),
        embed_i=embed.astype(int),
        root_i=root,
        row_factor_i=later(factor, 1),
        row_i=later(row, 1),
        sum_i=later(total, 2),
        **more,
    )
    used = np.where(fold[:, None], fold_root(multiplier, root[:, None]), multiplier)
    product = np.where(embed[:, None], row * factor[:, None], total * used)
    bits = np.where(raw, 16, np.array(BITS)[kind])[:, None]
    high = (1 << bits - 1) - 1
    wanted = np.clip(round_shift(product, shift[:, None]) + added, ~high, high)
    equal(wave.signed("y_o", rows).reshape(count, rows), wanted, late=2 + factors + stages)
