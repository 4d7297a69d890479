# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The card of a model that was trained: what it is, of what text, whose licence, and how good it is. Needs no torch."""

from __future__ import annotations

from typing import Any

from ..version import __version__
from .request import Task

NOT_STATED = "not stated (hardwire train --licence); what the text allows decides what this model may be used for"


def card(task: Task, record: dict[str, Any], samples: list[str]) -> str:
    """MODEL_CARD.md. ``record`` is what training.json holds."""
    request, shape, bits = task.request, task.shape, record["bits_per_char"]
    board = f"; the largest that {request.board} was planned to hold" if request.board else ""
    budget = f"{record['steps']:,} steps, {record['tokens']:,} tokens, the text {record['epochs']:.1f} times"
    rows = {
        "parameters": f"{shape.parameters:,}{board}",
        "shape": f"{shape.words()}, tied embedding",
        "text": f"{request.text.name}, {record['characters']:,} characters, sha256 {task.digest}",
        "licence": f"of the text: {request.licence or NOT_STATED}",
        "training": f"{budget}, seed {request.seed}, {record['seconds'] / 60:.1f} minutes by {record['computed_by']}",
        "by": f"hardwire {__version__}, torch {record['torch']}",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    told = "\n\n".join("> " + sample.replace("\n", "\n> ") for sample in samples)
    return f"""# {request.out.absolute().name}

A Llama-like decoder, trained from nothing to be baked into an FPGA: its last {record["quantized"]:.0%} of training ran
through the {request.weights}-bit grid that the chip stores.

| | |
| --- | --- |
{table}

## Quality

Held-out text, {record["held_out"]:,} characters from the end, in pieces that are cut at 256 tokens:

| | bits per character |
| --- | --- |
| float, as exported | {bits["float"]:.3f} |
| integers, {request.weights}-bit weights, 8-bit activations | {bits["integer"]:.3f} |

Its tokenizer spells {record["spelled"]} characters; others are refused by name. `calibration.txt` and `held-out.txt`
are parts of the text, under its licence.

It knows nothing but what that text says, and says it wrongly. Temperature 0.8, seeds 0 and 1:

{told}
"""
