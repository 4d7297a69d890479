# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of a server: what it takes, for its model, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..driver.schema import REFERENCE, Schema
from ..version import __version__
from .fields import RULES, Model, rules_of
from .sampling import CHAT, COMPLETIONS, NATIVE
from .settings import Settings

Json = dict[str, Any]


def document(model: Model, settings: Settings, schemas: Mapping[str, Schema]) -> Json:
    """OpenAPI 3.1. ``schemas``: of the bodies, by which they are checked."""
    secured: list[Json] = [{"key": []}] if settings.keys else []
    return {
        "openapi": "3.1.0",
        "info": {"title": f"hardwire: {model.name}", "version": __version__},
        "paths": _paths(model, secured),
        "components": {
            "schemas": {**{name: _told(name, schema, model) for name, schema in schemas.items()}, **_ANSWERS},
            **({"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}} if secured else {}),
        },
    }


def _told(name: str, schema: Schema, model: Model) -> Schema:
    """A body's schema with what is checked beside it: rules, the model's name, the letters of its tokenizer."""
    if name not in RULES:
        return schema
    fields = dict(schema.get("properties", {}))
    if "model" in fields:
        fields["model"] = {"type": "string", "enum": list(model.names)}
    if model.letters:
        pattern = f"^[{re.escape(model.letters)}]*$"
        fields |= {name: _spelt(fields[name], pattern) for name in ("prompt", "messages") if name in fields}
    return {**schema, "properties": fields, "allOf": [rule.schema for rule in rules_of(name, model)]}


def _spelt(schema: Any, pattern: str) -> Any:
    """A schema whose texts are of these letters: prompts, contents of messages."""
    if isinstance(schema, list):
        return [_spelt(part, pattern) for part in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: part if name == "name" else _spelt(part, pattern) for name, part in schema.items()}
    if schema.get("type") == "string":
        changed["pattern"] = pattern
    return changed


def _paths(model: Model, secured: list[Json]) -> Json:
    calls = {
        "/v1/completions": ("OpenAI's completions", COMPLETIONS, "Completion"),
        "/v1/chat/completions": ("OpenAI's chat completions", CHAT, "ChatCompletion"),
        "/generate": ("One answer, with its tokens and cycles", NATIVE, "Generation"),
    }
    reads = {
        "/v1/models": ("OpenAI's list of models", "ModelList"),
        "/models": ("What is served", "Models"),
        "/openapi.json": ("This document", None),
    }
    paths: Json = {
        path: {"post": {"summary": what, "requestBody": _body(body), "responses": _call(answer), "security": secured}}
        for path, (what, body, answer) in calls.items()
    }
    for path, (what, answer) in reads.items():
        paths[path] = {"get": {"summary": what, "responses": _read(answer), "security": secured}}
    paths["/v1/models/{model}"] = _one_model(model, secured)
    paths["/timeline"] = _timeline(model, secured)
    paths["/metrics"] = {
        "get": {
            "summary": "Counts for Prometheus",
            "responses": {
                "200": {"description": "Counts", "content": {"text/plain": {}}},
                **_errors("401", "403", "422"),
            },
            "security": secured,
        }
    }
    healthy = {"description": "Ready", "content": _json("Health")}
    busy = {"description": "Stopping, or the chip failed", "content": _json("Health")}
    paths["/health"] = {
        "get": {"summary": "Whether to ask", "responses": {"200": healthy, "503": busy}, "security": []}
    }
    return paths


def _one_model(model: Model, secured: list[Json]) -> Json:
    place = {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "enum": list(model.names)}}
    responses = {**_read("Model"), **_errors("404")}
    return {"get": {"summary": "A model", "parameters": [place], "responses": responses, "security": secured}}


def _timeline(model: Model, secured: list[Json]) -> Json:
    where = {"type": "integer", "minimum": 0, "maximum": model.context - 1, "default": 0}
    place = {"name": "position", "in": "query", "required": False, "schema": where}
    responses = {**_read("Timeline"), **_errors("404")}
    return {
        "get": {
            "summary": "Where a token's cycles go",
            "parameters": [place],
            "responses": responses,
            "security": secured,
        }
    }


def _body(name: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": {"$ref": REFERENCE + name}}}}


def _json(name: str | None) -> Json:
    return {"application/json": {"schema": {"$ref": REFERENCE + name} if name else {"type": "object"}}}


def _read(name: str | None) -> Json:
    return {"200": {"description": "What there is", "content": _json(name)}, **_errors("401", "403", "422")}


def _call(name: str) -> Json:
    stream: Json = {"text/event-stream": {}}
    answer = {"description": "The answer, whole or as events", "content": {**_json(name), **stream}}
    codes = ("400", "401", "403", "404", "408", "413", "415", "422", "429", "500", "503")
    return {"200": answer, **_errors(*codes)}


def _errors(*codes: str) -> Json:
    return {code: {"description": _WHY[code], "content": _json("Error")} for code in codes}


_WHY = {
    "400": "No JSON, or a prompt that does not fit the context",
    "401": "No key, or an unknown one",
    "403": "Without keys: asked by a name that is not this computer's",
    "404": "Not here",
    "408": "The body did not come in time",
    "413": "The body is too large",
    "415": "The body is not called JSON",
    "422": "A field that is wrong, or that the chip cannot do",
    "429": "More than this key may; Retry-After says when",
    "500": "A fault of the server",
    "503": "Full, stopping, or the chip does not answer; Retry-After says when",
}


def _object(required: list[str] | None = None, **fields: Any) -> Json:
    return {"type": "object", "required": list(fields) if required is None else required, "properties": fields}


_STRING, _INTEGER, _NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
_NULLABLE = {"type": ["string", "null"]}
_USAGE = _object(prompt_tokens=_INTEGER, completion_tokens=_INTEGER, total_tokens=_INTEGER)
_REASON = {"enum": ["stop", "length"]}
_SAID = _object(
    ["seed", "status", "milliseconds"], seed=_INTEGER, status=_STRING, milliseconds=_NUMBER, cycles=_INTEGER
)


def _choices(**fields: Any) -> Json:
    choice = _object(index=_INTEGER, finish_reason=_REASON, logprobs={"type": ["object", "null"]}, **fields)
    return _object(
        id=_STRING,
        object=_STRING,
        created=_INTEGER,
        model=_STRING,
        system_fingerprint=_STRING,
        choices={"type": "array", "items": choice, "minItems": 1},
        usage=_USAGE,
        hardwire=_object(choices={"type": "array", "items": _SAID}),
    )


_MODEL = _object(id=_STRING, object={"const": "model"}, created=_INTEGER, owned_by=_STRING)
_ANSWERS: Json = {
    "Completion": _choices(text=_STRING),
    "ChatCompletion": _choices(message=_object(role={"const": "assistant"}, content=_STRING)),
    "Generation": _object(
        ["id", "model", "text", "tokens", "token_cycles", "finish_reason", "usage", "seed", "status", "milliseconds"],
        id=_STRING,
        model=_STRING,
        text=_STRING,
        tokens={"type": "array", "items": _INTEGER},
        token_cycles={"type": ["array", "null"], "items": _INTEGER},
        logprobs={"type": "array"},
        finish_reason=_REASON,
        usage=_USAGE,
        seed=_INTEGER,
        status=_STRING,
        milliseconds=_NUMBER,
        cycles=_INTEGER,
        until=_object(attempts=_INTEGER, tokens=_INTEGER, milliseconds=_NUMBER, passed={"type": "boolean"}),
    ),
    "Model": _MODEL,
    "ModelList": _object(object={"const": "list"}, data={"type": "array", "items": _MODEL}),
    "Models": _object(
        models={"type": "array", "items": _object(name=_STRING, digest=_STRING, vocab=_INTEGER, context=_INTEGER)}
    ),
    "Health": _object(status={"enum": ["ok", "stopping", "failing"]}, queue_size=_INTEGER, current_adapter=_NULLABLE),
    "Timeline": _object(position=_INTEGER, cycles=_INTEGER, busy={"type": "array"}),
    "Error": _object(
        ["error"],
        error=_object(message=_STRING, type=_STRING, param=_NULLABLE, code=_NULLABLE),
        detail={"type": "array"},
    ),
}
