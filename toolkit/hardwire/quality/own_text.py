# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a chip writes by itself, many texts side by side: the integer reference, and the sampler of the chip.

A text begins with BOS, where there is one, and an opening that is drawn at temperature 1; how it goes on, the caller
says. It needs no tokenizer and no corpus, and is the same on every computer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..chip.model import Chip
from ..chip.reference import State, new_state, step
from ..ops import sampler
from ..progress import Share

BATCH = 64
COMPACT = 16  # positions, after which texts that have ended are left behind
OPENINGS = (8, 24)  # tokens of an opening, the fewest and the most, BOS not counted; fewer in a small context


@dataclass(frozen=True)
class Text:
    """tokens: BOS, the opening, what was written, without the end token. The first ``opening`` of them were not
    written at ``temperature``."""

    tokens: list[int]
    opening: int
    temperature: float
    seed: int
    ended: bool  # by the model itself

    @property
    def written(self) -> int:
        """Tokens behind the opening."""
        return len(self.tokens) - self.opening


def write_texts(
    chip: Chip,
    temperatures: Sequence[float],
    first_seed: int,
    limit: int,
    progress: Share = lambda share: None,
) -> list[Text]:
    """A text for each of the ``temperatures``, of at most ``limit`` tokens and the context; the seed of text i is
    ``first_seed`` + i."""
    limit, texts = min(limit, chip.shape.context), list[Text]()
    for start in range(0, len(temperatures), BATCH):
        part = temperatures[start : start + BATCH]
        done, share = start / len(temperatures), len(part) / len(temperatures)
        texts += _write(chip, part, first_seed + start, limit, partial(_within, progress, done, share))
    progress(1.0)
    return texts


def _within(progress: Share, done: float, share: float, of_it: float) -> None:
    progress(done + share * of_it)


def _write(chip: Chip, temperatures: Sequence[float], first_seed: int, limit: int, progress: Share) -> list[Text]:
    count, low, high = len(temperatures), min(OPENINGS[0], limit // 4), min(OPENINGS[1], limit // 2)
    seeds = first_seed + np.arange(count)
    opening = 1 + low + seeds % (high - low + 1)
    own = np.array([sampler.inverse_temperature(t) for t in temperatures])
    warm, ends = sampler.inverse_temperature(1.0), [*chip.eos, *([] if chip.bos is None else [chip.bos])]
    written = np.zeros((count, limit), np.int64)
    written[:, 0] = seeds % chip.shape.vocab if chip.bos is None else chip.bos
    length, ended = np.ones(count, np.int64), np.zeros(count, np.bool_)
    rows, state = np.arange(count), new_state(chip, count, limit)
    for at in range(limit - 1):
        logits = step(chip, state, written[rows, at, None])[:, 0]
        inverse = np.where(at + 1 < opening[rows], warm, own[rows])
        drawn = sampler.samples(logits, chip.formats.logit_fraction, inverse, seeds[rows], at, chip.tables["gumbel"])
        ended[rows] |= np.isin(drawn, ends)
        going = ~ended[rows]
        written[rows[going], at + 1], length[rows[going]] = drawn[going], at + 2
        if not going.any():
            break
        if at % COMPACT == COMPACT - 1 and not going.all():
            rows, state = rows[going], State(state.keys[:, going], state.values[:, going], state.position)
        progress(at / limit)
    return [
        Text(
            written[i, : length[i]].tolist(),
            min(int(opening[i]), int(length[i])),
            temperatures[i],
            int(seeds[i]),
            bool(ended[i]),
        )
        for i in range(count)
    ]
