# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The model as an hls4ml graph, through hls4ml's extension API: embedding, decoder stack, head, sampler.

One ``predict`` of the graph is one token: (draw, position, reset, token) in, (logits, next token) out.
``draw`` is 1 / T and the seed's four 16-bit words, each exact in a float32. Imported only when hls4ml is.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import ToolMissing
from ...manifest.projects import HlsProject
from ...ops.fixed import MULTIPLIER_BITS
from .constants import number

HEADERS = ["chip/chip.hpp", "kernels/graph.hpp", "csim.hpp"]
INPUTS = ("draw", "position", "reset", "token")  # sorted: hls4ml reads them back from a sorted YAML mapping
# Our layers: graph name, class, the adapter in hls/graph.hpp, inputs.
LAYERS = (
    ("embedding", "HWEmbedding", "embedding_layer", ("token",)),
    ("embedding", "HWEmbeddingAt", "embedding_at_layer", ("token", "position")),  # where positions are learned
    ("decoder", "HWDecoderStack", "decoder_layer", ("embedding", "position", "reset")),
    ("head", "HWHead", "head_layer", ("decoder",)),
    ("sampler", "HWSampler", "sampler_layer", ("head", "position", "draw")),
)


def require_hls4ml() -> Any:
    """The hls4ml package, or ToolMissing."""
    try:
        import hls4ml
    except ImportError as error:
        raise ToolMissing(f'hls4ml is not installed ({error}); pip install "hardwire[hls]"') from None
    return hls4ml


def _register() -> Any:
    """Register our layers and templates with hls4ml's Vitis backend, once per process; the backend."""
    hls4ml = require_hls4ml()
    from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
    from hls4ml.model.attributes import Attribute
    from hls4ml.model.layers import Layer, layer_map, register_layer

    backend = hls4ml.backends.get_backend("Vitis")
    if LAYERS[0][1] in layer_map:
        return backend

    class HWLayer(Layer):  # type: ignore[misc]
        """One tensor out: ``n`` values, one per beat of its stream."""

        _expected_attributes = [Attribute("n"), Attribute("type_name", value_type=str)]

        def initialize(self) -> None:
            n = self.get_attr("n")
            self.add_output_variable(
                [n, 1] if n > 1 else [1], var_name=self.name + "_out", type_name=self.get_attr("type_name")
            )

    classes = [type(kind, (HWLayer,), {"__doc__": f"{function} of hls/graph.hpp."}) for _, kind, function, _ in LAYERS]
    functions = {kind: function for _, kind, function, _ in LAYERS}

    class HWConfig(LayerConfigTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(tuple(classes))

        def format(self, node: Any) -> str:
            return f"struct config{node.index} {{\n    typedef hw_chip::Chip Chip;\n}};\n"

    class HWCall(FunctionCallTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(tuple(classes), include_header=HEADERS)

        def format(self, node: Any) -> str:
            tensors = [node.get_input_variable(name) for name in node.inputs] + [node.get_output_variable()]
            types = ", ".join(t.type.name for t in tensors)
            names = ", ".join(t.name for t in tensors)
            return f"hw::{functions[node.class_name]}<{types}, config{node.index}>({names});"

    for layer_class in classes:
        register_layer(layer_class.__name__, layer_class)
    backend.register_template(HWConfig)
    backend.register_template(HWCall)
    return backend


def layer_list(shape: dict[str, int], positions: bool) -> list[dict[str, Any]]:
    """The graph as hls4ml takes it; the embedding reads the position where ``positions`` are learned."""
    left_out = "HWEmbedding" if positions else "HWEmbeddingAt"
    sizes = {"embedding": shape["dim"], "decoder": shape["dim"], "head": shape["vocab"], "sampler": 1}
    inputs = [
        {"name": name, "class_name": "InputLayer", "input_shape": [5 if name == "draw" else 1]} for name in INPUTS
    ]
    return inputs + [
        {
            "name": name,
            "class_name": kind,
            "n": sizes[name],
            "type_name": f"{name}_t",
            "inputs": list(sources),
        }
        for name, kind, _, sources in LAYERS
        if kind != left_out
    ]


def config(folder: Path, meta: HlsProject) -> dict[str, Any]:
    """hls4ml's configuration: Vitis, io_stream, the precision of every tensor."""
    s = {key: number(value, key) for key, value in meta["shape"].items()}
    f = {key: number(value, key) for key, value in meta["formats"].items()}
    identity = f"ap_uint<{s['vocab'].bit_length()}>"  # the vocabulary's size itself means: no token
    precision = {
        "token": identity,
        "position": f"ap_uint<{s['context'].bit_length() + 1}>",
        "reset": "ap_uint<1>",
        "draw": f"ap_uint<{MULTIPLIER_BITS}>",
        "embedding": f"ap_int<{f['residual']}>",
        "decoder": f"ap_int<{f['residual']}>",
        "head": f"ap_int<{f['logit']}>",
        "sampler": identity,
    }
    period = 1000 / meta["clock_mhz"]
    return {
        "OutputDir": str(folder),
        "ProjectName": meta["name"],
        "Backend": "Vitis",
        "Part": meta["part"],
        "ClockPeriod": int(period) if period == int(period) else round(period, 4),
        "IOType": "io_stream",
        "HLSConfig": {
            "Model": {
                "Precision": {"default": "ap_int<16>"},
                "ReuseFactor": 1,
                "Strategy": "Latency",
                "PipelineStyle": "dataflow",
            },
            "LayerName": {name: {"Precision": {"result": kind}} for name, kind in precision.items()},
        },
        "WriterConfig": {
            "Namespace": None,
            "WriteWeightsTxt": False,
            "WriteTar": False,
            "TBOutputStream": "both",
            "WriteEmulationConstants": False,
        },
    }


def build_graph(folder: Path, meta: HlsProject) -> Any:
    """The ModelGraph of a project in ``folder``; ``meta`` as in hardwire_hls.json."""
    _register()
    hls4ml = require_hls4ml()
    layers = layer_list(meta["shape"], meta["wiring"]["positions"])
    with _quiet():
        return hls4ml.model.ModelGraph.from_layer_list(config(folder, meta), layers, list(INPUTS), ["head", "sampler"])


def write_graph(graph: Any, meta: HlsProject, kernels: Sequence[Path]) -> None:
    """``graph.write()`` with our kernels as registered sources, into firmware/kernels."""
    backend = graph.config.backend
    before = dict(backend.custom_source)
    (Path(graph.config.get_output_dir()) / "firmware" / "kernels").mkdir(parents=True, exist_ok=True)
    try:
        for kernel in kernels:
            backend.register_source(kernel.resolve(), "kernels")
        with stable_output(graph, meta), _quiet():
            graph.write()
    finally:  # sources are global in hls4ml: another project of this process must not get ours
        backend.custom_source.clear()
        backend.custom_source.update(before)


@contextlib.contextmanager
def stable_output(graph: Any, meta: HlsProject) -> Iterator[None]:
    """While hls4ml writes: our stamp for its random one, and no absolute path left in what it wrote."""
    from hls4ml.model.optimizer.optimizer import ModelOptimizerPass, optimizer_map

    class FixedStamp(ModelOptimizerPass):  # type: ignore[misc]
        def __init__(self) -> None:
            self.name = "make_stamp"

        def transform(self, model: Any) -> bool:
            model.config.config["Stamp"] = meta["stamp"]
            return False

    random_stamp = optimizer_map["make_stamp"]
    optimizer_map["make_stamp"] = FixedStamp()
    try:
        yield
    finally:
        optimizer_map["make_stamp"] = random_stamp
    folder = Path(graph.config.get_output_dir())
    settings = folder / "hls4ml_config.yml"
    settings.write_text(re.sub(r"(?m)^OutputDir: .*(\n  .*)*$", "OutputDir: .", settings.read_text()))
    for script in (folder / "build_prj.tcl", folder / "vivado_synth.tcl"):
        script.write_text("# NOT RUN: no Xilinx tool was available where this project was made.\n" + script.read_text())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """hls4ml prints and warns while it writes; nothing of it is for the user."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
