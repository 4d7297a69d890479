# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""One contract: the same requests to every backend that can be made here, and equal outcomes.

Requests follow each other on one chip, so what a context keeps is compared too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hosted import GEOMETRY, ask

from hardwire.backends.csim import CSim
from hardwire.backends.rtlsim import RtlSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference, new_state
from hardwire.driver.hosted import HostedChip
from hardwire.driver.mmio import MappedChip
from hardwire.emit.hls.project import write_project
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import LinkError, PromptError, Unsupported
from hardwire.host.requests import CHECKSUMS, ENDS, STOPS, VALUES, Backend, Outcome, Request, RequestState
from hardwire.openers import OPENERS, backends
from hardwire.plan.schedule import schedule
from hardwire.plan.trace import Tracer, checksum_words, named
from hardwire.plan.words import Status
from hardwire.proof.climb import Route, Text, climb

SAMPLED = {"temperature": 0.8, "seed": 0x9E3779B97F4A7C15}

# One after another; ``stop``: the fourth token of the free run is a stop token.
REQUESTS: list[dict[str, Any]] = [
    {"ids": (7, 7), "budget": 6},
    {"ids": (7, 7), "budget": 6, "rows": 1},
    {"ids": (), "budget": 3, "clear": False},  # the last token first
    {"ids": (12, 13), "budget": 2, "clear": False, "rows": 1},  # several known tokens behind it
    {"ids": (7, 7), "budget": 9, "stop": True, "rows": 1},
    {"ids": (5,), "budget": 1, "clear": False},  # behind a stop token nothing is left to feed
    {"ids": (), "budget": 0, "clear": False},
    {"ids": (), "budget": 2, "clear": False, **SAMPLED},
    {"ids": (3, 1, 4), "budget": 5, **SAMPLED, "rows": 1},
    {"ids": (3,), "budget": None, "rows": 1},  # the context is full
    {"ids": (1, 2), "budget": 3, "clear": False},  # and stays full
    {"ids": (9,) * 20, "budget": 2},
    {"ids": (5,) * 20, "budget": 2, "clear": False},  # fills the context before its end
    {"ids": (9,), "budget": 0},
]
SCORED: list[dict[str, Any]] = [
    {"ids": (7, 5, 3, 1), "budget": 4, "rows": 4},
    {"ids": (2, 6), "budget": 2, "clear": False, "rows": 3},
    {"ids": (2, 6, 8), "budget": 1, "rows": 2, "stages": True},
    {"ids": (), "budget": 2, "clear": False, "stages": True},
]


@pytest.fixture(scope="module")
def csim(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CSim]:
    folder = tmp_path_factory.mktemp("hls")
    write_project(chip_with_text, folder, part="xc7z020clg400-1", clock_mhz=100.0, lanes=4)
    sim = CSim(folder, chip_with_text)
    sim.compile()
    yield sim
    sim.close()


@pytest.fixture(scope="module")
def rtl(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtlSim]:
    folder = tmp_path_factory.mktemp("rtl")
    write_rtl(chip_with_text, folder, GEOMETRY)
    sim = RtlSim(folder, chip_with_text)
    sim.compile()
    yield sim
    sim.close()


@pytest.fixture(scope="module")
def simulated_board(axi_project: Path, chip_with_text: Chip) -> Iterator[MappedChip]:
    """The driver of a board on the RTL behind AXI4-Lite."""
    from hardwire.backends.axisim import AxiSim

    sim = AxiSim(axi_project)
    sim.compile()
    chip = MappedChip(sim, chip_id=chip_with_text.id)
    chip.traced = lambda: checksum_words(chip_with_text, schedule(chip_with_text, GEOMETRY))
    yield chip
    sim.close()


@pytest.fixture(scope="module")
def serial_board(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedChip]:
    """The driver of a board on the RTL of a whole board's top, at its serial line."""
    from uart.conftest import BOARD, SERIAL, TIMEOUT
    from uart.conftest import GEOMETRY as LINE

    from hardwire.backends.serialsim import SerialSim
    from hardwire.driver.serial import SerialChip
    from hardwire.emit.top.serial import write_board_top

    folder = tmp_path_factory.mktemp("serial")
    write_rtl(chip_with_text, folder, LINE)
    write_board_top(folder, BOARD, SERIAL)
    sim = SerialSim(folder)
    sim.compile()
    sim.run(40)
    yield SerialChip(sim, chip_id=chip_with_text.id, timeout=TIMEOUT)
    sim.close()


@pytest.fixture(scope="module")
def register_model(chip_with_text: Chip) -> MappedChip:
    """The driver of a board on a Python model of the registers."""
    from driver.model import ModelChip

    return MappedChip(ModelChip(chip_with_text))


HERE = ["register_model"]
TOOLS = ["csim", "rtl", "simulated_board", "serial_board"]


@pytest.fixture(params=["reference", *HERE, *(pytest.param(name, marks=pytest.mark.tools) for name in TOOLS)])
def backend(request: pytest.FixtureRequest, chip_with_text: Chip) -> Backend:
    if request.param == "reference":
        return Reference(chip_with_text)
    return request.getfixturevalue(request.param)


def asked(chip: Chip, options: dict[str, Any]) -> Request:
    options = dict(options)
    if options.pop("stop", False):
        options["stops"] = (39, Reference(chip).generate(options["ids"], 4)[3])
    return Request(**options)


def assert_equal(got: Outcome, want: Outcome) -> None:
    assert (got.ids, got.status, got.position) == (want.ids, want.status, want.position)
    np.testing.assert_array_equal(got.logits, want.logits)
    assert got.logits.shape == want.logits.shape and got.seconds >= 0


def test_the_same_requests_give_equal_outcomes(backend: Backend, chip_with_text: Chip) -> None:
    reference = Reference(chip_with_text)
    for options in REQUESTS:
        request = asked(chip_with_text, options)
        assert_equal(backend.run(request), reference.run(request))


def test_a_stream_gives_what_a_run_gives(backend: Backend, chip_with_text: Chip) -> None:
    reference = Reference(chip_with_text)
    for options in REQUESTS:
        request, state = asked(chip_with_text, options), RequestState()
        ids, want = tuple(backend.stream(request, state)), reference.run(request)
        assert (ids, state.status, state.position) == (want.ids, want.status, want.position)
        np.testing.assert_array_equal(backend.rows_of(state.logits), want.logits)


def test_scored_prompts_and_stages(backend: Backend, chip_with_text: Chip) -> None:
    """Rows of the prompt, and every stage of them: values, or checksums of the reference's values."""
    reference = Reference(chip_with_text)
    for options in SCORED:
        request = Request(**options)
        if backend.limits.rows is not None:
            with pytest.raises(
                Unsupported,
                match=r"\d rows of logits: this board cannot give them, it gives those behind the last known",
            ):
                backend.run(Request(**options | {"rows": 2, "stages": False, "clear": True, "ids": (1, 2, 3)}))
            return
        got, want = backend.run(request), reference.run(request)
        assert_equal(got, want)
        if backend.limits.stages == VALUES or not request.stages:
            assert len(got.stages) == len(want.stages) == (len(want.logits) if request.stages else 0)
            for one, other in zip(got.stages, want.stages, strict=True):
                assert one.keys() == other.keys()
                for name, values in other.items():
                    np.testing.assert_array_equal(one[name], values, name)


@pytest.mark.tools
@pytest.mark.parametrize("name", ["rtl", "simulated_board"])
def test_an_engine_with_a_trace_window_gives_checksums(
    request: pytest.FixtureRequest, chip_with_text: Chip, name: str
) -> None:
    backend: Backend = request.getfixturevalue(name)
    assert backend.limits.stages == CHECKSUMS
    tracer, state = Tracer(chip_with_text, schedule(chip_with_text, GEOMETRY)), new_state(chip_with_text)
    outcome = backend.run(ask(7, budget=4, stages=True))
    assert len(outcome.stages) == 4 == len(outcome.logits)
    for token, got in zip((7, *outcome.ids), outcome.stages, strict=False):
        expected = tracer.step(state, token)
        assert got == {name: np.array([expected[stage]]) for name, stage in named(tracer.stages).items()}
    assert backend.stages() == outcome.stages[-1]


@pytest.mark.tools
def test_cycles_of_the_rtl_are_the_planned_ones(rtl: RtlSim, chip_with_text: Chip) -> None:
    """Of every token, the last too, whether a run gives it or a stream; of the prompt's inner tokens."""
    plan = schedule(chip_with_text, GEOMETRY)
    for ids, budget in (((7,), None), ((7, 5, 3), 6), ((7,), 1)):
        last = len(ids) - 1
        request, state = Request(ids=ids, budget=budget), RequestState()
        outcome = rtl.run(request)
        assert len(outcome.ids) == len(list(rtl.stream(request, state)))
        assert outcome.cycles == tuple(plan.cycles(last + i) for i in range(len(outcome.ids)))
        assert outcome.prompt_cycles == tuple(plan.cycles(i, generated=False) for i in range(last))
        assert (outcome.cycles, outcome.prompt_cycles) == (tuple(state.cycles or ()), tuple(state.prompt_cycles or ()))
    stopped = rtl.run(Request(ids=(7, 7), budget=9, stops=(Reference(chip_with_text).generate((7, 7), 4)[3],)))
    assert stopped.status == "stop token" and len(stopped.cycles or ()) == len(stopped.ids)


@pytest.mark.parametrize("name", [*HERE, *(pytest.param(each, marks=pytest.mark.tools) for each in TOOLS)])
def test_what_has_no_clock_says_no_cycles(request: pytest.FixtureRequest, name: str) -> None:
    outcome = request.getfixturevalue(name).run(ask(7, budget=2))
    assert (outcome.cycles is None) == (name != "rtl")
    assert (outcome.total_cycles is None) == (name == "csim")


REFUSED = {
    "stream": ({"ids": (1,), "stream": 1}, Unsupported, r"stream 1: .* has stream 0 alone"),
    "empty": ({"ids": ()}, PromptError, "the prompt has 0 tokens; 1 to 24 fit the context"),
    "long": ({"ids": (1,) * 25}, PromptError, "the prompt has 25 tokens; 1 to 24 fit the context"),
    "token": ({"ids": (40,)}, PromptError, "token 40 is not one of the 40 of the vocabulary"),
    "stop": ({"ids": (1,), "stops": (41,)}, PromptError, "stop token 41 is not one of the 40"),
    "stops": ({"ids": (1,), "stops": (1,) * 9}, PromptError, "9 stop tokens; the chip takes 8"),
    "rows": ({"ids": (1, 2), "rows": 3}, PromptError, "3 rows of logits of 2 known tokens; ask for 2 or fewer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_served_is_refused_by_name(backend: Backend, name: str) -> None:
    options, kind, message = REFUSED[name]
    for verb in (backend.run, backend.stream):
        with pytest.raises(kind, match=message):
            verb(Request(**options))


def test_a_backend_without_stages_says_how_to_get_them(register_model: MappedChip) -> None:
    with pytest.raises(Unsupported, match="stages: this board cannot give them, it has no trace window; build it with"):
        register_model.run(ask(1, budget=1, stages=True))
    with pytest.raises(Unsupported, match="it has no trace window"):
        register_model.stages()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": -1}, "a budget of -1 tokens; give 0 or more"),
        ({"stream": -1}, "stream -1; streams are numbered from 0"),
        ({"rows": -1}, "-1 rows of logits"),
        ({"seed": 1 << 64}, "seed 18446744073709551616 is not usable"),
        ({"temperature": 1000}, "temperature 1000 is not usable"),
    ],
)
def test_numbers_that_no_chip_takes(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PromptError, match=message):
        Request(ids=(1,), **options)


def test_a_context_with_nothing_to_continue(backend: Backend) -> None:
    backend.run(ask(9, budget=0))
    with pytest.raises(PromptError, match="nothing to continue: its context is empty; give a prompt"):
        list(backend.stream(Request(clear=False)))


@pytest.mark.tools
@pytest.mark.parametrize("name", ["csim", "rtl", "simulated_board"])
def test_a_request_ends_the_stream_before_it(request: pytest.FixtureRequest, name: str) -> None:
    backend: Backend = request.getfixturevalue(name)
    stream = backend.stream(ask(7, 7))
    next(stream)
    backend.run(ask(5, 6, budget=2))
    with pytest.raises(LinkError, match="another request of this program took the chip; begin again"):
        list(stream)


@pytest.mark.tools
def test_two_c_simulations_of_one_folder_share_a_cache_and_say_so(csim: CSim, chip_with_text: Chip) -> None:
    other = CSim(csim.folder, chip_with_text)
    other.compile()
    csim.run(ask(7, 7, budget=2))
    other.run(ask(5, budget=2))
    with pytest.raises(LinkError, match="another request of this program took the chip"):
        csim.run(ask(budget=1, clear=False))
    other.close()


# ---------------------------------------------------------------------------------------------------
# The climb, on whatever runs requests.


def route(chip: Chip, **options: Any) -> Route:
    start = (7, 5, 3)
    ids = np.array([*start, *Reference(chip).generate(start, 6)], np.int64)
    logits = Reference(chip).predict(ids)
    defaults: dict[str, Any] = {
        "rung": "here",
        "chip": chip,
        "texts": [Text(ids, logits, 3)],
        "traced": 4,
        "loops": [Request(ids=start, budget=6), Request(ids=start, budget=6, **SAMPLED)],
        "geometry": asdict(GEOMETRY),
    }
    return Route(**defaults | options)


def test_everything_is_climbed_alike(backend: Backend, chip_with_text: Chip) -> None:
    rung, difference = climb(route(chip_with_text), backend)
    assert difference is None and rung.status == "equal" and rung.tokens == 9 + 12
    rows = 9 if backend.limits.rows is None else 8  # behind the last token of a text a board is asked nothing
    assert rung.logits == rows * 40 and (rung.stages > 0) == (backend.limits.rows is None)


def test_the_last_row_alone_where_a_line_is_slow(register_model: MappedChip, chip_with_text: Chip) -> None:
    rung, difference = climb(route(chip_with_text, every=False, loops=()), register_model)
    assert difference is None and (rung.tokens, rung.logits) == (9, 40)


class Bent(Reference):
    """A reference of which something is wrong."""

    def __init__(self, chip: Chip, bend: Callable[[Outcome], dict[str, Any]]) -> None:
        super().__init__(chip)
        self.bend = bend

    def run(self, request: Request) -> Outcome:
        outcome = super().run(request)
        return replace(outcome, **self.bend(outcome))


def _wrong_row(outcome: Outcome) -> dict[str, Any]:
    logits = outcome.logits.copy()
    if len(logits) > 5:
        logits[5, 11] += 1
    return {"logits": logits}


def _wrong_stage(outcome: Outcome) -> dict[str, Any]:
    stages = [dict(each) for each in outcome.stages]
    if len(stages) > 2:
        stages[2]["L1.q"] = stages[2]["L1.q"] + np.eye(1, stages[2]["L1.q"].size, 3, dtype=np.int64)[0]
    return {"stages": tuple(stages)} | _wrong_row(outcome)


@pytest.mark.parametrize(
    ("bend", "place"),
    [
        (_wrong_row, ("logits", 5, 11)),
        (_wrong_stage, ("L1.q", 2, 3)),
        (lambda outcome: {"ids": outcome.ids[:-1]}, ("token", 8, 0)),
        (lambda outcome: {"position": outcome.position + (len(outcome.ids) > 1)}, ("position", 9, 0)),
        (lambda outcome: {"logits": outcome.logits[:-1]}, ("rows of logits", 8, 0)),
        (lambda outcome: {"cycles": (5, 5, 6, 5, 5, 5)}, ("cycles", 4, 0)),
    ],
    ids=["logit", "stage", "token", "position", "missing row", "cycles"],
)
def test_the_first_difference_is_named(
    chip_with_text: Chip, bend: Callable[[Outcome], dict[str, Any]], place: tuple[str, int, int]
) -> None:
    timed = {"timed": Request(ids=(7, 5, 3), budget=6), "cycles": [5] * 24}
    rung, difference = climb(route(chip_with_text, **timed), Bent(chip_with_text, bend))
    assert rung.status == "different" and difference is not None
    assert (difference.stage, difference.token, difference.index) == place and difference.expected != difference.got


# ---------------------------------------------------------------------------------------------------
# One home.


def test_stop_tokens_are_as_many_everywhere() -> None:
    root = Path(__file__).parents[1]
    (kernels,) = re.findall(r"static const int STOPS = (\d+);", (root / "hls" / "token_loop.hpp").read_text())
    assert int(kernels) == STOPS


def test_a_status_has_one_name() -> None:
    assert ENDS == tuple(status.meaning for status in Status)


def test_backends_have_one_table() -> None:
    names = [opener.name for opener in OPENERS]
    assert names == list(backends()) and len(set(names)) == len(names)
    assert {"board", "reference"} == set(backends(bare=True))
    from hardwire import load

    for name in names:
        assert f'"{name}"' in (load.__doc__ or ""), f"load's docstring does not know {name}"
