# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From the float model to the integer one."""

from .quantizer import Options, quantize
from .random import Outline, random_chip, random_decoder

__all__ = ["Options", "Outline", "quantize", "random_chip", "random_decoder"]
