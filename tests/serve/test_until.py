# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``until`` of the API: a stranger's pattern or schema, judged in time, and the schemas by which bodies are checked."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.driver.schema import META, problems
from hardwire.serve.chat import ChatTemplate, read_template
from hardwire.serve.errors import ApiError
from hardwire.serve.passes import Judge, passes
from hardwire.serve.settings import SettingsError

from .served import Gated, Running, serving, until

EVIL = "(a+)+b"  # 2**n ways through n letters


@pytest.fixture(scope="module")
def server(chip_with_text: Chip) -> Iterator[Running]:
    with serving(chip_with_text, match_seconds=30.0) as running:
        yield running


def test_until_it_matches(server: Running, chip_with_text: Chip) -> None:
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")
    answers = [model.generate("ab", 6, 0.8, seed) for seed in range(20)]
    wanted = next(number for number, text in enumerate(answers) if number >= 2 and text not in answers[:number])
    asked = {"prompt": "ab", "max_output_tokens": 6, "temperature": 0.8, "seed": 0}
    asked["until"] = {"regex": re.escape(answers[wanted])}
    answer = server.ask("/generate", asked)[1]
    assert answer["text"] == answers[wanted] and answer["seed"] == wanted
    assert answer["until"]["attempts"] == wanted + 1 and answer["until"]["passed"]
    assert answer["until"]["tokens"] == answer["usage"]["completion_tokens"] >= answer["until"]["attempts"]
    events = server.ask("/generate", {**asked, "stream": True})[1]
    tried = [{"attempt": n + 1, "text": answers[n], "passed": n == wanted} for n in range(wanted + 1)]
    assert events[:-1] == tried and events[-1]["text"] == answers[wanted]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_attempts_run_on_all_streams_of_a_chip(server: Running, chip_with_text: Chip, stream: bool) -> None:
    """Two begin before either has ended, and the answer is that of one stream."""
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")
    answers = [model.generate("ab", 6, 0.8, seed) for seed in range(20)]
    wanted = next(number for number, text in enumerate(answers) if number >= 3 and text not in answers[:number])
    asked: dict[str, Any] = {"prompt": "ab", "max_output_tokens": 6, "temperature": 0.8, "seed": 0, "stream": stream}
    asked["until"] = {"regex": re.escape(answers[wanted])}
    backend = Gated(chip_with_text, streams=2)
    with serving(chip_with_text, backend, match_seconds=30.0) as two:
        answer: list[Any] = []
        asking = threading.Thread(target=lambda: answer.append(two.ask("/generate", asked)[1]))
        asking.start()
        until(lambda: len(backend.on) == 2)
        assert sorted(backend.on) == [0, 1] and backend.given == 0
        backend.let(10_000)
        asking.join()
        until(lambda: two.service.engine.running == two.service.engine.waiting == 0)
        assert backend.closed == len(backend.begun) in (wanted + 1, wanted + 2)
    alone, (found,) = server.ask("/generate", asked)[1], answer
    if stream:
        assert found[:-1] == alone[:-1]
        alone, found = alone[-1], found[-1]
    assert (found["text"], found["seed"]) == (alone["text"], alone["seed"]) == (answers[wanted], wanted)
    assert found["until"]["attempts"] == wanted + 1 and found["until"]["tokens"] >= alone["until"]["tokens"]


def test_a_key_that_may_wait_little_is_served_one_by_one(chip_with_text: Chip) -> None:
    asked = {"prompt": "ab", "max_output_tokens": 3, "until": {"regex": "ZZ"}, "attempts": 5}
    with serving(chip_with_text, Reference(chip_with_text, 3, best=0), waiting=1, match_seconds=30.0) as server:
        assert server.ask("/generate", asked)[1]["until"]["attempts"] == 5


def test_none_matches(server: Running) -> None:
    asked = {"prompt": "ab", "max_output_tokens": 3, "until": {"json_schema": {"type": "object"}}, "attempts": 2}
    status, answer = server.ask("/generate", asked)
    assert status == 200 and answer["until"]["passed"] is False and answer["until"]["attempts"] == 2


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"regex": "("}, "is no pattern of Python's re"),
        ({"json_schema": {"pattern": "["}}, "is no pattern of Python's re"),
        ({"json_schema": {"$ref": "#"}}, "until.json_schema.$ref: is not known here"),
        ({"json_schema": {"type": "text"}}, "until.json_schema.type"),
        ({}, "until.regex: is missing"),
        ({"regex": "a", "json_schema": {}}, "is not known here"),
    ],
)
def test_what_is_no_until(server: Running, wanted: Any, words: str) -> None:
    status, answer = server.ask("/generate", {"prompt": "ab", "until": wanted})
    assert status == 422 and words in answer["error"]["message"]


def test_a_pattern_that_takes_for_ever() -> None:
    """It is ended, and the next question is answered by a new child."""

    async def judge() -> None:
        judged = Judge(20.0)
        assert await judged.passes("aab", {"regex": EVIL})
        first = judged._child
        judged._seconds = 0.5
        with pytest.raises(ApiError, match="until: the pattern takes longer than 0.5 s on an answer") as slow:
            await judged.passes("a" * 40, {"regex": EVIL})
        assert slow.value.status == 422 and first is not None and first.returncode is not None
        judged._seconds = 20.0
        assert not await judged.passes("aac", {"regex": EVIL})
        assert await judged.passes('{"a": [1, 2]}', {"json_schema": {"required": ["a"]}})
        await judged.close()

    asyncio.run(judge())


@pytest.mark.parametrize(
    ("text", "schema", "fits"),
    [
        ('{"a": 1}', {"type": "object", "properties": {"a": {"type": "integer"}}}, True),
        ('{"a": 1.5}', {"type": "object", "properties": {"a": {"type": "integer"}}}, False),
        ("1.0", {"type": "integer"}, True),
        ("true", {"type": "integer"}, False),
        ("true", {"enum": [1]}, False),
        ("[1, 1]", {"items": {"const": 1}, "maxItems": 2, "minItems": 2}, True),
        ("3", {"anyOf": [{"minimum": 4}, {"maximum": 3}]}, True),
        ("3", {"oneOf": [{"minimum": 3}, {"maximum": 3}]}, False),
        ("3", {"not": {"exclusiveMinimum": 2}}, False),
        ("3", {"allOf": [{"exclusiveMaximum": 4}, {"type": "number"}]}, True),
        ('"abc"', {"pattern": "^a", "maxLength": 3}, True),
        ('"abc"', {"pattern": "^b"}, False),
        ('{"a": 1, "b": 2}', {"properties": {"a": {}}, "additionalProperties": False}, False),
        ('{"a": 1, "b": 2}', {"additionalProperties": {"maximum": 1}}, False),
        ('{"a": 1}', {"minProperties": 2}, False),
        ("not json", {}, False),
        ("NaN", {}, False),
    ],
)
def test_schemas(text: str, schema: dict[str, Any], fits: bool) -> None:
    assert not list(problems(schema, META, {"AnswerSchema": META}))
    assert passes(text, {"json_schema": schema}) is fits


# Chat templates ------------------------------------------------------------------------------------

MESSAGES = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
LLAMA = (
    "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] | trim }}{% endfor %}"
    "{% if add_generation_prompt %}[]{% endif %}"
)


def test_templates(tmp_path: Path) -> None:
    assert ChatTemplate().text(MESSAGES) == ChatTemplate(letters="HioX\n").text(MESSAGES) == "Hi\nHo"
    assert (
        ChatTemplate(letters="Hio ").text(MESSAGES) == "Hi Ho" and ChatTemplate(letters="Hio").text(MESSAGES) == "HiHo"
    )
    path = tmp_path / "tokenizer_config.json"
    templates = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": LLAMA}]
    path.write_text(json.dumps({"bos_token": {"content": "<s>"}, "chat_template": templates}))
    template = read_template(path)
    assert template.text(MESSAGES) == "<s>[user]Hi[assistant]Ho[]" and template.begins == "<s>"
    other = tmp_path / "chat.jinja"
    other.write_text(LLAMA)
    assert read_template(other).text(MESSAGES) == "[user]Hi[assistant]Ho[]"
    with pytest.raises(SettingsError, match="is not usable"):
        ChatTemplate("{% for %}")
    path.write_text("{}")
    with pytest.raises(SettingsError, match="has no chat_template"):
        read_template(path)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ raise_exception('only one turn') }}",
        "{{ 1 / 0 }}",
        "{% for i in range(10 ** 9) %}{% endfor %}",
        "{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}",
        "{{ messages[9].content.none }}",
    ],
)
def test_templates_are_in_a_sandbox(source: str) -> None:
    with pytest.raises(ApiError, match="messages: the chat template") as refused:
        ChatTemplate(source).text(MESSAGES)
    assert refused.value.status == 422


def test_a_template_that_writes_the_start_token(chip_with_text: Chip, tmp_path: Path) -> None:
    """It is not put in front twice."""
    path = tmp_path / "tokenizer_config.json"
    path.write_text('{"bos_token": "<s>", "chat_template": "{{ bos_token }}{{ messages[0].content }}"}')
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")
    with serving(chip_with_text, chat_template=path) as server:
        asked = {"model": "tiny", "messages": MESSAGES[:1], "max_tokens": 5, "temperature": 0}
        asked["messages"] = [
            {"role": "user", "content": [{"type": "text", "text": "ab"}, {"type": "text", "text": "c"}]}
        ]
        answer = server.ask("/v1/chat/completions", asked)[1]
    ids = model.codec.encode("<s>abc", start=False) if model.codec is not None else []
    assert ids.count(1) == 1
    assert answer["choices"][0]["message"]["content"] == model.generate(ids, 5)
    assert answer["usage"]["prompt_tokens"] == len(ids)
