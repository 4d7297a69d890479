# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What counts as a loop in a written text."""

from __future__ import annotations

import numpy as np
import pytest

from hardwire.quality.repetition import loop_in, loop_rate, words_of

STORY = "Tom had a red ball. He played with it all day. Then he went home and slept."


def test_a_phrase_three_times_in_a_row_is_a_loop() -> None:
    looped = "It was a picture of " * 3 + "a cat."
    assert loop_in(looped) == "it was a picture of"
    assert loop_in("Tom saw it. " + looped) == "it was a picture of"
    assert loop_in("It was a picture of " * 2 + "a cat.") is None


def test_case_and_punctuation_do_not_hide_it() -> None:
    assert loop_in("She didn't see it. she DIDN’T, see it! She didn't see it") == "she didn't see it"
    assert loop_in("She did not see it. she DID, not see it! She did “not” see it") == "she did not see it"


def test_a_short_phrase_counts_once_it_is_long_enough() -> None:
    assert loop_in("very " * 11) is None
    assert loop_in("very " * 12) == "very very very very"
    assert loop_in("a picture of " * 5) is None
    assert loop_in("a picture of " * 6) == "a picture of a picture of"


def test_repeats_apart_or_almost_alike_are_no_loop() -> None:
    assert loop_in(STORY) is None
    assert loop_in("He ran to the park. " + STORY + " He ran to the park. " + STORY + " He ran to the park.") is None
    assert loop_in("he saw a dog and he saw a cat and he saw a bird and") is None
    assert loop_in("") is None and words_of(" .,!? ") == []


@pytest.mark.parametrize("seed", range(50))
def test_every_planted_loop_is_found(seed: int) -> None:
    draw = np.random.default_rng(seed)
    before, after = (draw.choice(list("uvwxyz"), draw.integers(0, 20)).tolist() for _ in range(2))
    phrase = draw.choice(list("abcdef"), draw.integers(4, 10)).tolist()
    assert loop_in(" ".join([*before, *phrase * 3, *after])) is not None


def test_the_rate_is_a_share_of_the_texts() -> None:
    assert loop_rate([STORY, "on and on and " * 3, STORY, "so " * 12]) == 0.5
    assert loop_rate(["so it is " * 3], words=3) == 1.0 and loop_rate(["so it is " * 3]) == 0.0
    with pytest.raises(ValueError, match="no text"):
        loop_rate([])
    with pytest.raises(ValueError, match="at least one word and two times"):
        loop_in(STORY, times=1)
