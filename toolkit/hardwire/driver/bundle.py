# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a board needs of a build, in a folder: bitstream, hardware description, model, and a manifest with their hashes.

It is found by its path, or by a name in ``$HARDWIRE_BITSTREAMS``, ``bitstreams/`` here, or the installed package, each
with a folder per board. Only the standard library and numpy: this runs on the board.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ..chip.model import Chip, chip_id, load_chip
from ..errors import BoardError, BuildError
from ..files import is_file, is_folder, matching, sha256
from ..manifest import BundleManifest, read_bundle_manifest

LARGEST_BITSTREAM = 256 << 20
BOARD_NAME = Path("/proc/device-tree/chosen/pynq_board")
ALIASES = {"ultra96": "ultra96-v2"}  # what boards call themselves, where it is not our name


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """An opened folder whose files are those of its manifest."""

    folder: Path
    manifest: BundleManifest
    chip: Chip
    bit: Path
    hwh: Path

    @property
    def board(self) -> str:
        return self.manifest.board.key

    @property
    def clock_mhz(self) -> float:
        """That of the route, else of the plan; 0 where its manifest tells none."""
        planned = self.manifest.plan.clock_mhz if self.manifest.plan is not None else 0.0
        return float(self.manifest.clock_mhz or planned)

    @property
    def cycles(self) -> Sequence[int] | None:
        """Of a token, by position."""
        return self.manifest.cycles

    @property
    def identity(self) -> int:
        """What the register ``id`` says."""
        return chip_id(self.manifest.told_identity)

    @property
    def pour(self) -> str | None:
        """Which of its memories can be written, by a ``Pour``; None: none."""
        return self.manifest.planned_pour

    def about(self) -> dict[str, Any]:
        """What the driver and its user may want to know."""
        expected = self.manifest.expected
        return {
            "folder": str(self.folder),
            "board": self.board,
            "geometry": self.manifest.planned_geometry,
            "expected": expected.as_json() if expected is not None else None,
        }


def open_bundle(folder: Path) -> Bundle:
    """Open a folder. Raises BuildError naming what is missing, changed, or of another build."""
    manifest = read_bundle_manifest(folder)
    bit = only_file(folder, manifest, (".bit", ".bit.gz"))
    hwh = only_file(folder, manifest, (".hwh",))
    model = only_file(folder, manifest, ("model.chip",))
    chip = load_chip(model)
    if chip.digest != manifest.chip.digest:
        raise BuildError(f"{model} is chip {chip.digest[:8]}, not {manifest.chip.digest[:8]}; deploy again")
    if bit.suffix == ".gz" or bit.with_suffix(".hwh") != hwh:
        bit, hwh = _together(bit, hwh, manifest)
    return Bundle(folder=folder, manifest=manifest, chip=chip, bit=bit, hwh=hwh)


def only_file(folder: Path, manifest: BundleManifest, ends: tuple[str, ...]) -> Path:
    """The file of a kind, if it is the manifest's."""
    names = [name for name in manifest.files if name.endswith(ends)]
    if not names:
        raise _lacking(folder, manifest, ends[0])
    path = (folder / names[0]).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BuildError(f"{folder}: the manifest names {names[0]!r}, which is outside the folder")
    if not is_file(path):
        raise BuildError(f"{path} is missing; copy the whole folder, or deploy again")
    if sha256(path) != manifest.files[names[0]]:
        raise BuildError(f"{path} is not the one of its manifest: it was changed, or is of another build; deploy again")
    return path


def _lacking(folder: Path, manifest: BundleManifest, end: str) -> BuildError | BoardError:
    name, key = manifest.board.name, manifest.board.key
    if end == ".hwh":
        return BoardError(
            f"{folder} is for {name}, without a .hwh for pynq: a board on a serial port is loaded with "
            'hardwire.load(…, port="/dev/ttyUSB0")'
        )
    return BuildError(f"{folder} has no {end} for {name}; {how_to_make(folder.resolve().name, key)}")


def how_to_make(name: str, board: str) -> str:
    """The one command that makes a bitstream, what it needs, and what there is meanwhile."""
    return (
        f"make it on a computer with Vivado on its PATH (hardwire build says which versions and editions know the "
        f"part): hardwire build {name}.chip --board {board} --target bitstream -o {name} && "
        f"hardwire synth {name} --collect bitstreams && hardwire deploy bitstreams/{board}/{name}. "
        'Meanwhile backend="reference" runs the same integers on this processor'
    )


def _together(bit: Path, hwh: Path, manifest: BundleManifest) -> tuple[Path, Path]:
    """The two in one folder under one name, as pynq wants them; unpacked beside nothing of the user's."""
    folder = Path(tempfile.mkdtemp(prefix="hardwire-"))
    data = bit.read_bytes()
    if bit.suffix == ".gz":
        with gzip.open(bit) as packed:
            data = packed.read(LARGEST_BITSTREAM)
        if hashlib.sha256(data).hexdigest() != manifest.bitstream_sha256:
            raise BuildError(f"{bit}: what is in it is not the bitstream of its manifest; deploy again")
    (folder / "hardwire.bit").write_bytes(data)
    (folder / "hardwire.hwh").write_bytes(hwh.read_bytes())
    return folder / "hardwire.bit", folder / "hardwire.hwh"


# ---------------------------------------------------------------------------------------------------
# Which board, and where its bitstreams are.


def known_boards() -> list[str]:
    """Keys of the boards that there are."""
    return sorted(
        Path(str(f)).name for f in resources.files("hardwire.boards").iterdir() if (f / "board.toml").is_file()
    )


def board_key(name: str) -> str | None:
    """Our name of a board, from what it calls itself: "Pynq-Z2" is pynq-z2."""
    plain = re.sub("[^a-z0-9]", "", name.lower())
    keys = {re.sub("[^a-z0-9]", "", key): key for key in known_boards()} | ALIASES
    return next((keys[each] for each in sorted(keys, key=len, reverse=True) if plain and each in plain), None)


def board_here(device: Any = None) -> str | None:
    """The board that this is: by the device that was given, ``$BOARD``, or the device tree; None where nobody says."""
    names = [str(getattr(device, "name", "")) if device is not None else "", os.environ.get("BOARD", "")]
    try:
        names.append(BOARD_NAME.read_text().strip("\0\n "))
    except OSError:
        pass
    return next((key for name in names if (key := board_key(name)) is not None), None)


def named(name: str) -> Iterator[Path]:
    """Folders of bitstreams of that name, this board's first."""
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        return
    board = board_here()
    folders = [folder for root in _roots() for folder in matching(root, f"*/{name}") if is_folder(folder)]
    yield from sorted(folders, key=lambda folder: folder.parent.name != board)


def _roots() -> list[Path]:
    roots = [Path(os.environ["HARDWIRE_BITSTREAMS"])] if os.environ.get("HARDWIRE_BITSTREAMS") else []
    roots.append(Path("bitstreams"))
    try:
        roots.append(Path(str(resources.files("hardwire.overlays"))))
    except ModuleNotFoundError:
        pass
    return [root for root in roots if is_folder(root)]


def for_board(path: str | Path, device: Any) -> Bundle:
    """The folder of that path or name for this board. Raises BoardError for another board's, or where there is none."""
    here = board_here(device)
    if is_folder(Path(path)):
        folder = Path(path)
        board = read_bundle_manifest(folder).board
        if here is not None and board.key != here:
            raise BoardError(
                f"{folder} is for {board.name}, this is {here}; {how_to_make(folder.resolve().name, here)}"
            )
        return open_bundle(folder)
    name = str(path)
    if "/" in name:
        raise BuildError(f"{name}: no such folder; give one that hardwire deploy or synth --collect wrote")
    folders = list(named(name))
    for folder in folders:
        if folder.parent.name == here:
            return open_bundle(folder)
    others = f" (there is one for {', '.join(sorted({f.parent.name for f in folders}))})" if folders else ""
    if here is None:
        raise BoardError(
            f"this computer is no board that hardwire knows, so no bitstream of {name!r} is for it{others}; "
            f"set BOARD, or give a device; {how_to_make(name, 'pynq-z2')}"
        )
    raise BoardError(f"there is no bitstream of {name!r} for {here}{others}; {how_to_make(name, here)}")
