# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a device family decides, each family in a file of its own.

A family says what its fabric costs, what a plan may use of it, how Yosys maps to it, which models simulate its cells,
and what places and routes it. Nothing else in the package asks which family it is; a new one is a file and its row in
``families.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .delays import Delays


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """How a device family builds things, in LUTs."""

    bit: float  # of an adder
    mux: float  # per bit, of each input of a multiplexer beyond the first
    shared_mux: bool  # an adder's LUTs take a digit's multiplexer too
    barrel: float  # of a shifter, per bit and per bit of the shift
    ram_bits: int  # of a distributed memory's smallest piece: words
    ram_lut: float  # LUTs per bit of such a piece
    multiplier: tuple[int, int]  # signed operands of one block
    pairs: bool  # two products of a query with keys fit a block
    weighted_pairs: bool  # two products of an exponential with values fit a block
    accumulates: bool  # a block keeps the sum of a packed lane, for Yosys
    fixed: float  # the token loop, sequencer and the like
    scale: float  # of all LUTs, for what the formulas do not see


@dataclass(frozen=True, kw_only=True)
class Planning:
    """What a plan may ask of a device."""

    lut_budget: float  # share of a device's LUTs that a design may fill and still route
    lut_margin: float  # a prediction may exceed the budget by 1 / this, as Yosys is what counts
    stages: tuple[
        tuple[float, Mapping[str, int]], ...
    ]  # above so many MHz, those fields of a geometry; the lowest first
    minus: bool  # carry chains in the form that shares its LUTs with multiplexers


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """How Yosys maps to a family. The chip stands inside a larger design, so it gets no pads and no clock buffer."""

    command: str
    phases: Mapping[str, int]  # labels of the command in order, with their share of the time on a large design
    share: str  # Yosys's own models of the cells, below its data folder
    models: tuple[str, ...] | None  # ours of what it lacks, in rtl/cells; None where netlists are not simulated


@dataclass(frozen=True, kw_only=True)
class Pll:
    """Dividers of a PLL that is fed back from its output: f = oscillator * feedback / input."""

    oscillator_mhz: Fraction
    input: int
    feedback: int
    output: int

    @property
    def mhz(self) -> Fraction:
        """The clock that it makes, in MHz, exact."""
        return self.oscillator_mhz * self.feedback / self.input

    @property
    def vco_mhz(self) -> Fraction:
        """The frequency of its own oscillator, in MHz, exact."""
        return self.mhz * self.output


@dataclass(frozen=True, kw_only=True)
class Routing:
    """Open place and route of a family, and the clock that a board's top makes inside."""

    tool: str  # as tools/process.py knows it
    packer: str
    unpacker: str  # reads a bitstream back
    package: str  # the Python package that brings both
    devices: Mapping[str, tuple[str, ...]]  # beginnings of parts, and the arguments that name them
    packages: Mapping[str, str]  # what a part calls its package, and what the tool does
    luts: str  # the device's own name for its LUTs
    kinds: Mapping[str, str]  # the device's own cell names, and what to do where they run out
    pll: Callable[[float, float], Pll]  # oscillator and wanted clock in MHz: the nearest that is not above
    clock: tuple[str, ...]  # modules of boards/serial that make the clock
    clock_model: str  # rtl/cells: its primitive for simulation


@dataclass(frozen=True, kw_only=True)
class BlockRam:
    """A block RAM with contents, as netlists have it: ``words`` of ``bits``, which narrower ports see as more words.

    Ports below a byte of ``bits`` / 2 reach all of its bits but the last. Strings have a place for a number or a port.
    """

    cell: str
    words: int
    bits: int
    parameter: str  # initial contents, a piece
    piece: int  # words in it
    place: int  # bits that each word takes there
    ports: tuple[str, ...]
    width: str  # the parameter with the width of a port
    clock: str  # the pin with the clock of a port


@dataclass(frozen=True, kw_only=True)
class Family:
    """All that a device family decides."""

    key: str  # what board.toml calls it
    name: str
    hls: bool  # Vitis HLS has its parts
    fabric: Fabric
    planning: Planning
    yosys: Synthesis
    routing: Routing | None = None  # None: only the vendor's tool places and routes it
    block_ram: BlockRam | None = None  # where the contents of a routed design can be changed
    delays: Delays | None = None  # of its cells, where paths of a netlist are judged

    @property
    def simulated(self) -> bool:
        """Whether netlists of this family can be simulated."""
        return self.yosys.models is not None
