# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""EHXPLLL: the clock passes; the lock comes sixteen cycles behind a reset; other outputs do not elaborate."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.errors import BuildError

pytestmark = pytest.mark.tools


def test_the_clock_passes() -> None:
    bench = Bench("EHXPLLL")
    for level in (1, 0, 1, 0):
        bench.set(CLKI=level)
        bench.settle()
        assert bench.get("CLKOP") == bench.get("REFCLK") == level
        assert not any(bench.get(name) for name in ("CLKOS", "CLKOS2", "CLKOS3"))


def test_the_lock_follows() -> None:
    bench = Bench("EHXPLLL")
    bench.clock = "CLKI"
    assert bench.run(20)["LOCK"].tolist() == [0] * 16 + [1] * 4  # from power-up
    assert bench.run(RST=np.r_[1, 1, np.zeros(20, int)])["LOCK"].tolist() == [1] + [0] * 17 + [1] * 4


@pytest.mark.parametrize("name", ["CLKOS_ENABLE", "CLKOS2_ENABLE", "CLKOS3_ENABLE"])
def test_other_outputs_do_not_elaborate(name: str) -> None:
    with pytest.raises(BuildError, match="an output that is not modelled"):
        Bench("EHXPLLL", **{name: "ENABLED"})
