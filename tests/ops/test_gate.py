# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from hardwire.decoder import Activation, activate
from hardwire.ops import gate


@pytest.mark.parametrize("kind", ["silu", "gelu", "gelu_tanh", "relu"])
def test_gated_product_is_the_float_one(kind: Activation, draw: np.random.Generator) -> None:
    scale = 1 / 100
    table, unit = gate.activation_table(kind, scale, 11)
    g, u = draw.integers(-1024, 1024, 500), draw.integers(-20000, 20000, 500)
    got = gate.gated(g, u, table, np.int64(18), 11, 12)
    want = activate(g * np.float32(scale), kind) / unit * u / 2**18
    assert np.abs(got - want.clip(-2048, 2047)).max() <= 0.5 + 0.5 * 20000 / 2**18 + 2e-2
    assert np.abs(table).max() == 2**15 - 1
