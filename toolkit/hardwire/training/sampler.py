# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Stories of a model in training, or of a teacher."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..kernel.stories import Story, write_stories
from .kernel import flat_weights, rotations, shape_of
from .llama import Llama


@torch.no_grad()
def sample_stories(
    model: Llama,
    prompts: Sequence[Sequence[int]],
    seed: int,
    ends: tuple[int, int],
    temperature: float = 1.0,
    limit: int | None = None,
) -> list[Story]:
    """As ``kernel.stories.write_stories``."""
    return write_stories(
        shape_of(model), flat_weights(model), rotations(model), prompts, seed, ends, temperature, limit
    )
