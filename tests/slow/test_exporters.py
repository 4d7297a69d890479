# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Torch's own exporter, as users run it today: every form of the same small Llama is the same decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardwire.chip.reference import new_state, step
from hardwire.frontend import import_onnx
from hardwire.quantize import Options, quantize

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def llama():
    import torch

    from hardwire.shapes.ladder import LlamaShape
    from hardwire.training.llama import Llama

    torch.manual_seed(3)
    shape = LlamaShape(vocab=60, dim=32, layers=2, heads=4, kv_heads=2, head_dim=8, hidden=48, context=256)
    model = Llama(shape).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight") or parameter.dim() == 1:
                parameter.copy_(torch.rand_like(parameter) + 0.5)
            else:
                parameter.mul_(8)
    return model


@pytest.mark.parametrize("opset", [18, 20, 21, 23])
@pytest.mark.parametrize("dynamic", [True, False])
def test_dynamo_exports(llama, opset: int, dynamic: bool, tmp_path: Path) -> None:
    import torch

    length = {1: torch.export.Dim("length", min=2, max=256)} if dynamic else None
    torch.onnx.export(
        llama,
        (torch.ones(1, 7 if dynamic else 200, dtype=torch.long),),
        tmp_path / "m.onnx",
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_shapes=(length,) if dynamic else None,
        opset_version=opset,
        dynamo=True,
        external_data=opset == 21,
    )
    imported = import_onnx(tmp_path / "m.onnx")
    assert (imported.decoder.dim, len(imported.decoder.blocks)) == (32, 2)
    assert imported.decoder.context == (256 if dynamic else 200)
    assert imported.check.max_abs_error < 1e-4
    assert 200 in imported.check.lengths
    np.testing.assert_array_equal(imported.decoder.embedding, llama.embed_tokens.weight.detach().numpy())
    stories = np.random.default_rng(0).integers(0, 60, (8, 64)).tolist()
    chip = quantize(imported.decoder, stories, Options(tokens=512, length=64))
    logits = step(chip, new_state(chip), np.array([stories[0]]))
    assert logits.shape == (1, 64, 60)
