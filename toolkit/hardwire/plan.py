# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Does a chip fit a board? Bits, KV cache and lanes against the device, and the floor of its cycles.

This first form is arithmetic on capacities: it names what limits and how fast nothing could ever beat.
It predicts no schedule, so ``cycles`` stays empty until a plan exists that a simulation confirms.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from .board import BRAM18_BITS, URAM_BITS, Board
from .chip import LOOKED_UP, Chip
from .fixed import BIAS_BITS

BUDGET = 0.85  # share of a device that a design may fill and still route
LANES_SHARE = 0.87  # of the DSPs; the rest requantise, rotate and normalise
PACKED_BITS = {"xc7": 4, "xcup": 4, "ecp5": 4}  # widest weight of which one multiplier takes two rows
ROM_PORT_BITS = 36  # a BRAM18 delivers one word of this width per cycle
MULTIPLIER_BITS = 17


@dataclass(frozen=True)
class Demand:
    """What a chip asks of any device. Bits are stored bits; multiplications are per generated token."""

    weight_bits: int  # of the matrices the lanes read
    embedding_bits: int
    scale_bits: int  # the rows' multipliers and biases
    table_bits: int
    cache_bits: int
    multiplications: int  # weight by activation, head included
    attention: int  # score and value products at the mean of the positions 0 .. context / 2 - 1

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
    cycles: list[int]  # empty: no schedule has been planned
    mean_cycles: float | None
    floor_cycles: int
    ratio: float | None
    clock_mhz: float
    clock_source: str
    lanes: int
    resources: dict[str, dict[str, int]]
    notes: list[str]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def demand(chip: Chip) -> Demand:
    """What the chip needs, counted from its arrays."""
    s, m = chip.shape, chip.matrices
    read = [matrix for name, matrix in m.items() if name not in LOOKED_UP]
    tables = [table for table in chip.tables.values() if table.size]  # without rotary positions there are no angles
    table_bits = sum(table.size * max(int(abs(table).max()).bit_length() + 1, 1) for table in tables)
    mean_position = (s.context // 2 + 1) / 2  # keys seen from a position, averaged over 0 .. context / 2 - 1
    return Demand(
        weight_bits=sum(x.weight.size * x.bits for x in read),
        embedding_bits=sum(m[name].weight.size * m[name].bits for name in LOOKED_UP if name in m),
        scale_bits=sum(x.multiplier.size for x in m.values()) * MULTIPLIER_BITS
        + sum(bias.size for bias in chip.biases.values()) * BIAS_BITS,
        table_bits=table_bits,
        cache_bits=2 * s.layers * s.kv_rows * s.context * chip.formats.cache,
        multiplications=sum(x.weight.size for x in read),
        attention=int(2 * s.layers * s.query_rows * mean_position),
    )


def lanes_of(chip: Chip, board: Board) -> int:
    """Multiply-accumulate lanes that the DSPs of a board give this chip's weights."""
    widest = max(m.bits for name, m in chip.matrices.items() if name not in LOOKED_UP)
    per_dsp = 2 if widest <= PACKED_BITS[board.family] else 1
    return int(board.dsp * LANES_SHARE) * per_dsp


def fit(chip: Chip, board: Board) -> Fit:
    """Capacity check and cycle floor of ``chip`` on ``board``."""
    need = demand(chip)
    # The KV cache is written at run time, so it may live in URAM; so may weights, once loaded at boot.
    uram_cache = min(need.cache_bits, int(board.uram_bits * BUDGET))
    uram_weights = min(need.weight_bits, int(board.uram_bits * BUDGET) - uram_cache)
    bram_budget = int(board.bram_bits * BUDGET)
    spill = max(need.total_bits - uram_cache - bram_budget, 0)
    loaded = min(spill, uram_weights)
    bram_bits = need.total_bits - uram_cache - loaded
    lanes = lanes_of(chip, board)
    shares = {"block RAM": bram_bits / bram_budget}
    resources = {
        "bram18": {"used": -(-bram_bits // BRAM18_BITS), "budget": int(board.bram18 * BUDGET)},
        "uram": {"used": -(-(uram_cache + loaded) // URAM_BITS), "budget": int(board.uram * BUDGET)},
        "dsp": {"used": int(board.dsp * LANES_SHARE), "budget": board.dsp},
    }
    limit = max(shares, key=lambda name: shares[name])
    floor = _floor(need, lanes, board)
    fits = shares[limit] <= 1
    notes = ["cycles: not planned; floor_cycles is a bound, not a prediction"]
    if loaded:
        notes.append(f"{loaded:,} weight bits in URAM, which a bitstream cannot initialise: loaded at boot")
    if not fits:
        what = "the KV cache" if need.cache_bits > need.rom_bits else "the weights"
        notes.append(
            f"{bram_bits:,} bits wanted, {bram_budget:,} available; most of it is {what}: "
            "use fewer bits, a shorter context, or a larger board"
        )
    return Fit(
        board=board.key,
        fits=fits,
        limit=f"{limit} {shares[limit]:.0%} of its budget",
        cycles=[],
        mean_cycles=None,
        floor_cycles=floor,
        ratio=None,
        clock_mhz=board.clock_mhz,
        clock_source="assumed",
        lanes=lanes,
        resources=resources,
        notes=notes,
    )


def _floor(need: Demand, lanes: int, board: Board) -> int:
    """The larger of multiplications over lanes and weight bits over ROM bits per cycle."""
    multiply = (need.multiplications + need.attention) / lanes
    read = need.weight_bits / (board.bram18 * ROM_PORT_BITS)
    return int(-(-max(multiply, read) // 1))
