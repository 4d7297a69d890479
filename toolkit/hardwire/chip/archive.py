# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Zip files of chips and adapters: written without dates, read with a bound on every member, untrusted throughout."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import error as zlib_error

from ..errors import ChipError


@contextmanager
def opened(path: Path, kind: str, maker: str) -> Iterator[zipfile.ZipFile]:
    """The archive at ``path``, a file of ``kind`` (".chip") that ``maker`` (a command) wrote.

    Whatever is wrong with the file, and with what the block makes of its members, is a ChipError that names the file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise ChipError(f"{path}: cannot be read ({error.strerror or error}); give a file that {maker} wrote") from None
    # zipfile says NotImplementedError of a compression or an encryption that it lacks.
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib_error) as error:
        raise ChipError(f"{path}: not a complete {kind} file ({error}); run {maker} again") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ChipError(f"{path}: malformed {kind}, {type(error).__name__}: {error}") from None


def put_member(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a member with a fixed date, so that equal contents are equal files."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def read_member(archive: zipfile.ZipFile, path: Path, name: str, largest: int) -> bytes:
    """A member's bytes; ChipError where it has, or claims to have, more than ``largest``."""
    info = archive.getinfo(name)
    if info.file_size > largest:
        raise ChipError(f"{path}: member {name} claims {info.file_size:,} bytes, more than {largest:,}")
    with archive.open(info) as member:
        return member.read(largest + 1)
