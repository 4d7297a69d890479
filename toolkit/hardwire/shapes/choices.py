# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""For each board and each number of bits the largest shape, its planned speed, and what to expect of it.

A search takes seconds to a minute, so what was found is kept in the user's cache, by the digest of the package.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import BoardError
from ..files import package_digest
from ..progress import Progress
from ..targets.board import Board
from ..tools.cache import Cache
from .ladder import CONTEXT
from .search import largest, plan_of
from .trained import curve

BITS = (3, 4, 8)  # of weights, where none are asked for


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The largest shape that a board holds at some bits; without one, why."""

    board: str
    weights: int  # bits
    parameters: int | None
    shape: dict[str, float | int] | None
    limit: str  # what runs out first
    tokens_per_second: float | None  # planned, at the estimated clock
    clock_mhz: float

    @property
    def bits_per_char(self) -> float | None:
        """Expected; see ``trained.py``."""
        return None if self.parameters is None else curve().at(self.parameters, self.weights)

    @property
    def extrapolated(self) -> bool:
        """Whether no model of about this size was trained."""
        return self.parameters is not None and curve().extrapolated(self.parameters)

    def as_dict(self) -> dict[str, Any]:
        """What ``hardwire fit --shapes --json`` prints of one choice."""
        expected = self.bits_per_char
        rounded = None if expected is None else round(expected, 3)
        return asdict(self) | {"bits_per_char": rounded, "extrapolated": self.extrapolated}


def choices(
    boards: Sequence[Board],
    weights: Sequence[int] = BITS,
    context: int = CONTEXT,
    progress: Progress = lambda stage, share: None,
    kept: Cache | None = None,
) -> list[Choice]:
    """A choice for each board and each number of bits, in their order. ``kept`` is where those of before are."""
    found: list[Choice] = []
    for index, board in enumerate(boards):
        for number, bits in enumerate(weights):
            progress(f"{board.key}, {bits} bits", (index + number / len(weights)) / len(boards))
            found.append(_kept(board, bits, context, Cache("shapes") if kept is None else kept))
    return found


def _kept(board: Board, bits: int, context: int, cache: Cache) -> Choice:
    asked = json.dumps([asdict(board), bits, context, package_digest()], sort_keys=True, default=str)
    name = f"{hashlib.sha256(asked.encode()).hexdigest()}.json"
    file = cache.get(name)
    if file is not None:
        return Choice(**json.loads(file.read_text(encoding="utf-8")))
    choice = _choice(board, bits, context)
    with tempfile.TemporaryDirectory() as folder:
        partial = Path(folder) / name
        partial.write_text(json.dumps(asdict(choice)), encoding="utf-8")
        cache.put(partial, name)
    return choice


def _choice(board: Board, bits: int, context: int) -> Choice:
    found: dict[str, Any] = {"board": board.key, "weights": bits}
    try:
        shape = largest(board, bits, context=context)
    except BoardError as error:
        return Choice(
            parameters=None, shape=None, limit=str(error), tokens_per_second=None, clock_mhz=board.clock_mhz, **found
        )
    plan = plan_of(shape, bits, board)
    return Choice(
        parameters=shape.parameters,
        shape=shape.as_dict(),
        limit=plan.limit,
        tokens_per_second=plan.tokens_per_second,
        clock_mhz=plan.clock_mhz,
        **found,
    )
