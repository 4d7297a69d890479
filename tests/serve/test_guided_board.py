# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Guided answers from a board with two streams whose samplers have memory for an automaton: what a server of the
reference says, and each stream's memory is written once for all who ask under one guide."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from choices import TWO_GUIDED, board_sim

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.mmio import MappedChip
from hardwire.serve.sampling import COMPLETIONS

from .served import Running, serving
from .test_api import PATHS, body
from .test_sampling import BEST, PATTERN

pytestmark = pytest.mark.tools  # outlines-core

LONG = "[a-c ]{600}"  # more states than the memory has words


@pytest.fixture(scope="module")
def board(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> MappedChip:
    return MappedChip(board_sim(chip_with_text, tmp_path_factory.mktemp("guided"), replace(TWO_GUIDED, best=BEST)))


@pytest.fixture(scope="module")
def server(chip_with_text: Chip, board: MappedChip) -> Iterator[Running]:
    with serving(chip_with_text, board) as server:
        yield server


@pytest.fixture(scope="module")
def reference(chip_with_text: Chip) -> Iterator[Running]:
    with serving(chip_with_text, Reference(chip_with_text, best=BEST)) as server:
        yield server


def answers(server: Running, **fields: Any) -> list[tuple[str, str]]:
    """Texts and why they ended."""
    status, said = server.ask(PATHS[COMPLETIONS], body(COMPLETIONS, **{"max_tokens": 18, "seed": 5, **fields}))
    assert status == 200, said
    return [(choice["text"], choice["finish_reason"]) for choice in said["choices"]]


def test_answers_are_the_reference_s_and_a_guide_is_written_once(
    server: Running, reference: Running, board: MappedChip
) -> None:
    asked = [{"guided_regex": PATTERN, "n": 4, "seed": 10 * user, "top_k": user} for user in range(3)]
    heard: dict[int, list[tuple[str, str]]] = {}

    def user(number: int) -> None:
        heard[number] = answers(server, **asked[number])

    threads = [threading.Thread(target=user, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, fields in enumerate(asked):
        assert heard[number] == answers(reference, **fields)
        assert all(re.fullmatch(PATTERN, text) and why == "stop" for text, why in heard[number])
    once = max(stream.guide_memory.written for stream in board.streams)
    assert once
    for seed in range(4):
        assert answers(server, guided_regex=PATTERN, n=2, seed=seed) == answers(
            reference, guided_regex=PATTERN, n=2, seed=seed
        )
    assert {stream.guide_memory.written for stream in board.streams} <= {0, once}  # a stream may have had no turn


def test_a_guide_beyond_the_memory_and_log_probabilities_are_the_host_s(
    server: Running, reference: Running, board: MappedChip
) -> None:
    written = [stream.guide_memory.written for stream in board.streams]
    for fields in ({"guided_regex": LONG, "max_tokens": 5}, {"guided_regex": PATTERN, "logprobs": 2}):
        assert answers(server, **fields) == answers(reference, **fields)
    assert [stream.guide_memory.written for stream in board.streams] == written
