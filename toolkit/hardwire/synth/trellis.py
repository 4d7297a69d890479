# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Contents of block RAMs in Project Trellis's textual configuration, which nextpnr writes and the packer reads.

    .bram_init 17
    000 1ff 023 ...     2,048 words of nine bits, eight a line

A block RAM is called by its number alone there. Which one of the netlist that is, its contents tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError
from .memories import Bits

BYTE = 9  # bits
WORDS = 2048
_BLOCK = re.compile(r"^\.bram_init (\d+)\n((?:(?:[0-9a-f]{3}[ \n]+)+))", re.MULTILINE)
_WORD = re.compile(r"[0-9a-f]{3}")

Bytes = NDArray[np.uint16]  # [2048], of nine bits


def initial(config: str) -> dict[int, Bytes]:
    """Contents of every block RAM, by its number. Raises BuildError for a section of another length."""
    found: dict[int, Bytes] = {}
    for match in _BLOCK.finditer(config):
        words = np.array([int(word, 16) for word in match[2].split()], np.uint16)
        if len(words) != WORDS or int(match[1]) in found:
            raise BuildError(f"block RAM {match[1]} of the routed design: {len(words)} words, not {WORDS} once")
        found[int(match[1])] = words
    return found


def with_initial(config: str, changed: Mapping[int, Bytes]) -> str:
    """The configuration with other contents in these block RAMs, and all else as it is."""

    def put(match: re.Match[str]) -> str:
        if int(match[1]) not in changed:
            return match[0]
        words = iter(changed[int(match[1])].tolist())
        return match[0][: match.start(2) - match.start()] + _WORD.sub(lambda _: f"{next(words):03x}", match[2])

    return _BLOCK.sub(put, config)


def as_bytes(plane: Bits) -> Bytes:
    """Contents [words, bits] of a block RAM of a netlist, as the configuration has them."""
    weights = 1 << np.arange(BYTE, dtype=np.uint16)
    return (plane.reshape(-1, BYTE) * weights).sum(1).astype(np.uint16)


def renumbered(held: Mapping[int, Bytes], before: Mapping[str, Bits], after: Mapping[str, Bits]) -> dict[int, Bytes]:
    """What each block RAM of the routed design is to hold, which has ``held`` what the netlist has ``before``.

    Those of equal contents cannot be told apart, and need not be where they stay equal. Raises BuildError where they do
    not, and where design and netlist do not hold the same.
    """
    names: dict[bytes, list[str]] = {}
    for name, plane in before.items():
        names.setdefault(as_bytes(plane).tobytes(), []).append(name)
    if Counter({key: len(found) for key, found in names.items()}) != Counter(one.tobytes() for one in held.values()):
        raise BuildError("block RAMs of the routed design do not hold what those of the netlist do; synthesize again")
    wanted: dict[bytes, Bytes] = {}
    for key, found in names.items():
        first = after[found[0]]
        if other := next((name for name in found if not np.array_equal(after[name], first)), None):
            raise BuildError(
                f"{found[0]} and {other} hold the same in the finished design and would not any more: which is which "
                "cannot be told; build anew"
            )
        wanted[key] = as_bytes(first)
    return {number: wanted[words.tobytes()] for number, words in held.items()}
