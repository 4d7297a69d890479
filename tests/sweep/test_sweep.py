# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A sweep of tiny builds: rows, resumption, what changed, failures, the report, the frame."""

from __future__ import annotations

import csv
import html
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hardwire.cli.main import main
from hardwire.errors import HardwireError
from hardwire.sweep.results import Results, read_frame

pytestmark = pytest.mark.tools

SMALLEST = "columns=2,rows=2,depth=2,terms=2,packed_groups=0,banks=1,divides=1,lane_stages=1,round_stages=1"
TINY = f"""
[sweep]
until = "build"

[[model]]
name = "tiny"
random = "8,4,1,1,1,4,4,12"

[[option]]
name = "small"
geometry = "{SMALLEST}"

[grid]
boards = ["pynq-z2"]
weights = [4, 8]
"""


def sweep(file: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    done = CliRunner().invoke(main, ["sweep", str(file), "--jobs", "2", "--json", *more])
    assert done.exit_code in (0, 1), done.stderr
    return done.exit_code, json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    file = tmp_path_factory.mktemp("sweep") / "grid.toml"
    file.write_text(TINY)
    code, data, words = sweep(file)
    assert code == 0, words
    return file, data, words


def test_every_point_has_its_figures_digests_and_command(first: tuple[Path, dict[str, Any], str]) -> None:
    file, data, words = first
    four, eight = data["rows"]
    assert (data["points"], data["kept"], data["steps"]) == (2, 0, 4)
    assert [row["name"] for row in data["rows"]] == ["tiny-w4-pynq-z2-small", "tiny-w8-pynq-z2-small"]
    assert four["status"] == "done" and four["reason"] is None and four["area_source"] == "predicted"
    assert 1000 < four["lut"] < 10_000 and 0 < four["area"] < 1 and four["clock_source"] == "estimated"
    assert 30 < four["clock_mhz"] < 100  # the board's
    assert four["tokens_per_second"] == pytest.approx(four["clock_mhz"] * 1e6 / four["cycles_per_token"], abs=0.1)
    assert four["chip_digest"] != eight["chip_digest"] and four["build_digest"] != eight["build_digest"]
    assert four["netlist_digest"] is None and four["peak_bytes"] > 10 << 20
    assert f"{four['build']} --board pynq-z2 --target rtl --geometry {SMALLEST}" in four["command"]
    assert four["command"].startswith("hardwire random -o chips/tiny-w4.chip --shape 8,4,1,1,1,4,4,12 --seed 0")
    assert re.search(r"^1 of 2 points, about \d+ s left$", words, re.M) and "2 points, 0 kept, 4 steps run" in words
    manifest = json.loads((file.with_suffix("") / four["build"] / "manifest.json").read_text())
    assert manifest["digest"] == four["build_digest"]


def test_what_is_finished_is_kept_and_a_larger_grid_runs_what_is_new(
    first: tuple[Path, dict[str, Any], str], tmp_path: Path
) -> None:
    file, data, _ = first
    out = file.with_suffix("")
    code, again, words = sweep(file)
    assert code == 0 and (again["kept"], again["steps"], again["rows"]) == (2, 0, data["rows"])
    file.write_text(TINY.replace("[4, 8]", "[8, 3]"))
    _, grown, _ = sweep(file)
    file.write_text(TINY)
    assert (grown["points"], grown["kept"], grown["steps"]) == (2, 1, 2)
    assert {row["weights"] for row in grown["rows"]} == {8, 3}
    with sqlite3.connect(out / "results.sqlite") as rows:  # what the grid has no more stays in the file
        assert dict(rows.execute("SELECT weights, present FROM points")) == {4: 0, 8: 1, 3: 1}
    _, back, _ = sweep(file)
    assert (back["kept"], back["steps"], back["rows"]) == (2, 0, data["rows"])


def test_a_receipt_that_holds_saves_the_step_where_the_row_is_lost(first: tuple[Path, dict[str, Any], str]) -> None:
    file, data, _ = first
    (file.with_suffix("") / "results.sqlite").unlink()
    _, again, _ = sweep(file)
    timed = ("seconds", "peak_bytes")
    assert again["kept"] == 0 and again["steps"] == 0
    assert [{k: v for k, v in row.items() if k not in timed} for row in again["rows"]] == [
        {k: v for k, v in row.items() if k not in timed} for row in data["rows"]
    ]


def test_files_of_the_results(first: tuple[Path, dict[str, Any], str]) -> None:
    file, data, _ = first
    sweep(file)
    out = file.with_suffix("")
    with (out / "results.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["name"] for row in rows] == [row["name"] for row in data["rows"]]
    assert float(rows[0]["tokens_per_second"]) == data["rows"][0]["tokens_per_second"]
    frame = read_frame(out / "results.sqlite")
    assert list(frame["name"]) == [row["name"] for row in data["rows"]] and frame["lut"].min() > 1000
    page = (out / "report.html").read_text()
    assert page.count("<svg") == 1 and "not drawn: fewer than two points have both figures" in page  # no quality
    for row in data["rows"]:
        assert row["name"] in page and row["build_digest"] in page and html.escape(row["command"]) in page
    assert "http://" not in re.sub(
        r'(xmlns(:\w+)?|rdf:\w+|dc:\w+)="http[^"]*"', "", page.replace("http://www.w3.org", "")
    )
    results = Results(out / "results.sqlite")
    kinds = [(step["kind"], step["kept"]) for step in results.steps()]
    results.close()
    assert kinds.count(("quantize", 0)) == 3 and kinds.count(("build", 0)) == 3  # of three weights, each once


def test_a_failure_is_a_row_and_is_not_run_again_without_retry(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(
        TINY.replace("[4, 8]", "[4]").replace(
            "[[option]]", '[[option]]\nname = "huge"\ngeometry = "rows=63"\n\n[[option]]'
        )
        + '\n[needs.quantize]\nmemory = "30M"\n'
    )
    code, data, _ = sweep(file)
    assert code == 1 and {row["status"] for row in data["rows"]} == {"over memory"}
    assert all(row["step"] == "quantize" and "MiB held, 30 asked for" in row["reason"] for row in data["rows"])
    assert sweep(file)[1]["kept"] == 2
    file.write_text(file.read_text().replace('"30M"', '"2G"'))  # another need, another try
    code, data, _ = sweep(file)
    huge, small = data["rows"]
    assert (code, data["kept"], small["status"], huge["status"], huge["step"]) == (1, 0, "done", "failed", "build")
    assert "rows" in huge["reason"]
    assert sweep(file)[1]["kept"] == 2 and sweep(file, "--retry")[1]["kept"] == 1
    assert "failed" in (tmp_path / "grid" / "report.html").read_text()


def test_other_files_are_no_results(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").write_text("something else entirely, of more than a hundred bytes" * 10)
    with pytest.raises(HardwireError, match="is no file of results"):
        Results(tmp_path / "results.sqlite")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE points (x)")
    with pytest.raises(HardwireError, match="of version 0 of the tables, this hardwire knows 1"):
        Results(tmp_path / "other.sqlite")
    with pytest.raises(HardwireError, match="there are no results; run hardwire sweep"):
        read_frame(tmp_path / "none.sqlite")


@pytest.mark.slow
def test_seeds_are_rows_and_the_best_has_the_bitstream(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    text = TINY.replace('"build"', '"clock"').replace('["pynq-z2"]', '["ulx3s-85f"]').replace("[4, 8]", "[4]")
    file.write_text(text + "seeds = [1, 2]\n")
    code, data, words = sweep(file)
    first, second = data["rows"]
    assert (first["seed"], second["seed"], first["clock_source"]) == (1, 2, "routed"), words
    assert first["netlist_digest"] == second["netlist_digest"] is not None
    assert (code == 0) == all(row["status"] == "done" for row in data["rows"])
    for row in data["rows"]:
        assert row["status"] == "done" or (row["step"] == "route" and "MHz after routing" in row["reason"])
    met = [row for row in data["rows"] if row["status"] == "done"]
    assert len([row for row in data["rows"] if row["bitstream_digest"]]) == min(len(met), 1)
    assert first["command"].endswith(f"hardwire synth {first['build']} --seed 1")
    kinds = [step["kind"] for step in _steps(file)]
    assert kinds.count("yosys") == 1 and kinds.count("route") == 2
    again = sweep(file)[1]
    assert (again["kept"], again["rows"]) == (2, data["rows"])
    file.write_text(text + "seeds = [1, 2, 3]\n")  # one more: what is routed is not routed again
    grown = sweep(file)[1]
    assert [row["clock_mhz"] for row in grown["rows"][:2]] == [first["clock_mhz"], second["clock_mhz"]]
    assert sum(step["kind"] == "route" and not step["kept"] for step in _steps(file)) == 3


def _steps(file: Path) -> list[dict[str, Any]]:
    results = Results(file.with_suffix("") / "results.sqlite")
    try:
        return results.steps()
    finally:
        results.close()
