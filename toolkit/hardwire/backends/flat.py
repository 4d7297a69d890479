# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A netlist as one module of single bits, which Verilator takes many times faster than the netlist as written.

Verilator evaluates a vector whole. Carry chains and buses of a mapped design then look like loops that it has to run
until they settle, and every table of a LUT would be a module of its own. So each bit becomes a signal; LUTs, carries
and multiplexers become expressions; registers of one clock, enable and reset become one block. Every other cell stays
an instance of its model.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

Bit = int | str  # a net's number, or "0", "1", "x"
Cell = Mapping[str, Any]

_LUT_PINS = {f"LUT{n}": tuple(f"I{i}" for i in range(n)) for n in range(1, 7)}
_TRELLIS_LUT = ("A", "B", "C", "D")
_MUX = {"MUXF7": ("I0", "I1", "S", "O"), "MUXF8": ("I0", "I1", "S", "O"), "MUXF9": ("I0", "I1", "S", "O")}
_MUX |= {"PFUMX": ("BLUT", "ALUT", "C0", "Z"), "L6MUX21": ("D0", "D1", "SD", "Z")}
_RESET = {"FDRE": ("R", 0), "FDSE": ("S", 1)}  # the pin, and the value that it gives
_ECP5_FF = {"CLKMUX": "CLK", "LSRMUX": "LSR", "SRMODE": "LSR_OVER_CE", "LSRMODE": "LSR"}
_PER_LINE = 12


def flatten(netlist: Mapping[str, Any], top: str) -> Iterator[str]:
    """The lines of the module ``top``, from a flat netlist as Yosys writes it to JSON. Its ports are the netlist's."""
    module = netlist["modules"][top]
    ports = module["ports"]
    listed = []
    for name, port in ports.items():
        width = f"[{len(port['bits']) - 1}:0] " if len(port["bits"]) > 1 else ""
        listed.append(f"  {port['direction']:<6} logic {width}{name}")
    yield f"module {top} ("
    yield ",\n".join(listed)
    yield ");"
    nets = sorted(_nets(module))
    for at in range(0, len(nets), _PER_LINE):
        yield f"  logic {', '.join(f'n{bit}' for bit in nets[at : at + _PER_LINE])};"
    for name, port in ports.items():
        for index, bit in enumerate(port["bits"]):
            pin = f"{name}[{index}]" if len(port["bits"]) > 1 else name
            yield f"  assign {_net(bit)} = {pin};" if port["direction"] == "input" else f"  assign {pin} = {_net(bit)};"
    yield from _cells(module["cells"])
    yield "endmodule"


def _nets(module: Mapping[str, Any]) -> set[int]:
    nets = {bit for port in module["ports"].values() for bit in port["bits"] if isinstance(bit, int)}
    for cell in module["cells"].values():
        for bits in cell["connections"].values():
            nets.update(bit for bit in bits if isinstance(bit, int))
    return nets


def _cells(cells: Mapping[str, Cell]) -> Iterator[str]:
    registers: dict[tuple[Bit, Bit, Bit], list[tuple[Cell, str, int]]] = {}
    for number, cell in enumerate(cells.values()):
        kind, pins = cell["type"], cell["connections"]
        if kind in _LUT_PINS or kind == "LUT4":
            names = _TRELLIS_LUT if "Z" in pins else _LUT_PINS[kind]
            yield f"  assign {_net(pins['Z' if 'Z' in pins else 'O'][0])} = {_lut(cell, names)};"
        elif kind == "INV":
            yield f"  assign {_net(pins['O'][0])} = ~{_net(pins['I'][0])};"
        elif kind in _MUX:
            low, high, choice, out = (_net(pins[pin][0]) for pin in _MUX[kind])
            yield f"  assign {out} = ({choice} & {high}) | (~{choice} & {low});"
        elif kind == "CARRY4":
            yield from _carry(pins, number)
        elif kind in _RESET and not _inverted(cell):
            pin, value = _RESET[kind]
            key = pins["C"][0], pins["CE"][0], pins[pin][0]
            registers.setdefault(key, []).append((cell, "D", value))
        elif kind == "TRELLIS_FF" and (register := _trellis_register(cell)) is not None:
            registers.setdefault(register[0], []).append((cell, "DI", register[1]))
        else:
            yield _instance(kind, cell, number)
    for (clock, enable, reset), found_cells in registers.items():
        yield from _block(_net(clock), _net(enable), _net(reset), found_cells)


def _net(bit: Bit) -> str:
    return f"n{bit}" if isinstance(bit, int) else f"1'b{bit}"


# -- logic -----------------------------------------------------------------------------------------------------------


def _lut(cell: Cell, names: tuple[str, ...]) -> str:
    bits: list[Bit] = [cell["connections"][name][0] for name in names]
    table = int(cell["parameters"]["INIT"].replace("x", "0"), 2)
    while (constant := next((i for i, bit in enumerate(bits) if isinstance(bit, str)), None)) is not None:
        table = _cofactor(table, constant, len(bits), bits.pop(constant) == "1")
    return expression(table, len(bits)).format(*map(_net, bits))


def expression(table: int, count: int) -> str:
    """A short expression of single bits for a table over ``count`` variables: a template with {0}, {1}, ..."""
    return _shortest(table, count)[1]


@functools.cache
def _shortest(table: int, count: int) -> tuple[int, str]:
    """How many operations, and the template: the best variable to decide on, and so on for both halves."""
    ones = (1 << (1 << count)) - 1
    if table in (0, ones):
        return 0, "1'b0" if table == 0 else "1'b1"
    candidates: list[tuple[int, str]] = []
    for variable in range(count):
        low, high = (_cofactor(table, variable, count, value) for value in (False, True))
        labels = [f"{{{i}}}" for i in range(count) if i != variable]
        (low_cost, low_text), (high_cost, high_text) = _shortest(low, count - 1), _shortest(high, count - 1)
        low_text, high_text, symbol = low_text.format(*labels), high_text.format(*labels), f"{{{variable}}}"
        half = (1 << (1 << count - 1)) - 1
        if low == high:
            return low_cost, low_text
        if (low, high) == (0, half):
            candidates.append((0, symbol))
        elif (low, high) == (half, 0):
            candidates.append((1, f"(~{symbol})"))
        elif low == 0:
            candidates.append((high_cost + 1, f"({symbol} & {high_text})"))
        elif high == 0:
            candidates.append((low_cost + 2, f"(~{symbol} & {low_text})"))
        elif low == half:
            candidates.append((high_cost + 2, f"(~{symbol} | {high_text})"))
        elif high == half:
            candidates.append((low_cost + 1, f"({symbol} | {low_text})"))
        elif low == high ^ half:
            candidates.append((low_cost + 1, f"({symbol} ^ {low_text})"))
        else:
            candidates.append((low_cost + high_cost + 4, f"(({symbol} & {high_text}) | (~{symbol} & {low_text}))"))
    return min(candidates)


@functools.cache
def _cofactor(table: int, variable: int, count: int, value: bool) -> int:
    """The table over ``count - 1`` variables that is left when one of them is known."""
    below = (1 << variable) - 1
    places = (at & below | (at & ~below) << 1 | value << variable for at in range(1 << count - 1))
    return sum((table >> place & 1) << at for at, place in enumerate(places))


def _carry(pins: Mapping[str, list[Bit]], number: int) -> Iterator[str]:
    carry = f"c{number}_0"
    yield f"  wire {carry} = {_net(pins['CI'][0])} | {_net(pins['CYINIT'][0])};"
    for i, (data, choice) in enumerate(zip(map(_net, pins["DI"]), map(_net, pins["S"]), strict=True)):
        if i < len(pins.get("O", ())):
            yield f"  assign {_net(pins['O'][i])} = {choice} ^ {carry};"
        following = f"c{number}_{i + 1}"
        yield f"  wire {following} = ({choice} & {carry}) | (~{choice} & {data});"
        if i < len(pins.get("CO", ())):
            yield f"  assign {_net(pins['CO'][i])} = {following};"
        carry = following


# -- registers and the rest ------------------------------------------------------------------------------------------


def _inverted(cell: Cell) -> bool:
    return any(name.startswith("IS_") and "1" in value for name, value in cell["parameters"].items())


def _trellis_register(cell: Cell) -> tuple[tuple[Bit, Bit, Bit], int] | None:
    """Clock, enable and reset, and the value of the reset; None for a register of a rarer kind."""
    values, pins = {name: value.strip() for name, value in cell["parameters"].items()}, cell["connections"]
    if any(values.get(name, usual) != usual for name, usual in _ECP5_FF.items()):
        return None
    enable = {"1": "1", "CE": pins["CE"][0] if "CE" in pins else "1"}.get(values.get("CEMUX", "1"))
    if enable is None:
        return None
    reset = pins["LSR"][0] if "LSR" in pins else "0"
    return (pins["CLK"][0], enable, reset), int(values.get("REGSET") == "SET")


def _block(clock: str, enable: str, reset: str, cells: list[tuple[Cell, str, int]]) -> Iterator[str]:
    """Registers that share clock, enable and reset."""
    starts = {}
    for cell, _, value in cells:
        start = cell["parameters"].get("INIT", str(value))
        if start != "x":
            starts[_net(cell["connections"]["Q"][0])] = start
    yield from (f"  initial {name} = 1'b{start};" for name, start in starts.items())
    yield f"  always_ff @(posedge {clock})"
    yield f"    if ({reset}) begin"
    yield from (f"      {_net(cell['connections']['Q'][0])} <= 1'b{value};" for cell, _, value in cells)
    yield f"    end else if ({enable}) begin"
    yield from (f"      {_net(c['connections']['Q'][0])} <= {_net(c['connections'][pin][0])};" for c, pin, _ in cells)
    yield "    end"


def _instance(kind: str, cell: Cell, number: int) -> str:
    values = ", ".join(f".{name}({_literal(value)})" for name, value in cell["parameters"].items())
    joined = {name: ", ".join(map(_net, reversed(bits))) for name, bits in cell["connections"].items()}
    pins = ", ".join(f".{name}({{{bits}}})" for name, bits in joined.items())
    return f"  {kind} {f'#({values}) ' if values else ''}u{number} ({pins});"


def _literal(value: str) -> str:
    """Yosys marks a string that could be read as bits by a blank behind it."""
    if re.fullmatch("[01xz]+", value):
        return f"{len(value)}'b{value}"
    return f'"{value[:-1] if re.fullmatch("[01xz]* +", value) else value}"'
