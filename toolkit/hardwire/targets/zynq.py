# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a bitstream needs to know of a Zynq: its processor in a block design, the clock that this makes, the address.

The names that stand here are the same in the Vivado project, in the hardware handoff and in the driver.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..errors import BoardError
from ..host.registers import aperture

DESIGN = "hardwire"  # the block design, and the base name of .bit and .hwh
# Its cells. No word that Verilog or VHDL reserves, as "bus": a wrapper in VHDL would not compile.
PS, RESET, BUS, INTC, CHIP = "ps", "reset", "axi", "intc", "chip"
BUS_IP = "axi_interconnect"  # where a catalog has it no more, SmartConnect
VLNV = "hardwire:hardwire:hardwire_chip:1.0"  # the chip as an IP
INTERFACE, BLOCK = "S_AXI", "registers"  # the IP's slave interface, and the address block behind it
MOST_RANGE = aperture(4)  # bytes behind the chip's address, kept free on every board: of as many streams as there are
# pynq knows interrupts behind Xilinx's interrupt controller only: its slave interface, address block and bytes as in
# the .hwh files of PYNQ 3.1.2; it stands right behind the chip.
INTC_IP, INTC_INTERFACE, INTC_BLOCK, INTC_RANGE = "axi_intc", "s_axi", "Reg", 1 << 12
MOST_DIVISOR = 63  # each of the two dividers of a PL clock has six bits


@dataclass(frozen=True)
class Port:
    """An AXI master of the processor. ``first`` and ``last``: the addresses that go through it."""

    enable: str  # the setting that brings it out
    clock: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Processor:
    """A processor IP: names of pins and settings. ``external``: interfaces that are pins of the package, and VLNV."""

    part: str  # what its parts begin with
    arch: str  # what a hardware handoff calls it
    clock: str
    reset: str
    irq: str
    clock_name: str  # of the constraint that the IP brings
    frequency: str  # the setting that asks for a frequency
    divisors: tuple[str, str]
    ports: Mapping[str, Port]
    results: tuple[str, ...]  # settings that say what the IP made of what was asked: PLL, dividers, frequency
    external: tuple[tuple[str, str], ...] = ()


# Pins and settings: PG082 (processing_system7), PG201 (zynq_ultra_ps_e), and the same names in the .hwh files that
# Vivado 2024.1 wrote for the base overlays of PYNQ 3.1.2. Addresses: UG585, table 4-1; UG1085, table 10-1.
PROCESSORS = {
    "processing_system7": Processor(
        part="xc7z",
        arch="zynq",
        clock="FCLK_CLK0",
        reset="FCLK_RESET0_N",
        irq="IRQ_F2P",
        clock_name="clk_fpga_0",
        frequency="PCW_FPGA0_PERIPHERAL_FREQMHZ",
        divisors=("PCW_FCLK0_PERIPHERAL_DIVISOR0", "PCW_FCLK0_PERIPHERAL_DIVISOR1"),
        ports={"M_AXI_GP0": Port("PCW_USE_M_AXI_GP0", "M_AXI_GP0_ACLK", 0x4000_0000, 0x7FFF_FFFF)},
        results=(
            "PCW_IO_IO_PLL_FREQMHZ",
            "PCW_FCLK0_PERIPHERAL_DIVISOR0",
            "PCW_FCLK0_PERIPHERAL_DIVISOR1",
            "PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ",
        ),
        external=(
            ("DDR", "xilinx.com:interface:ddrx_rtl:1.0"),
            ("FIXED_IO", "xilinx.com:display_processing_system7:fixedio_rtl:1.0"),
        ),
    ),
    "zynq_ultra_ps_e": Processor(
        part="xc",
        arch="zynquplus",
        clock="pl_clk0",
        reset="pl_resetn0",
        irq="pl_ps_irq0",
        clock_name="clk_pl_0",
        frequency="PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ",
        divisors=("PSU__CRL_APB__PL0_REF_CTRL__DIVISOR0", "PSU__CRL_APB__PL0_REF_CTRL__DIVISOR1"),
        ports={"M_AXI_HPM0_FPD": Port("PSU__USE__M_AXI_GP0", "maxihpm0_fpd_aclk", 0xA000_0000, 0xAFFF_FFFF)},
        results=(
            "PSU__CRL_APB__IOPLL_CTRL__FBDIV",
            "PSU__CRL_APB__IOPLL_CTRL__DIV2",
            "PSU__CRL_APB__PL0_REF_CTRL__DIVISOR0",
            "PSU__CRL_APB__PL0_REF_CTRL__DIVISOR1",
            "PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ",
        ),
    ),
}


@dataclass(frozen=True)
class PlClock:
    """A clock of the fabric: a PLL of the processor through two dividers."""

    pll_mhz: float
    divisors: tuple[int, int]

    @property
    def mhz(self) -> float:
        """As kHz have it: the register ``clock_khz`` can tell no more."""
        exact = Fraction(str(self.pll_mhz)) / (self.divisors[0] * self.divisors[1])
        return float(round(exact, 3))


@dataclass(frozen=True, kw_only=True)
class Zynq:
    """The ``[vivado]`` table of a board, checked."""

    ps: str  # the processor's IP
    port: str  # its AXI master that the chip is behind
    base: int  # the chip's address
    pll_mhz: tuple[float, ...]  # what the driver divides for the fabric's clock; several where sources disagree
    settings: tuple[tuple[str, str], ...]  # of the processor's IP, beside the clock
    since: str  # the first version of Vivado whose folders the scripts know
    seen: str  # a version in which somebody built for this part
    edition: str  # "free" where the edition at no cost knows the part, else "licence"
    sources: tuple[tuple[str, str], ...]  # where each fact comes from

    @property
    def processor(self) -> Processor:
        """Names of the processor's ports and settings."""
        return PROCESSORS[self.ps]

    def intc_base(self, streams: int) -> int:
        """The address of the interrupt controller, behind the registers of so many streams."""
        return self.base + aperture(streams)

    def clock(self, mhz: float) -> PlClock:
        """The clock nearest to ``mhz`` and not above it, but for what rounding to kHz takes, that every PLL which the
        board may have makes.

        Raises BoardError for one that cannot be made.
        """
        least, most = max(self.pll_mhz) / MOST_DIVISOR**2, min(self.pll_mhz) / 2
        if not least <= mhz <= most:
            raise BoardError(f"a clock of {mhz:g} MHz: the processor's PLL makes {least:.2f} to {most:g} MHz")
        first, *other_plls = self.pll_mhz
        ceiling = Fraction(str(mhz)) + Fraction(1, 2000)
        for product in range(int(-(-Fraction(str(first)) // ceiling)), MOST_DIVISOR**2 + 1):
            divisors = divisors_of(product)
            clock = PlClock(first, divisors) if divisors else None
            if clock and all(_makes(pll, Fraction(str(first)) / product) for pll in other_plls):
                return clock
        makes = " and ".join(f"{pll:g}" for pll in self.pll_mhz)
        raise BoardError(f"a clock of {mhz:g} MHz or less: PLLs of {makes} MHz both make none")

    def config(self, clock: PlClock) -> dict[str, str]:
        """Every setting of the processor's IP, the clock included."""
        return dict(self.settings) | {self.processor.frequency: f"{clock.mhz:g}"}


def divisors_of(product: int) -> tuple[int, int] | None:
    """Two dividers of six bits whose product this is, the second as small as can be."""
    for second in range(1, MOST_DIVISOR + 1):
        first, rest = divmod(product, second)
        if not rest and first <= MOST_DIVISOR:
            return first, second
    return None


def _makes(pll_mhz: float, clock: Fraction) -> bool:
    product = Fraction(str(pll_mhz)) / clock
    return product.denominator == 1 and divisors_of(int(product)) is not None


def _plls(data: Any) -> tuple[float, ...]:
    plls = tuple(float(mhz) for mhz in (data if isinstance(data, list) else [data]))
    if not plls or min(plls) <= 0:
        raise ValueError(f"pll_mhz {data!r} is no frequency, nor a list of them")
    return plls


def parse_zynq(data: Mapping[str, Any], part: str) -> Zynq:
    """A ``[vivado]`` table. Raises ValueError or KeyError saying what is wrong with it."""
    ps, port, base = data["ps"], data["port"], data["base"]
    if ps not in PROCESSORS:
        raise ValueError(f"no processor {ps!r}; known are {', '.join(PROCESSORS)}")
    processor = PROCESSORS[ps]
    if port not in processor.ports:
        raise ValueError(f"{ps} has no port {port!r}; known are {', '.join(processor.ports)}")
    if not part.startswith(processor.part) or (ps == "zynq_ultra_ps_e") == part.startswith("xc7"):
        raise ValueError(f"part {part} has no {ps}")
    first, last = processor.ports[port].first, processor.ports[port].last
    if base % MOST_RANGE or not first <= base <= last - MOST_RANGE - INTC_RANGE + 1:
        raise ValueError(
            f"base {base:#x} of {MOST_RANGE:#x} bytes must be a multiple of that within {first:#x} to {last:#x}"
        )
    settings = {key: str(value) for key, value in data["settings"].items()}
    if settings.get(processor.ports[port].enable) != "1":
        raise ValueError(f"settings must turn on {processor.ports[port].enable}, for {port}")
    for key in ("since", "seen"):
        if not re.fullmatch(r"20\d\d\.\d", data[key]):
            raise ValueError(f"{key} {data[key]!r} is no version of Vivado, as 2022.1")
    if data["edition"] not in ("free", "licence"):
        raise ValueError(f"edition {data['edition']!r} is neither free nor licence")
    return Zynq(
        ps=ps,
        port=port,
        base=base,
        pll_mhz=_plls(data["pll_mhz"]),
        settings=tuple(settings.items()),
        since=data["since"],
        seen=data["seen"],
        edition=data["edition"],
        sources=tuple((key, str(value)) for key, value in data["source"].items()),
    )
