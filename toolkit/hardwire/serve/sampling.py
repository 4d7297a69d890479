# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fields of bodies that an extended sampler serves: their schemas, what they must be together, and what they ask for.

On a chip with the plain sampler the same fields are refused by name (``fields.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..driver.guides import KEYWORDS, LONGEST
from ..driver.schema import TYPES, Schema
from ..ops.choice import LEAST_PENALTY, MOST_PENALTY

CHAT, COMPLETIONS, NATIVE = "ChatRequest", "CompletionRequest", "GenerateRequest"
GUIDES = ("guided_regex", "guided_json", "response_format")
PENALTIES = ("repetition_penalty", "repetition_window")
ANSWER_GUIDE = "AnswerGuide"  # the schema of a schema that a guide keeps to
_LISTED = ("logprobs", "top_logprobs")
_OF_CALLS: Mapping[str, tuple[str, ...]] = {
    COMPLETIONS: ("top_k", "top_p", "logprobs", *PENALTIES, *GUIDES),
    CHAT: ("top_k", "top_p", *_LISTED, *PENALTIES, *GUIDES),
    NATIVE: ("topk", "top_p", *_LISTED, *PENALTIES, *GUIDES),
}


@dataclass(frozen=True)
class Rule:
    """What fields must be together, and what to say of ``field`` where they are not."""

    field: str
    schema: Schema
    reason: str


def offered(call: str, best: int, guides: bool) -> tuple[str, ...]:
    """Names of the fields that a sampler serves which keeps ``best`` tokens in order; ``guides``: can be compiled."""
    return tuple(name for name in _OF_CALLS[call] if guides or name not in GUIDES) if best else ()


def _nullable(kind: str, **rest: Any) -> Schema:
    return {"type": [kind, "null"], **rest}


def _told(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def sampling_schemas(call: str, best: int, context: int, guides: bool) -> dict[str, Schema]:
    """Schemas of the offered fields by name."""
    top_k = _told(_nullable("integer", minimum=0, maximum=best), "From the best so many tokens; 0: from all.")
    part = {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1, "default": 1}
    penalty = {"type": ["number", "null"], "minimum": LEAST_PENALTY, "maximum": MOST_PENALTY, "default": 1}
    window = _nullable("integer", minimum=0, maximum=context, default=0)
    counted = call == COMPLETIONS
    listed = _nullable("integer", minimum=0, maximum=best)
    every: dict[str, Schema] = {
        "top_k": top_k,
        "topk": top_k,
        "top_p": _told(part, "From that part of the best top_k, by their probabilities; it needs a top_k."),
        "repetition_penalty": _told(
            penalty, "Divides positive logits of tokens that were seen, multiplies negative ones."
        ),
        "repetition_window": _told(window, "Tokens of the context that count as seen, the last; 0: all."),
        "logprobs": listed if counted else _nullable("boolean", default=False),
        "top_logprobs": listed,
        "guided_regex": _told(
            {"type": ["string", "null"], "minLength": 1, "maxLength": LONGEST, "format": "regex"},
            "All of the answer matches it. Rust's syntax.",
        ),
        "guided_json": {"anyOf": [{"type": "null"}, {"$ref": f"#/components/schemas/{ANSWER_GUIDE}"}]},
        "response_format": _RESPONSE_FORMAT,
    }
    return {name: every[name] for name in offered(call, best, guides)}


_RESPONSE_FORMAT: Schema = {
    "anyOf": [
        {"type": "null"},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["type"],
            "properties": {"type": {"const": "text"}},
        },
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["type", "json_schema"],
            "properties": {
                "type": {"const": "json_schema"},
                "json_schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["schema"],
                    "properties": {
                        "name": {"type": "string", "maxLength": 64},
                        "description": {"type": ["string", "null"], "maxLength": 1000},
                        "strict": {"type": ["boolean", "null"]},
                        "schema": {"$ref": f"#/components/schemas/{ANSWER_GUIDE}"},
                    },
                },
            },
        },
    ]
}


def guide_schema() -> Schema:
    """What a schema may have that a guide keeps to."""
    kind = {"type": "string", "enum": list(TYPES)}
    own = {"$ref": f"#/components/schemas/{ANSWER_GUIDE}"}
    count = {"type": "integer", "minimum": 0, "maximum": 1000}
    text = {"type": "string", "maxLength": 1000}
    properties: dict[str, Schema] = {
        "type": {"anyOf": [kind, {"type": "array", "items": kind, "minItems": 1}]},
        "enum": {"type": "array", "minItems": 1},
        "const": {},
        "properties": {"type": "object", "additionalProperties": own},
        "required": {"type": "array", "items": {"type": "string"}},
        "additionalProperties": {"enum": [False]},
        "items": own,
        **{name: count for name in ("minItems", "maxItems", "minLength", "maxLength")},
        "anyOf": {"type": "array", "items": own, "minItems": 1},
        **{name: text for name in ("title", "description", "$schema")},
    }
    assert properties.keys() == KEYWORDS
    return {
        "type": "object",
        "description": "JSON Schema that a guide keeps to: these keywords and no other.",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": properties,
    }


def _without(field: str, *neutral: Any) -> Schema:
    return {"properties": {field: {"enum": [None, *neutral]}}}


def _needs(field: str, neutral: Sequence[Any], other: str, schema: Schema, reason: str) -> Rule:
    there = {"required": [other], "properties": {other: schema}}
    return Rule(field, {"anyOf": [_without(field, *neutral), there]}, reason)


def sampling_rules(call: str, best: int, guides: bool) -> tuple[Rule, ...]:
    """What offered fields must be together."""
    if not best:
        return ()
    count = "topk" if call == NATIVE else "top_k"
    some = {"type": "integer", "minimum": 1}
    rules = [_needs("top_p", [1], count, some, f"is of the best tokens alone; give {count} 1 to {best} too")]
    rules.append(_needs("repetition_window", [0], "repetition_penalty", {"type": "number"}, "needs repetition_penalty"))
    if call != COMPLETIONS:
        rules.append(_needs("top_logprobs", [], "logprobs", {"const": True}, "needs logprobs"))
    if call != CHAT:
        bare: Schema = {"anyOf": [_without("echo", False), _without("logprobs", False)]}
        rules.append(Rule("logprobs", bare, "is of the answer's tokens; leave echo out"))
    if guides:
        regex, schema = _without("guided_regex"), _without("guided_json")
        plain = _without("response_format", {"type": "text"})
        one: Schema = {
            "anyOf": [
                {"allOf": [schema, plain]},
                {"allOf": [regex, plain]},
                {"allOf": [regex, schema]},
            ]
        }
        rules.append(Rule("guided_regex", one, "is one of guided_regex, guided_json and response_format; give one"))
    return tuple(rules)


def sampling_of(call: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body asks for, as fields of a request; nulls were left out."""
    told: int | None = None
    if call == COMPLETIONS and "logprobs" in body:
        told = int(body["logprobs"])
    elif call != COMPLETIONS and body.get("logprobs"):
        told = int(body.get("top_logprobs", 0))
    return {
        "top_k": int(body.get("topk", body.get("top_k", 0))),
        "top_p": float(body.get("top_p", 1.0)),
        "penalty": float(body.get("repetition_penalty", 1.0)),
        "window": int(body.get("repetition_window", 0)),
        "logprobs": told,
    }


def guide_of(body: Mapping[str, Any]) -> tuple[str, str | Mapping[str, Any]] | None:
    """The field that guides an answer, and a pattern or a schema."""
    if "guided_regex" in body:
        return "guided_regex", str(body["guided_regex"])
    if "guided_json" in body:
        return "guided_json", body["guided_json"]
    if body.get("response_format", {}).get("type") == "json_schema":
        return "response_format", body["response_format"]["json_schema"]["schema"]
    return None
