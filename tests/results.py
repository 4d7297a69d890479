# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure what the README cites, by the commands a user would type, into docs/results.md.

    python tests/results.py [models] [large] [speed] [gates] [--shared ../shared] [--builds BUILD...]

Each part stands on the page with its own date; what is not asked for stays as it was. The model that is not bundled,
and the evaluation text, come from the development folder. ``speed`` draws ``docs/timeline.png`` anew.
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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import speeds
from speeds import table
from stories import TEMPERATURES, TOKENS, summary, write_stories

from hardwire.chip.model import load_chip
from hardwire.manifest import read_manifest
from hardwire.targets.board import load_board

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "results.md"
BUNDLED = ROOT / "toolkit" / "hardwire" / "bundled"
HARDWIRE = [sys.executable, "-m", "hardwire"]


def run(*arguments: str | Path, may_fail: bool = False) -> tuple[Any, float]:
    """A hardwire command with --json: its answer and its seconds as a whole process."""
    started = time.perf_counter()
    done = subprocess.run([*HARDWIRE, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0 and not (may_fail and done.stdout):
        raise SystemExit(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout), time.perf_counter() - started


TUNING = 1000  # steps of fine-tuning: minutes on a core
MOST_RISE = {4: 0.05, 3: 0.25}  # of the perplexity, by weight bits, that is asked for with it


def measure(
    name: str, model: Path, calibration: Path, text: Path, scratch: Path, tuned: Sequence[int] = ()
) -> dict[str, list[list[str]]]:
    """Quality rows and time rows of one model; ``tuned`` are the weight bits to fine-tune for too."""
    quality, times = [], []
    _, seconds = run("inspect", model)
    times.append([name, "import and check against ONNX Runtime", f"{seconds:.1f} s"])
    for weights, steps in [*((bits, TUNING) for bits in tuned), (8, 0), (4, 0)]:
        chip = scratch / f"{name}-w{weights}{'-untuned' if weights in tuned and not steps else ''}.chip"
        options = ["--weights", str(weights), "--calibration", calibration, "--tune", str(steps)]
        _, quantize = run("quantize", model, "-o", chip, *options)
        result, evaluate = run("evaluate", chip, "--onnx", model, "--text", text)
        exact, integer = result["float"], result["integer"]
        if not quality:
            quality.append([name, "float", f"{exact['bits_per_char']:.4f}", f"{exact['perplexity']:.3f}", "", ""])
        rise = integer["perplexity"] / exact["perplexity"] - 1
        quality.append(
            [
                name,
                f"W{weights}A8{', fine-tuned' if steps else ''}",
                f"{integer['bits_per_char']:.4f}",
                f"{integer['perplexity']:.3f}",
                f"{rise:+.1%}" + (f" ({MOST_RISE[weights]:.0%}: {_met(rise, weights)})" if steps else ""),
                f"{result['top1_agreement']:.1%}",
            ]
        )
        if steps:
            times.append([name, f"quantize to W{weights}A8, {steps} steps of fine-tuning", f"{quantize:.0f} s"])
    times.append([name, "quantize to W4A8 (import included)", f"{quantize:.1f} s"])
    chip = scratch / f"{name}-w4.chip"  # the best one: quality, cycles and gates are of the same
    times.append([name, f"evaluate float and integer on {result['tokens']:,} tokens", f"{evaluate:.1f} s"])
    _, integer_only = run("evaluate", chip, "--text", text)
    times.append([name, "evaluate the integer model alone", f"{integer_only:.1f} s"])
    build = scratch / f"{name}-build"
    _, seconds = run("build", chip, "-o", build, "--onnx", model)
    times.append([name, "build (write the HLS project)", f"{seconds:.1f} s"])
    _, first = run("run", build, "--prompt", "One day", "--tokens", "1")
    story, again = run("run", build, "--prompt", "One day", "--tokens", "300")
    telling = len(story["tokens"]) / story["tokens_per_second"]
    times.append([name, "compile the C-simulation", f"{first - again + telling:.1f} s"])
    times.append([name, "C-simulation, through hls4ml's predict", f"{story['tokens_per_second']:,.0f} tokens/s"])
    slow, _ = run("run", build, "--prompt", "One day", "--tokens", "300", "--backend", "reference")
    assert slow["text"] == story["text"], "the reference and the C-simulation told different stories"
    times.append([name, "integer reference, token by token", f"{slow['tokens_per_second']:,.0f} tokens/s"])
    proof, seconds = run("verify", build)
    logits = sum(rung["logits"] for rung in proof["rungs"].values())
    times.append([name, f"verify: {proof['verdict']}, {logits:,} logits", f"{seconds:.1f} s"])
    return {"quality": quality, "times": times}


def _met(rise: float, weights: int) -> str:
    return "met" if rise <= MOST_RISE[weights] else "missed"


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


# What is made into gates: a name, the chip's shape where it is random, board, options of the build. A tile is a small
# engine with every part, and with the stages of the AMD plans or of the ULX3S's: what clock such a pipeline takes where
# open tools can route it.
TILE = (
    "columns=8,rows=4,depth=2,terms=4,banks=2,divides=1,score_style=fabric,mix_style=apart,mix_fabric=0,minus=false,"
    "lane_stages={0},round_stages={0}"
)
TILE_SHAPE = "64,32,1,2,1,16,32,64"
GATES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("stories260K", "stories260k", "pynq-z2", ()),
    ("bundled", "bundled", "ulx3s-85f", ()),
    ("tile", TILE_SHAPE, "ulx3s-85f", ("--clock", "52", "--geometry", TILE.format(2))),
    ("tile-one-stage", TILE_SHAPE, "ulx3s-85f", ("--clock", "52", "--geometry", TILE.format(1))),
    ("kev-gpt", "kev-gpt", "kv260", ()),
)
SEEDS = (2, 1, 3, 4)  # of the placer, in turn: with the first of them the committed bitstream routes
PROVED = ("pynq-z2", "ulx3s-85f")  # the families whose cells have models here: xc7 and ecp5


def gate_builds(scratch: Path) -> list[Path]:
    """Build folders of ``GATES``, from the chips that are in ``scratch`` already or of random weights."""
    builds = []
    for name, shape, board, options in GATES:
        chip, build = scratch / f"{name}-w4.chip", scratch / f"{name}-{board}"
        if not chip.exists():
            run("random", "-o", chip, "--shape", shape, "--seed", str(speeds.SEED))  # the one whose cycles are measured
        run("build", chip, "-o", build, "--target", "rtl", "--board", board, *options)
        builds.append(build)
    return builds


def resource_rows(name: str, board: str, row: dict[str, Any]) -> list[list[str]]:
    """Predicted against measured, from one row of a batch; a resource that nobody uses is left out."""
    rows = []
    for kind, share in row["share"].items():
        used, guess = row["resources"][kind], row["predicted"].get(kind, {}).get("predicted")
        if used or guess:
            error = f"{guess / used - 1:+.1%}" if guess and used else ""
            told = "" if guess is None else f"{guess:,}"
            judged = ""
            if kind == "lut":  # a plan leaves the rest to the route, and to what a board has beside it
                most = load_board(board).device_family.planning.lut_budget
                judged = f" ({most:.0%}: {'met' if share <= most else 'missed'})"
            rows.append([name, board, kind, told, f"{used:,}", error, f"{share:.1%}{judged}"])
    return rows


def gates(builds: Sequence[Path]) -> tuple[list[list[str]], list[list[str]]]:
    """Resources, and runs (seconds, clock, path, proof), of a batch of builds; what is done is kept."""
    seeds = [word for seed in SEEDS for word in ("--seed", str(seed))]
    batch, _ = run("synth", *builds, "--allow-slow", *seeds, may_fail=True)
    resources, runs = [], []
    for build, row in zip(builds, batch, strict=True):
        board = read_manifest(build).board.key
        name = build.name.removesuffix(f"-{board}")
        runs.append([name, board, f"synth: {row['status']}", f"{row['seconds']:,.0f} s"])
        if row["error"]:
            runs.append([name, board, row["error"], ""])
        resources += resource_rows(name, board, row)
        if row["clock_mhz"] and row["tokens_per_second"]:
            clock = f"{row['clock_mhz']:g} MHz {row['clock_source']}, place and route: {row['place_and_route']}"
            what = f"{row['cycles_per_token']:,.1f} cycles per token at {clock}"
            runs.append([name, board, what, f"{row['tokens_per_second']:,.0f} tokens/s"])
        if row["critical_path"]:
            runs.append([name, board, f"slowest path: {row['critical_path']['text']}", ""])
        if board in PROVED and row["status"] in ("done", "kept"):
            rung, when = netlist_proof(build)
            what = f"netlist, proved on {when}: {rung['tokens']} tokens and {rung['logits']:,} logits {rung['status']}"
            what += f"; {rung['note']}"
            runs.append([name, board, what, f"{rung['seconds']:,.0f} s"])
    return resources, runs


def netlist_proof(build: Path) -> tuple[dict[str, Any], str]:
    """A netlist's rung and its day: the newest in the manifest of these gates and this chip, or a new one."""
    manifest = read_manifest(build)
    assert manifest.synthesis is not None
    netlist = manifest.synthesis.files["synth/netlist.json"]
    gates = {"chip": manifest.chip.digest, "synth/netlist.json": netlist}
    for proof in reversed(manifest.proofs):
        if "netlist" in proof.rungs and gates.items() <= proof.digests.items():
            return proof.rungs["netlist"].as_json(), proof.when[:10]
    proof, _ = run("verify", build, "--rungs", "netlist")
    return proof["rungs"]["netlist"], proof["when"][:10]


# ---------------------------------------------------------------------------------------------------
# The page.


def models_part(given: argparse.Namespace, scratch: Path) -> str:
    """Quality and times of the two trained models, and what the bundled one writes."""
    data, other = given.shared / "data", given.shared / "models" / "stories260K"
    text, calibration = data / "stories-evaluation.txt", data / "stories-calibration.txt"
    bundled = measure("bundled", BUNDLED / "model.onnx", BUNDLED / "calibration.txt", text, scratch)
    stories = measure("stories260K", other / "stories260K.dynamo-opset20.onnx", calibration, text, scratch, (4, 3))
    quality = ["model", "form", "bits per character", "perplexity", "rise", "same argmax"]
    lines = [
        "### Quality\n",
        "Held-out TinyStories by the protocol of `hardwire evaluate`; rise and agreement against float.\n",
        table(quality, bundled["quality"] + stories["quality"]),
        "\n### Times\n",
        "Whole commands, start of Python included; tokens/s as `hardwire run` prints them.\n",
        table(["model", "step", "measured"], bundled["times"] + stories["times"]),
        "\n### Stories\n",
        f"The bundled model as W4A8 integers on 100 openings, {TOKENS} tokens (`tests/stories.py`):\n",
    ]
    chip = load_chip(scratch / "bundled-w4.chip")
    for temperature in TEMPERATURES:
        written = write_stories(chip, temperature)
        first = written[0].text.replace("\n", "\n  > ")
        lines.append(f"- {summary(temperature, written)}. The first:\n\n  > {first}\n")
    return "\n".join(lines)


def large_part(given: argparse.Namespace, scratch: Path) -> str:
    """A chip that no board here holds. In a process of its own, whose largest child no other part has run."""
    with ProcessPoolExecutor(1) as pool:
        return table(["model", "step", "measured"], pool.submit(measure_15m, scratch).result())


def speed_part(given: argparse.Namespace, scratch: Path) -> str:
    """Planned and simulated cycles."""
    return speeds.section(given.shared, scratch)


def gates_part(given: argparse.Namespace, scratch: Path) -> str:
    """What synthesis makes of the builds, and the proof of it."""
    resources, runs = gates(given.builds or gate_builds(scratch))
    return "\n".join(
        [
            "What `cost.py` predicted, and what Yosys made of it; the share is of the whole device.\n",
            table(["build", "board", "resource", "predicted", "measured", "error", "share"], resources),
            "\nBy Yosys and, for ECP5, nextpnr. No open tool routes the AMD parts: their clocks are estimated.\n",
            table(["build", "board", "what", "measured"], runs),
        ]
    )


# What the page has, in its order: the word of the command line, a heading, and who writes what stands below.
PARTS: Mapping[str, tuple[str, Callable[[argparse.Namespace, Path], str]]] = {
    "models": ("Models", models_part),
    "large": ("A large chip", large_part),
    "speed": ("Speed", speed_part),
    "gates": ("Gates", gates_part),
}
TITLE = "# Measured results\n\nEach part by `python tests/results.py PART`, on the day that it says.\n"


def read_parts(page: str) -> dict[str, str]:
    """What stands below each heading of the page."""
    first, *parts = page.split("\n## ")
    return {heading: body.strip() for heading, _, body in (part.partition("\n") for part in parts)}


def assembled(parts: Mapping[str, str]) -> str:
    """The page; a part that was never measured is not on it."""
    headings = [heading for heading, _ in PARTS.values() if heading in parts]
    return "\n".join([TITLE, *(f"## {heading}\n\n{parts[heading]}\n" for heading in headings)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all, where none is said")
    parser.add_argument("--shared", type=Path, default=speeds.SHARED)
    parser.add_argument(
        "--builds", type=Path, nargs="+", help="build folders to synthesize instead of new ones; what is done is kept"
    )
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    with tempfile.TemporaryDirectory() as folder:
        for name in given.parts or PARTS:
            heading, measured = PARTS[name]
            body = measured(given, Path(folder))
            parts = read_parts(PAGE.read_text(encoding="utf-8"))
            parts[heading] = f"Measured on {time.strftime('%Y-%m-%d')}; {machine}.\n\n{body.strip()}"
            PAGE.write_text(assembled(parts), encoding="utf-8")  # each as it is known: the whole takes hours


if __name__ == "__main__":
    main()
