# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A strict model of Vitis HLS in batch mode: real Tcl, and of its commands those that our scripts may use (UG1399).

It reads the top's signature and pragmas, lets g++ check the C++, and writes a module with the ports that such a top
has: an AXI stream's TDATA, TVALID and TREADY, ap_clk and, as AXI asks, ap_rst_n. The module computes nothing.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .interpreter import Interpreter

# Command: flags that stand alone, options with a value, fewest and most other words. As UG1399 2023.2 lists them.
COMMANDS = {
    "open_project": (("-reset", "-upgrade"), (), 1, 1),
    "set_top": ((), (), 1, 1),
    "add_files": (("-tb", "-blackbox"), ("-cflags", "-csimflags"), 1, 1),
    "open_solution": (("-reset", "-upgrade"), ("-flow_target",), 1, 1),
    "set_part": (("-tool",), (), 1, 1),
    "create_clock": ((), ("-period", "-name"), 0, 0),
    "csynth_design": (("-dump_cfg", "-dump_post_cfg", "-synthesis_check"), (), 0, 0),
    "export_design": ((), ("-format", "-ipname", "-vendor", "-version", "-library", "-rtl"), 0, 0),
    "close_project": ((), (), 0, 0),
}


@dataclass
class Behaviour:
    """What this Vitis HLS does. ``fails``: synthesis ends with an error; ``catalog``: the core wants IP."""

    version: str = "2023.2"
    fails: bool = False
    catalog: bool = False
    forgets: bool = False  # a memory's contents are not written
    clash: str = ""  # a module of that name is made too
    slow: bool = False  # a loop misses its interval


class VitisHls:
    """One process of it."""

    def __init__(self, behaviour: Behaviour | None = None, tell: Callable[[str], None] | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.output: list[str] = []
        self.tell = tell or self.output.append
        self.have: dict[str, str] = {}
        self.files: list[tuple[Path, str]] = []
        self.interpreter = Interpreter(COMMANDS, self._call, self.tell)
        self.tcl = self.interpreter.tcl

    def run(self, script: Path) -> int:
        """Source a script as ``vitis-run --tcl`` does; the exit code."""
        return self.interpreter.source(script)

    def _call(self, name: str, *words: str) -> tuple[int, str]:
        try:
            flags, options, least, most = COMMANDS[name]
            given: dict[str, str] = {}
            rest: list[str] = []
            queue = [str(word) for word in words]
            while queue:
                word = queue.pop(0)
                if word in options:
                    given[word] = queue.pop(0)
                elif word in flags:
                    given[word] = ""
                elif word.startswith("-"):
                    raise ValueError(f"no option {word}")
                else:
                    rest.append(word)
            if not least <= len(rest) <= most:
                raise ValueError(f"takes {least} to {most} words, not {rest}")
            getattr(self, f"_{name}")(given, rest)
            return 0, ""
        except (ValueError, IndexError, OSError) as error:
            return 1, f"{name}: {error}"

    def _need(self, *keys: str) -> None:
        for key in keys:
            if key not in self.have:
                raise ValueError(f"no {key} yet")

    def _open_project(self, given: dict[str, str], rest: list[str]) -> None:
        self.have["project"] = str(Path(str(self.tcl.eval("pwd"))) / rest[0])
        Path(self.have["project"]).mkdir(exist_ok=True)

    def _set_top(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("project")
        self.have["top"] = rest[0]

    def _add_files(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("project")
        path = Path(str(self.tcl.eval("pwd"))) / rest[0]
        if not path.is_file():
            raise ValueError(f"{path} does not exist")
        self.files.append((path, given.get("-cflags", "")))

    def _open_solution(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("project", "top")
        if given.get("-flow_target") != "vivado":
            raise ValueError("for IP of Vivado give -flow_target vivado")
        self.have["solution"] = rest[0]

    def _set_part(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("solution")
        self.have["part"] = rest[0]

    def _create_clock(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("solution")
        if not float(given["-period"]) > 0:
            raise ValueError("the period is in ns, above 0")
        self.have["clock"] = given["-period"]

    def _close_project(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("project")
        self.have.clear()

    def _export_design(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("synthesis")

    def _csynth_design(self, given: dict[str, str], rest: list[str]) -> None:
        self._need("solution", "part", "clock")
        if self.behaviour.fails:
            self.tell("ERROR: [HLS 200-70] Synthesizability check failed.")
            raise ValueError("synthesis failed")
        text = ""
        for path, cflags in self.files:
            types = f"-I{path.parent / 'ap_types'}"  # in place of the tool's own headers
            argv = ["g++", "-E", *shlex.split(cflags), types, str(path)]
            text += subprocess.run(argv, check=True, capture_output=True, text=True).stdout
            check = ["g++", "-fsyntax-only", "-w", *argv[2:]]
            done = subprocess.run(check, capture_output=True, text=True)
            if done.returncode:
                raise ValueError(done.stderr.splitlines()[0])
        folder = Path(self.have["project"]) / self.have["solution"] / "syn" / "verilog"
        folder.mkdir(parents=True, exist_ok=True)
        top = self.have["top"]
        report = folder.parent / "report"
        report.mkdir(exist_ok=True)
        (report / "csynth.rpt").write_text(
            summary("II" if self.behaviour.slow else "-", 2 if self.behaviour.slow else 1)
        )
        for name, data in modules(top, stream_ports(top, text), self.behaviour).items():
            (folder / name).write_text(data)
        self.have["synthesis"] = "done"


def summary(issue: str, interval: int) -> str:
    """csynth.rpt of a core with two loops, the first with that issue; columns as they are since 2020.2."""
    return f"""\
+ Performance & Resource Estimates:

    PS: '+' for module; 'o' for loop; '*' for dataflow
    +---------------------+------+------+---------+---------+----------+---------+------+----------+------+----+
    |       Modules       | Issue|      | Latency | Latency | Iteration|         | Trip |          |      |    |
    |       & Loops       | Type | Slack| (cycles)|   (ns)  |  Latency | Interval| Count| Pipelined| BRAM | DSP|
    +---------------------+------+------+---------+---------+----------+---------+------+----------+------+----+
    |+ hardwire_chip_core |     -|  0.10|        -|        -|         -|        0|     -|        no|    90|  40|
    |  o KEYS             |{issue:>6}|  7.30|      260|  2.6e+03|         8|{interval:>9}|   128|       yes|     -|   -|
    |  o VALUES           |     -|  7.30|      136|  1.4e+03|         8|        1|   128|       yes|     -|   -|
    +---------------------+------+------+---------+---------+----------+---------+------+----------+------+----+
"""


def stream_ports(top: str, text: str) -> list[tuple[str, str, int]]:
    """Direction, name and bits of a top's streams: it reads from an input, and writes to an output."""
    signature = re.search(rf"void {top}\((.*?)\)\s*\{{(.*?)\n\}}", text, re.DOTALL)
    if signature is None:
        raise ValueError(f"there is no function {top}")
    pragmas = dict(re.findall(r"#pragma HLS INTERFACE (\w+) port = (\w+)", signature[2]))
    axis = set(re.findall(r"#pragma HLS INTERFACE axis port = (\w+)", signature[2]))
    if pragmas.get("ap_ctrl_none") != "return":
        raise ValueError(f"{top} has the handshake of a block: ap_start would be left open")
    ports = []
    for bits, name in re.findall(r"hls::stream<ap_u?int<([\w:]+)>\s*>\s*&\s*(\w+)", signature[1]):
        if name not in axis:
            raise ValueError(f"{name} is no AXI stream")
        if not bits.isdigit():
            bits = re.search(rf"\b{bits.split('::')[-1]} = (\d+)", text)[1]  # type: ignore[index]
        way = "input" if re.search(rf"\b{name}\.read\(\)", text) else "output"
        ports.append((way, name, -(-int(bits) // 8) * 8))
    return ports


def modules(top: str, ports: list[tuple[str, str, int]], behaviour: Behaviour) -> dict[str, str]:
    """Files of the core: its top, and a memory whose contents lie beside it."""
    lines = ["input ap_clk", "input ap_rst_n"]
    for way, name, bits in ports:
        back = "output" if way == "input" else "input"
        lines += [f"{way} [{bits - 1}:0] {name}_TDATA", f"{way} {name}_TVALID", f"{back} {name}_TREADY"]
    driven = [line.split()[-1] for line in lines if line.startswith("output")]
    assigns = "\n".join(f"assign {name} = 0;" for name in driven)
    memory = f"{top}_decode_words_ROM_AUTO_1R"
    files = {
        f"{top}.v": f"module {top} ({', '.join(lines)});\n{assigns}\n{memory} u_memory(.clk(ap_clk));\nendmodule\n",
        f"{memory}.v": f"module {memory} (input clk);\nreg [3:0] rom0[0:1];\n"
        f'initial $readmemh("./{memory}.dat", rom0);\nendmodule\n',
        f"{memory}.dat": "1\n2\n",
    }
    if behaviour.forgets:
        del files[f"{memory}.dat"]
    if behaviour.catalog:
        files[f"{top}_fadd_ip.tcl"] = "create_ip -name floating_point\n"
    if behaviour.clash:
        files[f"{behaviour.clash}.v"] = f"module {behaviour.clash};\nendmodule\n"
    return files
