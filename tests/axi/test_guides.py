# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Automata in a chip's memories, through the driver of real boards: what a guided answer costs at the registers, what
they refuse, and that each of two streams has its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from choices import BEST, TWO_GUIDED, assert_equal, board_sim
from numpy.typing import NDArray
from outlines import TINY

from hardwire.backends.axisim import AxiSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.automaton import Automaton
from hardwire.driver.guide_tables import GuideTables
from hardwire.driver.mmio import MappedChip
from hardwire.driver.model import LanguageModel
from hardwire.errors import LinkError, PromptError
from hardwire.host.registers import ADDRESS_BITS, address, fields_in
from hardwire.host.requests import BY_CHIP, BY_HOST, NONE_ALLOWED, Request, RequestState
from hardwire.proof.draws import STOP, Masks, draws, random_guide
from hardwire.proof.receipts import Rung
from hardwire.proof.streams import listeners
from hardwire.quantize import Outline, random_chip

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def chip() -> Chip:
    return random_chip(Outline(shape=TINY), seed=8)


@pytest.fixture(scope="module")
def compiled(chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> AxiSim:
    return board_sim(chip, tmp_path_factory.mktemp("guides"), TWO_GUIDED)


@pytest.fixture
def sim(compiled: AxiSim) -> Iterator[AxiSim]:
    compiled.power_up()
    yield compiled


def endless(vocab: int, seed: int) -> Automaton:
    """Of answers as long as the budget."""
    draw = np.random.default_rng(seed)
    edges = {s: {int(t): (s + 1) % 3 for t in draw.choice(np.arange(4, vocab), 8, replace=False)} for s in range(3)}
    return Automaton(vocab, 0, [2], edges)


def asked(vocab: int, seed: int, stream: int = 0, **other: object) -> Request:
    fields = {"budget": 8, "temperature": 1.0, "seed": seed, "guide": endless(vocab, seed)} | other
    return Request(stream=stream, ids=(1, 2 + stream), **fields)  # type: ignore[arg-type]


def wanted(chip: Chip, request: Request) -> tuple[int, ...]:
    return Reference(chip, best=BEST).run(replace(request, stream=0)).ids


def test_both_ways_are_the_reference_s(chip: Chip, sim: AxiSim) -> None:
    """What verify asks, of both streams: a third of the guides by masks, the rest by the automata."""
    board, rung = MappedChip(sim, chip_id=chip.id), Rung()
    assert (board.limits.streams, board.limits.best, board.limits.guide_words) == (2, BEST, 512)
    assert draws(rung, "rtl", chip, board, 60) is None
    assert "9 of them guided by the chip's automaton, 4 by masks" in rung.note


def test_answers_of_both_streams_among_stops_and_resets(chip: Chip, sim: AxiSim) -> None:
    """Read in any order, each under guides of its own; what is cut short leaves nothing to the next."""
    rung = Rung()
    assert listeners(rung, "rtl", chip, MappedChip(sim, chip_id=chip.id), 25) is None and rung.tokens > 50


def test_accesses_of_a_guided_answer(chip: Chip, sim: AxiSim) -> None:
    """As of a request without options, but for the settings, a look at the tag and the first state."""
    board = MappedChip(sim, chip_id=chip.id)
    request = asked(chip.shape.vocab, 3, budget=12)
    outcome = board.run(request)
    assert outcome.guided == BY_CHIP and outcome.ids == wanted(chip, request)
    counts = {}
    for name, one in (
        ("plain", replace(request, guide=None)),
        ("guided", request),
        ("masks", replace(request, guide=Masks(request.guide))),  # type: ignore[arg-type]
    ):
        before = board.reads, board.writes
        assert len(board.run(one).ids) == 12
        counts[name] = board.reads - before[0], board.writes - before[1]
    # choice_how 0 in a plain one, five words of it and the state here; reads: the tag, and `drawn` by none.
    assert counts["guided"][1] - counts["plain"][1] == 4 - 1 + 1
    assert counts["guided"][0] - counts["plain"][0] in range(1, 8)
    assert counts["masks"][1] == 12 * (1 + 5 + 8 + 4 + 2 + 1 + 1) + 2  # and the prompt
    assert counts["masks"][0] > 2 * counts["guided"][0]


def test_a_guide_is_written_once_for_all_requests(chip: Chip, sim: AxiSim) -> None:
    board, vocab = MappedChip(sim, chip_id=chip.id), chip.shape.vocab
    memory = board.guide_memory
    one, long = endless(vocab, 1), Automaton(vocab, 0, [90], {s: {5 + s % 30: s + 1, 4: s} for s in range(90)})

    def run(guide: Automaton, seed: int) -> None:
        request = Request(ids=(1, 2), budget=6, temperature=1.0, seed=seed, guide=guide)
        outcome = board.run(request)
        assert outcome.guided == BY_CHIP and outcome.ids == wanted(chip, request)

    run(long, 1)
    run(one, 2)
    first = memory.written
    run(one, 3)
    board.reset()  # of the stream: its memories stay
    run(one, 4)
    assert memory.written == first
    other = MappedChip(sim, chip_id=chip.id)  # another program, with a guide of its own
    other.run(Request(ids=(1,), budget=2, guide=long))
    run(one, 5)
    assert memory.written > first
    second = memory.written
    sim.reset()  # the bus: registers begin anew
    run(one, 6)
    sim.power_up()
    run(one, 7)
    assert memory.written - second == 2 * (second - first)


def test_what_the_registers_refuse(chip: Chip, sim: AxiSim) -> None:
    """While a request runs, beyond the room, and what is no state; an answer under way is not hurt."""
    board = MappedChip(sim, chip_id=chip.id)
    request = asked(chip.shape.vocab, 5, budget=8)
    guide = board._guide(request)
    assert isinstance(guide, GuideTables)

    def write(name: str, word: int, index: int = 0) -> set[str]:
        sim.write(address(name, index), word)
        errors = fields_in("error", sim.read(address("error")))
        sim.write(address("error"), 0xFF)
        return errors

    room = sim.read(address("guide_room"))
    assert (room & 0xFFFFFF, room >> 24) == (512, (chip.shape.vocab - 1).bit_length())
    assert write("guide_room", 1) == {"address"} and write("guide", 0, index=512) == {"address"}
    assert write("guide_state", 512) == {"range"} and write("guide_page", 1 << 20) == {"range"}
    assert write("guide_page", 1 << 31) == set() and write("guide", 0, index=chip.shape.vocab) == {"address"}
    assert sim.read(address("guide")) == 0 and fields_in("error", sim.read(address("error"))) == {"address"}
    sim.write(address("error"), 0xFF)
    tokens = board.stream(request)
    said = [next(tokens)]
    sim.write(address("read_index"), sim.read(address("write_index")))
    for name in ("guide_page", "guide_tag", "guide_state", "guide"):
        if board.busy:
            assert write(name, 0) == {"refused"}, name
    board.stop()
    state = sim.read(address("guide_state"))
    assert write("guide_state", guide.start) == set() and state in range(512)
    del said
    assert board.run(request).ids == wanted(chip, request)


def test_the_state_can_be_read_behind_an_answer(chip: Chip, sim: AxiSim) -> None:
    board = MappedChip(sim, chip_id=chip.id)
    request = asked(chip.shape.vocab, 9, stream=1)
    stream = board.streams[1]
    guide = stream._guide(request)
    assert isinstance(guide, GuideTables)
    state = guide.start
    for token in board.run(request).ids:
        step = guide.step(state, token)
        assert step is not None
        state = step
    assert sim.read(address("guide_state") + (1 << ADDRESS_BITS)) == state


def test_two_answers_at_once_follow_their_own_guides(chip: Chip, sim: AxiSim) -> None:
    board, found = MappedChip(sim, chip_id=chip.id), dict[int, list[tuple[int, ...]]]()
    pairs = [
        [asked(chip.shape.vocab, 10 + number, stream, top_k=3 * stream) for number in range(4)] for stream in (0, 1)
    ]

    def listen(stream: int) -> None:
        found[stream] = [tuple(board.stream(request)) for request in pairs[stream]]

    threads = [threading.Thread(target=listen, args=(stream,)) for stream in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for stream in (0, 1):
        assert found[stream] == [wanted(chip, request) for request in pairs[stream]]


def test_astream_follows_a_guide_and_names_what_it_has_no_room_for(chip: Chip, sim: AxiSim) -> None:
    board, vocab = MappedChip(sim, chip_id=chip.id), chip.shape.vocab
    request, state = asked(vocab, 4), RequestState()

    async def heard(one: Request) -> list[int]:
        return [token async for token in board.astream(one, state)]

    assert tuple(asyncio.run(heard(request))) == wanted(chip, request) and state.guided == BY_CHIP
    long = Automaton(vocab, 0, [600], {s: {5: s + 1} for s in range(600)})
    with pytest.raises(PromptError, match=r"the host's \(the guide needs 601 states, .*\): astream has none"):
        board.astream(replace(request, guide=long))
    with pytest.raises(PromptError, match=r"masks are the host's \(the guide is no automaton\): astream"):
        board.astream(replace(request, guide=Masks(long)))
    outcome = board.run(replace(request, guide=long))
    assert outcome.ids == (5,) * 8
    assert outcome.guided == f"{BY_HOST}: the guide needs 601 states, and this chip has 512; its masks are the host's"


def test_a_guide_of_fewer_tokens_leaves_none_of_the_last_one_s_allowed(chip: Chip, sim: AxiSim) -> None:
    """It says nothing of the others, whose classes the memory keeps: it is refused, as are more tokens."""
    board, vocab = MappedChip(sim, chip_id=chip.id), chip.shape.vocab
    all_of = Automaton(vocab, 0, [1], {0: {token: 1 for token in range(vocab)}, 1: {}})
    board.run(Request(ids=(1, 2), budget=1, guide=all_of))
    written = board.guide_memory.written
    for other in (-20, 20):
        guide = Automaton(vocab + other, 0, [1], {0: {5: 1}, 1: {}})
        words = rf"a guide of tokens of shape \({vocab + other},\); the vocabulary has {vocab}"
        for one in (guide, Masks(guide)):
            with pytest.raises(PromptError, match=words):
                board.run(Request(ids=(1, 2), budget=1, guide=one))
    assert board.guide_memory.written == written and board.faults == []


def test_an_answer_of_no_token(chip: Chip, sim: AxiSim) -> None:
    board = MappedChip(sim, chip_id=chip.id)
    outcome = board.run(Request(ids=(1, 2), guide=Automaton(chip.shape.vocab, 0, [0], {0: {}})))
    assert (outcome.ids, outcome.status, outcome.guided) == ((), NONE_ALLOWED, BY_CHIP)


def test_a_chip_that_loses_its_registers_in_a_load_is_written_anew(
    chip: Chip, sim: AxiSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is lost, so that classes are taken for entries, and the request does not begin."""
    board, vocab = MappedChip(sim, chip_id=chip.id), chip.shape.vocab
    board.run(asked(vocab, 1))
    request, store, loads = asked(vocab, 2), board._store, 0

    def without_power(at: int, words: NDArray[np.uint32]) -> object:
        nonlocal loads
        loads += 1
        if loads == 1:
            sim.reset()
        return store(at, words)

    monkeypatch.setattr(board, "_store", without_power)
    with pytest.raises(LinkError, match="lost the prompt that it was told: it was reset or lost its power"):
        board.run(request)
    for _ in range(2):
        assert board.run(request).ids == wanted(chip, request)
    assert loads == 4


def test_a_reset_by_another_thread_waits_for_a_load(chip: Chip, sim: AxiSim, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chip refuses words while it resets, so a part of the automaton would not be there."""
    board, request, order = MappedChip(sim, chip_id=chip.id), asked(chip.shape.vocab, 3), list[str]()
    store, write = board._store, board._write
    other = threading.Thread(target=board.reset)

    def stored(at: int, words: NDArray[np.uint32]) -> object:
        if not order:
            other.start()
            other.join(0.2)
        order.append("words")
        return store(at, words)

    def written(name: str, word: int) -> None:
        if name == "control" or name == "guide_state":
            order.append(name)
        write(name, word)

    monkeypatch.setattr(board, "_store", stored)
    monkeypatch.setattr(board, "_write", written)
    list(board.stream(request))
    other.join()
    assert order[:3] == ["words", "words", "guide_state"] and "control" in order[3:]
    assert board.run(request).ids == wanted(chip, request)


def test_a_reset_between_settings_and_start_leaves_the_guide(chip: Chip, sim: AxiSim) -> None:
    board, resets = MappedChip(sim, chip_id=chip.id), 0
    request = asked(chip.shape.vocab, 12)
    board.run(request)
    start = board._start

    def after_a_reset(clear: bool) -> None:
        nonlocal resets
        resets += 1
        board.reset()  # another thread's
        start(clear)

    board._start = after_a_reset  # type: ignore[method-assign]
    assert board.run(request).ids == wanted(chip, request) and resets == 1


def test_a_model_says_who_kept_an_answer_to_its_guide(chip: Chip, sim: AxiSim) -> None:
    model = LanguageModel(chip, MappedChip(sim, chip_id=chip.id), "guided")
    guide, reference = endless(chip.shape.vocab, 6), Reference(chip, best=BEST)
    for turn, ids in enumerate(([1, 2], [7])):
        model.generate(ids, 5, 1.0, turn, guide=guide) if not turn else list(model.chat(ids, 5, 1.0, turn, guide=guide))
        request = Request(
            ids=tuple(ids), budget=5, temperature=1.0, seed=turn, stops=model.stops, guide=guide, clear=not turn
        )
        assert model.last.tokens == list(reference.run(request).ids) and model.last.guided == BY_CHIP
    model.generate([1, 2], 5, guide=guide, logprobs=1)
    why = "rows of logits and log probabilities are read token by token"
    assert model.last.guided == f"{BY_HOST}: {why}" and len(model.last.drawn) == 5
    model.generate([1, 2], 5)
    assert model.last.guided == ""


def test_an_answer_that_goes_on_begins_its_guide_anew(chip: Chip, sim: AxiSim) -> None:
    board, reference = MappedChip(sim, chip_id=chip.id), Reference(chip, best=BEST)
    draw = np.random.default_rng(7)
    for number in range(6):
        guide = random_guide(draw, chip.shape.vocab, states=2)
        request = Request(
            ids=(5 + number,), budget=4, temperature=1.0, seed=number, stops=(STOP,), guide=guide, clear=number == 0
        )
        assert_equal(request, board.run(request), reference.run(request), number)
