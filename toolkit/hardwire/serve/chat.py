# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chat templates: messages to the text that a model continues, by Jinja2 in a sandbox.

A template is the model maker's, as ``chat_template`` of a Hugging Face ``tokenizer_config.json`` or a file of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .errors import ApiError
from .settings import SettingsError

PLAIN = "{{ messages | map(attribute='content') | join(joint) }}"
JOINTS = ("\n", " ", "")  # between messages: the first that the tokenizer spells
LONGEST_TEMPLATE = 1 << 20  # bytes of its file
LONGEST_TEXT = 1 << 20  # characters that a template may write
SECONDS = 2.0


class ChatTemplate:
    """A template, checked when it is read. ``specials``: bos_token and eos_token, as the template may name them;
    ``letters``: that the tokenizer spells, "": all there are."""

    def __init__(self, source: str = PLAIN, specials: Mapping[str, str] | None = None, letters: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        joint = next(joint for joint in JOINTS if not letters or joint in letters)
        environment.globals.update(raise_exception=_refuse, joint=joint)
        environment.filters["tojson"] = _to_json
        self._specials = {"bos_token": "", "eos_token": "", **(specials or {})}
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise SettingsError(f"the chat template is not usable: {error}; give another --chat-template") from None

    @property
    def begins(self) -> str:
        """The text of the start token, where the template may write it; "": it does not."""
        return self._specials["bos_token"]

    def text(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """The text of messages. Raises ApiError where the template refuses them."""
        pieces: list[str] = []
        size, deadline = 0, time.monotonic() + SECONDS
        try:
            for piece in self._template.generate(messages=messages, add_generation_prompt=True, **self._specials):
                pieces.append(piece)
                size += len(piece)
                if size > LONGEST_TEXT or time.monotonic() > deadline:
                    raise ApiError(422, "messages: the chat template makes too much of them", param="messages")
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise ApiError(
                422, f"messages: the chat template refuses them: {error}", param="messages", code="invalid_value"
            ) from None
        return "".join(pieces)


def read_template(path: Path | None, letters: str = "") -> ChatTemplate:
    """The template of a file, or the plain one: texts of the messages, one below the other, or behind it where the
    tokenizer's ``letters`` have no end of a line. Raises SettingsError."""
    if path is None:
        return ChatTemplate(letters=letters)
    try:
        if path.stat().st_size > LONGEST_TEMPLATE:
            raise SettingsError(f"{path} is larger than {LONGEST_TEMPLATE} bytes; that is no chat template")
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".json":
            return ChatTemplate(text)
        config = json.loads(text)
        source = config.get("chat_template")
        if isinstance(source, list):
            source = next((entry["template"] for entry in source if entry.get("name") == "default"), None)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); give a chat template") from None
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise SettingsError(f"{path}: is no tokenizer_config.json ({error})") from None
    if not isinstance(source, str):
        raise SettingsError(f"{path}: has no chat_template; give a Jinja file, or leave --chat-template out")
    names = ("bos_token", "eos_token")
    return ChatTemplate(source, {name: _content(config.get(name)) for name in names})


def _content(token: Any) -> str:
    """A special token's text, however the file writes it."""
    return str(token.get("content", "")) if isinstance(token, Mapping) else str(token or "")


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
