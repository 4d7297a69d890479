# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire serve`` as it is started: by hand, on a board, by systemd."""

from __future__ import annotations

import json
import signal
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner

from hardwire.chip.model import Chip
from hardwire.cli.main import main
from hardwire.cli.on_board import main as on_board
from hardwire.serve import command
from hardwire.serve.settings import read_keys

from .load import serve

EXAMPLES = Path(__file__).parents[2] / "examples" / "serve"


@pytest.fixture
def saved(chip_with_text: Chip, tmp_path: Path) -> Path:
    chip_with_text.save(tmp_path / "story.chip")
    return tmp_path / "story.chip"


def test_a_server_begins_and_ends(saved: Path, tmp_path: Path) -> None:
    server, port = serve(saved, tmp_path, "--key", "a-key-of-mine")
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/v1/models", headers={"Authorization": "Bearer a-key-of-mine"})
    assert json.loads(connection.getresponse().read())["data"][0]["id"] == "story"
    connection.close()
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) in (0, -signal.SIGTERM)
    lines = [json.loads(line) for line in (tmp_path / "server.log").read_text().splitlines()]
    (asked,) = (line for line in lines if line["event"] == "request")
    assert (asked["path"], asked["status"], asked["client"]) == ("/v1/models", 200, "127.0.0.1")
    assert {"event": "stop", "signal": signal.SIGTERM} in [
        {key: line.get(key) for key in ("event", "signal")} for line in lines
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "can be reached from elsewhere: give --key or --keys, or --open"),
        (["--key", "short"], "the secret of 'key' is not usable"),
        (["--keys", "absent.toml"], "absent.toml: cannot be read"),
        (["--adapter", "x="], "--adapter 'x=' is not usable; give NAME=FILE"),
        (["--adapter", "a=1", "--adapter", "a=2"], "two adapters are called 'a'"),
        (["--backend", "csim"], "has no backend 'csim'"),
    ],
)
def test_what_is_refused(saved: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By both command lines alike."""
    done = CliRunner().invoke(main, ["serve", str(saved), *options])
    assert done.exit_code == 1 and words in " ".join(done.stderr.split())
    if "csim" not in options:  # which a board's command line does not know
        assert on_board(["serve", str(saved), *options]) == 1
        assert words in capsys.readouterr().err


def test_packages_that_are_missing_are_named(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PACKAGES", ("starlette", "no_such_package"))
    done = CliRunner().invoke(main, ["serve", str(saved)])
    assert done.exit_code == 1 and 'serve needs no_such_package; pip install "hardwire[serve]"' in done.stderr


def test_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """The service's options are the board's; its file of keys is not here. That of the examples can be read."""
    text = (EXAMPLES / "hardwire.service").read_text().replace("\\\n", " ")
    (start,) = (line for line in text.splitlines() if line.startswith("ExecStart="))
    words = start.split()
    assert words[1:3] == ["-m", "hardwire"]
    assert on_board(words[3:]) == 1
    assert "/etc/hardwire/keys.toml: cannot be read" in capsys.readouterr().err
    assert [key.name for key in read_keys(EXAMPLES / "keys.toml")] == ["ann", "class"]
