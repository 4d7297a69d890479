# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Faults put into a copy of a build on purpose, to show that ``verify`` finds and names them.

The copy's hashes are renewed, so nothing but the comparison itself can notice.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..build.folder import Build, open_build
from ..chip.model import Chip, with_matrix
from ..errors import BuildError
from ..files import sha256
from ..manifest import SYNTH, hash_files, write_manifest
from ..ops.fixed import limits

RUNG = {
    "weight": "csim",
    "table": "csim",
    "rounding": "csim",
    "rom": "rtl",
    "draw": "rtl",
    "context": "rtl",
    "netlist": "netlist",
}  # where it is found
KINDS = tuple(RUNG)
# Nets of a netlist that logits are the lowest bits of: those that leave the engine, and those that a board's top keeps.
LOGITS = (".logits_o", ".u_logits.u_rows.wdata_i")
HALF = "const int64_t half = (int64_t(1) << shift) >> 1;"  # in hls/fixed.hpp


def plant(build: Build, kind: str, folder: Path) -> tuple[Build, str]:
    """Copy ``build`` into ``folder`` with one fault; the copy and what was done to it.

    kind: "weight", "table" or "rounding" of the HLS project; "rom", a weight in the RTL project; "draw", what its
    extended sampler weighs tokens by; "context", the values of all its streams in one place; "netlist", a LUT of the
    synthesized netlist.
    """
    if kind not in KINDS:
        raise BuildError(f"no fault {kind!r}; known are {', '.join(KINDS)}")
    if RUNG[kind] == "netlist":
        from ..synth.builds import checked_netlist

        checked_netlist(build)  # says what is missing
    elif (part := {"csim": "hls", "rtl": "rtl"}[RUNG[kind]]) not in build.manifest.parts:
        raise BuildError(
            f"{build.folder} has no {part.upper()} project to put a fault into; build with --target {part}"
        )
    copy, manifest = folder / build.folder.name, replace(build.manifest, proofs=())
    left_out = () if kind == "netlist" else (SYNTH,)
    shutil.copytree(build.folder, copy, ignore=shutil.ignore_patterns("*.so", "*.o", "obj_dir", *left_out))
    if kind == "netlist":
        receipt, netlist = build.synthesis, copy / SYNTH / "netlist.json"
        change = _gate(netlist, receipt.top)
        files = {**receipt.files, f"{SYNTH}/netlist.json": sha256(netlist)}
        manifest = replace(manifest, synthesis=replace(receipt, files=files))
    elif kind == "rom":
        change = _rom_word(
            copy / "rtl", "weight", "has no ROMs, its decoder is an HLS core; plant another fault, such as weight"
        )
    elif kind == "draw":
        change = _rom_word(copy / "rtl", "octave", "has no extended sampler; build with --sampler extended")
    elif kind == "context":
        change = _one_cache(copy / "rtl")
    elif kind == "rounding":
        change = _drop_half(copy / "hls")
    else:
        faulty, change = _weight(build.chip) if kind == "weight" else _table(build.chip)
        _write_again(build, faulty, copy / "hls")
    write_manifest(copy, replace(manifest, files=hash_files(copy)).sealed())
    return open_build(copy), change


def _rom_word(project: Path, rom: str, otherwise: str) -> str:
    """The highest bit of a digit in the middle of the first ROM of a kind: a digit that is not zero is no padding."""
    from ..emit.rtl.project import META, read_meta

    meta = read_meta(project)
    name = min((name for name in meta["rom"] if name.startswith(rom)), default=None)
    if name is None:
        raise BuildError(f"{project} {otherwise}")
    words = (project / "rom" / name).read_text().splitlines()
    order = [*range(len(words) // 2, len(words)), *range(len(words) // 2)]
    word = next(i for i in order if words[i].strip("0"))
    place = max(i for i, digit in enumerate(words[word]) if digit != "0")
    before = words[word]
    words[word] = f"{before[:place]}{int(before[place], 16) ^ 8:x}{before[place + 1 :]}"
    text = "\n".join(words) + "\n"
    (project / "rom" / name).write_text(text)
    meta["rom"][name] = hashlib.sha256(text.encode()).hexdigest()
    (project / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    return f"word {word} of rom/{name} from {before} to {words[word]}"


def _one_cache(project: Path) -> str:
    """Let the cache of values forget whose they are: a stream by itself is right, two at once read each other's."""
    from ..emit.rtl.project import read_meta

    streams = read_meta(project)["parameters"]["Streams"]
    if streams == 1:
        raise BuildError(f"{project} has one stream, so no two contexts to mix; build with --streams 2")
    path = project / "rtl" / "cached_attention.sv"
    text = path.read_text()
    for port in ("waddr_i", "raddr_i"):
        whole = f".{port}(value_{port.removesuffix('_i')})".replace("value_raddr", "value_addr")
        if text.count(whole) != 1:
            raise BuildError(f"{path} does not say {whole!r} once; build again")
        signal = whole.removeprefix(f".{port}(").removesuffix(")")
        text = text.replace(whole, f".{port}(CacheA'(32'({signal}) % (CacheN / Streams)))")
    path.write_text(text)
    return f"the values of {streams} streams into the place of one, in rtl/cached_attention.sv"


def _gate(path: Path, top: str) -> str:
    """Turn the LUT around that a bit of the logits comes from."""
    netlist = json.loads(path.read_text())
    module = netlist["modules"][top]
    name = gate_of_logits(module)
    if name is None:
        raise BuildError(f"{path}: no LUT feeds the logits; run hardwire synth again")
    values = module["cells"][name]["parameters"]
    before = values["INIT"]
    values["INIT"] = before.translate(str.maketrans("01", "10"))
    path.write_text(json.dumps(netlist, separators=(",", ":")))
    return f"INIT of LUT {name} from {before} to {values['INIT']}"


def gate_of_logits(module: Mapping[str, Any]) -> str | None:
    """The LUT nearest to a logit's lowest bit in a module of Yosys's JSON, where its nets have the names for that."""
    nets = {**module["netnames"], **module["ports"]}
    bits = [bit for name, net in nets.items() if f".{name}".endswith(LOGITS) for bit in net["bits"]]
    return next(_luts_behind(module, bits), None)


def _luts_behind(module: Mapping[str, Any], bits: list[Any]) -> Iterator[str]:
    """Names of LUTs in front of some nets, the nearest first."""
    cells = module["cells"]
    driver = {
        bit: name
        for name, cell in cells.items()
        for port, nets in cell["connections"].items()
        if cell["port_directions"][port] == "output"
        for bit in nets
    }
    visited: set[str] = set()
    waiting = list(bits)
    while waiting:
        name = driver.get(waiting.pop(0))
        if name is None or name in visited:
            continue
        visited.add(name)
        if cells[name]["type"].startswith("LUT"):
            yield name
        waiting += [bit for port, nets in cells[name]["connections"].items() for bit in nets]


def _weight(chip: Chip) -> tuple[Chip, str]:
    """One weight of the middle layer's up projection, at the other end of its range."""
    layer, matrix = chip.shape.layers // 2, chip.matrices["up"]
    weight = matrix.weight.copy()
    before = int(weight[layer, 0, 0])
    weight[layer, 0, 0] = limits(matrix.bits)[0 if before >= 0 else 1]
    change = f"weight up[{layer}, 0, 0] from {before} to {weight[layer, 0, 0]}"
    return with_matrix(chip, "up", replace(matrix, weight=weight)), change


def _table(chip: Chip) -> tuple[Chip, str]:
    """The first entry of the exponential table, which every softmax reads."""
    table = chip.tables["exp"].copy()
    table[0] -= 1
    return replace(chip, tables={**chip.tables, "exp": table}), f"table exp[0] from {table[0] + 1} to {table[0]}"


def _write_again(build: Build, chip: Chip, folder: Path) -> None:
    from ..emit.hls.project import META, write_project

    shutil.rmtree(folder)
    plan = build.manifest.plan
    if plan.lanes is None:
        raise BuildError(f"{build.folder}: its plan has no lanes; build it again")
    write_project(chip, folder, part=build.manifest.board.part, clock_mhz=plan.clock_mhz, lanes=plan.lanes)
    meta = folder / META
    meta.write_text(meta.read_text().replace(chip.digest, build.chip.digest))


def _drop_half(project: Path) -> str:
    """Make the kernels' round_shift truncate."""
    files = sorted(project.rglob("fixed.hpp"))
    if not files:
        raise BuildError(f"{project} has no fixed.hpp; build again")
    for path in files:
        text = path.read_text()
        if text.count(HALF) != 1:
            raise BuildError(f"{path} does not say {HALF!r} once; build again")
        path.write_text(text.replace(HALF, "const int64_t half = 0;"))
    return "the half that fixed.hpp adds before a shift, from 2**(shift - 1) to 0"
