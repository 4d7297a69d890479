# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""contents_loader: an image that is whole and right is all that sets an identity; nothing starts without one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.contents import FRAME, sealed
from hardwire.emit.rtl.loads import EXAMPLE
from hardwire.host.registers import address, field, fields_in

pytestmark = pytest.mark.tools

MOULD, BODY = 0x4D6F756C, sum(section.size for section in EXAMPLE) + 6  # of the checked-in load_pkg
BUILT = 512  # positions, of the checked-in plan_pkg
BAKED, OTHER = 0x12345678, 0xCAFE0001
START, RESET = (field("control", name).mask for name in ("start", "reset"))
ERRORS = {field("error", name).low: name for name in ("refused", "range", "address")}


class Loader:
    """The module with its bus, a transaction at a time; what goes on to the registers is noted."""

    def __init__(self) -> None:
        self.bench = Bench("contents_loader", Id=BAKED)
        self.loaded: list[int] = []
        self.passed: list[tuple[str, int, int]] = []
        self.errors: set[str] = set()
        self.reset()

    def _cycle(self, cycles: int, **inputs: Any) -> int | None:
        wave = self.bench.run(cycles, **inputs)
        self.loaded += [int(d) for d in wave["load_data_o"][wave["load_valid_o"] == 1]]
        for way in ("read", "write"):
            for n in np.flatnonzero(wave[f"{way}_o"]):
                self.passed.append((way, int(wave["addr_o"][n]), int(wave["wdata_o"][n])))
        events = int(np.bitwise_or.reduce(wave["event_o"]))
        self.errors |= {name for bit, name in ERRORS.items() if events >> bit & 1}
        at = np.flatnonzero(wave["rvalid_o"])
        return int(wave["rdata_o"][at[0]]) if len(at) else None

    def reset(self) -> None:
        self._cycle(4, rst_i=1, read_i=0, write_i=0)
        self._cycle(8, rst_i=0)
        self.passed, self.errors = [], set()

    def write(self, name: str, word: int, index: int = 0) -> None:
        self._cycle(1, write_i=1, addr_i=address(name, index), wdata_i=word)
        self._cycle(2, write_i=0)

    def read(self, name: str) -> int | None:
        self._cycle(1, read_i=1, addr_i=address(name))
        return self._cycle(6, read_i=0)

    def state(self) -> set[str]:
        word = self.read("contents_state")
        assert word is not None
        return fields_in("contents_state", word)

    def begin(self) -> None:
        self.loaded = []
        self.write("contents_state", 1)
        self._cycle(80, write_i=0)

    def pour(self, image: np.ndarray) -> set[str]:
        self.begin()
        for index, word in enumerate(image):
            self.write("contents", int(word), index % 1024)
        return self.state()


def image(draw: np.random.Generator, mould: int = MOULD, chip: int = OTHER, positions: int | None = None) -> np.ndarray:
    body = draw.integers(0, 1 << 32, BODY)
    body[-1] = draw.integers(1, BUILT + 1) if positions is None else positions
    return sealed(np.r_[mould, body, chip].astype(np.uint32))


def test_a_whole_image_sets_the_identity(draw: np.random.Generator) -> None:
    loader = Loader()
    assert (loader.read("id"), loader.state(), loader.read("mould")) == (BAKED, {"whole"}, MOULD)
    assert loader.read("contents_length") == BODY + FRAME and loader.read("features") == 1 << 8
    words = image(draw)
    assert loader.pour(words) == {"whole"} and loader.read("id") == OTHER
    assert loader.loaded == words[1:-2].tolist() and loader.read("contents_taken") == len(words)
    assert [entry for entry in loader.passed if entry[0] == "write"] == [("write", address("control"), RESET)]
    loader.write("control", START)
    assert loader.passed[-1] == ("write", address("control"), START) and not loader.errors


@pytest.mark.parametrize("index", [1, 7, BODY, BODY + 1, BODY + 2])
def test_one_wrong_word_is_noticed(draw: np.random.Generator, index: int) -> None:
    loader, words = Loader(), image(draw)
    wrong = words.copy()
    wrong[index] ^= np.uint32(1 << int(draw.integers(32)))
    assert loader.pour(wrong) == {"damaged"} and loader.read("id") == 0
    loader.write("control", START)
    assert loader.errors == {"refused"} and loader.passed[-1][2] == RESET  # that of the load
    assert loader.pour(words) == {"whole"} and loader.read("id") == OTHER


def test_another_mould_changes_nothing(draw: np.random.Generator) -> None:
    loader = Loader()
    assert loader.pour(image(draw, MOULD ^ 1)) == {"whole", "foreign"}
    assert loader.read("id") == BAKED and not loader.loaded
    loader.write("control", START)
    assert not loader.errors and loader.pour(image(draw)) == {"whole"}


@pytest.mark.parametrize("taken", [0, 1, 2, BODY + 1, BODY + 2])
@pytest.mark.parametrize("end", ["reset", "begin anew"])
def test_a_load_that_is_cut_off(draw: np.random.Generator, taken: int, end: str) -> None:
    loader, words = Loader(), image(draw)
    loader.begin()
    for index in range(taken):
        loader.write("contents", int(words[index]), index)
    for word in (START, RESET, START | RESET):  # the engine's loader must not lose its place
        loader.write("control", word)
    assert loader.errors == {"refused"}
    if end == "reset":
        loader.reset()
        assert loader.state() == ({"whole"} if taken == 0 else set())
        assert loader.read("id") == (BAKED if taken == 0 else 0)
        loader.write("control", START)
        assert loader.errors == (set() if taken == 0 else {"refused"})
    assert loader.pour(words) == {"whole"} and loader.read("id") == OTHER
    assert loader.loaded == words[1:-2].tolist()


def test_positions_are_those_of_the_chip(draw: np.random.Generator) -> None:
    loader = Loader()
    assert loader.bench.run(1)["positions_o"][0] == BUILT
    for positions in (1, 77, BUILT):
        assert loader.pour(image(draw, positions=positions)) == {"whole"}
        loader.reset()
        assert loader.bench.run(1)["positions_o"][0] == positions and loader.state() == {"whole"}


@pytest.mark.parametrize("positions", [0, BUILT + 1, 1 << 16 | 5, (1 << 32) - 1])
def test_more_positions_than_there_are(draw: np.random.Generator, positions: int) -> None:
    """With a right checksum: the chip holds none, until a later load is right."""
    loader = Loader()
    assert loader.pour(image(draw, positions=positions)) == {"damaged"} and loader.read("id") == 0
    loader.write("control", START)
    assert loader.errors == {"refused"}
    assert loader.pour(image(draw)) == {"whole"} and loader.read("id") == OTHER


def test_a_word_that_comes_again_does_nothing(draw: np.random.Generator) -> None:
    loader, words = Loader(), image(draw)
    loader.begin()
    for index, word in enumerate(words):
        loader.write("contents", int(word), index)
        for again in (0, index, 1023):
            loader.write("contents", int(word), again) if again != index + 1 else None
    assert loader.state() == {"whole"} and loader.loaded == words[1:-2].tolist()


def test_words_without_a_beginning_do_nothing(draw: np.random.Generator) -> None:
    loader = Loader()
    loader.write("contents", MOULD)
    loader.write("contents_state", 1)
    loader.write("contents", MOULD)  # while the engine is being reset
    assert loader.state() >= {"whole", "loading"} and loader.read("contents_taken") == 0


def test_what_is_not_there_says_so() -> None:
    loader = Loader()
    loader.write("contents_state", 2)
    assert loader.errors == {"range"}
    loader.errors = set()
    loader.write("mould", 1)
    assert loader.errors == {"address"}
    loader.errors = set()
    assert loader.read("contents") == 0 and loader.errors == {"address"}
    assert not loader.passed
    loader.read("status")
    assert [entry[:2] for entry in loader.passed] == [("read", address("status"))]
