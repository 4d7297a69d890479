# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's own operators: what they become, and what of them is refused; half precision, widened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from exports import exports
from onnx import TensorProto, helper, numpy_helper
from onnx_models import save

from hardwire.errors import ModelError
from hardwire.frontend import import_onnx
from hardwire.frontend.widen import raw_type, widened

pytestmark = pytest.mark.tools

Edit = Callable[[onnx.NodeProto], None]


def model(exporter: str = "genai-int4", architecture: str = "llama") -> onnx.ModelProto:
    return onnx.load_model_from_string(exports(architecture)[exporter])


def attribute(name: str, value: object) -> Edit:
    def edit(node: onnx.NodeProto) -> None:
        kept = [a for a in node.attribute if a.name != name]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(name, value)])

    return edit


def wired(index: int, name: str) -> Edit:
    def edit(node: onnx.NodeProto) -> None:
        node.input.extend([""] * (index + 1 - len(node.input)))
        node.input[index] = name

    return edit


@pytest.mark.parametrize(
    ("op", "edit", "message"),
    [
        ("MatMulNBits", wired(4, "input_ids"), r"a weight in an order of its own \(g_idx\) is not supported"),
        ("MatMulNBits", attribute("bits", 3), "3 bits in blocks of 32 for a weight of 64 x 32; 4 and 8 bits are known"),
        ("MatMulNBits", attribute("N", 1 << 40), "4 and 8 bits are known"),
        ("MatMulNBits", attribute("N", 66), "its packed weight does not fill 66 x 32"),
        ("MatMulNBits", wired(1, "nowhere"), "its packed weight does not fill 64 x 32 .'nowhere'."),
        ("GroupQueryAttention", wired(9, "input_ids"), "its cosine and sine tables depend on the tokens"),
        ("GroupQueryAttention", attribute("smooth_softmax", 1), "it has a smooth softmax .* is not supported"),
        ("GroupQueryAttention", wired(7, "input_ids"), "its rotary tables are no stored"),
        ("GroupQueryAttention", attribute("sliding_window_cache", 1), "a cache for a window of -1 positions"),
    ],
)
def test_what_has_no_standard_form_is_refused(op: str, edit: Edit, message: str, tmp_path: Path) -> None:
    changed = model()
    edit(next(node for node in changed.graph.node if node.op_type == op))
    with pytest.raises(ModelError, match=rf"node .* \(.*\): .*{message}"):
        import_onnx(save(changed, tmp_path))


def test_a_weight_of_four_bits_is_what_its_blocks_say(tmp_path: Path) -> None:
    proto = model()
    named = {t.name: numpy_helper.to_array(t) for t in proto.graph.initializer}
    packed = named["model.layers.0.attn.o_proj.MatMul.weight_Q4"]  # [N, blocks, block / 2]
    scales = named["model.layers.0.attn.o_proj.MatMul.weight_scales"]
    levels = np.stack([packed % 16, packed // 16], -1).reshape(32, 32).astype(np.float32) - 8
    decoder = import_onnx(save(proto, tmp_path)).decoder
    np.testing.assert_array_equal(decoder.blocks[0].attention.o.weight, levels * scales.reshape(32, 1))


@pytest.mark.parametrize("window", [5, 33])
def test_a_local_window_is_as_wide_as_onnx_runtime_makes_it(window: int, tmp_path: Path) -> None:
    proto = model("genai-fp32")
    for node in proto.graph.node:
        if node.op_type == "GroupQueryAttention":
            attribute("local_window_size", window)(node)
    decoder = import_onnx(save(proto, tmp_path)).decoder
    assert [block.attention.window for block in decoder.blocks] == [window, window]


def test_a_cache_of_a_window_is_fed_as_long_as_onnx_runtime_wants_it(tmp_path: Path) -> None:
    proto = model(architecture="gemma2")
    assert "past_sliding_length" in [d.dim_param for i in proto.graph.input for d in i.type.tensor_type.shape.dim]
    result = import_onnx(save(proto, tmp_path))
    assert [block.attention.window for block in result.decoder.blocks] == [12, None]
    assert max(result.check.lengths) > 12 and result.check.max_relative_error <= 1e-5
    for node in proto.graph.node:
        if node.op_type == "GroupQueryAttention":
            attribute("local_window_size", 1 << 40)(node)
    with pytest.raises(ModelError, match="a cache for a window of 1099511627776 positions is not supported"):
        import_onnx(save(proto, tmp_path))


def test_bfloat16_numbers_are_the_upper_half_of_float32_ones() -> None:
    exact = np.float32([0, 1, -2.5, 3.0e38, 1.0e-30, np.inf])
    for value in (exact, exact.reshape(2, 3), exact[1].reshape(())):
        words = (value.view(np.uint32) >> 16).astype(raw_type(TensorProto.BFLOAT16))
        again = widened(np.asarray(words), TensorProto.BFLOAT16)
        assert again.dtype == np.float32 and again.shape == value.shape
        np.testing.assert_array_equal(again.view(np.uint32) >> 16, words)
        np.testing.assert_allclose(again, value, rtol=2**-7)  # bfloat16 has seven bits of fraction
