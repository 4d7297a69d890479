# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The engine of a build: as it is asked for, or the fastest that fits beside what it is asked to have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..chip.model import Chip
from ..errors import BoardError, BuildError
from ..manifest import DraftRecord, PlanRecord
from ..plan.budget import beyond_device, bitstream_cost, budget_of, resources
from ..plan.cost import Cost, choice_cost, draft_cost, predict
from ..plan.drafts import DraftTable
from ..plan.fit import Fit, fit
from ..plan.geometry import Geometry
from ..plan.program import MEAN_OVER
from ..plan.replay import throughput
from ..plan.schedule import schedule
from ..plan.widths import Widths
from ..progress import Stage
from ..targets.board import Board
from .drafts import ENTRIES, OwnText, own_text, weigh

REPLANS = 4  # of an engine beside the registers of a bitstream


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an engine is asked to have. geometry: the whole of it; without one it is planned.

    streams: contexts in flight, None: as many as give the most tokens. best, guide_words: of extended samplers. drafts:
    entries of their table, None: those that pay, if they do. bitstream: with registers beside it.
    """

    geometry: Geometry | None = None
    streams: int | None = 1
    best: int = 0
    guide_words: int = 0
    drafts: int | None = 0
    bitstream: bool = False

    @property
    def extras(self) -> Geometry:
        """What is beside an engine's core, as a geometry says it."""
        streams = self.streams or 1
        return Geometry(best=self.best, guide_words=self.guide_words, streams=streams, drafts=self.drafts or 0)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An engine's plan, and its table of drafts, where it has one."""

    record: PlanRecord
    geometry: Geometry
    table: DraftTable | None = None


def plan_engine(
    plan: PlanRecord, chip: Chip, board: Board, name: str, wanted: Wanted, progress: Stage = lambda stage: None
) -> Planned:
    """``plan`` with that of the RTL engine; of a bitstream with what stands beside the engine. Raises BoardError where
    none fits."""
    geometry, table, record = wanted.geometry, None, None
    if geometry is None:
        geometry = _planned(chip, board, name, replace(wanted, drafts=wanted.drafts or 0))
        if wanted.drafts != 0:
            text = own_text(chip, geometry.share or chip.shape.context, progress)
            progress("drafts")
            geometry, table, record = _with_drafts(chip, board, wanted, geometry, text)
    elif geometry.drafts:
        schedule(chip, geometry)  # refuses what no engine has, before the text is written
        progress("drafts")
        table = own_text(chip, geometry.share or chip.shape.context, progress).table(geometry.drafts)
    geometry = replace(
        geometry, best=geometry.best or wanted.best, guide_words=geometry.guide_words or wanted.guide_words
    )
    program, cost = schedule(chip, geometry), _cost(chip, board, geometry, wanted.bitstream)
    if wanted.bitstream:
        over = beyond_device(cost.as_dict(), board)
        # Who chooses a geometry may try: a tool may still put one thing in another's place.
        if over and wanted.geometry is None:
            raise BoardError(
                f"{name} does not fit {board.name} as a bitstream: with the AXI registers {', '.join(over)}; "
                "give a smaller engine by --geometry, or a larger board"
            )
    several = program.geometry.streams > 1
    mean = throughput(program).cycles if several else program.mean_cycles(0, min(MEAN_OVER, program.context) - 1)
    plan = replace(plan, geometry=geometry.as_dict(), resources=resources(cost, board), mean_cycles=mean, drafts=record)
    return Planned(record=plan, geometry=geometry, table=table)


def _with_drafts(
    chip: Chip, board: Board, wanted: Wanted, planned: Geometry, text: OwnText
) -> tuple[Geometry, DraftTable | None, DraftRecord]:
    """Of what was ``planned``, with drafts as they were asked for or, of auto, without them: the engine that the
    measurement speaks for, its table, and what was measured."""
    asked = wanted.drafts is not None
    if asked:
        verdict = _fit(chip, board, replace(wanted, drafts=0)).geometry
        drafted, plain = planned, Geometry(**verdict) if verdict else replace(planned, drafts=0)
    else:
        found, plain = _room_for_drafts(chip, board, wanted, planned), planned
        if found is None:
            return planned, None, DraftRecord(entries=0, bits=0, why="no engine fits beside a table; left out")
        drafted = found
    table = text.table(drafted.drafts)
    record = weigh(chip, drafted, plain, table, text, asked)
    return (drafted, table, record) if record.entries else (planned, None, record)


def _room_for_drafts(chip: Chip, board: Board, wanted: Wanted, planned: Geometry) -> Geometry | None:
    """What was planned with the largest table that it leaves room for; where it leaves none, the fastest engine beside
    the smallest, and what that leaves room for. None where none fits."""
    if found := _with_largest(chip, board, wanted, planned):
        return found
    smaller = _geometry_of(_fit(chip, board, replace(wanted, drafts=ENTRIES[-1])), ENTRIES[-1])
    return smaller and (_with_largest(chip, board, wanted, smaller) or (None if wanted.bitstream else smaller))


def _with_largest(chip: Chip, board: Board, wanted: Wanted, engine: Geometry) -> Geometry | None:
    """The engine with the largest table for which the board has what it takes, or None."""
    for entries in ENTRIES:
        drafted = replace(engine, drafts=entries)
        taken, budget = resources(_cost(chip, board, drafted, bitstream=False), board), budget_of(board)
        if all(taken[name] <= most for name, most in budget.items()):
            whole = _cost(chip, board, drafted, wanted.bitstream).as_dict()
            if not wanted.bitstream or not beyond_device(whole, board):
                return drafted
    return None


def _planned(chip: Chip, board: Board, name: str, wanted: Wanted) -> Geometry:
    """The fastest engine that fits. Raises BoardError where none does, with what would have to go."""
    verdict = _fit(chip, board, wanted)
    geometry = _geometry_of(verdict, wanted.drafts or 0)
    if geometry is None:
        options = _fewer_options(chip, board, wanted)
        advice = verdict.notes[-1] if options is None else f"it would {options}"
        raise BoardError(f"{name} does not fit {board.name}: {verdict.limit}; {advice}")
    return geometry


def _geometry_of(verdict: Fit, drafts: int) -> Geometry | None:
    return None if verdict.geometry is None else replace(Geometry(**verdict.geometry), drafts=drafts)


def _fit(chip: Chip, board: Board, wanted: Wanted) -> Fit:
    """The fastest engine in what a board has left beside samplers and drafts."""
    return _fastest(chip, _beside(chip, board, wanted.extras), wanted.streams, wanted.bitstream)


def _fewer_options(chip: Chip, board: Board, wanted: Wanted) -> str | None:
    """The options that would have to go, where an engine without them fits."""
    plain = replace(wanted, best=0, guide_words=0)
    for words, fewer in (
        ("without --drafts", replace(wanted, drafts=0)),
        ("without --guide-words", replace(wanted, guide_words=0)),
        ("without --sampler extended", plain),
        ("with --streams 1", replace(wanted, streams=1, drafts=0)),
        ("with --streams 1 and without --sampler extended", replace(plain, streams=1, drafts=0)),
    ):
        if fewer != wanted and _fit(chip, board, fewer).geometry:
            return words
    return None


def _beside(chip: Chip, board: Board, extras: Geometry) -> Board:
    """What a board has left beside extended samplers and drafts, of which a geometry says how many and how large."""
    if not extras.best and not extras.drafts:
        return board
    fabric = board.device_family.fabric
    taken = choice_cost(chip, extras, fabric).beside(draft_cost(chip, extras, fabric))
    return replace(
        board,
        lut=max(board.lut - taken.lut, 0),
        ff=None if board.ff is None else max(board.ff - taken.ff, 0),
        dsp=max(board.dsp - taken.dsp, 0),
        bram18=max(board.bram18 - taken.bram18, 0),
    )


def _fastest(chip: Chip, board: Board, streams: int | None, bitstream: bool) -> Fit:
    """The fastest engine that fits. Of a bitstream each stream has registers of its own, whose memories are taken from
    the engine's until all fit."""
    verdict, place = fit(chip, board, streams=streams), board
    for _ in range(REPLANS if bitstream else 0):
        if verdict.geometry is None:
            break
        over = _cost(chip, board, Geometry(**verdict.geometry), bitstream).bram18 - board.bram18
        place = replace(place, bram18=place.bram18 - over)
        smaller = fit(chip, place, streams=streams) if over > 0 and place.bram18 > 0 else verdict
        if smaller.geometry in (verdict.geometry, None):
            break
        verdict = smaller
    return verdict


def _cost(chip: Chip, board: Board, geometry: Geometry, bitstream: bool) -> Cost:
    """Of the engine, and of what a bitstream has beside it."""
    program = schedule(chip, geometry)
    cost = predict(chip, program, board.family, Widths.of(chip))
    host = bitstream_cost(chip, program, board) if bitstream else None
    return cost if host is None else cost.beside(host)


def require_drafts(wanted: Wanted, engine: bool, reprintable: bool) -> None:
    """Raises BuildError where drafts do not go with what else is asked for. engine: an RTL engine is built."""
    drafts, streams = wanted.drafts, wanted.streams
    if drafts == 0:
        return
    said = f"--drafts {'auto' if drafts is None else drafts}"
    if not engine:
        raise BuildError(f"{said} is of the RTL engine; give --target rtl or bitstream, and no --ip hls")
    if wanted.geometry is not None:
        raise BuildError(f"{said} plans a geometry; with --geometry say drafts in it, as in drafts={ENTRIES[0]}")
    if wanted.best or reprintable:
        raise BuildError(
            f"{said} is of frozen engines with plain samplers; leave out --sampler extended, --reprintable"
        )
    if streams is None or streams < 2:
        raise BuildError(f"{said} runs in the pass of an idle stream; give --streams 2 or more")
    if drafts is not None:
        replace(wanted.extras, drafts=drafts)  # refuses a size that no table has
