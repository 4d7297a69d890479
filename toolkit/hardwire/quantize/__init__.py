# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From the float model to the integer one."""

from .quantizer import Options, quantize, random_chip

__all__ = ["Options", "quantize", "random_chip"]
