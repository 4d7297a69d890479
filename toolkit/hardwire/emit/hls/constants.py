# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip's weights and tables as C++ constants: ``chip/chip.hpp`` and the ``.inc`` files it includes.

The same constants serve simulation and synthesis. Word layouts are those of ``hls/matvec.hpp`` (lane
weights, one ROM word per layer, block and column) and ``hls/embedding.hpp`` (one dense row per token or position).
The parts that a chip lacks are in ``hls/parts.hpp``.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...chip.model import LOOKED_UP, Chip, Formats, Shape, Wiring, expected_shapes, matrix_names
from ...errors import BuildError
from ...ops import rope
from ...ops.fixed import limits
from ...parts import PARTS, present, renorms, score_bits
from ...parts.part import Array

ATTENTION_PRODUCTS = 64  # two heads go together where their scores and weighted values take no more multipliers


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One layer matrix in its ROM: rows in blocks of ``lanes``, first ROM word and first multiplier."""

    name: str
    bits: int
    rows: int
    cols: int
    blocks: int
    address: int
    first_row: int


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything lies: the widths and sizes that kernels, report and graph share."""

    shape: Shape
    formats: Formats
    wiring: Wiring
    biased: tuple[str, ...]  # matrices with biases
    lanes: int
    placed: tuple[Placed, ...]
    head: Placed
    embedding_bits: int
    position_bits: int  # 0 without learned positions
    input_bits: int  # lane buffer
    output_bits: int  # requantised values
    score_bits: int  # attention scores

    @property
    def roms(self) -> dict[int, list[Placed]]:
        """Layer matrices by their weight bits; each group is one ROM and one matvec instance."""
        return {bits: [p for p in self.placed if p.bits == bits] for bits in sorted({p.bits for p in self.placed})}

    @property
    def together(self) -> int:
        """Query heads that one pass over the cache serves: 2 where they share a KV head and are small, else 1.

        Two is what the exponential table's read ports allow; a part with a table of its own reads it for each.
        """
        s = self.shape
        alone = any(part.table_reads for part in present(self.wiring))
        small = 4 * s.head_dim <= ATTENTION_PRODUCTS and not alone
        return 2 if (s.heads // s.kv_heads) % 2 == 0 and small else 1

    @property
    def multipliers(self) -> int:
        """Multipliers of all layer matrices."""
        return self.shape.layers * sum(p.rows for p in self.placed)

    @property
    def biases(self) -> int:
        """Biases of all layer matrices: none, or one for each multiplier."""
        return self.multipliers if any(p.name in self.biased for p in self.placed) else 0

    @property
    def renormed(self) -> dict[str, int]:
        """Channels of the norms inside a layer: of all heads, or of the residual."""
        return renorms.channels(self.shape, self.wiring)

    @property
    def engines(self) -> int:
        """Instances of the layers' matvec."""
        return len(self.roms)

    @property
    def angle_rows(self) -> int:
        """Rows of the tables of angles: a row per position and set; one where no position turns anything."""
        return self.wiring.rope_sets * self.shape.context if self.shape.rotary else 1

    @property
    def angles(self) -> int:
        """Angles per position; an array has at least one entry."""
        return max(self.shape.rotary // 2, 1)

    @property
    def largest_cols(self) -> int:
        """Columns of the widest matrix in the layers."""
        return max(p.cols for p in self.placed)

    @property
    def largest_rows(self) -> int:
        """Rows of the tallest matrix in the layers."""
        return max(p.rows for p in self.placed)

    def steps(self, placed: Placed) -> int:
        """ROM words of a matrix over all layers."""
        return (1 if placed.name == "head" else self.shape.layers) * placed.blocks * placed.cols

    def words(self, bits: int) -> int:
        """64-bit literals that hold a ROM word, the weights of all lanes in one cycle at ``bits`` each."""
        return -(-self.lanes * bits // 64)

    def sum_bits(self, group: list[Placed]) -> int:
        """Bits of an accumulator that the worst case of any matrix of ``group`` cannot overflow."""
        f = self.formats
        inputs = {"o": f.attention, "down": f.hidden}
        bound = max(p.cols * -limits(inputs.get(p.name, f.norm))[0] * -limits(p.bits)[0] for p in group)
        return bound.bit_length() + 1


def layout_of(chip: Chip, lanes: int) -> Layout:
    """Place every matrix of a chip on ``lanes`` lanes."""
    if not 1 <= lanes <= 1024:
        raise BuildError(f"{lanes} lanes: 1 to 1024 are possible")
    shape, f, bits = chip.shape, chip.formats, chip.bits
    shapes = expected_shapes(shape, chip.wiring)
    addresses: dict[int, int] = {}
    placed, first_row = [], 0
    for name in layer_matrices(chip.wiring):
        layers, rows, cols = shapes[name]
        blocks = -(-rows // lanes)
        address = addresses.get(bits[name], 0)
        placed.append(
            Placed(
                name=name, bits=bits[name], rows=rows, cols=cols, blocks=blocks, address=address, first_row=first_row
            )
        )
        addresses[bits[name]] = address + layers * blocks * cols
        first_row += layers * rows
    return Layout(
        shape=shape,
        formats=f,
        wiring=chip.wiring,
        biased=tuple(chip.biases),
        lanes=lanes,
        placed=tuple(placed),
        head=Placed(
            name="head",
            bits=bits["head"],
            rows=shape.vocab,
            cols=shape.dim,
            blocks=-(-shape.vocab // lanes),
            address=0,
            first_row=0,
        ),
        embedding_bits=bits["embedding"],
        position_bits=bits.get("position", 0),
        input_bits=max(f.norm, f.attention, f.hidden),
        output_bits=max(f.residual, f.cache, f.gate, f.up if chip.wiring.gated else 0, rope.INPUT_BITS),
        score_bits=score_bits(chip, f.query + f.cache + (shape.head_dim - 1).bit_length()),
    )


def layer_matrices(wiring: Wiring) -> list[str]:
    """The matrices that the layers' lanes run, in the order of their multipliers."""
    return [name for name in matrix_names(wiring) if name not in (*LOOKED_UP, "head")]


def number(value: object, name: str = "a value") -> int:
    """``value`` if it is an integer. A chip is a file from anywhere: no text of it may get into the sources."""
    try:
        return int(index(value))  # type: ignore[arg-type]
    except TypeError:
        raise BuildError(f"{name} in the chip is {str(value)[:40]!r}, not an integer; quantize again") from None


# ---------------------------------------------------------------------------------------------------
# Packing.


def pack(values: NDArray[np.int8], bits: int) -> NDArray[np.uint64]:
    """Rows of values [N, M] to dense little-endian strings of fields, [N, ceil(M * bits / 64)]."""
    count, width = values.shape
    words = -(-width * bits // 64)
    out = np.empty((count, words), np.uint64)
    for start in range(0, count, 1 << 13):  # the bits of a chunk, one byte each, stay in cache size
        part = values[start : start + (1 << 13)].view(np.uint8)
        spread = (part[:, :, None] >> np.arange(bits, dtype=np.uint8)) & 1
        padded = np.zeros((len(part), words * 64), np.uint8)
        padded[:, : width * bits] = spread.reshape(len(part), -1)
        out[start : start + len(part)] = np.packbits(padded, axis=1, bitorder="little").view("<u8")
    return out


def lane_words(weight: NDArray[np.int8], lanes: int, bits: int) -> NDArray[np.uint64]:
    """Weights [L, out, in] to ROM words [L * blocks * in, words], zero rows padding the last block."""
    layers, rows, cols = weight.shape
    blocks = -(-rows // lanes)
    full = np.zeros((layers, blocks * lanes, cols), np.int8)
    full[:, :rows] = weight
    by_column = full.reshape(layers, blocks, lanes, cols).swapaxes(2, 3)
    return pack(np.ascontiguousarray(by_column).reshape(-1, lanes), bits)


def words_text(words: NDArray[np.uint64]) -> bytes:
    """Initialisers of words [N, M], one row per line."""
    count, width = words.shape
    line = np.zeros((count, width, 20), np.uint8)
    line[..., :2] = np.frombuffer(b"0x", np.uint8)
    digits = np.ascontiguousarray(words).astype(">u8").tobytes().hex().encode()
    line[..., 2:18] = np.frombuffer(digits, np.uint8).reshape(count, width, 16)
    line[..., 18] = ord(",")
    line[..., 19] = ord(" ")
    line[:, -1, 19] = ord("\n")
    return line.tobytes()


def ints_text(values: NDArray[Any]) -> str:
    """Initialisers of a table, nested braces dropped, sixteen to a line."""
    flat = [str(number(v)) for v in values.reshape(-1).tolist()]
    return "\n".join(", ".join(flat[i : i + 16]) + "," for i in range(0, len(flat), 16))


# ---------------------------------------------------------------------------------------------------
# Files.


def weight_files(chip: Chip, layout: Layout) -> dict[str, bytes]:
    """The ``.inc`` files of lane weights and of rows of embedding and positions, by name."""
    files = {
        f"{p.name}.inc": words_text(lane_words(chip.matrices[p.name].weight, layout.lanes, p.bits))
        for p in (*layout.placed, layout.head)
    }
    for name in LOOKED_UP:
        if name in chip.matrices:
            table = chip.matrices[name]
            files[f"{name}.inc"] = words_text(pack(np.ascontiguousarray(table.weight[0]), table.bits))
    return files


def tables(chip: Chip, layout: Layout) -> list[dict[str, str]]:
    """Every table as a C++ array: type, name, dimensions, initialisers. BuildError when one does not fit."""
    s, names = chip.shape, layer_matrices(chip.wiring)
    sets = "" if chip.wiring.rope_sets == 1 else "ROPE_SETS * "
    angles = f"[{sets}CONTEXT][{layout.angles}]" if s.rotary else "[1][1]"
    per_layer = np.concatenate([chip.matrices[n].multiplier.reshape(-1) for n in names])
    rows: list[Array] = [
        ("uint32_t", "multipliers", "[MULTIPLIERS]", per_layer),
        ("uint16_t", "exp", "[1024]", chip.tables["exp"]),
        ("uint16_t", "reciprocal", "[1024]", chip.tables["reciprocal"]),
        ("uint32_t", "rsqrt", "[768]", chip.tables["rsqrt"]),
        ("uint32_t", "eps", "[1]", chip.tables["eps"]),
        ("int16_t", "activation", "[1 << GATE]", chip.tables["activation"]),
        ("int16_t", "cos", angles, chip.tables["cos"] if s.rotary else np.zeros((1, 1), np.int64)),
        ("int16_t", "sin", angles, chip.tables["sin"] if s.rotary else np.zeros((1, 1), np.int64)),
        ("int16_t", "gumbel", "[2048]", chip.tables["gumbel"]),
        ("uint8_t", "score_shift", "[LAYERS][HEADS]", chip.score_shift),
        ("uint8_t", "value_shift", "[LAYERS][HEADS]", chip.value_shift),
    ]
    rows += [row for part in present(chip.wiring) for row in part.cpp_arrays(chip)]
    return [_table(*row) for row in rows]


def _table(kind: str, name: str, dims: str, values: NDArray[Any]) -> dict[str, str]:
    info = np.iinfo(kind.removesuffix("_t"))
    if values.min() < info.min or values.max() > info.max:
        raise BuildError(
            f"table {name} holds {values.min()}..{values.max()}, beyond its C++ type {kind}; "
            "the HLS kernels need a wider type for this chip"
        )
    return {"type": kind, "name": name, "dims": dims, "values": ints_text(values)}


def chip_context(chip: Chip, layout: Layout) -> dict[str, Any]:
    """What the template of ``chip.hpp`` is filled with."""

    def entry(p: Placed) -> dict[str, Any]:
        return {
            "name": p.name,
            "type": p.name.capitalize(),
            "bits": p.bits,
            "rows": p.rows,
            "cols": p.cols,
            "blocks": p.blocks,
            "address": p.address,
            "first_row": p.first_row,
            "shift": ints_text(chip.matrices[p.name].shift),
        }

    roms = [
        {
            "bits": bits,
            "steps": sum(layout.steps(p) for p in group),
            "words": layout.words(bits),
            "sum": layout.sum_bits(group),
            "files": [f"{p.name}.inc" for p in group],
        }
        for bits, group in layout.roms.items()
    ]
    return {
        "s": chip.shape,
        "f": chip.formats,
        "layout": layout,
        "matrices": [entry(p) for p in layout.placed],
        "head": entry(layout.head)
        | {
            "steps": layout.steps(layout.head),
            "words": layout.words(layout.head.bits),
            "sum": layout.sum_bits([layout.head]),
            "multipliers": ints_text(chip.matrices["head"].multiplier),
        },
        "roms": roms,
        "tables": tables(chip, layout),
        "rows": [_rows(chip, name) for name in LOOKED_UP if name in chip.matrices],
        "constants": [line for part in PARTS for line in part.constants(chip)],
        "renorms": _renorms(chip, layout),
        "digest": chip.digest,
    }


def _rows(chip: Chip, name: str) -> dict[str, Any]:
    """A table of rows that the residual takes."""
    table = chip.matrices[name]
    return {
        "type": name.capitalize(),
        "file": f"{name}.inc",
        "size": {"embedding": "VOCAB", "position": "CONTEXT"}[name],
        "bits": table.bits,
        "words": -(-chip.shape.dim * table.bits // 64),
        "shift": int(table.shift[0]),
        "multipliers": ints_text(table.multiplier),
    }


def _renorms(chip: Chip, layout: Layout) -> list[dict[str, Any]]:
    """Each norm inside a layer, and where its multipliers begin."""
    norms, first = [], 0
    for name, channels in layout.renormed.items():
        renorm = chip.renorms[name]
        shift, eps = ints_text(renorm.shift), ints_text(renorm.eps)
        norms.append({"type": f"Renorm{name.capitalize()}", "first": first, "shift": shift, "eps": eps})
        first += chip.shape.layers * channels
    return norms
