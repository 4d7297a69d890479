# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Malformed and hostile ONNX files through the command line: one sentence, no traceback, no hang, little memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import llama_decomposed, llama_operators

pytestmark = pytest.mark.tools

SECONDS, MEGABYTES = 100, 800  # of one refusal; a shared machine may be slow
UP = "onnx::0.up"

Edit = Callable[[onnx.ModelProto], None]


def initializer(model: onnx.ModelProto, name: str = UP) -> onnx.TensorProto:
    return next(t for t in model.graph.initializer if t.name == name)


def node(model: onnx.ModelProto, op: str) -> onnx.NodeProto:
    return next(n for n in model.graph.node if n.op_type == op)


def claims(*dims: int) -> Edit:
    """A shape that the data does not fill."""

    def edit(model: onnx.ModelProto) -> None:
        del initializer(model).dims[:]
        initializer(model).dims.extend(dims)

    return edit


def typed(kind: int) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        initializer(model).data_type = kind

    return edit


def external(location: str, **more: str) -> Edit:
    def edit(model: onnx.ModelProto) -> None:
        weight = initializer(model)
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, **more}.items():
            weight.external_data.add(key=key, value=value)

    return edit


def double(model: onnx.ModelProto) -> None:
    weight = initializer(model)
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float64), weight.name))


def cycle(model: onnx.ModelProto) -> None:
    early = node(model, "Sigmoid")
    early.input[0] = next(n for n in model.graph.node if n.op_type == "Mul" and early.output[0] in n.input).output[0]


def no_initializer(model: onnx.ModelProto) -> None:
    model.graph.initializer.remove(initializer(model))


def twice(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(initializer(model))


def made_twice(model: onnx.ModelProto) -> None:
    model.graph.node.append(node(model, "Sigmoid"))


def loop(model: onnx.ModelProto) -> None:
    """A Loop that adds up the tokens of the context one at a time, in front of the logits."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["sum_in"], ["sum_out"])],
        "body",
        [info("i", TensorProto.INT64, []), info("go", TensorProto.BOOL, []), info("sum_in", TensorProto.FLOAT, None)],
        [info("on", TensorProto.BOOL, []), info("sum_out", TensorProto.FLOAT, None)],
    )
    last = model.graph.node[-1]
    model.graph.initializer.append(numpy_helper.from_array(np.array(1 << 62), "trips"))
    model.graph.node.insert(
        len(model.graph.node) - 1, helper.make_node("Loop", ["trips", "", last.input[0]], ["looped"], "over", body=body)
    )
    last.input[0] = "looped"


def big_constant(model: onnx.ModelProto) -> None:
    """128 GiB out of forty bytes, added to the logits."""
    model.graph.initializer.append(numpy_helper.from_array(np.array([1 << 35]), "many"))
    last, add = model.graph.node[-1], len(model.graph.node) - 1
    model.graph.node.insert(add, helper.make_node("ConstantOfShape", ["many"], ["huge"]))
    model.graph.node.insert(add + 1, helper.make_node("ReduceSum", ["huge"], ["nothing"], keepdims=0))
    model.graph.node.insert(add + 2, helper.make_node("Add", [last.input[0], "nothing"], ["more"]))
    last.input[0] = "more"


def grown_constant(model: onnx.ModelProto) -> None:
    """16 GiB, whose size is told by the product of two numbers alone."""
    big_constant(model)
    many = next(t for t in model.graph.initializer if t.name == "many")
    many.CopyFrom(numpy_helper.from_array(np.array([1 << 16]), "side"))
    place = next(i for i, n in enumerate(model.graph.node) if n.op_type == "ConstantOfShape")
    model.graph.node.insert(place, helper.make_node("Mul", ["side", "side"], ["many"]))


def deep(model: onnx.ModelProto) -> None:
    """Five thousand activations on top of each other."""
    after, data = node(model, "Sigmoid"), node(model, "Sigmoid").input[0]
    place = list(model.graph.node).index(after)
    for i in range(5000):
        model.graph.node.insert(place + i, helper.make_node("Tanh", [data], [f"deep{i}"]))
        data = f"deep{i}"
    after.input[0] = data


def recursive(model: onnx.ModelProto) -> None:
    """A function that calls itself."""
    call = helper.make_node("Again", ["x"], ["y"], domain="local")
    model.functions.append(helper.make_function("local", "Again", ["x"], ["y"], [call], model.opset_import))
    model.opset_import.append(helper.make_opsetid("local", 1))
    model.graph.node.append(helper.make_node("Again", ["input_ids"], ["again"], domain="local"))


def no_inputs(model: onnx.ModelProto) -> None:
    del node(model, "Softmax").input[:]


def no_outputs(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def infinite(model: onnx.ModelProto) -> None:
    value = numpy_helper.to_array(initializer(model)).copy()
    value[0, 0] = np.inf
    initializer(model).CopyFrom(numpy_helper.from_array(value, UP))


def custom(model: onnx.ModelProto) -> None:
    node(model, "Sigmoid").domain = "evil.example"


def batch(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1 << 40


def tokens(count: int) -> Edit:
    """Inputs of a fixed length."""

    def edit(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = count

    return edit


def axis(model: onnx.ModelProto) -> None:
    node(model, "Softmax").attribute[0].i = 1 << 40


GRAPHS: dict[str, tuple[Edit, str]] = {
    "cycle": (cycle, "depends on its own output through tensor"),
    "double": (double, "ONNX Runtime cannot run it: .*tensor\\(double\\)"),
    "strings": (typed(TensorProto.STRING), "'onnx::0.up': element type STRING is not supported; export the model in"),
    "no type": (typed(99), "'onnx::0.up': element type 99 is not an ONNX type"),
    "huge": (claims(1 << 31, 1 << 31), r"'onnx::0.up': impossible shape \[2147483648, 2147483648\]"),
    "overflow": (claims(1 << 62, 4), r"'onnx::0.up': impossible shape \[4611686018427387904, 4\]"),
    "negative": (claims(-1, 36), r"'onnx::0.up': impossible shape \[-1, 36\]"),
    "larger": (claims(1 << 10, 1 << 20), "needs 4294967296 bytes, has 3456"),
    "outside": (external("../secret.bin"), "external data '../secret.bin' points outside the model's folder"),
    "absolute": (external("/etc/passwd"), "external data '/etc/passwd' points outside the model's folder"),
    "link": (external("link.bin"), "external data 'link.bin' points outside the model's folder"),
    "device": (external("."), "external data '.' is missing; copy it beside the model"),
    "absent": (external("w.bin"), "external data 'w.bin' is missing; copy it beside the model"),
    "offset": (external("small.bin", offset="99999999999"), "bytes 99999999999 to 100000003455 of 16"),
    "no number": (external("small.bin", offset="one"), "offset or length is no number"),
    "no initializer": (no_initializer, "reads tensor 'onnx::0.up', which nothing makes"),
    "two initializers": (twice, "two initializers are named 'onnx::0.up'"),
    "two inputs": (lambda m: m.graph.input.append(m.graph.input[0]), "two inputs are named 'input_ids'"),
    "two makers": (made_twice, "tensor 'Sigmoid_.*' is made twice"),
    "loop": (loop, r"node 'over' \(Loop\): control flow is not supported"),
    "constant": (big_constant, "ONNX Runtime cannot run it"),
    "grown constant": (grown_constant, "ONNX Runtime cannot run it: .*Failed to allocate memory"),
    "length": (tokens(1 << 40), "made for 1099511627776 tokens at a time, more than 4096; export with a dynamic"),
    "long": (tokens(20_000), "made for 20000 tokens at a time, more than 4096"),
    "deep": (deep, "nested too deeply"),
    "recursion": (recursive, "its local functions are malformed .*recursi"),
    "no inputs": (no_inputs, "ONNX Runtime cannot run it"),
    "no outputs": (no_outputs, "has no outputs"),
    "infinity": (infinite, "'onnx::0.up': element 0 is inf"),
    "custom": (custom, "operators of domain 'evil.example' are not supported"),
    "batch": (batch, "fixed batch of 1099511627776; export with batch 1"),
    "axis": (axis, "is no self-attention over|ONNX Runtime cannot run it"),
}


# The command, which leaves its own peak behind: what the parent sees of a child begins with the parent's own.
WATCHED = """
import atexit, pathlib, re, sys
out = pathlib.Path(sys.argv.pop(1))
peak = lambda: re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
atexit.register(lambda: out.write_text(peak()))
from hardwire.cli.main import main
main()
"""


def refused(path: Path) -> tuple[str, int]:
    """What the command says on standard error about a file it must refuse, and the megabytes it took."""
    peak = path.parent.parent / f"{path.parent.name}-peak"
    command = [sys.executable, "-c", WATCHED, str(peak), "inspect", str(path)]
    environment = {**os.environ, "COLUMNS": "1000", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{path.name}: no answer in {SECONDS} seconds")
    assert done.returncode == 1, done.stderr
    return done.stderr, int(peak.read_text()) // 1024


def assert_one_sentence(path: Path, message: str) -> None:
    error, megabytes = refused(path)
    assert "Traceback" not in error and error.startswith("error: "), error
    assert len(error.strip().splitlines()) == 1, error
    assert re.search(message, error), error
    assert megabytes < MEGABYTES, f"{megabytes} MB"


@pytest.mark.parametrize("case", GRAPHS)
def test_hostile_graphs(tmp_path: Path, case: str) -> None:
    edit, message = GRAPHS[case]
    model = llama_decomposed()[0]
    edit(model)
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(3456))
    (folder / "small.bin").write_bytes(bytes(16))
    os.symlink(tmp_path / "secret.bin", folder / "link.bin")
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    assert_one_sentence(folder / "model.onnx", message)


BYTES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "the file is empty; export the model again"),
    "half": (lambda data: data[: len(data) // 2], "truncated"),
    "noise": (lambda data: np.random.default_rng(0).bytes(5000), "not an ONNX file, or truncated|no ONNX graph"),
    "text": (lambda data: b'{"model": "llama"}', "not an ONNX file, or truncated|no ONNX graph"),
    "bent": (lambda data: data[:2000] + b"\xff" * 40 + data[2040:], "not an ONNX file, or truncated"),
}


@pytest.mark.parametrize("case", BYTES)
def test_hostile_bytes(tmp_path: Path, case: str) -> None:
    change, message = BYTES[case]
    (tmp_path / "model.onnx").write_bytes(change(llama_operators()[0].SerializeToString()))
    assert_one_sentence(tmp_path / "model.onnx", message)
