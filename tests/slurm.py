# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A Slurm of one's own on loopback: munged, slurmctld and several slurmd on this host, for as long as a test runs.

Debian's slurm-wlm and munge. Nodes are told apart by their port; a job's processes are found by its number in their
environment, as the kernel's control groups are not ours to use here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = {"munged": "munge", "slurmctld": "slurm-wlm", "slurmd": "slurm-wlm", "sbatch": "slurm-wlm"}
LOST_AFTER = 5  # seconds after which the controller gives up a node that is silent


def require() -> None:
    """Fail where Debian's packages are missing; ``make test`` installs them."""
    missing = sorted({package for name, package in PROGRAMS.items() if shutil.which(name) is None})
    assert not missing, f"this test runs a Slurm of its own: apt-get install {' '.join(missing)}"


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@dataclass
class Slurm:
    """The running daemons. ``environment`` is what its commands need."""

    folder: Path
    environment: dict[str, str]
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def call(self, *words: str) -> str:
        """What a command of Slurm says."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def start(self, name: str, *words: str) -> None:
        """Begin a daemon in the foreground, its words in a log."""
        with (self.folder / f"{name}.out").open("ab") as log:
            self.daemons[name] = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def states(self) -> dict[str, str]:
        """Nodes and their states."""
        lines = self.call("sinfo", "-h", "-N", "-o", "%N %T").splitlines()
        return dict(line.split(" ", 1) for line in lines if " " in line)

    def jobs(self) -> dict[str, tuple[str, str]]:
        """State and node of the jobs that the controller remembers, the ended ones too."""
        text = self.call("scontrol", "-o", "show", "job")
        found = re.findall(r"JobId=(\d+) .*?JobState=(\w+) .*? NodeList=(\S*)", text)
        return {job: (state, node) for job, state, node in found}

    def processes(self, job: str) -> list[int]:
        """Of a job, by their environment."""
        mark, pids = f"SLURM_JOB_ID={job}".encode(), []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    pids.append(int(path.parent.name))
        return pids

    def kill_node(self, name: str) -> list[str]:
        """A node loses its power: its daemon and all that it runs are gone at once. The jobs that were on it."""
        gone = [job for job, (state, node) in self.jobs().items() if node == name and state == "RUNNING"]
        os.killpg(self.daemons[name].pid, signal.SIGKILL)
        for step in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if any(f"slurmstepd: [{job}." in step.read_text(errors="replace") for job in gone):
                    os.kill(int(step.parent.name), signal.SIGKILL)
        for job in gone:
            for pid in self.processes(job):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return gone

    def stop(self) -> None:
        """Cancel what runs, then end every daemon."""
        self.call("scancel", "--user", "root")
        for job in self.jobs():
            for pid in self.processes(job):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for daemon in reversed(list(self.daemons.values())):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait(10)


def configuration(folder: Path, nodes: int, memory: int, ports: list[int]) -> str:
    """slurm.conf: ``nodes`` of one core and ``memory`` MiB each."""
    host = socket.gethostname()
    lines = [
        "ClusterName=hardwire",
        f"SlurmctldHost={host}(127.0.0.1)",
        "SlurmctldAddr=127.0.0.1",
        f"SlurmctldPort={ports[0]}",
        "SlurmUser=root",
        "SlurmdUser=root",
        "AuthType=auth/munge",
        f"AuthInfo=socket={folder}/munge.socket",
        "CryptoType=crypto/munge",
        "ProctrackType=proctrack/linuxproc",
        "TaskPlugin=task/none",
        "JobAcctGatherType=jobacct_gather/none",
        "SelectType=select/cons_tres",
        "SelectTypeParameters=CR_Core_Memory",
        "MpiDefault=none",
        "ReturnToService=1",
        f"StateSaveLocation={folder}/state",
        f"SlurmdSpoolDir={folder}/spool-%n",
        f"SlurmctldPidFile={folder}/slurmctld.pid",
        f"SlurmdPidFile={folder}/slurmd-%n.pid",
        f"SlurmctldLogFile={folder}/slurmctld.log",
        f"SlurmdLogFile={folder}/slurmd-%n.log",
        f"SlurmdTimeout={LOST_AFTER}",
        "KillWait=2",
        "MinJobAge=3600",
        "InactiveLimit=0",
        "CommunicationParameters=NoAddrCache",
    ]
    names = []
    for index in range(nodes):
        names.append(f"n{index + 1}")
        lines.append(
            f"NodeName=n{index + 1} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[index + 1]} CPUs=1 "
            f"RealMemory={memory} State=UNKNOWN"
        )
    lines.append(f"PartitionName=all Nodes={','.join(names)} Default=YES MaxTime=INFINITE State=UP")
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def running(folder: Path, nodes: int = 2, memory: int = 2000) -> Iterator[Slurm]:
    """Slurm on loopback with ``nodes`` nodes of one core and ``memory`` MiB, idle and ready for jobs."""
    require()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # munged takes no socket in a folder that others may write
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    (folder / "state").mkdir(exist_ok=True)
    conf = folder / "slurm.conf"
    conf.write_text(configuration(folder, nodes, memory, free_ports(nodes + 1)))
    slurm = Slurm(folder, {**os.environ, "SLURM_CONF": str(conf)})
    try:
        slurm.start(
            "munged",
            *("munged", "--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={key}"),
            *(f"--pid-file={folder}/munge.pid", f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munge.log"),
        )
        _wait(lambda: (folder / "munge.socket").exists(), folder, "munged")
        slurm.start("slurmctld", "slurmctld", "-D", "-f", str(conf))
        for index in range(nodes):
            slurm.start(f"n{index + 1}", "slurmd", "-D", "-N", f"n{index + 1}", "-f", str(conf))
        _wait(lambda: list(slurm.states().values()) == ["idle"] * nodes, folder, "slurmctld")
        yield slurm
    finally:
        slurm.stop()


def _wait(ready: object, folder: Path, name: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        if time.monotonic() > until:
            logs = "\n".join(f"{p.name}: {p.read_text(errors='replace')[-2000:]}" for p in folder.glob("*.log"))
            raise AssertionError(f"{name} is not ready after {seconds:.0f} s\n{logs}")
        time.sleep(0.2)
