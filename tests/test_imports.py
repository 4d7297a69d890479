# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Data flows one way through the package, and so do imports; tests/imports.py has the table of its layers."""

from pathlib import Path

import pytest
from imports import PACKAGE, circles, imports, layer, upward


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return imports()


def test_no_import_runs_up(graph: dict[str, set[str]]) -> None:
    assert upward(graph) == []


def test_no_circle(graph: dict[str, set[str]]) -> None:
    assert circles(graph) == []


def test_about_ten_modules_at_the_root() -> None:
    assert len([path for path in PACKAGE.glob("*.py") if not path.name.startswith("__")]) <= 10


def test_the_script_sees_imports_of_every_form(tmp_path: Path) -> None:
    package = tmp_path / "toy"
    files = {
        "__init__.py": "from .a import one",
        "a.py": "def one() -> None:\n    from .sub import deep\n",
        "sub/__init__.py": "",
        "sub/deep.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..b import two\n",
        "b.py": "import toy.a\nfrom toy.sub.deep import x\n",
        "c.py": "from . import b, os\nimport os\n",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    found = imports(package)
    assert found == {
        "": {"a"},
        "a": {"sub.deep"},
        "b": {"a", "sub.deep"},
        "c": {"b", ""},
        "sub": set(),
        "sub.deep": {"b"},
    }
    assert circles(found) == [{"a", "b", "sub.deep"}]


def test_a_module_in_no_layer_is_asked_for_one() -> None:
    with pytest.raises(KeyError, match="attic stands in no layer"):
        layer("attic")


def test_an_upward_import_is_seen() -> None:
    assert upward({"plan.cost": {"synth.yosys", "chip.model"}, "synth.yosys": set(), "chip.model": set()}) == [
        ("plan.cost", "synth.yosys")
    ]
