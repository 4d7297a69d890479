# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How many positions the model was made for, and what its tables and masks say over all of them.

The graph was read at a short length. Here the constants behind masks, rotary tables and learned positions
are made again at the whole context: a window longer than the short length shows up only then.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..chip.format import LARGEST_DIMENSION
from ..decoder import Block, Decoder, Rope
from ..errors import ModelError
from .freeze import execute
from .graph import Graph, Value, ancestors
from .inputs import Inputs, make_feeds
from .load import Source
from .match import Matched
from .match_attention import AttentionMatch, of_tokens, read_mask, read_window
from .rope import table_tolerance

DEFAULT = 2048
MOST_COLUMNS = 256  # of a stored table that are looked at
PROBED = 8192  # masks grow with the square of the length; a window of 4096 shows


def resolve(
    source: Source, inputs: Inputs, graph: Graph, matched: Matched, context: int | None
) -> tuple[int, list[str]]:
    """The context and notes on where it comes from. The tables' length is a limit, the rest a hint."""
    limit, why = _limit(source, inputs, graph, matched)
    if context is not None:
        if not 2 <= context <= LARGEST_DIMENSION:
            raise ModelError(f"{source.path}: context={context}; ask for 2 to {LARGEST_DIMENSION} positions")
        if limit is not None and context > limit:
            raise ModelError(f"{source.path}: context={context}, but {why} end at {limit}; ask for that or less")
        return context, [f"context {context}: as asked"]
    if limit is not None:
        return _clipped(limit, f"{why} end there")
    config = source.path.parent / "config.json"
    configured = _configured(config)
    if configured is not None:
        return _clipped(configured, f"max_position_embeddings of {config.name} beside the model")
    return DEFAULT, [f"context {DEFAULT}: the model sets no limit, so the default; give context= for another"]


def _clipped(positions: int, why: str) -> tuple[int, list[str]]:
    if positions <= LARGEST_DIMENSION:
        return positions, [f"context {positions}: {why}"]
    return LARGEST_DIMENSION, [f"context {LARGEST_DIMENSION}: the most that a chip may have; {positions}: {why}"]


def _json(path: Path) -> dict[str, Any]:
    """A file beside the model; empty where there is none."""
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_bytes()[: 2**20])
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not JSON ({error}); remove it or give context=") from error
    return values if isinstance(values, dict) else {}


def _configured(path: Path) -> int | None:
    config = _json(path)
    positions = config.get("max_position_embeddings", config.get("n_positions"))
    if positions is None:
        return None
    if not isinstance(positions, int) or isinstance(positions, bool) or positions < 2:
        raise ModelError(f"{path}: max_position_embeddings is {positions!r}, no position count; give context=")
    return positions


def window_beside(source: Source, decoder: Decoder) -> list[str]:
    """A note where a file beside the model tells of a sliding window, and the model itself has none.

    onnxruntime-genai leaves it to the one who runs the model, in genai_config.json.
    """
    if any(block.attention.window is not None for block in decoder.blocks):
        return []
    config, sizes = _json(source.path.parent / "config.json"), {}
    if config.get("use_sliding_window", True):
        sizes["config.json"] = config.get("sliding_window")
    inner: Any = _json(source.path.parent / "genai_config.json")
    for key in ("model", "decoder", "sliding_window", "window_size"):
        inner = inner.get(key) if isinstance(inner, dict) else None
    sizes["genai_config.json"] = inner
    return [
        f"{name} beside the model tells of a sliding window of {size}, which is not in the file: taken without"
        for name, size in sizes.items()
        if isinstance(size, int) and size < decoder.context
    ]


def _limit(source: Source, inputs: Inputs, graph: Graph, matched: Matched) -> tuple[int | None, str]:
    limits = []
    if inputs.static is not None:
        limits.append((inputs.static, "its fixed-length inputs"))
    limits += [(match.room, "its buffers for keys and values") for match in matched.attentions if match.room]
    if matched.positions is not None:
        limits.append((_position_rows(source, graph, matched.positions), "its learned positions"))
    for name in sorted({name for match in matched.attentions for name in match.tables}):
        rows = len(source.weights[name]) if _is_whole(source, graph, name) else _table_rows(source, graph, name)
        if rows is not None:
            limits.append((rows, "its rotary tables"))
    return min(limits, default=(None, ""))


def _weights_behind(source: Source, name: str) -> list[Value]:
    names = ancestors(source.makers(), [name])
    return [source.weights[weight] for weight in sorted(names & source.weights.keys())]


def _position_rows(source: Source, graph: Graph, name: str) -> int:
    """Rows of the learned table from position 0 on (OPT starts at row 2)."""
    used = graph.constants[name].reshape(graph.length, -1)
    for table in _weights_behind(source, name):
        if table.ndim >= 2 and table.dtype.kind == "f" and table.shape[-1] == used.shape[1]:
            rows = table.reshape(-1, table.shape[-1])
            first = np.flatnonzero((rows == used[0]).all(1))
            if len(first) and np.array_equal(rows[first[0] : first[0] + graph.length], used):
                return len(rows) - int(first[0])
    raise ModelError(f"{source.path}: positions {name!r} are no rows of a learned table: not supported")


def _is_whole(source: Source, graph: Graph, name: str) -> bool:
    """A stored table [positions, angles] that an operator looks positions up in by itself."""
    stored = source.weights.get(name)
    return stored is not None and stored.ndim == 2 and len(stored) > graph.length


def _table_rows(source: Source, graph: Graph, name: str) -> int | None:
    """Rows of the stored table that a rotary factor was cut from; None if it is computed."""
    if graph.length not in graph.constants[name].shape:
        return None
    used = _by_position(graph.constants[name], graph.length)
    for table in _weights_behind(source, name):
        stored = np.squeeze(table)
        if stored.ndim not in (2, 3) or stored.dtype.kind != "f" or len(stored) < graph.length:
            continue
        columns = stored[: graph.length].reshape(graph.length, -1)[:, :MOST_COLUMNS].astype(np.float64)
        columns = columns[:, np.isfinite(columns).all(0)]
        # Float32 of another library's cosine: some units in the last place.
        waves = (columns, np.cos(columns), np.sin(columns))
        if any(np.isclose(wave, used[:, :1], atol=1e-6).all(0).any() for wave in waves):
            return len(stored)
    return None


def _by_position(table: Value, length: int) -> Value:
    """A table with an axis of ``length`` tokens, as [T, everything else]."""
    return np.moveaxis(table, table.shape.index(length), 0).reshape(length, -1)


# ---------------------------------------------------------------------------------------------------
# The whole context.


def extend(source: Source, inputs: Inputs, graph: Graph, matched: Matched, context: int) -> tuple[Decoder, list[str]]:
    """The decoder with masks, rotary tables and positions read at (nearly) all of its positions."""
    decoder, notes = replace(matched.decoder, context=context), []
    length = context if inputs.static is None else inputs.static
    if length > PROBED:
        length = PROBED
        notes.append(
            f"masks and rotary tables were compared at the first {PROBED} of {context} positions: a sliding window of "
            "that size or more would not show"
        )
    masks = {name for match in matched.attentions for name in match.masks}
    tables = {
        name for match in matched.attentions for name in match.tables if graph.length in graph.constants[name].shape
    }
    computed = sorted(name for name in masks | tables if name not in source.weights)
    values, _ = execute(source, make_feeds(source, inputs, np.zeros((1, length), np.int64)), computed)
    windows: dict[tuple[str, ...], int | None] = {}
    blocks: list[Block] = []
    for block, match in zip(decoder.blocks, matched.attentions, strict=True):
        if match.masks not in windows:
            windows[match.masks] = _window(match, values, length)
        if match.rope is not None:
            for name in sorted(match.tables & values.keys()):
                _check_table(match, name, values[name], match.rope, length)
            for name in sorted(table for table in match.tables if _is_whole(source, graph, table)):
                _check_table(match, name, source.weights[name][:length], match.rope, length)
        blocks.append(replace(block, attention=replace(block.attention, window=windows[match.masks])))
    decoder = replace(decoder, blocks=tuple(blocks))
    if matched.positions is not None:
        decoder = replace(decoder, positions=_positions(source, inputs, matched, context))
    return decoder, notes


def _window(match: AttentionMatch, values: dict[str, Value], length: int) -> int | None:
    """The window at the probed length; one seen at the short length already stays."""
    if not set(match.masks) <= values.keys():
        return match.window
    total = max(length, *(values[name].shape[-1] for name in match.masks), 0)
    visible = np.tri(length, total, dtype=np.bool_) if match.causal else np.ones((length, total), np.bool_)
    for name, keep in zip(match.masks, match.keeps, strict=True):
        visible &= read_mask(match.node, values[name] if keep else ~values[name], length, total)
    return read_window(match.node, of_tokens(match.node, visible, match.first))


def _check_table(match: AttentionMatch, name: str, table: Value, rope: Rope, length: int) -> None:
    """Every column of a rotary table is a cosine or sine of one of the angles, times one amplitude."""
    columns = _by_position(table, length).astype(np.float64)
    columns = np.unique(columns, axis=1) if columns.shape[1] > len(rope.inv_freq) else columns
    angle = np.outer(np.arange(length), rope.inv_freq)
    waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)  # [T, 2 * n]
    for index in range(columns.shape[1]):
        size = waves.T @ columns[:, index] / np.maximum((waves**2).sum(0), 1e-12)
        worst = np.abs(columns[:, index, None] - waves * size).max(0)
        best = int(worst.argmin())
        if worst[best] > table_tolerance(length) * max(1.0, abs(size[best])):
            at = int(np.abs(columns[:, index] - waves[:, best] * size[best]).argmax())
            raise ModelError(
                f"{match.node.describe()}: rotary table {name!r} leaves the angles of the first positions by "
                f"{worst[best]:.3g} at position {at}; embeddings that change with the length are not "
                f"supported, give a context= of at most {at}"
            )


def _positions(source: Source, inputs: Inputs, matched: Matched, context: int) -> Value:
    assert matched.positions is not None
    if matched.positions in source.weights:
        table = source.weights[matched.positions]
        return np.ascontiguousarray(table.reshape(-1, table.shape[-1])[:context], np.float32)
    feeds = make_feeds(source, inputs, np.zeros((1, context if inputs.static is None else inputs.static), np.int64))
    values, _ = execute(source, feeds, [matched.positions])
    table = values[matched.positions]
    return np.ascontiguousarray(table.reshape(-1, table.shape[-1])[:context], np.float32)
