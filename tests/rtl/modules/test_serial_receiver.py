# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""serial_receiver: good frames and every kind of bad one, in any order, byte by byte with pauses."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import Sink, active, cycles, idle

from hardwire.host import frames
from hardwire.host.registers import BURST, REGISTERS

pytestmark = pytest.mark.tools

ERROR = {field.name: 1 << field.low for register in REGISTERS if register.name == "error" for field in register.fields}
REFUSE = ord(frames.REFUSED)
KINDS = ("read", "write", "checksum", "length", "operation", "count", "odd", "far", "escape", "framing", "empty")


def body(op: bytes, tag: int, at: int, rest: bytes) -> bytes:
    whole = op + bytes([tag]) + at.to_bytes(3, "little") + rest
    return whole + bytes([frames.crc8(whole)])


class Line:
    """Puts bytes of a frame, then its mark, and lets each command be answered before the next frame begins."""

    def __init__(self, sink: Sink, when: np.ndarray) -> None:
        self.sink, self.when, self.cycle, self.rest = sink, when, 0, 0
        self.queue: list[dict[str, int]] = []
        self.events, self.writes = 0, []

    def frame(self, data: bytes, broken: dict[str, int] | None = None) -> None:
        self.queue += [{"valid_i": 1, "data_i": byte} for byte in data]
        if broken:
            self.queue.insert(len(self.queue) // 2, broken)
        self.queue.append({"mark_i": 1})

    def before(self, bench: Bench) -> None:
        now = {}
        if self.queue and self.when[self.cycle % len(self.when)]:
            now = self.queue.pop(0)
        self.cycle += 1
        bench.set(**{"valid_i": 0, "mark_i": 0, "escape_i": 0, "framing_i": 0, "data_i": self.cycle % 256, **now})

    def after(self, bench: Bench) -> None:
        self.events |= bench.get("event_o")
        self.rest = 0 if self.queue else self.rest + 1
        if bench.get("write_o"):
            self.writes.append((bench.get("addr_o"), bench.get("wdata_o")))


def planted(kind: str, draw: np.random.Generator) -> tuple[bytes, dict[str, int] | None, int, tuple | None, list]:
    """A frame, what is broken in it; its events, its command (op, tag, address, count), its writes."""
    tag, at = int(draw.integers(256)), 4 * int(draw.integers(1 << 15))
    count = int(draw.integers(1, BURST + 1))
    words = draw.integers(0, 1 << 32, count).tolist()
    data = b"".join(word.to_bytes(4, "little") for word in words)
    refused = (REFUSE, tag, at, 0)
    if kind == "read":
        return body(b"R", tag, at, bytes([count])), None, 0, (ord("R"), tag, at, count), []
    good = body(b"W", tag, at, data)
    if kind == "write":
        written = [((at + 4 * i) % (1 << 19), word) for i, word in enumerate(words)]
        return good, None, 0, (ord("W"), tag, at, 0), written
    if kind == "checksum":
        bent = bytearray(good)
        bent[int(draw.integers(len(bent)))] ^= 1 << int(draw.integers(8))
        return bytes(bent), None, ERROR["checksum"], (REFUSE, 0, None, 0), []
    if kind == "length":
        rest = [b"", data[:-1], data + bytes(2), bytes(4 * BURST + 4), bytes(300)][int(draw.integers(5))]
        return body(b"W", tag, at, rest), None, ERROR["malformed"], refused, []
    if kind == "operation":
        return body(b"X", tag, at, data), None, ERROR["malformed"], refused, []
    if kind == "count":
        wrong = [b"", b"\0", bytes([BURST + 1]), b"\xff", b"\1\0"][int(draw.integers(5))]
        return body(b"R", tag, at, wrong), None, ERROR["malformed"], refused, []
    if kind == "odd":
        return body(b"R", tag, at + 2, b"\1"), None, ERROR["address"], (REFUSE, tag, at + 2, 0), []
    if kind == "far":
        return body(b"W", tag, at + (1 << 19), data), None, ERROR["address"], refused, []
    if kind == "empty":
        return b"", None, 0, None, []
    broken = {"escape_i": 1} if kind == "escape" else {"framing_i": 1}
    return good, broken, ERROR["malformed" if kind == "escape" else "framing"], (REFUSE, 0, None, 0), []


@idle
def test_frames(draw: np.random.Generator, idle: str) -> None:
    bench = Bench("serial_receiver")
    bench.reset()
    names = ["command_op_o", "command_tag_o", "command_addr_o", "command_count_o"]
    sink = Sink(names, "command_valid_o", "command_ready_i", active(idle, 500, 2))
    line = Line(sink, active(idle, 700, 3))
    order = [*KINDS, *draw.choice(KINDS, 25 if idle == "mostly" else 60)]
    for number, kind in enumerate(order):
        data, broken, events, command, writes = planted(kind, draw)
        sink.items, line.events, line.writes, line.rest = [], 0, [], 0
        line.frame(data, broken)
        done = lambda wanted=command: line.rest > 40 and (wanted is None or bool(sink.items))  # noqa: E731
        cycles(bench, [line, sink], done, 30_000)
        label = f"frame {number}, {kind}: {data.hex()}"
        assert line.events == events and line.writes == writes, label
        if command is None:
            assert not sink.items, label
        else:
            (found,) = sink.items
            assert all(b is None or a == b for a, b in zip(found, command, strict=True)), f"{label}: {found}"


def test_a_command_before_the_last_is_taken_is_dropped() -> None:
    bench = Bench("serial_receiver")
    bench.reset()
    sink = Sink(["command_op_o", "command_tag_o"], "command_valid_o", "command_ready_i", np.zeros(1, bool))
    line = Line(sink, np.ones(1, bool))
    line.frame(body(b"R", 1, 0, b"\1"))
    line.frame(body(b"W", 2, 0, bytes(4)))
    cycles(bench, [line, sink], lambda: line.rest > 9, 500)
    assert line.events == ERROR["overrun"] and not line.writes
    sink.when = np.ones(1, bool)
    cycles(bench, [line, sink], lambda: bool(sink.items), 9)
    assert sink.items == [(ord("R"), 1)]


def test_a_refusal_gives_way() -> None:
    bench = Bench("serial_receiver")
    bench.reset()
    sink = Sink(["command_op_o", "command_tag_o"], "command_valid_o", "command_ready_i", np.zeros(1, bool))
    line = Line(sink, np.ones(1, bool))
    line.frame(body(b"X", 1, 0, b"\1"))
    cycles(bench, [line], lambda: line.rest > 9, 500)
    line.frame(body(b"R", 2, 0, b"\1"))
    line.rest = 0
    cycles(bench, [line], lambda: line.rest > 9, 500)
    assert line.events == ERROR["malformed"]
    sink.when = np.ones(1, bool)
    cycles(bench, [line, sink], lambda: bool(sink.items), 9)
    assert sink.items == [(ord("R"), 2)]
