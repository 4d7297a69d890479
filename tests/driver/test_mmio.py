# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip behind memory-mapped registers gives what the integer reference gives, whatever happens to its host."""

from __future__ import annotations

import asyncio

import pytest
from hosted import RING, HostedChecks, ask, expected, take

from hardwire.chip.model import Chip
from hardwire.driver.mmio import Bus, ChipFault, MappedChip
from hardwire.errors import LinkError, PromptError
from hardwire.host.registers import address, field
from hardwire.host.requests import Request, RequestState

from .cost import measure
from .model import ModelChip


def run(bus: Bus, cycles: int) -> None:
    bus.run(cycles)  # type: ignore[attr-defined]


def status(bus: Bus, name: str) -> int:
    return field("status", name).of(bus.read(address("status")))


class TestRequests(HostedChecks):
    positions = 12

    def undisturbed(self, chip: MappedChip, tokens: list[int]) -> None:
        assert chip.tokens == len(tokens)


def test_a_ring_that_nobody_reads_stalls_the_chip_and_loses_nothing(bus: Bus, chip_with_text: Chip) -> None:
    whole = expected(chip_with_text, [7, 7])[0]
    chip = MappedChip(bus)
    stream = chip.stream(ask(7, 7))
    said = take(stream, 1)
    run(bus, 1_000_000)
    assert status(bus, "stalled") and status(bus, "busy")
    held = (bus.read(address("write_index")) - bus.read(address("read_index"))) % (1 << 32)
    assert held == RING
    assert said + list(stream) == whole


@pytest.mark.parametrize("end", ["stop", "reset"])
def test_an_end_while_the_ring_is_full(bus: Bus, chip_with_text: Chip, end: str) -> None:
    whole = expected(chip_with_text, [7, 7])[0]
    chip = MappedChip(bus)
    stream = chip.stream(ask(7, 7))
    said = take(stream, 1)
    run(bus, 1_000_000)
    getattr(chip, end)()
    assert not chip.busy
    said += list(stream)
    assert said == whole[: len(said)] and len(said) >= RING and chip.reason == {"stop": "stopped"}.get(end, end)
    assert chip.generate([7, 7]) == whole


@pytest.mark.parametrize("heard", [1, 2, 6, 9, 14])
def test_a_host_that_dies_and_one_that_goes_on(bus: Bus, chip_with_text: Chip, heard: int) -> None:
    """Neither lost nor repeated from the index that the first wrote down; nothing lost without one."""
    whole = expected(chip_with_text, [7, 7])[0]
    first = MappedChip(bus)
    stream = first.stream(ask(7, 7))
    said = take(stream, heard)
    first._turn += 1  # it will never hear of its stream again
    second = MappedChip(bus)
    index = first.index
    assert said + list(second.resume(index)) == whole
    assert second.reason == "context full"
    assert second.generate([7, 7], 5) == whole[:5]


def test_what_nobody_acknowledged_is_given_again(bus: Bus, chip_with_text: Chip) -> None:
    whole = expected(chip_with_text, [7, 7])[0]
    first = MappedChip(bus)
    stream = first.stream(ask(7, 7))
    take(stream, 7)
    first._turn += 1
    second = MappedChip(bus)
    rest = list(second.resume())
    assert len(whole) - 7 <= len(rest) <= len(whole) and rest == whole[-len(rest) :]
    with pytest.raises(LinkError, match=r"no token 99 in the chip; it holds \d+ to \d+"):
        second.resume(99)


def test_a_new_request_drops_the_one_before(chip: MappedChip, chip_with_text: Chip) -> None:
    abandoned = chip.stream(ask(7, 7))
    take(abandoned, 2)
    assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]
    with pytest.raises(LinkError, match="another request of this program took the chip; begin again"):
        list(abandoned)
    closed = chip.stream(ask(7, 7))
    take(closed, 2)
    closed.close()
    assert not chip.busy and chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]


def test_an_old_stream_that_is_forgotten_stops_no_new_one(chip: MappedChip, chip_with_text: Chip) -> None:
    old = chip.stream(ask(7, 7))
    take(old, 1)
    new = chip.stream(ask(5, 6, budget=9))
    said = take(new, 1)
    del old
    assert said + list(new) == expected(chip_with_text, [5, 6], 9)[0]


def test_another_program_that_reads_on_is_noticed(bus: Bus) -> None:
    first, second = MappedChip(bus), MappedChip(bus)
    stream = first.stream(ask(7, 7))
    take(stream, 1)
    for _ in range(2):
        second.generate([7, 7])
    with pytest.raises(LinkError, match="another program read on"):
        list(stream)


def test_a_chip_in_its_error_state_is_reset_and_says_so(bus: Bus, chip_with_text: Chip) -> None:
    chip = MappedChip(bus)
    chip.generate([7, 7], 3)
    bus.write(address("magic"), 1)
    with pytest.warns(ChipFault, match="errors address stood; the chip was reset"):
        assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]
    assert chip.faults == ["address"]
    bus.write(address("length"), 1000)
    with (
        pytest.warns(ChipFault, match="errors range stood"),
        pytest.raises(PromptError, match="the chip was reset, so"),
    ):
        chip.generate([], clear=False)
    assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0] and chip.faults == []


def test_an_error_within_a_request_is_reported_behind_it(bus: Bus, chip_with_text: Chip) -> None:
    chip = MappedChip(bus)
    stream = chip.stream(ask(7, 7))
    said = take(stream, 1)
    bus.read(address("control"))
    with pytest.warns(ChipFault, match="errors address arose during a request, whose tokens are right"):
        assert said + list(stream) == expected(chip_with_text, [7, 7])[0]
    assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]


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
def test_what_the_chip_cannot_take_is_refused(chip: MappedChip, name: str) -> None:
    options, message = BAD_REQUESTS[name]
    with pytest.raises(PromptError, match=message):
        chip.stream(Request(**options))
    with pytest.raises(PromptError, match=message):
        asyncio.run(_collect(chip, Request(**options)))
    assert not chip.busy


def test_a_context_with_nothing_to_continue(chip: MappedChip) -> None:
    with pytest.raises(PromptError, match="nothing to continue: its context is empty; give a prompt"):
        chip.generate([], clear=False)


def test_a_prompt_that_continues_beyond_the_context(chip: MappedChip, chip_with_text: Chip) -> None:
    chip.generate([7] * 20, 2)
    assert chip.generate([5] * 20, clear=False) == [] and chip.reason == "context full"
    assert chip.position == chip_with_text.shape.context


def test_another_chip_is_refused(bus: Bus, chip_with_text: Chip) -> None:
    found = int(chip_with_text.digest[:8], 16)
    assert MappedChip(bus, chip_id=found).info().id == found
    with pytest.raises(LinkError, match=f"the board holds chip {found:08x}, not 0000002a; load the right bitstream"):
        MappedChip(bus, chip_id=42)


def test_a_reset_empties_the_context(chip: MappedChip, chip_with_text: Chip) -> None:
    stream = chip.stream(ask(7, 7))
    take(stream, 2)
    before = chip.cycles()
    chip.reset()
    assert chip.position == 0 and not chip.busy and before < chip.cycles()
    list(stream)
    assert chip.reason == "reset"
    assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]


async def _collect(chip: MappedChip, request: Request) -> list[int]:
    return [token async for token in chip.astream(request)]


def test_asyncio(chip: MappedChip, chip_with_text: Chip) -> None:
    """Another task gets its turns while tokens come."""

    async def both() -> tuple[list[int], int]:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        tokens = await _collect(chip, ask(7, 7))
        task.cancel()
        return tokens, turns

    tokens, turns = asyncio.run(both())
    assert tokens == expected(chip_with_text, [7, 7])[0] and turns > 3


def test_leaving_an_async_stream_stops_the_chip(chip: MappedChip, chip_with_text: Chip) -> None:
    async def leave() -> int:
        stream = chip.astream(ask(7, 7))
        token = await stream.__anext__()
        await stream.aclose()  # type: ignore[attr-defined]
        return token

    assert asyncio.run(leave()) == expected(chip_with_text, [7, 7], 1)[0][0]
    assert not chip.busy and chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]


# ---------------------------------------------------------------------------------------------------
# Faults that RTL does not have, and what a token costs.


@pytest.fixture
def model(chip_with_text: Chip) -> ModelChip:
    return ModelChip(chip_with_text, ring=512, cost=900)


def test_a_chip_that_hangs_is_reset_and_given_up(model: ModelChip, chip_with_text: Chip) -> None:
    chip = MappedChip(model, cycles=[900])
    stream = chip.stream(ask(7, 7))
    take(stream, 1)
    model.hung = True
    with pytest.raises(LinkError, match=r"hangs: nothing moves for 57,600 cycles at position \d+; it was reset"):
        list(stream)
    model.hung = False
    assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]


def test_a_clock_that_stands_still(model: ModelChip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardwire.driver.mmio.DEAD_CLOCK", 0.05)
    chip = MappedChip(model, cycles=[900])
    model.stopped_clock = True
    with pytest.raises(LinkError, match="hangs: its clock stands still for 0.05 s; it was reset"):
        chip.generate([7, 7])


def test_a_bus_without_a_chip() -> None:
    class Nothing:
        def read(self, at: int) -> int:
            return 0

        def write(self, at: int, word: int) -> None: ...

    with pytest.raises(LinkError, match="what answers is no chip of this version: magic 0x00000000, map 0"):
        MappedChip(Nothing())


def test_a_disturbed_slot_is_noticed(model: ModelChip) -> None:
    model.cost = 0
    chip = MappedChip(model)
    stream = chip.stream(ask(7, 7))
    next(stream)
    chip.stop()
    model.ring[2] ^= 1 << 21
    chip.resume(0)
    chip.index = 0
    with pytest.raises(LinkError, match=r"slot 2 of the ring holds 0x\w+, which is not token 2; another program"):
        list(chip._follow(RequestState()))


def test_reads_per_token_of_a_chip_that_is_faster(chip_with_text: Chip) -> None:
    """Everything counts: the start, the indices, the end."""
    model = ModelChip(chip_with_text, ring=512, context=4096, tokens=lambda position: position % 40)
    chip = MappedChip(model)
    before, tokens = model.reads, len(chip.generate([1, 2], 250))
    assert chip.reads == model.reads and tokens == 250
    assert (model.reads - before) / tokens <= 1.1
    before, tokens = model.reads, len(chip.generate([1, 2], 4000))
    assert tokens == 4000 and (model.reads - before) / tokens <= 1.02


def test_reads_per_token_of_a_chip_that_is_slower(chip_with_text: Chip) -> None:
    """The driver waits for a batch, not for each token."""
    model = ModelChip(chip_with_text, ring=512, context=4096, cost=1000, tokens=lambda position: position % 40)
    chip = MappedChip(model, cycles=[1000])
    tokens = len(chip.generate([1, 2], 4000))
    assert tokens == 4000 and chip.reads / tokens <= 1.1
    assert model.cycle <= 1.1 * 1000 * 4000, "and the chip never waited for it"


def test_the_pace_is_learned(chip_with_text: Chip) -> None:
    model = ModelChip(chip_with_text, ring=512, cost=5000)
    chip = MappedChip(model)
    chip.generate([7, 7])
    assert chip.pace == 5000


def test_what_a_token_costs(chip_with_text: Chip) -> None:
    for cost in measure(chip_with_text, 4000, rounds=3):
        assert cost.reads <= 1.1
        assert cost.ns < 20_000, "a hundred times what an idle machine takes"


def test_an_interrupt_wakes_an_async_stream(model: ModelChip, chip_with_text: Chip) -> None:
    """The line is armed, waited for, cleared, and disarmed at the end."""
    waits = 0

    class Line:
        async def wait(self) -> None:
            nonlocal waits
            waits += 1
            assert model.irq_enable == 7
            while not model.irq & model.irq_enable:
                model.run(10)
                await asyncio.sleep(0)

    chip = MappedChip(OnlyWords(model), interrupt=Line)
    for _ in range(2):  # each asyncio.run is another loop
        assert asyncio.run(_collect(chip, ask(7, 7))) == expected(chip_with_text, [7, 7])[0]
    assert waits > 2 and model.irq_enable == 0 and chip.interrupt == "awaited"


def test_an_interrupt_that_never_comes_only_costs_time(model: ModelChip, chip_with_text: Chip) -> None:
    waits = 0

    class Line:
        async def wait(self) -> None:
            nonlocal waits
            waits += 1
            model.run(2_000)
            await asyncio.sleep(3600)

    chip = MappedChip(OnlyWords(model), interrupt=Line)
    assert chip.interrupt == "not used yet"
    assert asyncio.run(_collect(chip, ask(7, 7, budget=4))) == expected(chip_with_text, [7, 7], 4)[0]
    assert waits == 2 and chip.interrupt == "polled: the chip's line stood for 0.1 s, 2 times, and woke nobody"


@pytest.mark.parametrize("when", ["made", "awaited"])
def test_an_interrupt_that_the_system_does_not_give(model: ModelChip, chip_with_text: Chip, when: str) -> None:
    """What pynq raises is the reason, and the chip is polled."""

    class Line:
        def __init__(self) -> None:
            if when == "made":
                raise PermissionError(13, "Permission denied", "/dev/uio0")

        async def wait(self) -> None:
            raise PermissionError(13, "Permission denied", "/dev/uio0")

    chip = MappedChip(model, interrupt=Line)
    assert asyncio.run(_collect(chip, ask(7, 7, budget=4))) == expected(chip_with_text, [7, 7], 4)[0]
    assert chip.interrupt == "polled: [Errno 13] Permission denied: '/dev/uio0'"
    bare = MappedChip(model)
    assert asyncio.run(_collect(bare, ask(7, budget=3))) == expected(chip_with_text, [7], 3)[0]
    assert bare.interrupt == "polled: this bus brings none"


class OnlyWords:
    """A bus whose time nobody can make pass."""

    def __init__(self, model: ModelChip) -> None:
        self.read, self.write = model.read, model.write
