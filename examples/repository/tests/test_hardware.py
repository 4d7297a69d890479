# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The hardware of every model is equal to it, and nearly as good as its float model."""

from pathlib import Path

import pytest

from hardwire import LanguageModel
from hardwire.build.folder import Build
from hardwire.testing import assert_equal, assert_quality


@pytest.mark.hardwire(rung="int", cost="seconds")
def test_integers(hardwire_build: Build) -> None:
    assert_equal(hardwire_build, rungs=["float", "int"], tokens=32)


@pytest.mark.hardwire(rung="csim", cost="minutes")
def test_hls(hardwire_build: Build) -> None:
    assert_equal(hardwire_build, rungs=["csim"], tokens=32)


@pytest.mark.hardwire(cost="seconds")
def test_quality(hardwire_chip: Path, hardwire_model: Path) -> None:
    assert_quality(hardwire_chip, hardwire_model.with_name("held-out.txt"), max_rise="5%")


@pytest.mark.parametrize("hardwire_backend", ["reference"], indirect=True)
def test_it_says_the_same_twice(hardwire_backend: LanguageModel) -> None:
    assert hardwire_backend.generate("a", 8) == hardwire_backend.generate("a", 8)
