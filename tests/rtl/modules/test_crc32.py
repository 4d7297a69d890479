# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""crc32: words behind each other come to what zlib makes of their bytes."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools


def test_words_are_as_zlib_has_them(draw: np.random.Generator) -> None:
    words = np.r_[0, 0xFFFFFFFF, 1, 1 << 31, draw.integers(0, 1 << 32, 2000)].astype("<u4")
    after = np.array([zlib.crc32(words[: n + 1].tobytes()) for n in range(len(words))]) ^ 0xFFFFFFFF
    equal(Bench("crc32").run(crc_i=np.r_[0xFFFFFFFF, after[:-1]], data_i=words.astype(np.int64))["crc_o"], after)
