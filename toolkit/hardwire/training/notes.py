# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What exporters write beside the computation: stack traces with the folders that they passed, and documentation."""

from __future__ import annotations

import onnx

SCOPES = "pkg.torch.onnx.name_scopes"  # the modules that a node came from: errors name them


def without_notes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the exporter's notes, but for the scopes. Nothing that is computed changes."""
    graph = model.graph
    del graph.value_info[:], model.metadata_props[:], graph.metadata_props[:]
    each = (*graph.node, *graph.initializer, *graph.input, *graph.output)
    for noted in (*each, graph, model):
        noted.ClearField("doc_string")
    for noted in each:
        kept = [(p.key, p.value) for p in noted.metadata_props if p.key == SCOPES]
        del noted.metadata_props[:]
        for key, value in kept:
            noted.metadata_props.add(key=key, value=value)
    return model
