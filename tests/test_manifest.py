# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Manifests are read as they are written, and nothing in one is believed before it is checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from manifests import synthesis_receipt

from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.driver.selftest import record
from hardwire.errors import BuildError
from hardwire.manifest import (
    BoardRef,
    BundleManifest,
    ChipRef,
    Expected,
    Manifest,
    PlanRecord,
    ProofRecord,
    RungRecord,
    SynthesisReceipt,
    build_digest,
    manifest_digest,
    read_bundle_manifest,
    read_manifest,
    write_manifest,
)
from hardwire.manifest.records import DEEPEST, LARGEST_FILE
from hardwire.plan.geometry import geometry_of
from hardwire.proof.receipts import Difference, Receipt, Rung
from hardwire.targets.board import load_board

COMMITTED = Path(__file__).parents[1] / "bitstreams" / "ulx3s-85f" / "bundled"
RECORDS = (BoardRef, ChipRef, PlanRecord, RungRecord, ProofRecord, SynthesisReceipt, Manifest, Expected, BundleManifest)

Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def whole(tiny_chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The manifest of a build that was proved and synthesized, as no tool did it."""
    folder = tmp_path_factory.mktemp("whole")
    tiny_chip.save(folder / "tiny.chip")
    built = make_build(folder / "tiny.chip", load_board("ulx3s-85f"), folder / "tiny", target="rtl").manifest
    receipt = Receipt(rungs={"int": Rung(status="different")}, when="2026-01-01T00:00:00Z", digests={"chip": "0" * 64})
    receipt.first_difference = Difference(rung="int", stage="L0.q", token=3, index=1, expected=5.5, got=6)
    proof = ProofRecord.from_json(receipt.as_dict(), folder)
    synthesis = synthesis_receipt(
        critical_path={"text": "a to b"}, files={"synth/a.bit": "1" * 64}, slack_ns={"hold": -0.1}
    )
    return replace(built, proofs=(proof,), synthesis=synthesis)


def written(folder: Path, whole: Manifest, spoil: Spoil, sealed: bool = True) -> Path:
    """A folder with the manifest as ``spoil`` leaves it, its digest right."""
    data = json.loads(json.dumps(whole.as_json()))
    spoil(data)
    if sealed:
        data["digest"] = build_digest(data)
    (folder / "manifest.json").write_text(json.dumps(data))
    return folder


@pytest.mark.parametrize("record_type", RECORDS, ids=lambda each: each.__name__)
def test_every_field_has_a_check(record_type: Any) -> None:
    names = {each.name for each in fields(record_type)} - {"nulls"}
    assert names == set(record_type.FIELDS) and names >= record_type.OPTIONAL


def test_a_manifest_is_written_as_it_was_read(whole: Manifest, tmp_path: Path) -> None:
    write_manifest(tmp_path, whole)
    first = (tmp_path / "manifest.json").read_bytes()
    again = read_manifest(tmp_path)
    assert again == whole == again.sealed()
    write_manifest(tmp_path, again)
    assert (tmp_path / "manifest.json").read_bytes() == first


def test_a_manifest_is_json_with_sorted_keys(whole: Manifest, tmp_path: Path) -> None:
    write_manifest(tmp_path, replace(whole, synthesis=None))
    text = (tmp_path / "manifest.json").read_text()
    data = json.loads(text)
    assert text == json.dumps(data, indent=1, sort_keys=True) + "\n"
    assert list(data) == [
        "board", "chip", "cycles", "digest", "files", "format", "hardwire", "parts", "plan", "proofs", "resources",
        "target", "tools",
    ]  # fmt: skip
    assert list(data["plan"]) == ["clock_mhz", "clock_source", "geometry", "mean_cycles", "resources"]


def test_the_committed_bitstreams_manifest_is_written_as_it_was_read(tmp_path: Path) -> None:
    manifest = read_bundle_manifest(COMMITTED)
    assert manifest == manifest.sealed()
    write_manifest(tmp_path, manifest)
    assert (tmp_path / "manifest.json").read_bytes() == (COMMITTED / "manifest.json").read_bytes()


def test_a_null_is_no_absence(whole: Manifest, tmp_path: Path) -> None:
    """The digest tells them apart, so they are written as they were."""
    bare = BundleManifest(board=whole.board, chip=whole.chip, files={})
    for nulls in (frozenset(), frozenset({"geometry"}), frozenset({"geometry", "cycles"})):
        write_manifest(tmp_path, replace(bare, nulls=nulls).sealed())
        data = json.loads((tmp_path / "manifest.json").read_text())
        assert {name for name, value in data.items() if value is None} == nulls
        assert read_bundle_manifest(tmp_path).as_json() == data


def test_a_record_of_a_chip_is_as_it_was_made(tiny_chip: Chip, tmp_path: Path) -> None:
    made = record(tiny_chip)
    assert Expected.from_json(made, tmp_path).as_json() == made


SPOILED: dict[str, tuple[Spoil, str]] = {
    "a field is missing": (lambda m: m.pop("proofs"), "malformed, it lacks proofs; make it again"),
    "one that decides is missing": (lambda m: m["board"].pop("part"), r"malformed, it lacks board\.part"),
    "a field too many": (lambda m: m["board"].update(__class__="x"), r"board\.__class__ is 'x', not a field that this"),
    "the board is a text": (lambda m: m.update(board="pynq-z2"), "board is 'pynq-z2', not an object"),
    "the name is a number": (lambda m: m["board"].update(name=7), r"board\.name is 7, not a text of at most"),
    "a name without end": (lambda m: m["board"].update(name="x" * 70_000), r"board\.name is '.{59}…, not a text of at"),
    "another target": (lambda m: m.update(target="gpu"), "target is 'gpu', not hls or rtl or bitstream"),
    "parts are a text": (lambda m: m.update(parts="rtl"), "parts is 'rtl', not a list of at most"),
    "a part is none": (lambda m: m.update(parts=[None]), r"parts\[0\] is None, not a text"),
    "a digest of 63": (lambda m: m["chip"].update(digest="0" * 63), r"chip\.digest is '0*…, not a sha256 of 64"),
    "bits of a huge weight": (
        lambda m: m["chip"].update(bits={"q": 65}),
        r"chip\.bits\.q is 65, not an integer",
    ),
    "bits are true": (lambda m: m["chip"].update(bits={"q": True}), r"chip\.bits\.q is True, not an integer"),
    "about is a list": (lambda m: m["chip"].update(about=[]), r"chip\.about is \[\], not an object"),
    "no clock": (lambda m: m["plan"].update(clock_mhz=None), r"plan\.clock_mhz is None, not a number from 0 to 10,000"),
    "a negative clock": (lambda m: m["plan"].update(clock_mhz=-1), r"plan\.clock_mhz is -1, not a number"),
    "a clock that is none": (
        lambda m: m["plan"].update(clock_mhz=float("nan")),
        r"plan\.clock_mhz is nan, not a",
    ),
    "an endless clock": (lambda m: m["plan"].update(clock_mhz=float("inf")), r"plan\.clock_mhz is inf, not a number"),
    "a clock of 10^400": (lambda m: m["plan"].update(clock_mhz=10**400), r"plan\.clock_mhz is 10*…, not a number"),
    "a guessed clock": (
        lambda m: m["plan"].update(clock_source="guess"),
        r"plan\.clock_source is 'guess', not as",
    ),
    "no lanes": (lambda m: m["plan"].update(lanes=0), r"plan\.lanes is 0, not an integer from 1"),
    "a null where none is": (lambda m: m["plan"].update(ip=None), r"plan\.ip is None, not hls or rtl"),
    "a huge geometry": (
        lambda m: m["plan"]["geometry"].update(rows=1 << 40),
        r"plan\.geometry\.rows is 1\d+, not",
    ),
    "cycles are a number": (lambda m: m.update(cycles=900), "cycles is 900, not a list"),
    "a token in no cycle": (lambda m: m.update(cycles=[900, 0]), r"cycles\[1\] is 0, not an integer from 1"),
    "half a cycle": (lambda m: m.update(cycles=[900.5]), r"cycles\[0\] is 900\.5, not an integer"),
    "half a resource": (lambda m: m.update(resources={"lut": 0.5}), r"resources\.lut is 0\.5, not an integer"),
    "tools are a list": (lambda m: m.update(tools=["yosys"]), r"tools is \['yosys'\], not an object"),
    "files are a list": (lambda m: m.update(files=["a"]), r"files is \['a'\], not an object"),
    "a hash of nothing": (lambda m: m.update(files={"a": ""}), r"files\.a is '', not a sha256"),
    "a proof without rungs": (lambda m: m["proofs"][0].pop("rungs"), r"it lacks proofs\[0\]\.rungs"),
    "fewer than no tokens": (
        lambda m: m["proofs"][0]["rungs"]["int"].update(tokens=-1),
        r"proofs\[0\]\.rungs\.int\.tokens is -1, not an integer from 0",
    ),
    "a receipt that is done": (lambda m: m.update(synthesis="done"), "synthesis is 'done', not an object"),
    "no receipt, as null": (lambda m: m.update(synthesis=None), "synthesis is None, not an object"),
    "a receipt of little": (lambda m: m["synthesis"].pop("files"), r"it lacks synthesis\.files"),
    "a family that is a list": (lambda m: m["synthesis"].update(family=[]), r"synthesis\.family is \[\], not a text"),
    "a deep path": (
        lambda m: m["synthesis"].update(critical_path=json.loads('{"a":' * DEEPEST + "1" + "}" * DEEPEST)),
        rf"synthesis\.critical_path is .*, not an object of depth {DEEPEST} at most",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_manifest_is_refused(whole: Manifest, tmp_path: Path, name: str) -> None:
    spoil, message = SPOILED[name]
    folder = written(tmp_path, whole, spoil)
    with pytest.raises(BuildError, match=rf"manifest\.json: .*{message}"):
        read_manifest(folder)
    with pytest.raises(BuildError, match=message):  # a board opens builds too
        read_bundle_manifest(folder)


OUTSIDE = ("../a", "a/../../b", "/etc/passwd", "", ".", "..", "a\\b", "a\0b")


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("place", ["files", "synthesis"])
def test_no_file_is_outside_the_folder(whole: Manifest, tmp_path: Path, name: str, place: str) -> None:
    def spoil(data: dict[str, Any]) -> None:
        (data if place == "files" else data[place])["files"] = {name: "0" * 64}

    with pytest.raises(BuildError, match="the manifest names '.*', which is outside the folder"):
        read_manifest(written(tmp_path, whole, spoil))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "malformed, JSONDecodeError"),
        ("{", "malformed, JSONDecodeError"),
        ("[]", "malformed, it is no object"),
        ("[" * 100_000, "malformed, RecursionError"),
        ('{"format": 2}', "its digest is not that of its contents; it was edited or is of another version"),
        ('{"format": 1}', "malformed, it lacks hardwire"),
    ],
    ids=["empty", "half", "a list", "deep", "of another version", "nothing in it"],
)
def test_what_is_no_manifest(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BuildError, match=message):
        read_manifest(tmp_path)


def test_a_manifest_larger_than_memory_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(BuildError, match="33,554,433 bytes is no manifest of ours; run hardwire build again"):
        read_manifest(tmp_path)


def test_what_decides_a_build_is_not_edited(whole: Manifest, tmp_path: Path) -> None:
    for name, value in (("target", "hls"), ("cycles", None), ("digest", "0" * 64)):
        folder = written(tmp_path, whole, lambda m, name=name, value=value: m.update({name: value}), sealed=False)  # type: ignore[misc]
        with pytest.raises(BuildError, match="its digest is not that of its contents; it was edited"):
            read_manifest(folder)
    written(tmp_path, whole, lambda m: m.update(proofs=[], tools={}), sealed=False)
    assert read_manifest(tmp_path).digest == whole.digest  # receipts decide nothing


SPOILED_BUNDLES: dict[str, tuple[Spoil, str]] = {
    "no board": (lambda m: m.pop("board"), "malformed, it lacks board"),
    "a field of nobody": (lambda m: m.update(run="rm"), "run is 'rm', not a field that this version knows"),
    "a clock that is a text": (lambda m: m.update(clock_mhz="100"), "clock_mhz is '100', not a number"),
    "a record of no tokens": (lambda m: m["expected"].pop("tokens"), r"it lacks expected\.tokens"),
    "a token below none": (lambda m: m["expected"].update(tokens=[-1]), r"expected\.tokens\[0\] is -1, not an integer"),
    "a slack without end": (lambda m: m.update(slack_ns={"setup": 1e300}), r"slack_ns\.setup is 1e\+300, not a number"),
    "a digest that is a list": (lambda m: m.update(build=[]), r"build is \[\], not a sha256"),
    "a file outside": (lambda m: m.update(files={"../x": "0" * 64}), "names '../x', which is outside the folder"),
    "a geometry that is a list": (lambda m: m.update(geometry=[]), r"geometry is \[\], not an object"),
}


@pytest.mark.parametrize("name", SPOILED_BUNDLES)
def test_a_spoiled_manifest_of_a_bitstream_is_refused(tmp_path: Path, name: str) -> None:
    spoil, message = SPOILED_BUNDLES[name]
    data = json.loads((COMMITTED / "manifest.json").read_text())
    spoil(data)
    (tmp_path / "manifest.json").write_text(json.dumps(data | {"digest": manifest_digest(data)}))
    with pytest.raises(BuildError, match=message):
        read_bundle_manifest(tmp_path)


def test_a_geometry_of_other_fields_is_refused(whole: Manifest, tmp_path: Path) -> None:
    known = whole.plan.geometry or {}
    assert geometry_of(known, tmp_path).rows == known["rows"]
    for spoiled in ({**known, "wings": 2}, {**known, "rows": "many"}):
        with pytest.raises(BuildError, match="the geometry of its manifest is none .*; run hardwire build again"):
            geometry_of(spoiled, tmp_path)
