# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A finished chip gets other weights: through pynq and the driver, on the simulated RTL behind AXI4-Lite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from outlines import TINY

import hardwire
from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.build.pours import mould_of, pours_into
from hardwire.chip.excerpt import excerpt
from hardwire.chip.model import Chip, load_chip
from hardwire.chip.mould import Mould
from hardwire.driver.model import LanguageModel
from hardwire.emit.rtl.contents import Cast, Pour, with_word
from hardwire.errors import BuildError, LinkError, PromptError
from hardwire.host.requests import Request
from hardwire.plan.geometry import Geometry
from hardwire.quantize import Options, quantize, random_chip, random_decoder
from hardwire.quantize.random import Outline
from hardwire.targets.board import load_board

from .reprinting import hosted, killed_behind, opened
from .reprinting import says as is_chip

if TYPE_CHECKING:
    from hardwire.backends.simboard import SimBoard

pytestmark = pytest.mark.tools

GEOMETRY = Geometry(columns=4, rows=4, depth=4, terms=2, banks=4, trace=True)
PROMPT = (7, 3, 9)
SHORT = 10  # positions, of the TINY.context that were built
WRITE_NS = 200  # of a 32-bit store to device memory through a Zynq's general purpose port, at the outside


@pytest.fixture(scope="module")
def chips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two chips of one mould, one of fewer positions, and one of another mould."""
    folder, first = tmp_path_factory.mktemp("chips"), random_chip(TINY, seed=3)
    stories = [row.tolist() for row in np.random.default_rng(1).integers(0, TINY.vocab, (4, 24))]
    options = Options(rounding="plain", tokens=96, length=24, widen=False, like=Mould.of(first))
    second = quantize(random_decoder(Outline(shape=TINY), 17), stories, options)
    made = {"a": first, "b": second, "short": shorter(second), "foreign": random_chip(replace(TINY, vocab=48), seed=3)}
    for name, chip in made.items():
        chip.save(folder / f"{name}.chip")
    return {name: folder / f"{name}.chip" for name in made}


def shorter(chip: Chip) -> Chip:
    return excerpt(chip, 0, chip.shape.layers, context=SHORT)


def built(chip: Path, folder: Path, **options: Any) -> Build:
    return make_build(chip, load_board("pynq-z2"), folder / "build", target="bitstream", **options)


@pytest.fixture(scope="module")
def build(chips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Build:
    return built(chips["a"], tmp_path_factory.mktemp("reprintable"), geometry=GEOMETRY, reprintable=True)


@pytest.fixture(scope="module")
def board(build: Build) -> SimBoard:
    from hardwire.backends.simboard import simulated_board

    return simulated_board(build)


@pytest.fixture
def model(build: Build, board: SimBoard) -> Iterator[LanguageModel]:
    with opened(build, board) as model:
        yield model


def says(model: LanguageModel, chip: Path) -> None:
    is_chip(model, load_chip(chip), PROMPT)


def test_a_then_b_then_a(model: LanguageModel, chips: dict[str, Path]) -> None:
    cycles = []
    for name in ("a", "b", "a"):
        if cycles:
            before = model.info()["writes"]
            model.reprint(chips[name])
            writes = model.info()["writes"] - before
            image = len(Cast.of(model.chip, GEOMETRY, Pour.ALL).image(model.chip))
            assert writes == image + 1  # and the beginning
            print(f"{writes} writes, {writes * WRITE_NS / 1e6:.1f} ms at {WRITE_NS} ns each")
        says(model, chips[name])
        model.generate(PROMPT)
        cycles.append(hosted(model).run_cycles())
    assert cycles[0] == cycles[1] == cycles[2]


def test_a_shorter_context(model: LanguageModel, chips: dict[str, Path]) -> None:
    """Requests end earlier, for the same reason; prompts beyond it are refused, by driver and registers; and back."""
    for name, context in (("short", SHORT), ("a", TINY.context), ("short", SHORT)):
        model.reprint(chips[name])
        says(model, chips[name])
        reference, chip = hardwire.load(chips[name]), hosted(model)
        assert model.info()["context"] == chip.limits.context == reference.chip.shape.context == context
        for ids in (PROMPT, tuple(range(context - 1)), tuple(range(context))):
            got, wanted = (each.run(Request(ids=ids)) for each in (chip, reference.backend))
            assert (got.ids, got.status, got.position) == (wanted.ids, "context full", context)
        with pytest.raises(PromptError, match=rf"the prompt has {context + 1} tokens; 1 to {context} fit the context"):
            chip.run(Request(ids=tuple(range(context + 1))))
        chip._write("length", context + 1)
        assert chip._clear_errors() == {"range"}


def test_a_conversation_that_fills_a_shorter_context(model: LanguageModel, chips: dict[str, Path]) -> None:
    """What continues ends where the reference does, in a prompt and behind it; the ring, the last token and the cycles
    are as of a chip that was built for so many positions."""
    model.reprint(chips["short"])
    chip, reference = hosted(model), hardwire.load(chips["short"]).backend
    for more in ((), (4,), (4, 5, 6, 7, 8)):
        for ids, budget, clear in ((PROMPT, 3, True), (more, 9, False), ((2,), 2, False), (PROMPT, 2, True)):
            request = Request(ids=ids, budget=budget, clear=clear)
            got, wanted = chip.run(request), reference.run(request)
            assert (got.ids, got.status, got.position) == (wanted.ids, wanted.status, wanted.position), (more, ids)


def test_an_image_of_more_positions_than_there_are(model: LanguageModel, chips: dict[str, Path]) -> None:
    """Whoever makes the checksum of such an image right gets nothing in: the chip refuses it."""
    cast = Cast.of(model.chip, GEOMETRY, Pour.ALL)
    for positions in (0, TINY.context + 1, 1 << 16 | 1):
        with pytest.raises(LinkError, match="does not hold what was loaded: .* and says damaged"):
            hosted(model).pour(with_word(cast.image(model.chip), cast.positions_at, positions, crc=True))
    model.reprint(chips["a"])
    says(model, chips["a"])


@pytest.mark.parametrize("after", [0, 1, 2, 1500, -2, -1])
@pytest.mark.parametrize("end", ["goes on", "another program", "the fabric is reset"])
def test_a_load_that_is_killed(
    build: Build, board: SimBoard, chips: dict[str, Path], after: int, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing wrong is served, and the next load repairs it; whatever was written by then."""
    with opened(build, board) as model:
        chip, length = hosted(model), len(Cast.of(model.chip, GEOMETRY, Pour.ALL).image(model.chip))
        with killed_behind(after % length, chip, monkeypatch):
            model.reprint(chips["b"])
        if end == "goes on":
            with pytest.raises(LinkError, match="hold no chip: a load was cut off, or never made; reprint it"):
                chip.run(Request(ids=PROMPT, budget=1))
            says(model, chips["a"])  # which was loaded anew
            model.reprint(chips["b"])
            says(model, chips["b"])
            return
    if end == "the fabric is reset":
        board.sim.reset()
    with opened(build, board, download=False) as model:  # which loads what it was built with
        says(model, chips["a"])
        model.reprint(chips["b"])
        says(model, chips["b"])


def test_a_word_that_was_disturbed_on_its_way(
    model: LanguageModel, chips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    chip = hosted(model)
    store = chip.bus.write  # type: ignore[attr-defined]
    seen = 0

    def write(at: int, word: int) -> None:
        nonlocal seen
        seen += 0x4000 <= at < 0x5000
        store(at, word ^ (1 << 7 if seen == 2345 else 0))

    monkeypatch.setattr(chip.bus, "write", write)  # type: ignore[attr-defined]
    with pytest.raises(LinkError, match=r"does not hold what was loaded: it took \d+ of \d+ words and says damaged"):
        model.reprint(chips["b"])
    monkeypatch.undo()
    with pytest.raises(LinkError, match="hold no chip"):
        chip.run(Request(ids=PROMPT, budget=1))
    model.reprint(chips["b"])
    says(model, chips["b"])


def test_a_wrong_word_with_a_right_checksum_is_found_by_the_proof(model: LanguageModel, chips: dict[str, Path]) -> None:
    """Whoever makes the checksum of a wrong image right gets it in; ``verify`` names the first stage that is wrong."""
    other = hardwire.load(chips["b"]).chip
    cast = Cast.of(model.chip, GEOMETRY, Pour.ALL)
    image, at = cast.image(other), 1
    for section in cast.sections:
        if section.file == "weight01.hex":
            break
        at += section.size
    model.reprint(other)
    hosted(model).pour(with_word(image, at + 2, int(image[at + 2]) ^ 0x7, crc=True))
    test = model.verify()
    assert not test and test.first_difference is not None
    assert "L0." in test.first_difference, test.first_difference
    model.reprint(other)
    assert model.verify()


def test_what_is_no_image_is_refused_before_anything_is_written(model: LanguageModel, chips: dict[str, Path]) -> None:
    chip, image = hosted(model), Cast.of(model.chip, GEOMETRY, Pour.ALL).image(model.chip)
    before = model.info()["writes"]
    for wrong, message in (
        (image[:-1], r"an image of \(\d+,\) uint32, where this chip takes \d+ words of uint32"),
        (image.astype(np.int64), "int64, where this chip takes"),
        (with_word(image, 0, int(image[0]) ^ 1, crc=True), r"an image for mould [0-9a-f]{8}, this chip is of"),
        (with_word(image, 99, int(image[99]) ^ 1, crc=False), "whose CRC-32 is not that of its words"),
    ):
        with pytest.raises(BuildError, match=message):
            chip.pour(wrong)
    with pytest.raises(BuildError, match=r"does not go into mould .*Vocab: 48, not 40"):
        model.reprint(chips["foreign"])
    assert model.info()["writes"] == before
    says(model, chips["a"])


def test_not_in_the_middle_of_an_answer(model: LanguageModel, chips: dict[str, Path]) -> None:
    answer = model.stream(PROMPT)
    next(answer)
    with pytest.raises(PromptError, match="is giving an answer; reprint it behind that"):
        model.reprint(chips["b"])
    rest = list(answer)
    assert rest
    says(model, chips["a"])
    model.chat((4, 5), 3) and model.reprint(chips["b"])
    assert hosted(model).position == 0
    says(model, chips["b"])


def test_which_moulds_a_chip_goes_into(build: Build, chips: dict[str, Path], tmp_path: Path) -> None:
    assert pours_into(hardwire.load(chips["b"]).chip, build.folder).fits
    verdict = pours_into(hardwire.load(chips["foreign"]).chip, build.folder)
    assert not verdict.fits and verdict.mould == mould_of(build) and "Vocab: 48, not 40" in verdict.obstacles
    frozen = built(chips["a"], tmp_path, geometry=GEOMETRY)
    assert mould_of(frozen) is None
    with pytest.raises(BuildError, match="a frozen build, nothing else goes into it"):
        pours_into(hardwire.load(chips["b"]).chip, frozen.folder)
    with hardwire.load(frozen.folder, backend="simulation") as model:
        with pytest.raises(BuildError, match="is frozen: its memories cannot be written; build it with --reprintable"):
            model.reprint(chips["b"])
        with pytest.raises(BuildError, match="the chip is frozen: its memories cannot be written"):
            hosted(model).pour(np.zeros(4, np.uint32))
        assert not hosted(model).loads() and not model.info()["faults"]


def test_builds_that_cannot_be_reprintable(chips: dict[str, Path], tmp_path: Path) -> None:
    for options in ({"target": "hls"}, {"target": "bitstream", "ip": "hls"}):
        with pytest.raises(BuildError, match="--reprintable is of the RTL engine"):
            make_build(chips["a"], load_board("pynq-z2"), tmp_path / "b", reprintable=True, **options)  # type: ignore[arg-type]


# -- weights in URAM ---------------------------------------------------------------------------------


def emptied(build: Build, folder: Path) -> Path:
    """Contents as a bitstream leaves them, in ``folder``: those of the build, but zeros in the ROMs that are URAM."""
    geometry = build.manifest.plan.geometry
    assert geometry is not None
    of_uram = {f"weight{depth:02}.hex" for depth in range(int(geometry["uram"]))}
    (folder / "rom").mkdir(parents=True)
    for path in (build.folder / "rtl" / "rom").iterdir():
        lines = path.read_text().split()
        zeros = ("0" * len(line) for line in lines)
        (folder / "rom" / path.name).write_text("\n".join(zeros if path.name in of_uram else lines) + "\n")
    return folder


def test_weights_in_uram_are_loaded_when_the_model_is(chips: dict[str, Path], tmp_path: Path) -> None:
    """A bitstream leaves URAM empty, which the simulation's files do here; nothing starts before it was loaded."""
    from hardwire.backends.simboard import simulated_board

    board = load_board("kv260")
    made = make_build(chips["a"], board, tmp_path / "b", target="bitstream", geometry=replace(GEOMETRY, uram=2))
    assert made.manifest.plan.pour == "uram" and mould_of(made) is not None
    device = simulated_board(made)
    device.sim.contents = emptied(made, tmp_path / "empty")
    device.sim.power_up()
    from hardwire.driver.mmio import MappedChip

    bare = MappedChip(device.sim)
    assert bare.info().id == 0 and bare.contents() == set()
    with pytest.raises(LinkError, match="hold no chip: a load was cut off, or never made"):
        bare.run(Request(ids=PROMPT, budget=1))
    with opened(made, device) as model:
        says(model, chips["a"])
        with pytest.raises(BuildError, match="takes its own weights alone, into URAM"):
            model.reprint(chips["b"])
    with opened(made, device, download=False) as model:  # it still holds them
        assert model.info()["writes"] < 10
        says(model, chips["a"])
