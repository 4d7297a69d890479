# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What schemathesis loads: guides that fit their schema are exchanged for some that this tokenizer can spell.

No schema says which patterns Rust's regex takes, nor what 40 tokens spell; a server refuses the others by name, which
test_sampling.py looks at. What does not fit the schema stays as it was drawn.
"""

from __future__ import annotations

from typing import Any

import schemathesis

from hardwire.driver.guides import LONGEST
from hardwire.driver.schema import problems
from hardwire.serve.sampling import ANSWER_GUIDE, guide_schema

PATTERNS = ("(ab)+c", "[a-e]{1,9}", "a|bc|def")
SCHEMAS: tuple[Any, ...] = ({"type": "null"}, {"enum": [True, None]}, {"anyOf": [{"const": False}, {"type": "null"}]})


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Guides that can be spelt, and one of them: test_clients.py takes the rule that says so out of the document."""
    body = case.body
    if not isinstance(body, dict):
        return
    asked = body.get("response_format")
    told = asked.get("json_schema") if isinstance(asked, dict) else None
    if isinstance(told, dict) and _fits(told.get("schema")):
        told["schema"] = SCHEMAS[len(str(told["schema"])) % len(SCHEMAS)]
    pattern, schema = body.get("guided_regex"), body.get("guided_json")
    if _fits(schema):
        body["guided_json"] = None if told is not None else SCHEMAS[len(str(schema)) % len(SCHEMAS)]
    if isinstance(pattern, str) and 1 <= len(pattern) <= LONGEST:
        others = told is not None or body.get("guided_json") is not None
        body["guided_regex"] = None if others else PATTERNS[len(pattern) % len(PATTERNS)]


def _fits(schema: Any) -> bool:
    own = guide_schema()
    return isinstance(schema, dict) and not any(problems(schema, own, {ANSWER_GUIDE: own}))
