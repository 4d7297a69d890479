# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Held-out text stays out of training."""

from __future__ import annotations

from hardwire.training.overlap import without_shared_runs

HELD_OUT = ["".join(chr(97 + (i * i + i // 7) % 26) for i in range(300))]


def test_a_shared_run_of_100_characters_drops_the_story() -> None:
    clean = "x" * 400
    shared = "y" * 50 + HELD_OUT[0][120:220] + "z" * 50
    almost = "y" * 50 + HELD_OUT[0][120:219] + "!" + "z" * 50
    assert without_shared_runs([clean, shared, almost], HELD_OUT) == [clean, almost]


def test_short_stories_share_nothing() -> None:
    assert without_shared_runs([HELD_OUT[0][:99], ""], HELD_OUT) == [HELD_OUT[0][:99], ""]
