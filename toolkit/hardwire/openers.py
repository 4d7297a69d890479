# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A model from wherever it is: a ``.chip``, a build folder, a serial port, a bitstream for this board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .chip.model import Chip, load_chip
from .chip.reference import feeder
from .driver.model import Engine, LanguageModel
from .errors import BuildError

if TYPE_CHECKING:
    from .build.folder import Build
    from .driver.link import Port


def load(
    path: str | Path,
    backend: str | None = None,
    port: str | Port | None = None,
    *,
    device: Any = None,
    download: bool = True,
) -> LanguageModel:
    """A model from a ``.chip``, a build folder, a folder with a bitstream, or the name of one ("bundled").

    backend: "board" (the default where there is a bitstream for it), "csim" (the compiled HLS C++, the default for a
    build), "rtl" (the simulated RTL engine), "netlist" (the simulated gates that hardwire synth made of it),
    "simulation" (a simulated board: pynq and the board's driver on the RTL behind AXI4-Lite) or "reference" (numpy, the
    default for a chip). Raises BuildError for a folder whose files do not match its manifest.
    port: a board's serial port instead, as "/dev/ttyUSB0"; the board must hold this chip, or LinkError is raised.
    device: the pynq device with the board's FPGA, by default pynq's own. download: whether to load the bitstream;
    without it, the board must hold it already. Raises BoardError where there is none for this board.
    """
    from .driver import bundle

    if port is not None:
        return _on_port(_found(path), backend, port)
    place = _found(path)
    collected = place.is_dir() and not _is_build(place)
    named = not place.exists() and not Path(path).suffix and Path(path).name == str(path)  # and there is none of it
    if device is not None or backend == "board" or (backend is None and (collected or named)):
        if backend not in (None, "board"):
            raise BuildError(f"backend {backend!r} and a device: the board is what runs; leave one of them out")
        from .driver.overlay import open_board

        return open_board(bundle.for_board(path, device), device, download)
    if place.is_dir() and _is_build(place):
        from .backends.of_build import csim_engine, rtl_engine
        from .build.folder import open_build

        build = open_build(place)
        chip, engines = (
            build.chip,
            {"csim": lambda: csim_engine(build), "rtl": lambda: rtl_engine(build), "reference": None},
        )
        if backend == "netlist":
            return _netlist(build)
        if backend == "simulation":
            from .backends.simboard import open_simulated

            return open_simulated(place)
    else:
        chip, engines = load_chip(place / "model.chip" if place.is_dir() else place), {"reference": None}
    backend = backend or next(iter(engines))
    if backend not in engines:
        raise BuildError(f"{path} has no backend {backend!r}; it has {', '.join(engines)}")
    start = engines[backend]
    engine: Engine = start() if start is not None else lambda sampling: feeder(chip, sampling)
    return LanguageModel(chip, engine, f"{place.name} ({backend})")


def _found(path: str | Path) -> Path:
    """A path that is there, or the folder of a bitstream of that name."""
    from .driver import bundle

    if Path(path).exists():
        return Path(path)
    return next(iter(bundle.named(str(path))), Path(path))


def _is_build(folder: Path) -> bool:
    from .driver import bundle

    return "format" in bundle.read_json(folder)  # of a collected manifest there is one form


def _netlist(build: Build) -> LanguageModel:
    """The gates of a build: an engine by itself, or a board at its wires."""
    from .backends.of_build import engine_of, netlistsim
    from .backends.rtlsim import RtlSim

    sim = netlistsim(build)
    if isinstance(sim, RtlSim):
        return LanguageModel(build.chip, engine_of(sim), f"{build.folder.name} (netlist)")
    return _on_port(build.folder, None, sim)


def _on_port(path: Path, backend: str | None, port: str | Port) -> LanguageModel:
    from .driver.serial import SerialChip

    if backend is not None:
        raise BuildError(f"backend {backend!r} and a port: the board is what runs; leave one of them out")
    chip = _chip_of(path)
    board = SerialChip(port, chip_id=int(chip.digest[:8], 16))
    return LanguageModel(chip, None, f"{path.name} ({port if isinstance(port, str) else 'board'})", board)


def _chip_of(path: Path) -> Chip:
    if path.is_dir() and _is_build(path):
        from .build.folder import open_build

        return open_build(path).chip
    return load_chip(path / "model.chip" if path.is_dir() else path)
