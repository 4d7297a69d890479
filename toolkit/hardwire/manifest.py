# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The manifest of a build folder: read, checked and written in one place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .errors import BuildError
from .files import sha256

MANIFEST_VERSION = 1


LARGEST_MANIFEST = 32 << 20


SYNTH = "synth"  # the folder of synthesis


def hash_files(folder: Path) -> dict[str, str]:
    """sha256 of every file below ``folder`` but the manifest and what synthesis made, by relative path."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json")
    names = {p.relative_to(folder).as_posix(): p for p in files}
    return {name: sha256(path) for name, path in names.items() if not name.startswith(f"{SYNTH}/")}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    partial = folder / "manifest.json.part"
    partial.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    partial.replace(folder / "manifest.json")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, its shape checked. Raises BuildError."""
    path = folder / "manifest.json"
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise BuildError(f"{path}: {path.stat().st_size:,} bytes is no manifest of ours")
        manifest = json.loads(path.read_text())
        if manifest["format"] != MANIFEST_VERSION or manifest["digest"] != build_digest(manifest):
            raise BuildError(
                f"{path}: its digest is not that of its contents; it was edited or is of another "
                "version, run hardwire build again"
            )
    except OSError as error:
        raise BuildError(
            f"{folder}: no readable manifest.json ({error.strerror}); give a folder that hardwire build wrote"
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise BuildError(f"{path}: malformed, {type(error).__name__}: {error}; run hardwire build again") from None
    return dict(manifest)


def manifest_digest(manifest: dict[str, Any]) -> str:
    """sha256 of everything in a collected manifest but this digest itself."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def build_digest(manifest: dict[str, Any]) -> str:
    """The digest of a build: everything in its manifest that determines it, receipts left out."""
    fixed = {key: manifest[key] for key in ("format", "target", "parts", "board", "chip", "plan", "cycles", "files")}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
