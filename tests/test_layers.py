# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Parts inside a layer that Llama does not have: windows, norms of heads and branches, caps, parallel branches.

Their integers follow the float model, a chip of theirs is saved and checked, and the RTL refuses by name
what it lacks.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from outlines import GEMMA2, GEMMA3, MICRO, MISTRAL, NEOX, PROOFS, QWEN3, SMOLLM3, TINY, check_bound, quantized, texts
from test_chip import rewritten

from hardwire.chip.model import Chip, Formats, Wiring, check_chip, load_chip
from hardwire.chip.reference import new_state, step
from hardwire.decoder import forward
from hardwire.errors import BuildError, ChipError
from hardwire.plan.fit import fit
from hardwire.plan.geometry import Geometry, shared_heads
from hardwire.plan.schedule import schedule
from hardwire.quality.evaluate import error_by_stage
from hardwire.quantize import random_chip, random_decoder
from hardwire.quantize.center import fold_norms
from hardwire.targets.board import load_board

OUTLINES = {name: outline for name, (outline, _) in PROOFS.items()}
OUTLINES |= {"mistral": MISTRAL, "smollm3": SMOLLM3, "qwen3": QWEN3, "neox": NEOX, "gemma2": GEMMA2, "gemma3": GEMMA3}


@pytest.fixture(scope="module", params=OUTLINES)
def chip(request: pytest.FixtureRequest) -> Chip:
    return random_chip(OUTLINES[request.param], seed=8)


@pytest.mark.parametrize("name", OUTLINES)
def test_folding_changes_no_logit(name: str) -> None:
    decoder, ids = random_decoder(OUTLINES[name], 3), texts(OUTLINES[name], 9, 6)
    before, after = forward(decoder, ids), forward(fold_norms(decoder), ids)
    assert np.abs(after - before).max() <= 1e-4 * np.abs(before).max()


def test_a_norm_that_attention_and_mlp_share_is_folded_into_both() -> None:
    decoder, ids = random_decoder(NEOX, 3), texts(NEOX, 9, 6)
    shared = replace(decoder, blocks=tuple(replace(block, mlp_norm=None) for block in decoder.blocks))
    folded = fold_norms(shared)
    assert all(block.mlp_norm is not None and block.mlp_norm.bias is None for block in folded.blocks)
    before, after = forward(shared, ids), forward(folded, ids)
    assert np.abs(before - forward(decoder, ids)).max() > 0.1
    assert np.abs(after - before).max() <= 1e-4 * np.abs(before).max()


@pytest.mark.parametrize("name", OUTLINES)
@pytest.mark.parametrize(("weights", "relative"), [(8, 0.08), (4, 0.32)])
def test_integers_stay_within_the_recorded_bound(name: str, weights: int, relative: float) -> None:
    decoder, chip = quantized(OUTLINES[name], weights)
    check_bound(decoder, chip, texts(OUTLINES[name], 11, 8), relative)


@pytest.mark.parametrize("name", OUTLINES)
def test_every_stage_is_close_to_the_float_one(name: str) -> None:
    outline = OUTLINES[name]
    decoder, chip = quantized(outline, 8)
    errors = error_by_stage(chip, decoder, texts(outline, 9, 4))
    raw = {f"L{n}.{part}_raw" for part in outline.wiring.renorms for n in range(outline.shape.layers)}
    assert raw <= set(errors)
    assert max(errors.values()) < 0.09, errors


def test_one_token_at_a_time_gives_the_logits_of_a_whole_text(chip: Chip) -> None:
    ids = np.random.default_rng(3).integers(0, chip.shape.vocab, (2, chip.shape.context))
    whole, state = step(chip, new_state(chip, 2), ids), new_state(chip, 2)
    for position in range(ids.shape[1]):
        assert np.array_equal(step(chip, state, ids[:, position : position + 1])[:, 0], whole[:, position])


def test_a_window_forgets_what_lies_before_it() -> None:
    one = replace(MISTRAL, shape=replace(MISTRAL.shape, layers=1), wiring=replace(MISTRAL.wiring, windows=(5,)))
    chip, ids = random_chip(one, seed=8), texts(one, 1, 1)
    other = ids.copy()
    other[0, 3] = (ids[0, 3] + 1) % one.shape.vocab
    differ = (step(chip, new_state(chip), ids) != step(chip, new_state(chip), other)).any(-1)[0]
    assert differ[3:8].all() and not differ[:3].any() and not differ[8:].any()


# ---------------------------------------------------------------------------------------------------
# The file.


def test_a_chip_comes_back_whole(chip: Chip, tmp_path: Path) -> None:
    chip.save(tmp_path / "a.chip")
    again = load_chip(tmp_path / "a.chip")
    assert again.digest == chip.digest and again.wiring == chip.wiring
    again.save(tmp_path / "b.chip")
    assert (tmp_path / "a.chip").read_bytes() == (tmp_path / "b.chip").read_bytes()
    ids = np.array([[1, 2, 3, 4, 5, 6, 7]])
    assert np.array_equal(step(again, new_state(again), ids), step(chip, new_state(chip), ids))


def test_a_chip_without_these_parts_keeps_its_format(tmp_path: Path) -> None:
    random_chip(TINY, seed=3).save(tmp_path / "a.chip")

    def see(name: str, data: bytes) -> bytes:
        if name == "chip.json":
            header = json.loads(data)
            assert header["format"] == 2
            assert sorted(header["wiring"]) == ["embedding_norm", "final_norm", "gated", "positions"]
        return data

    rewritten(tmp_path / "a.chip", tmp_path / "b.chip", see)


FORMATS = asdict(Formats())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": [5]}, r"wiring.windows is \(5,\), not 4 integers from 0 to 24"),
        ({"windows": [5, 0, 25, 0]}, r"wiring.windows is \(5, 0, 25, 0\), not 4 integers from 0 to 24"),
        ({"windows": [5, 0, True, 0]}, "not 4 integers from 0 to 24"),
        ({"windows": "5"}, "wiring.windows is 5, not a list"),
        ({"rope": [0, 1, 0, 4]}, "wiring.rope is .*, not 4 integers from 0 to 3"),
        ({"rope": [0, 2, 0, 2]}, "wiring.rope is .*, which leaves out a set"),
        ({"rope": [0, 1, 0, 1]}, "tables/cos is int32"),
        ({"renorms": ["k", "q"]}, "wiring.renorms is .*, not a part of q, k, attention, mlp"),
        ({"renorms": [["q"]]}, "wiring.renorms is .*, not a part of"),
        ({"parallel": 1}, "wiring.parallel is 1, not true or false"),
        ({"score_cap": True}, "tables/score_cap.npy"),
        ({"formats": {**FORMATS, "logit_fraction": 15}}, "formats.logit_fraction is 15, not an integer from 0 to 14"),
        ({"format": 2}, "the keys of wiring are"),
        ({"format": 5}, "format 5, this version reads 2 to 4"),
    ],
)
def test_hostile_headers_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    random_chip(GEMMA3, seed=8).save(tmp_path / "a.chip")

    def rewrite(name: str, data: bytes) -> bytes:
        if name != "chip.json":
            return data
        header = json.loads(data)
        for key, value in change.items():
            (header if key in header else header["wiring"])[key] = value
        return json.dumps(header).encode()

    with pytest.raises(ChipError, match=message):
        load_chip(rewritten(tmp_path / "a.chip", tmp_path / "x.chip", rewrite))


def test_renorms_go_with_the_wiring() -> None:
    chip = random_chip(QWEN3, seed=8)
    with pytest.raises(ChipError, match="here: renorms/q/eps does not go with its wiring"):
        check_chip(replace(chip, renorms={"k": chip.renorms["k"]}), "here")
    with pytest.raises(ChipError, match="here: mlp does not go with its wiring"):
        check_chip(replace(chip, renorms={**chip.renorms, "mlp": chip.renorms["k"]}), "here")


def test_capped_logits_fit_their_table_and_their_bits() -> None:
    chip = random_chip(GEMMA2, seed=8)
    with pytest.raises(ChipError, match="here: formats.logit is 17, but a cap takes logits of 16 bits or fewer"):
        check_chip(replace(chip, formats=replace(chip.formats, logit=17)), "here")
    assert chip.tables["logit_cap"].max() >= 1 << 11
    with pytest.raises(ChipError, match="array tables/logit_cap holds a value outside -2048..2047"):
        check_chip(replace(chip, formats=replace(chip.formats, logit=12)), "here")


# ---------------------------------------------------------------------------------------------------
# What has no form for them yet.


@pytest.mark.parametrize(
    "wiring",
    [Wiring(renorms=("k",)), Wiring(renorms=("q",)), Wiring(renorms=("q", "k"), parallel=True)],
)
def test_rtl_refuses_half_a_norm_of_heads_and_one_beside_a_gated_mlp(wiring: Wiring) -> None:
    with pytest.raises(BuildError, match="not in the RTL engine yet: norm of queries or keys; build this one with --"):
        schedule(random_chip(replace(QWEN3, wiring=wiring), seed=8), Geometry())


@pytest.mark.parametrize("name", ["attention", "mlp"])
def test_rtl_refuses_a_norm_behind_one_branch_alone(name: str) -> None:
    chip = random_chip(replace(QWEN3, wiring=Wiring(renorms=("q", "k", name))), seed=8)
    with pytest.raises(BuildError, match="not in the RTL engine yet: norm behind a branch; build this one with --"):
        schedule(chip, Geometry())


def test_capped_scores_are_not_all_made_in_luts() -> None:
    """They would lack a constant that the cap sees; a plan for a part without packed products keeps one bank out."""
    chip = random_chip(GEMMA2, seed=8)
    for style in (Geometry(score_style="fabric"), Geometry(banks=5, score_fabric=5)):
        with pytest.raises(BuildError, match="scores that are all made in LUTs lack a constant, .* of at most"):
            schedule(chip, style)
    plan = fit(chip, load_board("ulx3s-85f"))
    assert plan.fits and plan.geometry is not None
    assert plan.geometry["score_style"] != "fabric" and plan.geometry["score_fabric"] < plan.geometry["banks"]


def test_a_norm_behind_an_embedding_does_not_read_what_it_writes() -> None:
    for words in (10, 11):
        chip = random_chip(replace(MICRO, shape=replace(MICRO.shape, dim=2 * words)), seed=8)
        geometry = Geometry(columns=2, rows=2, depth=words, terms=2, banks=4, divides=2)
        if words == 10:
            assert schedule(chip, geometry).cycles(0) > 0
        else:
            with pytest.raises(BuildError, match="a norm behind an embedding of 22 entries .* in at most 10 reads"):
                schedule(chip, geometry)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"banks": 5, "score_fabric": 6}, "score_fabric 6, .* at most the 5 banks' scores are in LUTs"),
        ({"mix_fabric": 9}, "mix_fabric 9: .* and a head's 8 channels"),
        ({"divides": 3}, "divides 3: choose a divisor of the 8 channels of a head that a word of mixed values holds"),
    ],
)
def test_a_geometry_that_the_rtl_has_no_form_for_is_refused(change: dict, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        schedule(random_chip(TINY, seed=8), Geometry(**change))


@pytest.mark.parametrize("change", [{"up": 18}, {"logit": 24}])
def test_rows_hold_every_format(change: dict) -> None:
    chip = random_chip(TINY, seed=8)
    with pytest.raises(BuildError, match="but the engine's rows have 16 bits; build this one with --target hls"):
        schedule(replace(chip, formats=replace(chip.formats, **change)), Geometry())


def test_heads_of_an_odd_width_share_no_walk() -> None:
    odd = replace(QWEN3.shape, heads=4, kv_heads=4, head_dim=5, rotary=4)
    assert shared_heads(odd, 10) == 1 and shared_heads(replace(odd, head_dim=4), 8) == 2
