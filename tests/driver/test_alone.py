# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What runs on a board imports the standard library and numpy, and pynq when a board is opened; nothing else."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hardwire
from hardwire.chip.model import Chip

from .board import make_bundle

TESTS = Path(__file__).parents[1]
BLOCKED = ("onnx", "onnxruntime", "tokenizers", "click", "rich", "tomli", "tomllib", "jinja2", "hls4ml", "matplotlib")
BLOCK = f"""
import sys
for name in {BLOCKED!r}:
    sys.modules[name] = None
sys.path.insert(0, {str(TESTS)!r})
before = set(sys.modules)
import hardwire, hardwire.cli.doctor, hardwire.cli.on_board
assert "pynq" not in sys.modules, "pynq is imported when a board is opened"
assert "asyncio.subprocess" in sys.modules or True
model = hardwire.load({{chip!r}})
print(model.generate("abc", stops=()))
foreign = {{{{
    name.partition(".")[0] for name in set(sys.modules) - before
    if not name.startswith(("hardwire", "numpy", "_", "sitecustomize")) and sys.modules[name] is not None
}}}} - set(sys.stdlib_module_names) - {{{{"mkl", "cython_runtime", "packaging"}}}}
assert not foreign, foreign
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, env=dict(os.environ)
    )


def test_load_and_stream_with_all_else_blocked(chip_with_text: Chip, tmp_path: Path) -> None:
    chip_with_text.save(tmp_path / "m.chip")
    done = run(BLOCK.format(chip=str(tmp_path / "m.chip")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip("\n") == hardwire.load(tmp_path / "m.chip").generate("abc", stops=())


BOARD = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
sys.path.insert(0, {tests!r})
from driver.board import make_device
from driver.model import ModelChip
import hardwire
from hardwire.chip.model import load_chip
bus = ModelChip(load_chip({folder!r} + "/model.chip"), ring=64)
with hardwire.load({folder!r}, device=make_device(bus)) as chip:
    assert chip.verify()
    print(chip.generate("abc", stops=()))
"""


@pytest.mark.tools
def test_a_board_with_all_else_blocked(chip_with_text: Chip, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "x", chip_with_text)
    blocked = tuple(name for name in BLOCKED if name not in ("tomllib",))
    done = run(BOARD.format(blocked=blocked, tests=str(TESTS), folder=str(folder)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == hardwire.load(folder, "reference").generate("abc", stops=())


def test_the_small_command(chip_with_text: Chip, tmp_path: Path) -> None:
    """Where click is missing, ``python -m hardwire`` runs a model, and says what it cannot do."""
    chip_with_text.save(tmp_path / "m.chip")
    blocked = f"""
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in {BLOCKED!r} else found(name, *more)
for name in {BLOCKED!r}:
    sys.modules[name] = None
from hardwire.__main__ import main
main()
"""
    chip = str(tmp_path / "m.chip")
    done = run(blocked, "run", chip, "--prompt", "abc", "--tokens", "3", "--backend", "reference")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "abc" + hardwire.load(chip).generate("abc", 3) + "\n"
    assert "ended by: " in done.stderr
    assert '"hardwire": "0.2.0"' in run(blocked, "doctor").stdout
    refused = run(blocked, "run", str(tmp_path / "no.chip"))
    assert refused.returncode == 1 and "error: " in refused.stderr and "no.chip" in refused.stderr


def test_no_newer_python_than_3_10_is_asked_for() -> None:
    """Grammar of 3.10, in all that a board imports."""
    root = Path(hardwire.__file__).parent
    for path in [*root.glob("*.py"), *root.glob("driver/*.py"), *root.glob("ops/*.py")]:
        ast.parse(path.read_text(), feature_version=(3, 10))
