# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Half precision and bfloat16 files, widened: every weight is a float32 number exactly, and what is computed with them
is float32 here. ONNX Runtime has few kernels of either on a CPU, and their rounding is no part of the model.

ensures: no float16 or bfloat16 in types, casts or constants of the proto.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from .graph import Value

HALVES = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
NOTE = "half precision: compared with ONNX Runtime on the file widened to float32, not as it is"


def raw_type(kind: int) -> np.dtype[np.generic]:
    """How the bytes of a half-precision tensor are read before ``widened``."""
    return np.dtype(np.float16 if kind == TensorProto.FLOAT16 else np.uint16)


def widened(value: Value, kind: int) -> Value:
    """float32 numbers of an array of ``raw_type``."""
    if kind == TensorProto.FLOAT16:
        return value.astype(np.float32)
    return np.asarray(value.astype(np.uint32) * np.uint32(1 << 16)).astype(np.uint32, copy=False).view(np.float32)


def widen(graph: onnx.GraphProto) -> bool:
    """Rewrite types, casts and tensor attributes; whether there were any."""
    changed = False
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type in HALVES:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
            changed = True
    del graph.value_info[:]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in ("to", "dtype") and attribute.i in HALVES:
                attribute.i, changed = TensorProto.FLOAT, True
            elif attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type in HALVES:
                numbers = np.asarray(numpy_helper.to_array(attribute.t)).astype(np.float32)
                attribute.t.CopyFrom(numpy_helper.from_array(numbers, attribute.t.name))
                changed = True
    return changed
