# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Stories from a small Llama by compiled C, some times faster than torch on a CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .library import Shape, compiled, pointer


@dataclass(frozen=True)
class Story:
    ids: list[int]  # prompt included, end token not
    ended: bool  # by an end token, not by the limit


def write_stories(
    shape: Shape,
    weights: Tensor,
    rotations: tuple[Tensor, Tensor],
    prompts: Sequence[Sequence[int]],
    seed: int,
    ends: tuple[int, int],
    temperature: float = 1.0,
    limit: int | None = None,
) -> list[Story]:
    """Go on from each of the ``prompts`` (BOS in front) to an end token or ``limit`` tokens, the context at most.

    ``weights`` in the kernel's order, ``rotations`` [context, channels / 2]. Story i depends on the seed, i and its
    prompt alone. At temperature 0 the likeliest token is taken.
    """
    cos, sin = rotations
    context = len(cos)
    limit = min(limit or context, context)
    if any(not 0 < len(prompt) <= limit for prompt in prompts):
        raise ValueError(f"a prompt has 1 to {limit} tokens")
    library, of = compiled("sampler.c"), ctypes.byref(shape)
    library.sampler_floats.restype = ctypes.c_long
    ids = torch.zeros(len(prompts), context + 1, dtype=torch.int32)
    for row, prompt in zip(ids, prompts, strict=True):
        row[: len(prompt)] = torch.tensor(prompt)
    lengths = torch.tensor([len(prompt) for prompt in prompts], dtype=torch.int32)
    scratch = torch.zeros(library.sampler_floats(of, context))  # of what no token has reached, zero times is taken
    library.sample(
        of, context, limit, ctypes.c_float(temperature), ctypes.c_uint64(seed), *ends, len(prompts),
        pointer(weights), pointer(cos), pointer(sin), pointer(ids), pointer(lengths), pointer(scratch),
    )  # fmt: skip
    return [Story(row[: abs(n)].tolist(), n > 0) for row, n in zip(ids, lengths.tolist(), strict=True)]
