# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of commands whose steps run on a cluster, as one argument ``place``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..jobs.cluster import LOOPBACK, SYSTEMS, Place


class Licence(click.ParamType):
    """A name and how many there are."""

    name = "name=count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        name, _, count = str(value).partition("=")
        if not name.isidentifier() or not count.isdigit() or not int(count):
            self.fail(f"{value!r} is no licence; give a name and a count, as vivado=2", param, ctx)
        return name, int(count)


_OPTIONS = (
    click.option(
        "--on",
        default="local",
        show_default=True,
        help="local, slurm, pbs, lsf, sge, ssh:HOST,HOST or a Dask scheduler's address, as tcp://127.0.0.1:8786.",
    ),
    click.option(
        "--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Steps at a time; jobs of a queue."
    ),
    click.option(
        "--licence",
        "licences",
        type=Licence(),
        multiple=True,
        help="How many there are, as vivado=2; else not counted.",
    ),
    click.option("--queue", help="Of the batch system."),
    click.option("--directive", "directives", multiple=True, help="One more for its script, as --qos=long."),
    click.option(
        "--listen", default=LOOPBACK, show_default=True, help="Address of this machine that workers elsewhere reach."
    ),
)


def on_cluster(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options; the command gets a ``place``."""

    @functools.wraps(command)
    def placed(
        on: str,
        jobs: int,
        licences: tuple[tuple[str, int], ...],
        queue: str | None,
        directives: tuple[str, ...],
        listen: str,
        **rest: Any,
    ) -> None:
        logs = Path.cwd() / "hardwire-jobs" if on in SYSTEMS else None
        place = Place(
            on=on,
            jobs=jobs,
            listen=listen,
            licences=dict(licences),
            queue=queue,
            directives=directives,
            logs=logs,
        )
        place.check()
        command(place=place, **rest)

    for option in reversed(_OPTIONS):
        placed = option(placed)
    return placed
