# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From a text to a model and its chip: tokenizer, weights trained through their grid, ONNX, chip, card.

Whatever stops a run, the same request goes on from its last checkpoint: a file that is whole or not there, with
weights, optimizers and the place in the text. On one CPU with as many threads as before the result is the same, bit
for bit.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tokenizers import Tokenizer

from ..chip.model import Chip
from ..errors import BoardError, ToolMissing
from ..files import sha256
from ..pipeline import evaluate_chip, quantize_onnx
from ..plan.budget import beside_host
from ..plan.fit import Fit, fit
from ..quality.evaluate import split_text
from ..targets.board import load_board
from .card import card
from .export import bits_per_character, export_onnx, sample
from .kernel import KernelLoss
from .llama import Llama
from .request import MINUTES, Task
from .rows import Windows
from .text import SPACE, train_tokenizer
from .trainer import Event, Loss, Recipe, Training, torch_loss

WATCHED = 40  # pieces of the held-out text that every checkpoint is scored on
SAMPLE, LONG_SAMPLE = 60, 120  # tokens, while it trains and in the card
REFERENCE_WIDTH = 64  # of which Recipe.peak is the learning rate; wider models take less
GPU_TOKENS = 1 << 16  # at a time
FILES = ("model.onnx", "tokenizer.json", "calibration.txt", "held-out.txt")

Tell = Callable[[Event], None]


class Trained(NamedTuple):
    """What came of a training. record: what training.json holds; plan: the chip's on the board, where one was named."""

    chip: Chip
    record: dict[str, Any]
    plan: Fit | None


def recipe_of(task: Task) -> Recipe:
    """The bundled model's recipe, at this size and these bits, for as long as was asked."""
    request = task.request
    minutes = MINUTES if request.minutes is None and request.steps is None else request.minutes
    peak = Recipe.peak * min(1.0, REFERENCE_WIDTH / task.shape.dim)
    return Recipe(
        steps=request.steps, minutes=minutes, peak=peak, weight_bits=request.weights, seed=request.seed, unlooped=0.0
    )


def device_of(name: str) -> torch.device:
    """The device to train on; auto is a GPU where torch has one. Raises ToolMissing for one that is not there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise ToolMissing(f"--device cuda: torch {torch.__version__} finds no GPU; give --device cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def loss_on(model: Llama, device: torch.device, threads: int) -> tuple[Loss, str]:
    """What computes the gradient, and what it is: compiled C on a CPU where gcc makes it, torch elsewhere."""
    if device.type != "cpu":
        return partial(torch_loss, micro=GPU_TOKENS), f"torch on {torch.cuda.get_device_name()}"
    cpu = "one thread of a CPU" if threads == 1 else f"{threads} threads of a CPU"
    try:
        loss = KernelLoss(model, threads)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        torch.set_num_threads(threads)
        return torch_loss, f"torch on {cpu}, as gcc made no kernel ({error})"
    torch.set_num_threads(1)  # the kernel has its own
    return loss, f"compiled C on {cpu}"


def train(task: Task, tell: Tell = lambda event: None) -> Trained:
    """Train to the end, or on from the last checkpoint; write everything into the request's folder.

    Files there in the end: model.onnx, tokenizer.json, calibration.txt and held-out.txt, model.chip, MODEL_CARD.md,
    training.json. ``tell`` hears of every step, checkpoint and stage.
    """
    request, out, recipe = task.request, task.request.out, recipe_of(task)
    device = device_of(request.device)
    tokenizer = _tokenizer(task)
    rows = Windows(tokenizer, task.parts.documents, request.seed)
    pieces = split_text(task.parts.held_out)[:WATCHED]
    torch.manual_seed(request.seed)
    model = Llama(task.shape).to(device)

    def watch(model: Llama) -> Event:
        score = bits_per_character(model, tokenizer, pieces)
        return {"bits_per_char": round(score, 4), "sample": sample(model, tokenizer, SAMPLE, seed=run.step)}

    loss, computed_by = loss_on(model, device, request.threads)
    tell({"event": "stage", "stage": f"training by {computed_by}"})
    run = Training(model, rows, recipe, out, loss=loss, watch=watch, every=request.save_every, tell=tell)
    run.fit()
    model.weight_bits = None
    model.snap(recipe.weight_bits)  # trained through this grid, the model is better on it than off it
    record = {
        "steps": run.step,
        "seconds": round(run.seconds, 1),
        "tokens": rows.tokens,
        "epochs": round(rows.tokens / len(rows.ids), 2),
        "parameters": task.shape.parameters,
        "shape": task.shape.as_dict(),
        "recipe": recipe.as_dict(),
        "quantized": recipe.quantized,
        "computed_by": computed_by,
        "watched": _watched(out),
        "torch": torch.__version__,
        "characters": sum(map(len, task.parts.documents)),
        "held_out": len(task.parts.held_out),
        "spelled": len(task.parts.alphabet(task.shape.vocab)),
        "text_sha256": task.digest,
        "loss_every_100_steps": [round(loss, 4) for loss in run.history],
    }
    return _finish(task, model, tokenizer, record, tell)


def _watched(out: Path) -> list[tuple[int, float]]:
    """(step, bits per character of the watched pieces) of every checkpoint, those of before a kill too."""
    events = map(json.loads, (out / "log.jsonl").read_text(encoding="utf-8").splitlines())
    return [(event["step"], event["bits_per_char"]) for event in events if event["event"] == "checkpoint"]


def _tokenizer(task: Task) -> Tokenizer:
    """Trained on the text, once: a run that goes on takes the one it began with."""
    file = task.request.out / "tokenizer.json"
    if not file.exists():
        partial = file.with_suffix(".part")
        alphabet = [*task.parts.alphabet(task.shape.vocab), SPACE]
        train_tokenizer(task.parts.documents, task.shape.vocab, partial, alphabet)
        partial.replace(file)
    return Tokenizer.from_file(str(file))


def _finish(task: Task, model: Llama, tokenizer: Tokenizer, record: dict[str, Any], tell: Tell) -> Trained:
    """Export, quantize, score, and write the card."""
    out, board = task.request.out, task.request.board

    def stage(name: str) -> None:
        tell({"event": "stage", "stage": name})

    stage("export")
    samples = [sample(model, tokenizer, LONG_SAMPLE, seed) for seed in range(2)]
    export_onnx(model, out / "model.onnx")
    (out / "calibration.txt").write_text(task.parts.calibration(), encoding="utf-8")
    (out / "held-out.txt").write_text(task.parts.held_out + "\n", encoding="utf-8")
    chip_file = out / "model.chip"
    chip = quantize_onnx(out / "model.onnx", chip_file, weights=task.request.weights, board=board, progress=stage).chip
    stage("evaluate")
    result, _ = evaluate_chip(chip_file, out / "model.onnx", out / "held-out.txt", None, lambda share: None)
    assert result.exact is not None  # the ONNX was given
    scores = {"float": result.exact.bits_per_char, "integer": result.integer.bits_per_char}
    record |= {"bits_per_char": {name: round(score, 4) for name, score in scores.items()}, "samples": samples}
    record["sha256"] = {name: sha256(out / name) for name in FILES} | {"chip": chip.digest}
    (out / "MODEL_CARD.md").write_text(card(task, record, samples), encoding="utf-8")
    _write_json(out / "training.json", record)
    if board is None:
        return Trained(chip, record, None)
    stage("plan")
    plan = fit(chip, beside_host(chip, load_board(board)))
    if not plan.fits:
        raise BoardError(
            f"{chip_file} is written, but does not fit {board}: {plan.limit}; its formats are wider than was planned "
            f"with ({', '.join(chip.exceptions())}): train the next smaller shape with --parameters"
        )
    return Trained(chip, record, plan)


def _write_json(file: Path, data: dict[str, Any]) -> None:
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
