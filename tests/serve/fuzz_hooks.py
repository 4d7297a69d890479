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
    if not isinstance(case.body, dict):
        return
    pattern = case.body.get("guided_regex")
    if isinstance(pattern, str) and 1 <= len(pattern) <= LONGEST:
        case.body["guided_regex"] = PATTERNS[len(pattern) % len(PATTERNS)]
    if _fits(case.body.get("guided_json")):
        case.body["guided_json"] = SCHEMAS[len(str(case.body["guided_json"])) % len(SCHEMAS)]
    asked = case.body.get("response_format")
    told = asked.get("json_schema") if isinstance(asked, dict) else None
    if isinstance(told, dict) and _fits(told.get("schema")):
        told["schema"] = SCHEMAS[len(str(told["schema"])) % len(SCHEMAS)]


def _fits(schema: Any) -> bool:
    own = guide_schema()
    return isinstance(schema, dict) and not any(problems(schema, own, {ANSWER_GUIDE: own}))
