# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""sweep.toml: its points, and what is refused; which points are best."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardwire.errors import HardwireError
from hardwire.jobs.needs import Needs
from hardwire.sweep.grid import read_grid
from hardwire.sweep.report import pareto

WHOLE = """
[sweep]
until = "clock"
text = "held-out.txt"

[[model]]
name = "story"
onnx = "story.onnx"
weights = [3]
boards = ["pynq-z2"]
until = "build"

[[model]]
name = "micro"
random = "microgpt"
seed = 7

[[option]]
name = "plan"

[[option]]
name = "small"
geometry = "columns=2"
clock = 40

[grid]
boards = ["pynq-z2", "ulx3s-85f"]
weights = [4, 8]
options = ["plan", "small"]
seeds = [1, 2, 3]

[needs.yosys]
memory = "900M"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("story.onnx", "held-out.txt"):
        (tmp_path / name).write_text("x")
    return tmp_path


def grid(folder: Path, text: str) -> Path:
    path = folder / "sweep.toml"
    path.write_text(text)
    return path


def test_the_points_are_the_product_and_seeds_matter_where_an_open_router_is(folder: Path) -> None:
    found = read_grid(grid(folder, WHOLE))
    names = [point.name for point in found.points]
    assert names[:2] == ["story-w3-pynq-z2-plan", "story-w3-pynq-z2-small"]
    assert len(names) == 2 + 2 * 2 * (1 + 3) and len(set(names)) == len(names)
    assert "micro-w8-pynq-z2-small" in names and "micro-w4-ulx3s-85f-plan-s3" in names
    assert len({point.build for point in found.points}) == 2 + 8
    small = next(point for point in found.points if point.name == "micro-w4-ulx3s-85f-small-s2")
    assert (small.option.geometry, small.option.clock, small.seed, small.model.seed) == ("columns=2", 40, 2, 7)
    assert found.text == folder / "held-out.txt" and found.points[0].model.onnx == folder / "story.onnx"
    assert found.needs["yosys"] == Needs(memory=900 << 20) and found.needs["vivado"].hours == 24


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('until = "clock"', 'until = "gates"', r"\[sweep\] until: is one of build, synth, clock, not 'gates'"),
        ('"story.onnx"', '"none.onnx"', r"onnx: .*none.onnx is no file"),
        ("seed = 7", "sed = 7", r"\[\[model\]\]: 'sed' is not known; there are name, onnx, random"),
        ('random = "microgpt"', "", r"\[\[model\]\] micro: give onnx \(a file\) or random \(a shape\)"),
        ('name = "micro"', 'name = "../micro"', r"\[\[model\]\]: name is of letters, digits, _ and ., not '../micro'"),
        ('name = "small"', 'name = "plan"', r"\[grid\] options: is one of plan, not 'small'"),
        ("weights = [4, 8]", "weights = [4, 9]", r"\[grid\]: weights are 2 to 8 bits, seeds from 0"),
        ("weights = [4, 8]", "weights = 4", r"\[grid\] weights: is a list of numbers"),
        ("clock = 40", "clock = 0", r"\[\[option\]\] clock: is in MHz, 1 to 1000, not 0"),
        ('"900M"', '"much"', r"\[needs.yosys\].memory: 'much' is no memory"),
        ("[needs.yosys]", "[needs.gates]", r"\[needs\]: 'gates' is not known"),
        ('"ulx3s-85f"]', '"moon"]', r"moon"),
        ("[grid]", "[grid", r"cannot be read as TOML"),
        (
            'name = "micro"',
            'name = "story"\nboards = ["pynq-z2"]\nweights = [3]',
            r"is there twice; give models",
        ),
    ],
)
def test_what_is_no_sweep_is_refused(folder: Path, before: str, after: str, words: str) -> None:
    assert before in WHOLE
    text = WHOLE.replace(before, after)
    if after == 'name = "plan"':
        text = text.replace('options = ["plan", "small"]', 'options = ["small"]')
    with pytest.raises(HardwireError, match=words) as caught:
        read_grid(grid(folder, text))
    assert "sweep.toml" in str(caught.value) or "moon" in words


def test_the_best_points_are_those_that_no_other_beats() -> None:
    # tokens/s should be large, LUTs small
    points = [(100.0, 5.0), (200.0, 9.0), (150.0, 5.0), (50.0, 1.0), (200.0, 9.0), (300.0, 8.0)]
    assert pareto(points, (False, True)) == [0, 1, 3, 4]
    assert pareto(points, (True, True)) == [1, 4, 5]
