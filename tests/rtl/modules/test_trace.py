# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""trace: checksums of tokens with random rows of every kind, segment by segment, as hardwire.plan.trace sums them."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, row_words

pytestmark = pytest.mark.tools

QUERY, KEY, VALUE, GATE, UP, PLAIN, LOGIT = range(1, 8)  # engine_pkg::kind_e, behind KindResidual
Y_STAGE = {VALUE: 3, GATE: 5, PLAIN: 5, LOGIT: 7}
Z_STAGE = {QUERY: 1, KEY: 2, UP: 6}
X_STAGE, MIXED_STAGE = 0, 4
ENDS = 2  # a segment takes what comes so many cycles later than its end is told, the last not included


@pytest.mark.parametrize(("rows", "heads", "divides", "segments"), [(4, 1, 2, 5), (2, 2, 3, 1), (8, 4, 1, 12)])
def test_tokens(draw: np.random.Generator, rows: int, heads: int, divides: int, segments: int) -> None:
    sizes = {"y": (16, (rows,)), "z": (12, (rows,)), "x": (16, (rows,)), "mixed": (8, (heads * divides,))}
    bench = Bench(
        "trace",
        Rows=rows,
        RowW=16,
        PostW=12,
        ResidualW=16,
        MixedW=8,
        DestW=8,
        Heads=heads,
        Divides=divides,
        MixedA=6,
        Segments=segments,
    )
    bench.reset(16)
    for _ in range(6):
        lengths = draw.integers(3, 25, segments)
        count = int(lengths.sum()) + 20
        ends = np.cumsum(lengths)
        columns = {
            name: draw.integers(-(1 << w - 1), 1 << w - 1, (count, *shape)) for name, (w, shape) in sizes.items()
        }
        valid = {name: draw.random(count) < 0.5 for name in sizes}
        dest = {name: draw.integers(0, 64 if name == "mixed" else 256, count) for name in sizes}
        kind = {name: draw.integers(0, 8, count) for name in ("y", "z")}
        start, following, done = (np.zeros(count, np.int64) for _ in range(3))
        start[0], following[ends[:-1]], done[ends[-1]] = 1, 1, 1
        wave = {f"{name}_valid_i": v.astype(int) for name, v in valid.items()}
        wave |= {f"{name}_i": v for name, v in columns.items()}
        wave |= {f"{name}_kind_i": k for name, k in kind.items()}
        wave |= {f"{name}_dest_i": d for name, d in dest.items() if name != "mixed"}
        bench.run(start_i=start, next_i=following, done_i=done, mixed_addr_i=dest["mixed"], **wave)
        bench.set(start_i=0, next_i=0, done_i=0, **{f"{name}_valid_i": 0 for name in sizes})
        bench.run(16)
        got = bench.run(addr_i=np.arange(8 * segments + 1))["data_o"][1:].reshape(segments, 8)
        word = {name: row_words(columns[name], dest[name]) for name in sizes}
        wanted = np.zeros((segments, 8), np.int64)
        begin = ENDS
        for segment, end in enumerate(ends + ENDS):
            for n in range(begin, end):
                stages = {
                    "y": Y_STAGE.get(int(kind["y"][n])),
                    "z": Z_STAGE.get(int(kind["z"][n])),
                    "x": X_STAGE,
                    "mixed": MIXED_STAGE,
                }
                for name, stage in stages.items():
                    if valid[name][n] and stage is not None:
                        wanted[segment, stage] += word[name][n]
            begin = end
        np.testing.assert_array_equal(got, wanted % (1 << 32))
