# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_logits: a walk gives every id with its logit, changed where it was seen, and whether mask and automaton allow
it."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_choice import VALUES, guide_words

from hardwire.driver.automaton import Automaton
from hardwire.driver.guide_tables import tables
from hardwire.ops.choice import Narrowing, penalise
from hardwire.plan.words import LOGITS

pytestmark = pytest.mark.tools

VOCAB, ROWS, LATE = VALUES["Vocab"], VALUES["Rows"], 5


def test_walks(draw: np.random.Generator) -> None:
    bench = Bench("choice_logits")
    bench.reset(16)
    place, row_at = LOGITS.places(VALUES)["value"], LOGITS.places(VALUES)["row"].low
    for case in range(6):
        logits = draw.integers(-32768, 32768, VOCAB) >> draw.integers(0, 15)
        seen, allowed = draw.random(VOCAB) < 0.5, draw.random(VOCAB) < 0.5
        for row, values in enumerate(logits.reshape(-1, ROWS).tolist()):
            word = sum((value & 0xFFFF) << place.low + lane * place.bits for lane, value in enumerate(values))
            bench.set(we_i=1, logits_i=word | row << row_at)
            bench.run(1)
        bench.set(we_i=0)
        words = np.packbits(allowed, bitorder="little").view("<u4").astype(np.int64)
        bench.run(mask_we_i=np.ones(len(words), int), mask_addr_i=np.arange(len(words)), mask_i=words)
        bench.set(mask_we_i=0)
        ahead = {int(token): 1 for token in draw.choice(VOCAB, 200, replace=False)}
        behind = draw.choice(VOCAB, 100, replace=False)
        guide = tables(
            Automaton(VOCAB, 0, [1], {0: ahead, 1: dict.fromkeys(behind.tolist(), 1)}), VALUES["GuideWords"], 9
        )
        bench.run(guide_i=guide_words(guide))
        bench.set(guide_i=0)
        listed = np.isin(np.arange(VOCAB), behind) if case // 2 % 2 else np.isin(np.arange(VOCAB), list(ahead))
        bench.run(1, take_i=1, taken_i=next(iter(ahead)), guided_i=case // 2 % 2)  # of no consequence otherwise
        bench.set(take_i=0, guided_i=case // 2 % 2 if case < 4 else 1)
        bench.run(LATE)
        how = Narrowing(grow=int(draw.integers(400, 41000)), shrink=int(draw.integers(400, 41000)))
        bench.run(1, start_i=1, masked_i=case % 2, grow_i=how.grow, shrink_i=how.shrink)
        asked = np.r_[0, seen, np.zeros(LATE + 1, int)][: VOCAB + LATE]  # a cycle behind the id
        wave = bench.run(start_i=np.zeros(VOCAB + LATE, int), seen_i=asked)
        assert np.array_equal(wave["id_o"][:VOCAB], np.arange(VOCAB))
        assert np.array_equal(wave["valid_o"], np.r_[np.zeros(LATE, int), np.ones(VOCAB, int)])
        assert np.array_equal(wave.signed("logit_o")[LATE:], penalise(logits, seen, how, 16))
        wanted = (allowed if case % 2 else np.ones(VOCAB, np.bool_)) & (listed | (case in (0, 1)))
        assert np.array_equal(wave["allowed_o"][LATE:], wanted)
