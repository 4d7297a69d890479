# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Finished steps: each leaves a receipt with its digest, its result and its outputs' hashes, and is not run again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files import sha256


def load(path: Path, digest: str) -> dict[str, Any] | None:
    """The result of a step that was finished under ``digest`` and whose outputs are still its own."""
    try:
        receipt = json.loads(path.read_text())
        if receipt["digest"] != digest:
            return None
        for name, expected in receipt["outputs"].items():
            if sha256(path.parent / name) != expected:
                return None
        return dict(receipt["result"])
    except (OSError, KeyError, TypeError, ValueError):
        return None


def save(path: Path, digest: str, result: dict[str, Any], outputs: Sequence[str]) -> None:
    """Written last and in one piece: a step without it is a step to do."""
    hashes = {name: sha256(path.parent / name) for name in outputs}
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps({"digest": digest, "result": result, "outputs": hashes}, indent=1, sort_keys=True))
    partial.replace(path)
