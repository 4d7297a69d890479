# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Latencies of the RTL's pipeline in cycles, where they do not depend on the geometry alone.

The names A0.., E0.. and t0.. are those of the comments in rtl/.
"""

from __future__ import annotations

from ..chip.model import Wiring
from .geometry import Geometry

EMBED_READ = 2  # fetch to E1 of the embedding's first read


ROOT_LATE = 6  # a complete residual to its root, which joins at E0


WALK_TO_VALUE = 7  # t0 to the address of the values, less a cap of scores


RENORM_LATE = 9  # rows of a whole head to the same rows after its norm, less their rounding


SOFT_CAP_LATE = 3  # engine_pkg::SoftCapLate


SCORE_CAP_LATE = SOFT_CAP_LATE + 2  # engine_pkg::ScoreCapLate


WALK_TO_MIXED = 17  # t0 of a walk's last block, both passes, to its first quotient, less a cap of scores


NOISE_LATE = 17  # fetch to the first noise, less its own word


SAMPLE_LATE = 4  # EZ of the last logits to the sampled token, less a cap of logits


END = 1  # from a token's last word to the next fetch


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
