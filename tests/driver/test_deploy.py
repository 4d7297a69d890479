# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The zip for a board: installed without network, dependencies or a compiler, and run from there."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import hardwire
from hardwire.build.deploy import deploy, write_wheel
from hardwire.chip.model import Chip
from hardwire.cli.main import main
from hardwire.driver.bundle import open_bundle
from hardwire.errors import BoardError, BuildError
from hardwire.version import __version__

from .board import make_bundle, seal

pytestmark = pytest.mark.tools
TESTS = Path(__file__).parents[1]
STEM = "hardwire-story-pynq-z2"


@pytest.fixture
def folder(chip_with_text: Chip, tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "story", chip_with_text)


def test_what_is_in_it(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["deploy", str(folder), "-o", str(tmp_path / "out.zip"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["zip"] == str(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path / "board")
        readme = archive.read(f"{STEM}/README.txt").decode()
    (wheel,) = (tmp_path / "board" / STEM).glob("*.whl")
    for command in (
        f"python3 -m zipfile -e out.zip . && cd {STEM}",
        f"pip3 install --no-deps --no-index --force-reinstall ./{wheel.name}",
        'python3 -m hardwire run story --prompt "Once upon a time"',
    ):
        assert command in readme
    there = open_bundle(tmp_path / "board" / STEM / "story")
    assert there.chip.digest == open_bundle(folder).chip.digest
    assert there.manifest.expected is not None and there.manifest.expected.tokens
    assert sorted(p.name for p in there.folder.iterdir()) == [
        "hardwire.bit",
        "hardwire.hwh",
        "manifest.json",
        "model.chip",
    ]


WHEELS = (
    "starlette-1.7.0-py3-none-any.whl",
    "uvicorn-0.40.0-py3-none-any.whl",
    "jinja2-3.1.6-py3-none-any.whl",
    "prometheus_client-0.23.1-py3-none-any.whl",
    "MarkupSafe-3.0.3-cp310-cp310-manylinux2014_armv7l.manylinux_2_17_armv7l.whl",
)


def test_wheels_for_serve_go_along(folder: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / WHEELS[0]).write_bytes(b"a wheel")
    with pytest.raises(BuildError, match="serve needs uvicorn, jinja2, prometheus-client too; pip download as docs"):
        deploy(folder, tmp_path / "out.zip", wheels)
    for name in WHEELS:
        (wheels / name).write_bytes(name.encode())
    done = CliRunner().invoke(main, ["deploy", str(folder), "-o", str(tmp_path / "out.zip"), "--wheels", str(wheels)])
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {f"{STEM}/wheels/{name}" for name in WHEELS} <= set(archive.namelist())
        readme = archive.read(f"{STEM}/README.txt").decode()
    assert "pip3 install --no-index --find-links wheels starlette uvicorn jinja2 prometheus-client\n" in readme
    assert "python3 -m hardwire serve story --host 0.0.0.0\n" in readme
    (wheels / "anyio-4-cp310-cp310-manylinux_2_17_x86_64.whl").touch()
    with pytest.raises(BuildError, match="x86_64.whl: is for another computer than a board"):
        deploy(folder, tmp_path / "out.zip", wheels)


def test_a_chip_without_a_tokenizer_is_asked_by_ids(tiny_chip: Chip, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "story", tiny_chip)
    with zipfile.ZipFile(deploy(folder, tmp_path / "out.zip")) as archive:
        readme = archive.read(f"{STEM}/README.txt").decode()
    assert "python3 -m hardwire run story --ids 1,2,3\n" in readme and "chip.stream([1, 2, 3], temp" in readme
    command = [sys.executable, "-c", "from hardwire.cli.on_board import main; raise SystemExit(main())"]
    done = subprocess.run(
        [*command, "run", str(folder), "--ids", "1,2,3", "--tokens", "4", "--backend", "reference"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 2 3" + hardwire.load(folder, "reference").generate([1, 2, 3], tokens=4) + "\n"


def test_equal_builds_make_equal_zips(folder: Path, tmp_path: Path) -> None:
    made = [deploy(folder, tmp_path / "out.zip").read_bytes() for _ in range(2)]
    assert made[0] == made[1]


def test_a_build_whose_record_is_missing_gets_one(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    recorded = manifest.pop("expected")
    seal(folder, manifest)
    with zipfile.ZipFile(deploy(folder, tmp_path / "out.zip")) as archive:
        assert json.loads(archive.read(f"{STEM}/story/manifest.json"))["expected"] == recorded


def test_what_cannot_be_deployed(folder: Path, tmp_path: Path) -> None:
    (folder / "hardwire.hwh").unlink()
    with pytest.raises(BuildError, match="hardwire.hwh is missing"):
        deploy(folder, tmp_path / "out.zip")
    manifest = json.loads((folder / "manifest.json").read_text())
    seal(folder, manifest)
    with pytest.raises(BoardError, match="is for PYNQ-Z2, without a .hwh for pynq: a board on a serial port is loaded"):
        deploy(folder, tmp_path / "out.zip")
    (folder / "hardwire.bit").unlink()
    seal(folder, manifest)
    with pytest.raises(BuildError, match="has no .bit for PYNQ-Z2; make it on a computer with Vivado"):
        deploy(folder, tmp_path / "out.zip")
    assert not list(tmp_path.glob("*.zip")) and not list(tmp_path.glob("*.part"))


def test_the_wheel_is_whole(tmp_path: Path) -> None:
    """Its record is right, and it has every Python file and every data file of the package."""
    path = tmp_path / f"hardwire-{__version__}-py3-none-any.whl"
    write_wheel(path)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        record = archive.read(f"hardwire-{__version__}.dist-info/RECORD").decode().splitlines()
        assert {line.split(",")[0] for line in record} == names
        for line in record[:-1]:
            name, digest, size = line.rsplit(",", 2)
            data = archive.read(name)
            assert len(data) == int(size)
            padded = digest.removeprefix("sha256=") + "="
            assert __import__("base64").urlsafe_b64decode(padded) == hashlib.sha256(data).digest()
        assert b"pynq.notebooks" in archive.read(f"hardwire-{__version__}.dist-info/entry_points.txt")
    root = Path(hardwire.__file__).parent
    sources = {f"hardwire/{p.relative_to(root).as_posix()}" for p in root.rglob("*.py")}
    assert sources <= names
    for name in ("boards/pynq-z2/board.toml", "rtl/engine.sv", "hls/fixed.hpp", "notebooks/__init__.py", "py.typed"):
        assert f"hardwire/{name}" in names
    assert "pytest_hardwire.py" in names  # an entry point without its module would break every pytest there
    assert not [name for name in names if name.endswith((".pyc", ".so", ".gz"))]


def test_installed_in_an_empty_environment_and_run(folder: Path, tmp_path: Path) -> None:
    """No dependencies, no index, no network: numpy is all that there is beside it, as on a board."""
    archive = deploy(folder, tmp_path / "out.zip")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(archive), str(tmp_path / "board")], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    for part in Path(np.__file__).parents[1].glob("numpy*"):
        (site / part.name).symlink_to(part)
    there = tmp_path / "board" / STEM
    (wheel,) = there.glob("*.whl")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "no_proxy": "*", "PIP_CONFIG_FILE": os.devnull}
    install = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--force-reinstall", str(wheel)]
    subprocess.run(install, check=True, env=env, cwd=there)
    done = subprocess.run(
        [str(python), "-m", "hardwire", "run", "story", "--prompt", "abc", "--backend", "reference"],
        env=env,
        cwd=there,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "abc" + hardwire.load(folder, "reference").generate("abc") + "\n"
    code = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import hardwire
assert hardwire.__file__.startswith({str(tmp_path)!r})
from hardwire.driver.mmio import MappedChip
from driver.model import ModelChip
from hardwire.chip.model import load_chip
from hardwire.version import __version__
chip = load_chip(__import__("pathlib").Path("story/model.chip"))
print(hardwire.LanguageModel(chip, MappedChip(ModelChip(chip)), "board").generate("abc"))
"""
    done = subprocess.run([str(python), "-c", code], env=env, cwd=there, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == hardwire.load(folder, "reference").generate("abc") + "\n"
