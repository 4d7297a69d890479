# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""LoRA adapters as PEFT writes them, ``adapter_config.json`` and ``adapter_model.safetensors``: read, and merged into a
decoder's weights."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..decoder import Array, Block, Decoder, Linear
from ..errors import ModelError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LARGEST_CONFIG, LARGEST_WEIGHTS = 1 << 20, 1 << 30
MATRICES = {f"{name}_proj": name for name in ("q", "k", "v", "o", "gate", "up", "down")}
_NAME = re.compile(rf"(?:^|\.)layers\.(\d+)\.\w+\.({'|'.join(MATRICES)})\.lora_([AB])(?:\.default)?\.weight$")
_PLAIN = {"use_dora": False, "bias": "none", "modules_to_save": None, "fan_in_fan_out": False, "rank_pattern": {}}
_PLAIN |= {"alpha_pattern": {}, "use_rslora": False, "layer_replication": None}


@dataclass(frozen=True, kw_only=True)
class Lora:
    """An adapter: of (layer, matrix) the factors A [rank, in] and B [out, rank]; scale: what their product counts."""

    rank: int
    scale: float
    factors: Mapping[tuple[int, str], tuple[Array, Array]]

    @property
    def matrices(self) -> list[str]:
        """Names of the matrices that it changes, somewhere."""
        return [name for name in MATRICES.values() if any(matrix == name for _, matrix in self.factors)]


def read_lora(folder: Path) -> Lora:
    """An adapter's folder. Raises ModelError for a kind of adapter that is none of plain LoRA, by what it has."""
    path, config = folder / CONFIG, _config(folder / CONFIG)
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if type(rank) is not int or rank < 1 or not isinstance(alpha, (int, float)):
        raise ModelError(f"{path}: r is {rank!r}, lora_alpha {alpha!r}; give an adapter that PEFT saved")
    halves: dict[tuple[int, str], dict[str, Array]] = {}
    for name, array in _tensors(folder / WEIGHTS).items():
        found = _NAME.search(name)
        if found is None:
            raise ModelError(
                f"{folder / WEIGHTS}: {name[:120]} is none of layers.N.*.{{{','.join(MATRICES)}}}.lora_A or _B"
            )
        halves.setdefault((int(found[1]), MATRICES[found[2]]), {})[found[3]] = array
    factors = {}
    for (layer, matrix), pair in halves.items():
        ranks = [pair[half].shape[axis] for half, axis in (("A", 0), ("B", 1)) if half in pair and pair[half].ndim == 2]
        if ranks != [rank, rank]:
            raise ModelError(
                f"{folder / WEIGHTS}: {matrix} of layer {layer} has no factors of rank {rank}; save it again"
            )
        factors[layer, matrix] = pair["A"], pair["B"]
    return Lora(rank=rank, scale=float(alpha) / rank, factors=factors)


def merged(decoder: Decoder, lora: Lora) -> Decoder:
    """The decoder with the adapter in its weights. Raises ModelError for a matrix that it has not, or not so large."""
    blocks = list(decoder.blocks)
    for (layer, matrix), (a, b) in lora.factors.items():
        if layer >= len(blocks):
            raise ModelError(f"the adapter has a layer {layer}, the model {len(blocks)}; it is of another model")
        blocks[layer] = _with(blocks[layer], layer, matrix, lora.scale * (b @ a))
    return replace(decoder, blocks=tuple(blocks))


def _with(block: Block, layer: int, matrix: str, delta: Array) -> Block:
    home = block.attention if matrix in ("q", "k", "v", "o") else block.mlp
    linear: Linear | None = getattr(home, matrix)
    if linear is None or linear.weight.shape != delta.shape:
        size = "none" if linear is None else str(linear.weight.shape)
        raise ModelError(
            f"the adapter's {matrix} of layer {layer} is {delta.shape}, the model's {size}; of another model"
        )
    part: Any = home  # either, of which ``matrix`` is a field
    changed = replace(part, **{matrix: replace(linear, weight=(linear.weight + delta).astype(np.float32))})
    return replace(block, **{"attention" if home is block.attention else "mlp": changed})


def _config(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise ModelError(f"{path}: {path.stat().st_size:,} bytes, more than a configuration has")
        config = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path}: cannot be read ({error}); give the folder that PEFT's save_pretrained wrote"
        ) from None
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        kind = config.get("peft_type") if isinstance(config, dict) else type(config).__name__
        raise ModelError(f"{path}: an adapter of kind {kind!r}; LORA is what is merged")
    for key, plain in _PLAIN.items():
        if config.get(key, plain) not in (plain, None, False, {}):
            raise ModelError(f"{path}: {key} is {str(config[key])[:80]!r}, which is not merged; train it without")
    return config


def _tensors(path: Path) -> dict[str, Array]:
    """All tensors of a safetensors file as float32. Raises ModelError."""
    try:
        if path.stat().st_size > LARGEST_WEIGHTS:
            raise ModelError(f"{path}: {path.stat().st_size:,} bytes, more than {LARGEST_WEIGHTS:,}")
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
        return {name: _tensor(entry, body) for name, entry in header.items() if name != "__metadata__"}
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror or error}); adapters are safetensors files"
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: no safetensors file ({error}); save the adapter again") from None


def _tensor(entry: dict[str, Any], body: bytes) -> Array:
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(body):
        raise ValueError(f"offsets {begin}, {end} of {len(body)} bytes")
    raw = body[begin:end]
    if entry["dtype"] == "BF16":
        values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        values = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2", "F64": "<f8"}[entry["dtype"]]).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("a value that is not finite")
    return values.reshape(entry["shape"])
