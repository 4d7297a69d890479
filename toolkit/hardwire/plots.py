# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, through matplotlib, which is an extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import ToolMissing


@contextmanager
def figure(path: Path, inches: tuple[float, float]) -> Iterator[Any]:
    """Axes of a figure that is written to ``path`` at the end."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ToolMissing('a picture needs matplotlib; pip install "hardwire[plot]"') from None
    drawn = Figure(figsize=inches, layout="constrained")
    yield drawn.subplots()
    drawn.savefig(path, dpi=130)
