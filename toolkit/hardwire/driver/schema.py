# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""JSON Schema, as far as request bodies and answers need it: which parts of a value do not fit, and why.

One set of keywords serves three purposes: request bodies are checked by the schemas that the OpenAPI document shows,
so the two cannot differ; answers are checked by a schema of the user's; and META says what such a schema may have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
Schema = Mapping[str, Any]
Path = tuple[str | int, ...]
SHOWN = 60  # characters of a value in a message
REFERENCE = "#/components/schemas/"

TYPES: dict[str, Callable[[Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}


@dataclass(frozen=True)
class Problem:
    """What of a value does not fit: where, and why; ``other_type``: it is of a type that is not asked for."""

    path: Path
    reason: str
    other_type: bool = False

    @property
    def field(self) -> str:
        """The path in words, as messages.0.role; "" of the whole value."""
        return ".".join(map(str, self.path))

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.path else self.reason


def problems(value: Json, schema: Schema, names: Mapping[str, Schema] = {}, path: Path = ()) -> Iterator[Problem]:
    """What of ``value`` does not fit ``schema``; ``names``: the schemas that a $ref may name. Nothing: it fits."""
    if "$ref" in schema:
        yield from problems(value, names[schema["$ref"].removeprefix(REFERENCE)], names, path)
        return
    kinds = schema.get("type")
    if kinds is not None:
        allowed = [kinds] if isinstance(kinds, str) else list(kinds)
        if not any(TYPES[kind](value) for kind in allowed):
            yield Problem(path, f"{shown(value)} is no {' or '.join(allowed)}", other_type=True)
            return
    for keyword, check in _CHECKS.items():
        if keyword in schema:
            reason = check(value, schema[keyword])
            if reason:
                yield Problem(path, reason)
    yield from _combined(value, schema, names, path)
    if isinstance(value, dict):
        yield from _object(value, schema, names, path)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from problems(item, schema["items"], names, (*path, index))


def text_fits(text: str, schema: Schema) -> bool:
    """Whether a text is JSON that fits a schema of META. NaN is none. Raises RecursionError for what nests too deep."""
    try:
        value = json.loads(text, parse_constant=no_number)
    except ValueError:
        return False
    return next(problems(value, schema), None) is None


def no_number(name: str) -> Json:
    """Of json.loads, for NaN and its like. Raises ValueError."""
    raise ValueError(f"{name} is no number")


def shown(value: Json) -> str:
    """A value in a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def same(one: Json, other: Json) -> bool:
    """Equality as JSON has it: true is not 1."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _object(value: dict[str, Json], schema: Schema, names: Mapping[str, Schema], path: Path) -> Iterator[Problem]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Problem((*path, name), "is missing")
    rest = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in known:
            yield from problems(item, known[name], names, (*path, name))
        elif rest is False:
            yield Problem((*path, name), "is not known here")
        elif isinstance(rest, Mapping):
            yield from problems(item, rest, names, (*path, name))


def _combined(value: Json, schema: Schema, names: Mapping[str, Schema], path: Path) -> Iterator[Problem]:
    for part in schema.get("allOf", ()):
        yield from problems(value, part, names, path)
    for keyword in ("anyOf", "oneOf"):
        if keyword not in schema:
            continue
        found = [list(problems(value, part, names, path)) for part in schema[keyword]]
        fitting = sum(not entry for entry in found)
        if fitting == 0 or (keyword == "oneOf" and fitting > 1):
            meant = max(found, key=_progress)
            yield from meant or [Problem(path, f"{shown(value)} fits more than one of its forms")]
    if "not" in schema and not any(problems(value, schema["not"], names, path)):
        yield Problem(path, f"{shown(value)} is what it must not be")


def _progress(found: list[Problem]) -> tuple[int, bool]:
    """How far a form got: the one that was meant got furthest, and is of the value's type."""
    return max((len(problem.path) for problem in found), default=-1), not any(p.other_type for p in found)


def _number(bad: Callable[[Any, Any], bool], words: str) -> Callable[[Json, Json], str]:
    return lambda value, bound: (
        f"{shown(value)} is {words} {bound}" if TYPES["number"](value) and bad(value, bound) else ""
    )


def _size(
    kind: type[str] | type[list[Json]] | type[dict[str, Json]], unit: str, bad: Callable[[int, int], bool], words: str
) -> Callable[[Json, Json], str]:
    return lambda value, bound: (
        f"{len(value)} {unit}, {words} {bound}" if isinstance(value, kind) and bad(len(value), bound) else ""
    )


def _listed(value: Json, allowed: Json) -> str:
    if any(same(value, item) for item in allowed):
        return ""
    return f"{shown(value)} is none of {', '.join(map(shown, allowed))}"


_CHECKS: dict[str, Callable[[Json, Json], str]] = {
    "enum": _listed,
    "const": lambda value, only: _listed(value, [only]),
    "minimum": _number(lambda value, bound: value < bound, "less than"),
    "maximum": _number(lambda value, bound: value > bound, "more than"),
    "exclusiveMinimum": _number(lambda value, bound: value <= bound, "not more than"),
    "exclusiveMaximum": _number(lambda value, bound: value >= bound, "not less than"),
    "minLength": _size(str, "characters", lambda size, bound: size < bound, "less than"),
    "maxLength": _size(str, "characters", lambda size, bound: size > bound, "more than"),
    "minItems": _size(list, "items", lambda size, bound: size < bound, "less than"),
    "maxItems": _size(list, "items", lambda size, bound: size > bound, "more than"),
    "minProperties": _size(dict, "fields", lambda size, bound: size < bound, "less than"),
    "maxProperties": _size(dict, "fields", lambda size, bound: size > bound, "more than"),
    "pattern": lambda value, pattern: (
        "" if not isinstance(value, str) or re.search(pattern, value) else f"{shown(value)} does not match {pattern}"
    ),
}

# ---------------------------------------------------------------------------------------------------
# What a schema of the user's may have.

_COUNT = {"type": "integer", "minimum": 0}
_NUMBER = {"type": "number"}
_SELF = {"$ref": f"{REFERENCE}AnswerSchema"}
_SELVES = {"type": "array", "items": _SELF, "minItems": 1}
_KIND = {"type": "string", "enum": list(TYPES)}
META: Schema = {
    "type": "object",
    "description": "JSON Schema of an answer: these keywords and no other.",
    "additionalProperties": False,
    "properties": {
        "type": {"anyOf": [_KIND, {"type": "array", "items": _KIND, "minItems": 1}]},
        "enum": {"type": "array", "minItems": 1},
        "const": {},
        "properties": {"type": "object", "additionalProperties": _SELF},
        "required": {"type": "array", "items": {"type": "string"}},
        "additionalProperties": {"anyOf": [{"type": "boolean"}, _SELF]},
        "items": _SELF,
        "pattern": {"type": "string", "format": "regex", "maxLength": 1000},
        **{
            name: _COUNT
            for name in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
        },
        **{name: _NUMBER for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")},
        **{name: _SELVES for name in ("anyOf", "oneOf", "allOf")},
        "not": _SELF,
        "title": {"type": "string"},
        "description": {"type": "string"},
    },
}


def patterns(schema: Schema) -> Iterator[str]:
    """Every ``pattern`` in a schema that fits META."""
    if "pattern" in schema:
        yield schema["pattern"]
    inner = [*schema.get("properties", {}).values(), *(part for name in _LISTS for part in schema.get(name, ()))]
    inner += [schema[name] for name in ("items", "additionalProperties", "not") if isinstance(schema.get(name), dict)]
    for part in inner:
        yield from patterns(part)


_LISTS = ("anyOf", "oneOf", "allOf")
