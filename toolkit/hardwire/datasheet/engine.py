# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a sheet says of the RTL engine: its blocks, its memories, the cycles of a token."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from ..chip.model import Chip
from ..chip.wiring import LOOKED_UP
from ..plan.cost import memories
from ..plan.program import Schedule
from ..plan.widths import Widths, weight_words
from ..targets.board import Board

POSITIONS = (0, 100, 255)  # of which cycles are told, with the last of the context


def blocks(chip: Chip, program: Schedule, widths: Widths, board: Board) -> dict[str, Sequence[str]]:
    """A title and lines of figures for every block of ``drawing.PLACES``."""
    g, s, f = program.geometry, chip.shape, chip.formats
    stored = sum(m.weight.size * m.bits for name, m in chip.matrices.items() if name not in LOOKED_UP)
    return {
        "host": _host(board),
        "registers": ("Registers", "prompt window", "token ring", "logit window"),
        "loop": ("Token loop", f"context {positions(program)}", f"stop tokens: {len(chip.eos)}", "resumes and stops"),
        "sampler": ("Sampler", f"{s.vocab:,} logits of {f.logit} bits", "Gumbel noise by Threefry", "greedy at 0"),
        "embedding": ("Embedding", f"{s.vocab:,} x {s.dim} of {widths.embedding} bits", f"{g.rows} per read"),
        "residual": ("Residual stream", f"{s.dim} values of {f.residual} bits", "norm: shift, energy, root"),
        "lanes": (
            f"{g.lanes:,} lanes",
            f"{g.columns} columns x {g.rows} rows x {g.depth} deep",
            f"weights of {widths.weight} bits at most",
            f"sums of {widths.accumulator} bits",
        ),
        "rows": ("Rows", f"{g.rows} per cycle", "rounding, rotation,", f"{chip.activation} by table"),
        "program": ("Program", f"{len(program.words):,} words, {len(program.runs):,} runs", f"{s.layers} layers"),
        "weights": ("Weights", f"{g.depth} memories, {_depths(g.uram)}", f"{stored:,} bits in ROM"),
        "attention": (
            "Attention",
            f"{s.heads} heads of {s.head_dim}, {program.shared} at a time",
            f"{g.banks} positions per cycle",
            "softmax by tables",
        ),
        "cache": (
            "KV cache",
            f"{s.layers} layers x {s.kv_heads} heads",
            f"{positions(program)} positions of {f.cache} bits",
        ),
    }


def positions(program: Schedule) -> str:
    """Of the context; of each stream's where there are several."""
    streams = program.geometry.streams
    return f"{streams} x {program.context:,}" if streams > 1 else f"{program.context:,}"


def _host(board: Board) -> Sequence[str]:
    if board.serial is not None:
        return ("Serial line", "UART, SLIP frames, CRC-8", f"{board.serial.oscillator_mhz:g} MHz oscillator, PLL")
    if board.zynq is not None:
        return ("Processor", board.processor, "AXI4-Lite, interrupt")
    return ("Host", "none on this board", "engine's own ports")


def _depths(uram: int) -> str:
    return f"{uram} of them in URAM" if uram else "block RAM"


def memory_map(chip: Chip, program: Schedule, widths: Widths) -> list[tuple[str, ...]]:
    """Rows of name, what it holds, words, bits of a word, all bits, block RAMs of 18 Kbit as planned."""
    g, s, f = program.geometry, chip.shape, chip.formats
    planned = memories(chip, program, widths)
    reads = ceil(s.dim / g.rows)
    entries = s.vocab + (s.context if chip.wiring.positions else 0)
    weight_width = g.rows * g.columns * widths.weight
    cached = s.layers * program.kv_words * program.blocks
    cache_width = program.shared * s.head_dim * f.cache
    tables = sum(table.size for table in chip.tables.values())
    learned = " and positions" if chip.wiring.positions else ""
    return [
        _memory(f"weights, {g.depth} memories", "the lanes' matrices, padding included", sum(weight_words(program)),
                weight_width, planned["weights"]),
        _memory(f"embedding{learned}", "rows of the vocabulary", entries * reads, g.rows * widths.embedding,
                planned["embedding"]),
        _memory(f"KV cache, 2 x {g.banks} banks", "keys and values, written as tokens come", 2 * g.banks * cached,
                cache_width, planned["cache"]),
        _memory("emission words", "what becomes of every read", program.emission_count,
                g.rows * (18 + widths.bias) + 30, planned["emission"]),
        ("tables", "activation, exponential, roots, angles", f"{tables:,} entries", "", "", f"{planned['tables']:,}"),
    ]  # fmt: skip


def _memory(name: str, holds: str, words: int, width: int, blocks: int) -> tuple[str, ...]:
    return name, holds, f"{words:,}", f"{width:,}", f"{words * width:,}", f"{blocks:,}"


def cycles(program: Schedule, clock_mhz: float | None, host: float = 0.0) -> list[tuple[str, ...]]:
    """Rows of position, cycles of a generated token, microseconds, of a prompt's inner token."""
    last = program.context - 1
    places = sorted({p for p in POSITIONS if p < last} | {last})
    return [
        (
            f"{place:,}",
            f"{program.cycles(place):,}",
            "" if clock_mhz is None else f"{(program.cycles(place) + host) / clock_mhz:,.2f}",
            f"{program.cycles(place, generated=False):,}",
        )
        for place in places
    ]
