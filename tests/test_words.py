# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The table of words, codes, ports and parameters: what is made of it is checked in, and what packs by it checks."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from hardwire.chip.model import Chip
from hardwire.emit.rtl import packages
from hardwire.emit.rtl import values as engine_values
from hardwire.emit.rtl.roms import pack
from hardwire.errors import BuildError
from hardwire.plan import geometry, parameters, words
from hardwire.plan.geometry import Geometry
from hardwire.plan.schedule import schedule
from hardwire.plan.words import EMISSION, PORTS, PROGRAM, REQUEST, WORDS, Field, Kind, Place, Status, Struct

ROOT = Path(__file__).parents[1]
PAIR = Struct("pair_t", "Two.", (Field("high", "HighW", "signed", lanes=2, signed=True), Field("kind", Kind, "which")))


def test_the_checked_in_packages_are_made_of_the_table() -> None:
    remedy = "run python -m hardwire.emit.rtl.packages"
    made = packages.generated(ROOT)
    assert {path.name for path in made} >= {"engine_pkg.sv", "plan_pkg.sv", "softmax.sv", "rope.sv"}
    for path, text in made.items():
        assert path.read_text() == text, f"{path}: {remedy}"


def test_codes_are_numbered_as_they_are_listed() -> None:
    assert [int(kind) for kind in Kind] == list(range(8)) and Kind.LOGIT.meaning == "to the sampler"
    assert Status(1) is Status.STOP and Status.STOP.meaning == "stop token"
    assert words.named(Kind.RESIDUAL) == "KindResidual"
    assert get_args(geometry.Style) == geometry.STYLES


def test_names_are_unique() -> None:
    for struct in WORDS + PORTS:
        assert len({field.name for field in struct.fields}) == len(struct.fields), struct.name
    names = [*parameters.defaults(), *(d.name for d in parameters.FOR_PORTS + parameters.FOR_WORDS)]
    assert len(set(names)) == len(names)


def test_places_begin_with_the_last_field() -> None:
    values = parameters.complete(parameters.defaults())
    places = PROGRAM.places(values)
    assert (places["emits"].low, places["steps"].low, places["source"].bits) == (0, values["EmitW"], 2)
    assert PROGRAM.bits(values) == values["ProgramW"] == 6 + sum(values[name] for name in ("WaitW", "StepW", "EmitW"))
    assert EMISSION.places(values | {"BiasW": 0})["bias"] == Place(values["EmissionW"], 0, values["Rows"], signed=True)
    assert REQUEST.places(values)["stop"] == Place(0, values["IdW"], 8)


def test_words_are_packed_by_their_places() -> None:
    lines = pack(PAIR, {"HighW": 4}, {"high": np.array([[-1, 7], [0, -8]]), "kind": [5, 0]})
    assert [int(line, 16) for line in lines] == [0b0111_1111_101, 0b1000_0000_000]
    assert [int(line, 16) for line in pack(PAIR, {"HighW": 0}, {"high": np.zeros((2, 2)), "kind": [5, 0]})] == [5, 0]


@pytest.mark.parametrize(
    ("high", "bits", "message"),
    [
        ([[0, 1], [8, 0]], 4, "pair_t.high: word 1 has 8 in lane 0, which 4 bits do not hold"),
        ([[-1, 8], [0, 0]], 4, "pair_t.high: word 0 has 8 in lane 1, which 4 bits do not hold"),
        ([[0, 0], [0, -9]], 4, "pair_t.high: word 1 has -9 in lane 1, which 4 bits do not hold"),
        ([[0, -1], [0, 1]], 0, "pair_t.high: word 0 has -1 in lane 1, which 0 bits do not hold"),
        ([[0, 0], [0, 1]], 0, "pair_t.high: word 1 has 1 in lane 1, which 0 bits do not hold"),
    ],
)
def test_a_value_that_does_not_fit_is_named(high: list[list[int]], bits: int, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        pack(PAIR, {"HighW": bits}, {"high": np.array(high), "kind": [0, 0]})


def test_a_word_takes_exactly_its_fields() -> None:
    with pytest.raises(ValueError, match="pair_t has the fields kind, high, not kind"):
        pack(PAIR, {"HighW": 4}, {"kind": [0]})
    with pytest.raises(ValueError, match="parameters that plan/parameters.py does not name: Colour"):
        packages.plan_package({"Colour": 3})


def test_a_build_is_in_its_package(odd_chip: Chip) -> None:
    made = schedule(odd_chip, Geometry(columns=8, rows=8, depth=2, banks=5, divides=8))
    given = engine_values.parameters(odd_chip, made)
    values = parameters.complete(parameters.defaults() | given)
    assert (values["Padded"], values["Parts"], values["Walks"]) == (made.padded, made.parts, made.walks)
    assert (values["KvWords"], values["Blocks"], values["PartB"]) == (made.kv_words, made.blocks, made.word_bits)
    assert (values["YLate"], values["YLate"] + values["ZLate"]) == (
        made.geometry.residual_late,
        made.geometry.post_late,
    )
    package = packages.plan_package(given, "here")
    for name, value in given.items():
        assert f" {name} = {value};" in package or f" {name} = 1'b{value};" in package, name
    header = packages.ports_header(given, "here")
    assert f"constexpr Place budget{{{REQUEST.places(values)['budget'].low}, 32}};" in header
