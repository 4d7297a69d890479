# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The fastest engine of a chip that fits a board: its geometry, its exact cycles, its predicted resources, and the
floor that no engine on that board could beat.

The search goes over how many columns, rows and depths the lanes have and how many positions the cache gives per cycle;
what becomes a multiplier block and what LUTs follows from what the board has left. ``schedule`` gives the cycles,
``cost`` the resources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from .board import BRAM18_BITS, URAM_BITS, Board
from .chip import LOOKED_UP, Chip
from .chip_format import FEWEST_BITS, MOST_BITS
from .cost import FAMILIES, Cost, Widths, axi_cost, dot_luts, memories, predict
from .fixed import BIAS_BITS, MULTIPLIER_BITS
from .geometry import Geometry, Style, shared_heads
from .schedule import (
    END,
    SAMPLE_LATE,
    Schedule,
    added_late,
    ceil_div,
    logits_late,
    schedule,
    turned_late,
    walk_to_mixed,
)

LUT_BUDGET = 0.85  # share of a device's LUTs that a design may fill and still route
ROUTED_BUDGET = {"ecp5": 0.70}  # where open tools have to route it and meet a clock
HOST = {"none": {"lut": 3000, "ff": 1700, "bram18": 6}}  # without a processor: the serial line
LUT_MARGIN = {"xc7": 0.996, "xcup": 0.92, "ecp5": 0.996}  # Yosys is what counts: predictions may be too low by so much
ROM_PORT_BITS = 36  # a BRAM18 delivers one word of this width per cycle
MEAN_OVER = 256  # positions that mean_cycles is taken over, from 0

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Demand:
    """What a chip asks of any device. Bits are stored bits; multiplications are per generated token."""

    weight_bits: int  # of the matrices the lanes read
    embedding_bits: int
    scale_bits: int  # the rows' multipliers and biases
    table_bits: int
    cache_bits: int
    multiplications: int  # weight by activation, head included
    attention: int  # score and value products, mean over the first positions

    @property
    def rom_bits(self) -> int:
        return self.weight_bits + self.embedding_bits + self.scale_bits + self.table_bits

    @property
    def total_bits(self) -> int:
        return self.rom_bits + self.cache_bits


@dataclass(frozen=True)
class Fit:
    """One board's answer, in the keys of ``hardwire fit --json``."""

    board: str
    fits: bool
    limit: str  # the resource that runs out first, with its share of the budget
    cycles: list[int]  # of a generated token, by position; exact
    mean_cycles: float | None  # over the first 256 positions
    floor_cycles: int
    floor: str  # what the floor is of
    ratio: float | None  # mean to floor
    clock_mhz: float
    clock_source: str
    tokens_per_second: float | None
    lanes: int
    geometry: dict[str, Any] | None
    resources: dict[str, dict[str, int]]  # predicted, and the budget; with a Zynq its registers, and the device
    notes: list[str]
    most_bits: int | None = None  # in every matrix, with which the memories would hold a chip that is too large

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """A geometry that fits, its schedule and its predicted cost."""

    geometry: Geometry
    schedule: Schedule
    cost: Cost
    mean_cycles: float


def demand(chip: Chip) -> Demand:
    """What the chip needs, counted from its arrays."""
    s, m = chip.shape, chip.matrices
    read = [matrix for name, matrix in m.items() if name not in LOOKED_UP]
    looked_up = [m[name] for name in LOOKED_UP if name in m]
    tables = [table for table in chip.tables.values() if table.size]  # without rotary positions there are no angles
    mean_seen = (min(MEAN_OVER, s.context) + 1) / 2
    return Demand(
        weight_bits=sum(x.weight.size * x.bits for x in read),
        embedding_bits=sum(x.weight.size * x.bits for x in looked_up),
        scale_bits=sum(x.multiplier.size for x in m.values()) * MULTIPLIER_BITS
        + sum(bias.size for bias in chip.biases.values()) * BIAS_BITS,
        table_bits=sum(t.size * max(int(abs(t).max()).bit_length() + 1, 1) for t in tables),
        cache_bits=2 * s.layers * s.kv_rows * s.context * chip.formats.cache,
        multiplications=sum(x.weight.size for x in read),
        attention=int(2 * s.layers * s.query_rows * mean_seen),
    )


@dataclass(frozen=True)
class Capacity:
    """Whether a board's memories hold a chip at all, whatever the engine."""

    fits: bool
    limit: str
    note: str
    resources: dict[str, dict[str, int]]


def capacity(chip: Chip, board: Board) -> Capacity:
    """Bits against block RAM and URAM, the first question of any plan."""
    need = demand(chip)
    # The KV cache is written at run time, so it may live in URAM; so may weights, once loaded at boot.
    uram_cache = min(need.cache_bits, board.uram_bits)
    uram_weights = min(need.weight_bits, board.uram_bits - uram_cache)
    spill = max(need.total_bits - uram_cache - board.bram_bits, 0)
    loaded = min(spill, uram_weights)
    bits = need.total_bits - uram_cache - loaded
    share = bits / board.bram_bits
    what = "the KV cache" if need.cache_bits > need.rom_bits else "the weights"
    note = (
        f"{bits:,} bits wanted, {board.bram_bits:,} available; most of it is {what}: "
        "use fewer bits, a shorter context, or a larger board"
    )
    resources = {
        "bram18": {"used": -(-bits // BRAM18_BITS), "budget": board.bram18},
        "uram": {"used": -(-(uram_cache + loaded) // URAM_BITS), "budget": board.uram},
    }
    return Capacity(share <= 1, f"block RAM {share:.0%} of its budget", note if share > 1 else "", resources)


def most_bits(chip: Chip, board: Board) -> int | None:
    """The most bits in every matrix, those of embeddings too, with which the board's memories would hold a chip."""
    for bits in range(MOST_BITS, FEWEST_BITS - 1, -1):
        if capacity(_with_bits(chip, bits), board).fits:
            return bits
    return None


def can_be_built(chip: Chip, board: Board) -> bool:
    """Whether the memories hold a chip, and where HLS does not know the part, whether an engine fits too."""
    from .emit.lanes import AMD

    return capacity(chip, board).fits and (board.family in AMD or fit(chip, board).fits)


def _with_bits(chip: Chip, bits: int) -> Chip:
    """For counting memories: the weights stay what they were."""
    return replace(chip, matrices={name: replace(matrix, bits=bits) for name, matrix in chip.matrices.items()})


def resources(cost: Cost, board: Board) -> dict[str, int]:
    """What an engine takes with what its board needs beside it."""
    host = HOST.get(board.processor, {})
    return {name: used + host.get(name, 0) for name, used in cost.as_dict().items()}


def bitstream_cost(chip: Chip, made: Schedule, board: Board) -> Cost | None:
    """What a Zynq's bitstream has beside the engine, as ``--target bitstream`` builds it; None without one.

    A plan's budget is the engine's alone. These come on top, and have the rest of the device.
    """
    return axi_cost(chip, made) if board.zynq is not None else None


def device_of(board: Board) -> dict[str, int]:
    """All that a device has."""
    return budget_of(board) | {"lut": board.lut}


def beyond_device(used: dict[str, int], board: Board) -> list[str]:
    """What is more than the device has, in words."""
    return [
        f"{NAMES[name]} {used[name] / most:.0%} of the device ({used[name]:,} of {most:,})"
        for name, most in device_of(board).items()
        if used[name] > most
    ]


def budget_of(board: Board) -> dict[str, int]:
    """What a plan may use, its host included."""
    return {
        "lut": int(board.lut * ROUTED_BUDGET.get(board.family, LUT_BUDGET)),
        "dsp": board.dsp,
        "bram18": board.bram18,
        "uram": board.uram,
        **({"ff": board.ff} if board.ff else {}),
    }


class Planner:
    """Plans of one chip for any board; what does not depend on the board is computed once."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.widths = Widths.of(chip)
        self.cores = sorted(set(self._cores()), key=lambda g: -g.lanes)
        self.ends: dict[Geometry, tuple[int, Schedule]] = {}

    def _cores(self) -> Iterator[Geometry]:
        """Geometries of the lanes, with one bank."""
        s = self.chip.shape
        tallest = max(m.weight.shape[1] for name, m in self.chip.matrices.items() if name not in LOOKED_UP)
        for rows in (2, 4, 8, 16, 32):
            if rows > max(2 * s.dim, 8) or rows > tallest * 2:
                continue
            for wide in (1, 2, 4):
                columns = rows * wide
                if columns > 2 * max(s.dim, s.hidden):
                    continue
                terms = 4 if columns % 4 == 0 else 2
                for depth in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32):
                    if depth * rows > tallest * 2 or depth * rows * columns > 1 << 14:
                        continue
                    if self.chip.wiring.embedding_norm and rows * depth < s.dim:
                        continue
                    base = Geometry(columns, rows, depth, terms, banks=1, divides=1)
                    padded = s.head_dim if shared_heads(s, rows) > 1 else ceil_div(s.head_dim, rows) * rows
                    part = min(rows, padded)
                    for divides in {d for d in (1, 2, 4, 8) if part % d == 0 and padded // d <= 64}:
                        yield replace(base, divides=divides)

    def end(self, core: Geometry) -> tuple[int, Schedule]:
        """Cycles of a generated token but for the spans, and a schedule of at most two layers of this core.

        Layers repeat, so what one more layer adds is known from two.
        """
        if core not in self.ends:
            s = self.chip.shape
            made = [schedule(_of_layers(self.chip, n), core) for n in range(1, min(s.layers, 2) + 1)]
            end = made[-1].end_at + (s.layers - len(made)) * (made[-1].end_at - made[0].end_at)
            self.ends[core] = end + END, made[-1]
        return self.ends[core]

    def best(self, board: Board, progress: Progress = lambda stage, share: None) -> Plan | None:
        """The plan with the fewest mean cycles; of equals, the one with the fewest LUTs. None where none fits."""
        found: tuple[tuple[float, int], Geometry] | None = None
        for index, core in enumerate(self.cores):
            progress(board.key, index / len(self.cores))
            core = replace(core, **_stages(board))
            for geometry, mean in self._banked(core, board, found[0][0] if found else float("inf")):
                cost = self._cost(geometry, board)
                if cost is not None and (found is None or (mean, cost[1].lut) < found[0]):
                    found = (mean, cost[1].lut), cost[0]
                    break
        if found is None:
            return None
        made = schedule(self.chip, found[1])
        last = min(MEAN_OVER, self.chip.shape.context) - 1
        return Plan(found[1], made, predict(self.chip, made, board.family, self.widths), made.mean_cycles(0, last))

    def _banked(self, core: Geometry, board: Board, below: float) -> Iterator[tuple[Geometry, float]]:
        """The core with banks, the most first, as long as its mean cycles are at most ``below``."""
        chip, f = self.chip, FAMILIES[board.family]
        weight = max(m.bits for n, m in chip.matrices.items() if n not in LOOKED_UP)
        fabric = core.lanes / core.terms * dot_luts(f, core.terms, chip.formats.norm, weight)
        if fabric > board.lut * LUT_BUDGET + board.dsp * 2 * 40:  # no way to build so many lanes
            return
        end, made = self.end(core)
        context, layers = chip.shape.context, chip.shape.layers
        count = min(MEAN_OVER, context)
        for blocks in range(1, context + 1):
            banks = ceil_div(context, blocks)
            if ceil_div(context, banks) != blocks or banks > 64:
                continue
            n = np.arange(count) // banks + 1  # blocks in use: Schedule.span, all positions at once
            span = (made.walks - 1) * np.maximum(n, made.spacing) + 2 * (n - 1)
            mean = end + layers * float(np.mean(np.maximum(span - made.slack, 0)))
            if mean > below:
                return
            yield replace(core, banks=banks), mean

    def _cost(self, geometry: Geometry, board: Board) -> tuple[Geometry, Cost] | None:
        """The geometry with its products divided among multiplier blocks and LUTs so that it fits, or None."""
        budget = budget_of(board)
        _, made = self.end(replace(geometry, banks=1))
        full = schedule_of_layers(self.chip, made, geometry)
        placed = self._placed(geometry, full, board)
        if placed is None:
            return None
        geometry, memory = placed
        for packed in range(geometry.groups, -1, -1):
            for style in _divided(geometry, packed, self.chip, board):
                cost = predict(self.chip, replace(full, geometry=style), board.family, self.widths, memory)
                used, margins = resources(cost, board), {"lut": LUT_MARGIN[board.family]}
                if all(used[key] <= most * margins.get(key, 1) for key, most in budget.items()):
                    return style, cost
        return None

    def _placed(self, g: Geometry, full: Schedule, board: Board) -> tuple[Geometry, dict[str, int]] | None:
        """Weights in block RAM, or as many depths in URAM as it takes."""
        for uram in range(0, g.depth + 1 if board.uram else 1, 2):
            memory = memories(self.chip, replace(full, geometry=replace(g, uram=uram)), self.widths)
            if memory["bram18"] <= board.bram18 and memory["uram"] <= board.uram:
                return replace(g, uram=uram), memory
        return None


def _stages(board: Board) -> dict[str, Any]:
    """Pipeline registers and forms that go with a board's family and clock."""
    fast = board.clock_mhz / {"xc7": 80, "xcup": 130, "ecp5": 55}[board.family]
    return {
        "lane_stages": 2 if fast > 1 else 1,
        "round_stages": 2 if fast > 1 else 1,
        "minus": board.family != "ecp5",
    }


def _divided(g: Geometry, packed: int, chip: Chip, board: Board) -> Iterator[Geometry]:
    """Ways to give attention what multipliers the lanes leave: all in blocks, then more and more of it in LUTs."""
    f, channels = FAMILIES[board.family], chip.shape.head_dim
    # A soft cap sees what scores lack that are all in LUTs (``schedule.require_geometry``): one bank stays out.
    scores_in_luts: dict[str, Any] = (
        {"score_fabric": g.banks - 1} if chip.wiring.score_cap else {"score_style": "fabric"}
    )
    style: Style = "packed" if f.pairs else "apart"
    base = replace(g, packed_groups=packed, score_style=style, mix_style=style)
    yield base
    step = max(2, channels // 8 // 2 * 2)
    for mix in range(step, channels, step):
        yield replace(base, mix_fabric=mix, **scores_in_luts)
    # What is left is pairs: as many banks in LUTs as make the rest even.
    for score in range(2 - g.banks % 2, g.banks, max(2, g.banks // 8 // 2 * 2)):
        yield replace(base, score_fabric=score)
    yield replace(base, **scores_in_luts)
    yield replace(base, mix_style="fabric", **scores_in_luts)


def _of_layers(chip: Chip, layers: int) -> Chip:
    return replace(chip, shape=replace(chip.shape, layers=layers))


def schedule_of_layers(chip: Chip, made: Schedule, geometry: Geometry) -> Schedule:
    """A short schedule stretched to all layers, for counting memories: its runs, as often as layers repeat them."""
    full = Schedule(chip.shape, made.formats, made.wiring, geometry, list(made.embed))
    short, first = made.shape.layers, [w for w in made.words if w.run is not None and w.run.name != "head"]
    last = [w for w in made.words if w.run is not None and w.run.name == "head"]
    repeat = [w for w in first if w.run is not None and w.run.layer == short - 1 and w.run.name != "embedding norm"]
    full.words = first + repeat * (chip.shape.layers - short) + last
    return full


def fit(
    chip: Chip, board: Board, planner: Planner | None = None, progress: Progress = lambda stage, share: None
) -> Fit:
    """What ``hardwire fit`` says of a chip on a board. ``planner`` may be shared between boards."""
    room = capacity(chip, board)
    plan = (planner or Planner(chip)).best(board, progress) if room.fits else None
    floor, of = floor_cycles(chip, board, plan)
    common: dict[str, Any] = {"board": board.key, "floor_cycles": floor, "floor": of, "clock_mhz": board.clock_mhz}
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
            fits=False, limit=limit, cycles=[], mean_cycles=None, ratio=None, clock_source="assumed",
            tokens_per_second=None, lanes=0, geometry=None, resources=room.resources, notes=notes,
            most_bits=most, **common,
        )  # fmt: skip
    used, budget = resources(plan.cost, board), budget_of(board)
    shares = {name: used[name] / most for name, most in budget.items() if most}
    limit = max(shares, key=lambda name: shares[name])
    notes = ["resources are predicted; hardwire synth measures them"]
    if plan.geometry.uram:
        notes.append(
            f"the weights of {plan.geometry.uram} of {plan.geometry.depth} depths are in URAM, which a bitstream "
            "cannot initialise: loaded at boot"
        )
    limits = f"{NAMES[limit]} {shares[limit]:.0%} of the budget"
    spent = {name: {"used": used[name], "budget": most} for name, most in budget.items()}
    if host := bitstream_cost(chip, plan.schedule, board):
        whole = plan.cost.beside(host).as_dict()
        for name, most in device_of(board).items():
            spent[name] |= {"host": host.as_dict()[name], "device": most}
        share = ", ".join(
            f"{whole[name] / most:.0%} of the {NAMES[name]}" for name, most in device_of(board).items() if most
        )
        notes.append(f"of a bitstream, the AXI registers on top ({host.lut:,} LUTs), the device has to give {share}")
        if over := beyond_device(whole, board):
            limits = f"with the AXI registers {over[0]}"
            notes.append("so --target bitstream does not fit; build it with a smaller engine, or --target rtl")
    return Fit(
        fits=True,
        limit=limits,
        cycles=[plan.schedule.cycles(p) for p in range(chip.shape.context)],
        mean_cycles=round(plan.mean_cycles, 2),
        ratio=round(plan.mean_cycles / floor, 2),
        clock_source="assumed",
        tokens_per_second=round(board.clock_mhz * 1e6 / plan.mean_cycles, 1),
        lanes=plan.geometry.lanes,
        geometry=asdict(plan.geometry),
        resources=spent,
        notes=notes,
        **common,
    )


NAMES = {"lut": "LUTs", "ff": "registers", "dsp": "multipliers", "bram18": "block RAM", "uram": "URAM"}


def floor_cycles(chip: Chip, board: Board, plan: Plan | None = None) -> tuple[int, str]:
    """Cycles below which no engine on the board could come, and what sets them.

    The largest of multiplications over the lanes that all LUTs and multipliers of the budget could hold, weight bits
    over what all memories deliver per cycle, and the chain of stages that wait for each other.
    """
    need, f = demand(chip), FAMILIES[board.family]
    weight = max(m.bits for n, m in chip.matrices.items() if n not in LOOKED_UP)
    in_lut = dot_luts(f, 4, chip.formats.norm, weight) / 4
    per_block = 2 if weight <= 4 and f.pairs else 1
    lanes = board.dsp * per_block + board.lut * LUT_BUDGET / in_lut
    ports = board.bram18 * ROM_PORT_BITS + 2 * 72 * board.uram
    floors = {
        "multiplications": (need.multiplications + need.attention) / lanes,
        "weight bits": need.weight_bits / ports,
        "serial chain": serial_chain(chip, plan.geometry if plan else Geometry(**_stages(board))),
    }
    of = max(floors, key=lambda name: floors[name])
    return -(-int(floors[of] * 1000) // 1000), of


def serial_chain(chip: Chip, g: Geometry) -> int:
    """Cycles of a token whose every matrix takes one step and one read, and whose cache takes one block."""
    hidden = g.post_late if chip.wiring.gated else g.plain_late
    stage = g.lane_late + added_late(chip.wiring, g, reads=1)
    mixed = turned_late(chip.wiring, g) + walk_to_mixed(chip.wiring)
    if chip.wiring.parallel:
        layer = g.lane_late + max(mixed, hidden) + stage + 1  # down is added in the cycle after o
    else:
        layer = g.lane_late + mixed + stage + g.lane_late + hidden + stage
    ends = 2 + g.residual_late + g.lane_late + logits_late(chip.wiring, g) - 1 + SAMPLE_LATE + END
    return ends + chip.shape.layers * layer + (g.lane_late + g.residual_late if chip.wiring.embedding_norm else 0)
