# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A model from wherever it is: a ``.chip``, a build folder, a serial port, a bitstream for this board.

``OPENERS`` is the list of backends: its names, what each runs on, its line in helps and errors, and what opens it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .chip.model import Chip, chip_id, load_chip
from .chip.reference import Reference
from .driver import bundle
from .driver.model import LanguageModel
from .errors import BuildError
from .files import exists, is_folder
from .manifest import is_build, read_bundle_manifest

if TYPE_CHECKING:
    from .build.folder import Build
    from .driver.link import Port
    from .emit.rtl.contents import Cast

CHIP, BUILD, BITSTREAM, NAME = "a .chip", "a build folder", "a folder with a bitstream", "a name"  # what a path may be


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where ``load`` looks for a model: a path or name, and the port or device of a board."""

    location: str | Path
    port: str | Port | None = None
    device: Any = None
    download: bool = True

    @cached_property
    def path(self) -> Path:
        """A path that is there, or the folder of a bitstream of that name."""
        if exists(Path(self.location)):
            return Path(self.location)
        return next(iter(bundle.named(str(self.location))), Path(self.location))

    @cached_property
    def kind(self) -> str:
        if is_folder(self.path):  # of a collected manifest there is one form, without a format
            return BUILD if is_build(self.path) else BITSTREAM
        name = Path(self.location)
        return NAME if not (exists(self.path) or name.suffix) and name.name == str(self.location) else CHIP

    @cached_property
    def build(self) -> Build:
        """Raises BuildError for a folder whose files do not match its manifest."""
        from .build.folder import open_build

        return open_build(self.path)

    @cached_property
    def chip(self) -> Chip:
        if self.kind == BUILD:
            return self.build.chip
        return load_chip(self.path / "model.chip" if is_folder(self.path) else self.path)

    def has(self, part: str) -> bool:
        """Whether it is a build with such a project."""
        return self.kind == BUILD and part in self.build.manifest.parts

    @cached_property
    def cast(self) -> Cast | None:
        """What a build or a bitstream takes, where its memories can be written."""
        from .driver.contents import cast_of

        if self.kind not in (BUILD, BITSTREAM):
            return None
        manifest = read_bundle_manifest(self.path)
        pour, room = manifest.planned_pour, manifest.planned_room
        return None if pour is None else cast_of(self.chip, manifest.planned_geometry, pour, room)

    @property
    def identity(self) -> int:
        """What the register ``id`` of a board with it says."""
        if self.kind not in (BUILD, BITSTREAM):
            return self.chip.id
        return chip_id(read_bundle_manifest(self.path).told_identity)

    def model(self, backend: Any, name: str, cast: Cast | None = None) -> LanguageModel:
        return LanguageModel(self.chip, backend, f"{self.path.name} ({name})", cast=cast)


@dataclass(frozen=True, kw_only=True)
class Opener:
    """A backend. on: kinds of places that it opens; holds: whether a place of that kind has something for it.

    bare: whether it needs no more than numpy and what a board has.
    """

    name: str
    about: str
    on: tuple[str, ...]
    holds: Callable[[Place], bool]
    open: Callable[[Place], LanguageModel]
    bare: bool = False


def _serial(place: Place) -> LanguageModel:
    if place.port is None:
        raise BuildError('backend "serial" needs the port of the board; give one, as port="/dev/ttyUSB0"')
    return _on_port(place, place.port)


def _on_port(place: Place, port: str | Port) -> LanguageModel:
    from .driver.contents import hold
    from .driver.serial import SerialChip

    cast = place.cast
    chip = SerialChip(port, chip_id=place.identity if cast is None else None)
    if cast is not None:
        hold(chip, place.chip, cast)
    return place.model(chip, port if isinstance(port, str) else "board", cast)


def _board(place: Place) -> LanguageModel:
    from .driver.overlay import open_board

    return open_board(bundle.for_board(place.location, place.device), place.device, place.download)


def _csim(place: Place) -> LanguageModel:
    from .backends.of_build import csim

    return place.model(csim(place.build), "csim")


def _rtl(place: Place) -> LanguageModel:
    from .backends.of_build import rtlsim

    return place.model(rtlsim(place.build), "rtl")


def _netlist(place: Place) -> LanguageModel:
    """An engine by itself, or a board at its wires."""
    from .backends.of_build import netlistsim
    from .backends.rtlsim import RtlSim

    sim = netlistsim(place.build)
    return place.model(sim, "netlist") if isinstance(sim, RtlSim) else _on_port(place, sim)


def _simulation(place: Place) -> LanguageModel:
    from .backends.simboard import open_simulated

    return open_simulated(place.path)


def _reference(place: Place) -> LanguageModel:
    return place.model(Reference(place.chip), "reference")


# The first of these that a place holds is its default.
OPENERS = (
    Opener(
        name="serial",
        about="a board at a serial port, which holds this chip (port)",
        on=(CHIP, BUILD, BITSTREAM),
        holds=lambda place: place.port is not None,
        open=_serial,
    ),
    Opener(
        name="board",
        about="this board's FPGA, through pynq",
        on=(CHIP, BUILD, BITSTREAM, NAME),
        holds=lambda place: place.device is not None or place.kind in (BITSTREAM, NAME),
        open=_board,
        bare=True,
    ),
    Opener(
        name="csim",
        about="the compiled HLS C++ of a build",
        on=(BUILD,),
        holds=lambda place: place.has("hls"),
        open=_csim,
    ),
    Opener(
        name="rtl",
        about="the RTL engine of a build, simulated to the cycle",
        on=(BUILD,),
        holds=lambda place: place.has("rtl"),
        open=_rtl,
    ),
    Opener(
        name="netlist",
        about="the gates that hardwire synth made of a build, simulated",
        on=(BUILD,),
        holds=lambda place: place.kind == BUILD and place.build.has_netlist,
        open=_netlist,
    ),
    Opener(
        name="simulation",
        about="a simulated board: pynq and the board's driver, on the RTL behind AXI4-Lite",
        on=(BUILD,),
        holds=lambda place: place.kind == BUILD and place.build.manifest.target == "bitstream",
        open=_simulation,
    ),
    Opener(
        name="reference",
        about="the integer reference, in numpy",
        on=(CHIP, BUILD, BITSTREAM),
        holds=lambda place: place.kind != NAME,
        open=_reference,
        bare=True,
    ),
)


def load(
    path: str | Path,
    backend: str | None = None,
    port: str | Port | None = None,
    *,
    device: Any = None,
    download: bool = True,
) -> LanguageModel:
    """A model from a ``.chip``, a build folder, a folder with a bitstream, or the name of one ("bundled").

    backend: a name of ``OPENERS``: "board" (the default where there is a bitstream for it), "csim" (the compiled HLS
    C++, the default for a build), "rtl" (the simulated RTL engine), "netlist" (the simulated gates that hardwire synth
    made of it), "simulation" (a simulated board: pynq and the board's driver on the RTL behind AXI4-Lite), "reference"
    (numpy, the default for a chip) or "serial" (the default with a port). Raises BuildError for a folder whose files do
    not match its manifest.
    port: a board's serial port instead, as "/dev/ttyUSB0"; the board must hold this chip, or LinkError is raised; one
    that is reprintable gets it.
    device: the pynq device with the board's FPGA, by default pynq's own. download: whether to load the bitstream;
    without it, the board must hold it already. Raises BoardError where there is none for this board.
    """
    place = Place(location=path, port=port, device=device, download=download)
    for choice, subject, name in ((port, "a port", "serial"), (device, "a device", "board")):
        if choice is not None and backend not in (None, name):
            raise BuildError(f"backend {backend!r} and {subject}: the board is what runs; leave one of them out")
    for opener in OPENERS:
        if opener.name == backend and place.kind in opener.on:
            return opener.open(place)
    holders = [opener for opener in OPENERS if opener.holds(place)]
    if backend is not None or not holders:
        raise BuildError(f"{path} has no backend {backend!r}; it has {', '.join(holder.name for holder in holders)}")
    return holders[0].open(place)


def backends(*, bare: bool = False) -> dict[str, str]:
    """The names of backends and their lines; those alone that need no more than a board has, where ``bare``."""
    return {opener.name: opener.about for opener in OPENERS if opener.bare or not bare}


def token_ids(text: str) -> list[int]:
    """Token ids of a command line, as 1,2,3. Raises ValueError for what is no such list."""
    return [int(item) for item in text.split(",")]
