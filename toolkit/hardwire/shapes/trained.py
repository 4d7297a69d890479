# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Models that were trained, and what a model of another size may be expected to reach: a curve through some of them.

The curve is E + A * N**-a, bits per character over N parameters (Kaplan et al., 2020), least squares. What fewer bits
cost is measured at one size and added. Another text, or longer training, moves all of it: the numbers compare shapes,
they promise nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

SHORT = "hardwire train, 300 steps, TinyStories"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A trained model, scored on the 360 held-out stories of TinyStories, cut at 256 tokens."""

    name: str
    parameters: int
    bits: int  # of its weights on the chip
    tokens: int | None  # read in training; None where its maker does not say
    float_bits_per_char: float
    bits_per_char: float  # of the integers
    source: str

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


SHORT_TOKENS = 300 * 8192  # twice to five times a text of 1.19 MB, by vocabulary
BUNDLED, TEACHER = "the bundled model's card", "README, Measured: karpathy/tinyllamas, fine-tuned"


def _short(parameters: int, bits: int, exact: float, integer: float) -> Point:
    """One of the trainings of the curve: ``hardwire evaluate`` of what ``hardwire train`` wrote."""
    return Point(
        name=f"{parameters:,} parameters",
        parameters=parameters,
        bits=bits,
        tokens=SHORT_TOKENS,
        float_bits_per_char=exact,
        bits_per_char=integer,
        source=SHORT,
    )


def _longer(name: str, parameters: int, bits: int, scores: tuple[float, float], tokens: int | None) -> Point:
    exact, integer = scores
    return Point(
        name=name,
        parameters=parameters,
        bits=bits,
        tokens=tokens,
        float_bits_per_char=exact,
        bits_per_char=integer,
        source=BUNDLED if name == "bundled" else TEACHER,
    )


POINTS: tuple[Point, ...] = (
    _short(4_656, 4, 2.765, 2.767),
    _short(16_480, 4, 2.445, 2.450),
    _short(93_264, 4, 1.809, 1.813),
    _short(279_232, 4, 1.545, 1.549),
    _longer("bundled", 279_232, 4, (1.116, 1.119), 13_469 * 8192),
    _longer("bundled", 279_232, 8, (1.116, 1.118), 13_469 * 8192),
    _longer("stories260K", 260_032, 4, (1.033, 1.067), None),
    _longer("stories260K", 260_032, 3, (1.033, 1.147), None),
)


@dataclass(frozen=True)
class Curve:
    """Bits per character: ``floor`` + ``factor`` * parameters ** -``power``, and what other bits add to those of 4."""

    floor: float
    factor: float
    power: float
    added: dict[int, float]  # by bits
    low: int  # parameters of the smallest and the largest model that it is fitted to
    high: int
    error: float  # rms, of the fit

    def at(self, parameters: int, bits: int) -> float | None:
        """What to expect; None where no model of these bits was trained."""
        if bits not in self.added:
            return None
        return float(self.floor + self.factor * parameters**-self.power + self.added[bits])

    def extrapolated(self, parameters: int) -> bool:
        """Whether no model of about this size was trained."""
        return not self.low <= parameters <= self.high

    @property
    def basis(self) -> str:
        """What it is fitted to, in words."""
        sizes = sum(point.source == SHORT and point.bits == 4 for point in POINTS)
        return (
            f"E + A N^-a through {sizes} models of {self.low:,} to {self.high:,} parameters and 4 bits ({SHORT}), rms "
            f"{self.error:.3f}; what other bits cost is measured at one size; beyond those sizes it is extrapolated"
        )


@cache
def curve() -> Curve:
    """The curve through the short trainings of four bits; for each power the best floor and factor are linear."""
    points = [point for point in POINTS if point.source == SHORT]
    fitted = [point for point in points if point.bits == 4]
    sizes = np.array([point.parameters for point in fitted], np.float64)
    scores = np.array([point.bits_per_char for point in fitted])
    best: tuple[float, float, float, float] | None = None
    for power in np.arange(0.05, 1.0, 0.005):
        terms = np.stack([np.ones_like(sizes), sizes**-power], 1)
        (floor, factor), *_ = np.linalg.lstsq(terms, scores, rcond=None)
        error = float(np.sqrt(np.square(terms @ (floor, factor) - scores).mean()))
        if floor >= 0 and (best is None or error < best[0]):
            best = error, float(floor), float(factor), float(power)
    assert best is not None  # a table of three points or more has one
    error, floor, factor, power = best
    same = {point.parameters: point.bits_per_char for point in fitted}
    added = {point.bits: point.bits_per_char - same[point.parameters] for point in points if point.parameters in same}
    return Curve(floor, factor, power, added | {4: 0.0}, int(sizes.min()), int(sizes.max()), error)
