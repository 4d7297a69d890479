# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Programs that answer to ``vivado``, ``vitis-run`` and ``updatemem``: the models behind the command lines of UG835,
UG1399 and UG1580.

FAKE_VIVADO and FAKE_VITIS in the environment are what they shall do, as JSON: fields of their Behaviour.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from . import block_rams, vitis
from .failures import STORIES
from .model import Behaviour, Crash, Vivado

TAKES = ("-mode", "-source", "-log", "-journal", "-tempDir")
ALONE = ("-nojournal", "-nolog", "-notrace", "-version")


def install(folder: Path, tool: str = "vivado") -> Path:
    """Write an executable ``tool`` into ``folder`` that runs this module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / tool
    tests = Path(__file__).resolve().parents[1]
    entry = {"vivado": "main", "updatemem": "main_updatemem"}.get(tool, "main_vitis")
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(tests)!r})\n"
        f"from vivado.fake import {entry}\nsys.exit({entry}(sys.argv[1:]))\n"
    )
    path.chmod(0o755)
    return path


def main_updatemem(arguments: list[str]) -> int:
    try:
        block_rams.updatemem(arguments)
    except block_rams.Refused as refused:
        print(f"ERROR: [Updatemem 57-1] {refused}")
        return 1
    return 0


def main_vitis(arguments: list[str]) -> int:
    behaviour = vitis.Behaviour(**json.loads(os.environ.get("FAKE_VITIS", "{}")))
    if arguments[:3] != ["--mode", "hls", "--tcl"] or len(arguments) != 4:
        print(f"ERROR: [vitis-run] {arguments}: give --mode hls --tcl and a script")
        return 1
    print(f"****** Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v{behaviour.version} (64-bit)", flush=True)
    return vitis.VitisHls(behaviour, lambda line: print(line, flush=True)).run(Path(arguments[3]))


def main(arguments: list[str]) -> int:
    behaviour = Behaviour(**json.loads(os.environ.get("FAKE_VIVADO", "{}")))
    story = STORIES.get(behaviour.story)
    if "-version" in arguments and story is not None and story.at == "-version":
        print("\n".join(story.lines))
        return 1
    if "-version" in arguments:
        print(f"Vivado v{behaviour.version} (64-bit)\nTool Version Limit: 2024.05")
        return 0
    options: dict[str, str] = {}
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        if word in TAKES:
            options[word] = queue.pop(0)
        elif word not in ALONE:
            print(f"ERROR: [Common 17-163] Unknown option '{word}'")
            return 1
    if options.get("-mode") != "batch" or "-source" not in options:
        print("ERROR: only batch mode, with a script")
        return 1
    print(f"\n****** Vivado v{behaviour.version} (64-bit)", flush=True)
    try:
        return Vivado(behaviour, lambda line: print(line, flush=True)).run(Path(options["-source"]))
    except Crash:
        os.kill(os.getpid(), signal.SIGSEGV)
        return 1
