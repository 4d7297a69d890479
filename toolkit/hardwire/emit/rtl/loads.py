# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RTL of builds whose memories can be written: what is threaded through the engine and its host, and two packages.

python -m hardwire.emit.rtl.loads     writes the packages' defaults in rtl/reprint/, which lint and benches take

rtl/reprint/ has the modules that only such builds have. ``thread.py`` joins them to those of every build.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import BuildError
from ...host.registers import ADDRESS_BITS, LOADER, LOADER_WINDOW, LOADS
from .choice import PACKAGE as CHOICE_PACKAGE
from .contents import FRAME, POSITIONS, Cast, Pour, Section
from .thread import End, connected, threaded, with_items, with_port

FOLDER = "reprint"  # in rtl/
HOST = ("load_pkg", "contents_loader", "crc32", "loading_registers")  # of rtl/reprint/: every such build
ENDS = {
    "rom": End("written_rom"),
    "rom_pair": End("written_rom_pair"),
    "small_rom": End("written_small_rom", more=("clk_i",)),
}
REGISTER = "written_positions"  # in a token loop: where requests end
# Of rtl/reprint/: where all memories can be written.
ENGINE = ("contents_pkg", "contents_bus", REGISTER, *(end.module for end in ENDS.values()))
LOAD_PACKAGE, CONTENTS_PACKAGE = "rtl/load_pkg.sv", "rtl/contents_pkg.sv"
PORT = "input  contents_pkg::contents_t contents_i"
_OUTPUTS = {  # ports of the registers that load, and their declarations
    "load_valid_o": "output logic        load_valid_o",
    "load_data_o": "output logic [31:0] load_data_o",
}
_NOTHING = ".load_valid_i(1'b0), .load_data_i('0)"  # what a frozen chip loads
_LOADED = ".load_valid_i(load_valid), .load_data_i(load_data)"
# What compares with the context that was built, and with what instead: in the engine, and in front of it.
_LOOP = {
    "token_loop": {
        "position_q == PositionW'(Context - 1)": "position_q + 1'b1 == positions",
        "position_q == PositionW'(Context)": "position_q == positions",
        "position_q != PositionW'(Context)": "position_q != positions",
    }
}
_HOST = {
    "host_request": {"PositionW'(Context)": "positions_i"},
    "host_settings": {"wdata_i <= 32'(Context)": "wdata_i <= 32'(positions_i)"},
    "host_registers": {"register_d[0] = 32'(Context)": "register_d[0] = 32'(positions_i)"},
}
_POSITIONS = "input  logic [PositionW-1:0] positions_i"
_LICENCE = ["// SPDX-FileCopyrightText: 2026 hardwire contributors", "// SPDX-License-Identifier: Apache-2.0"]
_LINT = "/* verilator lint_off UNUSEDPARAM */  // a design need not read every name"
_BITS = 32
EXAMPLE = (
    Section("weight00.hex", 5, 2),
    Section("exp.hex", 3, 1, wires=0x140),
    Section("embedding.hex", 3, 2, side=2),
    Section(POSITIONS, 1, 1),
)  # of the packages that are checked in


def threaded_engine(sources: Mapping[str, str]) -> dict[str, str]:
    """The engine's sources by module, with a port that writes its memories: those that change, without the frozen
    memories. Its token loop ends where the register says."""
    loop = _compared(sources, _LOOP)["token_loop"]
    register = f"  logic [PositionW-1:0] positions;\n  {REGISTER} u_positions (.clk_i, .positions_o(positions));\n"
    loops = {"token_loop": with_items(loop, "token_loop", register)}
    return threaded({**sources, **loops}, ENDS | {REGISTER: End(REGISTER)}, PORT, "contents_i")


def threaded_registers(sources: Mapping[str, str]) -> dict[str, str]:
    """The registers' sources by module, with a port that says how many positions requests may use: those that
    change."""
    changed = _compared(sources, _HOST)
    inner = {name: with_port(changed[name], name, _POSITIONS) for name in ("host_request", "host_settings")}
    ends = {name: End(name) for name in inner}
    registers = threaded({"host_registers": changed["host_registers"]}, ends, _POSITIONS, "positions_i")
    joined = connected(sources["loading_registers"], "host_registers", {"positions_i": "positions"})
    return inner | registers | {"loading_registers": joined}


def _compared(sources: Mapping[str, str], bounds: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The modules of ``bounds``, with what they compare with in place of the context that was built."""
    changed = {}
    for module, pairs in bounds.items():
        text = sources[module]
        for built, held in pairs.items():
            text = _changed(text, text.replace(built, held), module)
        changed[module] = text
    return changed


def threaded_link(text: str) -> str:
    """serial_host.sv with registers that load, and what they load at its ports."""
    joined = connected(text, "host_streams", {port: port for port in _OUTPUTS}, "loading_registers")
    return with_port(_changed(text, joined, "serial_host"), "serial_host", *_OUTPUTS.values())


def threaded_board(text: str) -> str:
    """A board's module that has both the chip and its registers, or the serial line in front of them, joined."""
    signals = {port: port.removesuffix("_o") for port in _OUTPUTS}
    joined = connected(text, "host_streams", signals, "loading_registers")
    joined = _changed(text, connected(joined, "serial_host", signals), "a board's top")
    loaded = _changed(joined, joined.replace(_NOTHING, _LOADED), "a board's top")
    declared = ");\n\n  logic        load_valid;\n  logic [31:0] load_data;\n  logic "
    return _changed(loaded, loaded.replace(");\n\n  logic ", declared, 1), "a board's top")


def _changed(before: str, after: str, where: str) -> str:
    """``after``. Raises BuildError where nothing was found to change: what loads would lead nowhere."""
    if before == after:
        raise BuildError(
            f"{where}: nothing in it to join to what is loaded; the installation is damaged, install again"
        )
    return after


def load_package(mould: int, body: int, positions_at: int, baked: bool, note: str) -> str:
    """load_pkg.sv: what the registers know of an image, and where theirs are."""
    lines = [
        *_LICENCE,
        "// Registers that write the memories. Generated from host/registers.py by emit/rtl/loads.py,",
        f"// {note}.",
        _LINT,
        "package load_pkg;",
        "",
        f"  localparam logic [31:0] Mould = 32'h{mould:08x};  // the first word of every image",
        f"  localparam int Body = {body};  // words of contents",
        f"  localparam int Length = Body + {FRAME};  // with the mould, the identity and the CRC-32",
        f"  localparam int PositionsAt = {positions_at};  // the word that says how many positions there are; 0: none",
        f"  localparam bit Baked = 1'b{int(baked)};  // the memories hold a chip at power-up",
        "",
        *(
            f"  localparam logic [{ADDRESS_BITS - 1}:0] Reg{_camel(r.name)} = {ADDRESS_BITS}'h{r.address:05x};"
            for r in LOADER
        ),
        f"  localparam logic [{ADDRESS_BITS - 1}:0] WinContents = {ADDRESS_BITS}'h{LOADER_WINDOW.address:05x};",
        f"  localparam int WinContentsA = {(4 * LOADER_WINDOW.words - 1).bit_length()};",
        f"  localparam int FeaturesLoads = {LOADS.low};",
        "",
        "  typedef struct packed {",
        *(f"    logic {field.name};" for field in reversed(LOADER[0].fields)),
        "  } contents_state_t;",
        "",
        "endpackage",
        "/* verilator lint_on UNUSEDPARAM */",
        "",
    ]
    return "\n".join(lines)


def contents_package(sections: tuple[Section, ...], uram_words: int, note: str) -> str:
    """contents_pkg.sv: the memories that are written over the bus, in their order, and the bus."""
    most = max(section.parts for section in sections)
    bits = {
        "SectionW": len(sections).bit_length(),
        "AddrW": max(max(s.words - 1 for s in sections).bit_length(), 1),
        "PartW": max(most.bit_length(), 1),
        "FileW": 8 * max(len(section.file) + 1 for section in sections),
    }
    pairs = sum(1 << index for index, section in enumerate(sections) if section.side == 2)
    last = _packed([s.words - 1 for s in sections], "AddrW")
    last_part = _packed([s.parts - 1 for s in sections], "PartW")
    lines = [
        *_LICENCE,
        "// Memories whose contents are written. Generated by emit/rtl/loads.py,",
        f"// {note}.",
        _LINT,
        "package contents_pkg;",
        "",
        f"  localparam int UramWords = {uram_words};  // in front, 32 bits each: their memories have a loader",
        f"  localparam int Sections = {len(sections)};",
        *(f"  localparam int {name} = {value};" for name, value in bits.items()),
        f"  localparam int Wide = {most * _BITS};  // bits of the widest word, in whole 32-bit words",
        f"  localparam logic [Sections-1:0][AddrW-1:0] Last = {last};  // address of a section's last word",
        f"  localparam logic [Sections-1:0][PartW-1:0] LastPart = {last_part};  // and of a word its last 32 bits",
        "",
        "  typedef struct packed {",
        "    logic valid;",
        "    logic [SectionW-1:0] section;",
        "    logic [AddrW-1:0] addr;",
        "    logic [Wide-1:0] data;",
        "  } contents_t;",
        "",
        "  // The section of a memory, by the file that it begins with.",
        "  function automatic int section_of(input logic [FileW-1:0] file);",
        "    section_of = -1;",
        *(
            f'    if (file[{8 * len(section.file) + 7}:0] == "/{section.file}") section_of = {index};'
            for index, section in enumerate(sections)
        ),
        "  endfunction",
        "",
        "  // Whether a line of that memory has two of its words, the first one lowest.",
        "  function automatic bit paired(input logic [FileW-1:0] file);",
        f"    paired = section_of(file) >= 0 && |({len(sections)}'b{pairs:b} >> section_of(file) & 1);",
        "  endfunction",
        "",
        "  // Bits of its words that are wires at zero.",
        "  function automatic logic [Wide-1:0] wires_of(input logic [FileW-1:0] file);",
        "    wires_of = '0;",
        *(
            f"    if (section_of(file) == {index}) wires_of = {most * _BITS}'h{section.wires:x};"
            for index, section in enumerate(sections)
            if section.wires
        ),
        "  endfunction",
        "",
        "endpackage",
        "/* verilator lint_on UNUSEDPARAM */",
        "",
    ]
    return "\n".join(lines)


def write_loads(folder: Path, rtl: Path, cast: Cast, note: str) -> None:
    """Add to a written RTL project what makes its memories writable. ``rtl``: where the modules' sources are."""
    names = HOST + (ENGINE if cast.pour is Pour.ALL else ())
    for name in names:
        if not name.endswith("_pkg"):
            (folder / "rtl" / f"{name}.sv").write_text((rtl / FOLDER / f"{name}.sv").read_text())
    baked = cast.geometry.uram == 0
    (folder / LOAD_PACKAGE).write_text(load_package(cast.word, cast.body, cast.positions_at, baked, note))
    link = folder / "rtl" / "serial_host.sv"
    link.write_text(threaded_link(link.read_text()))
    for module, text in threaded_registers(_sources(folder)).items():
        (folder / "rtl" / f"{module}.sv").write_text(text)
    (folder / "rtl" / "host_streams.sv").unlink()  # loading_registers stand in its place
    if cast.pour is not Pour.ALL:
        return
    over_bus = cast.sections[cast.geometry.uram :]
    (folder / CONTENTS_PACKAGE).write_text(contents_package(over_bus, cast.uram_words, note))
    for module, text in threaded_engine(_sources(folder)).items():
        (folder / "rtl" / f"{module}.sv").write_text(text)
    for frozen in ENDS:
        (folder / "rtl" / f"{frozen}.sv").unlink()


def _sources(folder: Path) -> dict[str, str]:
    """A written project's sources, by module."""
    return {path.stem: path.read_text() for path in sorted((folder / "rtl").glob("*.sv"))}


def packages(folder: Path, listed: tuple[str, ...]) -> tuple[str, ...]:
    """Packages of a written project in an order in which tools can read them: ``listed``, and those of here."""
    of_options = (LOAD_PACKAGE, CONTENTS_PACKAGE, CHOICE_PACKAGE)
    return (*listed, *(name for name in of_options if (folder / name).is_file()))


def top_body(engine: Callable[[str], str], pour: Pour) -> str:
    """The body of a top, from ``engine``, which makes it with more connections in front."""
    if pour is not Pour.ALL:
        return engine("")
    return (
        "\n  contents_pkg::contents_t contents;\n  logic uram_valid;\n  contents_bus u_contents (\n"
        "    .clk_i, .rst_i, .valid_i(load_valid_i), .data_i(load_data_i), .uram_valid_o(uram_valid),\n"
        "    .contents_o(contents));\n" + engine(".contents_i(contents), .load_valid_i(uram_valid), ")
    )


def _packed(values: list[int], width: str) -> str:
    return "{" + ", ".join(f"{width}'({value})" for value in reversed(values)) + "}"


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def generated(root: Path) -> dict[Path, str]:
    """The packages that are checked in, with an example."""
    note = "with an example, which every such build replaces"
    folder, body = root / "rtl" / FOLDER, sum(section.size for section in EXAMPLE) + 6
    return {
        folder / "load_pkg.sv": load_package(0x4D6F756C, body, body, True, note),
        folder / "contents_pkg.sv": contents_package(EXAMPLE, 6, note),
    }


def main() -> None:
    """Write every generated file of the checkout anew."""
    for path, text in generated(Path(__file__).resolve().parents[4]).items():
        path.write_text(text)


if __name__ == "__main__":
    main()
