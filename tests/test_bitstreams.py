# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Bitstreams that lie in the repository belong to the sources of today, or to those that lie packed beside them."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from manifests import synthesis_receipt
from outlines import TINY

from hardwire.build.collect import check, collect, sources_digest
from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip, load_chip
from hardwire.chip.mould import Mould
from hardwire.emit.rtl.project import read_meta
from hardwire.errors import BuildError
from hardwire.files import sha256
from hardwire.manifest import manifest_digest, read_bundle_manifest, write_manifest
from hardwire.plan.geometry import geometry_of
from hardwire.plan.widths import accumulator_bits
from hardwire.quantize import Options, Outline, quantize, random_decoder
from hardwire.targets.board import load_board

BITSTREAMS = Path(__file__).parent.parent / "bitstreams"
COMMITTED = sorted(path.parent for path in BITSTREAMS.glob("*/*/manifest.json"))


def test_there_is_one_for_the_board_that_open_tools_route() -> None:
    assert BITSTREAMS / "ulx3s-85f" / "bundled" in COMMITTED


@pytest.mark.parametrize("folder", COMMITTED, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_committed_bitstream_is_that_of_its_sources(folder: Path, tmp_path: Path) -> None:
    packed_sources = folder / "sources.tar.gz"
    if packed_sources.exists():
        manifest = read_bundle_manifest(folder)
        with tarfile.open(packed_sources) as archive:
            archive.extractall(tmp_path, filter="data")
        assert sources_digest(tmp_path) == manifest.sources
        with pytest.raises(BuildError, match="of other sources than today's"):  # else they need not lie there
            check(folder)
    else:
        manifest = check(folder)
    (packed,) = folder.glob("*.bit.gz")
    bits = gzip.decompress(packed.read_bytes())
    assert hashlib.sha256(bits).hexdigest() == manifest.bitstream_sha256
    assert b"\xff\xff\xbd\xb3" in bits[:512]  # the preamble of an ECP5
    assert load_chip(folder / "model.chip").digest == manifest.chip.digest
    assert manifest.fmax_mhz is not None and manifest.clock_mhz is not None
    assert manifest.clock_source == "routed" and manifest.fmax_mhz >= manifest.clock_mhz
    assert manifest.resources and manifest.budget
    assert all(manifest.resources[name] <= most for name, most in manifest.budget.items())


@pytest.fixture
def routed(tiny_chip: Chip, tmp_path: Path) -> Build:
    """A build with a bitstream and a receipt that no tool made: what is copied is looked at, not what is in it."""
    tiny_chip.save(tmp_path / "tiny.chip")
    folder = make_build(tmp_path / "tiny.chip", load_board("ulx3s-85f"), tmp_path / "tiny", target="rtl").folder
    bit = folder / "synth" / "ulx3s_top.bit"
    bit.parent.mkdir()
    bit.write_bytes(b"bits" * 100)
    build = open_build(folder)
    receipt = synthesis_receipt(files={"synth/ulx3s_top.bit": sha256(bit)}, clock_mhz=50.0)
    write_manifest(folder, replace(build.manifest, synthesis=receipt))
    return open_build(folder)


def test_what_is_collected_is_checked(routed: Build, tmp_path: Path) -> None:
    folder = collect(routed, tmp_path / "out")
    assert folder == tmp_path / "out" / "ulx3s-85f" / "tiny"
    assert {path.name for path in folder.iterdir()} == {"ulx3s_top.bit.gz", "model.chip", "manifest.json"}
    manifest = check(folder)
    assert manifest.sources == sources_digest(routed.folder / "rtl") and manifest.clock_mhz == 50
    assert gzip.decompress((folder / "ulx3s_top.bit.gz").read_bytes()) == b"bits" * 100
    first = (folder / "ulx3s_top.bit.gz").read_bytes()
    assert (collect(routed, tmp_path / "out") / "ulx3s_top.bit.gz").read_bytes() == first  # no date in it


def test_other_sources_and_other_files_are_noticed(routed: Build, tmp_path: Path) -> None:
    folder = collect(routed, tmp_path / "out")
    manifest = json.loads((folder / "manifest.json").read_text())
    changed = manifest | {"geometry": manifest["geometry"] | {"banks": manifest["geometry"]["banks"] + 1}}
    (folder / "manifest.json").write_text(json.dumps(changed))
    with pytest.raises(BuildError, match="manifest.json was edited: its digest is not that of its contents"):
        check(folder)
    write(folder, changed)
    with pytest.raises(BuildError, match="its bitstream is of other sources than today's; run hardwire synth"):
        check(folder)
    (folder / "ulx3s_top.bit.gz").write_bytes(b"")
    with pytest.raises(BuildError, match="ulx3s_top.bit.gz: missing, or not what its manifest says"):
        check(folder)
    write(folder, manifest | {"files": {"../../model.chip": ""}})
    with pytest.raises(BuildError, match="names '../../model.chip', which is outside the folder"):
        check(folder)


def test_a_patched_one_is_that_of_its_gates_and_its_own_contents(routed: Build, tmp_path: Path) -> None:
    """What ``reprint`` leaves: the gates of one chip and the ROMs of another, whose sums and biases may be narrower."""
    rows = [row.tolist() for row in np.random.default_rng(17).integers(0, TINY.vocab, (4, 24))]
    mould = Mould.of(routed.chip)
    options = Options(
        rounding="plain", tokens=96, length=24, widen=False, like=mould, sums=accumulator_bits(routed.chip)
    )
    chip = quantize(random_decoder(Outline(shape=TINY), 17), rows, options)
    chip.save(tmp_path / "b.chip")
    plan, parameters = routed.manifest.plan, read_meta(routed.folder / "rtl")["parameters"]
    geometry = geometry_of(plan.geometry or {}, routed.folder)
    own = make_build(tmp_path / "b.chip", load_board("ulx3s-85f"), tmp_path / "b", target="rtl", geometry=geometry)
    for rom in (own.folder / "rtl" / "rom").glob("*.hex"):
        shutil.copy(rom, routed.folder / "rtl" / "rom")
    chip.save(routed.folder / "model.chip")
    plan = replace(plan, identity=routed.chip.digest, room={name: int(parameters[name]) for name in ("AccW", "BiasW")})
    said = replace(own.manifest, plan=plan, synthesis=routed.manifest.synthesis)
    folder = collect(Build(routed.folder, said, chip), tmp_path / "out")
    manifest = check(folder)
    assert manifest.identity == routed.chip.digest and manifest.chip.digest == chip.digest != routed.chip.digest
    written = json.loads((folder / "manifest.json").read_text())
    for changed in ({"identity": chip.digest}, {"room": {"AccW": 40}}):
        write(folder, written | changed)
        with pytest.raises(BuildError, match="its bitstream is of other sources than today's"):
            check(folder)


def test_a_comment_is_no_other_source(tmp_path: Path) -> None:
    (tmp_path / "a.sv").write_text('assign x = "// no comment";  // one\n  assign y = 1;\n')
    first = sources_digest(tmp_path)
    (tmp_path / "a.sv").write_text('/* another */ assign x = "// no comment";\nassign y = 1; // and\n')
    assert sources_digest(tmp_path) == first
    (tmp_path / "a.sv").write_text('assign x = "// other";\nassign y = 1;\n')
    assert sources_digest(tmp_path) != first


def write(folder: Path, manifest: dict[str, Any]) -> None:
    """A manifest whose digest is right."""
    (folder / "manifest.json").write_text(json.dumps(manifest | {"digest": manifest_digest(manifest)}))


def test_nothing_is_collected_without_a_bitstream(routed: Build, tmp_path: Path) -> None:
    (routed.folder / "synth" / "ulx3s_top.bit").write_bytes(b"other")
    with pytest.raises(BuildError, match="missing, or not the receipt's"):
        collect(routed, tmp_path / "out")
    bare = replace(routed, manifest=replace(routed.manifest, synthesis=synthesis_receipt()))
    with pytest.raises(BuildError, match="has no bitstream; run hardwire synth"):
        collect(bare, tmp_path / "out")
