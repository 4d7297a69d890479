# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An RTL project with an AXI top to a Vivado project in batch mode, for boards with a Zynq. No tool runs here.

<folder>/build.tcl       block design, synthesis, implementation, reports, bitstream; the script to run
         package_ip.tcl  the RTL project as an IP whose registers are described
         hardwire.xdc    constraints
         vivado.json     what this is, and that it was not run

What the scripts make goes to ../synth/vivado: project, reports, result.txt, hardwire.bit and, last, hardwire.hwh.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import BoardError, BuildError
from ...host.registers import REGISTERS, Register, aperture
from ...manifest.projects import VivadoProject
from ...targets import zynq
from ...targets.board import Board, board_names, load_board
from ...targets.zynq import (
    BLOCK,
    BUS,
    BUS_IP,
    CHIP,
    DESIGN,
    INTC,
    INTC_BLOCK,
    INTC_INTERFACE,
    INTC_IP,
    INTC_RANGE,
    INTERFACE,
    PS,
    RESET,
    VLNV,
    Zynq,
)
from ..hls.project import CORE_SCRIPT
from ..render import render
from ..rtl.around_hls import CORE, CoreSources, core_of
from ..rtl.project import TOP, read_meta
from .axi import AXI_TOP, read_axi, sources

META = "vivado.json"
SCRIPT = "build.tcl"
ROM_FOLDER = "rom"
_SIGNALS = {
    "AW": ("ADDR", "PROT", "VALID", "READY"),
    "W": ("DATA", "STRB", "VALID", "READY"),
    "B": ("RESP", "VALID", "READY"),
    "AR": ("ADDR", "PROT", "VALID", "READY"),
    "R": ("DATA", "RESP", "VALID", "READY"),
}
AXI_PORTS = tuple(
    (f"{channel}{signal}", f"s_axi_{channel}{signal}".lower())
    for channel, signals in _SIGNALS.items()
    for signal in signals
)
LONGEST_PATH = 110  # letters of the project's folder on Windows: below it Vivado makes files of 130 and more
_ACCESS = {"ro": "read-only", "rw": "read-write", "wo": "write-only", "w1c": "read-write"}


@dataclass(frozen=True, kw_only=True)
class Described:
    """A register as an IP describes it. ``write``: what a write does beyond storing, in the words of IP-XACT."""

    name: str
    offset: str
    access: str
    write: str
    meaning: str
    fields: tuple[Any, ...]


def described_registers() -> list[Described]:
    """Every register of the map; of a row of registers each by its number.

    Names are in capitals: pynq makes them attributes of objects that have ``address`` and ``width`` of their own.
    """
    return [_described(register, index) for register in REGISTERS for index in range(register.count)]


def _described(register: Register, index: int) -> Described:
    return Described(
        name=(register.name if register.count == 1 else f"{register.name}_{index}").upper(),
        offset=f"{register.address + 4 * index:#07x}",
        access=_ACCESS[register.access],
        write="oneToClear" if register.access == "w1c" else "plain",
        meaning=register.meaning,
        fields=tuple(replace(field, name=field.name.upper()) for field in register.fields),
    )


def require_zynq(board: Board) -> Zynq:
    """The board's facts. Raises BoardError for a board that this flow does not make a bitstream for."""
    if board.zynq is None:
        able = ", ".join(name for name in board_names() if load_board(name).zynq)
        raise BoardError(
            f"{board.key}: no bitstream flow with a processor; --target bitstream is for {able}; a ULX3S's is made "
            "from --target rtl by hardwire synth"
        )
    return board.zynq


def write_vivado(folder: Path, rtl: Path, board: Board) -> VivadoProject:
    """Write the project for the RTL project ``rtl``, which lies beside ``folder``; what is in vivado.json.

    Around an HLS core, the scripts take the core's Verilog, which build_core.tcl of the HLS project makes first. The
    clock is the board's, which must be one that its processor makes. Raises BoardError for a board without a Zynq,
    BuildError where ``rtl`` has no AXI top, lacks a file, or was made for another clock.
    """
    facts = require_zynq(board)
    board_meta, clock, project = read_axi(rtl), facts.clock(board.clock_mhz), read_meta(rtl)
    core, streams = core_of(rtl, project), project["parameters"]["Streams"]
    if not board_meta["clock_mhz"] == board.clock_mhz == clock.mhz:
        raise BuildError(
            f"{rtl}: its registers tell {board_meta['clock_mhz']:g} MHz, the board is asked for {board.clock_mhz:g}, "
            f"its processor makes {clock.mhz:g}; write it for that clock"
        )
    listed = [name for name in sources(rtl) if name != f"{TOP}.sv"]
    roms = [(f"{ROM_FOLDER}/{path.name}", path.stat().st_size) for path in sorted((rtl / ROM_FOLDER).glob("*.hex"))]
    for name in listed:
        if not (rtl / name).is_file():
            raise BuildError(f"{rtl / name} is missing; write the RTL project again")
    context = _context(board, facts, clock, board_meta["chip"], streams) | {
        "sources": listed,
        "roms": roms,
        "sources_digest": rtl_digest(rtl, core),
        "core": CORE if core.stamp else "",
        "stamp": core.stamp,
        "core_script": CORE_SCRIPT,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name in (SCRIPT, "package_ip.tcl", f"{DESIGN}.xdc"):
        (folder / name).write_text(render(f"{name}.j2", context, tcl=braced))
    meta: VivadoProject = {
        "board": board.key,
        "part": board.part,
        "chip": board_meta["chip"],
        "clock_mhz": clock.mhz,
        "divisors": list(clock.divisors),
        "vlnv": VLNV,
        "base": facts.base,
        "range": aperture(streams),
        "intc": {"base": facts.intc_base(streams), "range": INTC_RANGE},
        "port": facts.port,
        "vivado": {"since": facts.since, "seen": facts.seen, "edition": facts.edition},
        "sources": context["sources_digest"],
        "hls": {"core": CORE, "stamp": core.stamp, "script": CORE_SCRIPT} if core.stamp else None,
        "not_run": [SCRIPT, "package_ip.tcl"],
        "note": "checked against a model of the commands that they use; no Vivado has read these scripts",
    }
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    return meta


def _context(board: Board, facts: Zynq, clock: zynq.PlClock, chip: str, streams: int) -> dict[str, Any]:
    """Everything that the templates name, but for the files."""
    processor, port = facts.processor, facts.processor.ports[facts.port]
    vendor, library, name, version = VLNV.split(":")
    ports = ("S00", "M00", "M01")  # of the interconnect
    slaves = (f"{CHIP}/s_axi", f"{INTC}/s_axi")
    return {
        "board": board.name,
        "part": board.part,
        "chip": chip,
        "clock_mhz": f"{clock.mhz:g}",
        "period": f"{1000 / clock.mhz:.3f}",
        "clock_name": processor.clock_name,
        "since": facts.since,
        "settings": list(facts.config(clock).items()),
        "design": DESIGN,
        "vlnv": VLNV,
        "vendor": vendor,
        "library": library,
        "name": name,
        "version": version,
        "ps": PS,
        "ps_ip": facts.ps,
        "reset": RESET,
        "bus": BUS,
        "bus_ip": BUS_IP,
        "chip_cell": CHIP,
        "external": processor.external,
        "port": facts.port,
        "clock": processor.clock,
        "ps_reset": processor.reset,
        "irq": processor.irq,
        "bus_clocks": (f"{BUS}/ACLK", *(f"{BUS}/{name}_ACLK" for name in ports)),
        "bus_resets": tuple(f"{BUS}/{name}_ARESETN" for name in ports),
        "clocked": (f"{PS}/{port.clock}", f"{RESET}/slowest_sync_clk", *(f"{pin}_aclk" for pin in slaves)),
        "reset_pins": tuple(f"{pin}_aresetn" for pin in slaves),
        "told": processor.results,
        "longest": LONGEST_PATH,
        "interface": INTERFACE,
        "block": BLOCK,
        "base": f"{facts.base:#010x}",
        "range": f"{aperture(streams):#010x}",
        "intc": INTC,
        "intc_ip": INTC_IP,
        "intc_interface": INTC_INTERFACE,
        "intc_segment": f"{INTC}/{INTERFACE}/{INTC_BLOCK}",
        "intc_base": f"{facts.intc_base(streams):#010x}",
        "intc_range": f"{INTC_RANGE:#010x}",
        "axi_ports": AXI_PORTS,
        "registers": described_registers(),
        "top": AXI_TOP,
        "chip_top": TOP,
        "rom_folder": ROM_FOLDER,
        "rom_path": f"{ROM_FOLDER}/",
    }


def read_vivado(folder: Path) -> VivadoProject:
    """What write_vivado left. Raises BuildError where it is missing or malformed."""
    try:
        meta: VivadoProject = json.loads((folder / META).read_text())
        missing = VivadoProject.__required_keys__ - set(meta)
        if missing:
            raise KeyError(sorted(missing)[0])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{folder}: no Vivado project ({error}); run hardwire build --target bitstream") from None
    return meta


def rtl_digest(rtl: Path, core: CoreSources) -> str:
    """sha256 over the names and contents of an RTL project's files that Vivado reads, and what its core is made of."""
    total = hashlib.sha256(core.stamp.encode())
    roms = [f"{ROM_FOLDER}/{path.name}" for path in sorted((rtl / ROM_FOLDER).glob("*.hex"))]
    for name in (*sources(rtl), *roms):
        total.update(name.encode() + b"\0" + hashlib.sha256((rtl / name).read_bytes()).digest())
    return total.hexdigest()


def braced(text: str) -> str:
    """A word of Tcl that means ``text`` exactly. Raises BuildError for text that braces cannot hold."""
    depth = 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            break
    if depth or "\\" in text or not re.fullmatch(r"[\x20-\x7e\n]*", text):
        raise BuildError(f"{text!r} cannot stand in a Tcl script; use plain letters and balanced braces")
    return f"{{{text}}}"
