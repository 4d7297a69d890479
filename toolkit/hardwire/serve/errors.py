# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Refusals as clients of OpenAI's API expect them: a status, and an object that says what is wrong with which field."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..driver.schema import Problem
from ..errors import HardwireError, PromptError

# Status to OpenAI's type of error.
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "overloaded_error",
}


class ApiError(Exception):
    """An answer that is none.

    param: the field that is at fault. code: OpenAI's short name of the reason. retry_after: seconds after which it may
    work. problems: every field at fault, in ``detail`` of the body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.retry_after, self.problems = retry_after, tuple(problems)

    def body(self) -> dict[str, Any]:
        """OpenAI's error object; of status 422 with Taalas's list of details beside it."""
        kind = TYPES.get(self.status, "invalid_request_error")
        body: dict[str, Any] = {
            "error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        }
        if self.status == 422:
            told = self.problems or (Problem(tuple((self.param or "").split(".")) if self.param else (), self.message),)
            body["detail"] = [{"loc": ["body", *p.path], "msg": p.reason, "type": self.code} for p in told]
        return body

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"retry-after": str(max(1, math.ceil(self.retry_after)))}


def wrong_fields(found: Sequence[Problem]) -> ApiError:
    """The refusal of a body whose fields do not fit."""
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return ApiError(422, f"{first}{more}", param=first.field or None, code="invalid_value", problems=found[:20])


def unsupported(field: str, reason: str) -> ApiError:
    """The refusal of what this chip cannot do."""
    problem = Problem(tuple(field.split(".")), reason)
    return ApiError(422, str(problem), param=field, code="unsupported_parameter", problems=[problem])


def of_chip(error: HardwireError) -> ApiError:
    """The answer to an error of the chip: the request's fault, or the board's."""
    if isinstance(error, PromptError):
        return ApiError(422, str(error), code="invalid_value")
    return ApiError(503, f"the chip did not answer: {error}", code="chip_failed", retry_after=10)
