# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every place and route of an engine that is known, beside the clock that its plan was estimated to reach.

Of an engine whose RTL has become another since, the estimate is the one of its day: its paths are no longer those that
the model has.

PYTHONPATH=tests python tests/routes.py      # the table of docs/clock.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hardwire.chip.model import Chip, Shape, load_chip
from hardwire.plan.clock import ClockEstimate, clock_estimate
from hardwire.plan.cost import predict
from hardwire.plan.depth import estimate
from hardwire.plan.geometry import STAGES, Geometry
from hardwire.plan.schedule import schedule
from hardwire.plan.widths import Widths
from hardwire.quantize import random_chip
from hardwire.targets.board import load_board
from hardwire.targets.families import family_of

BUNDLED = Path(__file__).parent.parent / "bitstreams" / "ulx3s-85f" / "bundled" / "model.chip"
TILE = Shape(
    vocab=64, dim=32, layers=1, heads=2, kv_heads=1, head_dim=16, hidden=32, context=64, rotary=16
)  # of tests/results.py
LARGE = Shape(vocab=64, dim=64, layers=2, heads=4, kv_heads=2, head_dim=16, hidden=128, context=64, rotary=16)
SMALLEST = Shape(vocab=8, dim=4, layers=1, heads=1, kv_heads=1, head_dim=4, hidden=4, context=12, rotary=4)

ONE_STAGE = Geometry(
    columns=8, rows=8, depth=5, banks=5, score_style="fabric", mix_style="apart", mix_fabric=2, minus=False,
    lane_stages=1, round_stages=1,
)  # fmt: skip
SOME = replace(ONE_STAGE, lane_stages=2, round_stages=2, read_stages=2)
ALL = replace(ONE_STAGE, lane_stages=3, factor_stages=2, round_stages=3, read_stages=2, sum_stages=2)
TWO = {"streams": 2, "share": 256}
LANES_64 = replace(ONE_STAGE, rows=4, depth=2, banks=2, divides=1, mix_fabric=0)
LANES_8 = Geometry(columns=2, rows=2, depth=2, terms=2, banks=1, divides=1, lane_stages=1, round_stages=1)

XC7Z010_LUTS = 17_600
STAGES_OF_TILE = {name: getattr(ALL, name) for name in STAGES} | {"lane_stages": 4}


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route: MHz by the router's own timing; several seeds' where they are known, the middle one counts."""

    engine: str
    chip: str
    geometry: Geometry
    board: str = "ulx3s-85f"
    asked: float
    mhz: tuple[float, ...]
    placed: bool = False  # after placement: the router was stopped
    said: tuple[float, str] | None = None  # where the RTL was another: MHz, and the slowest path, as estimated then

    @property
    def middle(self) -> float:
        return sorted(self.mhz)[len(self.mhz) // 2]


ROTATED = "rotated products to the rounded value"
ACTIVATION = "the residual to activations"

# ULX3S: nextpnr-ecp5; their sources and models differ in what no path of the table sees. xc7z010: an open router with
# prjxray's delays.
ROUTES = (
    Route(
        engine="bundled, one stage of everything", chip="bundled", geometry=ONE_STAGE, asked=41.67, mhz=(46.84,),
        said=(43.4, ROTATED),
    ),
    Route(
        engine="the same, reads of two", chip="bundled", geometry=replace(ONE_STAGE, read_stages=2), asked=41.67,
        mhz=(45.50,), said=(43.4, ROTATED),
    ),
    Route(
        engine="the same, two streams", chip="bundled",
        geometry=replace(ONE_STAGE, read_stages=2, **TWO), asked=41.67, mhz=(44.82,), said=(43.1, ROTATED),
    ),
    Route(
        engine="bundled, lanes, rounding and reads of two", chip="bundled", geometry=SOME, asked=55, mhz=(48.37,),
        said=(49.2, "a row's multiplier to its product with a root"),
    ),
    Route(
        engine="bundled, all stages (`lane` 3, `round` 3, others 2)", chip="bundled", geometry=ALL, asked=56.25,
        mhz=(47.94,), placed=True, said=(50.3, ACTIVATION),
    ),
    Route(
        engine="the same, two streams", chip="bundled", geometry=replace(ALL, **TWO), asked=46.875, mhz=(46.28,),
        placed=True, said=(49.9, ACTIVATION),
    ),
    Route(
        engine="the same, two streams, RTL of 2026-12-01; 56.25 asked too", chip="bundled",
        geometry=replace(ALL, **TWO), asked=60, mhz=(53.18, 51.95), said=(53.5, "lanes to the sum of a row"),
    ),
    Route(
        engine="the same, read-outs in two cycles (`lane` 4): the second is the committed bitstream", chip="bundled",
        geometry=replace(ALL, lane_stages=4, **TWO), asked=56.25, mhz=(59.07, 59.39),
        said=(62.2, "programs, noise and registers"),
    ),
    Route(
        engine="tile of 64 lanes, one stage", chip="tile", geometry=LANES_64, asked=52,
        mhz=(50.25, 47.3, 49.3, 49.5, 48.8), said=(49.0, ROTATED),
    ),
    Route(
        engine="tile of 64 lanes, lanes and rounding of two", chip="tile",
        geometry=replace(LANES_64, lane_stages=2, round_stages=2), asked=52, mhz=(54.2,),
        said=(50.8, "keys to chains of scores, in LUTs"),
    ),
    Route(
        engine="tile of 64 lanes, all stages, RTL of 2026-12-01", chip="tile",
        geometry=replace(LANES_64, **{name: getattr(ALL, name) for name in STAGES}), asked=75, mhz=(69.08,),
        said=(68.0, "lanes to the sum of a row"),
    ),
    Route(
        engine="the same, read-outs in two cycles (`lane` 4), shorter paths of the host", chip="tile",
        geometry=replace(LANES_64, **STAGES_OF_TILE), asked=75, mhz=(84.78, 82.18, 80.59, 83.34, 80.51),
    ),
    Route(
        engine="tile of 128 lanes, two streams, the same stages: 27,500 LUTs", chip="large",
        geometry=replace(LANES_64, rows=8, streams=2, share=32, **STAGES_OF_TILE), asked=65, mhz=(63.56, 77.41, 72.75),
    ),
    Route(
        engine="the smallest engine, 8 lanes, one stage", chip="smallest", geometry=replace(LANES_8, minus=False),
        asked=41.67, mhz=(50.62,), said=(51.7, ROTATED),
    ),
    Route(
        engine="tile of 64 lanes, lanes and rounding of two", chip="tile",
        geometry=replace(LANES_64, lane_stages=2, round_stages=2, minus=True), board="xc7z010", asked=100,
        mhz=(63.5, 64.2), said=(64.9, "mixed values to their leading bits"),
    ),
)  # fmt: skip


@cache
def chip(name: str) -> Chip:
    """The bundled model as its bitstream has it, or random weights."""
    return (
        load_chip(BUNDLED)
        if name == "bundled"
        else random_chip({"tile": TILE, "large": LARGE, "smallest": SMALLEST}[name], seed=1)
    )


def estimated(route: Route) -> ClockEstimate:
    """What the clock model says of the route's plan."""
    model = chip(route.chip)
    program, widths = schedule(model, route.geometry), Widths.of(model)
    if route.board == "xc7z010":  # no board here, but the fabric and grade of a PYNQ-Z2
        full = predict(model, program, "xc7", widths).lut / XC7Z010_LUTS
        found = clock_estimate(program, widths, family_of("xc7"), full)
    else:
        found = estimate(model, load_board(route.board), program, widths)
    assert found is not None
    return found


def error(route: Route) -> float:
    """Of the estimate, as a share of the route."""
    return said(route)[0] / route.middle - 1


def said(route: Route) -> tuple[float, str]:
    """MHz, and the slowest path, as estimated of the RTL that was routed."""
    if route.said is not None:
        return route.said
    found = estimated(route)
    return found.mhz, found.worst.kind.name


def rows() -> Iterator[str]:
    """The table's lines, in Markdown."""
    yield "| device | engine | asked | estimated | routed | error | slowest, as estimated |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for route in ROUTES:
        mhz_said, slowest = said(route)
        device = "xc7z010-1" if route.board == "xc7z010" else "LFE5U-85F, speed 6"
        routed = ", ".join(f"{mhz:.1f}" for mhz in route.mhz) + (" after placement" if route.placed else "")
        yield (
            f"| {device} | {route.engine} | {route.asked:g} | {mhz_said:.1f} | {routed} | {error(route):+.0%} | "
            f"{slowest}{', then' if route.said else ''} |"
        )


if __name__ == "__main__":
    print("\n".join(rows()))
