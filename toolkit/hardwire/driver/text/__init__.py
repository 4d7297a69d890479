# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text on a board: the pipeline of a ``tokenizer.json`` with the standard library alone.

codec.py puts the parts together, in the order of the files: added.py, normalizers.py, pretokenizers.py, models.py,
decoders.py. Each has a table from a part's type to its constructor, which refuses what it cannot do (steps.py).
patterns.py, unicode.py and letters.py are what they share; tables.py is written by tests/unicode_tables.py. ids.py is
for a chip without a tokenizer.
"""

from .codec import Stream, TextCodec
from .ids import NumberStream

__all__ = ["NumberStream", "Stream", "TextCodec"]
