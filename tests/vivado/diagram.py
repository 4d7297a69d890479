# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The model's block designs: cells of the catalog and of packaged cores, nets, interfaces, addresses, validation."""

from __future__ import annotations

from pathlib import Path

from .catalog import APERTURES, ASKED, AXI, CATALOG, CLOCK, HOME, INTERRUPT, RESERVED, RESET, Cell, Interface, Pin
from .packager import Options
from .state import Address, Core, Design, Instance, Net, Project, Violation


class Diagram:
    """A part of the model; what is not implemented here is in the class that all parts make up."""

    cores: dict[str, Core]
    lacks: tuple[str, ...] = ()  # IP that this catalog does not have

    def open_project(self) -> Project:
        raise NotImplementedError

    def design(self) -> Design:
        design = self.open_project().design
        if design is None:
            raise Violation("no block design is open")
        return design

    def create_bd_design(self, o: Options, words: list[str]) -> str:
        project = self.open_project()
        if project.design is not None:
            raise Violation(f"block design {project.design.name} is open already")
        folder = project.folder / f"{project.name}.srcs" / "sources_1" / "bd" / words[0]
        folder.mkdir(parents=True)
        project.design = Design(words[0], folder / f"{words[0]}.bd")
        project.design.file.write_text("{}\n")
        project.files.append(project.design.file)
        return words[0]

    def catalog(self) -> dict[str, Core | None]:
        """VLNVs that the catalog of the open project has, and the core of those that were packaged."""
        project = self.open_project()
        own = [core for core in self.cores.values() if project.catalogued and core.root in project.repository]
        there = [vlnv for vlnv in CATALOG if vlnv.split(":")[2] not in self.lacks]
        return dict.fromkeys(there) | {core.vlnv: core for core in own}

    def get_ipdefs(self, o: Options, words: list[str]) -> list[str]:
        from fnmatch import fnmatchcase

        return [vlnv for vlnv in self.catalog() for pattern in words or ["*"] if fnmatchcase(vlnv, pattern)]

    def create_bd_cell(self, o: Options, words: list[str]) -> str:
        design, name = self.design(), words[0]
        if o.get("-type", "ip").lower() != "ip":
            raise Violation(f"the model has no cells of type {o['-type']}")
        if "-vlnv" not in o:
            raise Violation("create_bd_cell -type ip needs -vlnv")
        if o["-vlnv"] not in self.catalog():
            raise Violation(f"the IP catalog has no {o['-vlnv']}")
        if name in design.cells:
            raise Violation(f"cell {name} is there already")
        core = self.catalog()[o["-vlnv"]]
        cell = Instance(name, o["-vlnv"], {} if core else dict(CATALOG[o["-vlnv"]].settings), core)
        if cell.ip in HOME and not self.open_project().part.startswith(HOME[cell.ip]):
            raise Violation(f"{self.open_project().part} has no {cell.ip}")
        design.cells[name] = cell
        return f"/{name}"

    def configure(self, name: str, settings: dict[str, str]) -> None:
        """CONFIG.* of a cell."""
        cell = self.design().cells[name]
        for key, value in settings.items():
            prefix, _, setting = key.partition(".")
            if prefix != "CONFIG" or setting not in cell.settings:
                raise Violation(f"{cell.vlnv} has no setting {key}")
            choices = CATALOG[cell.vlnv].choices.get(setting)
            if choices and value not in choices:
                raise Violation(f"{key} of {cell.vlnv} cannot be {value!r}; it is one of {', '.join(choices[:8])}")
            cell.settings[setting] = value
        self.design().valid = False

    def setting(self, name: str, key: str) -> str:
        """CONFIG.* of a cell, as set or, of a processor's PLL and dividers, as its IP solves them."""
        cell = self.design().cells[name]
        prefix, _, setting = key.partition(".")
        settings = dict(cell.settings) | solved(cell)
        if prefix != "CONFIG" or setting not in settings:
            raise Violation(f"{cell.vlnv} has no setting {key}")
        return settings[setting]

    def shape(self, name: str) -> Cell:
        """Pins and interfaces of a cell as it is set now."""
        cells = self.design().cells
        if name not in cells:
            raise Violation(f"there is no cell {name}")
        cell = cells[name]
        return CATALOG[cell.vlnv].shape(cell.settings) if cell.core is None else core_shape(cell.core)

    def get_bd_pins(self, o: Options, words: list[str]) -> str:
        cell, _, pin = words[0].lstrip("/").partition("/")
        if pin not in self.shape(cell).pins:
            raise Violation(f"cell {cell} has no pin {pin}")
        return f"/{cell}/{pin}"

    def get_bd_intf_pins(self, o: Options, words: list[str]) -> str:
        cell, _, name = words[0].lstrip("/").partition("/")
        if name not in self.shape(cell).interfaces:
            raise Violation(f"cell {cell} has no interface {name}")
        return f"/{cell}/{name}"

    def get_bd_intf_ports(self, o: Options, words: list[str]) -> str:
        if words[0].lstrip("/") not in self.design().ports:
            raise Violation(f"the design has no interface port {words[0]}")
        return words[0]

    def create_bd_intf_port(self, o: Options, words: list[str]) -> str:
        if o["-mode"] not in ("Master", "Slave", "Monitor"):
            raise Violation(f"an interface port cannot be a {o['-mode']}")
        if words[0] in self.design().ports:
            raise Violation(f"interface port {words[0]} is there already")
        self.design().ports[words[0]] = (o["-mode"].lower(), o["-vlnv"])
        return words[0]

    def connect_bd_net(self, o: Options, words: list[str]) -> str:
        ends = [_end(self.get_bd_pins({}, [word])) for word in words]
        pins = {end: self.shape(end[0]).pins[end[1]] for end in ends}
        drivers = [end for end, pin in pins.items() if pin.way == "O"]
        if len(drivers) != 1:
            raise Violation(f"a net needs one driver; {' '.join(words)} has {len(drivers)}")
        design, driver = self.design(), drivers[0]
        for end, pin in pins.items():
            if end == driver:
                continue
            if any(end in net.pins for net in design.nets):
                raise Violation(f"/{'/'.join(end)} is driven already")
            _compatible(driver, pins[driver], end, pin)
        net = next((net for net in design.nets if net.driver == driver), None)
        if net is None:
            net = Net(driver)
            design.nets.append(net)
        net.pins |= set(pins) - {driver}
        return "/".join(driver)

    def connect_bd_intf_net(self, o: Options, words: list[str]) -> str:
        design, kinds = self.design(), []
        for word in words:
            name = word.lstrip("/")
            if any(word in wire for wire in design.wires):
                raise Violation(f"interface {word} is connected already")
            if name in design.ports:
                mode, vlnv = design.ports[name]
                kinds.append(Interface("slave" if mode == "master" else "master", vlnv))  # seen from within
            else:
                cell, pin = _end(self.get_bd_intf_pins({}, [word]))
                kinds.append(self.shape(cell).interfaces[pin])
        if kinds[0].vlnv != kinds[1].vlnv:
            raise Violation(f"{words[0]} is {kinds[0].vlnv}, {words[1]} is {kinds[1].vlnv}")
        if {kinds[0].mode, kinds[1].mode} != {"master", "slave"}:
            raise Violation(f"{words[0]} and {words[1]} are both {kinds[0].mode}s")
        master = 0 if kinds[0].mode == "master" else 1
        design.wires.append((words[master], words[1 - master]))
        return words[0]

    def get_bd_addr_spaces(self, o: Options, words: list[str]) -> str:
        cell, _, space = words[0].lstrip("/").partition("/")
        if cell not in self.design().cells or self.design().cells[cell].ip not in HOME or space != "Data":
            raise Violation(f"there is no address space {words[0]}")
        return f"/{cell}/{space}"

    def get_bd_addr_segs(self, o: Options, words: list[str]) -> str:
        parts = words[0].lstrip("/").split("/")
        cell = self.design().cells.get(parts[0])
        if len(parts) != 3 or cell is None or (parts[1], parts[2]) not in segments(cell):
            raise Violation(f"there is no address segment {words[0]}")
        return "/" + "/".join(parts)

    def assign_bd_address(self, o: Options, words: list[str]) -> str:
        for option in ("-target_address_space", "-offset", "-range"):
            if option not in o:
                raise Violation(f"assign_bd_address without {option} leaves the address to the tool")
        space = self.get_bd_addr_spaces({}, [o["-target_address_space"]])
        cell, memory, block = self.get_bd_addr_segs({}, [words[0]]).lstrip("/").split("/")
        offset, size = _number(o["-offset"]), _number(o["-range"])
        made = self.design().cells[cell]
        interface, least = segments(made)[memory, block]
        if size != least if made.core else size < least or size & (size - 1):
            raise Violation(f"{words[0]} has a range of {least:#010x}, not {size:#x}")
        if offset % size:
            raise Violation(f"an offset of {offset:#x} is no multiple of the range {size:#x}")
        self.design().addresses.append(Address(cell, interface, block, offset, size, space))
        return words[0]

    def validate_bd_design(self, o: Options, words: list[str]) -> str:
        design = self.design()
        design.shapes = {name: self.shape(name) for name in design.cells}
        driven = {end: net for net in design.nets for end in net.pins}
        joined = {end for wire in design.wires for end in wire}
        for name, shape in design.shapes.items():
            for pin, kind in shape.pins.items():
                if kind.needed and (name, pin) not in driven:
                    raise Violation(f"/{name}/{pin}, {_article(kind.kind)}, has no driver")
            for interface, about in shape.interfaces.items():
                if f"/{name}/{interface}" not in joined and (
                    about.mode == "slave" or about.vlnv.endswith("fixedio_rtl:1.0")
                ):
                    raise Violation(f"/{name}/{interface} is not connected")
        for port in design.ports:
            if port not in joined:
                raise Violation(f"interface port {port} is not connected")
        for master, slave in design.wires:
            clocks = [self._clock_of(end, driven) for end in (master, slave) if end.startswith("/")]
            if len(set(clocks)) > 1:
                raise Violation(f"{master} and {slave} are on different clocks")
        self._check_addresses(design)
        design.valid = True
        return ""

    def _clock_of(self, end: str, driven: dict[tuple[str, str], Net]) -> tuple[str, str] | None:
        cell, name = _end(end)
        clock = self.design().shapes[cell].interfaces[name].clock
        return driven[cell, clock].driver if clock else None

    def _check_addresses(self, design: Design) -> None:
        for name, cell in design.cells.items():
            for memory, _ in segments(cell):
                found = [a for a in design.addresses if a.cell == name]
                if len(found) != 1:
                    raise Violation(f"/{name}/{memory} has {len(found)} addresses")
                port = self._master_of(f"/{name}/{found[0].interface}")
                first, last = APERTURES[port]
                if not first <= found[0].offset <= last - found[0].range + 1:
                    raise Violation(f"{found[0].offset:#x} does not go through {port}: {first:#x} to {last:#x}")
        taken = sorted(design.addresses, key=lambda a: a.offset)
        for one, next_ in zip(taken[:-1], taken[1:], strict=True):
            if one.offset + one.range > next_.offset:
                raise Violation(f"/{one.cell} and /{next_.cell} overlap at {next_.offset:#x}")

    def _master_of(self, slave: str) -> str:
        """The processor's port that reaches a slave, through interconnects."""
        master = next(m for m, s in self.design().wires if s == slave)
        cell, name = _end(master)
        if self.design().cells[cell].ip in HOME:
            return name
        return self._master_of(f"/{cell}/S00_AXI")

    def save_bd_design(self, o: Options, words: list[str]) -> str:
        self.design().saved = True
        return ""


def segments(cell: Instance) -> dict[tuple[str, str], tuple[str, int]]:
    """Address segments of a cell by memory map and block: the interface in front of them, and bytes."""
    if cell.core is None:
        return dict(CATALOG[cell.vlnv].segments)
    maps = {bus.obj.values.get("slave_memory_map_ref"): name for name, bus in cell.core.buses.items()}
    return {
        (memory, name): (maps[memory], int(block.obj.get("range"), 0))
        for memory, blocks in cell.core.memories.items()
        for name, block in blocks.items()
    }


def solved(cell: Instance) -> dict[str, str]:
    """What a processor's IP makes of the frequency asked, as public overlays with such settings show it: with a crystal
    of 50 MHz an IO PLL of 1,600, which no PYNQ board boots with; an IOPLL of 90 times 33.333 by 2."""
    if cell.ip not in HOME:
        return {}
    mhz = float(cell.settings[ASKED[cell.ip]])
    if cell.ip == "processing_system7":
        first, second = divisors(1600, mhz)
        prefix = "PCW_FCLK0_PERIPHERAL_DIVISOR"
        made = {"PCW_IO_IO_PLL_FREQMHZ": "1600.000", "PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ": f"{1600 / first / second:.6f}"}
    else:
        first, second = divisors(1499.985, mhz)
        prefix = "PSU__CRL_APB__PL0_REF_CTRL__DIVISOR"
        made = {"PSU__CRL_APB__IOPLL_CTRL__FBDIV": "90", "PSU__CRL_APB__IOPLL_CTRL__DIV2": "1"}
        made["PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ"] = f"{1499.985 / first / second:.6f}"
    return made | {f"{prefix}0": str(first), f"{prefix}1": str(second)}


def divisors(pll: float, mhz: float) -> tuple[int, int]:
    """Two dividers of six bits that come nearest."""
    return min(((a, b) for a in range(1, 64) for b in range(1, a + 1)), key=lambda ab: abs(pll / ab[0] / ab[1] - mhz))


def check_names(design: Design, language: str) -> None:
    """Names of cells become names of instances in the wrapper's language."""
    for name in design.cells:
        if language == "VHDL" and name.lower() in RESERVED:
            raise Violation(f'ERROR: [HDL 9-806] Syntax error near "{name}", a reserved word of VHDL')


def core_shape(core: Core) -> Cell:
    """A packaged core as a cell: pins by its signal interfaces, the others as interfaces."""
    cell = Cell()
    clocks: dict[str, str] = {}
    for bus in core.buses.values():
        kind = bus.obj.get("bus_type_vlnv").rsplit(":", 2)[1]
        way = "O" if bus.obj.get("interface_mode") == "master" else "I"
        if kind == AXI:
            continue
        (port,) = (obj.get("physical_name") for obj in bus.ports.values())
        if kind == CLOCK:
            cell.pins[port] = Pin(way, CLOCK, needed=True)
            for name in bus.parameters["ASSOCIATED_BUSIF"].get("value").split(":"):
                clocks[name] = port
        elif kind == RESET:
            cell.pins[port] = Pin(way, RESET, True, bus.parameters["POLARITY"].get("value")[7:])
        else:
            cell.pins[port] = Pin(way, INTERRUPT)
    for name, bus in core.buses.items():
        vlnv, _, _ = bus.obj.get("bus_type_vlnv").rpartition(":")
        if vlnv.endswith(AXI):
            cell.interfaces[name] = Interface(bus.obj.get("interface_mode"), vlnv, clocks[name])
    return cell


def _compatible(driver: tuple[str, str], source: Pin, end: tuple[str, str], sink: Pin) -> None:
    if source.kind != sink.kind:
        raise Violation(f"/{'/'.join(driver)} is a {source.kind}, /{'/'.join(end)} a {sink.kind}")
    if sink.active and source.active != sink.active:
        raise Violation(f"/{'/'.join(driver)} is active {source.active}, /{'/'.join(end)} active {sink.active}")


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _end(path: str) -> tuple[str, str]:
    cell, _, pin = path.lstrip("/").partition("/")
    return cell, pin


def _number(text: str) -> int:
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1], 0) * units[text[-1]] if text[-1] in units else int(text, 0)


def wrapper_of(design: Design, language: str = "Verilog") -> Path:
    """Where make_wrapper writes."""
    return design.file.parent / "hdl" / f"{design.name}_wrapper.{'v' if language == 'Verilog' else 'vhd'}"
