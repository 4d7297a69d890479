# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A small Llama decoder in torch: what is trained, and what teachers are read into.

Only training needs this file; the compiler reads ONNX.
Shapes: B batch, T tokens, D model width, H query heads, G key/value heads, C head_dim.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..shapes.ladder import LlamaShape


def fake_quantize(weight: Tensor, bits: int) -> Tensor:
    """Round each row of ``weight`` to a symmetric ``bits`` grid; the gradient passes straight through."""
    top = 2 ** (bits - 1) - 1
    scale = weight.detach().abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / top
    rounded = (weight / scale).round().clamp(-top - 1, top) * scale
    return weight + (rounded - weight).detach()


class Norm(nn.Module):
    """RMSNorm (Zhang and Sennrich, 2019)."""

    def __init__(self, shape: LlamaShape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.dim))
        self.eps = shape.norm_eps

    def plain(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps)

    def forward(self, x: Tensor) -> Tensor:
        return self.plain(x) * self.weight


class Llama(nn.Module):
    """A decoder-only Llama. ``weight_bits`` trains every matrix through its quantisation grid.

    The grid is laid over ``W * gain``, the matrix the chip stores after the norm's gain is folded in.
    """

    def __init__(self, shape: LlamaShape) -> None:
        super().__init__()
        self.shape = shape
        self.weight_bits: int | None = None
        self.embed_tokens = nn.Embedding(shape.vocab, shape.dim)
        self.layers = nn.ModuleList(Block(self) for _ in range(shape.layers))
        self.norm = Norm(shape)
        frequency = shape.rope_theta ** (-torch.arange(0, shape.head_dim, 2) / shape.head_dim)
        angle = torch.outer(torch.arange(shape.context), frequency)
        self.register_buffer("cos", torch.cat([angle, angle], 1).cos(), persistent=False)
        self.register_buffer("sin", torch.cat([angle, angle], 1).sin(), persistent=False)
        scale = 0.02
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=scale / (2 * shape.layers) ** 0.5 if deep else scale)

    def normed_linear(self, x: Tensor, norm: Norm, *weights: Tensor) -> list[Tensor]:
        """Project the normalised ``x`` by each weight matrix."""
        if self.weight_bits is None:
            x = norm(x)
            return [F.linear(x, w) for w in weights]
        x = norm.plain(x)
        return [F.linear(x, fake_quantize(w * norm.weight, self.weight_bits)) for w in weights]

    @torch.no_grad()
    def snap(self, bits: int, head: float = 0.5) -> None:
        """Put every matrix of every layer on its grid.

        The embedding, which is the head too, goes the share ``head`` of the way: the table of the inputs has finer
        steps than the head's grid, and would lose by it.
        """
        for layer in self.layers:
            for norm, names in ((layer.input_layernorm, "qkv"), (layer.post_attention_layernorm, ("gate", "up"))):
                for weight in (getattr(layer, f"{name}_proj").weight for name in names):
                    weight.copy_(fake_quantize(weight * norm.weight, bits) / norm.weight)
            for weight in (layer.o_proj.weight, layer.down_proj.weight):
                weight.copy_(fake_quantize(weight, bits))
        table, gain = self.embed_tokens.weight, self.norm.weight
        table.lerp_(fake_quantize(table * gain, bits) / gain, head)

    def linear(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.weight_bits is not None:
            weight = fake_quantize(weight, self.weight_bits)
        return F.linear(x, weight)

    def hidden_states(self, ids: Tensor) -> Tensor:
        x = self.embed_tokens(ids)
        length = ids.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        for layer in self.layers:
            x = layer(x, cos, sin)
        return x

    def forward(self, ids: Tensor) -> Tensor:
        """Token ids [B, T] to logits [B, T, vocab]."""
        return self.normed_linear(self.hidden_states(ids), self.norm, self.embed_tokens.weight)[0]


class Block(nn.Module):
    """Attention and gated MLP, each behind an RMSNorm and around a residual."""

    def __init__(self, model: Llama) -> None:
        super().__init__()
        shape = model.shape
        self.__dict__["model"] = model  # a plain reference: not a submodule
        self.input_layernorm = Norm(shape)
        self.q_proj = nn.Linear(shape.dim, shape.heads * shape.head_dim, bias=False)
        self.k_proj = nn.Linear(shape.dim, shape.kv_heads * shape.head_dim, bias=False)
        self.v_proj = nn.Linear(shape.dim, shape.kv_heads * shape.head_dim, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head_dim, shape.dim, bias=False)
        self.post_attention_layernorm = Norm(shape)
        self.gate_proj = nn.Linear(shape.dim, shape.hidden, bias=False)
        self.up_proj = nn.Linear(shape.dim, shape.hidden, bias=False)
        self.down_proj = nn.Linear(shape.hidden, shape.dim, bias=False)

    def split(self, x: Tensor) -> Tensor:
        """[B, T, heads * C] to [B, heads, T, C]."""
        return x.unflatten(-1, (-1, self.model.shape.head_dim)).transpose(1, 2)

    def qkv(self, x: Tensor, cos: Tensor, sin: Tensor) -> list[Tensor]:
        weights = self.q_proj.weight, self.k_proj.weight, self.v_proj.weight
        q, k, v = map(self.split, self.model.normed_linear(x, self.input_layernorm, *weights))
        return [rotate(q, cos, sin), rotate(k, cos, sin), v]

    def mlp(self, x: Tensor) -> Tensor:
        weights = self.gate_proj.weight, self.up_proj.weight
        gate, up = self.model.normed_linear(x, self.post_attention_layernorm, *weights)
        return x + self.model.linear(F.silu(gate) * up, self.down_proj.weight)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.qkv(x, cos, sin)
        repeat = q.shape[1] // k.shape[1]
        k, v = (t.repeat_interleave(repeat, dim=1) for t in (k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.model.linear(mixed.transpose(1, 2).flatten(2), self.o_proj.weight)
        return self.mlp(x)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding (Su et al., 2021) in the half-split layout."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def load_hugging_face(folder: Path) -> Llama:
    """Read a Hugging Face Llama folder (config.json, model.safetensors, tied embedding)."""
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text())
    model = Llama(
        LlamaShape(
            vocab=config["vocab_size"],
            dim=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            kv_heads=config["num_key_value_heads"],
            head_dim=config["head_dim"],
            hidden=config["intermediate_size"],
            context=config["max_position_embeddings"],
            rope_theta=config["rope_theta"],
            norm_eps=config["rms_norm_eps"],
        )
    )
    state = {
        name.removeprefix("model.").replace("self_attn.", "").replace("mlp.", ""): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
        if name != "lm_head.weight"
    }
    model.load_state_dict(state)
    return model.eval()
