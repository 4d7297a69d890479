# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of results: a part that is measured anew leaves the others as they were."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import results


def test_the_page_that_there_is_has_every_part_and_is_assembled_the_same() -> None:
    page = results.PAGE.read_text(encoding="utf-8")
    parts = results.read_parts(page)
    assert list(parts) == [heading for heading, _ in results.PARTS.values()]
    assert results.assembled(parts) == page


def test_one_part_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text(results.assembled({"Speed": "of before", "Gates": "of before"}), encoding="utf-8")
    monkeypatch.setattr(results, "PAGE", page)
    monkeypatch.setitem(results.PARTS, "speed", ("Speed", lambda given, scratch: "| 1 |\n"))
    monkeypatch.setattr(sys, "argv", ["results.py", "speed"])
    results.main()
    parts = results.read_parts(page.read_text(encoding="utf-8"))
    assert parts["Gates"] == "of before" and parts["Speed"].endswith("| 1 |") and "Measured on 2" in parts["Speed"]


def test_a_part_that_there_is_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["results.py", "spede"])
    with pytest.raises(SystemExit):
        results.main()
    assert "no part is called spede; there are models, large, speed, gates" in capsys.readouterr().err
