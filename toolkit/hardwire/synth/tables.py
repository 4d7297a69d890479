# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The rows of a batch for people: one table of results, and of each build its modules and its predictions."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from .rows import Row

SHOWN = ("lut", "ff", "dsp", "bram18", "uram")
MOST_MODULES = 15


def result(rows: Sequence[Row]) -> Group:
    """Everything there is to say about the rows."""
    parts: list[Table | str] = [_results(rows)]
    for row in rows:
        if row.modules:
            parts += [_modules(row)]
        if row.predicted:
            parts += [_predictions(row)]
    for row in rows:
        if row.critical_path:
            parts.append(f"{escape(row.name)}: slowest path: {escape(row.critical_path['text'])}")
        elif row.longest_paths:
            parts.append(f"{escape(row.name)}: estimated slowest path: {escape(row.longest_paths[0])}")
    parts += [f"[yellow]{escape(row.name)}:[/] {escape(text)}" for row in rows for text in row.warnings]
    parts += [f"[bold red]{escape(row.name)}:[/] {row.status}: {escape(row.error)}" for row in rows if row.error]
    return Group(*parts)


def _results(rows: Sequence[Row]) -> Table:
    columns = ("build", "status", *SHOWN, "clock", "place and route", "tokens/s", "seconds")
    table = Table(*columns, title="synthesis", title_justify="left", box=SIMPLE)
    for row in rows:
        used = [_share(row, name) for name in SHOWN]
        clock = f"{row.clock_mhz:g} MHz {row.clock_source}" if row.clock_mhz else ""
        rate = f"{row.tokens_per_second:,.0f}" if row.tokens_per_second else ""
        status = f"[red]{row.status}[/]" if row.failed else row.status
        table.add_row(escape(row.name), status, *used, clock, row.place_and_route, rate, f"{row.seconds:g}")
    return table


def _share(row: Row, name: str) -> str:
    if name not in row.resources:
        return ""
    share = f" ({row.share[name]:.0%})" if name in row.share else ""
    return f"{row.resources[name]:,}{share}"


def _modules(row: Row) -> Table:
    title = f"{escape(row.name)}: what each module takes"
    table = Table("module", *SHOWN, title=title, title_justify="left", box=SIMPLE)
    for name, used in list(row.modules.items())[:MOST_MODULES]:
        table.add_row(name, *(f"{used[key]:,}" if used[key] else "" for key in SHOWN))
    if len(row.modules) > MOST_MODULES:
        table.add_row(f"and {len(row.modules) - MOST_MODULES} smaller", *([""] * len(SHOWN)))
    return table


def _predictions(row: Row) -> Table:
    title = f"{escape(row.name)}: predicted and measured"
    table = Table("resource", "predicted", "measured", "error", title=title, title_justify="left", box=SIMPLE)
    for name, predicted in row.predicted.items():
        error = f"{predicted['error']:+.1%}" if "error" in predicted else ""
        table.add_row(name, f"{predicted['predicted']:,}", f"{predicted['used']:,}", error)
    return table
