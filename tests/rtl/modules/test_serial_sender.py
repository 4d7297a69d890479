# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""serial_sender: answers, tokens and ends of requests as frames that the driver reads; every side pauses."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import Sink, Source, active, cycles, idle, pressure

from hardwire.host import frames
from hardwire.host.registers import ADDRESS_BITS, REGISTERS, address

pytestmark = pytest.mark.tools

STREAM = 1 << next(f.low for r in REGISTERS if r.name == "status" for f in r.fields if f.name == "stream")


def word(at: int) -> int:
    """What is in a register: any number that its address names, with bytes that must be escaped."""
    return (at * 2654435761 + 0xC0DB) % (1 << 32)


class Bus:
    """Grants reads when it is free, and answers some cycles later."""

    def __init__(self, free: np.ndarray, late: np.ndarray) -> None:
        self.free, self.late, self.cycle = free, late, 0
        self.answers: dict[int, int] = {}

    def before(self, bench: Bench) -> None:
        answer = self.answers.pop(self.cycle, None)
        bench.set(
            grant_i=int(self.free[self.cycle % len(self.free)]),
            rvalid_i=int(answer is not None),
            rdata_i=self.cycle % 256 if answer is None else answer,
        )

    def after(self, bench: Bench) -> None:
        if bench.get("read_o") and bench.get("grant_i"):
            assert not self.answers, "a read before the last was answered"
            late = 1 + int(self.late[self.cycle % len(self.late)])
            self.answers[self.cycle + late] = word(bench.get("addr_o"))
        self.cycle += 1


class Pushes:
    """Tokens to push: their count and address stand until they are taken."""

    def __init__(self, listed: list[tuple[int, int]]) -> None:
        self.listed, self.taken = listed, 0

    def before(self, bench: Bench) -> None:
        count, at = self.listed[0] if self.listed else (0, 0)
        bench.set(push_count_i=count, push_addr_i=at)

    def after(self, bench: Bench) -> None:
        if bench.get("push_o"):
            self.listed.pop(0)
            self.taken += 1


def bodies(items: list[tuple[int, ...]]) -> list[frames.Frame]:
    """Frames of (mark, data): a mark before each and one behind it."""
    wire = b"".join(bytes([frames.MARK]) if mark else frames.stuff(bytes([data]))[1:-1] for mark, data in items)
    splitter = frames.Splitter()
    found = splitter.feed(wire)
    assert not splitter.dropped and sum(mark for mark, _ in items) == 2 * len(found)
    return found


@idle
@pressure
def test_frames(draw: np.random.Generator, idle: str, pressure: str) -> None:
    bench = Bench("serial_sender")
    status = STREAM | 0x25
    bench.set(status_i=status)
    bench.reset()
    top = (1 << ADDRESS_BITS) - 4 * 16
    commands = [
        (op, int(draw.integers(256)), 4 * int(draw.integers(top // 4)), int(draw.integers(1, 17)) if op == "R" else 0)
        for op in draw.choice(["R", "W", "N"], 6)
    ]
    items = [
        {"command_op_i": ord(op), "command_tag_i": tag, "command_addr_i": at, "command_count_i": count}
        for op, tag, at, count in commands
    ]
    tokens = [(int(draw.integers(1, 17)), 4 * int(draw.integers(top // 4))) for _ in range(3)]
    source = Source(items, "command_valid_i", "command_ready_o", active(idle, 300, 1))
    sink = Sink(["mark_o", "data_o"], "valid_o", "ready_i", active(pressure, 300, 2))
    bus, pushes = Bus(active("at random", 200, 3), draw.integers(0, 4, 50)), Pushes(list(tokens))
    ended = [False]

    class End:
        """A request ends some time among it all."""

        def before(self, bench: Bench) -> None:
            bench.set(done_i=int(not ended[0] and pushes.taken == 2))
            ended[0] |= pushes.taken == 2

        def after(self, bench: Bench) -> None:
            pass

    total = len(commands) + len(tokens) + 1
    finished = lambda: sum(mark for mark, _ in sink.items) == 2 * total  # noqa: E731
    cycles(bench, [source, sink, bus, pushes, End()], finished, 100_000)
    wanted = [(op, tag, at, count) for op, tag, at, count in commands]
    found = bodies(sink.items)
    assert all(frame.status == status for frame in found)
    told = [(f.op.decode(), f.tag, f.address, len(f.words)) for f in found]
    assert [f for f in told if f[0] in "RWN"] == wanted
    assert [f for f in told if f[0] == "T"] == [("T", 0, at, count) for count, at in tokens]
    assert [f for f in told if f[0] == "E"] == [("E", 0, address("status"), 2)]
    for frame in found:
        assert frame.words == tuple(word(frame.address + 4 * i) for i in range(len(frame.words)))
    if idle == pressure == "never":  # answers go first, the end of a request last
        assert [f[0] for f in told][-1] == "E" and "".join(f[0] for f in told)[:6] == "".join(c[0] for c in commands)


def test_without_a_stream_no_end_is_told() -> None:
    bench = Bench("serial_sender")
    bench.reset()
    bench.run(1, done_i=1, ready_i=1)
    assert not bench.run(50, done_i=0)["valid_o"].any()
    bench.set(status_i=STREAM)  # one that began later does not tell of an earlier request
    assert not bench.run(50)["valid_o"].any()


def packed(values: list[int], bits: int) -> int:
    """A port with an entry for each stream."""
    return sum(value << bits * stream for stream, value in enumerate(values))


@idle
@pressure
def test_every_stream_has_its_turn(draw: np.random.Generator, idle: str, pressure: str) -> None:
    """Three of them with tokens at any time: one after the other, under its address and with its status."""
    streams, bits = 3, ADDRESS_BITS + 2
    bench = Bench("serial_sender", Streams=streams, BusW=bits)
    statuses = [STREAM | 0x21, STREAM | 0x42, STREAM | 0x13]
    bench.set(status_i=packed(statuses, 8))
    bench.reset()
    left = [[int(n) for n in draw.integers(1, 17, 6)] for _ in range(streams)]
    wanted = [list(counts) for counts in left]
    sent: list[int] = []
    ended = [0] * streams

    class Rings:
        """Each has tokens until they are taken, and then its request ends."""

        def before(self, bench: Bench) -> None:
            bench.set(
                push_count_i=packed([counts[0] if counts else 0 for counts in left], 5),
                push_addr_i=packed([(s << ADDRESS_BITS) + address("tokens", 5 * s) for s in range(streams)], bits),
                done_i=sum(1 << s for s in range(streams) if not left[s] and not ended[s]),
            )
            for s in range(streams):
                ended[s] |= int(not left[s])

        def after(self, bench: Bench) -> None:
            pushed = bench.get("push_o")
            assert pushed & (pushed - 1) == 0, "one at a time"
            if pushed:
                sent.append(pushed.bit_length() - 1)
                left[sent[-1]].pop(0)

    source = Source(
        [{"command_op_i": ord("W"), "command_tag_i": 9, "command_addr_i": 1 << ADDRESS_BITS, "command_count_i": 0}],
        "command_valid_i", "command_ready_o", active(idle, 300, 1),
    )  # fmt: skip
    sink = Sink(["mark_o", "data_o"], "valid_o", "ready_i", active(pressure, 300, 2))
    bus = Bus(active("at random", 200, 3), draw.integers(0, 4, 50))
    total = 6 * streams + streams + 1
    cycles(bench, [source, sink, bus, Rings()], lambda: sum(m for m, _ in sink.items) == 2 * total, 200_000)
    found = bodies(sink.items)
    for frame in found:
        assert frame.status == statuses[frame.address >> ADDRESS_BITS]
        assert frame.words == tuple(word(frame.address + 4 * i) for i in range(len(frame.words)))
    told = {s: [f for f in found if f.address >> ADDRESS_BITS == s and f.op != b"W"] for s in range(streams)}
    for s in range(streams):
        assert [len(f.words) for f in told[s] if f.op == b"T"] == wanted[s]
        assert [f.op for f in told[s]] == [b"T"] * 6 + [b"E"]
        assert told[s][-1].address == (s << ADDRESS_BITS) + address("status")
    assert sent[: 3 * 5] == [0, 1, 2] * 5
