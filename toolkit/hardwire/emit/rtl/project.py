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
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...chip.model import Chip
from ...errors import BuildError
from ...host.requests import STOPS
from ...ops import norm
from ...parts import PARTS
from ...plan.geometry import Geometry
from ...plan.latency import ceil_div
from ...plan.program import Schedule
from ...plan.schedule import schedule
from ...plan.trace import segments
from ...plan.widths import accumulator_bits, embedding_bits, weight_words
from ...plan.words import Style, named
from .packages import HEADER, PLAN_PACKAGE, plan_package, ports_header
from .roms import rom_contents, word_widths

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


def write_rtl(chip: Chip, folder: Path, geometry: Geometry = Geometry(), rom_path: str = "rom/") -> Schedule:
    """Write the project; ``rom_path`` is where a tool finds rom/ from the directory it runs in."""
    program = schedule(chip, geometry)
    for name in ("rtl", "rom"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for source in sorted(p for p in rtl_folder().iterdir() if p.suffix in (".sv", ".cpp")):
        shutil.copy(source, folder / "rtl" / source.name)
    digests = {}
    for name, lines in rom_contents(chip, program).items():
        text = "\n".join(lines) + "\n"
        (folder / "rom" / name).write_text(text)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    values = parameters(chip, program)
    write_packages(folder, values, plan_package, chip.digest)
    (folder / f"{TOP}.sv").write_text(top_module(_engine(rom_path), chip.digest, geometry.streams))
    meta = {
        "chip": chip.digest,
        "shape": asdict(chip.shape),
        "formats": asdict(chip.formats),
        "geometry": asdict(geometry),
        "cycles": _cycles(program),
        "parameters": values,
        "rom": digests,
    }
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    return program


def read_meta(folder: Path) -> dict[str, Any]:
    """What write_rtl left. Raises BuildError where a ROM is missing or changed: it would read as zeros."""
    try:
        meta: dict[str, Any] = json.loads((folder / META).read_text())
    except (OSError, ValueError) as error:
        raise BuildError(f"{folder}: not an RTL project ({error}); write it again") from None
    for name, digest in meta["rom"].items():
        path = folder / "rom" / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise BuildError(f"{path}: missing or changed since it was written; write the RTL project again")
    return meta


def parameters(chip: Chip, program: Schedule) -> dict[str, int | str]:
    """Parameters of the engine, those of parameters.py, as SystemVerilog writes them."""
    s, f, g = chip.shape, chip.formats, program.geometry
    words, switches, widths = weight_words(program), dict[str, int](), dict[str, int]()
    for part in PARTS:
        switches |= part.switches(s, chip.wiring)
        widths |= part.widths(chip, program) if part.there(chip.wiring) else {}
    return {
        "Vocab": s.vocab,
        "Words": ceil_div(s.dim, g.rows),
        "Layers": s.layers,
        "Heads": s.heads,
        "KvHeads": s.kv_heads,
        "HeadDim": s.head_dim,
        "Context": program.context,
        "HiddenWords": ceil_div(s.hidden, g.rows),
        **switches,
        "ResidualW": f.residual,
        "NormW": f.norm,
        "QueryW": f.query,
        "CacheW": f.cache,
        "AttentionW": f.attention,
        "HiddenW": f.hidden,
        "GateW": f.gate,
        "UpW": f.up,
        "LogitW": f.logit,
        "LogitFraction": f.logit_fraction,
        "EmbeddingW": embedding_bits(chip),
        "Eps": int(chip.tables["eps"][0]),
        "EnergyW": norm.largest_energy(s.dim, f.residual).bit_length(),
        "Columns": g.columns,
        "Depth": g.depth,
        "Terms": g.terms,
        "PackedGroups": g.packed_groups,
        "LaneStages": g.lane_stages,
        "FactorStages": g.factor_stages,
        "RoundStages": g.round_stages,
        "AccW": accumulator_bits(chip),
        "Uram": g.uram,
        "SplitWeights": int(g.split),
        "WeightWords": "{" + ", ".join(f"16'd{count}" for count in reversed(words)) + "}",
        "EmissionWords": len(program.emissions),
        "Banks": g.banks,
        "Shared": program.shared,
        "Divides": g.divides,
        "Spacing": program.spacing,
        "ReadStages": g.read_stages,
        "SumStages": g.sum_stages,
        "Slack": min(program.slack, program.span(program.context - 1)),
        "ScoreStyle": named(Style[g.score_style.upper()]),
        "MixStyle": named(Style[g.mix_style.upper()]),
        "ScoreFabric": g.score_fabric,
        "MixFabric": g.mix_fabric,
        "Minus": int(g.minus),
        "ProgramWords": len(program.words),
        "InnerWait": program.inner_wait,
        "Streams": g.streams,
        "Stops": STOPS,
        "Segments": segments(program),
        "Trace": int(g.trace),
        **word_widths(chip, program),
        **widths,
    }


def _cycles(program: Schedule) -> dict[str, Any]:
    last = program.context - 1
    return {
        "mean_0_255": program.mean_cycles(),
        "first": program.cycles(0),
        "last": program.cycles(last),
        "prompt_first": program.cycles(0, generated=False),
    }


# Ports of a chip's top, which a board's registers and every simulation take: direction, type, name. Those of requests,
# prompts and tokens are there for each stream.
TOP_PORTS = (
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


def top_module(body: str, digest: str, streams: int = 1) -> str:
    """hardwire_top.sv: ``body`` behind TOP_PORTS. ``digest`` is the chip's, named in the first lines."""
    each = OF_A_STREAM if streams > 1 else ()
    kinds = [f"{kind} [Streams-1:0]" if name.startswith(each) else kind for _, kind, name in TOP_PORTS]
    width = max(map(len, kinds))
    listed = ",\n".join(
        f"  {way:<6} {kind:<{width}} {name}" for kind, (way, _, name) in zip(kinds, TOP_PORTS, strict=True)
    )
    return (
        f"// SPDX-FileCopyrightText: 2026 hardwire contributors\n// SPDX-License-Identifier: Apache-2.0\n"
        f"// Generated from chip {digest}.\nmodule {TOP}\n  import plan_pkg::*;\n(\n{listed}\n);\n{body}\nendmodule\n"
    )


def _engine(rom_path: str) -> str:
    """The body of a top: the engine, its ports joined by name; it reads its ROMs from ``rom_path``."""
    joined = textwrap.fill(
        ", ".join(f".{name}" for _, _, name in TOP_PORTS), 110, initial_indent="    ", subsequent_indent="    "
    )
    return f'\n  engine #(.Folder("{rom_path}")) u_engine (\n{joined});\n'
