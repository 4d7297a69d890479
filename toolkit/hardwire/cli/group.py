# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What all commands share: the group with its exit codes, progress on standard error, one JSON object or a table."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..errors import HardwireError
from ..report import github as workflow
from ..version import __version__

PIPE_WIDTH = 120  # columns of a table that no terminal measures


ENDS = (
    "done",
    "kept",
    "over budget",
    "over memory",
    "too slow",
    "out of time",
    "failed",
    "cancelled",
    "lost",
    "disk full",
    "stopped",
    "not run",
)


notes = Console(stderr=True, highlight=False)


AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


IN_FILE = click.Path(path_type=Path)


GITHUB = click.option("--github", is_flag=True, help="Say what failed as an annotation of GitHub Actions too.")


ESTIMATE = "estimate"


class Duration(click.ParamType):
    """Seconds, from hours or minutes."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([hm]?)", str(value))
        seconds = float(match[1]) * (3600 if match[2] == "h" else 60) if match else 0.0
        if not 0.5 <= seconds <= 1e7:
            self.fail(f"{value!r} is no time; give 90m or 12h", param, ctx)
        return seconds


class Clock(click.ParamType):
    """MHz, or the word for a clock that is estimated."""

    name = "clock"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        if value == ESTIMATE:
            return ESTIMATE
        return click.FloatRange(1, 1000).convert(value, param, ctx)


class Drafts(click.ParamType):
    """Entries of a table; 0 where the word is none, None where it is auto."""

    name = "none|auto|entries"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if value in ("none", "auto"):
            return 0 if value == "none" else None
        return int(click.IntRange(0).convert(value, param, ctx))


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
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            notes.print(
                f"[bold red]error:[/] {escape(reason)}; choose a place that exists and may be written", soft_wrap=True
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
def annotated(github: bool, as_json: bool, title: str, file: Path) -> Iterator[None]:
    """What fails inside is said as an annotation too, where ``github``; standard output has no room for JSON beside."""
    if github and as_json:
        raise click.UsageError("--json and --github: both are what standard output is; give one of them")
    try:
        yield
    except HardwireError as error:
        if github:
            click.echo(workflow.error(str(error), title, file))
        raise


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
