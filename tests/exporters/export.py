# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Run the real exporters: ``python tests/exporters/export.py OUT 4|5|architecture/exporter ...``.

Each export is a folder OUT/architecture/exporter with model.onnx; what the exporter said where it failed is in
failed.txt there. A folder that is there already is kept, so a stopped run continues. 4 runs what needs transformers 4
(``pip install ".[exporters]"``), 5 what needs transformers 5 (``".[exporters5]"``); ``*`` stands for all architectures.
``make exports`` does both, and packs the results.

Gemma 3 by onnxruntime-genai needs its builder of before transformers 5, which nests Gemma 3's rotary parameters where
the builder of today looks for flat ones (KeyError: 'rope_type'). SmolLM3 by it fails in every version tried, 0.9 to
0.18: the builder wants positions for the layers without a rotation, to rotate them (KeyError: 'position_ids').
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
warnings.filterwarnings("ignore")
logging.disable(logging.INFO)

import torch  # noqa: E402
from architectures import ARCHITECTURES, VOCAB, build  # noqa: E402

STATIC = 40  # tokens of a static export: more than any window


class Logits(torch.nn.Module):
    """A causal language model as token ids to logits, without a cache."""

    def __init__(self, model: torch.nn.Module, masked: bool = False) -> None:
        super().__init__()
        self.model, self.plain, self.masked = model, not hasattr(model, "config"), masked

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        if self.plain:
            return self.model(input_ids)
        mask = {"attention_mask": attention_mask} if self.masked else {}
        return self.model(input_ids=input_ids, use_cache=False, **mask).logits


def dynamo(opset: int, static: bool = False, dtype: torch.dtype = torch.float32, attention: str = "sdpa") -> Callable:
    """torch.onnx.export(dynamo=True)."""

    def export(name: str, out: Path) -> None:
        model = Logits(build(name, attention)).to(dtype)
        length = None if static else ({1: torch.export.Dim("length", min=2, max=256)},)
        torch.onnx.export(
            model,
            (torch.ones(1, STATIC if static else 7, dtype=torch.long),),
            out / "model.onnx",
            input_names=["input_ids"],
            output_names=["logits"],
            dynamic_shapes=length,
            opset_version=opset,
            dynamo=True,
            external_data=False,
            verbose=False,
        )

    return export


def torchscript(name: str, out: Path) -> None:
    """torch.onnx.export(dynamo=False), which wants the attention mask as an input."""
    model = build(name)
    inputs = [torch.ones(1, 7, dtype=torch.long)]
    names = ["input_ids"]
    if hasattr(model, "config"):
        inputs.append(torch.ones(1, 7, dtype=torch.long))
        names.append("attention_mask")
    torch.onnx.export(
        Logits(model, masked=True),
        tuple(inputs),
        out / "model.onnx",
        input_names=names,
        output_names=["logits"],
        dynamic_axes={each: {0: "batch", 1: "length"} for each in (*names, "logits")},
        opset_version=18,
        dynamo=False,
    )


def optimum(task: str) -> Callable:
    """optimum-cli export onnx --task."""

    def export(name: str, out: Path) -> None:
        from optimum.exporters.onnx import main_export

        with tempfile.TemporaryDirectory() as folder:
            _save(name, Path(folder))
            main_export(folder, output=out, task=task, no_post_process=True, do_validation=False, framework="pt")

    return export


def transformers5(name: str, out: Path) -> None:
    """transformers.exporters.OnnxExporter, of transformers 5."""
    from transformers.exporters.exporter_onnx import OnnxConfig, OnnxExporter

    model: Any = build(name)
    if not hasattr(model, "config"):
        raise RuntimeError("not a transformers model")
    model.config.use_cache = False
    tokens = torch.ones(2, 7, dtype=torch.long)
    inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    OnnxExporter().export(model, inputs, config=OnnxConfig(dynamic=True)).save_pretrained(str(out))


def transformers5_past(name: str, out: Path) -> None:
    """The decode half of its export_for_generation, which takes a cache and, asked for it, more than one token."""
    from transformers.exporters.exporter_onnx import OnnxConfig, OnnxExporter

    model: Any = build(name)
    if not hasattr(model, "config"):
        raise RuntimeError("not a transformers model")
    tokens = torch.ones(2, 7, dtype=torch.long)
    inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    both = OnnxExporter().export_for_generation(model, inputs, config=OnnxConfig(dynamic=True), multi_token_decode=True)
    both.save_pretrained(str(out))
    (out / "decode.onnx").rename(out / "model.onnx")


def genai(precision: str) -> Callable:
    """python -m onnxruntime_genai.models.builder -e cpu -p."""

    def export(name: str, out: Path) -> None:
        from onnxruntime_genai.models.builder import create_model, parse_extra_options

        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
            _save(name, Path(folder), wide=True)
            _save_tokenizer(Path(folder))
            where = ("", folder, str(out), precision, "cpu", cache)
            create_model(*where, **parse_extra_options(*where, []))

    return export


def _save(name: str, folder: Path, wide: bool = False) -> None:
    model: Any = build(name, wide=wide)
    if not hasattr(model, "config"):
        raise RuntimeError("not a transformers model")
    model.generation_config.pad_token_id = 0
    model.save_pretrained(folder)


def _save_tokenizer(folder: Path) -> None:
    """Words w0, w1, ...: the builder wants a tokenizer to copy."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(WordLevel({f"w{i}": i for i in range(VOCAB)}, unk_token="w0"))
    PreTrainedTokenizerFast(tokenizer_object=words, bos_token="w1", eos_token="w2").save_pretrained(folder)


EXPORTERS: dict[str, Callable[[str, Path], None]] = {
    "dynamo-18": dynamo(18),
    "dynamo-19": dynamo(19),
    "dynamo-20": dynamo(20),
    "dynamo-21": dynamo(21),
    "dynamo-22": dynamo(22),
    "dynamo-23": dynamo(23),
    "dynamo-24": dynamo(24),
    "dynamo-20-static": dynamo(20, static=True),
    "dynamo-23-static": dynamo(23, static=True),
    "dynamo-20-eager": dynamo(20, attention="eager"),
    "dynamo-20-fp16": dynamo(20, dtype=torch.float16),
    "dynamo-20-bf16": dynamo(20, dtype=torch.bfloat16),
    "torchscript": torchscript,
    "optimum": optimum("text-generation"),
    "optimum-past": optimum("text-generation-with-past"),
    "transformers5": transformers5,
    "transformers5-past": transformers5_past,
    "genai-fp32": genai("fp32"),
    "genai-int4": genai("int4"),
    "genai-0.15-fp32": genai("fp32"),
    "genai-0.15-int4": genai("int4"),
}


OF_5 = ("torchscript", "transformers5", "transformers5-past", "genai-fp32", "genai-int4")
ONCE = ("18", "19", "21", "22", "24", "23-static", "20-eager", "20-fp16", "20-bf16")


def of_exporter(exporter: str) -> list[str]:
    """Architectures that it is run on: what differs little from another exporter is tried on one."""
    if exporter.startswith("genai-0.15"):
        return ["gemma3"]
    return ["llama"] if exporter.removeprefix("dynamo-") in ONCE else list(ARCHITECTURES)


def run(name: str, exporter: str, out: Path) -> str:
    """Export once; "" or why not."""
    if (out / "model.onnx").exists() or (out / "failed.txt").exists():
        return (out / "failed.txt").read_text() if (out / "failed.txt").exists() else ""
    shutil.rmtree(out, ignore_errors=True)
    partial = out.with_name(out.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    why = ""
    try:
        EXPORTERS[exporter](name, partial)
    except (Exception, SystemExit) as error:
        why = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:300]}"
        for each in partial.iterdir():
            each.unlink() if each.is_file() else shutil.rmtree(each)
        (partial / "failed.txt").write_text(why)
        (partial / "traceback.txt").write_text(traceback.format_exc())
    partial.rename(out)
    return why


def main() -> None:
    out, wanted = Path(sys.argv[1]), sys.argv[2:]
    if wanted in (["4"], ["5"]):
        wanted = [f"{a}/{e}" for e in EXPORTERS if (e in OF_5) == (wanted == ["5"]) for a in of_exporter(e)]
    pairs = [each.split("/") for each in wanted]
    torch.set_num_threads(1)
    for name, exporter in pairs:
        names = list(ARCHITECTURES) if name == "*" else [name]
        for each in names:
            why = run(each, exporter, out / each / exporter)
            print(f"{each}/{exporter}: {why or 'done'}", flush=True)


if __name__ == "__main__":
    main()
