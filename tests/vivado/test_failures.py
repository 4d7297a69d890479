# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire synth`` of builds that fail as others' did: one sentence, Vivado's own first error, and what to do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hardwire.build.folder import Build, open_build
from hardwire.cli.main import main
from hardwire.manifest import read_manifest
from hardwire.synth.vivado_errors import reason, remedy

from . import fake
from .conftest import Of
from .failures import STORIES
from .test_synth import synth

pytestmark = pytest.mark.tools


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called vivado, first on the PATH."""
    path = fake.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    return path


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda **more: monkeypatch.setenv("FAKE_VIVADO", json.dumps(more))


@pytest.mark.parametrize("version", ["2022.2", "2024.1"])
@pytest.mark.parametrize("name", STORIES)
def test_a_failed_build_says_why_and_what_to_do(build: Build, tool: Path, behave: Any, name: str, version: str) -> None:
    """In 2022.2 wait_on_run returns where a run failed, in 2024.1 it throws; the message is the same."""
    story = STORIES[name]
    behave(story=name, version=version)
    result, row = synth(build.folder)
    assert result.exit_code == 1 and row["status"] == "failed", row
    said = row["error"]
    assert story.told in said and story.do in said, said
    assert said.count("\n") == 0 and "Traceback" not in said and "earlier errors" not in said
    if story.at in ("synth_1", "impl_1"):
        log = build.folder / "synth/vivado/project/hardwire.runs" / story.at / "runme.log"
        assert f"{story.at} ended with" in said and f"(see {log})" in said and log.is_file()
    assert not (build.folder / "synth/vivado/hardwire.bit").exists() or story.at == "write_bitstream"
    assert read_manifest(build.folder).synthesis is None


def test_every_story_has_a_source_and_stands_in_the_docs() -> None:
    assert len(STORIES) >= 12
    page = (Path(__file__).parents[2] / "docs" / "vivado.md").read_text()
    for story in STORIES.values():
        assert len(story.source) > 8 and story.do.partition(";")[0].strip(" ") in page, story.do


def test_a_licence_that_no_free_edition_has_is_told(original: Of, tool: Path, behave: Any, tmp_path: Path) -> None:
    left = shutil.ignore_patterns("synth")
    made = open_build(Path(shutil.copytree(original("rfsoc4x2").folder, tmp_path / "big", ignore=left)))
    behave(story="no licence")
    said = synth(made.folder)[1]["error"]
    assert "no licence for xczu48dr-ffvg1517-2-e: no free edition has it; set XILINXD_LICENSE_FILE" in said


def test_a_disk_without_room_is_told_before_vivado_starts(
    build: Build, tool: Path, behave: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1 << 40, 1 << 40, 300 << 20))
    behave()
    row = synth(build.folder)[1]
    assert row["status"] == "failed" and "0.3 GiB are free, Vivado needs 2 or more; make room first" in row["error"]
    assert not (build.folder / "synth/vivado.log").exists()


@pytest.mark.parametrize("folder", ["größer", "my build", "a(b)", "x,y"])
def test_a_path_that_tools_do_not_take_is_told(build: Build, tool: Path, behave: Any, folder: str) -> None:
    moved = build.folder.rename(build.folder.parent / folder)
    behave()
    said = synth(moved)[1]["error"]
    assert f"the path {moved}/vivado has other than plain letters, digits and ._+- in it" in said
    assert "move the build to a plain path" in said


def test_a_path_that_windows_does_not_take_is_told(build: Build, tool: Path, behave: Any) -> None:
    deep = build.folder.parent / ("d" * 100)
    deep.mkdir()
    moved = build.folder.rename(deep / "build")
    behave(windows=True)
    said = synth(moved)[1]["error"]
    assert "would pass the 260 of Windows: move the build to a path of 110 or fewer" in said
    behave()
    assert synth(moved)[1]["status"] == "done", "elsewhere it is none too long"


def test_an_hour_is_not_the_limit_of_vivado(build: Build, tool: Path, behave: Any, monkeypatch: Any) -> None:
    from hardwire.synth import vivado
    from hardwire.synth.batch import Options

    assert [Options().timeout(kind) for kind in ("yosys", "route", "vivado")] == [3600.0, 3600.0, 24 * 3600.0]
    seen: list[float | None] = []
    real = vivado.run_tool

    def noted(*words: Any, **more: Any) -> int:
        if "-version" not in words[0]:
            seen.append(words[4])
        return real(*words, **more)

    monkeypatch.setattr(vivado, "run_tool", noted)
    behave(fails="synth_1")
    for given, limit in (((), 86400.0), (("--timeout", "12h"), 43200.0), (("--timeout", "90"), 5400.0)):
        synth(build.folder, *given)
        assert seen[-1] == limit
    for wrong in ("soon", "0", "3d"):
        done = CliRunner().invoke(main, ["synth", str(build.folder), "--timeout", wrong])
        assert done.exit_code == 1 and "no time; give 90m or 12h" in done.output, done.output


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_ends_what_a_run_put_into_a_session_of_its_own(build: Build, tool: Path, behave: Any) -> None:
    behave(hangs="synth_1", leaves=True)
    command = [sys.executable, "-m", "hardwire", "synth", str(build.folder), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    path = build.folder / "synth/vivado/project/hardwire.runs/synth_1/left.pid"
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.05)
    left = int(path.read_text())
    assert _alive(left)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130 and json.loads(out)[0]["status"] == "stopped", err
    deadline = time.monotonic() + 60
    while _alive(left):
        assert time.monotonic() < deadline, "the run's own process outlived Ctrl-C"
        time.sleep(0.05)


def test_the_reason_is_the_first_error_and_no_echo_of_it(tmp_path: Path) -> None:
    log = tmp_path / "vivado.log"
    for lines, wanted in (
        (
            ["ERROR: [Common 17-39] 'x' failed due to earlier errors.", "ERROR: [BD 5-390] late"],
            "ERROR: [BD 5-390] late",
        ),
        (["ERROR: [A 1-1] one", "ERROR: [A 1-1] two", "ERROR: [hardwire] three"], "ERROR: [A 1-1] one"),
        (
            ["ERROR: [A 1-1] one", "ERROR: [hardwire] synth_1 ended: x (see /b/runme.log)"],
            "synth_1 ended: x (see /b/runme.log)",
        ),
        (["INFO: fine", "ERROR: [hardwire] this is Vivado 2018.3"], "this is Vivado 2018.3"),
        (["INFO: fine", "and then nothing"], "and then nothing"),
        ([], "no message"),
    ):
        log.write_text("\n".join(lines))
        assert reason(log) == wanted
    assert remedy("ERROR: [Foo 1-2] never seen", "p", "free", tmp_path) == ""
