# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice: draws from random logits, ties and extremes among them, equal to the reference; cycles as planned. What is
allowed, mask or automaton say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bench import Bench
from bench_choice import CHOICE, DRAWN, MOST, VALUES, guide_words, packed, unpacked

from hardwire.driver.automaton import Automaton
from hardwire.driver.guide_tables import GuideTables, tables
from hardwire.emit.rtl.choice import octave_lines
from hardwire.emit.rtl.roms import hex_lines
from hardwire.host.sampling import Sampling, choice_fields, mask_words
from hardwire.ops import choice, sampler
from hardwire.plan.choice import draw_cycles
from hardwire.plan.words import LOGITS

pytestmark = pytest.mark.tools

VOCAB, ROWS, CONTEXT = VALUES["Vocab"], VALUES["Rows"], VALUES["Context"]
GUMBEL, OCTAVE = sampler.gumbel_table(), choice.weight_table()
ROMS = {"octave.hex": octave_lines(), "gumbel.hex": hex_lines((GUMBEL[:, None], 16))}
OUTSIDE = 6  # cycles of draw_cycles that the loop around it takes


def random_sampling(draw: np.random.Generator, case: int) -> Sampling:
    k = int(draw.integers(0, MOST + 1)) if case % 2 else 0
    return Sampling(
        top_k=k,
        top_p=float(draw.choice([1, 0.9, 0.3])) if k else 1.0,
        penalty=float(draw.choice([1, 1.2, 0.8, 10])),
        window=int(draw.choice([0, 1, 7])),
        logprobs=0 if case % 3 else None,
        allowed=draw.random(VOCAB) < draw.choice([0, 0.01, 0.3]) if case % 4 == 1 else None,
    )


def guide_of(how: Sampling) -> GuideTables | None:
    """An automaton whose first state allows the same."""
    if how.allowed is None or not how.allowed.any():
        return None
    ahead = {token: token % 2 for token in np.flatnonzero(how.allowed).tolist()}
    return tables(Automaton(VOCAB, 0, [0, 1], {0: ahead, 1: {}}), VALUES["GuideWords"], VALUES["ClassW"])


def load(bench: Bench, logits: np.ndarray, tokens: np.ndarray, how: Sampling, guide: GuideTables | None) -> None:
    """Logits as the engine shows them, the context's tokens, the mask or the automaton in its place."""
    rows = -(-VOCAB // ROWS)
    padded = np.pad(logits, (0, rows * ROWS - VOCAB)).reshape(rows, ROWS)
    place = LOGITS.places(VALUES)["value"]
    for row in range(rows):
        word = row << LOGITS.places(VALUES)["row"].low
        for lane, value in enumerate(padded[row].tolist()):
            word |= (value & (1 << place.bits) - 1) << place.low + lane * place.bits
        bench.set(we_i=1, logits_i=word)
        bench.run(1)
    bench.set(we_i=0)
    bench.run(fed_i=np.ones(len(tokens), int), place_i=np.arange(len(tokens)), fed_id_i=tokens)
    bench.set(fed_i=0)
    words = mask_words(how)
    if guide is not None:
        bench.run(guide_i=guide_words(guide))
        bench.set(guide_i=0)
    elif len(words):
        bench.run(mask_we_i=np.ones(len(words), int), mask_addr_i=np.arange(len(words)), mask_i=words.astype(np.int64))
        bench.set(mask_we_i=0)


def test_draws(draw: np.random.Generator) -> None:
    bench = Bench("choice", roms=ROMS)
    bench.reset(16)
    bench.run(VOCAB + 4)
    names, followed = [field.name for field in CHOICE.fields], 0
    for case in range(48):
        how = random_sampling(draw, case)
        logits = draw.integers(-32768, 32768, VOCAB) >> draw.integers(0, 15)
        if case % 5 == 0:
            logits = draw.integers(-2, 3, VOCAB)
        tokens = draw.integers(0, VOCAB, int(draw.integers(1, 40)))
        inverse = sampler.inverse_temperature(float(draw.choice([0, 0.5, 1.0, 3.0])))
        seed = int(draw.integers(1 << 62))
        guide = guide_of(how) if case % 8 == 5 else None
        load(bench, logits, tokens, how, guide)
        fields = dict(zip(names, choice_fields(how).tolist() or [0] * len(names), strict=True))
        if not how.options():
            fields |= {"top_p": choice.ALL, "grow": 4096, "shrink": 4096}
        if guide is not None:
            fields |= {"masked": 0, "guided": 1}
        bench.set(choice_i=packed(CHOICE, **fields), inverse_i=inverse, seed_i=seed, position_i=len(tokens), start_i=1)
        bench.run(1)
        cycles = 1
        bench.set(start_i=0)
        bench.settle()
        while not bench.get("done_o"):
            bench.run(1)
            bench.settle()
            cycles += 1
        got = unpacked(DRAWN, bench.get("drawn_o"))
        seen = np.zeros(VOCAB, np.bool_)
        seen[tokens[-how.window :] if how.window else tokens] = True
        more: dict[str, Any] = {"how": how.narrowing, "seen": seen, "allowed": how.allowed}
        wanted = choice.choose(
            logits, fraction=VALUES["LogitFraction"], bits=VALUES["LogitW"], best=MOST, inverse=inverse, seed=seed,
            position=len(tokens) - 1, gumbel=GUMBEL, weights=OCTAVE, **more,
        )  # fmt: skip
        assert got["none"] == (wanted.token == choice.NO_TOKEN) and got["count"] == len(wanted.ids), case
        if wanted.token != choice.NO_TOKEN:
            assert (got["id"], got["logit"]) == (wanted.token, wanted.logit), case
        if how.logprobs is not None:
            assert got["total"] == wanted.total, case
        assert cycles == draw_cycles(VOCAB, len(tokens) - 1, how, inverse) - OUTSIDE, case
        state = bench.run(7)["guide_state_o"][-1]
        if guide is not None:
            followed += 1
            assert state == guide.step(guide.start, got["id"]), case
    assert followed > 3
