# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Many users of one server, and beside them requests that are broken. ``python tests/serve/load.py BUILD [SECONDS]``

Users ask for answers whose texts the integer reference has told before, by seed; every answer must be that one. Broken
requests are drawn by a seed: no HTTP, no JSON, too large, too slow, cut off, left alone. What comes of it is printed:
tokens per second, times to the first token, and the memory of the server, which runs in a process of its own.
"""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from hardwire.openers import load

USERS, ASKED, TOKENS = 64, 64, 24
BROKEN, BREAKERS = 1_000, 16
PROMPT = "Once upon a time"
PATIENCE = 60.0  # seconds in which a server that nobody asks comes to rest, on a busy machine


@dataclass
class Result:
    """What became of a load. first: seconds from a request to its first token; memory: KiB of the server, by
    time."""

    seen: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    first: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    tokens: int = 0
    seconds: float = 0.0
    left: str = ""  # what the server still has when all have gone; "": nothing

    def centile(self, share: float) -> float:
        return sorted(self.first)[min(int(share * len(self.first)), len(self.first) - 1)]

    def __str__(self) -> str:
        quarter, end = self.memory[len(self.memory) // 4], self.memory[-1]
        return (
            f"{dict(self.seen)}, {self.tokens / self.seconds:,.0f} tokens/s over {self.seconds:.0f} s; "
            f"first token p50 {1000 * self.centile(0.5):.0f} ms, p99 {1000 * self.centile(0.99):.0f} ms; "
            f"memory {quarter / 1024:.1f} MiB after a quarter, {end / 1024:.1f} at the end; "
            f"{sum(self.broken.values())} broken requests: {dict(sorted(self.broken.items()))}; "
            f"left behind: {self.left or 'nothing'}"
        )


class Load:
    """A load on one server. ``wanted``: texts by seed."""

    def __init__(self, server: subprocess.Popen[Any], port: int, prompt: str, tokens: int, wanted: list[str]) -> None:
        self._pid, self._port, self._prompt, self._tokens, self._wanted = server.pid, port, prompt, tokens, wanted
        self.result = Result()
        self._lock, self._stop, self._next, self._left = threading.Lock(), threading.Event(), 0, 0

    def run(self, users: int, seconds: float, broken: int) -> Result:
        self._left, began = broken, time.perf_counter()
        threads = [threading.Thread(target=self._user) for _ in range(users)]
        threads += [threading.Thread(target=self._breaker, args=(seed,)) for seed in range(BREAKERS)]
        for thread in threads:
            thread.start()
        while time.perf_counter() - began < seconds or self._left > 0:
            status = Path(f"/proc/{self._pid}/status").read_text()
            self.result.memory.append(int(re.findall(r"VmRSS:\s+(\d+)", status)[0]))
            time.sleep(0.5)
        self._stop.set()
        for thread in threads:
            thread.join()
        self.result.seconds = time.perf_counter() - began
        return self.result

    def _user(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                self._next += 1
                seed = self._next % len(self._wanted)
            try:
                text, first = self._ask(seed)
                what = "right" if text == self._wanted[seed] else "wrong"
            except (OSError, HTTPException, ValueError) as error:
                what, first = f"failed: {type(error).__name__} {error}", None
            with self._lock:
                self.result.seen[what] += 1
                if first is not None:
                    self.result.first.append(first)
                    self.result.tokens += self._tokens

    def _ask(self, seed: int) -> tuple[str, float]:
        """A streamed answer, and the seconds until its first token."""
        body = {"prompt": self._prompt, "max_output_tokens": self._tokens, "seed": seed, "temperature": 0.8}
        data = json.dumps({**body, "ignore_eos": True, "stream": True})
        connection = HTTPConnection("127.0.0.1", self._port, timeout=300)
        began, first = time.perf_counter(), 0.0
        connection.request("POST", "/generate", data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        lines = []
        while line := response.readline():
            first = first or time.perf_counter() - began
            lines += [line] if line.strip() else []
        connection.close()
        if lines.pop() != b"data: [DONE]\n":
            raise ValueError("no end")
        return "".join(json.loads(line[6:]).get("text", "") for line in lines), first

    # -- what is broken ------------------------------------------------------------------------------

    def _breaker(self, seed: int) -> None:
        draw = random.Random(seed)
        while not self._stop.is_set():
            with self._lock:
                if self._left <= 0:
                    return
                self._left -= 1
            name, act = draw.choice(list(KINDS.items()))
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=120) as client:
                    said = act(client, draw)
            except OSError as error:
                said = type(error).__name__
            with self._lock:
                self.result.broken[f"{name}: {said}"] += 1


def _status(client: socket.socket) -> str:
    """The status of an answer, or that the server closed."""
    data = client.recv(4096)
    found = re.match(rb"HTTP/1\.1 (\d+)", data)
    return found[1].decode() if found else "closed"


def _sent(data: Callable[[random.Random], bytes]) -> Callable[[socket.socket, random.Random], str]:
    def act(client: socket.socket, draw: random.Random) -> str:
        client.sendall(data(draw))
        return _status(client)

    return act


def _left(data: Callable[[random.Random], bytes], seconds: float) -> Callable[[socket.socket, random.Random], str]:
    def act(client: socket.socket, draw: random.Random) -> str:
        client.sendall(data(draw))
        time.sleep(seconds * draw.random())
        return "left"

    return act


def post(body: bytes, length: int | None = None, path: str = "/generate") -> bytes:
    count = len(body) if length is None else length
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {count}\r\n\r\n"
    )
    return head.encode() + body


ANSWER = json.dumps({"prompt": PROMPT[:1], "stream": True}).encode()
KINDS: dict[str, Callable[[socket.socket, random.Random], str]] = {
    "noise": _sent(lambda draw: draw.randbytes(draw.randrange(1, 400)) + b"\r\n\r\n"),
    "no json": _sent(lambda draw: post(draw.randbytes(draw.randrange(1, 400)))),
    "nested": _sent(lambda draw: post(b"[" * draw.randrange(1_000, 200_000))),
    "huge body": _sent(lambda draw: post(b"{", 1 << 40)),
    "huge prompt": _sent(lambda draw: post(json.dumps({"prompt": "a" * draw.randrange(50_000, 900_000)}).encode())),
    "huge headers": _sent(
        lambda draw: b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * draw.randrange(20_000, 60_000)
    ),
    "wrong fields": _sent(lambda draw: post(json.dumps({"prompt": draw.random(), "n": -1}).encode())),
    "no route": _sent(lambda draw: post(b"{}", path=f"/v1/{draw.randrange(10**9)}")),
    "half a request": _left(lambda draw: post(ANSWER)[: draw.randrange(5, 60)], 0.5),
    "half a body": _left(lambda draw: post(ANSWER[:5], 500), 0.5),
    "an answer that nobody reads": _left(lambda draw: post(ANSWER), 0.5),
}


def serve(build: Path, folder: Path, *options: str) -> tuple[subprocess.Popen[Any], int]:
    """A server of a build in a process of its own, and its port."""
    log = folder / "server.log"
    with log.open("wb") as stderr:
        command = [sys.executable, "-m", "hardwire", "serve", str(build), "--port", "0", *options]
        server = subprocess.Popen(command, stderr=stderr)
    while True:
        found = re.search(r'"listening", "address": "http://[^"]*:(\d+)"', log.read_text())
        if found:
            return server, int(found[1])
        if server.poll() is not None:
            raise RuntimeError(log.read_text())
        time.sleep(0.1)


def _files(pid: int) -> int:
    """Files and sockets that a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _left_behind(pid: int, port: int, files: int) -> str:
    """What does not go away: answers in the queue or on the chip, sockets, a chip that is not well."""
    deadline, left = time.monotonic() + PATIENCE, "no look"
    while left and time.monotonic() < deadline:
        time.sleep(0.2)
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/health")
        health = json.loads(connection.getresponse().read())
        connection.request("GET", "/metrics")
        running = re.findall(r"^hardwire_running (\S+)$", connection.getresponse().read().decode(), re.MULTILINE)
        connection.close()
        more = _files(pid) - files - 1  # the socket of this look
        well = (health["status"], health["queue_size"], running) == ("ok", 0, ["0.0"]) and more <= 0
        left = "" if well else f"{health}, {running} running, {more} more files"
    return left


def run(build: Path, prompt: str, tokens: int, users: int, seconds: float, broken: int, folder: Path) -> Result:
    """A load on the first backend of a build, against its reference."""
    model = load(build, "reference")
    wanted = [model.generate(prompt, tokens, 0.8, seed, stops=()) for seed in range(ASKED)]
    server, port = serve(build, folder)
    try:
        before = _files(server.pid)
        result = Load(server, port, prompt, tokens, wanted).run(users, seconds, broken)
        assert server.poll() is None, "the server ended"
        result.left = _left_behind(server.pid, port, before)
        return result
    finally:
        server.terminate()
        server.wait(60)


if __name__ == "__main__":
    build_folder, length = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 120.0
    print(run(build_folder, PROMPT, TOKENS, USERS, length, BROKEN, Path(sys.argv[1]).parent))
