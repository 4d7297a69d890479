# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RTL of builds with the extended sampler: its modules, its package, its table, and what a top has more.

python -m hardwire.emit.rtl.choice     writes the package's defaults in rtl/choice/, which lint and benches take

rtl/choice/ has the modules that only such builds have; those of every build stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import BuildError
from ...host.registers import ADDRESS_BITS, CHOICE_WINDOWS, CHOOSES, GUIDE_WINDOW, GUIDES
from ...host.registers import CHOICE as CHOICE_MAP
from ...host.registers import GUIDE as GUIDE_MAP
from ...ops.choice import EXTENDED, weight_table
from ...plan.choice import CHOICE, CLASS_BITS, CONSTANTS, DRAWN, GUIDE, GUIDE_DEFAULT, STRUCTS, choice_values
from ...plan.geometry import Geometry
from ...plan.parameters import complete, defaults
from .packages import aligned, struct_lines
from .roms import hex_lines
from .thread import connected, with_port

FOLDER = "choice"  # in rtl/
PACKAGE, HEADER = "rtl/choice_pkg.sv", "rtl/choice_ports.hpp"
ENGINE = "choice_engine"  # in place of the engine
OCTAVE = "octave.hex"
_LICENCE = ["// SPDX-FileCopyrightText: 2026 hardwire contributors", "// SPDX-License-Identifier: Apache-2.0"]
PORTS = (
    ("input", "choice_pkg::choice_t", "choice_i"),
    ("input", "logic", "mask_we_i"),
    ("input", "logic [choice_pkg::MaskA-1:0]", "mask_addr_i"),
    ("input", "logic [31:0]", "mask_i"),
    ("input", "choice_pkg::guide_t", "guide_i"),
    ("output", "logic [choice_pkg::GuideA-1:0]", "guide_state_o"),
    ("output", "choice_pkg::drawn_t", "drawn_o"),
    ("input", "logic [choice_pkg::BestA-1:0]", "best_addr_i"),
    ("output", "logic [IdW-1:0]", "best_id_o"),
    ("output", "logic [LogitW-1:0]", "best_logit_o"),
)
_OTHER_WAY = {"input": "output", "output": "input"}
_AT_REGISTERS = tuple(
    (_OTHER_WAY[way], kind, name[:-1] + ("o" if way == "input" else "i")) for way, kind, name in PORTS
)  # the same ports, seen from the registers


def of_streams(kind: str) -> str:
    """The type of a port that every stream has."""
    return (
        f"logic [Streams-1:0]{kind.removeprefix('logic').strip()}"
        if kind.startswith("logic")
        else f"{kind} [Streams-1:0]"
    )


_WINDOWS = (*CHOICE_WINDOWS, GUIDE_WINDOW)
OWN_BITS = 9  # of an address within the registers and the window of the best


def choice_package(best: int, guide_words: int, note: str) -> str:
    """choice_pkg.sv of a sampler that keeps ``best`` tokens in order, and has room for so many transitions of an
    automaton; the rest follows from plan_pkg."""
    values = choice_values(complete(defaults()), best, guide_words)
    numbers = [
        (f"  localparam int Best = {best};", "tokens that are kept in order"),
        ("  localparam int BestW = $clog2(Best + 1);", "bits of a count of them"),
        ("  localparam int BestA = Best > 1 ? $clog2(Best) : 1;", "bits of a place among them"),
        ("  localparam int TotalW = 25 + $clog2(Vocab);", "bits of a sum of weights"),
        ("  localparam int MaskWords = (Vocab + 31) / 32;", "of the mask"),
        ("  localparam int MaskA = MaskWords > 1 ? $clog2(MaskWords) : 1;", "bits of such a word's address"),
        (f"  localparam int GuideWords = {guide_words};", "entries of an automaton's table; 0: there is none"),
        (f"  localparam int GuideA = {values['GuideA']};", "bits of such an entry's place"),
        (f"  localparam int ClassW = IdW < {CLASS_BITS} ? IdW : {CLASS_BITS};", "bits of a class of tokens"),
        ("  localparam int GuidePlaceW = IdW > GuideA ? IdW : GuideA;", "bits of an entry's place, or a token's"),
        *((f"  localparam int {c.name} = {int(c)};", f"cycles: {c.meaning}") for c in CONSTANTS),
    ]
    how = next(register for register in CHOICE_MAP if register.name == "choice_how")
    places = [
        *((f"Reg{_camel(r.name)}", r.address) for r in (*CHOICE_MAP, *GUIDE_MAP)),
        *((f"Win{_camel(w.name)}", w.address) for w in _WINDOWS),
    ]
    bits = [
        *((f"Win{_camel(w.name)}A", (4 * w.words).bit_length() - 1) for w in _WINDOWS),
        ("OwnA", OWN_BITS),
        *((f"ChoiceHow{_camel(field.name)}", field.low) for field in how.fields),
        *((f"GuideRoom{_camel(field.name)}", field.low) for field in GUIDE_MAP[0].fields),
        ("GuidePageClasses", GUIDE_MAP[1].field("classes").low),
        ("GuidePageW", GUIDE_MAP[1].field("page").bits),
        ("FeaturesChooses", CHOOSES.low),
        ("FeaturesGuides", GUIDES.low),
    ]
    lines = [
        *_LICENCE,
        "// The extended sampler of a build. Generated from toolkit/hardwire/plan/choice.py by emit/rtl/choice.py,",
        f"// {note}.",
        "/* verilator lint_off UNUSEDPARAM */  // a design need not read every name",
        "package choice_pkg;",
        "",
        "  import plan_pkg::*;",
        "",
        *aligned(numbers),
        "",
        "  // Registers and windows, bits of an address within them, and places of fields: host/registers.py.",
        *(f"  localparam logic [{ADDRESS_BITS - 1}:0] {name} = {ADDRESS_BITS}'h{at:05x};" for name, at in places),
        *(f"  localparam int {name} = {number};" for name, number in bits),
    ]
    for struct in STRUCTS:
        lines += ["", *struct_lines(struct, values)]
    return "\n".join([*lines, "", "endpackage", "/* verilator lint_on UNUSEDPARAM */", ""])


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


_DECLARED = tuple(f"{way} {of_streams(kind)} {name}" for way, kind, name in _AT_REGISTERS)


def joined_registers(text: str) -> str:
    """host_streams.sv with registers of each stream that its sampler has too, and the samplers' ports."""
    ports = {name: f"{name}[s]" for _, _, name in _AT_REGISTERS}
    joined = _joined(text, "host_streams.sv", {"host_registers": (ports, "choice_registers")})
    return with_port(joined, "host_streams", *_DECLARED)


def joined_link(text: str) -> str:
    """serial_host.sv with the ports of those."""
    ports = {name: name for _, _, name in _AT_REGISTERS}
    joined = _joined(text, "serial_host.sv", {"host_streams": (ports, "host_streams")})
    return with_port(joined, "serial_host", *_DECLARED)


def joined_board(text: str) -> str:
    """A board's module that has both the chip and its registers, or the serial line in front of them, joined."""
    signals = {name: f"choice_{name[:-2]}" for _, _, name in _AT_REGISTERS}
    line = "serial_host" if "serial_host" in text else "host_streams"
    chip = {name: f"choice_{name[:-2]}" for _, _, name in PORTS}
    text = _joined(text, "a board's top", {line: (signals, line), "hardwire_top": (chip, "hardwire_top")})
    declared = "".join(f"  {of_streams(kind)} choice_{name[:-2]};\n" for _, kind, name in PORTS)
    return text.replace(");\n\n  logic ", f");\n\n{declared}  logic ", 1)


def _joined(text: str, where: str, ports: Mapping[str, tuple[Mapping[str, str], str]]) -> str:
    """With more ports at the instances of each module, which another takes the place of. Raises BuildError where there
    are none: the sampler would lead nowhere."""
    for module, (joined, instead) in ports.items():
        more = connected(text, module, joined, instead)
        if more == text:
            raise BuildError(f"{where}: no {module} to join the sampler to; the installation is damaged, install again")
        text = more
    return text


def choice_header(parameters: Mapping[str, Any], best: int, guide_words: int, note: str) -> str:
    """choice_ports.hpp: where the fields of the sampler's ports lie, for the C++ of a simulation."""
    values = choice_values(complete(defaults() | dict(parameters)), best, guide_words)
    lines = [
        *_LICENCE,
        f"// Fields of the extended sampler's ports. Generated from toolkit/hardwire/plan/choice.py, {note}.",
        "#pragma once",
        "",
        f"constexpr int Best = {best};",
        *(f"constexpr int {name} = {values[name]};" for name in ("MaskWords", "MaskA", "BestA", "IdW")),
    ]
    for struct in (CHOICE, DRAWN, GUIDE):
        lines += ["", f"// {struct.meaning}", f"namespace {struct.name.removesuffix('_t')} {{"]
        lines.append(f"constexpr int size = {struct.bits(values)};")
        lines += [
            f"constexpr Place {name}{{{place.low}, {place.bits}}};" for name, place in struct.places(values).items()
        ]
        lines.append("}")
    return "\n".join([*lines, ""])


def octave_lines() -> list[str]:
    """The ROM of weights."""
    return hex_lines((weight_table()[:, None], 25))


def write_choice(folder: Path, rtl: Path, parameters: Mapping[str, Any], geometry: Geometry, note: str) -> None:
    """Add the extended sampler to a written RTL project. ``rtl``: where the modules' sources are."""
    best, guide_words = geometry.best, geometry.guide_words
    for source in sorted((rtl / FOLDER).glob("*.sv")):
        if source.stem != Path(PACKAGE).stem:
            (folder / "rtl" / source.name).write_text(source.read_text())
    (folder / PACKAGE).write_text(choice_package(best, guide_words, note))
    (folder / HEADER).write_text(choice_header(parameters, best, guide_words, note))
    for name, joined in (("serial_host.sv", joined_link), ("host_streams.sv", joined_registers)):
        path = folder / "rtl" / name
        path.write_text(joined(path.read_text()))


def generated(root: Path) -> dict[Path, str]:
    """The package that is checked in, with the defaults."""
    note = "with the defaults, which every such build replaces"
    return {root / "rtl" / FOLDER / "choice_pkg.sv": choice_package(EXTENDED, GUIDE_DEFAULT, note)}


def main() -> None:
    """Write every generated file of the checkout anew."""
    for path, text in generated(Path(__file__).resolve().parents[4]).items():
        path.write_text(text)


if __name__ == "__main__":
    main()
