# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands that run and prove what was built: run, verify, demo, doctor."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.table import Table

from ..errors import BuildError, Mismatch
from .group import AS_JSON, IN_FILE, answer, bar, key_values, main, notes, spinner


@main.command()
@click.argument("build", type=IN_FILE)
@click.option("--prompt", default="", help="Text to continue.")
@click.option("--tokens", type=click.IntRange(0), help="At most so many; default: until the story or the context ends.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True)
@click.option("--temperature", type=float, default=0.0, show_default=True, help="0 is greedy.")
@click.option(
    "--backend",
    type=click.Choice(["board", "simulation", "csim", "rtl", "netlist", "reference"]),
    help="Default: csim for a build.",
)
@AS_JSON
def run(
    build: Path, prompt: str, tokens: int | None, seed: int, temperature: float, backend: str | None, as_json: bool
) -> None:
    """Stream text from BUILD (a build folder or a .chip), token by token."""
    from .. import load

    with spinner("load"):
        model = load(build, backend)
    model.encode(prompt)  # refuses what cannot be said before anything is printed
    pieces: list[str] = []
    if not as_json:
        click.echo(prompt, nl=False)
    try:
        for piece in model.stream(prompt, tokens, temperature, seed):
            pieces.append(piece)
            if not as_json:
                click.echo(piece, nl=False)
    except KeyboardInterrupt:
        model.last.status = "interrupted"
    report = model.last
    if not as_json:
        click.echo()
        notes.print(
            f"{len(report.tokens)} tokens, {report.tokens_per_second:,.0f} tokens/s on {model.name}; "
            f"ended by: {report.status}"
        )
    data = {
        "tokens": report.tokens,
        "text": prompt + "".join(pieces),
        "tokens_per_second": round(report.tokens_per_second, 1),
        "cycles": [],
        "status": report.status,
        "backend": model.name,
    }
    answer(data, as_json)
    if report.status == "interrupted":
        sys.exit(130)


@main.command()
@click.argument("build", type=IN_FILE)
@click.option(
    "--rungs", help="Which comparisons, by comma, of float, int, csim, rtl, netlist; default: all the build has."
)
@click.option("--tokens", type=click.IntRange(1), default=256, show_default=True, help="Positions per prompt.")
@click.option("--prompts", type=IN_FILE, help="A text file, one prompt per line.")
@click.option(
    "--plant", type=click.Choice(["weight", "table", "rounding", "rom", "netlist"]), help="Break a copy first."
)
@click.option("--junit", type=IN_FILE, help="Write the receipt as JUnit XML too.")
@AS_JSON
def verify(
    build: Path,
    rungs: str | None,
    tokens: int,
    prompts: Path | None,
    plant: str | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Prove BUILD equal to its model, step by step, and write a receipt into its manifest.

    The verdict is "proven" when every rung ran and agreed. A rung that was asked for and cannot run is exit code 1,
    a difference exit code 2. A build folder is a program: open only folders that you trust.
    """
    from ..build.folder import open_build
    from ..pipeline import read_text
    from ..proof import plant as faults
    from ..proof import verify as proof

    lines = [line for line in read_text(prompts).splitlines() if line] if prompts else None
    climbed = rungs.split(",") if rungs else None
    with tempfile.TemporaryDirectory() as scratch, bar("verify") as progress:
        opened = open_build(build)
        planted = ""
        if plant:
            opened, planted = faults.plant(opened, plant, Path(scratch))
            climbed = [*(climbed or ["float", "int"]), faults.RUNG[plant]]
        receipt = proof.verify(opened, climbed, tokens, lines, progress)
        if not plant:
            proof.record(opened, receipt)
    if junit:
        proof.write_junit(receipt, junit)
    answer(receipt.as_dict() | ({"planted": planted} if planted else {}), as_json, _receipt_table(receipt, planted))
    if receipt.first_difference is not None:
        raise Mismatch(str(receipt.first_difference))
    if planted:
        raise BuildError(f"a fault was planted ({planted}) and nothing differed; compare more tokens")
    for name, rung in receipt.rungs.items():
        if rung.status == "not run":
            raise BuildError(f"rung {name} was asked for and not run: {rung.note}")


def _receipt_table(receipt: Any, planted: str) -> Table:
    title = f"verdict: {receipt.verdict}" + (f" (planted: {planted})" if planted else "")
    columns = ("rung", "status", "tokens", "logits", "other values", "seconds", "note")
    table = Table(*columns, title=title, title_justify="left", box=SIMPLE)
    for name, rung in receipt.rungs.items():
        table.add_row(
            name,
            rung.status,
            f"{rung.tokens:,}",
            f"{rung.logits:,}",
            f"{rung.stages:,}",
            f"{rung.seconds:g}",
            rung.note,
        )
    return table


@main.command()
@click.option("--out", type=IN_FILE, help="Keep the build here; default: a temporary folder.")
@click.option("--tokens", type=click.IntRange(1), default=500, show_default=True, help="At the most.")
@click.option("--prompt", default="One day", show_default=True)
@click.option("--temperature", type=click.FloatRange(0), default=0.8, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=1, show_default=True)
@AS_JSON
def demo(out: Path | None, tokens: int, prompt: str, temperature: float, seed: int, as_json: bool) -> None:
    """The bundled model, all the way: ONNX, integers, HLS C++, compiled, a story, the proof."""
    from ..backends.of_build import csim_engine
    from ..build.folder import open_build
    from ..build.make import make_build
    from ..driver.model import LanguageModel
    from ..files import bundled_folder
    from ..pipeline import quantize_onnx
    from ..proof import verify as proof
    from ..targets.board import load_board

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = out or Path(scratch) / "build"
        chip_file = Path(scratch) / "bundled.chip"
        with spinner("demo") as stage:
            quantize_onnx(bundled_folder() / "model.onnx", chip_file, progress=stage)
            make_build(chip_file, load_board("pynq-z2"), folder, progress=stage)
            stage("compile the C-simulation")
            opened = open_build(folder)
            model = LanguageModel(opened.chip, csim_engine(opened), "bundled (csim)")
        pieces = []
        if not as_json:
            click.echo(prompt, nl=False)
        for piece in model.stream(prompt, tokens, temperature, seed):
            pieces.append(piece)
            if not as_json:
                click.echo(piece, nl=False)
        if not as_json:
            click.echo()
            notes.print(f"{len(pieces)} tokens at {model.last.tokens_per_second:,.0f} tokens/s in C-simulation")
        with bar("prove") as progress:
            receipt = proof.verify(opened, progress=progress)
        proof.record(opened, receipt)
    csim = receipt.rungs.get("csim", proof.Rung())
    data = {
        "model": "bundled",
        "parameters": opened.chip.about["parameters"],
        "tokens": len(pieces),
        "text": prompt + "".join(pieces),
        "ended": model.last.status,
        "csim_equal": csim.status == "equal",
        "logits_compared": csim.logits,
        "seconds": round(time.perf_counter() - started, 1),
        "verdict": receipt.verdict,
    }
    answer(data, as_json, _receipt_table(receipt, ""))
    if receipt.first_difference is not None:
        raise Mismatch(str(receipt.first_difference))


@main.command()
@click.argument("model", required=False)
@AS_JSON
def doctor(model: str | None, as_json: bool) -> None:
    """What is installed and reachable, as a report to paste; with MODEL, the chip on this board against it too."""
    from .doctor import report

    data = report(model)
    answer(data, as_json, key_values("hardwire doctor", data))
