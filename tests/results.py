# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure what the README cites, by the commands a user would type, and print it as Markdown.

    python tests/results.py [--shared ../shared] > docs/results.md

The model that is not bundled, and the evaluation text, come from the development folder.
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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BUNDLED = ROOT / "toolkit" / "hardwire" / "bundled"
HARDWIRE = [sys.executable, "-m", "hardwire"]


def run(*arguments: str | Path, may_fail: bool = False) -> tuple[Any, float]:
    """A hardwire command with --json: its answer and its seconds as a whole process."""
    started = time.perf_counter()
    done = subprocess.run([*HARDWIRE, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
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


def measure_rtl(name: str, scratch: Path) -> list[list[str]]:
    """The RTL engine of a model's W4A8 chip: planned cycles, and their proof in Verilator."""
    build = scratch / f"{name}-rtl"
    made, seconds = run("build", scratch / f"{name}-w4.chip", "-o", build, "--target", "rtl")
    cycles = json.loads(Path(made["manifest"]).read_text())["cycles"]
    at = ", ".join(f"{cycles[p]:,} at {p}" for p in (0, 1, 100, 255))
    rows = [
        [name, "build with the RTL engine", f"{seconds:.1f} s"],
        [name, f"cycles per generated token: {at}", f"mean of 0 to 255: {sum(cycles[:256]) / 256:,.1f}"],
    ]
    proof, seconds = run("verify", build, "--rungs", "rtl")
    rung = proof["rungs"]["rtl"]
    rows.append(
        [name, f"compile and compare: {rung['logits']:,} logits {rung['status']}; {rung['note']}", f"{seconds:.1f} s"]
    )
    return rows


def measure_synth(name: str, board: str, scratch: Path) -> list[list[str]]:
    """The same chip's engine as gates for a board: resources, clock and speed, and the netlist's proof."""
    build = scratch / f"{name}-{board}"
    run("build", scratch / f"{name}-w4.chip", "-o", build, "--target", "rtl", "--board", board)
    (row,), seconds = run("synth", build, "--timeout", "240", "--allow-slow", may_fail=True)
    used = ", ".join(
        f"{row['resources'][key]:,} {key} ({share:.0%}"
        + (f", predicted {row['predicted'][key]['predicted']:,})" if key in row["predicted"] else ")")
        for key, share in row["share"].items()
    )
    clock = f"{row['clock_mhz']:g} MHz {row['clock_source']}, place and route: {row['place_and_route']}"
    rate = f"{row['tokens_per_second']:,.0f} tokens/s" if row["tokens_per_second"] else row["error"]
    rows = [
        [name, board, f"synth: {row['status']}", f"{seconds:.0f} s"],
        [name, board, used, ""],
        [name, board, f"{row['cycles_per_token']:,.1f} cycles per token at {clock}", str(rate)],
    ]
    if row["critical_path"]:
        rows.append([name, board, f"slowest path: {row['critical_path']['text']}", ""])
    if row["status"] in ("done", "kept"):
        proof, seconds = run("verify", build, "--rungs", "netlist")
        rung = proof["rungs"]["netlist"]
        what = f"netlist: {rung['tokens']} tokens and {rung['logits']:,} logits {rung['status']}; {rung['note']}"
        rows.append([name, board, what, f"{seconds:.0f} s"])
    return rows


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


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("HARDWIRE_SHARED", ROOT.parent / "shared")))
    shared = parser.parse_args().shared
    data, other = shared / "data", shared / "models" / "stories260K"
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        text, calibration = data / "stories-evaluation.txt", data / "stories-calibration.txt"
        bundled = measure("bundled", BUNDLED / "model.onnx", BUNDLED / "calibration.txt", text, scratch)
        stories = measure("stories260K", other / "stories260K.dynamo-opset20.onnx", calibration, text, scratch)
        rtl = measure_rtl("bundled", scratch) + measure_rtl("stories260K", scratch)
        gates = [row for board in ("pynq-z2", "ulx3s-85f") for row in measure_synth("stories260K", board, scratch)]
        large = measure_15m(scratch)
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
    print("\n## Times\n\nWhole commands, start of Python included; tokens/s as `hardwire run` prints them.\n")
    print(table(["model", "step", "measured"], bundled["times"] + stories["times"] + large))
    print("\n## RTL\n\nThe engine in Verilator, its default geometry. No clock is claimed.\n")
    print(table(["model", "step", "measured"], rtl))
    print("\n## Gates\n\nBy Yosys and, for ECP5, nextpnr; shares are of the whole device. AMD clocks are assumed.\n")
    print(table(["model", "board", "what", "measured"], gates))
    print("\n## Stories\n\nBundled model, C-simulation, greedy:\n\n> " + bundled["story"][0][0].replace("\n", "\n> "))


if __name__ == "__main__":
    main()
