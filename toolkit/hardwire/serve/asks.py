# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A body to what the chip is asked: checked fields, token ids, one job per answer."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..driver.automaton import Automaton
from ..driver.model import LanguageModel
from ..driver.schema import Problem, no_number, problems
from ..errors import HardwireError, PromptError, PromptTooLong
from ..host.requests import Request
from .chat import ChatTemplate
from .engine import Job
from .errors import ApiError, unsupported, wrong_fields
from .fields import ATTEMPTS, Model, refusal, rules_of, schemas
from .sampling import CHAT, COMPLETIONS, NATIVE, guide_of, sampling_of
from .settings import Settings

DEEPEST = 64  # of lists and objects in each other
CHARACTERS_PER_POSITION = 64  # a prompt with more cannot fit a context, and is not spelt to see
SEEDS = 1 << 64


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a body asks for. prompts: ids [P]; choices: of each; texts: of the prompts, where they are echoed.

    guide: the field that says what answers must be, and what it says; guides: the same compiled, for each prompt.
    until, attempts: of an answer that must pass. label: of the log.
    """

    call: str
    model: str
    adapter: str | None
    prompts: tuple[tuple[int, ...], ...]
    texts: tuple[str, ...]
    choices: int
    request: Request
    stops: tuple[str, ...]
    guide: tuple[str, str | Mapping[str, Any]] | None = None
    guides: tuple[Automaton, ...] = ()
    stream: bool = False
    usage: bool = False  # in a stream, behind its last event
    until: Mapping[str, Any] | None = None
    attempts: int = 1
    label: str = ""

    def jobs(self) -> list[Job]:
        """A job per answer: those of the first prompt first, seeds counted up from the first in each."""
        return [
            self.job(prompt, choice, prompt * self.choices + choice)
            for prompt in range(len(self.prompts))
            for choice in range(self.choices)
        ]

    def job(self, prompt: int, offset: int, index: int) -> Job:
        seed = (self.request.seed + offset) % SEEDS
        guide = self.guides[prompt] if self.guides else None
        return Job(
            request=replace(self.request, ids=self.prompts[prompt], seed=seed, guide=guide),
            adapter=self.adapter,
            stops=self.stops,
            index=index,
        )

    @property
    def prompt_tokens(self) -> int:
        return sum(map(len, self.prompts))


class Reader:
    """Bodies of one model to asks."""

    def __init__(self, model: LanguageModel, about: Model, settings: Settings, template: ChatTemplate) -> None:
        self._model, self.about, self._settings, self._template = model, about, settings, template
        self.schemas = schemas(about, settings)

    def ask(self, call: str, data: bytes) -> Ask:
        """Raises ApiError: 400 for no JSON and what does not fit the context, 404 for another model, 422 for fields."""
        body = parsed(data)
        if isinstance(body, dict):
            for field, value in body.items():
                reason = refusal(call, field, value, self.about)
                if reason:
                    raise unsupported(field, reason)
        found = list(problems(body, self.schemas[call], self.schemas))
        found = found or [
            Problem((rule.field,), rule.reason)
            for rule in rules_of(call, self.about)
            if any(problems(body, rule.schema, self.schemas))
        ]
        if found:
            raise wrong_fields(found)
        body = {name: value for name, value in body.items() if value is not None}
        model = body.get("model", self.about.name)
        if model not in self.about.names:
            raise ApiError(
                404,
                f"there is no model {model!r} here; there is {', '.join(self.about.names)}",
                param="model",
                code="model_not_found",
            )
        return self._ask(call, model, body)

    def _ask(self, call: str, model: str, body: dict[str, Any]) -> Ask:
        prompts, texts = self._prompts(call, body)
        stop = body.get("stop", ())
        options = body.get("stream_options", {})
        request = self._request(call, body)
        return Ask(
            call=call,
            model=model,
            adapter=self.about.adapter(model),
            prompts=prompts,
            texts=texts if body.get("echo") else (),
            choices=int(body.get("n", 1)),
            request=request,
            stops=(stop,) if isinstance(stop, str) else tuple(stop),
            guide=guide_of(body),
            stream=bool(body.get("stream")),
            usage=bool(options.get("include_usage")),
            until=body.get("until"),
            attempts=int(body.get("attempts", min(ATTEMPTS, self._settings.attempts))),
            label=body.get("user") or body.get("safety_identifier") or "",
        )

    def _request(self, call: str, body: dict[str, Any]) -> Request:
        """The request without a prompt. The temperature's default is OpenAI's, 1; topk 1 is greedy."""
        plain = not self.about.best
        temperature = 0.0 if plain and body.get("topk") == 1 else float(body.get("temperature", 1.0))
        budgets = {COMPLETIONS: body.get("max_tokens", 16), CHAT: None, NATIVE: body.get("max_output_tokens")}
        budget = budgets[call]
        if call == CHAT:
            budget = body.get("max_completion_tokens", body.get("max_tokens"))
        seed = int(body["seed"]) if "seed" in body else secrets.randbits(53)  # which every client can write down
        return Request(
            budget=None if budget is None else int(budget),
            temperature=temperature,
            seed=seed % SEEDS,
            stops=() if body.get("ignore_eos") else self._model.stops,
            **(sampling_of(call, body) if self.about.best else {}),
        )

    def guided(self, ask: Ask) -> Ask:
        """An ask with its guides compiled, which takes seconds. Raises ApiError, status 422."""
        assert ask.guide is not None
        field, what = ask.guide
        guides, ends = self._model.guides, ask.request.stops
        try:
            made = [
                guides.regex(what, prompt, ends) if isinstance(what, str) else guides.schema(what, prompt, ends)
                for prompt in ask.prompts
            ]
        except HardwireError as error:
            raise ApiError(422, f"{field}: {error}", param=field, code="invalid_value") from None
        return replace(ask, guides=tuple(made))

    def _prompts(self, call: str, body: dict[str, Any]) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
        """Ids of every prompt, and their texts."""
        if call == CHAT:
            text = self._template.text([_plain(message) for message in body["messages"]])
            begins = self._template.begins
            ids = self._encode(text, "messages", start=not (begins and text.startswith(begins)))
            return (ids,), (text,)
        prompt = body["prompt"]
        several = isinstance(prompt, list) and not isinstance(prompt[0], (int, float))
        found = tuple(self._encode(one, "prompt") for one in (prompt if several else [prompt]))
        texts = [one if isinstance(one, str) else self._model.text(one) for one in (prompt if several else [prompt])]
        return found, tuple(texts)

    def _encode(self, prompt: str | Sequence[int], field: str, start: bool = True) -> tuple[int, ...]:
        context = self.about.context
        if isinstance(prompt, str) and len(prompt) > context * CHARACTERS_PER_POSITION:
            raise too_long(f"the prompt has {len(prompt)} characters; shorten it", context, field)
        try:
            ids = self._model.encode(prompt, start) if isinstance(prompt, str) else [int(token) for token in prompt]
        except PromptTooLong as error:
            raise too_long(str(error), context, field) from None
        except PromptError as error:
            raise ApiError(422, str(error), param=field, code="invalid_value") from None
        return tuple(ids)


def too_long(reason: str, context: int, field: str) -> ApiError:
    """OpenAI's refusal of a prompt that leaves no room, in the words that its clients look for."""
    return ApiError(
        400,
        f"This model's maximum context length is {context} tokens: {reason}",
        param=field,
        code="context_length_exceeded",
    )


def _plain(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message whose content is one text."""
    content = message["content"]
    if not isinstance(content, str):
        content = "".join(part["text"] for part in content)
    return {**message, "content": content}


def parsed(data: bytes) -> Any:
    """The JSON of a body. Raises ApiError, status 400: a name given twice and NaN are none, nor what nests too deep."""
    try:
        body = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=no_number)
        _depth(body)
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ApiError(400, "the body has a lone surrogate, which is no character", code="invalid_json") from None
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is no JSON: {error}", code="invalid_json") from None
    return body


def _depth(body: Any) -> None:
    level, depth = [body], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"it nests deeper than {DEEPEST}")
        inner = [item for item in level if isinstance(item, (dict, list))]
        level = [part for item in inner for part in (item.values() if isinstance(item, dict) else item)]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{max(names, key=names.count)!r} is there twice")
    return named
