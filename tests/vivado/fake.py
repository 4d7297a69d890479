# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A program that answers to ``vivado``: the model behind the command line of UG835, "vivado -help".

FAKE_VIVADO in the environment is what it shall do, as JSON: fields of model.Behaviour.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from .model import Behaviour, Crash, Vivado

TAKES = ("-mode", "-source", "-log", "-journal", "-tempDir")
ALONE = ("-nojournal", "-nolog", "-notrace", "-version")


def install(folder: Path) -> Path:
    """Write an executable ``vivado`` into ``folder`` that runs this module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "vivado"
    tests = Path(__file__).resolve().parents[1]
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(tests)!r})\n"
        "from vivado.fake import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    path.chmod(0o755)
    return path


def main(arguments: list[str]) -> int:
    behaviour = Behaviour(**json.loads(os.environ.get("FAKE_VIVADO", "{}")))
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
