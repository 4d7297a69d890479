# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Contents of the engine's ROMs: fields of integers, packed as the RTL unpacks them, one hexadecimal word per line."""

from __future__ import annotations

import numpy as np

from ...chip.model import Chip
from ...ops import attention, norm, rope, softcap
from ...ops.fixed import MULTIPLIER_BITS, Ints
from ...plan.geometry import Geometry
from ...plan.latency import normed_branches, normed_heads
from ...plan.program import KEY, QUERY, Emission, Run, Schedule
from ...plan.widths import bias_bits, embedding_bits, lane_bits

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
    contents = {
        "rsqrt.hex": hex_lines((column["rsqrt"], 17)),
        "exp.hex": hex_lines((column["exp"], attention.PROBABILITY_BITS)),
        "reciprocal.hex": hex_lines((column["reciprocal"], 16)),
        "activation.hex": hex_lines((column["activation"], 16 if chip.wiring.gated else f.hidden)),
        "gumbel.hex": hex_lines((column["gumbel"], 16)),
        "emission.hex": _emissions(chip, made),
        "program.hex": _program(chip, made),
    }
    if chip.shape.rotary:
        contents["angle.hex"] = _angles(chip, made)
    for name, listed in renormed(made).items():
        contents |= _renorms(chip, name, listed)
    for name in ("score_cap", "logit_cap"):
        if name in t:
            contents[f"{name}.hex"] = cap_lines(t[name])
    if any(chip.wiring.windows):
        contents["window.hex"] = _windows(chip.wiring.windows, made)
    return contents | _shifts(chip, made) | _embedding(chip, made.geometry.rows) | _weights(chip, made)


def _shifts(chip: Chip, made: Schedule) -> dict[str, list[str]]:
    """Shifts of values and of scores, a file for each of the heads that share a walk."""
    capped = chip.wiring.score_cap  # a cap takes the shift, and gives steps of the exponential
    shifts = np.stack([chip.value_shift, np.zeros_like(chip.score_shift) if capped else chip.score_shift], axis=-1)
    found: dict[str, list[str]] = {}
    for h in range(made.shared):
        found[f"shift{h:02}.hex"] = hex_lines((shifts[:, h :: made.shared].reshape(-1, 2), 5))
        if capped:
            found[f"cap{h:02}.hex"] = hex_lines((chip.score_shift[:, h :: made.shared].reshape(-1, 1), 5))
    return found


def cap_lines(table: Ints) -> list[str]:
    """A soft cap's lines as rtl/soft_cap.sv unpacks them: where each begins, and how far it rises."""
    return hex_lines((table[:-1, None], softcap.CAP_BITS), (np.diff(table)[:, None], slope_bits(table)))


def slope_bits(table: Ints) -> int:
    """Signed bits of what a soft cap's lines rise by."""
    rise = np.diff(table)
    return int(max(rise.max(), ~rise.min())).bit_length() + 1


def _windows(windows: tuple[int, ...], made: Schedule) -> list[str]:
    """How far back each layer sees, in blocks and banks of the cache, as rtl/window.sv unpacks them."""
    banks, blocks = made.geometry.banks, made.blocks
    reach = np.array([divmod(window - 1, banks) if window else (blocks, 0) for window in windows])
    return hex_lines((reach[:, 1:], max((banks - 1).bit_length(), 1)), (reach[:, :1], blocks.bit_length()))


def renormed(made: Schedule) -> dict[str, list[Emission]]:
    """Reads that a norm inside a layer takes, by the name of its tables: of queries and keys, of the branches."""
    found: dict[str, list[Emission]] = {}
    if normed_heads(made.wiring):
        found["renorm"] = [e for e in made.emissions if e.kind in (QUERY, KEY)]
    if normed_branches(made.wiring):
        found["branch"] = [e for e in made.emissions if e.matrix in ("o", "down")]
    return found


def _renorm_of(chip: Chip, e: Emission) -> norm.Renorm:
    return chip.renorms[{"o": "attention", "down": "mlp"}.get(e.matrix, e.matrix)]


def _eps_bits(chip: Chip, listed: list[Emission]) -> int:
    return max(int(_renorm_of(chip, e).eps[e.layer]) for e in listed).bit_length()


def _renorms(chip: Chip, name: str, listed: list[Emission]) -> dict[str, list[str]]:
    """For every read: its rows' gains and their shift, and its heads' eps."""
    gain, shift, eps = (np.zeros((len(listed), n), np.int64) for n in (len(listed[0].rows), 1, 1))
    for i, e in enumerate(listed):
        renorm = _renorm_of(chip, e)
        shift[i], eps[i] = renorm.shift[e.layer], renorm.eps[e.layer]
        gain[i] = [0 if row is None else renorm.multiplier[e.layer, row[1]] for row in e.rows]
    return {
        f"{name}.hex": hex_lines((gain, MULTIPLIER_BITS), (shift, 6)),
        f"{name}_eps.hex": hex_lines((eps, _eps_bits(chip, listed))),
    }


def renorm_widths(chip: Chip, made: Schedule) -> dict[str, int]:
    """Parameters of each rtl/renorm.sv."""
    widths: dict[str, int] = {}
    for name, listed in renormed(made).items():
        channels = chip.shape.head_dim if name == "renorm" else chip.shape.dim
        widths |= {
            f"{name.capitalize()}Words": len(listed),
            f"{name.capitalize()}EpsW": _eps_bits(chip, listed),
            f"{name.capitalize()}EnergyW": norm.largest_energy(channels, norm.RENORM_BITS).bit_length(),
        }
    return widths


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
