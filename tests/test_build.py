# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Build folders: complete or absent, hashed, and proved; planted faults are found and named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from manifests import synthesis_receipt
from onnx_models import llama_decomposed, save

import hardwire
from hardwire.backends import of_build
from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.errors import BoardError, BuildError, ChipError, PromptError
from hardwire.files import sha256
from hardwire.manifest import build_digest, read_manifest, write_manifest
from hardwire.plan.geometry import Geometry, geometry_of
from hardwire.proof.plant import plant
from hardwire.proof.verify import Difference, Receipt, Rung, first_difference, record, verify, write_junit
from hardwire.targets.board import Board, load_board

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def built(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("built")
    chip_with_text.save(folder / "m.chip")
    return make_build(folder / "m.chip", load_board("pynq-z2"), folder / "build", lanes=8)


@pytest.fixture(scope="module")
def receipt(built: Build) -> Receipt:
    return verify(built, rungs=("int", "csim"), tokens=24)


@pytest.fixture
def copy(built: Build, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built.folder, tmp_path / "copy"))


def test_the_manifest_knows_every_file_and_claims_no_tool(built: Build) -> None:
    manifest = open_build(built.folder).manifest
    assert {"model.chip", "hls/build_top.tcl", "hls/report.txt"} <= set(manifest.files)
    assert manifest.tools == dict.fromkeys(("vitis_hls", "vivado", "yosys", "nextpnr"), "not run")
    assert manifest.board.part == "xc7z020clg400-1" and manifest.cycles is None


def test_building_twice_gives_the_same_digest(built: Build, tmp_path: Path) -> None:
    again = make_build(built.folder / "model.chip", load_board("pynq-z2"), tmp_path / "again", lanes=8)
    assert again.manifest.digest == built.manifest.digest


def test_kernels_stand_beside_an_engine_where_they_fit(micro_chip: Chip, tmp_path: Path) -> None:
    """A board without multipliers holds the engine, whose products are in LUTs: no kernels then, unless asked for."""
    micro_chip.save(tmp_path / "m.chip")
    board, geometry = load_board("pynq-z2"), Geometry(columns=4, rows=4, depth=3, terms=2, banks=4)
    bare = replace(board, dsp=2)
    for choice, parts in ((board, ["hls", "rtl"]), (bare, ["rtl"])):
        made = make_build(tmp_path / "m.chip", choice, tmp_path / "build", target="rtl", geometry=geometry)
        assert made.manifest.parts == tuple(parts) and (made.manifest.plan.lanes is not None) == ("hls" in parts)
    message = r"1 lanes are expected to take \d+ multipliers; PYNQ-Z2 has 2: choose a larger board"
    with pytest.raises(BoardError, match=message):
        make_build(tmp_path / "m.chip", bare, tmp_path / "b", target="rtl", geometry=geometry, lanes=1)
    with pytest.raises(BoardError, match=message):
        make_build(tmp_path / "m.chip", bare, tmp_path / "b")


def test_the_ladder_is_climbed_and_counted(receipt: Receipt) -> None:
    assert receipt.verdict == "incomplete: float not run" and receipt.first_difference is None
    assert receipt.rungs["int"].tokens == 4 * 24
    csim = receipt.rungs["csim"]
    assert csim.status == "equal" and csim.logits == 4 * 24 * 40 and csim.stages > 1000


def test_a_short_ladder_is_a_ladder_too(built: Build) -> None:
    result = verify(built, rungs=("csim",), tokens=1, prompts=["a"])
    assert (
        result.verdict == "incomplete: float, int not run" and result.rungs["csim"].tokens > 24
    )  # the last position is always reached


def test_receipts_stand_in_the_manifest_and_keep_its_digest(copy: Path, receipt: Receipt) -> None:
    opened = open_build(copy)
    record(opened, receipt)
    again = open_build(copy)
    assert again.manifest.proofs[-1].verdict == receipt.verdict
    assert again.manifest.digest == opened.manifest.digest


def test_a_ladder_without_its_float_model_is_incomplete(built: Build) -> None:
    result = verify(built, rungs=("float",), tokens=4)
    assert result.verdict == "incomplete: float, int, csim not run"
    assert "no copy of the ONNX that the chip was made from; give it with --onnx" in result.rungs["float"].note


def test_the_float_model_is_found_where_the_chip_remembers_it_or_given(chip_with_text: Chip, tmp_path: Path) -> None:
    """The digests of chip and build do not depend on where it lay."""
    (tmp_path / "models").mkdir()
    (tmp_path / "other").mkdir()
    onnx = save(llama_decomposed()[0], tmp_path / "models")
    save(llama_decomposed(window=5)[0], tmp_path / "other")
    about = {**chip_with_text.about, "onnx": {"file": onnx.name, "sha256": sha256(onnx)}}
    chip = replace(chip_with_text, about=about)
    chip.save(tmp_path / "chips" / "far.chip", origin=onnx)
    chip.save(tmp_path / "chips" / "lost.chip")
    board = load_board("pynq-z2")
    far, lost = (make_build(tmp_path / "chips" / f"{n}.chip", board, tmp_path / n, lanes=8) for n in ("far", "lost"))
    assert far.chip.digest == lost.chip.digest == chip.digest
    assert far.onnx is not None and lost.onnx is None
    assert far.manifest.files["model.chip"] == lost.manifest.files["model.chip"]
    assert verify(far, ("float",), tokens=4).rungs["float"].status == "within bound"
    assert verify(lost, ("float",), tokens=4).rungs["float"].status == "not run"
    assert verify(lost, ("float",), tokens=4, onnx=onnx).rungs["float"].status == "within bound"
    with pytest.raises(BuildError, match="other/model.onnx is not the model that the chip was made from .sha256"):
        verify(lost, ("float",), tokens=4, onnx=tmp_path / "other" / "model.onnx")


@pytest.mark.parametrize(
    ("kind", "stage"), [("weight", "L1.up"), ("table", "L"), ("rounding", "embed")], ids=["weight", "table", "rounding"]
)
def test_planted_faults_are_found_and_named(built: Build, tmp_path: Path, kind: str, stage: str) -> None:
    faulty, done = plant(built, kind, tmp_path)
    assert done and faulty.manifest.digest != built.manifest.digest
    result = verify(faulty, rungs=("csim",), tokens=24)
    difference = result.first_difference
    assert result.verdict == "different" and difference is not None
    assert difference.rung == "csim" and difference.stage.startswith(stage)
    assert difference.expected != difference.got
    open_build(built.folder)  # the original is untouched


def test_a_fault_needs_an_hls_project(built: Build, tmp_path: Path) -> None:
    bare = replace(built, manifest=replace(built.manifest, parts=("rtl",)))
    with pytest.raises(BuildError, match="has no HLS project to put a fault into; build with --target hls"):
        plant(bare, "weight", tmp_path)


def test_junit_says_what_failed(receipt: Receipt, tmp_path: Path) -> None:
    write_junit(receipt, tmp_path / "ok.xml")
    suite = ElementTree.parse(tmp_path / "ok.xml").getroot()
    assert suite.get("tests") == "2" and suite.get("failures") == "0"
    broken = Receipt(rungs=receipt.rungs | {"csim": Rung(status="different")})
    broken.first_difference = Difference(rung="csim", stage="L0.q", token=3, index=1, expected=5, got=6)
    write_junit(broken, tmp_path / "bad.xml")
    failure = ElementTree.parse(tmp_path / "bad.xml").getroot().find(".//failure")
    assert failure is not None and "stage L0.q, token 3 of text 0, index 1: expected 5, got 6" in failure.get(
        "message", ""
    )


def test_csim_streams_what_the_reference_streams(built: Build) -> None:
    for options in ({}, {"temperature": 0.9, "seed": 5}):
        texts = [
            hardwire.load(built.folder, backend).generate("abc", stops=(), **options)
            for backend in ("csim", "reference")
        ]
        assert texts[0] == texts[1] != ""


def test_prompts_are_checked_before_anything_runs(built: Build) -> None:
    with pytest.raises(PromptError, match="é"):
        verify(built, rungs=("int",), prompts=["né"])
    with pytest.raises(BuildError, match="no rung 'rtl9'; known are float, int, csim, rtl, netlist"):
        verify(built, rungs=("rtl9",))


def test_changed_missing_and_escaping_files_are_named(copy: Path) -> None:
    report = copy / "hls" / "report.txt"
    report.write_text(report.read_text() + " ")
    with pytest.raises(BuildError, match="hls/report.txt does not match the manifest's hash"):
        open_build(copy)
    report.unlink()
    with pytest.raises(BuildError, match="hls/report.txt is missing"):
        open_build(copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"] = {"../../etc/passwd": "0" * 64}
    with pytest.raises(BuildError, match="its digest is not that of its contents; it was edited"):
        (copy / "manifest.json").write_text(json.dumps(manifest))
        open_build(copy)
    manifest["digest"] = build_digest(manifest)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BuildError, match="names '../../etc/passwd', which is outside the folder"):
        open_build(copy)


def test_folders_that_are_no_builds_are_refused(tmp_path: Path, built: Build) -> None:
    with pytest.raises(BuildError, match="no readable manifest.json"):
        open_build(tmp_path)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BuildError, match="exists and is no hardwire build"):
        make_build(built.folder / "model.chip", load_board("pynq-z2"), tmp_path)
    (tmp_path / "manifest.json").write_text('{"name": "of something else"}')
    with pytest.raises(BuildError, match="exists and is no hardwire build"):
        make_build(built.folder / "model.chip", load_board("pynq-z2"), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_build_with_a_file_of_the_users_is_not_replaced(built: Build, copy: Path) -> None:
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(BuildError, match="holds notes.txt, which is not of its build"):
        make_build(built.folder / "model.chip", load_board("pynq-z2"), copy, lanes=8)
    (copy / "notes.txt").unlink()
    assert make_build(built.folder / "model.chip", load_board("pynq-z2"), copy, lanes=8).folder == copy


def test_a_proof_compiles_anew(built: Build, copy: Path) -> None:
    opened = open_build(copy)
    csim = of_build.csim(opened)
    csim.close()  # before its file changes under it
    csim.library_path.unlink()
    csim.library_path.write_bytes(b"not a library")
    assert verify(opened, rungs=("csim",), tokens=2).rungs["csim"].status == "equal"


def test_an_error_record_that_proves_everything_is_refused(chip_with_text: Chip) -> None:
    from dataclasses import replace

    from hardwire.proof.verify import _recorded_error

    assert _recorded_error(chip_with_text) > 0
    for claim in (None, {}, {"largest_row": 1e9}, {"largest_row": "1"}):
        with pytest.raises(ChipError, match="records no usable logit error"):
            _recorded_error(replace(chip_with_text, about={"logit_error": claim}))


def test_an_empty_prompt_file_is_no_prompt_file(built: Build) -> None:
    with pytest.raises(PromptError, match="holds no prompt"):
        verify(built, rungs=("int",), prompts=[])


def test_a_model_that_does_not_fit_leaves_nothing_behind(built: Build, tmp_path: Path) -> None:
    small = Board(
        key="small",
        name="Small",
        part="part",
        family="xc7",
        processor="none",
        clock_mhz=100.0,
        lut=1000,
        dsp=8,
        bram18=2,
        uram=0,
    )
    with pytest.raises(BoardError, match="model.chip does not fit Small: block RAM"):
        make_build(built.folder / "model.chip", small, tmp_path / "build")
    assert list(tmp_path.iterdir()) == []


def test_weights_in_uram_are_what_a_bitstream_leaves_to_its_host(built: Build, tmp_path: Path) -> None:
    geometry, chip = Geometry(columns=4, rows=4, depth=4, terms=2, banks=2, uram=2), built.folder / "model.chip"
    made = {
        target: make_build(chip, load_board("kv260"), tmp_path / target, target=target, geometry=geometry)
        for target in ("rtl", "bitstream")
    }
    assert {target: build.manifest.plan.pour for target, build in made.items()} == {"rtl": None, "bitstream": "uram"}
    package = (made["bitstream"].folder / "rtl" / "rtl" / "load_pkg.sv").read_text()
    assert "Baked = 1'b0" in package and not (made["rtl"].folder / "rtl" / "rtl" / "load_pkg.sv").exists()


def test_a_receipt_leaves_what_others_wrote_meanwhile(copy: Path, receipt: Receipt) -> None:
    build, other = open_build(copy), open_build(copy)
    write_manifest(copy, replace(other.manifest, synthesis=synthesis_receipt()))
    recorded = record(build, receipt)
    after = read_manifest(copy)
    assert after.synthesis == synthesis_receipt() and recorded.manifest == after
    assert after.proofs[:-1] == other.manifest.proofs and after.proofs[-1].as_json() == receipt.as_dict()


def test_first_difference_names_stage_token_and_index() -> None:
    import numpy as np

    want = {"a": np.zeros((1, 2, 3), np.int64), "b": np.zeros((1, 2, 3), np.int64)}
    got = {name: value.copy() for name, value in want.items()}
    assert first_difference("csim", want, got) is None
    got["b"][0, 1, 2] = 7
    assert str(first_difference("csim", want, got)) == ("csim: stage b, token 1 of text 0, index 2: expected 0, got 7")


def test_an_extended_sampler_has_its_room_and_is_alone(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "a.chip")
    board = load_board("ulx3s-85f")
    build = make_build(tmp_path / "a.chip", board, tmp_path / "b", target="rtl", best=20)
    plan = build.manifest.plan
    assert plan.geometry is not None and plan.geometry["best"] == 20 and plan.resources is not None
    engine = replace(geometry_of(plan.geometry, tmp_path), best=0)
    bare = make_build(tmp_path / "a.chip", board, tmp_path / "c", target="rtl", geometry=engine)
    assert bare.manifest.plan.resources is not None
    assert plan.resources["lut"] - bare.manifest.plan.resources["lut"] > 3000
    assert {path.name for path in (build.folder / "rtl" / "rtl").glob("choice*.sv")} > {"choice.sv", "choice_pkg.sv"}
    for options in ({"reprintable": True}, {"streams": None}):
        with pytest.raises(BuildError, match="--sampler extended is of the HLS project and of a frozen RTL"):
            make_build(tmp_path / "a.chip", board, tmp_path / "d", target="rtl", best=20, **options)


def test_options_that_would_have_to_go_are_named(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "a.chip")
    small = replace(load_board("ulx3s-85f"), lut=20_000)  # an engine's, or two samplers'
    with pytest.raises(BoardError, match="even the smallest engine is over its budget; it would without --sampler ext"):
        make_build(tmp_path / "a.chip", small, tmp_path / "b", target="rtl", best=20, streams=2)
