# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Tiny random models of every architecture, by the classes that people export: two layers, a width of 32.

Weights are multiples of 1/64, which half precision and bfloat16 hold exactly and which pack well. They are larger
than a fresh initialisation, so that attention is far from uniform and a wrong wiring shows.
"""

from __future__ import annotations

from typing import Any

import torch

VOCAB, DIM, HIDDEN, LAYERS, HEADS, CONTEXT = 72, 32, 48, 2, 4, 256
WINDOW = 12
GRID = 64

_COMMON: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": DIM,
    "intermediate_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "max_position_embeddings": CONTEXT,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GQA = {"num_key_value_heads": 2}
_LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}

# name -> (transformers model type, what differs from the common configuration); nanochat came with transformers 5
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {**_GQA, "tie_word_embeddings": False}),
    "llama-tied": ("llama", {**_GQA, "tie_word_embeddings": True}),
    "llama-mqa": ("llama", {"num_key_value_heads": 1}),
    "llama3-rope": ("llama", {**_GQA, "rope_scaling": _LLAMA3, "rope_theta": 500.0}),
    "smollm2": ("llama", {**_GQA, "tie_word_embeddings": True, "rope_theta": 100000.0, "attention_bias": False}),
    "mistral": ("mistral", {**_GQA, "sliding_window": WINDOW}),
    "qwen2": ("qwen2", {**_GQA, "tie_word_embeddings": True}),
    "qwen3": ("qwen3", {**_GQA, "head_dim": 8, "tie_word_embeddings": True}),
    "gemma": ("gemma", {"num_key_value_heads": 1, "head_dim": 8}),
    "phi": ("phi", {"partial_rotary_factor": 0.5}),
    "phi3": ("phi3", {**_GQA, "original_max_position_embeddings": CONTEXT}),
    "gpt2": ("gpt2", {"n_embd": DIM, "n_layer": LAYERS, "n_head": HEADS, "n_positions": CONTEXT, "n_inner": HIDDEN}),
    "gpt-neox": ("gpt_neox", {"rotary_pct": 0.25}),
    "gpt-neo": (
        "gpt_neo",
        {"num_layers": LAYERS, "num_heads": HEADS, "attention_types": [[["global", "local"], 1]],
         "window_size": WINDOW},
    ),
    "opt": ("opt", {"ffn_dim": HIDDEN, "word_embed_proj_dim": DIM}),
    "microgpt": ("", {}),
    "gemma2": ("gemma2", {**_GQA, "head_dim": 8, "sliding_window": WINDOW, "query_pre_attn_scalar": 12}),
    "gemma3": (
        "gemma3_text",
        {**_GQA, "head_dim": 8, "sliding_window": WINDOW, "query_pre_attn_scalar": 12, "rope_local_base_freq": 100.0,
         "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "smollm3": ("smollm3", {**_GQA, "no_rope_layers": [1, 0], "no_rope_layer_interval": 2}),
    "nanochat": ("nanochat", {**_GQA, "final_logit_softcapping": 15.0}),
    "falcon": ("falcon", {"ffn_hidden_size": HIDDEN}),  # as Falcon 7B: one key and value head, one norm, rotary
    "falcon-new": (  # as Falcon 40B and Falcon 2: groups in one projection, two norms
        "falcon",
        {"ffn_hidden_size": HIDDEN, "new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "falcon-rw": (  # as Falcon RW: ALiBi, biases, one branch after the other
        "falcon",
        {"ffn_hidden_size": HIDDEN, "multi_query": False, "alibi": True, "parallel_attn": False, "bias": True},
    ),
}  # fmt: skip


class MicroGpt(torch.nn.Module):
    """Learned positions, RMSNorm without a gain, one behind the embedding and none in front of the head, ReLU."""

    def __init__(self) -> None:
        super().__init__()
        linear = torch.nn.Linear
        self.wte, self.wpe = torch.nn.Embedding(VOCAB, DIM), torch.nn.Embedding(CONTEXT, DIM)
        sizes = {"q": (DIM, DIM), "k": (DIM, DIM), "v": (DIM, DIM), "o": (DIM, DIM)}
        sizes |= {"up": (DIM, 4 * DIM), "down": (4 * DIM, DIM)}
        self.layers = torch.nn.ModuleList(
            torch.nn.ModuleDict({name: linear(*size, bias=False) for name, size in sizes.items()})
            for _ in range(LAYERS)
        )
        self.head = linear(DIM, VOCAB, bias=False)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        def norm(x: torch.Tensor) -> torch.Tensor:
            return x * (x.pow(2).mean(-1, keepdim=True) + 1e-5) ** -0.5

        def split(x: torch.Tensor) -> torch.Tensor:
            return x.unflatten(-1, (HEADS, DIM // HEADS)).transpose(1, 2)

        position = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = norm(self.wte(input_ids) + self.wpe(position))
        for layer in self.layers:
            h = norm(x)
            q, k, v = (split(layer[name](h)) for name in "qkv")
            mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + layer["o"](mixed.transpose(1, 2).flatten(2))
            x = x + layer["down"](torch.relu(layer["up"](norm(x))))
        return self.head(x)


# ONNX Runtime's GroupQueryAttention takes heads of a multiple of 16 channels only, and rotates a multiple of 16.
WIDE = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16}
# The builder of 0.15 takes every sixth layer of Gemma 3 for one without a window, whatever the configuration says.
WIDER: dict[str, dict[str, Any]] = {
    "phi": {"head_dim": 32},
    "gemma3": {
        "num_hidden_layers": 6,
        "intermediate_size": 16,
        "layer_types": [*["sliding_attention"] * 5, "full_attention"],
    },
}


def build(name: str, attention: str = "sdpa", wide: bool = False) -> torch.nn.Module:
    """The model of this name with random weights, the same in every run; ``wide``: in a shape for onnxruntime-genai."""
    torch.manual_seed(sorted(ARCHITECTURES).index(name))
    kind, special = ARCHITECTURES[name]
    if not kind:
        model: torch.nn.Module = MicroGpt()
    else:
        from transformers import AutoConfig, AutoModelForCausalLM

        wider = {k: v for k, v in WIDE.items() if k in special or k in _COMMON} | WIDER.get(name, {}) if wide else {}
        config = AutoConfig.for_model(kind, **{**_COMMON, **special, **wider})
        attention = "eager" if kind in ("gpt_neo", "gemma2") else attention  # they have no other
        model = AutoModelForCausalLM.from_config(config, attn_implementation=attention)
    randomize(model)
    return model.eval()


def randomize(model: torch.nn.Module) -> None:
    """Matrices of unit gain, norms and biases of their own in every channel."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                size = 1.0 if "emb" in name or "wte" in name or "wpe" in name else 1.5 * parameter.shape[-1] ** -0.5
                value = torch.randn_like(parameter) * size
            else:
                around = 0.0 if name.endswith("bias") or "gemma" in type(model).__name__.lower() else 1.0
                value = around + 0.25 * torch.randn_like(parameter)
            parameter.copy_((value * GRID).round() / GRID)
