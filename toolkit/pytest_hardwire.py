# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""pytest-hardwire: tests that a model's hardware is equal to it. docs/ci.md says how to use it.

pytest loads this in every run of an environment that has hardwire, so nothing of hardwire is imported before a fixture
is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hardwire import LanguageModel
    from hardwire.build.folder import Build
    from hardwire.testing import Cache

RUNGS = ("float", "int", "csim", "rtl", "netlist")  # as hardwire.proof has them, which a test compares
COSTS = ("seconds", "minutes", "hours")
PLANTED = ("weight", "table", "rounding", "rom")
MARKER = 'hardwire(rung="csim", cost="minutes"): what a test climbs, and how long that takes'
SETTINGS = {
    "hardwire_model": "the ONNX export that hardwire_model gives; its tokenizer.json and calibration.txt lie beside it",
    "hardwire_weights": "bits of every matrix of hardwire_chip, 2 to 8; default 4",
    "hardwire_calibration": "calibration text of hardwire_chip, where it is not beside the model",
    "hardwire_tokenizer": "tokenizer.json of hardwire_chip, where it is not beside the model",
    "hardwire_board": "board of hardwire_build; default pynq-z2",
    "hardwire_target": "target of hardwire_build: hls (default), rtl or bitstream",
}
MADE = pytest.StashKey[dict[str, list[str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hardwire", "models and the hardware that is equal to them")
    group.addoption(
        "--hardwire-cache", metavar="DIR", help="Where chips and builds are kept; default: $HARDWIRE_CACHE, or yours."
    )
    group.addoption(
        "--hardwire-rungs", metavar="LIST", help=f"Leave out tests that are marked with other rungs: {','.join(RUNGS)}."
    )
    group.addoption("--hardwire-cost", choices=COSTS, help="Leave out tests that are marked as costlier.")
    group.addoption(
        "--hardwire-plant", choices=PLANTED, help="Break a copy of every build first, to see the tests fail."
    )
    for name, text in SETTINGS.items():
        parser.addini(name, text, default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    found: dict[str, list[str]] = {"made": [], "kept": []}
    config.stash[MADE] = found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = _chosen(config.getoption("--hardwire-rungs"))
    most = config.getoption("--hardwire-cost")
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        marks = [_checked(item, mark) for mark in item.iter_markers("hardwire")]
        dear = most is not None and any(COSTS.index(m.get("cost", "seconds")) > COSTS.index(most) for m in marks)
        other = chosen is not None and any(m.get("rung", chosen[0]) not in chosen for m in marks)
        (left if dear or other else kept).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _chosen(text: str | None) -> list[str] | None:
    if text is None:
        return None
    for rung in text.split(","):
        if rung not in RUNGS:
            raise pytest.UsageError(f"--hardwire-rungs: no rung {rung!r}; known are {', '.join(RUNGS)}")
    return text.split(",")


def _checked(item: pytest.Item, mark: pytest.Mark) -> dict[str, str]:
    for name, value in mark.kwargs.items():
        known = {"rung": RUNGS, "cost": COSTS}.get(name, ())
        if value not in known:
            raise pytest.UsageError(f"{item.nodeid}: no {name} {value!r} of a mark of hardwire; write {MARKER}")
    if mark.args:
        raise pytest.UsageError(f"{item.nodeid}: a mark of hardwire takes names; write {MARKER}")
    return dict(mark.kwargs)


# ---------------------------------------------------------------------------------------------------
# Fixtures. Each may be overridden in a conftest.py, as any.


@pytest.fixture(scope="session")
def hardwire_cache(pytestconfig: pytest.Config) -> Iterator[Cache]:
    """Chips and builds, made once: ``hardwire_cache.chip("a.onnx")``, ``hardwire_cache.build(chip, board="kv260")``."""
    from hardwire.testing import Cache
    from hardwire.tools.cache import cache_folder

    folder = pytestconfig.getoption("--hardwire-cache") or cache_folder() / "pytest"
    cache = Cache(folder=Path(folder).absolute(), fault=pytestconfig.getoption("--hardwire-plant"))
    yield cache
    pytestconfig.stash[MADE]["made"] += cache.made
    pytestconfig.stash[MADE]["kept"] += cache.kept


@pytest.fixture(scope="session")
def hardwire_model(pytestconfig: pytest.Config) -> Path:
    """The ONNX export of the setting ``hardwire_model``."""
    path = _file(pytestconfig, "hardwire_model")
    if path is None:
        raise pytest.UsageError("no model: set hardwire_model in pytest.ini, or define the fixture hardwire_model")
    return path


@pytest.fixture(scope="session")
def hardwire_chip(hardwire_cache: Cache, hardwire_model: Path, pytestconfig: pytest.Config) -> Path:
    """The ``.chip`` of the model, quantized as the settings say."""
    files = {name: _file(pytestconfig, f"hardwire_{name}") for name in ("calibration", "tokenizer")}
    weights = pytestconfig.getini("hardwire_weights") or "4"
    if weights not in list("2345678"):
        raise pytest.UsageError(f"hardwire_weights is {weights!r}, not a number of bits from 2 to 8")
    return hardwire_cache.chip(hardwire_model, weights=int(weights), **files)


@pytest.fixture(scope="session")
def hardwire_build(hardwire_cache: Cache, hardwire_chip: Path, pytestconfig: pytest.Config) -> Build:
    """The build of the chip, for the board and the target of the settings."""
    board = pytestconfig.getini("hardwire_board") or "pynq-z2"
    return hardwire_cache.build(hardwire_chip, board=board, target=pytestconfig.getini("hardwire_target") or "hls")


@pytest.fixture
def hardwire_backend(
    request: pytest.FixtureRequest, hardwire_cache: Cache, hardwire_build: Build
) -> Iterator[LanguageModel]:
    """The build as a model that talks, by the first backend that it has.

    Another by ``@pytest.mark.parametrize("hardwire_backend", ["reference", "csim"], indirect=True)``.
    """
    model = hardwire_cache.model(hardwire_build, getattr(request, "param", None))
    yield model
    model.close()


def _file(config: pytest.Config, setting: str) -> Path | None:
    """A file that a setting names, from the folder of the file with the settings."""
    value = config.getini(setting)
    base = config.rootpath if config.inipath is None else config.inipath.parent
    return base / os.path.expanduser(value) if value else None


# ---------------------------------------------------------------------------------------------------
# What was made and what was kept, from every worker of pytest-xdist too.


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["hardwire"] = session.config.stash[MADE]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for name, entries in getattr(node, "workeroutput", {}).get("hardwire", {}).items():
        node.config.stash[MADE][name] += entries


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    made = sorted(set(config.stash[MADE]["made"]))
    kept = sorted(set(config.stash[MADE]["kept"]) - set(made))
    fault = config.getoption("--hardwire-plant")
    if made or kept:
        terminalreporter.section("hardwire")
        for state, names in (("made", made), ("kept", kept)):
            for name in names:
                terminalreporter.write_line(f"{state} {name}")
        if fault:
            terminalreporter.write_line(f"a fault was planted into every build: {fault}")
