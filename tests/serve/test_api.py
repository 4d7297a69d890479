# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""OpenAI's calls and the native ones, held against what the model itself says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.errors import BuildError
from hardwire.host.requests import STOP_TOKEN, Backend, Limits, Request, RequestState, Stages
from hardwire.quantize import random_chip
from hardwire.serve.app import Service
from hardwire.serve.fields import REFUSED
from hardwire.serve.sampling import CHAT, COMPLETIONS, NATIVE
from hardwire.serve.settings import Settings, key_of

from .served import Running, running, serving

PATHS = {COMPLETIONS: "/v1/completions", CHAT: "/v1/chat/completions", NATIVE: "/generate"}
SECRET = "correct horse battery".replace(" ", "-")


@pytest.fixture(scope="module")
def server(chip_with_text: Chip) -> Iterator[Running]:
    with serving(chip_with_text) as server:
        yield server


@pytest.fixture
def model(chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")


def body(call: str, **fields: Any) -> dict[str, Any]:
    """The least that a call takes, and more."""
    prompt = {"messages": [{"role": "user", "content": "abc"}]} if call == CHAT else {"prompt": "abc"}
    return {"model": "tiny", **prompt, **fields}


def text_of(choice: dict[str, Any]) -> str:
    return choice["text"] if "text" in choice else choice["message"]["content"]


@pytest.mark.parametrize("options", [{"temperature": 0}, {"temperature": 0.8, "seed": 7}, {"seed": -3}])
@pytest.mark.parametrize("call", [COMPLETIONS, CHAT])
def test_answers_are_the_models_own(server: Running, model: LanguageModel, call: str, options: dict[str, Any]) -> None:
    status, answer = server.ask(PATHS[call], body(call, max_tokens=9, **options))
    wanted = model.generate("abc", 9, options.get("temperature", 1.0), options.get("seed", 0) % 2**64)
    assert status == 200 and text_of(answer["choices"][0]) == wanted
    tokens = len(model.last.tokens)
    assert answer["usage"] == {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens}
    ended = "stop" if model.last.status == STOP_TOKEN else "length"
    assert answer["choices"][0]["finish_reason"] == ended
    assert answer["system_fingerprint"] == f"hw_{model.chip.digest[:12]}"


@pytest.mark.parametrize("call", PATHS)
def test_a_stream_says_the_same(server: Running, call: str) -> None:
    budget = {"max_output_tokens" if call == NATIVE else "max_tokens": 12}
    asked = body(call, temperature=0.8, seed=5, **budget)
    whole = server.ask(PATHS[call], asked)[1]
    status, events = server.ask(PATHS[call], {**asked, "stream": True, "stream_options": {"include_usage": True}})
    assert status == 200
    if call == NATIVE:
        assert "".join(event.get("text", "") for event in events) == whole["text"]
        assert [token for event in events for token in event.get("tokens", [])] == whole["tokens"]
        assert events[-1]["usage"] == whole["usage"] and events[-1]["seed"] == 5
        return
    assert events[-1]["choices"] == [] and events[-1]["usage"] == whole["usage"]
    assert all(event["usage"] is None for event in events[:-1])
    choices = [event["choices"][0] for event in events[:-1]]
    said = "".join(choice.get("text", "") or choice.get("delta", {}).get("content", "") for choice in choices)
    assert said == text_of(whole["choices"][0])
    reasons = [choice["finish_reason"] for choice in choices]
    assert reasons == [None] * (len(reasons) - 1) + [whole["choices"][0]["finish_reason"]]
    if call == CHAT:
        assert choices[0]["delta"] == {"role": "assistant", "content": ""}


def test_choices_and_prompts(server: Running, model: LanguageModel) -> None:
    """Choices of a prompt have seeds that follow each other; so do the prompts' choices in the answer."""
    asked = body(COMPLETIONS, prompt=["ab", "ba"], n=2, seed=2**64 - 1, max_tokens=6, echo=True)
    choices = server.ask("/v1/completions", asked)[1]["choices"]
    wanted = [prompt + model.generate(prompt, 6, 1.0, seed) for prompt in ("ab", "ba") for seed in (2**64 - 1, 0)]
    assert [choice["text"] for choice in choices] == wanted
    assert [choice["index"] for choice in choices] == [0, 1, 2, 3]
    events = server.ask("/v1/completions", {**asked, "stream": True})[1]
    for index, text in enumerate(wanted):
        assert "".join(e["choices"][0]["text"] for e in events if e["choices"][0]["index"] == index) == text


def test_token_ids(server: Running, model: LanguageModel) -> None:
    ids = model.encode("abc")
    answer = server.ask("/generate", {"prompt": ids, "temperature": 0, "max_output_tokens": 5, "echo": True})[1]
    assert answer["text"] == "abc" + model.generate("abc", 5)
    assert answer["tokens"] == model.last.tokens
    assert server.ask("/v1/completions", body(COMPLETIONS, prompt=[ids, ids], temperature=0, max_tokens=5))[1][
        "choices"
    ][1]["text"] == model.generate("abc", 5)


def test_stop_texts_end_an_answer_and_are_not_in_it(server: Running, model: LanguageModel) -> None:
    free = model.generate("abc", 12, 0.8, 3, stops=())
    stop = free[4:7]
    for stops in (stop, [stop], ["Z" * 5, stop]):
        asked = {"prompt": "abc", "seed": 3, "temperature": 0.8, "stop": stops, "ignore_eos": True}
        answer = server.ask("/generate", {**asked, "max_output_tokens": 12})[1]
        assert answer["text"] == free[: free.index(stop)] and answer["finish_reason"] == "stop"
        events = server.ask("/generate", {**asked, "max_output_tokens": 12, "stream": True})[1]
        assert "".join(event.get("text", "") for event in events) == answer["text"]


def test_topk_1_is_greedy(server: Running, model: LanguageModel) -> None:
    answer = server.ask("/generate", {"prompt": "abc", "topk": 1, "max_output_tokens": 8})[1]
    assert answer["text"] == model.generate("abc", 8)


def test_a_full_context_ends_with_length(server: Running, chip_with_text: Chip) -> None:
    answer = server.ask("/generate", {"prompt": "abc", "ignore_eos": True, "seed": 1})[1]
    assert answer["status"] == "context full" and answer["finish_reason"] == "length"
    assert answer["usage"]["total_tokens"] == chip_with_text.shape.context + 1


# What is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "field"), [(call, field) for call in PATHS for field in REFUSED[call]])
def test_what_the_chip_cannot_do_is_refused_by_name(server: Running, call: str, field: str) -> None:
    status, answer = server.ask(PATHS[call], body(call, **{field: {"some": "thing"}}))
    assert status == 422 and answer["error"]["code"] == "unsupported_parameter"
    assert answer["error"]["param"] == field and answer["detail"][0]["loc"] == ["body", field]
    assert answer["error"]["message"].startswith(f"{field}: the chip cannot do {{'some': 'thing'}}: ")
    for neutral in REFUSED[call][field].neutral:
        least = {"max_output_tokens" if call == NATIVE else "max_tokens": 1}
        assert server.ask(PATHS[call], body(call, **{field: neutral}, **least))[0] == 200


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"temperature": 3}, "temperature", "temperature: 3 is more than 2"),
        ({"temperature": 0.01}, "temperature", "temperature: 0.01 is less than 0.04"),
        ({"temperature": True}, "temperature", "temperature: True is "),
        ({"max_tokens": -1}, "max_tokens", "max_tokens: -1 is less than 0"),
        ({"max_tokens": "9"}, "max_tokens", "max_tokens: '9' is no integer or null"),
        ({"n": 99}, "n", "n: 99 is more than 8"),
        ({"stop": ["a"] * 5}, "stop", "stop: 5 items, more than 4"),
        ({"stop": ""}, "stop", "stop: 0 characters, less than 1"),
        ({"seed": 2**64}, "seed", f"seed: {2**64} is more than {2**64 - 1}"),
        ({"prompt": [999]}, "prompt.0", "prompt.0: 999 is more than 39"),
        ({"prompt": "a!"}, "prompt", "prompt: character '!' at offset 1 is not in the model's vocabulary"),
        ({"min_p": 0.1}, "min_p", "min_p: is not known here"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "is of streams alone"),
        ({"prompt": None}, "prompt", "prompt: "),
        ({"n": None, "stop": 3}, "stop", "stop: 3 is no"),
    ],
)
def test_wrong_fields_are_named(server: Running, fields: dict[str, Any], param: str, words: str) -> None:
    status, answer = server.ask("/v1/completions", body(COMPLETIONS, **fields))
    assert status == 422 and answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["param"] == param and words in answer["error"]["message"]
    assert ".".join(map(str, answer["detail"][0]["loc"][1:])) == param


def test_a_chat_of_several_messages(server: Running, model: LanguageModel) -> None:
    """This tokenizer spells no end of a line, which would stand between them otherwise."""
    messages = [{"role": role, "content": text} for role, text in (("user", "ab"), ("assistant", "c"), ("user", "d"))]
    answer = server.ask(PATHS[CHAT], {"model": "tiny", "messages": messages, "max_tokens": 5, "temperature": 0})[1]
    assert text_of(answer["choices"][0]) == model.generate("ab c d", 5)


def test_fields_that_do_not_go_together(server: Running) -> None:
    asked = body(CHAT, max_tokens=1, max_completion_tokens=1)
    assert server.ask(PATHS[CHAT], asked)[1]["error"]["param"] == "max_tokens"
    assert server.ask("/generate", body(NATIVE, attempts=3))[1]["error"]["param"] == "attempts"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b'{"prompt": NaN}', 400, "invalid_json"),
        (b'{"prompt": "a", "prompt": "b"}', 400, "invalid_json"),
        (b'{"prompt": "\\ud800"}', 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b"[" * 100 + b"]" * 100, 400, "invalid_json"),
        (b"9" * 10_000, 400, "invalid_json"),
        (b"[]", 422, "invalid_value"),
        (b'{"model": "gpt-9", "prompt": "a"}', 404, "model_not_found"),
        (b'{"model": "tiny", "prompt": "' + b"a" * 40 + b'"}', 400, "context_length_exceeded"),
        (b'{"model": "tiny", "prompt": "' + b"a" * 90_000 + b'"}', 400, "context_length_exceeded"),
        (b" " * (1 << 20) + b"{}", 413, "body_too_large"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value),
)
def test_bodies_that_are_none(server: Running, data: bytes, status: int, code: str) -> None:
    found, answer = server.ask("/v1/completions", data)
    assert (found, answer["error"]["code"]) == (status, code)
    if code == "context_length_exceeded":
        assert "maximum context length is 24 tokens" in answer["error"]["message"]


def test_routes_that_are_none(server: Running) -> None:
    assert server.ask("/v1/embeddings", {})[0] == 404
    connection, response = server.open("/v1/completions")
    assert response.status == 405 and response.headers["allow"] == "POST"
    connection.close()
    assert server.ask("/v1/models?limit=2")[0] == 422
    assert server.ask("/timeline")[1]["error"]["code"] == "no_timeline"


def test_what_there_is(server: Running, chip_with_text: Chip) -> None:
    assert server.ask("/health") == (200, {"status": "ok", "queue_size": 0, "current_adapter": None})
    (listed,) = server.ask("/v1/models")[1]["data"]
    assert listed["id"] == "tiny" and listed["object"] == "model"
    pinned = f"tiny@{chip_with_text.digest[:8]}"
    assert server.ask(f"/v1/models/{pinned}")[1]["id"] == pinned
    assert server.ask("/v1/models/other")[0] == 404
    assert server.ask("/v1/completions", body(COMPLETIONS) | {"model": pinned})[1]["model"] == pinned
    assert server.ask("/models")[1]["models"][0]["context"] == 24
    counts = server.ask("/metrics")[1]
    assert 'hardwire_requests_total{path="/v1/completions",status="200"}' in counts
    assert "hardwire_first_token_seconds_bucket" in counts


# Adapters -------------------------------------------------------------------------------------------


class Pours(Backend):
    """A board that can be reprinted, as far as a server sees it: chips by the names of adapters."""

    def __init__(self, chips: dict[str | None, Chip]) -> None:
        self._chips = chips
        self.held: str | None = None
        self.poured: list[str | None] = []

    def hold(self, name: str | None) -> Chip | None:
        if name == self.held:
            return None
        self.held = name
        self.poured.append(name)
        return self._chips[name]

    def add(self, name: str, path: Path) -> None:
        assert path == Path("pirate.adapter") and name in self._chips

    @property
    def limits(self) -> Limits:
        return Reference(self._chips[None]).limits

    def stages(self) -> Stages:
        return {}

    def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
        return Reference(self._chips[self.held]).stream(request, state)


def test_an_adapter_is_a_model(chip_with_text: Chip) -> None:
    other = replace(random_chip(chip_with_text.shape, seed=77), tokenizer=chip_with_text.tokenizer, bos=1, eos=(2,))
    board = Pours({None: chip_with_text, "pirate": other})
    model = LanguageModel(chip_with_text, board, "tiny")
    model._prints = board  # type: ignore[assignment]
    names = {"tiny": chip_with_text, "pirate": other}
    with running(model, adapters=(("pirate", Path("pirate.adapter")),)) as server:
        assert [entry["id"] for entry in server.ask("/v1/models")[1]["data"]] == ["tiny", "pirate"]
        for name in ("pirate", "pirate", "tiny", "pirate"):
            answer = server.ask("/v1/completions", body(COMPLETIONS, temperature=0) | {"model": name})[1]
            wanted = LanguageModel(names[name], Reference(names[name]), name).generate("abc", 16)
            assert answer["choices"][0]["text"] == wanted and answer["model"] == name
            assert server.ask("/health")[1]["current_adapter"] == (name if name == "pirate" else None)
        assert answer["system_fingerprint"] == f"hw_{chip_with_text.digest[:12]}+pirate"
    assert board.poured == ["pirate", None, "pirate"]


def test_a_frozen_chip_has_no_adapters(chip_with_text: Chip) -> None:
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny (reference)")
    with pytest.raises(BuildError, match="is frozen: its memories cannot be written; build it with --reprintable"):
        Service(model, Settings(adapters=(("pirate", Path("pirate.adapter")),)))


# Keys ----------------------------------------------------------------------------------------------


def test_keys_and_their_limits(chip_with_text: Chip) -> None:
    keys = (
        key_of(SECRET, "ann", requests=2),
        key_of(SECRET + "2", "bob", tokens=5),
        key_of(SECRET + "3", "eve", waiting=1),
    )
    with serving(chip_with_text, keys=keys) as server:
        assert server.ask("/health")[0] == 200 and server.ask("/")[0] == 200
        for path in ("/v1/models", "/models", "/metrics", "/openapi.json", "/timeline"):
            assert server.ask(path)[1]["error"]["code"] == "missing_api_key"
        status, answer = server.ask("/v1/models", key="wrong" * 3)
        assert status == 401 and answer["error"]["type"] == "authentication_error"
        asked = body(COMPLETIONS, max_tokens=4, temperature=0)
        assert [server.ask("/v1/completions", asked, SECRET)[0] for _ in range(3)] == [200, 200, 429]
        assert [server.ask("/v1/completions", asked, SECRET + "2")[0] for _ in range(3)] == [200, 200, 429]
        connection, response = server.open("/v1/completions", asked, SECRET)
        assert int(response.headers["retry-after"]) >= 1
        connection.close()
        status, answer = server.ask("/v1/completions", {**asked, "n": 2}, SECRET + "3")
        assert (status, answer["error"]["code"]) == (429, "too_many_waiting")
