# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a board needs of a finished build, in a folder of its own: bitstream, model, and where they came from.

bitstreams/<board>/<name>/<top>.bit.gz   the bitstream; gzip, without a date
                          hardwire.bit   of a board with a Zynq: as it is, since an overlay is loaded from it,
                          hardwire.hwh   with the hardware handoff beside it
                          model.chip     the integer model that is in it
                          manifest.json  board, geometry, cycles, clock, resources, tools; the digest of the sources
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..driver.selftest import record
from ..emit.rtl.around_hls import CORE, SIM, core_of
from ..emit.rtl.project import read_meta
from ..errors import BuildError
from ..files import sha256
from ..manifest import hash_files, manifest_digest
from ..plan.geometry import Geometry
from ..targets.board import load_board
from .folder import Build
from .make import make_build

_KEPT = (
    "tools", "top", "resources", "budget", "place_and_route", "clock_mhz", "clock_source", "target_mhz", "fmax_mhz",
    "critical_path", "cycles_per_token", "tokens_per_second", "when", "slack_ns",
)  # fmt: skip


def sources_digest(rtl: Path) -> str:
    """sha256 over what a tool reads of an RTL project: modules, tops, constraints, ROM contents, an HLS core's sources.

    Comments and white space of Verilog do not count, nor zeros in front of a ROM's words, nor what is only simulated:
    they change no gate.
    """
    read = {n: h for n, h in hash_files(rtl).items() if n.endswith((".sv", ".v", ".hex", ".lpf"))}
    read = {name: digest for name, digest in read.items() if not name.startswith(f"{SIM}/")}
    for name in (name for name in read if name.endswith((".sv", ".v"))):
        read[name] = hashlib.sha256(_bare((rtl / name).read_text()).encode()).hexdigest()
    for name in (name for name in read if name.endswith(".hex")):
        read[name] = hashlib.sha256(_whole_bytes((rtl / name).read_text()).encode()).hexdigest()
    if (rtl / SIM / f"{CORE}.sv").is_file():
        read["hls"] = core_of(rtl, read_meta(rtl)).stamp
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def _whole_bytes(words: str) -> str:
    """Hexadecimal words, one a line, each of whole bytes."""
    return "".join(f"{word.zfill(len(word) + len(word) % 2)}\n" for word in words.split())


_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def _bare(verilog: str) -> str:
    """Without comments, every run of white space a blank; strings are kept."""
    kept = _STRING_OR_COMMENT.sub(lambda found: found[0] if found[0].startswith('"') else " ", verilog)
    return " ".join(kept.split())


def collect(build: Build, out: Path) -> Path:
    """Write the folder of a build whose bitstream is finished; replaces an older one of the same build name.

    Raises BuildError where there is no bitstream, or where it is not the one of the build's receipt.
    """
    receipt = build.manifest.get("synthesis") or {}
    made = [name for name in receipt.get("files", {}) if name.endswith((".bit", ".hwh"))]
    bits = [name for name in made if name.endswith(".bit")]
    if not bits:
        raise BuildError(
            f"{build.folder} has no bitstream; run hardwire synth {build.folder} for a board that it routes"
        )
    for name in made:
        if not (build.folder / name).is_file() or sha256(build.folder / name) != receipt["files"][name]:
            raise BuildError(
                f"{build.folder / name}: missing, or not the receipt's; run hardwire synth {build.folder} again"
            )
    folder = out / build.manifest["board"]["key"] / build.folder.resolve().name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if len(made) > len(bits):
        kept = [Path(shutil.copyfile(build.folder / name, folder / Path(name).name)).name for name in made]
    else:
        source = build.folder / bits[0]
        kept = [f"{source.name}.gz"]
        (folder / kept[0]).write_bytes(gzip.compress(source.read_bytes(), mtime=0))
    shutil.copyfile(build.folder / "model.chip", folder / "model.chip")
    plan = build.manifest["plan"]
    manifest: dict[str, Any] = {
        "board": build.manifest["board"],
        "chip": build.manifest["chip"],
        "build": build.manifest["digest"],
        **{key: plan[key] for key in ("geometry", "ip", "lanes") if key in plan},
        "build_clock_mhz": plan["clock_mhz"],
        "cycles": build.manifest["cycles"],
        "sources": sources_digest(build.folder / "rtl"),
        "target": build.manifest["target"],
        "files": {name: sha256(folder / name) for name in (*kept, "model.chip")},
        "bitstream_sha256": receipt["files"][bits[0]],
        "proofs": build.manifest["proofs"],
        **{key: receipt[key] for key in _KEPT if key in receipt},
    }
    manifest["expected"] = record(build.chip)
    manifest["digest"] = manifest_digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return folder


def check(folder: Path) -> dict[str, Any]:
    """The manifest of a collected folder, if its files and today's sources are those that made its bitstream.

    Raises BuildError naming what differs.
    """
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    if "digest" in manifest and manifest["digest"] != manifest_digest(manifest):
        raise BuildError(f"{folder}/manifest.json was edited: its digest is not that of its contents; collect it again")
    for name, expected in manifest["files"].items():
        if "/" in name or not (folder / name).is_file() or sha256(folder / name) != expected:
            raise BuildError(f"{folder / name}: missing, or not what its manifest says; collect it again")
    with tempfile.TemporaryDirectory() as scratch:
        board = replace(load_board(manifest["board"]["key"]), clock_mhz=manifest["build_clock_mhz"])
        made = make_build(
            folder / "model.chip",
            board,
            Path(scratch) / "build",
            target=manifest.get("target", "rtl"),
            ip=manifest.get("ip", "rtl"),
            lanes=manifest["lanes"] if "ip" in manifest else None,
            geometry=Geometry(**manifest["geometry"]) if "geometry" in manifest else None,
        )
        if sources_digest(made.folder / "rtl") != manifest["sources"]:
            raise BuildError(
                f"{folder}: its bitstream is of other sources than today's; run hardwire synth and collect"
            )
    return manifest
