# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""One user of a chip at a time: a lock on a file, which the kernel frees when its holder ends, however it ends.

The file lies where every user of the board may write, and belongs to nobody: a root's Jupyter and a user's shell see
the same one.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

from ..errors import LinkError

FOLDERS = ("/run/lock", "/tmp")  # both sticky
_mine: dict[Path, weakref.ref[ChipLock]] = {}  # what this process holds


def lock_file(name: str) -> Path:
    """Where the lock of a chip of that name lies: ``$HARDWIRE_LOCKS``, or the first folder that anybody may write."""
    chosen = os.environ.get("HARDWIRE_LOCKS")
    folders = [chosen] if chosen else [f for f in FOLDERS if os.access(f, os.W_OK | os.X_OK)]
    return (
        Path(folders[0] if folders else tempfile.gettempdir()) / f"hardwire-{re.sub('[^0-9A-Za-z.]+', '-', name)}.lock"
    )


class ChipLock:
    """Held from the moment it is made. Raises LinkError, naming the process that holds it.

    Whoever takes it again in the same process gets it, behind ``on_lost`` of the one before: a notebook's cell that is
    run twice is no second user.
    """

    on_lost: Callable[[], None] | None = None

    def __init__(self, name: str) -> None:
        import fcntl

        self.path = lock_file(name)
        before = _mine.get(self.path)
        if before is not None and (older := before()) is not None:
            if older.on_lost is not None and older.held:
                older.on_lost()
            older.release()
        self._file = _open(self.path)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _holder(self._file)
            os.close(self._file)
            raise LinkError(
                f"{name} is in use by {holder}; close it there (chip.close(), or the notebook's kernel), or end that "
                f"process ({self.path})"
            ) from None
        self._held = True
        with contextlib.suppress(OSError):  # opened for reading where another user made the file
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        _mine[self.path] = weakref.ref(self)

    @property
    def held(self) -> bool:
        return self._held

    def release(self) -> None:
        """Unlock the board for other processes; nothing where it is unlocked already."""
        if self._held:
            self._held = False
            os.close(self._file)

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            self.release()


def _open(path: Path) -> int:
    """The file, made if it is not there; never through a link, and never made anew where another user made it."""
    try:
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        pass
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise LinkError(f"{path}: {error.strerror}; remove it") from None
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CREAT, 0o666)
    except OSError as error:
        raise LinkError(f"{path}: {error.strerror}; set HARDWIRE_LOCKS to a folder that you may write") from None
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, 0o666)  # whatever the umask says
    return descriptor


def _holder(file: int) -> str:
    """Which process has the lock: the one that is written in it, by its number and what it runs."""
    text = os.pread(file, 32, 0).decode(errors="replace").strip()
    if not text.isdigit():
        return "another process"
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{text}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        if command:
            return f"process {text} ({command[:60]})"
    return f"process {text}"
