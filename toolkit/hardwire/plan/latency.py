# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Latencies of the RTL, in cycles: what follows from those in words.py for a chip's parts and a geometry."""

from __future__ import annotations

from ..chip.model import Wiring
from .geometry import Geometry
from .words import RENORM_LATE, SCORE_CAP_LATE, SOFT_CAP_LATE, WALK_TO_MIXED, WALK_TO_VALUE


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def missing_parts(wiring: Wiring) -> list[str]:
    """Names of the parts that the RTL engine does not have."""
    taken = (("q", "k") if normed_heads(wiring) else ()) + (("attention", "mlp") if normed_branches(wiring) else ())
    return Wiring(renorms=tuple(name for name in wiring.renorms if name not in taken)).later_parts()


def normed_heads(wiring: Wiring) -> bool:
    """Whether queries and keys have norms that the engine takes: both, and no row of a gated MLP that comes beside."""
    return {"q", "k"} <= set(wiring.renorms) and not (wiring.parallel and wiring.gated)


def normed_branches(wiring: Wiring) -> bool:
    """Whether what the branches add has norms that the engine takes: both."""
    return {"attention", "mlp"} <= set(wiring.renorms)


def walk_to_value(wiring: Wiring) -> int:
    """t0 to the address of the values."""
    return WALK_TO_VALUE + (SCORE_CAP_LATE if wiring.score_cap else 0)


def walk_to_mixed(wiring: Wiring) -> int:
    """t0 of a walk's last block, both passes, to its first quotient."""
    return WALK_TO_MIXED + (SCORE_CAP_LATE if wiring.score_cap else 0)


def logits_late(wiring: Wiring, g: Geometry) -> int:
    """E1 to logits in front of the sampler."""
    return g.post_late + (SOFT_CAP_LATE if wiring.logit_cap else 0)


def added_late(wiring: Wiring, g: Geometry, reads: int) -> int:
    """E1 of the last of a branch's reads to the residual that has it all."""
    return g.residual_late + (RENORM_LATE + g.round_stages + reads - 1 if normed_branches(wiring) else 0)


def turned_late(wiring: Wiring, g: Geometry) -> int:
    """E1 to a query or key that is stored, of a head in one part."""
    return g.post_late + (RENORM_LATE + g.round_stages if normed_heads(wiring) else 0)
