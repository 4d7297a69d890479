# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Faults put into a copy of a build on purpose, to show that ``verify`` finds and names them.

The copy's hashes are renewed, so nothing but the comparison itself can notice.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from .build import Build, digest_of, hash_files, open_build, write_manifest
from .chip import Chip, with_matrix
from .errors import BuildError
from .fixed import limits

KINDS = ("weight", "table", "rounding")
HALF = "const int64_t half = (int64_t(1) << shift) >> 1;"  # in hls/fixed.hpp


def plant(build: Build, kind: str, folder: Path) -> tuple[Build, str]:
    """Copy ``build`` into ``folder`` with one fault in its HLS project; the copy and what was done to it."""
    if kind not in KINDS:
        raise BuildError(f"no fault {kind!r}; known are {', '.join(KINDS)}")
    if "hls" not in build.manifest["parts"]:
        raise BuildError(f"{build.folder} has no HLS project to put a fault into; build with --target hls")
    copy = folder / build.folder.name
    shutil.copytree(build.folder, copy, ignore=shutil.ignore_patterns("*.so", "*.o"))
    if kind == "rounding":
        done = _drop_half(copy / "hls")
    else:
        faulty, done = _weight(build.chip) if kind == "weight" else _table(build.chip)
        _write_again(build, faulty, copy / "hls")
    manifest = {**build.manifest, "files": hash_files(copy), "proofs": []}
    manifest["digest"] = digest_of(manifest)
    write_manifest(copy, manifest)
    return open_build(copy), done


def _weight(chip: Chip) -> tuple[Chip, str]:
    """One weight of the middle layer's up projection, at the other end of its range."""
    layer, matrix = chip.shape.layers // 2, chip.matrices["up"]
    weight = matrix.weight.copy()
    before = int(weight[layer, 0, 0])
    weight[layer, 0, 0] = limits(matrix.bits)[0 if before >= 0 else 1]
    done = f"weight up[{layer}, 0, 0] from {before} to {weight[layer, 0, 0]}"
    return with_matrix(chip, "up", replace(matrix, weight=weight)), done


def _table(chip: Chip) -> tuple[Chip, str]:
    """The first entry of the exponential table, which every softmax reads."""
    table = chip.tables["exp"].copy()
    table[0] -= 1
    return replace(chip, tables={**chip.tables, "exp": table}), f"table exp[0] from {table[0] + 1} to {table[0]}"


def _write_again(build: Build, chip: Chip, folder: Path) -> None:
    from .emit.hls import META, write_project

    shutil.rmtree(folder)
    plan = build.manifest["plan"]
    write_project(chip, folder, part=build.manifest["board"]["part"], clock_mhz=plan["clock_mhz"], lanes=plan["lanes"])
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
