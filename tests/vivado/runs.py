# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The model's runs: synthesis and implementation, each with a folder and a log of its own, and how they end."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .commands import STEPS
from .diagram import wrapper_of
from .failures import Story
from .hierarchy import check_elaborates
from .packager import Options
from .state import Project, Violation

if TYPE_CHECKING:
    from .model import Behaviour


class Crash(Exception):
    """The process is gone."""


class Runs:
    """A part of the model; what is not implemented here is in the class that all parts make up."""

    behaviour: Behaviour
    story: Story | None
    violations: list[str]

    def open_project(self) -> Project:
        raise NotImplementedError

    def fixed(self, kind: str, handle: str, of: object = None, **values: str) -> str:
        raise NotImplementedError

    def say(self, line: str) -> None:
        raise NotImplementedError

    def get_runs(self, o: Options, words: list[str]) -> str:
        project = self.open_project()
        if words[0] not in ("synth_1", "impl_1"):
            raise Violation(f"there is no run {words[0]}")
        status = project.done.get(words[0], "Not started")
        progress = "100%" if status.endswith("Complete!") else "0%"
        folder = str(project.folder / f"{project.name}.runs" / words[0])
        return self.fixed("run", words[0], status=status, progress=progress, directory=folder)

    def launch_runs(self, o: Options, words: list[str]) -> str:
        project = self.open_project()
        step = o.get("-to_step")
        if step is not None and step not in STEPS:
            raise Violation(f"there is no step {step}; steps are {', '.join(STEPS)}")
        for name in words:
            self.get_runs({}, [name])
            self._folder(name).mkdir(parents=True, exist_ok=True)
            if name == "synth_1":
                self._check_project(project)
            elif not project.done.get("synth_1", "").endswith("Complete!"):
                raise Violation("synth_1 is not done")
            if self.behaviour.crashes == name:
                raise Crash(name)
            if self.behaviour.leaves:
                argv = [sys.executable, "-c", "import time; time.sleep(600)"]
                child = subprocess.Popen(argv, start_new_session=True)
                (self._folder(name) / "left.pid").write_text(str(child.pid))
            if self.behaviour.hangs == name:
                time.sleep(600)
            word = "synth_design" if name == "synth_1" else step or "route_design"
            project.done[name] = f"{word} {'Complete!' if self._ends_well(name) else 'ERROR'}"
        return ""

    def _folder(self, run: str) -> Path:
        project = self.open_project()
        return project.folder / f"{project.name}.runs" / run

    def _ends_well(self, name: str) -> bool:
        """The run's log, and whether it came to its end."""
        lines = ["*** Running vivado", f"    with args -log hardwire_wrapper.vds -m64 -source {name}.tcl"]
        failed = []
        if self.behaviour.fails == name:
            failed = [f"ERROR: [Common 17-70] the model was told to fail in {name}"]
        elif self.story is not None and self.story.at == name:
            failed = list(self.story.lines)
        elif name == "synth_1":
            try:
                lines += self._synthesis(self.open_project())
            except Violation as error:
                self.violations.append(str(error))
                failed = [str(error), "ERROR: [Common 17-69] Command failed: Synthesis failed"]
        (self._folder(name) / "runme.log").write_text("\n".join([*lines, *failed]) + "\n")
        for line in failed:
            self.say(line)
        return not failed

    def _check_project(self, project: Project) -> None:
        design = project.design
        if design is None or not design.generated:
            raise Violation("the block design has no output products: generate_target first")
        if project.top != f"{design.name}_wrapper" or wrapper_of(design, project.language) not in project.files:
            raise Violation(
                f"the top, {project.top!r}, is not the wrapper of the block design, or is not in the project"
            )

    def _synthesis(self, project: Project) -> list[str]:
        """What synth_design says of the packaged cores. An empty memory is no error unless it was made one."""
        said: list[str] = []
        assert project.design is not None
        for core in [cell.core for cell in project.design.cells.values() if cell.core]:
            for path in core.sources:
                if not path.is_file():
                    raise Violation(f"ERROR: [Synth 8-9123] {path} is missing")
            check_elaborates(core.sources)
            for path in core.sources:
                for folder in re.findall(r'\.Folder\("([^"]*)"\)', path.read_text()):
                    if not Path(folder).is_absolute() or not list(Path(folder).glob("*.hex")):
                        said.append(self._severe(project, "Synth 8-4445", f"{folder}program.hex", path))
                for data in re.findall(r'\$readmemh\("([^"]*)"', path.read_text()):
                    if not Path(data).is_absolute() or not Path(data).is_file():
                        said.append(self._severe(project, "Synth 8-4445", data, path))
        return said

    def _severe(self, project: Project, message: str, data: str, path: Path) -> str:
        text = f"[{message}] could not open $readmem data file '{data}'; please make sure the file is added to project"
        part, severity = project.severities.get(message, ("", "CRITICAL WARNING"))
        line = f"{severity if part in text else 'CRITICAL WARNING'}: {text} [{path}:12]"
        if line.startswith("ERROR"):
            raise Violation(line)
        return line

    def wait_on_run(self, o: Options, words: list[str]) -> str:
        done = self.open_project().done
        if words[0] not in done:
            raise Violation(f"{words[0]} was not launched")
        if done[words[0]].endswith("ERROR") and self.behaviour.version >= "2023":
            self.say(f"ERROR: [Vivado 12-13638] Failed runs(s) : '{words[0]}'")
            raise Violation("ERROR: [Common 17-39] 'wait_on_runs' failed due to earlier errors.")
        return ""
