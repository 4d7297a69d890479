# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of a model of yours: what pytest's fixtures give (``pytest_hardwire``), and what a test asserts.

cache.py    chips and builds, made once and kept by the digest of what they are made from
asserts.py  a build is equal to its model; a chip is nearly as good as its float model
"""

from .asserts import Loss, NotEqual, assert_equal, assert_quality
from .cache import Cache

__all__ = ["Cache", "Loss", "NotEqual", "assert_equal", "assert_quality"]
