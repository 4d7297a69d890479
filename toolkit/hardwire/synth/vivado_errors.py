# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Why a run of Vivado or Vitis HLS ended, from its log, as one sentence with what to do. Nothing here runs a tool."""

from __future__ import annotations

import re
from pathlib import Path

from ..tools.process import first_error

OWN = "ERROR: [hardwire] "
# A command that repeats that an earlier message was an error; the earlier one is the reason.
_ECHO = re.compile(r"\[Common 17-(39|69)\]|\[Vivado 12-13638\]|failed due to earlier errors")
_SMALLER = "plan a smaller engine (hardwire fit, --geometry), or a larger board"
_DISK = "the disk may be full, or the folder not writable: free some gigabytes and run it again"
_MEMORY = "the computer ran out of memory: close other programs, add swap, or use one with more, and run it again"
_LOCKED = "IP of another version or part is in the way: remove {work} and run it again with this Vivado alone"
_LICENCE = (
    "this installation has no licence for {part}: {edition} set XILINXD_LICENSE_FILE to your licence or its server, "
    "and run it again"
)
# What somebody has reported, and what helped. The first that matches is said.
_REMEDIES = (
    (r"\[Common 17-34[58]\]|[Vv]alid license was not found|Failed to get the license", _LICENCE),
    (r"\[Place 30-(640|484|487)\]|\[DRC UTLZ-1\]|over-utilized", _SMALLER),
    (r"\[Route 35-|unroutable|\[DRC RTSTAT-\d+\]", "plan fewer lanes, or a slower clock with --clock"),
    (r"\bKilled\b|has died|bad_alloc|[Oo]ut of memory|cannot allocate memory|ended by signal 9", _MEMORY),
    (
        r"unexpected error has occurred|hs_err_pid|[Ss]egmentation fault|ended by signal (4|6|7|8|11)\b",
        "Vivado itself crashed; where its stack names libudev (in a container), set "
        "LD_PRELOAD=/lib/x86_64-linux-gnu/libudev.so.1, else take a newer update of it",
    ),
    (r"\[Common 17-(1294|49)\]|writeMessage failed|[Nn]o space left|Disk quota|Permission denied", _DISK),
    (r"locked IPs?|\blocked block\b|is locked|\[BD 41-1665\]", _LOCKED),
    (
        r"\[DRC (NSTD-1|UCIO-1|PLIOBUF-\d)\]",
        "a pin of the design is not the processor's, which the flow makes none of: send this log with the bundle of "
        "hardwire doctor --bundle report.zip",
    ),
    (r"\[Common 17-143\]|Path length exceeds", "move the build to a short path and run it again"),
    (r"ASCII characters", "the path has letters that are not ASCII in it; move the build to a plain path"),
    (
        r"\[Synth 8-439\]|\[Synth 8-1766\]|\[IP_Flow 19-3833\]",
        "a file of ours did not reach the tool: that is a fault of this flow, send the bundle of "
        "hardwire doctor --bundle report.zip",
    ),
    (r"\[Synth 8-(4445|2898)\]", "run hardwire build again, in the folder where it shall be synthesized"),
    (
        r"libtinfo\.so\.5|libncurses\.so\.5",
        "a library that Vivado wants is not installed: apt install libtinfo5 libncurses5, or dnf install "
        "ncurses-compat-libs, or run installLibs.sh of Vivado",
    ),
    (r"bad lexical cast", "a release of before 2022 cannot write this year's dates: install AMD's patch y2k22"),
    (
        r"Board 49-71|board_part",
        "a script of your own asks for board files; this flow needs none: move Vivado_init.tcl",
    ),
)


def reason(log: Path) -> str:
    """What a run's log says first that is an error, no echo of one, and no message of ours about one.

    A run that Vivado started in turn has a log of its own, which the scripts quote with its name; so that is ours.
    """
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    own = next((line.removeprefix(OWN) for line in lines if line.startswith(OWN)), "")
    if "runme.log" in own:
        return own
    first = next(
        (line for line in lines if line.startswith("ERROR:") and OWN not in line and not _ECHO.search(line)), ""
    )
    return (first or own or first_error(log)).rstrip(" .:")


def remedy(message: str, part: str, edition: str, work: Path) -> str:
    """What to do about a message; empty where nobody has told."""
    free = edition == "free"
    licence = "the free edition (ML Standard) has it without one, else" if free else "no free edition has it;"
    for pattern, do in _REMEDIES:
        if re.search(pattern, message):
            return do.format(part=part, edition=licence, work=work)
    return ""
