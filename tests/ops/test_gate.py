# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from hardwire.decoder import Activation, activate
from hardwire.ops import gate


@pytest.mark.parametrize("kind", get_args(Activation))
def test_gated_product_is_the_float_one(kind: Activation, draw: np.random.Generator) -> None:
    scale = 1 / 100
    table, unit = gate.activation_table(kind, scale, 11)
    g, u = draw.integers(-1024, 1024, 500), draw.integers(-20000, 20000, 500)
    got = gate.gated(g, u, table, np.int64(18), 11, 12)
    want = activate(g * np.float32(scale), kind) / unit * u / 2**18
    assert np.abs(got - want.clip(-2048, 2047)).max() <= 0.5 + 0.5 * 20000 / 2**18 + 2e-2
    assert np.abs(table).max() == 2**15 - 1


@pytest.mark.parametrize("kind", get_args(Activation))
def test_a_table_alone_gives_the_activation_to_half_a_unit(kind: Activation) -> None:
    scale, unit = 1 / 200, 1 / 31
    table = gate.hidden_table(kind, scale, unit, 11, 8)
    index = np.arange(-1024, 1024)
    want = activate(index * scale, kind).astype(np.float64) / unit
    got = gate.activated(index, table, 11)
    inside = (want > -128) & (want < 127)
    assert np.abs(got - want)[inside].max() <= 0.5
    assert inside.mean() > 0.65 and (got[~inside] == 127).all()  # the rest saturates
    assert gate.activated(np.array([[-1024], [0]]), table, 11).tolist() == [[table[0]], [table[1024]]]


def test_relu_keeps_positive_values_and_nothing_else() -> None:
    table = gate.hidden_table("relu", 0.5, 0.5, 8, 8)
    assert table.tolist() == [0] * 128 + list(range(128))
