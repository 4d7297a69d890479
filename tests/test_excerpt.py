# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A few layers of a chip as a chip: each computes what it computes in the whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from outlines import EVERY, EVERYTHING

from hardwire.chip.excerpt import excerpt
from hardwire.chip.model import Chip, load_chip
from hardwire.chip.reference import attention_block, embedding_block, mlp_block, new_state, step
from hardwire.cli.main import main
from hardwire.errors import ChipError
from hardwire.ops.fixed import Ints
from hardwire.quantize import random_chip


def run_layer(chip: Chip, layer: int, x: Ints) -> Ints:
    after = attention_block(chip, new_state(chip, len(x)), layer, x)
    return mlp_block(chip, layer, after, source=x if chip.wiring.parallel else after)


@pytest.mark.parametrize("name", [*EVERY, "everything"])
def test_each_layer_computes_what_it_does_in_the_whole(name: str) -> None:
    chip = random_chip(EVERYTHING if name == "everything" else EVERY[name], seed=3)
    s = chip.shape
    ids = np.arange(9).reshape(1, 9) % 11
    x = embedding_block(chip, ids, 0)
    for layer in range(s.layers):
        one = excerpt(chip, layer, layer + 1, vocab=11, context=10)
        assert np.array_equal(embedding_block(one, ids, 0), embedding_block(chip, ids, 0))
        after = run_layer(chip, layer, x)
        assert np.array_equal(run_layer(one, 0, x), after)
        x = after


def test_all_layers_are_the_chip(tiny_chip: Chip) -> None:
    ids = np.arange(12).reshape(1, 12)
    whole = excerpt(tiny_chip, 0, tiny_chip.shape.layers)
    assert np.array_equal(step(whole, new_state(whole), ids), step(tiny_chip, new_state(tiny_chip), ids))
    fewer = excerpt(tiny_chip, 0, tiny_chip.shape.layers, vocab=20)
    assert np.array_equal(step(fewer, new_state(fewer), ids), step(tiny_chip, new_state(tiny_chip), ids)[..., :20])


def test_what_is_not_there_is_refused(tiny_chip: Chip) -> None:
    for first, stop, vocab, context in (
        (0, 3, 40, 24),
        (1, 1, 40, 24),
        (0, 1, 41, 24),
        (0, 1, 40, 25),
        (-1, 1, 40, 24),
    ):
        with pytest.raises(ChipError, match=rf"no excerpt of layers {first}:{stop}, {vocab} ids, {context} positions"):
            excerpt(tiny_chip, first, stop, vocab, context)


def test_the_command(chip_with_text: Chip, tmp_path: Path) -> None:
    chip_with_text.save(tmp_path / "whole.chip")
    words = ["excerpt", str(tmp_path / "whole.chip"), "-o", str(tmp_path / "one.chip"), "--json"]
    answer = json.loads(CliRunner().invoke(main, [*words, "--layers", "1:2", "--vocab", "16"]).stdout)
    one = load_chip(tmp_path / "one.chip")
    assert (answer["shape"]["layers"], answer["shape"]["vocab"], answer["digest"]) == (1, 16, one.digest)
    assert one.tokenizer is None and one.about["excerpt"] == {"chip": chip_with_text.digest, "layers": [1, 2]}
    result = CliRunner().invoke(main, [*words, "--layers", "one"])
    assert result.exit_code == 1 and "--layers one: give them as 0:1" in result.stderr


@pytest.mark.tools
def test_a_block_is_proved_from_its_integers_on(tiny_chip: Chip, tmp_path: Path) -> None:
    excerpt(tiny_chip, 1, 2, vocab=16, context=12).save(tmp_path / "one.chip")
    board = ["--board", "pynq-z2", "--target", "rtl"]
    built = CliRunner().invoke(main, ["build", str(tmp_path / "one.chip"), "-o", str(tmp_path / "one"), *board])
    assert built.exit_code == 0, built.output
    result = CliRunner().invoke(main, ["verify", str(tmp_path / "one"), "--tokens", "8", "--json"])
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["verdict"], list(answer["rungs"])) == (0, "proven", ["int", "csim", "rtl"])
