# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Clients that people have, unchanged but for the URL: openai for Python and Node, litellm, curl, schemathesis."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.serve.sampling import CHAT, COMPLETIONS, NATIVE
from hardwire.serve.settings import key_of

from .served import Quick, Running, serving

pytestmark = [pytest.mark.tools, pytest.mark.slow]
KEY = "sk-a-key-for-tests"
NODE = Path(__file__).parent / "client.mjs"
MAYBE = {
    "type": "json_schema",
    "json_schema": {"name": "maybe", "schema": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}},
}


@pytest.fixture(scope="module")
def server(chip_with_text: Chip) -> Iterator[Running]:
    with serving(chip_with_text, keys=(key_of(KEY),)) as running:
        yield running


@pytest.fixture
def url(server: Running) -> str:
    return f"http://{server.host}:{server.port}/v1"


@pytest.fixture(scope="module")
def extended(chip_with_text: Chip) -> Iterator[str]:
    """The address of a chip with an extended sampler."""
    with serving(chip_with_text, Reference(chip_with_text, best=20), keys=(key_of(KEY),)) as running:
        yield f"http://{running.host}:{running.port}/v1"


@pytest.fixture
def model(chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")


def test_openai(url: str, model: LanguageModel) -> None:
    import openai

    client = openai.OpenAI(base_url=url, api_key=KEY, max_retries=0)
    assert [entry.id for entry in client.models.list()] == ["tiny"]
    wanted = model.generate("abc", 9, 0.8, 7)
    done = client.completions.create(model="tiny", prompt="abc", max_tokens=9, temperature=0.8, seed=7)
    assert done.choices[0].text == wanted and done.usage is not None
    assert done.usage.completion_tokens == len(model.last.tokens)
    messages = [{"role": "user", "content": "abc"}]
    chat = client.chat.completions.create(
        model="tiny", messages=messages, max_completion_tokens=9, temperature=0.8, seed=7, n=2, stop=["ZZ"]
    )
    assert [choice.message.content for choice in chat.choices] == [wanted, model.generate("abc", 9, 0.8, 8)]
    chunks = list(
        client.chat.completions.create(
            model="tiny", messages=messages, max_tokens=9, temperature=0.8, seed=7, stream=True,
            stream_options={"include_usage": True},
        )
    )  # fmt: skip
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == wanted
    assert chunks[-1].usage == done.usage
    text = "".join(part.choices[0].text for part in client.completions.create(
        model="tiny", prompt="abc", max_tokens=9, temperature=0.8, seed=7, stream=True
    ))  # fmt: skip
    assert text == wanted


def test_openais_errors(url: str) -> None:
    import openai

    client = openai.OpenAI(base_url=url, api_key=KEY, max_retries=0)
    with pytest.raises(openai.AuthenticationError, match="this key is not known here"):
        openai.OpenAI(base_url=url, api_key="sk-another", max_retries=0).models.list()
    with pytest.raises(openai.NotFoundError) as missing:
        client.completions.create(model="gpt-9", prompt="a")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.completions.create(model="tiny", prompt="a", logprobs=3)
    assert refused.value.param == "logprobs" and refused.value.code == "unsupported_parameter"
    with pytest.raises(openai.BadRequestError) as long:
        client.completions.create(model="tiny", prompt="a" * 50)
    assert long.value.code == "context_length_exceeded"


def test_openai_reads_what_an_extended_sampler_tells(extended: str) -> None:
    """Log probabilities and a guided answer, of both calls."""
    import openai

    client = openai.OpenAI(base_url=extended, api_key=KEY, max_retries=0)
    lists = client.completions.create(model="tiny", prompt="abc", max_tokens=4, seed=7, logprobs=2).choices[0]
    assert lists.logprobs is not None and lists.logprobs.tokens is not None
    assert "".join(lists.logprobs.tokens) == lists.text
    messages = [{"role": "user", "content": "abc"}]
    chat = client.chat.completions.create(
        model="tiny", messages=messages, max_tokens=4, seed=7, logprobs=True, top_logprobs=3
    ).choices[0]  # fmt: skip
    assert chat.logprobs is not None and chat.logprobs.content is not None
    assert "".join(entry.token for entry in chat.logprobs.content) == chat.message.content
    assert all(len(entry.top_logprobs) == 3 and entry.logprob <= 0 for entry in chat.logprobs.content)
    for seed in range(5):
        said = client.chat.completions.create(
            model="tiny", messages=messages, max_tokens=9, seed=seed, response_format=MAYBE
        ).choices[0]  # fmt: skip
        assert json.loads(said.message.content or "") in (None, True, False) and said.finish_reason == "stop"
    guided = client.completions.create(
        model="tiny", prompt="abc", max_tokens=9, extra_body={"guided_regex": "(ab)+c", "top_k": 3}
    )
    assert re.fullmatch("(ab)+c", guided.choices[0].text) or guided.choices[0].finish_reason == "length"


def test_litellm(extended: str, model: LanguageModel) -> None:
    """In a process of its own, which takes a map of prices from its package and not from the network."""
    code = """
import json, sys, litellm
litellm.suppress_debug_info = True
url, key, stop, form = sys.argv[1:]
where = {"model": "openai/tiny", "api_base": url, "api_key": key, "seed": 7, "temperature": 0.8, "max_tokens": 9}
where["messages"] = [{"role": "user", "content": "abc"}]
whole = litellm.completion(n=2, logprobs=True, top_logprobs=3, **where)
parts = litellm.completion(stream=True, **where)
text = litellm.text_completion(
    model="text-completion-openai/tiny", prompt="abc", api_base=url, api_key=key, seed=7, temperature=0.8, max_tokens=9
)
refused = []
long = [{"role": "user", "content": "a" * 50}]
for change in ({"messages": long}, {"api_key": "sk-another"}, {"model": "openai/gpt-9"}):
    try:
        litellm.completion(**{**where, **change})
    except Exception as error:  # of litellm's many types; its name is what is looked at
        refused.append(type(error).__name__)
print(json.dumps({
    "chats": [choice.message.content for choice in whole.choices],
    "tokens": [entry["token"] for entry in whole.choices[0].logprobs.content],
    "streamed": "".join(part.choices[0].delta.content or "" for part in parts),
    "text": text.choices[0].text,
    "stopped": litellm.completion(stop=[stop], **where).choices[0].message.content,
    "guided": litellm.completion(response_format=json.loads(form), **where).choices[0].message.content,
    "refused": refused,
}))
"""
    alone = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    wanted, stop = model.generate("abc", 9, 0.8, 7), model.generate("abc", 9, 0.8, 7)[2:4]
    done = subprocess.run(
        [sys.executable, "-c", code, extended, KEY, stop, json.dumps(MAYBE)],
        capture_output=True, text=True, env=alone, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["chats"] == [wanted, model.generate("abc", 9, 0.8, 8)]
    assert "".join(said["tokens"]) == said["streamed"] == said["text"] == wanted
    assert said["stopped"] == wanted[: wanted.index(stop)] and json.loads(said["guided"]) in (None, True, False)
    assert said["refused"] == ["ContextWindowExceededError", "AuthenticationError", "NotFoundError"]


def curled(url: str, path: str, *options: str, key: str = KEY, **fields: Any) -> str:
    """What curl says to a body; ``options`` of its command line."""
    command = ["curl", "-sN", *options, f"{url}/{path}", "-H", f"Authorization: Bearer {key}"]
    asked = json.dumps({"model": "tiny", **fields})
    return subprocess.run(
        [*command, "-H", "Content-Type: application/json", "-d", asked], capture_output=True, text=True, timeout=60
    ).stdout


def test_curl(extended: str, model: LanguageModel) -> None:
    plain = {"prompt": "abc", "max_tokens": 9, "temperature": 0}
    lines = [
        part.removeprefix("data: ") for part in curled(extended, "completions", **plain, stream=True).split("\n\n")
    ]
    assert lines.pop() == "" and lines.pop() == "[DONE]"
    wanted = model.generate("abc", 9)
    assert "".join(json.loads(line)["choices"][0]["text"] for line in lines) == wanted
    answer = json.loads(curled(extended, "completions", **plain, n=2, logprobs=2, stop=[wanted[3:5]]))
    assert [choice["text"] for choice in answer["choices"]] == [wanted[: wanted.index(wanted[3:5])]] * 2
    assert len(answer["choices"][0]["logprobs"]["top_logprobs"][0]) == 2
    messages = [{"role": "user", "content": "abc"}]
    chat = json.loads(curled(extended, "chat/completions", messages=messages, response_format=MAYBE))
    assert json.loads(chat["choices"][0]["message"]["content"]) in (None, True, False)
    regex = json.loads(curled(extended, "completions", prompt="abc", guided_regex="(ab){1,3}c", max_tokens=9))
    assert re.fullmatch("(ab){1,3}c", regex["choices"][0]["text"])
    for fields, key, status in (
        ({"prompt": "abc", "logit_bias": {"3": 4}}, KEY, "422"),
        ({"prompt": "abc", "model": "gpt-9"}, KEY, "404"),
        ({"prompt": "a" * 50}, KEY, "400"),
        (plain, "sk-another", "401"),
    ):
        said, code = curled(extended, "completions", "-w", " %{http_code}", key=key, **fields).rsplit(" ", 1)
        assert code == status and json.loads(said)["error"]["message"]


def test_node(extended: str, model: LanguageModel) -> None:
    """openai for Node, which ``make test-all`` installs in build/node."""
    modules = Path(__file__).parents[2] / "build" / "node" / "node_modules"
    assert (modules / "openai").is_dir(), f"{modules} has no openai: npm install --prefix build/node openai"
    script = modules.parent / "client.mjs"
    script.write_text(NODE.read_text())  # beside the modules, where node looks for them
    wanted, other = (model.generate("abc", 9, 0.8, seed) for seed in (7, 8))
    done = subprocess.run(
        ["node", str(script), extended, KEY, wanted[2:4]], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert json.loads(said.pop("guided")) in (None, True, False)
    assert "".join(said.pop("tokens")) == wanted and set(said.pop("best")) == {3}
    assert said == {
        "models": ["tiny"], "text": wanted, "chats": [wanted, other], "streamed": wanted, "written": wanted,
        "stopped": wanted[: wanted.index(wanted[2:4])], "usage": 5 + len(wanted),
        "refused": [
            "UnprocessableEntityError 422 unsupported_parameter logit_bias",
            "NotFoundError 404 model_not_found model",
            "BadRequestError 400 context_length_exceeded prompt",
            "AuthenticationError 401 invalid_api_key null",
        ],
    }  # fmt: skip


@pytest.mark.parametrize("best", [0, 20], ids=["plain", "extended"])
def test_schemathesis(chip_with_text: Chip, best: int, tmp_path: Path) -> None:
    """Every call with what its schema allows and forbids; a status, type or body that it does not tell is a failure.

    The context is large, as no schema says how many tokens a text has.
    """
    chip = replace(chip_with_text, shape=replace(chip_with_text.shape, context=2048))
    with serving(chip, Quick(chip, best), keys=(key_of(KEY),)) as server:
        document = server.ask("/openapi.json", key=KEY)[1]
        schemas = document["components"]["schemas"]
        assert ("AnswerGuide" in schemas) == bool(best)
        for call in (COMPLETIONS, CHAT, NATIVE):  # with the last rule its generator gives up: fuzz_hooks.py keeps it
            assert not best or "guided_regex" in json.dumps(schemas[call]["allOf"].pop())
        no_failures(server, document, tmp_path)


def no_failures(server: Running, document: Any, tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(path), "--seed", "1", "--no-color"]
    command += ["--url", f"http://{server.host}:{server.port}", "--max-examples", "40"]
    command += ["-H", f"Authorization: Bearer {KEY}"]
    hooks = {"PYTHONPATH": str(Path(__file__).parent), "SCHEMATHESIS_HOOKS": "fuzz_hooks"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=800, cwd=tmp_path, env={**os.environ, **hooks}
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert server.service.engine.fault == "" and server.ask("/health")[0] == 200
