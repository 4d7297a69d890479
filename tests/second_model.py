# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A second trained model in the bundled one's mould: that model, which went on learning from the text of our licence.

    python tests/second_model.py OUT/ [--like OTHER.chip]     # a.chip, b.chip

Loss and gradient are those of the training's own kernel (hardwire/kernel/kernel.c), the steps Adam's, in numpy.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hardwire.chip.model import Chip, load_chip
from hardwire.chip.mould import Mould
from hardwire.decoder import Block, Decoder, Linear, rope_tables
from hardwire.files import bundled_folder
from hardwire.frontend import import_onnx
from hardwire.frontend.tokenizer import HostTokenizer, load_tokenizer
from hardwire.pipeline import quantize_onnx
from hardwire.plan.widths import accumulator_bits
from hardwire.quantize import Options, quantize
from hardwire.quantize.prepare import prepare

ROOT = Path(__file__).parents[1]
LICENCE, KERNEL = ROOT / "LICENSE", ROOT / "toolkit" / "hardwire" / "kernel" / "kernel.c"
STEPS, RATE, LENGTH = 30, 1e-3, 128
LAYER = ("q", "k", "v", "o", "gate", "up", "down")  # as the kernel takes a layer's matrices

Flat = NDArray[np.float32]
Gradient = Callable[[Flat, NDArray[np.int32], NDArray[np.int32]], tuple[float, Flat]]


def matrix(block: Block, name: str) -> Linear:
    """One of LAYER."""
    found: Linear = getattr(block.attention if name in "qkvo" else block.mlp, name)
    return found


def flat(decoder: Decoder) -> Flat:
    """All weights in the kernel's order."""
    layers = [matrix(block, name).weight for block in decoder.blocks for name in LAYER]
    return np.concatenate([part.reshape(-1) for part in (decoder.embedding, *layers, decoder.head.weight)])


def unflat(decoder: Decoder, weights: Flat) -> Decoder:
    """The decoder with these weights."""
    left = weights

    def take(layer: Linear) -> Linear:
        nonlocal left
        own, left = left[: layer.weight.size], left[layer.weight.size :]
        return replace(layer, weight=own.reshape(layer.weight.shape).copy())

    embedding = take(Linear(decoder.embedding)).weight
    blocks = []
    for block in decoder.blocks:
        new = {name: take(matrix(block, name)) for name in LAYER}
        attention = replace(block.attention, **{name: new[name] for name in "qkvo"})
        mlp = replace(block.mlp, **{name: new[name] for name in ("gate", "up", "down")})
        blocks.append(replace(block, attention=attention, mlp=mlp))
    return replace(decoder, embedding=embedding, blocks=tuple(blocks), head=take(decoder.head), tied=False)


def kernel(decoder: Decoder, folder: Path) -> Gradient:
    """The mean loss and its gradient, of weights, ids and targets [B, LENGTH], by the compiled kernel."""
    library = folder / "kernel.so"
    flags = ("-O3", "-march=native", "-fno-math-errno", "-shared", "-fPIC")
    subprocess.run(["gcc", *flags, str(KERNEL), "-o", str(library), "-lm"], check=True)
    made, a = ctypes.CDLL(str(library)), decoder.blocks[0].attention
    made.row_gradient.restype, made.scratch_floats.restype = ctypes.c_double, ctypes.c_long
    head_dim, hidden = a.head_dim, decoder.blocks[0].mlp.up.weight.shape[0]
    sizes = (decoder.vocab, decoder.dim, len(decoder.blocks), a.heads, a.kv_heads, head_dim, hidden)
    shape = (ctypes.c_char * 32).from_buffer_copy(
        np.array(sizes, np.int32).tobytes() + np.float32(decoder.blocks[0].attention_norm.eps).tobytes()
    )
    assert a.rope is not None
    cos, sin = (np.ascontiguousarray(t[:LENGTH, : head_dim // 2], np.float32) for t in rope_tables(a.rope, LENGTH))
    scratch = np.zeros(made.scratch_floats(shape, LENGTH), np.float32)

    def gradient(weights: Flat, ids: NDArray[np.int32], targets: NDArray[np.int32]) -> tuple[float, Flat]:
        ready, work, total = np.zeros((2, weights.size), np.float32), np.zeros(weights.size, np.float32), 0.0
        result = np.zeros_like(weights)
        made.ready_weights(shape, *(each.ctypes for each in (weights, ready, work)))
        for row, wanted in zip(ids, targets, strict=True):
            share = ctypes.c_float(1 / ids.size)
            given = [each.ctypes for each in (weights, ready, cos, sin, result, scratch)]
            total += made.row_gradient(shape, LENGTH, row.ctypes, wanted.ctypes, share, *given)
        return total / ids.size, result

    return gradient


def retrained(decoder: Decoder, ids: Sequence[int]) -> tuple[Decoder, list[float]]:
    """The decoder behind STEPS of Adam over a text, and the loss in nats per token of each. Norms keep their gains in
    the matrices."""
    decoder = prepare(decoder)
    rows = np.array(ids[: (len(ids) - 1) // LENGTH * LENGTH + 1], np.int32)
    inputs, targets = (np.ascontiguousarray(part.reshape(-1, LENGTH)) for part in (rows[:-1], rows[1:]))
    weights, losses = flat(decoder).astype(np.float32), list[float]()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    with tempfile.TemporaryDirectory() as folder:
        gradient = kernel(decoder, Path(folder))
        for step in range(1, STEPS + 1):
            loss, slope = gradient(weights, inputs, targets)
            losses.append(loss)
            first += 0.1 * (slope - first)
            second += 0.01 * (slope**2 - second)
            weights -= RATE * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return unflat(decoder, weights), losses


def licence_ids(tokenizer: HostTokenizer) -> list[list[int]]:
    """Its paragraphs as token ids, each with its BOS."""
    paragraphs = [" ".join(text.split()) for text in LICENCE.read_text().split("\n\n") if text.strip()]
    return [tokenizer.story_ids(text) for text in paragraphs]


def second_chip(first: Chip, *, patchable: bool = False) -> Chip:
    """A chip of the first one's mould. Deterministic."""
    stories = licence_ids(load_tokenizer(bundled_folder() / "model.onnx"))
    decoder = import_onnx(bundled_folder() / "model.onnx", context=first.shape.context).decoder
    other, losses = retrained(decoder, [token for story in stories for token in story])
    assert losses[-1] < 0.8 * losses[0], losses
    print(f"the licence, nats per token: {losses[0]:.2f} before, {losses[-1]:.2f} after {STEPS} steps")
    shifts = (first.score_shift, first.value_shift) if patchable else None
    options = Options(like=Mould.of(first), sums=accumulator_bits(first), shifts=shifts, tokens=4096)
    return quantize(other, stories, options, tokenizer=first.tokenizer, bos=first.bos, eos=first.eos)


def main() -> None:
    """Write both chips."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--like", type=Path, help="of which chip's mould; default: the bundled model, quantized here")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.like is None:
        first = quantize_onnx(bundled_folder() / "model.onnx", given.out / "a.chip").chip
    else:
        first = load_chip(given.like)
    second = second_chip(first, patchable=True)
    second.save(given.out / "b.chip")
    print(f"{given.out}: a.chip {first.digest[:12]}, b.chip {second.digest[:12]}")


if __name__ == "__main__":
    main()
