# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text from a template in ``templates/``: a name that nobody gave is an error."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ToolMissing


def render(template: str, context: Mapping[str, Any], **filters: Callable[..., Any]) -> str:
    """The template's text. Raises ToolMissing without Jinja2."""
    try:
        import jinja2
    except ImportError as error:
        raise ToolMissing(f'Jinja2 is not installed ({error}); pip install "hardwire[hls]"') from None
    source = (importlib.resources.files(__package__) / "templates" / template).read_text(encoding="utf-8")
    rules = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    rules.filters.update(filters)
    text: str = rules.from_string(source).render(context)
    return text
