# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Files are found whatever their date: a 32-bit C library refuses to tell of those dated after 2038."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from hardwire.files import exists, is_file, is_folder, matching


@pytest.fixture(params=["dated today", "dated after 2038"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some files. Where dates do not fit, what pathlib asks stat for ends in an error (for real: tests/arm)."""
    for name in ("one/logs/a.log", "one/b.log", "two/logs/c.log", "two/logs/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    if request.param == "dated after 2038":
        for name in ("exists", "is_file", "is_dir"):
            monkeypatch.setattr(Path, name, refusing(errno.EOVERFLOW, "Value too large for defined data type"))
    return tmp_path


def refusing(code: int, text: str) -> Any:
    def refuse(path: Path) -> bool:
        raise OSError(code, text, str(path))

    return refuse


def test_what_is_there(folder: Path) -> None:
    assert exists(folder) and is_folder(folder) and not is_file(folder)
    file = folder / "one" / "b.log"
    assert exists(file) and is_file(file) and not is_folder(file)
    assert not exists(folder / "no")


def test_patterns(folder: Path) -> None:
    found = [path.relative_to(folder).as_posix() for path in matching(folder, "*/logs/*.log")]
    assert found == ["one/logs/a.log", "two/logs/c.log"]
    assert matching(folder, "one/b.log") == [folder / "one" / "b.log"]
    assert matching(folder, "one/b.log/*") == matching(folder, "o[a-m]e/*") == []


def test_other_errors_are_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, ask in (("is_dir", is_folder), ("is_file", is_file)):
        monkeypatch.setattr(Path, name, refusing(errno.EIO, "Input/output error"))
        with pytest.raises(OSError, match="Input/output error"):
            ask(tmp_path)
