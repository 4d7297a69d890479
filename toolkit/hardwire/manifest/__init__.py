# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Manifests, of builds and of folders with a bitstream: read, checked and written in one place.

records.py  JSON that is not trusted, as dataclasses
build.py    of a build folder
bundle.py   of what synth --collect and deploy write. The standard library only: boards read it
"""

from .build import (
    MANIFEST,
    MANIFEST_VERSION,
    SYNTH,
    BoardRef,
    ChipRef,
    DraftGain,
    DraftRecord,
    Manifest,
    PlanRecord,
    ProofRecord,
    RungRecord,
    SynthesisReceipt,
    build_digest,
    hash_files,
    manifest_digest,
    read_manifest,
    write_manifest,
)
from .bundle import BundleManifest, Expected, is_build, read_bundle_manifest

__all__ = [
    "MANIFEST",
    "MANIFEST_VERSION",
    "SYNTH",
    "BoardRef",
    "BundleManifest",
    "ChipRef",
    "DraftGain",
    "DraftRecord",
    "Expected",
    "Manifest",
    "PlanRecord",
    "ProofRecord",
    "RungRecord",
    "SynthesisReceipt",
    "build_digest",
    "hash_files",
    "is_build",
    "manifest_digest",
    "read_bundle_manifest",
    "read_manifest",
    "write_manifest",
]
