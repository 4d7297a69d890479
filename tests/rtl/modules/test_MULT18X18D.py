# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""MULT18X18D: products, signed or not by each input; what is not modelled is refused."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped, equal

from hardwire.errors import BuildError

pytestmark = pytest.mark.tools


def pins(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}{n}": values >> n & 1 for n in range(18)}


def test_products(draw: np.random.Generator) -> None:
    count = 4000
    a, b = draw.integers(0, 1 << 18, (2, count))
    a[:4], b[:4] = (0, 1 << 17, (1 << 18) - 1, 1 << 17), (5, 1 << 17, (1 << 18) - 1, (1 << 17) - 1)
    signed = draw.integers(0, 2, (2, count))
    wave = Bench("MULT18X18D").run(**pins("A", a), **pins("B", b), SIGNEDA=signed[0], SIGNEDB=signed[1])
    real = [np.where(s & (v >> 17), v - (1 << 18), v) for s, v in zip(signed, (a, b), strict=True)]
    product = sum(wave[f"P{n}"] << n for n in range(36))
    equal(product, real[0] * real[1] % (1 << 36))
    equal(wave["SIGNEDP"], signed.max(0))


@pytest.mark.parametrize("pin", ["SOURCEA", "SOURCEB"])
def test_shifted_inputs_stop(pin: str) -> None:
    bench = Bench("MULT18X18D")
    with pytest.raises(Stopped, match="shifted inputs are not modelled"):
        bench.run(1, **{pin: 1})


@pytest.mark.parametrize("register", ["REG_INPUTA_CLK", "REG_PIPELINE_CLK", "REG_OUTPUT_CLK"])
def test_registers_do_not_elaborate(register: str) -> None:
    with pytest.raises(BuildError, match="registers and the bypass are not modelled"):
        Bench("MULT18X18D", **{register: "CLK0"})
