# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are kept by the digest of all that they were made of, for every build folder of a user.

A file under its name is whole and never changes: it is written beside and moved into place, so processes may share the
folder, on a network too. What has not been used for longest goes first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "HARDWIRE_CACHE"
KINDS = ("simulations", "shapes")  # of files; each has a folder of its own
KEPT_BYTES = 2 << 30  # a netlist's simulation is some 30 MB, an RTL project's 2 MB


def cache_folder() -> Path:
    """$HARDWIRE_CACHE, or hardwire/ in the user's cache folder."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "hardwire"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A kept file."""

    path: Path
    bytes: int
    used: float  # seconds since 1970, when it was last asked for


class Cache:
    """One kind of files, in a folder of its own: ``Cache("simulations")``."""

    def __init__(self, kind: str, root: Path | None = None, limit: int = KEPT_BYTES) -> None:
        self.folder, self.limit = (root or cache_folder()) / kind, limit

    def get(self, name: str) -> Path | None:
        """The file of that name, if it is kept; it counts as used now."""
        path = self.folder / name
        if not path.is_file():
            return None
        with contextlib.suppress(OSError):  # of another user, or just gone
            os.utime(path)
        return path

    def put(self, file: Path, name: str) -> Path:
        """Keep a copy of ``file``; returns its place. What is over the limit goes, this file excepted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder / name
        handle, partial = tempfile.mkstemp(prefix=".part-", dir=self.folder)
        os.close(handle)
        try:
            shutil.copyfile(file, partial)
            shutil.copymode(file, partial)
            os.replace(partial, place)
        except BaseException:  # Ctrl-C too: half a file stays nowhere
            Path(partial).unlink(missing_ok=True)
            raise
        self.prune(self.limit, keep=place)
        return place

    def entries(self) -> list[Entry]:
        """What is kept, the longest unused first."""
        kept = []
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                if path.is_file():
                    kept.append(Entry(path=path, bytes=stat.st_size, used=stat.st_mtime))
        return sorted(kept, key=lambda entry: (entry.used, entry.path))

    def prune(self, limit: int = 0, keep: Path | None = None) -> list[Entry]:
        """Remove the longest unused until no more than ``limit`` bytes are left; returns what went."""
        entries = self.entries()
        total, gone = sum(entry.bytes for entry in entries), []
        for entry in entries:
            if total <= limit:
                break
            if entry.path != keep:
                entry.path.unlink(missing_ok=True)
                total -= entry.bytes
                gone.append(entry)
        return gone
