# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What trains the bundled model: kernel and sampler beside torch, loops, resumption. Needs torch and gcc."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from hardwire.shapes.ladder import LlamaShape
from hardwire.training.kernel import KernelLoss
from hardwire.training.llama import Llama
from hardwire.training.loops import NO_TARGET, Loops, looping
from hardwire.training.muon import orthogonal
from hardwire.training.rows import Rows
from hardwire.training.sampler import sample_stories
from hardwire.training.text import BOS, EOS, train_tokenizer
from hardwire.training.trainer import Recipe, Training, torch_loss

pytestmark = pytest.mark.slow

SHAPES = {
    "bundled": LlamaShape(vocab=512, dim=64, layers=2, heads=4, kv_heads=2, head_dim=16, hidden=192, context=512),
    "odd": LlamaShape(vocab=144, dim=48, layers=3, heads=3, kv_heads=1, head_dim=32, hidden=80, context=96),
}
TEXT = ["Tom had a red ball. He lost it.", "A cat sat on the mat, and a dog ran.", "The sun was hot. Sue was glad."] * 9


def model_of(shape: LlamaShape) -> Llama:
    """Random weights, large enough for logits to differ, and gains that are not one."""
    torch.manual_seed(3)
    model = Llama(shape)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6) if parameter.dim() == 2 else parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def gradients(model: Llama, loss: object, ids: torch.Tensor, targets: torch.Tensor) -> tuple[float, list[torch.Tensor]]:
    model.zero_grad()
    value = loss(model, ids, targets, 0.01)  # type: ignore[operator]
    return value, [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("bits", [None, 4])
@pytest.mark.parametrize("name", SHAPES)
def test_the_kernel_finds_torch_s_gradient(name: str, bits: int | None, threads: int) -> None:
    shape = SHAPES[name]
    model, draw = model_of(shape), torch.Generator().manual_seed(1)
    model.weight_bits = bits
    for length in (16, 80):
        ids = torch.randint(0, shape.vocab, (3, length), generator=draw)
        targets = torch.randint(0, shape.vocab, (3, length), generator=draw)
        targets[:, ::3] = ~model(ids).argmax(-1)[:, ::3]  # unlikelihood of what is likely
        targets[:, 1::5] = NO_TARGET
        expected, wanted = gradients(model, torch_loss, ids, targets)
        value, found = gradients(model, KernelLoss(model, threads), ids, targets)
        assert value == pytest.approx(expected, rel=2e-3)
        for mine, theirs in zip(found, wanted, strict=True):
            assert (mine - theirs).norm() <= 0.05 * theirs.norm()  # bfloat16 has 8 bits: float32 would be 1e-5


def test_the_kernel_says_what_it_takes() -> None:
    model = model_of(SHAPES["odd"])
    for length in (24, 112):
        rows = torch.zeros(1, length, dtype=torch.long)
        with pytest.raises(ValueError, match=f"rows of {length} tokens: the kernel takes multiples of 16 within the"):
            KernelLoss(model)(model, rows, rows, 1.0)
    with pytest.raises(ValueError, match=r"multiples of 16; .* are \(512, 40, 16, 192\)"):
        KernelLoss(Llama(LlamaShape(512, 40, 1, 4, 2, 16, 192, 64)))


@pytest.mark.parametrize("name", SHAPES)
def test_greedy_stories_are_torch_s(name: str) -> None:
    model, prompts = model_of(SHAPES[name]), [[BOS, i % 90 + 3, 7][: 1 + i % 3] for i in range(40)]
    for prompt, story in zip(prompts, sample_stories(model, prompts, 0, (BOS, EOS), 0.0, 32), strict=True):
        ids = list(prompt)
        while True:
            token = int(model(torch.tensor([ids]))[0, -1].argmax())
            if token in (BOS, EOS) or len(ids) > 32:
                break
            ids.append(token)
        assert story.ids == ids and story.ended == (len(ids) <= 32)


def test_sampling_draws_from_the_softmax_and_depends_on_the_seed_alone() -> None:
    model = model_of(SHAPES["odd"])
    with torch.no_grad():
        wanted = (model(torch.tensor([[BOS]]))[0, 0] / 0.8).softmax(-1).numpy()
    written = sample_stories(model, [[BOS]] * 20_000, 5, (-1, -1), 0.8, 1)
    share = np.bincount([story.ids[1] for story in written], minlength=len(wanted)) / len(written)
    assert np.abs(share - wanted).max() <= 5 * np.sqrt(wanted.max() / len(written))
    again = sample_stories(model, [[BOS]] * 3, 5, (-1, -1), 0.8, 1)
    assert [story.ids for story in again] == [story.ids for story in written[:3]]
    with pytest.raises(ValueError, match="a prompt has 1 to 96 tokens"):
        sample_stories(model, [[]], 0, (BOS, EOS))


def test_loops_are_marked_from_the_third_time_on() -> None:
    phrase = list(range(20, 30))
    assert np.flatnonzero(looping(phrase * 3)).tolist() == list(range(20, 30))
    assert not looping(list(range(200))).any() and not looping(phrase * 2).any()
    assert looping([5, 6] * 8).sum() == 6
    assert np.flatnonzero(looping(phrase * 6)).tolist() == list(range(20, 30))  # nor where two phrases are one


def test_rows_of_loops_ask_for_other_tokens() -> None:
    loops = Loops([[BOS]], lambda model, prompts, seed, limit: [[BOS, *[5, 6] * 8]] * 2, rows=2, length=32, stories=2)
    ids, targets = loops.rows(model_of(SHAPES["odd"]), 0)
    assert loops.share == 1.0 and ids.shape == targets.shape == (2, 32)
    marked = targets[0] != NO_TARGET
    assert marked.sum() == 6 and (~targets[0][marked] == torch.tensor([5, 6] * 3)).all()
    none = Loops([[BOS]], lambda model, prompts, seed, limit: [[BOS, 5, 6]], length=32, stories=1)
    assert (none.rows(model_of(SHAPES["odd"]), 0)[1] == NO_TARGET).all() and none.share == 0.0


def test_orthogonal_takes_all_singular_values_near_one() -> None:
    for shape in ((2, 8, 24), (2, 24, 8)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(1))))
        assert values.min() > 0.5 and values.max() < 1.3


def rows_of(tmp_path: Path) -> Rows:
    tokenizer, pool = tmp_path / "tokenizer.json", tmp_path / "pool"
    if not pool.exists():
        pool.mkdir()
        train_tokenizer(TEXT, SHAPES["odd"].vocab, tokenizer)
        for name in "ab":
            (pool / f"{name}.txt").write_text("\n<|endoftext|>\n".join(TEXT))
    return Rows(Tokenizer.from_file(str(tokenizer)), TEXT, pool, 0.25, 1, lambda stories: stories[1:])


def test_rows_begin_with_stories_and_hold_real_text_and_every_file(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    for _ in range(40):
        batch = rows.next(4, 32)
        assert batch.shape == (4, 33) and (batch[:, 0] == BOS).all()  # a row begins with a story
    assert rows.tokens["real"] / sum(rows.tokens.values()) == pytest.approx(0.25, abs=0.1)
    assert abs(rows.reads["a.txt"] - rows.reads["b.txt"]) <= 1


def test_a_killed_run_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    recipe = Recipe(steps=8, tokens=64, short=32, warmup=2, quantized=0.5, long=0.25, unlooped=0.0)

    def run(folder: Path, stop: int | None) -> Training:
        folder.mkdir(exist_ok=True)
        torch.manual_seed(1)
        training = Training(Llama(SHAPES["odd"]), rows_of(tmp_path), recipe, folder)
        if stop is None:
            training.fit()
        else:
            for _ in range(stop):
                training.one_step()
            training.save()
        return training

    whole = run(tmp_path / "whole", None)
    run(tmp_path / "killed", 3)
    resumed = run(tmp_path / "killed", None)
    assert whole.step == resumed.step == 8
    for mine, theirs in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    other = Training(Llama(SHAPES["odd"]), rows_of(tmp_path), Recipe(steps=9), tmp_path / "killed")
    with pytest.raises(ValueError, match="made by another recipe; choose another folder"):
        other.fit()
    with pytest.raises(ValueError, match="either steps or minutes"):
        Training(Llama(SHAPES["odd"]), rows_of(tmp_path), Recipe(), tmp_path)
