# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the bundled model writes, as integers: how much of it goes round in loops, and whether its stories end."""

from __future__ import annotations

import pytest
from stories import bundled_chip, summary, write_stories

from hardwire.chip.model import Chip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Chip:
    return bundled_chip(tmp_path_factory.mktemp("bundled"))


@pytest.mark.parametrize(("temperature", "most"), [(0.0, 9), (0.8, 1)])
def test_few_stories_loop(chip: Chip, temperature: float, most: int) -> None:
    """On 100 prompts, 200 tokens: a phrase of four or more words, three times in a row.

    Greedily 7 of 100 do; at most 5 were asked for, and the models before this one had 10 and 49.
    """
    stories = write_stories(chip, temperature)
    print(summary(temperature, stories))
    looped = [f"{story.loop} ... in: {story.text}" for story in stories if story.loop is not None]
    assert len(stories) == 100 and len(looped) <= most, "\n".join(looped)
