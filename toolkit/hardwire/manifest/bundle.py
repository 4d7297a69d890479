# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The manifest of a folder with a bitstream: what ``synth --collect``, ``deploy`` and a simulated board write.

The standard library only: this runs on the board.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from ..errors import BuildError
from .build import (
    CLOCK,
    CLOCK_SOURCES,
    COUNTS,
    CYCLES,
    GEOMETRY,
    LARGEST_SIZE,
    MANIFEST,
    MOST_BITS,
    POURS,
    TARGETS,
    BoardRef,
    ChipRef,
    Manifest,
    PlanRecord,
    ProofRecord,
    manifest_digest,
    manifest_of,
)
from .records import (
    Check,
    Record,
    choice,
    integer,
    is_digest,
    is_files,
    is_text,
    is_tree,
    list_of,
    map_of,
    nullable,
    number,
    read_object,
    record,
)

TOKEN = integer(0, (1 << 31) - 1)


@dataclass(frozen=True, kw_only=True)
class Expected(Record):
    """What a board with this chip must give, as ``selftest.record`` has it from the reference."""

    chip: str
    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    logits_sha256: tuple[str, ...]
    sampled: tuple[int, ...]

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "chip": is_digest,
        "prompt": list_of(TOKEN),
        "tokens": list_of(TOKEN),
        "logits_sha256": list_of(is_digest),
        "sampled": list_of(TOKEN),
    }


@dataclass(frozen=True, kw_only=True)
class BundleManifest(Record):
    """What a folder with a bitstream holds, for which board, and what it came from.

    build: digest of the build; sources: of what its tools read; build_clock_mhz: asked for, clock_mhz: routed;
    bitstream_sha256: of the unpacked one; cycles: of a generated token, by position. The others are the fields of
    ``Manifest`` and ``SynthesisReceipt``. What a folder does not say is None; ``nulls`` are the fields that its file
    has as null rather than not at all, which its digest tells apart.
    """

    board: BoardRef
    chip: ChipRef
    files: Mapping[str, str]
    digest: str = ""
    build: str | None = None
    hardwire: str | None = None
    target: str | None = None
    plan: PlanRecord | None = None
    geometry: Mapping[str, int | str] | None = None
    pour: str | None = None
    identity: str | None = None
    room: Mapping[str, int] | None = None
    ip: str | None = None
    lanes: int | None = None
    cycles: tuple[int, ...] | None = None
    sources: str | None = None
    proofs: tuple[ProofRecord, ...] | None = None
    expected: Expected | None = None
    bitstream: str | None = None
    bitstream_sha256: str | None = None
    tools: Mapping[str, str] | None = None
    top: str | None = None
    resources: Mapping[str, int] | None = None
    budget: Mapping[str, int] | None = None
    place_and_route: str | None = None
    build_clock_mhz: float | None = None
    clock_mhz: float | None = None
    clock_source: str | None = None
    target_mhz: float | None = None
    fmax_mhz: float | None = None
    critical_path: Mapping[str, object] | None = None
    cycles_per_token: float | None = None
    tokens_per_second: float | None = None
    when: str | None = None
    slack_ns: Mapping[str, float] | None = None
    nulls: frozenset[str] = frozenset()

    FIELDS: ClassVar[Mapping[str, Check]] = {
        "board": record(BoardRef),
        "chip": record(ChipRef),
        "files": is_files,
        "digest": is_digest,
        "build": is_digest,
        "hardwire": is_text,
        "target": choice(*TARGETS),
        "plan": record(PlanRecord),
        "geometry": nullable(GEOMETRY),
        "pour": POURS,
        "identity": is_digest,
        "room": map_of(integer(0, MOST_BITS)),
        "ip": choice("hls", "rtl"),
        "lanes": integer(1, LARGEST_SIZE),
        "cycles": CYCLES,
        "sources": is_digest,
        "proofs": list_of(record(ProofRecord)),
        "expected": record(Expected),
        "bitstream": is_text,
        "bitstream_sha256": is_digest,
        "tools": map_of(is_text),
        "top": is_text,
        "resources": nullable(COUNTS),
        "budget": COUNTS,
        "place_and_route": is_text,
        "build_clock_mhz": CLOCK,
        "clock_mhz": nullable(CLOCK),
        "clock_source": CLOCK_SOURCES,
        "target_mhz": nullable(CLOCK),
        "fmax_mhz": nullable(CLOCK),
        "critical_path": nullable(is_tree),
        "cycles_per_token": nullable(number()),
        "tokens_per_second": nullable(number()),
        "when": is_text,
        "slack_ns": map_of(number(-1e6, 1e6)),
    }
    OPTIONAL = frozenset(FIELDS) - {"board", "chip", "files", "digest"}

    @classmethod
    def from_json(cls, data: object, path: Path, field: str = "") -> BundleManifest:
        """The record in ``data``. Raises BuildError."""
        read = super().from_json(data, path, field)
        return replace(read, nulls=frozenset(name for name in cls.OPTIONAL if _is_null(data, name)))

    @classmethod
    def of_build(cls, build: Manifest) -> BundleManifest:
        """What a finished build says of itself, its files and those of its synthesis."""
        products = build.synthesis.files if build.synthesis is not None else {}
        return cls(
            board=build.board,
            chip=build.chip,
            files={**build.files, **products},
            build=build.digest,
            hardwire=build.hardwire,
            target=build.target,
            plan=build.plan,
            cycles=build.cycles,
            proofs=build.proofs,
            tools=build.tools,
            resources=build.resources,
            nulls=frozenset({"cycles", "resources"}),
        )

    def as_json(self) -> dict[str, object]:
        """As the file has it."""
        record = super().as_json()
        return record | {name: None for name in self.nulls if name not in record}

    def sealed(self) -> BundleManifest:
        """With the digest of what it says now."""
        return replace(self, digest=manifest_digest(self.as_json()))

    @property
    def planned_geometry(self) -> Mapping[str, int | str] | None:
        """Fields of the engine's geometry, wherever it is said."""
        return self.geometry or (self.plan.geometry if self.plan is not None else None)

    @property
    def told_identity(self) -> str:
        """The digest of the chip that the register ``id`` names, likewise: another than the memories' once patched."""
        planned = self.plan.identity if self.plan is not None else None
        return self.identity or planned or self.chip.digest

    @property
    def planned_room(self) -> Mapping[str, int] | None:
        """How large values may be in gates into which a chip was patched, likewise; None: as the chip's own build."""
        return self.room or (self.plan.room if self.plan is not None else None)

    @property
    def planned_pour(self) -> str | None:
        """Which memories can be written, likewise."""
        return self.pour or (self.plan.pour if self.plan is not None else None)


def _is_null(data: object, name: str) -> bool:
    return isinstance(data, dict) and name in data and data[name] is None


def read_bundle_manifest(folder: Path, again: str = "deploy again") -> BundleManifest:
    """The manifest of a folder with a bitstream, or of a build. Raises BuildError; ``again`` says what to do."""
    path = folder / MANIFEST
    data = _data(folder)
    if "format" in data:
        return BundleManifest.of_build(manifest_of(data, path))
    if "digest" in data and data["digest"] != manifest_digest(data):
        raise BuildError(f"{path} was edited: its digest is not that of its contents; {again}")
    return BundleManifest.from_json(data, path)


def is_build(folder: Path) -> bool:
    """Whether a folder's manifest is of a build, rather than of a bitstream. Raises BuildError without one."""
    return "format" in _data(folder)


def _data(folder: Path) -> dict[str, object]:
    absent = "give a folder that hardwire build, synth --collect or deploy wrote"
    return read_object(folder / MANIFEST, absent, "run hardwire build again")
