# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""host_settings: every register written and read at random, good values and bad, and what is none of its registers."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import active

from hardwire.host.registers import address

pytestmark = pytest.mark.tools

VOCAB, CONTEXT, STOPS = 37, 20, 3
AT = {name: address(name) for name in ("length", "budget", "inverse", "seed_low", "seed_high", "stop_token", "drafts")}


def known(at: int, drafts: int) -> bool:
    if at == AT["drafts"]:
        return drafts > 0
    return at in AT.values() or at in [AT["stop_token"] + 4 * i for i in range(STOPS)]


def good(at: int, word: int) -> bool:
    if at == AT["length"]:
        return word <= CONTEXT
    if at == AT["inverse"]:
        return word < 1 << 17
    if at == AT["drafts"]:
        return word < 2
    return at < AT["stop_token"] or word & 0x7FFFFFFF < VOCAB


@pytest.mark.parametrize("drafts", [0, 64])
def test_writes_and_reads(draw: np.random.Generator, drafts: int) -> None:
    count = 6000
    at = AT["length"] + 4 * draw.integers(-2, 10, count)
    at[draw.random(count) < 0.2] = AT["drafts"]
    word = draw.integers(0, 1 << 32, count) >> draw.integers(0, 32, count)
    near = {AT["length"]: CONTEXT, AT["inverse"]: 1 << 17, AT["drafts"]: 1}
    for n in np.flatnonzero(draw.random(count) < 0.3):  # about what is still good
        word[n] = max(near.get(int(at[n]), VOCAB) + draw.integers(-1, 2), 0)
        word[n] |= int(at[n] != AT["drafts"] and draw.integers(2)) << 31
    ok = np.array([known(int(a), drafts) and good(int(a), int(w)) for a, w in zip(at, word, strict=True)])
    write = np.zeros(count, bool)
    write[1:] = ok[:-1] & active("at random", count, 3)[:-1]
    bench = Bench("host_settings", plan={"Vocab": VOCAB, "Context": CONTEXT, "Stops": STOPS, "Drafts": drafts})
    bench.reset()
    wave = bench.run(addr_i=at, wdata_i=word, write_i=write.astype(int))
    np.testing.assert_array_equal(wave["known_o"], [known(int(a), drafts) for a in at])
    where = wave["known_o"] == 1
    np.testing.assert_array_equal(wave["ok_o"][where], ok[where])
    stop, seed = wave.unsigned("request_o.stop", STOPS), wave.unsigned("request_o.seed")
    ports = {name: f"request_o.{name}" for name in ("budget", "inverse", "drafts")} | {"length": "length_o"}
    held = dict.fromkeys(range(AT["length"], AT["stop_token"] + 4 * STOPS, 4), 0)
    held |= {AT["budget"]: 0xFFFFFFFF, AT["drafts"]: 0}
    for n in range(1, count):
        before = int(at[n - 1])
        assert not known(before, drafts) or wave["rdata_o"][n] == held[before], f"cycle {n}, register {before:x}"
        for name, port in ports.items():
            assert wave[port][n] == held[AT[name]], f"cycle {n}, {name}"
        assert int(seed[n]) == held[AT["seed_high"]] << 32 | held[AT["seed_low"]]
        stops = [held[AT["stop_token"] + 4 * i] for i in range(STOPS)]
        assert wave["request_o.stop_valid"][n] == sum(stop >> 31 << i for i, stop in enumerate(stops))
        assert stop[n].tolist() == [stop & 0x7FFFFFFF for stop in stops]
        if write[n]:
            held[before] = int(word[n - 1])
