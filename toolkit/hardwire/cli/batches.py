# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands for many builds: sweep; and for what they share: cache."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from ..jobs.cluster import Place
from .cluster import on_cluster
from .group import AS_JSON, IN_FILE, answer, main, notes

if TYPE_CHECKING:
    from ..sweep.results import Result


@main.command()
@click.argument("file", type=IN_FILE)
@click.option("-o", "--out", type=IN_FILE, help="Folder of the results; default: the file's name without .toml.")
@click.option("--retry", is_flag=True, help="Run again what failed.")
@on_cluster
@AS_JSON
def sweep(file: Path, out: Path | None, retry: bool, place: Place, as_json: bool) -> None:
    """Bring every point of FILE (models x boards x weights x options x seeds) from the model to its clock.

    What is finished and still holds is not run again, so a stopped run continues, and a grid that grew runs what is
    new. Results are in OUT: results.sqlite, results.csv and report.html. A point's failure is its row; the exit code is
    1 if there is one.
    """
    from ..sweep.grid import read_grid
    from ..sweep.report import write_report
    from ..sweep.results import Results
    from ..sweep.run import run_sweep

    grid, folder = read_grid(file), out or file.with_suffix("")
    with _sweep_bar() as (progress, finished):
        summary = run_sweep(grid, folder, place, retry=retry, progress=progress, finished=finished)
    results = Results(folder / "results.sqlite")
    try:
        rows = results.present()
        write_report(results, folder / "report.html", file.stem)
    finally:
        results.close()
    data = {"report": str(folder / "report.html"), **asdict(summary), "rows": [asdict(row) for row in rows]}
    answer(data, as_json, _rows(rows))
    ran = f"{summary.points} points, {summary.kept} kept, {summary.steps} steps run"
    notes.print(f"{ran}; {escape(str(folder / 'report.html'))}", soft_wrap=True)
    if summary.interrupted:
        raise KeyboardInterrupt
    if any(row.status != "done" for row in rows):
        sys.exit(1)


@contextmanager
def _sweep_bar() -> Iterator[tuple[Any, Any]]:
    """One bar for the sweep with the time that is left, and what runs now; without a terminal a line per point."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f}"))
    with Progress(*columns, TextColumn("{task.fields[left]}"), console=notes, disable=not notes.is_terminal) as shown:
        task = shown.add_task("sweep", total=1, left="")

        def progress(job: str, stage: str, share: float) -> None:
            shown.update(task, description=f"{job}: {stage}")

        def finished(done: int, total: int, left: float | None) -> None:
            words = "" if left is None else f"about {_time(left)} left"
            shown.update(task, completed=done, total=total, left=words)
            if not notes.is_terminal:
                notes.print(f"{done} of {total} points{', ' + words if words else ''}", markup=False)

        yield progress, finished


def _time(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _rows(rows: Sequence[Result]) -> Table:
    table = Table(
        *("point", "status", "LUT", "area", "clock", "tokens/s", "bits/char", "seconds"), box=SIMPLE, title="sweep",
        title_justify="left",
    )  # fmt: skip
    for row in rows:
        status = row.status if row.status == "done" else f"[red]{row.status}[/]"
        clock = f"{row.clock_mhz:g} {row.clock_source}" if row.clock_mhz else ""
        rate = f"{row.tokens_per_second:,.0f}" if row.tokens_per_second else ""
        quality = f"{row.bits_per_char:.4f}" if row.bits_per_char else ""
        lut, area = (f"{row.lut:,}" if row.lut else ""), (f"{row.area:.1%}" if row.area is not None else "")
        table.add_row(escape(row.name), status, lut, area, clock, rate, quality, f"{row.seconds:g}")
    for row in rows:
        if row.reason:
            table.caption = f"{table.caption or ''}{escape(row.name)}: {escape(row.reason)}\n"
    table.caption_justify = "left"
    return table


@main.command()
@click.option("--prune", metavar="SIZE", help="Remove the longest unused until this is left, as 500M; 0: all.")
@AS_JSON
def cache(prune: str | None, as_json: bool) -> None:
    """Show what is kept for all builds of a user, as compiled simulations, and where; --prune makes room.

    Nothing in it is needed: what is missing is made again.
    """
    from ..jobs.needs import read_bytes, words
    from ..tools.cache import KINDS, Cache, cache_folder

    folder = cache_folder()
    limit = None if prune is None else 0 if prune == "0" else read_bytes(prune, "--prune")
    table = Table("kind", "files", "size", "oldest use", "removed", title=str(folder), title_justify="left", box=SIMPLE)
    data = []
    for kind in KINDS:
        kept = Cache(kind, folder)
        gone = [] if limit is None else kept.prune(limit)
        entries = kept.entries()
        size, freed = sum(entry.bytes for entry in entries), sum(entry.bytes for entry in gone)
        oldest = time.strftime("%Y-%m-%d", time.gmtime(entries[0].used)) if entries else ""
        data.append({"kind": kind, "files": len(entries), "bytes": size, "oldest": oldest or None, "freed": freed})
        table.add_row(kind, f"{len(entries):,}", words(size), oldest, words(freed) if gone else "")
    answer({"folder": str(folder), "kinds": data}, as_json, table)
