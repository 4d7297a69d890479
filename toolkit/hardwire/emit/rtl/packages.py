# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The tables of ``plan/words.py`` and ``parameters.py`` as SystemVerilog packages, and for C++ that drives a chip.

python -m hardwire.emit.rtl.packages     writes rtl/plan_pkg.sv with the defaults, the codes in rtl/engine_pkg.sv, and
                                         structs in the modules that alone read a ROM's words

Two packages, because codes and latencies are the same in every build, and so one file serves all and every bench; what
a build decides is written into its folder over the checked-in ``plan_pkg.sv``. A struct has exactly the bits of its
build that way, where one of the largest widths would make every memory and register wider.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...plan.parameters import FOR_PORTS, FOR_WORDS, GROUPS, Derived, complete, defaults
from ...plan.words import (
    CODES,
    CONSTANTS,
    LEAST_RESET,
    OF_MODULES,
    PORTS,
    WORDS,
    Code,
    Field,
    Struct,
    Values,
    code_bits,
    named,
)

ENGINE_PACKAGE = "rtl/engine_pkg.sv"
PLAN_PACKAGE = "rtl/plan_pkg.sv"
HOST_PACKAGE = "rtl/host_pkg.sv"
PACKAGES = (ENGINE_PACKAGE, HOST_PACKAGE, PLAN_PACKAGE)  # in an order in which tools can read them
HEADER = "rtl/ports.hpp"
BEGIN = "  // From here on generated from plan/words.py by python -m hardwire.emit.rtl.packages."
END = "  // By hand again."
WIDE = 64  # code that is longer does not move the comments of its neighbours
_LICENCE = ["// SPDX-FileCopyrightText: 2026 hardwire contributors", "// SPDX-License-Identifier: Apache-2.0"]

Parameters = Mapping[str, int | str]


def codes_text() -> str:
    """The block of rtl/engine_pkg.sv: enums, and numbers that the RTL shares with the schedule."""
    lines = [BEGIN, ""]
    for code in CODES:
        lines += [f"  // {_first_line(code)}", f"  typedef enum logic [{code_bits(code) - 1}:0] {{"]
        names = [named(member) for member in code]
        cells = [f"    {name}{',' if name != names[-1] else ''}" for name in names]
        lines += aligned((cell, member.meaning) for cell, member in zip(cells, code, strict=True))
        lines += [f"  }} {_type_of(code)};", ""]
    lines.append("  // In cycles.")
    lines.append("  /* verilator lint_off UNUSEDPARAM */  // a top need not read every name")
    lines += aligned((f"  localparam int {c.name} = {int(c)};", c.meaning) for c in CONSTANTS)
    return "\n".join([*lines, "  /* verilator lint_on UNUSEDPARAM */", "", END])


def module_text(struct: Struct) -> str:
    """The block of a module that alone reads these words."""
    return "\n".join([BEGIN, *struct_lines(struct, defaultdict(lambda: 1)), END])


def with_block(source: str, block: str) -> str:
    """A source with its generated block replaced."""
    before, rest = source.split(BEGIN)
    return before + block + rest.split(END)[1]


def generated(root: Path) -> dict[Path, str]:
    """What every checked-in file that is made of the table, or has a block of it, is to be."""
    blocks = {root / f"rtl/{module}.sv": module_text(struct) for module, struct in OF_MODULES.items()}
    blocks[root / ENGINE_PACKAGE] = codes_text()
    files = {path: with_block(path.read_text(), block) for path, block in blocks.items()}
    return files | {root / PLAN_PACKAGE: plan_package({})}


def plan_package(parameters: Parameters, note: str = "with the defaults, which every build replaces") -> str:
    """rtl/plan_pkg.sv of an engine with these parameters; defaults for the others, as of parts that it does not have.

    Raises ValueError for a parameter that parameters.py does not name.
    """
    return _package(defaults() | dict(parameters), FOR_PORTS + FOR_WORDS, PORTS + WORDS, note)


def ports_package(parameters: Parameters, note: str) -> str:
    """The same where there is no engine of ours behind the ports."""
    return _package(parameters, FOR_PORTS, PORTS, note)


def _package(parameters: Parameters, derived: Sequence[Derived], structs: Sequence[Struct], note: str) -> str:
    values, rest = complete(parameters, tuple(derived)), dict(parameters)
    lines = [
        *_LICENCE,
        "// What a build decides. Generated from toolkit/hardwire/plan/parameters.py and words.py,",
        f"// {note}.",
        "/* verilator lint_off UNUSEDPARAM */  // a design need not read every name",
        "package plan_pkg;",
        "",
        "  import engine_pkg::*;",
    ]
    for group in GROUPS:
        own = [(p, rest.pop(p.name)) for p in group.parameters if p.name in rest]
        if own:
            lines += ["", f"  // {group.title}"]
            lines += aligned((f"  localparam {p.type} {p.name} = {_value(p.type, v)};", p.meaning) for p, v in own)
    if rest:
        raise ValueError(f"parameters that plan/parameters.py does not name: {', '.join(rest)}")
    lines += ["", "  // What follows from them."]
    lines += aligned((f"  localparam int {d.name} = {values[d.name]};", d.meaning) for d in derived)
    for struct in structs:
        lines += ["", *struct_lines(struct, values)]
    return "\n".join([*lines, "", "endpackage", "/* verilator lint_on UNUSEDPARAM */", ""])


def ports_header(parameters: Parameters, note: str) -> str:
    """rtl/ports.hpp: where the fields of the ports lie, for C++ that sees a struct as one number."""
    values = complete(parameters, FOR_PORTS)
    lines = [
        *_LICENCE,
        f"// Fields of the structs at a chip's ports. Generated from toolkit/hardwire/plan/words.py, {note}.",
        "#pragma once",
        "",
        f"constexpr int LeastReset = {LEAST_RESET};  // cycles; the engine stops a simulation that resets it shorter",
        f"constexpr int Streams = {values['Streams']};",
        "",
        "struct Place { int low, bits; };  // value i of a field is `bits` bits from low + i * bits on",
    ]
    for struct in PORTS:
        lines += ["", f"// {struct.meaning}", f"namespace {struct.name.removesuffix('_t')} {{"]
        lines.append(f"constexpr int size = {struct.bits(values)};  // bits; of several streams, one behind the other")
        lines += [
            f"constexpr Place {name}{{{place.low}, {place.bits}}};" for name, place in struct.places(values).items()
        ]
        lines.append("}")
    return "\n".join([*lines, ""])


def struct_lines(struct: Struct, values: Values) -> list[str]:
    """A struct as SystemVerilog declares it."""
    fields = aligned((f"    {_declared(f, values)} {f.name};", _meaning(f, values)) for f in struct.fields)
    return [f"  // {struct.meaning}", "  typedef struct packed {", *fields, f"  }} {struct.name};"]


def _declared(field: Field, values: Values) -> str:
    if isinstance(field.bits, type):
        return _type_of(field.bits)
    lanes = "" if field.lanes == 1 else f"[{field.lanes}-1:0]"
    if isinstance(field.bits, str):
        bits = f"[{field.bits}-1:0]" if values[field.bits] else "[0:0]"
    else:
        bits = "" if field.bits == 1 else f"[{field.bits - 1}:0]"
    return f"logic {lanes}{bits}".rstrip()


def _meaning(field: Field, values: Values) -> str:
    meaning = f"{field.meaning}, signed" if field.signed else field.meaning
    absent = isinstance(field.bits, str) and not values[field.bits]
    return f"{meaning}; this build has none" if absent else meaning


def aligned(rows: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> list[str]:
    """Code with its comments one below the other."""
    listed = list(rows)
    width = max((len(code) for code, _ in listed if len(code) <= WIDE), default=0)
    return [f"{code:<{width}}  // {comment}" for code, comment in listed]


def _value(kind: str, value: int | str) -> str:
    return f"1'b{value}" if kind == "bit" else str(value)


def _type_of(code: type[Code]) -> str:
    return f"{code.__name__.lower()}_e"


def _first_line(code: type[Code]) -> str:
    return (code.__doc__ or "").strip().splitlines()[0]


def main() -> None:
    """Write every generated file of the checkout anew."""
    root = Path(__file__).resolve().parents[4]
    for path, text in generated(root).items():
        path.write_text(text)


if __name__ == "__main__":
    main()
