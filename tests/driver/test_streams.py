# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip of several streams behind modelled registers: requests find their stream, and users share them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hosted import ask, expected, take

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.mmio import MappedChip
from hardwire.driver.model import LanguageModel
from hardwire.errors import LinkError, Unsupported
from hardwire.host.registers import ADDRESS_BITS, VERSION
from hardwire.host.requests import Request, RequestState
from hardwire.proof.receipts import Rung
from hardwire.proof.streams import listeners

from .model import ModelBoard, ModelChip

STREAMS = 3


@pytest.fixture
def board(chip_with_text: Chip) -> ModelBoard:
    return ModelBoard(chip_with_text, STREAMS, cost=20, step=2, first_index=(1 << 32) - 6)


@pytest.fixture
def chip(board: ModelBoard) -> MappedChip:
    return MappedChip(board)


@pytest.fixture
def model(chip: MappedChip, chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, chip, "three")


@pytest.mark.parametrize("version", [2, VERSION])
def test_a_map_of_before_has_one_stream(chip_with_text: Chip, version: int) -> None:
    bus = ModelChip(chip_with_text, version=version)
    chip = MappedChip(bus)
    assert (chip.info().version, chip.info().streams, chip.streams) == (version, 1, ())
    assert chip.generate([7, 7]) == expected(chip_with_text, [7, 7])[0]


def test_a_map_that_no_driver_knows(chip_with_text: Chip) -> None:
    with pytest.raises(
        LinkError, match="no chip of this version: magic 0x68775231, map 4, not 0x68775231, 2 or 3; load"
    ):
        MappedChip(ModelChip(chip_with_text, version=4))


def test_requests_find_their_stream(board: ModelBoard, chip: MappedChip, chip_with_text: Chip) -> None:
    want = {n: expected(chip_with_text, [7, 5 + n])[0] for n in range(STREAMS)}
    running = [chip.stream(Request(stream=n, ids=(7, 5 + n))) for n in range(STREAMS)]
    begun = [take(stream, 2) for stream in running]
    assert [model.requests for model in board.chips] == [1] * STREAMS
    # Whichever is asked, the one that is named runs it.
    assert chip.streams[2].run(Request(stream=1, ids=(7, 6))).ids == tuple(want[1])
    with pytest.raises(LinkError, match="another request of this program took the chip"):
        list(running[1])
    for n in (0, 2):
        assert begun[n] + list(running[n]) == want[n]
    with pytest.raises(Unsupported, match="stream 3: this board has streams 0 to 2"):
        chip.stream(Request(stream=3, ids=(1,)))


def test_a_bus_that_does_not_reach_the_others(board: ModelBoard) -> None:
    class Short:
        """Upper address lines lead nowhere."""

        def read(self, at: int) -> int:
            return board.read(at % (1 << ADDRESS_BITS))

        def write(self, at: int, word: int) -> None:
            board.write(at % (1 << ADDRESS_BITS), word)

    with pytest.raises(LinkError, match="the registers of stream 1 say that they are of stream 0"):
        MappedChip(Short())


def test_a_slot_of_another_stream_is_noticed(board: ModelBoard, chip: MappedChip) -> None:
    stream = chip.stream(Request(stream=1, ids=(7, 7)))
    take(stream, 1)
    board.chips[1].number = 2  # it writes another's name from here on
    with pytest.raises(LinkError, match=r"slot \d of the ring holds 0x[0-9a-f]+, which is not token"):
        list(stream)


def test_answers_in_any_order(chip: MappedChip, chip_with_text: Chip) -> None:
    rung = Rung()
    assert listeners(rung, "model", chip_with_text, chip, 20) is None
    assert rung.tokens > 200 and rung.logits > 20 * chip_with_text.shape.vocab


def test_a_wrong_answer_is_named(board: ModelBoard, chip: MappedChip, chip_with_text: Chip) -> None:
    right = board.chips[2]._put
    board.chips[2]._put = lambda token: right(token ^ (board.chips[2].position == 9))  # type: ignore[method-assign]
    found = listeners(Rung(), "model", chip_with_text, chip, 20)
    assert found is not None and found.expected != found.got
    assert str(found).startswith(f"model: stage token, token {found.token} of stream 2, index 0: expected ")


def test_tasks_at_the_chip_itself(chip: MappedChip, chip_with_text: Chip) -> None:
    async def user(number: int) -> list[int]:
        state = RequestState()
        tokens = [token async for token in chip.astream(Request(stream=number, ids=(7, 5 + number)), state)]
        assert state.status == "context full"
        return tokens

    async def everybody() -> list[list[int]]:
        return list(await asyncio.gather(*(user(number) for number in range(STREAMS))))

    assert asyncio.run(everybody()) == [expected(chip_with_text, [7, 5 + n])[0] for n in range(STREAMS)]


def test_more_users_than_streams(model: LanguageModel, chip_with_text: Chip) -> None:
    """In threads and in tasks of another thread at once, with ends in between: nobody hears another's answer."""
    heard: dict[int, list[str]] = {number: [] for number in range(3, 11)}

    def user(number: int) -> None:
        for turn in range(3):
            if turn == 1:
                next(model.stream([7, number], 9, stops=()))  # closed when it is dropped
            heard[number].append(model.generate([7, number], 9, stops=()))

    async def task(number: int) -> None:
        for _ in range(3):
            heard[number].append("".join([piece async for piece in model.astream([7, number], 9, stops=())]))

    async def tasks() -> None:
        await asyncio.gather(*(task(number) for number in range(7, 11)))

    threads = [threading.Thread(target=user, args=(number,)) for number in range(3, 7)]
    threads.append(threading.Thread(target=lambda: asyncio.run(tasks())))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = LanguageModel(chip_with_text, Reference(chip_with_text), "alone")
    assert heard == {number: [alone.generate([7, number], 9, stops=())] * 3 for number in heard}
    assert sorted(model._pool._free) == list(range(STREAMS)) and not model._pool._held


def test_what_is_left_of_a_context_is_not_seen_by_the_next(chip: MappedChip, chip_with_text: Chip) -> None:
    for n in range(STREAMS):
        chip.run(Request(stream=n, ids=(3, 4, 5), budget=3))
        chip.streams[n].reset()
        assert chip.streams[n].position == 0
        got = chip.run(Request(stream=n, ids=(7, 7), clear=False)).ids
        assert list(got) == expected(chip_with_text, [7, 7])[0]
    assert chip.generate([7, 7]) == list(chip.stream(ask(7, 7)))
