# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The bundled model: what it is, that the demo proves it, and that bad models are refused by the commands."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result

from hardwire.cli.main import main
from hardwire.files import bundled_folder

BUNDLED = bundled_folder()


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_the_files_are_those_that_training_recorded() -> None:
    record = json.loads((BUNDLED / "training.json").read_text())
    for name in ("model.onnx", "tokenizer.json", "calibration.txt"):
        assert hashlib.sha256((BUNDLED / name).read_bytes()).hexdigest() == record["sha256"][name], name
    shape = record["shape"]
    assert record["parameters"] <= 300_000 and shape["context"] == 512 and shape["head_dim"] == 16
    assert all(shape[key] % 16 == 0 for key in ("dim", "hidden", "vocab"))


def test_the_model_card_says_what_training_recorded() -> None:
    record, card = json.loads((BUNDLED / "training.json").read_text()), (BUNDLED / "MODEL_CARD.md").read_text()
    for figure in (
        f"{record['parameters']:,}",
        f"{record['bits_per_char_float']:.3f}",
        f"{record['steps']:,} steps",
    ):
        assert figure in card, figure


@pytest.mark.tools
def test_inspect_recognises_it() -> None:
    data = json.loads(call("inspect", BUNDLED / "model.onnx", "--json").stdout)
    expected = {
        "architecture": "llama",
        "parameters": 279_232,
        "layers": 5,
        "dim": 64,
        "heads": 4,
        "kv_heads": 2,
        "head_dim": 16,
        "hidden": 192,
        "vocab": 512,
        "context": 512,
    }
    assert data | expected == data
    assert data["onnx_equal"]["max_abs_error"] < 1e-4 and data["onnx_equal"]["lengths"] == [3, 17, 200]


@pytest.mark.tools
def test_the_demo_goes_all_the_way(tmp_path: Path) -> None:
    result = call("demo", "--out", tmp_path / "build", "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 0 and data["csim_equal"] and data["verdict"] == "proven"
    assert data["parameters"] == 279_232 and data["logits_compared"] >= 4 * 256 * 512
    assert data["text"].startswith("One day") and data["tokens"] > 50 and data["ended"] == "stop token"
    proof = json.loads((tmp_path / "build" / "manifest.json").read_text())["proofs"][-1]
    assert {name: rung["status"] for name, rung in proof["rungs"].items()} == {
        "float": "within bound",
        "int": "within bound",
        "csim": "equal",
    }
    planted = call("verify", tmp_path / "build", "--plant", "weight", "--json")
    difference = json.loads(planted.stdout)["first_difference"]
    assert planted.exit_code == 2 and difference["stage"] == "L2.up" and difference["rung"] == "csim"
    junit = call("verify", tmp_path / "build", "--rungs", "float,int", "--junit", tmp_path / "v.xml")
    assert junit.exit_code == 0 and 'failures="0"' in (tmp_path / "v.xml").read_text()


def cnn(path: Path) -> None:
    weight = onnx.numpy_helper.from_array(np.zeros((4, 3, 3, 3), np.float32), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Conv", ["x", "w"], ["y"])],
        "cnn",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 8, 8])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 4, 6, 6])],
        [weight],
    )
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)]), path)


def truncated(path: Path) -> None:
    path.write_bytes((BUNDLED / "model.onnx").read_bytes()[:500_000])


def with_nan(path: Path) -> None:
    model = onnx.load(BUNDLED / "model.onnx")
    tensor = max(model.graph.initializer, key=lambda t: len(t.raw_data))
    values = onnx.numpy_helper.to_array(tensor).copy()
    values.flat[17] = np.nan
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, path)


def without_external(path: Path) -> None:
    onnx.save(onnx.load(BUNDLED / "model.onnx"), path, save_as_external_data=True, location="weights.bin")
    (path.parent / "weights.bin").unlink()


def escaping(path: Path) -> None:
    model = onnx.load(BUNDLED / "model.onnx")
    onnx.save(model, path, save_as_external_data=True, location="weights.bin")
    data = path.read_bytes().replace(b"weights.bin", b"../etc/pass")
    path.write_bytes(data)


@pytest.mark.tools
@pytest.mark.parametrize("spoil", [cnn, truncated, with_nan, without_external, escaping])
def test_bad_models_get_one_sentence_and_leave_nothing(spoil, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    spoil(tmp_path / "in" / "bad.onnx")
    (tmp_path / "in" / "calibration.txt").write_text("Once upon a time")
    for command in (["inspect"], ["quantize", "-o", tmp_path / "out" / "m.chip"]):
        result = call(command[0], tmp_path / "in" / "bad.onnx", *command[1:])
        assert result.exit_code == 1, result.output
        assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1 and "bad.onnx" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.tools
def test_quantize_asks_for_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes((BUNDLED / "model.onnx").read_bytes())
    result = call("quantize", tmp_path / "m.onnx", "-o", tmp_path / "m.chip")
    assert result.exit_code == 1 and "give --calibration with text" in result.stderr
    (tmp_path / "calibration.txt").write_text("Once upon a time")
    result = call("quantize", tmp_path / "m.onnx", "-o", tmp_path / "m.chip")
    assert result.exit_code == 1 and "tokenizer.json: no such file" in result.stderr


@pytest.mark.tools
def test_quantize_refuses_a_tokenizer_before_it_reads_the_model(tmp_path: Path) -> None:
    """One that a board cannot do; the model is not even ONNX."""
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    data = json.loads((BUNDLED / "tokenizer.json").read_text())
    data["normalizer"] = {"type": "Nmt"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(data))
    result = call("quantize", tmp_path / "m.onnx", "-o", tmp_path / "m.chip")
    said = " ".join(result.stderr.split())
    assert result.exit_code == 1 and "tokenizer: the normalizer 'Nmt' is not supported on a board" in said
    assert not (tmp_path / "m.chip").exists()
