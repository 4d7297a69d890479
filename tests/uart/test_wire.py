# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the board does with every bad input, seen at its wires: nothing, and it says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hosted import FIRST, RING, expected

from hardwire.backends.serialsim import SerialSim
from hardwire.chip.model import Chip
from hardwire.driver.serial import SerialChip
from hardwire.emit.rtl.packages import PACKAGES, PLAN_PACKAGE, plan_package
from hardwire.emit.top.host import HOST_CYCLES
from hardwire.emit.top.serial import sources
from hardwire.host import frames
from hardwire.host.registers import BURST, MAGIC, REGISTERS, VERSION, address
from hardwire.plan.schedule import schedule
from hardwire.tools.verilator import lint

from .conftest import GEOMETRY, TIMEOUT, Wire

pytestmark = pytest.mark.tools

BUDGET = address("budget")


def framed(body: bytes) -> bytes:
    """A frame with the right checksum, whatever is in it."""
    return frames.stuff(body + bytes([frames.crc8(body)]))


def head(op: bytes, tag: int, at: int) -> bytes:
    return op + bytes([tag]) + at.to_bytes(3, "little")


GOOD_WRITE = frames.write_command(9, BUDGET, [0xC0DBDC01])
# Frames that do nothing: what they raise, and the tag of the refusal where the frame was whole.
BAD_FRAMES = {
    "a wrong checksum": (GOOD_WRITE[:-2] + bytes([GOOD_WRITE[-2] ^ 1]) + GOOD_WRITE[-1:], "checksum", 0),
    "an escape of nothing": (b"\xc0W\xdb\x41\xc0", "malformed", 0),
    "an escape and nothing": (GOOD_WRITE[:-1] + b"\xdb\xc0", "malformed", 0),
    "no such operation": (framed(head(b"X", 9, BUDGET) + bytes(4)), "malformed", 9),
    "a read of no words": (frames.read_command(9, 0, 0), "malformed", 9),
    "a read of 17 words": (frames.read_command(9, 0, BURST + 1), "malformed", 9),
    "a read without a count": (framed(head(b"R", 9, 0)), "malformed", 9),
    "a write of no words": (framed(head(b"W", 9, BUDGET)), "malformed", 9),
    "a write of a word and a byte": (framed(head(b"W", 9, BUDGET) + bytes(5)), "malformed", 9),
    "a write of 17 words": (framed(head(b"W", 9, address("prompt")) + bytes(68)), "malformed", 9),
    "a frame without an end": (framed(head(b"W", 9, BUDGET) + bytes(4 * 70)), "malformed", 9),
    "an address between words": (frames.write_command(9, BUDGET + 2, [5]), "address", 9),
    "an address beyond the map": (frames.write_command(9, BUDGET + (1 << 19), [5]), "address", 9),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_is_refused_and_does_nothing(wire: Wire, name: str) -> None:
    data, error, tag = BAD_FRAMES[name]
    wire.write("budget", 77)
    (answer,) = wire.send(data)
    assert (answer.op, answer.tag, answer.words) == (frames.REFUSED, tag, ())
    assert wire.errors() == {error}
    assert wire.read("budget") == [77] and wire.errors() == set()


# Words that are not stored: (register, index, word, error).
BAD_WORDS = {
    "a prompt token beyond the vocabulary": ("prompt", 3, 40, "range"),
    "a prompt token of 32 bits": ("prompt", 3, 1 << 31, "range"),
    "a prompt longer than the context": ("length", 0, 25, "range"),
    "a temperature of 18 bits": ("inverse", 0, 1 << 17, "range"),
    "a stop token beyond the vocabulary": ("stop_token", 7, 1 << 31 | 40, "range"),
    "a control bit that is none": ("control", 0, 16, "range"),
    "a stream that is neither on nor off": ("stream", 0, 2, "range"),
    "an index that is not written yet": ("read_index", 0, FIRST + 1, "range"),
    "an index that was read before": ("read_index", 0, FIRST - 1, "range"),
    "a start without a prompt": ("control", 0, 3, "refused"),
    "a start that has nothing to continue": ("control", 0, 1, "refused"),
    "a start with a reset": ("control", 0, 9, "refused"),
    "a register that is read only": ("vocab", 0, 1, "address"),
    "a ninth stop token": ("stop_token", 8, 1 << 31, "address"),
    "a prompt token behind the context": ("prompt", 24, 1, "address"),
    "a slot of the ring": ("tokens", 0, 1, "address"),
    "a logit": ("logits", 0, 1, "address"),
    "a hole in the map": ("magic", 64, 1, "address"),
}


@pytest.mark.parametrize("name", BAD_WORDS)
def test_a_bad_word_is_not_stored(wire: Wire, name: str) -> None:
    register, index, word, error = BAD_WORDS[name]
    before = [wire.read(name)[0] for name in ("length", "inverse", "stream", "read_index", "status", "requests")]
    stop = wire.read("stop_token", index=7)
    wire.write(register, word, index=index)
    assert wire.errors() == {error}
    after = [wire.read(name)[0] for name in ("length", "inverse", "stream", "read_index", "status", "requests")]
    assert (before, stop) == (after, wire.read("stop_token", index=7))


@pytest.mark.parametrize(
    ("name", "index"), [("control", 0), ("prompt", 0), ("tokens", RING), ("logits", 40), ("stop_token", 8)]
)
def test_what_cannot_be_read_is_zero(wire: Wire, name: str, index: int) -> None:
    assert wire.read(name, index=index) == [0] and wire.errors() == {"address"}


def test_a_start_waits_until_errors_are_cleared(wire: Wire, chip_with_text: Chip) -> None:
    wire.write("length", 2, 3)
    wire.write("prompt", 7, 40)  # the second is not stored
    wire.write("control", 3)
    assert wire.read("requests") == [0] and wire.errors() == {"range", "refused"}
    wire.write("prompt", 7, 7)
    wire.write("control", 3)
    assert wire.read("requests") == [1] and wire.errors() == set()
    wanted = expected(chip_with_text, [7, 7], 3)[0]
    assert [slot & 0xFFFFF for slot in wire.read("tokens", 3, FIRST % RING)] == wanted


def test_while_a_request_runs_its_settings_stand(wire: Wire, chip_with_text: Chip) -> None:
    wire.start([7, 7])
    wire.sim.run(3000)
    assert wire.status("stalled")
    settings = wire.read("length", 5)
    for name in ("length", "budget", "inverse", "seed_low", "seed_high", "stop_token", "prompt", "control"):
        wire.write(name, 1)
        assert wire.errors() == {"refused"}
    assert wire.read("length", 5) == settings and wire.read("requests") == [1]


def test_every_single_wrong_bit_is_found(wire: Wire) -> None:
    """Also those that make a mark or an escape, or unmake one."""
    wire.write("budget", 77)
    inner = GOOD_WRITE[1:-1]
    for place in range(8 * len(inner)):
        bent = bytearray(inner)
        bent[place // 8] ^= 1 << place % 8
        wire.send(b"\xc0" + bytes(bent) + b"\xc0")
        assert wire.read("budget") == [77], place
    assert wire.errors() == {"checksum", "malformed"}
    wire.send(GOOD_WRITE)
    assert wire.read("budget") == [0xC0DBDC01]


def test_a_command_behind_any_part_of_another(wire: Wire) -> None:
    """A program that died in the middle of a command leaves the next one whole."""
    wire.write("budget", 77)
    for length in range(2, len(GOOD_WRITE) - 1):
        *refused, answer = wire.send(GOOD_WRITE[:length] + frames.read_command(5, BUDGET, 1))
        assert (answer.op, answer.tag, answer.words) == (frames.READ, 5, (77,)), length
        assert [frame.op for frame in refused] == [frames.REFUSED]
        assert wire.errors() <= {"checksum", "malformed"}


def test_garbage_does_nothing(wire: Wire) -> None:
    draw = np.random.default_rng(8)
    before = wire.read("write_index", 7) + wire.read("length", 13)
    wire.send(draw.integers(0, 256, 3000).astype(np.uint8).tobytes() + b"\xc0")
    assert "checksum" in wire.errors()
    assert wire.read("write_index", 7) + wire.read("length", 13) == before


def test_noise_on_an_idle_line(wire: Wire) -> None:
    draw = np.random.default_rng(9)
    for _ in range(300):
        wire.sim.level(int(draw.integers(2)), float(draw.uniform(0.1, 3)))
    wire.sim.level(1, 12)
    wire.sim.send_all()
    wire.hear()
    wire.send(b"\xc0")
    assert wire.read("magic") == [MAGIC]
    assert "framing" in wire.errors()


def test_a_frame_with_a_lost_byte_is_refused(wire: Wire) -> None:
    wire.write("budget", 77)
    wire.sim.write(GOOD_WRITE[:8])
    wire.sim.level(0, 11)  # a byte without a stop bit
    wire.sim.level(1, 1)
    (answer,) = wire.send(GOOD_WRITE[8:])
    assert (answer.op, answer.tag) == (frames.REFUSED, 0)
    assert wire.read("budget") == [77] and wire.errors() == {"framing"}


def test_commands_that_do_not_wait_for_answers(wire: Wire) -> None:
    """One may wait while another is answered; a third is dropped, and does nothing."""
    wire.write("budget", 77)
    commands = [frames.read_command(tag, 0, 8) for tag in (1, 2)] + [frames.write_command(3, BUDGET, [5])]
    answers = wire.send(b"".join(commands))
    assert [frame.tag for frame in answers] == [1, 2]
    assert wire.read("budget") == [77] and wire.errors() == {"overrun"}


def test_what_the_chip_says_of_itself(wire: Wire, chip_with_text: Chip) -> None:
    shape = 8 | 16 << 8 | GEOMETRY.rows << 16 | chip_with_text.formats.logit_fraction << 24
    said = [MAGIC, VERSION, int(chip_with_text.digest[:8], 16), 40, 24, RING, shape, 50_000]
    assert wire.read("magic", 8) == said
    settings = [24, 3, 1 << 16, 0xDEADBEEF, 0x01234567] + [1 << 31 | token for token in range(32, 40)]
    wire.write("length", *settings)
    assert wire.read("length", 13) == settings and wire.errors() == set()


def test_every_register_answers(wire: Wire) -> None:
    for register in REGISTERS:
        for index in range(register.count):
            wire.read(register.name, index=index)
            assert wire.errors() == (set() if register.access != "wo" else {"address"}), register.name


def test_cycles_of_64_bits(wire: Wire) -> None:
    """The halves of one read belong together; between two reads runs as much time as at the wires."""
    first = wire.sim.now(), wire.read("cycles_low", 2)
    wire.sim.run(1000)
    second = wire.sim.now(), wire.read("cycles_low", 2)
    passed = (second[1][0] | second[1][1] << 32) - (first[1][0] | first[1][1] << 32)
    assert passed == round((second[0] - first[0]) * 50e6)


def test_cycles_from_token_to_token(wire: Wire, chip_with_text: Chip) -> None:
    """The plan's, and four: the light of the pending token goes out when the engine takes it."""
    plan, budget = schedule(chip_with_text, GEOMETRY), RING
    wire.sim.write(frames.write_command(1, address("length"), [1, budget]))
    wire.sim.write(frames.write_command(2, address("prompt"), [7]))
    wire.sim.write(frames.write_command(3, address("control"), [3]))
    lights = []
    for _ in range(9000):
        wire.sim.run(1 / wire.sim.bit_cycles)  # one cycle
        lights.append(wire.sim.lights >> 4 & 1)
    taken = [cycle for cycle in range(1, len(lights)) if lights[cycle - 1 : cycle + 1] == [1, 0]]
    assert np.diff(taken).tolist() == [plan.cycles(position) + HOST_CYCLES for position in range(1, budget - 1)]
    wire.hear()
    (one,) = wire.read("run_cycles")
    busy = one - sum(plan.cycles(position) for position in range(budget))
    assert busy % budget == 0 and 0 <= busy // budget <= HOST_CYCLES


def test_the_reset_button(wire: Wire, chip_with_text: Chip) -> None:
    for bits in (1, 13, 57):
        wire.start([7, 7])
        wire.sim.run(bits)
        wire.sim.press(1)
        wire.sim.run(5)
        wire.sim.press()
        wire.sim.run(30)
        wire.hear()
        assert wire.read("status", 5) == [0, FIRST, FIRST, FIRST, 0]
        chip = SerialChip(wire.sim, timeout=TIMEOUT)
        assert chip.generate([7, 7], 5) == expected(chip_with_text, [7, 7], 5)[0]
        assert chip.reason == "budget"


def test_the_lights(wire: Wire) -> None:
    wire.start([7, 7], stream=1)
    wire.sim.run(3000)
    assert wire.sim.lights & 0b00111110 == 0b00110110  # busy, full, pending, stream
    wire.send(b"\xc0 \xc0")
    assert wire.sim.lights >> 3 & 1


LINTED = {
    "ulx3s_top": "",
    "host_registers": "-GLogitWindow=0",
    "serial_host": "-GRingDepth=2",
    "host_request": "",
    "token_ring": "",
    "logit_window": "-GRows=6",
    "reset_sync": "",
}


@pytest.mark.parametrize("top", LINTED)
def test_no_warning(project: Path, top: str, tmp_path: Path) -> None:
    """The whole board as it is, and its parts with parameters that it does not have."""
    other = tmp_path / "plan_pkg.sv"
    other.write_text(plan_package({"Vocab": 37, "Context": 20, "Rows": 6, "Columns": 6}))
    files = [name for name in sources(project) if "_pkg" in name or not name.startswith("rtl/")]
    if top != "ulx3s_top":
        files = [str(other) if name == PLAN_PACKAGE else name for name in PACKAGES] + [f"rtl/{top}.sv"]
    lint(top, files, project, tmp_path / "log", ["-Wall", "-y", "rtl", *LINTED[top].split()])


def test_bytes_with_the_clocks_two_percent_apart(project: Path, compiled: SerialSim, chip_with_text: Chip) -> None:
    wanted = expected(chip_with_text, [7, 7])[0]
    for clock_error in (-0.02, 0.02):
        sim = SerialSim(project, clock_error=clock_error)
        sim.compile()
        assert SerialChip(sim, timeout=TIMEOUT).generate([7, 7]) == wanted and sim.errors == 0
        sim.close()
