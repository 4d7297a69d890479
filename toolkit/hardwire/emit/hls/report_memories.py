# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The memories of an HLS project, declaration by declaration, with the name and the size that each has in ``chip.hpp``
or in a kernel. An expectation, as the report's: no HLS tool ran.
"""

from __future__ import annotations

from typing import Any

from ...ops import rope
from ...ops.attention import PROBABILITY_BITS
from ...parts import present
from ...parts.renorms import instances
from .constants import Layout

BRAM18 = (
    (1 << 14, 1),
    (1 << 13, 2),
    (1 << 12, 4),
    (1 << 11, 9),
    (1 << 10, 18),
    (1 << 9, 36),
)  # depth x width
SMALL = 1024  # bits: a memory up to this is expected in LUTs
REGISTERS = "registers"

Memory = dict[str, Any]


def memory(name: str, depth: int, width: int, kind: str = "rom", copies: int = 1) -> Memory:
    """``copies`` of a ROM: one for each function instance that reads it."""
    bits = depth * width
    bram18 = 0 if bits <= SMALL or kind == REGISTERS else min(-(-depth // d) * -(-width // w) for d, w in BRAM18)
    return {
        "memory": name,
        "kind": kind,
        "depth": depth,
        "width": width,
        "copies": copies,
        "bits": bits * copies,
        "bram18": bram18 * copies,
    }


def rom_memories(layout: Layout) -> list[Memory]:
    """What chip.hpp declares. Integers of 64 bits packed with weights; tables in C++'s own widths."""
    s, f = layout.shape, layout.formats
    roms = [
        memory(f"Rom{bits}::words", sum(map(layout.steps, group)), layout.words(bits) * 64)
        for bits, group in layout.roms.items()
    ]
    turns = 1 if (s.heads, f.query) == (s.kv_heads, f.cache) else 2  # forms of queries and keys
    rows, engines, norms = layout.angle_rows * layout.angles, len(layout.roms), _norms(layout)
    return roms + [
        memory("HeadRom::words", layout.steps(layout.head), layout.words(layout.head.bits) * 64),
        memory("Chip::Embedding::words", s.vocab * -(-s.dim * layout.embedding_bits // 64), 64),
        memory("Chip::multipliers", layout.multipliers, 32, copies=engines),
        memory("Chip::Head::multipliers", s.vocab, 32),
        memory("Chip::Embedding::multipliers", s.vocab, 32),
        memory("Chip::rsqrt", 768, 32, copies=norms + instances(layout.wiring)),
        memory("Chip::eps", 1, 32, copies=norms),
        memory("Chip::cos", rows, rope.ANGLE_BITS + 2, copies=turns),
        memory("Chip::sin", rows, rope.ANGLE_BITS + 2, copies=turns),
        memory("Chip::exp", 1024, 16),
        memory("Chip::reciprocal", 1024, 16),
        memory("Chip::activation", 1 << f.gate, 16),
        memory("Chip::gumbel", 2048, 16),
        memory("Chip::score_shift", s.layers * s.heads, 8),
        memory("Chip::value_shift", s.layers * s.heads, 8),
        *(memory(f"Chip::{m.name.capitalize()}::shift", s.layers, 8) for m in layout.placed),
        memory("Chip::Head::shift", 1, 8),
        *_part_roms(layout),
    ]


def choice_memories(layout: Layout, best: int) -> list[Memory]:
    """What an extended sampler has beside the plain one: its ROM, the context's tokens, marks and mask, the best."""
    words = -(-layout.shape.vocab // 32)
    return [
        memory("octave", 1024, 32),
        memory("history", layout.shape.context, 32, "ram"),
        memory("seen", words, 32, "ram"),
        memory("allowed", words, 32, "ram"),
        memory("best", best, 32 + 3 * 64, REGISTERS),
    ]


def _norms(layout: Layout) -> int:
    """Instances of the residual's norm: the decoder's, the head's and the embedding's."""
    return 1 + layout.wiring.final_norm + layout.wiring.embedding_norm


def _part_roms(layout: Layout) -> list[Memory]:
    """Tables of parts that not every decoder has."""
    roms = [rom for part in present(layout.wiring) for rom in part.cpp_roms(layout)]
    return [memory(f"Chip::{name}", depth, width, copies=copies) for name, depth, width, copies in roms]


def value_bits(layout: Layout) -> int:
    """SUM of attention.hpp: bits of a sum of weighted values."""
    return PROBABILITY_BITS + 1 + layout.formats.cache + (layout.shape.context - 1).bit_length()


def decoder_memories(layout: Layout) -> list[Memory]:
    """Arrays of the kernels that both tops run."""
    s, f, t = layout.shape, layout.formats, layout.together
    score = layout.score_bits
    words = s.layers * s.context * s.kv_heads
    engines = [(f"{bits} bit", layout.sum_bits(group)) for bits, group in layout.roms.items()]
    engines.append(("head", layout.sum_bits([layout.head])))
    return [
        memory("decode::keys", words, s.head_dim * f.cache, "ram"),
        memory("decode::values", words, s.head_dim * f.cache, "ram"),
        memory("decode::in", layout.largest_cols, layout.input_bits, "ram"),
        memory("decode::out", layout.largest_rows, layout.output_bits, "ram"),
        memory("decode::query", s.query_rows, f.query, "ram"),
        memory("decode::key", s.kv_rows, f.cache, "ram"),
        *([memory("gated_middle::gate", s.hidden, f.gate, "ram")] if layout.wiring.gated else []),
        *([memory("embedding_norm::a", s.dim, f.norm, "ram")] if layout.wiring.embedding_norm else []),
        memory("head::in", s.dim, f.norm, "ram"),
        memory("store::word", s.head_dim, f.cache, REGISTERS),
        memory("attend::scores", s.context, score, "ram", copies=t),
        memory("attend::sums", t * s.head_dim, value_bits(layout), REGISTERS),
        memory("attend::query", t * s.head_dim, f.query, REGISTERS),
        memory("attend::top", t, score, REGISTERS),
        memory("attend::total", t, PROBABILITY_BITS + (s.context - 1).bit_length(), REGISTERS),
        *(memory(f"matvec::sums {name}", layout.lanes, bits, REGISTERS) for name, bits in engines),
        *(memory(f"matvec::done {name}", layout.lanes, bits, REGISTERS) for name, bits in engines),
    ]


def loop_memories(layout: Layout) -> list[Memory]:
    """Memories of the token loop alone: the tokens to feed, the residual, the logits."""
    s, f = layout.shape, layout.formats
    return [
        memory("token_loop::pending", s.context, 32, "ram"),
        memory("token_loop::x", s.dim, f.residual, "ram"),
        memory("token_loop::logits", s.vocab, f.logit, "ram"),
    ]


def graph_only_memories(layout: Layout) -> list[Memory]:
    """Arrays of the graph's layers, which the token loop does not have."""
    s, f = layout.shape, layout.formats
    names = ("embedding_at" if layout.wiring.positions else "embedding", "decoder", "head")
    return [
        *(memory(f"{name}_layer::residual", s.dim, f.residual, "ram") for name in names),
        memory("head_layer::all", s.vocab, f.logit, "ram"),
        memory("sampler_layer::all", s.vocab, f.logit, "ram"),
    ]
