# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which modules and packages the model's files define and use, and what a top reaches without any generate block.

Of an instance that stands in a generate block nobody knows, before parameters are set, whether it will be there: so
what only such instances name is what a packager may leave out (AMD AR 70646).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .state import Violation

_MODULE = re.compile(r"^module (\w+)", re.M)
_PACKAGE = re.compile(r"^package (\w+)", re.M)
_USED_PACKAGE = re.compile(r"\b(\w+_pkg)::")
_INSTANCE = re.compile(r"^( +)([a-z]\w*)\s+(?:#\s*\(|u_\w+\s*(?:\[[^\]]*\]\s*)?\()", re.M)
_BARE = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
PLAIN = 2  # columns in front of an instance that no generate block is around


def _text(path: Path) -> str:
    return _BARE.sub(" ", path.read_text()) if path.suffix in (".sv", ".v") else ""


def unreached(files: Sequence[Path], top: str) -> list[Path]:
    """Files that ``top`` reaches through generate blocks alone, or not at all."""
    homes = {name: path for path in files for name in (*_MODULE.findall(_text(path)), *_PACKAGE.findall(_text(path)))}
    kept: set[Path] = set()
    queue = [top]
    while queue:
        name = queue.pop()
        path = homes.get(name)
        if path is None or path in kept:
            continue
        kept.add(path)
        text = _text(path)
        queue += [called for columns, called in _INSTANCE.findall(text) if len(columns) <= PLAIN]
        queue += _USED_PACKAGE.findall(text)
    return [path for path in files if path not in kept]


def check_elaborates(files: Sequence[Path]) -> None:
    """Every module that is instantiated is there, and every package stands before what uses it, as synthesis wants."""
    defined = {name for path in files for name in _MODULE.findall(_text(path))}
    seen: set[str] = set()
    for path in files:
        text = _text(path)
        seen.update(_PACKAGE.findall(text))
        for name in _USED_PACKAGE.findall(text):
            if name not in seen:
                raise Violation(f"ERROR: [Synth 8-1766] cannot open include file or package '{name}' [{path}:1]")
        for _, name in _INSTANCE.findall(text):
            if name not in defined:
                raise Violation(f"ERROR: [Synth 8-439] module '{name}' not found [{path}:1]")
