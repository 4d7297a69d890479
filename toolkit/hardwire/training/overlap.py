# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Keep held-out text out of training: no run of 100 characters may be shared."""

from __future__ import annotations

RUN = 100


def runs_of(held_out: list[str], run: int = RUN) -> set[str]:
    """Every run of consecutive characters of the held-out stories."""
    return {text[i : i + run] for text in held_out for i in range(len(text) - run + 1)}


def shares_run(story: str, known: set[str], run: int = RUN) -> bool:
    """Does the story repeat a known run?"""
    return any(story[i : i + run] in known for i in range(len(story) - run + 1))


def without_shared_runs(stories: list[str], held_out: list[str], run: int = RUN) -> list[str]:
    """The stories that share no run with a held-out one. Stock openings collide now and then."""
    known = runs_of(held_out, run)
    return [story for story in stories if not shares_run(story, known, run)]
