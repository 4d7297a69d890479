# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""JSON that is not trusted, as dataclasses: no value is believed before its type and range are checked.

A ``Record`` has a table of its fields, each with a check. The standard library only: boards read records too.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar, NoReturn, TypeVar

from ..errors import BuildError

LARGEST_FILE = 32 << 20
LONGEST_TEXT = 1 << 16
MOST_ENTRIES = 1 << 20
DEEPEST = 32
LARGEST = 1 << 53  # what JSON's numbers hold exactly
SHOWN = 60  # characters of a refused value

# A check takes a value as JSON has it, the file and the field's name, and gives the value as a record has it.
Check = Callable[[object, Path, str], object]
R = TypeVar("R", bound="Record")


def refuse(path: Path, field: str, value: object, expected: str) -> NoReturn:
    """Raise BuildError: the field, what is there, what should be."""
    text = repr(value)[: SHOWN + 1]
    text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    raise BuildError(f"{path}: {field} is {text}, not {expected}; make it again with this version of hardwire")


def read_object(path: Path, absent: str, again: str) -> dict[str, object]:
    """The object in a JSON file. ``absent`` and ``again`` say what to do about none, and about a malformed one.

    Raises BuildError where there is none, it is larger than LARGEST_FILE, or malformed.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size > LARGEST_FILE:
                raise BuildError(f"{path}: {size:,} bytes is no {path.stem} of ours; {again}")
            file.seek(0)
            data = json.loads(file.read())
    except OSError as error:
        raise BuildError(f"{path.parent}: no readable {path.name} ({error.strerror}); {absent}") from None
    except (ValueError, RecursionError) as error:
        raise BuildError(f"{path}: malformed, {type(error).__name__}: {error}; {again}") from None
    if not isinstance(data, dict):
        raise BuildError(f"{path}: malformed, it is no object; {again}")
    return data


class Record:
    """A frozen dataclass that comes from JSON. FIELDS: its fields and their checks; OPTIONAL: those that a file may
    lack, which are None then and are not written."""

    FIELDS: ClassVar[Mapping[str, Check]]
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def from_json(cls: type[R], data: object, path: Path, field: str = "") -> R:
        """The record in ``data``, which is field ``field`` of the file ``path``. Raises BuildError."""
        if not isinstance(data, dict):
            refuse(path, field or "all of it", data, "an object")
        before = f"{field}." if field else ""
        for name in data:
            if name not in cls.FIELDS:
                refuse(path, f"{before}{name}"[:SHOWN], data[name], "a field that this version knows")
        for name in cls.FIELDS:
            if name not in data and name not in cls.OPTIONAL:
                raise BuildError(f"{path}: malformed, it lacks {before}{name}; make it again")
        return cls(
            **{name: check(data[name], path, before + name) for name, check in cls.FIELDS.items() if name in data}
        )

    def as_json(self) -> dict[str, object]:
        """As the file has it."""
        values = {name: getattr(self, name) for name in self.FIELDS}
        return {name: _plain(value) for name, value in values.items() if value is not None or name not in self.OPTIONAL}


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return value.as_json()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (tuple, list)) else value


# ---------------------------------------------------------------------------------------------------
# Checks.


def is_text(value: object, path: Path, field: str) -> object:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        refuse(path, field, value, f"a text of at most {LONGEST_TEXT:,} characters")
    return value


def is_flag(value: object, path: Path, field: str) -> object:
    if not isinstance(value, bool):
        refuse(path, field, value, "true or false")
    return value


def is_digest(value: object, path: Path, field: str) -> object:
    """A sha256 in hexadecimal."""
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        refuse(path, field, value, "a sha256 of 64 hexadecimal digits")
    return value


def integer(least: int = 0, most: int = LARGEST) -> Check:
    def check(value: object, path: Path, field: str) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            refuse(path, field, value, f"an integer from {least:,} to {most:,}")
        return value

    return check


def number(least: float = 0, most: float = LARGEST) -> Check:
    """An integer or a float, finite."""

    def check(value: object, path: Path, field: str) -> object:
        right = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
        if not right or not isinstance(value, (int, float)) or not math.isfinite(value):
            refuse(path, field, value, f"a number from {least:,} to {most:,}")
        return value

    return check


def choice(*values: str) -> Check:
    def check(value: object, path: Path, field: str) -> object:
        if not isinstance(value, str) or value not in values:
            refuse(path, field, value, " or ".join(values))
        return value

    return check


def nullable(inner: Check) -> Check:
    return lambda value, path, field: None if value is None else inner(value, path, field)


def list_of(inner: Check, most: int = MOST_ENTRIES) -> Check:
    """A list, as a tuple."""

    def check(value: object, path: Path, field: str) -> object:
        if not isinstance(value, list) or len(value) > most:
            refuse(path, field, value, f"a list of at most {most:,}")
        return tuple(inner(each, path, f"{field}[{index}]") for index, each in enumerate(value))

    return check


def map_of(inner: Check, most: int = MOST_ENTRIES) -> Check:
    """An object of any keys."""

    def check(value: object, path: Path, field: str) -> object:
        if not isinstance(value, dict) or len(value) > most:
            refuse(path, field, value, f"an object of at most {most:,}")
        return {key: inner(each, path, f"{field}.{key[:SHOWN]}") for key, each in value.items()}

    return check


def any_of(*inner: Check) -> Check:
    """What one of them takes; the last one says what is refused."""

    def check(value: object, path: Path, field: str) -> object:
        for each in inner[:-1]:
            try:
                return each(value, path, field)
            except BuildError:
                continue
        return inner[-1](value, path, field)

    return check


def is_tree(value: object, path: Path, field: str) -> object:
    """An object of anything, of bounded depth: what nobody computes with."""
    if not isinstance(value, dict):
        refuse(path, field, value, "an object")
    layer: list[object] = [value]
    for _ in range(DEEPEST):
        inside = [list(each.values()) if isinstance(each, dict) else each for each in layer]
        layer = [below for each in inside if isinstance(each, list) for below in each]
        if not layer:
            return value
    refuse(path, field, value, f"an object of depth {DEEPEST} at most")


def is_files(value: object, path: Path, field: str) -> object:
    """Hashes by the files' paths, each below the folder that the file with this record is in."""
    if isinstance(value, dict):
        for name in value:
            parts = PurePosixPath(name).parts
            if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
                raise BuildError(
                    f"{path.parent}: the manifest names {name[:SHOWN]!r}, which is outside the folder; make it again"
                )
    return map_of(is_digest)(value, path, field)


def record(cls: type[Record]) -> Check:
    return cls.from_json
