# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Programs that share a board: killed in the middle, two at once, Ctrl-C. No token is lost or repeated."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosted import expected

from hardwire.chip.model import Chip
from hardwire.driver.lock import ChipLock, lock_file
from hardwire.driver.mmio import Bus, MappedChip
from hardwire.errors import LinkError
from hardwire.host.registers import address, field

from .remote import Server

WAIT = 300  # seconds: an emulated processor of a busy machine starts slowly


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARDWIRE_LOCKS", str(tmp_path))


@pytest.fixture
def server(bus: Bus, tmp_path: Path) -> Iterator[Server]:
    server = Server(bus, tmp_path / "bus")
    yield server
    server.close()


def said(program: subprocess.Popen[str], count: int) -> tuple[list[int], int]:
    """The next tokens that a program printed, and the index that it would want next."""
    assert program.stdout is not None
    lines = [program.stdout.readline().split() for _ in range(count)]
    return [int(line[0]) for line in lines], int(lines[-1][1])


@pytest.mark.parametrize("heard", [1, 5, 9])
def test_killed_in_the_middle_and_resumed(server: Server, chip_with_text: Chip, heard: int) -> None:
    """SIGKILL: nothing of the program runs any more. What it had written down is enough to go on."""
    whole = expected(chip_with_text, [7, 7])[0]
    program = server.program(pause=0)
    tokens, index = said(program, 1)
    for _ in range(heard - 1):
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
        more, index = said(program, 1)
        tokens += more
    program.kill()
    program.wait()
    lock = ChipLock("the board")  # the kernel freed it
    assert lock.held
    with server._one:
        chip = MappedChip(server.bus)
        assert tokens + list(chip.resume(index)) == whole
        assert chip.generate([5, 6], 6) == expected(chip_with_text, [5, 6], 6)[0]


def test_two_at_once(server: Server) -> None:
    first = server.program(pause=0)
    said(first, 1)
    second = server.program()
    out, _ = second.communicate(timeout=WAIT)
    assert second.returncode == 1
    assert f"error: the board is in use by process {first.pid} (" in out and "close it there" in out
    first.kill()
    first.wait()
    third = server.program()
    out, _ = third.communicate(timeout=WAIT)
    assert third.returncode == 0 and len(out.splitlines()) > 9


def test_ctrl_c_stops_the_chip(server: Server) -> None:
    program = server.program(pause=0)
    said(program, 1)
    assert field("status", "busy").of(server.bus.read(address("status")))
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=WAIT)
    assert program.returncode == 130
    with server._one:
        assert not field("status", "busy").of(server.bus.read(address("status")))


def test_the_same_process_takes_its_lock_over() -> None:
    lost = []
    first = ChipLock("a board")
    first.on_lost = lambda: lost.append(1)
    second = ChipLock("a board")
    assert lost == [1] and not first.held and second.held
    assert lock_file("a board").read_text() == f"{os.getpid()}\n"
    del second
    gc.collect()
    assert ChipLock("a board").held


def test_a_lock_of_another_user_can_be_taken(tmp_path: Path) -> None:
    """The file is there, not ours to write: only its lock matters."""
    path = lock_file("a board")
    path.write_text("1\n")
    path.chmod(0o444)
    assert ChipLock("a board").held


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    lock_file("a board").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LinkError, match="hardwire-a-board.lock: .*remove it"):
        ChipLock("a board")


def test_a_lock_where_nobody_may_write_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARDWIRE_LOCKS", str(tmp_path / "nowhere"))
    with pytest.raises(LinkError, match="set HARDWIRE_LOCKS to a folder that you may write"):
        ChipLock("a board")
