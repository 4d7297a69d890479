# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: JSON keys, exit codes, one-sentence errors, Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardwire.chip.model import Chip
from hardwire.cli.main import main


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def chip_file(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "m.chip"
    chip_with_text.save(path)
    return path


def test_help_teaches() -> None:
    text = call("--help").output
    assert "hardwire demo" in text
    commands = [
        "inspect",
        "quantize",
        "evaluate",
        "random",
        "fit",
        "build",
        "synth",
        "deploy",
        "datasheet",
        "run",
        "verify",
        "demo",
        "doctor",
    ]
    positions = [text.index(f"\n  {name}") for name in commands]
    assert positions == sorted(positions)  # in the order the steps are taken
    for name in commands:
        assert "--json" in call(name, "--help").output


def test_fit_answers_for_every_board(chip_file: Path) -> None:
    fits = json.loads(call("fit", chip_file, "--json").output)
    assert len(fits) >= 8
    keys = {
        "board",
        "fits",
        "limit",
        "streams",
        "cycles",
        "mean_cycles",
        "latency_cycles",
        "floor_cycles",
        "ratio",
        "clock_mhz",
        "clock_source",
        "resources",
    }
    assert all(keys <= set(fit) for fit in fits)
    one = json.loads(call("fit", chip_file, "--board", "kv260", "--streams", "2", "--json").output)[0]
    assert one["streams"] == 2 and one["mean_cycles"] < one["latency_cycles"]


def test_run_streams_and_reports(chip_file: Path) -> None:
    result = call("run", chip_file, "--prompt", "abc", "--tokens", "5", "--temperature", "1.0", "--seed", "3", "--json")
    data = json.loads(result.stdout)
    assert {"tokens", "text", "tokens_per_second", "cycles"} <= set(data) and len(data["tokens"]) <= 5
    again = json.loads(
        call(
            "run", chip_file, "--prompt", "abc", "--tokens", "5", "--temperature", "1.0", "--seed", "3", "--json"
        ).stdout
    )
    assert again["text"] == data["text"]


def test_run_takes_token_ids(chip_file: Path, tiny_chip: Chip, tmp_path: Path) -> None:
    text = json.loads(call("run", chip_file, "--prompt", "abc", "--tokens", "5", "--json").stdout)
    data = json.loads(call("run", chip_file, "--ids", "1,29,3,4,5", "--tokens", "5", "--json").stdout)
    assert data["tokens"] == text["tokens"] and data["text"] == text["text"]
    tiny_chip.save(tmp_path / "m.chip")
    data = json.loads(call("run", tmp_path / "m.chip", "--ids", "7,5", "--tokens", "3", "--json").stdout)
    assert data["text"] == " ".join(map(str, (7, 5, *data["tokens"]))) and len(data["tokens"]) == 3
    assert call("run", tmp_path / "m.chip", "--ids", "7,5", "--tokens", "3").stdout.startswith("7 5 ")
    for arguments, message in (
        (("--ids", "7,x"), "'7,x' are no token ids; give them as 1,2,3"),
        (("--ids", "7", "--prompt", "a"), "--prompt and --ids: give one of them"),
        (("--ids", "7,400"), "token 400 is not one of the 40 of the vocabulary"),
        (("--prompt", "a"), "or give token ids (--ids)"),
    ):
        result = call("run", tmp_path / "m.chip", *arguments)
        assert result.exit_code == 1 and message in result.stderr.replace("\n", " ")


def test_cycles_that_are_not_counted_have_a_reason(chip_file: Path) -> None:
    data = json.loads(call("run", chip_file, "--prompt", "abc", "--tokens", "5", "--json").stdout)
    assert data["cycles"] is None and data["cycles_note"] == "m.chip (reference) counts no cycles of a token"


def test_help_knows_every_backend() -> None:
    from hardwire.openers import backends

    text = " ".join(call("run", "--help").output.split())
    for name, about in backends().items():
        assert f"{name}: {about.split(',')[0]}" in text


def test_random_knows_other_wirings(tmp_path: Path) -> None:
    data = json.loads(call("random", "-o", tmp_path / "m.chip", "--shape", "microgpt", "--json").stdout)
    assert data["parameters"] == 4192 and data["wiring"]["embedding_norm"] and not data["wiring"]["gated"]
    assert [one["fits"] for one in json.loads(call("fit", tmp_path / "m.chip", "--board", "pynq-z2", "--json").stdout)]
    assert "kev-gpt, microgpt" in call("random", "--help").output.replace("\n", " ")


def test_random_makes_a_chip(tmp_path: Path) -> None:
    data = json.loads(call("random", "-o", tmp_path / "r.chip", "--shape", "30,16,1,2,1,8,32,16", "--json").stdout)
    assert data["shape"]["hidden"] == 32 and (tmp_path / "r.chip").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "absent.chip"], "absent.chip: cannot be read"),
        (["random", "-o", "r.chip", "--shape", "huge"], "--shape 'huge' is neither one of"),
        (["random", "-o", "r.chip", "--shape", "30,16,1,3,2,8,32,16"], "heads a multiple of kv_heads"),
        (["run", "absent.chip"], "absent.chip: cannot be read"),
        (["quantize", "m.onnx", "-o", "m.chip", "--weights", "auto"], "give --board or --mean-bits too"),
        (["quantize", "m.onnx", "-o", "m.chip", "--mean-bits", "5"], "for bits that are chosen; give --weights auto"),
        (["verify", "."], "no readable manifest.json"),
    ],
)
def test_errors_are_one_sentence_and_exit_1(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ") and message in result.stderr and result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["bake"],
        ["run"],
        ["run", "x", "--backend", "foo"],
        ["verify", "x", "--tokens", "0"],
        ["verify", "x", "--json", "--github"],
        ["evaluate", "x", "--text", "t", "--max-rise", "2"],
    ],
)
def test_usage_errors_exit_1_because_2_means_a_difference(arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.exit_code == 1 and "Usage:" in result.stderr


@pytest.mark.parametrize("arguments", [["verify", "a.chip"], ["evaluate", "a.chip", "--text", "t.txt"]])
def test_a_failure_is_an_annotation_too(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*arguments, "--github")
    assert result.exit_code == 1 and result.stderr.startswith("error: ")
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"::error file=a.chip,title=hardwire {arguments[0]}::a.chip: ")


def test_places_that_cannot_be_written_are_one_sentence(chip_file: Path) -> None:
    result = call("random", "-o", "/proc/no/r.chip", "--shape", "30,16,1,2,1,8,32,16")
    assert result.exit_code == 1 and result.stderr.startswith("error: ") and "Traceback" not in result.output


def test_an_unknown_character_is_refused_before_anything_is_printed(chip_file: Path) -> None:
    result = call("run", chip_file, "--prompt", "naïve")
    assert result.exit_code == 1 and result.stdout == "" and "ï" in result.stderr


def test_an_unknown_board_exits_1(chip_file: Path) -> None:
    result = call("fit", chip_file, "--board", "zx81")
    assert result.exit_code == 1 and "no board 'zx81'; known are" in result.stderr


def test_ctrl_c_ends_a_stream_with_what_there_is(chip_file: Path) -> None:
    script = (
        "import sys, time; import hardwire.chip.reference as r; real = r.step\n"
        "def slow(*a): print('step', file=sys.stderr, flush=True); time.sleep(0.2); return real(*a)\n"
        "r.step = slow\n"
        "from hardwire.cli.main import main; main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, "run", str(chip_file), "--prompt", "abc", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = ""
    while first != "step\n":  # tokens are being fed from here on
        first = process.stderr.readline()
        assert first, f"ended before its first token, with {process.wait()}"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    data = json.loads(out)
    assert process.returncode == 130 and data["status"] == "interrupted" and data["text"].startswith("abc")


def test_doctor_reports() -> None:
    data = json.loads(call("doctor", "--json").output)
    assert {"hardwire", "python", "packages", "tools", "boards"} <= set(data)
