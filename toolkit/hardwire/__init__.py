# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""hardwire: bake a small language model into an FPGA, and prove every step equal."""

from .driver.model import LanguageModel, Token
from .errors import HardwireError
from .openers import load
from .version import __version__

__all__ = ["HardwireError", "LanguageModel", "Token", "__version__", "load"]
