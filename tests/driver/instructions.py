# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Instructions of the driver per token, as valgrind counts them here. ``python tests/driver/instructions.py``

By two runs of different lengths, so that Python's start is not among them. Hashes of text are seeded by chance unless
PYTHONHASHSEED is set, and with them the collisions in Python's dictionaries: it is set, and what the seeds do is told.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

TESTS = Path(__file__).parents[1]
LENGTHS = (5_000, 25_000)  # tokens
WHAT = ("token ids", "text")
SEEDS = (0, 1, 2)  # of hashes

Command = Sequence[str]  # that is valgrind


def count(what: str, tokens: int, seed: int, valgrind: Command, script: str = __file__) -> int:
    """Instructions of a whole program that streams so many tokens: ``script``, which is told what and how many."""
    command = [*valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    run = [sys.executable, script, what, str(tokens)]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*command, *run], env=environment, capture_output=True, text=True, check=True)
    total = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    assert total, done.stderr
    return int(total[1].replace(",", ""))


def per_token(what: str, seed: int, valgrind: Command = ("valgrind",), script: str = __file__) -> float:
    """Instructions for each token of ``what``."""
    short, long = (count(what, tokens, seed, valgrind, script) for tokens in LENGTHS)
    return (long - short) / (LENGTHS[1] - LENGTHS[0])


def _stream(what: str, tokens: int) -> None:
    sys.path.insert(0, str(TESTS))
    from driver.cost import ring_in_memory, stream_of
    from hardwire.chip.model import load_chip

    chip = load_chip(Path(str(resources.files("hardwire.overlays"))) / "ulx3s-85f" / "bundled" / "model.chip")
    given = sum(1 for _ in stream_of(ring_in_memory(chip, tokens), what))
    assert given == tokens, f"{given} tokens, not {tokens}"


def main(arguments: Sequence[str]) -> None:
    if arguments:
        return _stream(arguments[0], int(arguments[1]))
    for what in WHAT:
        counts = [per_token(what, seed) for seed in SEEDS]
        print(f"{what}: {', '.join(f'{each:,.1f}' for each in counts)} instructions per token, of hash seeds {SEEDS}")


if __name__ == "__main__":
    main(sys.argv[1:])
