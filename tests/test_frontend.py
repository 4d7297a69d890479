# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The importer: the same tiny models in several dialects, and files that must be refused with a reason."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx_models import CONTEXT, EPS, C, D, F, G, H, V, gpt2, llama_decomposed, llama_operators, save

from hardwire.chip.model import Wiring
from hardwire.decoder import Decoder
from hardwire.errors import ModelError
from hardwire.frontend import Imported, import_onnx
from hardwire.frontend import check as check_module
from hardwire.frontend import context as context_module
from hardwire.frontend.graph import Node
from hardwire.frontend.match_attention import read_mask, read_slopes
from hardwire.quantize import Options, quantize

pytestmark = pytest.mark.tools

Weights = dict[str, NDArray[np.float32]]


def imported(built: tuple[onnx.ModelProto, Weights], folder: Path, context: int | None = None) -> Imported:
    return import_onnx(save(built[0], folder), context)


def assert_llama(decoder: Decoder, weights: Weights) -> None:
    """Every weight is the one that was put in, bit for bit."""
    assert (decoder.vocab, decoder.dim, len(decoder.blocks), decoder.tied) == (V, D, 2, True)
    np.testing.assert_array_equal(decoder.embedding, weights["embed"])
    for layer, block in enumerate(decoder.blocks):
        a = block.attention
        assert (a.heads, a.kv_heads, a.head_dim, a.scale) == (H, G, C, C**-0.5)
        assert (block.mlp.activation, block.mlp.up.weight.shape, block.parallel) == ("silu", (F, D), False)
        assert block.mlp.gate is not None
        parts = {"q": a.q, "k": a.k, "v": a.v, "o": a.o, "gate": block.mlp.gate, "up": block.mlp.up,
                 "down": block.mlp.down}  # fmt: skip
        for name, part in parts.items():
            np.testing.assert_array_equal(part.weight, weights[f"{layer}.{name}"])
            assert part.bias is None
        np.testing.assert_array_equal(block.attention_norm.gain, weights[f"{layer}.norm1"])
        assert block.attention_norm.kind == "rms"
        assert block.attention_norm.eps == np.float32(EPS)
        assert a.rope is not None
        # Read off float32 tables.
        np.testing.assert_allclose(a.rope.inv_freq, 10000.0 ** -(np.arange(C // 2) * 2 / C), rtol=3e-7)
    assert decoder.architecture in ("llama", "mistral")


def test_decomposed_llama(tmp_path: Path) -> None:
    built = llama_decomposed()
    result = imported(built, tmp_path)
    assert_llama(result.decoder, built[1])
    assert result.check.lengths == (3, 17, 200)
    assert result.check.max_abs_error < 1e-5
    assert len(result.sha256) == 64


def test_decomposed_llama_with_past(tmp_path: Path) -> None:
    built = llama_decomposed(past=True)
    assert_llama(imported(built, tmp_path, context=100).decoder, built[1])


def test_a_scalar_may_only_pass_through(tmp_path: Path) -> None:
    """As the size of a window does from cache to cache in transformers 5; what the logits need is refused."""
    proto, weights = llama_decomposed(past=True)
    scalar = helper.make_tensor_value_info("input.cache.layers.0._sliding_window_tensor", TensorProto.INT64, [])
    proto.graph.input.append(scalar)
    proto.graph.output.append(helper.make_tensor_value_info("kept", TensorProto.INT64, []))
    proto.graph.node.append(helper.make_node("Identity", [scalar.name], ["kept"]))
    assert_llama(imported((proto, weights), tmp_path, context=100).decoder, weights)
    proto.graph.node.append(helper.make_node("Cast", ["kept"], ["number"], to=TensorProto.FLOAT))
    proto.graph.node.append(helper.make_node("Mul", ["logits", "number"], ["scaled"]))
    proto.graph.output[0].name = "scaled"
    with pytest.raises(ModelError, match="_sliding_window_tensor' is INT64 of shape .., so this is no decoder"):
        import_onnx(save(proto, tmp_path))


@pytest.mark.parametrize("window", [5, 33])
def test_sliding_window_is_read_off_the_mask(tmp_path: Path, window: int) -> None:
    """33 is longer than the length at which the graph is frozen."""
    result = imported(llama_decomposed(window=window), tmp_path)
    assert [block.attention.window for block in result.decoder.blocks] == [window, window]
    assert window + 9 in result.check.lengths
    assert result.decoder.architecture == "mistral"


def test_a_window_that_is_not_seen_is_spoken_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masks are read at so many positions; 8192 take seconds."""
    monkeypatch.setattr(context_module, "PROBED", 128)
    result = imported(llama_decomposed(window=100), tmp_path, context=300)
    assert result.decoder.blocks[0].attention.window == 100 and 109 in result.check.lengths
    result = imported(llama_decomposed(window=250), tmp_path, context=300)
    assert result.decoder.blocks[0].attention.window is None
    assert any("the first 128 of 300 positions: a sliding window of that size or more" in n for n in result.notes)


def test_a_window_that_only_a_file_beside_the_model_has_is_spoken_of(tmp_path: Path) -> None:
    told = "beside the model tells of a sliding window of 12, which is not in the file: taken without"
    for name, config in (
        ("genai_config.json", {"model": {"decoder": {"sliding_window": {"window_size": 12}}}}),
        ("config.json", {"sliding_window": 12}),
    ):
        (tmp_path / name).write_text(json.dumps(config))
        assert f"{name} {told}" in imported(llama_decomposed(), tmp_path).notes
        assert not any(told in note for note in imported(llama_decomposed(window=9), tmp_path).notes)
        (tmp_path / name).unlink()
    for odd in ("[]", '{"model": 3}', '{"model": {"decoder": {"sliding_window": null}}}'):
        (tmp_path / "genai_config.json").write_text(odd)
        assert len(imported(llama_decomposed(), tmp_path).notes) == 1
    (tmp_path / "genai_config.json").write_text("{")
    with pytest.raises(ModelError, match="genai_config.json: not JSON"):
        imported(llama_decomposed(), tmp_path)


@pytest.mark.slow
def test_the_window_of_real_models(tmp_path: Path) -> None:
    """Mistral-7B's and Gemma 2's."""
    result = imported(llama_decomposed(window=4096), tmp_path, context=32768)
    assert result.decoder.blocks[0].attention.window == 4096 and 4105 in result.check.lengths


@pytest.mark.parametrize("interleaved", [False, True])
def test_opset_23_operators(tmp_path: Path, interleaved: bool) -> None:
    built = llama_operators(interleaved)
    result = imported(built, tmp_path)
    assert_llama(result.decoder, built[1])
    rope = result.decoder.blocks[0].attention.rope
    assert rope is not None and rope.interleaved == interleaved
    assert result.decoder.context == CONTEXT
    assert result.notes == (f"context {CONTEXT}: its rotary tables end there",)
    assert result.check.lengths == (3, 17, CONTEXT)


def test_a_norm_behind_the_embedding_and_none_in_front_of_the_head(tmp_path: Path) -> None:
    built = llama_operators(early=True)
    decoder, weights = imported(built, tmp_path).decoder, built[1]
    assert decoder.final_norm is None and decoder.embedding_norm is not None
    np.testing.assert_array_equal(decoder.embedding_norm.gain, weights["norm"])
    assert_llama(decoder, weights)


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        ("tanh", "gelu_tanh"),
        ("erf", "gelu"),
        ("Relu", "relu"),
        ("Relu by itself", "relu2"),
        ("Relu to the second", "relu2"),
    ],
)
def test_gpt2(tmp_path: Path, activation: str, name: str) -> None:
    built = gpt2(activation)
    decoder, weights = imported(built, tmp_path).decoder, built[1]
    assert decoder.context == CONTEXT and not decoder.tied
    np.testing.assert_array_equal(decoder.positions, weights["positions"])
    np.testing.assert_array_equal(decoder.head.weight, weights["head"])
    for layer, block in enumerate(decoder.blocks):
        a = block.attention
        fused = np.concatenate([a.q.weight, a.k.weight, a.v.weight])
        np.testing.assert_array_equal(fused, weights[f"{layer}.qkv"])
        assert a.q.bias is not None and a.rope is None and a.kv_heads == H
        np.testing.assert_array_equal(a.q.bias, weights[f"{layer}.qkv.bias"][: H * C])
        np.testing.assert_array_equal(block.attention_norm.bias, weights[f"{layer}.norm1.bias"])
        assert block.attention_norm.kind == "layer"
        assert block.mlp.activation == name and block.mlp.gate is None


@pytest.mark.parametrize("form", ["added", "masked"])
def test_slopes_are_read_off_the_biases_of_scores(tmp_path: Path, form: str) -> None:
    built = gpt2(alibi=form)
    result = imported(built, tmp_path, 64)
    assert result.check.max_relative_error < 1e-5
    for block in result.decoder.blocks:
        np.testing.assert_allclose(block.attention.alibi, 0.5 ** np.arange(1, H + 1), rtol=1e-6)
        assert block.attention.window is None
    assert result.decoder.positions is None and (result.decoder.embedding_norm is not None) == (form == "added")
    chip = quantize(
        result.decoder, np.random.default_rng(4).integers(0, V, (16, 64)).tolist(), Options(tokens=1024, length=64)
    )
    assert chip.wiring == Wiring(gated=False, alibi=True)
    assert chip.tables["alibi"].tolist() == [57344, 28672, 14336, 7168]


def test_slopes_that_are_no_powers_are_read_over_a_long_row() -> None:
    """Falcon RW divides its biases by the root of head_dim: float32 leaves a step of them 1e-4 at position 2,047."""
    slopes, length = np.float32(0.5 ** np.arange(2, 6) / 8**0.5), 2048
    bias = slopes[:, None, None] * np.arange(length, dtype=np.float32) + np.zeros((length, 1), np.float32)
    bias[:, ~np.tri(length, dtype=np.bool_)] = -3.4e38
    read = read_slopes(bias, length, length)
    assert read is not None
    np.testing.assert_allclose(read, slopes, rtol=1e-6)
    node = Node(op="Softmax", inputs=(), outputs=("y",))
    assert np.array_equal(read_mask(node, bias, length), np.tri(length, dtype=np.bool_))


def test_a_bias_that_is_not_linear_is_refused(tmp_path: Path) -> None:
    model = gpt2(alibi="added")[0]
    node = next(n for n in model.graph.node if n.op_type == "Mul" and "Unsqueeze" in n.input[1])
    node.input[0] = node.input[1]  # squares
    with pytest.raises(ModelError, match=r"adds position-dependent numbers other than ALiBi's"):
        import_onnx(save(model, tmp_path), 64)


def test_fixed_length_limits_the_context(tmp_path: Path) -> None:
    result = imported(gpt2(length=20), tmp_path)
    assert result.decoder.context == 20
    assert result.check.lengths == (3, 17, 20)


# ---------------------------------------------------------------------------------------------------
# Context.


def test_context_from_config_default_and_argument(tmp_path: Path) -> None:
    built = llama_decomposed()
    assert "so the default" in imported(built, tmp_path).notes[0]
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 96}))
    result = imported(built, tmp_path)
    assert result.decoder.context == 96
    assert "config.json" in result.notes[0]
    assert imported(built, tmp_path, context=50).decoder.context == 50
    with pytest.raises(ModelError, match="context=1000000000000; ask for 2 to 131072 positions"):
        imported(built, tmp_path, context=10**12)
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 10**12}))
    assert (
        "context 131072: the most that a chip may have; 1000000000000: max_position"
        in imported(built, tmp_path).notes[0]
    )
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": "many"}))
    with pytest.raises(ModelError, match="max_position_embeddings is 'many', no position count; give"):
        imported(built, tmp_path)


def test_context_beyond_the_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"context=100, but its rotary tables end at 64; ask for that"):
        imported(llama_operators(), tmp_path, context=100)


# ---------------------------------------------------------------------------------------------------
# Files that are refused.

Edit = Callable[[onnx.ModelProto], None]


def _node(model: onnx.ModelProto, op: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.op_type == op)


def _nan(model: onnx.ModelProto) -> None:
    weight = next(t for t in model.graph.initializer if t.name == "onnx::0.up")
    value = numpy_helper.to_array(weight).copy()
    value[1, 2] = np.nan
    weight.CopyFrom(numpy_helper.from_array(value, weight.name))


def _external(location: str) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        weight = next(t for t in model.graph.initializer if t.name == "onnx::0.up")
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=location)

    return edit


def _rename(op: str, new: str, domain: str = "") -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        node = _node(model, op)
        node.op_type, node.domain = new, domain

    return edit


def _cycle(model: onnx.ModelProto) -> None:
    node = _node(model, "Sigmoid")
    late = next(n for n in model.graph.node if n.op_type == "Mul" and node.output[0] in n.input)
    node.input[0] = late.output[0]


def _short(model: onnx.ModelProto) -> None:
    weight = next(t for t in model.graph.initializer if t.name == "onnx::0.up")
    weight.raw_data = weight.raw_data[:-4]


def _dangling(model: onnx.ModelProto) -> None:
    _node(model, "Sigmoid").input[0] = "nowhere"


REFUSED: dict[str, tuple[Edit, str]] = {
    "nan": (_nan, r"initializer 'onnx::0.up': element 38 is nan; the training diverged or the"),
    "missing data": (_external("w.bin"), r"'onnx::0.up': external data 'w.bin' is missing; copy it beside"),
    "parent": (_external("../w.bin"), r"external data '../w.bin' points outside the model's folder"),
    "absolute": (_external("/etc/passwd"), r"external data '/etc/passwd' points outside the model's folder"),
    "symlink": (_external("link.bin"), r"external data 'link.bin' points outside the model's folder"),
    "two inputs": (lambda m: m.graph.input.append(m.graph.input[0]), r"two inputs are named 'input_ids'"),
    "domain": (_rename("Sigmoid", "QuickGelu", "com.microsoft"),
               r"node 'Sigmoid_\d+' \(QuickGelu\): operators of domain 'com.microsoft' are not supported"),
    "no operator": (_rename("Sigmoid", "Sigmoidal"), r"\(Sigmoidal\): not an ONNX operator of opset 18"),
    "activation": (_rename("Sigmoid", "Tanh"), r"node 'Mul_\d+' \(Mul\): not one of the supported MLP act"),
    "operator": (_rename("Sigmoid", "Floor"), r"node 'Sigmoid_\d+' \(Floor\): not understood in an MLP; a"),
    "cycle": (_cycle, r"depends on its own output through tensor '\w+': the graph has a cycle"),
    "short": (_short, r"'onnx::0.up': shape \[24, 36\] needs 3456 bytes, has 3452"),
    "dangling": (_dangling, r"reads tensor 'nowhere', which nothing makes"),
    "no opset": (lambda m: m.ClearField("opset_import"), r"names no opset"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    edit, message = REFUSED[case]
    model = llama_decomposed()[0]
    edit(model)
    (tmp_path / "outside.bin").write_bytes(bytes(4 * D * F))
    folder = tmp_path / "model"
    folder.mkdir()
    os.symlink(tmp_path / "outside.bin", folder / "link.bin")
    with pytest.raises(ModelError, match=message):
        import_onnx(save(model, folder))


def test_external_data_beside_the_model(tmp_path: Path) -> None:
    model, weights = llama_decomposed()
    (tmp_path / "w.bin").write_bytes(weights["0.up"].T.tobytes())
    plain = import_onnx(save(model, tmp_path, "plain.onnx"), 40)
    _external("w.bin")(model)
    outside = import_onnx(save(model, tmp_path), 40)
    assert_llama(outside.decoder, weights)
    assert outside.sha256 != plain.sha256
    (tmp_path / "w.bin").write_bytes(bytes(100))
    with pytest.raises(ModelError, match=r"bytes 0 to 3456 of 100 for shape \[24, 36\]; truncated\?"):
        import_onnx(tmp_path / "model.onnx")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_truncated_file(tmp_path: Path, share: float) -> None:
    data = llama_operators()[0].SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError, match="empty; export|truncated|no ONNX graph"):
        import_onnx(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file; give the path of a .onnx file"):
        import_onnx(tmp_path / "none.onnx")


def test_image_model_is_no_decoder(tmp_path: Path) -> None:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 6, 6])
    kernel = numpy_helper.from_array(np.zeros((4, 3, 3, 3), np.float32), "kernel")
    conv = helper.make_node("Conv", ["image", "kernel"], ["y"])
    graph = helper.make_graph([conv], "cnn", [image], [out], [kernel])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    with pytest.raises(ModelError, match=r"input 'image' is FLOAT of shape \[1, 3, 8, 8\], so this is no"):
        import_onnx(save(model, tmp_path))


def test_encoder_is_refused(tmp_path: Path) -> None:
    """Attention without a causal mask."""
    model = llama_operators()[0]
    for node in model.graph.node:
        if node.op_type == "Attention":
            next(a for a in node.attribute if a.name == "is_causal").i = 0
    with pytest.raises(ModelError, match=r"node 'Attention_\d+' \(Attention\).*: it has no causal mask"):
        import_onnx(save(model, tmp_path))


def test_difference_names_the_first_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong rebuild (here: one activation) must not pass, and says where it begins."""
    original = check_module.forward

    def wrong(decoder: Decoder, ids: NDArray[np.integer], *rest: object) -> NDArray[np.float32]:
        second = decoder.blocks[1]
        broken = replace(second, mlp=replace(second.mlp, activation="relu"))
        return original(replace(decoder, blocks=(decoder.blocks[0], broken)), ids, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(check_module, "forward", wrong)
    with pytest.raises(ModelError, match=r"differs from ONNX Runtime by .* at 3 tokens; first at L1\.x"):
        imported(llama_decomposed(), tmp_path)
