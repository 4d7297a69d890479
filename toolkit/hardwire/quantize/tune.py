# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning through the weights' grids: integers and scales that foretell text of the model's kind best.

The student is the same decoder with every matrix on its grid. It is taught by the float model and by the calibration
text, half each (knowledge distillation, Hinton et al., 2015); no other text is read. A weight's
gradient passes straight through its rounding (Bengio et al., 2013), a scale's is that of LSQ (Esser et al., 2020).
Needs torch; 1,000 steps of a 260,000-parameter model take a minute on one core by compiled C.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..decoder import Array, Decoder
from ..errors import QuantizeError, ToolMissing
from ..ops.fixed import Ints, limits
from ..progress import Stage
from .rounding import Place, Rounded, Rounding

try:
    import torch
    from torch import Tensor

    from .distance import distance_on
    from .plain_llama import PlainLlama, kernel_takes
    from .student import Weights, weights_of
except ImportError as error:
    raise ToolMissing(f'fine-tuning needs torch ({error}); pip install "hardwire[train]"') from None

LENGTH = 256  # tokens of a row
ROWS = 4  # of a step
PEAK = 6.5e-3  # learning rate of weights, in steps of their grid: fewer bits learn faster
SCALE_PEAK = 3e-3  # of the logarithm of scales
TABLE_PEAK = 4e-3  # of the embedding, relative to its root mean square
WARM_UP = 0.05  # share of the steps
CLIP = 1.0  # largest norm of a gradient


def own_stories(decoder: Decoder, count: int, bos: int, eos: Sequence[int], seed: int = 0) -> list[list[int]]:
    """Token ids of ``count`` stories that the decoder writes at temperature 1, text that no one has to have: as
    much of them as is tuned on.

    Raises QuantizeError where compiled C, without which this would take hours, does not take the decoder's wiring.
    """
    if not kernel_takes(decoder):
        raise QuantizeError(
            "--tune-stories: only a plain Llama with a vocabulary and a width of multiples of 16 writes them fast "
            "enough; leave it out, and give more text by --calibration"
        )
    try:
        return PlainLlama(decoder).stories(count, bos, eos[0], seed, min(LENGTH, decoder.context))
    except FileNotFoundError:
        raise ToolMissing("--tune-stories needs gcc (Debian: apt-get install gcc)") from None


@dataclass(frozen=True)
class Tuned:
    """What fine-tuning found: integers and scales of every matrix, and the embedding [V, D] that goes with them."""

    rounded: dict[Place, Rounded]
    embedding: Array


def tune(
    decoder: Decoder,
    roundings: Mapping[Place, Rounding],
    stories: Sequence[Sequence[int]],
    steps: int,
    progress: Stage = lambda stage: None,
    seed: int = 0,
) -> Tuned:
    """Better roundings of every matrix of a prepared ``decoder``, from those that calibration found.

    ``stories`` are token ids of text of the kind the model writes. Raises QuantizeError where they are too few.
    """
    rows = torch.from_numpy(story_rows(stories, min(LENGTH, decoder.context)))
    distance = distance_on(decoder, rows)
    grids = [_Grids(weights_of(decoder), alike) for alike in _by_shape(roundings)]
    embedding = torch.tensor(decoder.embedding).requires_grad_()
    optimizer = torch.optim.AdamW(
        [
            {"params": [grid.latent for grid in grids], "peak": PEAK},
            {"params": [grid.log_scale for grid in grids], "peak": SCALE_PEAK},
            {"params": [embedding], "peak": TABLE_PEAK * float(embedding.detach().square().mean().sqrt())},
        ],
        betas=(0.9, 0.98),
        weight_decay=0.0,
        fused=True,
    )
    order, draw = np.empty(0, np.int64), np.random.default_rng(seed)
    for step in range(steps):
        if len(order) < ROWS:
            order = np.concatenate([order, draw.permutation(len(rows))])
        chosen, order = order[:ROWS], order[ROWS:]
        weights = {place: weight for grid in grids for place, weight in grid.weights().items()}
        optimizer.zero_grad()
        loss = distance(weights, embedding, chosen)
        for group in optimizer.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], CLIP)
            group["lr"] = group["peak"] * _share(step, steps)
        optimizer.step()
        progress(f"fine-tuning, step {step + 1} of {steps}, {loss:.4f} nats from the float model and the text")
    table: Array = embedding.detach().numpy()
    return Tuned({place: rounded for grid in grids for place, rounded in grid.rounded().items()}, table)


def story_rows(stories: Sequence[Sequence[int]], length: int) -> Ints:
    """Rows [N, length] that begin where a story does, as every text does that the model is given.

    A story that ends before its row does is followed by the next. Of one that is longer, further rows are made as long
    as it fills them; the rest is left out. Raises QuantizeError where all of them do not fill a row.
    """
    rows: list[Sequence[int]] = []
    begun: list[int] = []
    for story in stories:
        begun.extend(story[: length - len(begun)])
        if len(begun) == length:
            rows.append(begun)
            begun = []
        rows.extend(story[at : at + length] for at in range(length, len(story) - length + 1, length))
    if not rows:
        raise QuantizeError(f"the calibration text has {len(begun)} tokens; at least {length} are needed")
    return np.array(rows, np.int64)


def _share(step: int, steps: int) -> float:
    """Of the peak learning rate: warm-up, then half a cosine down to zero."""
    warm = max(int(WARM_UP * steps), 1)
    return min((step + 1) / warm, 0.5 + 0.5 * float(np.cos(np.pi * step / steps)))


def _by_shape(roundings: Mapping[Place, Rounding]) -> list[dict[Place, Rounding]]:
    """The matrices of one shape and as many bits together: a step of hundreds of small operations waits for itself."""
    groups: dict[tuple[object, ...], dict[Place, Rounding]] = {}
    for place, rounding in roundings.items():
        groups.setdefault((rounding.rounded.weight.shape, rounding.bits), {})[place] = rounding
    return list(groups.values())


class _Grids:
    """N matrices of one shape in training: their weights times their columns' units, beside a scale for each row.

    The latent weights [N, out, in] are kept in steps of their matrix's grid, the mean of its rows at the start, so that
    one learning rate serves every matrix and any bits.
    """

    def __init__(self, weights: Weights, roundings: dict[Place, Rounding]) -> None:
        self.places, each = list(roundings), list(roundings.values())
        self.low, self.high = limits(each[0].bits)
        wide = each[0].rounded.weight.shape[1]
        self.columns = _stacked([np.broadcast_to(rounding.columns, wide) for rounding in each])[:, None]
        latent = torch.stack([weights[place] for place in self.places]) * self.columns
        scale = _stacked([rounding.rounded.scale for rounding in each])[..., None]
        self.unit = scale.mean(1, keepdim=True).clamp_min(1e-12)
        self.latent = (latent / self.unit).requires_grad_()
        self.log_scale = (scale / self.unit).clamp_min(1e-12).log().requires_grad_()
        self.inverse = self.unit / self.columns

    def weights(self) -> dict[Place, Tensor]:
        """The real matrices that the integers stand for, with gradients to latent weights and scales."""
        scale = self.log_scale.exp()
        steps = (self.latent / scale).clamp(self.low, self.high)
        real = (steps + (steps.round() - steps).detach()) * scale * self.inverse
        return dict(zip(self.places, real.unbind(), strict=True))

    def rounded(self) -> dict[Place, Rounded]:
        with torch.no_grad():
            scale = self.log_scale.exp()
            integers = (self.latent / scale).clamp(self.low, self.high).round().numpy().astype(np.int8)
            real: NDArray[np.float64] = (scale * self.unit)[..., 0].numpy().astype(np.float64)
        return {place: Rounded(integers[i], real[i]) for i, place in enumerate(self.places)}


def _stacked(rows: Sequence[NDArray[np.float64]]) -> Tensor:
    return torch.from_numpy(np.stack(rows).astype(np.float32))
