# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The soft cap: close to the tanh everywhere, odd but for a unit, never falling, and saturating at its ends."""

from __future__ import annotations

import numpy as np
import pytest

from hardwire.ops.softcap import CAP_ENTRIES, cap_table, soft_cap


@pytest.mark.parametrize(("cap", "unit"), [(50.0, 1 / 112), (30.0, 1 / 256), (3.0, 1 / 112)])
def test_every_input_is_near_its_cap(cap: float, unit: float) -> None:
    x = np.arange(-(1 << 15), 1 << 15)
    table = cap_table(cap, unit, unit)
    assert table.shape == (CAP_ENTRIES,)
    got, want = soft_cap(x, table) * unit, cap * np.tanh(x * unit / cap)
    bend = (128 * unit) ** 2 / 8 * 0.77 / cap  # a line's distance from a curve: h * h / 8 times its largest bend
    assert np.abs(got - want).max() <= bend + unit
    assert (np.diff(got) >= 0).all()
    assert got[0] == pytest.approx(-want[-1], abs=1.5 * unit)


def test_the_ends_of_the_table_are_reached() -> None:
    table = cap_table(1.0, 1.0, 2.0**-15)
    assert soft_cap(np.array([-(1 << 15), 0, (1 << 15) - 1]), table).tolist() == [-(1 << 15), 0, (1 << 15) - 1]
