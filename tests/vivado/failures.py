# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How builds of other flows ended: what Vivado said, where, and what a person has to be told.

Each message is as somebody reported it; ``source`` says who. Numbers and paths are ours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """``at``: the command that fails; of a run, launch_runs and the run's name. ``lines``: what is in the log then.

    ``dies``: the process of the run, or Vivado itself, is gone without a word of its own. ``told``: of ``lines``, what
    the build's error must have; ``do``: what it must say to do.
    """

    at: str
    lines: tuple[str, ...]
    told: str
    do: str
    source: str
    dies: bool = False


LICENCE = "ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis' and/or device 'xc7z020'."
STORIES = {
    "no licence": Story(
        "synth_1",
        (LICENCE, "Please run the Vivado License Manager for assistance.", "synth_design failed"),
        "[Common 17-345] A valid license was not found for feature 'Synthesis'",
        "the free edition (ML Standard) has it without one, else set XILINXD_LICENSE_FILE",
        "lowRISC/opentitan 18098, Xilinx/AVED 5",
    ),
    "a part too small": Story(
        "impl_1",
        (
            "Phase 1.2 IO Placement/ Clock Placement/ Build Placer Device",
            "ERROR: [Place 30-640] Place Check : This design requires more Slice LUTs cells than are available in the "
            "target device. This design requires 60002 of such cell types but only 53200 compatible sites are there",
            "ERROR: [Place 30-640] Place Check : This design requires more LUT as Memory cells than are available",
        ),
        "requires 60002 of such cell types but only 53200 compatible sites",
        "plan a smaller engine (hardwire fit, --geometry), or a larger board",
        "Xilinx/QNN-MO-PYNQ 12 and 21, optimsoc 70",
    ),
    "over-utilised by a DRC": Story(
        "impl_1",
        (
            "Running DRC as a precondition to command place_design",
            "ERROR: [DRC UTLZ-1] Resource utilization: RAMB18 and RAMB36/FIFO over-utilized in Top Level Design (This "
            "design requires more RAMB18 and RAMB36/FIFO cells than are available in the target device.)",
        ),
        "[DRC UTLZ-1] Resource utilization: RAMB18 and RAMB36/FIFO over-utilized",
        "plan a smaller engine (hardwire fit, --geometry), or a larger board",
        "eugene-tarassov/vivado-risc-v 54, antmicro/rowhammer-tester 34",
    ),
    "no room for the packing": Story(
        "impl_1",
        ("ERROR: [Place 30-484] The packing of LUTRAM/SRL instances into capable slices could not be obeyed.",),
        "[Place 30-484] The packing of LUTRAM/SRL instances",
        "plan a smaller engine (hardwire fit, --geometry), or a larger board",
        "chili-chips-ba/openeye-CamSI 33",
    ),
    "wires that do not fit": Story(
        "write_bitstream",
        (
            "CRITICAL WARNING: [Route 35-8] Design has 7 unrouted pins, that are still reachable.",
            "ERROR: [DRC RTSTAT-6] Partial route conflicts: 2113 net(s) have a partial conflict.",
            "ERROR: [Vivado 12-1345] Error(s) found during DRC. Bitgen not run.",
        ),
        "[DRC RTSTAT-6] Partial route conflicts: 2113 net(s)",
        "plan fewer lanes, or a slower clock with --clock",
        "heymesut/SJTU_microe 1, firesim/firesim 293",
    ),
    "board files that lack": Story(
        "create_project",
        (
            "ERROR: [Board 49-71] The board_part definition was not found for tul.com.tw:pynq-z2:part0:1.0. The "
            "project's board_part property was not set, but the project's part property was set to xc7z020clg400-1.",
        ),
        "[Board 49-71] The board_part definition was not found",
        "a script of your own asks for board files; this flow needs none",
        "pulp-platform/bender 361, sifive/freedom 43, Xilinx/finn 902",
    ),
    "killed for its memory": Story(
        "synth_1",
        (
            "Starting Cross Boundary and Area Optimization",
            '/tools/Xilinx/Vivado/2024.1/bin/rdiArgs.sh: line 312:  8214 Killed                  "$RDI_PROG" "$@"',
        ),
        "8214 Killed",
        "the computer ran out of memory: close other programs, add swap",
        "chipsalliance/VeeRwolf 51, fastmachinelearning/hls4ml 438, Xilinx/kria-vitis-platforms 1",
    ),
    "a parent that was killed": Story(
        "synth_1",
        ("Start Applying XDC", "Parent process (pid 14499) has died. This helper process will now exit"),
        "Parent process (pid 14499) has died",
        "the computer ran out of memory: close other programs, add swap",
        "ucb-bar/fpga-zynq 56",
    ),
    "a run that crashes": Story(
        "synth_1",
        ("# An unexpected error has occurred (11)", "Stack:", "/lib/x86_64-linux-gnu/libudev.so.1(+0x15707)"),
        "An unexpected error has occurred (11)",
        "Vivado itself crashed; where its stack names libudev",
        "ichi4096/vivado-on-silicon-mac 1",
    ),
    "a disk that is full": Story(
        "create_project",
        ("ERROR: [Common 17-1294] Unable to create directory [/build/synth/vivado/project/.Xil/Vivado-22251].",),
        "[Common 17-1294] Unable to create directory",
        "the disk may be full, or the folder not writable",
        "f4pga/f4pga-arch-defs 1527",
    ),
    "a disk that fills up": Story(
        "impl_1",
        ("ERROR: [Common 17-49] Internal Data Exception: HDDMProto::writeMessage failed",),
        "[Common 17-49] Internal Data Exception: HDDMProto::writeMessage failed",
        "the disk may be full, or the folder not writable",
        "f4pga/f4pga-arch-defs 1527",
    ),
    "locked IP": Story(
        "make_wrapper",
        (
            "ERROR: [BD 41-1665] Unable to generate top-level wrapper HDL for the BD-design 'hardwire.bd' is locked. "
            "Locked reason(s):",
            "* BD design contains locked IPs. Please run report_ip_status for more details.",
        ),
        "[BD 41-1665] Unable to generate top-level wrapper HDL",
        "IP of another version or part is in the way: remove ",
        "Digilent/Zybo-hdmi-in 1, ptrkrysik in EttusResearch/uhd 635",
    ),
    "IP of another licence or version": Story(
        "generate_target",
        ("ERROR: [BD 41-542] Parameter cannot be set on a locked block. The block 'intc' is locked",),
        "[BD 41-542] Parameter cannot be set on a locked block",
        "IP of another version or part is in the way: remove ",
        "jdibenes/zcu102_two_cameras 1",
    ),
    "pins without a standard": Story(
        "write_bitstream",
        (
            "ERROR: [DRC NSTD-1] Unspecified I/O Standard: 2 out of 132 logical ports use I/O standard (IOSTANDARD) "
            "value 'DEFAULT', instead of a user assigned specific value.",
            "ERROR: [Vivado 12-1345] Error(s) found during DRC. Bitgen not run.",
        ),
        "[DRC NSTD-1] Unspecified I/O Standard: 2 out of 132 logical ports",
        "a pin of the design is not the processor's",
        "eugene-tarassov/vivado-risc-v 156, VoltCyclone/PCILeechFWGenerator 433",
    ),
    "a path too long for Windows": Story(
        "generate_target",
        ("ERROR: [Common 17-143] Path length exceeds 260-Byte maximum allowed by Windows: C:/Users/someone/...",),
        "[Common 17-143] Path length exceeds 260-Byte maximum",
        "move the build to a short path",
        "Xilinx AR 52787",
    ),
    "letters that are not ASCII": Story(
        "create_project",
        ("ERROR: [Common 17-1500] Please use ASCII characters for file name or path.",),
        "Please use ASCII characters for file name or path",
        "letters that are not ASCII in it",
        "ChinaQMTECH/ZYNQ_BAJIE_BOARD 1, IIC2343/Syllabus-2023-1 63; the number of the message is ours",
    ),
    "a lost module": Story(
        "synth_1",
        ("ERROR: [Synth 8-439] module 'renorm' not found [/build/ip/src/engine.sv:120]", "synth_design failed"),
        "[Synth 8-439] module 'renorm' not found",
        "a file of ours did not reach the tool: that is a fault of this flow",
        "open-sdr/openwifi-hw 59 and 102, pulp-platform/pulpino 160",
    ),
    "a library that lacks": Story(
        "-version",
        (
            'application-specific initialization failed: couldn\'t load file "libxv_commontasks.so": libtinfo.so.5: '
            "cannot open shared object file: No such file or directory",
        ),
        "libtinfo.so.5: cannot open shared object file",
        "apt install libtinfo5",
        "timvideos/litex-buildenv 319, alchitry/Alchitry-Labs-V2 79",
    ),
    "a year that is too large": Story(
        "ipx::package_project",
        ("ERROR: [Common 17-70] bad lexical cast: source type value could not be interpreted as target",),
        "bad lexical cast: source type value",
        "a release of before 2022 cannot write this year's dates: install AMD's patch y2k22",
        "sld-columbia/esp 178 and 282, EttusResearch/uhd 726",
    ),
}  # fmt: skip
