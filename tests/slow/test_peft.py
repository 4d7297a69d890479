# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An adapter that PEFT trained and saved: merged as PEFT merges it, and better at its own text in a chip's mould."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardwire.chip.adapter import load_adapter
from hardwire.chip.model import load_chip
from hardwire.chip.reference import Reference
from hardwire.decoder import forward
from hardwire.files import bundled_folder
from hardwire.frontend import import_onnx
from hardwire.host.requests import Request
from hardwire.pipeline import adapter_onnx, quantize_onnx
from hardwire.quantize.lora import merged, read_lora

pytestmark = [pytest.mark.slow, pytest.mark.tools]

ROOT = Path(__file__).parents[2]
BASE_TEXT, OWN_TEXT = ROOT / "LICENSE", ROOT / "CONTRIBUTING.md"
LENGTH, STEPS = 64, 60
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def rows_of(text: Path) -> Any:
    import tokenizers
    import torch

    ids = tokenizers.Tokenizer.from_file(str(bundled_folder() / "tokenizer.json")).encode(text.read_text()).ids
    whole = len(ids) // LENGTH * LENGTH
    return torch.tensor(ids[:whole]).reshape(-1, LENGTH)


def trained(model: Any, rows: Any, rate: float) -> tuple[float, float]:
    """Loss on the rows before and behind some steps on them."""
    import torch

    def loss() -> float:
        with torch.no_grad():
            return float(model(rows[:16], labels=rows[:16]).loss)

    before, order = loss(), torch.Generator().manual_seed(1)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], rate)
    for _ in range(STEPS):
        chosen = rows[torch.randint(len(rows), (8,), generator=order)]
        optimizer.zero_grad()
        model(chosen, labels=chosen).loss.backward()
        optimizer.step()
    return before, loss()


def test_an_adapter_that_peft_trained(tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlamaConfig(vocab_size=512, num_key_value_heads=2, max_position_embeddings=LENGTH, **shape)
    config.use_cache = False
    model = LlamaForCausalLM(config)
    trained(model, rows_of(BASE_TEXT), 3e-3)

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids).logits

    onnx, example = tmp_path / "model.onnx", torch.ones(1, LENGTH, dtype=torch.long)
    torch.onnx.export(
        Logits().eval(), (example,), onnx, input_names=["input_ids"], output_names=["logits"], dynamo=True
    )

    lora = LoraConfig(r=4, lora_alpha=8, target_modules=LINEARS, lora_dropout=0.0, task_type="CAUSAL_LM")
    tuned, own = get_peft_model(model, lora), rows_of(OWN_TEXT)
    before, after = trained(tuned, own, 1e-2)
    assert after < before - 0.5
    tuned.save_pretrained(tmp_path / "lora")

    decoder = merged(import_onnx(onnx).decoder, read_lora(tmp_path / "lora"))
    with torch.no_grad():
        wanted = tuned.merge_and_unload()(own[:4]).logits.numpy()
    np.testing.assert_allclose(forward(decoder, own[:4].numpy()), wanted, atol=1e-4)  # as the float rung, of an import

    base, kept = tmp_path / "base.chip", tmp_path / "own.adapter"
    quantize_onnx(onnx, base, weights=8, tokenizer=bundled_folder() / "tokenizer.json", calibration=BASE_TEXT)
    made = adapter_onnx(onnx, tmp_path / "lora", base, kept, calibration=OWN_TEXT)
    print(f"nats per token of its text: PEFT {before:.2f} to {after:.2f}; integers {made.loss}")
    assert made.loss["adapter"] < made.loss["base"] - 0.5
    chip = load_adapter(kept, load_chip(base)).apply(load_chip(base))
    assert chip.digest == made.chip.digest
    request = Request(ids=tuple(own[0, :8].tolist()), budget=16)
    assert Reference(chip).run(request).ids == Reference(made.chip).run(request).ids
