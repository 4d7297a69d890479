# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Guides: automata over tokens, and patterns and schemas compiled to them."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver import guides
from hardwire.driver.automaton import Automaton
from hardwire.driver.guides import Guides, check_schema
from hardwire.driver.schema import problems
from hardwire.driver.text import TextCodec
from hardwire.errors import PromptError, ToolMissing
from hardwire.host.requests import NONE_ALLOWED, Request

EDGES = {0: {5: 1, 6: 2, 7: 9}, 1: {5: 1, 8: 2}, 9: {5: 9}}  # 9 leads nowhere


def test_an_automaton_allows_what_can_still_end() -> None:
    guide = Automaton(10, 0, [2], EDGES, ends=(3,), first=(6,))
    walk = guide.begin()
    assert walk.allowed().nonzero()[0].tolist() == [5] and not walk.whole
    walk.take(5)
    assert walk.allowed().nonzero()[0].tolist() == [5, 8]
    walk.take(8)
    assert walk.whole and walk.allowed().nonzero()[0].tolist() == [3]
    assert guide.accepts([5, 5, 8]) and not guide.accepts([6]) and not guide.accepts([5]) and not guide.accepts([5, 6])
    assert guide.begin().allowed()[5] and not guide.begin().allowed()[8]  # walks share nothing


def test_what_no_automaton_allows_is_refused() -> None:
    with pytest.raises(PromptError, match="no answer is possible: no tokens of this model spell what the guide asks"):
        Automaton(10, 9, [2], EDGES)
    with pytest.raises(PromptError, match="token 4 is not one that the guide allows here"):
        Automaton(10, 0, [2], EDGES).begin().take(4)
    with pytest.raises(PromptError, match="every token that the guide begins with stands inside a text"):
        Automaton(10, 0, [2], EDGES, first=(5, 6))


def test_a_token_that_ends_leads_nowhere_else() -> None:
    """Neither by an edge of its own, nor where a request goes on behind it."""
    guide = Automaton(10, 0, [2], {0: {5: 1, 3: 2}, 1: {3: 0, 6: 2}, 2: {3: 2, 7: 2}}, ends=(3,))
    assert guide.edges == {0: {5: 1}, 1: {6: 2}, 2: {7: 2}}
    walk = guide.begin()
    for token in (5, 6, 7):
        assert not walk.allowed()[3] or walk.whole
        walk.take(token)
    walk.take(3)
    assert walk.whole and not walk.allowed().any()
    with pytest.raises(PromptError, match="token 7 is not one that the guide allows here"):
        walk.take(7)
    with pytest.raises(PromptError, match="no answer is possible: no tokens of this model spell what the guide asks"):
        Automaton(10, 0, [2], {0: {5: 1}, 1: {3: 2}}, ends=(3,))


def test_an_automaton_from_a_file_is_the_same() -> None:
    told = {"vocab": 10, "start": 0, "finals": [2], "edges": EDGES, "ends": [3], "first": [6]}
    read, guide = Automaton(**json.loads(json.dumps(told))), Automaton(**told)  # type: ignore[arg-type]
    assert (read.edges, read.finals, read.ends, read.first) == (guide.edges, guide.finals, guide.ends, guide.first)
    assert (read.begin().allowed() == guide.begin().allowed()).all()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"edges": {0: {5: 1, 10: 2}}},
            "the guide names token 10, of 10 that there are; compile it for",
        ),
        ({"edges": {0: {-1: 2}}}, "the guide names token -1, of 10"),
        ({"ends": (99,)}, "the guide names token 99, of 10"),
        ({"first": (10,)}, "the guide names token 10, of 10"),
        ({"edges": {0: {"a": 2}}}, "a guide's states and tokens are whole numbers: .*'a'; compile it anew"),
        ({"edges": {0: {5: None}}}, "a guide's states and tokens are whole numbers"),
        ({"finals": ["end"]}, "a guide's states and tokens are whole numbers"),
    ],
)
def test_what_is_no_automaton_of_a_vocabulary_is_refused(other: dict[str, Any], words: str) -> None:
    told: dict[str, Any] = {"vocab": 10, "start": 0, "finals": [2], "edges": EDGES}
    with pytest.raises(PromptError, match=words):
        Automaton(**told | other)


def test_a_request_that_an_end_does_not_end(tiny_chip: Chip) -> None:
    """Behind the end nothing is allowed, which ends it."""
    guide = Automaton(tiny_chip.shape.vocab, 0, [1], {0: {5: 1}, 1: {6: 1}}, ends=(3,))
    outcome = Reference(tiny_chip).run(Request(ids=(1, 2), temperature=1.0, seed=3, guide=guide))
    assert outcome.ids[-1] == 3 and guide.accepts(outcome.ids[:-1]) and outcome.status == NONE_ALLOWED


@pytest.mark.parametrize("other", [-1, 1])
def test_a_guide_of_another_vocabulary_is_refused(tiny_chip: Chip, other: int) -> None:
    """A chip's memory would keep the classes of those tokens that it leaves out."""
    vocab = tiny_chip.shape.vocab
    guide = Automaton(vocab + other, 0, [1], {0: {5: 1}, 1: {}})
    with pytest.raises(
        PromptError, match=rf"a guide of tokens of shape \({vocab + other},\); the vocabulary has {vocab}"
    ):
        Reference(tiny_chip).run(Request(ids=(1, 2), guide=guide))


@pytest.fixture
def compiler(chip_with_text: Chip) -> Guides:
    return Guides(chip_with_text, TextCodec(chip_with_text.tokenizer or {}))


def written(guide: Automaton, codec: TextCodec, draw: random.Random, longest: int = 400) -> str:
    """A random answer, as it stands behind other text."""
    walk, tokens = guide.begin(), list[int]()
    while len(tokens) < longest:
        choices = [t for t in walk.allowed().nonzero()[0].tolist() if t not in guide.ends]
        if not choices or (walk.whole and draw.random() < 0.3):
            break
        tokens.append(draw.choice(choices))
        walk.take(tokens[-1])
    assert walk.whole and guide.accepts(tokens)
    stream = codec.stream(codec.encode("a"))
    return "".join(map(stream.feed, tokens)) + stream.flush()


@pytest.mark.tools
@pytest.mark.parametrize("pattern", ["[a-c]{2,5} (is|was) E", "(ab|ba)*\\.", " A?b+c", "(x|y|z){7}"])
def test_random_answers_match_their_pattern(compiler: Guides, chip_with_text: Chip, pattern: str) -> None:
    draw, codec = random.Random(3), TextCodec(chip_with_text.tokenizer or {})
    guide = compiler.regex(pattern, tuple(codec.encode("a")), ends=(2,))
    for _ in range(60):
        assert re.fullmatch(pattern, written(guide, codec, draw))


@pytest.mark.tools
def test_an_answer_that_begins_a_text_has_no_first_space(compiler: Guides) -> None:
    guide = compiler.regex("( a|b)c", prompt=(1,))  # behind the start token alone
    assert guide.first and guide.begin().allowed().sum() == 1 < guide.allowed(guide.start).sum()


@pytest.mark.tools
def test_requests_share_an_automaton(compiler: Guides, chip_with_text: Chip) -> None:
    """So a chip's memory is written once for them; other ends, or the beginning of a text, make another."""
    codec = TextCodec(chip_with_text.tokenizer or {})
    inner, start = tuple(codec.encode("a")), (1,)
    one = compiler.regex(" (a|b)c", inner, ends=(2,))
    assert compiler.regex(" (a|b)c", inner, ends=(2,)) is one
    spelt = guides.spelling(codec, chip_with_text.shape.vocab)
    strange = [token for token, text in enumerate(spelt) if token > 2 and not set(text) & set(b" abc")]
    others = [compiler.regex(" (a|b)c", inner, ends=(token,)) for token in strange[: guides.WAYS]]
    assert one not in others and len(set(map(id, others))) == guides.WAYS
    assert compiler.regex(" (a|b)c", inner, ends=(2,)) is not one  # no more of them are kept
    assert compiler.regex("(a|b)c", inner) is not compiler.regex("(a|b)c", start)


SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "boolean"}}, "required": ["a", "b"]},
    {"type": "array", "items": {"enum": ["a", "bc", None]}, "minItems": 1, "maxItems": 3},
    {"anyOf": [{"const": "a"}, {"type": ["null", "boolean"]}]},
    {"type": "string", "minLength": 2, "maxLength": 4},
    {"type": "integer"},
]


@pytest.mark.tools
@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_random_answers_fit_their_schema(schema: dict[str, Any]) -> None:
    """Over a vocabulary of every byte that JSON needs."""
    spelt = [bytes([byte]) for byte in range(32, 127)] + [b"true", b'":', b"null"]
    start, finals, edges = guides.compiled({"schema": json.dumps(schema)}, spelt)
    guide, draw = Automaton(len(spelt), start, finals, edges), random.Random(5)
    for _ in range(60):
        walk, text = guide.begin(), b""
        while not (walk.whole and (draw.random() < 0.4 or not walk.allowed().any())):
            token = draw.choice(walk.allowed().nonzero()[0].tolist())
            walk.take(token)
            text += spelt[token]
        assert not list(problems(json.loads(text), schema)), text


@pytest.mark.tools
def test_a_guide_that_takes_too_long_is_ended(compiler: Guides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guides, "SECONDS", 1.0)
    with pytest.raises(PromptError, match="the guide takes longer than 1 s to compile; give a simpler one"):
        compiler.regex("a{1000}{1000}")


def test_without_outlines_core_it_is_named(compiler: Guides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guides, "find_spec", lambda name: None)
    with pytest.raises(ToolMissing, match=r"guides need outlines-core.*pip install \"hardwire\[guided\]\""):
        compiler.regex("a")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], r"the schema is \[\]; give an object"),
        ({"type": "integer", "minimum": 3}, "a guide cannot keep minimum; leave it out, or ask with until"),
        ({"type": "object", "required": ["a"]}, "requires a, which it has no property for"),
        ({"type": "object", "additionalProperties": True}, "additionalProperties is false"),
        ({"type": "array", "items": {"not": {}}}, "the schema.items: a guide cannot keep not"),
        ({"anyOf": [{"type": "null"}, {"format": "date"}]}, r"the schema.anyOf\[1\]: a guide cannot keep format"),
        ({"type": "string", "items": {"type": "null"}}, "items beside type string"),
        ({"type": "string", "const": 3}, "its type is string, and one of its values is another"),
        ({"enum": ["a"], "const": "a"}, "follows one of type, enum, const and anyOf"),
    ],
)
def test_schemas_that_a_guide_would_not_keep(schema: Any, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        check_schema(schema)


def test_a_chip_without_a_tokenizer_has_no_guides(tiny_chip: Chip) -> None:
    with pytest.raises(PromptError, match="a guide is of text, and this chip has no tokenizer"):
        Guides(tiny_chip, None).regex("a")
