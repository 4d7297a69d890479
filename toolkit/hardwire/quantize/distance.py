# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How far a model on its grid is from what it is taught on rows of tokens, and the gradient of that; for fine-tuning.

It is taught the float model's distribution of every next token, and that token itself by half: a model of few bits is
not the float model, and errs less where the text goes than where the float model would.

Compiled C (``kernel/``) where gcc is present and the model is a plain Llama; torch for every other wiring.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..decoder import Decoder
from ..kernel.library import compiled, pointer, ready_weights, scratch_of
from .plain_llama import WIDE, PlainLlama, kernel_takes
from .student import Student, Weights, weights_of

KEPT_VALUES = 1 << 27  # of the float model's log probabilities or what its head takes, four bytes each
LABELS = 0.5  # share of the token that follows in the distribution that is taught; the rest is the float model's
PARTS = 4  # of a step's rows, each with a gradient of its own: their sum is the same on any number of threads

Distance = Callable[[Weights, Tensor, NDArray[np.int64]], float]
"""Of weights and an embedding [V, D] to what is taught on the rows with these numbers, in nats per token: the
Kullback-Leibler divergence of the next token's distribution. Adds its gradient to what they were made of."""


def add_labels(wanted: Tensor, ids: Tensor) -> None:
    """Log probabilities [..., T, V] of the float model become those that are taught, in place; of ids [..., T].

    What follows a row's last token is not known, so that there the float model alone teaches.
    """
    known, following = wanted[..., :-1, :], ids[..., 1:, None].long()
    known += math.log1p(-LABELS)
    label = torch.logaddexp(known.gather(-1, following), torch.tensor(math.log(LABELS)))
    known.scatter_(-1, following, label)


def distance_on(decoder: Decoder, rows: Tensor) -> Distance:
    """The fastest there is for the decoder on this machine, on rows [N, T]."""
    if rows.shape[1] % WIDE == 0 and kernel_takes(decoder):
        try:
            return CompiledDistance(decoder, rows)
        except FileNotFoundError:
            pass  # no gcc
    return TorchDistance(decoder, rows)


class TorchDistance:
    """Of any wiring. The float model's log probabilities are computed once where those of all rows fit memory."""

    def __init__(self, decoder: Decoder, rows: Tensor) -> None:
        self.weights, self.embedding = weights_of(decoder), torch.from_numpy(decoder.embedding)
        self.model, self.rows = Student(decoder), rows
        self.cache: dict[int, Tensor] | None = {} if rows.numel() * decoder.vocab <= KEPT_VALUES else None

    def __call__(self, weights: Weights, embedding: Tensor, chosen: NDArray[np.int64]) -> float:
        ids, wanted = self.rows[chosen], self._wanted(chosen)
        add_labels(wanted, ids)
        log_probabilities = F.log_softmax(self.model(weights, embedding, ids), -1)
        loss = F.kl_div(log_probabilities, wanted, log_target=True, reduction="sum") / ids.numel()
        loss.backward()
        return loss.item()

    def _wanted(self, chosen: NDArray[np.int64]) -> Tensor:
        """[B, T, V] of the rows with these numbers."""
        if self.cache is None:
            return self._of(self.rows[chosen])
        missing = [int(row) for row in chosen if int(row) not in self.cache]
        if missing:
            self.cache |= zip(missing, self._of(self.rows[missing]), strict=True)
        return torch.stack([self.cache[int(row)] for row in chosen])

    def _of(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            return F.log_softmax(self.model(self.weights, self.embedding, ids), -1)


class CompiledDistance:
    """Of the kernel's Llama, on as many threads as torch has."""

    def __init__(self, decoder: Decoder, rows: Tensor) -> None:
        """Raises FileNotFoundError without gcc."""
        self.kernel, self.model, self.rows = compiled("kernel.c"), PlainLlama(decoder), rows.to(torch.int32)
        self.turns = self.model.rotations(rows.shape[1])
        self.threads = ThreadPoolExecutor(torch.get_num_threads())
        self.float_weights = self.model.own_weights()
        self.float_ready = ready_weights(self.kernel, self.model.shape, self.float_weights)
        self.states, self.keeps = dict[int, Tensor](), rows.numel() * decoder.dim <= KEPT_VALUES

    def __call__(self, weights: Weights, embedding: Tensor, chosen: NDArray[np.int64]) -> float:
        flat = self.model.flat(weights, embedding)
        fixed = self.model.filled_up(flat.detach())
        ready = ready_weights(self.kernel, self.model.shape, fixed)
        numbers = [int(row) for row in chosen]
        tokens = len(numbers) * self.rows.shape[1]
        parts = [numbers[i::PARTS] for i in range(min(PARTS, len(numbers)))]
        done = list(self.threads.map(lambda part: self._part(part, 1 / tokens, fixed, ready), parts))
        gradient = torch.stack([gradient for _, gradient in done]).sum(0)
        flat.backward(gradient[self.model.places])  # type: ignore[no-untyped-call]
        return sum(loss for loss, _ in done) / tokens

    def _part(self, numbers: Sequence[int], weight: float, fixed: Tensor, ready: Tensor) -> tuple[float, Tensor]:
        shape, length = self.model.shape, self.rows.shape[1]
        scratch, gradient, loss = scratch_of(self.kernel, shape, length), torch.zeros_like(fixed), 0.0
        wanted, of = torch.empty(length, shape.vocab), ctypes.byref(shape)
        for number in numbers:
            self.kernel.log_probabilities_of(
                of, length, pointer(self._states(number, scratch)), pointer(self.float_ready), pointer(wanted),
                pointer(scratch),
            )  # fmt: skip
            add_labels(wanted, self.rows[number])
            loss += self.kernel.row_divergence(
                of, length, pointer(self.rows[number]), pointer(wanted), ctypes.c_float(weight),
                pointer(fixed), pointer(ready), *map(pointer, self.turns), pointer(gradient), pointer(scratch),
            )  # fmt: skip
        return loss, gradient

    def _states(self, number: int, scratch: Tensor) -> Tensor:
        """What the float model's head takes [T, D] on the row of that number; kept where those of all rows fit."""
        if number not in self.states:
            shape, row = self.model.shape, self.rows[number]
            states = torch.empty(len(row), shape.dim)
            self.kernel.row_states(
                ctypes.byref(shape), len(row), pointer(row), pointer(self.float_weights), pointer(self.float_ready),
                *map(pointer, self.turns), pointer(states), pointer(scratch),
            )  # fmt: skip
            if not self.keeps:
                return states
            self.states[number] = states
        return self.states[number]
