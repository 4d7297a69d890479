# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the real exporters wrote of every architecture is imported, equal to ONNX Runtime, and becomes integers.

One architecture by every exporter and every architecture by two of them here (dynamo-20 on the way to integers); the
rest in ``make test-all``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from exports import architectures, exports, unpack

from hardwire.decoder import forward
from hardwire.frontend import import_onnx
from hardwire.proof.verify import BOUND_MARGIN
from hardwire.quality.evaluate import integer_logits
from hardwire.quantize import Options, quantize

pytestmark = pytest.mark.tools

FIRST = ("optimum-past",)
PAIRS = [(a, e) for a in architectures() for e in exports(a)]
QUICK = [(a, e) for a, e in PAIRS if a == "llama" or e in FIRST]
WINDOW = 12
WINDOWS = {"mistral": (12, 12), "gpt-neo": (None, 12), "gemma2": (12, None), "gemma3": (12, None)}
FAMILIES = {
    "llama-tied": "llama", "llama-mqa": "llama", "llama3-rope": "llama", "smollm2": "llama", "phi3": "llama",
    "smollm3": "llama", "gpt-neo": "gpt2", "microgpt": "opt", "falcon-new": "falcon", "falcon-rw": "decoder",
}  # fmt: skip
GENAI = ("genai-fp32", "genai-int4")  # in operators of ONNX Runtime's own
OF_SIX = (*5 * (12,), None)  # windows of Gemma 3 as the builder of 0.15 takes it


def check(architecture: str, exporter: str, folder: Path) -> None:
    """Import, compare, and look at what the architecture is known by."""
    path = unpack(architecture, exporter, folder)
    result = import_onnx(path)
    assert result.check.max_relative_error <= 1e-4
    longest = 40 if exporter.endswith("static") else 200
    assert longest in result.check.lengths and 17 in result.check.lengths
    lost = architecture == "mistral" and exporter in GENAI  # its window is in genai_config.json, not in the graph
    windows = (None, None) if lost else WINDOWS.get(architecture, (None, None))
    windows = OF_SIX if exporter.startswith("genai-0.15") else windows
    assert tuple(block.attention.window for block in result.decoder.blocks) == windows
    if WINDOW in windows:
        assert WINDOW + 9 in result.check.lengths
    if architecture == "phi":
        assert all(
            b.attention.rope and 4 * len(b.attention.rope.inv_freq) == b.attention.head_dim
            for b in result.decoder.blocks
        )
    assert result.decoder.architecture == ("llama" if lost else FAMILIES.get(architecture, architecture))
    if architecture != "falcon-rw":  # it computes its biases in bfloat16, whatever the file has
        assert any(note.startswith("half precision") for note in result.notes) == exporter.endswith("16")


@pytest.mark.parametrize(("architecture", "exporter"), QUICK)
def test_exports_are_float_equal(architecture: str, exporter: str, tmp_path: Path) -> None:
    check(architecture, exporter, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "exporter"), [pair for pair in PAIRS if pair not in QUICK])
def test_all_exports_are_float_equal(architecture: str, exporter: str, tmp_path: Path) -> None:
    check(architecture, exporter, tmp_path)


@pytest.mark.parametrize("architecture", architectures())
def test_every_architecture_becomes_integers(architecture: str, tmp_path: Path) -> None:
    decoder = import_onnx(unpack(architecture, "dynamo-20", tmp_path), context=48).decoder
    draw = np.random.default_rng(0)
    # The bound is that of the worst row: with few of them, one text in some hundreds is worse by half.
    options = Options(weights=8, tokens=128 * 48, length=48)
    chip = quantize(decoder, draw.integers(0, decoder.vocab, (128, 48)).tolist(), options)
    held_out = draw.integers(0, decoder.vocab, (4, 48))
    exact = forward(decoder, held_out)
    rows = np.sqrt(np.square(integer_logits(chip, held_out) - exact).mean((1, 2)))
    assert rows.max() <= BOUND_MARGIN * chip.about["logit_error"]["largest_row"]
    assert rows.max() <= 0.1 * np.sqrt(np.square(exact).mean())
