# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the HLS kernels should cost, from their loops: an expectation. No HLS tool ran.

It stands where a synthesis report would: loops, trip counts, initiation intervals, memories, multipliers,
cycles. Every number follows from the chip's parts and the lanes as the kernels in ``hls/`` are written; memories are
those of ``report_memories``. A part that the chip lacks is not in it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...ops.fixed import MULTIPLIER_BITS
from ...parts import present
from .constants import Layout, Placed
from .report_memories import (
    choice_memories,
    decoder_memories,
    graph_only_memories,
    loop_memories,
    rom_memories,
    value_bits,
)

NOTE = (
    "Expected from the source's loops; no HLS tool ran. Pipeline depths are assumed, timing is unknown; "
    "multiplications of addresses, and what streams and registers take, are not counted."
)
DEPTH = 8  # assumed pipeline depth of a loop: cycles from its last start to its end
WIDE_PORT = 25  # bits of the wider input of a 7-series multiplier; UltraScale+ has 27
NARROW_PORT = 18  # and of the other

Loop = dict[str, Any]
Kernel = dict[str, Any]


def loop(name: str, trip: int, outer: int = 1) -> Loop:
    """A pipelined loop of ``trip`` iterations at II 1, entered ``outer`` times per call."""
    return {"loop": name, "trip": trip, "entered": outer, "ii": 1, "cycles": outer * (trip + DEPTH)}


def kernel(
    name: str, source: str, calls: int, loops: list[Loop], multipliers: int = 0, multiplications: int = 0
) -> Kernel:
    """``multiplications`` is useful work per call: rows and positions that exist, idle lanes not counted.

    Kernels that name the same instance share its hardware.
    """
    per_call = sum(entry["cycles"] for entry in loops)
    return {
        "kernel": name,
        "instance": name,
        "source": source,
        "calls": calls,
        "loops": loops,
        "multipliers": multipliers,
        "multiplications_per_call": multiplications,
        "cycles_per_call": per_call,
        "cycles": per_call * calls,
        "multiplications": multiplications * calls,
    }


def expectation(layout: Layout, positions: int | None = None, best: int = 0) -> dict[str, Any]:
    """The report as data, at ``positions`` cached positions (default: a full context).

    ``kernels`` run once per token, ``per_text`` once per call of the token loop, ``debug`` per token where the
    logits are asked for. ``graph`` is what hls4ml's top, one token per call, has in place of the token loop. ``best``:
    tokens that an extended sampler keeps in order; it has ``choice``, per token drawn with options.
    """
    p = layout.shape.context if positions is None else positions
    kernels = [
        *_embedding(layout),
        _norm(layout, "norm", 2 * layout.shape.layers),
        *(_matrix(layout, m) for m in layout.placed),
        *_of_parts(layout, "projections"),
        *_rope(layout),
        *_attention(layout, p),
        _gate(layout),
        _residual(layout),
        _norm(layout, "norm of head", 1, layout.wiring.final_norm),
        _matrix(layout, layout.head),
        *_of_parts(layout, "head"),
        _sampler(layout),
        kernel("token loop", "token_loop.hpp", 1, [loop("token", 1)]),
    ]
    roms, decoder = rom_memories(layout), decoder_memories(layout)
    memories = roms + decoder + loop_memories(layout) + (choice_memories(layout, best) if best else [])
    graph_memories = graph_only_memories(layout)
    per_text, debug, graph = _per_text(layout), _debug(layout), _graph(layout)
    choice = _choice(layout, best) if best else []
    cycles = _sum(kernels, "cycles")
    totals = {
        "cycles_per_token": cycles,
        "cycles_per_text": _sum(per_text, "cycles"),
        "cycles_per_token_debug": cycles + _sum(debug, "cycles"),
        "cycles_per_token_graph": cycles - kernels[-1]["cycles"] + _sum(graph, "cycles"),
        "multiplications_per_token": _sum(kernels, "multiplications"),
        "multipliers": sum({entry["instance"]: entry["multipliers"] for entry in [*kernels, *choice]}.values()),
        "memory_bits": _sum(memories, "bits"),
        "bram18": _sum(memories, "bram18"),
        "bram18_graph": _sum(roms + decoder + graph_memories, "bram18"),
        "positions": p,
        "lanes": layout.lanes,
    }
    return {
        "note": NOTE,
        "totals": totals,
        "kernels": kernels,
        "per_text": per_text,
        "debug": debug,
        **({"choice": choice} if best else {}),
        "graph": graph,
        "memories": memories,
        "graph_memories": graph_memories,
    }


def _sum(entries: list[dict[str, Any]], key: str) -> int:
    return sum(entry[key] for entry in entries)


# ---------------------------------------------------------------------------------------------------
# Loops and multipliers, kernel by kernel.


def _embedding(layout: Layout) -> list[Kernel]:
    """The token's row, the position's and the norm behind both."""
    d, w = layout.shape.dim, layout.wiring
    kernels = [kernel("embedding", "embedding.hpp", 1, [loop("values", d)], 1, d)]
    if w.positions:
        kernels.append(kernel("positions", "embedding.hpp", 1, [loop("values", d)], 1, d))
    if w.embedding_norm:
        kernels += [
            _norm(layout, "norm of embedding", 1),
            kernel("write back", "norm.hpp", 1, [loop("write back", d)], 2, 2 * d),  # a root per row, as a matrix
        ]
    return kernels


def _norm(layout: Layout, name: str, calls: int, normalizes: bool = True) -> Kernel:
    """The decoder has one instance, the head another, as has the embedding; without a norm nothing is squared."""
    d, squares = layout.shape.dim, 1 if layout.formats.residual <= NARROW_PORT else 2
    loops = [loop("largest and energy", d), loop("shift", d)]
    return kernel(name, "norm.hpp", calls, loops, *((squares, d) if normalizes else (0, 0)))


def _of_parts(layout: Layout, after: str) -> list[Kernel]:
    """Kernels of parts that not every decoder has."""
    kernels = []
    for part in present(layout.wiring):
        for k in part.kernels(layout):
            if k.after == after:
                loops = [loop(name, trip, entered) for name, trip, entered in k.loops]
                entry = kernel(k.name, k.source, k.calls, loops, k.multipliers, k.products)
                kernels.append(entry | {"instance": k.instance or k.name})
    return kernels


def _wide(bits: int) -> int:
    """Multipliers of a product with one factor of at most 18 bits and one of ``bits`` bits."""
    return 1 if bits <= WIDE_PORT else 2


def _matrix(layout: Layout, m: Placed) -> Kernel:
    """Products of the lanes; beside them, root times multiplier and multiplier times sum requantise a row."""
    layers, rooted = (1, True) if m.name == "head" else (layout.shape.layers, m.name not in ("o", "down"))
    group = [m] if m.name == "head" else layout.roms[m.bits]
    drain = min(m.rows, layout.lanes)
    full = max(m.cols, drain)
    entry = kernel(
        f"matvec {m.name}",
        "matvec.hpp",
        layers,
        [loop("columns", full, m.blocks), loop("last rows", drain)],  # the drain of the last block's rows
        layout.lanes + 1 + _wide(layout.sum_bits(group)),
        m.rows * m.cols + m.rows * (2 if rooted else 1),
    )
    entry["instance"] = "matvec head" if m.name == "head" else f"matvec {m.bits} bit"
    entry["lane_use"] = round(m.rows * m.cols / (m.blocks * layout.lanes * full), 3)
    return entry


def _rope(layout: Layout) -> list[Kernel]:
    """Queries and keys: two instances unless they have one form."""
    s, f = layout.shape, layout.formats
    kernels = []
    for name, heads, bits in (("q", s.heads, f.query), ("k", s.kv_heads, f.cache)):
        entry = kernel(
            f"rope {name}",
            "rope.hpp",
            s.layers,
            [loop("values", heads * s.head_dim)],
            4 if s.rotary else 0,
            2 * heads * s.rotary,
        )
        entry["instance"] = f"rope {heads} heads {bits} bit"
        kernels.append(entry)
    return kernels


def _attention(layout: Layout, positions: int) -> list[Kernel]:
    """Of the layers of each window: one call per heads taken together; a position per cycle, head_dim products of
    each head, in both passes, and those of parts that work on scores.
    """
    s, together = layout.shape, layout.together
    values = together * s.head_dim
    more = together * sum(part.score_products for part in present(layout.wiring))
    kernels = []
    for window, layers in sorted(Counter(layout.wiring.windows or (0,) * s.layers).items()):
        visible = min(positions, window or positions)
        loops = [
            loop("query", values),
            loop("scores", visible),
            loop("weighted values", visible),
            loop("divide", values),
        ]
        entry = kernel(
            f"attention in {window}" if window else "attention",
            "attention.hpp",
            layers * s.heads // together,
            loops,
            2 * values + _wide(value_bits(layout)) + more,
            (2 * visible + 1) * values + more * visible,
        )
        entry["instance"] = "attention"
        kernels.append(entry)
    return kernels


def _gate(layout: Layout) -> Kernel:
    """Without a gate the activation's table is all there is."""
    h, layers = layout.shape.hidden, layout.shape.layers
    if not layout.wiring.gated:
        return kernel("activation", "gate.hpp", layers, [loop("look up", h)])
    return kernel("gate", "gate.hpp", layers, [loop("copy", h), loop("values", h)], 1, h)


def _residual(layout: Layout) -> Kernel:
    """Residual additions and the cache's writes: no multiplier, but cycles."""
    s = layout.shape
    write = loop("write a head's word", 1, 2 * s.kv_heads) | {"cycles": 2 * s.kv_heads}  # no loop: one step
    loops = [loop("add", s.dim, 2), loop("gather a head's keys, values", s.head_dim, 2 * s.kv_heads), write]
    return kernel("residual and store", "decoder.hpp", s.layers, loops)


def _sampler(layout: Layout) -> Kernel:
    v = layout.shape.vocab
    return kernel("sampler", "sampler.hpp", 1, [loop("ids", v)], 1, v)


def _choice(layout: Layout, best: int) -> list[Kernel]:
    """A draw with every option: marks of a whole context, two at a time, the ids twice, the best twice, all told."""
    v, context = layout.shape.vocab, layout.shape.context
    draw = [loop("ids", v), loop("weights of the best", best), loop("the best", best), loop("weights", v)]
    around = [loop("no marks", -(-v // 32)), loop("marks", 2 * context), loop("tell", 2 * best)]
    return [
        kernel("choice", "choice.hpp", 1, draw, 6, 3 * v + 2 * best),
        kernel("choice's marks", "choice_draw.hpp", 1, around),
    ]


def _per_text(layout: Layout) -> list[Kernel]:
    """A reset clears every word of the cache; a prompt is read, at most a context of it."""
    s = layout.shape
    return [
        kernel("reset", "decoder.hpp", 1, [loop("clear", s.layers * s.context * s.kv_heads)]),
        kernel("prompt", "token_loop.hpp", 1, [loop("read prompt", s.context)]),
    ]


def _debug(layout: Layout) -> list[Kernel]:
    return [kernel("debug", "token_loop.hpp", 1, [loop("logits out", layout.shape.vocab)])]


def _graph(layout: Layout) -> list[Kernel]:
    """Copies between the layers' streams and their arrays."""
    s = layout.shape
    copies = [
        loop("embedding out", s.dim),
        loop("decoder in", s.dim),
        loop("decoder out", s.dim),
        loop("head in", s.dim),
        loop("head out", s.vocab),
        loop("sampler in", s.vocab),
    ]
    return [kernel("streams", "graph.hpp", 1, copies)]


# ---------------------------------------------------------------------------------------------------


def text(expected: dict[str, Any]) -> str:
    """The report as a table for people."""
    head = f"{'kernel':<20}{'source':<16}{'calls':>6}{'cycles':>9}{'all calls':>11}{'mult.':>7}{'products':>12}"
    lines = [expected["note"]]
    for title, key in (
        ("every token", "kernels"),
        ("every text", "per_text"),
        ("every token whose logits are asked for", "debug"),
        *((("every token drawn with options, behind the sampler's", "choice"),) if "choice" in expected else ()),
        ("every token of hls4ml's graph, in place of the token loop", "graph"),
    ):
        lines += ["", title, head]
        for entry in expected[key]:
            lines.append(
                f"{entry['kernel']:<20}{entry['source']:<16}{entry['calls']:>6}{entry['cycles_per_call']:>9,}"
                f"{entry['cycles']:>11,}{entry['multipliers']:>7}{entry['multiplications']:>12,}"
            )
            lines += [f"    {x['loop']}: {x['entered']} x {x['trip']} iterations, II {x['ii']}" for x in entry["loops"]]
    for title, key in (("memories", "memories"), ("memories of hls4ml's graph", "graph_memories")):
        lines += ["", title] + [
            f"    {m['memory']:<30}{m['copies']:>2} x {m['depth']:>7,} x {m['width']:>5} bits {m['kind']:<10}"
            f"{m['bram18']:>5} BRAM18"
            for m in expected[key]
        ]
    t = expected["totals"]
    lines += [
        "",
        "A ROM is expected once in every function instance that reads it, and counted as wide as it is declared.",
        f"Of a row's multiplier the kernels read {MULTIPLIER_BITS} bits, and of a ROM's word no padding: a tool may "
        "store less.",
        "",
        f"total: {t['cycles_per_token']:,} cycles per token at {t['positions']} positions,"
        f" {t['multipliers']} multipliers, {t['multiplications_per_token']:,} products per token,"
        f" {t['bram18']} BRAM18; {t['cycles_per_text']:,} cycles per text",
    ]
    return "\n".join(lines) + "\n"
