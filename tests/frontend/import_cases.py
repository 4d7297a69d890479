# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The table of what people have: a small file of each kind, and what the importer makes of it.

Each is imported, which means equal to ONNX Runtime as ``frontend/check.py`` compares, or refused with a sentence.
``docs/imports.md`` is written from this table by ``python tests/frontend/write_imports.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import import_edits as edit
import onnx
from import_hooks import (
    PAIRED,
    POWERS,
    SCALED,
    UNPAIRED,
    buffered,
    chosen_squares,
    clipped,
    difference,
    dropped,
    ended,
    factored,
    fixed_past,
    last_of,
    layer_scale,
    normalized,
    normed_behind,
    normed_behind_only,
    normed_then_scaled,
    normed_together,
    plain_names,
    rope_tables,
    roped,
    roped_by_angles,
    scaled_after,
    scaled_inside,
    scaled_sum,
    scaled_then_biased,
    separate,
    square_mask,
    stacked,
    summed,
    time_first,
    times,
    token_types,
    unused,
    views,
)
from import_models import BOOL, FLOAT, D, Parts, V, decoder, gelu, gelu_tanh, halved, rms_norm
from onnx import TensorProto

HALF, BRAIN = TensorProto.FLOAT16, TensorProto.BFLOAT16


@dataclass(frozen=True)
class Case:
    """``refused``: a part of the sentence; empty where the file is imported. ``note``: a part of a note of it."""

    situation: str
    build: Callable[[], onnx.ModelProto]
    refused: str = ""
    note: str = ""


ROUNDED = "constants rounded to half precision were taken as they were before"
BRAINED = "constants rounded to bfloat16 were taken as they were before"
LAST = "logits of the last token only in the file"
QUANTIZED = "already quantized: taken by the numbers that its weights stand for"
POST_NORM = (
    "a post-norm block: it normalises the residual stream itself behind each addition; hardwire takes pre-norm blocks, "
    "whose norms stand in front of attention and MLP"
)

CASES: dict[str, Case] = {
    # Half precision.
    "gelu-fp16": Case("GELU by Erf in float16: the root of 2 is 1.4140625",
                      lambda: halved(decoder(Parts(activation=gelu)), HALF), note=ROUNDED),
    "gelu-bf16": Case("the same in bfloat16", lambda: halved(decoder(Parts(activation=gelu)), BRAIN), note=BRAINED),
    "gelu-tanh-fp16": Case("GELU by Tanh in float16",
                           lambda: halved(decoder(Parts(activation=gelu_tanh)), HALF), note=ROUNDED),
    "gelu-tanh-bf16": Case("GELU by Tanh in bfloat16",
                           lambda: halved(decoder(Parts(activation=gelu_tanh)), BRAIN), note=BRAINED),
    "rope-fp16": Case("stored cosines and sines in float16",
                      lambda: halved(decoder(roped(POWERS)), HALF), note=ROUNDED),
    "rope-bf16": Case("the same in bfloat16, pairs side by side",
                      lambda: halved(decoder(roped(POWERS, "interleaved")), BRAIN), note=BRAINED),
    "rope-stacked-fp16": Case("cosine and sine in one table [N, C / 2, 2] in float16",
                              lambda: halved(decoder(roped(POWERS, "stacked")), HALF), note=ROUNDED),
    "rope-scaled-bf16": Case("angles that are no powers (Llama 3's scaling) in bfloat16, doubled to [N, C]",
                             lambda: halved(decoder(roped(SCALED, "wide")), BRAIN), note=BRAINED),
    "rope-rounded-fp32": Case("a float32 file whose tables were float16 once",
                              lambda: edit.tables_rounded(decoder(roped(POWERS, "wide"))), note=ROUNDED),
    # Views.
    "time-first": Case("blocks over [T, 1, D], as torch.nn.TransformerEncoder has them",
                       factored(laid=time_first, rows=(-1, 1))),
    "views": Case("a Transpose, an Expand and a Gather that move nothing", factored(embedded=views, projected=views)),
    # Factors on branches.
    "factor": Case("a constant factor on each branch (Granite, MiniCPM, muP)", factored(projected=times(0.22))),
    "factor-divided": Case("branches divided by a number, in RMSNorm blocks with rotary positions",
                           lambda: decoder(Parts(norm=rms_norm, table=False, turn=rope_tables(POWERS, "split"),
                                                 projected=lambda b, y, *_: b.op("Div", y, b.const(2**0.5))))),
    "layer-scale": Case("LayerScale: a vector on each branch, behind a bias",
                        factored(projected=layer_scale, bias=True)),
    "layer-scale-bias": Case("a vector, then a bias", factored(projected=scaled_then_biased)),
    "factor-post-norm": Case("a factor behind a norm behind the branch", factored(projected=normed_then_scaled)),
    "factor-parallel": Case("a factor on the sum of parallel attention and MLP",
                            factored(parallel=True, added=lambda b, x, y, *_: b.op("Add", x, times(0.5)(b, y)))),
    "difference": Case("branches that are subtracted", factored(added=difference)),
    "head-factor": Case("hidden states divided in front of the head (MiniCPM)",
                        factored(normed=lambda b, x: b.op("Div", x, b.const(3.0)))),
    "factor-inside": Case("factors on what norms, values and activation make, as muP has them", scaled_inside),
    "stream-factor": Case("a factor on the residual stream itself (DeepNorm)", factored(added=scaled_sum),
                          "the residual stream itself is scaled between blocks, which is not supported"),
    "stream-factor-after": Case("a factor on the sum of stream and branch", factored(added=scaled_after),
                                "the residual stream itself is scaled between blocks, which is not supported"),
    # Inputs.
    "caches-named": Case("separate caches under names that say nothing", separate("heads")),
    "caches-tokens-first": Case("caches [B, T, H, C]", separate("tokens")),
    "caches-stacked": Case("keys and values of a layer in one cache [2, B, H, T, C]", stacked(False)),
    "caches-all-in-one": Case("one cache for all layers [L, 2, B, H, T, C]", stacked(True)),
    "buffers-scatternd": Case("fixed buffers, written by ScatterND", buffered("ScatterND")),
    "buffers-scatter": Case("fixed buffers, written by ScatterElements", buffered("ScatterElements")),
    "buffers-concat": Case("fixed buffers, what is left of them behind the tokens", buffered("Concat")),
    "buffers-turned": Case("fixed buffers, with places that do nothing but write", buffered("ScatterND", True)),
    "buffers-tensorscatter": Case("fixed buffers, written by TensorScatter (opset 24)", buffered("TensorScatter")),
    "fixed-past": Case("a past of 16 positions, hidden by a mask", fixed_past),
    "names": Case("token ids, positions and mask named a, b, c", plain_names),
    "unused": Case("inputs that the logits do not need", unused),
    "types": Case("token types", token_types),
    "mask-square": Case("the causal mask as an input of numbers [1, 1, T, T]", square_mask(FLOAT)),
    "mask-square-bool": Case("the causal mask as an input of truth values", square_mask(BOOL)),
    "embeds": Case("embedded tokens in the place of token ids", lambda: edit.embedded(decoder(Parts())),
                   "'inputs_embeds' is FLOAT of shape [1, 'T', 24], so this is no decoder of token ids"),
    "ids-flat": Case("token ids [T], without a batch", factored(ids_rank=1)),
    # Outputs.
    "last-index": Case("logits of the last token, picked in front of the head", last_of("normed", "index"), note=LAST),
    "last-slice": Case("logits of the last token, sliced in front of the head", last_of("normed", "slice"), note=LAST),
    "last-computed": Case("logits of the last token, by a computed index", last_of("normed", "computed"), note=LAST),
    "last-headed": Case("logits of the last token, picked behind the head", last_of("headed", "slice"), note=LAST),
    "last-count": Case("the number of rows of logits as an input (transformers.js)", last_of("normed", "count")),
    "first-only": Case("logits of the first token only", last_of("normed", "first"),
                       "keeps the logits of positions [0] of"),
    "probabilities": Case("a softmax behind the head", ended("Softmax", (1, "T", V), axis=-1),
                          "the output 'logits' is probabilities, not logits; export the model without its last "
                          "softmax"),
    "chosen": Case("the best token instead of logits", ended("ArgMax", (1, "T"), axis=-1, keepdims=0),
                   "the output 'logits' is the tokens chosen, not logits; export the logits"),
    "hidden-states": Case("the body of the model, without its head", lambda: edit.without_head(decoder(Parts())),
                          f"hidden states of width {D} without an output head; export the causal language model, not "
                          "its body"),
    # Modes and wirings.
    "post-norm": Case("norms behind each addition (the first Transformer, GPT-1)", factored(post=True), POST_NORM),
    "norm-lp": Case("RMSNorm by LpNormalization", factored(norm=normalized("LpNormalization"))),
    "norm-l2": Case("RMSNorm by ReduceL2, kept from zero (torch.nn.functional.normalize)",
                    factored(norm=normalized("ReduceL2"))),
    "norm-sum": Case("RMSNorm by a sum over the width", factored(norm=normalized("ReduceSum"))),
    "norm-sum-square": Case("RMSNorm by ReduceSumSquare", factored(norm=normalized("ReduceSumSquare"))),
    "norm-gain-first": Case("RMSNorm with its gain in front of the division", factored(norm=normalized("gain first"))),
    "relu-clip": Case("ReLU by Clip", factored(activation=clipped)),
    "relu2-where": Case("squared ReLU by Where", factored(activation=chosen_squares)),
    "added-sum": Case("residual additions by Sum", factored(added=summed)),
    "norms-behind-rope": Case("RMSNorm of heads behind their rotation, without gains (nanochat)",
                              lambda: decoder(normed_behind())),
    "norms-behind-rope-paired": Case("the same with gains that both channels of a pair share",
                                     lambda: decoder(normed_behind(PAIRED))),
    "norms-behind-rope-scaled": Case("the same behind a factor, which shows in eps",
                                     lambda: decoder(normed_behind(amplitude=-0.3))),
    "norms-behind-rope-gains": Case("the same with gains of each channel", lambda: decoder(normed_behind(UNPAIRED)),
                                    "has gains that differ within a rotated pair, which is not supported; one without "
                                    "gains (nanochat), or in front of the rotation (Qwen 3), is"),
    "norm-of-all-heads": Case("a norm over all heads together (OLMo 2)", factored(turn=normed_together),
                              "normalises all 24 numbers of the query heads together, as OLMo 2 does, which is not "
                              "supported; a norm of each head's 6 is"),
    "norms-behind-only": Case("norms behind the branches, none in front (OLMo 2, EXAONE 4)",
                              lambda: decoder(normed_behind_only()),
                              "attention and MLP read the residual stream without a norm in front, as in OLMo 2 and "
                              "EXAONE 4, which is not supported; only pre-norm blocks are"),
    "dropout-training": Case("exported in training mode", dropped(0.1, True),
                             "drops numbers at random, as the model was exported in training mode; call model.eval() "
                             "before the export"),
    "dropout-off": Case("Dropout in evaluation mode", dropped(0.1, False)),
    "dropout-input": Case("Dropout with an input that switches it", dropped(0.1, "training")),
    "merged": Case("a merged decoder: If over use_cache_branch, with a past and without",
                   lambda: edit.merged(decoder(Parts()), separate("heads")(), past_first=True), note="merged decoder"),
    "merged-reversed": Case("the same with the branches exchanged",
                            lambda: edit.merged(decoder(Parts()), separate("heads")(), past_first=False),
                            note="merged decoder"),
    "if-computed": Case("an If that the tokens decide", lambda: edit.decided_by_tokens(decoder(Parts())),
                        "control flow is not supported, but for an If over an input or a constant; export without it"),
    "dynamo-location": Case("a fault in a node of torch's dynamo exporter",
                            lambda: edit.dynamo_fault(decoder(Parts(activation=gelu))),
                            "in model.layers.0.act: not one of the supported MLP activations"),
    # ONNX Runtime's own attention.
    "gqa-positions": Case("GroupQueryAttention with position_ids", lambda: edit.grouped("positions")),
    "gqa-names": Case("GroupQueryAttention with inputs of names that say nothing",
                      lambda: edit.all_renamed(edit.grouped("positions"))),
    "gqa-bias": Case("GroupQueryAttention with an attention_bias that is a mask", lambda: edit.grouped("bias")),
    "gqa-alibi": Case("GroupQueryAttention with an attention_bias of slopes (ALiBi)", lambda: edit.grouped("alibi")),
    "gqa-sinks": Case("GroupQueryAttention with sinks (gpt-oss)", lambda: edit.grouped("sinks"),
                      "it has attention sinks (head_sink: a learned share of every softmax that goes to no token), "
                      "which is not supported; export without it"),
    "gqa-no-sinks": Case("the same with sinks of minus infinity", lambda: edit.grouped("no sinks")),
    "gqa-norms": Case("GroupQueryAttention with norms of queries and keys inside", lambda: edit.grouped("norms"),
                      note="norms inside GroupQueryAttention"),
    "gqa-smooth": Case("GroupQueryAttention with a smooth softmax", lambda: edit.grouped("smooth"),
                       "it has a smooth softmax (a share of every softmax that goes to no token), which is not "
                       "supported; export without it"),
    "gqa-cache": Case("GroupQueryAttention over a quantized cache", lambda: edit.grouped("cache"),
                      "it has a quantized cache, which is not supported; export without it"),
    "gqa-bidirectional": Case("GroupQueryAttention that is not causal", lambda: edit.grouped("bidirectional"),
                              "it has no causal mask; hardwire takes decoders only"),
    # Quantized files.
    "int8-dynamic": Case("quantize_dynamic", lambda: edit.dynamic_int8(decoder(Parts(activation=gelu))),
                         note=QUANTIZED),
    "int8-dynamic-channels": Case("quantize_dynamic, a scale for each channel",
                                  lambda: edit.dynamic_int8(decoder(roped(POWERS)), per_channel=True), note=QUANTIZED),
    "int8-fused": Case("the same after ONNX Runtime's optimiser: MatMulIntegerToFloat",
                       lambda: edit.fused_int8(decoder(Parts(bias=True)), "MatMulIntegerToFloat"), note=QUANTIZED),
    "int8-fused-dynamic": Case("and DynamicQuantizeMatMul",
                               lambda: edit.fused_int8(decoder(Parts()), "DynamicQuantizeMatMul"), note=QUANTIZED),
    "int8-qdq": Case("quantize_static, QDQ", lambda: edit.static_int8(decoder(Parts()), "QDQ"), note=QUANTIZED),
    "int8-qdq-rope": Case("the same with rotary angles, which 8 bits do not hold",
                          lambda: edit.static_int8(decoder(roped_by_angles()), "QDQ"),
                          "the model is already quantized, and what its integers stand for is not understood"),
    "int8-qoperator": Case("quantize_static, QOperator", lambda: edit.static_int8(decoder(Parts()), "QOperator"),
                           "the model is already quantized in a form that its weights cannot be read from; give the "
                           "float export"),
    "int4-nbits": Case("MatMulNBits, 4 bits", lambda: edit.nbits(decoder(Parts()), "QOperator"),
                       note="weights of 4 bits in blocks: taken by the numbers that they stand for"),
    "int4-qdq": Case("4 bits in blocks as DequantizeLinear", lambda: edit.nbits(decoder(Parts()), "QDQ"),
                     note=QUANTIZED),
}  # fmt: skip

REPORTED: dict[str, Case] = {
    "gelu_fp16.onnx": Case("`gelu_fp16.onnx`: a GELU in float16", lambda: _elsewhere(), note=ROUNDED),
    "rope_fp16.onnx": Case("`rope_fp16.onnx`: stored cosines and sines in float16", lambda: _elsewhere(), note=ROUNDED),
    "pre_static_ts.onnx": Case(
        "`pre_static_ts.onnx`: torch.nn.TransformerEncoderLayer, pre-norm", lambda: _elsewhere()
    ),
    "residual_times_0.22.onnx": Case("`residual_times_0.22.onnx`: a factor on each branch", lambda: _elsewhere()),
    "past_split.onnx": Case("`past_split.onnx`: caches under unusual names", lambda: _elsewhere()),
    "dynamic_int8.onnx": Case("`dynamic_int8.onnx`: quantize_dynamic", lambda: _elsewhere(), note=QUANTIZED),
    "nano_last_ts.onnx": Case("`nano_last_ts.onnx`: logits of the last token", lambda: _elsewhere(), note=LAST),
}


def _elsewhere() -> onnx.ModelProto:
    raise FileNotFoundError("a file of the development folder")
