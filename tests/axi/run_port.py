# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Builds a chip for cocotb and runs port.py on it: python run_port.py WORK PROJECT SOURCE..."""

from __future__ import annotations

import sys
from pathlib import Path

from cocotb_tools.runner import Verilator

from hardwire.emit.top.axi import AXI_TOP

PORTS_ONLY = f'`verilator_config\npublic_flat_rw -module "{AXI_TOP}" -var "*"\n'


class PortsOnly(Verilator):
    """Verilator with the top's signals visible and no others: with all of them, the model takes minutes to compile."""

    def _build_command(self) -> list[list[str]]:
        return [[word for word in command if word != "--public-flat-rw"] for command in super()._build_command()]


def main(work: Path, project: Path, sources: list[str]) -> None:
    (work / "ports.vlt").write_text(PORTS_ONLY)
    runner = PortsOnly()
    runner.build(
        sources=[work / "ports.vlt", *(project / name for name in sources)],
        hdl_toplevel=AXI_TOP,
        build_dir=work / "build",
        build_args=["-Wall", "-CFLAGS", "-O1"],
    )
    runner.test(
        hdl_toplevel=AXI_TOP,
        hdl_toplevel_lang="verilog",
        test_module="port",
        build_dir=work / "build",
        test_dir=project,  # the ROM files are named relative to it
        results_xml=str(work / "results.xml"),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
