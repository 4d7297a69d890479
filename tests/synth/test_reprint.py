# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Another chip in a finished bitstream's file: patched, read back, and its gates simulated at the board's wires."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from outlines import poured_into

from hardwire.backends.netlistsim import NetlistSim
from hardwire.build.collect import check
from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.chip.model import load_chip
from hardwire.chip.reference import Reference
from hardwire.cli.main import main
from hardwire.errors import BuildError
from hardwire.files import sha256
from hardwire.host.requests import Request
from hardwire.openers import Place
from hardwire.proof.plant import plant
from hardwire.proof.verify import verify
from hardwire.quantize import Outline, random_chip
from hardwire.synth import trellis
from hardwire.synth.reprint import Reprinted, patch_of, reprint
from hardwire.targets.board import load_board

from .conftest import MINI, SMALLEST, renewed

pytestmark = pytest.mark.tools
slow = pytest.mark.slow  # what needs a route: minutes


@pytest.fixture(scope="module")
def chips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, first = tmp_path_factory.mktemp("chips"), random_chip(MINI, seed=0)
    made = {
        "a": first,
        "b": poured_into(first, Outline(shape=MINI)),
        "shifted": replace(first, value_shift=first.value_shift + 1),
        "foreign": random_chip(replace(MINI, vocab=10), seed=0),
    }
    for name, chip in made.items():
        chip.save(folder / f"{name}.chip")
    return {name: folder / f"{name}.chip" for name in made}


def built(chip: Path, folder: Path, kind: str) -> Build:
    board = load_board("ulx3s-85f")
    return make_build(chip, board, folder, target="rtl", geometry=SMALLEST, reprintable=kind == "reprintable")


def synth(folder: Path, *options: str) -> Build:
    done = CliRunner().invoke(main, ["synth", str(folder), *options])
    assert done.exit_code == 0, done.output
    return open_build(folder)


@slow
@pytest.mark.parametrize("kind", ["frozen", "reprintable"])
def test_the_engines_gates_are_the_other_chip(kind: str, chips: dict[str, Path], tmp_path: Path) -> None:
    """The netlist alone: patched, simulated, and equal to the other chip's reference."""
    whole = built(chips["a"], tmp_path / "build", kind)
    shutil.rmtree(whole.folder / "rtl" / "board")
    build = synth(renewed(whole).folder, "--no-route")
    a, b = load_chip(chips["a"]), load_chip(chips["b"])
    patch = patch_of(build, b)
    assert len(patch.memories) > 5 and patch.changed > 3
    (tmp_path / "netlist.json").write_text(patch.patched())
    request = Request(ids=tuple(range(7)), budget=1, rows=7)
    sim = NetlistSim(build.folder / "rtl", tmp_path / "netlist.json", build.synthesis.family or "", tmp_path / "sim", a)
    sim.compile()
    got = sim.run(request).logits
    np.testing.assert_array_equal(got, Reference(b).run(request).logits)
    assert (got != Reference(a).run(request).logits).any()
    with pytest.raises(BuildError, match="has no bitstream; run hardwire synth"):
        reprint(build, chips["b"], tmp_path / "new")
    other = replace(build.synthesis, family="xc7")
    with pytest.raises(BuildError, match="the bitstream of a 7 series is the vendor's; ECP5 are patched here"):
        reprint(replace(build, manifest=replace(build.manifest, synthesis=other)), chips["b"], tmp_path / "new")


@pytest.fixture(scope="module", params=["frozen", "reprintable"])
def routed(request: pytest.FixtureRequest, chips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp(request.param) / "build"
    return synth(built(chips["a"], folder, request.param).folder, "--allow-slow")


@pytest.fixture(scope="module")
def patched(routed: Build, chips: dict[str, Path]) -> Reprinted:
    return reprint(routed, chips["b"], routed.folder.parent / "patched")


def bit(build: Build) -> Path:
    return build.folder / "synth" / "ulx3s_top.bit"


@slow
def test_the_patched_gates_are_the_other_chip(routed: Build, patched: Reprinted, chips: dict[str, Path]) -> None:
    build, chip = patched.build, load_chip(chips["b"])
    assert build.chip.digest == chip.digest == build.manifest.chip.digest
    assert build.manifest.identity == routed.chip.digest and Place(location=build.folder).identity == routed.chip.id
    moulds = [cast and cast.digest for cast in (Place(location=b.folder).cast for b in (routed, build))]
    assert moulds[0] == moulds[1] and (moulds[0] is None) == (routed.manifest.plan.pour is None)
    assert patched.memories > 5 and patched.changed > 3 and patched.bits > 10_000
    proof = verify(build, ("rtl", "netlist"))
    assert [proof.rungs[name].status for name in ("rtl", "netlist")] == ["equal", "equal"]
    assert proof.rungs["netlist"].logits == 11 * MINI.vocab


@slow
def test_nothing_but_contents_is_another(routed: Build, patched: Reprinted) -> None:
    before, after = ((b.folder / "synth" / "route-1.config").read_text() for b in (routed, patched.build))
    assert before != after and trellis.with_initial(after, trellis.initial(before)) == before
    cells = [
        json.loads((b.folder / "synth" / "netlist.json").read_text())["modules"]["ulx3s_top"]["cells"]
        for b in (routed, patched.build)
    ]
    differing = [name for name in cells[0] if cells[0][name] != cells[1][name]]
    assert len(differing) == patched.changed
    for name in differing:
        assert cells[0][name]["connections"] == cells[1][name]["connections"]


@slow
def test_back_again_it_is_the_first_bitstream(routed: Build, patched: Reprinted, chips: dict[str, Path]) -> None:
    """A, B, A: the same bytes, of the bitstream and of every ROM."""
    back = reprint(patched.build, chips["a"], routed.folder.parent / "back").build
    assert bit(back).read_bytes() == bit(routed).read_bytes() != bit(patched.build).read_bytes()
    roms = {name: digest for name, digest in routed.manifest.files.items() if name.startswith("rtl/rom/")}
    assert roms == {name: back.manifest.files[name] for name in roms}


@slow
def test_a_planted_bit_is_found_by_the_proof(patched: Reprinted, tmp_path: Path) -> None:
    faulty, _ = plant(patched.build, "netlist", tmp_path)
    difference = verify(faulty, ("netlist",)).first_difference
    assert difference is not None and (difference.rung, difference.stage) == ("netlist", "logits")


@slow
def test_chips_that_do_not_go_in(routed: Build, chips: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"does not go into this bitstream: .*Vocab: 10, not 8.*--patchable"):
        reprint(routed, chips["foreign"], tmp_path / "b")
    with pytest.raises(BuildError, match=r"shift00.hex: 1 of 1 words differ, and it is in LUTs; quantize with"):
        reprint(routed, chips["shifted"], tmp_path / "b")
    assert not (tmp_path / "b").exists() and list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept")
    with pytest.raises(BuildError, match="is no hardwire build; remove it or choose another -o"):
        reprint(routed, chips["b"], tmp_path / "mine")


@slow
def test_builds_that_cannot_be_patched(routed: Build, chips: dict[str, Path], tmp_path: Path) -> None:
    bare = make_build(chips["a"], load_board("ulx3s-85f"), tmp_path / "bare", target="rtl", geometry=SMALLEST)
    with pytest.raises(BuildError, match="was not synthesized; run hardwire synth"):
        reprint(bare, chips["b"], tmp_path / "b")
    for name, message in (
        ("route-1.config", "route-1.config: missing, and the bitstream was made with it"),
        ("ulx3s_top.bit", "ulx3s_top.bit: missing, or not the receipt's"),
        ("netlist.json", "netlist.json: missing, or not the one of the synthesis receipt"),
    ):
        folder = Path(shutil.copytree(routed.folder, tmp_path / name))
        (folder / "synth" / name).unlink()
        with pytest.raises(BuildError, match=message):
            reprint(open_build(folder), chips["b"], tmp_path / "b")
    folder = Path(shutil.copytree(routed.folder, tmp_path / "edited"))
    config = folder / "synth" / "route-1.config"
    held = trellis.initial(config.read_text())
    number = next(number for number, words in held.items() if words.any())
    config.write_text(trellis.with_initial(config.read_text(), {number: held[number] ^ 1}))
    with pytest.raises(BuildError, match="block RAMs of the routed design do not hold what those of the netlist do"):
        reprint(open_build(folder), chips["b"], tmp_path / "b")


@slow
def test_the_command_and_what_a_board_gets(routed: Build, chips: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "new"
    options = ["-o", str(out), "--collect", str(tmp_path / "bits"), "--json"]
    done = CliRunner().invoke(main, ["reprint", str(routed.folder), str(chips["b"]), *options])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["sha256"] == sha256(out / "synth" / "ulx3s_top.bit") and told["seconds"] < 600
    assert told["identity"] == routed.chip.digest and told["chip"] == load_chip(chips["b"]).digest
    folder = tmp_path / "bits" / "ulx3s-85f" / "new"
    assert Place(location=folder).identity == routed.chip.id
    assert check(folder).identity == routed.chip.digest
    done = CliRunner().invoke(main, ["reprint", str(routed.folder), str(chips["foreign"]), "-o", str(tmp_path / "x")])
    assert done.exit_code == 1 and "Vocab: 10, not 8" in done.stderr
