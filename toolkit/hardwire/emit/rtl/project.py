# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chip and geometry to an RTL project: our modules as they are, a top with the parameters, and the ROM contents.

    <folder>/rtl/*.sv           the engine
             rtl/plan_pkg.sv    generated: its parameters, and the structs that they decide
             rtl/ports.hpp      generated: where the fields of its ports lie, for simulation
             rom/*.hex          weights, tables, emission words, the control program
             hardwire_top.sv    generated: its name for boards and tools
             hardwire_rtl.json  what this is, and the sha256 of every ROM

The same chip and geometry give the same bytes.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import shutil
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ...chip.model import Chip
from ...errors import BuildError
from ...manifest.projects import Cycles, RtlProject
from ...plan.drafts import BIGRAM_FILE, TRIGRAM_FILE, DraftTable
from ...plan.geometry import Geometry
from ...plan.program import Schedule
from ...plan.schedule import schedule
from . import choice
from .contents import Cast, Pour, memories
from .loads import top_body, write_loads
from .packages import HEADER, PLAN_PACKAGE, plan_package, ports_header
from .roms import draft_lines
from .values import parameters

META = "hardwire_rtl.json"
TOP = "hardwire_top"


def rtl_folder() -> Path:
    """Where rtl/*.sv lie: in the installed package, or at the top of the source tree."""
    try:
        packaged = Path(str(importlib.resources.files("hardwire.rtl")))
    except ModuleNotFoundError:
        packaged = Path()
    for folder in (packaged, Path(__file__).resolve().parents[4] / "rtl"):
        if (folder / "engine.sv").is_file():
            return folder
    raise BuildError("the RTL modules (engine.sv and others) are missing from this installation; install again")


def write_rtl(
    chip: Chip,
    folder: Path,
    geometry: Geometry = Geometry(),
    rom_path: str = "rom/",
    pour: Pour = Pour.NONE,
    table: DraftTable | None = None,
) -> Schedule:
    """Write the project; ``rom_path`` is where a tool finds rom/ from the directory it runs in, ``pour`` which memories
    its host can write, ``table`` that of an engine with drafts."""
    program = schedule(chip, geometry)
    if geometry.best and pour is Pour.ALL:
        raise BuildError("--sampler extended: of a frozen engine; leave out --reprintable")
    if geometry.streams > 1 and pour is not Pour.NONE:
        raise BuildError(f"{geometry.streams} streams: memories that a host writes are of one stream; plan one")
    cast = None if pour is Pour.NONE else Cast.of(chip, geometry, pour, program)
    values = parameters(chip, program) if cast is None else cast.parameters
    for name in ("rtl", "rom"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for source in sorted(p for p in rtl_folder().iterdir() if p.suffix in (".sv", ".cpp")):
        shutil.copy(source, folder / "rtl" / source.name)
    digests = {}
    contents = memories(chip, program, int(values["BiasW"]), pour)
    if (0 if table is None else table.entries) != geometry.drafts:
        raise BuildError(f"drafts {geometry.drafts}: the engine takes a table of as many entries")
    if table is not None:
        contents = {**contents, **draft_lines(table)}
    if geometry.best:
        contents = {**contents, choice.OCTAVE: choice.octave_lines()}
    for name, lines in contents.items():
        text = "\n".join(lines) + "\n"
        (folder / "rom" / name).write_text(text)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    write_packages(folder, values, plan_package, chip.digest)
    if cast is not None:
        write_loads(folder, rtl_folder(), cast, f"from chip {chip.digest}")
    if geometry.best:
        choice.write_choice(folder, rtl_folder(), values, geometry, f"from chip {chip.digest}")
    more = choice.PORTS if geometry.best else ()
    body = top_body(partial(_engine, rom_path, choice.ENGINE if geometry.best else "engine", more), pour)
    (folder / f"{TOP}.sv").write_text(top_module(body, chip.digest, geometry.streams, more))
    meta: RtlProject = {
        "chip": chip.digest,
        "shape": asdict(chip.shape),
        "formats": asdict(chip.formats),
        "geometry": geometry.as_dict(),
        "cycles": _cycles(program),
        "parameters": values,
        "rom": digests,
    }
    if cast is not None:
        meta["contents"] = cast.as_meta()
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    return program


def read_meta(folder: Path) -> RtlProject:
    """What write_rtl left. Raises BuildError where a ROM is missing or changed: it would read as zeros."""
    try:
        meta: RtlProject = json.loads((folder / META).read_text())
    except (OSError, ValueError) as error:
        raise BuildError(f"{folder}: not an RTL project ({error}); write it again") from None
    for name, digest in meta["rom"].items():
        path = folder / "rom" / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise BuildError(f"{path}: missing or changed since it was written; write the RTL project again")
    return meta


def best_of(meta: RtlProject) -> int:
    """Tokens that the sampler of a written project keeps in order; 0: it is a plain one."""
    return int((meta.get("geometry") or {}).get("best", 0))


def guide_words_of(meta: RtlProject) -> int:
    """Transitions of an automaton that it has room for; 0: none."""
    return int((meta.get("geometry") or {}).get("guide_words", 0))


def drafts_of(folder: Path) -> DraftTable | None:
    """The table of drafts in a written project's ROMs; None: it has none. Raises BuildError as ``read_meta`` does."""
    meta = read_meta(folder)
    if not (meta.get("geometry") or {}).get("drafts", 0):
        return None
    words = [
        [int(line, 16) for line in (folder / "rom" / name).read_text().split()] for name in (BIGRAM_FILE, TRIGRAM_FILE)
    ]
    return DraftTable.of_words(int(meta["shape"]["vocab"]), *words)


def _cycles(program: Schedule) -> Cycles:
    last = program.context - 1
    return {
        "mean_0_255": program.mean_cycles(),
        "first": program.cycles(0),
        "last": program.cycles(last),
        "prompt_first": program.cycles(0, generated=False),
    }


# Ports of a chip's top, which a board's registers and every simulation take: direction, type, name. Those of requests,
# prompts and tokens are there for each stream.
Port = tuple[str, str, str]
TOP_PORTS: tuple[Port, ...] = (
    ("input", "logic", "clk_i"),
    ("input", "logic", "rst_i"),
    ("input", "logic", "request_valid_i"),
    ("input", "request_t", "request_i"),
    ("output", "progress_t", "progress_o"),
    ("output", "logic", "fetch_o"),
    ("input", "logic", "load_valid_i"),
    ("input", "logic [31:0]", "load_data_i"),
    ("input", "logic", "prompt_valid_i"),
    ("output", "logic", "prompt_ready_o"),
    ("input", "prompt_t", "prompt_i"),
    ("output", "logic", "token_valid_o"),
    ("input", "logic", "token_ready_i"),
    ("output", "token_t", "token_o"),
    ("output", "logic", "logits_valid_o"),
    ("output", "logits_t", "logits_o"),
    ("input", "logic [12:0]", "trace_addr_i"),
    ("output", "logic [31:0]", "trace_data_o"),
)


def write_packages(folder: Path, values: Mapping[str, Any], package: Callable[..., str], digest: str) -> None:
    """Write what of a project's rtl/ a build decides, over the defaults. ``package`` makes the SystemVerilog."""
    note = f"from chip {digest}"
    (folder / PLAN_PACKAGE).write_text(package(values, note))
    (folder / HEADER).write_text(ports_header(values, note))


OF_A_STREAM = ("request_", "progress_", "fetch_", "prompt_", "token_")  # what such ports are called


def top_module(body: str, digest: str, streams: int = 1, more: Sequence[Port] = ()) -> str:
    """hardwire_top.sv: ``body`` behind TOP_PORTS and ``more``. ``digest`` is the chip's, named in the first lines."""
    each, ports = OF_A_STREAM if streams > 1 else (), (*TOP_PORTS, *more)
    kinds = [f"{kind} [Streams-1:0]" if name.startswith(each) else kind for _, kind, name in TOP_PORTS]
    kinds += [choice.of_streams(kind) if streams > 1 else kind for _, kind, _ in more]
    width = max(map(len, kinds))
    listed = ",\n".join(f"  {way:<6} {kind:<{width}} {name}" for kind, (way, _, name) in zip(kinds, ports, strict=True))
    return (
        f"// SPDX-FileCopyrightText: 2026 hardwire contributors\n// SPDX-License-Identifier: Apache-2.0\n"
        f"// Generated from chip {digest}.\nmodule {TOP}\n  import plan_pkg::*;\n(\n{listed}\n);\n{body}\nendmodule\n"
    )


def _engine(rom_path: str, module: str, further: Sequence[Port], more: str) -> str:
    """The body of a top: the engine, its ports joined by name; it reads its ROMs from ``rom_path``. ``further``: ports
    beside the top's; ``more``: joined otherwise."""
    ports = [name for _, _, name in (*TOP_PORTS, *further) if f".{name}(" not in more]
    joined = textwrap.fill(
        more + ", ".join(f".{name}" for name in ports), 110, initial_indent="    ", subsequent_indent="    "
    )
    return f'\n  {module} #(.Folder("{rom_path}")) u_engine (\n{joined});\n'
