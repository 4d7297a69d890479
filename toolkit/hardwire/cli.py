# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The ``hardwire`` command: one subcommand per step, in the order the steps are taken.

With ``--json`` standard output is one JSON object; progress and words go to standard error.
Exit codes: 0 done or proven, 1 the user's input or environment, 2 a difference was found, 130 Ctrl-C.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from . import __version__
from .errors import BuildError, HardwireError, Mismatch

PIPE_WIDTH = 120  # columns of a table that no terminal measures
ENDS = ("done", "kept", "over budget", "too slow", "failed", "stopped", "not run")  # of a synthesis job
notes = Console(stderr=True, highlight=False)

AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
IN_FILE = click.Path(path_type=Path)


class Duration(click.ParamType):
    """Seconds, from hours or minutes."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([hm]?)", str(value))
        seconds = float(found[1]) * (3600 if found[2] == "h" else 60) if found else 0.0
        if not 0.5 <= seconds <= 1e7:
            self.fail(f"{value!r} is no time; give 90m or 12h", param, ctx)
        return seconds


class Commands(click.Group):
    """Subcommands in the order they were defined, and our errors as one sentence and their exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HardwireError as error:
            notes.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            error.show()
            ctx.exit(1)  # click's own 2 means a difference here
        except OSError as error:
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            notes.print(
                f"[bold red]error:[/] {escape(what)}; choose a place that exists and may be written", soft_wrap=True
            )
            ctx.exit(1)
        except KeyboardInterrupt:
            notes.print("stopped by Ctrl-C")
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hardwire")
def main() -> None:
    """Bake a small language model into an FPGA, and prove every step equal.

    \b
    model.onnx --quantize--> m.chip --build--> build/ --run, verify--> tokens and a receipt
                                      |
                                     fit: which boards hold it?

    Begin with `hardwire demo`, which takes the bundled model all the way.
    """


@contextmanager
def bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on standard error; call it with a stage's name and the share that is done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda stage, share: progress.update(task, description=f"{title}: {stage}", completed=share)


@contextmanager
def bars() -> Iterator[Callable[[str, str, float], None]]:
    """A progress bar for each job that runs; call it with the job, its stage and the share that is done.

    Where no terminal draws them, a line when a job ends.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=notes, disable=not notes.is_terminal) as progress:

        def show(job: str, stage: str, share: float) -> None:
            if job not in tasks:
                tasks[job] = progress.add_task(job, total=1.0)
            progress.update(tasks[job], description=f"{job}: {stage}", completed=share)
            if share >= 1 and stage in ENDS:
                progress.stop_task(tasks[job])
                if not notes.is_terminal:
                    notes.print(f"{job}: {stage}", markup=False)

        yield show


@contextmanager
def spinner(title: str) -> Iterator[Callable[[str], None]]:
    """A running clock for work whose length is not known."""
    with notes.status(title) as status:
        yield lambda stage: status.update(f"{title}: {stage}")


def answer(data: dict[str, Any] | list[Any], as_json: bool, table: RenderableType | None = None) -> None:
    """Print the result: JSON on standard output, or a table or text for people."""
    if as_json:
        click.echo(json.dumps(data, indent=1, ensure_ascii=False))
    elif table is not None:
        Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def key_values(title: str, data: dict[str, Any]) -> Table:
    table = Table(title=title, show_header=False, title_justify="left", box=SIMPLE)
    for key, value in data.items():
        table.add_row(
            key, f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else escape(str(value))
        )
    return table


# ---------------------------------------------------------------------------------------------------


@main.command()
@click.argument("model", type=IN_FILE)
@click.option("--context", type=int, help="Positions, where the file does not say.")
@AS_JSON
def inspect(model: Path, context: int | None, as_json: bool) -> None:
    """Read MODEL.onnx, say what was recognised, and check it against ONNX Runtime."""
    from .frontend import import_onnx

    with spinner("import"):
        imported = import_onnx(model, context=context)
    d = imported.decoder
    a, check = d.blocks[0].attention, imported.check
    kinds = (("rotary", a.rope is not None), ("learned", d.positions is not None))
    positions = [kind for kind, there in kinds if there]
    data = {
        "architecture": d.architecture,
        "parameters": d.parameters,
        "layers": len(d.blocks),
        "dim": d.dim,
        "heads": a.heads,
        "kv_heads": a.kv_heads,
        "head_dim": a.head_dim,
        "hidden": int(d.blocks[0].mlp.up.weight.shape[0]),
        "vocab": d.vocab,
        "context": d.context,
        "tied_embedding": d.tied,
        "activation": d.blocks[0].mlp.activation,
        "gated": d.blocks[0].mlp.gate is not None,
        "norm": d.blocks[0].attention_norm.kind,
        "positions": " and ".join(positions) or "none",
        "onnx_equal": asdict(check) | {"lengths": list(check.lengths)},
        "notes": list(imported.notes),
    }
    answer(data, as_json, key_values(str(model), data))


def _weights(context: click.Context, option: click.Parameter, value: str) -> int | None:
    if value == "auto":
        return None
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a number of bits nor auto") from None


def _bits(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> dict[str, int]:
    from .chip import Wiring, matrix_names

    found = {}
    for text in value:
        name, _, bits = text.partition("=")
        if name not in matrix_names(Wiring(positions=True)) or not bits.isdigit():
            raise click.BadParameter(f"{text!r} is not a matrix and its bits; give one as down=6")
        found[name] = int(bits)
    return found


@main.command()
@click.argument("model", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, required=True, help="The .chip to write.")
@click.option(
    "--weights",
    default="4",
    show_default=True,
    callback=_weights,
    help="Bits of every matrix, 2 to 8; auto: the best that --board holds, or within --mean-bits.",
)
@click.option("--mean-bits", type=float, help="Of a weight, at the most, where --weights is auto; as 4.5.")
@click.option("--bits", multiple=True, callback=_bits, metavar="NAME=N", help="Other bits for one matrix, as down=6.")
@click.option("--activations", type=int, default=8, show_default=True, help="Bits of the static activations.")
@click.option("--calibration", type=IN_FILE, help="Text; default: calibration.txt beside the model.")
@click.option("--tokenizer", type=IN_FILE, help="tokenizer.json; default: beside the model.")
@click.option("--context", type=int, help="Positions, where the file does not say, or fewer.")
@click.option("--board", help="Refuse a result that does not fit this board.")
@click.option("--tune", type=int, default=0, help="Steps of fine-tuning; 300 take minutes. Needs torch.")
@click.option("--rotation/--no-rotation", default=True, show_default=True, help="Spread outliers over all channels.")
@click.option("--rounding", type=click.Choice(["calibrated", "plain"]), default="calibrated", show_default=True)
@click.option("--tradeoff", type=IN_FILE, help="Picture of bits against perplexity and --board's tokens/s; minutes.")
@AS_JSON
def quantize(model: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Turn MODEL.onnx into integers: one .chip file with everything the hardware needs."""
    from .pipeline import quantize_onnx
    from .tradeoff import mean_bits

    with spinner("quantize") as stage:
        chip, points = quantize_onnx(model, out, progress=stage, **options)
    data: dict[str, Any] = {
        "chip": str(out),
        "digest": chip.digest,
        "bits": chip.bits,
        "mean_bits": round(mean_bits(chip), 3),
        "exceptions": chip.exceptions(),
        "size_bytes": out.stat().st_size,
    }
    if points:
        data["tradeoff"] = [point.as_dict() for point in points]
    answer(data, as_json, key_values("quantized", {key: value for key, value in data.items() if key != "tradeoff"}))


@main.command()
@click.argument("chip", type=IN_FILE)
@click.option("--onnx", type=IN_FILE, help="The float model to compare with.")
@click.option("--text", type=IN_FILE, required=True, help="Held-out text.")
@click.option("--plot", type=IN_FILE, help="Write a picture of the error by layer.")
@AS_JSON
def evaluate(chip: Path, onnx: Path | None, text: Path, plot: Path | None, as_json: bool) -> None:
    """Bits per character and perplexity of CHIP on a text, beside the float model's."""
    from .pipeline import evaluate_chip

    with bar("evaluate") as progress:
        result, errors = evaluate_chip(chip, onnx, text, plot, lambda share: progress("stories", share))
    data = result.as_dict() | ({"error_by_stage": errors} if errors else {})
    table = Table(
        "model",
        "bits per character",
        "perplexity",
        title_justify="left",
        box=SIMPLE,
        title=f"{result.tokens:,} tokens, {result.characters:,} characters",
    )
    for name, quality in (("float", result.exact), ("integer", result.integer)):
        if quality is not None:
            table.add_row(name, f"{quality.bits_per_char:.4f}", f"{quality.perplexity:.4f}")
    answer(data, as_json, table)


@main.command()
@click.option("-o", "--out", type=IN_FILE, required=True, help="The .chip to write.")
@click.option(
    "--shape",
    default="bundled",
    show_default=True,
    help="bundled, stories260k, 15m, kev-gpt, microgpt; or, Llama-like: "
    "vocab,dim,layers,heads,kv_heads,head_dim,hidden,context.",
)
@click.option("--seed", default=0, show_default=True)
@click.option("--weights", default=4, show_default=True, help="Bits of every matrix.")
@AS_JSON
def random(out: Path, shape: str, seed: int, weights: int, as_json: bool) -> None:
    """Write a chip with random weights, for hardware work."""
    from .pipeline import shape_named
    from .quantize import Options, random_chip

    with spinner("random chip"):
        chip = random_chip(shape_named(shape), seed, Options(weights=weights, rounding="plain"))
        chip.save(out)
    data = {
        "chip": str(out),
        "shape": asdict(chip.shape),
        "wiring": asdict(chip.wiring),
        "parameters": chip.about["parameters"],
        "bits": chip.bits,
        "size_bytes": out.stat().st_size,
    }
    answer(data, as_json, key_values("random chip", data))


@main.command()
@click.argument("chip", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, required=True, help="The .chip to write.")
@click.option("--layers", default="0:1", show_default=True, help="The first, and the one behind the last.")
@click.option("--vocab", type=int, help="Token ids to keep, from 0; default: all.")
@click.option("--context", type=int, help="Positions to keep; default: all.")
@AS_JSON
def excerpt(chip: Path, out: Path, layers: str, vocab: int | None, context: int | None, as_json: bool) -> None:
    """Write a few layers of CHIP as a chip of their own.

    What is too large for a board or a simulation is built and verified block by block.
    """
    from .chip import load_chip
    from .excerpt import excerpt as cut

    found = re.fullmatch(r"(\d+):(\d+)", layers)
    if found is None:
        raise click.UsageError(f"--layers {layers}: give them as 0:1")
    with spinner("excerpt"):
        made = cut(load_chip(chip), int(found[1]), int(found[2]), vocab, context)
        made.save(out)
    data = {"chip": str(out), "digest": made.digest, "shape": asdict(made.shape), "size_bytes": out.stat().st_size}
    answer(data, as_json, key_values("excerpt", data))


@main.command()
@click.argument("chip", type=IN_FILE)
@click.option("--board", default="all", show_default=True, help="A board's name, or all.")
@click.option("--timeline", type=IN_FILE, help="Write a picture of one token's timeline (one board).")
@click.option("--position", type=click.IntRange(0), default=127, show_default=True, help="Of the picture's token.")
@AS_JSON
def fit(chip: Path, board: str, timeline: Path | None, position: int, as_json: bool) -> None:
    """Plan the fastest engine of CHIP for each board: does it fit, what limits it, its exact cycles.

    Cycles are those of a generated token, from one embedding fetch to the next possible one. Resources are predicted;
    `hardwire synth` measures them. The floor is what no engine on that board could beat.
    """
    from . import plan
    from .board import board_names, load_board
    from .chip import load_chip

    model = load_chip(chip)
    if timeline is not None and board == "all":
        raise HardwireError("--timeline draws one board's engine; give --board too")
    with bar("plan") as progress:
        planner = plan.Planner(model)
        names = board_names() if board == "all" else [board]
        fits = [plan.fit(model, load_board(name), planner, progress) for name in names]
    columns = ("board", "fits", "limit", "lanes", "cycles at 0", "mean", "floor", "ratio", "MHz", "tokens/s")
    table = Table(
        *columns,
        title=str(chip),
        title_justify="left",
        box=SIMPLE,
        caption="mean: over positions 0 to 255; MHz: assumed, as the tokens/s are; resources predicted",
        caption_justify="left",
    )
    for f in fits:
        if f.fits:
            figures = (f"{f.lanes:,}", f"{f.cycles[0]:,}", f"{f.mean_cycles:,.1f}", f"{f.floor_cycles:,}", f"{f.ratio}")
            table.add_row(f.board, "yes", f.limit, *figures, f"{f.clock_mhz:g}", f"{f.tokens_per_second:,.0f}")
        else:
            limit = f.limit if f.most_bits is None else f"{f.limit}; its memories would hold {f.most_bits} bits"
            table.add_row(f.board, "[red]no[/]", limit, "", "", "", f"{f.floor_cycles:,}", "", "", "")
    if timeline is not None:
        _draw_timeline(model, fits[0], position, timeline)
    answer([f.as_dict() for f in fits], as_json, table)


def _draw_timeline(model: Any, verdict: Any, position: int, path: Path) -> None:
    from .geometry import Geometry
    from .plots import draw_timeline
    from .schedule import schedule

    if verdict.geometry is None:
        raise HardwireError(f"nothing to draw: no engine fits {verdict.board} ({verdict.limit})")
    if position >= model.shape.context:
        raise HardwireError(f"--position {position}: the context has {model.shape.context}")
    draw_timeline(schedule(model, Geometry(**verdict.geometry)), position, path, verdict.board)


@main.command()
@click.argument("chip", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, required=True, help="The build folder to write.")
@click.option("--board", default="pynq-z2", show_default=True)
@click.option("--target", type=click.Choice(["hls", "rtl", "bitstream"]), default="hls", show_default=True)
@click.option(
    "--ip", type=click.Choice(["rtl", "hls"]), default="rtl", show_default=True, help="Bitstream: the decoder in it."
)
@click.option(
    "--lanes", type=click.IntRange(1, 1024), help="HLS: rows computed side by side; default: what the board holds."
)
@click.option(
    "--geometry", help="RTL: fields of a plan to change, as in columns=16,banks=24; default: as fit plans it."
)
@click.option("--clock", type=click.FloatRange(1, 1000), help="MHz to build for; default: the board's.")
@click.option("--onnx", type=IN_FILE, help="The float model, for verify; default: found beside the chip by its hash.")
@AS_JSON
def build(
    chip: Path,
    out: Path,
    board: str,
    target: str,
    ip: str,
    lanes: int | None,
    geometry: str | None,
    clock: float | None,
    onnx: Path | None,
    as_json: bool,
) -> None:
    """Write the project of CHIP with its weights baked in: HLS, or the RTL engine too. Nothing is synthesised.

    bitstream: the engine behind AXI4-Lite and a Vivado project around it, for a board with a Zynq; `hardwire synth`
    runs it. --ip hls puts the decoder of the HLS project behind the same registers, in place of the RTL engine.
    """
    from .board import load_board
    from .build import make_build
    from .geometry import parse_geometry

    place = load_board(board)
    place = replace(place, clock_mhz=clock) if clock else place
    chosen = parse_geometry(geometry) if geometry else None
    with spinner("build") as stage:
        made = make_build(
            chip, place, out, target=target, ip=ip, lanes=lanes, geometry=chosen, onnx=onnx, progress=stage
        )
    data = {
        "manifest": str(out / "manifest.json"),
        "digest": made.manifest["digest"],
        "files": sorted(made.manifest["files"]),
        "tools": made.manifest["tools"],
    }
    answer(data, as_json, key_values("built", {**data, "files": len(data["files"])}))


@main.command()
@click.argument("builds", type=IN_FILE, nargs=-1, required=True)
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Builds at a time.")
@click.option("--no-route", is_flag=True, help="Stop after Yosys, also on ECP5 and Zynq.")
@click.option("--allow-slow", is_flag=True, help="Take a route that misses its clock.")
@click.option("--clock", type=click.FloatRange(1, 1000), help="MHz to reach, or to assume; default: the build's.")
@click.option(
    "--seed", "seeds", type=click.IntRange(0), multiple=True, help="Of the placer; several are tried in turn."
)
@click.option(
    "--timeout",
    type=Duration(),
    help="That a tool may take, as 90m or 12h; minutes without a letter. "
    "Default: 60m, and 24h for Vivado and Vitis HLS.",
)
@click.option("--collect", type=IN_FILE, help="Put finished bitstreams into this folder, by board and build name.")
@AS_JSON
def synth(
    builds: tuple[Path, ...],
    jobs: int,
    no_route: bool,
    allow_slow: bool,
    clock: float | None,
    seeds: tuple[int, ...],
    timeout: float | None,
    collect: Path | None,
    as_json: bool,
) -> None:
    """Synthesize BUILDS made with --target rtl; for an ECP5 place, route and write the bitstream.

    Results stay in each build's synth/ folder and manifest; what is finished is not run again, so a stopped run
    continues. One failure stops no other build; the exit code is 1 if any failed. AMD parts are synthesized by Yosys,
    their place and route is not run. A build made with --target bitstream is run through Vivado, if that is on the PATH
    (--no-route: its engine through Yosys), and with --ip hls through Vitis HLS first.
    """
    from .synth.batch import Options, run_batch
    from .synth.builds import jobs_of
    from .synth.tables import result

    options = Options(timeout, allow_slow=allow_slow, route=not no_route)
    with bars() as progress:
        table = run_batch(jobs_of(builds, clock, seeds), jobs, progress, options)
    answer([row.as_dict() for row in table.rows], as_json, result(table.rows))
    if collect is not None:
        from .bitstreams import collect as put
        from .build import open_build

        for folder, row in zip(builds, table.rows, strict=True):
            if row.bitstream:
                notes.print(f"collected {put(open_build(folder), collect)}")
    if table.interrupted:
        raise KeyboardInterrupt
    if table.failed:
        sys.exit(1)


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
    from .driver import load

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
    from . import plant as faults
    from . import verify as proof
    from .build import open_build
    from .pipeline import read_text

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
@click.option("--tokens", type=click.IntRange(1), default=200, show_default=True)
@click.option("--prompt", default="One day", show_default=True)
@AS_JSON
def demo(out: Path | None, tokens: int, prompt: str, as_json: bool) -> None:
    """The bundled model, all the way: ONNX, integers, HLS C++, compiled, a story, the proof."""
    from . import verify as proof
    from .board import load_board
    from .build import bundled_folder, make_build, open_build
    from .driver import LanguageModel
    from .pipeline import quantize_onnx

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = out or Path(scratch) / "build"
        chip_file = Path(scratch) / "bundled.chip"
        with spinner("demo") as stage:
            quantize_onnx(bundled_folder() / "model.onnx", chip_file, progress=stage)
            make_build(chip_file, load_board("pynq-z2"), folder, progress=stage)
            stage("compile the C-simulation")
            opened = open_build(folder)
            model = LanguageModel(opened.chip, opened.csim_engine(), "bundled (csim)")
        pieces = []
        if not as_json:
            click.echo(prompt, nl=False)
        for piece in model.stream(prompt, tokens):
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
        "csim_equal": csim.status == "equal",
        "logits_compared": csim.logits,
        "seconds": round(time.perf_counter() - started, 1),
        "verdict": receipt.verdict,
    }
    answer(data, as_json, _receipt_table(receipt, ""))
    if receipt.first_difference is not None:
        raise Mismatch(str(receipt.first_difference))


@main.command()
@click.argument("build", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, help="The zip to write; default: hardwire-<name>-<board>.zip here.")
@AS_JSON
def deploy(build: Path, out: Path | None, as_json: bool) -> None:
    """One zip with all that a board needs of BUILD: wheel, bitstream, .hwh, model, and a README with its commands."""
    from .deploy import deploy as pack

    with spinner("deploy"):
        path = pack(build, out)
    data = {"zip": str(path), "size_bytes": path.stat().st_size}
    answer(data, as_json, key_values("deployed", data))


@main.command()
@click.argument("model", required=False)
@click.option("--bundle", type=IN_FILE, help="A zip to send: the report, logs and reports of MODEL; no personal names.")
@AS_JSON
def doctor(model: str | None, bundle: Path | None, as_json: bool) -> None:
    """What is installed and reachable, as a report to paste; with MODEL, the chip on this board against it too."""
    from .doctor import bundled_report, report

    data = report(model) if bundle is None else bundled_report(model, bundle)
    answer(data, as_json, key_values("hardwire doctor", data))
