# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The bench itself: numbers in and out of ports, what stops a run, what begins at random, who pauses."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped, pack, unpack
from bench_streams import PAUSES, Sink, Source, active, cycles, spread

from hardwire.errors import BuildError


@pytest.mark.parametrize(("lanes", "each"), [(1, 1), (1, 7), (1, 33), (1, 64), (3, 5), (8, 16), (5, 37), (2, 64)])
def test_numbers_come_back(lanes: int, each: int, draw: np.random.Generator) -> None:
    values = draw.integers(-(1 << each - 1), 1 << each - 1, (50, lanes)).reshape((50, lanes) if lanes > 1 else 50)
    room = -(-lanes * each // 32) * 4
    packed = pack(values, lanes * each, max(room, 8 if lanes * each > 32 else room))
    np.testing.assert_array_equal(unpack(packed, lanes * each, lanes, signed=True), values)
    unsigned = unpack(packed, lanes * each, lanes)
    np.testing.assert_array_equal(unsigned.astype(np.uint64), values.astype(np.uint64) & np.uint64((1 << each) - 1))
    whole = sum(int(v) << each * i for i, v in enumerate(np.atleast_1d(unsigned[0])))
    assert int.from_bytes(packed[0].tobytes(), "little") == whole


def test_a_number_that_is_too_large_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"0\.\.16 in 4 bits"):
        pack(np.array([16]), 4, 1)
    with pytest.raises(AssertionError, match=r"-9\.\.0 in 4 bits"):
        pack(np.array([[-9, 0]]), 8, 1)


def test_spread_hides_items_in_garbage() -> None:
    at = active("at random", 200, seed=4)
    items = np.arange(at.sum())
    seen = spread({"x": items}, at, {"x": 9})["x"]
    np.testing.assert_array_equal(seen[at], items)
    assert len(set(seen[~at].tolist())) > 40


@pytest.mark.parametrize("pauses", PAUSES)
def test_no_one_pauses_for_good(pauses: str) -> None:
    when = active(pauses, 200, seed=3)
    assert len(when) == 200 and when[:50].any() and (pauses == "never") == bool(when.all())
    np.testing.assert_array_equal(when, active(pauses, 200, seed=3))


@pytest.mark.tools
def test_a_failed_assertion_raises_with_its_message() -> None:
    bench = Bench("freshness", Depth=4)
    bench.run(1, clear_i=1)
    bench.run(1, clear_i=0, re_i=0, raddr_i=2)
    with pytest.raises(Stopped, match="freshness: .*word 2 is read before it is written"):
        bench.run(1, re_i=1)
    with pytest.raises(Stopped, match="word 2"):  # and stays stopped
        bench.tick()


@pytest.mark.tools
def test_a_hex_file_that_is_not_there_raises() -> None:
    with pytest.raises(Stopped, match="none.hex"):
        Bench("rom", File="none.hex")


@pytest.mark.tools
def test_a_module_that_does_not_elaborate_says_so() -> None:
    with pytest.raises(BuildError, match="NOSUCH"):
        Bench("requant", NOSUCH=1)


@pytest.mark.tools
def test_what_nothing_initialises_begins_as_noise() -> None:
    first, same, other = (
        Bench("small_ram", Width=32, Depth=16, seed=seed).run(raddr_i=np.arange(16))["rdata_o"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert first.all() and (first != other).all()


@pytest.mark.tools
def test_a_sink_finds_what_is_withdrawn() -> None:
    """valid_o follows valid_i in slip_encoder, so a source that gives up withdraws its offer."""
    bench = Bench("slip_encoder")
    bench.reset()
    sink = Sink(["data_o"], "valid_o", "ready_i", np.zeros(8, bool))

    class Fickle(Source):
        def before(self, bench: Bench) -> None:
            bench.set(valid_i=self.cycle % 2, data_i=7)
            self.cycle += 1

    with pytest.raises(AssertionError, match="withdrawn"):
        cycles(bench, [Fickle([], "valid_i", "ready_o", np.ones(1)), sink], lambda: False, 8)
