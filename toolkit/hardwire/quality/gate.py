# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How much worse than the float model a chip may be."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import HardwireError, QualityLoss
from ..report import junit
from .evaluate import Evaluation


def share_of(value: str | float) -> float:
    """A share written "2%" or 0.02. Raises HardwireError, also for 2: it may mean either."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", str(value))
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if match is None or not (match[2] or share < 1):
        raise HardwireError(f"{value!r} is no share; give 2% or 0.02")
    return share


def check_rise(result: Evaluation, most: float) -> None:
    """Raise QualityLoss where perplexity rises by more than the share ``most`` over the float model's.

    Raises HardwireError where the float model was not scored.
    """
    if result.exact is None or result.rise is None:
        raise HardwireError("a rise is over the float model, which was not scored; give the chip's ONNX")
    if not result.rise <= most:  # nor where it is no number
        raise QualityLoss(
            f"perplexity rises by {result.rise:+.2%}, more than {most:.2%}: float {result.exact.perplexity:.4f}, "
            f"integer {result.integer.perplexity:.4f}, over {result.tokens:,} tokens; give more bits to the weights, "
            "or allow more"
        )


def write_junit(result: Evaluation, most: float | None, path: Path) -> None:
    """The evaluation as JUnit XML, one test case; it fails where ``most`` was given and not kept."""
    failure = None
    try:
        if most is not None:
            check_rise(result, most)
    except HardwireError as error:
        failure = str(error)
    said = f"{result.integer.bits_per_char:.4f} bits per character, perplexity {result.integer.perplexity:.4f}"
    if result.rise is not None:
        said += f", {result.rise:+.2%} over the float model"
    junit.write_junit(path, "hardwire evaluate", [junit.Case(name="quality", failure=failure, output=said)])
