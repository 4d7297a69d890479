# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What tools and people do to a file after its export."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from exports import exports
from import_models import FLOAT, INT, D, V, value
from onnx import helper, numpy_helper


def renamed(model: onnx.ModelProto, old: str, new: str) -> onnx.ModelProto:
    for node in model.graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
    for each in model.graph.input:
        each.name = new if each.name == old else each.name
    return model


def all_renamed(model: onnx.ModelProto) -> onnx.ModelProto:
    for index, name in enumerate([each.name for each in model.graph.input]):
        renamed(model, name, f"in_{index}")
    return model


def tables_rounded(model: onnx.ModelProto) -> onnx.ModelProto:
    """cos and sin through float16 and back."""
    for tensor in model.graph.initializer:
        if tensor.name.startswith(("cos", "sin")):
            number = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(number, tensor.name))
    return model


def without_head(model: onnx.ModelProto) -> onnx.ModelProto:
    """What the head reads becomes the output."""
    head = next(node for node in model.graph.node if "onnx::head" in node.input)
    head.op_type, head.input[:] = "Identity", head.input[:1]
    model.graph.node[-1].output[0] = "last_hidden_state"
    del model.graph.output[:]
    model.graph.output.append(value("last_hidden_state", FLOAT, 1, "T", D))
    return model


def embedded(model: onnx.ModelProto) -> onnx.ModelProto:
    """What the look-up makes becomes the input."""
    look = next(node for node in model.graph.node if node.op_type == "Gather" and node.input[0] == "embed")
    look.op_type, look.input[:] = "Identity", ["inputs_embeds"]
    for node in model.graph.node:
        node.input[:] = ["inputs_embeds" if name == "input_ids" else name for name in node.input]
    model.graph.input[0].CopyFrom(value("inputs_embeds", FLOAT, 1, "T", D))
    for node in model.graph.node:
        if node.op_type == "Slice" and node.input[0].startswith("Shape"):
            node.input[1], node.input[2] = _stored(model, np.array([1])), _stored(model, np.array([2]))
    return model


def _branch(model: onnx.ModelProto, name: str) -> onnx.GraphProto:
    out = helper.make_tensor_value_info("logits", FLOAT, [1, "T", V])
    return helper.make_graph(list(model.graph.node), name, [], [out], list(model.graph.initializer))


def merged(plain: onnx.ModelProto, past: onnx.ModelProto, past_first: bool) -> onnx.ModelProto:
    """As optimum merges decoders: the weights outside of both branches."""
    graph, switch = past.graph, "use_cache_branch"
    weights = {tensor.name: tensor for each in (plain, past) for tensor in each.graph.initializer}
    own = {t.name for t in plain.graph.initializer} & {t.name for t in past.graph.initializer}
    shared = [n for n in own if weights[n].dims and len(weights[n].dims) == 2 and min(weights[n].dims) > 1]
    for model in (plain, past):
        kept = [tensor for tensor in model.graph.initializer if tensor.name not in shared]
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)
    branches = (_branch(past, "with"), _branch(plain, "without"))
    names = ("then_branch", "else_branch") if past_first else ("else_branch", "then_branch")
    node = helper.make_node("If", [switch], ["logits"], "choice", **dict(zip(names, branches, strict=True)))
    whole = helper.make_graph(
        [node], "merged", [*graph.input, value(switch, onnx.TensorProto.BOOL, 1)], [value("logits", FLOAT, 1, "T", V)],
        [weights[name] for name in shared],
    )  # fmt: skip
    return helper.make_model(whole, opset_imports=past.opset_import, ir_version=10)


def decided_by_tokens(model: onnx.ModelProto) -> onnx.ModelProto:
    out = [helper.make_tensor_value_info("y", FLOAT, None)]
    last = model.graph.node[-1]
    branches = [
        helper.make_graph([helper.make_node(op, [last.input[0]], ["y"])], op, [], out) for op in ("Identity", "Neg")
    ]
    test = helper.make_node("ReduceMax", ["input_ids"], ["most"], keepdims=0)
    zero = numpy_helper.from_array(np.array(3), "three")
    choice = helper.make_node("If", ["late"], ["logits"], then_branch=branches[0], else_branch=branches[1])
    model.graph.initializer.append(zero)
    del model.graph.node[-1]
    model.graph.node.extend([test, helper.make_node("Less", ["most", "three"], ["late"]), choice])
    return model


def dynamo_fault(model: onnx.ModelProto) -> onnx.ModelProto:
    """An operator that no MLP has, with the location that torch writes."""
    at = next(i for i, node in enumerate(model.graph.node) if node.op_type == "Erf")
    model.graph.node[at].op_type = "Tanh"
    for node in model.graph.node[at - 2 : at + 3]:
        scopes = ["", "model", "model.layers.0", "model.layers.0.act", node.name.lower()]
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=repr(scopes))
    return model


# ---------------------------------------------------------------------------------------------------
# GroupQueryAttention, as onnxruntime-genai wrote it of a Llama.


def grouped(what: str) -> onnx.ModelProto:
    model = onnx.load_model_from_string(exports("llama")["genai-fp32"])
    for node in _attentions(model):
        inputs = [*node.input, *[""] * 17][:17]
        heads, size = _number(node, "num_heads"), _head_size(model, node)
        if what == "positions":
            inputs[9] = "position_ids"
        elif what in ("bias", "alibi"):
            inputs[10] = _bias(model, what == "alibi", heads)
        elif what in ("sinks", "no sinks"):
            inputs[11] = _stored(model, np.full(heads, 0.5 if what == "sinks" else -np.inf, np.float32))
        elif what == "norms":
            gains = np.linspace(0.5, 1.5, size).astype(np.float32)
            inputs[14], inputs[15] = _stored(model, gains), _stored(model, gains[::-1].copy())
        elif what == "smooth":
            node.attribute.append(helper.make_attribute("smooth_softmax", 1))
        elif what == "cache":
            node.attribute.append(helper.make_attribute("v_quant_type", "PER_TENSOR"))
        elif what == "bidirectional":
            node.attribute.append(helper.make_attribute("causal", 0))
        while inputs and not inputs[-1]:
            inputs.pop()
        node.input[:] = inputs
    if what == "positions" and "position_ids" not in [each.name for each in model.graph.input]:
        model.graph.input.append(value("position_ids", INT, "batch_size", "sequence_length"))
    return model


def _attentions(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    return (node for node in list(model.graph.node) if node.op_type == "GroupQueryAttention")


def _number(node: onnx.NodeProto, name: str) -> int:
    return int(next(a.i for a in node.attribute if a.name == name))


def _head_size(model: onnx.ModelProto, node: onnx.NodeProto) -> int:
    """Twice the columns of its table of cosines."""
    return 2 * next(each.dims[1] for each in model.graph.initializer if each.name == node.input[7])


def _stored(model: onnx.ModelProto, numbers: np.ndarray) -> str:
    name = f"extra{len(model.graph.initializer)}_{len(model.graph.node)}_{numbers.size}"
    names = {tensor.name for tensor in model.graph.initializer}
    while name in names:
        name += "_"
    model.graph.initializer.append(numpy_helper.from_array(numbers, name))
    return name


def _bias(model: onnx.ModelProto, slopes: bool, heads: int) -> str:
    """[1, H or 1, T, T] computed from the length: a mask, or slopes that fall with the distance."""
    name, graph = f"bias{len(model.graph.node)}", model.graph
    names = {key: f"{name}::{key}" for key in ("shape", "length", "row", "column", "line", "behind", "far", "low")}
    consts = {key: _stored(model, np.array(n)) for key, n in (("one", 1), ("zero", 0), ("ax1", [1]), ("ax0", [0]))}
    n = names

    def node(op: str, inputs: list[str], out: str, **attrs: object) -> None:
        graph.node.append(helper.make_node(op, inputs, [out], out, **attrs))

    node("Shape", ["input_ids"], n["shape"])
    node("Gather", [n["shape"], consts["one"]], n["length"])
    node("Range", [consts["zero"], n["length"], consts["one"]], n["line"])
    node("Unsqueeze", [n["line"], consts["ax1"]], n["row"])
    node("Unsqueeze", [n["line"], consts["ax0"]], n["column"])
    node("Sub", [n["row"], n["column"]], n["behind"])
    if slopes:
        node("Cast", [n["behind"]], n["far"], to=FLOAT)
        slope = -(2.0 ** -np.arange(1, heads + 1)).astype(np.float32).reshape(1, heads, 1, 1)
        node("Mul", [n["far"], _stored(model, slope)], name)
        return name
    node("Less", [n["behind"], consts["zero"]], n["far"])
    hide, show = _stored(model, np.float32(-1e9).reshape(1)), _stored(model, np.zeros((1, 1, 1, 1), np.float32))
    node("Where", [n["far"], hide, show], name)
    return name


# ---------------------------------------------------------------------------------------------------
# ONNX Runtime's quantizers.


def dynamic_int8(model: onnx.ModelProto, per_channel: bool = False) -> onnx.ModelProto:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        plain, out = Path(folder) / "plain.onnx", Path(folder) / "out.onnx"
        onnx.save(model, plain)
        quantize_dynamic(plain, out, weight_type=QuantType.QInt8, per_channel=per_channel)
        return onnx.load(out)


def fused_int8(model: onnx.ModelProto, form: str) -> onnx.ModelProto:
    """The products of quantize_dynamic as ONNX Runtime's optimiser fuses them: one of its two operators."""
    model = dynamic_int8(model)
    makers = {out: node for node in model.graph.node for out in node.output}
    casts = {node.input[0]: node for node in model.graph.node if node.op_type == "Cast"}
    for node in [node for node in model.graph.node if node.op_type == "MatMulInteger"]:
        cast = casts[node.output[0]]
        product = next(n for n in model.graph.node if n.op_type == "Mul" and cast.output[0] in n.input)
        scale = makers[next(name for name in product.input if name != cast.output[0])]
        data, weight, zero, own_zero = node.input
        inputs = [data, weight, scale.input[0], scale.input[1], zero, own_zero]
        if form == "DynamicQuantizeMatMul":
            inputs = [makers[data].input[0], weight, scale.input[1], own_zero]
        product.CopyFrom(helper.make_node(form, inputs, list(product.output), product.name, domain="com.microsoft"))
        model.graph.node.remove(node)
        model.graph.node.remove(cast)
    return model


def static_int8(model: onnx.ModelProto, form: str) -> onnx.ModelProto:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Few(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = [{"input_ids": np.arange(9)[None] * step % V} for step in (1, 3)]

        def get_next(self) -> dict[str, np.ndarray] | None:
            return self.left.pop() if self.left else None

    with tempfile.TemporaryDirectory() as folder:
        plain, out = Path(folder) / "plain.onnx", Path(folder) / "out.onnx"
        onnx.save(model, plain)
        quantize_static(plain, out, Few(), quant_format=QuantFormat[form])
        return onnx.load(out)


def nbits(model: onnx.ModelProto, form: str) -> onnx.ModelProto:
    """Every matrix in levels of 4 bits: MatMulNBits, or DequantizeLinear in blocks (matmul_nbits_quantizer's forms)."""
    for node in list(model.graph.node):
        tensor = next(
            (t for t in model.graph.initializer if node.op_type == "MatMul" and t.name == node.input[1]), None
        )
        if tensor is None:
            continue
        weight = numpy_helper.to_array(tensor)  # [K, N]
        block = 16 if form == "QOperator" else 12
        blocks = -(-len(weight) // block)
        padded = np.zeros((blocks * block, weight.shape[1]), np.float32)
        padded[: len(weight)] = weight
        grouped = padded.reshape(blocks, block, -1)
        scale = np.abs(grouped).max(1, keepdims=True) / 7
        level = np.clip(np.round(grouped / scale), -8, 7).reshape(padded.shape)
        scale = scale[:, 0].astype(np.float32)
        model.graph.initializer.remove(tensor)
        if form == "QOperator":
            high = (level.T.reshape(-1, blocks, block) + 8).astype(np.uint8)
            packed = high[..., 0::2] | high[..., 1::2] << 4
            inputs = [_stored(model, packed), _stored(model, np.ascontiguousarray(scale.T))]
            node.CopyFrom(
                helper.make_node("MatMulNBits", [node.input[0], *inputs], list(node.output), node.name,
                                 domain="com.microsoft", K=len(weight), N=weight.shape[1], bits=4, block_size=block)
            )  # fmt: skip
        else:
            name = f"{tensor.name}_q"
            model.graph.initializer.append(
                helper.make_tensor(name, onnx.TensorProto.INT4, level.shape, level.astype(int).ravel().tolist())
            )
            inputs = [name, _stored(model, scale)]
            model.graph.node.insert(
                0, helper.make_node("DequantizeLinear", inputs, [tensor.name], name, axis=0, block_size=block)
            )
    for opset in model.opset_import:
        opset.version = 21
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model
