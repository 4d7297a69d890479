# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire train``: from a text to a chip that is proved, and on from where it was killed. Needs torch."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer

import hardwire
from hardwire.errors import ToolMissing
from hardwire.kernel.library import compiled
from hardwire.shapes.ladder import within
from hardwire.training.export import sample
from hardwire.training.llama import Llama
from hardwire.training.rows import Windows
from hardwire.training.run import device_of, loss_on
from hardwire.training.text import BOS, SPACE, train_tokenizer
from hardwire.training.trainer import Recipe, torch_loss

pytestmark = pytest.mark.slow

NAMES, VERBS, THINGS = ("Tom", "Sue", "Ann", "Max"), ("saw", "lost", "found"), ("a red ball", "the big dog", "a cat")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw, path = np.random.default_rng(1), tmp_path_factory.mktemp("text") / "tiny.txt"
    lines = (f"{draw.choice(NAMES)} {draw.choice(VERBS)} {draw.choice(THINGS)}." for _ in range(800))
    path.write_text("\n".join(lines))
    return path


def command(text: Path, out: Path, steps: int, *more: str) -> list[str]:
    shape = ["--parameters", "5k", "--context", "64", "--steps", str(steps), "--json"]
    return [sys.executable, "-m", "hardwire", "train", "--text", str(text), "-o", str(out), *shape, *more]


def run(arguments: list[str]) -> tuple[dict, list[dict]]:
    """The answer, and the events of standard error."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def test_a_text_becomes_a_proved_chip(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    answer, events = run(command(text, out, 20, "--board", "pynq-z2", "--licence", "CC0-1.0"))
    assert answer["parameters"] == 4656 and answer["steps"] == 20 and answer["board"] == "pynq-z2"
    assert 0 < answer["bits_per_char"]["integer"] < 3 and answer["tokens_per_second"] > 100_000
    kinds = [event["event"] for event in events]
    assert events[0] == {"event": "stage", "stage": "training by compiled C on one thread of a CPU"}
    assert kinds[1] == "step" and kinds.count("checkpoint") == 1 and events[-1] == {"event": "stage", "stage": "plan"}
    assert {"step", "progress", "seconds", "loss", "left"} < set(events[1])
    assert events[kinds.index("checkpoint")]["sample"]
    card = (out / "MODEL_CARD.md").read_text()
    assert "of the text: CC0-1.0" in card and f"{answer['bits_per_char']['float']:.3f}" in card

    chip = hardwire.load_chip(out / "model.chip")
    assert chip.digest == answer["digest"] and set(chip.bits.values()) == {4, 8}
    build = hardwire.build_chip(out / "model.chip", tmp_path / "build", board="pynq-z2")
    receipt = hardwire.verify_build(build, ["int", "csim", "rtl"], tokens=16, prompts=["Tom saw"])
    assert {name: rung.status for name, rung in receipt.rungs.items()} == dict.fromkeys(("int", "csim", "rtl"), "equal")


def weights(folder: Path) -> dict[str, np.ndarray]:
    graph = onnx.load(folder / "model.onnx").graph
    return {array.name: numpy_helper.to_array(array) for array in graph.initializer}


def last_step(folder: Path) -> int:
    return max(json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines())


def test_a_killed_run_ends_with_the_same_weights(text: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    steps = 400
    run(command(text, whole, steps, "--save-every", "1000"))
    arguments = command(text, killed, steps, "--save-every", "0.2")
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (killed / "checkpoint.pt").exists():
            assert process.poll() is None, "it ended before its first checkpoint"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL and last_step(killed) < steps
    run([sys.executable, "-m", "hardwire", "train", "--resume", "-o", str(killed), "--json"])
    first, second = weights(whole), weights(killed)
    assert first.keys() == second.keys() and last_step(killed) == steps
    for name, values in first.items():
        np.testing.assert_array_equal(second[name], values, err_msg=name)
    assert hardwire.load_chip(whole / "model.chip").digest == hardwire.load_chip(killed / "model.chip").digest


def windows(tmp_path: Path, documents: list[str]) -> tuple[Windows, Tokenizer]:
    file = tmp_path / "tokenizer.json"
    train_tokenizer(documents, 96, file, [*sorted(set("".join(documents))), SPACE])
    tokenizer = Tokenizer.from_file(str(file))
    return Windows(tokenizer, documents, seed=1), tokenizer


def test_rows_of_a_long_document_begin_with_words_of_it(text: Path, tmp_path: Path) -> None:
    document = text.read_text()
    rows, tokenizer = windows(tmp_path, [document])
    batch = rows.next(50, 32)
    assert batch.shape == (50, 33) and (batch[:, 0] == BOS).all() and (batch[:, 1:] != BOS).sum() > 0.9 * 50 * 32
    places = {document.find(tokenizer.decode(row[1:24].tolist())) for row in batch}
    assert -1 not in places and len(places) > 30 and max(places) > len(document) / 2
    assert all(place == 0 or document[place - 1].isspace() for place in places)


def test_rows_of_short_documents_begin_with_one(tmp_path: Path) -> None:
    documents = [f"Tom {verb} {thing}." for verb in VERBS for thing in THINGS]
    rows, tokenizer = windows(tmp_path, documents)
    for row in rows.next(30, 48):
        assert row[0] == BOS and (row == BOS).sum() > 1
        assert tokenizer.decode(row[: int((row[1:] == BOS).nonzero()[0]) + 1].tolist()) in documents
    state, following = rows.state(), rows.next(2, 16)
    rows.restore(state)
    assert torch.equal(rows.next(2, 16), following) and rows.tokens == 30 * 48 + 2 * 16


def test_a_sample_depends_on_its_seed_alone(text: Path, tmp_path: Path) -> None:
    _, tokenizer = windows(tmp_path, [text.read_text()])
    torch.manual_seed(1)
    model = Llama(within(5000, context=64))
    first = sample(model, tokenizer, 20, seed=3)
    torch.rand(5)
    assert first and sample(model, tokenizer, 20, seed=3) == first != sample(model, tokenizer, 20, seed=4)


def test_a_short_run_warms_up_too() -> None:
    short, long = Recipe(steps=20), Recipe(steps=100_000)
    assert short.rate(2, 0.1) == pytest.approx(short.peak)
    assert long.rate(99, 0.001) == pytest.approx(long.peak / 2)


def test_what_computes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Llama(within(5000, context=64))
    assert loss_on(model, device_of("cpu"), 1)[1] == "compiled C on one thread of a CPU"
    monkeypatch.setenv("PATH", "")
    compiled.cache_clear()
    loss, name = loss_on(model, device_of("cpu"), 1)
    assert loss is torch_loss and "as gcc made no kernel (gcc is not on PATH" in name


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ToolMissing, match="--device cuda: torch .* finds no GPU; give --device cpu"):
        device_of("cuda")
    assert device_of("auto").type == "cpu"
