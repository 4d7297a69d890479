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
from hardwire.serve.settings import key_of

from .served import Quick, Running, serving

pytestmark = [pytest.mark.tools, pytest.mark.slow]
KEY = "sk-a-key-for-tests"
NODE = Path(__file__).parent / "client.mjs"


@pytest.fixture(scope="module")
def server(chip_with_text: Chip) -> Iterator[Running]:
    with serving(chip_with_text, keys=(key_of(KEY),)) as running:
        yield running


@pytest.fixture
def url(server: Running) -> str:
    return f"http://{server.host}:{server.port}/v1"


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


def test_openai_reads_what_an_extended_sampler_tells(chip_with_text: Chip) -> None:
    """Log probabilities and a guided answer, of both calls."""
    import openai

    with serving(chip_with_text, Reference(chip_with_text, best=20), keys=(key_of(KEY),)) as running:
        client = openai.OpenAI(base_url=f"http://{running.host}:{running.port}/v1", api_key=KEY, max_retries=0)
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
        schema = {"anyOf": [{"type": "null"}, {"type": "boolean"}]}
        for seed in range(5):
            said = client.chat.completions.create(
                model="tiny", messages=messages, max_tokens=9, seed=seed,
                response_format={"type": "json_schema", "json_schema": {"name": "maybe", "schema": schema}},
            ).choices[0]  # fmt: skip
            assert json.loads(said.message.content or "") in (None, True, False) and said.finish_reason == "stop"
        guided = client.completions.create(
            model="tiny", prompt="abc", max_tokens=9, extra_body={"guided_regex": "(ab)+c", "top_k": 3}
        )
        assert re.fullmatch("(ab)+c", guided.choices[0].text) or guided.choices[0].finish_reason == "length"


def test_litellm(url: str, model: LanguageModel) -> None:
    """In a process of its own, which takes a map of prices from its package and not from the network."""
    code = """
import json, sys, litellm
litellm.suppress_debug_info = True
where = {"model": "openai/tiny", "api_base": sys.argv[1], "api_key": sys.argv[2], "seed": 7, "temperature": 0.8}
messages = [{"role": "user", "content": "abc"}]
whole = litellm.completion(messages=messages, max_tokens=9, **where)
parts = litellm.completion(messages=messages, max_tokens=9, stream=True, **where)
streamed = "".join(part.choices[0].delta.content or "" for part in parts)
try:
    litellm.completion(messages=[{"role": "user", "content": "a" * 50}], **where)
except litellm.ContextWindowExceededError as error:
    refused = type(error).__name__
print(json.dumps([whole.choices[0].message.content, streamed, refused]))
"""
    alone = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(
        [sys.executable, "-c", code, url, KEY], capture_output=True, text=True, env=alone, timeout=240
    )
    assert done.returncode == 0, done.stderr
    wanted = model.generate("abc", 9, 0.8, 7)
    assert json.loads(done.stdout.splitlines()[-1]) == [wanted, wanted, "ContextWindowExceededError"]


def test_curl(url: str, model: LanguageModel) -> None:
    asked = json.dumps({"model": "tiny", "prompt": "abc", "max_tokens": 9, "temperature": 0, "stream": True})
    command = ["curl", "-sN", f"{url}/completions", "-H", f"Authorization: Bearer {KEY}"]
    done = subprocess.run(
        [*command, "-H", "Content-Type: application/json", "-d", asked], capture_output=True, text=True, timeout=60
    )
    lines = [line.removeprefix("data: ") for line in done.stdout.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    assert "".join(json.loads(line)["choices"][0]["text"] for line in lines) == model.generate("abc", 9)


def test_node(url: str, model: LanguageModel) -> None:
    """openai for Node, which ``make test-all`` installs in build/node."""
    modules = Path(__file__).parents[2] / "build" / "node" / "node_modules"
    assert (modules / "openai").is_dir(), f"{modules} has no openai: npm install --prefix build/node openai"
    script = modules.parent / "client.mjs"
    script.write_text(NODE.read_text())  # beside the modules, where node looks for them
    done = subprocess.run(["node", str(script), url, KEY], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    wanted = model.generate("abc", 9, 0.8, 7)
    assert json.loads(done.stdout) == [wanted, wanted, wanted, "422 logprobs", "404 model_not_found"]


@pytest.mark.parametrize("best", [0, 20], ids=["plain", "extended"])
def test_schemathesis(chip_with_text: Chip, best: int, tmp_path: Path) -> None:
    """Every call with what its schema allows and forbids; a status, type or body that it does not tell is a failure.

    The context is large, as no schema says how many tokens a text has.
    """
    chip = replace(chip_with_text, shape=replace(chip_with_text.shape, context=2048))
    with serving(chip, Quick(chip, best), keys=(key_of(KEY),)) as server:
        document = server.ask("/openapi.json", key=KEY)[1]
        assert ("AnswerGuide" in document["components"]["schemas"]) == bool(best)
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
