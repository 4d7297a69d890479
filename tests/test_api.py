# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The functions of ``import hardwire``: their examples run, and a whole way from shape to proof needs nothing else."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import hardwire
from hardwire import api


@pytest.mark.tools
def test_the_examples() -> None:
    failed, attempted = doctest.testmod(api)
    shown = sum(len(found.examples) for found in doctest.DocTestFinder().find(api))
    assert failed == 0 and shown >= 2 * len(hardwire.STEPS)
    assert attempted > 20  # what trains a model, or reprints a routed one, is shown and not run


@pytest.mark.tools
def test_the_worked_token() -> None:
    page = Path(__file__).parents[1] / "docs" / "token.md"
    failed, attempted = doctest.testfile(str(page), module_relative=False)
    assert failed == 0 and attempted > 15


@pytest.mark.parametrize("name", hardwire.STEPS)
def test_every_step_says_what_it_is_and_shows_it(name: str) -> None:
    step = getattr(hardwire, name)
    text = inspect.getdoc(step) or ""
    assert step is getattr(api, name) and ">>> " in text and len(text.splitlines()[0]) < 120
    taken = [p.name for p in inspect.signature(step).parameters.values() if p.name not in ("progress",)]
    if len(taken) > 2:
        assert all(f"{parameter}: " in text for parameter in taken), f"{name} explains each of {taken}"


def test_the_steps_are_listed() -> None:
    assert set(hardwire.STEPS) <= set(dir(hardwire)) and set(hardwire.STEPS) <= set(hardwire.__all__)
    with pytest.raises(AttributeError, match="module 'hardwire' has no attribute 'absent'"):
        hardwire.absent  # noqa: B018


def test_a_board_imports_none_of_it() -> None:
    code = "import hardwire, sys; assert not {'hardwire.api', 'hardwire.plan', 'hardwire.build'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.tools
def test_from_a_shape_to_a_proof(tmp_path: Path) -> None:
    chip = hardwire.random_chip("microgpt", seed=3)
    chip.save(tmp_path / "m.chip")
    assert hardwire.load_chip(tmp_path / "m.chip").digest == chip.digest
    first, second = hardwire.fit_chip(tmp_path / "m.chip", "pynq-z2", "kv260")
    assert (first.board, second.board) == ("pynq-z2", "kv260") and first.fits
    build = hardwire.build_chip(chip, tmp_path / "build", board="pynq-z2")
    assert hardwire.open_build(tmp_path / "build").chip.digest == chip.digest
    receipt = hardwire.verify_build(build.folder, ["int"], tokens=4)
    assert receipt.rungs["int"].status == "equal" and hardwire.open_build(build.folder).manifest.proofs
    with hardwire.load(build.folder, backend="reference") as model:
        assert model.chip.digest == chip.digest


@pytest.mark.tools
def test_a_build_with_all_that_the_command_offers(tmp_path: Path) -> None:
    chip = hardwire.random_chip("8,4,1,1,1,4,4,12")
    more = {"streams": 2, "extended_sampler": True, "guide_words": 512, "clock_mhz": 40.0}
    plan = hardwire.build_chip(chip, tmp_path / "guided", board="pynq-z2", **more).manifest.plan
    assert plan.geometry is not None and plan.clock_mhz == 40
    assert [plan.geometry[name] for name in ("streams", "best", "guide_words")] == [2, 20, 512]
    mould = hardwire.build_chip(chip, tmp_path / "mould", board="pynq-z2", reprintable=True).manifest.plan
    assert mould.pour == "all"
