# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps that are a command of hardwire's: in a process of its own, with a log, a limit and a receipt."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BuildError, Mismatch
from ..manifest import read_manifest
from ..progress import Progress
from ..synth import receipt
from ..tools.process import Stop, run_tool


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command, and how its result is known again.

    digest: of all that decides it. outputs: files beside the receipt. build: a build folder that must be the same.
    """

    words: tuple[str, ...]  # behind "hardwire"
    receipt: Path
    digest: str
    outputs: tuple[str, ...] = ()
    build: Path | None = None
    hours: float = 1.0

    @property
    def log(self) -> Path:
        return self.receipt.with_suffix(".log")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What it printed with --json, and whether it was found finished."""

    data: Mapping[str, Any]
    kept: bool


def run_command(command: Command, progress: Progress, stop: Stop) -> Ran:
    """Run on a worker, unless it is done. Raises BuildError with the sentence that the command ended with."""
    data = receipt.load(command.receipt, command.digest)
    if data is not None and (command.build is None or _same_build(command.build, data)):
        return Ran(data=data, kept=True)
    progress(command.words[0], 0.0)
    command.receipt.parent.mkdir(parents=True, exist_ok=True)
    command.receipt.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "hardwire", *command.words, "--json"]
    code = run_tool(argv, command.receipt.parent, command.log, timeout=command.hours * 3600, stop=stop)
    text = command.log.read_text(errors="replace")
    if code:
        said = _sentence(text)
        raise (Mismatch if code == 2 else BuildError)(f"{said or f'exit {code}'} (all of it in {command.log})")
    data = _answer(text, command.log)
    receipt.save(command.receipt, command.digest, data, command.outputs)
    return Ran(data=data, kept=False)


def _same_build(folder: Path, data: Mapping[str, Any]) -> bool:
    try:
        return read_manifest(folder).digest == data.get("digest")
    except BuildError:
        return False


def _sentence(text: str) -> str:
    """The last "error: ..." of a command, which may go over several lines."""
    before, mark, after = text.rpartition("error: ")
    if mark:
        return " ".join(after.split())
    lines: Sequence[str] = [line for line in before.splitlines() + after.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _answer(text: str, log: Path) -> dict[str, Any]:
    """The object of --json, behind whatever went to standard error before it."""
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    try:
        data, _ = json.JSONDecoder().raw_decode(text[start:])
    except ValueError:
        raise BuildError(f"{log}: the command printed no JSON object") from None
    if not isinstance(data, dict):
        raise BuildError(f"{log}: the command printed {type(data).__name__}, not an object")
    return data
