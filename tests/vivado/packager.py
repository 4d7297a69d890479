# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The model's IP packager: a core from the project's sources, its interfaces and registers; what is wrong with it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from .catalog import AXI_BUS, BUS_PARAMETERS, BUSES
from .hierarchy import unreached
from .state import Block, Bus, Core, Obj, Project, Register, Violation

_PORT = re.compile(r"^\s*(input|output)\s+(?:wire|reg|logic)?\s*(?:\[(\d+):(\d+)\])?\s*(\w+)\s*[,)]?\s*$", re.M)
NAME = re.compile(r"[A-Za-z]\w*")
Options = dict[str, str]


class Packager:
    """A part of the model; what is not implemented here is in the class that all parts make up."""

    project: Project | None
    core: Core | None = None
    drops: tuple[str, ...] = ()  # files that the packager leaves out whatever the project says

    def new(self, kind: str, label: str, /, of: Any = None, **values: str) -> Obj:
        raise NotImplementedError

    def find(self, handle: str, *kinds: str) -> Obj:
        raise NotImplementedError

    def open_project(self) -> Project:
        raise NotImplementedError

    def ipx_package_project(self, o: Options, words: list[str]) -> str:
        project = self.open_project()
        if not project.top:
            raise Violation("no top is set; the packager cannot know which module is the IP")
        root = Path(o["-root_dir"])
        left = set(unreached(project.files, project.top)) if project.management == "All" else set()
        sources = [path for path in project.files if path not in left and path.name not in self.drops]
        for path in project.files:
            if path not in sources:
                self.say(f"WARNING: [IP_Flow 19-3833] Unreferenced file from the top module is not packaged: '{path}'.")
        if "-import_files" in o:
            (root / "src").mkdir(parents=True, exist_ok=True)
            sources = [Path(shutil.copy(path, root / "src" / path.name)) for path in sources]
        obj = self.new("core", project.top, name=project.top, version="1.0")
        self.core = Core(obj, root, project.top, sources, module_ports(project.files, project.top))
        self.core.vendor, self.core.library = o["-vendor"], o["-library"]
        obj.of = self.core
        # As Vivado infers them, from the ports' names.
        axi = self.add_bus("s_axi")
        axi.obj.values |= {"abstraction_type_vlnv": f"{AXI_BUS}_rtl:1.0", "bus_type_vlnv": f"{AXI_BUS}:1.0"}
        axi.obj.values |= {"interface_mode": "slave", "slave_memory_map_ref": "s_axi"}
        for logical in BUSES[AXI_BUS]:
            axi.ports[logical] = self.new("map", logical, physical_name=f"s_axi_{logical.lower()}")
        self.core.memories["s_axi"] = {"reg0": Block(self.new("block", "reg0"))}
        self.core.maps["s_axi"] = self.new("memory", "s_axi", name="s_axi")
        return obj.handle

    def say(self, line: str) -> None:
        raise NotImplementedError

    def ipx_get_file_groups(self, o: Options, words: list[str]) -> list[str]:
        core = self.the_core(o["-of_objects"])
        name = "xilinx_anylanguagesynthesis"
        if o.get("-filter", "") not in ("", "NAME =~ *synthesis*") or (words and words != [name]):
            raise Violation(f"the model has no filter {o.get('-filter')!r} and no group {words}")
        group = self.new("group", name, of=core, name=name)
        return [group.handle]

    def ipx_get_files(self, o: Options, words: list[str]) -> list[str]:
        core = self.find(o["-of_objects"], "group").of
        names = [path.relative_to(core.root).as_posix() for path in core.sources]
        return [self.new("packed", name, name=name).handle for name in names if not words or name in words]

    def ipx_remove_file(self, o: Options, words: list[str]) -> str:
        core = self.find(words[1], "group").of
        path = core.root / words[0]
        if path not in core.sources:
            raise Violation(f"{words[0]} is not in the group")
        core.sources.remove(path)
        return ""

    def ipx_add_file(self, o: Options, words: list[str]) -> str:
        core = self.find(words[1], "group").of
        path = core.root / words[0]
        if not path.is_file() or path in core.sources:
            raise Violation(f"{words[0]} is not below {core.root}, or is in the group already")
        core.sources.append(path)
        return self.new("packed", words[0], name=words[0]).handle

    def the_core(self, handle: str | None = None) -> Core:
        if self.core is None:
            raise Violation("there is no current core")
        if handle is not None and self.find(handle, "core").of is not self.core:
            raise Violation(f"{handle} is not the current core")
        return self.core

    def add_bus(self, name: str) -> Bus:
        core = self.the_core()
        if name in core.buses:
            raise Violation(f"bus interface {name} is there already")
        bus = Bus(self.new("bus", name, name=name))
        bus.obj.of = core.buses[name] = bus
        return bus

    def ipx_current_core(self, o: Options, words: list[str]) -> str:
        return self.the_core().obj.handle

    def ipx_get_bus_interfaces(self, o: Options, words: list[str]) -> list[str]:
        return [bus.obj.handle for bus in self.the_core(o["-of_objects"]).buses.values()]

    def ipx_remove_bus_interface(self, o: Options, words: list[str]) -> str:
        if self.the_core(words[1]).buses.pop(words[0], None) is None:
            raise Violation(f"the core has no bus interface {words[0]}")
        return ""

    def ipx_get_memory_maps(self, o: Options, words: list[str]) -> list[str]:
        return [obj.handle for obj in self.the_core(o["-of_objects"]).maps.values()]

    def ipx_remove_memory_map(self, o: Options, words: list[str]) -> str:
        core = self.the_core(words[1])
        if core.memories.pop(words[0], None) is None:
            raise Violation(f"the core has no memory map {words[0]}")
        del core.maps[words[0]]
        return ""

    def ipx_add_bus_interface(self, o: Options, words: list[str]) -> str:
        self.the_core(words[1])
        return self.add_bus(words[0]).obj.handle

    def ipx_add_port_map(self, o: Options, words: list[str]) -> str:
        bus = self.find(words[1], "bus").of
        if words[0] in bus.ports:
            raise Violation(f"{words[0]} of {bus.obj.get('name')} is mapped already")
        bus.ports[words[0]] = self.new("map", words[0])
        return bus.ports[words[0]].handle

    def ipx_add_bus_parameter(self, o: Options, words: list[str]) -> str:
        bus = self.find(words[1], "bus").of
        bus.parameters[words[0]] = self.new("parameter", words[0])
        return bus.parameters[words[0]].handle

    def ipx_add_memory_map(self, o: Options, words: list[str]) -> str:
        core = self.the_core(words[1])
        if words[0] in core.memories:
            raise Violation(f"memory map {words[0]} is there already")
        core.memories[words[0]] = {}
        core.maps[words[0]] = self.new("memory", words[0], name=words[0])
        return core.maps[words[0]].handle

    def ipx_add_address_block(self, o: Options, words: list[str]) -> str:
        memory = self.the_core().memories[self.find(words[1], "memory").get("name")]
        block = Block(self.new("block", words[0]))
        block.obj.of = memory[words[0]] = block
        return block.obj.handle

    def ipx_add_register(self, o: Options, words: list[str]) -> str:
        block = self.find(words[1], "block").of
        if words[0] in block.registers or not NAME.fullmatch(words[0]):
            raise Violation(f"register {words[0]!r} is there already, or no name for one")
        register = Register(self.new("register", words[0]))
        register.obj.of = block.registers[words[0]] = register
        return register.obj.handle

    def ipx_add_field(self, o: Options, words: list[str]) -> str:
        register = self.find(words[1], "register").of
        if words[0] in register.fields or not NAME.fullmatch(words[0]):
            raise Violation(f"field {words[0]!r} is there already, or no name for one")
        register.fields[words[0]] = self.new("field", words[0])
        return register.fields[words[0]].handle

    def ipx_create_xgui_files(self, o: Options, words: list[str]) -> str:
        self.the_core(words[0])
        return ""

    ipx_update_checksums = ipx_create_xgui_files

    def ipx_check_integrity(self, o: Options, words: list[str]) -> str:
        core = self.the_core(words[0])
        check_buses(core)
        check_registers(core)
        core.integral = True
        return "1"

    def ipx_save_core(self, o: Options, words: list[str]) -> str:
        core = self.the_core(words[0])
        if not core.integral:
            raise Violation("check the integrity of the core before it is saved")
        core.root.mkdir(parents=True, exist_ok=True)
        (core.root / "component.xml").write_text(f"<!-- {core.vlnv} -->\n")
        core.saved = True
        return ""


def module_ports(files: list[Path], top: str) -> dict[str, tuple[str, int]]:
    """Direction and width of the ports of a Verilog module."""
    for path in files:
        found = re.search(rf"^module {top} \(\n(.*?)\n\);", path.read_text(), re.M | re.S)
        if found and path.suffix == ".v":
            ports = _PORT.findall(found[1])
            return {name: (way, int(high or 0) - int(low or 0) + 1) for way, high, low, name in ports}
    raise Violation(f"no Verilog file has the module {top}; the top of an IP must be in Verilog")


def check_buses(core: Core) -> None:
    used: dict[str, str] = {}
    for name, bus in core.buses.items():
        kind, _, version = bus.obj.get("bus_type_vlnv").rpartition(":")
        if kind not in BUSES or version != "1.0" or bus.obj.get("abstraction_type_vlnv") != f"{kind}_rtl:1.0":
            raise Violation(f"{name}: no bus definition {bus.obj.get('bus_type_vlnv')} with that abstraction")
        master = bus.obj.get("interface_mode") == "master"
        logical = BUSES[kind]
        missing = sorted(set(logical) - set(bus.ports))
        if missing:
            raise Violation(f"{name}: {kind} needs {', '.join(missing)}")
        for port, obj in bus.ports.items():
            physical = obj.get("physical_name")
            if port not in logical:
                raise Violation(f"{name}: {kind} has no {port}")
            if physical not in core.ports:
                raise Violation(f"{name}: {core.top} has no port {physical}")
            if physical in used:
                raise Violation(f"{name}: port {physical} is in {used[physical]} already")
            if (core.ports[physical][0] == logical[port]) == master:
                raise Violation(f"{name}: {physical} points the wrong way for {port}")
            used[physical] = name
        _check_parameters(core, name, bus, kind)
    free = sorted(set(core.ports) - set(used))
    if free:
        raise Violation(f"{core.top}: no interface has {', '.join(free)}")
    _check_association(core)


def _check_parameters(core: Core, name: str, bus: Bus, kind: str) -> None:
    for parameter, obj in bus.parameters.items():
        if parameter not in BUS_PARAMETERS[kind]:
            raise Violation(f"{name}: {kind} has no parameter {parameter}")
        choices = BUS_PARAMETERS[kind][parameter]
        if choices and obj.get("value") not in choices:
            raise Violation(f"{name}: {parameter} cannot be {obj.get('value')}")
    if kind == AXI_BUS and bus.obj.get("slave_memory_map_ref") not in core.memories:
        raise Violation(f"{name}: no memory map {bus.obj.get('slave_memory_map_ref')}")


def _check_association(core: Core) -> None:
    clocks = [b for b in core.buses.values() if "CLK" in b.ports]
    named = [p.get("value") for b in clocks for key, p in b.parameters.items() if key == "ASSOCIATED_BUSIF"]
    for name, bus in core.buses.items():
        if bus.obj.get("bus_type_vlnv").startswith(AXI_BUS) and name not in ":".join(named).split(":"):
            raise Violation(f"{name} is associated with no clock")
    resets = {b.ports["RST"].get("physical_name"): b for b in core.buses.values() if "RST" in b.ports}
    for bus in clocks:
        reset = bus.parameters.get("ASSOCIATED_RESET")
        if reset is not None and reset.get("value") not in resets:
            raise Violation(f"{bus.obj.get('name')}: {reset.get('value')} is no reset of the core")
    for name, bus in resets.items():
        if "POLARITY" not in bus.parameters:
            raise Violation(f"{name}: a reset without POLARITY is taken to be active low, or not: say it")


def check_registers(core: Core) -> None:
    for memory, blocks in core.memories.items():
        if not blocks:
            raise Violation(f"memory map {memory} has no address block")
        for name, block in blocks.items():
            size, taken = int(block.obj.get("range"), 0), set[int]()
            if size & (size - 1) or block.obj.get("usage") != "register" or block.obj.get("width") != "32":
                raise Violation(f"{name}: a range of {size:#x} is no power of two, or it is no block of registers")
            for register, made in block.registers.items():
                offset, bits = int(made.obj.get("address_offset"), 0), int(made.obj.get("size"), 0)
                if offset % 4 or offset + 4 > size or offset in taken or bits != 32:
                    raise Violation(f"{register}: {offset:#x} is not free, not aligned, or beyond {name}")
                taken.add(offset)
                made.obj.get("access")
                _check_fields(register, made)


def _check_fields(register: str, made: Register) -> None:
    taken = 0
    for name, obj in made.fields.items():
        low, bits = int(obj.get("bit_offset"), 0), int(obj.get("bit_width"), 0)
        mask = ((1 << bits) - 1) << low
        if bits < 1 or mask >> 32 or taken & mask:
            raise Violation(f"{register}.{name}: bits {low} to {low + bits - 1} are not free, or beyond 31")
        taken |= mask
