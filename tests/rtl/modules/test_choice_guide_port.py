# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_guide_port: pages of the window, the tag that any word of it clears, and what is no address."""

from __future__ import annotations

import pytest
from bench import Bench
from bench_choice import GUIDE, VALUES, unpacked

from hardwire.host.registers import address

pytestmark = pytest.mark.tools

WORDS, VOCAB = VALUES["GuideWords"], VALUES["Vocab"]
CLASSES = 1 << 31


class Port:
    def __init__(self) -> None:
        self.bench = Bench("choice_guide_port")
        self.bench.reset(4)

    def ask(self, name: str, index: int = 0, word: int = 0) -> tuple[bool, bool, bool, int]:
        """Settable, fits, readable, and what is read."""
        self.bench.set(addr_i=address(name, index), wdata_i=word)
        self.bench.settle()
        got = [self.bench.get(f"{port}_o") for port in ("settable", "fits", "readable", "answer")]
        return bool(got[0]), bool(got[1]), bool(got[2]), got[3]

    def write(self, name: str, word: int, index: int = 0) -> dict[str, int]:
        """What the memory is told."""
        self.bench.set(addr_i=address(name, index), wdata_i=word, write_i=1)
        self.bench.settle()
        told = unpacked(GUIDE, self.bench.get("guide_o"))
        self.bench.run(1)
        self.bench.set(write_i=0)
        return told


def test_registers_hold_what_fits() -> None:
    port = Port()
    room = VALUES["ClassW"] << 24 | WORDS
    assert port.ask("guide_room") == (False, True, True, room)
    for name, word, odd in (
        ("guide_page", CLASSES | 1023, 1 << 10),
        ("guide_page", 3, CLASSES | 1 << 30),
        ("guide_tag", 0xFFFFFFFF, None),
    ):
        port.write(name, word)
        assert port.ask(name) == (True, True, True, word)
        if odd is not None:
            assert port.ask(name, word=odd)[1] is False
            port.write(name, odd)
            assert port.ask(name)[3] == word
    port.bench.set(state_i=WORDS - 1)
    assert port.ask("guide_state") == (True, True, True, WORDS - 1)
    told = port.write("guide_state", WORDS - 2)
    assert (told["puts_entry"], told["puts_class"], told["puts_state"], told["row"]) == (0, 0, 1, WORDS - 2)
    assert not port.write("guide_state", WORDS)["puts_state"] and not port.ask("guide_state", word=WORDS)[1]


def test_a_word_of_the_window_is_an_entry_or_a_class_and_clears_the_tag() -> None:
    port = Port()
    port.write("guide_tag", 77)
    told = port.write("guide", 300 << 16 | 1021, index=700)
    assert (told["puts_entry"], told["puts_class"], told["place"]) == (1, 0, 700)
    assert (told["token_class"], told["row"]) == (300, 1021) and port.ask("guide_tag")[3] == 0
    port.write("guide_page", CLASSES)
    port.write("guide_tag", 78)
    told = port.write("guide", 301, index=511)
    assert (told["puts_entry"], told["puts_class"], told["place"], told["token_class"]) == (0, 1, 511, 301)
    assert port.ask("guide_tag")[3] == 0 and port.ask("guide", 511)[:3] == (True, True, False)


def test_beyond_the_room_nothing_is_written() -> None:
    port = Port()
    port.write("guide_page", CLASSES)
    port.write("guide_tag", 5)
    assert not port.ask("guide", VOCAB)[0] and not port.write("guide", 1, index=VOCAB)["puts_class"]
    for page in (WORDS // 1024, 1023):
        port.write("guide_page", page)
        told = port.write("guide", 1, index=0)
        assert not port.ask("guide")[0] and not told["puts_entry"] and not told["puts_class"]
    port.bench.set(write_i=0)
    port.bench.run(3, addr_i=address("guide"), wdata_i=9)  # without a write
    assert port.ask("guide_tag")[3] == 5
    for name in ("drawn", "mask", "budget"):
        assert port.ask(name) == (False, True, False, 0)
        told = port.write(name, 1)
        assert not told["puts_entry"] and not told["puts_class"] and not told["puts_state"]
