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
import os
import zipfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ChipError
from ..ops.attention import PROBABILITY_BITS
from ..ops.fixed import Ints
from ..ops.matvec import Matrix
from ..ops.norm import Renorm, Scale
from .archive import opened, put_member, read_member
from .format import (
    LOOKED_UP,
    SHIFTS,
    TABLES,
    ArraySpec,
    Formats,
    Shape,
    Wiring,
    array_specs,
    check_header,
    expected_shapes,
    matrix_names,
    table_names,
    version_of,
    wiring_fields,
    wiring_of,
)

__all__ = [
    "LOOKED_UP",
    "SHIFTS",
    "TABLES",
    "Chip",
    "Formats",
    "Shape",
    "Wiring",
    "check_chip",
    "check_header",
    "expected_shapes",
    "load_chip",
    "matrix_names",
    "read_origin",
    "with_matrix",
]

LARGEST_JSON = 64 << 20
LARGEST_NPY_HEADER = 512
ORIGIN = "origin.json"  # beside what the digest covers; programs that do not know it read the rest
LARGEST_ORIGIN = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Chip:
    """An integer decoder. Matrices, biases and shifts carry the layer as their leading index.

    matrices: q, k, v, o, gate, up, down [L, out, in]; head, embedding [1, V, D]; position [1, context, D]. Which of
    gate and position there are, ``wiring`` says.
    biases: name of a matrix -> [L, out], in the units of its outputs (of q and k: before rotation); absent names
    have none.
    embedding_scale: what brings the embedding back from its norm into residual units, where there is one.
    renorms: of the norms that ``wiring`` has inside a layer, what each multiplies by, and its eps.
    tables: what ``ops/`` computed when the chip was made; stored, hashed, never computed again.
    score_shift [L, H], value_shift [L, H], gate_shift [L]: right shift of a score difference, left shift
    of mixed values, right shift of the gated product (0 without a gate).
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
    wiring: Wiring = Wiring()
    biases: dict[str, Ints] = field(default_factory=dict)
    embedding_scale: Scale | None = None
    renorms: dict[str, Renorm] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """sha256 of the header and every array, in hex: two chips of one digest give the same logits."""
        total = hashlib.sha256(header_bytes(self))
        for name, array in arrays_of(self).items():
            total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()

    @property
    def id(self) -> int:
        """What the register `id` of this chip says: the first 32 bits of its digest."""
        return chip_id(self.digest)

    @property
    def bits(self) -> dict[str, int]:
        """Bits of a weight, by matrix."""
        return {name: matrix.bits for name, matrix in self.matrices.items()}

    @property
    def weight_bits(self) -> int:
        """Bits that all weights take on the chip, multipliers not counted."""
        return sum(m.weight.size * m.bits for m in self.matrices.values())

    def exceptions(self) -> list[str]:
        """Values without the eight bits that an int8-activation name promises, or without the usual bits elsewhere."""
        f = self.formats
        inputs = {
            "normalised inputs": f.norm,
            "queries": f.query,
            "KV cache": f.cache,
            "attention output": f.attention,
            "MLP hidden": f.hidden,
        }
        inputs |= {name: self.matrices[name].bits for name in LOOKED_UP if name in self.matrices}
        usual_bits = {
            "residual stream": (f.residual, Formats.residual),
            "index of the activation": (f.gate, Formats.gate),
        }
        unusual = [f"{name}: {bits} bits" for name, bits in inputs.items() if bits != 8]
        return unusual + [f"{name}: {bits} bits" for name, (bits, usual) in usual_bits.items() if bits != usual]

    def save(self, path: Path, origin: Path | None = None) -> None:
        """Write the ``.chip``; a partial file never carries the final name.

        ``origin``: the ONNX it was made from, remembered as a path relative to the chip. It is no part of the digest.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        try:
            self._write(partial, None if origin is None else _relative(origin, path))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _write(self, partial: Path, origin: str | None) -> None:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            put_member(archive, "chip.json", header_bytes(self))
            for name, array in arrays_of(self).items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
                put_member(archive, f"{name}.npy", buffer.getvalue())
            if origin is not None:
                source = self.about.get("onnx")
                digest = source.get("sha256") if isinstance(source, dict) else None
                put_member(archive, ORIGIN, json.dumps({"onnx": origin, "sha256": digest}, sort_keys=True).encode())


def _relative(origin: Path, chip: Path) -> str | None:
    """The path from the chip's folder, with slashes; None where there is none, as between drives."""
    try:
        return Path(os.path.relpath(origin.resolve(), chip.resolve().parent)).as_posix()
    except ValueError:
        return None


def read_origin(path: Path) -> Path | None:
    """Where the ONNX of a ``.chip`` lay when it was written, if it says so; whether it lies there still is not asked.

    The file is not trusted: compare the hash before use. Raises ChipError.
    """
    with opened(path, ".chip", "hardwire quantize") as archive:
        if ORIGIN not in archive.namelist():
            return None
        origin = json.loads(read_member(archive, path, ORIGIN, LARGEST_ORIGIN))
        name = origin["onnx"] if isinstance(origin, dict) else None
    if not isinstance(name, str) or not name or "\0" in name or Path(name).is_absolute():
        raise ChipError(
            f"{path}: its {ORIGIN} names {str(name)[:80]!r}, not a relative path; run hardwire quantize again"
        )
    return path.resolve().parent / name


def arrays_of(chip: Chip) -> dict[str, NDArray[Any]]:
    """Every array by its name in the file, narrow types, in a fixed order."""
    arrays: dict[str, NDArray[Any]] = {}
    for name in matrix_names(chip.wiring):
        matrix = chip.matrices[name]
        arrays[f"matrices/{name}/weight"] = matrix.weight
        arrays[f"matrices/{name}/multiplier"] = matrix.multiplier.astype(np.uint32)
        arrays[f"matrices/{name}/shift"] = matrix.shift.astype(np.uint8)
    for name in _biased(chip):
        arrays[f"biases/{name}"] = chip.biases[name].astype(np.int32)
    if chip.embedding_scale is not None:
        arrays["embedding_scale/multiplier"] = chip.embedding_scale.multiplier.astype(np.uint32)
        arrays["embedding_scale/shift"] = np.array([chip.embedding_scale.shift], np.uint8)
    for name in chip.wiring.renorms:
        if name in chip.renorms:
            renorm = chip.renorms[name]
            arrays[f"renorms/{name}/multiplier"] = renorm.multiplier.astype(np.uint32)
            arrays[f"renorms/{name}/shift"] = renorm.shift.astype(np.uint8)
            arrays[f"renorms/{name}/eps"] = renorm.eps.astype(np.int32)
    for name in table_names(chip.wiring):
        arrays[f"tables/{name}"] = chip.tables[name].astype(np.int32)
    for name in SHIFTS:
        arrays[name] = getattr(chip, name).astype(np.uint8)
    return arrays


def _biased(chip: Chip) -> list[str]:
    """Names of the matrices with biases, in the order of the file."""
    return [name for name in matrix_names(chip.wiring) if name in chip.biases]


def header_bytes(chip: Chip) -> bytes:
    version = version_of(chip.wiring)
    header = {
        "format": version,
        "shape": asdict(chip.shape),
        "formats": asdict(chip.formats),
        "wiring": {name: getattr(chip.wiring, name) for name in wiring_fields(version)},
        "bits": chip.bits,
        "biases": _biased(chip),
        "activation": chip.activation,
        "bos": chip.bos,
        "eos": list(chip.eos),
        "scales": chip.scales,
        "about": chip.about,
        "tokenizer": chip.tokenizer,
    }
    return json.dumps(header, sort_keys=True, ensure_ascii=False, indent=1).encode()


# ---------------------------------------------------------------------------------------------------
# Reading. Nothing is read before its size is known to be what its shape needs.


def load_chip(path: Path) -> Chip:
    """Read and check a ``.chip``. Raises ChipError naming what is wrong."""
    with opened(path, ".chip", "hardwire quantize") as archive:
        header = json.loads(read_member(archive, path, "chip.json", LARGEST_JSON))
        check_header(header, str(path))
        specs = specs_of(header)
        arrays = {name: read_array(archive, path, name, spec) for name, spec in specs.items()}
    if arrays["tables/exp"][0] < 1 << (PROBABILITY_BITS - 1):
        raise ChipError(f"{path}: table exp begins with {arrays['tables/exp'][0]}; a softmax sum could vanish")
    return assembled(header, arrays)


def specs_of(header: dict[str, Any]) -> dict[str, ArraySpec]:
    """What the arrays of a chip with this checked header are."""
    shape, formats, wiring = Shape(**header["shape"]), Formats(**header["formats"]), wiring_of(header["wiring"])
    return array_specs(shape, formats, header["bits"], wiring, header["biases"])


def read_array(archive: zipfile.ZipFile, path: Path, name: str, spec: ArraySpec) -> NDArray[Any]:
    size = math.prod(spec.shape) * np.dtype(spec.dtype).itemsize
    data = io.BytesIO(read_member(archive, path, f"{name}.npy", size + LARGEST_NPY_HEADER))
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


def assembled(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Chip:
    def ints(name: str) -> Ints:
        return arrays[name].astype(np.int64)

    wiring, scale = wiring_of(header["wiring"]), None
    if wiring.embedding_norm:
        scale = Scale(ints("embedding_scale/multiplier"), int(arrays["embedding_scale/shift"][0]))
    matrices = {
        name: Matrix(
            arrays[f"matrices/{name}/weight"],
            ints(f"matrices/{name}/multiplier"),
            ints(f"matrices/{name}/shift"),
            header["bits"][name],
        )
        for name in matrix_names(wiring)
    }
    return Chip(
        shape=Shape(**header["shape"]),
        formats=Formats(**header["formats"]),
        matrices=matrices,
        tables={name: ints(f"tables/{name}") for name in table_names(wiring)},
        score_shift=ints("score_shift"),
        value_shift=ints("value_shift"),
        gate_shift=ints("gate_shift"),
        activation=header["activation"],
        tokenizer=header["tokenizer"],
        bos=header["bos"],
        eos=tuple(header["eos"]),
        scales=header["scales"],
        about=header["about"],
        wiring=wiring,
        biases={name: ints(f"biases/{name}") for name in header["biases"]},
        embedding_scale=scale,
        renorms={
            name: Renorm(*(ints(f"renorms/{name}/{part}") for part in ("multiplier", "shift", "eps")))
            for name in wiring.renorms
        },
    )


def check_chip(chip: Chip, where: str) -> None:
    """Raise ChipError unless a chip in memory would be accepted from a file."""
    header = json.loads(header_bytes(chip))
    check_header(header, where)
    arrays, specs = arrays_of(chip), specs_of(header)
    named = set(chip.biases) ^ set(header["biases"]) | set(chip.renorms) ^ set(chip.wiring.renorms)
    if set(arrays) != set(specs) or named:
        odd = sorted(set(arrays) ^ set(specs) or named)
        raise ChipError(f"{where}: {odd[0]} does not go with its wiring {chip.wiring}")
    for name, spec in specs.items():
        array = arrays[name]
        if array.shape != spec.shape:
            raise ChipError(f"{where}: array {name} is {array.shape}, expected {spec.shape}")
        if array.size and not spec.low <= array.min() <= array.max() <= spec.high:
            raise ChipError(f"{where}: array {name} holds a value outside {spec.low}..{spec.high}")


def with_matrix(chip: Chip, name: str, matrix: Matrix) -> Chip:
    """The chip with one matrix replaced."""
    return replace(chip, matrices={**chip.matrices, name: matrix})


def chip_id(digest: str) -> int:
    """What the register `id` of a chip with that digest says, where there is no ``Chip`` to ask."""
    return int(digest[:8], 16)
