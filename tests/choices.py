# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An engine with an extended sampler, and the equality of what two backends say to a request."""

from __future__ import annotations

from dataclasses import replace

from hardwire.host.requests import Outcome, Request
from hardwire.plan.geometry import Geometry
from hardwire.proof.draws import unlike

BEST = 7  # of the engine that tests of the sampler simulate
GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, best=BEST)
GUIDED = replace(GEOMETRY, guide_words=512)  # with room for an automaton


def assert_equal(request: Request, got: Outcome, wanted: Outcome, case: object) -> None:
    """Tokens, status, position, logits, and every number of every draw."""
    assert unlike(request, wanted, got) is None, case
