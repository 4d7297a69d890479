# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Token ids in place of text, which is all that a chip without a tokenizer has."""

from __future__ import annotations


class NumberStream:
    """What stands for text where there is no tokenizer: ids, each behind a space."""

    steady = True

    def feed(self, token: int) -> str:
        """The id."""
        return f" {token}"

    def flush(self) -> str:
        """Nothing is held back."""
        return ""
