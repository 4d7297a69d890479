# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The notebooks run, and what is committed is what they say now."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .execute import (
    FOLDER,
    LARGEST_PICTURE,
    PICTURES,
    differences,
    execute,
    is_blank,
    make_boards,
    notebooks,
    picture_of,
    read,
)

NAMES = [path.name for path in notebooks()]
# Those that build, plan for every board, compile a board of their own, race thousands of tokens, train (with torch):
# minutes each.
LONG = ("02", "04", "06", "07", "08", "09")
EXECUTED = [pytest.param(name, marks=[pytest.mark.slow] if name.startswith(LONG) else []) for name in NAMES]
# Of a user, a temporary folder, an environment: whatever machine executed it.
MACHINE = re.compile(r"/(home|root|tmp|work|Users|var|mnt)/|\\Users\\|site-packages|\.venv|0x[0-9a-f]{9,}")


@pytest.mark.tools
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("name", EXECUTED)
def test_it_runs_and_its_outputs_are_current(name: str, simulated_pynq: Path, tmp_path: Path) -> None:
    make_boards(FOLDER / name)
    found = list(differences(read(FOLDER / name), execute(FOLDER / name, tmp_path)))
    assert not found, "\n".join(["run make notebooks:", *found])


@pytest.mark.parametrize("name", NAMES)
def test_it_was_executed_and_names_no_machine(name: str) -> None:
    text = (FOLDER / name).read_text()
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [line for line in text.splitlines() if MACHINE.search(line) and "image/png" not in line]


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
def test_its_picture_is_in_the_documentation(name: str) -> None:
    picture = PICTURES / f"{Path(name).stem}.png"
    data = picture.read_bytes()
    assert data == picture_of(read(FOLDER / name)) and len(data) < LARGEST_PICTURE and not is_blank(data)
    assert f"({Path('../docs/notebooks') / picture.name})" in (FOLDER / "README.md").read_text()


@pytest.mark.tools
def test_a_difference_is_found() -> None:
    """The comparison that the others rest on."""
    import nbformat

    old, new = (nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")]) for _ in range(2))
    for book, text in ((old, "1\n"), (new, "2\n")):
        book.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    assert list(differences(old, new)) == ["cell 0: '1\\n' is committed, now it is '2\\n'"]
    new.cells[0].metadata["tags"] = ["varies"]
    assert not list(differences(old, new))
    new.cells[0].outputs = []
    assert list(differences(old, new)) == ["cell 0: outputs ['stream stdout'] are committed, now there are []"]
    old.cells[0].outputs = [nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])]
    assert "cell 0: a committed error, ValueError" in list(differences(old, new))
