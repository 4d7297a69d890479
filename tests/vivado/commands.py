# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands of Vivado that our scripts may use, with the options that their documentation lists.

``page`` is where the syntax stands: for UG835 the page of that command at docs.amd.com/r/<version>/ug835-vivado-tcl-
commands/<command>, in the version that was read; PYNQ: as the scripts of PYNQ 3.1.2 for Vivado 2024.1 use it; BY_NAME:
the page was not at hand, and an option more than the scripts need is not assumed. The ipx commands have no page of
their own; theirs says where their use was seen. Options that a page lists and that no script of ours has a use for are
left out: an option that is not here is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

PYNQ, BY_NAME = "as PYNQ 3.1.2 uses it for 2024.1", "by its name"
PACKAGER = "UG1118, and scripts that write_project_tcl and the packager's journal leave"


@dataclass(frozen=True)
class Command:
    """``flags`` stand alone, ``options`` take a value; both with their dash. ``least`` and ``most``: other words."""

    page: str
    flags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # options that must be there
    least: int = 0
    most: int | None = 0  # None: any number


def _ug835(version: str, *rest: object, **more: object) -> Command:
    return Command(f"UG835 {version}", *rest, **more)  # type: ignore[arg-type]


COMMANDS = {
    "version": _ug835(PYNQ, ("-short",)),
    "get_parts": _ug835(BY_NAME, ("-regexp",), ("-filter",), most=None),
    "create_project": _ug835("2023.1", ("-force", "-in_memory"), ("-part",), most=2),
    "close_project": _ug835(BY_NAME, ("-delete",)),
    "current_project": _ug835(PYNQ),
    "current_fileset": _ug835(PYNQ, ("-constrset", "-simset", "-srcset")),
    "current_design": _ug835(BY_NAME),
    "set_property": _ug835(PYNQ, (), ("-dict",), least=1, most=None),
    "get_property": _ug835(PYNQ, ("-min", "-max"), least=2, most=2),
    "set_msg_config": _ug835(BY_NAME, ("-suppress",), ("-id", "-string", "-severity", "-new_severity"), ("-id",)),
    "add_files": _ug835(PYNQ, ("-norecurse", "-scan_for_includes"), ("-fileset",), least=1, most=None),
    "get_files": _ug835(PYNQ, ("-norecurse", "-all"), ("-of_objects", "-filter"), most=None),
    "update_compile_order": _ug835(PYNQ, (), ("-fileset",)),
    "update_ip_catalog": _ug835(BY_NAME, ("-rebuild",), ("-repo_path",)),
    "get_ipdefs": _ug835("2023.2", ("-all", "-regexp", "-nocase", "-name"), ("-filter", "-of_objects"), most=None),
    "create_bd_design": _ug835(PYNQ, (), ("-dir", "-cell"), least=1, most=1),
    "create_bd_cell": _ug835("2022.2", (), ("-vlnv", "-type", "-reference"), least=1, most=1),
    "create_bd_intf_port": _ug835("2022.1", (), ("-vlnv", "-mode"), ("-vlnv", "-mode"), least=1, most=1),
    "connect_bd_intf_net": _ug835("2023.1", (), ("-intf_net", "-boundary_type"), least=2, most=2),
    "connect_bd_net": _ug835("2022.1", (), ("-net", "-boundary_type"), least=2, most=None),
    "get_bd_pins": _ug835(PYNQ, (), ("-of_objects", "-filter"), least=1, most=1),
    "get_bd_intf_pins": _ug835(PYNQ, (), ("-of_objects", "-filter"), least=1, most=1),
    "get_bd_intf_ports": _ug835(PYNQ, (), ("-of_objects", "-filter"), least=1, most=1),
    "get_bd_addr_spaces": _ug835(PYNQ, (), ("-of_objects", "-filter"), least=1, most=1),
    "get_bd_addr_segs": _ug835(PYNQ, (), ("-of_objects", "-filter"), least=1, most=1),
    "assign_bd_address": _ug835(
        "2021.2", ("-force", "-boundary"), ("-target_address_space", "-offset", "-range"), least=1, most=1
    ),
    "validate_bd_design": _ug835("2026.1", ("-force",), ("-design",)),
    "save_bd_design": _ug835(PYNQ, most=1),
    "generate_target": _ug835("2021.2", ("-force",), least=2, most=2),
    # The page's syntax has the file last; -files is how PG320 (and PYNQ's scripts for 2024.1) name it.
    "make_wrapper": _ug835("2022.2, PG320", ("-top", "-import", "-force"), ("-files", "-fileset"), ("-files",)),
    "launch_runs": _ug835("2023.1", ("-force", "-next_step"), ("-jobs", "-to_step", "-dir"), least=1, most=None),
    "wait_on_run": _ug835("2022.2 (wait_on_runs)", (), ("-timeout",), least=1, most=1),
    "get_runs": _ug835(BY_NAME, (), ("-filter",), most=1),
    "open_run": _ug835(BY_NAME, (), ("-name",), least=1, most=1),
    "get_clocks": _ug835(BY_NAME, (), ("-of_objects", "-filter"), most=None),
    "get_timing_paths": _ug835("2026.1", ("-setup", "-hold"), ("-delay_type", "-max_paths", "-nworst", "-group")),
    "report_timing_summary": _ug835(
        "2023.1", ("-report_unconstrained", "-no_header", "-warn_on_violation"), ("-delay_type", "-max_paths", "-file")
    ),
    "report_utilization": _ug835("2023.1", ("-hierarchical", "-append"), ("-hierarchical_depth", "-file")),
    "get_cells": _ug835(BY_NAME, ("-hierarchical", "-regexp"), ("-filter", "-of_objects"), most=None),
    "list_property": _ug835(BY_NAME, ("-regexp",), ("-class",), least=1, most=2),
    "write_bitstream": _ug835("2025.2", ("-force", "-bin_file"), least=1, most=1),
    "ipx::package_project": Command(
        PACKAGER,
        ("-import_files", "-force"),
        ("-root_dir", "-vendor", "-library", "-taxonomy", "-set_current"),
        ("-root_dir", "-vendor", "-library"),
    ),
    "ipx::current_core": Command(PACKAGER),
    "ipx::get_file_groups": Command(PACKAGER, (), ("-of_objects", "-filter"), ("-of_objects",), most=1),
    "ipx::get_files": Command(PACKAGER, (), ("-of_objects",), ("-of_objects",), most=1),
    "ipx::remove_file": Command(PACKAGER, least=2, most=2),
    "ipx::add_file": Command(PACKAGER, least=2, most=2),
    "ipx::get_bus_interfaces": Command(PACKAGER, (), ("-of_objects",), ("-of_objects",), most=1),
    "ipx::remove_bus_interface": Command(PACKAGER, least=2, most=2),
    "ipx::get_memory_maps": Command(PACKAGER, (), ("-of_objects",), ("-of_objects",), most=1),
    "ipx::remove_memory_map": Command(PACKAGER, least=2, most=2),
    "ipx::add_bus_interface": Command(PACKAGER, least=2, most=2),
    "ipx::add_port_map": Command(PACKAGER, least=2, most=2),
    "ipx::add_bus_parameter": Command(PACKAGER, least=2, most=2),
    "ipx::add_memory_map": Command(PACKAGER, least=2, most=2),
    "ipx::add_address_block": Command(PACKAGER, least=2, most=2),
    "ipx::add_register": Command(PACKAGER, least=2, most=2),
    "ipx::add_field": Command(PACKAGER, least=2, most=2),
    "ipx::create_xgui_files": Command(PACKAGER, least=1, most=1),
    "ipx::update_checksums": Command(PACKAGER, least=1, most=1),
    "ipx::check_integrity": Command(PACKAGER, least=1, most=1),
    "ipx::save_core": Command(PACKAGER, least=1, most=1),
}

# What set_property and get_property know of each kind of object (UG912, UG1118). Names in lower case; "r" only reads.
PROPERTIES = {
    "project": {"ip_repo_paths": "rw", "part": "r", "target_language": "rw", "source_mgmt_mode": "rw"},
    "group": {"name": "r"},
    "packed": {"name": "r", "type": "rw"},
    "fileset": {"top": "rw"},
    "file": {"synth_checkpoint_mode": "rw"},
    "design": {"bitstream.general.compress": "rw"},
    "run": {"progress": "r", "status": "r", "directory": "r"},
    "clock": {"period": "r"},
    "path": {"slack": "r"},
    "core": {"name": "rw", "version": "rw", "display_name": "rw", "description": "rw"},
    "bus": {
        "name": "r", "abstraction_type_vlnv": "rw", "bus_type_vlnv": "rw", "interface_mode": "rw",
        "slave_memory_map_ref": "rw",
    },
    "map": {"physical_name": "rw"},
    "parameter": {"value": "rw"},
    "memory": {"name": "r"},
    "block": {"range": "rw", "width": "rw", "usage": "rw"},
    "register": {"address_offset": "rw", "size": "rw", "access": "rw", "description": "rw"},
    "field": {
        "bit_offset": "rw", "bit_width": "rw", "access": "rw", "description": "rw", "modified_write_value": "rw",
    },
}  # fmt: skip
VALUES = {
    "target_language": ("Verilog", "VHDL"),
    "source_mgmt_mode": ("All", "DisplayOnly", "None"),
    "type": ("verilogSource", "systemVerilogSource", "vhdlSource"),
    "synth_checkpoint_mode": ("None", "Singular", "Hierarchical"),
    "bitstream.general.compress": ("TRUE", "FALSE"),
    "interface_mode": ("slave", "master", "monitor"),
    "usage": ("register", "memory", "reserved"),
    "access": ("read-only", "write-only", "read-write", "writeOnce", "read-writeOnce"),
    "modified_write_value": ("oneToClear", "oneToSet", "zeroToClear", "clear", "set", "modify"),
}
STEPS = ("opt_design", "power_opt_design", "place_design", "phys_opt_design", "route_design", "write_bitstream")
