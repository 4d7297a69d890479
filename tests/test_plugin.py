# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""pytest-hardwire and what a test of a user's asserts: marks, fixtures, the cache, words of failures, gates."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import pytest_hardwire
from outlines import TINY

from hardwire.build.folder import Build
from hardwire.chip.model import Chip
from hardwire.chip.origin import find_onnx
from hardwire.errors import BuildError, HardwireError, QualityLoss
from hardwire.files import sha256
from hardwire.openers import load
from hardwire.plan.geometry import Geometry
from hardwire.proof.plant import KINDS
from hardwire.proof.receipts import Difference, Receipt, Rung
from hardwire.proof.verify import RUNGS
from hardwire.quality.evaluate import Evaluation, Quality
from hardwire.quality.gate import check_rise, share_of, write_junit
from hardwire.quantize import random_chip
from hardwire.report import github
from hardwire.testing import Cache, Loss, NotEqual, assert_equal
from hardwire.testing import cache as cache_module

BOARD = "ulx3s-85f"  # a build for it has no HLS project, which needs hls4ml
GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4)  # given, as a plan takes seconds
CONFTEST = f"""
import hardwire, pytest
from hardwire.plan.geometry import Geometry

@pytest.fixture(scope="session")
def hardwire_chip():
    return hardwire.random_chip("microgpt", seed=4)

@pytest.fixture(scope="session")
def hardwire_build(hardwire_cache, hardwire_chip):
    return hardwire_cache.build(hardwire_chip, board="{BOARD}", target="rtl", geometry={GEOMETRY})
"""
TESTS = """
import pytest
from hardwire.testing import assert_equal

@pytest.mark.hardwire(rung="int", cost="seconds")
def test_equal(hardwire_build):
    assert assert_equal(hardwire_build, rungs=["int"], tokens=8).rungs["int"].status == "equal"

@pytest.mark.parametrize("hardwire_backend", ["reference"], indirect=True)
def test_talks(hardwire_backend):
    assert len(list(hardwire_backend.stream([1, 2], 3))) == 3
"""


def built(cache: Cache, seed: int = 3) -> Build:
    return cache.build(random_chip(TINY, seed=seed), board=BOARD, target="rtl", geometry=GEOMETRY)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(folder=tmp_path_factory.mktemp("cache"))


# ---------------------------------------------------------------------------------------------------
# The plugin.


def test_a_run_that_asks_for_nothing_imports_nothing() -> None:
    code = "import pytest_hardwire, sys; assert not {'hardwire', 'numpy', 'onnx'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_it_knows_the_rungs_and_the_faults_of_the_proof() -> None:
    assert pytest_hardwire.RUNGS == RUNGS
    # A build of the cache has no gates, one stream and a plain sampler.
    assert set(pytest_hardwire.PLANTED) == set(KINDS) - {"netlist", "context", "draw"}


def test_fixtures_share_a_cache(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess("--hardwire-cache", "kept", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"made build model for {BOARD}, rtl (*)"])
    again = pytester.runpytest_inprocess("--hardwire-cache", "kept", "-p", "no:cacheprovider")
    again.assert_outcomes(passed=2)
    again.stdout.fnmatch_lines([f"kept build model for {BOARD}, rtl (*)"])
    assert "made" not in again.stdout.str()


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        ((), 4),
        (("--hardwire-rungs", "int,csim"), 3),
        (("--hardwire-rungs", "int"), 2),
        (("--hardwire-cost", "seconds"), 3),
        (("--hardwire-cost", "minutes", "--hardwire-rungs", "rtl"), 2),
    ],
)
def test_marks_choose_what_is_run(pytester: pytest.Pytester, options: tuple[str, ...], passed: int) -> None:
    pytester.makepyfile(
        """
        import pytest
        mark = pytest.mark.hardwire
        def test_plain(): pass
        @mark(rung="int")
        def test_int(): pass
        @mark(rung="csim", cost="seconds")
        def test_csim(): pass
        @mark(rung="rtl", cost="minutes")
        def test_rtl(): pass
        """
    )
    result = pytester.runpytest_inprocess("--strict-markers", *options)
    result.assert_outcomes(passed=passed, deselected=4 - passed)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('rung="gates"', "no rung 'gates' of a mark of hardwire"),
        ('speed="slow"', "no speed 'slow' of a mark of hardwire"),
        ('"csim"', "a mark of hardwire takes names"),
    ],
)
def test_a_wrong_mark_is_refused(pytester: pytest.Pytester, mark: str, message: str) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.hardwire({mark})\ndef test_it(): pass")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR and message in result.stderr.str() + result.stdout.str()


def test_wrong_settings_say_what_to_do(pytester: pytest.Pytester) -> None:
    pytester.makefile(".ini", pytest="[pytest]\nhardwire_weights = nine\n")
    pytester.makepyfile(
        "def test_chip(hardwire_chip): pass\ndef test_model(hardwire_model): pass",
        conftest="import pytest\n",
    )
    result = pytester.runpytest_inprocess()
    assert "no model: set hardwire_model in pytest.ini, or define the fixture" in result.stdout.str()
    result = pytester.runpytest_inprocess("--hardwire-rungs", "int,gates")
    assert "no rung 'gates'; known are float, int" in result.stderr.str()


# ---------------------------------------------------------------------------------------------------
# The cache.


def test_a_build_is_made_once_and_by_all_that_decides_it(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(cache)
    assert (len(cache.made), len(cache.kept)) == (1, 0)
    assert built(Cache(folder=cache.folder)).folder == first.folder
    other = Cache(folder=cache.folder)
    assert built(other, seed=5).folder != first.folder
    assert (len(other.made), len(other.kept)) == (1, 0)
    monkeypatch.setattr(cache_module, "package_digest", lambda: "of other sources")
    changed = Cache(folder=cache.folder)
    assert built(changed).folder != first.folder and len(changed.made) == 1


def test_what_is_broken_is_made_again(cache: Cache) -> None:
    build = built(cache)
    (build.folder / "rtl" / "hardwire_top.sv").write_text("// edited\n")
    again = Cache(folder=cache.folder)
    assert built(again).manifest.digest == build.manifest.digest
    assert len(again.made) == 1 and "edited" not in (build.folder / "rtl" / "hardwire_top.sv").read_text()


def test_what_nothing_asks_for_is_forgotten(tmp_path: Path) -> None:
    cache = Cache(folder=tmp_path)
    old, used = built(cache), built(cache, seed=5)
    for build in (old, used):
        os.utime(build.folder.parent, (0, 0))
    assert built(Cache(folder=tmp_path), seed=5).folder == used.folder  # asked for
    built(Cache(folder=tmp_path), seed=7)
    assert not old.folder.exists() and used.folder.is_dir()


def test_a_planted_fault_is_in_a_copy(cache: Cache) -> None:
    sound = built(cache)
    breaking = Cache(folder=cache.folder, fault="rom")
    faulty = built(breaking)
    assert faulty.folder.parent.parent.name == "planted" and faulty.manifest.digest != sound.manifest.digest
    assert built(breaking).manifest.digest == faulty.manifest.digest
    (faulty.folder / "rtl" / "hardwire_top.sv").unlink()
    assert built(breaking).manifest.digest == faulty.manifest.digest  # made again
    assert built(Cache(folder=cache.folder)).manifest.digest == sound.manifest.digest


# ---------------------------------------------------------------------------------------------------
# What an assertion says.


def test_a_difference_reads_like_an_assertion() -> None:
    first = Difference(rung="csim", stage="L2.up", token=3, index=17, expected=117, got=-20, text=1)
    rungs = {"int": Rung(status="equal", logits=1280), "csim": Rung(status="different", logits=40)}
    error = NotEqual(Receipt(verdict="different", rungs=rungs, first_difference=first), "hardwire verify b --tokens 8")
    assert str(error) == (
        "rung csim is not equal to the model\n"
        "  stage:     L2.up\n"
        "  token:     3 of text 1\n"
        "  index:     17\n"
        "  expected:  117\n"
        "  got:       -20\n"
        "  before it: int equal (1,280 logits)\n"
        "  repeat:    hardwire verify b --tokens 8"
    )
    assert isinstance(error, AssertionError)


def test_a_difference_fails_with_the_command_that_repeats_it(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference against one that errs in one logit of its third token."""
    from hardwire.proof import verify as proof

    build = built(cache)
    real = proof.drive

    def wrong(*arguments: object) -> tuple[np.ndarray, np.ndarray]:
        ids, logits = real(*arguments)  # type: ignore[arg-type]
        logits[1, 2, 5] += 3
        return ids, logits

    monkeypatch.setattr(proof, "drive", wrong)
    with pytest.raises(NotEqual) as caught:
        assert_equal(build.folder, ["int"], tokens=6)
    first = caught.value.receipt.first_difference
    assert first is not None and (first.stage, first.token, first.text, first.index) == ("logits", 2, 1, 5)
    assert first.got == first.expected + 3  # type: ignore[operator]
    assert caught.value.command == f"hardwire verify {build.folder} --rungs int --tokens 6"
    assert load(build.folder, "reference").chip.digest == build.chip.digest


def test_a_rung_that_is_not_run_is_no_pass(cache: Cache) -> None:
    build = built(cache)
    with pytest.raises(BuildError, match="rung float was asked for and not run"):
        assert_equal(build, ["float"], tokens=4)


# ---------------------------------------------------------------------------------------------------
# Gates.


def evaluation(integer: float, exact: float | None = 8.0) -> Evaluation:
    return Evaluation(
        exact=None if exact is None else Quality(1.1, exact),
        integer=Quality(1.2, integer),
        top1_agreement=None if exact is None else 0.9,
        tokens=1000,
        characters=4000,
    )


@pytest.mark.parametrize(("text", "share"), [("2%", 0.02), ("2.5 %", 0.025), (0.02, 0.02), ("0", 0.0), ("150%", 1.5)])
def test_shares(text: str | float, share: float) -> None:
    assert share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["2", 2, "-1%", "nan", "two", ""])
def test_what_is_no_share_is_refused(text: str | float) -> None:
    with pytest.raises(HardwireError, match="is no share; give 2% or 0.02"):
        share_of(text)


def test_a_rise_is_held_against_what_is_allowed(tmp_path: Path) -> None:
    check_rise(evaluation(8.16), 0.0201)
    with pytest.raises(QualityLoss, match=r"rises by \+2.50%, more than 2.00%: float 8.0000, integer 8.2000, over"):
        check_rise(evaluation(8.2), 0.02)
    with pytest.raises(QualityLoss):
        check_rise(evaluation(float("nan")), 0.5)
    with pytest.raises(HardwireError, match="the float model, which was not scored; give the chip's ONNX"):
        check_rise(evaluation(8.2, None), 0.02)
    assert QualityLoss.exit_code == 2 and evaluation(8.2).as_dict()["rise"] == pytest.approx(0.025)
    error = Loss(evaluation(8.2), "perplexity rises", "hardwire evaluate m.chip")
    assert str(error) == "perplexity rises\n  repeat:   hardwire evaluate m.chip" and isinstance(error, AssertionError)


def test_quality_as_junit(tmp_path: Path) -> None:
    for most, failures in ((0.1, "0"), (0.02, "1"), (None, "0")):
        write_junit(evaluation(8.2), most, tmp_path / "q.xml")
        suite = ElementTree.parse(tmp_path / "q.xml").getroot()
        assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("hardwire evaluate", "1", failures)
        case = suite[0]
        assert case.get("classname") == "hardwire.evaluate" and "+2.50% over" in (case.findtext("system-out") or "")
        if failures == "1":
            assert "more than 2.00%" in (case[0].get("message") or "")


def test_annotations_of_a_workflow_escape_what_would_end_them() -> None:
    assert github.error("100 %\nlost: a, b", "a: b, c", Path("x,y.onnx")) == (
        "::error file=x%2Cy.onnx,title=a%3A b%2C c::100 %25%0Alost: a, b"
    )
    assert github.error("lost", "t") == "::error title=t::lost"


def test_the_onnx_of_a_chip_is_found_by_its_hash(tiny_chip: Chip, tmp_path: Path) -> None:
    from dataclasses import replace

    model = tmp_path / "models" / "m.onnx"
    model.parent.mkdir()
    model.write_bytes(b"one")
    about = {**tiny_chip.about, "onnx": {"file": "m.onnx", "sha256": sha256(model)}}
    chip = replace(tiny_chip, about=about)
    chip.save(tmp_path / "out" / "m.chip", origin=model)
    assert os.path.samefile(find_onnx(chip, tmp_path / "out" / "m.chip") or "", model)
    model.write_bytes(b"another")
    assert find_onnx(chip, tmp_path / "out" / "m.chip") is None
    (tmp_path / "out" / "m.onnx").write_bytes(b"one")
    assert find_onnx(chip, tmp_path / "out" / "m.chip") == tmp_path / "out" / "m.onnx"
