# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Place and route of the tiny circuit for ULX3S-85F: a bitstream, its clock, and what a failure says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hardwire.errors import BuildError
from hardwire.synth import nextpnr
from hardwire.synth.nextpnr import route
from hardwire.synth.yosys import synthesize
from hardwire.tools.process import Stop, Stopped

from .conftest import Make

pytestmark = pytest.mark.tools


def test_bitstream_clock_and_path(make: Make, tmp_path: Path) -> None:
    job = make()
    done = synthesize(job, tmp_path / "w")
    seen: list[tuple[str, float]] = []
    routed = route(job, done, lambda stage, share: seen.append((stage, share)))
    assert routed.bitstream.name == "tiny.bit" and 50_000 < routed.bitstream.stat().st_size < 1_000_000
    # An ECP5 bitstream: a comment, then the preamble.
    assert b"\xff\xff\xbd\xb3" in routed.bitstream.read_bytes()[:512]
    assert routed.met and 40 <= routed.clock_mhz < 200 and routed.target_mhz == 40
    path = routed.critical_path
    # Within the rounding of the report: the path is the clock.
    assert path.logic_ns + path.routing_ns == pytest.approx(1000 / routed.clock_mhz, abs=0.02)
    assert sum(path.modules.values()) == pytest.approx(path.logic_ns + path.routing_ns, abs=0.02)
    assert (path.start, path.end.split(" ")[1]) == ("u_rom.mem.0.0 (tiny_rom)", "(tiny_pair)")
    assert set(path.modules) == {"tiny_rom", "tiny_pair"}
    assert routed.utilization["DP16KD"] == (2, 208) and routed.utilization["MULT18X18D"] == (1, 156)
    # Synthesis counts what is placed; routing adds a few LUTs to get in and out of carry chains.
    assert done.usage.total.ff == routed.utilization["TRELLIS_FF"][0]
    assert 0 <= routed.utilization["TRELLIS_COMB"][0] - done.usage.total.lut < 40
    shares = [share for _, share in seen]
    assert shares == sorted(shares) and {"seed 1: place", "seed 1: route"} <= {stage for stage, _ in seen}
    again = route(job, done)
    assert again.kept and replace(again, kept=False) == routed


@pytest.mark.slow
def test_missed_clock_names_the_path_and_what_to_do(make: Make, tmp_path: Path) -> None:
    job = make(clock_mhz=300.0, seeds=(1, 2))
    done = synthesize(job, tmp_path / "w")
    with pytest.raises(BuildError, match=r"MHz after routing, 300 wanted \(seeds 1, 2\); slowest is ") as caught:
        route(job, done)
    assert "(tiny_rom) to " in str(caught.value) and "put a register into it" in str(caught.value)
    assert not (tmp_path / "w" / "tiny.bit").exists()
    # Both tries are kept, so taking the faster one is only a matter of packing it.
    seen: list[str] = []
    slow = route(job, done, lambda stage, share: seen.append(stage), allow_slow=True)
    assert not slow.met and slow.bitstream.exists() and seen == ["bitstream"]


@pytest.mark.slow
def test_pins(make: Make, tmp_path: Path) -> None:
    job = make(constraints="pins.lpf")
    (job.root / "pins.lpf").write_text('LOCATE COMP "clk_i" SITE "G2";\nIOBUF PORT "clk_i" IO_TYPE=LVCMOS33;\n')
    done = synthesize(job, tmp_path / "w")
    with pytest.raises(BuildError, match="correct the pin constraints"):
        route(job, done)  # every other port is without a pin


@pytest.mark.slow
def test_a_design_over_budget_is_not_routed(make: Make, tmp_path: Path) -> None:
    job = make()
    small = replace(job, board=replace(job.board, bram18=1))
    with pytest.raises(BuildError, match=r"does not fit LFE5U-85F-6BG381C: 2 18 kbit block RAMs of 1"):
        route(small, synthesize(small, tmp_path / "w"))


@pytest.mark.slow
def test_stopped_in_the_middle_resumes(make: Make, tmp_path: Path) -> None:
    job, stop = make(), Stop()
    done = synthesize(job, tmp_path / "w")

    def until_placed(stage: str, share: float) -> None:
        if stage == "seed 1: place":
            stop.stop()

    with pytest.raises(Stopped):
        route(job, done, until_placed, stop=stop)
    assert not (tmp_path / "w" / "route.receipt").exists()
    assert synthesize(job, tmp_path / "w").kept
    assert route(job, done).bitstream.exists()


@pytest.mark.slow
def test_the_clock_that_counts_is_the_missed_one_else_the_one_asked_for() -> None:
    def judged(*clocks: tuple[float, float]) -> tuple[str, float, bool]:
        fmax = {name: {"achieved": a, "constraint": c} for name, (a, c) in zip("abc", clocks, strict=False)}
        return nextpnr.judged_clock({"fmax": fmax}, 50)

    assert judged((60, 50), (90, 100)) == ("b", 90, False)
    assert judged((26, 25), (61, 50)) == ("b", 61, True)  # the oscillator's has less to spare
    assert judged((74, 50)) == ("a", 74, True)
    with pytest.raises(BuildError, match="no path between registers"):
        nextpnr.judged_clock({"fmax": {}}, 50)
