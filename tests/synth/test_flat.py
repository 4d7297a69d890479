# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The netlist bit by bit: expressions equal their tables, cells become what they are. No tool is needed."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hardwire.backends.flat import expression, flatten


def evaluate(text: str, values: list[int]) -> int:
    names = [f"v{i}" for i in range(len(values))]
    python = text.format(*names).replace("1'b", "")
    return eval(python, {}, dict(zip(names, values, strict=True))) & 1


def table_of(count: int, table: int) -> int:
    text = expression(table, count)
    return sum(evaluate(text, [at >> i & 1 for i in range(count)]) << at for at in range(1 << count))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_every_table_of_up_to_three_inputs(count: int) -> None:
    for table in range(1 << (1 << count)):
        assert table_of(count, table) == table


@pytest.mark.parametrize("count", [4, 5, 6])
def test_tables_of_more_inputs(count: int) -> None:
    draw = random.Random(count)
    xor = sum((at.bit_count() & 1) << at for at in range(1 << count))
    for table in [xor, 1, *(draw.getrandbits(1 << count) for _ in range(60))]:
        assert table_of(count, table) == table
    assert expression(xor, count).count("^") == count - 1


def cell(kind: str, parameters: dict[str, str], outputs: str, **pins: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "parameters": parameters,
        "port_directions": {pin: "output" if pin in outputs.split() else "input" for pin in pins},
        "connections": {pin: bits if isinstance(bits, list) else [bits] for pin, bits in pins.items()},
    }


def lines(*cells: dict[str, Any]) -> list[str]:
    ports = {"a_i": {"direction": "input", "bits": [2, 3]}, "y_o": {"direction": "output", "bits": [9]}}
    module = {"ports": ports, "cells": {f"u{i}": each for i, each in enumerate(cells)}}
    return [line.strip() for line in flatten({"modules": {"top": module}}, "top")]


def test_ports_keep_their_form_and_bits_are_signals() -> None:
    text = lines(cell("INV", {}, "O", I=2, O=9))
    assert text[:3] == ["module top (", "input  logic [1:0] a_i,\n  output logic y_o", ");"]
    assert {"logic n2, n3, n9;", "assign n2 = a_i[0];", "assign y_o = n9;", "assign n9 = ~n2;"} <= set(text)


def test_constants_shorten_a_lut() -> None:
    # I2 ? I0 & I1 : I0 ^ I1, with I2 = 1
    assert "assign n9 = (n2 & n3);" in lines(cell("LUT3", {"INIT": "10000110"}, "O", I0=2, I1=3, I2="1", O=9))
    assert "assign n9 = (n2 ^ n3);" in lines(
        cell("LUT4", {"INIT": "1" * 8 + "10000110"}, "Z", A=2, B=3, C="0", D="0", Z=9)
    )


def test_registers_of_one_kind_share_a_block() -> None:
    def register(kind: str, q: int, init: str, **more: Any) -> dict[str, Any]:
        return cell(kind, {"INIT": init}, "Q", C=5, CE=6, D=2, Q=q, **more)

    text = lines(register("FDRE", 9, "x", R=7), register("FDSE", 10, "1", S=7), register("FDRE", 11, "0", R="0"))
    assert text.count("always_ff @(posedge n5)") == 2
    assert {"if (n7) begin", "n9 <= 1'b0;", "n10 <= 1'b1;", "initial n10 = 1'b1;", "initial n11 = 1'b0;"} <= set(text)
    assert "initial n9 = 1'bx;" not in text and text.count("n9 <= n2;") == 1
    odd = lines(cell("FDRE", {"IS_C_INVERTED": "1"}, "Q", C=5, CE="1", D=2, Q=9, R="0"))
    assert "FDRE #(.IS_C_INVERTED(1'b1)) u0 (.C({n5}), .CE({1'b1}), .D({n2}), .Q({n9}), .R({1'b0}));" in odd


def test_rarer_registers_of_ecp5_keep_their_model() -> None:
    pins = {"CLK": 5, "CE": 6, "LSR": 7, "DI": 2, "Q": 9}
    usual = {"CLKMUX": "CLK", "LSRMUX": "LSR", "SRMODE": "LSR_OVER_CE", "CEMUX": "CE", "REGSET": "SET"}
    assert {"initial n9 = 1'b1;", "end else if (n6) begin"} <= set(lines(cell("TRELLIS_FF", usual, "Q", **pins)))
    always = lines(cell("TRELLIS_FF", usual | {"CEMUX": "1 "}, "Q", **pins))
    assert "end else if (1'b1) begin" in always
    for change in ({"SRMODE": "ASYNC"}, {"CLKMUX": "INV"}, {"CEMUX": "INV"}):
        text = lines(cell("TRELLIS_FF", usual | change, "Q", **pins))
        assert any(line.startswith("TRELLIS_FF #(") for line in text) and "always_ff @(posedge n5)" not in text


def test_parameters_are_bits_or_strings() -> None:
    text = lines(cell("RAM", {"A": "01x", "B": "DIRECT", "C": "1 "}, "Q", D=[2, 3], Q=9))
    assert """RAM #(.A(3'b01x), .B("DIRECT"), .C("1")) u0 (.D({n3, n2}), .Q({n9}));""" in text
