# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip that outlives its users: its bus in one process, programs that drive it in others, which may be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from hardwire.driver.mmio import Bus

PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from driver.remote import RemoteBus
from hardwire.driver.lock import ChipLock
from hardwire.driver.mmio import MappedChip
from hardwire.errors import HardwireError
from hardwire.host.requests import Request
try:
    lock = ChipLock("the board")
    chip = MappedChip(RemoteBus({path!r}))
    for token in chip.stream(Request(ids=(7, 7))):
        print(token, chip.index, flush=True)
        if chip.tokens + 1 >= {pause}:
            sys.stdin.readline()
except HardwireError as error:
    print("error:", error, flush=True)
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(130)
"""


class RemoteBus:
    """Reads and writes through a socket."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._lines = self._socket.makefile("rw")

    def read(self, at: int) -> int:
        return self._ask(f"r {at} 0")

    def write(self, at: int, word: int) -> None:
        self._ask(f"w {at} {word}")

    def run(self, cycles: int) -> None:
        self._ask(f"t {cycles} 0")

    def power_up(self) -> None:
        self._ask("p 0 0")

    def _ask(self, line: str) -> int:
        self._lines.write(line + "\n")
        self._lines.flush()
        return int(self._lines.readline())


class Server:
    """Serves a bus to any number of programs, which ``python`` runs."""

    def __init__(self, bus: Bus, path: Path, python: str = sys.executable) -> None:
        self.bus, self.path, self.python, self._one = bus, path, python, threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                there, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(there,), daemon=True).start()

    def _serve(self, there: socket.socket) -> None:
        with there, there.makefile("rw") as lines:
            for line in lines:
                kind, at, word = line[0], *map(int, line[2:].split())
                with self._one:
                    answer = 0
                    if kind == "r":
                        answer = self.bus.read(at)
                    elif kind == "w":
                        self.bus.write(at, word)
                    elif kind == "t":
                        self.bus.run(at)  # type: ignore[attr-defined]
                    else:
                        self.bus.power_up()  # type: ignore[attr-defined]
                try:
                    lines.write(f"{answer}\n")
                    lines.flush()
                except OSError:
                    return

    def program(self, pause: int = 1 << 30) -> subprocess.Popen[str]:
        """A program that streams, and waits for a line behind ``pause`` tokens that it has acknowledged."""
        code = PROGRAM.format(tests=str(Path(__file__).parents[1]), path=str(self.path), pause=pause)
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [self.python, "-c", code], stdout=pipe, stdin=pipe, stderr=pipe, text=True, env=dict(os.environ)
        )

    def close(self) -> None:
        self._socket.close()
