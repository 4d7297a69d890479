# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps over SSH: two hosts of a configuration file that are both this one, behind an SSH server on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hardwire.jobs.cluster import Place
from hardwire.jobs.needs import Needs
from hardwire.jobs.pool import Pool, run_steps
from hardwire.jobs.step import Step
from hardwire.progress import Progress
from hardwire.tools.process import Stop, run_tool

pytestmark = pytest.mark.tools

HOSTS = """\
Host first second
  HostName 127.0.0.1
  Port {port}
  User someone
  IdentityFile {home}/.ssh/key
  UserKnownHostsFile {home}/.ssh/known_hosts
"""


async def _serve(process: Any) -> None:
    """What the client asks for, by a shell; all of it ends with the connection."""
    shell = await asyncio.create_subprocess_shell(
        process.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    await process.redirect(stdout=shell.stdout, stderr=shell.stderr)
    ended, closed = asyncio.ensure_future(shell.wait()), asyncio.ensure_future(process.wait_closed())
    await asyncio.wait([ended, closed], return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        process.exit(ended.result())
    else:
        os.killpg(shell.pid, signal.SIGKILL)
        await ended


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """``--on``'s word for them: each log in is with a key, to a server whose own key is known."""
    import asyncssh

    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(parents=True, mode=0o700)
    server, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    user.write_private_key(folder / "key")
    user.write_public_key(folder / "authorized_keys")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    async def listening() -> Any:
        keys = {"server_host_keys": [server], "authorized_client_keys": str(folder / "authorized_keys")}
        return await asyncssh.listen("127.0.0.1", 0, **keys, process_factory=_serve, encoding=None)

    listener = wait(listening())
    port = listener.get_port()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {server.export_public_key().decode()}")
    (folder / "config").write_text(HOSTS.format(port=port, home=folder.parent))
    monkeypatch.setenv("HOME", str(folder.parent))
    yield "ssh:first,second"

    async def ending() -> None:
        listener.close()
        await listener.wait_closed()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=20)

    wait(ending())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_steps_run_on_workers_that_a_login_started(hosts: str, tmp_path: Path) -> None:
    parents: list[int] = []
    # Each ends when the other has begun, however late a worker comes.
    code = (
        "import os, sys, time\n"
        "open(sys.argv[1], 'w').write(str(os.getppid()))\n"
        "until = time.monotonic() + 60\n"
        "while not os.path.exists(sys.argv[2]) and time.monotonic() < until:\n"
        "    time.sleep(0.05)"
    )

    def on_a_worker(name: str, other: str) -> Any:
        def work(progress: Progress, stop: Stop) -> int:
            return run_tool([sys.executable, "-c", code, name, other], tmp_path, tmp_path / f"{name}.log", stop=stop)

        return work

    async def work(pool: Pool) -> None:
        needs = Needs(memory=64 << 20, cores=1)  # all the cores of a worker, so the two are on both
        names = ("a", "b"), ("b", "a")
        steps = [Step(job=name, kind="k", work=on_a_worker(name, other), needs=needs) for name, other in names]
        assert await asyncio.gather(*(pool.run(step) for step in steps)) == [0, 0]
        parents.extend(int((tmp_path / name).read_text()) for name in ("a", "b"))

    assert not run_steps(work, Place(on=hosts), Needs(memory=64 << 20), lambda *event: None)
    assert len({*parents, os.getpid()}) == 3  # two workers, and neither is this process
