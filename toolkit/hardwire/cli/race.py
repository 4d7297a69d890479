# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The command that races many quick answers against a careful one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
from rich.columns import Columns
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from ..driver.until import Found, beam, until
from ..errors import Unsupported
from ..openers import backends, load
from .group import AS_JSON, IN_FILE, answer, main, notes, spinner


class Picture:
    """Both racers beside each other, with what they write and how long they have been at it."""

    def __init__(self, live: Live, prompt: str) -> None:
        self._live, self._prompt = live, prompt
        self._began = time.perf_counter()
        self._texts, self._titles, self._colours = ["", ""], ["many quick ones", "a careful one"], ["cyan", "cyan"]
        self._draw()

    def attempt(self, number: int, text: str, passed: bool) -> None:
        self._titles[0] = f"attempt {number}, {self._seconds()}"
        self._texts[0], self._colours[0] = text, "green" if passed else "cyan"
        self._draw()

    def careful(self) -> None:
        """The careful one begins, on the same chip."""
        self._began = time.perf_counter()

    def step(self, text: str) -> None:
        self._titles[1], self._texts[1] = f"careful, {self._seconds()}", text
        self._draw()

    def end(self, found: Found) -> None:
        self._titles[1] = f"careful, {found.seconds:.2f} s, {'passes' if found.passed else 'does not pass'}"
        self._texts[1], self._colours[1] = found.text, "green" if found.passed else "red"
        self._draw()

    def _seconds(self) -> str:
        return f"{time.perf_counter() - self._began:.2f} s"

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
@click.option("--until", "pattern", required=True, help="A pattern of Python's re that the whole answer must match.")
@click.option("--prompt", default="", help="Text to continue.")
@click.option("--tokens", type=click.IntRange(1), default=40, show_default=True, help="Of an answer, at most.")
@click.option("--attempts", type=click.IntRange(1), default=64, show_default=True)
@click.option("--temperature", type=click.FloatRange(0), default=0.8, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="Of the first attempt.")
@click.option("--beam", "width", type=click.IntRange(1), default=4, show_default=True, help="Texts of the careful one.")
@click.option("--backend", type=click.Choice(list(backends())), help="As of run. Default: the first that there is.")
@AS_JSON
def race(
    build: Path,
    pattern: str,
    prompt: str,
    tokens: int,
    attempts: int,
    temperature: float,
    seed: int,
    width: int,
    backend: str | None,
    as_json: bool,
) -> None:
    """Time to correct on BUILD: answers with the next seeds until one passes, then one by a beam search.

    Both run on the same chip, one after the other. A careful attempt needs logits; where the backend has none it is
    not run, and the reason is told.
    """
    with spinner("load"):
        model = load(build, backend)
    careful: Found | None = None
    note = ""
    with Live(console=notes, auto_refresh=False, transient=as_json) as live:
        picture = Picture(live, prompt)
        found = until(
            model,
            prompt,
            pattern,
            tokens=tokens,
            temperature=temperature,
            seed=seed,
            attempts=attempts,
            on_attempt=picture.attempt,
        )
        picture.careful()
        try:
            careful = beam(
                model,
                prompt,
                pattern,
                tokens=tokens,
                width=width,
                on_step=picture.step,
            )
            picture.end(careful)
        except Unsupported as error:
            note = str(error)
    answer(_told(found, careful, note), as_json)
    if not as_json:
        click.echo(_words(found, careful, note))


def _told(found: Found, careful: Found | None, note: str) -> dict[str, Any]:
    data = _as_json(found) | {"attempts": found.attempts, "seed": found.seed}
    return data | {"careful": {"status": "not run", "reason": note} if careful is None else _as_json(careful)}


def _as_json(found: Found) -> dict[str, Any]:
    return {
        "passed": found.passed,
        "tokens": found.tokens,
        "seconds": round(found.seconds, 4),
        "text": found.text,
    }


def _words(found: Found, careful: Found | None, note: str) -> str:
    passed = "passed" if found.passed else "none passed"
    lines = [f"many quick ones: {passed} after {found.attempts}, {found.tokens} tokens, {found.seconds:.3f} s"]
    if careful is None:
        lines.append(f"a careful one: not run, {note}")
    else:
        passed = "passes" if careful.passed else "does not pass"
        lines.append(f"a careful one: {passed}, {careful.tokens} tokens, {careful.seconds:.3f} s")
    return "\n".join(lines)
