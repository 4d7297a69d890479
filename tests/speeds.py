# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How fast the RTL engine is: planned for a board, proved in simulation position by position, with a CPU beside it.

    python tests/speeds.py [--shared ../shared]    # this part of docs/results.md, and docs/timeline.png

Without the development folder, stories260K is a random model of its shape.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from baseline import llama

from hardwire.backends.rtlsim import RtlSim
from hardwire.chip.model import Chip, load_chip
from hardwire.chip.reference import new_state, step
from hardwire.decoder import Decoder
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import BoardError, BuildError, Mismatch
from hardwire.files import bundled_folder
from hardwire.pipeline import SHAPES, quantize_onnx
from hardwire.plan.fit import fit
from hardwire.plan.geometry import Geometry
from hardwire.plan.planner import Planner
from hardwire.plan.program import MEAN_OVER, Schedule
from hardwire.plan.replay import prompt_spans
from hardwire.plan.schedule import schedule
from hardwire.proof.verify import first_difference
from hardwire.quality.plots import draw_timeline
from hardwire.quantize import random_chip, random_decoder
from hardwire.targets.board import Board, load_board

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("HARDWIRE_SHARED", ROOT.parent / "shared"))
SEED = 1  # of random models and texts
SHOWN = (0, 1, 100, 255)  # positions; where the context is shorter, its last in place of those beyond
PICTURED = 100  # the position of the timeline
PICTURE = ROOT / "docs" / "timeline.png"


@dataclass(frozen=True)
class Goal:
    """So many cycles per token or fewer, or so many tokens/s or more."""

    value: float
    unit: str  # "cycles" or "tokens/s"

    def judged(self, planned: Planned) -> str:
        """The goal, and whether it was met; at a clock that no tool has confirmed, that is said."""
        met = planned.mean <= self.value if self.unit == "cycles" else planned.rate >= self.value
        unproven = "" if self.unit == "cycles" or planned.clock_source == "routed" else " at an estimated clock"
        return f"{self.value:,.0f} {self.unit}: {'met' if met else 'missed'}{unproven}"


@dataclass(frozen=True)
class Work:
    """One row: a model on a board, and what is asked of it."""

    model: str  # "bundled", "stories260K", or the name of a random shape
    board: str
    required: Goal | None = None
    target: Goal | None = None


WORKS = (
    Work("stories260K", "pynq-z2", Goal(1_400, "cycles"), Goal(1_000, "cycles")),
    Work("bundled", "pynq-z2"),
    Work("bundled", "ulx3s-85f", Goal(20_000, "tokens/s"), Goal(30_000, "tokens/s")),
    Work("kev-gpt", "kv260", Goal(3_500, "cycles"), Goal(3_000, "cycles")),
    Work("microgpt", "pynq-z2", Goal(150, "cycles"), Goal(60, "cycles")),
)


@dataclass(frozen=True)
class Planned:
    """What was planned before anything ran."""

    board: Board
    made: Schedule
    floor: int
    floor_of: str
    clock_mhz: float
    clock_source: str
    seconds: float

    @property
    def last(self) -> int:
        """The mean is over positions 0 to this."""
        return min(MEAN_OVER, self.made.context) - 1

    @property
    def mean(self) -> float:
        return self.made.mean_cycles(0, self.last)

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.clock_mhz * 1e6 / self.mean


@dataclass(frozen=True)
class Proof:
    """What the simulation was compared with, all of it equal, and how fast it was."""

    logits: int
    generated: int  # positions whose cycles were compared
    prompt: int
    compile_seconds: float
    tokens_per_second: float


# ---------------------------------------------------------------------------------------------------
# Models.


class Models:
    """Chips and float models by name. What is made is kept in ``scratch``, where quantised chips may lie already."""

    def __init__(self, shared: Path, scratch: Path) -> None:
        self.scratch = scratch
        self.calibration = {
            "bundled": bundled_folder() / "calibration.txt",
            "stories260K": shared / "data" / "stories-calibration.txt",
        }
        self.onnx = {
            "bundled": bundled_folder() / "model.onnx",
            "stories260K": shared / "models" / "stories260K" / "stories260K.dynamo-opset20.onnx",
        }
        self.planners: dict[str, Planner] = {}

    def trained(self, name: str) -> bool:
        return name in self.onnx and self.onnx[name].is_file()

    def named(self, name: str) -> str:
        """How a table calls the model."""
        return name if self.trained(name) else f"{name} shape, random"

    def planner(self, name: str) -> Planner:
        """With the W4A8 chip of the model in it."""
        if name not in self.planners:
            self.planners[name] = Planner(self._chip(name))
        return self.planners[name]

    def _chip(self, name: str) -> Chip:
        path = self.scratch / f"{name}-w4.chip"
        if path.is_file():
            return load_chip(path)
        if self.trained(name):
            return quantize_onnx(self.onnx[name], path, weights=4, calibration=self.calibration[name]).chip
        return random_chip(SHAPES[name.lower()], SEED)

    def decoder(self, name: str) -> Decoder:
        from hardwire.frontend import import_onnx

        return (
            import_onnx(self.onnx[name]).decoder if self.trained(name) else random_decoder(SHAPES[name.lower()], SEED)
        )


# ---------------------------------------------------------------------------------------------------
# Plan and proof.


def plan(work: Work, planner: Planner, bitstreams: Path = ROOT / "bitstreams") -> Planned:
    """The fastest engine that fits, or that of the bitstream that there is. Raises BoardError, BuildError."""
    started, chip, board = time.perf_counter(), planner.chip, load_board(work.board)
    verdict = fit(chip, board, planner)
    if verdict.geometry is None:
        raise BoardError(f"{work.model} does not fit {board.name}: {verdict.limit}; {verdict.notes[-1]}")
    geometry, clock, source = Geometry(**verdict.geometry), verdict.clock_mhz, verdict.clock_source
    made = schedule(chip, geometry)
    if board.family == "ecp5":
        source = f"{source}; not routed here"
        manifest = bitstreams / work.board / work.model / "manifest.json"
        if manifest.is_file():
            made, clock, source = routed(chip, made, board, manifest)
    seconds = time.perf_counter() - started
    return Planned(board, made, verdict.floor_cycles, verdict.floor, clock, source, seconds)


def routed(chip: Chip, made: Schedule, board: Board, manifest: Path) -> tuple[Schedule, float, str]:
    """Schedule, clock in MHz and its source of a bitstream: of ``made``, or of the geometry that its manifest gives.

    Keys of the manifest: clock_mhz, cycles (of a generated token, by position); geometry where it is not the plan's.
    Raises BuildError where one is missing or malformed.
    """
    try:
        said = json.loads(manifest.read_text())
        clock, cycles = float(said["clock_mhz"]), [int(count) for count in said["cycles"]]
        if "geometry" in said:
            made = schedule(chip, Geometry(**said["geometry"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BuildError(
            f"{manifest}: malformed, {type(error).__name__}: {error}; it has clock_mhz and cycles, a list"
        ) from None
    if cycles != [made.cycles(position) for position in range(made.context)]:
        return made, board.clock_mhz, "asked; the bitstream is of another plan"
    return made, clock, "routed"


def prove(chip: Chip, made: Schedule, folder: Path) -> Proof:
    """Simulate the engine of a schedule: logits to the last position of a stream, cycles at every position.

    Raises Mismatch at the first difference.
    """
    if write_rtl(chip, folder, made.geometry).words != made.words:
        raise BuildError(f"{folder}: the engine was written with another program than the planned one")
    sim = RtlSim(folder, chip)
    started = time.perf_counter()
    sim.compile()
    seconds = time.perf_counter() - started
    try:
        text = np.random.default_rng(SEED).integers(0, chip.shape.vocab, made.context)
        logits = same_logits(chip, sim, text)
        started = time.perf_counter()
        generated = same_cycles(made, sim)
        rate = made.context / (time.perf_counter() - started)
        return Proof(logits, generated, same_prompt_cycles(made, sim, text), seconds, rate)
    finally:
        sim.close()


def same_logits(chip: Chip, sim: RtlSim, text: np.ndarray) -> int:
    """How many logits of a text were compared with the integer reference."""
    want, got = step(chip, new_state(chip), text[None]), sim.predict(text.tolist())[None]
    difference = first_difference("rtl", {"logits": want}, {"logits": got})
    if difference is not None:
        raise Mismatch(f"{sim.folder}: {difference}")
    return got.size


def same_cycles(made: Schedule, sim: RtlSim) -> int:
    """At how many positions a generated token took the cycles that were planned: all of the context.

    Behind the last nothing is fetched, so its end is compared: it must come as long after the planned next fetch as in
    a request for one token.
    """
    context = made.context
    whole, one = sim.simulate([SEED]), sim.simulate([SEED], 1)
    late = one.cycles - int(one.fetches[-1]) - made.cycles(0)
    ended = whole.cycles - int(whole.fetches[-1]) - late
    compare_cycles("generated", [made.cycles(p) for p in range(context)], [*whole.token_cycles, ended], sim)
    return context


def same_prompt_cycles(made: Schedule, sim: RtlSim, text: np.ndarray) -> int:
    """The same for inner tokens of a prompt, every other stream idle; the last of a context is no inner one."""
    want = prompt_spans(made, made.context - 1)
    compare_cycles("prompt", want, sim.simulate(text.tolist()).token_cycles, sim)
    return len(want)


def compare_cycles(kind: str, want: Sequence[int], got: Sequence[int], sim: RtlSim) -> None:
    if len(want) != len(got):
        raise Mismatch(f"{sim.folder}: {kind} tokens at {len(got)} positions, expected {len(want)}")
    for position, (expected, actual) in enumerate(zip(want, got, strict=True)):
        if expected != actual:
            raise Mismatch(f"{sim.folder}: a {kind} token at position {position} took {actual} cycles, not {expected}")


# ---------------------------------------------------------------------------------------------------
# The section of docs/results.md.

INTRODUCTION = """\
The fastest engine that `hardwire fit` finds for a board, and what it takes in Verilator from one token's fetch to the
next possible one: everything on the chip, W4A8, one stream, on the ULX3S one of two. Planned and simulated cycles are
equal at every position that a stream has, or this page is not written. A clock is estimated from the plan
([how](clock.md)), and the tokens/s with it, unless it is routed. The speed is the engine's own; a line to a host adds
to it.
"""
SPEED_HEAD = [
    "model",
    "board",
    "cycles at position",
    "mean",
    "floor",
    "ratio",
    "clock",
    "tokens/s",
    "required",
    "target",
]
PROOF_INTRODUCTION = """
### Its proof

Logits of a random text to the last position of a stream against the integer reference, cycles against the plan.
Lanes: columns x rows x depth.
"""
PROOF_HEAD = ["model", "board", "lanes", "plan", "compile", "logits equal", "cycles equal", "simulation"]


def speed_row(name: str, work: Work, p: Planned) -> list[str]:
    shown = sorted({min(at, p.made.context - 1) for at in SHOWN})
    return [
        name,
        work.board,
        ", ".join(f"{at}: {p.made.cycles(at):,}" for at in shown),
        f"{p.mean:,.1f} over 0 to {p.last}",
        f"{p.floor:,} ({p.floor_of})",
        f"{p.mean / p.floor:.2f}",
        f"{p.clock_mhz:g} MHz, {p.clock_source}",
        f"{p.rate:,.0f}",
        *(goal.judged(p) if goal else "" for goal in (work.required, work.target)),
    ]


def proof_row(name: str, work: Work, p: Planned, proof: Proof) -> list[str]:
    g = p.made.geometry
    return [
        name,
        work.board,
        f"{g.lanes} ({g.columns} x {g.rows} x {g.depth}), {g.banks} banks",
        f"{p.seconds:.0f} s",
        f"{proof.compile_seconds:.0f} s",
        f"{proof.logits:,}",
        f"{proof.generated} generated, {proof.prompt} of a prompt",
        f"{proof.tokens_per_second:,.0f} tokens/s",
    ]


def baseline_line(models: Models, scratch: Path) -> str:
    """What one core does on the models that the baseline takes."""
    found = []
    for name in ("bundled", "stories260K"):
        speed = llama.measure(models.decoder(name), scratch / f"{name}-baseline", SEED, MEAN_OVER)
        error = f"largest error of the logits {speed.error:.1e}, allowed {speed.tolerance:.1e}"
        found.append(f"{models.named(name)} {speed.tokens_per_second:,.0f} tokens/s ({error})")
    return (
        f"One core of this machine, float32 in C (`tests/baseline/llama.c`, gcc {' '.join(llama.FLAGS)}), the same "
        f"positions, the fastest of {speed.runs} runs: {'; '.join(found)}."
    )


def section(shared: Path, scratch: Path, works: Sequence[Work] = WORKS, picture: Path = PICTURE) -> str:
    """Markdown: the tables, the baseline, the picture. Raises Mismatch where a simulation differs."""
    models, speeds, proofs = Models(shared, scratch), [], []
    for work in works:
        planner, name = models.planner(work.model), models.named(work.model)
        planned = plan(work, planner)
        proof = prove(planner.chip, planned.made, scratch / f"{work.model}-{work.board}-rtl")
        speeds.append(speed_row(name, work, planned))
        proofs.append(proof_row(name, work, planned, proof))
        if work == works[0]:
            draw_timeline(planned.made, PICTURED, picture, planned.board.name)
    return "\n".join(
        [
            INTRODUCTION,
            table(SPEED_HEAD, speeds),
            "\n" + baseline_line(models, scratch),
            PROOF_INTRODUCTION,
            table(PROOF_HEAD, proofs),
            f"\n![One token of {models.named(works[0].model)}, cycle by cycle]({picture.name})",
        ]
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=SHARED)
    shared = parser.parse_args().shared
    with tempfile.TemporaryDirectory() as folder:
        print(section(shared, Path(folder)))


if __name__ == "__main__":
    main()
