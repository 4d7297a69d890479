# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The bus that writes memories, for benches of what is on it: with the sections of the checked-in contents_pkg."""

from __future__ import annotations

import numpy as np

from hardwire.emit.rtl.loads import EXAMPLE
from hardwire.ops.fixed import Ints

WIDE, ADDRESS, SECTION = 64, 3, 3  # bits of the fields of contents_t, from the lowest on; then valid
FILES = tuple(f"./{section.file}" for section in EXAMPLE)  # as a memory names them


def on_bus(section: Ints, address: Ints, data: list[int], valid: Ints) -> Ints:
    """Values of the port, bit by bit: [N, bits]."""
    fields = ((data, WIDE), (address, ADDRESS), (section, SECTION), (valid, 1))
    rows = [[int(value) >> bit & 1 for bit in range(width)] for values, width in fields for value in values]
    count = len(data)
    return np.concatenate([np.array(rows[i * count : (i + 1) * count]) for i in range(len(fields))], axis=1)


def off_bus(bits: Ints) -> list[tuple[int, int, int]]:
    """(section, address, data) of every cycle [N, bits] in which the port was valid."""
    found = []
    for row in bits:
        value = sum(int(bit) << place for place, bit in enumerate(row))
        if value >> (WIDE + ADDRESS + SECTION):
            address, section = value >> WIDE & ((1 << ADDRESS) - 1), value >> (WIDE + ADDRESS) & ((1 << SECTION) - 1)
            found.append((section, address, value & ((1 << WIDE) - 1)))
    return found
