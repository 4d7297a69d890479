# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The AXI4-Lite port of a chip, wire by wire, for cocotb; test_port.py builds the chip and runs these.

Every check runs three times: as fast as the port goes, with the channels pausing at random, and with long pauses.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, Timer
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from hardwire.host.registers import ID_BITS, MAGIC, REASONS, REGISTERS, VERSION, address, field

GIVEN = json.loads(os.environ["HARDWIRE_PORT"])  # of the chip: id, vocab, context, ring, first, prompt, tokens
RESET = 16  # cycles at least, as AMD asks of AXI, and the engine's LeastReset
RING, FIRST, PROMPT, TOKENS = GIVEN["ring"], GIVEN["first"], GIVEN["prompt"], GIVEN["tokens"]
PAUSES = {"never": None, "at random": 2, "mostly": 8}  # one cycle in so many is not a pause


class Port:
    """A master at the port; names instead of addresses."""

    def __init__(self, dut: Any, pause: int | None, seed: int = 1) -> None:
        self.dut, self.master = (
            dut,
            AxiLiteMaster(
                AxiLiteBus.from_prefix(dut, "s_axi"), dut.s_axi_aclk, dut.s_axi_aresetn, reset_active_level=False
            ),
        )
        if pause is not None:
            ends = self.master.write_if, self.master.read_if
            channels = (ends[0].aw_channel, ends[0].w_channel, ends[0].b_channel, ends[1].ar_channel, ends[1].r_channel)
            for number, channel in enumerate(channels):
                channel.set_pause_generator(_pauses(pause, seed + number))

    async def read(self, name: str, index: int = 0) -> int:
        answer = await self.master.read(address(name, index), 4)
        assert answer.resp == 0
        return int.from_bytes(answer.data, "little")

    async def write(self, name: str, word: int, index: int = 0) -> None:
        answer = await self.master.write(address(name, index), (word & 0xFFFFFFFF).to_bytes(4, "little"))
        assert answer.resp == 0

    async def errors(self) -> set[str]:
        """The errors that stand, which are then cleared."""
        word = await self.read("error")
        await self.write("error", word)
        fields = next(register for register in REGISTERS if register.name == "error").fields
        return {part.name for part in fields if part.of(word)}

    async def control(self, *names: str) -> None:
        await self.write("control", sum(field("control", name).mask for name in names))

    async def status(self, name: str) -> int:
        return field("status", name).of(await self.read("status"))

    async def request(self, budget: int) -> None:
        for place, token in enumerate(PROMPT):
            await self.write("prompt", token, place)
        await self.write("length", len(PROMPT))
        await self.write("budget", budget)
        await self.control("start", "clear")

    async def until(self, name: str, value: int, part: str | None = None) -> None:
        for _ in range(3000):
            word = await self.read(name)
            if (word if part is None else field(name, part).of(word)) == value:
                return
        raise AssertionError(f"{name} never became {value}; it is {word}")

    async def slots(self, first: int, count: int) -> list[int]:
        """Ids of the ring, each checked for its index."""
        found = []
        for index in range(first, first + count):
            slot = await self.read("tokens", index % RING)
            assert slot >> ID_BITS == index % (1 << 12)
            found.append(slot & ((1 << ID_BITS) - 1))
        return found


def _pauses(one_in: int, seed: int) -> Iterator[bool]:
    draw = random.Random(seed)
    while True:
        yield draw.randrange(one_in) != 0


async def powered(dut: Any, pause: int | None = None) -> Port:
    """A chip that has just been reset."""
    cocotb.start_soon(Clock(dut.s_axi_aclk, 10, "ns").start())
    dut.s_axi_aresetn.value = 0
    port = Port(dut, pause)
    await ClockCycles(dut.s_axi_aclk, RESET)
    dut.s_axi_aresetn.value = 1
    await ClockCycles(dut.s_axi_aclk, 8)
    return port


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def introduces_itself(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    said = [await port.read(name) for name in ("magic", "version", "id", "vocab", "context", "ring", "write_index")]
    assert said == [MAGIC, VERSION, GIVEN["id"], GIVEN["vocab"], GIVEN["context"], RING, FIRST]
    assert await port.errors() == set()


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def settings_hold_what_was_written(dut: Any, pause: int | None) -> None:
    port, draw, held = await powered(dut, pause), random.Random(3), {}
    for _ in range(60):
        name = draw.choice(["length", "budget", "inverse", "seed_low", "seed_high"])
        if draw.randrange(2) or name not in held:
            most = {"length": GIVEN["context"], "inverse": (1 << 17) - 1}.get(name, (1 << 32) - 1)
            held[name] = draw.randint(0, most)
            await port.write(name, held[name])
        else:
            assert await port.read(name) == held[name]
    for name, word in held.items():
        assert await port.read(name) == word
    assert await port.errors() == set()


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def many_at_once_answer_in_order(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    writes = [cocotb.start_soon(port.write("seed_low", 100 + i)) for i in range(10)]
    reads = [cocotb.start_soon(port.read(name)) for name in ("magic", "vocab", "ring", "magic", "context") * 3]
    for one in writes:
        await one
    assert [await one for one in reads] == [MAGIC, GIVEN["vocab"], RING, MAGIC, GIVEN["context"]] * 3
    assert await port.read("seed_low") == 109


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def less_than_a_word_writes_nothing(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    await port.write("budget", 0x01020304)
    for offset, data in ((0, b"\xff"), (1, b"\xff"), (2, b"\xff\xff"), (0, b"\xff\xff\xff"), (3, b"\xff")):
        answer = await port.master.write(address("budget") + offset, data)
        assert answer.resp == 0
        assert await port.errors() == {"partial"}
    assert await port.read("budget") == 0x01020304
    await port.master.write(address("budget") + 2, b"\xff\xff\xff\xff")  # across two words: half of each
    assert await port.read("budget") == 0x01020304 and await port.errors() == {"partial"}


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def a_part_of_a_word_can_be_read(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    await port.write("budget", 0x01020304)
    for offset, count, want in ((0, 1, b"\x04"), (1, 2, b"\x03\x02"), (3, 1, b"\x01"), (2, 2, b"\x02\x01")):
        answer = await port.master.read(address("budget") + offset, count)
        assert answer.resp == 0 and answer.data == want
    assert await port.errors() == set()


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def what_is_not_there_reads_as_zero(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    beyond = [0x98, 0x100, 0x7FFC, address("trace", 8 * GIVEN["segments"]), address("tokens", RING), 0x3FFFC]
    for where in (*beyond, address("prompt"), address("control")):
        answer = await port.master.read(where, 4)
        assert answer.resp == 0 and answer.data == bytes(4), hex(where)
        assert await port.errors() == {"address"}, hex(where)


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def what_cannot_be_written_stays(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    for register in REGISTERS:
        if register.access == "ro" and not register.name.startswith("cycles"):
            before = await port.read(register.name)
            await port.write(register.name, ~before)
            assert await port.errors() == {"address"}, register.name
            assert await port.read(register.name) == before
    await port.write("tokens", 1)
    await port.write("logits", 1)
    assert await port.errors() == {"address"}
    await port.write("length", GIVEN["context"] + 1)
    await port.write("prompt", GIVEN["vocab"])
    assert await port.errors() == {"range"}


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def tokens_are_those_of_the_reference(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    await port.request(RING)
    await port.until("status", 0, "busy")
    assert await port.read("write_index") == (FIRST + RING) % (1 << 32)
    assert await port.slots(FIRST, RING) == TOKENS[:RING]
    assert REASONS[await port.status("reason")] == "budget" and await port.errors() == set()


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def a_full_ring_waits_and_wraps(dut: Any, pause: int | None) -> None:
    port, count = await powered(dut, pause), len(TOKENS)
    await port.request(count)
    await port.until("status", 1, "stalled")
    assert await port.read("write_index") == (FIRST + RING) % (1 << 32)
    got: list[int] = []
    while len(got) < count:
        written = (await port.read("write_index") - FIRST) % (1 << 32)
        got += await port.slots(FIRST + len(got), written - len(got))
        await port.write("read_index", FIRST + len(got))  # the indices pass 2**32 in between
    assert got == TOKENS and await port.errors() == set()
    await port.write("read_index", FIRST + count + 1)  # more than there are
    assert await port.errors() == {"range"}


@cocotb.test()
@cocotb.parametrize(pause=list(PAUSES.values()))
async def stop_and_reset_work_while_the_ring_is_full(dut: Any, pause: int | None) -> None:
    port = await powered(dut, pause)
    for how, reason in (("stop", "stopped"), ("reset", "reset")):
        first = await port.read("write_index")
        await port.write("read_index", first)
        await port.request(len(TOKENS))
        await port.until("status", 1, "stalled")
        await port.control(how)
        await port.until("status", 0, "busy")
        assert REASONS[await port.status("reason")] == reason
        assert await port.slots(first, RING) == TOKENS[:RING]  # nothing is lost
        assert await port.read("position") == (0 if how == "reset" else len(PROMPT) + RING - 1)
    await port.write("read_index", await port.read("write_index"))
    first = await port.read("write_index")
    await port.request(3)
    await port.until("status", 0, "busy")
    assert await port.slots(first, 3) == TOKENS[:3]


@cocotb.test()
async def a_reset_of_the_core_drops_no_response(dut: Any) -> None:
    port = await powered(dut)
    await port.request(len(TOKENS))
    port.master.read_if.r_channel.pause = True
    port.master.write_if.b_channel.pause = True
    reading = cocotb.start_soon(port.read("magic"))
    await ClockCycles(dut.s_axi_aclk, 20)
    assert dut.s_axi_rvalid.value == 1
    resetting = cocotb.start_soon(port.control("reset"))
    await ClockCycles(dut.s_axi_aclk, 40)
    assert dut.s_axi_rvalid.value == 1 and dut.s_axi_bvalid.value == 1
    port.master.read_if.r_channel.pause = port.master.write_if.b_channel.pause = False
    assert await reading == MAGIC
    await resetting
    await port.until("status", 0, "busy")
    assert REASONS[await port.status("reason")] == "reset"


@cocotb.test()
async def a_reset_of_the_bus_ends_what_it_interrupts(dut: Any) -> None:
    port = await powered(dut)
    await port.request(len(TOKENS))
    port.master.read_if.r_channel.pause = True
    port.master.write_if.b_channel.pause = True
    cocotb.start_soon(port.master.read(address("magic"), 4))
    cocotb.start_soon(port.master.write(address("budget"), bytes(4)))
    await ClockCycles(dut.s_axi_aclk, 20)
    assert dut.s_axi_rvalid.value == 1 and dut.s_axi_bvalid.value == 1
    dut.s_axi_aresetn.value = 0
    await ClockCycles(dut.s_axi_aclk, 3)
    await Timer(1, "ns")
    assert dut.s_axi_rvalid.value == 0 and dut.s_axi_bvalid.value == 0
    port.master.read_if.r_channel.pause = port.master.write_if.b_channel.pause = False
    await ClockCycles(dut.s_axi_aclk, RESET)
    dut.s_axi_aresetn.value = 1
    await ClockCycles(dut.s_axi_aclk, 8)
    assert await port.read("magic") == MAGIC and await port.status("busy") == 0
    assert await port.read("write_index") == FIRST
    await port.request(2)
    await port.until("status", 0, "busy")
    assert await port.slots(FIRST, 2) == TOKENS[:2]


@cocotb.test()
async def a_reset_between_address_and_data_forgets_the_address(dut: Any) -> None:
    port = await powered(dut)
    port.master.write_if.w_channel.pause = True
    cocotb.start_soon(port.master.write(address("budget"), (7).to_bytes(4, "little")))
    await ClockCycles(dut.s_axi_aclk, 10)
    assert dut.s_axi_awready.value == 0  # it holds the address
    dut.s_axi_aresetn.value = 0
    await ClockCycles(dut.s_axi_aclk, 3)
    port.master.write_if.w_channel.pause = False
    await ClockCycles(dut.s_axi_aclk, RESET)
    dut.s_axi_aresetn.value = 1
    await ClockCycles(dut.s_axi_aclk, 8)
    await port.write("seed_low", 9)
    assert await port.read("seed_low") == 9 and await port.read("budget") == 0xFFFFFFFF


@cocotb.test()
async def the_interrupt_follows_what_happens(dut: Any) -> None:
    port = await powered(dut)
    token, ended, error = (field("irq", name).mask for name in ("token", "ended", "error"))
    await port.write("irq_enable", ended)
    await port.request(2)
    await port.until("write_index", (FIRST + 1) % (1 << 32))
    assert dut.irq.value == 0  # tokens are not enabled
    await RisingEdge(dut.irq)
    assert await port.read("irq") == token | ended and await port.status("busy") == 0
    await port.write("irq", ended)
    await ClockCycles(dut.s_axi_aclk, 4)
    assert dut.irq.value == 0 and await port.read("irq") == token
    await port.write("irq_enable", token | error)
    await ClockCycles(dut.s_axi_aclk, 4)
    assert dut.irq.value == 1
    await port.write("irq", token)
    await ClockCycles(dut.s_axi_aclk, 4)
    assert dut.irq.value == 0
    await port.write("magic", 0)
    await ClockCycles(dut.s_axi_aclk, 6)
    assert dut.irq.value == 1 and await port.read("irq") == error
    await port.write("irq_enable", 8)
    assert await port.errors() == {"address", "range"}
