# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which stage of a quantized model costs what: ``python tests/stage_costs.py MODEL.onnx CALIBRATION TEXT [STORIES]``.

The float model is run with one stage at a time on the grid that the chip gives it; the rise of perplexity over the
float model's is that stage's. What the integers lose beyond all stages together is the tables': exponential, roots,
activation, angles. Prints a Markdown table. Weights are rounded by calibration, without fine-tuning.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardwire.chip.model import Chip
from hardwire.decoder import Array, Decoder, Linear, forward
from hardwire.frontend import import_onnx
from hardwire.frontend.tokenizer import load_tokenizer
from hardwire.ops.fixed import Ints, limits
from hardwire.pipeline import read_text
from hardwire.quality.evaluate import Scored, batches, integer_logits, loss_of, split_text
from hardwire.quantize import Options
from hardwire.quantize.calibrate import Ranges, calibration_rows
from hardwire.quantize.layerwise import Quantizer
from hardwire.quantize.prepare import can_rotate, prepare
from hardwire.quantize.rounding import Rounding

STAGES = {  # by what people call them: a format, and the stages of decoder.forward that have it
    "residual stream": ("residual", ("embed", "attn_x", "x")),
    "normalised inputs": ("norm", ("attn_norm", "mlp_norm", "final_norm")),
    "queries": ("query", ("q",)),
    "cache: keys and values": ("cache", ("k", "v")),
    "mixed values": ("attention", ("attn",)),
    "hidden values": ("hidden", ("hidden",)),
    "gate, index of the activation": ("gate", ("gate",)),
    "up projection": ("up", ("up",)),
}
MATRICES = ("q", "k", "v", "o", "gate", "up", "down", "head")


def on_grid(value: Array, unit: Array | float, bits: int) -> None:
    """Round and saturate ``value`` in place."""
    low, high = limits(bits)
    value[...] = np.rint(value / unit).clip(low, high) * unit


class Grid:
    """An observer of decoder.forward that puts stages of these formats on a chip's grid."""

    def __init__(self, chip: Chip, formats: Sequence[str]) -> None:
        self.chip = chip
        self.bits = {
            kind: getattr(chip.formats, name) for name, kinds in STAGES.values() if name in formats for kind in kinds
        }

    def __call__(self, stage: str, value: Array) -> None:
        kind = stage.rpartition(".")[2]
        if kind not in self.bits:
            return
        if kind.endswith("_norm"):  # a power of two for each token, at which its largest number fits
            largest = np.abs(value).max(-1, keepdims=True) / limits(self.bits[kind])[1]
            on_grid(value, np.exp2(np.ceil(np.log2(largest))), self.bits[kind])
            return
        unit = np.atleast_1d(np.asarray(self.chip.scales[stage], np.float32))
        on_grid(value, unit[:, None, None] if value.ndim == 4 else np.repeat(unit, value.shape[-1] // len(unit)),
                self.bits[kind])  # fmt: skip


class Bench:
    """A model, its calibration rows, and the stories that it is scored on."""

    def __init__(self, model: Path, calibration: Path, text: Path, stories: int) -> None:
        decoder = import_onnx(model).decoder
        encoder = load_tokenizer(model, vocab=decoder.vocab)
        pieces = split_text(read_text(text))[:stories]
        self.scored = [Scored(encoder.story_ids(piece)[:256], 0) for piece in pieces]
        self.decoder = prepare(decoder, rotated=can_rotate(decoder))
        self.rows = calibration_rows([encoder.story_ids(p) for p in split_text(read_text(calibration))], 16384, 256)
        self.ranges = Ranges.of(self.decoder, self.rows)
        self.exact = self.nats(lambda ids: forward(self.decoder, ids))

    def nats(self, logits: Callable[[Ints], NDArray[Any]]) -> float:
        """Mean loss of a scored token."""
        total = count = 0.0
        for ids, mask in batches(self.scored):
            total += float((loss_of(logits(ids[:, :-1]), ids[:, 1:]) * mask).sum())
            count += float(mask.sum())
        return total / count

    def rise(self, logits: Callable[[Ints], NDArray[Any]]) -> float:
        return float(np.exp(self.nats(logits) - self.exact)) - 1

    def quantizer(self, bits: int) -> tuple[Quantizer, Chip]:
        work = Quantizer(self.decoder, Options(weights=bits), self.rows, self.ranges)
        return work, work.run(lambda stage: None)


def narrowed(decoder: Decoder, rounded: dict[tuple[str, int], Rounding], names: Sequence[str]) -> Decoder:
    """The decoder with the matrices of these names on their grid."""

    def layer(name: str, index: int, linear: Linear) -> Linear:
        if name not in names:
            return linear
        rounding = rounded[name, index]
        real = rounding.rounded.weight * rounding.rounded.scale[:, None] / rounding.columns
        return Linear(real.astype(np.float32), linear.bias)

    blocks = []
    for index, block in enumerate(decoder.blocks):
        a, mlp = block.attention, block.mlp
        a = replace(a, **{name: layer(name, index, getattr(a, name)) for name in "qkvo"})
        named = {name: getattr(mlp, name) for name in ("gate", "up", "down")}
        mlp = replace(mlp, **{name: layer(name, index, each) for name, each in named.items() if each is not None})
        blocks.append(replace(block, attention=a, mlp=mlp))
    return replace(decoder, blocks=tuple(blocks), head=layer("head", 0, decoder.head), tied=False)


def rows(bench: Bench) -> Iterator[tuple[str, float]]:
    exact, (work, chip) = bench.decoder, bench.quantizer(8)
    formats = [name for name, _ in STAGES.values()]
    for label, (name, _) in STAGES.items():
        grid = Grid(chip, [name])
        yield f"{label}, {getattr(chip.formats, name)} bits", bench.rise(lambda ids, g=grid: forward(exact, ids, g))
    fine, all_stages = narrowed(exact, work.rounded, MATRICES), Grid(chip, formats)
    yield "weights, 8 bits", bench.rise(lambda ids: forward(fine, ids))
    together = bench.rise(lambda ids: forward(fine, ids, all_stages))
    yield "all of these together", together
    whole = bench.rise(lambda ids: integer_logits(chip, ids))
    yield "tables: exponential, reciprocals, activation, angles", whole - together
    yield "W8A8, the integers", whole
    for bits in (4, 3):
        work, chip = bench.quantizer(bits)
        for names in (*((name,) for name in MATRICES), MATRICES):
            coarse = narrowed(exact, work.rounded, names)
            label = names[0] if len(names) == 1 else "all matrices"
            yield f"{label}, {bits} bits", bench.rise(lambda ids, d=coarse: forward(d, ids))
        yield f"W{bits}A8, the integers", bench.rise(lambda ids, c=chip: integer_logits(c, ids))


def main() -> None:
    model, calibration, text = map(Path, sys.argv[1:4])
    bench = Bench(model, calibration, text, int(sys.argv[4]) if len(sys.argv) > 4 else 120)
    print("| on its grid | rise of perplexity |\n| --- | --- |", flush=True)
    for label, rise in rows(bench):
        print(f"| {label} | {rise:+.2%} |", flush=True)


if __name__ == "__main__":
    main()
