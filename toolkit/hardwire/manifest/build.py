# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The manifest of a build folder: read, checked and written in one place. The standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from ..errors import BuildError
from ..files import sha256
from .records import (
    Check,
    Record,
    any_of,
    choice,
    integer,
    is_digest,
    is_files,
    is_flag,
    is_text,
    is_tree,
    list_of,
    map_of,
    nullable,
    number,
    read_object,
    record,
)

MANIFEST_VERSION = 1
MANIFEST = "manifest.json"
SYNTH = "synth"  # the folder of synthesis
TARGETS = ("hls", "rtl", "bitstream")
DIGESTED = ("format", "target", "parts", "board", "chip", "plan", "cycles", "files")
LARGEST_CLOCK = 10_000  # MHz
MOST_BITS = 64  # of a weight, by far
LARGEST_SIZE = 1 << 31  # of anything in a geometry

CLOCK = number(0, LARGEST_CLOCK)
CYCLES = nullable(list_of(integer(1)))  # of a token, by position
COUNTS = map_of(integer())  # of resources
GEOMETRY = map_of(any_of(is_flag, integer(0, LARGEST_SIZE), is_text))  # fields of a plan.geometry.Geometry
POURS = choice("uram", "all")  # memories that can be written, as emit.rtl.contents.Pour names them
CLOCK_SOURCES = choice("asked", "estimated", "routed", "assumed")  # the last: "asked" in manifests of before


@dataclass(frozen=True, kw_only=True)
class BoardRef(Record):
    """The board that a build is for. part: as its maker orders it."""

    key: str
    name: str
    part: str

    FIELDS: ClassVar[Mapping[str, Check]] = {"key": is_text, "name": is_text, "part": is_text}


@dataclass(frozen=True, kw_only=True)
class ChipRef(Record):
    """The chip in a build. bits: of the weights, by matrix; about: what the chip says of itself."""

    file: str
    digest: str
    bits: Mapping[str, int]
    exceptions: tuple[str, ...]
    about: Mapping[str, object]

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "file": is_text,
        "digest": is_digest,
        "bits": map_of(integer(1, MOST_BITS)),
        "exceptions": list_of(is_text),
        "about": is_tree,
    }


@dataclass(frozen=True, kw_only=True)
class DraftGain(Record):
    """Drafts on texts that one user asks for at a temperature. Of so many tokens, how many were guessed, and how many
    guesses were kept; cycles per token, with drafts and of the engine without them."""

    temperature: float
    texts: int
    tokens: int
    guessed: int
    kept: int
    plain_cycles: float
    cycles: float

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "temperature": number(),
        "texts": integer(),
        "tokens": integer(),
        "guessed": integer(),
        "kept": integer(),
        "plain_cycles": number(),
        "cycles": number(),
    }


@dataclass(frozen=True, kw_only=True)
class DraftRecord(Record):
    """What a build found of drafts. entries: of the engine's table, 0: it has none; bits: of the table's memories; why;
    tokens: of the model's own text from which it was learnt; greedy, sampled: on texts from which it was not;
    plain_together, together: cycles per token over all streams, of the engine without and with drafts."""

    entries: int
    bits: int
    why: str
    tokens: int | None = None
    greedy: DraftGain | None = None
    sampled: DraftGain | None = None
    plain_together: float | None = None
    together: float | None = None

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "entries": integer(0, LARGEST_SIZE),
        "bits": integer(),
        "why": is_text,
        "tokens": integer(),
        "greedy": record(DraftGain),
        "sampled": record(DraftGain),
        "plain_together": number(),
        "together": number(),
    }
    OPTIONAL = frozenset({"tokens", "greedy", "sampled", "plain_together", "together"})


@dataclass(frozen=True, kw_only=True)
class PlanRecord(Record):
    """What was planned. ip: "hls" where the decoder is what Vitis HLS makes; geometry: fields of the RTL engine's;
    pour: which of its memories can be written; lanes: of the HLS project; resources: predicted; mean_cycles: per token,
    of the RTL engine; drafts: what was found of them, where they were asked for. Of gates into which another chip was
    patched: identity, the digest of the chip that they name, and room, those of their parameters that say how large a
    value may be."""

    clock_mhz: float
    clock_source: str
    ip: str | None = None
    geometry: Mapping[str, int | str] | None = None
    pour: str | None = None
    identity: str | None = None
    room: Mapping[str, int] | None = None
    resources: Mapping[str, int] | None = None
    mean_cycles: float | None = None
    lanes: int | None = None
    drafts: DraftRecord | None = None

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "clock_mhz": CLOCK,
        "clock_source": CLOCK_SOURCES,
        "ip": choice("hls", "rtl"),
        "geometry": GEOMETRY,
        "pour": POURS,
        "identity": is_digest,
        "room": map_of(integer(0, MOST_BITS)),
        "resources": COUNTS,
        "mean_cycles": number(),
        "lanes": integer(1, LARGEST_SIZE),
        "drafts": record(DraftRecord),
    }
    OPTIONAL = frozenset({"ip", "geometry", "pour", "identity", "room", "resources", "mean_cycles", "lanes", "drafts"})


@dataclass(frozen=True, kw_only=True)
class RungRecord(Record):
    """What one comparison of a proof did."""

    status: str
    tokens: int
    logits: int
    stages: int
    seconds: float
    note: str

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "status": is_text,
        "tokens": integer(),
        "logits": integer(),
        "stages": integer(),
        "seconds": number(),
        "note": is_text,
    }


@dataclass(frozen=True, kw_only=True)
class ProofRecord(Record):
    """The receipt of a proof, as ``proof.receipts`` writes it."""

    verdict: str
    rungs: Mapping[str, RungRecord]
    first_difference: Mapping[str, object] | None
    versions: Mapping[str, str]
    digests: Mapping[str, str]
    when: str

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "verdict": is_text,
        "rungs": map_of(record(RungRecord)),
        "first_difference": nullable(is_tree),
        "versions": map_of(is_text),
        "digests": map_of(is_digest),
        "when": is_text,
    }


@dataclass(frozen=True, kw_only=True)
class SynthesisReceipt(Record):
    """What synthesis made of a build, with which tools. Clocks in MHz, slack in ns; processor and slack_ns: of Vivado.

    cycles_per_token is the mean over the first positions; critical_path has its ``text``, and its ends and delays.
    """

    status: str
    when: str
    tools: Mapping[str, str]
    top: str
    digest: str | None
    files: Mapping[str, str]
    family: str | None
    resources: Mapping[str, int]
    budget: Mapping[str, int]
    share: Mapping[str, float]
    predicted: Mapping[str, object]
    place_and_route: str
    clock_mhz: float | None
    clock_source: str
    target_mhz: float | None
    fmax_mhz: float | None
    critical_path: Mapping[str, object] | None
    cycles_per_token: float | None
    tokens_per_second: float | None
    seconds: float
    error: str | None
    processor: Mapping[str, str] | None = None
    slack_ns: Mapping[str, float] | None = None

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "status": is_text,
        "when": is_text,
        "tools": map_of(is_text),
        "top": is_text,
        "digest": nullable(is_digest),
        "files": is_files,
        "family": nullable(is_text),
        "resources": COUNTS,
        "budget": COUNTS,
        "share": map_of(number()),
        "predicted": is_tree,
        "place_and_route": is_text,
        "clock_mhz": nullable(CLOCK),
        "clock_source": CLOCK_SOURCES,
        "target_mhz": nullable(CLOCK),
        "fmax_mhz": nullable(CLOCK),
        "critical_path": nullable(is_tree),
        "cycles_per_token": nullable(number()),
        "tokens_per_second": nullable(number()),
        "seconds": number(),
        "error": nullable(is_text),
        "processor": map_of(is_text),
        "slack_ns": map_of(number(-1e6, 1e6)),
    }
    OPTIONAL = frozenset({"processor", "slack_ns"})


@dataclass(frozen=True, kw_only=True)
class Manifest(Record):
    """What a build was made from, the hash of each of its files, and the receipts of what was done with it.

    cycles: of a generated token, by position, as the RTL's schedule has them; None is known of HLS. ``digest`` is of
    all that determines the build: receipts do not change it.
    """

    format: int
    hardwire: str
    target: str
    parts: tuple[str, ...]
    board: BoardRef
    chip: ChipRef
    plan: PlanRecord
    cycles: tuple[int, ...] | None
    resources: Mapping[str, int] | None
    tools: Mapping[str, str]
    files: Mapping[str, str]
    proofs: tuple[ProofRecord, ...]
    digest: str
    synthesis: SynthesisReceipt | None = None

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "format": integer(MANIFEST_VERSION, MANIFEST_VERSION),
        "hardwire": is_text,
        "target": choice(*TARGETS),
        "parts": list_of(is_text),
        "board": record(BoardRef),
        "chip": record(ChipRef),
        "plan": record(PlanRecord),
        "cycles": CYCLES,
        "resources": nullable(COUNTS),
        "tools": map_of(is_text),
        "files": is_files,
        "proofs": list_of(record(ProofRecord)),
        "digest": is_digest,
        "synthesis": record(SynthesisReceipt),
    }
    OPTIONAL = frozenset({"synthesis"})

    @property
    def identity(self) -> str:
        """The digest of the chip that the register ``id`` names."""
        return self.plan.identity or self.chip.digest

    def sealed(self) -> Manifest:
        """With the digest of what it says now."""
        return replace(self, digest=build_digest(self.as_json()))


def hash_files(folder: Path) -> dict[str, str]:
    """sha256 of every file below ``folder`` but the manifest and what synthesis made, by relative path."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    names = {p.relative_to(folder).as_posix(): p for p in paths}
    return {name: sha256(path) for name, path in names.items() if not name.startswith(f"{SYNTH}/")}


def write_manifest(folder: Path, manifest: Record) -> None:
    """Write a folder's manifest, complete or not at all."""
    partial = folder / f"{MANIFEST}.part"
    partial.write_text(json.dumps(manifest.as_json(), indent=1, sort_keys=True) + "\n")
    partial.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """The manifest, every field checked. Raises BuildError."""
    path = folder / MANIFEST
    return manifest_of(read_object(path, "give a folder that hardwire build wrote", "run hardwire build again"), path)


def manifest_of(data: Mapping[str, object], path: Path) -> Manifest:
    """The manifest of a build in ``data``. Raises BuildError where its digest is not that of its contents."""
    complete = all(key in data for key in DIGESTED)
    if data.get("format") != MANIFEST_VERSION or (complete and data.get("digest") != build_digest(data)):
        raise BuildError(
            f"{path}: its digest is not that of its contents; it was edited or is of another version, run hardwire "
            "build again"
        )
    return Manifest.from_json(data, path)


def manifest_digest(manifest: Mapping[str, object]) -> str:
    """sha256 of everything in a collected manifest but this digest itself."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def build_digest(manifest: Mapping[str, object]) -> str:
    """The digest of a build: everything in its manifest that determines it, receipts left out."""
    fixed = {key: manifest[key] for key in DIGESTED}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
