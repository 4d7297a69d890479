# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Contents of the engine's ROMs: fields of integers, packed as the RTL unpacks them, one hexadecimal word per line."""

from __future__ import annotations

import numpy as np

from ..chip import Chip
from ..fixed import MULTIPLIER_BITS, Ints, limits
from ..ops import rope
from ..schedule import Emission, Schedule

Field = tuple[Ints, int]  # values [words, count], and the bits of each


def hex_lines(*fields: Field) -> list[str]:
    """One word per row; the first field, and of each field the first value, lowest."""
    bits = []
    for values, width in fields:
        values = np.asarray(values, np.int64)
        values = values.reshape(values.shape[0], -1)
        planes = values[:, :, None] >> np.arange(width) & 1
        bits.append(planes.reshape(values.shape[0], -1).astype(np.uint8))
    packed = np.packbits(np.concatenate(bits, axis=1), axis=1, bitorder="little")[:, ::-1]
    return [row.tobytes().hex() for row in packed]


def rom_contents(chip: Chip, made: Schedule) -> dict[str, list[str]]:
    """File name to lines, every ROM of the engine."""
    t, f = chip.tables, chip.formats
    column = {name: values[:, None] for name, values in t.items() if values.ndim == 1}
    shifts = np.stack([chip.value_shift.reshape(-1), chip.score_shift.reshape(-1)], axis=1)
    embedding = chip.matrices["embedding"]
    contents = {
        "eps.hex": hex_lines((column["eps"], 30)),
        "rsqrt.hex": hex_lines((column["rsqrt"], 17)),
        "exp.hex": hex_lines((column["exp"], 12)),
        "reciprocal.hex": hex_lines((column["reciprocal"], 16)),
        "activation.hex": hex_lines((column["activation"], 16)),
        "gumbel.hex": hex_lines((column["gumbel"], 16)),
        "shift.hex": hex_lines((shifts, 5)),
        "angle.hex": _angles(chip, made),
        "embedding.hex": hex_lines((_padded(embedding.weight[0], made.geometry.groups), embedding.bits)),
        "embedding_multiplier.hex": hex_lines((embedding.multiplier[0][:, None], MULTIPLIER_BITS)),
        "emission.hex": _emissions(chip, made),
        "program.hex": _program(chip, made),
    }
    assert f.residual == len(t["eps"])
    return contents | _weights(chip, made)


def _padded(rows: np.ndarray, groups: int) -> Ints:
    """[V, D] to [V * words, groups]."""
    wide = np.pad(rows.astype(np.int64), ((0, 0), (0, -rows.shape[1] % groups)))
    return wide.reshape(-1, groups)


def _angles(chip: Chip, made: Schedule) -> list[str]:
    """Cosines and sines of every pair of neighbours of a head; pairs that do not turn have angle 0."""
    pairs = made.parts * made.geometry.groups // 2
    cos = np.full((chip.shape.context, pairs), 1 << rope.ANGLE_BITS, np.int64)
    sin = np.zeros_like(cos)
    half = chip.shape.rotary // 2
    cos[:, :half], sin[:, :half] = chip.tables["cos"], chip.tables["sin"]
    each = made.geometry.groups // 2
    return hex_lines((cos.reshape(-1, each), 16), (sin.reshape(-1, each), 16))


def _weights(chip: Chip, made: Schedule) -> dict[str, list[str]]:
    """One ROM per depth: for every step, in playing order, two rows of each lane column."""
    g, bits = made.geometry, lane_bits(chip)
    found: list[Ints] = []
    for run in made.runs:
        passes, steps = -(-len(run.emissions) // g.depth), run.steps(g.groups)
        dense = np.zeros((passes * g.depth * g.groups, steps * g.groups), np.int64)
        columns = np.array([c for c in run.columns if c is not None])
        places = np.array([i for i, c in enumerate(run.columns) if c is not None])
        rows = [row for e in run.emissions for row in e.rows]
        for at, row in enumerate(rows):
            if row is not None:
                dense[at, places] = chip.matrices[row[0]].weight[run.layer, row[1]][columns]
        split = dense.reshape(passes, g.depth, g.groups // 2, 2, steps, g.groups)
        found.append(split.transpose(1, 0, 4, 2, 5, 3).reshape(g.depth, passes * steps, -1))
    words = np.concatenate(found, axis=1)
    return {f"weight{e:02}.hex": hex_lines((words[e], bits)) for e in range(g.depth)}


def _emissions(chip: Chip, made: Schedule) -> list[str]:
    """Word of every read, as rtl/emission.sv unpacks it."""
    listed = made.emissions
    shift = [int(chip.matrices[e.matrix or "embedding"].shift[e.layer]) for e in listed]
    multiplier = [
        [0 if row is None else int(chip.matrices[row[0]].multiplier[e.layer, row[1]]) for row in e.rows] for e in listed
    ]
    mask = [[int(row is not None) for row in e.rows] for e in listed]
    columns = [[int(v) for v in (e.kind,)] for e in listed]

    def one(values: list[int]) -> Ints:
        return np.array(values, np.int64)[:, None]

    return hex_lines(
        (np.array(columns, np.int64), 3),
        (one([e.first for e in listed]), 1),
        (one([e.fold for e in listed]), 1),
        (np.array(mask, np.int64), 1),
        (one(shift), 6),
        (one([e.post for e in listed]), 6),
        (one([e.dest for e in listed]), _dest_bits(listed)),
        (np.array(multiplier, np.int64), MULTIPLIER_BITS),
    )


def _program(chip: Chip, made: Schedule) -> list[str]:
    """Control words, as rtl/sequencer.sv unpacks them."""
    width, words, rows = word_widths(chip, made), made.words, []
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else None
        run = word.run
        rows.append(
            [
                run.hold if run else 0,
                len(run.emissions) if run else 0,
                run.steps(made.geometry.groups) if run else 0,
                run.source if run else 0,
                int(run is not None),
                int(word.attend),
                int(word.ends),
                int(following is not None and following.after_span),
                following.at - word.at - 1 if following else 0,
            ]
        )
    table = np.array(rows, np.int64)
    bits = [width["HoldW"], width["EmitW"], width["StepW"], 2, 1, 1, 1, 1, width["WaitW"]]
    return hex_lines(*[(table[:, i : i + 1], b) for i, b in enumerate(bits)])


def word_widths(chip: Chip, made: Schedule) -> dict[str, int]:
    """Bits of the fields whose size depends on the plan."""
    waits = [b.at - a.at for a, b in zip(made.words, made.words[1:], strict=False)]
    groups = made.geometry.groups
    return {
        "DestW": _dest_bits(made.emissions),
        "WeightW": lane_bits(chip),
        "HoldW": 3,
        "WaitW": max(waits).bit_length(),
        "SpanW": (made.span(chip.shape.context - 1) + 1).bit_length(),
        "StepW": max(max(run.steps(groups) for run in made.runs).bit_length(), 2),
        "EmitW": max(len(run.emissions) for run in made.runs).bit_length(),
    }


def _dest_bits(emissions: list[Emission]) -> int:
    return max(max(e.dest for e in emissions).bit_length(), 2)


def lane_bits(chip: Chip) -> int:
    """Bits of a weight in the lanes: the widest matrix decides."""
    return max(m.bits for name, m in chip.matrices.items() if name != "embedding")


def accumulator_bits(chip: Chip, groups: int = 1) -> int:
    """Signed bits that hold any sum of any row, or of the columns that one of ``groups`` takes.

    Which columns those are does not matter: the bound takes the largest weights of as many.
    """
    inputs = {name: chip.formats.norm for name in ("q", "k", "v", "gate", "up", "head")}
    inputs |= {"o": chip.formats.attention, "down": chip.formats.hidden}
    largest = chip.matrices["embedding"].bits
    for name, bits in inputs.items():
        size = np.sort(abs(chip.matrices[name].weight.astype(np.int64)), axis=-1)[..., ::-1]
        columns = -(-size.shape[-1] // groups)
        if name == "o":  # heads are padded to whole groups
            columns = chip.shape.heads * -(-chip.shape.head_dim // groups)
        bound = int(size[..., :columns].sum(-1).max()) * -limits(bits)[0]
        largest = max(largest, bound.bit_length() + 1)
    return largest
