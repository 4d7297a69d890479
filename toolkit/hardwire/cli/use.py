# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands that run and prove what was built: run, verify, demo, doctor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.table import Table

from ..openers import backends, load, token_ids
from ..proof import plant as faults
from .group import AS_JSON, GITHUB, IN_FILE, annotated, answer, bar, key_values, main, notes, spinner


def _ids(context: click.Context, option: click.Parameter, value: str | None) -> list[int] | None:
    """The value of an option of token ids, written 1,2,3. Raises click.BadParameter."""
    if value is None:
        return None
    try:
        return token_ids(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} are no token ids; give them as 1,2,3") from None


@main.command()
@click.argument("build", type=IN_FILE)
@click.option("--prompt", default="", help="Text to continue.")
@click.option("--ids", callback=_ids, help="Token ids to continue, as 1,2,3; for a chip without a tokenizer.")
@click.option("--tokens", type=click.IntRange(0), help="At most so many; default: until the story or the context ends.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True)
@click.option("--temperature", type=float, default=0.0, show_default=True, help="0 is greedy.")
@click.option(
    "--backend",
    type=click.Choice(list(backends())),
    help="; ".join(f"{name}: {about}" for name, about in backends().items()) + ". Default: the first that there is.",
)
@click.option("--port", help="The serial port of a board that holds this chip, as /dev/ttyUSB0.")
@AS_JSON
def run(
    build: Path,
    prompt: str,
    ids: list[int] | None,
    tokens: int | None,
    seed: int,
    temperature: float,
    backend: str | None,
    port: str | None,
    as_json: bool,
) -> None:
    """Stream text from BUILD (a build folder or a .chip), token by token.

    cycles, in JSON: of the chip's clock for each token, or null and in cycles_note the reason.
    """
    if ids is not None and prompt:
        raise click.UsageError("--prompt and --ids: give one of them")
    with spinner("load"):
        model = load(build, backend, port)
    prompt_ids = model.encode(prompt if ids is None else ids)  # refuses what cannot be said before anything is printed
    begin = prompt if ids is None else model.text(prompt_ids)
    pieces: list[str] = []
    if not as_json:
        click.echo(begin, nl=False)
    try:
        for piece in model.stream(prompt_ids, tokens, temperature, seed):
            pieces.append(piece)
            if not as_json:
                click.echo(piece, nl=False)
    except KeyboardInterrupt:
        model.last.status = "interrupted"
    report, note = model.last, model.count_cycles()
    if not as_json:
        click.echo()
        notes.print(
            f"{len(report.tokens)} tokens, {report.tokens_per_second:,.0f} tokens/s on {model.name}; "
            f"ended by: {report.status}"
        )
    data = {
        "tokens": report.tokens,
        "text": begin + "".join(pieces),
        "tokens_per_second": round(report.tokens_per_second, 1),
        "cycles": report.cycles,
        "status": report.status,
        "backend": model.name,
    }
    data |= {"cycles_note": note} if note else {}
    data |= {"total_cycles": report.total_cycles} if report.total_cycles is not None else {}
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
@click.option("--plant", type=click.Choice(faults.KINDS), help="Break a copy first.")
@click.option("--junit", type=IN_FILE, help="Write the receipt as JUnit XML too.")
@click.option("--onnx", type=IN_FILE, help="The float model of the chip; default: the copy in the build.")
@GITHUB
@AS_JSON
def verify(
    build: Path,
    rungs: str | None,
    tokens: int,
    prompts: Path | None,
    plant: str | None,
    junit: Path | None,
    onnx: Path | None,
    github: bool,
    as_json: bool,
) -> None:
    """Prove BUILD equal to its model, step by step, and write a receipt into its manifest.

    The verdict is "proven" when every rung ran and agreed. A rung that was asked for and cannot run is exit code 1,
    a difference exit code 2. A build folder is a program: open only folders that you trust.
    """
    from ..build.folder import open_build
    from ..pipeline import read_lines
    from ..proof import verify as proof

    with annotated(github, as_json, "hardwire verify", build):
        lines = read_lines(prompts) if prompts else None
        chosen = rungs.split(",") if rungs else None
        planted = ""
        with bar("verify") as progress:
            opened = open_build(build)
            if plant:
                receipt, planted = proof.verify_planted(opened, plant, chosen, tokens, lines, progress, onnx)
            else:
                receipt = proof.verify(opened, chosen, tokens, lines, progress, onnx)
                proof.record(opened, receipt)
        if junit:
            proof.write_junit(receipt, junit)
        answer(receipt.as_dict() | ({"planted": planted} if planted else {}), as_json, _receipt_table(receipt, planted))
        receipt.check(planted)


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
    from ..proof.demo import Demonstration

    with Demonstration(out) as demonstration:
        with spinner("demo") as stage:
            model = demonstration.make(stage)
        if as_json:
            demonstration.tell(prompt, tokens, temperature, seed)
        else:
            click.echo(prompt, nl=False)
            demonstration.tell(prompt, tokens, temperature, seed, lambda piece: click.echo(piece, nl=False))
            click.echo()
            notes.print(
                f"{demonstration.tokens} tokens at {model.last.tokens_per_second:,.0f} tokens/s in C-simulation"
            )
        with bar("prove") as progress:
            result, receipt = demonstration.prove(progress)
    answer(result.as_dict(), as_json, _receipt_table(receipt, ""))
    receipt.check()


@main.command()
@click.argument("model", required=False)
@click.option("--bundle", type=IN_FILE, help="A zip to send: the report, logs and reports of MODEL; no personal names.")
@AS_JSON
def doctor(model: str | None, bundle: Path | None, as_json: bool) -> None:
    """What is installed and reachable, as a report to paste; with MODEL, the chip on this board against it too."""
    from .doctor import bundled_report, report

    data = report(model) if bundle is None else bundled_report(model, bundle)
    answer(data, as_json, key_values("hardwire doctor", data))
