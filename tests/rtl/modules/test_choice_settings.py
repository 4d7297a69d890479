# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_settings: registers in front of the others; what is not theirs passes on a cycle later."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_choice import CHOICE, DRAWN, GUIDE, MOST, packed, unpacked

from hardwire.host.registers import address, fields_in

pytestmark = pytest.mark.tools


class Settings:
    def __init__(self) -> None:
        self.bench = Bench("choice_settings")
        self.bench.reset(4)
        self.errors: set[str] = set()
        self.masks: list[tuple[int, int]] = []
        self.passed: list[tuple[int, int]] = []

    def _cycles(self, count: int, **inputs: int) -> int | None:
        wave = self.bench.run(count, **inputs)
        self.errors |= fields_in("error", int(np.bitwise_or.reduce(wave["event_o"])))
        at = np.flatnonzero(wave["mask_we_o"])
        self.masks += list(zip(wave["mask_addr_o"][at].tolist(), wave["mask_o"][at].tolist(), strict=True))
        at = np.flatnonzero(wave["write_o"])
        self.passed += list(zip(wave["addr_o"][at].tolist(), wave["wdata_o"][at].tolist(), strict=True))
        answered = np.flatnonzero(wave["rvalid_o"])
        return int(wave["rdata_o"][answered[0]]) if len(answered) else None

    def write(self, at: int, word: int) -> set[str]:
        self.errors = set()
        self._cycles(1, write_i=1, addr_i=at, wdata_i=word)
        self._cycles(2, write_i=0)
        return self.errors

    def read(self, at: int) -> int | None:
        self._cycles(1, read_i=1, addr_i=at)
        return self._cycles(5, read_i=0)

    def choice(self) -> dict[str, int]:
        self.bench.settle()
        return unpacked(CHOICE, self.bench.get("choice_o"))


def test_what_is_set_is_held_and_read_back() -> None:
    settings = Settings()
    words = {"choice_how": MOST << 8 | 13, "choice_top_p": 0x8001, "choice_penalty": 0x1234ABCD, "choice_window": 9}
    for name, word in words.items():
        assert settings.write(address(name), word) == set() and settings.read(address(name)) == word
    assert settings.choice() == {
        "active": 1, "masked": 0, "guided": 1, "sums": 1, "top_k": MOST, "top_p": 0x8001, "grow": 0xABCD,
        "shrink": 0x1234, "window": 9,
    }  # fmt: skip
    for name, word in (
        ("choice_how", MOST + 1 << 8),
        ("choice_how", 16),
        ("choice_top_p", 65537),
        ("choice_window", 513),
    ):
        assert settings.write(address(name), word) == {"range"} and settings.read(address(name)) == words[name]
    settings.bench.set(busy_i=1)
    assert settings.write(address("choice_how"), 0) == {"refused"} and settings.write(address("mask"), 1) == {"refused"}
    assert settings.choice()["active"] == 1 and settings.masks == []


def test_the_mask_passes_and_ends_with_the_vocabulary() -> None:
    settings = Settings()
    for word in (0, 7, 15):
        assert settings.write(address("mask", word), 0xF0000000 | word) == set()
    assert settings.masks == [(word, 0xF0000000 | word) for word in (0, 7, 15)]
    assert settings.write(address("mask", 16), 1) == {"address"} and settings.write(address("drawn"), 1) == {"address"}
    assert settings.passed == []


def test_draws_are_read() -> None:
    settings = Settings()
    settings.bench.set(drawn_i=packed(DRAWN, none=1, id=5, logit=-3, count=4, total=(1 << 33) + 7))
    settings.bench.set(best_id_i=77, best_logit_i=(1 << 16) - 2)
    assert settings.read(address("drawn")) == 4 << 8 | 1 and settings.read(address("drawn_logit")) == (1 << 32) - 3
    assert settings.read(address("total_low")) == 7 and settings.read(address("total_high")) == 2
    assert settings.read(address("best", 2)) == 77 and settings.read(address("best", 3)) == (1 << 32) - 2
    assert settings.bench.get("best_addr_o") == 1 and settings.read(address("choice_best")) == MOST
    assert settings.errors == set() and settings.read(address("best", 2 * MOST)) == 0 and settings.errors == {"address"}


def test_features_are_those_of_both() -> None:
    """The registers behind it answer three cycles later, and it adds its own bits: a stream's number stays."""
    settings = Settings()
    settings._cycles(1, read_i=1, addr_i=address("features"))
    settings._cycles(3, read_i=0)
    settings.bench.set(rvalid_i=1, rdata_i=2 << 30 | 3 << 28 | 5)
    wave = settings.bench.run(2)
    assert wave["rvalid_o"].tolist() == [1, 1] and wave["rdata_o"].tolist() == [
        2 << 30 | 3 << 28 | 3 << 9 | 5,
        2 << 30 | 3 << 28 | 5,
    ]


def test_an_automaton_is_written_while_nothing_runs() -> None:
    settings = Settings()
    assert settings.write(address("guide_page"), 1 << 31) == set() and settings.read(address("guide_page")) == 1 << 31
    settings.bench.set(addr_i=address("guide", 9), wdata_i=7, write_i=1)
    settings.bench.run(1)
    settings.bench.set(write_i=0)
    settings.bench.settle()
    told = unpacked(GUIDE, settings.bench.get("guide_o"))
    assert (told["puts_class"], told["place"], told["token_class"]) == (1, 9, 7)
    settings.bench.run(1)
    settings.bench.set(guide_state_i=33)
    assert settings.read(address("guide_state")) == 33 and settings.read(address("guide_room")) == 9 << 24 | 1024
    assert settings.write(address("guide", 512), 0) == {"address"}
    assert settings.write(address("guide_page"), 1 << 10) == {"range"}
    settings.bench.set(busy_i=1)
    for name in ("guide", "guide_tag", "guide_state", "guide_page"):
        assert settings.write(address(name), 1) == {"refused"}
    assert settings.read(address("guide")) == 0 and settings.passed == []


def test_others_registers_pass_on() -> None:
    settings = Settings()
    assert settings.write(address("budget"), 12) == set() and settings.passed == [(address("budget"), 12)]
    settings._cycles(1, read_i=1, addr_i=address("status"))
    settings.bench.settle()
    assert settings.bench.get("read_o") == 1 and settings.bench.get("addr_o") == address("status")
