# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer model: everything a chip needs, as plain data, and its one-file form.

A ``.chip`` is a zip of ``chip.json`` and one ``.npy`` per array: no pickle, the same bytes for the same
content. What runs on a board reads it too, so this file imports numpy and the standard library only.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zlib import error as zlib_error

import numpy as np
from numpy.typing import NDArray

from .errors import ChipError
from .fixed import MULTIPLIER_BITS, Ints, limits
from .ops.matvec import Matrix

FORMAT_VERSION = 1
LARGEST_JSON = 64 << 20
LARGEST_ARRAY = 1 << 32


@dataclass(frozen=True)
class Shape:
    """Dimensions of a decoder with gated MLP, RMSNorm and rotary position embedding."""

    vocab: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    context: int
    rotary: int  # rotated dimensions of each head, even

    @property
    def query_rows(self) -> int:
        return self.heads * self.head_dim

    @property
    def kv_rows(self) -> int:
        return self.kv_heads * self.head_dim


@dataclass(frozen=True)
class Formats:
    """Bits of every kind of value; all signed but where the name of its op says otherwise."""

    residual: int = 16
    norm: int = 9  # shifted residual into q, k, v, gate, up, head: a dynamic scale per token
    query: int = 9
    cache: int = 8  # keys and values
    attention: int = 8  # mixed values into o
    hidden: int = 8  # gated values into down
    gate: int = 11  # index of the activation table
    up: int = 16
    logit: int = 16
    logit_fraction: int = 10  # logits in units of 2**-logit_fraction


MATRICES = ("q", "k", "v", "o", "gate", "up", "down", "head", "embedding")
TABLES = ("exp", "reciprocal", "rsqrt", "eps", "activation", "cos", "sin", "gumbel")
SHIFTS = ("score_shift", "value_shift", "gate_shift")


@dataclass(frozen=True)
class Chip:
    """An integer decoder. Matrices and shifts carry the layer as their leading index.

    matrices: q, k, v, o, gate, up, down [L, out, in]; head, embedding [1, V, D].
    tables: what ``ops/`` computed when the chip was made; stored, hashed, never computed again.
    score_shift [L, H], value_shift [L, H], gate_shift [L]: right shift of a score difference, left shift
    of mixed values, right shift of the gated product.
    scales: real value of one unit of each stage, for people and for plots; no arithmetic reads them.
    """

    shape: Shape
    formats: Formats
    matrices: dict[str, Matrix]
    tables: dict[str, Ints]
    score_shift: Ints
    value_shift: Ints
    gate_shift: Ints
    activation: str
    tokenizer: dict[str, Any] | None = None
    bos: int | None = None
    eos: tuple[int, ...] = ()
    scales: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """sha256 over everything, hex."""
        total = hashlib.sha256(_header_bytes(self))
        for name, array in _arrays(self).items():
            total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()

    @property
    def bits(self) -> dict[str, int]:
        """Weight bits of every matrix."""
        return {name: matrix.bits for name, matrix in self.matrices.items()}

    @property
    def weight_bits(self) -> int:
        """Bits that all weights take on the chip, multipliers not counted."""
        return sum(m.weight.size * m.bits for m in self.matrices.values())

    def exceptions(self) -> list[str]:
        """Values wider than the eight bits that an int8-activation name promises."""
        f = self.formats
        inputs = {
            "normalised inputs": f.norm,
            "queries": f.query,
            "KV cache": f.cache,
            "attention output": f.attention,
            "MLP hidden": f.hidden,
            "embedding": self.matrices["embedding"].bits,
        }
        return [f"{name}: {bits} bits" for name, bits in inputs.items() if bits != 8]

    def save(self, path: Path) -> None:
        """Write the ``.chip``; a partial file never carries the final name."""
        partial = path.with_name(path.name + ".part")
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _put(archive, "chip.json", _header_bytes(self))
            for name, array in _arrays(self).items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
                _put(archive, f"{name}.npy", buffer.getvalue())
        partial.replace(path)


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a member with a fixed date, so that equal chips are equal files."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def _arrays(chip: Chip) -> dict[str, NDArray[Any]]:
    """Every array by its name in the file, narrow types, in a fixed order."""
    found: dict[str, NDArray[Any]] = {}
    for name in MATRICES:
        matrix = chip.matrices[name]
        found[f"matrices/{name}/weight"] = matrix.weight
        found[f"matrices/{name}/multiplier"] = matrix.multiplier.astype(np.uint32)
        found[f"matrices/{name}/shift"] = matrix.shift.astype(np.uint8)
    for name in TABLES:
        found[f"tables/{name}"] = chip.tables[name].astype(np.int32)
    for name in SHIFTS:
        found[name] = getattr(chip, name).astype(np.uint8)
    return found


def _header_bytes(chip: Chip) -> bytes:
    header = {
        "format": FORMAT_VERSION,
        "shape": asdict(chip.shape),
        "formats": asdict(chip.formats),
        "bits": chip.bits,
        "activation": chip.activation,
        "bos": chip.bos,
        "eos": list(chip.eos),
        "scales": chip.scales,
        "about": chip.about,
        "tokenizer": chip.tokenizer,
    }
    return json.dumps(header, sort_keys=True, ensure_ascii=False, indent=1).encode()


def load_chip(path: Path) -> Chip:
    """Read and check a ``.chip``. The file is not trusted: sizes are bounded before anything is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            header = json.loads(_read(archive, path, "chip.json", LARGEST_JSON))
            if header.get("format") != FORMAT_VERSION:
                raise ChipError(
                    f"{path}: format {header.get('format')!r}, this version reads {FORMAT_VERSION}; "
                    "run hardwire quantize again"
                )
            chip = _assemble(header, lambda name: _read_array(archive, path, name))
    except OSError as error:
        raise ChipError(
            f"{path}: cannot be read ({error.strerror or error}); give a file that hardwire quantize wrote"
        ) from None
    except (zipfile.BadZipFile, EOFError, zlib_error) as error:
        raise ChipError(f"{path}: not a complete .chip file ({error}); run hardwire quantize again") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ChipError(f"{path}: malformed .chip, {type(error).__name__}: {error}") from None
    check_chip(chip, str(path))
    return chip


def _read(archive: zipfile.ZipFile, path: Path, name: str, largest: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > largest:
        raise ChipError(f"{path}: member {name} claims {info.file_size:,} bytes, more than {largest:,}")
    with archive.open(info) as member:
        return member.read(largest + 1)


def _read_array(archive: zipfile.ZipFile, path: Path, name: str) -> NDArray[Any]:
    data = io.BytesIO(_read(archive, path, f"{name}.npy", LARGEST_ARRAY))
    if np.lib.format.read_magic(data) != (1, 0):
        raise ChipError(f"{path}: array {name} is in an .npy version this reader does not take; quantize again")
    shape, _, dtype = np.lib.format.read_array_header_1_0(data)
    held = len(data.getbuffer()) - data.tell()
    if dtype.kind not in "iu" or math.prod(shape) * dtype.itemsize != held:
        raise ChipError(f"{path}: array {name} is {dtype} {shape}, which its {held} bytes do not hold")
    data.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(data, allow_pickle=False)
    return array


def _assemble(header: dict[str, Any], array: Any) -> Chip:
    def ints(name: str) -> Ints:
        return array(name).astype(np.int64)

    matrices = {}
    for name in MATRICES:
        weight = array(f"matrices/{name}/weight")
        if weight.dtype != np.int8:
            raise ChipError(f"matrix {name}: weights are {weight.dtype}, not int8")
        matrices[name] = Matrix(
            weight, ints(f"matrices/{name}/multiplier"), ints(f"matrices/{name}/shift"), int(header["bits"][name])
        )
    return Chip(
        shape=Shape(**header["shape"]),
        formats=Formats(**header["formats"]),
        matrices=matrices,
        tables={name: ints(f"tables/{name}") for name in TABLES},
        score_shift=ints("score_shift"),
        value_shift=ints("value_shift"),
        gate_shift=ints("gate_shift"),
        activation=str(header["activation"]),
        tokenizer=header["tokenizer"],
        bos=header["bos"],
        eos=tuple(header["eos"]),
        scales=header["scales"],
        about=header["about"],
    )


def expected_shapes(s: Shape) -> dict[str, tuple[int, ...]]:
    """Shape of each matrix's weights."""
    each: dict[str, tuple[int, ...]] = {
        "q": (s.query_rows, s.dim),
        "k": (s.kv_rows, s.dim),
        "v": (s.kv_rows, s.dim),
        "o": (s.dim, s.query_rows),
        "gate": (s.hidden, s.dim),
        "up": (s.hidden, s.dim),
        "down": (s.dim, s.hidden),
    }
    table: tuple[int, ...] = (1, s.vocab, s.dim)
    return {name: (s.layers, *dims) for name, dims in each.items()} | {"head": table, "embedding": table}


def check_chip(chip: Chip, where: str) -> None:
    """Raise ChipError unless every array has its shape and every value its range."""
    s, f = chip.shape, chip.formats
    for item in fields(s):
        if not 1 <= getattr(s, item.name) <= 1 << 24 and not (item.name == "rotary" and s.rotary == 0):
            raise ChipError(f"{where}: shape.{item.name} is {getattr(s, item.name)}, not a sensible dimension")
    if s.heads % s.kv_heads or s.rotary % 2 or s.rotary > s.head_dim:
        raise ChipError(f"{where}: {s.heads} heads over {s.kv_heads} KV heads, rotary {s.rotary} of {s.head_dim}")
    for name, shape in expected_shapes(s).items():
        matrix = chip.matrices[name]
        _check_matrix(matrix, shape, f"{where}: matrix {name}")
    table_shapes = {
        "exp": (1024,),
        "reciprocal": (1024,),
        "rsqrt": (768,),
        "activation": (1 << f.gate,),
        "eps": (f.residual,),
        "cos": (s.context, s.rotary // 2),
        "sin": (s.context, s.rotary // 2),
        "gumbel": (2048,),
    }
    for name, shape in table_shapes.items():
        if chip.tables[name].shape != shape:
            raise ChipError(f"{where}: table {name} is {chip.tables[name].shape}, expected {shape}")
    shifts = {"score_shift": (s.layers, s.heads), "value_shift": (s.layers, s.heads), "gate_shift": (s.layers,)}
    for name, shape in shifts.items():
        values = getattr(chip, name)
        if values.shape != shape or values.min() < 0 or values.max() > 26:
            raise ChipError(f"{where}: {name} must be {shape}, each 0 to 26")


def _check_matrix(matrix: Matrix, shape: tuple[int, ...], where: str) -> None:
    if matrix.weight.shape != shape or matrix.multiplier.shape != shape[:2] or matrix.shift.shape != shape[:1]:
        raise ChipError(f"{where} is {matrix.weight.shape}, expected {shape}")
    if not 2 <= matrix.bits <= 8:
        raise ChipError(f"{where} has {matrix.bits} bits; 2 to 8 are possible")
    low, high = limits(matrix.bits)
    if matrix.weight.min() < low or matrix.weight.max() > high:
        raise ChipError(f"{where} holds a value outside {low}..{high}, its {matrix.bits} bits")
    if matrix.multiplier.max() >= 1 << MULTIPLIER_BITS or matrix.shift.max() > 47:
        raise ChipError(f"{where} has a multiplier over {MULTIPLIER_BITS} bits or a shift over 47")


def with_matrix(chip: Chip, name: str, matrix: Matrix) -> Chip:
    """The chip with one matrix replaced."""
    return replace(chip, matrices={**chip.matrices, name: matrix})
