# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""max_tree: the largest and the lowest index that holds it, with ties everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

WRAPPER = """
module max_tree_bench #(
  parameter int N = 8, Width = 16,
  localparam int IndexW = N > 1 ? $clog2(N) : 1
) (
  input  logic [N-1:0][Width-1:0] value_i,
  output logic [Width-1:0]        top_o,
  output logic [IndexW-1:0]       index_o
);
  max_tree #(.N(N), .Width(Width)) u_tree (.value_i, .top_o, .index_o);
endmodule
"""

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 13])
@pytest.mark.parametrize("width", [2, 16])
def test_the_largest(draw: np.random.Generator, n: int, width: int) -> None:
    x = draw.integers(-(1 << width - 1), 1 << width - 1, (3000, n))
    x[1500:] = draw.integers(-2, 2, (1500, n))
    x[0], x[1], x[2] = -(1 << width - 1), (1 << width - 1) - 1, 0
    wave = Bench("max_tree", wrapper=WRAPPER, N=n, Width=width).run(value_i=x if n > 1 else x[:, 0])
    equal(wave.signed("top_o"), x.max(1))
    equal(wave["index_o"], x.argmax(1))
