# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Token ids in place of text, which is all that a chip without a tokenizer has."""

from __future__ import annotations

from ...errors import PromptError


class NumberStream:
    """What stands for text where there is no tokenizer: ids, each behind a space."""

    steady = True

    def feed(self, token: int) -> str:
        """The id."""
        return f" {token}"

    def flush(self) -> str:
        """Nothing is held back."""
        return ""


def asked(prompt: str, ids: str | None) -> str | list[int]:
    """The prompt of a command line: text, or ``ids`` by comma. Raises PromptError for both, or for no numbers."""
    if ids is None:
        return prompt
    if prompt:
        raise PromptError("--prompt and --ids; give one of them")
    try:
        return [int(each) for each in ids.split(",")]
    except ValueError as error:
        raise PromptError(f"--ids {ids!r}: {error}; give whole numbers by comma, as 1,2,3") from error
