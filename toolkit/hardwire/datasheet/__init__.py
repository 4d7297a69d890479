# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A build as its maker would print it: one HTML file, from what the folder knows and no more.

source.py    the folder, checked: a build, or what synth --collect wrote of one
card.py      the model's card: its licence
sections.py  what the sheet says; engine.py what it says of the engine
drawing.py   block diagram and timeline, as SVG
page.py      the page, and the same by a browser as PDF
"""

from .page import write_datasheet, write_pdf

__all__ = ["write_datasheet", "write_pdf"]
