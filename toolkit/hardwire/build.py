# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A build folder: the chip, the generated project, and a manifest that knows every file's hash.

build/manifest.json   what was made from what, and the receipt of every proof that was run
build/model.chip      the integer model
build/model.onnx      the float model, where it was at hand: lets ``verify`` start from it
build/hls/            the HLS project
build/rtl/            the RTL project
build/vivado/         the Vivado project around it, for a board with a Zynq
build/synth/          what hardwire synth made of it, which is no part of the build's digest
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .board import Board
from .chip import Chip, load_chip, read_origin
from .cost import Widths, axi_memory, predict
from .driver.bundle import build_digest
from .errors import BoardError, BuildError
from .geometry import Geometry
from .plan import MEAN_OVER, beyond_device, bitstream_cost, capacity, fit, resources
from .schedule import schedule

if TYPE_CHECKING:
    from .backends.csim import CSim
    from .backends.netlistsim import NetlistSim
    from .backends.rtlsim import RtlSim
    from .backends.serialsim import SerialSim
    from .driver.model import Engine

MANIFEST_VERSION = 1
LARGEST_MANIFEST = 32 << 20
LARGEST_ONNX_COPY = 64 << 20
COMPILED = (".so", ".sources")  # what a C-simulation leaves in a build
SYNTH = "synth"  # the folder of synthesis
ENGINE = ("rtl", "bitstream")  # targets with an engine behind registers
CORES = ("rtl", "hls")  # what its decoder is made of
GATES = ("xc7", "ecp5")  # families whose netlists can be simulated
SYNTH_MADE = (".json", ".log", ".receipt", ".v", ".bit", ".config", ".part")


Progress = Callable[[str], None]
Told = Callable[[str, float], None]  # a stage, and the share that is done


@dataclass(frozen=True)
class Build:
    """An opened build folder whose files match its manifest."""

    folder: Path
    manifest: dict[str, Any]
    chip: Chip

    @property
    def onnx(self) -> Path | None:
        path = self.folder / "model.onnx"
        return path if path.exists() else None

    @property
    def has_netlist(self) -> bool:
        """Whether it was synthesized into gates that can be simulated."""
        receipt = self.manifest.get("synthesis")
        if not isinstance(receipt, dict) or receipt.get("family") not in GATES:
            return False
        return f"{SYNTH}/netlist.json" in receipt.get("files", {})

    def csim(self) -> CSim:
        """The C-simulation for everyday use; a library that was compiled before is taken as it is."""
        return self._compiled_hls(self.folder / "hls")

    def fresh_csim(self, scratch: Path) -> CSim:
        """The C-simulation for a proof: only files that the manifest knows, compiled anew in ``scratch``."""
        return self._compiled_hls(self._copied("hls", scratch))

    def rtlsim(self) -> RtlSim:
        """The RTL simulation for everyday use; a model that was compiled before is taken as it is."""
        return self._compiled_rtl(self.folder / "rtl")

    def fresh_rtlsim(self, scratch: Path) -> RtlSim:
        """The RTL simulation for a proof, as ``fresh_csim``."""
        return self._compiled_rtl(self._copied("rtl", scratch))

    def netlistsim(self) -> NetlistSim | SerialSim:
        """The simulation of the synthesized netlist: of the engine, or of a board at its wires.

        A model that was compiled before is taken as it is.
        """
        return self._compiled_netlist(self.folder / "rtl", self.folder / SYNTH / "sim")

    def fresh_netlistsim(self, scratch: Path, progress: Told = lambda stage, share: None) -> NetlistSim | SerialSim:
        """The simulation of the netlist for a proof: compiled anew, and the netlist that of the synthesis receipt."""
        return self._compiled_netlist(self._copied("rtl", scratch), scratch / "sim", progress)

    @property
    def of_hls(self) -> bool:
        """Whether its engine's decoder is what Vitis HLS makes of its HLS project."""
        return self.manifest["plan"].get("ip") == "hls"

    def _copied(self, part: str, scratch: Path) -> Path:
        self.require(part)
        parts = (f"{part}/", "hls/") if self.of_hls else (f"{part}/",)
        for name in (name for name in self.manifest["files"] if name.startswith(parts)):
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.folder / name, scratch / name)  # with its mode: one of them is a script
        return scratch / part

    def require(self, part: str) -> None:
        """Raise BuildError where the build has no such project."""
        if part not in self.manifest["parts"]:
            raise BuildError(
                f"{self.folder} was built with --target {self.manifest['target']} and has no {part} project; "
                f"build with --target {part}"
            )

    def _compiled_hls(self, project: Path) -> CSim:
        from .backends.csim import CSim

        self.require("hls")
        csim = CSim(project, self.chip)
        csim.compile()
        return csim

    def _compiled_rtl(self, project: Path) -> RtlSim:
        from .backends.rtlsim import RtlSim

        self.require("rtl")
        rtlsim = RtlSim(project, self.chip)
        rtlsim.compile()
        return rtlsim

    def _compiled_netlist(
        self, project: Path, work: Path, progress: Told = lambda stage, share: None
    ) -> NetlistSim | SerialSim:
        from .backends.netlistsim import NetlistSim
        from .backends.serialsim import SerialSim
        from .emit.rtl import TOP
        from .synth.builds import checked_netlist

        netlist, receipt = checked_netlist(self)
        if receipt["top"] == TOP:
            sim = NetlistSim(project, netlist, receipt["family"], work, self.chip)
            sim.compile(progress)
            return sim
        board = SerialSim(project, work=work)
        board.compile(netlist, progress)
        return board

    def csim_engine(self) -> Engine:
        csim = self.csim()
        return lambda sampling: lambda token, position: csim.step(token, position, position == 0, sampling)[1]

    def rtl_engine(self) -> Engine:
        return engine_of(self.rtlsim())


def engine_of(sim: RtlSim) -> Engine:
    """A simulated engine as what a language model feeds."""
    return lambda sampling: lambda token, position: sim.run([token], 1, sampling, clear=position == 0).tokens[0]


def make_build(
    chip_path: Path,
    board: Board,
    out: Path,
    *,
    target: str = "hls",
    ip: str = "rtl",
    lanes: int | None = None,
    geometry: Geometry | None = None,
    onnx: Path | None = None,
    progress: Progress = lambda stage: None,
) -> Build:
    """Write a build folder for ``board``; nothing is compiled or synthesised.

    target: "hls" for an HLS project, "rtl" for the RTL engine and the HLS project beside it, where Vitis HLS knows the
    part and the kernels are expected to fit, "bitstream" for the engine behind AXI4-Lite too, and a Vivado project
    around it, for a board with a Zynq and at the nearest clock that its processor makes; with ``ip`` "hls", its
    decoder is what Vitis HLS makes of the HLS project. ``geometry``: of the RTL engine; without it, the fastest
    that is expected to fit; ``lanes``: of the HLS project. Raises BoardError where the chip does not fit,
    BuildError where ``out`` holds something else, or the engine lacks a part of the chip. The folder appears
    complete or not at all.
    """
    from .emit.lanes import AMD, check_board, default_lanes

    _check_core(target, ip, geometry)
    chip = load_chip(chip_path)
    board = _with_its_clock(board) if target == "bitstream" else board
    room = capacity(chip, board)
    if not room.fits:
        raise BoardError(f"{chip_path.name} does not fit {board.name}: {room.limit}; {room.note}")
    plan: dict[str, Any] = {"clock_mhz": board.clock_mhz, "clock_source": "assumed"}
    around_hls = ip == "hls"
    if around_hls:
        plan["ip"] = ip
    elif target in ENGINE:
        progress("plan")
        plan |= _rtl_plan(chip, board, chip_path.name, geometry, target == "bitstream")
    if target == "hls" or board.family in AMD:
        place = _beside_registers(chip, board) if around_hls else board
        wanted = lanes or default_lanes(chip, place)
        try:
            check_board(chip, place, wanted)
            plan["lanes"] = wanted
        except BoardError:  # of no weight beside an engine that fits, unless it was asked for
            if target == "hls" or around_hls or lanes is not None:
                raise
    out = out.resolve()
    _refuse_foreign_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        progress("chip")
        _copy_chip(chip, chip_path, partial / "model.chip")
        _copy_onnx(chip, onnx, chip_path, partial / "model.onnx")
        manifest = _write_parts(chip, board, target, plan, partial, progress)
        write_manifest(partial, manifest)
        partial.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Build(out, manifest, chip)


def _check_core(target: str, ip: str, geometry: Geometry | None) -> None:
    if ip not in CORES:
        raise BuildError(f"no core {ip!r}; choose {' or '.join(CORES)}")
    if ip == "hls" and target != "bitstream":
        raise BuildError(f"--ip hls is what a bitstream is made with; with --target {target} leave it out")
    if ip == "hls" and geometry is not None:
        raise BuildError("--geometry is of the RTL engine; with --ip hls give --lanes")


def _beside_registers(chip: Chip, board: Board) -> Board:
    """What a board has left beside the AXI registers of an engine that tells its logits one by one."""
    left = max(board.bram18 - axi_memory(chip, rows=1), 0)
    return replace(board, name=f"{board.name}, beside the AXI registers,", bram18=left)


def _with_its_clock(board: Board) -> Board:
    """The board at the clock that its processor makes, nearest to the one that is asked for."""
    from .emit.vivado import require_zynq

    return replace(board, clock_mhz=require_zynq(board).clock(board.clock_mhz).mhz)


def _rtl_plan(chip: Chip, board: Board, name: str, geometry: Geometry | None, bitstream: bool) -> dict[str, Any]:
    """What a manifest says of the RTL engine's plan; of a bitstream with what stands beside the engine."""
    chosen = geometry is not None
    if bitstream:  # which cannot initialise URAM, and nothing loads it yet
        if geometry is not None and geometry.uram:
            raise BuildError(
                f"{name}: a geometry with weights in URAM (uram={geometry.uram}), which a bitstream leaves empty; "
                "give one with uram=0, or --target rtl"
            )
        board = replace(board, uram=0)
    if geometry is None:
        verdict = fit(chip, board)
        if verdict.geometry is None:
            raise BoardError(f"{name} does not fit {board.name}: {verdict.limit}; {verdict.notes[-1]}")
        geometry = Geometry(**verdict.geometry)
    made = schedule(chip, geometry)
    cost = predict(chip, made, board.family, Widths.of(chip))
    if bitstream and (host := bitstream_cost(chip, made, board)):
        cost = cost.beside(host)
        over = beyond_device(cost.as_dict(), board)
        if over and not chosen:  # who chooses a geometry may try: a tool may still put one thing in another's place
            raise BoardError(
                f"{name} does not fit {board.name} as a bitstream: with the AXI registers {', '.join(over)}; "
                "give a smaller engine by --geometry, or a larger board"
            )
    mean = made.mean_cycles(0, min(MEAN_OVER, chip.shape.context) - 1)
    return {"geometry": asdict(geometry), "resources": resources(cost, board), "mean_cycles": mean}


def _write_parts(
    chip: Chip, board: Board, target: str, plan: dict[str, Any], folder: Path, progress: Progress
) -> dict[str, Any]:
    """Write the projects of a target; the manifest of the whole folder."""
    parts, cycles = [], None
    if "lanes" in plan:
        from .emit.hls import write_project

        progress("HLS project")
        write_project(chip, folder / "hls", part=board.part, clock_mhz=board.clock_mhz, lanes=plan["lanes"])
        parts.append("hls")
    if "ip" in plan:
        from .emit.rtl_hls import write_rtl_around_hls

        progress("RTL project")
        write_rtl_around_hls(chip, folder / "rtl")
        parts.append("rtl")
    elif target in ENGINE:
        from .emit import board_top
        from .emit.rtl import write_rtl

        progress("RTL project")
        made = write_rtl(chip, folder / "rtl", Geometry(**plan["geometry"]))
        cycles = [made.cycles(position) for position in range(chip.shape.context)]
        if board.key == board_top.BOARD:
            board_top.write_board_top(folder / "rtl", board_top.Serial(clock_mhz=board.clock_mhz))
        parts.append("rtl")
    if target == "bitstream":
        from .emit.axi_top import write_axi_top
        from .emit.host import Host
        from .emit.vivado import write_vivado

        progress("Vivado project")
        write_axi_top(folder / "rtl", Host(clock_mhz=board.clock_mhz))
        write_vivado(folder / "vivado", folder / "rtl", board)
        parts.append("vivado")
    progress("hashes")
    return _manifest(chip, board, target, parts, plan, cycles, folder)


def _refuse_foreign_folder(out: Path) -> None:
    """A folder is replaced only if every file in it is one that a build of ours put there."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        known = set(read_manifest(out)["files"]) | {"manifest.json"} if out.is_dir() else set()
    except BuildError:
        known = set()
    if not known:
        raise BuildError(f"{out} exists and is no hardwire build; remove it or choose another -o")
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        name = path.relative_to(out).as_posix()
        if name not in known and path.suffix not in COMPILED and not _left_by_tools(name, known):
            raise BuildError(f"{out} holds {name}, which is not of its build; remove it or choose another -o")


def _left_by_tools(name: str, known: set[str]) -> bool:
    """Whether simulation or synthesis put the file there, which is not of the build and not of a user."""
    if name.startswith(("rtl/obj_dir/", f"{SYNTH}/sim/", f"{SYNTH}/vivado/", f"{SYNTH}/vitis/")):
        return True
    folder, _, rest = name.partition("/")
    if folder != SYNTH:
        return False
    if rest.startswith("src/"):
        return f"rtl/{rest[4:]}" in known
    return rest == "lock" or ("/" not in rest and Path(rest).suffix in SYNTH_MADE)


def _copy_chip(chip: Chip, chip_path: Path, to: Path) -> None:
    """The chip as it is, but for where its ONNX lay: builds of equal chips have equal digests."""
    if read_origin(chip_path) is None:
        shutil.copyfile(chip_path, to)
    else:
        chip.save(to)


def _copy_onnx(chip: Chip, onnx: Path | None, chip_path: Path, to: Path) -> None:
    """Copy the ONNX that the chip came from: the one given, or one with its hash beside the chip, where the chip
    remembers it, or in the package."""
    source = chip.about.get("onnx")
    source = source if isinstance(source, dict) else {}
    name, digest = str(source.get("file", "")), source.get("sha256")
    if onnx is not None:
        if not onnx.is_file() or sha256(onnx) != digest:
            raise BuildError(f"{onnx} is not the model that {chip_path.name} was made from; give that one")
        shutil.copyfile(onnx, to)
        return
    if not name or "/" in name or "\\" in name:
        return
    remembered = read_origin(chip_path)
    for found in (chip_path.parent / name, *([remembered] if remembered else []), bundled_folder() / name):
        if found.is_file() and found.stat().st_size <= LARGEST_ONNX_COPY and sha256(found) == digest:
            shutil.copyfile(found, to)
            return


def bundled_folder() -> Path:
    """Where the bundled model's files are."""
    return Path(__file__).parent / "bundled"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        total = hashlib.sha256()
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """sha256 of every file below ``folder`` but the manifest and what synthesis made, by relative path."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json")
    names = {p.relative_to(folder).as_posix(): p for p in files}
    return {name: sha256(path) for name, path in names.items() if not name.startswith(f"{SYNTH}/")}


def _manifest(
    chip: Chip,
    board: Board,
    target: str,
    parts: list[str],
    plan: dict[str, Any],
    cycles: list[int] | None,
    folder: Path,
) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "format": MANIFEST_VERSION,
        "hardwire": __version__,
        "target": target,
        "parts": parts,
        "board": {"key": board.key, "name": board.name, "part": board.part},
        "chip": {
            "file": "model.chip",
            "digest": chip.digest,
            "bits": chip.bits,
            "exceptions": chip.exceptions(),
            "about": chip.about,
        },
        "plan": plan,
        "cycles": cycles,  # of a generated token, by position, as the RTL's schedule has them; none is known of HLS
        "resources": None,
        "tools": {name: "not run" for name in ("vitis_hls", "vivado", "yosys", "nextpnr")},
        "files": hash_files(folder),
        "proofs": [],
    }
    manifest["digest"] = build_digest(manifest)
    return manifest


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    partial = folder / "manifest.json.part"
    partial.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    partial.replace(folder / "manifest.json")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, its shape checked. Raises BuildError."""
    path = folder / "manifest.json"
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise BuildError(f"{path}: {path.stat().st_size:,} bytes is no manifest of ours")
        manifest = json.loads(path.read_text())
        if manifest["format"] != MANIFEST_VERSION or manifest["digest"] != build_digest(manifest):
            raise BuildError(
                f"{path}: its digest is not that of its contents; it was edited or is of another "
                "version, run hardwire build again"
            )
    except OSError as error:
        raise BuildError(
            f"{folder}: no readable manifest.json ({error.strerror}); give a folder that hardwire build wrote"
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise BuildError(f"{path}: malformed, {type(error).__name__}: {error}; run hardwire build again") from None
    return dict(manifest)


def open_build(folder: Path) -> Build:
    """Open a build folder. Raises BuildError naming the first file that is missing, changed or outside."""
    manifest = read_manifest(folder)
    root = folder.resolve()
    for name, expected in manifest["files"].items():
        path = (folder / name).resolve()
        if not path.is_relative_to(root):
            raise BuildError(f"{folder}: the manifest names {name!r}, which is outside the build folder")
        if not path.is_file():
            raise BuildError(f"{folder}: {name} is missing; run hardwire build again")
        if sha256(path) != expected:
            raise BuildError(
                f"{folder}: {name} does not match the manifest's hash; it was edited, run hardwire build again"
            )
    return Build(folder, manifest, load_chip(folder / "model.chip"))
