# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a board's memories hold a chip at all, counted from its arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..chip.format import FEWEST_BITS, MOST_BITS
from ..chip.model import LOOKED_UP, Chip
from ..ops.fixed import BIAS_BITS, MULTIPLIER_BITS
from ..targets.board import BRAM18_BITS, URAM_BITS, Board
from .program import MEAN_OVER


@dataclass(frozen=True, kw_only=True)
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
        """Bits that the chip only reads: weights, embeddings, multipliers and biases, tables."""
        return self.weight_bits + self.embedding_bits + self.scale_bits + self.table_bits

    @property
    def total_bits(self) -> int:
        """Those of the ROMs and the KV cache."""
        return self.rom_bits + self.cache_bits


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
    required = demand(chip)
    # The KV cache is written at run time, so it may live in URAM; so may weights, once loaded at boot.
    uram_cache = min(required.cache_bits, board.uram_bits)
    uram_weights = min(required.weight_bits, board.uram_bits - uram_cache)
    spill = max(required.total_bits - uram_cache - board.bram_bits, 0)
    loaded = min(spill, uram_weights)
    bits = required.total_bits - uram_cache - loaded
    share = bits / board.bram_bits
    largest = "the KV cache" if required.cache_bits > required.rom_bits else "the weights"
    note = (
        f"{bits:,} bits wanted, {board.bram_bits:,} available; most of it is {largest}: "
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


def _with_bits(chip: Chip, bits: int) -> Chip:
    """For counting memories: the weights stay what they were."""
    return replace(chip, matrices={name: replace(matrix, bits=bits) for name, matrix in chip.matrices.items()})
