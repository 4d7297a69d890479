# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Loss and gradient of a small Llama by compiled C: some times faster than torch on a CPU, where gcc is present."""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from ..kernel.library import Shape, compiled, pointer, ready_weights, scratch_of
from .llama import Llama, fake_quantize


def shape_of(model: Llama) -> Shape:
    s = model.shape
    return Shape(s.vocab, s.dim, s.layers, s.heads, s.kv_heads, s.head_dim, s.hidden, s.norm_eps)


def rotations(model: Llama) -> tuple[Tensor, Tensor]:
    """Cosines and sines [context, head_dim / 2]: the model's have every angle twice."""
    half = model.shape.head_dim // 2
    return model.cos[:, :half].contiguous(), model.sin[:, :half].contiguous()


class KernelLoss:
    """``loss(model, batch)`` for trainer.Training. Rows are spread over ``threads``."""

    def __init__(self, model: Llama, threads: int = 1) -> None:
        shape = model.shape
        sizes = (shape.vocab, shape.dim, shape.head_dim, shape.hidden)
        if any(size % 16 for size in sizes):
            raise ValueError(f"the kernel takes multiples of 16; vocabulary, width, head and MLP are {sizes}")
        self.kernel, self.threads = compiled("kernel.c"), ThreadPoolExecutor(threads)
        self.shape, (self.cos, self.sin) = shape_of(model), rotations(model)

    def __call__(self, model: Llama, ids: Tensor, targets: Tensor, weight: float) -> float:
        """As trainer.torch_loss; T is a multiple of 16."""
        length = ids.shape[1]
        if length % 16 or length > model.shape.context:
            raise ValueError(f"rows of {length} tokens: the kernel takes multiples of 16 within the context")
        weights = flat_weights(model)
        fixed = weights.detach()
        ready = ready_weights(self.kernel, self.shape, fixed)
        workers = self.threads._max_workers
        rows = torch.stack([ids, targets], 1).to(torch.int32)  # [B, 2, T]
        parts = [rows[i::workers] for i in range(min(workers, len(rows)))]
        done = list(self.threads.map(lambda part: self.part(part, weight, fixed, ready), parts))
        weights.backward(sum(gradient for _, gradient in done))
        return sum(loss for loss, _ in done) * weight

    def part(self, rows: Tensor, weight: float, fixed: Tensor, ready: Tensor) -> tuple[float, Tensor]:
        length = rows.shape[2]
        scratch = scratch_of(self.kernel, self.shape, length)
        gradient, loss = torch.zeros_like(fixed), 0.0
        for ids, targets in rows:
            loss += self.kernel.row_gradient(
                ctypes.byref(self.shape), length, pointer(ids), pointer(targets), ctypes.c_float(weight),
                pointer(fixed), pointer(ready), pointer(self.cos), pointer(self.sin), pointer(gradient),
                pointer(scratch),
            )  # fmt: skip
        return loss, gradient


def flat_weights(model: Llama) -> Tensor:
    """The matrices as the forward pass uses them, gains folded in and on their grid, in the kernel's order."""

    def used(weight: Tensor, gain: Tensor | None = None) -> Tensor:
        weight = weight if gain is None else weight * gain
        return (weight if model.weight_bits is None else fake_quantize(weight, model.weight_bits)).flatten()

    parts = [model.embed_tokens.weight.flatten()]
    for layer in model.layers:
        before, after = layer.input_layernorm.weight, layer.post_attention_layernorm.weight
        parts += [used(getattr(layer, f"{name}_proj").weight, before) for name in "qkv"]
        parts += [used(layer.o_proj.weight), used(layer.gate_proj.weight, after), used(layer.up_proj.weight, after)]
        parts.append(used(layer.down_proj.weight))
    return torch.cat([*parts, used(model.embed_tokens.weight, model.norm.weight)])
