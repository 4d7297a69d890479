# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The command that makes a model from a text: ``hardwire train``."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .group import AS_JSON, IN_FILE, answer, bar, key_values, main, notes, spinner

EVENT_SECONDS = 1.0  # at least, between two events of steps
BY_HEART = 0.02  # bits per character that the held-out text may get worse before something is said
LINE_SECONDS = 30.0  # between two lines where no terminal draws a bar
UNITS = {"": 1, "k": 1_000, "m": 1_000_000}

Event = dict[str, Any]


class Count(click.ParamType):
    """A number, as 500k or 1.5M."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)([km]?)", str(value).lower())
        if match is None:
            self.fail(f"{value!r} is no number; give it as 500k or 1.5M", param, ctx)
        return int(float(match[1]) * UNITS[match[2]])


@main.command()
@click.option("--text", type=IN_FILE, help="UTF-8 to learn from; documents between lines of <|endoftext|>, or one.")
@click.option("-o", "--out", type=IN_FILE, required=True, help="The folder to write.")
@click.option("--board", help="Take the largest shape that it holds.")
@click.option("--parameters", type=Count(), help="At most, as 500k; with --board as well, what it holds of that.")
@click.option("--weights", default=4, show_default=True, help="Bits of every matrix, 2 to 8.")
@click.option("--context", default=512, show_default=True, help="Positions, a multiple of 16.")
@click.option("--vocab", type=int, help="Tokens of the tokenizer; default: the shape's.")
@click.option("--minutes", type=float, help="To train; the schedule follows the clock. Default: 120.")
@click.option("--hours", type=float, help="To train, in place of minutes.")
@click.option("--steps", type=int, help="To train, in place of minutes; a step has 8,192 tokens.")
@click.option("--seed", default=1, show_default=True)
@click.option("--threads", default=1, show_default=True, help="Of the CPU.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda; auto: a GPU where torch has one.")
@click.option("--save-every", default=60.0, show_default=True, help="Seconds between checkpoints.")
@click.option("--licence", help="Of the text, for the card: as CC0-1.0.")
@click.option("--resume", is_flag=True, help="Go on in -o as it was begun; no other option is needed.")
@AS_JSON
def train(out: Path, text: Path | None, hours: float | None, resume: bool, as_json: bool, **options: Any) -> None:
    """Train a model on a text, and write its ONNX, tokenizer, card and chip.

    The shape is the largest that the board holds at those bits; the weights are trained through their grid. A run that
    was killed goes on where its last checkpoint is when the same command is given again. With --json the events are
    lines of JSON on standard error.
    """
    from ..training.request import Request, Task, resumed

    if hours is not None:
        if options["minutes"] is not None:
            raise click.UsageError("--hours and --minutes: give one of them")
        options["minutes"] = hours * 60
    if resume:
        request = resumed(out)
    elif text is None:
        raise click.UsageError("--text is missing; or give --resume, to go on in -o")
    else:
        request = Request(text=text, out=out, **options)
    with bar("shape") as progress:
        task = Task.of(request, lambda share: progress(request.board or "", share))
    if not as_json:
        notes.print(f"{task.shape.parameters:,} parameters: {task.shape.words()}")
    with spinner("torch"):
        from ..training.run import train as run
    with told(as_json) as tell:
        done = run(task, tell)
    step, best = min(done.record["watched"], key=lambda place: place[1])
    last = done.record["watched"][-1][1]
    if last > best + BY_HEART:
        notes.print(
            f"the held-out text was at {best:.3f} bits per character at step {step:,} and is at {last:.3f}: the model "
            "learns the text by heart; train for less time, or on more text"
        )
    data = {
        name: done.record[name]
        for name in ("parameters", "bits_per_char", "steps", "seconds", "tokens", "epochs", "shape")
    }
    data |= {"folder": str(out), "chip": str(out / "model.chip"), "digest": done.chip.digest, "bits": done.chip.bits}
    if done.plan is not None:
        data |= {"board": done.plan.board, "limit": done.plan.limit, "tokens_per_second": done.plan.tokens_per_second}
    answer(data, as_json, key_values("trained", data))


@contextmanager
def told(as_json: bool) -> Iterator[Callable[[Event], None]]:
    """What to tell of a training: a bar and samples, lines where there is no terminal, or JSON."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    drawn = notes.is_terminal and not as_json
    last = [-1e9]

    def due(seconds: float) -> bool:
        now = time.monotonic()
        if now - last[0] < seconds:
            return False
        last[0] = now
        return True

    with Progress(*columns, console=notes, disable=not drawn, transient=True) as progress:
        line = progress.add_task("train", total=1.0, left="")

        def tell(event: Event) -> None:
            kind = event["event"]
            if as_json:
                if kind != "step" or due(EVENT_SECONDS):
                    click.echo(json.dumps(event, ensure_ascii=False), err=True)
            elif kind == "step":
                said = f"step {event['step']:,}, loss {event['loss']:.3f}"
                left = f"{_clock(event['left'])} left"
                progress.update(line, description=said, completed=event["progress"], left=left)
                if not drawn and due(LINE_SECONDS):
                    notes.print(f"{said}, {left}")
            elif kind == "checkpoint":
                sample = escape(" ".join(event["sample"].split()))
                notes.print(
                    f"[bold]{event['bits_per_char']:.3f}[/] bits per character, held out: {sample}", soft_wrap=True
                )
            else:
                progress.update(line, description=escape(event["stage"]), left="")

        yield tell


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"
