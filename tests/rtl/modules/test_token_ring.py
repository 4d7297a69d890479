# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""token_ring: tokens put, read, pushed and done with at random, indices that wrap; a put into a full ring stops."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped
from bench_streams import active, idle

from hardwire.host.registers import BURST, ID_BITS, sequence_bits

pytestmark = pytest.mark.tools

MASK = (1 << 32) - 1


@idle
@pytest.mark.parametrize(
    ("depth", "begin", "streams", "stream"),
    [
        (8, 0xFFFFFFF0, 1, 0),
        (2, 0, 1, 0),
        (64, 0xFFFFFFF0, 1, 0),
        (32, 4090, 1, 0),
        (8, 0xFFFFFFF0, 4, 3),
        (32, 1020, 2, 0),
    ],
)
def test_a_host_that_follows(
    draw: np.random.Generator, depth: int, begin: int, streams: int, stream: int, idle: str
) -> None:
    """Indices here run without a wrap; a token may be read two cycles behind its put. Room is that of the cycle before,
    what can be pushed that of two before, and nothing in the two behind a push."""
    bench = Bench("token_ring", Depth=depth, FirstIndex=begin, Streams=streams, Stream=stream)
    bits = sequence_bits(streams)
    name = stream << ID_BITS + bits
    bench.reset()
    ids: list[int] = []  # every token that was put
    written = read = pushed = begin
    pushes_on, behind = 0, 0  # behind: put in the cycle before, not published yet
    fitted = False  # an index that was offered in the cycle before
    asked, slot = None, None  # an index that was offered, a slot that was read, in the cycle before
    room, ready = True, 0  # of the cycle before: room for one more; of two before: tokens that can be pushed
    few, moved = 0, False  # of the cycle before: tokens that are not pushed yet, a push or a new beginning
    busy, pushes, full = active(idle, 1500, 1), 0, 0
    for n in range(1500):
        full += not room
        put = room and bool(busy[n]) and not behind
        most = ready if pushes_on else 0
        index = int(draw.integers(read - 3, written + 3))
        accept = asked is not None and bool(draw.integers(2))
        switch = not accept and draw.random() < 0.02
        push, token = most > 0 and draw.random() < 0.5, int(draw.integers(1 << ID_BITS))
        look = int(draw.integers(max(read, written - depth), written)) if written > read else None
        on = int(draw.integers(2)) if switch else pushes_on
        bench.set(
            put_i=int(put),
            id_i=token,
            index_i=index & MASK,
            set_index_i=int(accept),
            set_stream_i=int(switch),
            stream_i=on,
            push_i=int(push),
            raddr_i=0 if look is None else look % depth,
        )
        bench.settle()
        seen = {name: bench.get(f"{name}_o") for name in ("full", "write_index", "read_index", "stream", "push_count")}
        wanted = (int(not room), written & MASK, read & MASK, pushes_on, most)
        assert tuple(seen.values()) == wanted, f"cycle {n}: {seen}, not {wanted}"
        assert n == 0 or bench.get("index_ok_o") == fitted
        assert not most or bench.get("push_slot_o") == pushed % depth
        if slot is not None:
            word = name | (slot & (1 << bits) - 1) << ID_BITS | ids[slot - begin]
            assert bench.get("rdata_o") == word, f"cycle {n}, token {slot}"
        bench.tick()
        room = written - read + behind < depth
        ready = 0 if push or switch or moved else min(BURST, few, depth - pushed % depth)
        few, moved = written + behind - pushed, push or switch
        ids += [token] if put else []
        pushes += most if push else 0
        pushed = read if switch else pushed + (most if push else 0)
        pushes_on, slot = on, look
        read_before, written_before = read, written
        written, behind = written + behind, int(put)
        read = asked if accept and asked is not None else read
        fitted = read_before <= index <= written_before
        # Pushed tokens are the host's before it is done with them.
        limit = pushed if pushes_on else written
        asked = index if read <= index <= min(limit, written - behind) else None
    assert written - begin > 20 and pushes > 10 and (full or depth > 8 or idle == "mostly")


def test_a_put_into_a_full_ring_stops() -> None:
    bench = Bench("token_ring", Depth=4)
    bench.reset()
    bench.run(put_i=np.array([1, 0] * 4))
    with pytest.raises(Stopped, match="full ring"):
        bench.run(1, put_i=1)


def test_puts_in_two_cycles_in_a_row_stop() -> None:
    bench = Bench("token_ring", Depth=4)
    bench.reset()
    with pytest.raises(Stopped, match="two cycles in a row"):
        bench.run(2, put_i=1)
