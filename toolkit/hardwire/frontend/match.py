# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Put the pieces together: walk the residual stream back from the logits to the embedding.

requires: a Graph as frozen.
ensures: ``Matched``: the decoder, and which ONNX tensors its stages are, for localising a difference.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from ..decoder import Array, Attention, Block, Decoder, Linear, Mlp, Norm
from .factor import Factor, peel
from .graph import Graph, Node, fail
from .match_attention import AttentionMatch, find_attentions, pick
from .match_mlp import match_mlp
from .match_norm import match_norms
from .simplify import simplify
from .trace import trace

SCALED_STREAM = "the residual stream itself is scaled between blocks, which is not supported"


@dataclass(frozen=True)
class Matched:
    """A decoder, and where its parts stand in the graph."""

    decoder: Decoder  # ``context`` is the frozen length until the importer knows better
    stages: dict[str, str]  # observer stage of decoder.forward -> ONNX tensor
    attentions: tuple[AttentionMatch, ...]  # in layer order
    positions: str | None  # constant with the learned positions


@dataclass(frozen=True, kw_only=True)
class _Branch:
    """One addend of the residual stream: norm, attention or MLP, maybe a norm behind."""

    name: str
    norm: Norm
    source: str  # root of the tensor that is normalised
    match: AttentionMatch | None
    attention: Attention | None
    mlp: Mlp | None
    post_norm: Norm | None


def match(graph: Graph) -> Matched:
    """Recognise the decoder in a frozen graph, which is changed on the way. Raises ModelError for any other model."""
    output = graph.logits
    simplify(graph)
    match_norms(graph)
    _refuse_output(graph, output)
    attentions = find_attentions(graph)
    if not attentions:
        fail(
            graph.maker(graph.logits),
            "no attention found in the model; hardwire takes decoder-only transformers",
        )
    softcap, head, final_norm, stream = _ending(graph)
    blocks: list[Block] = []
    used: list[AttentionMatch] = []
    stages: dict[str, str] = {}
    while True:
        step = _block(graph, attentions, stream)
        if step is None:
            break
        block, attention, after, before = step
        blocks.append(block)
        used.append(attention)
        stages[f"-{len(blocks)}.x"] = stream
        if not block.parallel:
            stages[f"-{len(blocks)}.attn_x"] = after
        stream = before
    inner = graph.source(peel(graph, stream, Factor())[1])
    if inner is not graph.source(stream) and inner is not None and inner.op in ("Add", "Sub"):
        fail(inner, SCALED_STREAM)
    if len(used) != len(attentions):
        stray = next(matching.node for matching in attentions.values() if matching not in used)
        fail(stray, "an attention outside of the residual blocks, which is not supported")
    table, positions, position_name, embedding_norm = _beginning(graph, stream)
    layers = len(blocks)
    stages = {f"L{layers - int(key[1:].split('.')[0])}.{key.split('.')[1]}": name for key, name in stages.items()}
    tied = head.bias is None and np.array_equal(head.weight, table)
    decoder = Decoder(
        embedding=table,
        blocks=tuple(reversed(blocks)),
        final_norm=final_norm,
        head=Linear(table) if tied else head,
        context=graph.length,
        positions=positions,
        embedding_norm=embedding_norm,
        logit_softcap=softcap,
        architecture="decoder",
        tied=tied,
    )
    return Matched(decoder, {"embed": stream, **stages}, tuple(reversed(used)), position_name)


# ---------------------------------------------------------------------------------------------------
# Both ends.


def _refuse_output(graph: Graph, name: str) -> None:
    """Outputs that are not logits, each by what it is."""
    node = graph.source(graph.logits)
    if node is None:
        return
    if node.op in ("Softmax", "LogSoftmax"):
        fail(node, f"the output {name!r} is probabilities, not logits; export the model without its last softmax")
    if node.op in ("ArgMax", "TopK"):
        fail(node, f"the output {name!r} is the tokens chosen, not logits; export the logits")
    if node.op == "Norm" or (node.op == "Add" and graph.split(node) is None):
        width = graph.shape(graph.logits)[-1]
        fail(
            node,
            f"the output {name!r} is hidden states of width {width} without an output head; export the "
            "causal language model, not its body",
        )


def _ending(graph: Graph) -> tuple[float | None, Linear, Norm | None, str]:
    """(logit softcap, head, final norm, root of the residual stream) from the logits backwards.

    A sum in front of the head is the stream itself, read without a norm.
    """
    node, softcap, scale = graph.source(graph.logits), None, 1.0
    while node is not None and node.op in ("Mul", "Div", "Tanh"):
        inside = node.inputs[0]
        if node.op == "Tanh" and softcap is None:
            softcap, scale = scale, 1.0
        else:
            pair = graph.split(node)
            factor = graph.scalar(pair[1]) if pair else None
            if pair is None or not factor or node.op == "Tanh":
                fail(node, "not understood behind the output head")
            inside, scale = pair[0], scale * (factor if node.op == "Mul" else 1 / factor)
        node = graph.source(inside)
    if softcap is not None:
        scale *= softcap
    if node is None or node.op != "Linear":
        fail(node, "the logits do not come from a linear output head", graph.logits)
    if np.prod(graph.shape(graph.logits)[:-1]) != graph.length:
        fail(
            node,
            f"makes logits of shape {list(graph.shape(graph.logits))}, not one row for each of the "
            f"{graph.length} tokens; export without keeping only the last",
        )
    head = pick(node.attrs["layer"], np.arange(len(node.attrs["layer"].weight)))
    scaled, hidden = peel(graph, node.inputs[0], Factor())
    if not np.isclose(scale, 1.0, rtol=1e-7):  # closer than float32 can tell
        head = Linear(head.weight * np.float32(scale), None if head.bias is None else head.bias * np.float32(scale))
    norm = graph.source(hidden)
    if norm is not None and norm.op == "Add" and scaled.idle:
        return softcap, head, None, hidden
    if norm is None or norm.op != "Norm":
        fail(norm or node, "a norm or the residual stream was expected in front of the output head")
    return softcap, head, scaled.of_norm(norm.attrs["norm"], head.weight.shape[1]), graph.root(norm.inputs[0])


def _beginning(graph: Graph, name: str) -> tuple[Array, Array | None, str | None, Norm | None]:
    """(embedding table, learned positions, their constant's name, norm) of the embedded tokens."""
    node = graph.source(name)
    norm = positions = position_name = None
    if node is not None and node.op == "Norm":
        norm, node = node.attrs["norm"], graph.source(node.inputs[0])
    same: Array | float = 0.0  # added to every token
    while node is not None and node.op == "Add" and (pair := graph.split(node)) is not None:
        added = graph.constants[pair[1]]
        if added.size not in (graph.length * added.shape[-1], added.shape[-1]):
            fail(node, f"adds a constant of shape {list(added.shape)} to the embedding, which are no positions")
        rows = np.ascontiguousarray(added.reshape(-1, added.shape[-1]), np.float32)
        if bool((rows == rows[0]).all()):
            same = same + rows[0]
        elif positions is None:
            position_name, positions = pair[1], rows
        else:
            fail(node, "adds a second table of positions to the embedding, which is not supported")
        node = graph.source(pair[0])
    scale = 1.0
    while node is not None and node.op in ("Mul", "Div") and (pair := graph.split(node)) is not None:
        factor = graph.scalar(pair[1])
        if not factor:
            break
        scale *= factor if node.op == "Mul" else 1 / factor
        node = graph.source(pair[0])
    if node is None or node.op != "Gather" or node.attrs.get("axis", 0) != 0:
        fail(node, "neither a recognised block (norm, attention or MLP, residual add) nor the embedding", name)
    table = graph.constants.get(node.inputs[0])
    if table is None or table.ndim != 2 or graph.root(node.inputs[1]) != graph.ids:
        fail(node, "no look-up of the token ids in a table [vocabulary, width]")
    table = np.ascontiguousarray(table, np.float32)
    table = table if scale == 1.0 else table * np.float32(scale)
    table = table if isinstance(same, float) else np.asarray(table + same, np.float32)
    return table, positions, position_name, norm


# ---------------------------------------------------------------------------------------------------
# Blocks.


def _block(
    graph: Graph,
    attentions: dict[str, AttentionMatch],
    stream: str,
) -> tuple[Block, AttentionMatch, str, str] | None:
    """(block, its attention, stream behind the attention, stream in front) that ends in ``stream``."""
    branches, before, after = _last_branches(graph, attentions, stream)
    if not branches:
        return None
    kinds = sorted("attention" if branch.match else "mlp" for branch in branches)
    node = graph.source(stream)
    if kinds != ["attention", "mlp"]:
        fail(node, f"a residual block of {' and '.join(kinds)}, where one attention and one MLP were expected")
    mixer, mlp_branch = sorted(branches, key=lambda branch: branch.match is None)
    assert mixer.attention is not None and mixer.match is not None and mlp_branch.mlp is not None
    if mixer.source != before:
        fail(node, f"its attention reads {mixer.source!r}, not the residual stream {before!r}")
    parallel = mlp_branch.source == before
    if not parallel and mlp_branch.source != after:
        fail(node, f"its MLP reads {mlp_branch.source!r}, not the residual stream {after!r}")
    shared = parallel and mlp_branch.norm is mixer.norm
    block = Block(
        attention_norm=mixer.norm,
        attention=mixer.attention,
        mlp=mlp_branch.mlp,
        mlp_norm=None if shared else mlp_branch.norm,
        parallel=parallel,
        attention_post_norm=mixer.post_norm,
        mlp_post_norm=mlp_branch.post_norm,
    )
    return block, mixer.match, after, before


def _last_branches(
    graph: Graph,
    attentions: dict[str, AttentionMatch],
    stream: str,
) -> tuple[list[_Branch], str, str]:
    """The last two addends, the stream in front of both and the stream in front of the second."""
    node = graph.source(stream)
    if node is None or node.op not in ("Add", "Sub") or graph.split(node) is not None:
        return [], stream, stream
    _refuse_post_norm(graph, node)
    for (branch, sign), beneath in _addends(graph, node):  # sequential: beneath is a stream that ends in another branch
        last = _branch(graph, attentions, branch, Factor(sign))
        inner = graph.source(beneath)
        if last is None or inner is None or inner.op not in ("Add", "Sub") or graph.split(inner) is not None:
            continue
        _refuse_post_norm(graph, inner)
        for (name, sign), before in _addends(graph, inner):
            first = _branch(graph, attentions, name, Factor(sign))
            if first is not None:
                return [last, first], before, beneath
    for (pair, sign), beneath in _addends(graph, node):  # parallel: the sum of two branches is added
        factor, name = peel(graph, pair, Factor(sign))
        inner = graph.source(name)
        if inner is None or inner.op != "Add" or factor.shift is not None:
            continue
        addends = [_branch(graph, attentions, name, factor) for name in inner.inputs]
        if addends[0] is not None and addends[1] is not None:
            return [addends[0], addends[1]], beneath, beneath
    if any(peel(graph, name, Factor())[1] != name for name in map(graph.root, node.inputs)):
        fail(node, SCALED_STREAM)
    fail(node, "a residual add whose operands are no recognised attention or MLP branch")


def _addends(graph: Graph, node: Node) -> list[tuple[tuple[str, float], str]]:
    """((branch, its sign), rest) of an addition both ways round, and of a difference."""
    first, second = (graph.root(name) for name in node.inputs)
    if node.op == "Sub":
        return [((second, -1.0), first)]
    return [((first, 1.0), second), ((second, 1.0), first)]


def _refuse_post_norm(graph: Graph, node: Node) -> None:
    """A stream that is normalised itself, as in the first Transformer, BERT and GPT-1."""
    for name in node.inputs:
        norm = graph.source(name)
        inner = graph.source(norm.inputs[0]) if norm is not None and norm.op == "Norm" else None
        if norm is not None and inner is not None and inner.op in ("Add", "Sub") and graph.split(inner) is None:
            fail(
                norm,
                "a post-norm block: it normalises the residual stream itself behind each addition; hardwire takes "
                "pre-norm blocks, whose norms stand in front of attention and MLP",
            )


def _branch(graph: Graph, attentions: dict[str, AttentionMatch], name: str, factor: Factor) -> _Branch | None:
    """The attention or MLP that, times ``factor``, makes ``name``; None if no linear layer (and norm) does."""
    factor, name = peel(graph, name, factor)
    node = graph.source(name)
    post_norm = None
    if node is not None and node.op == "Norm":
        post_norm = factor.of_norm(node.attrs["norm"], graph.shape(name)[-1])
        factor, inside = peel(graph, node.inputs[0], Factor())
        node = graph.source(inside)
    if node is None or node.op != "Linear":
        return None
    attended = attentions.get(trace(graph, node.inputs[0]).base)
    attention = mlp = None
    if attended is not None:
        attention, source = _attention(graph, node, attended), attended.source
        attention = replace(attention, o=factor.of_linear(attention.o))
    else:
        mlp, source = match_mlp(graph, node)
        mlp = replace(mlp, down=factor.of_linear(mlp.down))
    scaled, inside = peel(graph, source, Factor())
    norm = graph.source(inside)
    if norm is None or norm.op != "Norm":
        fail(
            norm or node,
            "attention and MLP read the residual stream without a norm in front, as in OLMo 2 and EXAONE 4, which is "
            "not supported; only pre-norm blocks are"
            if post_norm is not None
            else "a norm was expected in front of the attention or MLP; only pre-norm blocks are supported",
        )
    front = scaled.of_norm(norm.attrs["norm"], graph.shape(inside)[-1])
    return _Branch(
        name=name,
        norm=front,
        source=graph.root(norm.inputs[0]),
        match=attended,
        attention=attention,
        mlp=mlp,
        post_norm=post_norm,
    )


def _attention(graph: Graph, out: Node, attended: AttentionMatch) -> Attention:
    """The attention with its output projection ``out``, whose columns are put in head order."""
    part = trace(graph, out.inputs[0])
    index = part.index.reshape(graph.length, -1)
    column = np.empty(attended.place.size, np.int64)
    column[index.reshape(-1)] = np.tile(np.arange(index.shape[1]), graph.length)
    columns = column[attended.place]  # [H, T, C]
    tokens = np.empty(attended.place.size, np.int64)
    tokens[index.reshape(-1)] = np.repeat(np.arange(graph.length), index.shape[1])
    straight = bool((tokens[attended.place] == np.arange(graph.length)[None, :, None]).all())
    scale = part.coef.reshape(graph.length, -1) if part.coef.shape[-1] == 1 else np.zeros((2, 1))
    if not straight or bool((scale != scale[0]).any()) or not scale.any():
        fail(out, "mixed values are moved between tokens or scaled by token in front of it, which is not supported")
    layer: Linear = out.attrs["layer"]
    if bool((scale[0] != 1).any()):
        layer = Linear(np.asarray(layer.weight * scale[0], np.float32), layer.bias)
    o = pick(layer, np.arange(len(layer.weight)), columns[:, 0].reshape(-1))
    return Attention(o=o, **{f.name: getattr(attended, f.name) for f in fields(Attention) if f.name != "o"})


def family(decoder: Decoder) -> str:
    """Which family the wiring belongs to; a label for people, nothing decides by it."""
    block = decoder.blocks[0]
    attention = block.attention
    if decoder.positions is not None:
        return "opt" if block.mlp.activation == "relu" else "gpt2"
    if block.parallel and attention.q.bias is None:
        return "falcon"
    if block.parallel:
        return "phi" if block.mlp_norm is None else "gpt-neox"
    if block.mlp.activation == "relu2" and attention.q_norm is not None:
        return "nanochat"
    if block.attention_norm.kind != "rms" or block.mlp.gate is None:
        return "decoder"
    if block.attention_post_norm is not None:
        return "gemma3" if attention.q_norm is not None else "gemma2"
    if attention.q_norm is not None:
        return "qwen3"
    if block.mlp.activation != "silu":
        return "gemma"
    if attention.q.bias is not None and attention.o.bias is None:
        return "qwen2"
    return "mistral" if attention.window is not None else "llama"
