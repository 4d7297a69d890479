# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts of Vivado's catalog: parts, IP with its settings, pins and interfaces, bus definitions, address apertures.

Names of settings and pins are those in the .hwh files that Vivado 2024.1 wrote for the base overlays of PYNQ 3.1.2
(PYNQ-Z2, ZCU104): what is not there does not exist here. Apertures: UG585 table 4-1, UG1085 chapter 10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Each is the part of a public Vivado project: PYNQ 3.1.2, Avnet/Ultra96-PYNQ, Xilinx/RFSoC-PYNQ, Kria designs.
PARTS = (
    "xc7z020clg400-1",
    "xczu3eg-sbva484-1-i",
    "xck26-sfvc784-2LV-c",
    "xczu7ev-ffvc1156-2-e",
    "xczu48dr-ffvg1517-2-e",
)

PS7 = """
    PCW_IO_IO_PLL_FREQMHZ
    PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ PCW_ACT_FPGA1_PERIPHERAL_FREQMHZ PCW_ACT_FPGA2_PERIPHERAL_FREQMHZ
    PCW_ACT_FPGA3_PERIPHERAL_FREQMHZ PCW_APU_PERIPHERAL_FREQMHZ PCW_CPU_PERIPHERAL_CLKSRC
    PCW_CPU_PERIPHERAL_DIVISOR0 PCW_CRYSTAL_PERIPHERAL_FREQMHZ PCW_EN_CLK0_PORT PCW_EN_CLK1_PORT PCW_EN_CLK2_PORT
    PCW_EN_CLK3_PORT PCW_EN_RST0_PORT PCW_EN_RST1_PORT PCW_EN_RST2_PORT PCW_EN_RST3_PORT
    PCW_FCLK0_PERIPHERAL_CLKSRC PCW_FCLK0_PERIPHERAL_DIVISOR0 PCW_FCLK0_PERIPHERAL_DIVISOR1
    PCW_FCLK1_PERIPHERAL_CLKSRC PCW_FCLK1_PERIPHERAL_DIVISOR0 PCW_FCLK1_PERIPHERAL_DIVISOR1
    PCW_FCLK2_PERIPHERAL_CLKSRC PCW_FCLK2_PERIPHERAL_DIVISOR0 PCW_FCLK2_PERIPHERAL_DIVISOR1
    PCW_FCLK3_PERIPHERAL_CLKSRC PCW_FCLK3_PERIPHERAL_DIVISOR0 PCW_FCLK3_PERIPHERAL_DIVISOR1
    PCW_FPGA0_PERIPHERAL_FREQMHZ PCW_FPGA1_PERIPHERAL_FREQMHZ PCW_FPGA2_PERIPHERAL_FREQMHZ
    PCW_FPGA3_PERIPHERAL_FREQMHZ PCW_FPGA_FCLK0_ENABLE PCW_FPGA_FCLK1_ENABLE PCW_FPGA_FCLK2_ENABLE
    PCW_FPGA_FCLK3_ENABLE PCW_IRQ_F2P_INTR PCW_IRQ_F2P_MODE PCW_M_AXI_GP0_FREQMHZ PCW_M_AXI_GP1_FREQMHZ
    PCW_NUM_F2P_INTR_INPUTS PCW_UIPARAM_DDR_ADV_ENABLE PCW_UIPARAM_DDR_AL PCW_UIPARAM_DDR_BANK_ADDR_COUNT
    PCW_UIPARAM_DDR_BL PCW_UIPARAM_DDR_BUS_WIDTH PCW_UIPARAM_DDR_CL PCW_UIPARAM_DDR_CLOCK_STOP_EN
    PCW_UIPARAM_DDR_COL_ADDR_COUNT PCW_UIPARAM_DDR_CWL PCW_UIPARAM_DDR_DEVICE_CAPACITY PCW_UIPARAM_DDR_DRAM_WIDTH
    PCW_UIPARAM_DDR_ECC PCW_UIPARAM_DDR_ENABLE PCW_UIPARAM_DDR_FREQ_MHZ PCW_UIPARAM_DDR_HIGH_TEMP
    PCW_UIPARAM_DDR_MEMORY_TYPE PCW_UIPARAM_DDR_PARTNO PCW_UIPARAM_DDR_ROW_ADDR_COUNT PCW_UIPARAM_DDR_SPEED_BIN
    PCW_UIPARAM_DDR_TRAIN_DATA_EYE PCW_UIPARAM_DDR_TRAIN_READ_GATE PCW_UIPARAM_DDR_TRAIN_WRITE_LEVEL
    PCW_UIPARAM_DDR_T_FAW PCW_UIPARAM_DDR_T_RAS_MIN PCW_UIPARAM_DDR_T_RC PCW_UIPARAM_DDR_T_RCD
    PCW_UIPARAM_DDR_T_RP PCW_UIPARAM_DDR_USE_INTERNAL_VREF PCW_USE_AXI_FABRIC_IDLE PCW_USE_AXI_NONSECURE
    PCW_USE_CORESIGHT PCW_USE_CROSS_TRIGGER PCW_USE_CR_FABRIC PCW_USE_DDR_BYPASS PCW_USE_DEBUG
    PCW_USE_DEFAULT_ACP_USER_VAL PCW_USE_DMA0 PCW_USE_DMA1 PCW_USE_DMA2 PCW_USE_DMA3 PCW_USE_EXPANDED_IOP
    PCW_USE_EXPANDED_PS_SLCR_REGISTERS PCW_USE_FABRIC_INTERRUPT PCW_USE_HIGH_OCM PCW_USE_M_AXI_GP0
    PCW_USE_M_AXI_GP1 PCW_USE_PROC_EVENT_BUS PCW_USE_PS_SLCR_REGISTERS PCW_USE_S_AXI_ACP PCW_USE_S_AXI_GP0
    PCW_USE_S_AXI_GP1 PCW_USE_S_AXI_HP0 PCW_USE_S_AXI_HP1 PCW_USE_S_AXI_HP2 PCW_USE_S_AXI_HP3 PCW_USE_TRACE
    PCW_USE_TRACE_DATA_EDGE_DETECTOR
""".split()
PSU = """
    PSU__CRL_APB__IOPLL_CTRL__DIV2 PSU__CRL_APB__IOPLL_CTRL__FBDIV PSU__CRL_APB__IOPLL_CTRL__FRACDATA
    PSU__CRL_APB__IOPLL_CTRL__FRACFREQ PSU__CRL_APB__IOPLL_CTRL__SRCSEL PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ
    PSU__CRL_APB__PL0_REF_CTRL__DIVISOR0 PSU__CRL_APB__PL0_REF_CTRL__DIVISOR1 PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ
    PSU__CRL_APB__PL0_REF_CTRL__SRCSEL PSU__CRL_APB__PL1_REF_CTRL__ACT_FREQMHZ
    PSU__CRL_APB__PL1_REF_CTRL__DIVISOR0 PSU__CRL_APB__PL1_REF_CTRL__DIVISOR1 PSU__CRL_APB__PL1_REF_CTRL__FREQMHZ
    PSU__CRL_APB__PL1_REF_CTRL__SRCSEL PSU__CRL_APB__PL2_REF_CTRL__ACT_FREQMHZ
    PSU__CRL_APB__PL2_REF_CTRL__DIVISOR0 PSU__CRL_APB__PL2_REF_CTRL__DIVISOR1 PSU__CRL_APB__PL2_REF_CTRL__FREQMHZ
    PSU__CRL_APB__PL2_REF_CTRL__SRCSEL PSU__CRL_APB__PL3_REF_CTRL__ACT_FREQMHZ
    PSU__CRL_APB__PL3_REF_CTRL__DIVISOR0 PSU__CRL_APB__PL3_REF_CTRL__DIVISOR1 PSU__CRL_APB__PL3_REF_CTRL__FREQMHZ
    PSU__CRL_APB__PL3_REF_CTRL__SRCSEL PSU__CRL_APB__RPLL_CTRL__DIV2 PSU__CRL_APB__RPLL_CTRL__FBDIV
    PSU__CRL_APB__RPLL_CTRL__FRACDATA PSU__CRL_APB__RPLL_CTRL__FRACFREQ PSU__CRL_APB__RPLL_CTRL__SRCSEL
    PSU__DDRC__BUS_WIDTH PSU__DDRC__DEVICE_CAPACITY PSU__DDRC__ENABLE PSU__DDRC__ENABLE_2T_TIMING
    PSU__DDRC__ENABLE_DP_SWITCH PSU__DDRC__ENABLE_LP4_HAS_ECC_COMP PSU__DDRC__ENABLE_LP4_SLOWBOOT
    PSU__DDRC__MEMORY_TYPE PSU__DDRC__SPEED_BIN PSU__FPGA_PL0_ENABLE PSU__FPGA_PL1_ENABLE PSU__FPGA_PL2_ENABLE
    PSU__FPGA_PL3_ENABLE PSU__MAXIGP0__DATA_WIDTH PSU__MAXIGP1__DATA_WIDTH PSU__MAXIGP2__DATA_WIDTH
    PSU__M_AXI_GP0_SUPPORTS_NARROW_BURST PSU__M_AXI_GP0__FREQMHZ PSU__M_AXI_GP1_SUPPORTS_NARROW_BURST
    PSU__M_AXI_GP1__FREQMHZ PSU__M_AXI_GP2_SUPPORTS_NARROW_BURST PSU__M_AXI_GP2__FREQMHZ
    PSU__NUM_F2P0__INTR__INPUTS PSU__NUM_F2P1__INTR__INPUTS PSU__NUM_FABRIC_RESETS PSU__PSS_REF_CLK__FREQMHZ
    PSU__SAXIGP0__DATA_WIDTH PSU__SAXIGP1__DATA_WIDTH PSU__SAXIGP2__DATA_WIDTH PSU__SAXIGP3__DATA_WIDTH
    PSU__SAXIGP4__DATA_WIDTH PSU__SAXIGP5__DATA_WIDTH PSU__SAXIGP6__DATA_WIDTH PSU__USE__ADMA
    PSU__USE__APU_LEGACY_INTERRUPT PSU__USE__AUDIO PSU__USE__CLK PSU__USE__CLK0 PSU__USE__CLK1 PSU__USE__CLK2
    PSU__USE__CLK3 PSU__USE__CROSS_TRIGGER PSU__USE__DDR_INTF_REQUESTED PSU__USE__DEBUG__TEST PSU__USE__EVENT_RPU
    PSU__USE__FABRIC__RST PSU__USE__FTM PSU__USE__GDMA PSU__USE__IRQ PSU__USE__IRQ0 PSU__USE__IRQ1
    PSU__USE__M_AXI_GP0 PSU__USE__M_AXI_GP1 PSU__USE__M_AXI_GP2 PSU__USE__PROC_EVENT_BUS
    PSU__USE__RPU_LEGACY_INTERRUPT PSU__USE__RST0 PSU__USE__RST1 PSU__USE__RST2 PSU__USE__RST3 PSU__USE__RTC
    PSU__USE__STM PSU__USE__S_AXI_ACE PSU__USE__S_AXI_ACP PSU__USE__S_AXI_GP0 PSU__USE__S_AXI_GP1
    PSU__USE__S_AXI_GP2 PSU__USE__S_AXI_GP3 PSU__USE__S_AXI_GP4 PSU__USE__S_AXI_GP5 PSU__USE__S_AXI_GP6
    PSU__USE__USB3_0_HUB PSU__USE__USB3_1_HUB PSU__USE__VIDEO
""".split()

AXI, CLOCK, RESET, INTERRUPT = "aximm", "clock", "reset", "interrupt"
AXI_BUS = "xilinx.com:interface:aximm"


@dataclass(frozen=True)
class Pin:
    """``kind``: clock, reset, interrupt or data. ``needed``: a design without a driver for it is not valid."""

    way: str  # I or O
    kind: str
    needed: bool = False
    active: str = ""  # of a reset: LOW or HIGH


@dataclass(frozen=True)
class Interface:
    mode: str  # master or slave
    vlnv: str
    clock: str = ""  # the pin that it is synchronous to


@dataclass
class Cell:
    """What a block design sees of an IP with its settings."""

    pins: dict[str, Pin] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)


@dataclass(frozen=True)
class Ip:
    settings: Mapping[str, str]  # with their defaults; "" is any
    shape: Callable[[Mapping[str, str]], Cell]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Its address segments: memory map and block, the interface that they are behind, the least bytes.
    segments: Mapping[tuple[str, str], tuple[str, int]] = field(default_factory=dict)


def _on(settings: Mapping[str, str], *names: str) -> bool:
    return all(settings[name] == "1" for name in names)


def _ps7(s: Mapping[str, str]) -> Cell:
    cell = Cell()
    cell.interfaces = {
        "DDR": Interface("master", "xilinx.com:interface:ddrx_rtl:1.0"),
        "FIXED_IO": Interface("master", "xilinx.com:display_processing_system7:fixedio_rtl:1.0"),
    }
    if _on(s, "PCW_EN_CLK0_PORT", "PCW_FPGA_FCLK0_ENABLE"):
        cell.pins["FCLK_CLK0"] = Pin("O", CLOCK)
    if _on(s, "PCW_EN_RST0_PORT"):
        cell.pins["FCLK_RESET0_N"] = Pin("O", RESET, active="LOW")
    if _on(s, "PCW_USE_M_AXI_GP0"):
        cell.pins["M_AXI_GP0_ACLK"] = Pin("I", CLOCK, needed=True)
        cell.interfaces["M_AXI_GP0"] = Interface("master", AXI_BUS, "M_AXI_GP0_ACLK")
    if _on(s, "PCW_USE_FABRIC_INTERRUPT", "PCW_IRQ_F2P_INTR"):
        cell.pins["IRQ_F2P"] = Pin("I", INTERRUPT)
    return cell


def _psu(s: Mapping[str, str]) -> Cell:
    cell = Cell()
    if _on(s, "PSU__FPGA_PL0_ENABLE"):
        cell.pins["pl_clk0"] = Pin("O", CLOCK)
    if _on(s, "PSU__USE__FABRIC__RST"):
        cell.pins["pl_resetn0"] = Pin("O", RESET, active="LOW")
    if _on(s, "PSU__USE__IRQ0"):
        cell.pins["pl_ps_irq0"] = Pin("I", INTERRUPT)
    for number, name in enumerate(("HPM0_FPD", "HPM1_FPD", "HPM0_LPD")):
        if _on(s, f"PSU__USE__M_AXI_GP{number}"):
            clock = f"maxi{name.lower()}_aclk"
            cell.pins[clock] = Pin("I", CLOCK, needed=True)
            cell.interfaces[f"M_AXI_{name}"] = Interface("master", AXI_BUS, clock)
    return cell


def _reset(s: Mapping[str, str]) -> Cell:
    outputs = {"mb_reset": "HIGH", "bus_struct_reset": "HIGH", "peripheral_reset": "HIGH"}
    outputs |= {"interconnect_aresetn": "LOW", "peripheral_aresetn": "LOW"}
    pins = {name: Pin("O", RESET, active=active) for name, active in outputs.items()}
    pins |= {"slowest_sync_clk": Pin("I", CLOCK, needed=True), "ext_reset_in": Pin("I", RESET, needed=True)}
    pins |= {"aux_reset_in": Pin("I", RESET), "mb_debug_sys_rst": Pin("I", RESET), "dcm_locked": Pin("I", "data")}
    return Cell(pins)


def _interconnect(s: Mapping[str, str]) -> Cell:
    cell = Cell({"ACLK": Pin("I", CLOCK, needed=True), "ARESETN": Pin("I", RESET, needed=True, active="LOW")})
    for letter, mode in (("S", "slave"), ("M", "master")):
        for number in range(int(s[f"NUM_{letter}I"])):
            name = f"{letter}{number:02d}"
            cell.pins[f"{name}_ACLK"] = Pin("I", CLOCK, needed=True)
            cell.pins[f"{name}_ARESETN"] = Pin("I", RESET, needed=True, active="LOW")
            cell.interfaces[f"{name}_AXI"] = Interface(mode, AXI_BUS, f"{name}_ACLK")
    return cell


def _intc(s: Mapping[str, str]) -> Cell:
    pins = {"s_axi_aclk": Pin("I", CLOCK, needed=True), "s_axi_aresetn": Pin("I", RESET, needed=True, active="LOW")}
    cell = Cell(pins | {"intr": Pin("I", INTERRUPT, needed=True)})
    cell.interfaces["s_axi"] = Interface("slave", AXI_BUS, "s_axi_aclk")
    if s["C_IRQ_CONNECTION"] == "1":  # else its output belongs to an interface, for a MicroBlaze
        cell.pins["irq"] = Pin("O", INTERRUPT)
    return cell


def _smartconnect(s: Mapping[str, str]) -> Cell:
    cell = Cell({"aresetn": Pin("I", RESET, needed=True, active="LOW")})
    for number in range(int(s["NUM_CLKS"])):
        cell.pins[f"aclk{number or ''}"] = Pin("I", CLOCK, needed=True)
    for letter, mode in (("S", "slave"), ("M", "master")):
        for number in range(int(s[f"NUM_{letter}I"])):
            cell.interfaces[f"{letter}{number:02d}_AXI"] = Interface(mode, AXI_BUS, "aclk")
    return cell


_PS7_DEFAULTS = {"PCW_EN_CLK0_PORT": "1", "PCW_EN_RST0_PORT": "1", "PCW_FPGA_FCLK0_ENABLE": "1"}
# Without a board's preset the low-power master is on, and wants a clock.
_PSU_DEFAULTS = {"PSU__USE__M_AXI_GP2": "1", "PSU__USE__FABRIC__RST": "1", "PSU__FPGA_PL0_ENABLE": "1"}
_FLAG, _WIDTH = ("0", "1"), ("32", "64", "128")
_COUNT = tuple(str(number) for number in range(1, 65))


def _flags(names: list[str]) -> dict[str, tuple[str, ...]]:
    marks = ("_USE_", "__USE__", "_EN_", "_ENABLE", "_INTR")
    return {name: _FLAG for name in names if any(mark in name for mark in marks)}


CATALOG = {
    "xilinx.com:ip:processing_system7:5.5": Ip(
        dict.fromkeys(PS7, "0") | _PS7_DEFAULTS,
        _ps7,
        _flags(PS7) | {"PCW_FCLK0_PERIPHERAL_CLKSRC": ("IO PLL", "ARM PLL", "DDR PLL", "External")},
    ),
    "xilinx.com:ip:zynq_ultra_ps_e:3.4": Ip(dict.fromkeys(PSU, "0") | _PSU_DEFAULTS, _psu, _flags(PSU)),
    "xilinx.com:ip:zynq_ultra_ps_e:3.5": Ip(
        dict.fromkeys(PSU, "0") | _PSU_DEFAULTS,
        _psu,
        _flags(PSU)
        | {"PSU__MAXIGP0__DATA_WIDTH": _WIDTH, "PSU__CRL_APB__PL0_REF_CTRL__SRCSEL": ("IOPLL", "RPLL", "DPLL")},
    ),
    "xilinx.com:ip:proc_sys_reset:5.0": Ip({"C_EXT_RST_WIDTH": "4", "C_AUX_RST_WIDTH": "4"}, _reset),
    "xilinx.com:ip:axi_interconnect:2.1": Ip(
        {"NUM_SI": "1", "NUM_MI": "2"}, _interconnect, {"NUM_SI": _COUNT[:16], "NUM_MI": _COUNT}
    ),
    "xilinx.com:ip:smartconnect:1.0": Ip(  # settings and pins as public block designs of 2023 and 2024 have them
        {"NUM_SI": "1", "NUM_MI": "1", "NUM_CLKS": "1"}, _smartconnect, {"NUM_SI": _COUNT[:16], "NUM_MI": _COUNT}
    ),
    "xilinx.com:ip:axi_intc:4.1": Ip(
        {"C_IRQ_CONNECTION": "0", "C_IRQ_IS_LEVEL": "1", "C_HAS_FAST": "0", "C_ASYNC_INTR": "0xFFFFFFFF"},
        _intc,
        {"C_IRQ_CONNECTION": _FLAG, "C_IRQ_IS_LEVEL": _FLAG, "C_HAS_FAST": _FLAG},
        {("S_AXI", "Reg"): ("s_axi", 1 << 12)},
    ),
}
# What a VHDL wrapper cannot have as a name (IEEE 1076); a Verilog one has fewer.
RESERVED = frozenset(
    "abs access after alias all and architecture array assert attribute begin block body buffer bus case component "
    "configuration constant disconnect downto else elsif end entity exit file for function generate generic group "
    "guarded if impure in inertial inout is label library linkage literal loop map mod nand new next nor not null of "
    "on open or others out package port postponed procedure process protected pure range record register reject rem "
    "report return rol ror select severity shared signal sla sll sra srl subtype then to transport type unaffected "
    "units until use variable wait when while with xnor xor".split()
)
HOME = {"processing_system7": "xc7z", "zynq_ultra_ps_e": ("xczu", "xck")}  # of which parts each processor is

APERTURES = {
    "M_AXI_GP0": (0x4000_0000, 0x7FFF_FFFF),
    "M_AXI_HPM0_FPD": (0xA000_0000, 0xAFFF_FFFF),
    "M_AXI_HPM1_FPD": (0xB000_0000, 0xBFFF_FFFF),
    "M_AXI_HPM0_LPD": (0x8000_0000, 0x9FFF_FFFF),
}
CLOCKS = {"processing_system7": "clk_fpga_0", "zynq_ultra_ps_e": "clk_pl_0"}
ASKED = {
    "processing_system7": "PCW_FPGA0_PERIPHERAL_FREQMHZ",
    "zynq_ultra_ps_e": "PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ",
}

# Logical ports of the bus definitions, with their direction seen from a slave; of AXI4-Lite those that must be there.
BUSES = {
    AXI_BUS: {
        **dict.fromkeys(("AWADDR", "AWPROT", "AWVALID", "WDATA", "WSTRB", "WVALID", "BREADY"), "input"),
        **dict.fromkeys(("ARADDR", "ARPROT", "ARVALID", "RREADY"), "input"),
        **dict.fromkeys(("AWREADY", "WREADY", "BRESP", "BVALID", "ARREADY", "RDATA", "RRESP", "RVALID"), "output"),
    },
    "xilinx.com:signal:clock": {"CLK": "input"},
    "xilinx.com:signal:reset": {"RST": "input"},
    "xilinx.com:signal:interrupt": {"INTERRUPT": "input"},
}
BUS_PARAMETERS = {
    AXI_BUS: {"PROTOCOL": ("AXI4LITE", "AXI4", "AXI3")},
    "xilinx.com:signal:clock": {"ASSOCIATED_BUSIF": (), "ASSOCIATED_RESET": (), "FREQ_HZ": ()},
    "xilinx.com:signal:reset": {"POLARITY": ("ACTIVE_LOW", "ACTIVE_HIGH")},
    "xilinx.com:signal:interrupt": {"SENSITIVITY": ("LEVEL_HIGH", "LEVEL_LOW", "EDGE_RISING", "EDGE_FALLING")},
}
