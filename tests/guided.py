# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Guided answers of a build's RTL in simulation: how many match, what a token costs, and who kept them to their guide.

    python tests/guided.py BUILD [COUNT] [SECONDS]     # 1,000, or what comes in so many seconds of a CPU

Every answer must match its pattern or fit its schema, or end with a status that is none of an end. Of each guide the
first answer is compared with the reference too: tokens and every number of every draw. Cycles are the RTL's. Where the
build has room for automata (``build --guide-words``), they are in the chip, and what each takes of it is told.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from choices import assert_equal

from hardwire.backends.rtlsim import RtlSim
from hardwire.build.folder import open_build
from hardwire.chip.reference import Reference
from hardwire.driver import guide_tables
from hardwire.driver.automaton import Automaton
from hardwire.driver.model import LanguageModel
from hardwire.driver.schema import problems
from hardwire.host.requests import BUDGET, CONTEXT_FULL, NONE_ALLOWED, STOP_TOKEN, Outcome, Request
from hardwire.plan.choice import class_bits

PROMPT = "Once upon a time there was a"
GUIDES: tuple[str | dict[str, Any], ...] = (
    " (girl|boy|dog|cat) named (Lily|Tom|Max|Sue)\\.",
    " [a-z]{3,8} [a-z]{3,8}\\.",
    " (big|small|red|happy) [a-z]+ who (liked|loved) to (play|run|sing)\\.",
    "[0-9]{2}:[0-9]{2}",
    {
        "type": "object",
        "properties": {"name": {"enum": ["Lily", "Tom"]}, "age": {"enum": [3, 4, 5]}, "happy": {"type": "boolean"}},
        "required": ["name", "age", "happy"],
    },
    {"type": "array", "items": {"enum": ["cat", "dog"]}, "minItems": 1, "maxItems": 3},
)


def fits(text: str, guide: str | dict[str, Any]) -> bool:
    if isinstance(guide, str):
        return re.fullmatch(guide, text) is not None
    return not list(problems(json.loads(text), guide))


def tell_tables(automata: list[Automaton], sim: RtlSim) -> None:
    """States, classes and words of every guide in the chip's memory, and how long it takes to make them."""
    words, bits = sim.limits.guide_words, class_bits(sim.limits.vocab)
    for guide, automaton in zip(GUIDES, automata, strict=True):
        began = time.process_time()
        guide_tables.tables(automaton, words, bits)
        first = time.process_time() - began
        packed = guide_tables.tables(automaton, words, bits)
        kinds, written = int(packed.classes.max()) + 1, len(packed.classes) + len(packed.table)
        sizes = (
            f"{packed.states} states, {kinds} classes, {packed.transitions} transitions in {len(packed.table)} words"
        )
        print(f"{sizes}, {written} words written once, packed in {1000 * first:.1f} ms: {json.dumps(guide)[:70]}")


def main(folder: Path, count: int, seconds: float) -> None:
    build = open_build(folder)
    sim = RtlSim(folder / "rtl", build.chip)
    sim.compile()
    model = LanguageModel(build.chip, sim, "guided")
    ids = tuple(model.encode(PROMPT))
    assert model.codec is not None
    automata = [
        (model.guides.regex if isinstance(guide, str) else model.guides.schema)(guide, ids, model.stops)  # type: ignore[operator]
        for guide in GUIDES
    ]
    if sim.limits.guide_words:
        tell_tables(automata, sim)
    reference, best = Reference(build.chip, best=sim.limits.best), sim.limits.best
    ended, by, matching, cycles, tokens, began = Counter[str](), Counter[str](), 0, 0, 0, time.process_time()
    for number in range(count):
        kind = number % len(GUIDES)
        request = Request(
            ids=ids,
            budget=60,
            temperature=0.8,
            seed=number,
            stops=model.stops,
            guide=automata[kind],
            top_k=number // 6 % (best + 1),
            logprobs=3 if number < len(GUIDES) else None,
        )
        outcome: Outcome = sim.run(request)
        if number < len(GUIDES):
            assert_equal(request, outcome, reference.run(request), number)
        ended[outcome.status] += 1
        by[outcome.guided] += 1
        stream = model.codec.stream(ids)
        text = "".join(map(stream.feed, outcome.ids)) + stream.flush()
        matching += fits(text, GUIDES[kind]) if outcome.status in (STOP_TOKEN, NONE_ALLOWED) else 0
        assert outcome.status in (STOP_TOKEN, BUDGET, CONTEXT_FULL) and outcome.cycles is not None
        cycles, tokens = cycles + sum(outcome.cycles), tokens + len(outcome.ids)
        if time.process_time() - began > seconds:
            break
    print(f"{number + 1} answers, {dict(ended)}: {matching} of {ended[STOP_TOKEN]} that ended match their guide")
    print(f"kept to it by {dict(by)}")
    each = f"{cycles / tokens:.1f} cycles a token, {tokens} tokens"
    print(f"{len(GUIDES)} of them equal to the reference, with every draw; {each}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000, float([*sys.argv[3:], "600"][0]))
