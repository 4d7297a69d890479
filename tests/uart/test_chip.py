# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From a serial prompt to a serial story: the driver on the simulated board gives what the integer reference gives."""

from __future__ import annotations

import os
import sys
import threading
import tty
from dataclasses import replace
from pathlib import Path

import pytest
from hosted import LONG, RING, HostedChecks, ask, expected, take

import hardwire
from hardwire.backends.serialsim import SerialSim
from hardwire.chip.model import Chip
from hardwire.driver.serial import SerialChip, _Look
from hardwire.errors import BuildError, LinkError, PromptError, ToolMissing
from hardwire.host import frames
from hardwire.host.registers import address
from hardwire.host.requests import Request

from .conftest import TIMEOUT, Cable, Wire

pytestmark = pytest.mark.tools


class TestRequests(HostedChecks):
    def undisturbed(self, chip: SerialChip, tokens: list[int]) -> None:
        assert (chip.link.retries, chip.link.dropped) == (0, 0)


def test_a_stop_within_the_prompt(wire: Wire, chip_with_text: Chip) -> None:
    """What was fed stays; no token comes of a prompt that was cut."""
    wire.write("length", len(LONG), 5)
    wire.write("prompt", *LONG[:16])
    wire.write("prompt", *LONG[16:], index=16)
    wire.send(frames.write_command(1, address("control"), [3]) + frames.write_command(2, address("control"), [4]))
    assert wire.read("produced") == [0] and wire.status("reason") == 4 and not wire.status("pending")
    (fed,) = wire.read("position")
    assert 0 < fed < len(LONG)
    chip = SerialChip(wire.sim, timeout=TIMEOUT)
    with pytest.raises(PromptError, match="nothing to continue: its context is empty; give a prompt"):
        chip.generate([], clear=False)
    assert chip.generate(LONG[fed:], 5, clear=False) == expected(chip_with_text, LONG, 5)[0]


def test_the_ring_is_full_until_the_host_reads(wire: Wire, chip_with_text: Chip) -> None:
    whole = expected(chip_with_text, [7, 7])[0]
    wire.start([7, 7])
    seen: list[int] = []
    while len(seen) < len(whole):
        wire.sim.run(6000)
        write, read = wire.read("write_index", 2)
        count = (write - read) % (1 << 32)
        assert count == min(RING, len(whole) - len(seen)), "the engine waits for room, and loses nothing meanwhile"
        assert wire.status("stalled") == (len(seen) + count < len(whole))
        slots = [wire.read("tokens", index=(read + i) % RING)[0] for i in range(count)]
        assert [slot >> 20 for slot in slots] == [(read + i) % 4096 for i in range(count)]
        assert slots == [wire.read("tokens", index=(read + i) % RING)[0] for i in range(count)], "reading pops nothing"
        some = min(3, count)
        seen += [slot & 0xFFFFF for slot in slots[:some]]
        wire.write("read_index", (read + some) % (1 << 32))
    assert seen == whole and wire.status("reason") == 3 and wire.errors() == set()


@pytest.mark.parametrize("bit", [4, 8], ids=["stop", "reset"])
def test_an_end_while_the_ring_is_full(wire: Wire, chip_with_text: Chip, bit: int) -> None:
    whole = expected(chip_with_text, [7, 7])[0]
    wire.start([7, 7])
    wire.sim.run(6000)
    assert wire.status("stalled")
    wire.write("control", bit)
    assert (wire.status("busy"), wire.status("reason")) == (0, 4 if bit == 4 else 5)
    assert wire.read("position") == [2 + RING - 1 if bit == 4 else 0]
    chip = SerialChip(wire.sim, timeout=TIMEOUT)
    assert list(chip.resume()) == whole[:RING], "what was published can still be read"
    if bit == 4:
        assert chip.generate([], clear=False) == whole[RING:]
    assert chip.generate([7, 7]) == whole


def test_a_reset_in_the_middle_of_a_token(wire: Wire, chip_with_text: Chip) -> None:
    wanted = expected(chip_with_text, [5, 6], 6)[0]
    for pause in (0, 1, 17, 60, 130, 211, 305, 390):
        wire.start(LONG)
        wire.sim.run(pause / wire.sim.bit_cycles)
        wire.write("control", 8)
        assert wire.read("position") == [0] and wire.status("reason") == 5
        chip = SerialChip(wire.sim, timeout=TIMEOUT)
        assert chip.generate([5, 6], 6) == wanted, f"after a reset {pause} cycles behind the start"


@pytest.mark.parametrize("heard", [1, 2, 6, 9, 14])
def test_a_host_that_dies_and_one_that_goes_on(sim: SerialSim, chip_with_text: Chip, heard: int) -> None:
    whole = expected(chip_with_text, [7, 7])[0]
    cable = Cable(sim)
    first = SerialChip(cable, timeout=TIMEOUT)
    stream = first.stream(ask(7, 7))
    said = take(stream, heard)
    cable.whole = False
    sim.write(b"\xc0W\x01")  # its last words
    second = SerialChip(sim, timeout=TIMEOUT)
    assert said + list(second.resume(first.index)) == whole
    assert second.reason == "context full" and second.link.retries == 0
    assert second.generate([7, 7], 5) == whole[:5]


def test_what_nobody_acknowledged_is_given_again(sim: SerialSim, chip_with_text: Chip) -> None:
    whole = expected(chip_with_text, [7, 7])[0]
    cable = Cable(sim)
    stream = SerialChip(cable, timeout=TIMEOUT).stream(ask(7, 7))
    take(stream, 7)
    cable.whole = False
    second = SerialChip(sim, timeout=TIMEOUT)
    rest = list(second.resume())
    assert len(whole) - 7 <= len(rest) <= len(whole) and rest == whole[-len(rest) :]
    with pytest.raises(LinkError, match=r"no token 99 in the chip; it holds \d+ to \d+"):
        second.resume(99)


def test_a_new_request_drops_the_one_before(sim: SerialSim, chip_with_text: Chip) -> None:
    cable = Cable(sim)
    abandoned = SerialChip(cable, timeout=TIMEOUT).stream(ask(7, 7))
    take(abandoned, 2)
    cable.whole = False
    chip = SerialChip(sim, timeout=TIMEOUT)
    assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]
    closed = chip.stream(ask(7, 7))
    take(closed, 2)
    closed.close()
    assert not chip.busy and chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_line_that_loses_and_bends_bytes(sim: SerialSim, chip_with_text: Chip, seed: int) -> None:
    cable = Cable(sim, one_in=200, seed=seed)
    chip = SerialChip(cable, timeout=TIMEOUT)
    for prompt in ([7, 7], LONG):
        assert chip.generate(prompt) == expected(chip_with_text, prompt)[0]
    assert cable.damage > 2 and chip.link.retries + chip.link.dropped > 0


def test_lost_starts_are_repeated_once_each(sim: SerialSim, chip_with_text: Chip) -> None:
    """Whether the command was lost or the answer to it: one request begins."""

    class Deaf(Cable):
        """Loses the first start, or the first answer to a start."""

        def __init__(self, sim: SerialSim, lose_answer: bool) -> None:
            super().__init__(sim)
            self.lose_answer, self.asked, self.lost = lose_answer, False, False

        def write(self, data: bytes) -> int:
            start = data[1:2] == b"W" and data[3:6] == address("control").to_bytes(3, "little")
            if start and not self.asked:
                self.asked = True
                return super().write(data) if self.lose_answer else len(data)
            return super().write(data)

        def read(self, size: int = 1) -> bytes:
            data = super().read(size)
            if self.asked and self.lose_answer and not self.lost and data:
                self.lost = True
                return b""
            return data

    for lose_answer in (False, True):
        chip = SerialChip(Deaf(sim, lose_answer), timeout=TIMEOUT)
        (before,) = chip.link.read(address("requests"))
        assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]
        assert chip.link.read(address("requests")) == [before + 1]


def test_a_reset_empties_the_context(chip: SerialChip, chip_with_text: Chip) -> None:
    stream = chip.stream(ask(7, 7))
    take(stream, 2)
    before = chip.cycles()
    chip.reset()
    assert chip.position == 0 and not chip.busy and before < chip.cycles() < before + 10_000
    list(stream)
    assert chip.reason == "reset"
    with pytest.raises(PromptError, match="nothing to continue"):
        chip.generate([], clear=False)
    assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]
    assert 0 < chip.run_cycles() < chip.cycles()


def test_a_chip_where_nothing_moves_is_given_up(chip: SerialChip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chip, "_look", lambda: _Look([], chip.index, True, 5))
    with pytest.raises(LinkError, match="nothing moves for 0.005 s; reset the chip"):
        list(chip.resume())


def test_two_programs_at_once_are_noticed(sim: SerialSim) -> None:
    first, second = (SerialChip(sim, timeout=TIMEOUT) for _ in range(2))
    stream = first.stream(ask(7, 7))
    take(stream, 1)
    for _ in range(2):
        second.generate([7, 7])
    with pytest.raises(LinkError, match=r"the chip is at token \d+, the stream at \d+; another program read on"):
        list(stream)


def test_a_chip_without_logits_says_so(chip: SerialChip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chip, "_info", replace(chip.info(), logit_bits=0))
    with pytest.raises(LinkError, match="this chip keeps no logits for the host; build it with a logit window"):
        chip.logits()


BAD_REQUESTS = {
    "empty": ({"ids": []}, "the prompt has 0 tokens; 1 to 24 fit the context"),
    "too long": ({"ids": [1] * 25}, "the prompt has 25 tokens; 1 to 24 fit the context"),
    "no such token": ({"ids": [1, 40]}, "token 40 is not one of the 40 of the vocabulary"),
    "a negative token": ({"ids": [-1]}, "token -1 is not one of the 40"),
    "a negative budget": ({"ids": [1], "budget": -1}, "a budget of -1 tokens; give 0 or more"),
    "nine stops": ({"ids": [1], "stops": range(9)}, "9 stop tokens; the chip takes 8"),
    "no such stop": ({"ids": [1], "stops": [41]}, "token 41 is not one of the 40"),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_what_the_chip_cannot_take_is_refused(chip: SerialChip, name: str) -> None:
    options, message = BAD_REQUESTS[name]
    with pytest.raises(PromptError, match=message):
        chip.stream(Request(**options))
    assert not chip.busy


def test_a_prompt_that_continues_beyond_the_context(chip: SerialChip, chip_with_text: Chip) -> None:
    chip.generate([7] * 20, 2)
    assert chip.generate([5] * 20, clear=False) == [] and chip.reason == "context full"
    assert chip.position == chip_with_text.shape.context


def test_another_chip_is_refused(sim: SerialSim, chip_with_text: Chip) -> None:
    found = int(chip_with_text.digest[:8], 16)
    assert SerialChip(sim, timeout=TIMEOUT, chip_id=found).info().id == found
    with pytest.raises(LinkError, match=f"the board holds chip {found:08x}, not 0000002a; load the right bitstream"):
        SerialChip(sim, timeout=TIMEOUT, chip_id=42)


def test_a_silent_line_says_so(sim: SerialSim) -> None:
    cable = Cable(sim)
    cable.whole = False
    with pytest.raises(LinkError, match=r"no answer within 0.001 s, 5 times; check port, baud rate and board"):
        SerialChip(cable, timeout=TIMEOUT)


def test_a_line_cut_in_a_story(sim: SerialSim) -> None:
    cable = Cable(sim)
    stream = SerialChip(cable, timeout=TIMEOUT).stream(ask(7, 7))
    take(stream, 2)
    cable.whole = False
    with pytest.raises(LinkError, match="no answer"):
        list(stream)


def test_a_wrong_baud_rate_says_so(project: Path) -> None:
    sim = SerialSim(project, clock_error=1.0)
    sim.compile()
    with pytest.raises(LinkError, match="check port, baud rate and board|check the cable and the baud rate"):
        SerialChip(sim, timeout=TIMEOUT)
    sim.close()


def test_logits_of_a_running_request_are_refused(wire: Wire) -> None:
    wire.start([7, 7])
    with pytest.raises(LinkError, match="logits change while a request runs; read them behind it"):
        SerialChip(wire.sim, timeout=TIMEOUT).logits()


def test_text_from_the_board(sim: SerialSim, chip_with_text: Chip, tmp_path: Path) -> None:
    chip_with_text.save(tmp_path / "m.chip")
    reference, board = hardwire.load(tmp_path / "m.chip"), hardwire.load(tmp_path / "m.chip", port=sim)
    for options in ({}, {"temperature": 0.9, "seed": 4, "stops": ()}):
        assert board.generate("abc", **options) == reference.generate("abc", **options)
        assert (board.last.tokens, board.last.status) == (reference.last.tokens, reference.last.status)
    with pytest.raises(BuildError, match="backend 'rtl' and a port: the board is what runs"):
        hardwire.load(tmp_path / "m.chip", "rtl", port=sim)


def test_a_real_serial_port(sim: SerialSim, chip_with_text: Chip) -> None:
    """pyserial on a pseudo terminal, whose other end is the board."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    done = threading.Event()

    def carry() -> None:
        while not done.is_set():
            try:
                sim.write(os.read(ours, 4096))
            except BlockingIOError:
                pass
            if data := sim.read(4096):
                os.write(ours, data)

    pump = threading.Thread(target=carry)
    pump.start()
    try:
        chip = SerialChip(os.ttyname(theirs))
        assert chip.generate([7, 7]) == expected(chip_with_text, [7, 7])[0]
        chip.link.port.close()  # type: ignore[attr-defined]
    finally:
        done.set()
        pump.join()
        os.close(ours)
        os.close(theirs)


def test_without_pyserial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(ToolMissing, match=r'serial ports need pyserial; pip install "hardwire\[serial\]"'):
        SerialChip("/dev/ttyUSB0")


def test_something_else_that_answers() -> None:
    class Other:
        """Answers the first read with zeros."""

        def __init__(self) -> None:
            body = bytes([*b"R", 1, 0, 0, 0, *bytes(32), 0])
            self.answer = frames.stuff(body + bytes([frames.crc8(body)]))

        def write(self, data: bytes) -> int:
            return len(data)

        def read(self, size: int = 1) -> bytes:
            return self.answer

    with pytest.raises(
        LinkError, match="no chip of this version: magic 0x00000000, map 0, not 0x68775231, 2 or 3; load a"
    ):
        SerialChip(Other())


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(LinkError, match="/dev/nothing at 3000000 baud: .*name the board's port"):
        SerialChip("/dev/nothing")
