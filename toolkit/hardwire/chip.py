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
from .ops.attention import PROBABILITY_BITS
from .ops.matvec import Matrix
from .ops.norm import LARGEST_ENERGY, LARGEST_EPS, largest_energy

FORMAT_VERSION = 2
LARGEST_JSON = 64 << 20
LARGEST_NPY_HEADER = 512


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
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        try:
            self._write(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _write(self, partial: Path) -> None:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _put(archive, "chip.json", _header_bytes(self))
            for name, array in _arrays(self).items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
                _put(archive, f"{name}.npy", buffer.getvalue())


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


@dataclass(frozen=True)
class ArraySpec:
    """Type, shape and range of one array of the file."""

    dtype: str
    shape: tuple[int, ...]
    low: int
    high: int


def array_specs(s: Shape, f: Formats, bits: dict[str, int]) -> dict[str, ArraySpec]:
    """Every array that a chip of these dimensions has, by its name in the file."""
    specs: dict[str, ArraySpec] = {}
    for name, shape in expected_shapes(s).items():
        specs[f"matrices/{name}/weight"] = ArraySpec("int8", shape, *limits(bits[name]))
        specs[f"matrices/{name}/multiplier"] = ArraySpec("uint32", shape[:2], 0, (1 << MULTIPLIER_BITS) - 1)
        specs[f"matrices/{name}/shift"] = ArraySpec("uint8", shape[:1], 0, 47)
    angles = (s.context, s.rotary // 2)
    tables = {
        "exp": ((1024,), 0, (1 << PROBABILITY_BITS) - 1),
        "reciprocal": ((1024,), 1, (1 << 16) - 1),
        "rsqrt": ((768,), 1, (1 << MULTIPLIER_BITS) - 1),
        "eps": ((1,), 1, LARGEST_EPS),
        "activation": ((1 << f.gate,), *limits(16)),
        "cos": (angles, *limits(16)),
        "sin": (angles, *limits(16)),
        "gumbel": ((2048,), *limits(16)),
    }
    specs |= {f"tables/{name}": ArraySpec("int32", *spec) for name, spec in tables.items()}
    per_head = (s.layers, s.heads)
    shifts = {"score_shift": per_head, "value_shift": per_head, "gate_shift": (s.layers,)}
    return specs | {name: ArraySpec("uint8", shape, 0, 26) for name, shape in shifts.items()}


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


# ---------------------------------------------------------------------------------------------------
# Reading. The file is not trusted: nothing is read before its size is known to be what its shape needs,
# and nothing is believed before its type and range are checked.

DIMENSIONS = {"vocab": 1 << 20, "layers": 1 << 10, "heads": 1 << 10, "kv_heads": 1 << 10, "head_dim": 1 << 10}
LARGEST_DIMENSION = 1 << 17  # of dim, hidden and context
FORMAT_RANGES = {
    "residual": (12, 24),
    "norm": (6, 12),
    "query": (4, 12),
    "cache": (4, 8),
    "attention": (4, 12),
    "hidden": (4, 12),
    "gate": (6, 14),
    "up": (8, 18),
    "logit": (8, 24),
    "logit_fraction": (0, 16),
}


def load_chip(path: Path) -> Chip:
    """Read and check a ``.chip``. Raises ChipError naming what is wrong."""
    try:
        with zipfile.ZipFile(path) as archive:
            header = json.loads(_read(archive, path, "chip.json", LARGEST_JSON))
            check_header(header, str(path))
            shape, formats = Shape(**header["shape"]), Formats(**header["formats"])
            specs = array_specs(shape, formats, header["bits"])
            arrays = {name: _read_array(archive, path, name, spec) for name, spec in specs.items()}
    except OSError as error:
        reason = error.strerror or error
        raise ChipError(f"{path}: cannot be read ({reason}); give a file that hardwire quantize wrote") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib_error) as error:
        raise ChipError(f"{path}: not a complete .chip file ({error}); run hardwire quantize again") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ChipError(f"{path}: malformed .chip, {type(error).__name__}: {error}") from None
    if arrays["tables/exp"][0] < 1 << (PROBABILITY_BITS - 1):
        raise ChipError(f"{path}: table exp begins with {arrays['tables/exp'][0]}; a softmax sum could vanish")
    return _assemble(header, shape, formats, arrays)


def _read(archive: zipfile.ZipFile, path: Path, name: str, largest: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > largest:
        raise ChipError(f"{path}: member {name} claims {info.file_size:,} bytes, more than {largest:,}")
    with archive.open(info) as member:
        return member.read(largest + 1)


def _read_array(archive: zipfile.ZipFile, path: Path, name: str, spec: ArraySpec) -> NDArray[Any]:
    size = math.prod(spec.shape) * np.dtype(spec.dtype).itemsize
    data = io.BytesIO(_read(archive, path, f"{name}.npy", size + LARGEST_NPY_HEADER))
    if np.lib.format.read_magic(data) != (1, 0):
        raise ChipError(f"{path}: array {name} is in an .npy version this reader does not take; quantize again")
    shape, _, dtype = np.lib.format.read_array_header_1_0(data)
    if shape != spec.shape or dtype != np.dtype(spec.dtype):
        raise ChipError(f"{path}: array {name} is {dtype} {shape}, expected {spec.dtype} {spec.shape}")
    data.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(data, allow_pickle=False)
    if array.size and not spec.low <= array.min() <= array.max() <= spec.high:
        raise ChipError(f"{path}: array {name} holds a value outside {spec.low}..{spec.high}")
    return array


def check_header(header: Any, where: str) -> None:
    """Raise ChipError unless every number of ``chip.json`` is an integer in its range."""
    if not isinstance(header, dict) or header.get("format") != FORMAT_VERSION:
        found = header.get("format") if isinstance(header, dict) else type(header).__name__
        raise ChipError(f"{where}: format {found!r}, this version reads {FORMAT_VERSION}; run hardwire quantize again")
    ranges = {
        f"shape.{f.name}": (0 if f.name == "rotary" else 1, DIMENSIONS.get(f.name, LARGEST_DIMENSION))
        for f in fields(Shape)
    }
    ranges |= {f"formats.{name}": span for name, span in FORMAT_RANGES.items()}
    ranges |= {f"bits.{name}": (2, 8) for name in MATRICES}
    for group in ("shape", "formats", "bits"):
        if set(header[group]) != {name.split(".")[1] for name in ranges if name.startswith(group + ".")}:
            raise ChipError(f"{where}: the keys of {group} are {sorted(header[group])[:12]}; quantize again")
    for name, (low, high) in ranges.items():
        group, key = name.split(".")
        value = header[group][key]
        if type(value) is not int or not low <= value <= high:
            raise ChipError(f"{where}: {name} is {value!r}, not an integer from {low} to {high}")
    s = Shape(**header["shape"])
    if s.heads % s.kv_heads or s.rotary % 2 or s.rotary > s.head_dim:
        raise ChipError(f"{where}: {s.heads} heads over {s.kv_heads} KV heads, rotary {s.rotary} of {s.head_dim}")
    bits = header["formats"]["residual"]
    if largest_energy(s.dim, bits) > LARGEST_ENERGY:
        raise ChipError(f"{where}: the energy of {s.dim} residuals of {bits} bits could pass 2**62; use fewer bits")
    _check_words(header, s.vocab, where)


def _check_words(header: dict[str, Any], vocab: int, where: str) -> None:
    """The parts of the header that are not dimensions: special tokens and free-form records."""
    specials = [*header["eos"], *([] if header["bos"] is None else [header["bos"]])]
    for token in specials:
        if type(token) is not int or not 0 <= token < vocab:
            raise ChipError(f"{where}: special token {token!r} is not one of the {vocab} of the vocabulary")
    for name in ("scales", "about", *(["tokenizer"] if header["tokenizer"] is not None else [])):
        if not isinstance(header[name], dict):
            raise ChipError(f"{where}: {name} is {type(header[name]).__name__}, not an object")
    if header["activation"] not in ("silu", "gelu", "gelu_tanh", "relu"):
        raise ChipError(f"{where}: activation {header['activation']!r} is none that this version knows")


def _assemble(header: dict[str, Any], shape: Shape, formats: Formats, arrays: dict[str, NDArray[Any]]) -> Chip:
    def ints(name: str) -> Ints:
        return arrays[name].astype(np.int64)

    matrices = {
        name: Matrix(
            arrays[f"matrices/{name}/weight"],
            ints(f"matrices/{name}/multiplier"),
            ints(f"matrices/{name}/shift"),
            header["bits"][name],
        )
        for name in MATRICES
    }
    return Chip(
        shape=shape,
        formats=formats,
        matrices=matrices,
        tables={name: ints(f"tables/{name}") for name in TABLES},
        score_shift=ints("score_shift"),
        value_shift=ints("value_shift"),
        gate_shift=ints("gate_shift"),
        activation=header["activation"],
        tokenizer=header["tokenizer"],
        bos=header["bos"],
        eos=tuple(header["eos"]),
        scales=header["scales"],
        about=header["about"],
    )


def check_chip(chip: Chip, where: str) -> None:
    """Raise ChipError unless a chip in memory would be accepted from a file."""
    check_header(json.loads(_header_bytes(chip)), where)
    arrays = _arrays(chip)
    for name, spec in array_specs(chip.shape, chip.formats, chip.bits).items():
        array = arrays[name]
        if array.shape != spec.shape:
            raise ChipError(f"{where}: array {name} is {array.shape}, expected {spec.shape}")
        if array.size and not spec.low <= array.min() <= array.max() <= spec.high:
            raise ChipError(f"{where}: array {name} holds a value outside {spec.low}..{spec.high}")


def with_matrix(chip: Chip, name: str, matrix: Matrix) -> Chip:
    """The chip with one matrix replaced."""
    return replace(chip, matrices={**chip.matrices, name: matrix})
