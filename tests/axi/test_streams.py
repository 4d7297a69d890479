# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Several streams behind one AXI4-Lite port, through the driver of real boards: each as if it were alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from drafting import learnt

from hardwire.backends.axisim import AxiSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.mmio import ChipFault, MappedChip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.axi import write_axi_top
from hardwire.emit.top.host import Host
from hardwire.errors import LinkError, PromptError, Unsupported
from hardwire.host.registers import ADDRESS_BITS, ID_BITS, address, aperture, field
from hardwire.host.requests import Request, RequestState
from hardwire.plan.geometry import Geometry

pytestmark = pytest.mark.tools

RING = 8
FIRST = (1 << 32) - 6  # indices wrap within every request
CASES = {
    "one": ("tiny_chip", Geometry(columns=8, rows=4, depth=3, banks=3, divides=2)),
    "two": ("tiny_chip", Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2)),
    "three that share": (
        "odd_chip",
        Geometry(columns=8, rows=8, depth=2, packed_groups=1, banks=5, divides=2, streams=3, share=13),
    ),
    "two with drafts": (
        "tiny_chip",
        Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2, drafts=256),
    ),
    "four": ("micro_chip", Geometry(columns=16, rows=16, depth=1, banks=8, divides=4, streams=4)),
}
with_drafts = pytest.mark.parametrize("board", ["two with drafts"], indirect=True)
of_several = pytest.mark.parametrize("board", [name for name in CASES if name != "one"], indirect=True)


@pytest.fixture(scope="module", params=list(CASES))
def board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Chip, AxiSim]:
    name, geometry = CASES[request.param]
    chip, folder = request.getfixturevalue(name), tmp_path_factory.mktemp("streams")
    write_rtl(chip, folder, geometry, table=learnt(chip, geometry) if geometry.drafts else None)
    write_axi_top(folder, Host(clock_mhz=100, ring=RING, first_index=FIRST))
    sim = AxiSim(folder, away=2)
    sim.compile()
    return chip, sim


@pytest.fixture
def several(board: tuple[Chip, AxiSim]) -> tuple[Chip, AxiSim, MappedChip]:
    model, sim = board
    sim.power_up()
    return model, sim, MappedChip(sim)


def wanted(model: Chip, request: Request, context: int) -> tuple[list[int], str]:
    """Tokens and end of a request from an empty context, in which ``context`` positions are."""
    room = context - len(request.ids) + 1
    budget = room if request.budget is None else min(request.budget, room)
    outcome = Reference(model).run(replace(request, stream=0, budget=budget))
    cut = outcome.status == "budget" and budget != request.budget
    return list(outcome.ids), "context full" if cut else outcome.status


def drawn(rng: np.random.Generator, model: Chip, context: int, stream: int) -> Request:
    known = int(rng.integers(1, max(context // 2, 2)))
    return Request(
        stream=stream,
        ids=tuple(rng.integers(0, model.shape.vocab, known).tolist()),
        budget=None if rng.random() < 0.3 else int(rng.integers(0, context)),
        temperature=float(rng.choice([0.0, 0.8])),
        seed=int(rng.integers(1 << 40)),
        stops=tuple(rng.integers(0, model.shape.vocab, int(rng.integers(3))).tolist()),
    )


def test_every_map_says_which_stream_it_is_of(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    _, sim, chip = several
    count = chip.info().streams
    assert count == chip.limits.streams == max(len(chip.streams), 1)
    for number in range(count):
        features = sim.read(address("features") + (number << ADDRESS_BITS))
        assert field("features", "others").of(features) == count - 1
        assert field("features", "stream").of(features) == number
    with pytest.raises(Unsupported, match=f"stream {count}: this board has stream"):
        chip.stream(Request(stream=count, ids=(1,)))


@of_several
def test_a_slot_names_its_stream(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    _, sim, chip = several
    for number in range(chip.info().streams):
        first = sim.read(address("write_index") + (number << ADDRESS_BITS))
        chip.run(Request(stream=number, ids=(3, 4), budget=2))
        for index in (first, first + 1):
            slot = sim.read(address("tokens", index % RING) + (number << ADDRESS_BITS))
            assert slot >> ID_BITS == number << 10 | index % (1 << 10)


class Listener:
    """Who reads one stream: request behind request, each to its end, or cut short in one of the ways there are."""

    def __init__(self, model: Chip, chip: MappedChip, number: int, rng: np.random.Generator) -> None:
        self.model, self.view, self.rng, self.number = model, (chip.streams or (chip,))[number], rng, number
        self.ended = 0
        self.begin()

    def begin(self) -> None:
        self.request = drawn(self.rng, self.model, self.view.info().context, self.number)
        self.want, self.status = wanted(self.model, self.request, self.view.info().context)
        self.state, self.got = RequestState(), list[int]()
        self.tokens: Iterator[int] = self.view.stream(self.request, self.state)
        self.cut = int(self.rng.integers(1, 6)) if self.rng.random() < 0.4 else -1

    def listen(self) -> None:
        """A token, or the end."""
        if len(self.got) == self.cut:
            self._cut()
        elif (token := next(self.tokens, None)) is not None:
            self.got.append(token)
            assert self.got == self.want[: len(self.got)], f"stream {self.number}, {self.request}"
        else:
            assert (self.got, self.state.status) == (self.want, self.status), f"stream {self.number}, {self.request}"
            self._again()

    def _cut(self) -> None:
        how = self.rng.choice(["stop", "reset", "close", "forget"])
        if how in ("stop", "reset"):
            getattr(self.view, how)()
            self.got += list(self.tokens)
            assert self.got == self.want[: len(self.got)], f"stream {self.number} behind a {how}"
            assert not self.view.busy and (how == "stop" or self.view.position == 0)
        elif how == "close":
            self.tokens.close()  # type: ignore[attr-defined]
            assert not self.view.busy
        self._again()

    def _again(self) -> None:
        self.ended += 1
        self.begin()


def test_listeners_at_random(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    """Tokens of all streams, read in any order and long pauses, with ends, stops, resets and restarts between them."""
    model, sim, chip = several
    rng = np.random.default_rng(5)
    listeners = [Listener(model, chip, number, rng) for number in range(chip.info().streams)]
    while min(listener.ended for listener in listeners) < 25:
        listener = listeners[int(rng.integers(len(listeners)))]
        for _ in range(int(rng.integers(1, 5))):
            listener.listen()
        if rng.random() < 0.05:
            sim.run(int(rng.integers(2000)))  # rings fill meanwhile


@with_drafts
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_drafts_are_of_a_user_alone_and_change_nothing(
    several: tuple[Chip, AxiSim, MappedChip], temperature: float
) -> None:
    """Each stream by itself: the same tokens with drafts and without, in fewer cycles, and the last one's logits."""
    model, sim, chip = several
    assert chip.drafts and [sim.read(address("drafts") + (s << ADDRESS_BITS)) for s in range(2)] == [0, 0]
    for view in chip.streams:
        took = {True: 0, False: 0}
        for first in range(6):
            request = Request(stream=view.number, ids=(first,), budget=RING, temperature=temperature, seed=first)
            for drafts in (True, False):
                took[drafts] += chip.run(replace(request, drafts=drafts)).total_cycles or 0
                want, _ = wanted(model, request, chip.info().context)
                view._begin(replace(request, drafts=drafts))
                assert list(view._follow(RequestState())) == want
                row = Reference(model).predict([first, *want[:-1]])
                np.testing.assert_array_equal(view.logits(), row[-1])
        assert took[True] < (0.85 if temperature == 0 else 1) * took[False], took


@with_drafts
def test_a_draft_that_waits_for_room_gives_its_pass_back(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    """Of a stream that nobody reads: another has his pass as soon as ever, and the first goes on when it is read."""
    model, sim, chip = several
    first, last = chip.streams
    alone = chip.run(Request(stream=last.number, ids=(5, 6), budget=4, drafts=False)).total_cycles or 0
    for ids in ((1, 2), (3,), (9, 4)):
        request = Request(ids=ids)
        unread = first.stream(request)
        said = [next(unread)]
        sim.run(100_000)
        assert field("status", "stalled").of(first._read("status"))
        other = chip.run(Request(stream=last.number, ids=(5, 6), budget=4, drafts=False)).total_cycles or 0
        assert other < alone + 80
        assert said + list(unread) == wanted(model, request, chip.info().context)[0]


@of_several
def test_logits_of_every_stream_are_its_own(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    model, _, chip = several
    rng, context = np.random.default_rng(8), chip.info().context
    texts = [rng.integers(0, model.shape.vocab, context // 2).tolist() for _ in chip.streams]
    rows = [Reference(model).predict(text) for text in texts]
    for length in range(1, context // 2):
        for view, text in zip(chip.streams, texts, strict=True):  # all of them begin, then all are read
            view._begin(Request(ids=text[:length], budget=1))
        for view, row in zip(chip.streams, rows, strict=True):
            assert list(view._follow(RequestState())) == [int(np.argmax(row[length - 1]))]
            np.testing.assert_array_equal(view.logits(), row[length - 1], f"stream {view.number}")


@of_several
def test_a_ring_that_nobody_reads_holds_up_its_stream_alone(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    model, sim, chip = several
    first, last = chip.streams[0], chip.streams[-1]
    request = Request(stream=last.number, ids=(1, 2))
    unread = last.stream(request)
    said = [next(unread)]
    sim.run(100_000)
    assert field("status", "stalled").of(last._read("status")) and not first.busy
    for _ in range(3):
        assert first.generate([5, 6]) == wanted(model, Request(ids=(5, 6)), chip.info().context)[0]
    assert said + list(unread) == wanted(model, request, chip.info().context)[0]


@of_several
def test_a_reset_is_of_its_stream_alone(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    model, sim, chip = several
    first, last = chip.streams[0], chip.streams[-1]
    want = wanted(model, Request(ids=(5, 6)), chip.info().context)[0]
    for cycles in (0, 3, 17, 40, 90, 200, 333):
        tokens, broken = first.stream(Request(ids=(5, 6))), last.stream(Request(stream=last.number, ids=(1, 2, 3)))
        said, _ = [next(tokens)], next(broken)
        sim.run(cycles)
        requests = first._read("requests")
        last.reset()
        assert (last.position, last.busy, last._read("status") >> 4 & 7) == (0, False, 5)
        assert said + list(tokens) == want and first._read("requests") == requests
        # Nothing is left of the context, and nothing waits to be fed.
        with pytest.raises(PromptError, match="nothing to continue"):
            last.generate([], stream=last.number, clear=False)
        assert last.generate([5, 6], stream=last.number, clear=False) == want


@of_several
def test_a_reset_of_an_idle_stream_empties_it(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    model, _, chip = several
    last = chip.streams[-1]
    last.generate([1, 2, 3], 3, stream=last.number)
    assert last.position == 5
    last.reset()
    assert last.position == 0 and not last.busy
    assert last.generate([7], 0, stream=last.number, clear=False) == [] and last.position == 0
    want = wanted(model, Request(ids=(5, 6)), chip.info().context)[0]
    assert last.generate([5, 6], stream=last.number, clear=False) == want


@of_several
def test_an_error_is_of_its_stream_alone(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    model, sim, chip = several
    first, last = chip.streams[0], chip.streams[-1]
    base = last.number << ADDRESS_BITS
    sim.write(address("magic") + base, 1)
    sim.write(address("budget") + base, 1, strobe=0b0011)
    assert last._clear_errors() == {"address", "partial"} and first._clear_errors() == set()
    sim.write(address("magic") + base, 1)
    want = wanted(model, Request(ids=(5, 6)), chip.info().context)[0]
    assert first.generate([5, 6]) == want and first.faults == []
    with pytest.warns(ChipFault, match="errors address stood; the chip was reset"):
        assert last.generate([5, 6], stream=last.number) == want


@of_several
def test_an_address_behind_the_last_stream(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    _, sim, chip = several
    count = chip.info().streams
    for number in range(count, aperture(count) >> ADDRESS_BITS):
        assert sim.read(address("magic") + (number << ADDRESS_BITS)) == 0
        assert chip.streams[0]._clear_errors() == {"address"}
        assert not any(view._clear_errors() for view in chip.streams[1:])


@of_several
def test_a_bus_that_does_not_reach_the_others_is_named(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    class Short:
        """Its upper address lines lead nowhere."""

        def __init__(self, sim: AxiSim) -> None:
            self.write = lambda at, word: sim.write(at & ((1 << ADDRESS_BITS) - 1), word)
            self.read = lambda at: sim.read(at & ((1 << ADDRESS_BITS) - 1))

    with pytest.raises(LinkError, match="the registers of stream 1 say that they are of stream 0: the bus does not"):
        MappedChip(Short(several[1]))


@of_several
def test_threads_share_the_engine(several: tuple[Chip, AxiSim, MappedChip]) -> None:
    """A thread for each stream. Together they take fewer cycles than one after the other."""
    model, sim, chip = several
    context = chip.info().context
    requests = [Request(stream=view.number, ids=(5 + view.number, 6)) for view in chip.streams]
    # Side by side at the registers, where no thread's pauses count: all begin, and the chip is left alone.
    for view, request in zip(chip.streams, requests, strict=True):
        view._begin(replace(request, budget=RING))
    while any(view.busy for view in chip.streams):
        sim.run(10)
    together = max(view.run_cycles() for view in chip.streams)
    for view in chip.streams:
        list(view._follow(RequestState()))
    alone = [chip.run(replace(request, budget=RING, drafts=False)).total_cycles or 0 for request in requests]
    assert together < 0.95 * sum(alone)

    found: dict[int, list[list[int]]] = {}

    def listen(request: Request) -> None:
        found[request.stream] = [list(chip.stream(request)) for _ in range(4)]

    threads = [threading.Thread(target=listen, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for request in requests:
        assert found[request.stream] == [wanted(model, request, context)[0]] * 4
