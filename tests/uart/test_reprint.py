# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Other weights over a serial line: the driver on the simulated board, with cables that fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outlines import TINY

import hardwire
from hardwire.backends.serialsim import SerialSim
from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.chip.mould import Mould
from hardwire.chip.reference import Reference
from hardwire.driver.hosted import HostedChip
from hardwire.driver.model import LanguageModel
from hardwire.driver.serial import SerialChip
from hardwire.emit.rtl.contents import Cast, Pour
from hardwire.errors import LinkError
from hardwire.quantize import Options, quantize, random_decoder
from hardwire.quantize.random import Outline

from .conftest import BOARD, GEOMETRY, TIMEOUT, Cable

pytestmark = pytest.mark.tools

PROMPT = (7, 3, 9)
BITS = 10  # of a byte on the line


@pytest.fixture(scope="module")
def second(tiny_chip: Chip) -> Chip:
    stories = [row.tolist() for row in np.random.default_rng(1).integers(0, TINY.vocab, (4, 24))]
    options = Options(rounding="plain", tokens=96, length=24, widen=False, like=Mould.of(tiny_chip))
    return quantize(random_decoder(Outline(shape=TINY), 17), stories, options)


@pytest.fixture(scope="module")
def build(tiny_chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("line")
    tiny_chip.save(folder / "a.chip")
    board = replace(BOARD, clock_mhz=50)
    return make_build(folder / "a.chip", board, folder / "b", target="rtl", geometry=GEOMETRY, reprintable=True)


@pytest.fixture(scope="module")
def switched_on(build: Build) -> SerialSim:
    sim = SerialSim(build.folder / "rtl", work=build.folder / "synth" / "sim")
    sim.compile()
    return sim


@pytest.fixture
def sim(switched_on: SerialSim) -> SerialSim:
    switched_on.power_up()
    switched_on.run(30)
    return switched_on


def says(model: LanguageModel, chip: Chip) -> None:
    assert model.chip.digest == chip.digest
    assert list(model.stream(PROMPT)) == list(LanguageModel(chip, Reference(chip), "reference").stream(PROMPT))


def hosted(model: LanguageModel) -> HostedChip:
    assert model.hosted is not None
    return model.hosted


def test_a_then_b_then_a(build: Build, sim: SerialSim, tiny_chip: Chip, second: Chip, tmp_path: Path) -> None:
    model = hardwire.load(build.folder, port=sim)
    says(model, tiny_chip)
    model.generate(PROMPT)
    cycles = [hosted(model).run_cycles()]
    second.save(tmp_path / "b.chip")
    words = len(Cast.of(tiny_chip, GEOMETRY, Pour.ALL).image(tiny_chip))
    for chip in (second, tiny_chip):
        before = sim.now()
        model.reprint(tmp_path / "b.chip" if chip is second else chip)
        seconds = sim.now() - before
        baud = sim.made["serial"]["baud"]
        print(f"{words} words in {seconds * 1e3:.1f} ms at {baud} baud: {seconds * baud / BITS / words:.2f} bytes each")
        assert seconds * baud / BITS / words < 6.5  # 4 of a word; the frame's, its answer's, the waits between
        says(model, chip)
        model.generate(PROMPT)
        cycles.append(hosted(model).run_cycles())
    assert cycles[0] == cycles[1] == cycles[2]


def test_a_cable_that_is_pulled(build: Build, sim: SerialSim, tiny_chip: Chip, second: Chip) -> None:
    cable = Cable(sim)
    image = Cast.of(tiny_chip, GEOMETRY, Pour.ALL).image(second)
    chip = SerialChip(cable, timeout=TIMEOUT)
    write = cable.write
    left = [200]

    def pulled(data: bytes) -> int:
        left[0] -= 1
        cable.whole = left[0] > 0
        return write(data)

    cable.write = pulled  # type: ignore[method-assign]
    with pytest.raises(LinkError, match="no answer within"):
        chip.pour(image)
    again = SerialChip(sim, timeout=TIMEOUT)
    assert again.info().id == 0 and again.contents() == {"loading", "ready"}
    with pytest.raises(LinkError, match="hold no chip"):
        again.generate(list(PROMPT), 3)
    model = hardwire.load(build.folder, port=sim)  # which loads what it was built with
    says(model, tiny_chip)


def test_a_bad_cable(sim: SerialSim, tiny_chip: Chip, second: Chip) -> None:
    """Frames are lost and bent, and sent again: what is there is whole."""
    cable = Cable(sim, one_in=6000, seed=5)
    chip = SerialChip(cable, timeout=TIMEOUT)
    chip.pour(Cast.of(tiny_chip, GEOMETRY, Pour.ALL).image(second))
    assert cable.damage > 3 and chip.link.retries > 2 and chip.info().id == second.id
    cable.one_in = 0
    model = LanguageModel(second, chip, "bad")
    says(model, second)
