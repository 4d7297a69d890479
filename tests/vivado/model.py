# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A strict model of Vivado in batch mode: real Tcl, and only the commands, options, names and files that exist.

An unknown command is Tcl's own error. Everything else that Vivado would refuse, or take without a word although it is
wrong, is a Violation: the message of the Tcl error, and kept in ``Vivado.violations`` where a script catches it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import block_rams, reports
from .catalog import CLOCKS, HOME, PARTS
from .commands import COMMANDS, PROPERTIES, VALUES, Command
from .diagram import Diagram, check_names, wrapper_of
from .failures import STORIES, Story
from .interpreter import Interpreter
from .packager import Options, Packager
from .runs import Crash, Runs
from .state import Core, Design, Obj, Project, Violation

USED = {"lut": 41020, "ff": 23456, "dsp": 200, "bram18": 131, "uram": 8}


@dataclass
class Behaviour:
    """What this Vivado is and does.

    ``fails``: a run that ends with an error; ``hangs``: one that never ends; ``story``: a way of failures.STORIES;
    ``language``: what its user chose; ``lacks``: IP; ``drops``: files that are not packaged whatever the project says;
    ``parity``: block RAMs hold bits in their parity too; ``leaves``: a run starts a process in a session of its own;
    ``made_mhz``: what the processor makes of any clock.
    """

    version: str = "2024.1"
    setup: float | None = 0.312  # ns; None: nothing is constrained
    hold: float = 0.021
    pulse: float = 1.5
    parity: bool = False
    fails: str = ""
    hangs: str = ""
    crashes: str = ""
    story: str = ""
    language: str = "Verilog"
    lacks: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    leaves: bool = False
    windows: bool = False
    made_mhz: float | None = None
    parts: tuple[str, ...] = PARTS
    used: dict[str, float] = field(default_factory=lambda: dict(USED))


class Vivado(Runs, Packager, Diagram):
    """One process of it."""

    def __init__(self, behaviour: Behaviour | None = None, tell: Callable[[str], None] | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.output: list[str] = []
        self.tell = tell or self.output.append
        self.violations: list[str] = []
        self.crashed = False
        self.calls: list[str] = []
        self.objects: dict[str, Obj] = {}
        self.cores: dict[str, Core] = {}
        self.project: Project | None = None
        self.lacks, self.drops = tuple(self.behaviour.lacks), tuple(self.behaviour.drops)
        self.story: Story | None = STORIES[self.behaviour.story] if self.behaviour.story else None
        self.interpreter = Interpreter(COMMANDS, self._call, self.tell)
        self.tcl = self.interpreter.tcl
        if self.behaviour.windows:
            self.tcl.eval("set tcl_platform(platform) windows")

    def say(self, line: str) -> None:
        self.tell(line)

    def run(self, script: Path) -> int:
        """Source a script as ``vivado -mode batch -source`` does; the exit code."""
        code = self.interpreter.source(script)
        if self.crashed:
            raise Crash
        return code

    def _call(self, name: str, *arguments: str) -> tuple[int, Any]:
        words = [str(word) for word in arguments]
        self.calls.append(name)
        try:
            options, rest = self._parse(name, COMMANDS[name], words)
            if self.story is not None and self.story.at == name:
                for line in self.story.lines:
                    self.tell(line)
                raise Violation(f"ERROR: [Common 17-39] '{name}' failed due to earlier errors.")
            value = getattr(self, name.replace("::", "_"))(options, rest)
            return 0, tuple(value) if isinstance(value, list) else value
        except Violation as error:
            self.violations.append(f"{name}: {error}")
            return 1, f"{name}: {error}"
        except Crash:
            self.crashed = True
            return 1, "crash"
        except Exception as error:  # Tcl would lose what it is
            self.violations.append(f"the model itself: {name}: {type(error).__name__}: {error}")
            return 1, self.violations[-1]

    def _parse(self, name: str, command: Command, words: list[str]) -> tuple[Options, list[str]]:
        options: Options = {}
        rest: list[str] = []
        queue = list(words)
        while queue:
            word = queue.pop(0)
            if not word.startswith("-") or re.fullmatch(r"-\d.*", word):
                rest.append(word)
            elif word in command.flags:
                options[word] = ""
            elif word in command.options:
                if not queue:
                    raise Violation(f"option {word} needs a value")
                options[word] = queue.pop(0)
            else:
                raise Violation(f"no option {word}; {command.page}")
        missing = [option for option in command.needs if option not in options]
        if missing:
            raise Violation(f"needs {', '.join(missing)}")
        if len(rest) < command.least or (command.most is not None and len(rest) > command.most):
            raise Violation(f"takes {command.least} to {command.most} words, not {rest}")
        return options, rest

    # objects and properties

    def new(self, kind: str, label: str, /, of: Any = None, **values: str) -> Obj:
        handle = f"{kind}_{len(self.objects)}_{label}"
        self.objects[handle] = Obj(kind, handle, dict(values), of)
        return self.objects[handle]

    def fixed(self, kind: str, handle: str, of: Any = None, **values: str) -> str:
        """An object whose handle is its name."""
        self.objects[handle] = Obj(kind, handle, dict(values), of)
        return handle

    def find(self, handle: str, *kinds: str) -> Obj:
        if handle not in self.objects or (kinds and self.objects[handle].kind not in kinds):
            raise Violation(f"{handle!r} is no {' or '.join(kinds) or 'object'}")
        return self.objects[handle]

    def set_property(self, o: Options, words: list[str]) -> str:
        if "-dict" in o:
            flat = self.tcl.splitlist(o["-dict"])
            if len(flat) % 2:
                raise Violation("-dict needs names and values in pairs")
            pairs, targets = dict(zip(flat[::2], flat[1::2], strict=True)), words
        else:
            if len(words) < 3:
                raise Violation(f"takes a name, a value and objects, not {words}")
            pairs, targets = {words[0]: words[1]}, words[2:]
        for target in targets:
            if target.startswith("/") and target not in self.objects:
                self.shape(target[1:])
                self.configure(target[1:], pairs)
                continue
            obj = self.find(target)
            for name, value in pairs.items():
                self._set(obj, name.lower(), value)
        return ""

    def _set(self, obj: Obj, name: str, value: str) -> None:
        if PROPERTIES[obj.kind].get(name) != "rw":
            raise Violation(f"a {obj.kind} has no property {name} to set")
        if name in VALUES and value not in VALUES[name]:
            raise Violation(f"{name} cannot be {value!r}; it is one of {', '.join(VALUES[name])}")
        obj.values[name] = value
        if name == "ip_repo_paths":
            self._repository(value)
        if name == "target_language":
            self.open_project().language = value
        if name == "source_mgmt_mode":
            self.open_project().management = value
        if obj.kind == "fileset":
            self.open_project().top = value

    def _repository(self, value: str) -> None:
        paths = [Path(path) for path in self.tcl.splitlist(value)]
        for path in paths:
            if not (path / "component.xml").is_file():
                raise Violation(f"{path} holds no IP")
        self.open_project().repository = paths

    def get_property(self, o: Options, words: list[str]) -> str:
        if words[1].startswith("/") and words[1] not in self.objects:
            self.shape(words[1][1:])
            return self.setting(words[1][1:], words[0])
        obj, name = self.find(words[1]), words[0].lower()
        if obj.kind == "cell":
            return obj.get(words[0].upper())
        if name not in PROPERTIES[obj.kind]:
            raise Violation(f"a {obj.kind} has no property {name}")
        return obj.get(name)

    # projects and files

    def version(self, o: Options, words: list[str]) -> str:
        return self.behaviour.version if "-short" in o else f"Vivado v{self.behaviour.version} (64-bit)"

    def get_parts(self, o: Options, words: list[str]) -> list[str]:
        return [part for part in self.behaviour.parts if part in words]

    def create_project(self, o: Options, words: list[str]) -> str:
        if self.project is not None:
            raise Violation(f"project {self.project.name} is open; close it first")
        if len(words) != 2 or "-part" not in o:
            raise Violation("give a name, a folder and -part: the defaults are of the person who runs it")
        if o["-part"] not in self.behaviour.parts:
            raise Violation(f"part {o['-part']} could not be found")
        folder = Path(words[1])
        if folder.exists() and "-force" not in o:
            raise Violation(f"{folder} is there already; -force replaces it")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{words[0]}.xpr").write_text("<Project/>\n")
        self.project = Project(words[0], folder, o["-part"], language=self.behaviour.language)
        return words[0]

    def open_project(self) -> Project:
        if self.project is None:
            raise Violation("no project is open")
        return self.project

    def close_project(self, o: Options, words: list[str]) -> str:
        self.open_project()
        if self.core is not None:
            if not self.core.saved:
                raise Violation("the core is not saved")
            self.cores[str(self.core.root)] = self.core
            self.core = None
        self.project = None
        return ""

    def current_project(self, o: Options, words: list[str]) -> str:
        return self.fixed("project", self.open_project().name, part=self.open_project().part)

    def set_msg_config(self, o: Options, words: list[str]) -> str:
        if o.get("-new_severity") not in ("ERROR", "CRITICAL WARNING", "WARNING", "INFO") or not re.fullmatch(
            r"\[?[A-Za-z_]+ \d+-\d+\]?", o["-id"]
        ):
            raise Violation(f"no severity {o.get('-new_severity')!r}, or no message {o['-id']!r}")
        self.open_project().severities[o["-id"].strip("[]")] = (o.get("-string", ""), o["-new_severity"])
        return ""

    def current_fileset(self, o: Options, words: list[str]) -> str:
        self.open_project()
        return self.fixed("fileset", "sources_1")

    def add_files(self, o: Options, words: list[str]) -> str:
        project = self.open_project()
        into = o.get("-fileset", "sources_1")
        if into not in ("sources_1", "constrs_1"):
            raise Violation(f"there is no fileset {into}")
        for path in map(Path, words):
            if not path.is_file():
                raise Violation(f"{path} does not exist")
            if path in project.files + project.constraints:
                raise Violation(f"{path} is in the project already")
            if (path.suffix == ".xdc") != (into == "constrs_1") or path.suffix not in (".sv", ".v", ".vhd", ".xdc"):
                raise Violation(f"{path} does not belong into {into}")
            if path.suffix == ".xdc":
                self._read_constraints(path)
            (project.constraints if into == "constrs_1" else project.files).append(path)
        return ""

    def _read_constraints(self, path: Path) -> None:
        """An .xdc is Tcl with few commands: of these, ours has set_property on the design."""
        for line in path.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                if not re.fullmatch(r"set_property \S+ \S+ \[current_design\]", line):
                    raise Violation(f"{path.name}: {line!r} is no constraint that the model knows")
                self.set_property({}, [*line.split()[1:3], self.fixed("design", "current_design")])

    def current_design(self, o: Options, words: list[str]) -> str:
        return self.fixed("design", "current_design")

    def get_files(self, o: Options, words: list[str]) -> list[str]:
        found = [str(path) for path in self.open_project().files if path.name in words or str(path) in words]
        if not found:
            raise Violation(f"no file matches {words}")
        return [self.fixed("file", path) for path in found]

    def update_compile_order(self, o: Options, words: list[str]) -> str:
        self.open_project().ordered = True
        return ""

    def update_ip_catalog(self, o: Options, words: list[str]) -> str:
        project = self.open_project()
        for path in project.repository:
            if str(path) not in self.cores:
                raise Violation(f"{path}: no core was packaged there")
        project.catalogued = True
        return ""

    # from a block design to a bitstream

    def _bd(self, handle: str) -> Design:
        design = self.design()
        if self.find(handle, "file").handle != str(design.file):
            raise Violation(f"{handle} is not the block design")
        if not (design.valid and design.saved):
            raise Violation(f"{design.name} is not validated and saved")
        return design

    def generate_target(self, o: Options, words: list[str]) -> str:
        if words[0] not in ("all", "synthesis"):
            raise Violation(f"the model has no target {words[0]}")
        design, project = self._bd(words[1]), self.open_project()
        if self.find(words[1], "file").values.get("synth_checkpoint_mode") != "None":
            raise Violation("without synth_checkpoint_mode None each IP has a run of its own, which nobody waits for")
        folder = project.folder / f"{project.name}.gen" / "sources_1" / "bd" / design.name / "hw_handoff"
        folder.mkdir(parents=True)
        (folder / f"{design.name}.hwh").write_text(reports.handoff(design, project.part, self.behaviour.version))
        design.generated = True
        return ""

    def make_wrapper(self, o: Options, words: list[str]) -> str:
        design = self._bd(o["-files"])
        if "-top" not in o:
            raise Violation("without -top no wrapper is made")
        language = self.open_project().language
        check_names(design, language)
        path = wrapper_of(design, language)
        path.parent.mkdir(parents=True)
        path.write_text(f"module {design.name}_wrapper;\nendmodule\n")
        return str(path)

    def open_run(self, o: Options, words: list[str]) -> str:
        project = self.open_project()
        if project.done.get(words[0]) not in ("route_design Complete!", "write_bitstream Complete!"):
            raise Violation(f"{words[0]} is not routed")
        project.opened = words[0]
        return words[0]

    def _opened(self) -> Project:
        project = self.open_project()
        if not project.opened:
            raise Violation("no routed design is open")
        return project

    def _period(self) -> float:
        return 1000 / (self.behaviour.made_mhz or reports.asked_mhz(self.design()))

    def get_clocks(self, o: Options, words: list[str]) -> list[str]:
        self._opened()
        ips = {cell.ip for cell in self.design().cells.values()}
        names = [CLOCKS[ip] for ip in ips & set(HOME)]
        return [self.fixed("clock", n, period=f"{self._period():.3f}") for n in names if not words or n in words]

    def get_timing_paths(self, o: Options, words: list[str]) -> list[str]:
        self._opened()
        delay = o.get("-delay_type", "max")
        if delay not in ("max", "min", "min_max"):
            raise Violation(f"no delay type {delay}")
        if self.behaviour.setup is None:
            return []
        slack = self.behaviour.hold if delay == "min" else self.behaviour.setup
        return [self.fixed("path", f"path_{delay}", slack=f"{slack:.3f}")]

    def _write(self, o: Options, text: str) -> str:
        path = Path(o["-file"]) if "-file" in o else None
        if path is None or not path.parent.is_dir():
            raise Violation(f"-file {path}: no such folder")
        path.write_text(text)
        return ""

    def report_timing_summary(self, o: Options, words: list[str]) -> str:
        project, b = self._opened(), self.behaviour
        text = reports.timing(b.version, project.part, self._period(), b.setup or 0.0, b.hold, b.pulse)
        return self._write(o, text if b.setup is not None else "There are no user specified timing constraints.\n")

    def report_utilization(self, o: Options, words: list[str]) -> str:
        project, b = self._opened(), self.behaviour
        return self._write(o, reports.utilization(b.version, project.part, b.used))

    def get_cells(self, o: Options, words: list[str]) -> list[str]:
        """The block RAMs of the routed design: all that our scripts ask for."""
        self._opened()
        if "-hierarchical" not in o or o.get("-filter") != "REF_NAME =~ RAMB*" or words:
            raise Violation(f"the model finds block RAMs alone, not {o} {words}")
        return [self.fixed("cell", cell["NAME"], **cell) for cell in self._block_rams()]

    def _block_rams(self) -> list[dict[str, str]]:
        cores = [cell.core for cell in self.design().cells.values() if cell.core]
        texts = [source.read_text() for core in cores for source in core.sources if source.is_file()]
        folders = {Path(folder) for text in texts for folder in re.findall(r'\.Folder\("([^"]*)"\)', text)}
        roms = [path for folder in folders if folder.is_absolute() for path in folder.glob("*.hex")]
        return block_rams.laid_out(sorted(roms), self.behaviour.parity)

    def list_property(self, o: Options, words: list[str]) -> list[str]:
        return sorted(self.find(words[0], "cell").values)

    def write_bitstream(self, o: Options, words: list[str]) -> str:
        project, path = self._opened(), Path(words[0])
        if path.suffix != ".bit" or (path.exists() and "-force" not in o):
            raise Violation(f"{path} is no .bit, or is there already")
        path.write_bytes(block_rams.bitstream(project.part, self._block_rams()))
        return ""
