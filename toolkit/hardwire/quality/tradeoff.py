# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What bits buy: perplexity and tokens per second against the mean bits of a weight, measured on real chips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..chip.model import LOOKED_UP, Chip
from ..decoder import Decoder
from ..errors import QuantizeError
from ..plan.fit import fit
from ..progress import Stage
from ..quantize import FEWEST, MOST, Choice, Options, bit_choices, quantize
from ..targets.board import Board
from .evaluate import STORY_TOKENS, Scored, evaluate
from .plots import figure

HELD_OUT = 0.1  # of the stories, the last ones
UNIFORM = tuple(range(FEWEST, MOST + 1))
MIXED = (2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)  # mean bits at which a choice of bits per matrix is measured


@dataclass(frozen=True, kw_only=True)
class Point:
    """One chip. ``tokens_per_second`` is that of the fastest plan for the board, None where none fits."""

    kind: str  # "uniform" or "mixed"
    mean_bits: float  # of a weight that the lanes read
    bits: dict[str, int]
    perplexity: float
    tokens_per_second: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def tradeoff(
    decoder: Decoder,
    stories: Sequence[Sequence[int]],
    options: Options,
    board: Board,
    progress: Stage = lambda stage: None,
    uniform: Sequence[int] = UNIFORM,
    mixed: Sequence[float] = MIXED,
) -> tuple[list[Point], float]:
    """Chips of ``uniform`` bits everywhere, and of bits chosen per matrix, ``mixed`` in the mean; the float perplexity.

    ``options.matrix_bits`` stay in all of them. Scored on the last tenth of the stories, which calibration then does
    not see. Without fine-tuning, which would take its minutes for every point.
    """
    training = len(stories) - max(int(len(stories) * HELD_OUT), 1)
    scored = [Scored(list(ids[:STORY_TOKENS]), 1) for ids in stories[training:] if len(ids) > 1]
    if training < 1 or not scored:
        raise QuantizeError(f"{len(stories)} stories of calibration text are too few to hold some out; give more text")
    stories = stories[:training]
    trials: list[tuple[str, Choice | int]] = [("uniform", bits) for bits in uniform]
    trials += [("mixed", choice) for choice in _at(list(bit_choices(decoder, stories, options, progress)), mixed)]
    points, exact = [], None
    for number, (kind, choice) in enumerate(trials):
        progress(f"chip {number + 1} of {len(trials)}")
        weights, bits = (options.weights, choice.bits) if isinstance(choice, Choice) else (choice, {})
        variant = replace(options, weights=weights, matrix_bits=options.matrix_bits | bits, mean_bits=None, tuning=0)
        chip = quantize(decoder, stories, variant)
        result = evaluate(chip, decoder if exact is None else None, scored)
        exact = exact or result.exact
        points.append(
            Point(
                kind=kind,
                mean_bits=mean_bits(chip),
                bits=chip.bits,
                perplexity=result.integer.perplexity,
                tokens_per_second=fit(chip, board).tokens_per_second,
            )
        )
    assert exact is not None
    return points, exact.perplexity


def _at(choices: Sequence[Choice], means: Sequence[float]) -> list[Choice]:
    """The choice closest to each mean, those with the same bits everywhere left out."""
    closest = [min(choices, key=lambda choice: abs(choice.mean_bits - mean)) for mean in means]
    return [choice for choice in closest if len(set(choice.bits.values())) > 1]


def mean_bits(chip: Chip) -> float:
    """Bits of a weight that the lanes read, over all of them."""
    matrices = [matrix for name, matrix in chip.matrices.items() if name not in LOOKED_UP]
    return sum(m.weight.size * m.bits for m in matrices) / sum(m.weight.size for m in matrices)


def draw_tradeoff(points: Sequence[Point], exact: float, path: Path, title: str) -> None:
    """Perplexity above, tokens per second below, over the mean bits of a weight."""
    with figure(path, (8, 7), rows=2) as (quality, speed):
        for kind, marker in (("uniform", "o"), ("mixed", "s")):
            some = sorted((p for p in points if p.kind == kind), key=lambda p: p.mean_bits)
            label = {"uniform": "the same bits everywhere", "mixed": "bits chosen per matrix"}[kind]
            quality.plot([p.mean_bits for p in some], [p.perplexity for p in some], marker=marker, label=label)
            fast = [p for p in some if p.tokens_per_second is not None]
            speed.plot([p.mean_bits for p in fast], [p.tokens_per_second for p in fast], marker=marker, label=label)
        quality.axhline(exact, linestyle=":", color="gray", label="float model")
        top = max((p.perplexity for p in points if p.mean_bits >= 3), default=2 * exact)
        quality.set(ylabel="perplexity, text held out", title=title, ylim=(exact * 0.98, max(top, exact * 1.1) * 1.02))
        speed.set(xlabel="mean bits of a weight", ylabel="tokens/s, planned", ylim=(0, None), xlim=quality.get_xlim())
        quality.legend(fontsize=8)
        for axes in (quality, speed):
            axes.grid(alpha=0.3)
