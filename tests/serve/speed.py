# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Tokens per second through the API, of a chip that is faster than any host. ``python tests/serve/speed.py [CPU]``

The chip is a ring in memory, as tests/driver/cost.py has it, and always ahead; the server is a process of its own on
one core (CPU, if it is named), the client another. Seconds are the server's time on that core, as Linux counts it, so
that other work on the machine does not matter; and beside them those on the clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

TESTS = Path(__file__).parents[1]
TOKENS, ROUNDS, USERS = 8_192, 6, 4
USAGE = {"include_usage": True}
CALLS = {
    "/generate": {"prompt": "a", "max_output_tokens": TOKENS, "ignore_eos": True},
    "/v1/completions": {"model": "ring", "prompt": "a", "max_tokens": TOKENS},
    "/v1/chat/completions": {"model": "ring", "messages": [{"role": "user", "content": "a"}], "max_tokens": TOKENS},
}


def serve() -> None:
    """The server's process: its port on a line."""
    sys.path.insert(0, str(TESTS))
    from driver.cost import ring_in_memory

    import hardwire
    from hardwire.serve.app import Service
    from hardwire.serve.server import Server
    from hardwire.serve.settings import Settings

    model = ring_in_memory(hardwire.load("bundled", "reference").chip, TOKENS)

    class Told(Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup(sockets)  # type: ignore[arg-type]
            print(self.address, flush=True)

    service = Service(model, Settings(port=0, name="ring"))
    Told(service).run()
    service.close()


def busy(pid: int) -> float:
    """Seconds of a process and its threads on a core."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def measure(pid: int, host: str, port: int, path: str, stream: bool, users: int) -> tuple[float, float]:
    """Tokens per second of the server's core, and of the clock, of ``users`` who ask again when an answer has come."""
    connections = [HTTPConnection(host, port, timeout=120) for _ in range(users)]
    data = json.dumps({**CALLS[path], **({"stream": True, "stream_options": USAGE} if stream else {})}).encode()
    tokens, began, used = 0, 0.0, 0.0
    for round_number in range(ROUNDS + 1):
        if round_number == 1:  # the first one makes the pieces of text
            tokens, began, used = 0, time.perf_counter(), busy(pid)
        for connection in connections:
            connection.request("POST", path, data, {"Content-Type": "application/json"})
        for connection in connections:
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            assert body.endswith(b"data: [DONE]\n\n") == stream
            usage = (body.rsplit(b"data: ", 2)[1] if stream else body).rsplit(b"completion_tokens", 1)
            assert usage[1].lstrip(b'": ').startswith(str(TOKENS).encode())
            tokens += TOKENS
    return tokens / (busy(pid) - used), tokens / (time.perf_counter() - began)


def main() -> None:
    cpu = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    command = [sys.executable, __file__, "--serve"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    os.sched_setaffinity(server.pid, {cpu})
    try:
        host, _, port = server.stdout.readline().strip().removeprefix("http://").rpartition(":")
        for path in CALLS:
            for stream in (False, True):
                for users in (1, USERS):
                    rate, seen = measure(server.pid, host, int(port), path, stream, users)
                    kind = "stream" if stream else "whole"
                    print(f"{path:22} {kind:7} {users} users {rate:10,.0f} tokens/s of the core, {seen:,.0f} seen")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    serve() if "--serve" in sys.argv else main()
