# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fit: demands are counted from the arrays, and boards come from their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardwire import board as boards
from hardwire.board import Board, board_names, load_board
from hardwire.chip import Chip
from hardwire.errors import BoardError
from hardwire.plan import demand, fit


def test_demand_is_counted_from_the_shape(tiny_chip: Chip) -> None:
    need = demand(tiny_chip)
    per_layer = 16 * 16 * 2 + 2 * 8 * 16 + 3 * 16 * 48
    assert need.multiplications == 2 * per_layer + 40 * 16
    assert need.weight_bits == 4 * need.multiplications
    assert need.embedding_bits == 8 * 40 * 16
    assert need.cache_bits == 2 * 2 * 8 * 24 * 8
    assert need.attention == 2 * 2 * 16 * 6.5  # the mean of 1 .. 12 visible positions


def test_every_board_file_is_read() -> None:
    names = board_names()
    assert {"pynq-z1", "pynq-z2", "ultra96-v2", "kv260", "zcu104", "rfsoc4x2", "ulx3s-85f"} <= set(names)
    for name in names:
        board = load_board(name)
        assert board.key == name and board.dsp > 0 and board.bram18 > 0 and board.part


def test_an_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(BoardError, match="no board 'pynq-z9'; known are .*pynq-z2"):
        load_board("pynq-z9")


def test_a_faulty_board_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "board.toml").write_text('name = "Bad"\n')
    monkeypatch.setattr(boards, "boards_folder", lambda: tmp_path)
    with pytest.raises(BoardError, match="board.toml: KeyError: 'part'"):
        load_board("bad")


def test_what_limits_is_said(tiny_chip: Chip) -> None:
    small = Board("small", "Small", "part", "xc7", "none", 100.0, lut=1000, dsp=8, bram18=2, uram=0)
    verdict = fit(tiny_chip, small)
    assert not verdict.fits and verdict.limit.startswith("block RAM")
    assert "bits wanted" in verdict.notes[-1] and "larger board" in verdict.notes[-1]
    assert verdict.cycles == [] and verdict.clock_source == "assumed"


def test_the_floor_is_multiplications_over_lanes(tiny_chip: Chip) -> None:
    verdict = fit(tiny_chip, load_board("pynq-z2"))
    need = demand(tiny_chip)
    assert verdict.fits and verdict.lanes == 2 * int(220 * 0.87)
    assert verdict.floor_cycles == -(-(need.multiplications + need.attention) // verdict.lanes)


def test_uram_holds_the_cache_first_and_says_when_weights_are_loaded(tiny_chip: Chip) -> None:
    board = Board("u", "U", "part", "xcup", "none", 200.0, lut=1000, dsp=8, bram18=9, uram=1)
    verdict = fit(tiny_chip, board)
    assert verdict.fits and any("loaded at boot" in note for note in verdict.notes)
