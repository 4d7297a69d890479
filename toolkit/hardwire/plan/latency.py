# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Latencies of the RTL, in cycles: what follows from those in words.py for a chip's parts and a geometry."""

from __future__ import annotations

from ..chip.model import Wiring
from ..parts import present
from .geometry import Geometry
from .words import WALK_TO_MIXED, WALK_TO_VALUE


def ceil_div(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


def missing_parts(wiring: Wiring) -> list[str]:
    """Names of the parts that the RTL engine does not have."""
    return [name for part in present(wiring) for name in part.engine_lacks(wiring)]


def one_stream_parts(wiring: Wiring) -> list[str]:
    """Names of the parts that the RTL engine has for a single stream alone."""
    return [part.one_stream for part in present(wiring) if part.one_stream]


def score_late(wiring: Wiring) -> int:
    """Cycles by which scores come later than those of a plain decoder."""
    return sum(part.score_late for part in present(wiring))


def walk_to_value(wiring: Wiring, g: Geometry) -> int:
    """t0 to the address of the values."""
    return WALK_TO_VALUE + score_late(wiring) + g.value_late


def walk_to_mixed(wiring: Wiring, g: Geometry) -> int:
    """t0 of a walk's last block, both passes, to its first quotient."""
    return WALK_TO_MIXED + score_late(wiring) + g.mixed_late


def logits_late(wiring: Wiring, g: Geometry) -> int:
    """E1 to logits in front of the sampler."""
    return g.post_late + sum(part.logit_late for part in present(wiring))


def added_late(wiring: Wiring, g: Geometry, reads: int) -> int:
    """E1 of the last of a branch's reads to the residual that has it all."""
    return g.residual_late + sum(part.added_late(wiring, g.renorm_stages, reads) for part in present(wiring))


def turned_late(wiring: Wiring, g: Geometry) -> int:
    """E1 to a query or key that is stored, of a head in one part."""
    return g.post_late + sum(part.turned_late(wiring, g.renorm_stages) for part in present(wiring))
