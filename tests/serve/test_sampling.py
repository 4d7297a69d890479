# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What an extended sampler adds to the API: top-k, top-p, penalty, log probabilities, guides.

Held against the reference and, for log probabilities, against floats.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver import guides
from hardwire.driver.guides import compiled
from hardwire.driver.model import LanguageModel
from hardwire.host.requests import Request
from hardwire.ops.choice import LOG_ERROR
from hardwire.serve.sampling import CHAT, COMPLETIONS, NATIVE
from hardwire.serve.settings import key_of

from .served import PATIENCE, Running, serving, until
from .test_api import PATHS, body, text_of

pytestmark = pytest.mark.tools  # outlines-core

BEST = 20
BUDGETS = {COMPLETIONS: "max_tokens", CHAT: "max_tokens", NATIVE: "max_output_tokens"}
FORMAT = {"type": "json_schema", "json_schema": {"name": "nothing", "schema": {"type": "null"}}}
PATTERN = " (tom|lily|bea) [a-c]{2,4}\\."


@pytest.fixture(scope="module")
def server(chip_with_text: Chip) -> Iterator[Running]:
    with serving(chip_with_text, Reference(chip_with_text, best=BEST)) as server:
        yield server


@pytest.fixture
def model(chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, Reference(chip_with_text, best=BEST), "tiny")


def answer(server: Running, call: str, **fields: Any) -> dict[str, Any]:
    status, said = server.ask(PATHS[call], body(call, **{BUDGETS[call]: 12, "seed": 5, **fields}))
    assert status == 200, said
    return said if call == NATIVE else said["choices"][0]


@pytest.mark.parametrize("call", PATHS)
def test_numbers_reach_the_sampler(server: Running, model: LanguageModel, call: str) -> None:
    k = "topk" if call == NATIVE else "top_k"
    fields = {k: 6, "top_p": 0.8, "repetition_penalty": 1.7, "repetition_window": 5}
    ids = tuple(model.encode("abc"))
    request = Request(
        ids=ids, budget=12, temperature=1.0, seed=5, stops=model.stops, top_k=6, top_p=0.8, penalty=1.7, window=5
    )
    said = answer(server, call, **fields)
    wanted = model.backend.run(request)
    if call != CHAT:  # whose template puts more around the text
        speak = model.codec.stream(ids)
        assert text_of(said) == "".join(map(speak.feed, wanted.ids)) + speak.flush()
    assert text_of(said) != text_of(answer(server, call))


@pytest.mark.parametrize("temperature", [0, 1.3])
def test_top_1_is_greedy(server: Running, temperature: float) -> None:
    greedy = text_of(answer(server, COMPLETIONS, temperature=0))
    assert text_of(answer(server, COMPLETIONS, temperature=temperature, top_k=1)) == greedy
    assert text_of(answer(server, NATIVE, temperature=temperature, topk=1)) == greedy


def test_log_probabilities_are_those_of_floats(server: Running, model: LanguageModel) -> None:
    said = answer(server, NATIVE, logprobs=True, top_logprobs=4)
    ids = tuple(model.encode("abc"))
    outcome = model.backend.run(Request(ids=ids, budget=12, temperature=1.0, seed=5, stops=model.stops, rows=1))
    assert [entry["id"] for entry in said["logprobs"]] == said["tokens"] == list(outcome.ids)
    for entry, logits in zip(said["logprobs"], outcome.logits, strict=False):
        x = logits / 2**model.chip.formats.logit_fraction
        want = x - np.log(np.exp(x - x.max()).sum()) - x.max()
        order = np.argsort(-logits, kind="stable")[:4].tolist()
        assert [one["id"] for one in entry["top_logprobs"]] == order
        for one in (entry, *entry["top_logprobs"]):
            assert abs(one["logprob"] - want[one["id"]]) < LOG_ERROR + len(logits) * 2.0**-25


def test_log_probabilities_in_openai_s_words(server: Running) -> None:
    native = answer(server, NATIVE, logprobs=True, top_logprobs=2)["logprobs"]
    lists = answer(server, COMPLETIONS, logprobs=2)["logprobs"]
    assert lists["tokens"] == [one["text"] for one in native]
    assert lists["token_logprobs"] == [one["logprob"] for one in native]
    assert lists["text_offset"][:3] == [0, len(lists["tokens"][0]), len("".join(lists["tokens"][:2]))]
    for found, one in zip(lists["top_logprobs"], native, strict=True):
        assert {best["text"]: best["logprob"] for best in one["top_logprobs"]}.items() <= found.items()
    chat = answer(server, CHAT, logprobs=True, top_logprobs=3)["logprobs"]
    assert chat["refusal"] is None and all(len(one["top_logprobs"]) == 3 for one in chat["content"])
    assert all(bytes(one["bytes"]).decode() == one["token"] for one in chat["content"])
    assert answer(server, COMPLETIONS, logprobs=0)["logprobs"]["top_logprobs"][0] is None
    assert answer(server, CHAT)["logprobs"] is None and "logprobs" not in answer(server, NATIVE)


@pytest.mark.parametrize("call", PATHS)
def test_streams_carry_them_too(server: Running, call: str) -> None:
    fields = {"logprobs": 1} if call == COMPLETIONS else {"logprobs": True, "top_logprobs": 1}
    whole = answer(server, call, **fields)["logprobs"]
    parts = server.ask(PATHS[call], body(call, **{BUDGETS[call]: 12}, seed=5, stream=True, **fields))[1]
    told = [part if call == NATIVE else part["choices"][0] for part in parts if part.get("choices", True)]
    told = [part["logprobs"] for part in told if part.get("logprobs")]
    if call == CHAT:
        assert [one for part in told for one in part["content"]] == whole["content"]
    elif call == COMPLETIONS:
        assert [one for part in told for one in part["token_logprobs"]] == whole["token_logprobs"]
    else:
        assert [one for part in told for one in part] == whole


@pytest.mark.parametrize("call", PATHS)
def test_a_guided_answer_matches(server: Running, call: str) -> None:
    for seed in range(20):
        said = answer(server, call, guided_regex=PATTERN, seed=seed, **{BUDGETS[call]: 18})
        assert re.fullmatch(PATTERN, text_of(said)) and said["finish_reason"] == "stop"
    cut = answer(server, call, guided_regex=PATTERN, **{BUDGETS[call]: 2})
    assert cut["finish_reason"] == "length"


def test_a_whole_answer_without_end_tokens_ended_by_itself(server: Running) -> None:
    """Where none of them is asked for, the automaton's last state allows nothing."""
    said = answer(server, NATIVE, guided_regex="(ab){1,2}c", ignore_eos=True)
    assert re.fullmatch("(ab){1,2}c", said["text"])
    assert (said["status"], said["finish_reason"]) == ("no token allowed", "stop")


def test_a_guide_that_takes_long_holds_up_nobody_else(chip_with_text: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts do not wait for it, guides of others for one of them at the most, and of one user few may wait."""
    begun, go, order = threading.Event(), threading.Event(), []

    def slow(asked: dict[str, str], spelt: list[bytes]) -> Any:
        order.append(asked["regex"])
        begun.set()
        assert go.wait(PATIENCE)
        return compiled(asked, spelt)

    monkeypatch.setattr(guides, "compiled", slow)
    keys = tuple(key_of(f"secret-of-{name}", name, waiting=2) for name in ("ann", "bob"))
    with serving(chip_with_text, Reference(chip_with_text, best=BEST), keys=keys) as server:

        def asking(pattern: str, name: str) -> threading.Thread:
            asked = body(NATIVE, guided_regex=pattern, max_output_tokens=4)
            thread = threading.Thread(
                target=lambda: said.append(server.ask(PATHS[NATIVE], asked, f"secret-of-{name}")[0])
            )
            thread.start()
            return thread

        said: list[int] = []
        threads = [asking("a", "ann")]
        assert begun.wait(PATIENCE)
        assert server.ask(PATHS[NATIVE], body(NATIVE, max_output_tokens=1), "secret-of-ann")[0] == 200
        waiting = server.service._guiding._queue
        for count, (pattern, name) in enumerate((("b", "ann"), ("c", "ann"), ("d", "bob")), 1):
            threads.append(asking(pattern, name))
            until(lambda count=count: len(waiting) == count)
        status, refused = server.ask(PATHS[NATIVE], body(NATIVE, guided_regex="e"), "secret-of-ann")
        assert (status, refused["error"]["code"]) == (429, "too_many_waiting")
        go.set()
        for thread in threads:
            thread.join()
    assert said == [200] * 4 and order == ["a", "b", "d", "c"]


def test_a_guide_beside_seeds_penalty_and_log_probabilities(server: Running) -> None:
    asked = body(COMPLETIONS, guided_regex=PATTERN, n=4, max_tokens=18, logprobs=3, repetition_penalty=1.5, top_k=3)
    status, said = server.ask(PATHS[COMPLETIONS], {**asked, "prompt": ["abc", "b"], "seed": 3})
    assert status == 200 and len(said["choices"]) == 8
    for choice in said["choices"]:
        assert re.fullmatch(PATTERN, choice["text"])
        assert "".join(choice["logprobs"]["tokens"]) == choice["text"]


def test_what_fields_must_be_together(server: Running) -> None:
    for call, fields, param in (
        (COMPLETIONS, {"top_p": 0.9}, "top_p"),
        (NATIVE, {"top_p": 0.9, "topk": 0}, "top_p"),
        (CHAT, {"top_logprobs": 3}, "top_logprobs"),
        (NATIVE, {"top_logprobs": 3, "logprobs": False}, "top_logprobs"),
        (COMPLETIONS, {"logprobs": 1, "echo": True}, "logprobs"),
        (COMPLETIONS, {"repetition_window": 4}, "repetition_window"),
        (NATIVE, {"guided_regex": "a", "guided_json": {"type": "null"}}, "guided_regex"),
        (CHAT, {"guided_regex": "a", "response_format": FORMAT}, "guided_regex"),
        (COMPLETIONS, {"top_k": BEST + 1}, "top_k"),
        (COMPLETIONS, {"logprobs": BEST + 1}, "logprobs"),
        (COMPLETIONS, {"repetition_penalty": 11}, "repetition_penalty"),
        (CHAT, {"response_format": {"type": "json_object"}}, "response_format"),
        (NATIVE, {"guided_json": {"type": "integer", "minimum": 3}}, "guided_json"),
    ):  # fmt: skip
        status, said = server.ask(PATHS[call], body(call, **fields))
        assert status == 422 and said["error"]["param"].startswith(param), (fields, said)


NULL = {"type": "null"}
NAMED = {"a": NULL}


@pytest.mark.parametrize(
    ("guide", "words"),
    [
        ({"guided_regex": "("}, "guided_regex: the guide cannot be compiled"),
        ({"guided_regex": "[0-9]+"}, "guided_regex: the guide cannot be compiled"),  # this model has no digits
        ({"guided_json": {"type": "object", "required": ["a"]}}, "requires a, which it has no property for"),
        ({"guided_json": {"type": "array", "properties": NAMED}}, "properties beside type array; leave it out"),
        ({"guided_json": {"enum": ["a"], "type": "integer"}}, "its type is integer, and one of its values is another"),
        ({"guided_json": {"anyOf": [NULL], "const": 1}}, "a guide follows one of type, enum, const and anyOf"),
        ({"guided_json": {"title": "a"}}, "a guide follows one of type, enum, const and anyOf"),
    ],
)
def test_guides_that_cannot_be(server: Running, guide: dict[str, Any], words: str) -> None:
    status, said = server.ask(PATHS[NATIVE], body(NATIVE, **guide))
    assert status == 422 and words in said["error"]["message"], said


def test_the_document_shows_what_is_served(server: Running) -> None:
    document = server.ask("/openapi.json")[1]["components"]["schemas"]
    assert document[COMPLETIONS]["properties"]["top_k"]["maximum"] == BEST
    assert "json_schema" in json.dumps(document[CHAT]["properties"]["response_format"]) and "AnswerGuide" in document
    assert document[NATIVE]["properties"]["min_output_tokens"]["enum"] == [None, 0]
