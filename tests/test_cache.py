# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Files kept by digest: whole, found again, the longest unused gone first; and which simulations are the same."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from outlines import TINY

from hardwire.backends.rtlsim import RtlSim
from hardwire.backends.verilator import Simulation
from hardwire.chip.model import Chip, with_matrix
from hardwire.emit.rtl.project import write_rtl
from hardwire.plan.geometry import Geometry
from hardwire.quantize import random_chip
from hardwire.tools.cache import VARIABLE, Cache, cache_folder

TOOLS = ("verilator", "compiler")


def kept(cache: Cache) -> list[str]:
    return [entry.path.name for entry in cache.entries()]


def put(cache: Cache, tmp_path: Path, name: str, used: int) -> Path:
    (tmp_path / "file").write_bytes(b"x" * 10)
    place = cache.put(tmp_path / "file", name)
    os.utime(place, (used, used))
    return place


def test_what_is_put_is_found_and_what_is_unused_goes(tmp_path: Path) -> None:
    cache = Cache("kind", tmp_path / "cache", limit=25)
    assert cache.get("a") is None and cache.entries() == [] and cache.prune() == []
    first = put(cache, tmp_path, "a", used=1)
    put(cache, tmp_path, "b", used=2)
    assert cache.get("a") == first and kept(cache) == ["b", "a"]  # it was used just now
    put(cache, tmp_path, "c", used=3)
    assert kept(cache) == ["c", "a"]
    assert [entry.path.name for entry in cache.prune()] == ["c", "a"] and kept(cache) == []


def test_a_file_over_the_limit_stays_for_who_put_it(tmp_path: Path) -> None:
    cache = Cache("kind", tmp_path, limit=5)
    assert put(cache, tmp_path, "a", used=1).is_file() and kept(cache) == ["a"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    cache = Cache("kind", tmp_path / "cache")
    with pytest.raises(FileNotFoundError):
        cache.put(tmp_path / "missing", "a")
    assert list((tmp_path / "cache" / "kind").iterdir()) == []


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/hardwire")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/someone")
    assert cache_folder() == Path("/someone/.cache/hardwire")


def simulation(chip: Chip, folder: Path, **geometry: int) -> Simulation:
    write_rtl(chip, folder, Geometry(**geometry))
    return RtlSim(folder).simulation()


def test_chips_of_one_geometry_have_one_simulation(tmp_path: Path) -> None:
    """Their weights are files that it reads; so the second is not compiled."""
    chip = random_chip(TINY, seed=1)
    up = chip.matrices["up"]
    one = simulation(chip, tmp_path / "one")
    other = simulation(with_matrix(chip, "up", replace(up, weight=-up.weight)), tmp_path / "other")
    assert (tmp_path / "one" / "hardwire_top.sv").read_text() != (tmp_path / "other" / "hardwire_top.sv").read_text()
    assert one.digest(TOOLS) == other.digest(TOOLS)
    traced = simulation(chip, tmp_path / "traced", trace=True)
    assert traced.digest(TOOLS) != one.digest(TOOLS)


def test_all_that_goes_in_counts(tmp_path: Path) -> None:
    one = simulation(random_chip(TINY, seed=1), tmp_path / "one")
    same = one.digest(TOOLS)
    changed = [
        replace(one, optimize="-O1"),
        replace(one, library=False),
        replace(one, stamp="x"),
        replace(one, strict=False),
        replace(one, parameters=(("Depth", 3),)),
    ]
    digests = {each.digest(TOOLS) for each in changed} | {one.digest(("verilator", "another"))}
    assert len(digests) == 6 and same not in digests
    module = next((tmp_path / "one" / "rtl").glob("streamer.sv"))
    module.write_text(f"// of another year\n{module.read_text()}")
    assert one.digest(TOOLS) == same
    module.write_text(f"/* verilator lint_off WIDTH */\n{module.read_text()}")
    assert one.digest(TOOLS) != same
    ports = tmp_path / "one" / "rtl" / "ports.hpp"
    before = one.digest(TOOLS)
    ports.write_text(f"{ports.read_text()}int more;\n")
    assert one.digest(TOOLS) != before
