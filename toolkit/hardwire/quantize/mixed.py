# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Bits per matrix: fewer where the model minds least.

Each kind of matrix alone is rounded to each number of bits and the model's logits are compared with the float ones, in
nats per token (the Kullback-Leibler divergence, which does not need labels). Losses of different matrices are taken to
add up. From 8 bits everywhere, one bit at a time is then taken where it costs least per bit of memory: a list of
choices from the best to the smallest, of which a board takes the first that fits, and a mean of bits the first within
it (as HAWQ, Dong et al., 2019, orders layers by sensitivity). Rounding here is to nearest, at the scale of least error:
what calibration and fine-tuning save is about the same share for every matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..chip.format import FEWEST_BITS, MOST_BITS
from ..decoder import Array, Decoder, Linear, forward
from ..ops.fixed import Ints, limits
from ..progress import Stage
from .calibrate import batches, unit_of_least_error

FEWEST, MOST = FEWEST_BITS, MOST_BITS
ROWS = 8  # of calibration text that a matrix is tried on


@dataclass(frozen=True)
class Choice:
    """Bits of each matrix that the lanes read, their mean over all weights, and what they cost in nats per token."""

    bits: dict[str, int]
    mean_bits: float
    loss: float


def choices(
    decoder: Decoder,
    rows: Ints,
    progress: Stage = lambda stage: None,
    fixed: Mapping[str, int] | None = None,
) -> Iterator[Choice]:
    """Every choice of bits of a prepared decoder, from MOST bits everywhere down to FEWEST; ``fixed`` ones stay."""
    sizes = {name: sum(layer.weight.size for layer in _layers(decoder, name)) for name in names(decoder)}
    fixed = {name: bits for name, bits in (fixed or {}).items() if name in sizes}
    losses = sensitivities(decoder, rows[:ROWS], progress)
    bits = dict.fromkeys(sizes, MOST) | fixed
    while True:
        weights = sum(sizes.values())
        mean = sum(sizes[name] * bits[name] for name in sizes) / weights
        yield Choice(dict(bits), mean, sum(losses[name, bits[name]] for name in sizes))
        able = [name for name in sizes if name not in fixed and bits[name] > FEWEST]
        if not able:
            return
        cost = {name: (losses[name, bits[name] - 1] - losses[name, bits[name]]) / sizes[name] for name in able}
        bits[min(able, key=lambda name: cost[name])] -= 1


def names(decoder: Decoder) -> list[str]:
    """Names of the matrices that the lanes read, whose bits may be chosen."""
    return ["q", "k", "v", "o", *(["gate"] if decoder.blocks[0].mlp.gate is not None else []), "up", "down", "head"]


def sensitivities(decoder: Decoder, rows: Ints, progress: Stage = lambda stage: None) -> dict[tuple[str, int], float]:
    """Nats per token by (matrix, bits): how far the logits move where all layers of that matrix alone are rounded."""
    parts = list(batches(decoder, rows))
    exact = [_log_softmax(forward(decoder, rows[part])) for part in parts]
    losses: dict[tuple[str, int], float] = {}
    for name in names(decoder):
        for bits in range(FEWEST, MOST + 1):
            progress(f"sensitivity of {name} to {bits} bits")
            rounded = _with(decoder, name, lambda layer, bits=bits: Linear(_nearest(layer.weight, bits), layer.bias))  # type: ignore[misc]
            total = sum(
                _divergence(before, _log_softmax(forward(rounded, rows[part])))
                for part, before in zip(parts, exact, strict=True)
            )
            losses[name, bits] = total / rows.size
    return losses


def _layers(decoder: Decoder, name: str) -> list[Linear]:
    if name == "head":
        return [decoder.head]
    layers = [getattr(b.mlp if name in ("gate", "up", "down") else b.attention, name) for b in decoder.blocks]
    return [layer for layer in layers if layer is not None]


def _with(decoder: Decoder, name: str, change: Callable[[Linear], Linear]) -> Decoder:
    """The decoder with one kind of matrix changed."""
    if name == "head":
        return replace(decoder, head=change(decoder.head))
    part = "mlp" if name in ("gate", "up", "down") else "attention"
    blocks = []
    for block in decoder.blocks:
        inside = getattr(block, part)
        changed = replace(inside, **{name: change(getattr(inside, name))})
        blocks.append(replace(block, mlp=changed) if part == "mlp" else replace(block, attention=changed))
    return replace(decoder, blocks=tuple(blocks))


def _nearest(weight: Array, bits: int) -> Array:
    low, high = limits(bits)
    unit = unit_of_least_error(weight, bits)[:, None].astype(np.float32)
    return np.asarray(np.rint(weight / unit).clip(low, high) * unit)


def _log_softmax(logits: Array) -> Array:
    logits = logits - logits.max(-1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


def _divergence(exact: Array, approximate: NDArray[np.float32]) -> float:
    return float((np.exp(exact) * (exact - approximate)).sum(dtype=np.float64))
