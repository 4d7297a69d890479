# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Random decoders on random engines of one to four streams, each held to the plan and to the reference.

    PYTHONPATH=tests python tests/random_streams.py 100 --log streams.log

A seed decides all. Each is an RTL project of its own, whose compile takes most of the time. A log has a line for every
seed that passed, with the digest of the sources that it was of: a seed with such a line is not run again, so that a
campaign that was stopped goes on. The first difference stops it, and its message begins with the seed.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from drafting import learnt, turns, wild

from hardwire.backends.rtlsim import Asked, RtlSim, Simulated
from hardwire.backends.verilator import Simulation
from hardwire.chip.model import Chip, Shape, Wiring
from hardwire.chip.reference import Reference
from hardwire.emit.rtl.project import rtl_folder, write_rtl
from hardwire.errors import BuildError, HardwireError
from hardwire.host.requests import Request
from hardwire.plan.drafts import DraftTable
from hardwire.plan.geometry import STAGES, Geometry
from hardwire.plan.program import Schedule
from hardwire.plan.replay import Played, Turn, prompt_spans, replay
from hardwire.plan.schedule import schedule
from hardwire.quantize import Outline, random_chip

COUNT = 100  # seeds of a whole campaign
ROUNDS = 3  # mixes of requests of every engine
# Modules of plan/ that decide it.
LAID_OUT = ("geometry", "latency", "parameters", "program", "replay", "schedule", "shared", "widths", "words")


class QuickSim(RtlSim):
    """A simulation whose compile counts for more than its speed. Lint, that of widths included, is left to others."""

    def simulation(self) -> Simulation:
        return replace(super().simulation(), optimize="-O0", strict=False)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a seed decides."""

    outline: Outline
    geometry: Geometry
    chip: Chip
    program: Schedule
    table: DraftTable | None  # of drafts


def drawn_outline(rng: np.random.Generator) -> Outline:
    """A small decoder with some of the parts that the engine has."""

    def some(chance: float = 0.5) -> bool:
        return bool(rng.random() < chance)

    head_dim, kv_heads = int(rng.choice([4, 6, 8])), int(rng.integers(1, 4))
    heads = kv_heads * int(rng.integers(1, 3))
    layers, rotary = int(rng.integers(1, 4)), int(rng.choice([0, head_dim, head_dim // 2 // 2 * 2]))
    shape = Shape(
        vocab=int(rng.integers(20, 50)), dim=int(rng.choice([12, 16, 20, 24, 32])), layers=layers, heads=heads,
        kv_heads=kv_heads, head_dim=head_dim, hidden=int(rng.integers(4, 14)) * 4, context=int(rng.integers(10, 31)),
        rotary=rotary,
    )  # fmt: skip
    turns = rng.integers(0, 2, layers).tolist() if rotary and some(0.2) else []
    wiring = Wiring(
        gated=some(0.6), positions=not rotary or some(0.3), embedding_norm=some(0.2), final_norm=some(0.8),
        parallel=some(0.25), logit_cap=some(0.2), rope=tuple(turns),
    )  # fmt: skip
    activation = rng.choice(["silu", "gelu", "gelu_tanh"] if wiring.gated else ["relu", "gelu_tanh", "relu2", "gelu"])
    norm = "rms" if wiring.embedding_norm or some(0.6) else "layer"
    return Outline(shape=shape, wiring=wiring, activation=activation, norm=norm, affine=some(0.4))  # type: ignore[arg-type]


def drawn_geometry(rng: np.random.Generator, shape: Shape, streams: int) -> Geometry:
    """Lanes, banks, styles and stages, whether or not an engine of them can be."""
    rows = int(rng.choice([2, 4, 6, 8]))
    columns = rows * int(rng.integers(1, 4))
    terms = int(rng.choice([n for n in (1, 2, 3, 4) if columns % n == 0]))
    banks, style = int(rng.integers(1, 9)), ["fabric", "packed", "apart"]
    stages: dict[str, Any] = {name: int(rng.integers(1, most + 1)) for name, most in STAGES.items()}
    return Geometry(
        columns=columns, rows=rows, depth=int(rng.integers(1, 6)), terms=terms,
        packed_groups=int(rng.integers(0, columns // terms + 1)), banks=banks, divides=int(rng.choice([1, 2, 4])),
        score_style=str(rng.choice(style)), mix_style=str(rng.choice(style)),  # type: ignore[arg-type]
        score_fabric=int(rng.integers(0, banks + 1)), mix_fabric=int(rng.integers(0, shape.head_dim + 1)),
        minus=bool(rng.random() < 0.5), streams=streams,
        share=int(rng.integers(4, shape.context + 1)) if rng.random() < 0.4 else 0, **stages,
    )  # fmt: skip


def case_of(seed: int, folder: Path) -> Case:
    """The first decoder and engine that the seed draws and that can be; its project is written into ``folder``.

    Streams go round: of four seeds in a row each has another number.
    """
    rng = np.random.default_rng([15, seed])
    while True:
        outline = drawn_outline(rng)
        try:
            chip = random_chip(outline, seed=int(rng.integers(1 << 30)))
        except (HardwireError, ValueError):
            continue
        for _ in range(20):
            try:
                geometry = drawn_geometry(rng, outline.shape, 1 + seed % 4)
                geometry, table = with_drafts(seed, chip, geometry)
                program = write_rtl(chip, folder, geometry, table=table)
            except BuildError:
                continue
            return Case(outline=outline, geometry=geometry, chip=chip, program=program, table=table)


def with_drafts(seed: int, chip: Chip, geometry: Geometry) -> tuple[Geometry, DraftTable | None]:
    """The same engine with a table of drafts, which is often right or often wrong, or without; of several streams."""
    rng = np.random.default_rng([17, seed])
    if geometry.streams == 1 or rng.random() < 0.4:
        return geometry, None
    geometry = replace(geometry, drafts=int(rng.choice([16, 64, 512])))
    return geometry, (learnt if rng.random() < 0.6 else wild)(chip, geometry)


def drawn_requests(rng: np.random.Generator, case: Case, stall: bool) -> list[Asked]:
    """A request of every stream or of some, at random times, each within its part of the cache."""
    asked, context = [], case.program.context
    streams = [s for s in range(case.geometry.streams) if rng.random() < 0.8] or [0]
    for stream in streams:
        known = int(rng.integers(1, context))
        request = Request(
            stream=stream,
            ids=tuple(rng.integers(0, case.chip.shape.vocab, known).tolist()),
            budget=int(rng.integers(1, context + 1 - known)) if rng.random() < 0.7 else None,
            temperature=float(rng.choice([0.0, 0.8])),
            seed=int(rng.integers(1 << 40)),
            stops=tuple(rng.integers(0, case.chip.shape.vocab, 1).tolist()) if rng.random() < 0.3 else (),
            drafts=bool(rng.random() < 0.8),
        )
        after = int(rng.integers(600 if rng.random() < 0.7 else 3000))  # passes are lent meanwhile
        asked.append(Asked(request, stall=int(stall and rng.integers(1 << 16)), after=after))
    return asked


def check(seed: int, folder: Path) -> str:
    """Hold a seed's engine to plan and reference; what it was, in words. Raises AssertionError with the seed in front.

    Each stream alone is as fast as the plan of one at every position, and a prompt as fast as idle streams make it; all
    together fetch when the replay says, and tokens and logits of each are those of the reference, with and without
    pauses.
    """
    case = case_of(seed, folder)
    rng, said = np.random.default_rng([16, seed]), f"seed {seed}: {case.geometry}, {case.outline}"
    sim = QuickSim(folder)
    sim.compile()
    try:
        _check_alone(case, sim, said)
        for round_ in range(ROUNDS):
            sim.reset()
            asked = drawn_requests(rng, case, stall=round_ == ROUNDS - 1)
            found = sim.together(asked)
            _check_answers(case, asked, found, said)
            if round_ < ROUNDS - 1:
                _check_fetches(case, asked, found, said)
    finally:
        sim.close()
    s = case.outline.shape
    return f"{case.geometry.streams} streams of {case.program.context}, {s.layers} layers, {case.geometry.lanes} lanes"


def _check_alone(case: Case, sim: RtlSim, said: str) -> None:
    alone = schedule(case.chip, replace(case.geometry, streams=1, drafts=0))
    for stream in range(case.geometry.streams):
        sim.reset()
        (found,) = sim.together([Asked(Request(stream=stream, ids=(1,), budget=None, drafts=False))])
        wanted = [alone.cycles(p) for p in range(alone.context - 1)]
        assert found.token_cycles == wanted, f"{said}: cycles of stream {stream} alone: {found.token_cycles}, {wanted}"
        sim.reset()
        ids = tuple(p % case.chip.shape.vocab for p in range(alone.context))
        (found,) = sim.together([Asked(Request(stream=stream, ids=ids, budget=1))])
        wanted = prompt_spans(case.program, alone.context - 1)
        assert found.token_cycles == wanted, f"{said}: of a prompt of {stream}: {found.token_cycles}, {wanted}"


def _check_answers(case: Case, asked: list[Asked], found: list[Simulated], said: str) -> None:
    context = case.program.context
    for one, got in zip(asked, found, strict=True):
        budget = one.request.budget or context + 1 - len(one.request.ids)
        wanted = Reference(case.chip).run(replace(one.request, stream=0, rows=1, budget=budget))
        where = f"{said}: stream {one.request.stream}"
        assert got.tokens == list(wanted.ids), f"{where}: tokens {got.tokens}, of the reference {list(wanted.ids)}"
        differs = np.argwhere(got.logits != wanted.logits)
        assert not len(differs), f"{where}: logits differ first at token and index {differs[0].tolist()}"


def _check_fetches(case: Case, asked: list[Asked], found: list[Simulated], said: str) -> None:
    streams: list[Iterator[Turn]] = [iter(()) for _ in range(case.geometry.streams)]
    for one, got in zip(asked, found, strict=True):
        streams[one.request.stream] = iter(turns(case.program, case.table, one, got))
    planned: dict[int, list[Played]] = {one.request.stream: [] for one in asked}
    for token in replay(case.program, streams):
        planned[token.stream].append(token)
    for one, got in zip(asked, found, strict=True):
        wanted = [token.fetch for token in planned[one.request.stream]]
        assert got.fetches.tolist() == wanted, (
            f"{said}: fetches of stream {one.request.stream}: {got.fetches.tolist()}, {wanted}"
        )


def sources() -> str:
    """Digest of the RTL, and of what lays out its schedule and writes it."""
    package = Path(schedule.__code__.co_filename).parent.parent
    laid_out = [package / "plan" / f"{name}.py" for name in LAID_OUT]
    files = [*rtl_folder().glob("*.sv"), *laid_out, *(package / "emit/rtl").glob("*.py")]
    total = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(files):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def campaign(seeds: range, log: Path | None = None) -> Iterator[str]:
    """Check the seeds that the log has not for these sources; a line of each."""
    digest = sources()
    passed = log.read_text().splitlines() if log is not None and log.exists() else []
    done = {line.split()[1] for line in passed if line.startswith(digest)}
    for seed in seeds:
        if str(seed) in done:
            continue
        with tempfile.TemporaryDirectory() as folder:
            line = f"{digest} {seed} {check(seed, Path(folder))}"
        if log is not None:
            with log.open("a") as file:
                file.write(line + "\n")
        yield line


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=COUNT)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    for said in campaign(range(arguments.first, arguments.first + arguments.count), arguments.log):
        print(said, flush=True)
