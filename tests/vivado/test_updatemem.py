# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Another chip in a bitstream of Vivado's: what updatemem takes, and what a model of it by its guide makes of that."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from outlines import MICRO, poured_into

from hardwire.build.collect import collect
from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.chip.model import load_chip
from hardwire.cli.main import main
from hardwire.driver.bundle import for_board
from hardwire.errors import BuildError
from hardwire.files import sha256
from hardwire.manifest import read_manifest, write_manifest
from hardwire.openers import Place
from hardwire.quantize import random_chip
from hardwire.synth.placed import HEAD, REPORT, read_report
from hardwire.synth.reprint import reprint
from hardwire.targets.board import load_board

from . import block_rams, fake
from .conftest import SMALLEST

pytestmark = pytest.mark.tools
VIVADO = Path("synth") / "vivado"


@pytest.fixture(scope="module")
def chips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, first = tmp_path_factory.mktemp("chips"), random_chip(MICRO, seed=0)
    made = {
        "a": first,
        "b": poured_into(first, MICRO),
        "shifted": replace(first, value_shift=first.value_shift + 1),
        "foreign": random_chip(replace(MICRO, shape=replace(MICRO.shape, vocab=MICRO.shape.vocab + 2)), seed=0),
    }
    for name, chip in made.items():
        chip.save(folder / f"{name}.chip")
    return {name: folder / f"{name}.chip" for name in made}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts programs on the PATH, and no others of their names; what vivado shall do."""

    def put(*names: str, **behaviour: Any) -> None:
        folder = tmp_path / "bin"
        shutil.rmtree(folder, ignore_errors=True)
        for name in names:
            fake.install(folder, name)
        rest = [place for place in os.environ["PATH"].split(os.pathsep) if Path(place) != folder]
        monkeypatch.setenv("PATH", os.pathsep.join([str(folder), *rest]))
        monkeypatch.setenv("FAKE_VIVADO", json.dumps(behaviour))

    return put


@pytest.fixture
def routed(chips: dict[str, Path], tools: Callable[..., None], tmp_path: Path) -> Callable[..., Build]:
    """A build whose bitstream the model of Vivado made."""

    def make(name: str = "build", reprintable: bool = False, **behaviour: Any) -> Build:
        geometry, board = replace(SMALLEST, minus=True), load_board("pynq-z2")
        made = make_build(
            chips["a"], board, tmp_path / name, target="bitstream", geometry=geometry, reprintable=reprintable
        )
        tools("vivado", **behaviour)
        done = CliRunner().invoke(main, ["synth", str(made.folder)])
        assert done.exit_code == 0, done.output
        tools()
        return open_build(made.folder)

    return make


def held(build: Build, bit: str = "hardwire.bit") -> dict[str, str]:
    return block_rams.held_by(build.folder / VIVADO / bit)


def wanted(build: Build) -> dict[str, str]:
    """What the block RAMs hold of a build's ROMs, by the model that laid them out."""
    roms = sorted((build.folder / "rtl" / "rom").glob("*.hex"))
    return {cell["LOC"]: block_rams.init_of(cell) for cell in block_rams.laid_out(roms, parity=False)}


@pytest.mark.parametrize("reprintable", [False, True])
@pytest.mark.parametrize("version", ["2024.1", "2025.2"])
def test_the_patched_bitstream_holds_the_other_chip(
    routed: Callable[..., Build],
    chips: dict[str, Path],
    tools: Callable[..., None],
    tmp_path: Path,
    reprintable: bool,
    version: str,
) -> None:
    """Every block RAM holds the ROMs of the chip; what is collected says whose gates it has."""
    build = routed(reprintable=reprintable, version=version)
    tools("updatemem")
    made = reprint(build, chips["b"], tmp_path / "b")
    new, chip = made.build, load_chip(chips["b"])
    assert made.bitstream == new.folder / VIVADO / "hardwire.bit" and made.inputs == new.folder / VIVADO
    assert held(build) == wanted(build) != wanted(new) == held(new)
    different = sum(held(build)[site] != text for site, text in held(new).items())
    assert made.changed == different > 3 and made.memories > 5 and made.bits > 1000
    assert new.chip.digest == chip.digest and new.manifest.identity == build.chip.digest
    root = ElementTree.parse(new.folder / VIVADO / "hardwire.mmi").getroot()
    assert root.attrib == {"Version": "1", "Minor": "9" if version == "2025.2" else "0"}
    assert len(root.findall("Processor/AddressSpace")) == different
    folder = collect(new, tmp_path / "bits")
    assert Place(location=folder).identity == build.chip.id
    assert (folder / "hardwire.hwh").read_bytes() == (build.folder / VIVADO / "hardwire.hwh").read_bytes()
    assert for_board(folder, None).chip.digest == chip.digest
    with pytest.raises(BuildError, match="is the vendor's; ECP5 are patched here, others in the build that Vivado ran"):
        reprint(new, chips["a"], tmp_path / "a")


def test_without_the_tool_its_inputs_are_written(
    routed: Callable[..., Build], chips: dict[str, Path], tools: Callable[..., None], tmp_path: Path
) -> None:
    """And the command line in them makes of them what the tool would have made here."""
    build, out = routed(), tmp_path / "b"
    done = CliRunner().invoke(main, ["reprint", str(build.folder), str(chips["b"]), "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    told, work = json.loads(done.stdout), out / VIVADO
    assert told["bitstream"] is told["sha256"] is None
    assert told["updatemem"] == f"not run: {work.resolve()}/updatemem.sh has its command line"
    assert told["chip"] == load_chip(chips["b"]).digest and told["identity"] == build.chip.digest
    files = {path.name for path in work.iterdir()}
    data = {f"{number:04}.mem" for number in range(told["changed"])}
    assert files == data | {"before.bit", "hardwire.hwh", "hardwire.mmi", "updatemem.sh"}
    assert "# NOT RUN" in (work / "updatemem.sh").read_text() and read_manifest(out).synthesis is None
    with pytest.raises(BuildError, match="has no bitstream"):
        collect(open_build(out), tmp_path / "bits")
    tools("updatemem")
    assert os.system(f"sh {work}/updatemem.sh") == 0
    assert held(open_build(out)) == wanted(open_build(out))


def test_a_map_and_contents_in_the_documented_form(
    routed: Callable[..., Build], chips: dict[str, Path], tmp_path: Path
) -> None:
    """Every number of one block RAM's, as UG1580 of 2024.1 has them."""
    build = routed()
    new = reprint(build, chips["b"], tmp_path / "b").build
    root = ElementTree.parse(new.folder / VIVADO / "hardwire.mmi").getroot()
    assert [child.tag for child in root][-1] == "Config" and root.find("Config/Option") is not None
    sites = wanted(new)
    for number, processor in enumerate(root.findall("Processor")):
        space = processor.find("AddressSpace")
        lane = processor.find("AddressSpace/BusBlock/BitLane")
        assert space is not None and lane is not None
        assert [child.tag for child in lane] == ["DataWidth", "AddressRange", "Parity"]
        wide = {"RAMB18": 16, "RAMB36": 32}[lane.attrib["MemType"]]
        assert [dict(child.attrib) for child in lane] == [
            {"MSB": str(wide - 1), "LSB": "0"},
            {"Begin": "0", "End": "1023"},
            {"ON": "false", "NumBits": "0"},
        ]
        assert (space.attrib["Begin"], space.attrib["End"]) == ("0", str(128 * wide - 1))
        at, *words = (new.folder / VIVADO / f"{number:04}.mem").read_text().split()
        assert at == "@00000000" and {len(word) for word in words} == {wide // 4} and len(words) == 1024
        assert "".join(reversed(words)) == sites[f"{lane.attrib['MemType']}_{lane.attrib['Placement']}"]


def test_bits_in_parity_are_refused(routed: Callable[..., Build], chips: dict[str, Path], tmp_path: Path) -> None:
    """Which updatemem does not write; a chip that has the same there goes in."""
    build = routed(parity=True)
    assert any(cell.parity.any() for cell in read_of(build))
    with pytest.raises(BuildError, match=r"\d+ block RAMs have bits in parity, hardwire_i/\S+ the first, which update"):
        reprint(build, chips["b"], tmp_path / "b")
    assert not (tmp_path / "b").exists()
    assert reprint(build, chips["a"], tmp_path / "same").changed == 0


def read_of(build: Build) -> Any:
    meta = json.loads((build.folder / "vivado" / "vivado.json").read_text())
    return read_report(build.folder / VIVADO / REPORT, meta["part"], meta["sources"])


def test_chips_that_do_not_go_in(routed: Callable[..., Build], chips: dict[str, Path], tmp_path: Path) -> None:
    build = routed()
    with pytest.raises(BuildError, match=r"does not go into this bitstream: .*Vocab: "):
        reprint(build, chips["foreign"], tmp_path / "b")
    message = r"shift00.hex: \d+ of \d+ words differ in bits that are in no block RAM; quantize with --patchable"
    with pytest.raises(BuildError, match=message):
        reprint(build, chips["shifted"], tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_builds_that_cannot_be_patched(
    chips: dict[str, Path], routed: Callable[..., Build], tools: Callable[..., None], tmp_path: Path
) -> None:
    bare = make_build(chips["a"], load_board("pynq-z2"), tmp_path / "bare", target="bitstream", geometry=SMALLEST)
    with pytest.raises(BuildError, match="has no bitstream of Vivado's; run hardwire synth .* again, where Vivado is"):
        reprint(bare, chips["b"], tmp_path / "b")
    build = routed()
    for name in ("hardwire.bit", "hardwire.hwh", REPORT):
        folder = Path(shutil.copytree(build.folder, tmp_path / name))
        (folder / VIVADO / name).unlink()
        with pytest.raises(BuildError, match=f"{name}: missing, or not the receipt's"):
            reprint(open_build(folder), chips["b"], tmp_path / "b")
    for script, message in (
        ("exit 1", "updatemem failed"),
        ("exit 0", "updatemem failed"),
        ("cp before.bit hardwire.bit", "wrote a bitstream that is no patched one"),
        ("echo x > hardwire.bit", "wrote a bitstream that is no patched one"),
    ):
        tools("updatemem")
        (tmp_path / "bin" / "updatemem").write_text(f"#!/bin/sh\n{script}\n")
        with pytest.raises(BuildError, match=message):
            reprint(build, chips["b"], tmp_path / "b")
        assert not (tmp_path / "b").exists()


def changed_report(build: Build, change: Callable[[str], str]) -> Build:
    """The build with another report, whose hash its receipt has: what somebody would do who means harm."""
    path, manifest = build.folder / VIVADO / REPORT, read_manifest(build.folder)
    path.write_text(change(path.read_text()))
    assert manifest.synthesis is not None
    files = {**manifest.synthesis.files, f"synth/vivado/{REPORT}": sha256(path)}
    write_manifest(build.folder, replace(manifest, synthesis=replace(manifest.synthesis, files=files)))
    return open_build(build.folder)


CELL = "\ncell "
REPORTS: dict[str, tuple[Callable[[str], str], str]] = {
    "empty": (lambda text: "", "line 1 is 'nothing', not 'hardwire block RAMs 1'"),
    "another form": (lambda text: text.replace(HEAD, "hardwire block RAMs 2"), "line 1 is 'hardwire block RAMs 2'"),
    "other sources": (lambda text: text.replace("sources ", "sources 0"), "line 2 is 'sources 0"),
    "another part": (lambda text: text.replace("xc7z020", "xc7z010"), "line 3 is 'part xc7z010"),
    "cut off": (lambda text: text[: len(text) // 2], "it ends with .* behind"),
    "a cell less": (lambda text: text[: text.index(CELL)] + text[text.index(CELL, text.index(CELL) + 1) :], "it ends"),
    "no text": (lambda text: text + "\u00e9", "no report of block RAMs"),
    "two at a site": (lambda text: text.replace("_X1Y0\n", "_X0Y0\n"), "two cells of one name, or at one site"),
    "no site": (lambda text: text.replace("LOC RAMB18_X1Y0", "LOC ../X1Y0"), "which is no block RAM at its site"),
    "another kind": (lambda text: text.replace("REF_NAME RAMB18E1", "REF_NAME RAMB36E1", 1), "no block RAM at its"),
    "no width": (lambda text: text.replace("READ_WIDTH_A 18", "READ_WIDTH_A 17", 1), "a port of '17' bits"),
    "no layout": (lambda text: text.replace("LAYOUT p0_d", "LAYOUT q0_d", 1), "in the layout 'q0_d"),
    "a long number": (lambda text: text.replace("ADDR_END 1023", f"ADDR_END {'9' * 30}", 1), "'999999999999'"),
    "words too many": (lambda text: text.replace("ADDR_END 1023", "ADDR_END 1024", 1), "do not lie in 18 bits"),
    "no contents": (lambda text: text.replace("256'h", "256'hx", 1), "INITP?_00 is \"256'hx"),
    "contents beyond": (lambda text: text.replace("INIT_3F", "INIT_4F", 1), "INIT_4F is"),
    "a property twice": (lambda text: text.replace("INIT_01", "INIT_00", 1), "a property that comes twice"),
    "an odd name": (lambda text: text.replace(f"{CELL}hardwire_i", f"{CELL}hard wire_i", 1), "no name, or"),
    "another word": (lambda text: text.replace("INIT_02 256'h0", "INIT_02 256'h5", 1), "comes out of no file of rom/"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_reports_that_are_refused(
    routed: Callable[..., Build], chips: dict[str, Path], tmp_path: Path, name: str
) -> None:
    change, message = REPORTS[name]
    build = changed_report(routed(), change)
    with pytest.raises(BuildError, match=message) as caught:
        reprint(build, chips["b"], tmp_path / "b")
    assert len(str(caught.value)) < 600 and not (tmp_path / "b").exists()


def test_a_report_that_is_too_large(
    routed: Callable[..., Build], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build = routed()
    monkeypatch.setattr("hardwire.synth.placed.LARGEST", 1 << 20)
    (build.folder / VIVADO / REPORT).write_bytes(bytes(1 << 21))
    with pytest.raises(BuildError, match="more than 1 MiB, no report of block RAMs is"):
        read_of(build)


def test_words_lie_as_the_port_has_them(routed: Callable[..., Build]) -> None:
    """One block RAM by hand: bit b of word w at contents bit 16 w + b, those above in parity."""
    build = routed(parity=True)
    cell = next(each for each in read_of(build) if each.parity.any())
    columns = np.zeros((cell.last + 1, cell.high + 1), np.uint8)
    columns[cell.first + 5, cell.low + 3] = columns[cell.first + 2, cell.low + cell.data] = 1
    place = {18: 16, 36: 32}[cell.width]
    found = cell.holding(columns)
    assert found is not None
    init, parity = found
    assert np.flatnonzero(init).tolist() == [5 * place + 3]
    assert np.flatnonzero(parity).tolist() == [2 * (cell.width - place)]
