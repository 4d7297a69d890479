# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Guides for text: a pattern or a JSON schema, compiled by outlines-core to an automaton over a model's tokens.

outlines-core is written in Rust and has no wheel for 32-bit ARM: a board without it takes a guide that was compiled
elsewhere (``Automaton`` is plain data), and refuses patterns by name. It compiles in a process of its own with a bound
on time and memory (``guide_process.py``), for ``a{1000}{1000}`` takes more than anybody has.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..chip.model import Chip
from ..errors import PromptError, ToolMissing
from .automaton import Automaton
from .text import TextCodec

SECONDS = 10.0  # that a guide may take
PROCESS = str(Path(__file__).with_name("guide_process.py"))
KEPT = 32  # guides, the last that were asked for
WAYS = 4  # in which one of them is kept: ends of an answer, the beginning of a text
LONGEST = 20_000  # characters of a pattern or a schema
# Keywords of JSON Schema that outlines-core keeps; what it leaves out without a word is refused here.
KEYWORDS = frozenset(
    {
        "type", "enum", "const", "properties", "required", "items", "minItems", "maxItems", "minLength", "maxLength",
        "anyOf", "title", "description", "additionalProperties", "$schema",
    }
)  # fmt: skip
_OF_TYPES = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength"}),
}


@dataclass
class _Kept:
    """A guide: start, final states and edges, and automata that were made of them, by their ends and beginning."""

    compiled: tuple[int, list[int], dict[int, dict[int, int]]]
    automata: OrderedDict[tuple[tuple[int, ...], bool], Automaton] = field(default_factory=OrderedDict)


class Guides:
    """Compiles guides for a chip, and keeps the last of them. Raises PromptError for a chip without a tokenizer."""

    def __init__(self, chip: Chip, codec: TextCodec | None) -> None:
        self._chip, self._codec = chip, codec
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._spelt: list[bytes] | None = None

    def regex(self, pattern: str, prompt: tuple[int, ...] = (), ends: tuple[int, ...] = ()) -> Automaton:
        """A guide whose answers match all of a pattern, in the syntax of Rust's regex.

        prompt: what they follow, for a text that begins loses its first space; ends: tokens that end an answer.

        Raises PromptError for what is no pattern, or cannot be spelt; ToolMissing without outlines-core.
        """
        return self._automaton({"regex": pattern}, prompt, ends)

    def schema(self, schema: Mapping[str, Any], prompt: tuple[int, ...] = (), ends: tuple[int, ...] = ()) -> Automaton:
        """The same for JSON that fits a schema of KEYWORDS."""
        check_schema(schema)
        return self._automaton({"schema": json.dumps(schema)}, prompt, ends)

    def _automaton(self, asked: dict[str, str], prompt: tuple[int, ...], ends: tuple[int, ...]) -> Automaton:
        if self._codec is None:
            raise PromptError("a guide is of text, and this chip has no tokenizer")
        self._spelt = self._spelt or spelling(self._codec, self._chip.shape.vocab)
        kept = self._compiled(asked)
        way = tuple(ends), not self._codec.decode(prompt)
        if way not in kept.automata:  # requests share one, and so what a chip's memory takes of it is made once
            first = [token for token, text in enumerate(self._spelt) if way[1] and text.startswith(b" ")]
            while len(kept.automata) >= WAYS:
                kept.automata.popitem(last=False)
            kept.automata[way] = Automaton(self._chip.shape.vocab, *kept.compiled, ends, first)
        return kept.automata[way]

    def _compiled(self, asked: dict[str, str]) -> _Kept:
        key = json.dumps(asked)
        if key not in self._kept:
            assert self._spelt is not None
            self._kept[key] = _Kept(compiled(asked, self._spelt))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def spelling(codec: TextCodec, vocab: int) -> list[bytes]:
    """The bytes of every token [V] as it stands inside a text; b"" of those that have none. Raises PromptError for a
    tokenizer whose tokens depend on their neighbours."""
    spelt = codec.spelling(vocab)
    if spelt is None:
        raise PromptError("this model's tokens have no text of their own, so none can be guided")
    return spelt


def check_schema(schema: Any, where: str = "the schema") -> None:
    """Raise PromptError for a schema that outlines-core would not keep to the letter."""
    if not isinstance(schema, Mapping) or not schema:
        raise PromptError(f"{where} is {str(schema)[:60]}; give an object that says a type, enum, const or anyOf")
    unknown = sorted(set(schema) - KEYWORDS)
    if unknown:
        raise PromptError(f"{where}: a guide cannot keep {', '.join(unknown)}; leave it out, or ask with until")
    _check_kinds(schema, where)
    properties = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in properties]
    if missing:
        raise PromptError(f"{where} requires {', '.join(missing)}, which it has no property for; add it")
    if "additionalProperties" in schema and (schema["additionalProperties"] is not False or not properties):
        raise PromptError(f"{where}: a guide gives the properties that are named; additionalProperties is false")
    for name, part in properties.items():
        check_schema(part, f"{where}.properties.{name}")
    for number, part in enumerate(schema.get("anyOf", ())):
        check_schema(part, f"{where}.anyOf[{number}]")
    if "items" in schema:
        check_schema(schema["items"], f"{where}.items")


def _check_kinds(schema: Mapping[str, Any], where: str) -> None:
    """Raise PromptError where keywords are of another type than the schema's, or say the same twice."""
    kinds, listed = schema.get("type"), [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    ways = [name for name in ("enum", "const", "anyOf") if name in schema] or (["type"] if kinds is not None else [])
    if len(ways) != 1 or (ways == ["anyOf"] and kinds is not None):
        raise PromptError(f"{where}: a guide follows one of type, enum, const and anyOf; give one")
    allowed = [kinds] if isinstance(kinds, str) else kinds
    if allowed is not None and any(not any(_is(value, kind) for kind in allowed) for value in listed):
        raise PromptError(f"{where}: its type is {kinds}, and one of its values is another; leave the type out")
    own = _OF_TYPES.get(kinds, frozenset()) if isinstance(kinds, str) and ways == ["type"] else frozenset()
    strange = sorted(set(schema) & frozenset().union(*_OF_TYPES.values()) - own)
    if strange:
        raise PromptError(f"{where}: {', '.join(strange)} beside {ways[0]} {schema[ways[0]]}; leave it out")


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) or value is None:
        return kind == ("null" if value is None else "boolean")
    if isinstance(value, int):
        return kind in ("integer", "number")
    return kind == {str: "string", float: "number", dict: "object", list: "array"}.get(type(value))


def compiled(asked: dict[str, str], spelt: list[bytes]) -> tuple[int, list[int], dict[int, dict[int, int]]]:
    """Start, final states and edges of a pattern or schema over tokens of these bytes."""
    if find_spec("outlines_core") is None:
        raise ToolMissing(
            'guides need outlines-core, which has no wheel for 32-bit ARM; pip install "hardwire[guided]"'
        )
    if len(next(iter(asked.values()))) > LONGEST:
        raise PromptError(f"the guide has more than {LONGEST} characters; shorten it")
    question = json.dumps({**asked, "tokens": [text.hex() for text in spelt]})
    try:
        child = subprocess.run(
            [sys.executable, PROCESS],
            input=question,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        answer = json.loads(child.stdout)
    except subprocess.TimeoutExpired:
        raise PromptError(f"the guide takes longer than {SECONDS:g} s to compile; give a simpler one") from None
    except ValueError:
        raise PromptError("the guide cannot be compiled here, its process ended; give a simpler one") from None
    if "error" in answer:
        raise PromptError(f"the guide cannot be compiled: {answer['error']}")
    edges = {int(state): {int(token): after for token, after in row.items()} for state, row in answer["edges"].items()}
    return answer["start"], answer["finals"], edges
