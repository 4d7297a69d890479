# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The fastest engine of a chip that fits a board: its geometry, its exact cycles, its predicted resources, and the
floor that no engine on that board could beat.

The search goes over how many columns, rows and depths the lanes have and how many positions the cache gives per cycle;
what becomes a multiplier block and what LUTs follows from what the board has left. ``schedule`` gives the cycles,
``cost`` the resources.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..chip.format import FEWEST_BITS
from ..chip.model import LOOKED_UP, Chip
from ..progress import Progress
from ..targets.board import Board
from .budget import NAMES, beyond_device, bitstream_cost, budget_of, device_of, resources
from .capacity import _with_bits, capacity, demand, most_bits
from .clock import ClockEstimate, settable
from .cost import dot_luts
from .depth import estimate
from .geometry import Geometry
from .latency import added_late, logits_late, turned_late, walk_to_mixed
from .planner import Plan, Planner, _stages
from .replay import prompt_cycles
from .widths import Widths
from .words import END, SAMPLE_LATE

LONGEST = 5  # kinds of paths that are named
ROM_PORT_BITS = 36  # a BRAM18 delivers one word of this width per cycle


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One board's answer, in the keys of ``hardwire fit --json``."""

    board: str
    fits: bool
    limit: str  # the resource that runs out first, with its share of the budget
    streams: int  # contexts in flight
    cycles: list[int]  # of a generated token of one stream alone, by position; exact
    mean_cycles: float | None  # per token over all streams, over the first 256 positions
    latency_cycles: float | None  # of one token while all streams run
    prompt_cycles: float | None  # per inner token of a prompt, over as many positions, while all other streams are idle
    floor_cycles: int
    floor: str  # what the floor is of
    ratio: float | None  # mean to floor
    clock_mhz: float  # that the tokens per second are of: what is asked for, or less where less is estimated
    clock_source: str  # "estimated", or "asked" for a plan without an estimate
    tokens_per_second: float | None
    lanes: int
    geometry: dict[str, Any] | None
    resources: dict[str, dict[str, int]]  # predicted, and the budget; with a Zynq its registers, and the device
    notes: list[str]
    estimate: dict[str, Any] | None = None  # of the clock, as ``_estimate`` has it
    most_bits: int | None = None  # in every matrix, with which the memories would hold a chip that is too large

    def as_dict(self) -> dict[str, object]:
        """What ``hardwire fit --json`` prints of one board."""
        return asdict(self)


def can_be_built(chip: Chip, board: Board) -> bool:
    """Whether the memories hold a chip, and where HLS does not know the part, whether an engine fits too."""
    return capacity(chip, board).fits and (board.device_family.hls or fit(chip, board).fits)


def fit(
    chip: Chip,
    board: Board,
    planner: Planner | None = None,
    progress: Progress = lambda stage, share: None,
    streams: int | None = 1,
) -> Fit:
    """What ``hardwire fit`` says of a chip on a board. ``planner`` may be shared between boards; ``streams`` None: as
    many as give the fewest cycles over all."""
    room, plan = capacity(chip, board), None
    if room.fits:
        planner = planner or Planner(chip)
        plan = planner.most(board, progress) if streams is None else planner.best(board, progress, streams)
    floor, of = floor_cycles(chip, board, plan)
    common: dict[str, Any] = {"board": board.key, "floor_cycles": floor, "floor": of}
    if plan is None:
        note = room.note or "no engine of any geometry fits; use fewer bits, a shorter context, or a larger board"
        limit = room.limit if not room.fits else "LUTs and multipliers: even the smallest engine is over its budget"
        notes, most = [note], None
        if not room.fits:
            most = most_bits(chip, board)
            least = capacity(_with_bits(chip, FEWEST_BITS), board).limit
            notes.append(
                f"with {most} bits in every matrix, embeddings included, its memories would hold it"
                if most
                else f"not even {FEWEST_BITS} bits in every matrix, embeddings included, are few enough: {least}"
            )
        return Fit(
            fits=False, limit=limit, streams=streams or 1, cycles=[], mean_cycles=None, latency_cycles=None,
            prompt_cycles=None, ratio=None, clock_mhz=board.clock_mhz,
            clock_source="asked",
            tokens_per_second=None, lanes=0, geometry=None, resources=room.resources, notes=notes,
            most_bits=most, **common,
        )  # fmt: skip
    predicted, budget, program = resources(plan.cost, board), budget_of(board), plan.schedule
    shares = {name: predicted[name] / most for name, most in budget.items() if most}
    limit = max(shares, key=lambda name: shares[name])
    notes = ["resources are predicted; hardwire synth measures them"]
    if plan.geometry.uram:
        notes.append(
            f"the weights of {plan.geometry.uram} of {plan.geometry.depth} depths are in URAM, which a bitstream "
            "cannot initialise: loaded at boot"
        )
    limits = f"{NAMES[limit]} {shares[limit]:.0%} of the budget"
    if program.context < chip.shape.context:
        notes.append(f"each of the {plan.geometry.streams} streams has {program.context} positions of the cache")
    spent = {name: {"used": predicted[name], "budget": most} for name, most in budget.items()}
    if host := bitstream_cost(chip, program, board):
        whole = plan.cost.beside(host).as_dict()
        for name, most in device_of(board).items():
            spent[name] |= {"host": host.as_dict()[name], "device": most}
        share = ", ".join(
            f"{whole[name] / most:.0%} of the {NAMES[name]}" for name, most in device_of(board).items() if most
        )
        notes.append(f"of a bitstream, the AXI registers on top ({host.lut:,} LUTs), the device has to give {share}")
        if over := beyond_device(whole, board):
            limits = f"with the AXI registers {over[0]}"
            smaller = "so build --target bitstream plans a smaller one"
            none = "so --target bitstream does not fit; build it with a smaller engine, or --target rtl"
            notes.append(smaller if plan.geometry.streams > 1 else none)
    expected = estimate(chip, board, program, Widths.of(chip))
    clock, source = planned_clock(board, expected)
    return Fit(
        fits=True,
        limit=limits,
        streams=plan.geometry.streams,
        cycles=[program.cycles(p) for p in range(program.context)],
        mean_cycles=round(plan.mean_cycles, 2),
        latency_cycles=round(plan.over_all.latency, 2),
        prompt_cycles=round(prompt_cycles(program), 2),
        ratio=round(plan.mean_cycles / floor, 2),
        clock_mhz=round(clock, 3),
        clock_source=source,
        estimate=_estimate(expected, board) if expected else None,
        tokens_per_second=round(clock * 1e6 / plan.mean_cycles, 1),
        lanes=plan.geometry.lanes,
        geometry=plan.geometry.as_dict(),
        resources=spent,
        notes=notes,
        **common,
    )


def planned_clock(board: Board, expected: ClockEstimate | None) -> tuple[float, str]:
    """MHz of a plan and where they come from: the board's, or below them what its PLL makes of the estimate."""
    if expected is None:
        return board.clock_mhz, "asked"
    return min(board.clock_mhz, settable(board, expected.mhz)), "estimated"


def _estimate(expected: ClockEstimate, board: Board) -> dict[str, Any]:
    """mhz; asked_mhz, of the board; error, of such estimates against known routes, the lowest and the highest share, or
    None; basis, in words; longest, kinds of paths in words, the slowest first."""
    return {
        "mhz": expected.mhz,
        "asked_mhz": board.clock_mhz,
        "error": expected.error,
        "basis": expected.basis,
        "longest": [str(path) for path in expected.paths[:LONGEST]],
    }


def floor_cycles(chip: Chip, board: Board, plan: Plan | None = None) -> tuple[int, str]:
    """Cycles below which no engine on the board could come, and what sets them.

    The largest of multiplications over the lanes that all LUTs and multipliers of the budget could hold, weight bits
    over what all memories deliver per cycle, and the chain of stages that wait for each other, which streams share.
    """
    required, f = demand(chip), board.device_family.fabric
    weight = max(m.bits for n, m in chip.matrices.items() if n not in LOOKED_UP)
    in_lut = dot_luts(f, 4, chip.formats.norm, weight) / 4
    per_block = 2 if weight <= 4 and f.pairs else 1
    lanes = board.dsp * per_block + board.lut * board.device_family.planning.lut_budget / in_lut
    ports = board.bram18 * ROM_PORT_BITS + 2 * 72 * board.uram
    core = plan.geometry if plan else Geometry(**_stages(board))
    floors = {
        "multiplications": (required.multiplications + required.attention) / lanes,
        "weight bits": required.weight_bits / ports,
        "serial chain": serial_chain(chip, core) / core.streams,
    }
    of = max(floors, key=lambda name: floors[name])
    return -(-int(floors[of] * 1000) // 1000), of


def serial_chain(chip: Chip, g: Geometry) -> int:
    """Cycles of a token whose every matrix takes one step and one read, and whose cache takes one block."""
    hidden = g.post_late if chip.wiring.gated else g.plain_late
    stage = g.lane_late + added_late(chip.wiring, g, reads=1)
    mixed = turned_late(chip.wiring, g) + walk_to_mixed(chip.wiring, g)
    if chip.wiring.parallel:
        layer = g.lane_late + max(mixed, hidden) + stage + 1  # down is added in the cycle after o
    else:
        layer = g.lane_late + mixed + stage + g.lane_late + hidden + stage
    ends = 2 + g.residual_late + g.lane_late + logits_late(chip.wiring, g) - 1 + SAMPLE_LATE + END
    return ends + chip.shape.layers * layer + (g.lane_late + g.residual_late if chip.wiring.embedding_norm else 0)
