# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The rung of the netlist: gates and block RAMs, simulated, against the integer reference.

Gates run a thousand times slower than C++, so one short text is compared: a prompt of four tokens and eight generated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..build.folder import Build
from ..chip.reference import Sampling, feeder, new_state, step, token_loop
from ..ops.fixed import Ints
from ..progress import Share
from .receipts import Difference, Rung

if TYPE_CHECKING:
    from ..backends.netlistsim import NetlistSim
    from ..backends.serialsim import SerialSim
    from ..driver.serial import SerialChip

PROMPT, TOKENS = 4, 8
MOST_LINE_CYCLES = 20_000_000  # on reading logits over a simulated line: half an hour of a board's gates
BITS_PER_LOGIT = 44  # on the line: four bytes, ten bits each, and what frames add

Outcome = tuple[Rung, Difference | None]


def climb(build: Build, sim: NetlistSim | SerialSim, start: Sequence[int], progress: Share) -> Outcome:
    """Compare what begins with ``start``; the rung, and the first difference if there is one."""
    from ..backends.rtlsim import RtlSim

    text = _Text(build, list(start[:PROMPT]))
    rung = Rung("equal")
    if isinstance(sim, RtlSim):
        difference = _logits(text, sim, rung, progress) or _tokens(text, sim, rung) or _cycles(text, sim, rung)
    else:
        difference = _at_the_wire(text, sim, rung, progress)
    rung.note = f"{build.manifest['synthesis']['resources']['lut']:,} LUTs; {rung.note}"
    rung.status = "different" if difference else "equal"
    return rung, difference


class _Text:
    """The text that is compared: ids [T], and the reference's logits [T, V]."""

    def __init__(self, build: Build, start: list[int]) -> None:
        self.build, self.chip, self.start = build, build.chip, start
        length = min(len(start) + TOKENS, self.chip.shape.context)
        self.budget = length - len(start)
        generated = token_loop(feeder(self.chip, Sampling()), start, self.chip.shape.context, self.budget, ())
        self.ids = np.array([*start, *generated], np.int64)
        self.logits: Ints = step(self.chip, new_state(self.chip, 1, length), self.ids[None])[0]

    def compare(self, position: int, got: Ints) -> Difference | None:
        """Logits [V] of a position."""
        want = self.logits[position]
        if np.array_equal(got, want):
            return None
        index = int(np.flatnonzero(got != want)[0])
        return Difference("netlist", "logits", position, index, int(want[index]), int(got[index]))


def _logits(text: _Text, sim: NetlistSim, rung: Rung, progress: Share) -> Difference | None:
    """Every token fed by itself, for the logits of every position."""
    for position, token in enumerate(text.ids.tolist()):
        got = sim.run([token], 1, clear=position == 0).logits[0]
        rung.tokens, rung.logits = rung.tokens + 1, rung.logits + got.size
        progress(0.6 * rung.tokens / text.ids.size)
        difference = text.compare(position, got)
        if difference is not None:
            return difference
    return None


def _tokens(text: _Text, sim: NetlistSim, rung: Rung) -> Difference | None:
    """The engine's own token loop, sampled."""
    sampling = Sampling(0.9, 7)
    want = token_loop(feeder(text.chip, sampling), text.start, text.chip.shape.context, text.budget, ())
    got = sim.run(text.start, text.budget, sampling).tokens
    for index, (expected, actual) in enumerate(zip(want, [*got, *[-1] * text.budget], strict=False)):
        rung.tokens += 1
        if expected != actual:
            return Difference("netlist", "token", len(text.start) + index, 0, expected, actual)
    return None


def _cycles(text: _Text, sim: NetlistSim, rung: Rung) -> Difference | None:
    """The token loop again, greedy: cycles as the manifest has them."""
    first = len(text.start) - 1  # what is fed before it needs no logits, and fewer cycles
    outcome = sim.run(text.start, text.budget)
    cycles = outcome.token_cycles[first:]
    for position, (expected, actual) in enumerate(zip(text.build.manifest["cycles"][first:], cycles, strict=False)):
        if expected != actual:
            return Difference("netlist", "cycles", first + position, 0, expected, actual)
    rung.note = f"cycles as planned at {len(cycles)} positions"
    return None


def _at_the_wire(text: _Text, sim: SerialSim, rung: Rung, progress: Share) -> Difference | None:
    """A board, spoken to over its serial line: logits of every position if the line can carry them, and the tokens."""
    from ..driver.serial import SerialChip

    sim.run(PROMPT * 10)  # the PLL locks, the reset ends
    chip = SerialChip(sim, chip_id=int(text.chip.digest[:8], 16))
    rung.note = "a board at its serial line, PLL and UART included"
    has_logits = sim.made["serial"]["logits"]
    every = has_logits and text.logits.size * BITS_PER_LOGIT * sim.made["divisor"] <= MOST_LINE_CYCLES
    # A board puts the token that it made last before what comes next, so inner tokens of the prompt are reached by
    # prompts that end with them.
    for position in range(len(text.start) - 1 if every else 0):
        chip.generate(text.start[: position + 1], 1, clear=True)
        difference = _logits_at_the_wire(chip, text, position, rung)
        if difference is not None:
            return difference
        progress((position + 1) / text.ids.size)
    rung.tokens = len(text.start)
    for position in range(len(text.start) - 1, text.ids.size - 1):
        first = position == len(text.start) - 1
        (token,) = chip.generate(text.start if first else [], 1, clear=first)
        rung.tokens += 1
        if every or (has_logits and position == text.ids.size - 2):
            difference = _logits_at_the_wire(chip, text, position, rung)
            if difference is not None:
                return difference
        want = int(text.ids[position + 1])
        if token != want:
            return Difference("netlist", "token", position + 1, 0, want, token)
        progress((position + 2) / text.ids.size)
    return None


def _logits_at_the_wire(chip: SerialChip, text: _Text, position: int, rung: Rung) -> Difference | None:
    """Those of the last token."""
    got = chip.logits()
    rung.logits += got.size
    return text.compare(position, got)
