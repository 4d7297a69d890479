# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""attention_jobs: layers of passes at random lengths, each begun as soon as may be or later, in any stream's part of
the cache; all outputs."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

pytestmark = pytest.mark.tools

SCORE_LATE, MIXED_LATE = 4, 12  # a walk's last block to exp_start_i; its last exponentials to the first quotients


@pytest.mark.parametrize(
    ("streams", "walks", "words", "steps"), [(2, 8, 4, 4), (3, 1, 1, 2), (4, 3, 3, 16), (2, 2, 1, 1)]
)
def test_layers(draw: np.random.Generator, streams: int, walks: int, words: int, steps: int) -> None:
    blocks, layers, spacing, jobs = 11, 3, max(2, steps), 30 * streams
    bench = Bench(
        "attention_jobs", Streams=streams, Blocks=blocks, Layers=layers, Walks=walks, Words=words, Steps=steps,
        AddrW=10, IndexW=6,
    )  # fmt: skip
    bench.reset()
    room = jobs * (walks * max(blocks, spacing) + blocks + 20)
    flags = {
        name: np.zeros(room, np.int64)
        for name in ("start_i", "stream_i", "walk_first_i", "exp_start_i", "exp_last_i", "mixed_last_i")
    }
    free, restart = np.ones(room, np.int64), np.zeros((room, streams), np.int64)
    length = np.zeros((room, streams), np.int64)  # blocks in use
    length[:] = draw.integers(1, blocks + 1, streams)
    owner = draw.integers(0, streams, (room, streams))  # looked at with a restart
    restart[0], owners = 1, owner[0].tolist()
    ends, counts = [2] * streams, [0] * streams  # of a stream's last layer, and its number
    last: tuple[int, int] | None = None  # first block of the last walk, and its blocks
    bases, loads, exps, mixes = [], [], [], []
    at = 2
    for _ in range(jobs):
        stream = int(draw.integers(streams))
        at = max(at, ends[stream]) + int(draw.integers(0, 3) == 0) * int(draw.integers(1, 40))
        if counts[stream] == layers:  # a new token, perhaps a longer one
            counts[stream] = 0
            restart[at, stream], owners[stream] = 1, owner[at, stream]
            length[at + 1 :, stream] = draw.integers(1, blocks + 1)
            at += 4  # a token's first layer comes long behind its fetch
        n = int(length[at, stream])
        if last is not None:
            walk, m = last
            at = max(at, walk + max(m, spacing, 2 * m - n, 2 * (m - n) + steps) - 1)
        flags["start_i"][at], flags["stream_i"][at] = 1, stream
        bases.append((at, (owners[stream] * layers + counts[stream]) * words * blocks))
        for walk in range(walks):
            first = at + 1 + walk * max(n, spacing)
            flags["walk_first_i"][first] = 1
            opened = first + n - 1 + SCORE_LATE
            flags["exp_start_i"][opened], flags["exp_last_i"][opened + n] = 1, 1
            loads.append((opened, walk == 0, *bases[-1][1:], counts[stream] * walks))
            exps += [(t, stream) for t in range(opened + 1, opened + n + 1)]
        free[at + 1 : first + max(n, spacing) - 1] = 0
        done = opened + n + MIXED_LATE + steps
        flags["mixed_last_i"][done] = 1
        mixes.append((done, stream))
        last = first, n
        counts[stream], ends[stream] = counts[stream] + 1, done + 1
    bits = 1 << np.arange(streams)
    end = max(ends) + 5
    wave = bench.run(
        restart_i=(restart @ bits)[:end], owner_i=owner[:end], blocks_i=length[:end],
        walk_free_i=np.roll(free, -1)[:end],
        **{name: column[:end] for name, column in flags.items()},
    )  # fmt: skip
    _check_ready(wave["ready_o"], flags, free, length, (spacing, steps))
    for t, base in bases:
        assert wave["base_o"][t] == base and wave["ready_o"][t] >> flags["stream_i"][t] & 1
    for t, load, base, index in loads:
        assert wave["exp_load_o"][t] == load
        assert not load or (wave["exp_base_o"][t], wave["exp_index_o"][t]) == (base, index)
    assert wave["exp_load_o"].sum() == jobs
    for name, seen in (("exp", exps), ("mixed", mixes)):
        assert [int(wave[f"{name}_stream_o"][t]) for t, _ in seen] == [stream for _, stream in seen]


def _check_ready(
    ready: np.ndarray, flags: dict[str, np.ndarray], free: np.ndarray, length: np.ndarray, fixed: tuple[int, int]
) -> None:
    """In every cycle between layers, for every stream: as the replay counts it."""
    (spacing, steps), last, stream, checked = fixed, None, 0, 0
    for t in range(len(ready)):
        if flags["walk_first_i"][t]:
            last = t, int(length[t, stream])
        for s in range(length.shape[1]):
            if free[t] and last is not None and t > 3 and len(set(length[t - 3 : t + 1, s])) == 1:
                (walk, m), n = last, int(length[t, s])
                may = t + 1 >= walk + max(m, spacing, 2 * m - n, 2 * (m - n) + steps)
                assert (ready[t] >> s & 1) == may, f"cycle {t}, stream {s}"
                checked += 1
            assert not ready[t] >> s & 1 or free[t]
        if flags["start_i"][t]:
            stream = int(flags["stream_i"][t])
    assert checked > 200
