# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What of a chip synthesis sees, its mould, apart from the contents of its memories: chips of one mould differ in
nothing but those, so that one bitstream takes all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from .format import Formats, Shape, Wiring
from .model import Chip


@dataclass(frozen=True, kw_only=True)
class Mould:
    """Dimensions, parts, bits. biased: matrices that have biases; eps: of the norms in front of attention, MLP and
    head, which stands in the logic."""

    shape: Shape
    formats: Formats
    wiring: Wiring
    bits: dict[str, int]
    biased: tuple[str, ...]
    eps: int

    @classmethod
    def of(cls, chip: Chip) -> Mould:
        return cls(
            shape=chip.shape,
            formats=chip.formats,
            wiring=chip.wiring,
            bits=chip.bits,
            biased=tuple(sorted(chip.biases)),
            eps=int(chip.tables["eps"][0]),
        )

    @property
    def digest(self) -> str:
        """sha256 in hex: two chips with the same differ in contents alone."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def differences(self, other: Mould) -> list[str]:
        """What ``other`` has otherwise, by name: "shape.dim: 64, not 96", the other's value last."""
        return [
            f"{name}: {mine}, not {theirs}"
            for (name, mine), (_, theirs) in zip(self._entries(), other._entries(), strict=True)
            if mine != theirs
        ]

    def _entries(self) -> Iterator[tuple[str, Any]]:
        for group in (self.shape, self.formats, self.wiring):
            kind = type(group).__name__.lower()
            yield from ((f"{kind}.{field.name}", getattr(group, field.name)) for field in fields(group))
        yield from (("bits", self.bits), ("biased", list(self.biased)), ("eps", self.eps))
