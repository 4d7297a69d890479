# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The table of parts: complete, without overlaps, and of the same words as the kernels and the RTL."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import outlines
import pytest
from outlines import BLOOM, EVERYTHING, GEMMA2, TINY
from test_chip import rewritten

from hardwire.chip.format import LAST_VERSION, version_of
from hardwire.chip.model import Chip, Wiring, check_chip, load_chip
from hardwire.chip.reference import new_state, step
from hardwire.emit.hls.constants import layout_of
from hardwire.emit.rtl.values import parameters
from hardwire.errors import ChipError, QuantizeError
from hardwire.ops.attention import LARGEST_SLOPE
from hardwire.parts import PARTS, present
from hardwire.plan.geometry import Geometry
from hardwire.plan.parameters import defaults
from hardwire.plan.schedule import schedule
from hardwire.quantize import Outline, quantize, random_chip, random_decoder
from hardwire.quantize.parts import wiring_of

ROOT = Path(__file__).parent.parent
OUTLINES = {name: each for name, each in vars(outlines).items() if isinstance(each, Outline)}
GEOMETRY = Geometry(columns=4, rows=4, depth=6, terms=2, banks=4)


@pytest.fixture(scope="module")
def chips() -> list[Chip]:
    """Small chips that have every part between them, and one that has the fewest."""
    return [random_chip(outline, seed=8) for outline in (Outline(shape=TINY), BLOOM, EVERYTHING)]


def test_every_field_of_a_wiring_is_one_part_s() -> None:
    owned = [name for part in PARTS for name in part.fields]
    assert sorted(owned) == sorted(f.name for f in fields(Wiring))
    keys = [part.key for part in PARTS]
    assert len(set(keys)) == len(keys)
    matrices = [name for part in PARTS for name in part.matrices]
    assert len(set(matrices)) == len(matrices)


@pytest.mark.parametrize("name", OUTLINES)
def test_what_a_decoder_has_is_read_off_it(name: str) -> None:
    wiring = OUTLINES[name].wiring
    order = list(dict.fromkeys(wiring.rope))  # sets are numbered as the layers come to them
    wanted = replace(wiring, rope=tuple(order.index(place) for place in wiring.rope))
    assert wiring_of(random_decoder(OUTLINES[name], 3)) == wanted


def test_every_part_is_in_one_of_the_outlines() -> None:
    wirings = [outline.wiring for outline in OUTLINES.values()]
    for part in PARTS:
        assert any(part.there(w) for w in wirings), part.key
        assert part.key == "biases" or not all(part.there(w) for w in wirings), part.key


def test_the_table_tells_every_table_that_the_quantizer_makes(chips: list[Chip]) -> None:
    for chip in chips:
        check_chip(chip, "it")
        for part in present(chip.wiring):
            for table, spec in part.tables.items():
                assert chip.tables[table].shape == spec(chip.shape, chip.formats)[0], table


def test_the_kernels_have_every_constant_and_array(chips: list[Chip]) -> None:
    """What a part declares in struct Chip hides a member of hls/parts.hpp, which stands for a part that is missing."""
    declared = (ROOT / "hls" / "parts.hpp").read_text()
    for chip in chips:
        layout = layout_of(chip, 16)
        for part in PARTS:
            for line in part.constants(chip):
                assert re.fullmatch(r"[\w <>=:;,]+", line), line  # it is pasted as it is
                name = re.search(r"(\w+) = ", line)
                assert name is None or re.search(rf"\b{name[1]} = ", declared), line
        for part in present(chip.wiring):
            arrays = {name for _, name, _, _ in part.cpp_arrays(chip)}
            assert all(re.search(rf"\b{name}\[1\]", declared) for name in arrays), part.key
            assert arrays <= {name for name, *_ in part.cpp_roms(layout)}, part.key  # in the report too


def test_the_engine_has_every_parameter(chips: list[Chip]) -> None:
    named = set(defaults())
    for chip in (chips[0], chips[1], random_chip(GEMMA2, seed=8)):
        made = schedule(chip, GEOMETRY)
        for part in PARTS:
            given = set(part.switches(chip.shape, chip.wiring))
            given |= set(part.widths(chip, made)) if part.there(chip.wiring) else set()
            assert given <= named and given <= set(parameters(chip, made)), part.key


def test_the_rtl_reads_every_rom(chips: list[Chip]) -> None:
    source = "".join(path.read_text() for path in (ROOT / "rtl").glob("*.sv"))
    for chip in (chips[1], random_chip(GEMMA2, seed=8)):
        made = schedule(chip, GEOMETRY)
        names = {name for part in present(chip.wiring) for name in part.roms(chip, made)}
        assert names, "no part has a ROM"
        for name in names:
            stem = re.sub(r"\d+$", "", name)
            found = f'"{stem}.hex"' in source or f'"{stem}", Digits' in source
            assert found or f'Name("{stem.removesuffix("_eps")}")' in source or stem.startswith("renorm"), name


# ---------------------------------------------------------------------------------------------------
# ALiBi, the part that was added as the table's proof.


@pytest.fixture(scope="module")
def bloom() -> Chip:
    return random_chip(BLOOM, seed=8)


def test_only_chips_with_a_later_part_are_of_a_later_format(bloom: Chip) -> None:
    assert [version_of(o.wiring) for o in (Outline(shape=TINY), GEMMA2, BLOOM)] == [2, 3, 4] and LAST_VERSION == 4


def test_alibi_comes_back_from_its_file(bloom: Chip, tmp_path: Path) -> None:
    bloom.save(tmp_path / "a.chip")
    again = load_chip(tmp_path / "a.chip")
    assert again.digest == bloom.digest and again.wiring.alibi
    ids = np.array([[1, 2, 3]])
    assert np.array_equal(step(again, new_state(again), ids), step(bloom, new_state(bloom), ids))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "the keys of wiring are"),
        ({"format": 5}, "format 5, this version reads 2 to 4"),
        ({"alibi": 1}, "wiring.alibi is 1, not true or false"),
        ({"score_cap": True}, "wiring.alibi goes with no cap of scores"),
    ],
)
def test_hostile_headers_are_refused(bloom: Chip, tmp_path: Path, change: dict, message: str) -> None:
    bloom.save(tmp_path / "a.chip")

    def rewrite(name: str, data: bytes) -> bytes:
        if name != "chip.json":
            return data
        header = json.loads(data)
        for key, value in change.items():
            (header if key in header else header["wiring"])[key] = value
        return json.dumps(header).encode()

    with pytest.raises(ChipError, match=message):
        load_chip(rewritten(tmp_path / "a.chip", tmp_path / "x.chip", rewrite))


def test_a_slope_that_is_too_steep_for_its_bits_is_refused(bloom: Chip) -> None:
    steep = replace(bloom, tables=bloom.tables | {"alibi": bloom.tables["alibi"] + (1 << 17)})
    with pytest.raises(ChipError, match=r"tables/alibi holds a value outside 0\.\.131071"):
        check_chip(steep, "it")


@pytest.mark.parametrize(
    ("slopes", "cap", "message"),
    [
        ([0.5, 0.25, 0.1, LARGEST_SLOPE * 1.01], None, r"the chip has no ALiBi slope of 0.1 to 1.15, beyond 0 to 1.14"),
        ([0.5, 0.25, 0.1, -0.1], None, r"the chip has no ALiBi slope of -0.1 to 0.5"),
        ([0.5, 0.25, 0.1, 0.1], 30.0, "the chip has no ALiBi where scores are capped"),
    ],
)
def test_alibi_that_no_chip_has_is_named(slopes: list[float], cap: float | None, message: str) -> None:
    decoder = random_decoder(BLOOM, 3)
    given = {"alibi": np.array(slopes, np.float32), "softcap": cap}
    blocks = tuple(replace(b, attention=replace(b.attention, **given)) for b in decoder.blocks)
    with pytest.raises(QuantizeError, match=message):
        quantize(replace(decoder, blocks=blocks), [[1] * 512])


def test_slopes_that_differ_between_layers_are_named() -> None:
    decoder = random_decoder(BLOOM, 3)
    last = decoder.blocks[1]
    other = replace(last, attention=replace(last.attention, alibi=last.attention.alibi / 2))
    with pytest.raises(QuantizeError, match="layer 1: layer of another shape than the first"):
        quantize(replace(decoder, blocks=(decoder.blocks[0], other)), [[1] * 512])
