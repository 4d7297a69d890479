# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Texts that end an answer, found across the pieces in which it comes."""

from __future__ import annotations

from collections.abc import Sequence


class StopTexts:
    """Holds back what may be the beginning of a stop text; that and what follows is not part of the answer."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts, self._held = tuple(texts), ""

    def feed(self, piece: str) -> tuple[str, bool]:
        """What of the text can be shown after this piece, and whether a stop text was found in it."""
        text = self._held + piece
        found = [at for at in map(text.find, self._texts) if at >= 0]
        if found:
            self._held = ""
            return text[: min(found)], True
        keep = max(map(len, self._texts)) - 1
        while keep and not any(stop.startswith(text[-keep:]) for stop in self._texts):
            keep -= 1
        keep = min(keep, len(text))
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], False

    def flush(self) -> str:
        """What was held back, when no more comes."""
        text, self._held = self._held, ""
        return text
