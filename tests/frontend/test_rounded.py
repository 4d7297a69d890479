# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Numbers that were rounded to a half are put back where they are known, and nowhere else."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from hardwire.frontend.freeze import module_path
from hardwire.frontend.rounded import READ, UNITS, restore, round_to

KINDS = tuple(UNITS)
EMPTY = onnx.GraphProto()


def tables(rows: int, angles: np.ndarray, size: float = 1.0) -> dict[str, np.ndarray]:
    turn = np.outer(np.arange(rows), angles)
    return {"cos": size * np.cos(turn), "sin": size * np.sin(turn)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rows", "theta", "dims"), [(8, 1e4, 8), (512, 1e4, 16), (2048, 5e5, 64), (4096, 1e6, 128)])
def test_angles_of_few_digits_are_found_to_the_last_bit(rows: int, theta: float, dims: int, kind: str) -> None:
    exact = tables(rows, theta ** -(np.arange(dims // 2) * 2 / dims))
    stored = {name: round_to(table, kind).astype(np.float32) for name, table in exact.items()}
    assert restore(EMPTY, stored, kind)[0].startswith(f"constants rounded to {kind} were taken as they were before")
    for name, table in exact.items():
        np.testing.assert_array_equal(stored[name], table.astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_angles_that_are_read_are_within_the_bound(kind: str) -> None:
    angles = np.array([0.913, 0.2041, 0.03377, 0.0017])
    exact = tables(300, angles, 1.138)
    stored = {name: round_to(table, kind).astype(np.float32) for name, table in exact.items()}
    assert restore(EMPTY, stored, kind)
    for name, table in exact.items():
        assert np.abs(stored[name] - table).max() <= READ * UNITS[kind] * 1.138


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_wave_stays(kind: str) -> None:
    """A wave with one number off by four times the unit; numbers at random; float32 waves; a mask."""
    draw, exact = np.random.default_rng(3), tables(64, np.array([1.0, 0.1, 0.01, 0.001]))
    off = {name: round_to(table, kind).astype(np.float32) for name, table in exact.items()}
    off["cos"][40, 2] += 4 * UNITS[kind]
    off["cos"] = round_to(off["cos"], kind).astype(np.float32)
    noise = round_to(draw.normal(size=(64, 4)), kind).astype(np.float32)
    noise[0] = 1
    for stored in (off, {"a": noise, "b": noise - noise[0]}, {n: t.astype(np.float32) for n, t in exact.items()},
                   {"mask": np.tri(64, dtype=np.float32)}):  # fmt: skip
        before = {name: table.copy() for name, table in stored.items()}
        assert restore(EMPTY, stored, kind) == []
        for name, table in before.items():
            np.testing.assert_array_equal(stored[name], table)


def test_a_number_is_known_only_inside_an_activation() -> None:
    value = np.float32(1.4140625)
    for op, found in (("Erf", 1), ("Relu", 0)):
        nodes = [helper.make_node("Div", ["x", "c"], ["y"]), helper.make_node(op, ["y"], ["z"])]
        stored = {"c": np.array(value)}
        assert len(restore(helper.make_graph(nodes, "g", [], []), stored)) == found
        assert stored["c"] == (np.float32(2**0.5) if found else value)


@pytest.mark.parametrize("kind", KINDS)
def test_rounding_is_to_nearest_even(kind: str) -> None:
    unit = UNITS[kind]
    values = np.array([1 + unit, 1 + 3 * unit, 1 + 1.01 * unit, -1 - unit, 0.0, 1e-3, 3.0])
    rounded = round_to(values, kind)
    np.testing.assert_array_equal(rounded[:4], [1, 1 + 4 * unit, 1 + 2 * unit, -1])
    assert (np.abs(rounded - values) <= unit * np.abs(values)).all()


@pytest.mark.parametrize(
    ("scopes", "module"),
    [
        (["", "model", "model.layers.0", "model.layers.0.mlp", "silu"], "model.layers.0.mlp"),
        (["", "model", "add_8"], "model"),
        (["", "linear"], ""),
        (["_empty_nn_module_stack_from_metadata_hook", "sym_size_int_9"], ""),
        (["", "it's", "x"], "it's"),
    ],
)
def test_the_location_of_a_node_is_its_module(scopes: list[str], module: str) -> None:
    assert module_path(repr(scopes)) == module


@pytest.mark.parametrize("odd", ["", "model.layers", "['", "[1, 2]", "{}", "[" * 500, "['a', " * 4000])
def test_a_location_that_is_no_list_is_none(odd: str) -> None:
    assert module_path(odd) == ""
