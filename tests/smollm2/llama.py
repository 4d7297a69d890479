# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Perplexity of llama.cpp on the tokens that ``hardwire evaluate`` scores: of a GGUF file's weights in F32 and in Q4_0.

    python tests/smollm2/llama.py model.gguf tokenizer.json text.txt      # with llama-cpp-python and tokenizers

Both are made of the same file by llama.cpp's own quantizer. Prints one JSON object.
"""

from __future__ import annotations

import ctypes
import json
import sys
import tempfile
from pathlib import Path

import llama_cpp
import numpy as np
from tokenizers import Tokenizer

SEPARATOR, LENGTH = "<|endoftext|>", 256  # of hardwire.evaluate
FORMS = {"F32": llama_cpp.LLAMA_FTYPE_ALL_F32, "Q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0}


def made(gguf: Path, form: str, folder: Path) -> Path:
    """The file's weights in another form."""
    path, params = folder / f"{form}.gguf", llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize, params.nthread = FORMS[form], True, 1
    code = llama_cpp.llama_model_quantize(str(gguf).encode(), str(path).encode(), ctypes.byref(params))
    if code:
        raise SystemExit(f"{gguf}: llama.cpp could not make {form} of it ({code})")
    return path


def perplexity(gguf: Path, rows: list[list[int]]) -> float:
    model = llama_cpp.Llama(str(gguf), n_ctx=LENGTH, logits_all=True, verbose=False, n_threads=1)
    nats, tokens = 0.0, 0
    for row in rows:
        model.reset()
        model.eval(row[:-1])
        logits = np.array(model.scores[: len(row) - 1], np.float64)
        logits -= logits.max(1, keepdims=True)
        chosen = logits[np.arange(len(logits)), row[1:]]
        nats += float((np.log(np.exp(logits).sum(1)) - chosen).sum())
        tokens += len(logits)
    return float(np.exp(nats / tokens))


def main(gguf: Path, tokenizer: Path, text: Path) -> None:
    words = Tokenizer.from_file(str(tokenizer))
    bos = words.token_to_id(SEPARATOR)  # which is its BOS too
    stories = [story.strip() for story in text.read_text().split(SEPARATOR) if story.strip()]
    rows = [[bos, *words.encode(story, add_special_tokens=False).ids][:LENGTH] for story in stories]
    with tempfile.TemporaryDirectory() as folder:
        plain = made(gguf, "F32", Path(folder))
        small = made(plain, "Q4_0", Path(folder))
        found = {"F32": perplexity(plain, rows), "Q4_0": perplexity(small, rows)}
        print(json.dumps(found | {"tokens": sum(len(row) - 1 for row in rows)}))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
