# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Messages in the form that GitHub's runners turn into annotations of a file ("workflow commands")."""

from __future__ import annotations

from pathlib import Path


def error(message: str, title: str, file: Path | None = None) -> str:
    """The line that a step prints to have ``message`` shown as an error, at ``file`` where one is given."""
    place = [] if file is None else [f"file={_property(file.as_posix())}"]
    return f"::error {','.join([*place, f'title={_property(title)}'])}::{_text(message)}"


def _text(value: str) -> str:
    """A line break would end the command; a per cent sign begins what stands for one."""
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _text(value).replace(":", "%3A").replace(",", "%2C")
