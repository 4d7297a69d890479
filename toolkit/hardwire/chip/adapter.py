# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip as what it has otherwise than another of its mould: what an adapter comes to when it is merged and rounded.

An ``.adapter`` is a zip of ``adapter.json`` and, for every array that differs, the places and the values: no pickle,
the same bytes for the same content. numpy and the standard library only: boards read it.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ChipError
from .archive import opened, put_member, read_member
from .format import check_header
from .model import Chip, arrays_of, assembled, check_chip, header_bytes
from .mould import Mould

FORMAT = 1
LARGEST_JSON = 16 << 20
NPY_HEADER = 512


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """What turns a chip into another. base, chip: the digests of both. changes: by array, flat places and values there.

    header: fields of the other chip's header that are not the base's.
    """

    base: str
    chip: str
    header: dict[str, Any]
    changes: dict[str, tuple[NDArray[np.uint32], NDArray[Any]]] = field(default_factory=dict)

    @classmethod
    def between(cls, base: Chip, other: Chip) -> Adapter:
        """What ``other`` has otherwise. Raises ChipError for one of another mould."""
        if found := Mould.of(other).differences(Mould.of(base)):
            raise ChipError(f"an adapter stays in the mould of its chip; this has {'; '.join(found)}")
        before, after = json.loads(header_bytes(base)), json.loads(header_bytes(other))
        mine, theirs = arrays_of(base), arrays_of(other)
        changes = {}
        for name, array in theirs.items():
            places = np.flatnonzero(array.reshape(-1) != mine[name].reshape(-1)).astype(np.uint32)
            if len(places):
                changes[name] = places, array.reshape(-1)[places]
        header = {key: after[key] for key in ("scales", "about") if after[key] != before[key]}
        return cls(base=base.digest, chip=other.digest, header=header, changes=changes)

    def apply(self, base: Chip) -> Chip:
        """The other chip. Raises ChipError for another base, and for what does not come to the chip that is named."""
        if base.digest != self.base:
            raise ChipError(
                f"the adapter is of chip {self.base[:12]}, not of {base.digest[:12]}; make it with --like this"
            )
        header = json.loads(header_bytes(base)) | self.header
        check_header(header, "the adapter")
        arrays = {name: array.copy() for name, array in arrays_of(base).items()}
        for name, (places, values) in self.changes.items():
            if name not in arrays or values.dtype != arrays[name].dtype or places.shape != values.shape:
                raise ChipError(f"the adapter changes {name}, which the chip has not, or not so; make it again")
            if len(places) and places.max() >= arrays[name].size:
                raise ChipError(f"the adapter changes place {places.max()} of {name}, which has {arrays[name].size}")
            arrays[name].reshape(-1)[places] = values
        other = assembled(header, arrays)
        check_chip(other, "the adapter's chip")
        if other.digest != self.chip:
            raise ChipError(f"the adapter comes to chip {other.digest[:12]}, not {self.chip[:12]}; it was changed")
        return other

    def save(self, path: Path) -> None:
        """Write the ``.adapter``; a partial file never carries the final name."""
        partial = path.with_name(path.name + ".part")
        about = {"format": FORMAT, "base": self.base, "chip": self.chip, "header": self.header}
        about["arrays"] = {name: [len(places), values.dtype.str] for name, (places, values) in self.changes.items()}
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                put_member(archive, "adapter.json", json.dumps(about, sort_keys=True, indent=1).encode())
                for name, parts in self.changes.items():
                    for kind, array in zip(("at", "to"), parts, strict=True):
                        buffer = io.BytesIO()
                        np.lib.format.write_array(buffer, array, allow_pickle=False)
                        put_member(archive, f"{name}.{kind}.npy", buffer.getvalue())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def load_adapter(path: Path, base: Chip) -> Adapter:
    """Read an ``.adapter`` of a chip, whose arrays say how large it may be. Raises ChipError naming what is wrong."""
    known = arrays_of(base)
    with opened(path, ".adapter", "hardwire adapter") as archive:
        about = json.loads(read_member(archive, path, "adapter.json", LARGEST_JSON))
        if about["format"] != FORMAT or not set(about["header"]) <= {"scales", "about"}:
            raise ChipError(f"{path}: an adapter of another version; make it again")
        changes = {}
        for name, (count, dtype) in about["arrays"].items():
            if name not in known or type(count) is not int or not 0 < count <= known[name].size:
                raise ChipError(f"{path}: {count!r} changes of {str(name)[:80]!r}, which the chip has not")
            if known[name].dtype.str != dtype:
                raise ChipError(f"{path}: {name} in {str(dtype)[:20]!r}, the chip has {known[name].dtype.str}")
            places = _array(archive, path, f"{name}.at", count, np.dtype(np.uint32))
            changes[name] = places, _array(archive, path, f"{name}.to", count, known[name].dtype)
        return Adapter(base=str(about["base"]), chip=str(about["chip"]), header=about["header"], changes=changes)


def _array(archive: zipfile.ZipFile, path: Path, name: str, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    data = io.BytesIO(read_member(archive, path, f"{name}.npy", count * dtype.itemsize + NPY_HEADER))
    array: NDArray[Any] = np.lib.format.read_array(data, allow_pickle=False)
    if array.shape != (count,) or array.dtype != dtype:
        raise ChipError(f"{path}: {name} is {array.dtype} {array.shape}, expected {dtype} ({count},)")
    return array
