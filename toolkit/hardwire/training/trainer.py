# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: a schedule by steps or by time, the integer grid in the last part, checkpoints, resumption.

    run = Training(model, source, Recipe(minutes=90), Path("out"))
    history = run.fit()

A run that was killed goes on from its last checkpoint when it is started again with the same recipe.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from .llama import Llama
from .loops import NO_TARGET, Loops
from .muon import Muon


@dataclass(frozen=True)
class Recipe:
    """How to train. Exactly one of ``steps`` and ``minutes`` is given; with minutes, the schedule follows the clock."""

    steps: int | None = None
    minutes: float | None = None
    tokens: int = 8192  # of a step
    peak: float = 8e-3  # learning rate
    warmup: int = 200  # steps, or
    warm: float = 0.1  # share of the run, whichever ends first
    decay: float = 0.6  # last share of the run, over which the rate falls to zero
    quantized: float = 0.3  # last share of the run, through the integer grid
    weight_bits: int = 4
    short: int = 256  # row length at first
    long: float = 0.1  # last share of the run, with rows of the whole context
    weight_decay: float = 0.02
    unlooped: float = 0.2  # last share of the run, in which loops that the model writes are made unlikely
    unlikelihood: float = 1.0  # weight of a token of a loop, against one of the text
    seed: int = 1

    def as_dict(self) -> dict[str, float | int | None]:
        return asdict(self)

    def rate(self, step: int, progress: float) -> float:
        """Learning rate at ``step`` when ``progress`` (0 to 1) of the run is done."""
        warmed = max((step + 1) / self.warmup, progress / self.warm if self.warm else 0.0)
        return self.peak * min(warmed, 1.0, (1 - progress) / self.decay)


class Source(Protocol):
    """Training rows, and what it takes to go on drawing where a checkpoint was made."""

    def next(self, rows: int, length: int) -> Tensor: ...

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...


class Loss(Protocol):
    def __call__(self, model: Llama, ids: Tensor, targets: Tensor, weight: float) -> float: ...


def torch_loss(model: Llama, ids: Tensor, targets: Tensor, weight: float, micro: int = 4096) -> float:
    """``weight`` times the sum of the losses of ids and targets [B, T]; adds its gradient to the parameters'.

    A target is a token, whose likelihood is wanted; ~token, whose unlikelihood is (Welleck et al., 2019); or
    NO_TARGET. Rows go through in parts of about ``micro`` tokens, which stay in the processor's cache.
    """
    total, rows = 0.0, max(1, micro // ids.shape[1])
    for part, wanted in zip(ids.split(rows), targets.split(rows), strict=True):
        token = torch.where(wanted < 0, ~wanted, wanted).clamp_max(model.shape.vocab - 1)
        likelihood = model(part).log_softmax(-1).gather(-1, token[..., None])[..., 0]
        unlikelihood = (1 - likelihood.exp()).clamp_min(1e-4).log()
        losses = -torch.where(wanted < 0, unlikelihood, likelihood) * (wanted != NO_TARGET)
        loss = weight * losses.sum()
        loss.backward()
        total += loss.item()
    return total


Event = dict[str, Any]  # "event": "step" or "checkpoint", and what to say of it
Watch = Callable[[Llama], dict[str, Any]]
NOTED = 100  # steps, of which one is a line of the log and the mean loss is a point of the history
SHOWN = 20  # steps whose mean loss is told


class Training:
    """One run. ``folder`` holds checkpoint.pt and log.jsonl: a line per 100 steps and per checkpoint.

    What a killed run wrote into the log after its last checkpoint stands there twice.
    """

    def __init__(
        self,
        model: Llama,
        source: Source,
        recipe: Recipe,
        folder: Path,
        loss: Loss = torch_loss,
        loops: Loops | None = None,
        watch: Watch | None = None,
        every: float = 120.0,
        tell: Callable[[Event], None] = lambda event: None,
    ) -> None:
        """``watch`` is asked for figures at each checkpoint, made ``every`` seconds and at the end; ``tell`` is called
        after each step and each checkpoint."""
        if (recipe.steps is None) == (recipe.minutes is None):
            raise ValueError("a recipe has either steps or minutes")
        self.model, self.source, self.recipe, self.folder = model, source, recipe, folder
        self.loss, self.loops, self.watch, self.every, self.tell = loss, loops, watch, every, tell
        self.device = next(model.parameters()).device
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

    def left(self) -> float:
        """Seconds to go: by the clock, or by how long steps have taken so far."""
        recipe = self.recipe
        if recipe.minutes:
            return max(recipe.minutes * 60 - self.seconds, 0.0)
        return self.seconds / max(self.step, 1) * ((recipe.steps or 0) - self.step)

    def fit(self) -> list[float]:
        """Train to the end; returns the mean loss of every 100 steps in nats per token."""
        if self.checkpoint.exists():
            self.resume()
        started = saved = time.monotonic()
        while self.progress() < 1:
            self.one_step()
            now = time.monotonic()
            self.seconds, started = self.seconds + now - started, now
            self.note()
            if now - saved > self.every and self.progress() < 1:
                self.save()
                saved = time.monotonic()
        self.save()
        return self.history

    def one_step(self) -> None:
        recipe, progress = self.recipe, self.progress()
        context = self.model.shape.context
        length = min(recipe.short, context) if progress < 1 - recipe.long else context
        self.model.weight_bits = recipe.weight_bits if progress >= 1 - recipe.quantized else None
        batch = self.source.next(max(1, recipe.tokens // length), length).to(self.device)
        weight = 1 / (len(batch) * length)
        self.recent.append(self.loss(self.model, batch[:, :-1], batch[:, 1:], weight))
        if self.loops and progress >= 1 - recipe.unlooped:
            self.loss(self.model, *self.loops.rows(self.model, self.step), weight * recipe.unlikelihood)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(self.step, progress)
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1

    def note(self) -> None:
        """Tell of a step; the loss is the mean of the last few."""
        del self.recent[:-NOTED]
        shown = self.recent[-SHOWN:]
        loss = sum(shown) / len(shown)
        event: Event = {"event": "step"} | self.place() | {"loss": round(loss, 4), "left": round(self.left(), 1)}
        if self.step % NOTED == 0:
            self.history.append(sum(self.recent) / len(self.recent))
            self.log(event)
        self.tell(event)

    def place(self) -> Event:
        """Where the run is."""
        return {"step": self.step, "progress": round(self.progress(), 4), "seconds": round(self.seconds, 1)}

    def log(self, event: Event) -> None:
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, ensure_ascii=False) + "\n")

    def save(self) -> None:
        """Write the checkpoint, whole or not at all, and tell of it."""
        event: Event = {"event": "checkpoint"} | self.place()
        if self.watch:
            event |= self.watch(self.model)
        state = {
            "recipe": self.recipe.as_dict(),
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "source": self.source.state(),
            "counts": {"step": self.step, "seconds": self.seconds, "history": self.history, "recent": self.recent},
        }
        partial = self.checkpoint.with_suffix(".part")
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())  # or a power cut leaves a name without its bytes
        partial.replace(self.checkpoint)
        self.log(event)
        self.tell(event)

    def resume(self) -> None:
        state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        if state["recipe"] != self.recipe.as_dict():
            raise ValueError(f"{self.checkpoint} was made by another recipe; choose another folder")
        self.model.load_state_dict(state["model"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.source.restore(state["source"])
        counts = state["counts"]
        self.step, self.seconds = counts["step"], counts["seconds"]
        self.history, self.recent = counts["history"], counts["recent"]
