# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Contents of the engine's ROMs: fields of integers, packed as the RTL unpacks them, one hexadecimal word per line."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ...chip.model import Chip
from ...errors import BuildError
from ...ops import attention, rope
from ...ops.fixed import MULTIPLIER_BITS, Ints
from ...parts import present
from ...parts.mlp import entry_bits
from ...parts.part import Words
from ...plan.drafts import DraftTable
from ...plan.geometry import Geometry
from ...plan.program import Emission, Run, Schedule
from ...plan.replay import Step
from ...plan.widths import bias_bits, embedding_bits, lane_bits, tails, weight_words
from ...plan.words import (
    ANGLES,
    EMISSION,
    OF_PARTS,
    PROGRAM,
    SHIFTS,
    Struct,
    Values,
)

Field = tuple[Ints, int]  # values [words, count], and the bits of each


def hex_lines(*fields: Field) -> list[str]:
    """One word per row; the first field, and of each field the first value, lowest; no digit beyond the bits."""
    bits = []
    for values, width in fields:
        values = np.asarray(values, np.int64)
        values = values.reshape(values.shape[0], -1)
        planes = values[:, :, None] >> np.arange(width) & 1
        bits.append(planes.reshape(values.shape[0], -1).astype(np.uint8))
    whole = np.concatenate(bits, axis=1)
    digits = -(-whole.shape[1] // 4)
    packed = np.packbits(whole, axis=1, bitorder="little")[:, ::-1]
    return [row.tobytes().hex()[-digits:] for row in packed]


def pack(struct: Struct, values: Values, columns: Mapping[str, npt.ArrayLike]) -> list[str]:
    """Words of a struct, from all of its fields: of each the values of every word, [words] or [words, lanes].

    Raises BuildError for a value that its field has no bits for.
    """
    places, fields = struct.places(values), list[Field]()
    if columns.keys() != places.keys():
        raise ValueError(f"{struct.name} has the fields {', '.join(places)}, not {', '.join(columns)}")
    for name, place in places.items():
        column = np.asarray(columns[name], np.int64).reshape(-1, place.lanes)
        low, high = place.range
        beyond = np.argwhere((column < low) | (column > high))
        if len(beyond):
            word, lane = beyond[0]
            raise BuildError(
                f"{struct.name}.{name}: word {word} has {column[word, lane]} in lane {lane}, "
                f"which {place.bits} bits do not hold"
            )
        if place.bits:
            fields.append((column, place.bits))
    return hex_lines(*fields)


def rom_contents(chip: Chip, program: Schedule, bias: int | None = None) -> dict[str, list[str]]:
    """File name to lines, every ROM of the engine. ``bias``: bits of a bias, where they are not the chip's own."""
    t, f = chip.tables, chip.formats
    column = {name: values[:, None] for name, values in t.items() if values.ndim == 1}
    contents = {
        "rsqrt.hex": hex_lines((column["rsqrt"], 17)),
        "exp.hex": hex_lines((column["exp"], attention.PROBABILITY_BITS)),
        "reciprocal.hex": hex_lines((column["reciprocal"], 16)),
        "activation.hex": hex_lines((column["activation"], entry_bits(f, chip.wiring))),
        "gumbel.hex": hex_lines((column["gumbel"], 16)),
        "emission.hex": _emissions(chip, program, bias_bits(chip) if bias is None else bias),
        "program.hex": _program(chip, program),
    }
    if chip.shape.rotary:
        contents["angle.hex"] = _angles(chip, program)
    if program.geometry.streams > 1:
        contents |= _bases(program)
    for part in present(chip.wiring):
        contents |= {f"{name}.hex": part_lines(words) for name, words in part.roms(chip, program).items()}
    return contents | _shifts(chip, program) | _embedding(chip, program.geometry.rows) | _weights(chip, program)


def part_lines(words: Words) -> list[str]:
    """A part's ROM as lines of hexadecimal, its fields packed as the struct that it names."""
    return pack(OF_PARTS[words.struct], words.widths, words.columns)


def draft_lines(table: DraftTable) -> dict[str, list[str]]:
    """File name to lines of the memories that a table of drafts is in."""
    columns = {name: [(values[:, None], bits) for values, bits in word] for name, word in table.words().items()}
    return {name: hex_lines(*fields) for name, fields in columns.items()}


def _shifts(chip: Chip, program: Schedule) -> dict[str, list[str]]:
    """Shifts of values and of scores, a file for each of the heads that share a walk."""
    in_part = any(part.takes_shift for part in present(chip.wiring))
    score, files = np.zeros_like(chip.score_shift) if in_part else chip.score_shift, dict[str, list[str]]()
    for h in range(program.shared):
        columns = {"score": score[:, h :: program.shared], "value": chip.value_shift[:, h :: program.shared]}
        files[f"shift{h:02}.hex"] = pack(SHIFTS, {}, columns)
    return files


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
    """Entries [V, D] as the words of a ROM [V * words, groups], the last word of a row padded with zeros."""
    wide = np.pad(rows.astype(np.int64), ((0, 0), (0, -rows.shape[1] % groups)))
    return wide.reshape(-1, groups)


def _angles(chip: Chip, program: Schedule) -> list[str]:
    """Cosines and sines of every pair of neighbours of a word; pairs that do not turn have angle 0. Of each position
    all sets."""
    s, half, pairs = chip.shape, chip.shape.rotary // 2, program.geometry.rows // 2
    cos = np.full((s.context, chip.wiring.rope_sets, s.head_dim // 2), 1 << rope.ANGLE_BITS, np.int64)
    sin = np.zeros_like(cos)
    for wide_table, name in ((cos, "cos"), (sin, "sin")):
        wide_table[..., :half] = chip.tables[name].reshape(-1, s.context, half).swapaxes(0, 1)
    wide = [np.tile(t, program.shared) for t in (cos, sin)]
    room = ((0, 0), (0, 0), (0, program.parts * pairs - wide[0].shape[-1]))
    wide = [np.pad(t, room, constant_values=c) for t, c in zip(wide, (1 << rope.ANGLE_BITS, 0), strict=True)]
    wide = [t[: program.context] for t in wide]
    return pack(ANGLES, {"Pairs": pairs}, {"cosine": wide[0].reshape(-1, pairs), "sine": wide[1].reshape(-1, pairs)})


def _weights(chip: Chip, program: Schedule) -> dict[str, list[str]]:
    """One ROM per depth: for every step, in playing order, columns of each row."""
    g, bits = program.geometry, lane_bits(chip)
    depths: list[list[Ints]] = [[np.zeros((0, g.rows * g.columns), np.int64)] for _ in range(g.depth)]
    for run in program.runs:
        dense = _dense(chip, run, g)  # [emissions, rows, columns]
        split = dense.reshape(len(run.emissions), g.rows, -1, g.columns).swapaxes(1, 2)  # [emission, step, row, column]
        for e in range(min(g.depth, len(run.emissions))):
            depths[e].append(split[e :: g.depth].reshape(-1, g.rows * g.columns))
    words = [np.concatenate(steps) for steps in depths]
    words = [w if len(w) else np.zeros((1, g.rows * g.columns), np.int64) for w in words]
    files = dict[str, list[str]]()
    for e, (word, tail) in enumerate(zip(words, tails(g, weight_words(program)), strict=True)):
        lines = hex_lines((word, bits))
        main = len(lines) - tail
        files[f"weight{e:02}.hex"] = lines[:main]
        if tail:
            files[f"tail{e:02}.hex"] = lines[main:]
    return files


def _dense(chip: Chip, run: Run, g: Geometry) -> Ints:
    """The weights of a run [emissions, rows, columns], padding as zeros."""
    dense = np.zeros((len(run.emissions) * g.rows, len(run.columns)), np.int64)
    columns = np.array([c for c in run.columns if c is not None])
    places = np.array([i for i, c in enumerate(run.columns) if c is not None])
    rows = [row for e in run.emissions for row in e.rows]
    for matrix in {row[0] for row in rows if row is not None}:
        at = np.array([i for i, row in enumerate(rows) if row is not None and row[0] == matrix])
        indices = np.array([row[1] for row in rows if row is not None and row[0] == matrix])
        if matrix == "embedding_norm":
            weights = np.eye(chip.shape.dim, dtype=np.int64)[indices][:, columns]
        else:
            weights = chip.matrices[matrix].weight[run.layer][indices][:, columns]
        dense[np.ix_(at, places)] = weights
    return dense.reshape(len(run.emissions), g.rows, -1)


def _scale_of(chip: Chip, matrix: str, layer: int) -> tuple[Ints, int, Ints | None]:
    """Multipliers of a matrix's rows, their shift, and their biases."""
    if matrix == "embedding_norm":
        assert chip.embedding_scale is not None
        return chip.embedding_scale.multiplier, int(chip.embedding_scale.shift), None
    m, bias = chip.matrices[matrix], chip.biases.get(matrix)
    return m.multiplier[layer], int(m.shift[layer]), None if bias is None else bias[layer]


def _emissions(chip: Chip, program: Schedule, bias_width: int) -> list[str]:
    """emission.hex, a word for every read: its kind and destination, its rows' multipliers, biases and mask."""
    listed, rows = program.emissions, program.geometry.rows
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
    return pack(
        EMISSION,
        word_widths(chip, program) | {"BiasW": bias_width},
        {
            "bias": bias,
            "multiplier": multiplier,
            "dest": [e.dest for e in listed],
            "post": [e.post for e in listed],
            "shift": shift,
            "mask": mask,
            "fold": [e.fold for e in listed],
            "first": [e.first for e in listed],
            "set": [e.replace for e in listed],
            "kind": [e.kind for e in listed],
        },
    )


def _program(chip: Chip, program: Schedule) -> list[str]:
    """The control program: what starts with each word, and the wait for the next."""
    words, columns = program.words, program.geometry.columns
    runs = [word.run for word in words]
    following = words[1:]
    several, taken = program.geometry.streams > 1, [Step.of(program, word, None) for word in words]
    return pack(
        PROGRAM,
        word_widths(chip, program),
        {
            "taken": [several and max(step.lanes - 1, 0) for step in taken],
            "reads_from": [several and step.reads_from for step in taken],
            "reads_until": [several and max(step.reads_until - 1, 0) for step in taken],
            "wait_cycles": [after.at - word.at - 1 for word, after in zip(words, following, strict=False)] + [0],
            "with_span": [word.after_span for word in following] + [False],
            "ends": [word.ends for word in words],
            "attend": [word.attend for word in words],
            "lanes": [run is not None for run in runs],
            "source": [run.source if run else 0 for run in runs],
            "steps": [len(run.columns) // columns if run else 0 for run in runs],
            "emits": [len(run.emissions) if run else 0 for run in runs],
        },
    )


def _bases(program: Schedule) -> dict[str, list[str]]:
    """Where each run begins, by its word's number: of the emissions, and of each depth's weights."""
    g = program.geometry
    reads, steps = len(program.embed), [0] * g.depth
    bases: list[list[int]] = []
    for word in program.words:
        bases.append([reads, *steps])
        if word.run is not None:
            reads += len(word.run.emissions)
            for e in range(g.depth):
                steps[e] += len(word.run.columns) // g.columns * len(range(e, len(word.run.emissions), g.depth))
    table = np.array(bases, np.int64)
    files = {"emission_base.hex": hex_lines((table[:, :1], max(program.emission_count.bit_length(), 1)))}
    return files | {f"weight_base{e:02}.hex": hex_lines((table[:, e + 1 : e + 2], 16)) for e in range(g.depth)}


def word_widths(chip: Chip, program: Schedule) -> dict[str, int]:
    """Parameters of the structs in words.py: bits of the fields whose size depends on chip and plan, and rows."""
    steps = [Step.of(program, word, None) for word in program.words]
    taken = max(max(step.lanes, step.reads_until) for step in steps).bit_length()
    waits = [b.at - a.at for a, b in zip(program.words, program.words[1:], strict=False)]
    return {
        "Rows": program.geometry.rows,
        "BiasW": bias_bits(chip),
        "DestW": _dest_bits(program.emissions),
        "WeightW": lane_bits(chip),
        "WaitW": max(waits).bit_length(),
        "SpanW": (program.span(program.context - 1) + 1).bit_length(),
        "TakenW": taken if program.geometry.streams > 1 else 0,
        "StepW": max(max(len(run.columns) // program.geometry.columns for run in program.runs).bit_length(), 2),
        "EmitW": max(len(run.emissions) for run in program.runs).bit_length(),
    }


def _dest_bits(emissions: list[Emission]) -> int:
    return max(max(e.dest for e in emissions).bit_length(), 2)
