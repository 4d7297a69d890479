# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text that a model writes by itself: what calibrates it where no text is at hand that is like its training's.

    python tests/smollm2/own_text.py model.onnx tokenizer.json out.txt [ROWS] [TOKENS]

``model.onnx`` is an export with past (inputs past_key_values.*). Every row begins with the token that separates texts,
and is drawn at temperature 1 from the forty likeliest; the same numbers give the same rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

SEPARATOR = "<|endoftext|>"
LIKELIEST = 40


def rows_of(model: Path, begin: int, rows: int, tokens: int, seed: int = 0) -> np.ndarray:
    """Token ids [rows, tokens] that the model draws."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(seed)
    past = {
        put.name: np.zeros((rows, put.shape[1], 0, put.shape[3]), np.float32)
        for put in session.get_inputs()
        if put.name.startswith("past_key_values")
    }
    names = [out.name for out in session.get_outputs()]
    ids, found = np.full((rows, 1), begin, np.int64), []
    for position in range(tokens):
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones((rows, position + 1), np.int64),
            "position_ids": np.full((rows, 1), position, np.int64),
            **past,
        }
        outputs = dict(zip(names, session.run(None, feed), strict=True))
        past = {name.replace("present", "past_key_values"): x for name, x in outputs.items() if name != "logits"}
        logits = outputs["logits"][:, -1]
        logits[:, begin] = -np.inf  # a row is one text
        best = np.argpartition(-logits, LIKELIEST)[:, :LIKELIEST]
        drawn = (np.take_along_axis(logits, best, 1) + generator.gumbel(size=best.shape)).argmax(1)
        ids = np.take_along_axis(best, drawn[:, None], 1).astype(np.int64)
        found.append(ids)
    return np.concatenate(found, 1)


def main(model: str, tokenizer: str, out: str, rows: str = "48", tokens: str = "256") -> None:
    words = Tokenizer.from_file(tokenizer)
    begin = words.token_to_id(SEPARATOR)
    if begin is None:
        raise SystemExit(f"{tokenizer} has no {SEPARATOR}, which every text begins with")
    made = rows_of(Path(model), begin, int(rows), int(tokens))
    Path(out).write_text(f"\n{SEPARATOR}\n".join(words.decode(row.tolist()) for row in made) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
