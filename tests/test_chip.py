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

from hardwire.chip import Chip, load_chip, with_matrix
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

    with pytest.raises(ChipError, match="format 99, this version reads 1"):
        load_chip(rewritten(saved, tmp_path / "n.chip", newer))


def test_an_array_that_claims_more_than_it_holds_is_refused(saved: Path, tmp_path: Path) -> None:
    def huge(name: str, data: bytes) -> bytes:
        if name != "gate_shift.npy":
            return data
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": (1 << 40,)})
        return buffer.getvalue()

    with pytest.raises(ChipError, match="array gate_shift is uint8"):
        load_chip(rewritten(saved, tmp_path / "h.chip", huge))


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
    with pytest.raises(ChipError, match=r"matrix v holds a value outside -8\.\.7, its 4 bits"):
        load_chip(tmp_path / "x.chip")
