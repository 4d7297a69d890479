# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The C files beside this one as libraries, compiled for this processor, and what their calls take. Needs torch."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

FLAGS = ("-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno", "-shared", "-fPIC")


class Shape(ctypes.Structure):
    """Of a model. All sizes but those of layers, heads and groups are multiples of 16."""

    _fields_ = [(n, ctypes.c_int32) for n in ("vocab", "dim", "layers", "heads", "groups", "channels", "hidden")] + [
        ("eps", ctypes.c_float)
    ]


@cache
def compiled(source: str) -> ctypes.CDLL:
    """The library of a C file beside this one, compiled for this processor. Raises FileNotFoundError without gcc."""
    gcc = shutil.which("gcc")
    if gcc is None:
        raise FileNotFoundError("gcc is not on PATH; train with torch, or install it (Debian: apt-get install gcc)")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "kernel.so"
        subprocess.run([gcc, *FLAGS, str(Path(__file__).with_name(source)), "-o", str(library), "-lm"], check=True)
        kernel = ctypes.CDLL(str(library))
    kernel.row_gradient.restype = kernel.row_divergence.restype = ctypes.c_double
    kernel.scratch_floats.restype = ctypes.c_long
    return kernel


def pointer(tensor: Tensor) -> ctypes.c_void_p:
    assert tensor.is_contiguous()
    return ctypes.c_void_p(tensor.data_ptr())


def ready_weights(kernel: ctypes.CDLL, shape: Shape, weights: Tensor) -> Tensor:
    """The flat ``weights`` as the products take them, twice as many; those of a batch are made ready once."""
    ready, work = torch.empty(2, len(weights)), torch.empty_like(weights)
    kernel.ready_weights(ctypes.byref(shape), pointer(weights), pointer(ready), pointer(work))
    return ready


def scratch_of(kernel: ctypes.CDLL, shape: Shape, length: int) -> Tensor:
    """Room for what a row of ``length`` tokens leaves on its way."""
    return torch.empty(kernel.scratch_floats(ctypes.byref(shape), length))
