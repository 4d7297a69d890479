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
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..chip.model import chip_id
from ..driver.selftest import record
from ..emit.rtl.around_hls import CORE, SIM, core_of
from ..emit.rtl.contents import Pour
from ..emit.rtl.project import read_meta
from ..errors import BuildError
from ..files import sha256
from ..manifest import MANIFEST, BundleManifest, Expected, hash_files, read_bundle_manifest, write_manifest
from ..plan.geometry import geometry_of
from ..targets.board import load_board
from .folder import Build
from .make import make_build

_KEPT = (  # of the receipt of synthesis
    "tools", "top", "resources", "budget", "place_and_route", "clock_mhz", "clock_source", "target_mhz", "fmax_mhz",
    "critical_path", "cycles_per_token", "tokens_per_second", "when",
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
    receipt = build.manifest.synthesis
    hashes = receipt.files if receipt is not None else {}
    products = [name for name in hashes if name.endswith((".bit", ".hwh"))]
    bits = [name for name in products if name.endswith(".bit")]
    if receipt is None or not bits:
        raise BuildError(
            f"{build.folder} has no bitstream; run hardwire synth {build.folder} for a board that it routes"
        )
    for name in products:
        if not (build.folder / name).is_file() or sha256(build.folder / name) != hashes[name]:
            raise BuildError(
                f"{build.folder / name}: missing, or not the receipt's; run hardwire synth {build.folder} again"
            )
    folder = out / build.manifest.board.key / build.folder.resolve().name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if len(products) > len(bits):
        copies = [Path(shutil.copyfile(build.folder / name, folder / Path(name).name)).name for name in products]
    else:
        source = build.folder / bits[0]
        copies = [f"{source.name}.gz"]
        (folder / copies[0]).write_bytes(gzip.compress(source.read_bytes(), mtime=0))
    shutil.copyfile(build.folder / "model.chip", folder / "model.chip")
    said, plan = build.manifest, build.manifest.plan
    kept_fields = {name: getattr(receipt, name) for name in _KEPT}
    manifest = BundleManifest(
        board=said.board,
        chip=said.chip,
        build=said.digest,
        geometry=plan.geometry,
        pour=plan.pour,
        identity=plan.identity,
        room=plan.room,
        ip=plan.ip,
        lanes=plan.lanes,
        build_clock_mhz=plan.clock_mhz,
        cycles=said.cycles,
        sources=sources_digest(build.folder / "rtl"),
        target=said.target,
        files={name: sha256(folder / name) for name in (*copies, "model.chip")},
        bitstream_sha256=receipt.files[bits[0]],
        proofs=said.proofs,
        slack_ns=receipt.slack_ns,
        expected=Expected.from_json(record(build.chip), folder / MANIFEST, "expected"),
        nulls=frozenset({"cycles", *_KEPT}),
        **kept_fields,
    )
    write_manifest(folder, manifest.sealed())
    return folder


def check(folder: Path) -> BundleManifest:
    """The manifest of a collected folder, if its files and today's sources are those that made its bitstream.

    Raises BuildError naming what differs.
    """
    manifest = read_bundle_manifest(folder, "collect it again")
    for name, expected in manifest.files.items():
        if "/" in name or not (folder / name).is_file() or sha256(folder / name) != expected:
            raise BuildError(f"{folder / name}: missing, or not what its manifest says; collect it again")
    if manifest.build_clock_mhz is None or manifest.sources is None:
        raise BuildError(f"{folder}: its manifest lacks build_clock_mhz or sources; collect it again")
    with tempfile.TemporaryDirectory() as scratch:
        board = replace(load_board(manifest.board.key), clock_mhz=manifest.build_clock_mhz)
        rebuilt = make_build(
            folder / "model.chip",
            board,
            Path(scratch) / "build",
            target=manifest.target or "rtl",
            ip=manifest.ip or "rtl",
            lanes=manifest.lanes if manifest.ip is not None else None,
            geometry=geometry_of(manifest.geometry, folder) if manifest.geometry is not None else None,
            reprintable=manifest.pour == Pour.ALL.value,
        )
        if manifest.identity is not None:
            _name_gates(rebuilt.folder / "rtl", manifest.identity, manifest.room or {})
        if sources_digest(rebuilt.folder / "rtl") != manifest.sources:
            raise BuildError(
                f"{folder}: its bitstream is of other sources than today's; run hardwire synth and collect"
            )
    return manifest


def _name_gates(rtl: Path, identity: str, room: Mapping[str, int]) -> None:
    """Put into a project's packages what a patched bitstream keeps of the chip that it was baked with: the identity
    that its registers tell, and the bits of its sums and biases."""
    words = {name: str(bits) for name, bits in room.items()} | {"Id": f"32'h{chip_id(identity):08x}"}
    for package in sorted(rtl.rglob("*_pkg.sv")):
        text = package.read_text()
        for name, word in words.items():
            text = re.sub(rf"(localparam [^;=]*\b{name} = )[^;]+;", rf"\g<1>{word};", text)
        package.write_text(text)
