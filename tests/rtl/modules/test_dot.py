# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""dot: every input at small widths, by digits, as it is synthesised, and by products, as it is simulated."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, digit_offset, equal, grid

pytestmark = pytest.mark.tools

FORMS = {"digits": ["HW_DIGITS"], "products": []}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("act", "weight", "minus"), [(4, 4, 0), (4, 4, 1), (3, 5, 0), (4, 3, 1), (5, 2, 0)])
def test_every_input_of_two_terms(form: str, act: int, weight: int, minus: int) -> None:
    a, w = (range(-(1 << bits - 1), 1 << bits - 1) for bits in (act, weight))
    a0, a1, w0, w1 = grid(a, a, w, w)
    terms, weights = np.stack([a0, a1], 1), np.stack([w0, w1], 1)
    bench = Bench("dot", Terms=2, ActW=act, WeightW=weight, Minus=minus, defines=FORMS[form])
    wave = bench.run(a_i=terms, w_i=weights)
    equal(wave.signed("y_o") + wave["c_o"] + digit_offset(weight) * terms.sum(1), (terms * weights).sum(1))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("stage", "split"), [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("settled", [0, 1])
@pytest.mark.parametrize(("terms", "weight"), [(1, 8), (4, 8), (7, 5), (2, 4), (3, 7)])
def test_many_terms(
    draw: np.random.Generator, form: str, stage: int, split: int, settled: int, terms: int, weight: int
) -> None:
    low, high = -(1 << weight - 1), (1 << weight - 1) - 1
    a, w = draw.integers(-256, 256, (4000, terms)), draw.integers(low, high + 1, (4000, terms))
    a[:4], w[:4] = (
        [[-256] * terms, [-256] * terms, [255] * terms, [255] * terms],
        [[x] * terms for x in (low, high) * 2],
    )
    shape = {"Terms": terms, "ActW": 9, "WeightW": weight, "Settled": settled, "Stage": stage, "Split": split}
    bench = Bench("dot", defines=FORMS[form], **shape)
    wave = bench.run(a_i=a if terms > 1 else a[:, 0], w_i=w if terms > 1 else w[:, 0])
    lack = digit_offset(weight) * a.sum(1)
    equal(wave.signed("y_o") + wave["c_o"], (a * w).sum(1) - lack, late=stage + split)
    assert not (settled and wave["c_o"][stage + split :].any())
