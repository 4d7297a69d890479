# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands from the chip to the bitstream: fit, build, synth, deploy, datasheet."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.table import Table

from ..errors import HardwireError, Mismatch
from ..jobs.cluster import Place
from .cluster import on_cluster
from .group import (
    AS_JSON,
    ESTIMATE,
    IN_FILE,
    Clock,
    Drafts,
    Duration,
    answer,
    bar,
    bars,
    key_values,
    main,
    notes,
    spinner,
)
from .shapes import answer_shapes

SAID = 10  # faults of a build's paths that are written out


@main.command()
@click.argument("chip", type=IN_FILE, required=False)
@click.option("--board", default="all", show_default=True, help="A board's name, or all.")
@click.option("--shapes", is_flag=True, help="Without CHIP: the largest shapes that a board holds, to train.")
@click.option(
    "--weights", type=click.IntRange(2, 8), multiple=True, help="Bits of those shapes; default: 3, 4 and 8, minutes."
)
@click.option("--context", type=click.IntRange(16, 4096), default=512, show_default=True, help="Of those shapes.")
@click.option("--plot", type=IN_FILE, help="Write a picture of those shapes to choose by.")
@click.option("--timeline", type=IN_FILE, help="Write a picture of one token's timeline (one board).")
@click.option("--position", type=click.IntRange(0), default=127, show_default=True, help="Of the picture's token.")
@click.option(
    "--streams",
    type=click.Choice(["1", "2", "3", "4", "auto"]),
    default="1",
    show_default=True,
    help="Contexts in flight; auto: as many as give the most tokens.",
)
@click.option(
    "--clock",
    type=click.Choice(["asked", ESTIMATE]),
    default="asked",
    show_default=True,
    help="Pipeline stages for the clock that the board asks for, or those that give the most tokens/s as estimated.",
)
@click.option(
    "--into", type=IN_FILE, multiple=True, help="A reprintable build or bitstream: does CHIP go into its mould?"
)
@AS_JSON
def fit(
    chip: Path | None,
    board: str,
    shapes: bool,
    weights: tuple[int, ...],
    context: int,
    plot: Path | None,
    timeline: Path | None,
    position: int,
    streams: str,
    clock: str,
    into: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Plan the fastest engine of CHIP for each board: does it fit, what limits it, its exact cycles.

    Cycles are those of a generated token, from one embedding fetch to the next possible one. Resources are predicted;
    `hardwire synth` measures them. The floor is what no engine on that board could beat. With several streams the mean
    is per token over all of them, and the latency what one token takes meanwhile. The clock is estimated, and no higher
    than the board's: --json has its basis, its error against known routes, and the slowest paths.
    """
    if shapes:
        if chip is not None:
            raise click.UsageError(f"--shapes is asked without a chip; leave {chip} out")
        return answer_shapes(board, weights, context, plot, as_json)
    if chip is None:
        raise click.UsageError("CHIP is missing; or give --shapes, for the largest shapes that a board holds")
    if weights or plot:
        raise click.UsageError("--weights and --plot go with --shapes")
    from ..build.pours import pours_into
    from ..chip.model import load_chip
    from ..plan.depth import at_estimated_clock
    from ..plan.fit import fit as fit_to
    from ..plan.planner import Planner
    from ..targets.board import board_names, load_board

    model = load_chip(chip)
    if timeline is not None and board == "all":
        raise HardwireError("--timeline draws one board's engine; give --board too")
    with bar("plan") as progress:
        planner = Planner(model)
        moulds = [pours_into(model, folder) for folder in into]
        names = board_names() if board == "all" else [board]
        wanted = None if streams == "auto" else int(streams)
        places = [load_board(name) for name in names]
        if clock == ESTIMATE:
            places = [at_estimated_clock(model, place, planner, progress, wanted) for place in places]
        fits = [fit_to(model, place, planner, progress, wanted) for place in places]
    cycles = ("cycles at 0", "mean", "latency", "floor", "ratio")
    columns = ("board", "fits", "limit", "lanes", "streams", *cycles, "MHz", "tokens/s")
    table = Table(
        *columns,
        title=str(chip),
        title_justify="left",
        box=SIMPLE,
        caption="mean: over positions 0 to 255; MHz, and so tokens/s: estimated (--json says how); resources predicted",
        caption_justify="left",
    )
    for f in fits:
        if f.fits:
            means = (f"{f.mean_cycles:,.1f}", f"{f.latency_cycles:,.1f}")
            figures = (f"{f.lanes:,}", f"{f.streams}", f"{f.cycles[0]:,}", *means, f"{f.floor_cycles:,}", f"{f.ratio}")
            table.add_row(f.board, "yes", f.limit, *figures, f"{f.clock_mhz:g}", f"{f.tokens_per_second:,.0f}")
        else:
            limit = f.limit if f.most_bits is None else f"{f.limit}; its memories would hold {f.most_bits} bits"
            table.add_row(f.board, "[red]no[/]", limit, *[""] * 5, f"{f.floor_cycles:,}", *[""] * 3)
    if timeline is not None:
        _draw_timeline(model, fits[0], position, timeline)
    rows = [f.as_dict() for f in fits]
    if into:
        rows = [{**row, "into": [m.as_dict() for m in moulds if m.board == row["board"]]} for row in rows]
    for mould in moulds:
        verdict = "goes into" if mould.fits else "does not go into"
        notes.print(f"{chip} {verdict} {mould.folder}, mould {mould.mould[:12]}", *mould.obstacles, sep="\n  ")
    answer(rows, as_json, table)


def _draw_timeline(model: Any, verdict: Any, position: int, path: Path) -> None:
    from ..plan.geometry import Geometry
    from ..plan.schedule import schedule
    from ..quality.plots import draw_timeline

    if verdict.geometry is None:
        raise HardwireError(f"nothing to draw: no engine fits {verdict.board} ({verdict.limit})")
    plan = schedule(model, Geometry(**verdict.geometry))
    if position >= plan.context:
        raise HardwireError(f"--position {position}: the context has {plan.context}")
    draw_timeline(plan, position, path, verdict.board)


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
    "--geometry",
    help="RTL: a geometry of one's own, as in columns=16,banks=24: what is not named is the default's, not the plan's "
    "of fit, whose whole geometry fit --json has. Without this option: as fit plans it.",
)
@click.option(
    "--streams",
    type=click.Choice(["1", "2", "3", "4", "auto"]),
    default="1",
    show_default=True,
    help="RTL: contexts in flight, each for a user; auto: as many as give the most tokens.",
)
@click.option(
    "--clock",
    type=Clock(),
    help="MHz to build for; default: the board's. estimate: as fit --clock estimate plans it, stages and clock.",
)
@click.option("--reprintable", is_flag=True, help="RTL: the board's host can pour other chips of the mould in.")
@click.option(
    "--sampler",
    type=click.Choice(["plain", "extended"]),
    default="plain",
    show_default=True,
    help="extended: top-k, top-p, penalty, log probabilities, guides.",
)
@click.option(
    "--guide-words",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="RTL, extended sampler: transitions of a guide's automaton that fit into the chip, a power of two from 512 "
    "on; a guide beyond it is kept by the host, token by token.",
)
@click.option(
    "--drafts",
    type=Drafts(),
    default="none",
    show_default=True,
    help="RTL, several streams: entries of a table, learnt from the model's own text, by which a user's next token is "
    "guessed in the pass of an idle stream, a power of two from 16 on; auto: if it pays.",
)
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
    streams: str,
    clock: float | str | None,
    reprintable: bool,
    sampler: str,
    guide_words: int,
    drafts: int | None,
    onnx: Path | None,
    as_json: bool,
) -> None:
    """Write the project of CHIP with its weights baked in: HLS, or the RTL engine too. Nothing is synthesised.

    bitstream: the engine behind AXI4-Lite and a Vivado project around it, for a board with a Zynq; `hardwire synth`
    runs it. --ip hls puts the decoder of the HLS project behind the same registers, in place of the RTL engine.
    """
    from ..build.make import make_build
    from ..build.pours import mould_of
    from ..chip.model import load_chip
    from ..ops.choice import EXTENDED
    from ..plan.depth import at_estimated_clock
    from ..plan.geometry import parse_geometry
    from ..targets.board import load_board

    place = load_board(board)
    place = replace(place, clock_mhz=clock) if isinstance(clock, float) else place
    chosen = parse_geometry(geometry) if geometry else None
    several = None if streams == "auto" else int(streams)
    if clock == ESTIMATE and (chosen is not None or target == "hls" or ip == "hls"):
        raise click.UsageError(f"--clock {ESTIMATE} plans the stages of an RTL engine; give MHz")
    with spinner("build") as stage:
        if clock == ESTIMATE:
            stage("clock")
            place = at_estimated_clock(load_chip(chip), place, streams=several)
        project = make_build(
            chip,
            place,
            out,
            target=target,
            ip=ip,
            lanes=lanes,
            geometry=chosen,
            streams=several,
            onnx=onnx,
            reprintable=reprintable,
            best=EXTENDED if sampler == "extended" else 0,
            guide_words=guide_words,
            drafts=drafts,
            progress=stage,
        )
    data: dict[str, Any] = {
        "manifest": str(out / "manifest.json"),
        "digest": project.manifest.digest,
        "files": sorted(project.manifest.files),
        "tools": project.manifest.tools,
        "mould": mould_of(project),
    }
    found = project.manifest.plan.drafts
    if found is not None:
        data["drafts"] = found.as_json()
    shown = {**data, "files": len(data["files"]), **({} if found is None else {"drafts": found.why})}
    answer(data, as_json, key_values("built", shown))


@main.command()
@click.argument("builds", type=IN_FILE, nargs=-1, required=True)
@on_cluster
@click.option("--no-route", is_flag=True, help="Stop after Yosys, also on ECP5 and Zynq.")
@click.option("--allow-slow", is_flag=True, help="Take a route that misses its clock.")
@click.option(
    "--check-paths",
    is_flag=True,
    help="Exit with 2 for a path of more than six LUTs or two carry chains, or a register that the plan has and the "
    "netlist lacks.",
)
@click.option("--clock", type=click.FloatRange(1, 1000), help="MHz to reach; default: the build's.")
@click.option(
    "--seed", "seeds", type=click.IntRange(0), multiple=True, help="Of the placer; the first good one ends the others."
)
@click.option(
    "--timeout",
    type=Duration(),
    help="That a tool may take, as 90m or 12h; minutes without a letter. Default: 60m, 24h for Vivado and Vitis HLS.",
)
@click.option("--collect", type=IN_FILE, help="Put finished bitstreams into this folder, by board and build name.")
@AS_JSON
def synth(
    builds: tuple[Path, ...],
    place: Place,
    no_route: bool,
    allow_slow: bool,
    check_paths: bool,
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

    --check-paths judges a netlist that Yosys has made, now or before; what it finds stands in the row as path_faults.

    --on names where the steps run. Workers need this package and the builds under the same paths.
    """
    from ..synth.batch import Options, run_batch
    from ..synth.builds import jobs_of
    from ..synth.tables import result

    options = Options(timeout, allow_slow=allow_slow, route=not no_route, check_paths=check_paths)
    folders = builds if place.on == "local" else [folder.resolve() for folder in builds]
    with bars() as progress:
        table = run_batch(jobs_of(folders, clock, seeds), progress=progress, options=options, place=place)
    answer([row.as_dict() for row in table.rows], as_json, result(table.rows))
    if collect is not None:
        from ..build.collect import collect as put
        from ..build.folder import open_build

        for folder, row in zip(builds, table.rows, strict=True):
            if row.bitstream:
                notes.print(f"collected {put(open_build(folder), collect)}")
    if table.interrupted:
        raise KeyboardInterrupt
    for row in table.rows:
        for said in (row.path_faults or ())[:SAID]:
            notes.print(f"{row.name}: {said}")
        if (more := len(row.path_faults or ()) - SAID) > 0:
            notes.print(f"{row.name}: and {more} more; --json has them all")
    if table.failed:
        sys.exit(1)
    if any(row.path_faults for row in table.rows):
        sys.exit(Mismatch.exit_code)


@main.command()
@click.argument("build", type=IN_FILE)
@click.argument("chip", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, required=True, help="The build folder to write.")
@click.option("--onnx", type=IN_FILE, help="The float model, for verify; default: found beside CHIP by its hash.")
@click.option("--collect", type=IN_FILE, help="Put the bitstream into this folder, by board and the name of --out.")
@AS_JSON
def reprint(build: Path, chip: Path, out: Path, onnx: Path | None, collect: Path | None, as_json: bool) -> None:
    """Put CHIP into the finished bitstream of BUILD, by other contents in its block RAMs: seconds, no place and route.

    BUILD is left as it is; the new folder has the patched bitstream, its netlist and its model. CHIP must be of BUILD's
    mould, and agree with it where that has ROMs in gates: `hardwire quantize --like OLD.chip --patchable` makes such.
    Of an AMD part the folder has what updatemem takes, and the bitstream where that is on the PATH.
    """
    from ..build.folder import open_build
    from ..synth.reprint import reprint as patch
    from ..synth.rows import NOT_RUN
    from ..synth.updatemem import SCRIPT, TOOL

    with bar("reprint") as progress:
        made = patch(open_build(build), chip, out, progress, onnx)
    bit = made.bitstream
    data = {
        "bitstream": None if bit is None else str(bit),
        "sha256": None if bit is None else made.build.synthesis.files[bit.relative_to(out.resolve()).as_posix()],
        "chip": made.build.chip.digest,
        "identity": made.build.manifest.identity,
        "memories": made.memories,
        "changed": made.changed,
        "bits": made.bits,
        "seconds": round(made.seconds, 1),
    }
    if made.inputs is not None:
        data[TOOL] = "done" if bit is not None else f"{NOT_RUN}: {made.inputs / SCRIPT} has its command line"
    answer(data, as_json, key_values("reprinted", data))
    if collect is not None:
        from ..build.collect import collect as put

        notes.print(f"collected {put(made.build, collect)}")


@main.command()
@click.argument("build", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, help="The zip to write; default: hardwire-<name>-<board>.zip here.")
@click.option("--wheels", type=IN_FILE, help="A folder of wheels, for hardwire serve on the board (docs/serve.md).")
@AS_JSON
def deploy(build: Path, out: Path | None, wheels: Path | None, as_json: bool) -> None:
    """One zip with all that a board needs of BUILD: wheel, bitstream, .hwh, model, and a README with its commands."""
    from ..build.deploy import deploy as pack

    with spinner("deploy"):
        path = pack(build, out, wheels)
    data = {"zip": str(path), "size_bytes": path.stat().st_size}
    answer(data, as_json, key_values("deployed", data))


@main.command()
@click.argument("build", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, required=True, help="The HTML file to write; nothing outside it is needed.")
@click.option("--pdf", type=IN_FILE, help="Print it to PDF too, by a Chromium that is installed.")
@click.option("--card", type=IN_FILE, help="The model's card; default: MODEL_CARD.md or README.md beside its ONNX.")
@click.option("--evaluation", type=IN_FILE, help="What hardwire evaluate --json wrote, for the quality.")
@AS_JSON
def datasheet(
    build: Path, out: Path, pdf: Path | None, card: Path | None, evaluation: Path | None, as_json: bool
) -> None:
    """BUILD as its maker would print it, from its manifest, chip and plan: a build, or a collected bitstream's folder.

    What the folder does not know is "not run" or "not recorded", and stands in the errata.
    """
    from ..datasheet import write_datasheet, write_pdf

    with spinner("datasheet") as stage:
        data = {"file": str(write_datasheet(build, out, card, evaluation))}
        if pdf is not None:
            stage("print")
            data["pdf"] = str(write_pdf(out, pdf))
    answer(data, as_json, key_values("datasheet", data))
