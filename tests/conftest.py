# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: small chips that every test may share."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outlines import BIASED, GPT, MICRO, TINY

from hardwire.chip.model import Chip, Shape
from hardwire.quantize import Options, random_chip
from hardwire.tools.cache import VARIABLE

# Simulations are kept beside the checkout, for this run's other workers and for the next run.
os.environ.setdefault(VARIABLE, str(Path(__file__).parents[1] / "build" / "cache"))

pytest_plugins = ["pytester"]  # of the plugin's own tests

pytest.register_assert_rewrite("hosted")  # it has tests

# Programs that a test starts hear Ctrl-C even where the tests themselves run in the background, deaf to it: a child
# inherits that a signal is ignored, not that it is handled.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def gpt_chip() -> Chip:
    return random_chip(GPT, seed=8)


@pytest.fixture(scope="session")
def micro_chip() -> Chip:
    return random_chip(MICRO, seed=8)


@pytest.fixture(scope="session")
def biased_chip() -> Chip:
    return random_chip(BIASED, seed=8)


@pytest.fixture(scope="session")
def tiny_chip() -> Chip:
    """A random chip small enough to run in milliseconds; 4-bit weights, 8-bit embedding."""
    return random_chip(TINY, seed=3)


@pytest.fixture(scope="session")
def odd_chip() -> Chip:
    """Dimensions that divide nothing, three heads over one KV head, 3-bit weights, partial rotation."""
    shape = Shape(vocab=37, dim=18, layers=3, heads=3, kv_heads=1, head_dim=6, hidden=44, context=20, rotary=4)
    return random_chip(shape, seed=5, options=Options(weights=3, rounding="plain"))


@pytest.fixture(scope="session")
def chip_with_text(tiny_chip: Chip) -> Chip:
    """The tiny chip with a tokenizer of single characters: 37 of them, and three specials."""
    letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHI."
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2} | {c: 3 + i for i, c in enumerate(letters.replace(" ", "▁"))}
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": c, **special} for i, c in enumerate(("<unk>", "<s>", "</s>"))],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocab,
            "merges": [],
        },
    }
    return replace(tiny_chip, tokenizer=tokenizer, bos=1, eos=(2,))


@pytest.fixture(scope="session")
def axi_project(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny chip behind AXI4-Lite, as RTL."""
    from hosted import FIRST, GEOMETRY, RING

    from hardwire.emit.rtl.project import write_rtl
    from hardwire.emit.top.axi import write_axi_top
    from hardwire.emit.top.host import Host

    folder = tmp_path_factory.mktemp("axi")
    write_rtl(chip_with_text, folder, GEOMETRY)
    write_axi_top(folder, Host(clock_mhz=100, ring=RING, first_index=FIRST))
    return folder


@pytest.fixture(scope="session")
def simulated_pynq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build of the bundled model that is simulated, compiled once: in $HARDWIRE_CACHE, where that is set."""
    from hardwire.notebook import simulated

    os.environ.setdefault("HARDWIRE_CACHE", str(tmp_path_factory.mktemp("cache")))
    return simulated()


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(11)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests were never collected: those on a model and texts that are not part of the repository."""
    beside = Path(__file__).parents[2] / "shared" / "models"
    if not beside.is_dir() and "HARDWIRE_SHARED" not in os.environ:
        terminalreporter.write_line("tests/dev: not collected, they need a development folder (HARDWIRE_SHARED)")
