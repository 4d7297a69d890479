# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Contents of the engine's ROMs: fields of integers, packed as the RTL unpacks them, one hexadecimal word per line."""

from __future__ import annotations

import numpy as np

from ...chip.model import Chip
from ...ops import attention, rope
from ...ops.fixed import MULTIPLIER_BITS, Ints
from ...parts import present
from ...parts.mlp import entry_bits
from ...parts.part import Field
from ...plan.geometry import Geometry
from ...plan.program import Emission, Run, Schedule
from ...plan.widths import bias_bits, embedding_bits, lane_bits


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
    contents = {
        "rsqrt.hex": hex_lines((column["rsqrt"], 17)),
        "exp.hex": hex_lines((column["exp"], attention.PROBABILITY_BITS)),
        "reciprocal.hex": hex_lines((column["reciprocal"], 16)),
        "activation.hex": hex_lines((column["activation"], entry_bits(f, chip.wiring))),
        "gumbel.hex": hex_lines((column["gumbel"], 16)),
        "emission.hex": _emissions(chip, made),
        "program.hex": _program(chip, made),
    }
    if chip.shape.rotary:
        contents["angle.hex"] = _angles(chip, made)
    for part in present(chip.wiring):
        contents |= {f"{name}.hex": hex_lines(*fields) for name, fields in part.roms(chip, made).items()}
    return contents | _shifts(chip, made) | _embedding(chip, made.geometry.rows) | _weights(chip, made)


def _shifts(chip: Chip, made: Schedule) -> dict[str, list[str]]:
    """Shifts of values and of scores, a file for each of the heads that share a walk."""
    taken = any(part.takes_shift for part in present(chip.wiring))
    shifts = np.stack([chip.value_shift, np.zeros_like(chip.score_shift) if taken else chip.score_shift], axis=-1)
    each = {f"shift{h:02}.hex": shifts[:, h :: made.shared].reshape(-1, 2) for h in range(made.shared)}
    return {name: hex_lines((values, 5)) for name, values in each.items()}


def _embedding(chip: Chip, rows: int) -> dict[str, list[str]]:
    """Rows of tokens, then of positions."""
    tables = [chip.matrices[name] for name in ("embedding", "position") if name in chip.matrices]
    entries = np.concatenate([_padded(m.weight[0], rows) for m in tables])
    multipliers = np.concatenate([m.multiplier[0] for m in tables])[:, None]
    return {
        "embedding.hex": hex_lines((entries, embedding_bits(chip))),
        "embedding_multiplier.hex": hex_lines((multipliers, MULTIPLIER_BITS)),
    }


def _padded(rows: np.ndarray, groups: int) -> Ints:
    """[V, D] to [V * words, groups]."""
    wide = np.pad(rows.astype(np.int64), ((0, 0), (0, -rows.shape[1] % groups)))
    return wide.reshape(-1, groups)


def _angles(chip: Chip, made: Schedule) -> list[str]:
    """Cosines and sines of every pair of neighbours of a word; pairs that do not turn have angle 0. Of each position
    all sets."""
    s, half, each = chip.shape, chip.shape.rotary // 2, made.geometry.rows // 2
    cos = np.full((s.context, chip.wiring.rope_sets, s.head_dim // 2), 1 << rope.ANGLE_BITS, np.int64)
    sin = np.zeros_like(cos)
    for wide_table, name in ((cos, "cos"), (sin, "sin")):
        wide_table[..., :half] = chip.tables[name].reshape(-1, s.context, half).swapaxes(0, 1)
    wide = [np.tile(t, made.shared) for t in (cos, sin)]
    room = ((0, 0), (0, 0), (0, made.parts * each - wide[0].shape[-1]))
    wide = [np.pad(t, room, constant_values=c) for t, c in zip(wide, (1 << rope.ANGLE_BITS, 0), strict=True)]
    return hex_lines(*[(t.reshape(-1, each), 16) for t in wide])


def _weights(chip: Chip, made: Schedule) -> dict[str, list[str]]:
    """One ROM per depth: for every step, in playing order, columns of each row."""
    g, bits = made.geometry, lane_bits(chip)
    found: list[list[Ints]] = [[np.zeros((0, g.rows * g.columns), np.int64)] for _ in range(g.depth)]
    for run in made.runs:
        dense = _dense(chip, run, g)  # [emissions, rows, columns]
        split = dense.reshape(len(run.emissions), g.rows, -1, g.columns).swapaxes(1, 2)  # [emission, step, row, column]
        for e in range(min(g.depth, len(run.emissions))):
            found[e].append(split[e :: g.depth].reshape(-1, g.rows * g.columns))
    words = [np.concatenate(one) for one in found]
    words = [w if len(w) else np.zeros((1, g.rows * g.columns), np.int64) for w in words]
    return {f"weight{e:02}.hex": hex_lines((w, bits)) for e, w in enumerate(words)}


def _dense(chip: Chip, run: Run, g: Geometry) -> Ints:
    """The weights of a run [emissions, rows, columns], padding as zeros."""
    dense = np.zeros((len(run.emissions) * g.rows, len(run.columns)), np.int64)
    columns = np.array([c for c in run.columns if c is not None])
    places = np.array([i for i, c in enumerate(run.columns) if c is not None])
    rows = [row for e in run.emissions for row in e.rows]
    for matrix in {row[0] for row in rows if row is not None}:
        at = np.array([i for i, row in enumerate(rows) if row is not None and row[0] == matrix])
        which = np.array([row[1] for row in rows if row is not None and row[0] == matrix])
        if matrix == "embedding_norm":
            taken = np.eye(chip.shape.dim, dtype=np.int64)[which][:, columns]
        else:
            taken = chip.matrices[matrix].weight[run.layer][which][:, columns]
        dense[np.ix_(at, places)] = taken
    return dense.reshape(len(run.emissions), g.rows, -1)


def _scale_of(chip: Chip, matrix: str, layer: int) -> tuple[Ints, int, Ints | None]:
    """Multipliers of a matrix's rows, their shift, and their biases."""
    if matrix == "embedding_norm":
        assert chip.embedding_scale is not None
        return chip.embedding_scale.multiplier, int(chip.embedding_scale.shift), None
    m, bias = chip.matrices[matrix], chip.biases.get(matrix)
    return m.multiplier[layer], int(m.shift[layer]), None if bias is None else bias[layer]


def _emissions(chip: Chip, made: Schedule) -> list[str]:
    """Word of every read, as rtl/emission.sv unpacks it."""
    listed, rows = made.emissions, made.geometry.rows
    shift = np.zeros((len(listed), 1), np.int64)
    multiplier, bias, mask = (np.zeros((len(listed), rows), np.int64) for _ in range(3))
    for i, e in enumerate(listed):
        for r, row in enumerate(e.rows):
            if row is not None:
                scale, shift[i, 0], added = _scale_of(chip, row[0], e.layer)
                mask[i, r] = 1
                # The embedding's rows bring multipliers of their own.
                multiplier[i, r] = scale[row[1]] if row[0] not in ("embedding", "position") else 0
                bias[i, r] = 0 if added is None else added[row[1]]

    def one(values: list[int]) -> Ints:
        return np.array(values, np.int64)[:, None]

    fields: list[Field] = [
        (one([e.kind for e in listed]), 3),
        (one([e.replace for e in listed]), 1),
        (one([e.first for e in listed]), 1),
        (one([e.fold for e in listed]), 1),
        (mask, 1),
        (shift, 6),
        (one([e.post for e in listed]), 6),
        (one([e.dest for e in listed]), _dest_bits(listed)),
        (multiplier, MULTIPLIER_BITS),
    ]
    if bias_bits(chip):
        fields.append((bias, bias_bits(chip)))
    return hex_lines(*fields)


def _program(chip: Chip, made: Schedule) -> list[str]:
    """Control words, as rtl/sequencer.sv unpacks them."""
    width, words, rows = word_widths(chip, made), made.words, []
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else None
        run = word.run
        rows.append(
            [
                len(run.emissions) if run else 0,
                len(run.columns) // made.geometry.columns if run else 0,
                run.source if run else 0,
                int(run is not None),
                int(word.attend),
                int(word.ends),
                int(following is not None and following.after_span),
                following.at - word.at - 1 if following else 0,
            ]
        )
    table = np.array(rows, np.int64)
    bits = [width["EmitW"], width["StepW"], 2, 1, 1, 1, 1, width["WaitW"]]
    return hex_lines(*[(table[:, i : i + 1], b) for i, b in enumerate(bits)])


def word_widths(chip: Chip, made: Schedule) -> dict[str, int]:
    """Bits of the fields whose size depends on the plan."""
    waits = [b.at - a.at for a, b in zip(made.words, made.words[1:], strict=False)]
    return {
        "DestW": _dest_bits(made.emissions),
        "WeightW": lane_bits(chip),
        "WaitW": max(waits).bit_length(),
        "SpanW": (made.span(chip.shape.context - 1) + 1).bit_length(),
        "StepW": max(max(len(run.columns) // made.geometry.columns for run in made.runs).bit_length(), 2),
        "EmitW": max(len(run.emissions) for run in made.runs).bit_length(),
    }


def _dest_bits(emissions: list[Emission]) -> int:
    return max(max(e.dest for e in emissions).bit_length(), 2)
