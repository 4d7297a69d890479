# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: a schedule by steps or by time, the integer grid in the last part, checkpoints, resumption.

    run = Training(model, source, Recipe(minutes=90), Path("out"))
    history = run.fit()

A run that was killed goes on from its last checkpoint when it is started again with the same recipe.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from llama import Llama
from muon import Muon
from torch import Tensor
from tqdm import tqdm


@dataclass(frozen=True)
class Recipe:
    """How to train. Exactly one of ``steps`` and ``minutes`` is given; with minutes, the schedule follows the clock."""

    steps: int | None = None
    minutes: float | None = None
    tokens: int = 8192  # of a step
    peak: float = 8e-3  # learning rate
    warmup: int = 200  # steps
    decay: float = 0.6  # last share of the run, over which the rate falls to zero
    quantized: float = 0.3  # last share of the run, through the integer grid
    weight_bits: int = 4
    short: int = 256  # row length at first
    long: float = 0.3  # last share of the run, with rows of the whole context
    weight_decay: float = 0.02
    seed: int = 1

    def rate(self, step: int, progress: float) -> float:
        """Learning rate at ``step`` when ``progress`` (0 to 1) of the run is done."""
        return self.peak * min((step + 1) / self.warmup, 1.0, (1 - progress) / self.decay)


class Source(Protocol):
    """Training rows, and what it takes to go on drawing where a checkpoint was made."""

    def next(self, rows: int, length: int) -> Tensor: ...

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...


def torch_loss(model: Llama, batch: Tensor, micro: int = 4096) -> float:
    """Mean loss of rows [B, T + 1] in nats per token; adds its gradient to the parameters'.

    Rows go through in parts of about ``micro`` tokens, which stay in the processor's cache.
    """
    total, parts = 0.0, batch.split(max(1, micro // (batch.shape[1] - 1)))
    for rows in parts:
        share = len(rows) / len(batch)
        loss = share * F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        loss.backward()
        total += loss.item()
    return total


class Training:
    """One run. ``folder`` holds checkpoint.pt and log.jsonl (one line per 100 steps)."""

    def __init__(
        self,
        model: Llama,
        source: Source,
        recipe: Recipe,
        folder: Path,
        loss: Callable[[Llama, Tensor], float] = torch_loss,
        watch: Callable[[Llama], dict[str, float]] | None = None,
        every: float = 120.0,
    ) -> None:
        """``loss`` adds a batch's gradient and returns its mean; ``watch`` is asked for figures at each
        checkpoint, made ``every`` seconds and at the end."""
        if (recipe.steps is None) == (recipe.minutes is None):
            raise ValueError("a recipe has either steps or minutes")
        self.model, self.source, self.recipe, self.folder = model, source, recipe, folder
        self.loss, self.watch, self.every = loss, watch, every
        matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name]
        known = {id(p) for p in matrices}
        rest = [p for p in model.parameters() if id(p) not in known]
        self.optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, weight_decay=recipe.weight_decay),
            torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.step, self.seconds, self.history = 0, 0.0, list[float]()
        self.recent: list[float] = []

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def progress(self) -> float:
        recipe = self.recipe
        done = self.step / recipe.steps if recipe.steps else self.seconds / 60 / (recipe.minutes or 1)
        return min(done, 1.0)

    def fit(self) -> list[float]:
        """Train to the end; returns the mean loss of every 100 steps in nats per token."""
        if self.checkpoint.exists():
            self.resume()
        bar, started, saved = tqdm(initial=self.step, desc="train", unit="step", mininterval=30.0), time.monotonic(), time.monotonic()
        while self.progress() < 1:
            self.one_step()
            now = time.monotonic()
            self.seconds, started = self.seconds + now - started, now
            bar.update()
            if self.step % 100 == 0:
                self.note(bar)
            if now - saved > self.every:
                self.save()
                saved = time.monotonic()
        self.save()
        bar.close()
        return self.history

    def one_step(self) -> None:
        recipe, progress = self.recipe, self.progress()
        length = recipe.short if progress < 1 - recipe.long else self.model.shape.context
        self.model.weight_bits = recipe.weight_bits if progress >= 1 - recipe.quantized else None
        batch = self.source.next(max(1, recipe.tokens // length), length)
        self.recent.append(self.loss(self.model, batch))
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(self.step, progress)
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1

    def note(self, bar: Any) -> None:
        self.history.append(sum(self.recent) / len(self.recent))
        self.recent.clear()
        bar.set_postfix(loss=f"{self.history[-1]:.4f}", left=f"{1 - self.progress():.0%}", refresh=False)
        self.log({"step": self.step, "seconds": round(self.seconds, 1), "loss": round(self.history[-1], 4)})

    def log(self, line: dict[str, float]) -> None:
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if self.watch:
            self.log({"step": self.step, "progress": round(self.progress(), 4), **self.watch(self.model)})
        state = {
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "source": self.source.state(),
            "counts": {"step": self.step, "seconds": self.seconds, "history": self.history, "recent": self.recent},
        }
        partial = self.checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"{self.checkpoint} was made by another recipe; choose another folder")
        self.model.load_state_dict(state["model"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.source.restore(state["source"])
        counts = state["counts"]
        self.step, self.seconds = counts["step"], counts["seconds"]
        self.history, self.recent = counts["history"], counts["recent"]
