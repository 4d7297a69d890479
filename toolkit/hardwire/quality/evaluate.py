# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Quality of the integer model on text, beside the float model it came from.

Protocol: a text is split at ``<|endoftext|>`` (a text without it is cut into pieces); each story gets the
tokenizer's BOS and is cut at 256 tokens, BOS counted; every story counts; characters are those of the
scored tokens; float and integer score the same tokens.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chip.model import Chip
from ..chip.reference import new_state, step
from ..decoder import Decoder, forward
from ..errors import HardwireError
from ..ops.fixed import Ints
from ..progress import Share
from ..quantize.prepare import prepare

SEPARATOR = "<|endoftext|>"
STORY_TOKENS = 256
PIECE_CHARACTERS = 2000  # of a text without separators
BATCH = 16

Logits = NDArray[Any]


@dataclass(frozen=True)
class Scored:
    """Token ids of one story, BOS in front, and how many characters the scored ones stand for."""

    ids: list[int]
    characters: int


@dataclass(frozen=True)
class Quality:
    """How well a model predicts a text: bits per character, and perplexity per token."""

    bits_per_char: float
    perplexity: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Both models on the same tokens. ``top1_agreement`` is the share of positions with the same argmax."""

    exact: Quality | None  # the float model's
    integer: Quality
    top1_agreement: float | None
    tokens: int
    characters: int
    unknown_tokens: int = 0  # scored all the same: the tokenizer has no better name for their characters

    @property
    def rise(self) -> float | None:
        """Of perplexity over the float model's, as a share: 0.05 is 5 %."""
        return None if self.exact is None else self.integer.perplexity / self.exact.perplexity - 1

    def as_dict(self) -> dict[str, Any]:
        """In the keys of ``hardwire evaluate --json``."""
        data = asdict(self)
        return {"float": data.pop("exact"), **data, "rise": self.rise}


def split_text(text: str) -> list[str]:
    """The stories of a text, in order."""
    if SEPARATOR in text:
        return [story.strip() for story in text.split(SEPARATOR) if story.strip()]
    pieces = (text[i : i + PIECE_CHARACTERS] for i in range(0, len(text), PIECE_CHARACTERS))
    return [piece.strip() for piece in pieces if piece.strip()]


def score_sets(stories: Sequence[tuple[list[int], list[int]]], limit: int) -> list[Scored]:
    """Cut (ids with BOS, end offset of each id in its text) to ``limit`` tokens."""
    return [Scored(ids[:limit], ends[min(limit, len(ids)) - 1]) for ids, ends in stories if len(ids) > 1]


def batches(stories: Sequence[Scored]) -> Iterator[tuple[Ints, NDArray[np.bool_]]]:
    """Ids [B, T] and a mask [B, T - 1] of the scored targets; like lengths share a batch."""
    order = sorted(stories, key=lambda story: -len(story.ids))
    for start in range(0, len(order), BATCH):
        group = order[start : start + BATCH]
        length = len(group[0].ids)
        ids, mask = np.zeros((len(group), length), np.int64), np.zeros((len(group), length - 1), np.bool_)
        for row, story in enumerate(group):
            ids[row, : len(story.ids)] = story.ids
            mask[row, : len(story.ids) - 1] = True
        yield ids, mask


def loss_of(logits: Logits, targets: Ints) -> NDArray[np.float64]:
    """Negative log likelihood [B, T] in nats of targets [B, T] under logits [B, T, V]."""
    logits = logits - logits.max(-1, keepdims=True)
    chosen = np.take_along_axis(logits, targets[..., None], -1)[..., 0]
    return np.asarray(np.log(np.exp(logits, dtype=np.float64).sum(-1)) - chosen)


def integer_logits(chip: Chip, ids: Ints) -> Logits:
    """Real-valued logits [B, T, V] of the integer reference."""
    state = new_state(chip, len(ids), ids.shape[1])
    return step(chip, state, ids) / np.float64(2**chip.formats.logit_fraction)


def mean_loss(chip: Chip, rows: Ints) -> float:
    """Nats per token of the integer reference on rows of ids [N, T]."""
    return float(loss_of(integer_logits(chip, rows[:, :-1]), rows[:, 1:]).mean())


def evaluate(
    chip: Chip, decoder: Decoder | None, stories: Sequence[Scored], progress: Share = lambda share: None
) -> Evaluation:
    """Score ``stories`` with the integer reference, and with the float one where it is given."""
    if not stories:
        raise HardwireError("the text holds no story of two tokens or more; give a longer text")
    tokens = sum(len(story.ids) - 1 for story in stories)
    nats = {"integer": 0.0, "float": 0.0}
    agreed = scored = 0
    for ids, mask in batches(stories):
        inputs, targets = ids[:, :-1], ids[:, 1:]
        logits = integer_logits(chip, inputs)
        nats["integer"] += float((loss_of(logits, targets) * mask).sum())
        if decoder is not None:
            exact = forward(decoder, inputs)
            nats["float"] += float((loss_of(exact, targets) * mask).sum())
            agreed += int(((exact.argmax(-1) == logits.argmax(-1)) & mask).sum())
        scored += int(mask.sum())
        progress(scored / tokens)
    characters = sum(story.characters for story in stories)
    return Evaluation(
        exact=None if decoder is None else _quality(nats["float"], tokens, characters),
        integer=_quality(nats["integer"], tokens, characters),
        top1_agreement=None if decoder is None else agreed / tokens,
        tokens=tokens,
        characters=characters,
    )


def _quality(nats: float, tokens: int, characters: int) -> Quality:
    return Quality(nats / math.log(2) / characters, math.exp(nats / tokens))


# ---------------------------------------------------------------------------------------------------
# Where the error comes from.


def error_by_stage(chip: Chip, decoder: Decoder, ids: Ints) -> dict[str, float]:
    """Relative error of every stage on ids [B, T]: rms(integer - float) / rms(float).

    The float stages are those of the decoder as it was quantised: norms and biases folded, rotated if it was.
    """
    exact: dict[str, NDArray[Any]] = {}
    forward(prepare(decoder, bool(chip.about.get("rotated"))), ids, exact.__setitem__)
    integer: dict[str, Ints] = {}
    step(chip, new_state(chip, len(ids), ids.shape[1]), ids, integer.__setitem__)
    errors = {}
    for stage, unit in chip.scales.items():
        if stage in exact and stage in integer:
            want = exact[stage]
            if want.ndim == 4:  # [B, heads, T, C], the integer form joins the heads
                want = want.swapaxes(1, 2).reshape(*ids.shape, -1)
            have = integer[stage] * _unit_per_column(unit, want.shape[-1])
            errors[stage] = float(np.sqrt(np.square(have - want).mean() / np.square(want).mean()))
    return errors


def _unit_per_column(unit: float | list[float], columns: int) -> NDArray[np.float64]:
    """A stage's unit for each of its columns; units may be given once, per head or per column."""
    units = np.atleast_1d(np.asarray(unit, np.float64))
    return np.repeat(units, columns // len(units))


def plot_error(errors: dict[str, float], path: Path, title: str) -> None:
    """A picture of ``error_by_stage``: one line per kind of stage over the layers."""
    from .plots import figure

    with figure(path, (9, 4.5)) as axes:
        kinds: dict[str, list[tuple[int, float]]] = {}
        for stage, error in errors.items():
            if stage.startswith("L"):
                layer, kind = stage[1:].split(".")
                kinds.setdefault(kind, []).append((int(layer), error))
        for kind, points in kinds.items():
            axes.plot(*zip(*points, strict=True), marker="o", label=kind)
        for stage in ("embed", "logits"):
            axes.axhline(errors[stage], linestyle=":", color="gray")
            axes.annotate(stage, (0, errors[stage]), fontsize=8)
        axes.set(xlabel="layer", ylabel="rms error / rms value", title=title, ylim=(0, None))
        axes.legend(ncols=2, fontsize=8)
