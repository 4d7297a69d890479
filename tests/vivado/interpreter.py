# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the models of Xilinx's tools share: a real Tcl interpreter whose commands are Python's, and a log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

try:
    import tkinter  # its Tcl interpreter alone: no window, no display
except ImportError as error:
    raise ImportError("the model runs Tcl through Python's tkinter; on Debian: apt install python3-tk") from error


class Interpreter:
    """Runs scripts. ``call`` answers a command: whether it failed, and its value or what is wrong."""

    def __init__(
        self, commands: Iterable[str], call: Callable[..., tuple[int, Any]], tell: Callable[[str], None]
    ) -> None:
        self.tell = tell
        self.tcl = tkinter.Tcl()
        self.tcl.createcommand("__call", call)
        self.tcl.createcommand("__puts", lambda line: self.tell(line))
        self.tcl.eval("namespace eval ipx {}; rename puts __write")
        # puts on a channel is Tcl's own; on standard output it is the log.
        self.tcl.eval(
            "proc puts args { if {[llength $args] == 1} { __puts [lindex $args 0] } "
            "elseif {[lindex $args 0] eq {-nonewline} && [llength $args] == 2} { __puts [lindex $args 1] } "
            "else { __write {*}$args } }"
        )
        self.tcl.eval("proc exit {{code 0}} { return -code error __exit__$code }")
        for name in commands:
            self.tcl.eval(
                f"proc {name} args {{ lassign [__call {name} {{*}}$args] bad value; "
                "if {$bad} { return -code error $value }; return $value }"
            )

    def source(self, script: Path) -> int:
        """Source a script as a tool in batch mode does; the exit code."""
        try:
            self.tcl.call("source", str(script))
        except tkinter.TclError as error:
            found = re.fullmatch(r"__exit__(-?\d+)", str(error))
            if found:
                return int(found[1])
            self.tell(f"ERROR: {error}")
            return 1
        return 0
