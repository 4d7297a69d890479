# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Engines with an extended sampler, simulated, and the equality of what two backends say to a request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hardwire.backends.axisim import AxiSim
from hardwire.backends.rtlsim import RtlSim, Simulated
from hardwire.chip.model import Chip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.axi import write_axi_top
from hardwire.emit.top.host import Host
from hardwire.host.requests import Outcome, Request
from hardwire.plan.geometry import Geometry
from hardwire.proof.draws import unlike

BEST = 7  # of the engine that tests of the sampler simulate
GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, best=BEST)
GUIDED = replace(GEOMETRY, guide_words=512)  # with room for an automaton
TWO = Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2, best=BEST)
TWO_GUIDED = replace(TWO, guide_words=512)


def engine_sim(chip: Chip, folder: Path, geometry: Geometry) -> RtlSim:
    """The engine with its samplers, compiled."""
    write_rtl(chip, folder, geometry)
    sim = RtlSim(folder, chip)
    sim.compile()
    return sim


def board_sim(chip: Chip, folder: Path, geometry: Geometry) -> AxiSim:
    """The same behind its registers."""
    write_rtl(chip, folder, geometry)
    write_axi_top(folder, Host(clock_mhz=100))
    sim = AxiSim(folder)
    sim.compile()
    return sim


def assert_equal(request: Request, got: Outcome, wanted: Outcome, case: object) -> None:
    """Tokens, status, position, logits, and every number of every draw."""
    assert unlike(request, wanted, got) is None, case


def assert_simulated(got: Simulated, wanted: Outcome, case: object) -> None:
    """The same of one of several streams at once."""
    assert (tuple(got.tokens), got.status, got.position) == (wanted.ids, wanted.status, wanted.position), case
    assert np.array_equal(got.logits, wanted.logits), case
    for mine, other in zip(got.drawn, wanted.drawn, strict=True):
        assert (mine.token, mine.logit, mine.total) == (other.token, other.logit, other.total), case
        assert mine.ids.tolist() == other.ids.tolist() and mine.logits.tolist() == other.logits.tolist(), case
