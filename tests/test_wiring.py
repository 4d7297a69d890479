# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Decoders that are not Llama-like: folded exactly, quantised within their bound, and saved."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outlines import BIASED, GPT, MICRO, TINY, check_bound, quantized, texts
from test_chip import rewritten

from hardwire.chip.model import Chip, Shape, Wiring, check_chip, load_chip
from hardwire.chip.reference import new_state, step
from hardwire.decoder import forward
from hardwire.errors import ChipError
from hardwire.ops.norm import Scale
from hardwire.pipeline import SHAPES, shape_named
from hardwire.plan.capacity import demand
from hardwire.plan.widths import Widths
from hardwire.proof.verify import BOUND_MARGIN
from hardwire.quality.evaluate import error_by_stage, integer_logits
from hardwire.quantize import Options, Outline, quantize, random_chip, random_decoder
from hardwire.quantize.center import fold_norms

# What none of the others has: LayerNorm with rotary positions and a gate, and learned positions too.
MIXED = replace(BIASED, wiring=Wiring(positions=True), norm="layer")
OUTLINES = {"gpt": GPT, "micro": MICRO, "biased": BIASED, "mixed": MIXED}


# ---------------------------------------------------------------------------------------------------
# LayerNorm and biases.


@pytest.mark.parametrize("name", ["gpt", "biased", "mixed"])
def test_folding_changes_no_logit(name: str) -> None:
    decoder, ids = random_decoder(OUTLINES[name], 3), texts(OUTLINES[name], 9, 6)
    folded = fold_norms(decoder)
    before, after = forward(decoder, ids), forward(folded, ids)
    assert np.abs(after - before).max() <= 1e-4 * np.abs(before).max()
    assert np.abs(before).max() > 1
    norms = [folded.final_norm, *(n for b in folded.blocks for n in (b.attention_norm, b.mlp_norm))]
    assert all(n is not None and n.kind == "rms" and n.bias is None and n.gain is not None for n in norms)
    rotary = OUTLINES[name].shape.rotary > 0
    for block in folded.blocks:
        assert block.attention.v.bias is None and (block.attention.k.bias is not None) == rotary
        assert all(layer.bias is not None for layer in (block.attention.q, block.attention.o, block.mlp.up))


@pytest.mark.parametrize("name", ["gpt", "mixed"])
def test_no_writer_of_a_centred_stream_writes_a_mean(name: str) -> None:
    decoder = fold_norms(random_decoder(OUTLINES[name], 3))
    seen: dict[str, np.ndarray] = {}
    forward(decoder, texts(OUTLINES[name], 9, 2), seen.__setitem__)
    for stage in ("embed", "L0.attn_x", "L1.x"):
        assert np.abs(seen[stage].mean(-1)).max() < 1e-5 * np.abs(seen[stage]).max()


def test_there_is_nothing_to_fold_in_a_llama() -> None:
    decoder, outline = random_decoder(Outline(TINY), 3), texts(Outline(TINY), 9, 2)
    assert np.array_equal(forward(fold_norms(decoder), outline), forward(decoder, outline))
    assert fold_norms(decoder).embedding is decoder.embedding


def test_a_head_that_shares_the_embedding_does_so_no_longer() -> None:
    decoder = random_decoder(GPT, 3)
    tied = replace(decoder, head=replace(decoder.head, weight=decoder.embedding), tied=True)
    assert not fold_norms(tied).tied


# ---------------------------------------------------------------------------------------------------
# Integers.


@pytest.mark.parametrize("name", OUTLINES)
@pytest.mark.parametrize(("weights", "relative"), [(8, 0.04), (4, 0.16)])
def test_integers_stay_within_the_recorded_bound(name: str, weights: int, relative: float) -> None:
    decoder, chip = quantized(OUTLINES[name], weights)
    check_bound(decoder, chip, texts(OUTLINES[name], 9, 8), relative)


@pytest.mark.parametrize("name", OUTLINES)
def test_every_stage_is_close_to_the_folded_float_one(name: str) -> None:
    outline = OUTLINES[name]
    decoder, chip = quantized(outline, 8)
    errors = error_by_stage(chip, decoder, texts(outline, 9, 4))
    gate = ["gate"] if outline.wiring.gated else []
    kinds = ("q", "k", "v", "attn", "attn_x", *gate, "up", "hidden", "x")
    assert set(errors) == {"embed", "logits", *(f"L{n}.{k}" for n in range(outline.shape.layers) for k in kinds)}
    assert max(errors.values()) < 0.06, errors


def test_relu_channels_have_units_of_their_own_and_gelu_ones_share() -> None:
    for outline, shared in ((MICRO, False), (GPT, True)):
        scales = random_chip(outline, seed=8, options=Options(weights=8)).scales
        assert isinstance(scales["L0.hidden"], float) == isinstance(scales["L0.up"], float) == shared
    units = np.array(random_chip(MICRO, seed=8, options=Options(weights=8)).scales["L0.up"])
    assert units.min() >= 0.25 * units.mean() / 2 and units.max() > 1.2 * units.min()


def test_a_position_has_its_row_whatever_comes_before(gpt_chip: Chip) -> None:
    """The same token twice: only learned positions tell the two apart, and taking them away makes them equal."""
    seen: dict[str, np.ndarray] = {}
    step(gpt_chip, new_state(gpt_chip), np.array([[5, 5]]), seen.__setitem__)
    assert not np.array_equal(seen["embed"][0, 0], seen["embed"][0, 1])
    position = gpt_chip.matrices["position"]
    flat = replace(position, multiplier=position.multiplier * 0)
    blind = replace(gpt_chip, matrices={**gpt_chip.matrices, "position": flat})
    step(blind, new_state(blind), np.array([[5, 5]]), seen.__setitem__)
    assert np.array_equal(seen["embed"][0, 0], seen["embed"][0, 1])


def test_biases_move_what_they_are_added_to(biased_chip: Chip) -> None:
    ids, plain, moved = np.array([[3, 1, 2]]), {}, {}
    step(biased_chip, new_state(biased_chip), ids, plain.__setitem__)
    head = biased_chip.biases["head"].copy()
    head[0, 7] += 5
    other = replace(biased_chip, biases={**biased_chip.biases, "head": head})
    step(other, new_state(other), ids, moved.__setitem__)
    difference = moved["logits"] - plain["logits"]
    assert (difference[..., 7] == 5).all() and not np.delete(difference, 7, -1).any()


@pytest.mark.tools
@pytest.mark.parametrize("model", ["gpt2", "early"])
def test_what_the_importer_reads_can_be_quantised(model: str, tmp_path: Path) -> None:
    from onnx_models import gpt2, llama_operators, save

    from hardwire.frontend import import_onnx

    decoder = import_onnx(save((gpt2() if model == "gpt2" else llama_operators(early=True))[0], tmp_path)).decoder
    draw = np.random.default_rng(4)
    options = Options(weights=8, tokens=2048, length=64)
    chip = quantize(decoder, draw.integers(0, decoder.vocab, (32, 64)).tolist(), options)
    held_out = draw.integers(0, decoder.vocab, (4, 64))
    exact = forward(decoder, held_out)
    rows = np.sqrt(np.square(integer_logits(chip, held_out) - exact).mean((1, 2)))
    assert rows.max() <= BOUND_MARGIN * chip.about["logit_error"]["largest_row"]
    assert rows.max() <= 0.05 * np.sqrt(np.square(exact).mean())
    assert chip.wiring == (Wiring(gated=False, positions=True) if model == "gpt2" else Wiring(True, False, True, False))


# ---------------------------------------------------------------------------------------------------
# The file.


@pytest.mark.parametrize("which", ["gpt_chip", "micro_chip", "biased_chip"])
def test_a_chip_comes_back_whole(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    chip: Chip = request.getfixturevalue(which)
    chip.save(tmp_path / "a.chip")
    again = load_chip(tmp_path / "a.chip")
    assert again.digest == chip.digest and again.wiring == chip.wiring
    assert list(again.biases) == list(chip.biases) and list(again.matrices) == list(chip.matrices)
    for name, bias in chip.biases.items():
        assert np.array_equal(again.biases[name], bias)
    again.save(tmp_path / "b.chip")
    assert (tmp_path / "a.chip").read_bytes() == (tmp_path / "b.chip").read_bytes()
    ids = np.array([[1, 2, 3]])
    assert np.array_equal(step(again, new_state(again), ids), step(chip, new_state(chip), ids))


def test_every_new_part_is_in_the_digest(gpt_chip: Chip, micro_chip: Chip) -> None:
    scale = micro_chip.embedding_scale
    assert scale is not None
    others = [
        (gpt_chip, {"biases": {**gpt_chip.biases, "o": gpt_chip.biases["o"] + 1}}),
        (gpt_chip, {"biases": {n: b for n, b in gpt_chip.biases.items() if n != "o"}}),
        (micro_chip, {"embedding_scale": Scale(scale.multiplier, scale.shift + 1)}),
        (micro_chip, {"wiring": replace(micro_chip.wiring, final_norm=True)}),
    ]
    for chip, change in others:
        assert replace(chip, **change).digest != chip.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wiring": {"gated": False, "positions": True, "embedding_norm": False}}, "the keys of wiring are"),
        ({"wiring": ["gated"]}, "the keys of wiring are"),
        ({"wiring": None}, "malformed"),
        ({"gated": 1}, "wiring.gated is 1, not true or false"),
        ({"final_norm": "no; struct x {};"}, "wiring.final_norm is 'no; struct x {};', not true or false"),
        ({"gated": True}, "the keys of bits are"),
        ({"positions": False}, "the keys of bits are"),
        ({"embedding_norm": True}, "embedding_scale/multiplier.npy"),
        ({"biases": ["down", "q"]}, "biases is .'down', 'q'., not a part of q, k, v, o, up, down, head in this order"),
        ({"biases": ["q", "q"]}, "biases is .'q', 'q'."),
        ({"biases": ["embedding"]}, "biases is .'embedding'."),
        ({"biases": ["gate"]}, "biases is .'gate'."),
        ({"biases": {"q": 1}}, "biases is .'q': 1., not a part of"),
        ({"biases": [["q"]]}, "not a part of"),
        ({"biases": ["q", "k", "o", "up", "down", "head"]}, "biases/k.npy"),
    ],
)
def test_hostile_headers_are_refused(gpt_chip: Chip, tmp_path: Path, change: dict, message: str) -> None:
    gpt_chip.save(tmp_path / "a.chip")

    def rewrite(name: str, data: bytes) -> bytes:
        if name != "chip.json":
            return data
        header = json.loads(data)
        for key, value in change.items():
            (header if key in header else header["wiring"])[key] = value
        return json.dumps(header).encode()

    with pytest.raises(ChipError, match=message):
        load_chip(rewritten(tmp_path / "a.chip", tmp_path / "x.chip", rewrite))


@pytest.mark.parametrize(
    ("which", "name", "value", "message"),
    [
        ("gpt_chip", "biases/o", 1 << 19, r"array biases/o holds a value outside -524288\.\.524287"),
        ("gpt_chip", "tables/activation", 128, r"array tables/activation holds a value outside -128\.\.127"),
        ("gpt_chip", "gate_shift", 1, r"array gate_shift holds a value outside 0\.\.0"),
        ("micro_chip", "embedding_scale/multiplier", 1 << 17, "array embedding_scale/multiplier holds a value outside"),
        ("micro_chip", "embedding_scale/shift", 48, r"array embedding_scale/shift holds a value outside 0\.\.47"),
    ],
)
def test_arrays_out_of_range_are_named(
    which: str, name: str, value: int, message: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(which).save(tmp_path / "a.chip")

    def change(member: str, data: bytes) -> bytes:
        if member != f"{name}.npy":
            return data
        buffer = io.BytesIO()
        np.save(buffer, np.full_like(np.load(io.BytesIO(data)), value))
        return buffer.getvalue()

    with pytest.raises(ChipError, match=message):
        load_chip(rewritten(tmp_path / "a.chip", tmp_path / "x.chip", change))


def test_parts_that_do_not_go_with_the_wiring_are_refused_in_memory(gpt_chip: Chip, micro_chip: Chip) -> None:
    with pytest.raises(ChipError, match="here: embedding_scale/multiplier does not go with its wiring"):
        check_chip(replace(micro_chip, embedding_scale=None), "here")
    with pytest.raises(ChipError, match="here: embedding_scale/multiplier does not go with its wiring"):
        check_chip(replace(gpt_chip, embedding_scale=micro_chip.embedding_scale), "here")
    with pytest.raises(ChipError, match="here: gate does not go with its wiring"):
        check_chip(replace(gpt_chip, biases={"gate": np.zeros((2, 52), np.int64)}), "here")
    with pytest.raises(ChipError, match=r"here: array biases/o is \(2, 23\), expected \(2, 24\)"):
        check_chip(replace(gpt_chip, biases={"o": np.zeros((2, 23), np.int64)}), "here")


# ---------------------------------------------------------------------------------------------------
# What is made of them.


def test_fit_counts_what_the_lanes_read(micro_chip: Chip, gpt_chip: Chip) -> None:
    need = demand(micro_chip)
    weights = 4 * 16 * 16 + 2 * 16 * 64 + 27 * 16
    assert need.multiplications == weights and need.weight_bits == 4 * weights
    assert need.embedding_bits == 8 * (27 + 16) * 16
    rows = 4 * 16 + 64 + 16 + 27 + 27 + 16
    assert need.scale_bits == 17 * rows
    assert demand(gpt_chip).scale_bits - 17 * sum(m.multiplier.size for m in gpt_chip.matrices.values()) == 20 * (
        2 * (24 + 24 + 52 + 24) + 40
    )
    assert Widths.of(micro_chip).weight == 4  # 8-bit tables do not widen the lanes


def test_known_shapes_have_their_wiring() -> None:
    assert shape_named("microgpt") == MICRO
    assert shape_named("kev-gpt").shape == Shape(193, 256, 4, 4, 4, 64, 1024, 128, 0)
    assert shape_named("30,16,1,2,1,8,32,16") == Outline(Shape(30, 16, 1, 2, 1, 8, 32, 16, 8))
    assert all(name in SHAPES for name in ("bundled", "stories260k", "15m", "kev-gpt", "microgpt"))


def test_the_large_gpt_shape_is_drawn_whole() -> None:
    chip = random_chip(shape_named("kev-gpt"), seed=1)
    read = sum(m.weight.size for name, m in chip.matrices.items() if name not in ("embedding", "position"))
    assert read == 4 * (4 * 256 * 256 + 2 * 256 * 1024) + 193 * 256
    assert list(chip.biases) == ["q", "o", "up", "down", "head"]
    assert all(bias.any(-1).all() for bias in chip.biases.values())
    assert chip.tables["cos"].shape == (128, 0) and not chip.gate_shift.any()
    assert np.abs(step(chip, new_state(chip), np.arange(5)[None])).max() > 1000  # logits that use their bits
