# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a body may have: the schemas of the three calls, for one model.

They are what bodies are checked by, and what the OpenAPI document shows. A field of OpenAI's or Taalas's API that this
chip has nothing for is in REFUSED: its neutral values are taken, as clients send them, every other is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from ..driver.model import LanguageModel
from ..driver.schema import META, REFERENCE, Schema, same, shown
from ..errors import PromptError
from .sampling import (
    ANSWER_GUIDE,
    CHAT,
    COMPLETIONS,
    GUIDES,
    NATIVE,
    Rule,
    guide_schema,
    offered,
    sampling_rules,
    sampling_schemas,
)
from .settings import Settings

ATTEMPTS = 16  # of an ``until`` that tells no number
ALPHABET_UP_TO = 50_000  # tokens of a vocabulary that are looked through for its letters
PROBES = "☃ß\x00\U00010348"  # a tokenizer that spells these spells everything


@dataclass(frozen=True)
class Refused:
    """Values that change nothing, and why there is no other."""

    neutral: tuple[Any, ...]
    reason: str


_SAMPLER = "it samples from all tokens, by temperature and seed"
_PENALTY = "its sampler has no penalty"
_TOOLS = "no format of calls is trained into it"
_LOGPROBS = "its sampler gives the token that it drew, and no probabilities"
_GUIDED = "its sampler takes no allowed tokens, or no guide is compiled here; until tries again until an answer fits"
_STORE = "nothing is stored here"

_EVERYWHERE = {
    "frequency_penalty": Refused((None, 0), _PENALTY),
    "presence_penalty": Refused((None, 0), _PENALTY),
    "logit_bias": Refused((None, {}), "its sampler takes no bias"),
    "top_p": Refused((None, 1), _SAMPLER),
    "repetition_penalty": Refused((None, 1), _PENALTY),
    "repetition_window": Refused((None, 0), _PENALTY),
    "guided_json": Refused((None,), _GUIDED),
    "guided_regex": Refused((None,), _GUIDED),
    "response_format": Refused((None, {"type": "text"}), _GUIDED),
}
_TOP_K = Refused((None, 0), _SAMPLER)
_COMPLETIONS = {
    **_EVERYWHERE,
    "top_k": _TOP_K,
    "best_of": Refused((None, 1), _LOGPROBS),
    "logprobs": Refused((None,), _LOGPROBS),
    "suffix": Refused((None, ""), "it writes on, and fills no gap"),
}
_CHAT = {
    **_EVERYWHERE,
    "top_k": _TOP_K,
    "logprobs": Refused((None, False), _LOGPROBS),
    "top_logprobs": Refused((None, 0), _LOGPROBS),
    "tools": Refused((None, []), _TOOLS),
    "tool_choice": Refused((None, "none", "auto"), _TOOLS),
    "parallel_tool_calls": Refused((None,), _TOOLS),
    "functions": Refused((None, []), _TOOLS),
    "function_call": Refused((None, "none", "auto"), _TOOLS),
    "modalities": Refused((None, ["text"]), "it reads and writes text"),
    "audio": Refused((None,), "it reads and writes text"),
    "prediction": Refused((None,), "it takes no draft of the answer"),
    "reasoning_effort": Refused((None, "none"), "it answers at once"),
    "verbosity": Refused((None,), "it writes as it was trained to"),
    "web_search_options": Refused((None,), "it has no network"),
    "service_tier": Refused((None, "auto", "default"), "there is one tier"),
    "store": Refused((None, False), _STORE),
    "metadata": Refused((None, {}), _STORE),
    "prompt_cache_key": Refused((None,), "it keeps no prompts"),
}
_NATIVE = {
    **{name: _EVERYWHERE[name] for name in ("top_p", "repetition_penalty", "repetition_window", *GUIDES)},
    "min_output_tokens": Refused((None, 0), "its sampler cannot leave out the end token; ignore_eos goes on behind it"),
    "topk": Refused((None, 1), f"{_SAMPLER}; 1 is greedy, as a temperature of 0"),
    "logprobs": Refused((None, False), _LOGPROBS),
    "top_logprobs": Refused((None, 0), _LOGPROBS),
}


def _without(field: str) -> Schema:
    return {"properties": {field: {"type": "null"}}}


_STREAMS: Schema = {"required": ["stream"], "properties": {"stream": {"const": True}}}
_UNTILS: Schema = {"required": ["until"], "properties": {"until": {"type": "object"}}}
_OF_STREAMS = Rule(
    "stream_options", {"anyOf": [_without("stream_options"), _STREAMS]}, "is of streams alone; set stream to true"
)
REFUSED: Mapping[str, Mapping[str, Refused]] = {COMPLETIONS: _COMPLETIONS, CHAT: _CHAT, NATIVE: _NATIVE}

RULES: Mapping[str, Sequence[Rule]] = {
    COMPLETIONS: (_OF_STREAMS,),
    CHAT: (
        _OF_STREAMS,
        Rule(
            "max_tokens",
            {"anyOf": [_without("max_tokens"), _without("max_completion_tokens")]},
            "is the old name of max_completion_tokens; give one of them",
        ),
    ),
    NATIVE: (_OF_STREAMS, Rule("attempts", {"anyOf": [_without("attempts"), _UNTILS]}, "is of until alone")),
}


def rules_of(call: str, model: Model) -> tuple[Rule, ...]:
    """What fields of a call must be together, for a model."""
    return (*RULES[call], *sampling_rules(call, model.best, model.guides))


def refused(call: str, model: Model) -> dict[str, Refused]:
    """REFUSED without what the model's sampler serves."""
    served = offered(call, model.best, model.guides)
    return {name: rule for name, rule in REFUSED[call].items() if name not in served}


def refusal(call: str, field: str, value: Any, model: Model) -> str:
    """Why the chip cannot do what a field asks for; "" where it asks for nothing, or the field is not refused."""
    rule = refused(call, model).get(field)
    if rule is None or any(same(value, neutral) for neutral in rule.neutral):
        return ""
    allowed = ", ".join(shown(value) for value in rule.neutral if value is not None)
    leave = f"leave it out{', or give ' + allowed if allowed else ''}"
    return f"the chip cannot do {shown(value)}: {rule.reason}; {leave}"


@dataclass(frozen=True, kw_only=True)
class Model:
    """What of a model a body depends on. letters: those that its tokenizer spells; "": all there are. best: tokens that
    its sampler keeps in order, 0 of a plain one; guides: can be compiled here."""

    name: str
    digest: str
    vocab: int
    context: int
    has_text: bool
    letters: str = ""
    adapters: tuple[str, ...] = ()
    best: int = 0
    guides: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What ``model`` may be: the name, that with the chip's digest, which another chip does not answer to, and the
        names of adapters."""
        return self.name, f"{self.name}@{self.digest[:8]}", *self.adapters

    def adapter(self, name: str) -> str | None:
        """The adapter that a name of ``names`` asks for."""
        return name if name in self.adapters else None


def described(model: LanguageModel, name: str = "", adapters: Sequence[str] = ()) -> Model:
    """What there is to know of a loaded model; by default it is called as its file or folder is."""
    chip = model.chip
    return Model(
        name=name or model.name.split(" (")[0].removesuffix(".chip"),
        digest=chip.digest,
        vocab=chip.shape.vocab,
        context=chip.shape.context,
        has_text=model.codec is not None,
        letters=_letters(model),
        adapters=tuple(adapters),
        best=(best := model.backend.limits.best),
        guides=bool(best) and _guides(model),
    )


def _guides(model: LanguageModel) -> bool:
    codec = model.codec
    return codec is not None and find_spec("outlines_core") is not None and codec.spelling(1) is not None


def _letters(model: LanguageModel) -> str:
    codec = model.codec
    if codec is None or _spells(codec.encode, PROBES):
        return ""
    tokens = range(min(model.chip.shape.vocab, ALPHABET_UP_TO))
    letters = {letter for token in tokens for letter in codec.decode([token])} | set(map(chr, range(128)))
    return "".join(sorted(letter for letter in letters if _spells(codec.encode, letter)))


def _spells(encode: Callable[[str], list[int]], text: str) -> bool:
    try:
        return bool(encode(text))
    except PromptError:
        return False


def _nullable(kind: str, **rest: Any) -> Schema:
    return {"type": [kind, "null"], **rest}


def _temperature(default: float) -> Schema:
    return {
        "anyOf": [{"type": "number", "minimum": 0.04, "maximum": 2}, {"enum": [0, None]}],
        "default": default,
        "description": "0 is greedy: the likeliest token each time.",
    }


_STREAM_OPTIONS: Schema = {
    "anyOf": [
        {"type": "null"},
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "include_usage": {"type": "boolean"},
                "include_obfuscation": {"enum": [False], "description": "Nothing is padded here."},
            },
        },
    ]
}
_STOP: Schema = {
    "anyOf": [
        {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
        {"type": "array", "maxItems": 4, "items": {"type": "string", "minLength": 1, "maxLength": 200}},
    ],
    "description": "Up to four texts that end the answer; they are not part of it.",
}
_UNTIL: Schema = {
    "anyOf": [
        {"type": "null"},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["regex"],
            "properties": {
                "regex": {
                    "type": "string",
                    "format": "regex",
                    "maxLength": 1000,
                    "description": "Python's re; it must match the whole answer.",
                }
            },
        },
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["json_schema"],
            "properties": {"json_schema": {"$ref": f"{REFERENCE}AnswerSchema"}},
        },
    ],
    "description": "Try again with the next seed until an answer fits.",
}
_SEED: Schema = _nullable(
    "integer",
    minimum=-(2**63),
    maximum=2**64 - 1,
    description="The same seed gives the same answer; negative ones are taken modulo 2**64. Left out, one is drawn.",
)
_LABEL = _nullable("string", maxLength=200, description="Stands in the log beside the request.")
_PART: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "text"],
    "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
}
_MESSAGE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["role", "content"],
    "properties": {
        "role": {"enum": ["system", "developer", "user", "assistant"]},
        "content": {"anyOf": [{"type": "string"}, {"type": "array", "items": _PART, "minItems": 1, "maxItems": 64}]},
        "name": {"type": ["string", "null"], "maxLength": 64},
    },
}


def _prompt(model: Model, settings: Settings, one: bool) -> Schema:
    ids = {
        "type": "array",
        "minItems": 1,
        "maxItems": model.context - 1,
        "items": {"type": "integer", "minimum": 0, "maximum": model.vocab - 1},
    }
    text = {"type": "string"}
    forms: list[Schema] = [text, ids] if model.has_text else [ids]
    several = {"type": "array", "minItems": 1, "maxItems": settings.prompts}
    lists = [] if one else [{**several, "items": form} for form in forms]
    return {"anyOf": [*forms, *lists], "description": "Text, or token ids."}


def _shared() -> dict[str, Schema]:
    return {
        "model": {"type": "string"},
        "stream": _nullable("boolean", default=False),
        "stream_options": _STREAM_OPTIONS,
        "stop": _STOP,
        "seed": _SEED,
    }


def schemas(model: Model, settings: Settings) -> dict[str, Schema]:
    """The schemas of bodies by name, and that of a schema in them."""
    count = _nullable("integer", minimum=1, maximum=settings.choices, default=1)
    budget = {"maximum": 2**31 - 1, "description": "Tokens of the answer at most; the context ends it too."}
    shared = _shared()
    completions = {
        **shared,
        "prompt": _prompt(model, settings, one=False),
        "temperature": _temperature(1),
        "max_tokens": _nullable("integer", minimum=0, default=16, **budget),
        "n": count,
        "echo": _nullable("boolean", default=False),
        "user": _LABEL,
    }
    chat = {
        **shared,
        "messages": {"type": "array", "minItems": 1, "maxItems": 256, "items": _MESSAGE},
        "temperature": _temperature(1),
        "max_tokens": _nullable("integer", minimum=1, **budget),
        "max_completion_tokens": _nullable("integer", minimum=1, **budget),
        "n": count,
        "user": _LABEL,
        "safety_identifier": _LABEL,
    }
    native = {
        **shared,
        "prompt": _prompt(model, settings, one=True),
        "temperature": _temperature(1),
        "max_output_tokens": _nullable("integer", minimum=0, **budget),
        "echo": _nullable("boolean", default=False),
        "ignore_eos": _nullable("boolean", default=False),
        "until": _UNTIL,
        "attempts": _nullable(
            "integer", minimum=1, maximum=settings.attempts, default=ATTEMPTS, description="Of until, at the most."
        ),
    }
    named: dict[str, Schema] = {
        COMPLETIONS: _body(COMPLETIONS, completions, ["model", "prompt"], model),
        CHAT: _body(CHAT, chat, ["model", "messages"], model),
        NATIVE: _body(NATIVE, native, ["prompt"], model),
        "AnswerSchema": META,
    }
    return {**named, ANSWER_GUIDE: guide_schema()} if model.guides else named


def _body(call: str, fields: dict[str, Schema], required: list[str], model: Model) -> Schema:
    """With the fields that the sampler serves, and those that are refused, whose neutral values are all that they may
    be."""
    fields = fields | sampling_schemas(call, model.best, model.context, model.guides)
    neutral = {
        name: {"enum": list(rule.neutral), "description": f"Not on this chip: {rule.reason}."}
        for name, rule in refused(call, model).items()
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": {**fields, **neutral},
    }
