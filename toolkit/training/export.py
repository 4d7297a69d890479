# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of a trained model: its score, its ONNX, and the text that it writes to be calibrated on."""

from __future__ import annotations

import math
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from llama import Llama
from notes import without_notes
from sampler import sample_stories
from text import BOS, EOS, SEPARATOR
from tokenizers import Tokenizer

EVALUATED = 256  # tokens of each evaluation story that count, BOS among them: 255 are scored
CALIBRATION_STORIES = 160  # that the finished model writes, for the quantizer to calibrate on


@torch.inference_mode()
def bits_per_character(model: Llama, tokenizer: Tokenizer, stories: list[str]) -> float:
    """Mean negative log2 likelihood per character over the first EVALUATED tokens of each story."""
    nats, characters = 0.0, 0
    for story in stories:
        encoding = tokenizer.encode(story)
        ids, offsets = encoding.ids[:EVALUATED], encoding.offsets[:EVALUATED]
        row = torch.tensor([ids])
        nats += F.cross_entropy(model(row[:, :-1])[0], row[0, 1:], reduction="sum").item()
        characters += offsets[-1][1]
    return nats / math.log(2) / characters


def export_onnx(model: Llama, out: Path) -> None:
    """Export with torch's own exporter; the sequence length stays dynamic."""
    model.eval()
    ids = torch.ones(1, 7, dtype=torch.long)
    torch.onnx.export(
        model,
        (ids,),
        str(out),
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_shapes=({1: torch.export.Dim("length", min=2, max=model.shape.context)},),
        opset_version=20,
        dynamo=True,
        external_data=False,
    )
    onnx.save(without_notes(onnx.load(out)), out)


def calibration_text(model: Llama, tokenizer: Tokenizer, seed: int) -> str:
    """Stories of the model's own at temperature 1; those that the context cuts off are left out."""
    written = sample_stories(model, [[BOS]] * CALIBRATION_STORIES, seed, ends=(BOS, EOS))
    return f"\n{SEPARATOR}\n".join(tokenizer.decode(story.ids) for story in written if story.ended) + "\n"
