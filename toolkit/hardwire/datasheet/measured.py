# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What ``hardwire evaluate --json`` wrote, which a sheet may quote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..manifest import records
from ..manifest.records import Check, Record, nullable, number, read_object, record

LARGEST = 1e9


@dataclass(frozen=True, kw_only=True)
class Quality(Record):
    """How well a model predicts a text."""

    bits_per_char: float
    perplexity: float

    FIELDS: ClassVar[Mapping[str, Check]] = {"bits_per_char": number(0, LARGEST), "perplexity": number(0, LARGEST)}


@dataclass(frozen=True, kw_only=True)
class Measured(Record):
    """Both models on the same tokens. rise: of perplexity over the float model's."""

    exact: Quality | None
    integer: Quality
    tokens: int
    characters: int
    rise: float | None

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "exact": nullable(record(Quality)),
        "integer": record(Quality),
        "tokens": records.integer(1),
        "characters": records.integer(1),
        "rise": nullable(number(-1, LARGEST)),
    }


def read_measured(path: Path) -> Measured:
    """The evaluation in a file. Raises BuildError for one that hardwire evaluate did not write."""
    data = read_object(path, "give what hardwire evaluate --json wrote", "run hardwire evaluate --json again")
    kept = {"exact" if name == "float" else name: value for name, value in data.items()}
    return Measured.from_json({name: kept[name] for name in Measured.FIELDS if name in kept}, path)
