# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chip and geometry to an RTL project: our modules as they are, a top with the parameters, and the ROM contents.

    <folder>/rtl/*.sv           the engine
             rom/*.hex          weights, tables, emission words, the control program
             hardwire_top.sv    the only generated source
             hardwire_rtl.json  what this is, and the sha256 of every ROM

The same chip and geometry give the same bytes.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...chip.model import Chip
from ...errors import BuildError
from ...ops import norm
from ...parts import PARTS
from ...plan.geometry import STYLES, Geometry
from ...plan.latency import ceil_div
from ...plan.program import Schedule
from ...plan.schedule import schedule
from ...plan.trace import segments
from ...plan.widths import accumulator_bits, bias_bits, embedding_bits, weight_words
from .roms import rom_contents, word_widths

META = "hardwire_rtl.json"
TOP = "hardwire_top"
STOPS = 8


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
    made = schedule(chip, geometry)
    for name in ("rtl", "rom"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for source in sorted(p for p in rtl_folder().iterdir() if p.suffix in (".sv", ".cpp")):
        shutil.copy(source, folder / "rtl" / source.name)
    digests = {}
    for name, lines in rom_contents(chip, made).items():
        text = "\n".join(lines) + "\n"
        (folder / "rom" / name).write_text(text)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    values = parameters(chip, made)
    (folder / f"{TOP}.sv").write_text(top_module(engine_ports(values), _engine(values, rom_path), chip.digest))
    meta = {
        "chip": chip.digest,
        "shape": asdict(chip.shape),
        "formats": asdict(chip.formats),
        "geometry": asdict(geometry),
        "cycles": _cycles(made),
        "parameters": values,
        "rom": digests,
    }
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    return made


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


def parameters(chip: Chip, made: Schedule) -> dict[str, int | str]:
    """Parameters of rtl/engine.sv, as SystemVerilog writes them."""
    s, f, g = chip.shape, chip.formats, made.geometry
    words, switches, widths = weight_words(made), dict[str, int](), dict[str, int]()
    for part in PARTS:
        switches |= part.switches(s, chip.wiring)
        widths |= part.widths(chip, made) if part.there(chip.wiring) else {}
    return {
        "Vocab": s.vocab,
        "Words": ceil_div(s.dim, g.rows),
        "Layers": s.layers,
        "Heads": s.heads,
        "KvHeads": s.kv_heads,
        "HeadDim": s.head_dim,
        "Context": s.context,
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
        "BiasW": bias_bits(chip),
        "Eps": int(chip.tables["eps"][0]),
        "EnergyW": norm.largest_energy(s.dim, f.residual).bit_length(),
        "Columns": g.columns,
        "Rows": g.rows,
        "Depth": g.depth,
        "Terms": g.terms,
        "PackedGroups": g.packed_groups,
        "LaneStages": g.lane_stages,
        "RoundStages": g.round_stages,
        "AccW": accumulator_bits(chip),
        "Uram": g.uram,
        "WeightWords": "{" + ", ".join(f"16'd{count}" for count in reversed(words)) + "}",
        "EmissionWords": len(made.emissions),
        "Banks": g.banks,
        "Shared": made.shared,
        "Divides": g.divides,
        "Spacing": made.spacing,
        "Slack": min(made.slack, made.span(s.context - 1)),
        "ScoreStyle": f"engine_pkg::style_e'({STYLES.index(g.score_style)})",
        "MixStyle": f"engine_pkg::style_e'({STYLES.index(g.mix_style)})",
        "ScoreFabric": g.score_fabric,
        "MixFabric": g.mix_fabric,
        "Minus": int(g.minus),
        "ProgramWords": len(made.words),
        "Stops": STOPS,
        "Segments": segments(made),
        "Trace": int(g.trace),
        **word_widths(chip, made),
        **widths,
    }


def _cycles(made: Schedule) -> dict[str, Any]:
    last = made.shape.context - 1
    return {
        "mean_0_255": made.mean_cycles(),
        "first": made.cycles(0),
        "last": made.cycles(last),
        "prompt_first": made.cycles(0, generated=False),
    }


def engine_ports(values: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Ports of a chip's top: direction, name, bits. A board's registers and every simulation take these."""
    rows, vocab = int(values["Rows"]), int(values["Vocab"])
    ids, position = (vocab - 1).bit_length(), int(values["Context"]).bit_length()
    words = max((ceil_div(vocab, rows) - 1).bit_length(), 1)
    return [
        ("input", "clk_i", 1),
        ("input", "rst_i", 1),
        ("input", "request_i", 1),
        ("input", "clear_i", 1),
        ("input", "budget_i", 32),
        ("input", "seed_i", 64),
        ("input", "inverse_i", 17),
        ("input", "stop_valid_i", STOPS),
        ("input", "stop_i", STOPS * ids),
        ("output", "busy_o", 1),
        ("output", "status_o", 2),
        ("output", "position_o", position),
        ("output", "fetch_o", 1),
        ("input", "load_valid_i", 1),
        ("input", "load_data_i", 32),
        ("input", "prompt_valid_i", 1),
        ("output", "prompt_ready_o", 1),
        ("input", "prompt_id_i", ids),
        ("input", "prompt_last_i", 1),
        ("output", "token_valid_o", 1),
        ("input", "token_ready_i", 1),
        ("output", "token_id_o", ids),
        ("output", "logit_valid_o", 1),
        ("output", "logit_addr_o", words),
        ("output", "logit_o", rows * int(values["LogitW"])),
        ("input", "trace_addr_i", 13),
        ("output", "trace_data_o", 32),
    ]


def top_module(ports: list[tuple[str, str, int]], body: str, digest: str) -> str:
    """The source of a chip's top."""
    listed = ",\n".join(
        f"  {way:<6} logic {f'[{bits - 1}:0]' if bits > 1 else '':<8} {name}" for way, name, bits in ports
    )
    return (
        f"// SPDX-FileCopyrightText: 2026 hardwire contributors\n// SPDX-License-Identifier: Apache-2.0\n"
        f"// Generated from chip {digest}.\nmodule {TOP} (\n{listed}\n);\n{body}\nendmodule\n"
    )


def _engine(values: Mapping[str, Any], rom_path: str) -> str:
    """The body of a top: an engine with this chip's parameters."""
    given = ",\n".join([f"    .{name}({value})" for name, value in values.items()] + [f'    .Folder("{rom_path}")'])
    ports = engine_ports(values)
    joined = ", ".join(f".{name}(status)" if name == "status_o" else f".{name}" for _, name, _ in ports)
    return (
        f"\n  engine_pkg::status_e status;\n  assign status_o = status;\n\n"
        f"  engine #(\n{given}\n  ) u_engine (\n    {joined});\n"
    )
