# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the HLS kernels should cost, from their loops: an expectation. No HLS tool ran.

It stands where a synthesis report would: loops, trip counts, initiation intervals, memories, multipliers,
cycles. Every number follows from the shape and the lanes as the kernels in ``hls/`` are written.
"""

from __future__ import annotations

from typing import Any

from ..fixed import MULTIPLIER_BITS
from ..ops import rope
from .hls_constants import Layout, Placed

NOTE = "Expected from the source's loops; no HLS tool ran. Pipeline depths are assumed, timing is unknown."
DEPTH = 8  # assumed pipeline depth of a loop: cycles from its last start to its end
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

Loop = dict[str, Any]
Kernel = dict[str, Any]


def loop(name: str, trip: int, outer: int = 1) -> Loop:
    """A pipelined loop of ``trip`` iterations at II 1, entered ``outer`` times per call."""
    return {"loop": name, "trip": trip, "entered": outer, "ii": 1, "cycles": outer * (trip + DEPTH)}


def memory(name: str, depth: int, width: int, kind: str = "rom") -> dict[str, Any]:
    bits = depth * width
    bram18 = 0 if bits <= SMALL or kind == REGISTERS else min(-(-depth // d) * -(-width // w) for d, w in BRAM18)
    return {
        "memory": name,
        "kind": kind,
        "depth": depth,
        "width": width,
        "bits": bits,
        "bram18": bram18,
        "bram36": -(-bram18 // 2),
    }


def kernel(
    name: str,
    source: str,
    calls: int,
    loops: list[Loop],
    multipliers: int,
    multiplications: int,
    memories: list[dict[str, Any]],
) -> Kernel:
    """``multiplications`` is useful work per call: rows and positions that exist, idle lanes not counted."""
    per_call = sum(one["cycles"] for one in loops)
    return {
        "kernel": name,
        "source": source,
        "calls_per_token": calls,
        "loops": loops,
        "multipliers": multipliers,
        "multiplications_per_call": multiplications,
        "memories": memories,
        "cycles_per_call": per_call,
        "cycles_per_token": per_call * calls,
        "multiplications_per_token": multiplications * calls,
    }


def expectation(layout: Layout, positions: int | None = None) -> dict[str, Any]:
    """The report as data, at ``positions`` cached positions (default: a full context).

    Each entry of kernels is one use of a kernel; uses that name the same ``instance`` share its hardware, and
    its multipliers are counted once in the totals.
    """
    s = layout.shape
    p = s.context if positions is None else positions
    kernels = [
        _embedding(layout),
        _norm(layout),
        *(_matrix(layout, m) for m in layout.placed),
        _rope(layout),
        _attention(layout, p),
        _gate(layout),
        _residual(layout),
        _head(layout),
        _sampler(layout),
    ]
    for one in kernels:
        one.setdefault("instance", one["kernel"])
    memories = [m for k in kernels for m in k["memories"]] + _shared_memories(layout)
    shared = {one["instance"]: one["multipliers"] for one in kernels}
    totals = {
        "cycles_per_token": sum(k["cycles_per_token"] for k in kernels),
        "multiplications_per_token": sum(k["multiplications_per_token"] for k in kernels),
        "multipliers": sum(shared.values()),
        "memory_bits": sum(m["bits"] for m in memories),
        "bram18": sum(m["bram18"] for m in memories),
        "positions": p,
        "lanes": layout.lanes,
    }
    totals["bram36"] = -(-totals["bram18"] // 2)
    return {"note": NOTE, "totals": totals, "kernels": kernels, "memories": _shared_memories(layout)}


def _embedding(layout: Layout) -> Kernel:
    s, bits = layout.shape, layout.embedding_bits
    rows = memory("embedding", s.vocab, -(-s.dim * bits // 64) * 64)
    return kernel(
        "embedding",
        "embedding.hpp",
        1,
        [loop("values", s.dim)],
        1,
        s.dim,
        [rows, memory("embedding multipliers", s.vocab, 32)],
    )


def _norm(layout: Layout) -> Kernel:
    d = layout.shape.dim
    loops = [loop("largest", d), loop("shift and square", d)]
    tables = [memory("rsqrt", 768, 32), memory("eps", layout.formats.residual, 32)]
    return kernel("norm", "norm.hpp", 2 * layout.shape.layers + 1, loops, 1, d, tables)


def _block_loops(layout: Layout, m: Placed) -> list[Loop]:
    """Blocks of columns, and the drain of the last block's rows."""
    drain = min(m.rows, layout.lanes)
    return [loop("columns", max(m.cols, drain), m.blocks), loop("last rows", drain)]


def _matrix(layout: Layout, m: Placed) -> Kernel:
    """Products of the lanes; two more multipliers requantise a row (root, then scale)."""
    word = layout.words(m.bits) * 64
    rows = layout.shape.layers * m.rows
    products = m.rows * m.cols + m.rows * (1 if m.name in ("o", "down") else 2)
    made = kernel(
        f"matvec {m.name}",
        "matvec.hpp",
        layout.shape.layers,
        _block_loops(layout, m),
        layout.lanes + 2,
        products,
        [memory(f"weights {m.name}", layout.steps(m), word), memory(f"multipliers {m.name}", rows, 32)],
    )
    made["instance"] = f"matvec {m.bits} bit"
    made["lane_use"] = round(m.rows * m.cols / (m.blocks * layout.lanes * max(m.cols, min(m.rows, layout.lanes))), 3)
    return made


def _rope(layout: Layout) -> Kernel:
    s = layout.shape
    heads = s.heads + s.kv_heads
    angles = s.context * max(s.rotary // 2, 1)
    return kernel(
        "rope",
        "rope.hpp",
        s.layers,
        [loop("values", heads * s.head_dim)],
        2 * 2,
        2 * heads * s.rotary,
        [memory("cos", angles, rope.ANGLE_BITS + 2), memory("sin", angles, rope.ANGLE_BITS + 2)],
    )


def _attention(layout: Layout, positions: int) -> Kernel:
    """One call per head; a position per cycle, head_dim products each, in both passes."""
    s, f = layout.shape, layout.formats
    loops = [
        loop("query", s.head_dim),
        loop("scores", positions),
        loop("weighted values", positions),
        loop("divide", s.head_dim),
    ]
    score_bits = f.query + f.cache + (s.head_dim - 1).bit_length()
    cache = [
        memory(name, s.layers * s.context * s.kv_heads, s.head_dim * f.cache, "ram") for name in ("keys", "values")
    ]
    return kernel(
        "attention",
        "attention.hpp",
        s.layers * s.heads,
        loops,
        2 * s.head_dim + 1,
        (2 * positions + 1) * s.head_dim,
        [
            *cache,
            memory("scores", s.context, score_bits, "ram"),
            memory("exp", 1024, 16),
            memory("reciprocal", 1024, 16),
        ],
    )


def _gate(layout: Layout) -> Kernel:
    s = layout.shape
    return kernel(
        "gate",
        "gate.hpp",
        s.layers,
        [loop("copy", s.hidden), loop("values", s.hidden)],
        1,
        s.hidden,
        [memory("activation", 1 << layout.formats.gate, 16)],
    )


def _residual(layout: Layout) -> Kernel:
    """Residual additions and the cache's writes: no multiplier, but cycles."""
    s = layout.shape
    loops = [loop("add", s.dim, 2), loop("store keys, values", s.kv_rows, 2)]
    return kernel("residual and store", "decoder.hpp", s.layers, loops, 0, 0, [])


def _head(layout: Layout) -> Kernel:
    m = layout.head
    return kernel(
        "head",
        "head.hpp",
        1,
        _block_loops(layout, m),
        layout.lanes + 2,
        m.rows * m.cols + 2 * m.rows,
        [
            memory("weights head", layout.steps(m), layout.words(m.bits) * 64),
            memory("multipliers head", m.rows, 32),
        ],
    )


def _sampler(layout: Layout) -> Kernel:
    v = layout.shape.vocab
    return kernel("sampler", "sampler.hpp", 1, [loop("ids", v)], 1, v, [memory("gumbel", 2048, 16)])


def _shared_memories(layout: Layout) -> list[dict[str, Any]]:
    """Working buffers of the decoder, the token loop and the lanes."""
    s, f = layout.shape, layout.formats
    buffers = [
        memory("residual", s.dim, f.residual, "ram"),
        memory("lane input", layout.largest_cols, layout.input_bits, "ram"),
        memory("lane output", layout.largest_rows, layout.output_bits, "ram"),
        memory("query", s.query_rows, f.query, "ram"),
        memory("key", s.kv_rows, f.cache, "ram"),
        memory("gate", s.hidden, f.gate, "ram"),
        memory("head input", s.dim, f.norm, "ram"),
        memory("logits", s.vocab, f.logit, "ram"),
        memory("prompt", s.context, 32, "ram"),
        memory("root", 1, MULTIPLIER_BITS, REGISTERS),
    ]
    groups = [(f"sums {bits} bit", layout.sum_bits(group)) for bits, group in layout.roms.items()]
    groups.append(("sums head", layout.sum_bits([layout.head])))
    return buffers + [memory(name, 2 * layout.lanes, bits, REGISTERS) for name, bits in groups]


def text(expected: dict[str, Any]) -> str:
    """The report as a table for people."""
    lines = [
        expected["note"],
        "",
        f"{'kernel':<20}{'source':<15}{'calls':>6}{'cycles':>9}{'per token':>11}{'mult.':>7}"
        f"{'products/token':>16}{'bits':>12}{'BRAM18':>8}",
    ]
    for one in expected["kernels"]:
        bits, bram = (sum(m[key] for m in one["memories"]) for key in ("bits", "bram18"))
        lines.append(
            f"{one['kernel']:<20}{one['source']:<15}{one['calls_per_token']:>6}{one['cycles_per_call']:>9,}"
            f"{one['cycles_per_token']:>11,}{one['multipliers']:>7}{one['multiplications_per_token']:>16,}"
            f"{bits:>12,}{bram:>8}"
        )
        lines += [f"    loop {x['loop']}: {x['entered']} x {x['trip']} iterations, II {x['ii']}" for x in one["loops"]]
    lines += ["", "buffers"] + [
        f"    {m['memory']}: {m['depth']} x {m['width']} bits, {m['kind']}, {m['bram18']} BRAM18"
        for m in expected["memories"]
    ]
    t = expected["totals"]
    lines += [
        "",
        f"total: {t['cycles_per_token']:,} cycles per token at {t['positions']} positions,"
        f" {t['multipliers']} multipliers, {t['multiplications_per_token']:,} products per token,"
        f" {t['bram36']} BRAM36",
    ]
    return "\n".join(lines) + "\n"
