# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Token ids in place of text, which is all that a chip without a tokenizer has."""

from __future__ import annotations


class NumberStream:
    """What stands for text where there is no tokenizer: ids, each behind a space."""

    steady = True

    def feed(self, token: int) -> str:
        """The text of a token: its id behind a space."""
        return f" {token}"

    def flush(self) -> str:
        """Text not yet given, which is none: every id is text at once."""
        return ""
