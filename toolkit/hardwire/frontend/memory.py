# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A bound on the memory that a file nobody vouches for can ask for.

A few bytes of ONNX can make tensors of any size. What they are is known only by running them, so the process itself is
bound meanwhile: an allocation beyond it fails, in numpy and in ONNX Runtime alike, before a page of it is touched.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

BASE = 6 << 30  # bytes: masks of thousands of positions, compared as integers
PER_BYTE = 12  # of weights, in ONNX Runtime, in the rebuilt model, and their copies


@contextlib.contextmanager
def bounded_memory(weight_bytes: int) -> Iterator[int]:
    """Let this process take BASE, and PER_BYTE for each byte of weights, on top of what it has; gives the bytes.

    It holds for all threads of the process until the end. Linux alone counts so; elsewhere there is no bound.
    """
    room = BASE + PER_BYTE * weight_bytes
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])  # data and stack
    except (ImportError, OSError):
        yield room
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    least = pages * os.sysconf("SC_PAGE_SIZE") + room
    for limit in (soft, hard):
        least = least if limit == resource.RLIM_INFINITY else min(least, limit)
    resource.setrlimit(resource.RLIMIT_DATA, (least, hard))
    try:
        yield room
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
