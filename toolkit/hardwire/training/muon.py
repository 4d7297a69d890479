# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Muon (Jordan et al., 2024): momentum whose matrices are orthogonalised before the step; AdamW for everything else.

On these small models it needs about half of AdamW's tokens for the same loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # the quintic's coefficients: steep at zero, near one elsewhere
UPDATE_RMS = 0.2  # of an entry, about AdamW's: both take the same learning rate (Liu et al., 2025)


def orthogonal(matrices: Tensor, iterations: int = 5) -> Tensor:
    """Push the singular values of ``matrices`` [N, R, C] towards one."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = NEWTON_SCHULZ
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Steps 2-D parameters along their orthogonalised Nesterov momentum. Decay is decoupled."""

    def __init__(self, parameters: Iterable[nn.Parameter], momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(parameters, {"lr": 0.0, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            alike: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                alike[parameter.shape].append(parameter)
            for shape, parameters in alike.items():
                moved = orthogonal(torch.stack([self._momentum(p, group["momentum"]) for p in parameters]))
                size = UPDATE_RMS * max(shape) ** 0.5
                for parameter, update in zip(parameters, moved, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-group["lr"] * size)

    def _momentum(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        assert parameter.grad is not None
        kept = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
        kept.lerp_(parameter.grad, 1 - momentum)
        return parameter.grad.lerp(kept, momentum)
