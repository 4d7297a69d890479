# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Find each attention from its Softmax (or Attention operator) and read what it does off values.

requires: linear layers and norms matched.
ensures: an ``AttentionMatch`` per attention, without its output projection; masks read as causal or sliding window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..decoder import Array, Linear, Norm, Rope, visible
from .factor import Factor
from .graph import Graph, Node, Value, fail
from .match_heads import read_side
from .rope import Ints
from .trace import Trace, trace

ALIBI_TOLERANCE = 1e-5  # of a bias: exporters compute it in float32
HIDDEN = -1e4  # an additive mask at or below this hides a position


@dataclass(frozen=True, kw_only=True)
class AttentionMatch:
    """An attention up to its mixed values. ``place`` [H, T, C] is their flat index in tensor ``out``."""

    node: Node
    out: str
    place: Ints
    source: str  # root of the tensor that q, k and v project
    q: Linear
    k: Linear
    v: Linear
    heads: int
    kv_heads: int
    head_dim: int
    scale: float
    rope: Rope | None
    window: int | None
    q_norm: Norm | None
    k_norm: Norm | None
    softcap: float | None
    alibi: Array | None
    masks: tuple[str, ...]
    keeps: tuple[bool, ...]  # per mask: False if a true element hides
    causal: bool  # hides the future on its own, without a mask
    tables: frozenset[str]
    first: bool = True  # of the keys, the first are the tokens; otherwise the last. Others are zeros that masks hide
    room: int | None = None  # keys that a fixed buffer holds, if more than tokens


@dataclass(frozen=True, kw_only=True)
class _Scores:
    """How the softmax input comes from q . k."""

    product: Node
    scale: float
    softcap: float | None
    masks: tuple[str, ...]
    keeps: tuple[bool, ...]
    visible: NDArray[np.bool_]  # [T, keys]
    causal: bool = False
    alibi: Array | None = None  # slopes [1 or H]


def find_attentions(graph: Graph) -> dict[str, AttentionMatch]:
    """All attentions, by the tensor of mixed values that each makes."""
    matches = {}
    for node in graph.nodes:
        if node.op == "Softmax":
            attention = _from_softmax(graph, node)
        elif node.op == "Attention":
            attention = _from_operator(graph, node)
        else:
            continue
        matches[attention.out] = attention
    return matches


# ---------------------------------------------------------------------------------------------------
# Softmax(q @ k.T * scale + mask) @ v.


def _from_softmax(graph: Graph, node: Node) -> AttentionMatch:
    shape = graph.shape(node.outputs[0])
    last = int(node.attrs.get("axis", -1)) % len(shape) == len(shape) - 1
    if not last or shape[-2:-1] != (graph.length,) or shape[-1] < graph.length:
        fail(node, f"a softmax over shape {list(shape)} is no self-attention over {graph.length} tokens")
    scores = _scores(graph, node)
    mix = graph.only_user(node.outputs[0])
    if mix is None or mix.op != "MatMul" or graph.root(mix.inputs[0]) != node.outputs[0]:
        fail(node, "its weights are not multiplied with values right behind it")
    q, k, v = (trace(graph, name) for name in (*scores.product.inputs, mix.inputs[1]))
    k = k.map(lambda t: t.swapaxes(-3, -2))
    lead = graph.shape(mix.outputs[0])[:-2]
    place = np.arange(int(np.prod(graph.shape(mix.outputs[0])))).reshape(-1, *graph.shape(mix.outputs[0])[-2:])
    parts = [_flat_heads(part, lead) for part in (q, k, v)]
    return _assemble(graph, node, mix.outputs[0], place, parts, scores)


def _flat_heads(part: Trace, lead: tuple[int, ...]) -> Trace:
    """[..., T, C, K] spread over the leading axes ``lead`` and flattened to [H, T, C, K]."""
    return part.map(lambda t: np.broadcast_to(t, (*lead, *t.shape[-3:])).reshape(-1, *t.shape[-3:]))


def _scores(graph: Graph, softmax: Node) -> _Scores:
    """Walk back from the softmax to q . k through scales, masks and a soft cap."""
    total = graph.shape(softmax.outputs[0])[-1]
    visible_keys = np.ones((graph.length, total), bool)
    masks: list[tuple[str, bool]] = []
    scale, softcap, alibi = 1.0, None, None
    node = graph.maker(softmax.inputs[0])
    while node is not None:
        if node.op == "MatMul" and not any(name in graph.constants for name in node.inputs):
            if not masks:
                fail(softmax, "no causal mask in front of it; hardwire takes decoders only")
            names, keeps = zip(*masks, strict=True)
            return _Scores(
                product=node,
                scale=scale * (softcap or 1.0),
                softcap=softcap,
                masks=names,
                keeps=keeps,
                visible=visible_keys,
                alibi=alibi,
            )
        inside = node.inputs[0]
        if node.op in ("Add", "Where"):
            inside, mask, keep = _mask(graph, node)
            value = graph.constants[mask]
            visible_keys &= read_mask(node, value if keep else ~value, graph.length, total)
            slopes = read_slopes(value, graph.length, total)
            if slopes is not None and (softcap is not None or alibi is not None):
                fail(node, "adds a second bias to the scores, or one that a soft cap follows, which is not supported")
            alibi = alibi if slopes is None else slopes * np.float32(scale)
            masks.append((mask, keep))
        elif node.op in ("Mul", "Div"):
            inside, factor = _factor(graph, node)
            scale *= factor
        elif node.op == "Tanh" and softcap is None:
            softcap, scale = scale, 1.0
        elif node.op != "Reshape":
            fail(node, "not understood between q . k and the softmax")
        node = graph.maker(inside)
    fail(softmax, "no product of queries and keys in front of it")


def _factor(graph: Graph, node: Node) -> tuple[str, float]:
    pair = graph.split(node)
    value = graph.scalar(pair[1]) if pair else None
    if pair is None or not value or (node.op == "Div" and node.inputs[0] == pair[1]):
        fail(node, "attention scores are scaled by something that is no constant number")
    return pair[0], value if node.op == "Mul" else 1 / value


def _mask(graph: Graph, node: Node) -> tuple[str, str, bool]:
    """(scores, mask constant, whether its true or zero elements stay visible) of an Add or Where."""
    if node.op == "Add":
        pair = graph.split(node)
        if pair is None:
            fail(node, "attention scores are added to something that is no constant mask")
        return pair[0], pair[1], True
    chosen, yes, no = node.inputs
    if chosen not in graph.constants or (yes in graph.constants) == (no in graph.constants):
        fail(node, "attention scores are masked by something that is no constant")
    scores, masked = (yes, no) if no in graph.constants else (no, yes)
    if not bool((graph.constants[masked] <= HIDDEN).all()):
        fail(node, f"masked scores become {graph.constants[masked].max()}, not minus infinity")
    return scores, chosen, scores == yes


def read_mask(node: Node, mask: Value, length: int, total: int | None = None) -> NDArray[np.bool_]:
    """[T, keys] visible keys of a boolean or additive mask that is the same for all heads, but for ALiBi."""
    total = total or length
    if mask.dtype != np.bool_:
        bias, slopes = _biases(mask, length, total), read_slopes(mask, length, total)
        if slopes is not None:
            slope, place = slopes[:, None, None], np.arange(total, dtype=np.float32)
            first = np.take_along_axis(bias, (bias > HIDDEN).argmax(-1)[..., None], -1)  # of each query's keys
            ramp = first + slope * (place - (bias > HIDDEN).argmax(-1)[..., None])
            near = np.isclose(bias, ramp, rtol=ALIBI_TOLERANCE, atol=ALIBI_TOLERANCE * float(slopes.max()))
            if not bool((near | (bias <= HIDDEN)).all()):
                fail(
                    node,
                    "adds position-dependent numbers other than ALiBi's to the scores, which is not supported",
                )
        mask = mask > HIDDEN
    mask = np.broadcast_to(mask, np.broadcast_shapes(mask.shape, (length, total)))
    flat = mask.reshape(-1, length, total)
    if bool((flat != flat[0]).any()):
        fail(node, "the heads have different masks, which is not supported")
    return np.asarray(flat[0], np.bool_)


def of_tokens(node: Node, visible_keys: NDArray[np.bool_], first: bool) -> NDArray[np.bool_]:
    """[T, T] of what is seen of [T, keys]; the other keys are those of a fixed cache, which must be hidden."""
    length, total = visible_keys.shape
    start = 0 if first else total - length
    columns = np.zeros(total, bool)
    columns[start : start + length] = True
    if bool(visible_keys[:, ~columns].any()):
        fail(node, f"its mask shows {total - length} keys of its fixed cache that no token has written")
    return visible_keys[:, columns]


def _biases(mask: Value, length: int, total: int) -> Value:
    """An additive mask as [1 or H, T, keys]."""
    return np.broadcast_to(mask, np.broadcast_shapes(mask.shape, (length, total))).reshape(-1, length, total)


def read_slopes(mask: Value, length: int, total: int) -> Array | None:
    """The slopes [1 or H] of an additive mask, per position that a key comes later; None where it only hides.

    Of each head the first and the last key that its last query sees tell it: over a long way float32's rounding does
    not count. ``read_mask`` holds all others against that.
    """
    if mask.dtype == np.bool_ or not bool(((mask > HIDDEN) & (mask != 0)).any()):
        return None
    last = _biases(mask, length, total)[:, -1].astype(np.float64)  # [1 or H, keys]
    seen = np.flatnonzero(last[0] > HIDDEN)
    first, behind = (int(seen[0]), int(seen[-1])) if len(seen) else (0, 0)
    return np.ascontiguousarray((last[:, behind] - last[:, first]) / max(behind - first, 1), np.float32)


def read_window(node: Node, visible_keys: NDArray[np.bool_]) -> int | None:
    """The sliding window behind a visibility table, None for plain causal."""
    length = len(visible_keys)
    reach = int(visible_keys.sum(-1).max())
    window = None if reach == length else reach
    if not np.array_equal(visible_keys, visible(length, window)):
        row = int(np.argmax((visible_keys != visible(length, window)).any(-1)))
        fail(
            node,
            f"its mask is neither causal nor a sliding window: query {row} sees {np.flatnonzero(visible_keys[row])}",
        )
    return window


# ---------------------------------------------------------------------------------------------------
# The Attention operator of opset 23.


def _from_operator(graph: Graph, node: Node) -> AttentionMatch:
    names = [*node.inputs, "", "", ""][:6]
    for past in filter(None, names[4:6]):
        if 0 not in graph.shape(past):
            fail(node, f"its past {past!r} is not empty")
    total = graph.shape(names[1])[-2]
    visible_keys, masks, alibi = np.ones((graph.length, total), bool), names[3:4] if names[3] else [], None
    if names[3]:
        if names[3] not in graph.constants:
            fail(node, "its mask depends on the tokens")
        visible_keys = read_mask(node, graph.constants[names[3]], graph.length, total)
        alibi = read_slopes(graph.constants[names[3]], graph.length, total)
    causal = bool(node.attrs.get("is_causal", 0))
    if causal:
        visible_keys = visible_keys & np.tri(len(visible_keys), total, dtype=np.bool_)
    elif not masks:
        fail(node, "it has no causal mask; hardwire takes decoders only")
    flat = len(graph.shape(node.inputs[0])) == 3
    parts = []
    for name, attr in zip(names, ("q_num_heads", "kv_num_heads", "kv_num_heads"), strict=False):
        part, heads = trace(graph, name), int(node.attrs.get(attr, 0))
        parts.append(_fold_operand(part, heads) if flat else _flat_heads(part, part.index.shape[:-3]))
    heads, length, dim = parts[0].index.shape[:3]
    place = np.arange(heads * length * dim).reshape(heads, length, dim)
    if flat:
        place = np.arange(heads * length * dim).reshape(length, heads, dim).swapaxes(0, 1)
    scale = float(node.attrs.get("scale", 0.0)) or dim**-0.5
    softcap = float(node.attrs.get("softcap", 0.0)) or None
    scores = _Scores(
        product=node,
        scale=scale,
        softcap=softcap,
        masks=tuple(masks),
        keeps=(True,) * len(masks),
        visible=visible_keys,
        causal=causal,
        alibi=alibi,
    )
    return _assemble(graph, node, node.outputs[0], place, parts, scores)


def _fold_operand(part: Trace, heads: int) -> Trace:
    """[1, T, heads * C, K] to [heads, T, C, K]."""
    return part.map(lambda t: t.reshape(t.shape[1], heads, -1, t.shape[-1]).swapaxes(0, 1))


# ---------------------------------------------------------------------------------------------------
# Both.


def _assemble(
    graph: Graph,
    node: Node,
    out: str,
    place: Ints,
    parts: list[Trace],
    scores: _Scores,
) -> AttentionMatch:
    first = _first(node, parts[1], graph.length)
    visible_keys = of_tokens(node, scores.visible, first)
    parts = [parts[0], *(_tokens(part, graph.length, first) for part in parts[1:])]
    sides = [read_side(graph, node, role, part) for role, part in zip(("query", "key", "value"), parts, strict=True)]
    q, k, v = (side.heads for side in sides)
    heads, dim = q.rows.shape
    groups, kv_heads = _groups(node, k.rows, v.rows, heads)
    if v.rope is not None:
        fail(node, "its values are rotated, which is not supported")
    if sides[2].norm is not None:
        fail(node, "its values go through a norm of their own, which is not supported")
    if (q.rope is None) != (k.rope is None) or not _same_rope(q.rope, k.rope):
        fail(node, "queries and keys are rotated differently")
    if len({side.source for side in sides}) > 1:
        fail(node, f"queries, keys and values come from different tensors: {[side.source for side in sides]}")
    rows = (q.rows, k.rows[groups], v.rows[groups])
    layers = [pick(side.layer, row.reshape(-1)) for side, row in zip(sides, rows, strict=True)]
    if v.scale != 1:
        layers[2] = Factor(v.scale).of_linear(layers[2])
    alibi = None if scores.alibi is None else np.resize(scores.alibi, heads)
    scale = scores.scale * q.scale * k.scale
    if np.isclose(scale, dim**-0.5, rtol=1e-6):
        scale = dim**-0.5  # the exporter stored factors of it in float32
    return AttentionMatch(
        node=node, out=out, place=place, source=sides[0].source, q=layers[0], k=layers[1], v=layers[2],
        heads=heads, kv_heads=kv_heads, head_dim=dim, scale=scale, rope=q.rope,
        window=read_window(node, visible_keys), q_norm=sides[0].norm, k_norm=sides[1].norm,
        softcap=scores.softcap, alibi=alibi, masks=scores.masks, keeps=scores.keeps, causal=scores.causal,
        tables=sides[0].tables | sides[1].tables, first=first,
        room=scores.visible.shape[1] if first and scores.visible.shape[1] > graph.length else None,
    )  # fmt: skip


def _first(node: Node, keys: Trace, length: int) -> bool:
    """Whether the tokens are the first of the keys [H, keys, C, K], not the last."""
    filled = np.flatnonzero((keys.coef != 0).any((0, 2, 3)))
    total = keys.coef.shape[1]
    for first, start in ((True, 0), (False, total - length)):
        if np.array_equal(filled, np.arange(start, start + length)):
            return first
    fail(node, f"of its {total} keys {len(filled)} are tokens, neither the first nor the last {length}")


def _tokens(part: Trace, length: int, first: bool) -> Trace:
    return part.map(lambda t: t[:, :length] if first else t[:, t.shape[1] - length :])


def _groups(node: Node, k: Ints, v: Ints, heads: int) -> tuple[Ints, int]:
    """First of each run of equal key/value heads, and their number."""
    keys_values = np.concatenate([k, v], axis=1)
    starts = np.r_[0, np.flatnonzero((keys_values[1:] != keys_values[:-1]).any(1)) + 1]
    count = len(starts)
    if heads % count or not np.array_equal(
        keys_values, np.repeat(keys_values[starts], len(keys_values) // count, axis=0)
    ):
        fail(node, f"{heads} query heads do not share {count} key/value heads evenly, in order")
    return starts, count


def _same_rope(a: Rope | None, b: Rope | None) -> bool:
    if a is None or b is None:
        return a is b
    same = a.interleaved == b.interleaved and a.inv_freq.shape == b.inv_freq.shape
    # Both were fitted to float32 tables.
    return same and bool(np.allclose(a.inv_freq, b.inv_freq, rtol=1e-5, atol=1e-7))


def pick(layer: Linear, rows: Ints, columns: Ints | None = None) -> Linear:
    """Rows and columns of a layer, in one contiguous copy."""
    weight = layer.weight
    if not np.array_equal(rows, np.arange(len(weight))):
        weight = weight[rows]
    if columns is not None and not np.array_equal(columns, np.arange(weight.shape[1])):
        weight = weight[:, columns]
    bias = None if layer.bias is None else np.ascontiguousarray(layer.bias[rows], np.float32)
    return Linear(np.ascontiguousarray(weight, np.float32), bias)
