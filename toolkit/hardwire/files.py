# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Files by their hash, those that come with the package, whether a file is there whatever its date, whole folders.

The C library of a 32-bit board has dates of 32 bits: asked for a file of after 2038 (a computer's clock was wrong, and
the copy kept its date) it says EOVERFLOW, which pathlib lets through. The file can be read all the same.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path

DECIDES = (".py", ".sv", ".v", ".cpp", ".hpp", ".toml", ".lpf", ".onnx", ".json", ".txt", ".j2")  # suffixes of sources


def bundled_folder() -> Path:
    """Where the bundled model's files are."""
    return Path(__file__).parent / "bundled"


def exists(path: Path) -> bool:
    """Whether there is a file or folder."""
    return os.access(path, os.F_OK)


def is_folder(path: Path) -> bool:
    """Whether there is a folder."""
    try:
        return path.is_dir()
    except OSError as error:
        if error.errno != errno.EOVERFLOW:
            raise
        return os.access(f"{path}/.", os.F_OK)


def is_file(path: Path) -> bool:
    """Whether there is a file, to read; no folder."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno != errno.EOVERFLOW:
            raise
        return not is_folder(path)


def matching(folder: Path, pattern: str) -> list[Path]:
    """Paths [N] below a folder, sorted, that a pattern of names, with slashes between them, fits."""
    paths = [folder]
    for part in pattern.split("/"):
        paths = [path for parent in paths for path in _inside(parent) if fnmatchcase(path.name, part)]
    return sorted(paths)


def _inside(folder: Path) -> list[Path]:
    """What is in a folder; nothing where there is none, or it may not be read."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder to fill: ``out``, in place of what stood there, when the block ends well; otherwise it goes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield partial
        partial.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        total = hashlib.sha256()
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def package_digest() -> str:
    """sha256 of all of the package that may decide what it makes: code, kernels, modules, boards, the bundled model.

    The whole package counts: a list of the files that matter would be wrong the day after.
    """
    places = [Path(str(resources.files(f"hardwire{part}"))) for part in ("", ".boards", ".hls", ".rtl")]
    files = {path for place in places for path in place.rglob("*") if path.suffix in DECIDES}
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path.name} {sha256(path)}\n".encode())
    return total.hexdigest()
