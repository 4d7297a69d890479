# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Hooks of the tiny decoder: rotations, factors, caches, masks and endings as exporters and people write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import import_edits as edit
import numpy as np
import onnx
from import_models import (
    BOOL,
    FLOAT,
    INT,
    LAYERS,
    C,
    D,
    H,
    N,
    Parts,
    V,
    causal,
    count,
    decoder,
    rms_norm,
    tokens,
    value,
)  # fmt: skip
from onnx_models import Builder


def rope_tables(angles: np.ndarray, how: str) -> Callable[..., str]:
    """Heads turned by stored tables [N, C / 2]: "split", "interleaved", "stacked" (cos and sin in one) or "wide"."""
    turn = np.outer(np.arange(N), angles)

    def rotate(b: Builder, x: str, layer: int) -> str:
        if how == "stacked":
            whole = b.const(np.stack([np.cos(turn), np.sin(turn)], -1), name=f"turn{len(b.nodes)}")
            rows = b.op("Slice", whole, b.ints(0), tokens(b), b.ints(0))
            cos, sin = (b.op("Gather", rows, b.const(i, np.int64), axis=2) for i in (0, 1))
        else:
            times = 2 if how == "wide" else 1
            stored = [b.const(np.tile(f(turn), times), name=f"{f.__name__}{len(b.nodes)}") for f in (np.cos, np.sin)]
            cos, sin = (b.op("Slice", each, b.ints(0), tokens(b), b.ints(0)) for each in stored)
        if how == "wide":
            first, second = (b.op("Slice", x, b.ints(i), b.ints(i + C // 2), b.ints(3)) for i in (0, C // 2))
            turned = b.op("Concat", b.op("Neg", second), first, axis=-1)
            return b.op("Add", b.op("Mul", x, cos), b.op("Mul", turned, sin))
        if how == "interleaved":
            a, c = (b.op("Slice", x, b.ints(i), b.ints(C), b.ints(3), b.ints(2)) for i in (0, 1))
        else:
            a, c = (b.op("Slice", x, b.ints(i), b.ints(i + C // 2), b.ints(3)) for i in (0, C // 2))
        first = b.op("Sub", b.op("Mul", a, cos), b.op("Mul", c, sin))
        second = b.op("Add", b.op("Mul", c, cos), b.op("Mul", a, sin))
        if how != "interleaved":
            return b.op("Concat", first, second, axis=-1)
        both = b.op("Concat", b.op("Unsqueeze", first, b.ints(4)), b.op("Unsqueeze", second, b.ints(4)), axis=-1)
        return b.op("Reshape", both, b.ints(1, H, -1, C))

    return rotate


POWERS = 10000.0 ** -(np.arange(C // 2) * 2 / C)
PAIRED, UNPAIRED = np.tile([0.7, 1.1, 0.9], 2), np.linspace(0.7, 1.2, C)  # gains
SCALED = POWERS / np.array([1.0, 3.7, 8.0])  # as Llama 3 scales the slow ones


def roped(angles: np.ndarray, how: str = "split") -> Parts:
    return Parts(turn=rope_tables(angles, how), table=False, norm=rms_norm)


def roped_by_angles() -> Parts:
    """Angles times positions in the file, cosines and sines of them."""

    def rotate(b: Builder, x: str, layer: int) -> str:
        at = b.op("Unsqueeze", b.op("Cast", count(b), to=FLOAT), b.ints(1))
        angle = b.op("Mul", at, b.const(POWERS.reshape(1, -1)))
        cos, sin = b.op("Cos", angle), b.op("Sin", angle)
        a, c = (b.op("Slice", x, b.ints(i), b.ints(i + C // 2), b.ints(3)) for i in (0, C // 2))
        first = b.op("Sub", b.op("Mul", a, cos), b.op("Mul", c, sin))
        return b.op("Concat", first, b.op("Add", b.op("Mul", c, cos), b.op("Mul", a, sin)), axis=-1)

    return Parts(turn=rotate, table=False, norm=rms_norm)


def normalized(how: str) -> Callable[..., str]:
    """RMSNorm as people write it: by a length, by a sum of squares, or with the gain in front."""

    def norm(b: Builder, x: str, name: str) -> str:
        gain = b.const(b.weight(f"{name}.gain", D, around=1.0))
        if how == "LpNormalization":  # torch.nn.functional.normalize, times the root of the width
            return b.op("Mul", b.op("Mul", b.op(how, x, axis=-1, p=2), b.const(D**0.5)), gain)
        if how == "ReduceL2":  # the same in pieces
            length = b.op("Clip", b.op(how, x, b.ints(-1)), b.const(1e-12))
            y = b.op("Div", x, b.op("Expand", length, b.op("Shape", x)))
            return b.op("Mul", y, b.const(D**0.5 * b.weight(f"{name}.gain", D, around=1.0)))
        if how == "ReduceSumSquare":
            mean = b.op("Mul", b.op(how, x, b.ints(-1)), b.const(1 / D))
        elif how == "ReduceSum":
            mean = b.op("Div", b.op(how, b.op("Mul", x, x), b.ints(-1)), b.const(float(D)))
        else:
            mean = b.op("ReduceMean", b.op("Mul", x, x), b.ints(-1))
        root = b.op("Sqrt", b.op("Add", mean, b.const(1e-5)))
        if how == "gain first":
            return b.op("Div", b.op("Mul", x, gain), root)
        return b.op("Mul", b.op("Div", x, root), gain)

    return norm


def clipped(b: Builder, y: str) -> str:
    return b.op("Clip", y, b.const(0.0))


def chosen_squares(b: Builder, y: str) -> str:
    """Squared ReLU by Where."""
    return b.op("Where", b.op("Greater", y, b.const(0.0)), b.op("Mul", y, y), b.const(0.0))


def summed(b: Builder, x: str, branch: str, layer: int, kind: str) -> str:
    return b.op("Sum", x, branch)


def normed_behind(gain: np.ndarray | None = None, amplitude: float = 1.0) -> Parts:
    """RMSNorm of heads behind their rotation (nanochat), which is by tables times ``amplitude``; then a factor."""
    rotate = rope_tables(POWERS, "wide")

    def turn(b: Builder, x: str, layer: int) -> str:
        y = rotate(b, x if amplitude == 1 else b.op("Mul", x, b.const(amplitude)), layer)
        root = b.op("Sqrt", b.op("Add", b.op("ReduceMean", b.op("Mul", y, y), b.ints(-1)), b.const(1e-3)))
        y = b.op("Div", y, root)
        return b.op("Mul", y if gain is None else b.op("Mul", y, b.const(gain)), b.const(1.2))

    return replace(roped(POWERS), turn=turn)


def normed_together(b: Builder, x: str, layer: int) -> str:
    """RMSNorm over all heads (OLMo 2) of heads [1, H, T, C]."""
    flat = b.op("Reshape", b.op("Transpose", x, perm=[0, 2, 1, 3]), b.ints(1, -1, H * C))
    flat = rms_norm(b, flat, f"{layer}.together")
    return b.op("Transpose", b.op("Reshape", flat, b.ints(1, -1, H, C)), perm=[0, 2, 1, 3])


def normed_behind_only() -> Parts:
    """Norms behind the branches, none in front of them (OLMo 2, EXAONE 4)."""
    return Parts(
        norm=lambda b, x, name: rms_norm(b, x, name) if name == "norm" else x,
        projected=lambda b, y, layer, kind: rms_norm(b, y, f"{layer}.{kind}.post"),
    )


def scaled_inside() -> onnx.ModelProto:
    """Factors in front of the projections, on the values, on the mixed values and behind the activation."""
    return decoder(
        Parts(
            norm=lambda b, x, name: b.op("Mul", rms_norm(b, x, name), b.const(1.25)),
            keys=lambda b, x, layer, kind: b.op("Mul", x, b.const(0.75)) if kind == "value" else x,
            mixed=lambda b, x, layer: b.op("Div", x, b.const(3.0)),
            activation=lambda b, y: b.op("Mul", b.op("Relu", y), b.const(0.4)),
        )
    )


def times(factor: object) -> Callable[..., str]:
    return lambda b, y, *_: b.op("Mul", y, b.const(factor))


def layer_scale(b: Builder, y: str, layer: int, kind: str) -> str:
    return b.op("Mul", b.const(b.weight(f"{layer}.{kind}.scale", D, around=0.5)), y)


def scaled_then_biased(b: Builder, y: str, layer: int, kind: str) -> str:
    return b.op("Add", layer_scale(b, y, layer, kind), b.const(b.weight(f"{layer}.{kind}.late", D)))


def normed_then_scaled(b: Builder, y: str, layer: int, kind: str) -> str:
    return b.op("Mul", rms_norm(b, y, f"{layer}.{kind}.post"), b.const(0.3))


def scaled_sum(b: Builder, x: str, branch: str, layer: int, kind: str) -> str:
    return b.op("Add", b.op("Mul", x, b.const(0.9)), branch)


def scaled_after(b: Builder, x: str, branch: str, layer: int, kind: str) -> str:
    return b.op("Mul", b.op("Add", x, branch), b.const(0.5**0.5))


def difference(b: Builder, x: str, branch: str, layer: int, kind: str) -> str:
    return b.op("Sub", x, branch)


def factored(**hooks: object) -> Callable[[], onnx.ModelProto]:
    return lambda: decoder(Parts(**hooks))  # type: ignore[arg-type]


def time_first(b: Builder, x: str) -> str:
    """[T, 1, D]"""
    return b.op("Transpose", x, perm=[1, 0, 2])


def views(b: Builder, x: str, *_: object) -> str:
    """The same numbers by a Transpose, an Expand and a Gather of the one there is."""
    y = b.op("Transpose", b.op("Unsqueeze", x, b.ints(0)), perm=[1, 2, 0, 3])
    y = b.op("Expand", y, b.ints(1, 1, 1, D))
    return b.op("Gather", y, b.const(0, np.int64), axis=2)


def separate(order: str) -> Callable[[], onnx.ModelProto]:
    """A cache for each of keys and values, of heads first or tokens first, under names that say nothing."""

    def build() -> onnx.ModelProto:
        names = {(layer, kind): f"state_{2 * layer + i}" for layer in range(LAYERS) for i, kind in
                 enumerate(("key", "value"))}  # fmt: skip
        shape = [1, H, "P", C] if order == "heads" else [1, "P", H, C]

        def keys(b: Builder, x: str, layer: int, kind: str) -> str:
            past = names[layer, kind]
            past = past if order == "heads" else b.op("Transpose", past, perm=[0, 2, 1, 3])
            return b.op("Concat", past, x, axis=2)

        return decoder(Parts(keys=keys, inputs=[value(name, FLOAT, *shape) for name in names.values()]))

    return build


def stacked(layers: bool) -> Callable[[], onnx.ModelProto]:
    """Keys and values of a layer, or of all layers, in one tensor [(L,) 2, B, H, P, C]."""

    def keys(b: Builder, x: str, layer: int, kind: str) -> str:
        past = b.op("Gather", "memory", b.const(layer, np.int64), axis=0) if layers else f"memory{layer}"
        side = b.op("Slice", past, b.ints(int(kind == "value")), b.ints(1 + (kind == "value")), b.ints(0))
        return b.op("Concat", b.op("Squeeze", side, b.ints(0)), x, axis=2)

    shape = [2, "B", H, "P", C]
    inputs = (
        [value("memory", FLOAT, LAYERS, *shape)] if layers else [value(f"memory{i}", FLOAT, *shape) for i in (0, 1)]
    )
    return lambda: decoder(Parts(keys=keys, inputs=inputs))


def buffered(how: str, turned: bool = False) -> Callable[[], onnx.ModelProto]:
    """Caches of N positions, into which the tokens are written; the mask hides the rest."""

    def keys(b: Builder, x: str, layer: int, kind: str) -> str:
        old = f"buffer_{layer}_{kind}"
        if how == "TensorScatter":
            return b.op("TensorScatter", old, x, b.op("Slice", "where", b.ints(0), b.ints(1)), axis=2)
        if how == "ScatterND":
            turned = b.op("ScatterND", b.op("Transpose", old, perm=[2, 0, 1, 3]), b.op("Unsqueeze", "where", b.ints(1)),
                          b.op("Transpose", x, perm=[2, 0, 1, 3]))  # fmt: skip
            return b.op("Transpose", turned, perm=[1, 2, 0, 3])
        if how == "ScatterElements":
            index = b.op("Expand", b.op("Reshape", "where", b.ints(1, 1, -1, 1)), b.op("Shape", x))
            return b.op("ScatterElements", old, index, x, axis=2)
        return b.op("Concat", x, b.op("Slice", old, tokens(b), b.ints(N), b.ints(2)), axis=2)

    def mask(b: Builder) -> str:
        key = b.const(np.arange(N)[None], np.int64)
        late = b.op("Less", b.op("Unsqueeze", "where", b.ints(1)), key)
        return b.op("Where", late, b.const(-1e9), b.const(0.0))

    inputs = [value(f"buffer_{i}_{k}", FLOAT, 1, H, N, C) for i in range(LAYERS) for k in ("key", "value")]
    at = value("where", INT, "T")
    opset = 24 if how == "TensorScatter" else 18
    rope = {"turn": rope_tables(POWERS, "split"), "table": False} if turned else {}
    parts = Parts(keys=keys, mask=mask, inputs=[*inputs, at], opset=opset, **rope)  # type: ignore[arg-type]
    return lambda: decoder(parts if turned else replace(parts, positions=lambda b: "where"))


def fixed_past() -> onnx.ModelProto:
    """16 positions in front of the tokens, which an input of ones and zeros hides."""
    keys = lambda b, x, layer, kind: b.op("Concat", f"p_{layer}_{kind}", x, axis=2)  # noqa: E731

    def mask(b: Builder) -> str:
        row = b.op("Unsqueeze", count(b), b.ints(1))
        column = b.op("Unsqueeze", b.op("Range", b.const(-16, np.int64), b.op("Squeeze", tokens(b), b.ints(0)),
                                        b.const(1, np.int64)), b.ints(0))  # fmt: skip
        late = b.op("Or", b.op("Less", row, column), b.op("Equal", "seen", b.const(0, np.int64)))
        return b.op("Where", late, b.const(-1e9), b.const(0.0))

    inputs = [value(f"p_{i}_{k}", FLOAT, 1, H, 16, C) for i in range(LAYERS) for k in ("key", "value")]
    return decoder(Parts(keys=keys, mask=mask, inputs=[*inputs, value("seen", INT, 1, "T + 16")]))


def plain_names() -> onnx.ModelProto:
    """Token ids, positions and mask by names that say nothing."""

    def mask(b: Builder) -> str:
        hidden = b.op("Mul", b.op("Sub", b.const(1.0), b.op("Cast", "c", to=FLOAT)), b.const(-1e9))
        return b.op("Add", causal(b), b.op("Unsqueeze", hidden, b.ints(1)))

    inputs = [value("b", INT, 1, "T"), value("c", INT, 1, "T")]
    return edit.renamed(decoder(Parts(positions=lambda b: "b", mask=mask, inputs=inputs)), "input_ids", "a")


def token_types() -> onnx.ModelProto:
    """A table of two token types, looked up with an input."""
    embedded = lambda b, x: b.op("Add", x, b.op("Gather", b.const(b.weight("types", 2, D)), "segments"))  # noqa: E731
    return decoder(Parts(embedded=embedded, inputs=[value("segments", INT, 1, "T")]))


def unused() -> onnx.ModelProto:
    """Inputs that nothing reads, and one that another output needs."""
    extra = [value("token_type_ids", INT, 1, "S"), value("temperature", FLOAT), value("image", FLOAT, 1, 3, 8, 8),
             value("flags", BOOL, 4)]  # fmt: skip
    model = decoder(Parts(inputs=extra))
    model.graph.node.append(onnx.helper.make_node("Identity", ["image"], ["kept"]))
    model.graph.output.append(value("kept", FLOAT, 1, 3, 8, 8))
    return model


def square_mask(kind: int) -> Callable[[], onnx.ModelProto]:
    """The causal mask is an input [1, 1, T, T]."""

    def mask(b: Builder) -> str:
        given = "square"
        return given if kind == FLOAT else b.op("Where", given, b.const(0.0), b.const(-1e9))

    return lambda: decoder(Parts(mask=mask, inputs=[value("square", kind, 1, 1, "T", "T")]))


def last_of(where: str, how: str) -> Callable[[], onnx.ModelProto]:
    """Logits of the last token: chosen in front of the head ("normed") or behind it ("headed")."""

    def keep(b: Builder, y: str) -> str:
        if how == "count":
            start = b.op("Unsqueeze", b.op("Neg", "num_logits_to_keep"), b.ints(0))
            return b.op("Slice", y, start, b.ints(2**62), b.ints(1))
        if how == "slice":
            return b.op("Slice", y, b.ints(-1), b.ints(2**31), b.ints(1))
        if how == "first":
            return b.op("Slice", y, b.ints(0), b.ints(1), b.ints(1))
        index = b.op("Sub", tokens(b), b.ints(1)) if how == "computed" else b.const(-1, np.int64)
        return b.op("Gather", y, index, axis=1)

    shape = [1, V] if how == "index" else [1, 1, V]
    shape = [1, "K", V] if how == "count" else shape
    inputs = [value("num_logits_to_keep", INT)] if how == "count" else []
    outputs = [value("logits", FLOAT, *shape)]
    return lambda: decoder(Parts(**{where: keep}, inputs=inputs, outputs=outputs))  # type: ignore[arg-type]


def ended(op: str, shape: tuple[int | str, ...], **attrs: object) -> Callable[[], onnx.ModelProto]:
    headed = lambda b, y: b.op(op, y, **attrs)  # noqa: E731
    kind = INT if op == "ArgMax" else FLOAT
    return lambda: decoder(Parts(headed=headed, outputs=[value("logits", kind, *shape)]))


def dropped(rate: float, training: bool | str) -> Callable[[], onnx.ModelProto]:
    """A Dropout behind every branch."""
    switch = isinstance(training, str)

    def projected(b: Builder, y: str, layer: int, kind: str) -> str:
        return b.op("Dropout", y, b.const(rate), str(training) if switch else b.const(training, bool))

    inputs = [value(str(training), BOOL)] if switch else []
    return lambda: decoder(Parts(projected=projected, inputs=inputs))
