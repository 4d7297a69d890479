# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Is the chip on the board the model? Tokens, logits and trace checksums against what was recorded when the bitstream
was made, or against the integer reference, which runs wherever numpy does.

Greedy tokens come one request each, so that the logits behind every token can be read; then the same with sampling.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..chip.model import Chip
from ..chip.reference import Reference, new_state, step
from ..errors import BuildError
from ..host.registers import address
from ..ops.fixed import Ints
from .hosted import HostedChip

SAMPLED: dict[str, Any] = {"temperature": 0.8, "seed": 0x9E3779B97F4A7C15}
PROMPT = 4  # tokens


@dataclass(frozen=True, kw_only=True)
class SelfTest:
    """What was compared, and the first difference in words, or None."""

    tokens: int
    logits: int
    stages: int  # checksums of the trace window
    source: str  # "recorded" or "reference"
    first_difference: str | None

    @property
    def equal(self) -> bool:
        return self.first_difference is None

    def __bool__(self) -> bool:
        return self.equal


def prompt_of(chip: Chip) -> list[int]:
    """A prompt of any vocabulary: BOS if there is one, then ids that are far apart."""
    ids = [(7 + 41 * i) % chip.shape.vocab for i in range(PROMPT)]
    return ([chip.bos] if chip.bos is not None else []) + ids


def logits_hash(logits: Ints) -> str:
    """sha256 of logits [V] as 32-bit words."""
    return hashlib.sha256(np.ascontiguousarray(logits, "<i4").tobytes()).hexdigest()


def record(chip: Chip, tokens: int = 10) -> dict[str, Any]:
    """What a board with this chip must give, as a manifest carries it."""
    tokens = min(tokens, chip.shape.context - PROMPT - 1)
    prompt, greedy = prompt_of(chip), _greedy(chip)
    answer = [next(greedy) for _ in range(tokens)]
    return {
        "chip": chip.digest,
        "prompt": prompt,
        "tokens": [token for token, _ in answer],
        "logits_sha256": [logits_hash(logits) for _, logits in answer],
        "sampled": Reference(chip).generate(prompt, tokens, **SAMPLED),
    }


def _greedy(chip: Chip) -> Iterator[tuple[int, Ints]]:
    """Tokens of the reference with their logits [V]."""
    state, feed = new_state(chip), prompt_of(chip)
    while True:
        logits = step(chip, state, np.array([feed], np.int64))[0, -1]
        feed = [int(np.argmax(logits))]
        yield feed[0], logits


def selftest(
    hosted: HostedChip,
    chip: Chip,
    tokens: int = 10,
    recorded: dict[str, Any] | None = None,
    geometry: dict[str, Any] | None = None,
    laid: Chip | None = None,
) -> SelfTest:
    """Compare a chip on a board with its model. ``geometry``: a plan's, needed for trace checksums; ``laid``: the chip
    as the engine holds it, where that was built for more positions.

    Raises BuildError for a record of another chip, LinkError where the board does not answer.
    """
    if recorded is not None and recorded["chip"] != chip.digest:
        raise BuildError(
            f"the recorded expectation is of chip {recorded['chip'][:8]}, not {chip.digest[:8]}; deploy the build again"
        )
    tokens = max(0, min(tokens, hosted.limits.context - PROMPT - 1))
    if recorded is None or len(recorded["tokens"]) < tokens:
        recorded, source = record(chip, tokens), "reference"
    else:
        source = "recorded"
    traced = partial(_tracer, chip=laid or chip, geometry=geometry)
    if not hosted.streams:
        return _compared(hosted, chip, tokens, recorded, source, traced)
    parts = [_compared(stream, chip, tokens, recorded, source, traced) for stream in hosted.streams]
    odd = next((n for n, part in enumerate(parts) if not part.equal), None)
    return SelfTest(
        tokens=sum(part.tokens for part in parts),
        logits=sum(part.logits for part in parts),
        stages=sum(part.stages for part in parts),
        source=source,
        first_difference=None if odd is None else f"stream {odd}: {parts[odd].first_difference}",
    )


def _compared(
    hosted: HostedChip,
    chip: Chip,
    tokens: int,
    recorded: dict[str, Any],
    source: str,
    traced: Callable[[HostedChip], _Trace | None],
) -> SelfTest:
    """Compare one stream."""
    trace = traced(hosted)
    compared, logits, stages = 0, 0, 0
    windows = hosted.info().logit_bits > 0
    answer: list[int] = []
    for index in range(tokens):
        answer += hosted.generate(recorded["prompt"] if index == 0 else [], 1, clear=index == 0, stream=hosted.number)
        expected = recorded["tokens"][index]
        difference = None
        if trace is not None:
            stages, difference = stages + trace.count, trace.difference(answer, index)
        if windows and difference is None:
            logits += chip.shape.vocab
            if logits_hash(hosted.logits()) != recorded["logits_sha256"][index]:
                difference = _first_logit(hosted.logits(), chip, index)
        if difference is None and (len(answer) <= index or answer[index] != expected):
            difference = f"token {index} is {answer[index] if len(answer) > index else 'missing'}, not {expected}"
        if difference is not None:
            return SelfTest(tokens=compared, logits=logits, stages=stages, source=source, first_difference=difference)
        compared += 1
    sampled = hosted.generate(recorded["prompt"], tokens, **SAMPLED, stream=hosted.number)
    for index, expected in enumerate(recorded["sampled"][:tokens]):
        if sampled[index : index + 1] != [expected]:
            drawn = sampled[index] if len(sampled) > index else "missing"
            return SelfTest(
                tokens=compared,
                logits=logits,
                stages=stages,
                source=source,
                first_difference=f"sampled token {index} is {drawn}, not {expected}",
            )
        compared += 1
    return SelfTest(tokens=compared, logits=logits, stages=stages, source=source, first_difference=None)


def _first_logit(logits: Ints, chip: Chip, index: int) -> str:
    """Which logit differs first, from the reference."""
    greedy = _greedy(chip)
    expected = [next(greedy)[1] for _ in range(index + 1)][-1]
    odd = np.flatnonzero(logits != expected)
    if not odd.size:
        return f"logits behind token {index} equal the reference's, but not the record; the record is wrong"
    return (
        f"token {index}, logit {odd[0]}: {logits[odd[0]]}, not {expected[odd[0]]} ({odd.size} of {logits.size} differ)"
    )


class _Trace:
    """The trace window of a chip beside the reference's checksums."""

    def __init__(self, read: Callable[[int], int], tracer: Any, chip: Chip) -> None:
        self._read, self._tracer, self._chip = read, tracer, chip
        self._state = new_state(chip)
        self.count = len(tracer.stages)

    def difference(self, answer: list[int], index: int) -> str | None:
        """The first stage of the last token fed that differs."""
        from ..plan.trace import first_difference

        fed = prompt_of(self._chip) if index == 0 else [answer[index - 1]]
        expected: dict[Any, int] = {}
        for place, token in enumerate(fed, 1):
            expected = self._tracer.step(self._state, token, inner=place < len(fed))
        mismatch = first_difference(expected, self._read)
        if mismatch is None:
            return None
        stage, reference, checksum = mismatch
        return f"token {index}: stage {stage.name} is wrong first, its checksum {checksum:08x}, not {reference:08x}"


def _tracer(hosted: HostedChip, chip: Chip, geometry: dict[str, Any] | None) -> _Trace | None:
    if not geometry or not geometry.get("trace"):
        return None
    from ..plan.geometry import Geometry
    from ..plan.schedule import schedule
    from ..plan.trace import Tracer, segments

    plan = schedule(chip, Geometry(**geometry))
    count = hosted.trace_segments()
    if count != segments(plan):
        raise BuildError(
            f"the chip traces {count} segments, its manifest says {segments(plan)}; deploy the build again"
        )
    words = hosted._read_words
    return _Trace(lambda word: words(address("trace", word))[0], Tracer(chip, plan), chip)
