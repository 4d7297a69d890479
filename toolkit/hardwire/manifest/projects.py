# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the projects in a build say of themselves, key by key: the JSON files that emit/ writes and reads.

These are types of dictionaries, as the files are JSON and stay it; who reads one names its keys, and mypy knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict


class Cycles(TypedDict):
    """Of an engine, per token."""

    mean_0_255: float
    first: int
    last: int
    prompt_first: int


class _RtlProject(TypedDict, total=False):
    geometry: dict[str, Any]  # not around an HLS core
    core: str  # the module, around an HLS core only
    contents: dict[str, Any]  # memories that its host can write, where there are


class RtlProject(_RtlProject):
    """hardwire_rtl.json."""

    chip: str  # digest
    shape: dict[str, int]
    formats: dict[str, int]
    cycles: Cycles | None  # of an HLS core, only Vitis HLS knows them
    parameters: Mapping[str, Any]
    rom: dict[str, str]  # file -> sha256


class _HlsProject(TypedDict, total=False):
    best: int  # tokens that an extended sampler keeps in order, where there is one


class HlsProject(_HlsProject):
    """hardwire_hls.json."""

    name: str
    part: str
    clock_mhz: float
    lanes: int
    chip: str
    shape: dict[str, int]
    formats: dict[str, int]
    bits: dict[str, int]
    wiring: dict[str, Any]
    hls4ml: str
    stamp: str
    core_stamp: str
    not_run: list[str]
    note: str


class AxiTop(TypedDict):
    """board/board.json around the registers on AXI4-Lite."""

    board: str
    top: str
    id: int
    chip: str
    clock_mhz: float
    host: dict[str, Any]
    cycles_per_token: float | None


class Pll(TypedDict):
    input: int
    feedback: int
    output: int


class BoardTop(TypedDict):
    """board/board.json of a board with a serial line."""

    board: str
    top: str
    pins: str
    released: int
    reset_button: int
    clock_sources: list[str]
    id: int
    chip: str
    pll: Pll
    clock_mhz: float
    divisor: int
    serial: dict[str, Any]
    cycles_per_token: float


class CoreScript(TypedDict):
    core: str
    stamp: str
    script: str


class VivadoProject(TypedDict):
    """vivado.json."""

    board: str
    part: str
    chip: str
    clock_mhz: float
    divisors: list[int]
    vlnv: str
    base: int
    range: int
    intc: dict[str, int]
    port: str
    vivado: dict[str, str]
    sources: str  # digest
    hls: CoreScript | None
    not_run: list[str]
    note: str
