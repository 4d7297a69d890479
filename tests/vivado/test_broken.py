# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Scripts and projects that were broken on purpose: each fails in the model, and for its own reason."""

# ruff: noqa: E501  (a case is one line)

from __future__ import annotations

from pathlib import Path

import pytest

from hardwire.build.folder import Build

from .catalog import APERTURES, CATALOG
from .commands import COMMANDS
from .conftest import BOARDS, Of, run
from .model import Behaviour, Vivado

pytestmark = pytest.mark.tools

BUILD, PACK, XDC = "vivado/build.tcl", "vivado/package_ip.tcl", "vivado/hardwire.xdc"
IRQ = "    connect_bd_net [get_bd_pins intc/irq] [get_bd_pins ps/IRQ_F2P]\n"
WITHOUT = ""

# What is broken, the file, a text in it, what stands there instead, and what the failure must say.
BROKEN = [
    ("an unknown command", BUILD, "    validate_bd_design\n", "    validate_design\n", 'invalid command name "validate_design"'),
    ("an unknown option", PACK, "create_project $name $folder -part $part -force", "create_project $name $folder -part $part -overwrite", "no option -overwrite; UG835"),
    ("an option without its value", BUILD, "-max_paths 1]", "-max_paths]", "option -max_paths needs a value"),
    ("a required option left out", BUILD, "-mode Master -vlnv", "-vlnv", "create_bd_intf_port: needs -mode"),
    ("no VLNV", BUILD, "create_bd_cell -type ip -vlnv hardwire:hardwire:hardwire_chip:1.0 chip", "create_bd_cell -type ip chip", "create_bd_cell -type ip needs -vlnv"),
    ("too many words", BUILD, "create_bd_design hardwire", "create_bd_design hardwire twice", "takes 1 to 1 words"),
    ("an IP that the catalog lacks", BUILD, "[hw_ip proc_sys_reset]", "[hw_ip proc_sys_set]", "the IP catalog of this Vivado has no proc_sys_set"),
    ("another version of the chip", BUILD, "hardwire_chip:1.0 chip", "hardwire_chip:2.0 chip", "the IP catalog has no hardwire:hardwire:hardwire_chip:2.0"),
    ("the catalog was not updated", BUILD, "    update_ip_catalog\n", WITHOUT, "the IP catalog has no hardwire:hardwire:hardwire_chip:1.0"),
    ("a repository without an IP", BUILD, "set_property ip_repo_paths $repository", "set_property ip_repo_paths $here", "holds no IP"),
    ("an unknown setting", BUILD, "CONFIG.PCW_USE_M_AXI_GP0", "CONFIG.PCW_USE_M_AXI_GPO", "has no setting CONFIG.PCW_USE_M_AXI_GPO"),
    ("a value that a setting cannot have", BUILD, "CONFIG.NUM_MI 2}", "CONFIG.NUM_MI 0}", "CONFIG.NUM_MI of xilinx.com:ip:axi_interconnect:2.1 cannot be '0'"),
    ("an unknown property", BUILD, "set_property synth_checkpoint_mode None", "set_property synth_mode None", "a file has no property synth_mode to set"),
    ("runs that nobody waits for", BUILD, "synth_checkpoint_mode None", "synth_checkpoint_mode Hierarchical", "each IP has a run of its own"),
    ("an unknown pin", BUILD, "[get_bd_pins chip/irq]", "[get_bd_pins chip/interrupt]", "cell chip has no pin interrupt"),
    ("a pin that its setting does not bring out", BUILD, "CONFIG.PCW_IRQ_F2P_INTR {1}", "CONFIG.PCW_IRQ_F2P_INTR {0}", "cell ps has no pin IRQ_F2P"),
    ("an unknown interface", BUILD, "axi/M00_AXI] [get_bd_intf_pins chip/S_AXI]", "axi/M02_AXI] [get_bd_intf_pins chip/S_AXI]", "cell axi has no interface M02_AXI"),
    ("two slaves joined", BUILD, "[get_bd_intf_pins ps/M_AXI_GP0] [get_bd_intf_pins axi/S00_AXI]", "[get_bd_intf_pins chip/S_AXI] [get_bd_intf_pins axi/S00_AXI]", "are both slaves"),
    ("interfaces of two kinds", BUILD, "[get_bd_intf_pins ps/DDR] [get_bd_intf_ports DDR]", "[get_bd_intf_pins ps/FIXED_IO] [get_bd_intf_ports DDR]", "fixedio_rtl:1.0"),
    ("pins of the package left open", BUILD, "    connect_bd_intf_net [get_bd_intf_pins ps/FIXED_IO] [get_bd_intf_ports FIXED_IO]\n", WITHOUT, "/ps/FIXED_IO is not connected"),
    ("a clock left open", BUILD, "    connect_bd_net [get_bd_pins ps/FCLK_CLK0] [get_bd_pins chip/s_axi_aclk]\n", WITHOUT, "/chip/s_axi_aclk, a clock, has no driver"),
    ("a reset left open", BUILD, "    connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins chip/s_axi_aresetn]\n", WITHOUT, "/chip/s_axi_aresetn, a reset, has no driver"),
    ("a reset of the other polarity", BUILD, "reset/peripheral_aresetn] [get_bd_pins chip/", "reset/peripheral_reset] [get_bd_pins chip/", "is active HIGH, /chip/s_axi_aresetn active LOW"),
    ("a clock on a reset", BUILD, "[get_bd_pins ps/FCLK_RESET0_N]", "[get_bd_pins ps/FCLK_CLK0]", "is a clock, /reset/ext_reset_in a reset"),
    ("a pin driven twice", BUILD, IRQ, IRQ + IRQ, "/ps/IRQ_F2P is driven already"),
    ("no address", BUILD, "    assign_bd_address -offset", "    # assign_bd_address -offset", "/chip/S_AXI has 0 addresses"),
    ("no address of the interrupt controller", BUILD, "    assign_bd_address -offset 0x43c80000", "    # assign_bd_address -offset 0x43c80000", "/intc/S_AXI has 0 addresses"),
    ("the interrupt controller over the chip", BUILD, "-offset 0x43c80000", "-offset 0x43c7f000", "/chip and /intc overlap at 0x43c7f000"),
    ("less than the interrupt controller's registers", BUILD, "-range 0x00001000", "-range 0x00000800", "has a range of 0x00001000, not 0x800"),
    ("an interrupt controller without an output", BUILD, "CONFIG.C_IRQ_CONNECTION 1", "CONFIG.C_IRQ_CONNECTION 0", "cell intc has no pin irq"),
    ("an interrupt controller without an input", BUILD, "    connect_bd_net [get_bd_pins chip/irq] [get_bd_pins intc/intr]\n", WITHOUT, "/intc/intr, an interrupt, has no driver"),
    ("an interrupt controller that nobody reaches", BUILD, "    connect_bd_intf_net [get_bd_intf_pins axi/M01_AXI] [get_bd_intf_pins intc/s_axi]\n", WITHOUT, "/intc/s_axi is not connected"),
    ("an address of another port", BUILD, "-offset 0x43c00000", "-offset 0x83c00000", "0x83c00000 does not go through M_AXI_GP0"),
    ("an address that is not aligned", BUILD, "-offset 0x43c00000", "-offset 0x43c10000", "is no multiple of the range 0x80000"),
    ("a range that is not the chip's", BUILD, "-range 0x00080000", "-range 64K", "has a range of 0x00080000, not 0x10000"),
    ("a segment that is not there", BUILD, "chip/S_AXI/registers]", "chip/S_AXI/reg0]", "there is no address segment chip/S_AXI/reg0"),
    ("a design that was not validated", BUILD, "    validate_bd_design\n", WITHOUT, "hardwire is not validated and saved"),
    ("no output products", BUILD, "    generate_target all $bd\n", WITHOUT, "Vivado wrote no hardware handoff"),
    ("the wrapper is not the top", BUILD, "set_property top hardwire_wrapper", "set_property top hardwire", "the top, 'hardwire', is not the wrapper"),
    ("a missing constraint file", BUILD, "[file join $here hardwire.xdc]", "[file join $here timing.xdc]", "timing.xdc does not exist"),
    ("a constraint that is none", XDC, "BITSTREAM.GENERAL.COMPRESS TRUE", "BITSTREAM.GENERAL.COMPRES TRUE", "a design has no property bitstream.general.compres"),
    ("an unknown step", BUILD, "hw_run impl_1 route_design", "hw_run impl_1 route", "there is no step route"),
    ("reports before the route", BUILD, "    hw_run impl_1 route_design\n", WITHOUT, "open_run: impl_1 is not routed"),
    ("an unknown part", BUILD, "set part xc7z020clg400-1", "set part xc7z020clg400-9", "this Vivado does not know xc7z020clg400-9"),
    ("a part without that processor", BUILD, "set part xc7z020clg400-1", "set part xczu7ev-ffvc1156-2-e", "xczu7ev-ffvc1156-2-e has no processing_system7"),
    ("a clock that no report knows", BUILD, "[get_clocks clk_fpga_0]", "[get_clocks clk_pl_0]", "the design has no clock"),
    ("a source that is not there", PACK, "    board/axi_lite.sv\n", "    board/axi_light.sv\n", "does not exist"),
    ("a port that the chip does not have", PACK, "    AWADDR s_axi_awaddr\n", "    AWADDR s_axi_address\n", "hardwire_chip has no port s_axi_address"),
    ("a signal of the bus left out", PACK, "    WSTRB s_axi_wstrb\n", WITHOUT, "xilinx.com:interface:aximm needs WSTRB"),
    ("a signal that the bus does not have", PACK, "    WSTRB s_axi_wstrb\n", "    WSTRB s_axi_wstrb\n    WLAST irq\n", "xilinx.com:interface:aximm has no WLAST"),
    ("two signals crossed", PACK, "    BVALID s_axi_bvalid\n    BREADY s_axi_bready\n", "    BVALID s_axi_bready\n    BREADY s_axi_bvalid\n", "points the wrong way"),
    ("no clock of the bus", PACK, "ASSOCIATED_BUSIF S_AXI", "ASSOCIATED_BUSIF S_BUS", "S_AXI is associated with no clock"),
    ("a reset without polarity", PACK, "    hw_add_parameter $reset POLARITY ACTIVE_LOW\n", WITHOUT, "a reset without POLARITY"),
    ("an unknown bus definition", PACK, "xilinx.com:interface:aximm slave", "xilinx.com:interface:axilite slave", "no bus definition xilinx.com:interface:axilite:1.0"),
    ("the inferred interfaces kept", PACK, "        ipx::remove_bus_interface [get_property NAME $bus] $core\n", WITHOUT, "s_axi: no memory map s_axi"),
    ("no description of the registers", PACK, "    hw_describe_registers $core $registers\n", WITHOUT, "no memory map S_AXI"),
    ("a register twice at one place", PACK, "    VERSION 0x00004 ", "    VERSION 0x00000 ", "VERSION: 0x0 is not free"),
    ("an access that does not exist", PACK, "    ID 0x00008 read-only", "    ID 0x00008 readonly", "access cannot be 'readonly'"),
    ("a core that nobody checked", PACK, "    ipx::check_integrity $core\n", WITHOUT, "check the integrity of the core"),
    ("the packager's own hierarchy, and nobody adds what it leaves out", PACK, "    set_property source_mgmt_mode None [current_project]\n", "    proc hw_complete_sources args {}\n", "[Synth 8-439] module"),
    ("an interface of no such language", PACK, "target_language Verilog", "target_language SystemC", "target_language cannot be 'SystemC'"),
    ("a ROM folder that is not named in full", PACK, 'list $mark ".Folder(\\"$folder/\\")"', "list $mark $mark", "[Synth 8-4445] could not open $readmem data file 'rom/program.hex'"),
]  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case[0])
def test_a_broken_script_fails_for_its_reason(build: Build, case: tuple[str, str, str, str, str]) -> None:
    _, name, old, new, said = case
    path = build.folder / name
    text = path.read_text()
    assert text.count(old) >= 1, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1))
    code, vivado = run(build.folder)
    assert code == 1 and said in "\n".join(vivado.output), vivado.output
    assert not any("the model itself" in violation for violation in vivado.violations)
    assert not (build.folder / "synth" / "vivado" / "hardwire.hwh").exists()


def test_a_missing_empty_or_shortened_rom_stops_before_synthesis(build: Build) -> None:
    rom = next(iter(sorted((build.folder / "rtl" / "rom").glob("weight*.hex"))))
    whole = rom.read_text()
    for change, said in (
        (lambda: rom.unlink(), f"{rom} is missing; run hardwire build again"),
        (lambda: rom.write_text(""), f"{rom} has 0 bytes, not {len(whole)}"),
        (lambda: rom.write_text(whole[:-3]), f"{rom} has {len(whole) - 3} bytes, not {len(whole)}"),
    ):
        change()
        code, vivado = run(build.folder)
        assert code == 1 and said in "\n".join(vivado.output)
        assert "create_project" not in vivado.calls
        rom.write_text(whole)
    assert run(build.folder)[0] == 0


def test_a_missing_source_and_a_path_with_a_space_are_named(build: Build, tmp_path: Path) -> None:
    moved = build.folder.rename(tmp_path / "my build")
    code, vivado = run(moved)
    assert code == 1 and "has other than plain letters, digits and ._+- in it" in "\n".join(vivado.output)
    moved = moved.rename(tmp_path / "build")
    (moved / "rtl" / "rtl" / "engine.sv").unlink()
    code, vivado = run(moved)
    assert code == 1 and "rtl/rtl/engine.sv does not exist" in "\n".join(vivado.output)


def test_a_top_that_names_no_rom_folder_is_refused(build: Build) -> None:
    top = build.folder / "rtl" / "hardwire_top.sv"
    top.write_text(top.read_text().replace('.Folder("rom/")', '.Folder("")'))
    code, vivado = run(build.folder)
    assert code == 1 and "does not name its ROM folder once" in "\n".join(vivado.output)


def test_a_field_beyond_its_register_or_over_another_is_refused(build: Build) -> None:
    path = build.folder / PACK
    text = path.read_text()
    assert text.count("REASON 4 3 {") == 1
    for new, said in (
        ("REASON 30 3 {", "STATUS.REASON: bits 30 to 32"),
        ("REASON 3 3 {", "STATUS.REASON: bits 3 to 5"),
    ):
        path.write_text(text.replace("REASON 4 3 {", new))
        code, vivado = run(build.folder)
        assert code == 1 and said in "\n".join(vivado.output)


def test_the_scripts_use_no_more_than_the_model_knows_and_the_model_knows_little_more(original: Of) -> None:
    used = set()
    for board in BOARDS:
        used |= set(run(original(board).folder, Behaviour(drops=("renorm.sv",)))[1].calls)
    assert set(COMMANDS) - used == {"current_design"}  # that one stands in the .xdc
    for name in COMMANDS:
        assert callable(getattr(Vivado, name.replace("::", "_"))), name


def test_the_catalog_and_the_boards_agree_on_where_a_port_reaches() -> None:
    from hardwire.targets.zynq import PROCESSORS

    for name, processor in PROCESSORS.items():
        ip = next(vlnv for vlnv in CATALOG if f":{name}:" in vlnv)
        for port, about in processor.ports.items():
            assert (about.first, about.last) == APERTURES[port]
            assert about.enable in CATALOG[ip].settings
        assert {processor.frequency, *processor.divisors} <= set(CATALOG[ip].settings)
