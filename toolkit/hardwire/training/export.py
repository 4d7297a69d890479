# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of a trained model: its score, its ONNX, and the text that it writes to be calibrated on."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from ..quality.evaluate import SEPARATOR
from .llama import Llama
from .notes import without_notes
from .sampler import sample_stories
from .text import BOS, EOS

EVALUATED = 256  # tokens of each evaluation story that count, BOS among them: 255 are scored
CALIBRATION_STORIES = 160  # that the finished model writes, for the quantizer to calibrate on


@torch.inference_mode()
def bits_per_character(model: Llama, tokenizer: Tokenizer, stories: Sequence[str]) -> float:
    """Mean negative log2 likelihood per character over the first EVALUATED tokens of each story."""
    nats, characters = 0.0, 0
    for story in stories:
        encoding = tokenizer.encode(story)
        limit = min(EVALUATED, model.shape.context)
        ids, offsets = encoding.ids[:limit], encoding.offsets[:limit]
        row = torch.tensor([ids], device=model.embed_tokens.weight.device)
        nats += F.cross_entropy(model(row[:, :-1])[0], row[0, 1:], reduction="sum").item()
        characters += offsets[-1][1]
    return nats / math.log(2) / characters


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the exporter says of packages that are not there, and of its own deprecated parts."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def export_onnx(model: Llama, out: Path) -> None:
    """Export with torch's own exporter; the sequence length stays dynamic."""
    model.cpu().eval()
    ids, length = torch.ones(1, 7, dtype=torch.long), torch.export.Dim("length", min=2, max=model.shape.context)
    with quiet():
        torch.onnx.export(
            model,
            (ids,),
            str(out),
            input_names=["input_ids"],
            output_names=["logits"],
            dynamic_shapes=({1: length},),
            opset_version=20,
            dynamo=True,
            external_data=False,
            verbose=False,  # or it prints where JSON goes
        )
    onnx.save(without_notes(onnx.load(out)), out)


@torch.inference_mode()
def sample(model: Llama, tokenizer: Tokenizer, tokens: int, seed: int, temperature: float = 0.8) -> str:
    """What the model writes from nothing: to its end, or so many tokens. The same seed, the same text."""
    draw, ids = torch.Generator().manual_seed(seed), [BOS]
    for _ in range(min(tokens, model.shape.context - 1)):
        logits = model(torch.tensor([ids], device=model.embed_tokens.weight.device))[0, -1].cpu()
        token = int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=draw))
        if token in (BOS, EOS):
            break
        ids.append(token)
    return str(tokenizer.decode(ids)).strip()


def calibration_text(model: Llama, tokenizer: Tokenizer, seed: int) -> str:
    """Stories of the model's own at temperature 1; those that the context cuts off are left out."""
    written = sample_stories(model, [[BOS]] * CALIBRATION_STORIES, seed, ends=(BOS, EOS))
    return f"\n{SEPARATOR}\n".join(tokenizer.decode(story.ids) for story in written if story.ended) + "\n"
