# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Against loops: what the model writes greedily and where it goes round, for unlikelihood (Welleck et al., 2019)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .llama import Llama

NO_TARGET = -(2**31)  # a position without a loss
LEAST = 8  # tokens that are the same again before the next one is called a loop
LONGEST = 80  # tokens of a phrase

Write = Callable[[Llama, list[list[int]], int, int], list[list[int]]]  # model, prompts, seed, limit


def looping(ids: Sequence[int], least: int = LEAST, longest: int = LONGEST) -> NDArray[np.bool_]:
    """Which tokens begin to go round: the ones before repeat the whole phrase, and ``least`` tokens.

    Those of one more phrase, or ``least`` more: what comes further on in a loop would not be written without them, and
    to make it unlikely too costs likelihood elsewhere.
    """
    written, marked, known = np.asarray(ids), np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
    for period in range(1, min(longest, len(written) - 1) + 1):
        same = written[period:] == written[:-period]
        place = np.arange(len(same))
        run = place - np.maximum.accumulate(np.where(same, -1, place))  # of equal tokens, this one counted
        first = max(least, period)
        going = same & (run > first)
        marked[period:] |= going & (run <= 2 * first) & ~known[period:]
        known[period:] |= going
    return marked


class Loops:
    """Rows of the model's own greedy text whose targets are the tokens of loops, to be made unlikely."""

    def __init__(
        self, prompts: Sequence[Sequence[int]], write: Write, rows: int = 8, length: int = 256, every: int = 15,
        stories: int = 64, seed: int = 1,
    ) -> None:  # fmt: skip
        """``write`` is given ``stories`` of the prompts anew ``every`` steps; a step takes ``rows`` of what loops."""
        self.prompts, self.write, self.count, self.length = prompts, write, rows, length
        self.every, self.stories, self.seed = every, stories, seed
        self.found: list[tuple[Tensor, Tensor]] = []
        self.share = 0.0  # of the stories last written that loop

    def rows(self, model: Llama, step: int) -> tuple[Tensor, Tensor]:
        """Ids and targets [rows, length]: fewer rows, or one without a target, where little loops."""
        draw = np.random.default_rng([self.seed, step])
        if not self.found or step % self.every == 0:
            self.find(model, draw)
        chosen = draw.permutation(len(self.found))[: self.count]
        return tuple(torch.stack(part) for part in zip(*(self.found[i] for i in chosen), strict=True))  # type: ignore[return-value]

    def find(self, model: Llama, draw: np.random.Generator) -> None:
        prompts = [list(self.prompts[i]) for i in draw.choice(len(self.prompts), self.stories)]
        self.found, looped = [], 0
        for written in self.write(model, prompts, 0, self.length):
            marked = looping(written)
            looped += bool(marked.any())
            if marked.any():
                self.found.append(self.row(written, marked))
        self.share = looped / len(prompts)
        if not self.found:
            empty = torch.full((self.length,), NO_TARGET)
            self.found.append((torch.zeros(self.length, dtype=torch.long), empty))

    def row(self, written: list[int], marked: NDArray[np.bool_]) -> tuple[Tensor, Tensor]:
        """Inputs and, one to the left, the targets."""
        ids, targets = torch.zeros(self.length, dtype=torch.long), torch.full((self.length,), NO_TARGET)
        story = torch.tensor(written[: self.length + 1])
        ids[: len(story) - 1] = story[:-1]
        targets[: len(story) - 1] = torch.where(torch.from_numpy(marked[1 : len(story)]), ~story[1:], NO_TARGET)
        return ids, targets
