# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The C baseline computes what the float reference does, and would be caught if it did not."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outlines import GPT, MICRO, TINY

from baseline.llama import SOURCE, Baseline, check, check_greedy, lacking, measure, write_weights
from hardwire.chip.model import Shape
from hardwire.decoder import Decoder, Norm
from hardwire.errors import BuildError, Mismatch, ModelError, ToolMissing
from hardwire.quantize import Outline, random_decoder

# Dimensions that divide nothing, three heads over one KV head, part of a head rotated.
ODD = Shape(vocab=37, dim=18, layers=3, heads=3, kv_heads=1, head_dim=6, hidden=44, context=20, rotary=4)


def decoder_of(shape: Shape, interleaved: bool = False, gains: bool = False) -> Decoder:
    made = random_decoder(Outline(shape), seed=3)
    blocks = []
    for n, block in enumerate(made.blocks):
        rope = replace(block.attention.rope, interleaved=interleaved, amplitude=1.1)
        gain = Norm("rms", 1e-3, np.linspace(0.5, 1.5, shape.dim, dtype=np.float32)) if gains else block.mlp_norm
        attention = replace(block.attention, rope=rope, scale=block.attention.scale * (1 + n))
        blocks.append(replace(block, attention=attention, mlp_norm=gain))
    return replace(made, blocks=tuple(blocks))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    return Baseline(decoder_of(TINY), tmp_path_factory.mktemp("tiny"))


def text(decoder: Decoder) -> list[int]:
    return np.random.default_rng(2).integers(0, decoder.vocab, decoder.context).tolist()


@pytest.mark.tools
@pytest.mark.parametrize(
    ("shape", "interleaved", "gains"), [(TINY, False, False), (ODD, False, True), (TINY, True, True)]
)
def test_logits_of_the_whole_context(shape: Shape, interleaved: bool, gains: bool, tmp_path: Path) -> None:
    baseline = Baseline(decoder_of(shape, interleaved, gains), tmp_path)
    error, tolerance = check(baseline, text(baseline.decoder))
    assert 0 < error <= tolerance < 1e-4


@pytest.mark.tools
def test_the_program_compiles_without_a_warning() -> None:
    subprocess.run(["gcc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", str(SOURCE)], check=True)


@pytest.mark.tools
def test_greedy_tokens_are_those_of_the_reference(tiny: Baseline) -> None:
    count = tiny.decoder.context
    _, tolerance = check(tiny, text(tiny.decoder))
    found, seconds = tiny.greedy(3, count, runs=2)
    assert len(found) == count and len(seconds) == 2 and min(seconds) > 0
    check_greedy(tiny, 3, found, tolerance)
    found[7] = (found[7] + 1) % tiny.decoder.vocab
    with pytest.raises(Mismatch, match=f"token 7 of its greedy text is {found[7]}, whose logit is .* below that of"):
        check_greedy(tiny, 3, found[:8], tolerance)


@pytest.mark.tools
def test_another_weight_is_noticed(tiny: Baseline, tmp_path: Path) -> None:
    """One weight of thousands, a hundredth off: the tolerance is no wider than rounding."""
    first, *others = tiny.decoder.blocks
    weight = first.mlp.down.weight.copy()
    weight[5, 9] *= 1.01
    block = replace(first, mlp=replace(first.mlp, down=replace(first.mlp.down, weight=weight)))
    changed = replace(tiny.decoder, blocks=(block, *others))
    write_weights(changed, tiny.weights)
    try:
        with pytest.raises(Mismatch, match=r"C baseline: logits, token \d+, index \d+: .* allowed are .*; llama.c and"):
            check(tiny, text(tiny.decoder))
    finally:
        write_weights(tiny.decoder, tiny.weights)


@pytest.mark.tools
def test_speed_is_measured_over_checked_tokens(tiny: Baseline, tmp_path: Path) -> None:
    speed = measure(tiny.decoder, tmp_path, start=1, count=20, runs=3)
    assert (speed.tokens, speed.runs) == (20, 3)
    assert speed.tokens_per_second > 0 and speed.error <= speed.tolerance


@pytest.mark.tools
def test_what_it_is_not_given_is_refused(tiny: Baseline, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="25 positions with tokens 0 to 0; the baseline takes 1 to 24 positions"):
        tiny.logits([0] * 25)
    with pytest.raises(BuildError, match="1 positions with tokens 40 to 40; .* tokens below 40"):
        tiny.greedy(40, 1)
    whole = tiny.weights.read_bytes()
    try:
        tiny.weights.write_bytes(whole[:-4])
        with pytest.raises(BuildError, match="llama of the C baseline: exit 1: llama: the weights are not of their"):
            tiny.logits([0])
        tiny.weights.write_bytes(b"no" + whole)
        with pytest.raises(BuildError, match="no weights of this program's format"):
            tiny.logits([0])
    finally:
        tiny.weights.write_bytes(whole)


def test_a_decoder_that_is_not_llama_like_is_refused_by_its_parts(tmp_path: Path) -> None:
    assert lacking(decoder_of(ODD)) == []
    named = (
        "a norm other than RMSNorm, or none, biases, an MLP other than SiLU with a gate, learned positions, no rotary"
    )
    with pytest.raises(ModelError, match=f"takes Llama-like decoders; this one .random. has {named}"):
        write_weights(random_decoder(GPT, seed=1), tmp_path / "gpt.bin")
    assert "a norm behind the embedding" in lacking(random_decoder(MICRO, seed=1))
    assert not (tmp_path / "gpt.bin").exists()


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="gcc is not on PATH; install a C compiler"):
        Baseline(decoder_of(TINY), tmp_path)
