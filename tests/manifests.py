# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Receipts for tests of what reads them, of no tool."""

from typing import Any

from hardwire.manifest import SynthesisReceipt


def synthesis_receipt(**changes: Any) -> SynthesisReceipt:
    """A receipt of a synthesis that nobody ran; keywords replace what it says."""
    said: dict[str, Any] = {
        "status": "done",
        "when": "2026-01-01T00:00:00Z",
        "tools": {"pyosys": "0.0"},
        "top": "hardwire_top",
        "digest": "0" * 64,
        "files": {},
        "family": "ecp5",
        "resources": {"lut": 1},
        "budget": {"lut": 2},
        "share": {"lut": 0.5},
        "predicted": {},
        "place_and_route": "not run",
        "clock_mhz": None,
        "clock_source": "asked",
        "target_mhz": None,
        "fmax_mhz": None,
        "critical_path": None,
        "cycles_per_token": None,
        "tokens_per_second": None,
        "seconds": 0.0,
        "error": None,
    }
    return SynthesisReceipt(**(said | changes))
