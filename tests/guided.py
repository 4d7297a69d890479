# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Guided answers of a build's RTL in simulation: how many match, and what a token costs.

    python tests/guided.py BUILD [COUNT] [SECONDS]     # 1,000, or what comes in so many seconds of a CPU

Every answer must match its pattern or fit its schema, or end with a status that is none of an end. Of each guide the
first answer is compared with the reference too: tokens and every number of every draw. Cycles are the RTL's, bus
accesses those of the driver at its AXI4-Lite registers, where the build has them.
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
from hardwire.driver.model import LanguageModel
from hardwire.driver.schema import problems
from hardwire.host.requests import BUDGET, CONTEXT_FULL, NONE_ALLOWED, STOP_TOKEN, Outcome, Request

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
    reference, best = Reference(build.chip, best=sim.limits.best), sim.limits.best
    ended, matching, cycles, tokens, began = Counter[str](), 0, 0, 0, time.process_time()
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
        stream = model.codec.stream(ids)
        text = "".join(map(stream.feed, outcome.ids)) + stream.flush()
        matching += fits(text, GUIDES[kind]) if outcome.status in (STOP_TOKEN, NONE_ALLOWED) else 0
        assert outcome.status in (STOP_TOKEN, BUDGET, CONTEXT_FULL) and outcome.cycles is not None
        cycles, tokens = cycles + sum(outcome.cycles), tokens + len(outcome.ids)
        if time.process_time() - began > seconds:
            break
    print(f"{number + 1} answers, {dict(ended)}: {matching} of {ended[STOP_TOKEN]} that ended match their guide")
    each = f"{cycles / tokens:.1f} cycles a token, {tokens} tokens"
    print(f"{len(GUIDES)} of them equal to the reference, with every draw; {each}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000, float([*sys.argv[3:], "600"][0]))
