# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A second trained model in the bundled one's mould: its head went on learning, from the text of our licence.

    python tests/second_model.py OUT/ [--like OTHER.chip]     # a.chip, b.chip

The head's softmax is fitted by Adam on what the float model has in front of it: numpy, seconds, the same each time. The
other matrices are rounded anew, against the licence's text, so none of them is the first chip's.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hardwire.chip.model import Chip, load_chip
from hardwire.chip.mould import Mould
from hardwire.decoder import Array, Decoder, forward
from hardwire.files import bundled_folder
from hardwire.frontend import import_onnx
from hardwire.frontend.tokenizer import HostTokenizer, load_tokenizer
from hardwire.pipeline import quantize_onnx
from hardwire.quantize import Options, quantize

LICENCE = Path(__file__).parents[1] / "LICENSE"
STEPS, RATE, LENGTH = 60, 3e-3, 128


def retrained(decoder: Decoder, ids: Sequence[int]) -> tuple[Decoder, list[float]]:
    """The decoder with another head, and the loss in nats per token of each step. ids: of a text, in order."""
    rows = np.array(ids[: len(ids) // LENGTH * LENGTH], np.int64).reshape(-1, LENGTH)
    caught: dict[str, Array] = {}
    forward(decoder, rows, caught.__setitem__)
    x = caught["final_norm"][:, :-1].reshape(-1, decoder.dim).astype(np.float64)
    wanted, weight = rows[:, 1:].reshape(-1), decoder.head.weight.astype(np.float64)
    first, second, losses = np.zeros_like(weight), np.zeros_like(weight), list[float]()
    for step in range(1, STEPS + 1):
        logits = x @ weight.T
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        losses.append(float(-np.log(p[np.arange(len(p)), wanted]).mean()))
        p[np.arange(len(p)), wanted] -= 1
        gradient = p.T @ x / len(x)
        first += 0.1 * (gradient - first)
        second += 0.01 * (gradient**2 - second)
        weight -= RATE * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-9)
    return replace(decoder, head=replace(decoder.head, weight=weight.astype(np.float32))), losses


def licence_ids(tokenizer: HostTokenizer) -> list[list[int]]:
    """Its paragraphs as token ids, each with its BOS."""
    paragraphs = [" ".join(text.split()) for text in LICENCE.read_text().split("\n\n") if text.strip()]
    return [tokenizer.story_ids(text) for text in paragraphs]


def second_chip(first: Chip, *, patchable: bool = False) -> Chip:
    """A chip of the first one's mould. Deterministic."""
    stories = licence_ids(load_tokenizer(bundled_folder() / "model.onnx"))
    decoder = import_onnx(bundled_folder() / "model.onnx", context=first.shape.context).decoder
    other, losses = retrained(decoder, [token for story in stories for token in story])
    assert losses[-1] < 0.8 * losses[0], losses[:: STEPS - 1]
    shifts = (first.score_shift, first.value_shift) if patchable else None
    options = Options(like=Mould.of(first), shifts=shifts, tokens=4096)
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
