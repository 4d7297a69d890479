# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The evaluation protocol."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hardwire.chip.model import Chip
from hardwire.errors import HardwireError
from hardwire.pipeline import count_unknown
from hardwire.quality.evaluate import (
    Scored,
    batches,
    evaluate,
    integer_logits,
    loss_of,
    plot_error,
    score_sets,
    split_text,
)


def test_stories_and_pieces() -> None:
    assert split_text(" a b <|endoftext|>\n\n<|endoftext|>c") == ["a b", "c"]
    assert [len(piece) for piece in split_text("x" * 4500)] == [2000, 2000, 500]


def test_a_story_is_cut_at_the_limit_and_counts_the_characters_it_kept() -> None:
    scored = score_sets([([1, 5, 6, 7], [0, 2, 4, 9]), ([1], [0])], limit=3)
    assert scored == [Scored([1, 5, 6], 4)]


def test_batches_cover_every_token_once() -> None:
    stories = [Scored(list(range(1, n + 2)), n) for n in (5, 1, 9, 3)]
    pairs = [
        (int(t), int(p))
        for ids, mask in batches(stories)
        for t, p, m in zip(ids[:, 1:].ravel(), ids[:, :-1].ravel(), mask.ravel(), strict=True)
        if m
    ]
    assert sorted(pairs) == sorted((i + 1, i) for s in stories for i in s.ids[:-1])


def test_loss_is_the_negative_log_softmax() -> None:
    logits = np.array([[[0.0, math.log(3)]]])
    assert loss_of(logits, np.array([[1]]))[0, 0] == pytest.approx(-math.log(0.75))


def test_perplexity_and_bits_are_those_of_the_scored_tokens(tiny_chip: Chip) -> None:
    stories = [Scored([1, 4, 9, 30], 7), Scored([1, 2], 3)]
    result = evaluate(tiny_chip, None, stories)
    nats = sum(
        float(loss_of(integer_logits(tiny_chip, np.array([s.ids[:-1]])), np.array([s.ids[1:]])).sum()) for s in stories
    )
    assert (result.tokens, result.characters) == (4, 10)
    assert result.integer.perplexity == pytest.approx(math.exp(nats / 4))
    assert result.integer.bits_per_char == pytest.approx(nats / math.log(2) / 10)
    assert result.exact is None and result.top1_agreement is None


def test_a_text_without_stories_is_refused(tiny_chip: Chip) -> None:
    with pytest.raises(HardwireError, match="holds no story"):
        evaluate(tiny_chip, None, [])


@pytest.mark.tools
def test_the_picture_is_written(tmp_path: Path) -> None:
    plot_error({"embed": 0.01, "L0.x": 0.1, "L1.x": 0.2, "logits": 0.1}, tmp_path / "e.png", "error")
    assert (tmp_path / "e.png").read_bytes()[:4] == b"\x89PNG"


def test_a_bos_that_is_also_the_unknown_token_is_not_unknown() -> None:
    encoder: Any = SimpleNamespace(unknown=0, specials=SimpleNamespace(bos=0))
    assert [count_unknown(encoder, ids) for ids in ([0, 5, 6], [0, 5, 0], [5, 0], [])] == [0, 1, 1, 0]
    encoder.unknown = None
    assert count_unknown(encoder, [0, 0]) == 0
