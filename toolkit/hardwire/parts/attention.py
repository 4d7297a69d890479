# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the layers' attention does not do alike: windows that it sees, sets of angles that turn its heads."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..chip.wiring import Formats, Shape, Wiring
from ..decoder import Decoder, Rope
from .part import Array, IntegerModel, Layout, Part, Program, Rom, Words


def _per_layer(name: str, values: tuple[int, ...], layers: int, largest: int) -> str:
    """What is wrong with a list of one integer from 0 to ``largest`` for each layer."""
    if values and (len(values) != layers or any(type(v) is not int or not 0 <= v <= largest for v in values)):
        return f"wiring.{name} is {str(values)[:80]}, not {layers} integers from 0 to {largest}"
    return ""


# ---------------------------------------------------------------------------------------------------
# Sliding windows.


def _windows(decoder: Decoder) -> dict[str, Any]:
    context = decoder.context
    by_layer = [block.attention.window for block in decoder.blocks]
    windows = tuple(0 if window is None or window >= context else window for window in by_layer)
    return {"windows": windows if any(windows) else ()}


def _window_constants(chip: IntegerModel) -> list[str]:
    return ["static constexpr bool WINDOWED = true;"] if any(chip.wiring.windows) else []


def _window_arrays(chip: IntegerModel) -> list[Array]:
    windows = chip.wiring.windows
    return [("uint32_t", "windows", "[LAYERS]", np.array(windows))] if any(windows) else []


def _window_memories(layout: Layout) -> list[Rom]:
    return [("windows", layout.shape.layers, 32, 1)] if any(layout.wiring.windows) else []


def _window_roms(chip: IntegerModel, program: Program) -> dict[str, Words]:
    """Of each layer, how far back it sees: whole blocks of the cache, and banks of the oldest block."""
    banks, blocks, windows = program.geometry.banks, program.blocks, chip.wiring.windows
    if not any(windows):
        return {}
    reach = np.array([divmod(window - 1, banks) if window else (blocks, 0) for window in windows])
    widths = {"BankW": max((banks - 1).bit_length(), 1), "BlockW": blocks.bit_length()}
    columns = {"blocks": reach[:, 0], "banks": reach[:, 1]}
    return {"window": Words(struct="window_t", widths=widths, columns=columns)}


WINDOWS = Part(
    key="windows",
    one_stream="attention windows",
    there=lambda wiring: bool(wiring.windows),
    read=_windows,
    since=3,
    fields=("windows",),
    check=lambda shape, formats, wiring: _per_layer("windows", wiring.windows, shape.layers, shape.context),
    constants=_window_constants,
    cpp_arrays=_window_arrays,
    cpp_roms=_window_memories,
    switches=lambda shape, wiring: {"Windowed": int(any(wiring.windows))},
    roms=_window_roms,
)

# ---------------------------------------------------------------------------------------------------
# Sets of angles.


def rope_sets(decoder: Decoder) -> list[Rope]:
    """The angles that the layers turn by, each set once; no rotation is a set without dimensions."""
    sets: list[Rope] = []
    for block in decoder.blocks:
        if _set_of(sets, block.attention.rope) == len(sets):
            sets.append(block.attention.rope or Rope(np.empty(0)))
    return sets


def _set_of(sets: list[Rope], rope: Rope | None) -> int:
    """Place of the set with these angles, or the number of sets. Which dimensions are pairs may differ."""
    angles, amplitude = (np.empty(0), 1.0) if rope is None else (rope.inv_freq, rope.amplitude)
    same = (r.amplitude == amplitude and np.array_equal(r.inv_freq, angles) for r in sets)
    return next((index for index, equal in enumerate(same) if equal), len(sets))


def _sets(decoder: Decoder) -> dict[str, Any]:
    sets = rope_sets(decoder)
    by_layer = tuple(_set_of(sets, block.attention.rope) for block in decoder.blocks)
    return {"rope": by_layer if len(sets) > 1 else ()}


def _check_sets(s: Shape, f: Formats, wiring: Wiring) -> str:
    if wrong := _per_layer("rope", wiring.rope, s.layers, s.layers - 1):
        return wrong
    if sorted(set(wiring.rope)) != list(range(wiring.rope_sets)):
        return f"wiring.rope is {str(wiring.rope)[:80]}, which leaves out a set"
    return ""


def _set_constants(chip: IntegerModel) -> list[str]:
    sets = chip.wiring.rope_sets
    return [f"static constexpr int ROPE_SETS = {sets:d};"] if sets > 1 else []


def _set_arrays(chip: IntegerModel) -> list[Array]:
    rope = chip.wiring.rope
    return [("uint16_t", "rope", "[LAYERS]", np.array(rope))] if chip.wiring.rope_sets > 1 else []


def _set_memories(layout: Layout) -> list[Rom]:
    return [("rope", layout.shape.layers, 16, 1)] if layout.wiring.rope_sets > 1 else []


ROPE = Part(
    key="rope",
    there=lambda wiring: bool(wiring.rope),
    read=_sets,
    since=3,
    fields=("rope",),
    check=_check_sets,
    constants=_set_constants,
    cpp_arrays=_set_arrays,
    cpp_roms=_set_memories,
    switches=lambda shape, wiring: {"Turns": int(shape.rotary > 0), "RopeSets": wiring.rope_sets},
)
