# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a user's Python sees of a baked model. Imports only numpy and the standard library."""

from .load import load
from .model import LanguageModel, Token

__all__ = ["LanguageModel", "Token", "load"]
