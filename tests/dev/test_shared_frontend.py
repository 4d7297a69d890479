# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Development tests on a real pretrained model that is not part of the repository."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from hardwire.driver.text import TextCodec
from hardwire.frontend import import_onnx

sys.path.insert(0, str(Path(__file__).parents[1] / "frontend"))

from import_cases import REPORTED  # noqa: E402

EXPORTS = ("optimum-with-past", "dynamo-opset20", "dynamo-opset23")
pytestmark = pytest.mark.tools


@pytest.mark.parametrize("export", EXPORTS)
def test_stories260k(export: str, stories260k: Path) -> None:
    result = import_onnx(stories260k / f"stories260K.{export}.onnx")
    decoder = result.decoder
    attention = decoder.blocks[0].attention
    assert (decoder.vocab, decoder.dim, len(decoder.blocks), decoder.context) == (512, 64, 5, 512)
    assert (attention.heads, attention.kv_heads, attention.head_dim, attention.window) == (8, 4, 8, None)
    assert (decoder.parameters, decoder.tied, decoder.architecture) == (260032, True, "llama")
    assert result.check.lengths == (3, 17, 200)
    assert result.check.max_abs_error < 1e-4 and result.check.max_relative_error < 1e-5


def test_stories260k_tokenizer(stories260k: Path) -> None:
    file = stories260k / "tokenizer.json"
    library, codec = Tokenizer.from_file(str(file)), TextCodec(json.loads(file.read_text()))
    for text in (*(stories260k / "greedy-256.txt").read_text().split("."), "naïve 日本 😀", "  two  spaces\n"):
        ids = library.encode(text).ids
        assert codec.encode(text) == ids
        assert codec.decode(ids) == library.decode(ids)
        stream = codec.stream()
        assert "".join(stream.feed(index) for index in ids) + stream.flush() == library.decode(ids)


@pytest.mark.parametrize("name", REPORTED)
def test_what_people_reported(name: str, shared: Path) -> None:
    case = REPORTED[name]
    result = import_onnx(shared / "cases" / name)
    assert result.check.max_relative_error <= 1e-5
    assert any(case.note in note for note in result.notes)
