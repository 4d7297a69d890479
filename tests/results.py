# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure what the README cites, by the commands a user would type, and print it as Markdown.

    python tests/results.py [--shared ../shared] [--builds BUILD...] > docs/results.md

The model that is not bundled, and the evaluation text, come from the development folder. ``docs/timeline.png`` is drawn
anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import speeds
from speeds import table

from hardwire.build import read_manifest

ROOT = Path(__file__).parent.parent
BUNDLED = ROOT / "toolkit" / "hardwire" / "bundled"
RESOURCES = ("lut", "ff", "dsp", "bram18", "uram")
HARDWIRE = [sys.executable, "-m", "hardwire"]


def run(*arguments: str | Path) -> tuple[dict, float]:
    """A hardwire command with --json: its answer and its seconds as a whole process."""
    started = time.perf_counter()
    done = subprocess.run([*HARDWIRE, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout), time.perf_counter() - started


def measure(name: str, model: Path, calibration: Path, text: Path, scratch: Path) -> dict[str, list[list[str]]]:
    """Quality rows and time rows of one model."""
    quality, times = [], []
    _, seconds = run("inspect", model)
    times.append([name, "import and check against ONNX Runtime", f"{seconds:.1f} s"])
    for weights in (8, 4):
        chip = scratch / f"{name}-w{weights}.chip"
        _, quantize = run("quantize", model, "-o", chip, "--weights", str(weights), "--calibration", calibration)
        result, evaluate = run("evaluate", chip, "--onnx", model, "--text", text)
        exact, integer = result["float"], result["integer"]
        if not quality:
            quality.append([name, "float", f"{exact['bits_per_char']:.4f}", f"{exact['perplexity']:.3f}", "", ""])
        rise = integer["perplexity"] / exact["perplexity"] - 1
        quality.append(
            [
                name,
                f"W{weights}A8",
                f"{integer['bits_per_char']:.4f}",
                f"{integer['perplexity']:.3f}",
                f"{rise:+.1%}",
                f"{result['top1_agreement']:.1%}",
            ]
        )
    times.append([name, "quantize to W4A8 (import included)", f"{quantize:.1f} s"])
    times.append([name, f"evaluate float and integer on {result['tokens']:,} tokens", f"{evaluate:.1f} s"])
    _, integer_only = run("evaluate", chip, "--text", text)
    times.append([name, "evaluate the integer model alone", f"{integer_only:.1f} s"])
    build = scratch / f"{name}-build"
    _, seconds = run("build", chip, "-o", build, "--onnx", model)
    times.append([name, "build (write the HLS project)", f"{seconds:.1f} s"])
    _, first = run("run", build, "--prompt", "Once upon a time", "--tokens", "1")
    story, again = run("run", build, "--prompt", "Once upon a time", "--tokens", "300")
    times.append([name, "compile the C-simulation", f"{first - again + 300 / story['tokens_per_second']:.1f} s"])
    times.append([name, "C-simulation, through hls4ml's predict", f"{story['tokens_per_second']:,.0f} tokens/s"])
    slow, _ = run("run", build, "--prompt", "Once upon a time", "--tokens", "300", "--backend", "reference")
    assert slow["text"] == story["text"], "the reference and the C-simulation told different stories"
    times.append([name, "integer reference, token by token", f"{slow['tokens_per_second']:,.0f} tokens/s"])
    proof, seconds = run("verify", build)
    logits = sum(rung["logits"] for rung in proof["rungs"].values())
    times.append([name, f"verify: {proof['verdict']}, {logits:,} logits", f"{seconds:.1f} s"])
    return {"quality": quality, "times": times, "story": [[story["text"]]]}


def measure_15m(scratch: Path) -> list[list[str]]:
    """A random chip of 15M parameters: write, compile, four exact tokens; time and peak memory."""
    chip, build = scratch / "15m.chip", scratch / "15m-build"
    made, seconds = run("random", "-o", chip, "--shape", "15m")
    rows = [["random 15M", f"{made['parameters']:,} parameters, random chip", f"{seconds:.1f} s"]]
    _, seconds = run("build", chip, "-o", build, "--board", "alveo-u250")
    rows.append(["random 15M", "build", f"{seconds:.1f} s"])
    proof, seconds = run("verify", build, "--rungs", "csim", "--tokens", "4")
    rows.append(
        [
            "random 15M",
            f"compile and compare: {proof['rungs']['csim']['logits']:,} logits {proof['rungs']['csim']['status']}",
            f"{seconds:.1f} s",
        ]
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    rows.append(["all of the above", "largest peak memory of a process", f"{peak:.1f} GiB"])
    return rows


def resources(builds: Sequence[Path]) -> list[list[str]]:
    """Predicted against measured, from the receipts that ``hardwire synth`` left in the manifests of build folders."""
    rows = []
    for folder in builds:
        manifest = read_manifest(folder)
        board, receipt = manifest["board"]["key"], manifest.get("synthesis")
        if receipt is None:
            rows.append([folder.name, board, "hardwire synth: not run", "", "", "", ""])
            continue
        used, budget = receipt["resources"], receipt["budget"]
        predicted = manifest["plan"].get("resources", {})
        for name in (name for name in RESOURCES if name in predicted and name in used):
            guess = predicted[name]
            if guess or used[name]:
                error = f"{guess / used[name] - 1:+.1%}" if used[name] else ""
                share = f"{used[name] / budget[name]:.0%}" if budget.get(name) else ""
                rows.append([folder.name, board, name, f"{guess:,}", f"{used[name]:,}", error, share])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=speeds.SHARED)
    parser.add_argument(
        "--builds", type=Path, nargs="+", default=[], help="build folders that hardwire synth has run on"
    )
    given = parser.parse_args()
    data, other = given.shared / "data", given.shared / "models" / "stories260K"
    gates = resources(given.builds)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        text, calibration = data / "stories-evaluation.txt", data / "stories-calibration.txt"
        bundled = measure("bundled", BUNDLED / "model.onnx", BUNDLED / "calibration.txt", text, scratch)
        stories = measure("stories260K", other / "stories260K.dynamo-opset20.onnx", calibration, text, scratch)
        large = measure_15m(scratch)
        speed = speeds.section(given.shared, scratch)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"# Measured results\n\nBy `python tests/results.py` on {time.strftime('%Y-%m-%d')}; {machine}.\n")
    print(
        "## Quality\n\nHeld-out TinyStories by the protocol of `hardwire evaluate`; rise and agreement against float.\n"
    )
    print(
        table(
            ["model", "form", "bits per character", "perplexity", "rise", "same argmax"],
            bundled["quality"] + stories["quality"],
        )
    )
    print(f"\n{speed}")
    print("\n## Resources\n\nWhat `cost.py` predicted, and what Yosys made of it; the share is of the whole device.\n")
    if gates:
        print(table(["build", "board", "resource", "predicted", "measured", "error", "share"], gates))
    else:
        print("Not run: no build folder was given to this script (`--builds`).")
    print("\n## Times\n\nWhole commands, start of Python included; tokens/s as `hardwire run` prints them.\n")
    print(table(["model", "step", "measured"], bundled["times"] + stories["times"] + large))
    print("\n## Stories\n\nBundled model, C-simulation, greedy:\n\n> " + bundled["story"][0][0].replace("\n", "\n> "))


if __name__ == "__main__":
    main()
