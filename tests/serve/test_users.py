# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Many users of one chip: turns, those that leave, those that are slow, too many of them, and the end."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.errors import LinkError
from hardwire.host.requests import Request, RequestState
from hardwire.serve.errors import ApiError
from hardwire.serve.queue import FairQueue
from hardwire.serve.settings import Settings, SettingsError, key_of, read_keys
from hardwire.serve.stops import StopTexts

from .served import Gated, Running, serving, until

ASKED = {"model": "tiny", "prompt": "abc", "max_tokens": 9, "temperature": 0}
KEYS = (key_of("secret-of-ann", "ann"), key_of("secret-of-bob", "bob"))


class Asking(threading.Thread):
    """A request in a thread; ``answer`` when it has come."""

    def __init__(self, server: Running, body: Any = ASKED, key: str = "") -> None:
        super().__init__()
        self._server, self._body, self._key = server, body, key
        self.answer: tuple[int, Any] = (0, None)
        self.start()

    def run(self) -> None:
        self.answer = self._server.ask("/v1/completions", self._body, self._key)


def post(data: bytes, key: str = "") -> bytes:
    """A request as it stands on the wire."""
    head = ["POST /v1/completions HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    head += [f"Authorization: Bearer {key}", f"Content-Length: {len(data)}"]
    return "\r\n".join([*head, "", ""]).encode() + data


@pytest.fixture
def gated(chip_with_text: Chip) -> Gated:
    return Gated(chip_with_text)


@pytest.fixture
def server(chip_with_text: Chip, gated: Gated) -> Iterator[Running]:
    with serving(chip_with_text, gated, keys=KEYS, queue=6) as running:
        yield running
        gated.let(1000)


def test_users_take_turns(server: Running, gated: Gated, chip_with_text: Chip) -> None:
    """Four answers of ann's, then two of bob's: his come second and fourth, in their own order."""
    model = LanguageModel(chip_with_text, gated, "tiny")
    first = Asking(server, ASKED, "secret-of-ann")
    until(lambda: gated.begun)
    asked = []
    for letter, key in zip("abcde", ("ann", "ann", "ann", "bob", "bob"), strict=True):
        asked.append(Asking(server, {**ASKED, "prompt": letter}, f"secret-of-{key}"))
        until(lambda: server.service.engine.waiting == len(asked))
    gated.let(100)
    for thread in (first, *asked):
        thread.join()
        assert thread.answer[0] == 200
    order = [model.text(ids[2:]) for ids in gated.begun[1:]]
    assert order == ["a", "d", "b", "e", "c"]


def test_users_of_several_streams_are_served_at_once(chip_with_text: Chip) -> None:
    """As many as there are streams, each with one of them; the next takes the first that is free."""
    gated = Gated(chip_with_text, streams=2)
    wanted = LanguageModel(chip_with_text, Reference(chip_with_text), "alone").generate("abc", 9)
    with serving(chip_with_text, gated, keys=KEYS, queue=6) as server:
        asked = [Asking(server, ASKED, f"secret-of-{name}") for name in ("ann", "bob", "ann")]
        until(lambda: server.service.engine.running == 2 and server.service.engine.waiting == 1)
        assert sorted(gated.on) == [0, 1]
        gated.let(1000)
        for thread in asked:
            thread.join()
            assert thread.answer[0] == 200 and thread.answer[1]["choices"][0]["text"] == wanted
        until(lambda: server.service.engine.running == 0)
        assert len(gated.on) == 3 and gated.closed == 3


def test_a_full_queue_refuses_and_loses_nothing(server: Running, gated: Gated) -> None:
    running = Asking(server, ASKED, "secret-of-ann")
    until(lambda: gated.begun)
    waiting = Asking(server, {**ASKED, "n": 6}, "secret-of-bob")
    until(lambda: server.service.engine.waiting == 6)
    connection, response = server.open("/v1/completions", ASKED, "secret-of-ann")
    assert response.status == 503 and int(response.headers["retry-after"]) >= 1
    assert json.loads(response.read())["error"]["code"] == "queue_full"
    connection.close()
    gated.let(100)
    for thread in (running, waiting):
        thread.join()
        assert thread.answer[0] == 200
    texts = [choice["text"] for choice in waiting.answer[1]["choices"]]
    assert texts == [running.answer[1]["choices"][0]["text"]] * 6


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_who_leaves_frees_the_chip_within_one_token(server: Running, gated: Gated, stream: bool) -> None:
    data = json.dumps({**ASKED, "stream": stream}).encode()
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(post(data, "secret-of-ann"))
        gated.let(2)
        until(lambda: gated.given == 2)
    job = server.service.engine._current.get(0)
    until(lambda: job is not None and job.cancelled)
    gated.let(1)
    until(lambda: gated.closed == 1)
    assert gated.given in (2, 3)  # 2 where it was noticed while the second token was put away
    gated.let(100)
    assert server.ask("/v1/completions", ASKED, "secret-of-bob")[0] == 200


def test_who_leaves_while_waiting_is_forgotten(server: Running, gated: Gated) -> None:
    running = Asking(server, ASKED, "secret-of-ann")
    until(lambda: gated.begun)
    data = json.dumps(ASKED).encode()
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(post(data, "secret-of-bob"))
        until(lambda: server.service.engine.waiting == 1)
    until(lambda: server.service.engine.waiting == 0)
    gated.let(100)
    running.join()
    assert running.answer[0] == 200 and len(gated.begun) == 1


def test_a_stop_ends_what_runs_and_refuses_what_waits(chip_with_text: Chip, gated: Gated) -> None:
    with serving(chip_with_text, gated) as server:
        running = Asking(server, {**ASKED, "stream": True})
        until(lambda: gated.begun)
        waiting = Asking(server)
        until(lambda: server.service.engine.waiting == 1)
        server.server.handle_exit(15, None)
        waiting.join()
        assert waiting.answer[0] == 503 and waiting.answer[1]["error"]["code"] == "stopping"
        gated.let(100)
        running.join()
        assert running.answer[0] == 200 and running.answer[1][-1]["choices"][0]["finish_reason"] is not None
        server.thread.join()


def test_what_does_not_end_in_time_is_told(chip_with_text: Chip, gated: Gated) -> None:
    with serving(chip_with_text, gated) as server:
        running = Asking(server, {**ASKED, "stream": True})
        gated.let(2)
        until(lambda: gated.given == 2)
        engine = server.service.engine
        server.server.handle_exit(15, None)
        (timer,) = (t for t in threading.enumerate() if getattr(t, "function", None) == engine.interrupt)
        timer.function()  # type: ignore[attr-defined]  # as when its time has come
        timer.cancel()  # type: ignore[attr-defined]
        gated.let(1)
        running.join()
        status, said = running.answer
        told = said[-1] if status == 200 else said  # where the computer is slow nothing had been sent
        assert told["error"]["code"] == "stopping"


def test_who_asks_by_another_name(chip_with_text: Chip) -> None:
    """As a page of the web would, that has a name of its own resolved to this computer."""
    with serving(chip_with_text) as server, socket.create_connection((server.host, server.port), timeout=60) as client:
        client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert received(client).startswith(b"HTTP/1.1 403 ")
    with serving(chip_with_text, open_to_all=True) as server:
        with socket.create_connection((server.host, server.port), timeout=60) as client:
            client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: board.lan\r\nConnection: close\r\n\r\n")
            assert received(client).startswith(b"HTTP/1.1 200 ")


def test_a_chip_that_fails_is_told_and_tried_again(chip_with_text: Chip) -> None:
    class Failing(Gated):
        fails = True

        def stream(self, request: Request, state: RequestState | None = None) -> Iterator[int]:
            if self.fails:
                raise LinkError("the board is gone")
            return super().stream(request, state)

    backend = Failing(chip_with_text)
    backend.let(1000)
    with serving(chip_with_text, backend) as server:
        status, answer = server.ask("/v1/completions", ASKED)
        assert status == 503 and answer["error"]["message"] == "the chip did not answer: the board is gone"
        assert server.ask("/v1/completions", {**ASKED, "stream": True})[0] == 503
        assert server.ask("/health")[1]["status"] == "failing" and server.ask("/health")[0] == 503
        backend.fails = False
        assert server.ask("/v1/completions", ASKED)[0] == 200
        assert server.ask("/health")[0] == 200


# Slow and strange ones -----------------------------------------------------------------------------


def received(client: socket.socket) -> bytes:
    """All until the other side closes."""
    data = b""
    while True:
        try:
            piece = client.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def test_slow_clients_are_closed(chip_with_text: Chip) -> None:
    with serving(chip_with_text, header_seconds=0.3, body_seconds=0.3) as server:
        place = (server.host, server.port)
        for begin in (b"", b"POST /v1/comp", b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"):
            with socket.create_connection(place, timeout=60) as client:
                client.sendall(begin)
                assert received(client) == b""
        with socket.create_connection(place, timeout=60) as client:
            client.sendall(post(b"{" + b" " * 98)[:-98])
            assert received(client).startswith(b"HTTP/1.1 408 ")
        with socket.create_connection(place, timeout=60) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 70_000)
            assert received(client).startswith(b"HTTP/1.1 400 ")
        assert server.ask("/health")[0] == 200
        until(lambda: len(server.server.server_state.connections) == 0)


def test_too_many_connections_are_told(chip_with_text: Chip) -> None:
    with serving(chip_with_text, connections=3) as server:
        clients = [socket.create_connection((server.host, server.port), timeout=60) for _ in range(3)]
        until(lambda: len(server.server.server_state.connections) == 3)
        with socket.create_connection((server.host, server.port), timeout=60) as client:
            answer = received(client)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"retry-after: 1" in answer and b"too_many_connections" in answer
        for client in clients:
            client.close()
        until(lambda: len(server.server.server_state.connections) == 0)
        assert server.ask("/health")[0] == 200


def test_who_does_not_read_is_closed(chip_with_text: Chip) -> None:
    """More answers than the sockets hold, and none of them read: the server keeps a little, then nothing."""
    with serving(chip_with_text, send_seconds=0.3) as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.settimeout(60)
        client.connect((server.host, server.port))
        client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 600)
        until(lambda: server.server.server_state.connections)
        until(lambda: not server.server.server_state.connections)
        assert server.ask("/v1/completions", ASKED)[0] == 200


# The parts -----------------------------------------------------------------------------------------


def test_the_queue() -> None:
    queue: FairQueue[str] = FairQueue(4)
    queue.put("ann", ["a1", "a2"], 2)
    with pytest.raises(ApiError, match="2 answers of yours wait, and 2 may") as many:
        queue.put("ann", ["a3"], 2)
    assert many.value.status == 429
    queue.put("bob", ["b1", "b2"], 2)
    with pytest.raises(ApiError, match="4 answers wait already") as full:
        queue.put("eve", ["e1"], 2)
    assert full.value.status == 503
    assert queue.drop("ann", "a2") and not queue.drop("ann", "a2") and len(queue) == 3
    assert [queue.take() for _ in range(3)] == ["a1", "b1", "b2"]
    queue.put("eve", ["e1"], 2)
    assert queue.close() == ["e1"] and queue.take() is None
    with pytest.raises(ApiError, match="about to stop"):
        queue.put("eve", ["e2"], 2)


@pytest.mark.parametrize("cut", range(1, 6))
def test_stop_texts_across_pieces(cut: int) -> None:
    """Cut anywhere, the text in front of the first stop comes out, and nothing that may still become one."""
    text, stops = "the cat sat on the mat, the end", ("sat", "the end", "xyz")
    for wanted, end in (("the cat ", True), ("the cat s", False)):
        finder, said, found = StopTexts(stops), "", False
        for at in range(0, len(text if end else wanted), cut):
            piece, found = finder.feed((text if end else wanted)[at : at + cut])
            said += piece
            if found:
                break
        assert (said if found else said + finder.flush(), found) == (wanted, end)


def test_settings_that_leave_a_server_open(tmp_path: Any) -> None:
    with pytest.raises(
        SettingsError, match="--host 0.0.0.0 can be reached from elsewhere: give --key or --keys, or --open"
    ):
        Settings(host="0.0.0.0").check()
    for fine in ({"open_to_all": True}, {"keys": KEYS}):
        Settings(host="0.0.0.0", **fine).check()  # type: ignore[arg-type]
    for host in ("localhost", "127.0.0.9", "::1"):
        Settings(host=host).check()
    with pytest.raises(SettingsError, match="two keys are called 'ann'"):
        Settings(keys=(KEYS[0], KEYS[0])).check()
    with pytest.raises(SettingsError, match="the secret of 'key' is not usable"):
        key_of("short")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ann = 3", "ann has no secret"),
        ('[ann]\nsecret = "long-enough"\nfoo = 1', "ann.foo is not known"),
        ('[ann]\nsecret = "long-enough"\nwaiting = 0', "ann.waiting is 0"),
        ("[ann", "is no TOML"),
    ],
)
def test_files_of_keys(tmp_path: Any, text: str, words: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('[ann]\nsecret = "long-enough"\nrequests_per_minute = 60\ntokens_per_minute = 9\nwaiting = 2\n')
    (ann,) = read_keys(path)
    assert (ann.name, ann.requests, ann.tokens, ann.waiting) == ("ann", 60, 9, 2)
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_keys(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_keys(tmp_path / "absent")
