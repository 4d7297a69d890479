# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What every chip behind its registers does, whatever carries them: for tests that have a fixture ``chip``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference, new_state, step
from hardwire.driver.hosted import HostedChip
from hardwire.host.requests import Request, RequestState
from hardwire.plan.geometry import Geometry

GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, trace=True)  # behind AXI4-Lite
RING = 8
SAMPLED = {"temperature": 0.8, "seed": 0x9E3779B97F4A7C15}
FIRST = (1 << 32) - 6  # the sixth token is the last before the indices wrap: every longer request crosses it
LONG = [5, 9, 1, 33, 7, 7, 20, 0, 39, 2, 11, 4, 28, 16, 3, 8, 30, 21]  # more than one serial command takes


def expected(
    chip: Chip, prompt: list[int], budget: int | None = None, stops: tuple[int, ...] = (), **options: Any
) -> tuple[list[int], str]:
    """Tokens of the integer reference, and why they end."""
    outcome = Reference(chip).run(Request(ids=prompt, budget=budget, stops=stops, **options))
    return list(outcome.ids), outcome.status


def ask(*ids: int, **options: Any) -> Request:
    """A request for what comes behind these tokens."""
    return Request(ids=ids, **options)


def take(stream: Iterator[int], count: int) -> list[int]:
    return [next(stream) for _ in range(count)]


class HostedChecks:
    """Tests that a class of a test module inherits. A transport adds what it counts by ``undisturbed``."""

    positions = 20  # whose logits are read

    def undisturbed(self, chip: Any, tokens: list[int]) -> None:
        """Behind requests to which nothing happened: those ``tokens`` were given last."""

    def test_tokens_until_the_context_is_full(self, chip: HostedChip, chip_with_text: Chip) -> None:
        state = RequestState()
        tokens = list(chip.stream(ask(7, 7), state))
        assert (tokens, state.status) == expected(chip_with_text, [7, 7])
        assert state.position == chip.position == chip_with_text.shape.context
        assert chip.index == FIRST + len(tokens) - (1 << 32) > 0  # the indices wrapped on the way
        self.undisturbed(chip, tokens)

    @pytest.mark.parametrize("prompt", [[7], LONG, [*range(24)]], ids=len)
    @pytest.mark.parametrize(
        "sampling", [{}, {"temperature": 0.8, "seed": 0x9E3779B97F4A7C15}], ids=["greedy", "sampled"]
    )
    def test_requests_back_to_back(
        self, chip: HostedChip, chip_with_text: Chip, prompt: list[int], sampling: dict[str, Any]
    ) -> None:
        given: list[int] = []
        for budget in (0, 1, 5, None):
            state = RequestState()
            tokens = list(chip.stream(Request(ids=prompt, budget=budget, **sampling), state))
            assert (tokens, state.status) == expected(chip_with_text, prompt, budget, **sampling)
            given += tokens
        self.undisturbed(chip, given)

    def test_stop_tokens(self, chip: HostedChip, chip_with_text: Chip) -> None:
        free = expected(chip_with_text, [7, 7], 10)[0]
        for stops in ((free[4],), (39, free[4]), tuple(range(32, 40))):
            state = RequestState()
            tokens = list(chip.stream(ask(7, 7, budget=10, stops=stops), state))
            assert (tokens, state.status) == expected(chip_with_text, [7, 7], 10, stops=stops)
        assert chip.generate([7, 7], 10) == free  # the next request has none

    def test_logits_of_every_position(self, chip: HostedChip, chip_with_text: Chip) -> None:
        """Bit for bit, greedy tokens with them; each request continues the one before."""
        state = new_state(chip_with_text)
        feed = [7, 7]
        for position in range(2, self.positions):
            wanted = step(chip_with_text, state, np.array([feed]))[0, -1]
            (token,) = chip.generate([7, 7] if position == 2 else [], 1, clear=position == 2)
            np.testing.assert_array_equal(chip.logits(), wanted)
            assert token == np.argmax(wanted) and chip.position == position
            feed = [token]

    def test_a_stop_keeps_what_was_said(self, chip: HostedChip, chip_with_text: Chip) -> None:
        """Stopped anywhere, and continued with more text or none: as if it had been one prompt."""
        whole = expected(chip_with_text, [7, 7])[0]
        stream = chip.stream(ask(7, 7))
        said = take(stream, 3)
        chip.stop()
        said += list(stream)
        assert chip.reason == "stopped" and 3 <= len(said) < len(whole) and said == whole[: len(said)]
        assert chip.generate([], 4, clear=False) == whole[len(said) : len(said) + 4]
        said = whole[: len(said) + 4]
        assert chip.generate([12, 13], clear=False) == expected(chip_with_text, [7, 7, *said, 12, 13])[0]
