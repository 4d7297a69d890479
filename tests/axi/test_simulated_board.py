# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From a build to text through pynq: its own Overlay and MMIO, the board's driver, the RTL behind AXI4-Lite."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hardwire
from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.errors import BuildError, LinkError
from hardwire.host.registers import MAGIC, REGISTERS
from hardwire.targets.board import load_board

if TYPE_CHECKING:  # the check under numpy 2 has no pynq
    from hardwire.backends.simboard import SimBoard

pytestmark = pytest.mark.tools

STORY = 200  # tokens
REQUEST = 9  # reads beside the tokens: how the chip was left, whether it began, why it ended


@pytest.fixture(scope="module")
def build(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("simulated")
    chip_with_text.save(folder / "tiny.chip")
    return make_build(folder / "tiny.chip", load_board("pynq-z2"), folder / "tiny", target="bitstream")


@pytest.fixture(scope="module")
def board(build: Build) -> SimBoard:
    from hardwire.backends.simboard import simulated_board

    return simulated_board(build)


def test_pynq_finds_the_chip_by_its_handoff(build: Build, board: SimBoard, request: pytest.FixtureRequest) -> None:
    import pynq

    from hardwire.backends.simboard import simulated_bundle

    # pynq reads its interrupts in the current event loop, of which another test's asyncio.run leaves none.
    loop = asyncio.new_event_loop()
    request.addfinalizer(loop.close)
    asyncio.set_event_loop(loop)
    bit = simulated_bundle(build) / "hardwire.bit"
    overlay = pynq.Overlay(str(bit), download=False, device=board)
    for clock in overlay.clock_dict.values():
        clock["frequency"] = clock["frequency"] or 100
    before = board.downloads
    overlay.download()
    assert board.downloads == before + 1 and overlay.is_loaded()
    assert board.clock_mhz() == pytest.approx(load_board("pynq-z2").clock_mhz, rel=0.01)
    assert overlay.ip_dict["chip"]["phys_addr"] == board.base
    assert overlay.chip.read(0) == MAGIC  # through the AXI4-Lite port of the RTL
    names = {name.lower() for name in overlay.ip_dict["chip"]["registers"]}
    assert {register.name for register in REGISTERS if register.count == 1} <= names
    assert overlay.chip.register_map is not None


def test_text_is_that_of_the_reference(build: Build) -> None:
    with hardwire.load(build.folder, backend="simulation") as model:
        wanted = hardwire.load(build.folder, backend="reference")
        for options in ({}, {"temperature": 0.9, "seed": 5}):
            assert model.generate("ab", 12, **options) == wanted.generate("ab", 12, **options)
            assert model.last.status == wanted.last.status
        assert model.verify()


def test_a_handoff_that_is_missing(build: Build, board: SimBoard, tmp_path: Path) -> None:
    import pynq

    (tmp_path / "lonely.bit").write_text("bits")
    with pytest.raises(BuildError, match=r"lonely.hwh: no hardware handoff beside the bitstream"):
        pynq.Overlay(str(tmp_path / "lonely.bit"), device=board)


def test_device_memory_takes_words_only(board: SimBoard) -> None:
    with pytest.raises(LinkError, match=r"0x43c00002: device memory is read and written in aligned words"):
        board.read_registers(board.base + 2, 4)


def test_an_edited_manifest_is_refused(build: Build, board: SimBoard) -> None:
    from hardwire.backends.simboard import simulated_bundle

    folder = simulated_bundle(build)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["clock_mhz"] = 999
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BuildError, match="manifest.json was edited"):
        hardwire.load(folder, device=board)


def test_the_bundled_story(simulated_pynq: Path) -> None:
    with hardwire.load(simulated_pynq, backend="simulation") as model:
        before = model.info()
        story = model.generate("Once upon a time", STORY)
        after = model.info()
        reference = hardwire.load(simulated_pynq, backend="reference")
        assert story == reference.generate("Once upon a time", STORY) and len(story) > STORY
        reads, tokens = after["reads"] - before["reads"], after["tokens"] - before["tokens"]
        print(f"{tokens} tokens by {reads} reads, those of the request included")
        assert tokens > 150 and reads <= 1.1 * tokens + REQUEST
