# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A repository of a user's in an environment with the wheel: examples/repository with two models, green, red, green.

The wheel is built from the tree by setuptools; the environment sees the packages of this one, but not this checkout.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx_models import llama_operators, save

from hardwire.chip.model import Chip
from hardwire.openers import load

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "repository"
LETTERS = "abcdefghijklmnopqrstuvwxyz "
TRIGGERS = True  # YAML 1.1 reads the key `on` as that

pytestmark = pytest.mark.tools


def read(name: str) -> Any:
    import yaml  # an environment without it collects this file

    return yaml.safe_load((EXAMPLE / name).read_text())


def server_commands() -> dict[str, str]:
    """What a server runs to test, by server."""
    steps = read(".github/workflows/hardwire.yml")["jobs"]["verify"]["steps"]
    (github,) = [step["run"] for step in steps if step.get("name") == "test"]
    (gitlab,) = read("hardwire.gitlab-ci.yml")[".hardwire"]["script"]
    return {"github": github, "gitlab": gitlab}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and, beside it, the packages that this one has."""
    folder = tmp_path_factory.mktemp("environment")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if not name.startswith(("tests/", "docs/", "examples/")) and (ROOT / name).is_file():
            (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / "tree" / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, folder / "tree"], check=True, timeout=600)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=600)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("hardwire-*.whl")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", wheel], check=True, timeout=600)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    # A path line, which takes no .pth files of that folder: this checkout's editable install is not seen.
    (Path(site) / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@dataclass
class Repository:
    folder: Path
    python: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HARDWIRE_CACHE": ".hardwire", "HARDWIRE_OPTIONS": " ".join(arguments)}
        environment |= {"PATH": f"{self.python.parent}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTHONPATH", None)
        command = server_commands()["gitlab"].replace("-n auto", "-n 2")
        return subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=900
        )

    def add(self, name: str, chip: Chip) -> None:
        """A model of 40 words, its tokenizer, and random text of its letters."""
        folder = self.folder / "models" / name
        folder.mkdir(parents=True)
        save(llama_operators()[0], folder)
        (folder / "tokenizer.json").write_text(json.dumps(chip.tokenizer))
        draw = np.random.default_rng(len(name))
        for file, count in (("calibration.txt", 40), ("held-out.txt", 4)):
            stories = ("".join(draw.choice(list(LETTERS), 50)) for _ in range(count))
            (folder / file).write_text("<|endoftext|>".join(stories))

    def change(self, name: str) -> None:
        """Other weights in one matrix, as after another hour of training."""
        path = self.folder / "models" / name / "model.onnx"
        model = onnx.load(path)
        (tensor,) = [each for each in model.graph.initializer if each.name == "onnx::1.up"]
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(0.75), tensor.name))
        onnx.save(model, path)


@pytest.fixture(scope="module")
def repository(python: Path, chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder = tmp_path_factory.mktemp("theirs")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    made = Repository(folder, python)
    for name in ("first", "second"):
        made.add(name, chip_with_text)
    return made


def said(text: str, state: str) -> set[str]:
    """What a run made or kept, without digests."""
    return set(re.findall(rf"^{state} (.+) \([0-9a-f]{{8}}\)$", text, re.MULTILINE))


CHIP, BUILD = "chip {}", "build {} for pynq-z2, hls"
ALL = {kind.format(name) for kind in (CHIP, BUILD) for name in ("first", "second")}


def test_the_plugin_is_the_wheels(python: Path, tmp_path: Path) -> None:
    code = "import hardwire, pytest_hardwire as p; print(hardwire.__file__, p.__file__)"
    out = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    assert all(Path(path).is_relative_to(python.parents[1]) for path in out)
    told = subprocess.run(
        [python, "-m", "pytest", "--fixtures", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout
    for name in ("model", "chip", "build", "backend", "cache"):
        assert f"hardwire_{name}" in told


def test_the_wheel_has_its_templates(python: Path, tmp_path: Path) -> None:
    build = ROOT / "bitstreams" / "ulx3s-85f" / "bundled"
    command = [python, "-m", "hardwire", "datasheet", build, "-o", tmp_path / "s.html"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=300)
    assert "Block diagram" in (tmp_path / "s.html").read_text()


def test_green_red_green(repository: Repository) -> None:
    green = repository.run()
    assert green.returncode == 0 and "8 passed" in green.stdout, green.stdout
    assert said(green.stdout, "made") == ALL and said(green.stdout, "kept") == set()
    suite = ElementTree.parse(repository.folder / "hardwire.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("8", "0", "0")

    red = repository.run("--hardwire-plant", "weight", "-k", "first", "--hardwire-rungs", "csim")
    assert red.returncode == 1 and "1 failed" in red.stdout, red.stdout
    words = re.search(
        r"NotEqual: rung csim is not equal to the model\n"
        r"E +stage: +(?P<stage>\S+)\n"
        r"E +token: +(?P<token>\d+) of text 0\n"
        r"E +index: +(?P<index>\d+)\n"
        r"E +expected: +(?P<expected>-?\d+)\n"
        r"E +got: +(?P<got>-?\d+)\n"
        r"E +before it: nothing was compared\n"
        r"E +repeat: +(?P<command>hardwire verify .*)\n",
        red.stdout,
    )
    assert words is not None, red.stdout
    assert "assert_equal(hardwire_build" in red.stdout and "a fault was planted into every build: weight" in red.stdout
    assert words["stage"] == "L1.up" and words["index"] == "0" and words["expected"] != words["got"]
    assert said(red.stdout, "made") == set()

    environment = {**os.environ, "PATH": f"{repository.python.parent}:{os.environ['PATH']}"}
    again = subprocess.run(
        f"{words['command']} --github", shell=True, env=environment, capture_output=True, text=True, timeout=600
    )
    place = f"stage {words['stage']}, token {words['token']} of text 0, index {words['index']}"
    assert again.returncode == 2 and place in again.stderr.replace("\n", " "), again.stderr
    assert "::error file=" in again.stdout and f"title=hardwire verify::csim: {place}" in again.stdout

    repository.change("second")
    changed = repository.run("--deselect", "tests/test_hardware.py::test_hls[first]")  # compiled above, and unchanged
    assert changed.returncode == 0 and "7 passed" in changed.stdout, changed.stdout
    assert said(changed.stdout, "made") == {CHIP.format("second"), BUILD.format("second")}
    assert said(changed.stdout, "kept") == {CHIP.format("first"), BUILD.format("first")}


def test_a_loss_of_quality_is_red(repository: Repository) -> None:
    """Two bits lose on a text that the model itself wrote; the gate of the command line agrees."""
    node, folder = "tests/test_hardware.py::test_quality[first]", repository.folder
    green = repository.run(node)
    assert green.returncode == 0 and "1 passed" in green.stdout, green.stdout
    with load(next(folder.glob(".hardwire/pytest/chips/*/first.chip"))) as model:
        texts = [model.generate("a", 50, temperature=0.7, seed=seed, stops=()) for seed in range(6)]
    (folder / "models" / "first" / "held-out.txt").write_text("<|endoftext|>".join(texts))
    settings = folder / "pytest.ini"
    settings.write_text(settings.read_text().replace("hardwire_weights = 8", "hardwire_weights = 2"))
    red = repository.run(node)
    found = re.search(r"Loss: perplexity rises by \+[\d.]+%, more than 5.00%: float [\d.]+, integer [\d.]+", red.stdout)
    assert red.returncode == 1 and found is not None, red.stdout
    command = re.search(r"repeat: +(hardwire evaluate .*)\n", red.stdout)
    assert command is not None
    environment = {**os.environ, "PATH": f"{repository.python.parent}:{os.environ['PATH']}"}
    arguments = f"{command[1]} --junit {repository.folder}/quality.xml"
    again = subprocess.run(arguments, shell=True, env=environment, capture_output=True, text=True, timeout=600)
    assert again.returncode == 2 and "more than 5.00%" in again.stderr
    assert 'failures="1"' in (repository.folder / "quality.xml").read_text()


def test_both_servers_run_the_same() -> None:
    commands = server_commands()
    assert commands["github"] == commands["gitlab"]
    workflow, caller = read(".github/workflows/hardwire.yml"), read(".github/workflows/ci.yml")
    (job,) = caller["jobs"].values()
    assert set(job["with"]) <= set(workflow[TRIGGERS]["workflow_call"]["inputs"])
    assert (EXAMPLE / job["uses"]).is_file()
    template, used = read("hardwire.gitlab-ci.yml"), read(".gitlab-ci.yml")
    assert used["hardwire"]["extends"] in template
    assert set(used["hardwire"]["variables"]) <= set(template[".hardwire"]["variables"])
    cached = [step["with"]["path"] for step in workflow["jobs"]["verify"]["steps"] if "cache@" in step.get("uses", "")]
    assert cached == [workflow["env"]["HARDWIRE_CACHE"]] == template[".hardwire"]["cache"]["paths"]
