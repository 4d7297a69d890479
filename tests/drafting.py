# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables of drafts for chips of tests, and what an engine with one is held to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hardwire.backends.rtlsim import Asked, Simulated
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.host.requests import Request
from hardwire.ops.fixed import Ints
from hardwire.plan.drafts import DraftTable, bigram_words, learn
from hardwire.plan.geometry import Geometry
from hardwire.plan.program import Schedule
from hardwire.plan.replay import Played, Turn, replay


def learnt(chip: Chip, geometry: Geometry) -> DraftTable:
    """Learnt from the chip's own text, greedy and not: often right."""
    rng, texts = np.random.default_rng(1), list[Ints]()
    for temperature in (0.0, 0.8):
        for first in rng.permutation(chip.shape.vocab)[:20].tolist():
            request = Request(ids=(first,), budget=None, temperature=temperature, seed=first)
            texts.append(np.array([first, *Reference(chip).run(request).ids]))
    return learn(texts, chip.shape.vocab, geometry.drafts)


def wild(chip: Chip, geometry: Geometry) -> DraftTable:
    """Any guesses, of nearly all pairs."""
    rng, vocab, entries = np.random.default_rng(2), chip.shape.vocab, geometry.drafts
    return DraftTable(
        vocab,
        rng.integers(-1, vocab, bigram_words(vocab)),
        rng.integers(0, 4, entries),
        rng.integers(-1, vocab, entries),
    )


def turns(program: Schedule, table: DraftTable | None, asked: Asked, found: Simulated) -> list[Turn]:
    """What the engine was given to do, and whether its guesses came true. A request is taken up a cycle after it is
    there."""
    request, known = asked.request, len(asked.request.ids)
    ids = [*request.ids, *found.tokens]
    listed = []
    for position in range(len(found.fetches)):
        generated, last = position >= known - 1, position == known - 2 + (request.budget or 1 << 30)
        guess: bool | None = None
        if table is not None and generated and 0 < position < program.context - 1 and not last and request.drafts:
            draft = table.lookup(ids[position - 1], ids[position])
            if draft is not None and draft not in request.stops:
                guess = ids[position + 1 : position + 2] == [draft]
        after = 0 if position else asked.after + 1
        listed.append(Turn(position=position, generated=generated, after=after, guess=guess))
    return listed


def assert_as_alone(chip: Chip, program: Schedule, asked: list[Asked], found: list[Simulated]) -> None:
    """Tokens, status and every logit are those of the reference, which knows of no drafts."""
    for one, got in zip(asked, found, strict=True):
        room = program.context + 1 - len(one.request.ids)
        budget = room if one.request.budget is None else one.request.budget
        wanted = Reference(chip).run(replace(one.request, stream=0, rows=1, budget=budget))
        assert got.tokens == list(wanted.ids), f"stream {one.request.stream}"
        np.testing.assert_array_equal(got.logits, wanted.logits, f"stream {one.request.stream}")


def assert_as_planned(
    program: Schedule, table: DraftTable | None, asked: list[Asked], found: list[Simulated]
) -> list[Turn]:
    """Every fetch comes in the cycle that the replay has for it; the turns of all."""
    streams: list[Iterator[Turn]] = [iter(()) for _ in range(program.geometry.streams)]
    given = [turns(program, table, one, got) for one, got in zip(asked, found, strict=True)]
    for one, listed in zip(asked, given, strict=True):
        streams[one.request.stream] = iter(listed)
    planned: list[list[Played]] = [[] for _ in streams]
    for token in replay(program, streams):
        planned[token.stream].append(token)
    for one, got in zip(asked, found, strict=True):
        stream = one.request.stream
        assert got.fetches.tolist() == [token.fetch for token in planned[stream]], f"stream {stream}"
    return [turn for listed in given for turn in listed]
