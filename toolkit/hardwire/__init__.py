# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""hardwire: bake a small language model into an FPGA, and prove every step equal."""

__version__ = "0.1.0"

from .driver import LanguageModel, Token, load  # noqa: E402
from .errors import HardwireError  # noqa: E402

__all__ = ["HardwireError", "LanguageModel", "Token", "__version__", "load"]
