# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chips whose memories can be written: that a board holds the chip it is opened for, and others of its mould.

numpy and the standard library only: this runs on the board.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..chip.model import Chip
from ..emit.rtl.contents import Cast, Pour
from ..errors import BuildError
from ..plan.geometry import Geometry
from .hosted import HostedChip


def cast_of(
    chip: Chip, geometry: Mapping[str, int | str] | None, pour: str, room: Mapping[str, int] | None = None
) -> Cast:
    """What the build of a chip takes, from what its manifest says. Raises BuildError where that is no geometry."""
    try:
        return Cast.of(chip, Geometry(**(geometry or {})), Pour(pour), room=room)  # type: ignore[arg-type]
    except TypeError as error:
        raise BuildError(f"the geometry of the manifest is none ({error}); deploy again") from None


def hold(board: HostedChip, chip: Chip, cast: Cast) -> None:
    """Load a chip unless the board holds it: a bitstream leaves URAM empty, and who had the board before may have
    reprinted it, or was killed at it. Raises BuildError for a frozen chip, LinkError."""
    if board.info().id != chip.id or (board.loads() and not board.holds()):
        board.pour(cast.image(chip))
