# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From SystemVerilog to gates and a bitstream, in the order that data flows:

project    a job as data, and its digest
yosys      synthesis: resources, a netlist, what each module costs
netlist    the netlist as a simulation
nextpnr    place and route, and the bitstream (ECP5)
vivado     the bitstream of a board with a Zynq, where Vivado is installed
batch      many jobs, unattended
"""
