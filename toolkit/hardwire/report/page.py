# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""HTML from a template in a package's ``templates/``: every text is escaped, a name that nobody gave is an error."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from typing import Any

from ..errors import ToolMissing


def render_page(package: str, template: str, context: Mapping[str, Any]) -> str:
    """The page's text. Raises ToolMissing without Jinja2."""
    try:
        import jinja2
    except ImportError as error:
        raise ToolMissing(f'Jinja2 is not installed ({error}); pip install "hardwire[datasheet]"') from None
    source = (importlib.resources.files(package) / "templates" / template).read_text(encoding="utf-8")
    rules = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    text: str = rules.from_string(source).render(context)
    return text
