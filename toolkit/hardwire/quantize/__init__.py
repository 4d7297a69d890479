# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From the float model to the integer one."""

from .mixed import FEWEST, MOST, Choice
from .options import Options
from .quantizer import bit_choices, quantize
from .random import Outline, random_chip, random_decoder

__all__ = ["FEWEST", "MOST", "Choice", "Options", "Outline", "bit_choices", "quantize", "random_chip", "random_decoder"]
