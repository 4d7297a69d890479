# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The page: one HTML file with nothing outside it, and the same as PDF by a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..errors import BuildError, ToolMissing
from ..report.page import render_page
from ..version import __version__
from . import engine
from .card import card_of
from .measured import read_measured
from .sections import Sheet, ordering_code, sections
from .source import Source, open_source

TEMPLATE = "datasheet.html.j2"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIMIT = 120  # seconds for a browser


def write_datasheet(folder: Path, out: Path, card: Path | None = None, evaluation: Path | None = None) -> Path:
    """Write the sheet of a build, or of a collected bitstream, as HTML; its path.

    card: the model's; by default what lies beside the ONNX. evaluation: a file of ``hardwire evaluate --json``.
    Raises BuildError for a folder whose files do not match its manifest, ToolMissing without Jinja2.
    """
    source = open_source(folder)
    measured = None if evaluation is None else read_measured(evaluation)
    found = card_of(source, card)
    sheet = Sheet(
        title=f"{source.name} on {source.said.board.name}",
        subtitle="Language model in an FPGA, weights in the circuit",
        code=ordering_code(source),
        features=_features(source),
        sections=sections(source, found, measured),
        version=__version__,
        date="" if source.made is None else str(source.made.when or "")[:10],
    )
    text = render_page(__package__, TEMPLATE, {"sheet": sheet})
    partial = out.with_name(f"{out.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(out)
    return out


def _features(source: Source) -> list[str]:
    chip, made = source.chip, source.made
    parameters = chip.about.get("parameters")
    said = [f"{parameters:,} parameters in the circuit" if isinstance(parameters, int) else "Weights in the circuit"]
    context = f"{chip.shape.context:,}" if source.engine is None else engine.positions(source.engine)
    said.append(f"{context} positions, {chip.shape.vocab:,} tokens of vocabulary")
    if source.engine is not None:
        said.append(f"{source.engine.geometry.lanes:,} multiplications per cycle in the matrices")
        said.append(f"{source.engine.cycles(0):,} cycles for the first token")
    if made is not None and made.clock_mhz is not None:
        said.append(f"{made.clock_mhz:.2f} MHz, {made.clock_source}")
    elif source.plan_clock_mhz is not None:
        said.append(f"{source.plan_clock_mhz:.2f} MHz, asked for")
    said.append("No memory outside the device")
    return said


def write_pdf(page: Path, out: Path) -> Path:
    """Print a page to PDF by a browser. Raises ToolMissing without one, BuildError where it fails."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise ToolMissing(
            f"no browser on PATH ({', '.join(BROWSERS)}), which makes the PDF; install one (Debian: apt-get install "
            "chromium), or print the HTML page by hand"
        )
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}"]
        command += ["--no-sandbox"] if os.geteuid() == 0 else []  # as root it refuses to start with one
        partial = Path(profile) / "page.pdf"
        try:
            done = subprocess.run(
                [*command, f"--print-to-pdf={partial}", page.resolve().as_uri()],
                capture_output=True, text=True, timeout=LIMIT, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise BuildError(f"{page}: {browser} printed nothing in {LIMIT} s; print the page by hand") from None
        if done.returncode or not partial.is_file():
            last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise BuildError(f"{page}: {browser} made no PDF and said {last!r}; print the page by hand")
        shutil.move(partial, out)
    return out
