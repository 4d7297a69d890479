# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The .chip file: the same bytes, everything back, and no trust in what it claims."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hardwire.chip.model import Chip, load_chip, read_origin, with_matrix
from hardwire.errors import ChipError


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Copy a zip member by member through ``change``; None drops the member."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return target


@pytest.fixture
def saved(chip_with_text: Chip, tmp_path: Path) -> Path:
    chip_with_text.save(tmp_path / "a.chip")
    return tmp_path / "a.chip"


def test_a_chip_comes_back_whole(chip_with_text: Chip, saved: Path) -> None:
    again = load_chip(saved)
    assert again.digest == chip_with_text.digest
    assert again.shape == chip_with_text.shape and again.formats == chip_with_text.formats
    for name, matrix in chip_with_text.matrices.items():
        assert np.array_equal(again.matrices[name].weight, matrix.weight)
    assert again.tokenizer == chip_with_text.tokenizer and again.eos == (2,)


def test_equal_chips_are_equal_files(chip_with_text: Chip, saved: Path, tmp_path: Path) -> None:
    load_chip(saved).save(tmp_path / "b.chip")
    assert saved.read_bytes() == (tmp_path / "b.chip").read_bytes()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("part", ["weight", "table", "shift", "tokenizer"])
def test_every_part_is_in_the_digest(chip_with_text: Chip, part: str) -> None:
    chip = chip_with_text
    if part == "weight":
        weight = chip.matrices["up"].weight.copy()
        weight[0, 0, 0] ^= 1
        other = with_matrix(chip, "up", replace(chip.matrices["up"], weight=weight))
    elif part == "table":
        table = chip.tables["exp"].copy()
        table[7] += 1
        other = replace(chip, tables={**chip.tables, "exp": table})
    elif part == "shift":
        other = replace(chip, gate_shift=chip.gate_shift + 1)
    else:
        other = replace(chip, tokenizer=None)
    assert other.digest != chip.digest


def test_truncated_and_foreign_files_are_refused(saved: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.chip"
    cut.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    with pytest.raises(ChipError, match="not a complete .chip file"):
        load_chip(cut)
    cut.write_text("hello")
    with pytest.raises(ChipError, match="not a complete .chip file"):
        load_chip(cut)
    with pytest.raises(ChipError, match="cannot be read .No such file"):
        load_chip(tmp_path / "absent.chip")


def test_missing_members_and_wrong_versions_are_named(saved: Path, tmp_path: Path) -> None:
    lost = rewritten(saved, tmp_path / "l.chip", lambda n, d: None if n == "tables/exp.npy" else d)
    with pytest.raises(ChipError, match="tables/exp.npy"):
        load_chip(lost)

    def newer(name: str, data: bytes) -> bytes:
        return json.dumps(json.loads(data) | {"format": 99}).encode() if name == "chip.json" else data

    with pytest.raises(ChipError, match="format 99, this version reads 2"):
        load_chip(rewritten(saved, tmp_path / "n.chip", newer))


def test_an_array_that_claims_more_than_it_holds_is_refused(saved: Path, tmp_path: Path) -> None:
    def huge(name: str, data: bytes) -> bytes:
        if name != "gate_shift.npy":
            return data
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": (1 << 40,)})
        return buffer.getvalue()

    with pytest.raises(ChipError, match="array gate_shift is uint8 .1099511627776,., expected uint8"):
        load_chip(rewritten(saved, tmp_path / "h.chip", huge))


INJECTION = "10; struct pwned {}; static constexpr int ZZ = 0"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("formats", "logit_fraction"), INJECTION, "formats.logit_fraction is '10; struct"),
        (("formats", "logit"), -3, "formats.logit is -3, not an integer from 8 to 24"),
        (("formats", "query"), 200, "formats.query is 200"),
        (("formats", "spare"), 1, "the keys of formats are"),
        (("shape", "dim"), "64", "shape.dim is '64'"),
        (("shape", "dim"), True, "shape.dim is True"),
        (("shape", "hidden"), 1 << 40, "shape.hidden is 1099511627776"),
        (("shape", "kv_heads"), 3, "2 heads over 3 KV heads"),
        (("bits", "up"), 9, "bits.up is 9, not an integer from 2 to 8"),
        (("bos",), 99999, "special token 99999 is not one of the 40"),
        (("eos",), ["a"], "special token 'a'"),
        (("about",), [], "about is list, not an object"),
        (("activation",), "tanh", "activation 'tanh' is none"),
        (("shape",), [1], "malformed|the keys of shape"),
    ],
)
def test_a_header_is_checked_number_by_number(
    saved: Path, tmp_path: Path, path: tuple, value: object, message: str
) -> None:
    def change(name: str, data: bytes) -> bytes:
        if name != "chip.json":
            return data
        header = json.loads(data)
        place = header
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return json.dumps(header).encode()

    with pytest.raises(ChipError, match=message):
        load_chip(rewritten(saved, tmp_path / "x.chip", change))


def test_residuals_whose_energy_could_pass_int64_are_refused(saved: Path, tmp_path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        if name != "chip.json":
            return data
        header = json.loads(data)
        header["shape"]["dim"], header["formats"]["residual"] = 1 << 16, 24
        return json.dumps(header).encode()

    with pytest.raises(ChipError, match=r"the energy of 65536 residuals of 24 bits could pass 2\*\*62; use fewer bits"):
        load_chip(rewritten(saved, tmp_path / "x.chip", change))


@pytest.mark.parametrize("header", [b"[1]", b"{}", b"[" * 100_000, b"nonsense"])
def test_a_header_that_is_none_is_refused(saved: Path, tmp_path: Path, header: bytes) -> None:
    with pytest.raises(ChipError):
        load_chip(rewritten(saved, tmp_path / "x.chip", lambda n, d: header if n == "chip.json" else d))


@pytest.mark.parametrize(("name", "value"), [("tables/exp", -5), ("tables/reciprocal", 0), ("tables/eps", 0)])
def test_tables_out_of_range_are_named(saved: Path, tmp_path: Path, name: str, value: int) -> None:
    def change(member: str, data: bytes) -> bytes:
        if member != f"{name}.npy":
            return data
        buffer = io.BytesIO()
        np.save(buffer, np.full_like(np.load(io.BytesIO(data)), value))
        return buffer.getvalue()

    with pytest.raises(ChipError, match=f"array {name} holds a value outside"):
        load_chip(rewritten(saved, tmp_path / "x.chip", change))


def test_a_member_larger_than_its_shape_needs_is_not_read(saved: Path, tmp_path: Path) -> None:
    def bomb(name: str, data: bytes) -> bytes:
        return data + bytes(1 << 24) if name == "gate_shift.npy" else data

    with pytest.raises(ChipError, match="member gate_shift.npy claims 16,777,346 bytes, more than 514"):
        load_chip(rewritten(saved, tmp_path / "x.chip", bomb))


def test_a_pickled_array_is_refused(saved: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    bad = rewritten(saved, tmp_path / "p.chip", lambda n, d: buffer.getvalue() if n == "gate_shift.npy" else d)
    with pytest.raises(ChipError, match="array gate_shift is object"):
        load_chip(bad)


def test_values_outside_their_bits_are_named(chip_with_text: Chip, tmp_path: Path) -> None:
    weight = chip_with_text.matrices["v"].weight.copy()
    weight[1, 2, 3] = 9
    with_matrix(chip_with_text, "v", replace(chip_with_text.matrices["v"], weight=weight)).save(tmp_path / "x.chip")
    with pytest.raises(ChipError, match=r"array matrices/v/weight holds a value outside -8\.\.7"):
        load_chip(tmp_path / "x.chip")


def test_where_the_onnx_lay_is_remembered_beside_the_digest(chip_with_text: Chip, tmp_path: Path) -> None:
    chip_with_text.save(tmp_path / "a" / "x.chip", origin=tmp_path / "models" / "m.onnx")
    assert read_origin(tmp_path / "a" / "x.chip") == tmp_path / "a" / ".." / "models" / "m.onnx"
    assert load_chip(tmp_path / "a" / "x.chip").digest == chip_with_text.digest
    chip_with_text.save(tmp_path / "b.chip")
    assert read_origin(tmp_path / "b.chip") is None
    with zipfile.ZipFile(tmp_path / "a" / "x.chip") as archive, zipfile.ZipFile(tmp_path / "b.chip") as plain:
        assert set(archive.namelist()) - set(plain.namelist()) == {"origin.json"}
        assert json.loads(archive.read("origin.json"))["onnx"] == "../models/m.onnx"


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ("{", "malformed .chip, JSONDecodeError"),
        ('{"onnx": "/etc/passwd"}', "names '/etc/passwd', not a relative path"),
        ('{"onnx": 3}', "names '3', not a relative path"),
        ("[]", "names 'None', not a relative path"),
        (" " * (1 << 17), "member origin.json claims 131,072 bytes"),
    ],
)
def test_a_remembered_place_is_not_trusted(chip_with_text: Chip, tmp_path: Path, origin: str, message: str) -> None:
    chip_with_text.save(tmp_path / "x.chip")
    with zipfile.ZipFile(tmp_path / "x.chip", "a") as archive:
        archive.writestr("origin.json", origin)
    with pytest.raises(ChipError, match=message):
        read_origin(tmp_path / "x.chip")
