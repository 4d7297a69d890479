# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""adder_tree: sums of any number of values, at their limits too."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

WRAPPER = """
module adder_tree_bench #(parameter int N = 8, Width = 16, localparam int OutW = Width + $clog2(N)) (
  input  logic [N-1:0][Width-1:0] value_i,
  output logic signed [OutW-1:0]  sum_o
);
  adder_tree #(.N(N), .Width(Width)) u_tree (.value_i, .sum_o);
endmodule
"""

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("width", [1, 9])
def test_a_sum(draw: np.random.Generator, n: int, width: int) -> None:
    x = draw.integers(-(1 << width - 1), 1 << width - 1, (2000, n))
    x[0], x[1] = -(1 << width - 1), (1 << width - 1) - 1
    wave = Bench("adder_tree", wrapper=WRAPPER, N=n, Width=width).run(value_i=x if n > 1 else x[:, 0])
    equal(wave.signed("sum_o"), x.sum(1))
