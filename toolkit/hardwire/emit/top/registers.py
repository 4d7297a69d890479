# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The register map as SystemVerilog, as SystemRDL, and as a table for people.

python -m hardwire.emit.top.registers     writes rtl/host_pkg.sv, docs/hardwire_chip.rdl and the table in docs/serial.md

The table is Python, and not SystemRDL from which the rest is made, because boards import it with nothing installed; and
rtl/host_registers.sv is written by hand, because half of its registers act (an index that is judged, a start that is
refused, a word that latches another), which a generated register block would hand back as external. From the SystemRDL,
PeakRDL makes HTML, C headers, IP-XACT or a UVM model for whoever wants them; a test compiles it and compares.
"""

from __future__ import annotations

from pathlib import Path

from ...host.frames import HEAD, OPERATIONS
from ...host.registers import (
    ADDRESS_BITS,
    BURST,
    DRAFT,
    DRAFTS,
    ID_BITS,
    MAGIC,
    REASONS,
    REGISTERS,
    SEQUENCE_BITS,
    STREAM_BITS,
    VERSION,
    WINDOWS,
    Register,
    Window,
)

PACKAGE = "rtl/host_pkg.sv"
PAGE = "docs/serial.md"
RDL = "docs/hardwire_chip.rdl"
BEGIN, END = "<!-- register map: written by hardwire.emit.top.registers -->", "<!-- end of the register map -->"
_ACCESS = {"ro": "read", "rw": "read, write", "wo": "write", "w1c": "read, ones clear"}


def package_text() -> str:
    """The text of rtl/host_pkg.sv: addresses of the registers and places of their fields, from host/registers.py."""
    lines = [
        "// SPDX-FileCopyrightText: 2026 hardwire contributors",
        "// SPDX-License-Identifier: Apache-2.0",
        "// The register map: byte addresses, and the fields of the registers that have some. Generated from",
        "// toolkit/hardwire/host/registers.py by python -m hardwire.emit.top.registers.",
        "/* verilator lint_off UNUSEDPARAM */ // a design need not read every name",
        "package host_pkg;",
        "",
        f"  localparam int AddrW     = {ADDRESS_BITS};",
        f"  localparam int Burst     = {BURST};",
        f"  localparam int TokenW    = {ID_BITS};",
        f"  localparam int SequenceW = {SEQUENCE_BITS};",
        f"  localparam int StreamNumberW = {STREAM_BITS};",
        f"  localparam logic [31:0] Magic   = 32'h{MAGIC:08x};",
        f"  localparam logic [31:0] Version = 32'h{VERSION:08x};",
        "",
    ]
    for register in (*REGISTERS, *DRAFT):
        lines.append(f"  localparam logic [AddrW-1:0] Reg{_camel(register.name):<12} = 19'h{register.address:05x};")
    lines.append("")
    for window in WINDOWS:
        lines.append(f"  localparam logic [AddrW-1:0] Win{_camel(window.name):<12} = 19'h{window.address:05x};")
    lines += ["", "  // Bits of an address within a window, and within the registers."]
    lines += [f"  localparam int Win{_camel(window.name) + 'A':<8} = {_address_bits(window)};" for window in WINDOWS]
    end = max(register.address + 4 * register.count for register in REGISTERS)
    lines.append(f"  localparam int RegistersA = {end.bit_length()};  // beyond them none is")
    for register in (*REGISTERS, *DRAFT):
        if register.fields:
            lines += ["", *_register_lines(register)]
    lines += ["", "  // Of `features`, where a build has drafts.", f"  localparam int FeaturesDrafts = {DRAFTS.low};"]
    lines += ["", "  // Why a request ended."]
    for number, reason in enumerate(REASONS):
        lines.append(f"  localparam logic [2:0] Reason{_camel(reason.replace(' ', '_')):<12} = 3'd{number};")
    lines += ["", "  // Operations of the serial frames, and the bytes in front of their words."]
    for name, letter in OPERATIONS.items():
        lines.append(f'  localparam logic [7:0] Op{_camel(name):<6} = "{letter.decode()}";')
    lines.append(f"  localparam int Head = {HEAD};")
    return "\n".join([*lines, "", "endpackage", "/* verilator lint_on UNUSEDPARAM */", ""])


def _address_bits(window: Window) -> int:
    return (4 * window.words).bit_length() - 1


def _register_lines(register: Register) -> list[str]:
    """A register's fields: the lowest bit of each, and all as a struct of as many bits as they reach."""
    name, width = _camel(register.name), register.fields[-1].low + register.fields[-1].bits
    lines = [f"  localparam int {name + _camel(field.name):<18} = {field.low};" for field in register.fields]
    lines += [f"  localparam int {name + 'W':<18} = {width};", "  typedef struct packed {"]
    above = width
    for field in reversed(register.fields):
        if (gap := above - field.low - field.bits) > 0:
            lines.append(f"    logic [{gap - 1}:0] unused_{field.low + field.bits};")
        lines.append(f"    logic {f'[{field.bits - 1}:0] ' if field.bits > 1 else ''}{field.name};")
        above = field.low
    if above:
        lines.append(f"    logic [{above - 1}:0] unused_0;")
    return [*lines, f"  }} {register.name}_t;"]


_SOFTWARE = {
    "ro": "sw = r; hw = w;",
    "rw": "sw = rw; hw = r;",
    "wo": "sw = w; hw = r;",
    "w1c": "sw = rw; onwrite = woclr; hw = rw;",
}


def rdl_text() -> str:
    """docs/hardwire_chip.rdl: the map in SystemRDL 2.0."""
    lines = [
        "// SPDX-FileCopyrightText: 2026 hardwire contributors",
        "// SPDX-License-Identifier: Apache-2.0",
        "// Generated from toolkit/hardwire/host/registers.py by python -m hardwire.emit.top.registers.",
        "addrmap hardwire_chip {",
        '  name = "hardwire chip"; desc = "A baked language model behind registers";',
        "  default regwidth = 32; default accesswidth = 32;",
    ]
    for register in REGISTERS:
        lines += ["  reg {", f"    desc = {_quoted(register.meaning)};"]
        for field in register.fields:
            meaning = f"desc = {_quoted(field.meaning)};"
            bits = f"\\{field.name} [{field.low + field.bits - 1}:{field.low}]"
            lines.append(f"    field {{ {_SOFTWARE[register.access]} {meaning} }} {bits};")
        if not register.fields:
            lines.append(f"    field {{ {_SOFTWARE[register.access]} }} \\value [31:0];")
        many = f" [{register.count}]" if register.count > 1 else ""
        lines.append(f"  }} \\{register.name}{many} @ {register.address:#x};")
    for window in WINDOWS:
        way = {"ro": "r", "wo": "w"}[window.access]
        entries = f"memwidth = 32; mementries = {window.words:#x}; sw = {way};"
        lines.append(
            f"  external mem {{ {entries} desc = {_quoted(window.meaning)}; }} \\{window.name} @ {window.address:#x};"
        )
    return "\n".join([*lines, "};", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table_text() -> str:
    """The map in Markdown, between its marks."""
    lines = [BEGIN, "", "| address | name | access | meaning |", "| --- | --- | --- | --- |"]
    for register in REGISTERS:
        last = f" … {register.address + 4 * (register.count - 1):#07x}" if register.count > 1 else ""
        name = f"`{register.name}`" + (f" × {register.count}" if register.count > 1 else "")
        lines.append(f"| {register.address:#07x}{last} | {name} | {_ACCESS[register.access]} | {register.meaning} |")
        for field in register.fields:
            bits = f"{field.low + field.bits - 1}:{field.low}" if field.bits > 1 else str(field.low)
            lines.append(f"| | · `{field.name}` [{bits}] | | {field.meaning} |")
    for window in WINDOWS:
        lines.append(
            f"| {window.address:#07x} … | window `{window.name}` | {_ACCESS[window.access]} | {window.meaning} |"
        )
    return "\n".join([*lines, "", END])


def with_table(page: str) -> str:
    """A page with the table between its marks replaced."""
    before, rest = page.split(BEGIN)
    return before + table_text() + rest.split(END)[1]


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def main() -> None:
    """Write the package, the SystemRDL and the table of the documentation anew."""
    root = Path(__file__).resolve().parents[4]
    (root / PACKAGE).write_text(package_text())
    (root / RDL).write_text(rdl_text())
    page = root / PAGE
    page.write_text(with_table(page.read_text()))


if __name__ == "__main__":
    main()
