# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire verify`` of builds with several streams: all at once, engine and registers; mixed contexts are named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.emit.rtl.project import META, drafts_of
from hardwire.emit.rtl.roms import draft_lines
from hardwire.errors import BuildError
from hardwire.files import sha256
from hardwire.manifest import hash_files, write_manifest
from hardwire.plan.drafts import DraftTable
from hardwire.plan.geometry import Geometry
from hardwire.proof import streams
from hardwire.proof.plant import plant
from hardwire.proof.verify import verify, verify_planted
from hardwire.targets.board import load_board

pytestmark = pytest.mark.tools

TWO = Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2)
SHARED = Geometry(columns=8, rows=8, depth=2, packed_groups=1, banks=5, divides=2, streams=3, share=13)


def made(chip: Chip, folder: Path, geometry: Geometry, target: str = "rtl") -> Build:
    chip.save(folder / "some.chip")
    return make_build(folder / "some.chip", load_board("pynq-z2"), folder / "build", target=target, geometry=geometry)


@pytest.fixture(scope="module")
def two(tiny_chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return made(tiny_chip, tmp_path_factory.mktemp("two"), TWO, "bitstream")


def test_all_streams_are_compared_at_once(two: Build) -> None:
    receipt = verify(two, ["rtl"], tokens=6)
    rung = receipt.rungs["rtl"]
    assert rung.status == "equal" and receipt.first_difference is None
    assert "; 2 streams at once, at random" in rung.note
    assert "12 answers of each behind the registers, stops and resets of one among the others" in rung.note


def test_streams_that_share_a_cache_are_compared_as_far_as_it_goes(odd_chip: Chip, tmp_path: Path) -> None:
    receipt = verify(made(odd_chip, tmp_path, SHARED), ["rtl"], tokens=20)
    rung = receipt.rungs["rtl"]
    assert rung.status == "equal" and "at 13 positions" in rung.note and "3 streams at once" in rung.note


def test_drafts_are_held_to_the_replay_of_the_builds_own_table(tiny_chip: Chip, tmp_path: Path) -> None:
    build = made(tiny_chip, tmp_path, replace(TWO, drafts=256), "bitstream")
    receipt = verify(build, ["rtl"], tokens=6)
    rung = receipt.rungs["rtl"]
    assert rung.status == "equal" and receipt.first_difference is None
    assert "drafts from a table of 256 entries" in rung.note and "12 answers of each behind the registers" in rung.note
    table = drafts_of(build.folder / "rtl")
    assert table is not None and build.manifest.cycles is not None
    wrong = write_rom(build, replace(table, trigram=np.roll(table.trigram, 1)), tmp_path / "wrong")
    found = verify(wrong, ["rtl"], tokens=6)
    assert found.first_difference is None  # other guesses, the same answers, and the replay's cycles


def write_rom(build: Build, table: DraftTable, folder: Path) -> Build:
    """The build with another table of drafts in its memories, under hashes that are right."""
    shutil.copytree(build.folder, folder)
    meta = json.loads((folder / "rtl" / META).read_text())
    for name, lines in draft_lines(table).items():
        (folder / "rtl" / "rom" / name).write_text("\n".join(lines) + "\n")
        meta["rom"][name] = sha256(folder / "rtl" / "rom" / name)
    (folder / "rtl" / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    manifest = replace(build.manifest, files=hash_files(folder), proofs=()).sealed()
    write_manifest(folder, manifest)
    return Build(folder, manifest, build.chip)


def test_mixed_contexts_are_found_and_named(two: Build) -> None:
    receipt, change = verify_planted(two, "context", ["int"], tokens=6)
    assert change == "the values of 2 streams into the place of one, in rtl/cached_attention.sv"
    found = receipt.first_difference
    assert receipt.verdict == "different" and found is not None
    assert (found.rung, found.stage) == ("rtl", "logits") and found.stream in (0, 1)
    assert found.expected != found.got
    said = str(found)
    assert said.startswith(f"rtl: stage logits, token {found.token} of stream {found.stream}, index {found.index}: ")
    assert said.endswith(f"expected {found.expected}, got {found.got}")


def test_one_stream_has_no_contexts_to_mix(tiny_chip: Chip, tmp_path: Path) -> None:
    build = made(tiny_chip, tmp_path, replace(TWO, streams=1))
    with pytest.raises(BuildError, match="has one stream, so no two contexts to mix; build with --streams 2"):
        plant(build, "context", tmp_path / "copy")


def test_requests_are_drawn_with_ends_of_every_kind(tiny_chip: Chip) -> None:
    rng = np.random.default_rng(3)
    drawn = [streams.drawn(rng, tiny_chip, tiny_chip.shape.context, 1) for _ in range(40)]
    assert {want.status for _, want in drawn} == {"budget", "stop token"}
    assert all(request.stream == 1 and len(want.logits) >= len(want.ids) for request, want in drawn)
    assert len({request.temperature for request, _ in drawn}) == 2
