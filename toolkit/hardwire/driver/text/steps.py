# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How a part of a ``tokenizer.json`` becomes a step: a table per place, from the part's type to its constructor.

A constructor refuses what it cannot do exactly. So a codec that could be made is one that works, and making one is
the check that ``quantize`` does before the long work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ...errors import TokenizerError

Json = dict[str, Any]
Step = TypeVar("Step")


@dataclass(frozen=True)
class Kind(Generic[Step]):
    """How a part of one type is made, and the options that it may have beside its type."""

    make: Callable[[Json], Step]
    options: tuple[str, ...] = ()


def refuse(what: str, part: object) -> TokenizerError:
    """The error for a part or setting that this codec does not have; the caller raises it."""
    return TokenizerError(f"tokenizer: {what} {part!r} is not supported on a board; docs/tokenizers.md lists what is")


def check(what: str, part: Json, **allowed: tuple[object, ...]) -> None:
    """Refuse a setting that would change the result in a way nobody wrote."""
    for name, values in allowed.items():
        if part.get(name) not in values:
            raise refuse(f"{what} with {name}", part.get(name))


def build(place: str, table: Mapping[str, Kind[Step]], part: Json) -> Step:
    """The step of a part. Raises TokenizerError for a type or an option that the table does not have."""
    kind = part["type"]
    if kind not in table:
        raise refuse(f"the {place}", kind)
    for name, value in part.items():
        if name != "type" and name not in table[kind].options and value is not None:
            raise refuse(f"the {place} {kind} with {name}", value)
    return table[kind].make(part)


def flat(part: Json | None, inner: str) -> list[Json]:
    """The parts of sequences in sequences, in order; ``inner`` is where a sequence has its parts."""
    if part is None:
        return []
    if part["type"] != "Sequence":
        return [part]
    return [step for item in part[inner] for step in flat(item, inner)]


def pattern_of(what: str, part: Json, empty: bool = False) -> tuple[str, str]:
    """("String" or "Regex", its text) of a part that has a pattern, which may be ``empty``."""
    pattern = part["pattern"]
    if isinstance(pattern, str):
        pattern = {"String": pattern}
    if len(pattern) != 1 or next(iter(pattern)) not in ("String", "Regex"):
        raise refuse(f"{what} of a pattern", pattern)
    kind, text = next(iter(pattern.items()))
    if not text and not empty:
        raise refuse(f"{what} of a pattern", text)
    return kind, str(text)
