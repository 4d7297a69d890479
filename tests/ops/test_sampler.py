# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from hardwire.errors import PromptError
from hardwire.ops import sampler

TABLE = sampler.gumbel_table()


@pytest.mark.parametrize(
    ("key", "counter", "answer"),
    [
        ((0, 0), (0, 0), (0x9D1C5EC6, 0x8BD50731)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0xFD36D048, 0x2D17272C)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xBA3E4725, 0xF27D669E)),
    ],
)
def test_threefry_known_answers_of_random123(key: tuple, counter: tuple, answer: tuple) -> None:
    got = sampler.threefry(np.array(key, np.uint64), np.array(counter, np.uint64))
    assert [hex(word) for word in got.tolist()] == [hex(word) for word in answer]


def test_noise_is_the_gumbel_quantile_of_its_uniform(draw: np.random.Generator) -> None:
    u = np.concatenate([draw.integers(0, 2**32, 50000), 2**32 - 1 - (1 << np.arange(8, 31))])
    real = (u + 0.5) / 2**32
    want = -np.log(-np.log(real))
    got = TABLE[sampler.noise_index(u)] / 2**sampler.NOISE_FRACTION
    inside = (real > 2.0**-9) & (real < 1 - 2.0**-24)
    assert np.abs(got - want)[inside].max() < 0.017  # half a step of 1 / 64 of an octave, and rounding
    assert sampler.noise_index(np.array([0, 2**32 - 1])).tolist() == [31 * 64, 23 * 64]


def test_greedy_ties_go_to_the_lowest_id() -> None:
    assert sampler.sample(np.array([3, 9, 9, 1]), 10, 0, 0, 0, TABLE) == 1


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.7])
def test_samples_follow_softmax_by_chi_square(temperature: float, draw: np.random.Generator) -> None:
    logits = np.rint(draw.standard_normal(12) * 1.5 * 1024).astype(np.int64)
    count, inverse = 12000, sampler.inverse_temperature(temperature)
    picks = [sampler.sample(logits, 10, inverse, 99, position, TABLE) for position in range(count)]
    weight = np.exp(logits / 1024 / temperature)
    expected = count * weight / weight.sum()
    small = expected < 8
    observed = np.bincount(picks, minlength=12)
    groups = [(observed[~small], expected[~small]), ([observed[small].sum()], [expected[small].sum()])]
    chi = sum(((np.array(o) - e) ** 2 / np.maximum(e, 1e-9)).sum() for o, e in groups)
    assert chi < 35  # 11 degrees of freedom: exceeded once in 4,000 fair draws


def test_another_seed_position_or_id_is_another_draw() -> None:
    base = sampler.uniforms(1, 2, 8)
    assert len(np.unique(base)) == 8
    for other in (sampler.uniforms(2, 2, 8), sampler.uniforms(1, 3, 8), sampler.uniforms(1 + 2**32, 2, 8)):
        assert not np.array_equal(base, other)


@pytest.mark.parametrize("temperature", [float("nan"), float("inf"), -1.0, 0.001, 1e9])
def test_unusable_temperatures_are_refused(temperature: float) -> None:
    with pytest.raises(PromptError, match="is not usable"):
        sampler.inverse_temperature(temperature)
