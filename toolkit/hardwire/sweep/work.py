# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What is done for the points of one build: its steps, and the rows that they fill."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..chip.model import load_chip
from ..errors import HardwireError
from ..files import sha256
from ..jobs.pool import Pool, StepFailed
from ..jobs.step import Outcome, Step
from ..manifest import SYNTH, PlanRecord, read_manifest
from ..plan.depth import estimate
from ..plan.fit import planned_clock
from ..plan.geometry import geometry_of
from ..plan.program import MEAN_OVER
from ..plan.schedule import schedule
from ..plan.widths import Widths
from ..synth.batch import Options, Synthesized, finish_route, run_job, step_of, synthesize_job, try_route
from ..synth.builds import job_of
from ..synth.project import SYNTHESIS_TOOLS, budget, route_tools, tool_versions
from ..synth.rows import Row
from ..targets.board import Board, load_board
from ..version import __version__
from .commands import Command, Ran, run_command
from .grid import Point
from .inputs import Inputs, digest_of

AREA = ("lut", "ff", "dsp", "bram18", "uram")
Shared = Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]  # a step that several wait for, given out once


def _clock(folder: Path, board: Board, plan: PlanRecord) -> tuple[float, str]:
    """MHz of a build that no tool has seen, and where they come from."""
    board = replace(board, clock_mhz=plan.clock_mhz)
    if plan.geometry is None:
        return plan.clock_mhz, "asked"
    chip = load_chip(folder / "model.chip")
    program = schedule(chip, geometry_of(plan.geometry, folder))
    return planned_clock(board, estimate(chip, board, program, Widths.of(chip)))


class Work:
    """What is done for the points of one build."""

    def __init__(self, inputs: Inputs, options: Options, shared: Shared, pool: Pool, points: list[Point]) -> None:
        self.inputs, self.options, self.shared, self.pool = inputs, options, shared, pool
        self.points, self.point = points, points[0]
        self.rows = [inputs.blank(point) for point in points]
        self.seconds = 0.0

    def every(self, **values: Any) -> None:
        """The same for every row."""
        self.rows = [replace(row, **values) for row in self.rows]

    async def run(self) -> None:
        """Fill the rows; a failure is theirs."""
        try:
            await self._steps()
        except StepFailed as error:
            self._end(error.status, str(error), error.kind)
        except HardwireError as error:
            self._end("failed", str(error), None)
        except Exception as error:  # a fault of ours must not take the other points with it
            self._end("failed", f"{type(error).__name__}: {error}", None)
        self.every(seconds=round(self.seconds, 2))

    def _end(self, status: str, reason: str, step: str | None) -> None:
        self.rows = [
            replace(row, status=status, reason=reason, step=step) if row.status == "waiting" else row
            for row in self.rows
        ]

    async def _steps(self) -> None:
        chip = await self._chip()
        if self.inputs.grid.text is not None and self.point.model.onnx is not None:
            await self._quality(chip, self.inputs.grid.text)
        await self._build(chip)
        if self.point.model.until == "build":
            self.every(status="done")
        elif self.point.option.target == "bitstream":
            await self._vivado()
        else:
            await self._gates()

    def _note(self, outcome: Outcome) -> Any:
        if not outcome.kept:
            self.seconds += outcome.seconds
        self.every(peak_bytes=max([outcome.peak, *(row.peak_bytes for row in self.rows)]))
        return outcome.value

    async def _command(self, job: str, kind: str, command: Command) -> Ran:
        needs = self.inputs.grid.needs[kind]
        command = replace(command, hours=needs.hours)
        step = Step(
            job=job,
            kind=kind,
            work=functools.partial(run_command, command),
            needs=needs,
            ledger=self.options.ledger,
        )
        ran: Ran = self._note(await self.pool.outcome(step))
        return ran

    async def _chip(self) -> str:
        """The chip's file, by its hash."""
        inputs, point = self.inputs, self.point
        place = inputs.chip_file(point)
        command = Command(
            words=inputs.chip_words(point),
            receipt=place.with_suffix(".receipt"),
            digest=inputs.chip_key(point),
            outputs=(place.name,),
        )
        await self.shared(f"chip {point.chip}", lambda: self._command(point.chip, "quantize", command))
        return await asyncio.to_thread(sha256, place)

    async def _quality(self, chip: str, text: Path) -> None:
        inputs, point = self.inputs, self.point
        place = inputs.chip_file(point)
        command = Command(
            words=("evaluate", str(place), "--text", str(text)),
            receipt=place.with_suffix(".quality"),
            digest=digest_of({"chip": chip, "text": inputs.hash_of(text), "hardwire": __version__}),
        )
        ran: Ran = await self.shared(f"quality {point.chip}", lambda: self._command(point.chip, "evaluate", command))
        integer = ran.data["integer"]
        self.every(bits_per_char=integer["bits_per_char"], perplexity=integer["perplexity"])

    async def _build(self, chip: str) -> None:
        inputs, point = self.inputs, self.point
        folder = inputs.folder(point)
        key = {"chip": chip, "board": repr(load_board(point.board)), "option": asdict(point.option)}
        command = Command(
            words=inputs.build_words(point),
            receipt=folder.with_name(f"{folder.name}.receipt"),
            digest=digest_of({**key, "hardwire": __version__}),
            build=folder,
        )
        await self._command(point.build, "build", command)
        manifest = await asyncio.to_thread(read_manifest, folder)
        cycles = (manifest.cycles or ())[:MEAN_OVER]
        mean = round(sum(cycles) / len(cycles), 4) if cycles else None
        self.every(chip_digest=manifest.chip.digest, build_digest=manifest.digest, cycles_per_token=mean)
        self.every(versions={"hardwire": __version__})
        self._figures(dict(manifest.plan.resources or {}), "predicted")
        clock, source = await asyncio.to_thread(_clock, folder, load_board(point.board), manifest.plan)
        self._rate(clock, source, mean)

    def _figures(self, used: Mapping[str, int], source: str) -> None:
        have = budget(load_board(self.point.board))
        shares = [used[name] / most for name, most in have.items() if most and name in used]
        figures = {name: used.get(name) for name in AREA}
        self.every(**figures, area=round(max(shares), 4) if shares else None, area_source=source)

    async def _vivado(self) -> None:
        job = job_of(self.inputs.folder(self.point), self.point.build)
        options = replace(self.options, route=self.point.model.until == "clock")
        self._row(await run_job(self.pool, job, options))

    def _row(self, row: Row) -> None:
        """A synthesis' row into ours."""
        if row.resources:
            self._figures(row.resources, "synthesis")
        self.seconds += row.seconds if row.status != "kept" else 0
        status = "done" if row.status == "kept" else row.status
        self.every(
            status=status,
            reason=row.error,
            step=None if status == "done" else "vivado",
            clock_mhz=row.clock_mhz,
            clock_source=row.clock_source,
            cycles_per_token=row.cycles_per_token,
            tokens_per_second=row.tokens_per_second,
            bitstream_digest=sha256(Path(row.bitstream)) if row.bitstream else None,
        )

    async def _gates(self) -> None:
        """Yosys, the proof of its netlist, and every seed."""
        folder = self.inputs.folder(self.point)
        seeds = tuple(point.seed for point in self.points if point.seed is not None)
        job = job_of(folder, self.point.build, seeds=seeds or (1,))
        options = replace(self.options, route=bool(seeds))
        synthesis = functools.partial(synthesize_job, job, options)
        first: Synthesized = self._note(await self.pool.outcome(step_of(job, "yosys", synthesis, options)))
        if first.row.resources:
            self._figures(first.row.resources, "synthesis")
        if first.project is None or first.row.failed:
            return self._end(first.row.status, first.row.error or first.row.status, "yosys")
        netlist = await asyncio.to_thread(sha256, folder / SYNTH / "netlist.json")
        tools = tool_versions(SYNTHESIS_TOOLS + (route_tools(first.project.family) if seeds else ()))
        self.every(netlist_digest=netlist, versions={"hardwire": __version__, **tools})
        self._rate(
            first.row.clock_mhz or first.project.clock_mhz, first.row.clock_source, first.project.cycles_per_token
        )
        if self.inputs.grid.prove:
            await self._proof(netlist)
        if seeds:
            await self._seeds(job, first, options)
        self._end("done", "", None)
        self.rows = [replace(row, reason=row.reason or None) for row in self.rows]

    def _rate(self, clock: float, source: str, cycles: float | None) -> None:
        rate = round(clock * 1e6 / cycles, 1) if cycles else None
        self.every(clock_mhz=clock, clock_source=source, cycles_per_token=cycles, tokens_per_second=rate)

    async def _proof(self, netlist: str) -> None:
        folder = self.inputs.folder(self.point)
        command = Command(
            words=("verify", str(folder), "--rungs", "netlist"),
            receipt=folder.with_name(f"{folder.name}.proof"),
            digest=digest_of({"netlist": netlist, "hardwire": __version__}),
        )
        ran = await self._command(self.point.build, "proof", command)
        self.every(proof=f"netlist {ran.data['rungs']['netlist']['status']}")

    async def _seeds(self, job: Any, first: Synthesized, options: Options) -> None:
        """Each seed is a row; the best of them gets the bitstream."""
        assert first.project is not None
        tries = await asyncio.gather(*(self._seed(job, first, index, options) for index in range(len(self.points))))
        failure = next((row.reason for row in self.rows if row.status != "waiting"), None)
        finish = functools.partial(finish_route, job, first, options, failure)
        best: Row = self._note(await self.pool.outcome(step_of(job, "pack", finish, options)))
        for index, tried in enumerate(tries):
            if tried is not None and best.bitstream and best.place_and_route.endswith(f" {tried['seed']}"):
                digest = await asyncio.to_thread(sha256, Path(best.bitstream))
                self.rows[index] = replace(self.rows[index], bitstream_digest=digest)

    async def _seed(self, job: Any, first: Synthesized, index: int, options: Options) -> dict[str, Any] | None:
        """One seed into its row; None where it leads nowhere."""
        project, seed = first.project, self.points[index].seed
        assert project is not None and seed is not None
        step = step_of(job, "route", functools.partial(try_route, first, seed, options), options)
        try:
            tried: dict[str, Any] = self._note(await self.pool.outcome(step))
        except StepFailed as error:
            self.rows[index] = replace(self.rows[index], status=error.status, reason=str(error), step="route")
            return None
        clock, cycles = tried["clock_mhz"], project.cycles_per_token
        clock = min(clock, project.clock_mhz) if project.fixed_clock else clock
        rate = round(clock * 1e6 / cycles, 1) if cycles else None
        self.rows[index] = replace(
            self.rows[index],
            clock_mhz=clock,
            clock_source="routed",
            tokens_per_second=rate if tried["met"] else None,
        )
        if not tried["met"]:
            missed = f"{tried['clock_mhz']:.1f} MHz after routing, {project.clock_mhz:g} wanted"
            self.rows[index] = replace(self.rows[index], status="too slow", reason=missed, step="route")
        return tried
