# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Three servers behind nginx and HAProxy, by the files of examples/serve: one is killed, one gets another chip."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.quantize import random_chip

from .served import until

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[2] / "examples" / "serve"
PLACES = ("127.0.0.1:8001", "127.0.0.1:8002", "127.0.0.1:8003")
USERS = 8


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def required(name: str) -> str:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    assert program is not None, f"no {name} on PATH; install it (Debian: apt-get install {name})"
    return program


def serve(chip: Path, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """A server as a user starts it."""
    command = [sys.executable, "-m", "hardwire", "serve", str(chip), "--name", "tiny", "--port", str(port)]
    with (folder / f"server-{port}.log").open("ab") as log:
        return subprocess.Popen(command, stderr=log, stdout=log)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def proxy(kind: str, ports: list[int], front: int, folder: Path) -> Iterator[None]:
    """The proxy of an example, its addresses exchanged."""
    source = EXAMPLES / ("nginx.conf" if kind == "nginx" else "haproxy.cfg")
    text = source.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{front}")
    for place, port in zip(PLACES, ports, strict=True):
        assert text.count(place) == 1
        text = text.replace(place, f"127.0.0.1:{port}")
    path = folder / source.name
    path.write_text(text)
    if kind == "nginx":
        whole = folder / "whole.conf"
        whole.write_text(
            f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;\n"
            f"events {{}}\nhttp {{ access_log off; include {path}; }}\n"
        )
        command = [required("nginx"), "-p", str(folder), "-c", str(whole), "-e", f"{folder}/nginx.log"]
    else:
        command = [required("haproxy"), "-f", str(path), "-db"]
    with (folder / "proxy.log").open("wb") as log:
        running = subprocess.Popen(command, stderr=log, stdout=log)
    try:
        until(lambda: listens(front) or running.poll() is not None)
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait()


class Load:
    """Users who ask all the time, each other one for a stream. ``seen`` counts what became of their requests."""

    def __init__(self, port: int, wanted: Callable[[str, int], str]) -> None:
        self._port, self._wanted = port, wanted
        self.seen: Counter[str] = Counter()
        self.prints: Counter[str] = Counter()  # of the chips that answered
        self._seed, self._lock, self._stop = 0, threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._user, args=(bool(n % 2),)) for n in range(USERS)]
        for thread in self._threads:
            thread.start()

    def more(self, what: str, count: int) -> None:
        """Wait for so many more."""
        before = self.seen[what]
        until(lambda: self.seen[what] >= before + count)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _user(self, stream: bool) -> None:
        while not self._stop.is_set():
            with self._lock:
                self._seed += 1
                seed = self._seed
            try:
                what = self._ask(seed, stream)
            except (OSError, HTTPException, ValueError) as error:
                what = f"broken {'stream' if stream else 'answer'}: {type(error).__name__}"
            with self._lock:
                self.seen[what] += 1

    def _ask(self, seed: int, stream: bool) -> str:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        body = {"model": "tiny", "prompt": "ab", "max_tokens": 9, "seed": seed, "stream": stream}
        connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read().decode()
        connection.close()
        if response.status != 200:
            return f"status {response.status}"
        if not stream:
            answer = json.loads(data)
            text, fingerprint = answer["choices"][0]["text"], answer["system_fingerprint"]
        else:
            if not data.endswith("data: [DONE]\n\n"):
                return "cut stream"
            events = [json.loads(line) for line in re.findall(r"data: (\{.*\})\n", data)]
            text, fingerprint = "".join(e["choices"][0]["text"] for e in events), events[0]["system_fingerprint"]
        self.prints[fingerprint] += 1
        return "right" if text == self._wanted(fingerprint, seed) else "wrong"


@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
def test_three_boards(chip_with_text: Chip, kind: str, tmp_path: Path) -> None:
    """Requests go on while a server is killed, stopped, and started with another chip; no answer is wrong."""
    other = replace(random_chip(chip_with_text.shape, seed=77), tokenizer=chip_with_text.tokenizer, bos=1, eos=(2,))
    chips = {f"hw_{chip.digest[:12]}": chip for chip in (chip_with_text, other)}

    def wanted(fingerprint: str, seed: int) -> str:
        chip = chips[fingerprint]
        return LanguageModel(chip, Reference(chip), "tiny").generate("ab", 9, 1.0, seed)

    paths = [tmp_path / "one.chip", tmp_path / "other.chip"]
    chip_with_text.save(paths[0])
    other.save(paths[1])
    front, *ports = free_ports(4)
    servers = [serve(paths[0], port, tmp_path) for port in ports]
    load: Load | None = None
    try:
        for port in ports:
            until(lambda port=port: listens(port))
        with proxy(kind, ports, front, tmp_path):
            load = Load(front, wanted)
            load.more("right", 40)
            servers[0].send_signal(signal.SIGKILL)
            load.more("right", 40)
            servers[1].send_signal(signal.SIGTERM)  # drained
            servers[1].wait()
            load.more("right", 20)
            servers[1] = serve(paths[1], ports[1], tmp_path)
            until(lambda: len(load.prints) == 2)
            load.more("right", 20)
            load.stop()
    finally:
        if load is not None:
            load.stop()
        for server in servers:
            server.kill()
            server.wait()
    assert load.seen["wrong"] == 0 and set(load.prints) == set(chips), load.seen
    broken = {what: count for what, count in load.seen.items() if what != "right"}
    print(kind, dict(load.seen))
    # Streams that ran on the killed server end without [DONE]; whole answers are asked of another. A board that is
    # told to stop ends what runs, so it adds nothing.
    assert sum(broken.values()) <= 2 * USERS, load.seen
