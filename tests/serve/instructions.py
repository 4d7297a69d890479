# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Instructions of a server per token, as valgrind counts them here. ``python tests/serve/instructions.py``

From the ring in memory to the bytes of events, without sockets: the engine's thread, the event loop, JSON. As
tests/driver/instructions.py does it, whose count of text is what remains of it without a server.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
A9_MHZ, CYCLES_PER_INSTRUCTION = 650.0, 2.0  # as tests/driver/cost.py assumes them


def _stream(tokens: int) -> None:
    from driver.cost import ring_in_memory

    from hardwire.chip.model import load_chip
    from hardwire.serve.app import Service
    from hardwire.serve.settings import Settings

    chip = load_chip(Path(str(resources.files("hardwire.overlays"))) / "ulx3s-85f" / "bundled" / "model.chip")
    service = Service(ring_in_memory(chip, tokens), Settings(name="ring"))
    asked = json.dumps({"prompt": "a", "max_output_tokens": tokens, "stream": True}).encode()
    scope = {"type": "http", "method": "POST", "path": "/generate", "query_string": b"", "client": None}
    scope["headers"] = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    sent: list[bytes] = []

    async def main() -> None:
        came = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if came.is_set():
                await asyncio.Event().wait()  # nobody leaves
            came.set()
            return {"type": "http.request", "body": asked}

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))

        await service.app(scope, receive, send)

    asyncio.run(main())
    service.close()
    assert f'"completion_tokens":{tokens},'.encode() in sent[-1]


def main() -> None:
    sys.path.insert(0, str(TESTS))
    if len(sys.argv) > 1:
        return _stream(int(sys.argv[2]))
    from driver.instructions import per_token

    count = per_token("served", 0, script=__file__)
    board = A9_MHZ * 1e6 / CYCLES_PER_INSTRUCTION / count
    print(f"served: {count:,.1f} instructions per token; {board:,.0f} tokens/s on a Cortex-A9 as assumed, not run")


if __name__ == "__main__":
    main()
