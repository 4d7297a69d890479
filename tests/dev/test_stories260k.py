# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Quality and equality on stories260K, by the evaluation protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardwire.files import bundled_folder
from hardwire.pipeline import evaluate_chip, quantize_onnx
from hardwire.quality.evaluate import Evaluation

pytestmark = pytest.mark.tools
EXPORT = "stories260K.dynamo-opset20.onnx"


def quality(shared: Path, model: Path, out: Path, weights: int, steps: int = 0) -> Evaluation:
    chip, text = out / f"w{weights}.chip", shared / "data" / "stories-calibration.txt"
    quantize_onnx(model, chip, weights=weights, calibration=text, tune=steps)
    result, errors = evaluate_chip(chip, model, shared / "data" / "stories-evaluation.txt", None, lambda share: None)
    assert errors["L0.q"] < 0.5
    return result


@pytest.mark.slow  # minutes each
@pytest.mark.parametrize(("weights", "most"), [(8, 0.015), (4, 0.12)])
def test_perplexity_without_fine_tuning(
    shared: Path, stories260k: Path, tmp_path: Path, weights: int, most: float
) -> None:
    result = quality(shared, stories260k / EXPORT, tmp_path, weights)
    assert (result.tokens, result.characters) == (91_041, 186_026)  # the protocol's own count
    assert result.exact is not None
    assert result.exact.bits_per_char == pytest.approx(1.033, abs=5e-4)
    assert result.integer.perplexity <= (1 + most) * result.exact.perplexity


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("weights", "most"), [(4, 0.05), (3, 0.25)])
def test_fine_tuning_brings_it_there(
    shared: Path, stories260k: Path, tmp_path: Path, weights: int, most: float
) -> None:
    result = quality(shared, stories260k / EXPORT, tmp_path, weights, steps=1000)
    assert result.exact is not None and result.integer.perplexity <= (1 + most) * result.exact.perplexity


def test_the_bundled_model_keeps_its_promise(shared: Path, tmp_path: Path) -> None:
    chip = tmp_path / "b.chip"
    quantize_onnx(bundled_folder() / "model.onnx", chip, weights=4)
    text = shared / "data" / "stories-evaluation.txt"
    result, _ = evaluate_chip(chip, bundled_folder() / "model.onnx", text, None, lambda share: None)
    assert result.exact is not None and result.unknown_tokens == 0
    assert result.exact.bits_per_char <= 1.128
    assert result.integer.perplexity <= 1.01 * result.exact.perplexity
