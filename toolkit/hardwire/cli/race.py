# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The command that races many quick answers against a careful one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.columns import Columns
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from ..driver.until import Found, Test, beam, guided, until
from ..errors import BuildError, ToolMissing, Unsupported
from ..openers import backends, load
from .group import AS_JSON, IN_FILE, answer, main, notes, spinner


class Picture:
    """Both racers beside each other, with what they write and how long they have been at it."""

    def __init__(self, live: Live, prompt: str) -> None:
        self._live, self._prompt = live, prompt
        self._texts, self._titles, self._colours = ["", ""], ["many quick ones", "a careful one"], ["cyan", "cyan"]
        self._draw()

    def attempt(self, so_far: Found) -> None:
        self._tell(0, so_far, f"attempt {so_far.attempts}, {so_far.seconds:.2f} s", "cyan")

    def step(self, so_far: Found) -> None:
        self._tell(1, so_far, f"careful, {so_far.seconds:.2f} s", "cyan")

    def end(self, found: Found) -> None:
        passed = "passes" if found.passed else "does not pass"
        self._tell(1, found, f"careful, {found.seconds:.2f} s, {passed}", "red")

    def _tell(self, side: int, found: Found, title: str, colour: str) -> None:
        self._titles[side], self._texts[side] = title, found.text
        self._colours[side] = "green" if found.passed else colour
        self._draw()

    def _draw(self) -> None:
        width = max(30, self._live.console.width // 2 - 2)
        sides = zip(self._titles, self._texts, self._colours, strict=True)
        self._live.update(
            Columns(
                [
                    Panel(Text(self._prompt, "dim") + Text(text), title=title, border_style=colour, width=width)
                    for title, text, colour in sides
                ]
            ),
            refresh=True,
        )


@main.command()
@click.argument("build", type=IN_FILE)
@click.option("--until", "pattern", help="A pattern of Python's re that the whole answer must match.")
@click.option("--schema", type=IN_FILE, help="A JSON schema in a file, which the answer must fit, instead.")
@click.option("--prompt", default="", help="Text to continue.")
@click.option("--tokens", type=click.IntRange(1), default=40, show_default=True, help="Of an answer, at most.")
@click.option("--attempts", type=click.IntRange(1), default=64, show_default=True)
@click.option("--temperature", type=click.FloatRange(0), default=0.8, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="Of the first attempt.")
@click.option("--beam", "width", type=click.IntRange(1), default=4, show_default=True, help="Texts of the careful one.")
@click.option(
    "--careful",
    type=click.Choice(["beam", "guided"]),
    default="beam",
    show_default=True,
    help="A search over the logits, or one answer under a guide, of a chip with an extended sampler.",
)
@click.option("--backend", type=click.Choice(list(backends())), help="As of run. Default: the first that there is.")
@AS_JSON
def race(
    build: Path,
    pattern: str | None,
    schema: Path | None,
    prompt: str,
    tokens: int,
    attempts: int,
    temperature: float,
    seed: int,
    width: int,
    careful: str,
    backend: str | None,
    as_json: bool,
) -> None:
    """Time to correct on BUILD: answers with the next seeds until one passes, then one careful attempt.

    Both run on the same chip, one after the other. Where the chip has nothing for the careful one, logits or an
    extended sampler, it is not run, and the reason is told.
    """
    test = _test(pattern, schema)
    with spinner("load"):
        model = load(build, backend)
    slow: Found | None = None
    note = ""
    with Live(console=notes, auto_refresh=False, transient=as_json) as live:
        picture = Picture(live, prompt)
        many: dict[str, Any] = {"tokens": tokens, "temperature": temperature, "seed": seed}
        found = until(model, prompt, test, attempts=attempts, on_attempt=picture.attempt, **many)
        try:
            if careful == "guided":
                slow = guided(model, prompt, test, **many)
            else:
                slow = beam(model, prompt, test, tokens=tokens, width=width, on_step=picture.step)
            picture.end(slow)
        except (Unsupported, ToolMissing) as error:
            note = str(error)
    answer(_told(found, slow, note), as_json)
    if not as_json:
        click.echo(_words(found, slow, note))


def _test(pattern: str | None, schema: Path | None) -> Test:
    """What an answer must pass. Raises BuildError."""
    if (pattern is None) == (schema is None):
        raise BuildError("a race is until something: give --until PATTERN or --schema FILE, and not both")
    if schema is None:
        assert pattern is not None
        return pattern
    try:
        asked = json.loads(schema.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BuildError(f"{schema}: is no JSON ({error}); give a schema") from None
    if not isinstance(asked, dict):
        raise BuildError(f"{schema}: is no object; give a JSON schema")
    return asked


def _told(found: Found, careful: Found | None, note: str) -> dict[str, Any]:
    data = _as_json(found) | {"attempts": found.attempts, "seed": found.seed}
    return data | {"careful": {"status": "not run", "reason": note} if careful is None else _as_json(careful)}


def _as_json(found: Found) -> dict[str, Any]:
    return {
        "passed": found.passed,
        "tokens": found.tokens,
        "seconds": round(found.seconds, 4),
        **({} if found.cycles is None else {"cycles": found.cycles}),
        "text": found.text,
    }


def _words(found: Found, careful: Found | None, note: str) -> str:
    passed = "passed" if found.passed else "none passed"
    lines = [f"many quick ones: {passed} after {found.attempts}, {found.tokens} tokens, {_time(found)}"]
    if careful is None:
        lines.append(f"a careful one: not run, {note}")
    else:
        passed = "passes" if careful.passed else "does not pass"
        lines.append(f"a careful one: {passed}, {careful.tokens} tokens, {_time(careful)}")
    return "\n".join(lines)


def _time(found: Found) -> str:
    cycles = "" if found.cycles is None else f", {found.cycles:,} cycles of the chip"
    return f"{found.seconds:.3f} s{cycles}"
