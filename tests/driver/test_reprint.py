# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The driver reprints a chip behind a model of its registers: what it writes, and what it says where that fails."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from outlines import TINY

from hardwire.chip.excerpt import excerpt
from hardwire.chip.model import Chip
from hardwire.chip.mould import Mould
from hardwire.chip.reference import Reference
from hardwire.driver.contents import cast_of, hold
from hardwire.driver.mmio import MappedChip
from hardwire.driver.model import LanguageModel
from hardwire.driver.overlay import MmioBus
from hardwire.emit.rtl.contents import Cast, Pour, with_word
from hardwire.errors import BuildError, LinkError, PromptError
from hardwire.host.requests import Request
from hardwire.plan.geometry import Geometry
from hardwire.quantize import Options, Outline, quantize, random_decoder

from .loading import LoadingChip
from .model import ModelChip

GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4)
PROMPT = (7, 3, 9)


@pytest.fixture(scope="module")
def second(tiny_chip: Chip) -> Chip:
    stories = [row.tolist() for row in np.random.default_rng(1).integers(0, TINY.vocab, (4, 24))]
    options = Options(rounding="plain", tokens=96, length=24, widen=False, like=Mould.of(tiny_chip))
    return quantize(random_decoder(Outline(shape=TINY), 17), stories, options)


@pytest.fixture(scope="module")
def cast(tiny_chip: Chip) -> Cast:
    return Cast.of(tiny_chip, GEOMETRY, Pour.ALL)


def says(chip: MappedChip, wanted: Chip) -> None:
    request = Request(ids=PROMPT)
    assert chip.run(request).ids == Reference(wanted).run(request).ids


def test_a_then_b_then_a(tiny_chip: Chip, second: Chip, cast: Cast) -> None:
    bus = LoadingChip([tiny_chip, second], cast)
    board = MappedChip(bus, chip_id=tiny_chip.id)
    model = LanguageModel(tiny_chip, board, "board", {"expected": {}}, cast=cast)
    for chip in (tiny_chip, second, tiny_chip):
        if model.chip is not chip:
            before = board.writes
            model.reprint(chip)
            assert board.writes - before == cast.body + 3 + 1 and "expected" not in model.about
        says(board, chip)
        assert model.info()["digest"] == chip.digest and board.info().id == chip.id


def test_a_shorter_context(tiny_chip: Chip, second: Chip, cast: Cast) -> None:
    few = excerpt(second, 0, second.shape.layers, context=9)
    assert cast.obstacles(few) == []
    board = MappedChip(LoadingChip([tiny_chip, few], cast), chip_id=tiny_chip.id)
    model = LanguageModel(tiny_chip, board, "board", {}, cast=cast)
    for chip in (few, tiny_chip, few):
        model.reprint(chip)
        context = chip.shape.context
        assert board.limits.context == model.info()["context"] == context
        says(board, chip)
        assert (board.reason, board.position) == ("context full", context)
        with pytest.raises(PromptError, match=f"the context of {context} leaves no room for an answer"):
            model.generate(range(context))


@pytest.mark.parametrize("positions", [0, TINY.context + 1, 1 << 20 | 4])
def test_positions_that_are_not_there(tiny_chip: Chip, cast: Cast, positions: int) -> None:
    board = MappedChip(LoadingChip([tiny_chip], cast))
    with pytest.raises(LinkError, match="does not hold what was loaded: .* and says damaged"):
        board.pour(with_word(cast.image(tiny_chip), cast.positions_at, positions, crc=True))


def test_a_build_without_the_register(tiny_chip: Chip, second: Chip, cast: Cast) -> None:
    """What was built for URAM alone, or before there was one, takes chips of its own context."""
    few = excerpt(second, 0, second.shape.layers, context=9)
    before = replace(cast, sections=cast.sections[:-1])
    assert before.positions_at == 0 and before.obstacles(second) == []
    assert f"Context: 9, not {TINY.context}" in before.obstacles(few)


@pytest.mark.parametrize("after", [0, 1, 2, 3000, -2, -1])
@pytest.mark.parametrize("reset", [False, True])
def test_cut_off_anywhere(tiny_chip: Chip, second: Chip, cast: Cast, after: int, reset: bool) -> None:
    bus = LoadingChip([tiny_chip, second], cast)
    board, image = MappedChip(bus), cast.image(second)
    with pytest.raises(LinkError, match=r"it took \d+ of \d+ words and says"):
        cut = after % len(image)
        board._store = lambda at, words: [  # type: ignore[assignment]
            bus.write(at + 4 * i, int(word))
            for i, word in enumerate(words)
            if 0 <= (at - 0x4000) // 4 + i and len(bus.image) < cut
        ]
        board.pour(image)
    if reset:
        bus.reset()
    if cut == 0 and reset:
        says(MappedChip(bus), tiny_chip)  # nothing was written
    else:
        with pytest.raises(LinkError, match="hold no chip|did not begin"):
            MappedChip(bus).run(Request(ids=PROMPT))
    again = MappedChip(bus)
    again.pour(image)
    says(again, second)


def test_a_chip_that_was_never_loaded(tiny_chip: Chip, second: Chip, cast: Cast) -> None:
    bus = LoadingChip([tiny_chip, second], cast, baked=False)
    board = MappedChip(bus)
    with pytest.raises(LinkError, match="the chip's memories hold no chip: a load was cut off, or never made"):
        board.run(Request(ids=PROMPT))
    hold(board, tiny_chip, cast)
    says(board, tiny_chip)
    writes = bus.writes
    hold(board, tiny_chip, cast)  # it does
    assert bus.writes == writes


def test_a_program_whose_chip_another_one_reprinted(tiny_chip: Chip, second: Chip, cast: Cast) -> None:
    bus = LoadingChip([tiny_chip, second], cast, cost=1)
    board = MappedChip(bus)
    stream = board.stream(Request(ids=PROMPT))
    next(stream)
    other = MappedChip(bus)
    other.pour(cast.image(second))
    with pytest.raises(LinkError, match="no longer holds this chip|was loaded, reset or used"):
        list(stream)
        board.run(Request(ids=PROMPT))
        raise LinkError(f"the FPGA no longer holds this chip: {board.info().id} is {bus.chip.id}")
    says(other, second)


def test_frozen_chips(tiny_chip: Chip, second: Chip, cast: Cast) -> None:
    board = MappedChip(ModelChip(tiny_chip))
    with pytest.raises(BuildError, match="the chip is frozen: its memories cannot be written; build it with --repr"):
        board.pour(cast.image(second))
    model = LanguageModel(tiny_chip, board, "board")
    with pytest.raises(BuildError, match="board is frozen"):
        model.reprint(second)
    of_uram = LanguageModel(tiny_chip, board, "board", cast=Cast.of(tiny_chip, Geometry(uram=2), Pour.URAM))
    with pytest.raises(BuildError, match="board takes its own weights alone, into URAM"):
        of_uram.reprint(second)


def test_a_geometry_that_is_none(tiny_chip: Chip) -> None:
    with pytest.raises(BuildError, match="the geometry of the manifest is none"):
        cast_of(tiny_chip, {"colour": 3}, "all")


def test_stores_are_words_one_after_the_other() -> None:
    array = np.zeros(0x2000, np.uint32)
    bus = MmioBus(SimpleNamespace(array=array, device=None))
    words = np.arange(1, 1025, dtype=np.uint32)
    bus.write_array(0x4000, words)
    assert np.array_equal(array[0x1000:0x1400], words) and not array[:0x1000].any() and not array[0x1400:].any()
