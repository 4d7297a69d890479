# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chips of one mould: what is kept, what cannot be, and that their integers stay near the floats."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from onnx import numpy_helper
from onnx_models import llama_operators, save
from outlines import BIASED, GPT, TINY, check_bound, texts

from hardwire.chip.model import Chip, check_chip, load_chip
from hardwire.chip.mould import Mould
from hardwire.chip.positions import with_positions
from hardwire.chip.reference import new_state, step
from hardwire.cli.main import main
from hardwire.errors import QuantizeError
from hardwire.plan.widths import accumulator_bits
from hardwire.quantize import Options, Outline, quantize, random_chip, random_decoder
from hardwire.quantize.rounding import Rounded, within


def stories(vocab: int, seed: int) -> list[list[int]]:
    return [row.tolist() for row in np.random.default_rng(seed).integers(0, vocab, (4, 24))]


def another(outline: Outline, mould: Mould | None, seed: int = 17, **changes: object) -> Chip:
    """A chip of other weights, whose embedding is three times as large."""
    decoder = random_decoder(outline, seed)
    decoder = replace(decoder, embedding=3 * decoder.embedding, **changes)  # type: ignore[arg-type]
    options = Options(rounding="plain", tokens=96, length=24, widen=False, like=mould)
    return quantize(decoder, stories(outline.shape.vocab, seed), options)


def test_the_mould_is_all_but_the_contents(tiny_chip: Chip) -> None:
    mould = Mould.of(tiny_chip)
    assert mould.differences(mould) == [] and mould.digest == Mould.of(random_chip(TINY, seed=3)).digest
    changed = replace(tiny_chip, about={}, bos=3, tokenizer=None, score_shift=tiny_chip.score_shift + 1)
    assert changed.digest != tiny_chip.digest and Mould.of(changed).digest == mould.digest
    wider = Mould.of(replace(tiny_chip, formats=replace(tiny_chip.formats, logit=18)))
    assert wider.digest != mould.digest and wider.differences(mould) == ["formats.logit: 18, not 16"]


@pytest.mark.parametrize("outline", [Outline(shape=TINY), GPT, BIASED], ids=["llama", "gpt", "biased"])
def test_another_model_goes_into_the_mould(outline: Outline) -> None:
    mould = Mould.of(random_chip(outline, seed=3))
    chip, alone = another(outline, mould), another(outline, None)
    check_chip(chip, "poured")
    assert Mould.of(chip) == mould and chip.digest != alone.digest
    named = [entry.split(":")[0] for entry in chip.about["kept"]]  # type: ignore[union-attr]
    assert "logit_fraction" in named or "eps" in named
    for entry in chip.about["kept"]:  # type: ignore[union-attr]
        name, here, without = entry.replace(",", ":").split(":")
        own = Mould.of(alone).eps if name == "eps" else getattr(alone.formats, name)
        assert int(without.replace("alone", "")) == own != int(here)


def test_integers_in_a_mould_stay_near_the_floats(tiny_chip: Chip) -> None:
    decoder, outline = random_decoder(Outline(shape=TINY), 17), Outline(shape=TINY)
    options = Options(weights=4, tokens=48 * TINY.context, length=TINY.context, like=Mould.of(tiny_chip))
    chip = quantize(decoder, texts(outline, 4, 48).tolist(), options)
    assert Mould.of(chip) == Mould.of(tiny_chip)
    check_bound(decoder, chip, texts(outline, 5, 8), 0.5)


def test_biases_that_the_model_lacks_are_zero() -> None:
    plain = replace(BIASED, affine=False)
    chip = another(plain, Mould.of(random_chip(BIASED, seed=3)))
    assert chip.biases and not any(values.any() for values in chip.biases.values())


def test_what_cannot_be_kept_is_named(tiny_chip: Chip) -> None:
    mould = Mould.of(tiny_chip)
    larger = replace(TINY, vocab=41, hidden=52)
    with pytest.raises(QuantizeError, match=r"shape.hidden: 52, not 48.*without --like") as caught:
        another(Outline(shape=larger), mould)
    assert "shape.vocab: 41, not 40" in str(caught.value)
    with pytest.raises(QuantizeError, match=r"wiring.gated: False, not True"):
        another(replace(GPT, shape=TINY), mould)
    with pytest.raises(QuantizeError, match="the model has biases of .*q.*, and that mould none"):
        another(Outline(shape=TINY, affine=True), mould)


@pytest.mark.parametrize("outline", [Outline(shape=TINY), GPT], ids=["llama", "gpt"])
def test_fewer_positions_go_into_a_mould_that_is_loaded(outline: Outline) -> None:
    """Which has a register for them; not into a bitstream's file, nor more of them."""
    few, mould = replace(outline, shape=replace(outline.shape, context=12)), Mould.of(random_chip(outline, seed=3))
    decoder, rows = random_decoder(few, 17), [row[:12] for row in stories(outline.shape.vocab, 17)]
    options = Options(rounding="plain", tokens=48, length=12, widen=False, like=mould)
    chip = quantize(decoder, rows, options)
    assert chip.shape.context == 12 and Mould.of(chip).differences(mould) == [
        f"shape.context: 12, not {outline.shape.context}"
    ]
    wide = with_positions(chip, outline.shape.context)
    check_chip(wide, "extended")
    assert Mould.of(wide) == mould
    ids = np.array([list(range(1, 12))])
    np.testing.assert_array_equal(step(chip, new_state(chip), ids), step(wide, new_state(wide), ids))
    shifts = (chip.score_shift, chip.value_shift)
    with pytest.raises(QuantizeError, match=f"shape.context: 12, not {outline.shape.context}"):
        quantize(decoder, rows, replace(options, shifts=shifts))
    with pytest.raises(QuantizeError, match=f"shape.context: {outline.shape.context}, not 12"):
        quantize(random_decoder(outline, 17), rows, replace(options, like=Mould.of(chip)))


def test_rows_give_way_to_the_moulds_sums(tiny_chip: Chip) -> None:
    """Weights by a step each, those that were rounded away from zero the furthest; and no more of them than needed."""
    exact = np.array([[3.4, -2.6, 0.9, 1.0], [1.0, -1.0, 0.0, 1.2]])
    rounded, given = within(Rounded(np.array([[3, -3, 1, 1], [1, -1, 0, 1]], np.int8), np.ones(2)), exact, 6)
    np.testing.assert_array_equal(rounded.weight, [[3, -2, 0, 1], [1, -1, 0, 1]])
    assert given == 2
    alone = another(Outline(shape=TINY), Mould.of(tiny_chip))
    least = accumulator_bits(alone) - 1
    decoder = random_decoder(Outline(shape=TINY), 17)
    options = Options(rounding="plain", tokens=96, length=24, widen=False, like=Mould.of(tiny_chip), sums=least)
    chip = quantize(replace(decoder, embedding=3 * decoder.embedding), stories(TINY.vocab, 17), options)
    assert accumulator_bits(chip) == least
    assert any(entry.startswith(f"sums: {least} bits, for which") for entry in chip.about["kept"])  # type: ignore[union-attr]


def test_shifts_of_heads_are_kept(tiny_chip: Chip) -> None:
    """What a finished bitstream has in LUTs; at a loss that stays small where they are one off."""
    decoder = random_decoder(Outline(shape=TINY), 17)
    options = Options(weights=4, tokens=48 * TINY.context, length=TINY.context, like=Mould.of(tiny_chip))
    rows = texts(Outline(shape=TINY), 4, 48).tolist()
    alone = quantize(decoder, rows, options)
    shifts = (alone.score_shift + 1, np.maximum(alone.value_shift - 1, 0))
    chip = quantize(decoder, rows, replace(options, shifts=shifts))
    np.testing.assert_array_equal(chip.score_shift, shifts[0])
    np.testing.assert_array_equal(chip.value_shift, shifts[1])
    assert any(entry.startswith("shifts: ") for entry in chip.about["kept"])  # type: ignore[union-attr]
    check_bound(decoder, chip, texts(Outline(shape=TINY), 5, 8), 0.6)


@pytest.mark.tools
def test_quantize_like_on_the_command_line(chip_with_text: Chip, tmp_path: Path) -> None:
    """Two exports of the same architecture: the second goes into the first one's mould, and says what that costs."""
    model, _ = llama_operators()
    (tmp_path / "tokenizer.json").write_text(json.dumps(chip_with_text.tokenizer))
    (tmp_path / "calibration.txt").write_text("\n<|endoftext|>\n".join("abcdefgh ihgfedcba" * 16 for _ in range(24)))
    save(model, tmp_path, "a.onnx")
    for tensor in model.graph.initializer:
        if tensor.name.startswith("onnx::"):
            tensor.CopyFrom(numpy_helper.from_array(3 * numpy_helper.to_array(tensor)[::-1].copy(), tensor.name))
    save(model, tmp_path, "b.onnx")

    def quantized(name: str, *options: str | Path) -> dict[str, Any]:
        out = tmp_path / f"{name}.chip"
        result = CliRunner().invoke(
            main, ["quantize", str(tmp_path / f"{name}.onnx"), "-o", str(out), *map(str, options), "--json"]
        )
        assert result.exit_code == 0, result.output
        data: dict[str, Any] = json.loads(result.stdout)
        return data

    first, like = quantized("a"), tmp_path / "a.chip"
    second = quantized("b", "--like", like)
    assert second["mould"] == first["mould"] == Mould.of(load_chip(like)).digest and second["digest"] != first["digest"]
    assert second["kept"] and "alone" in second["kept"][0] and second["cost"].keys() == {"mould", "alone"}
    assert all(0 < nats < 20 for nats in second["cost"].values())
    patch = load_chip(Path(quantized("b", "--like", like, "--patchable")["chip"]))
    np.testing.assert_array_equal(patch.score_shift, load_chip(like).score_shift)
    np.testing.assert_array_equal(patch.value_shift, load_chip(like).value_shift)
    assert load_chip(Path(quantized("b", "--like", like, "--context", "6")["chip"])).shape.context == 6
    same = quantized("a", "--like", like)
    assert same["kept"] == [] and same["cost"] == {} and same["bits"] == first["bits"]
    refused = CliRunner().invoke(
        main,
        ["quantize", str(tmp_path / "b.onnx"), "-o", str(tmp_path / "c.chip"), "--like", str(like), "--bits", "q=3"],
    )
    out = ["-o", str(tmp_path / "c.chip"), "--patchable"]
    alone = CliRunner().invoke(main, ["quantize", str(tmp_path / "b.onnx"), *out])
    assert alone.exit_code == 1 and "--patchable is for the bitstream of another chip" in alone.output
    assert refused.exit_code == 1 and "--like brings the bits of every matrix" in refused.output
