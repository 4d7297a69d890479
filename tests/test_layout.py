# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The tree keeps its own rules: one home per op, a licence on every file, nothing borrowed."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

import hardwire.ops
from hardwire.targets.board import board_names, load_board
from hardwire.targets.families import FAMILIES

ROOT = Path(__file__).parent.parent
SOURCES = {".py", ".hpp", ".cpp", ".sv", ".v", ".tcl", ".j2"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def op_names() -> list[str]:
    folder = Path(hardwire.ops.__file__).parent
    return sorted(f.stem for f in folder.glob("*.py") if f.stem != "__init__")


@pytest.mark.parametrize("op", op_names())
def test_every_op_has_its_kernel_its_test_and_its_line(op: str) -> None:
    assert (ROOT / "hls" / f"{op}.hpp").is_file()
    assert (ROOT / "tests" / "ops" / f"test_{op}.py").is_file()
    assert f"| {op} " in (hardwire.ops.__doc__ or ""), "ops/__init__.py lists every op with its meaning"


def test_every_source_names_its_licence() -> None:
    for path in tracked():
        if path.suffix in SOURCES:
            head = path.read_text(encoding="utf-8")[:400]
            assert "SPDX-License-Identifier: Apache-2.0" in head, path


def test_tracked_files_stay_small() -> None:
    for path in tracked():
        assert path.stat().st_size < 4_000_000, path


def test_sources_name_no_machine_of_ours() -> None:
    for path in tracked():
        if path.suffix in SOURCES | {".md", ".cfg", ".toml", ".json", ".yml"} and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            for word in ("/root/", "/home/"):
                assert word not in text, f"{path} names {word}"


def constants(path: Path) -> list[tuple[int, str]]:
    """Strings in the code of a file, with their lines; not its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, documents) and node.body]
    told = {id(body[0].value) for body in bodies if isinstance(body[0], ast.Expr)}
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told)
    return [(node.lineno, node.value) for node in nodes if isinstance(node.value, str)]


def test_families_and_boards_with_a_line_are_named_in_their_own_files_only() -> None:
    """What a family decides stands in targets/, what a board is in boards/: code elsewhere asks them."""
    package = ROOT / "toolkit" / "hardwire"
    names = {*FAMILIES, *(key for key in board_names() if load_board(key).serial is not None)}
    found = [
        f"{path.relative_to(package)}:{line}: {text!r}"
        for path in sorted(package.rglob("*.py"))
        if path.parent.name != "targets"
        for line, text in constants(path)
        if text in names
    ]
    assert found == []
