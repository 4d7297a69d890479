# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire doctor --bundle``: what is asked for is in it, and nothing that tells who or where somebody is."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from hardwire.cli import doctor_bundle
from hardwire.cli.doctor_bundle import OF_BOARD, OF_BUILD, REPORT, Scrubber, write_bundle
from hardwire.cli.main import main
from hardwire.errors import BuildError

DOCS = Path(__file__).parents[1] / "docs"
# Who, where, and how both get into logs: as Vivado, Vitis HLS, make, shells and licence managers write them.
LOG = """\
| Date              : Wed May 22 18:36:09 MDT 2024
| Host              : marias-laptop running 64-bit Ubuntu 22.04.4 LTS
| Device       : xc7z020clg400-1
INFO: [HLS 200-10] For user 'maria' on host 'marias-laptop' (Linux_x86_64 version 6.5) on Wed May 22 2024
source {HOMES}/maria/boards/build/vivado/build.tcl
# cd {HOME}/boards; C:\\Users\\Maria Curie\\AppData; c:/Users/maria/x
ERROR: [Synth 8-439] module 'renorm' not found [{BUILD}/synth/vivado/ip/src/engine.sv:12]
ERROR: [Common 17-345] A valid license was not found: 27000@licences.curie.example.org, HOSTID=0a1b2c3d4e5f
maria@marias-laptop:~$ Maria Curie <maria.curie@example.org> 192.168.17.4 0a:1b:2c:3d:4e:5f
/Users/maria/Library, {HOMES}/jean-pierre/shared, primaria stays, marianne stays
WNS(ns) -0.123, vivado v2024.1, IP 1.2.3.4.5, xilinx.com:ip:axi_intc:4.1, version 2.0
"""
PERSONAL = ("maria", "curie", "laptop", "jean", "192.168", "0a:1b", "0a1b2c", "27000@", "example.org")
STAYS = ("primaria stays", "marianne stays", "-0.123", "v2024.1", "xc7z020clg400-1", "[Synth 8-439] module 'renorm'",
         "axi_intc:4.1", "synth/vivado/ip/src/engine.sv:12", "64-bit Ubuntu 22.04.4")  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Maria's, on her own computer."""
    home = tmp_path / "home" / "maria"
    home.mkdir(parents=True)
    for name, value in (("HOME", str(home)), ("USER", "maria"), ("LOGNAME", "maria"), ("HOSTNAME", "marias-laptop")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor_bundle.getpass, "getuser", lambda: "maria")
    monkeypatch.setattr(doctor_bundle.socket, "gethostname", lambda: "marias-laptop")
    monkeypatch.setattr(doctor_bundle.socket, "getfqdn", lambda: "marias-laptop.curie.example.org")
    monkeypatch.setattr(doctor_bundle, "_real", lambda: "Maria Curie")
    return home


@pytest.fixture
def build(home: Path) -> Path:
    folder = home / "marias-chip"
    log = LOG.replace("{HOMES}", "/" + "home").replace("{HOME}", str(home)).replace("{BUILD}", str(folder))
    for wanted in OF_BUILD:
        path = folder / wanted.pattern.replace("*.runs/*", "hardwire.runs/synth_1").replace("*", "core_")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(log)
    (folder / "model.chip").write_text("weights: not asked for")
    (folder / "synth/vivado/hardwire.bit").write_text("a bitstream: not asked for")
    return folder


def contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_nobody_is_in_it_and_everything_asked_for_is(build: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.zip"
    names = write_bundle(out, {"chip": {"error": f"{build}/x: maria on marias-laptop"}}, build)
    found = contents(out)
    assert sorted(found) == names
    whole = "\n".join([*found, *found.values()]).lower().replace("primaria", "").replace("marianne", "")
    for word in PERSONAL:
        assert word not in whole, whole[max(0, whole.find(word) - 80) : whole.find(word) + 80]
    log = found["build/synth/vivado.log"]
    for word in STAYS:
        assert word in log, word
    assert "| Host              : somewhere running 64-bit" in log and "<build>/synth/vivado/ip" in log
    assert sum(name.startswith("build/") for name in names) == len(OF_BUILD)
    assert not any(name.endswith((".bit", ".chip")) for name in names)
    assert json.loads(found["doctor.json"]) == {"chip": {"error": "<build>/x: someone on somewhere"}}
    for wanted in (REPORT, *OF_BUILD, *OF_BOARD):
        assert f"{wanted.pattern}\n    {wanted.rows}: {wanted.answers}" in found["README.txt"]


def test_a_long_log_keeps_its_begin_and_its_end(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_bundle, "MOST", 1000)
    (build / "synth/vivado.log").write_text("the begin\n" + "x" * 5000 + "\nthe end")
    write_bundle(tmp_path / "r.zip", {}, build)
    log = contents(tmp_path / "r.zip")["build/synth/vivado.log"]
    assert log.startswith("the begin") and log.endswith("the end") and "bytes left out" in log and len(log) < 1100


def test_no_link_leads_out_of_the_build(build: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    (build / "synth/vitis.log").unlink()
    (build / "synth/vitis.log").symlink_to(secret)
    names = write_bundle(tmp_path / "r.zip", {}, build)
    assert "build/synth/vitis.log" not in names
    assert "a secret" not in "".join(contents(tmp_path / "r.zip").values())


def test_what_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"none/r\.zip: No such file or directory; give a file in a folder"):
        write_bundle(tmp_path / "none" / "r.zip", {})
    assert write_bundle(tmp_path / "r.zip", {})[0] in ("README.txt", "board/etc/os-release.txt")


def test_common_names_are_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME"):
        monkeypatch.setenv(name, "xilinx")
    monkeypatch.setattr(doctor_bundle.getpass, "getuser", lambda: "root")
    monkeypatch.setattr(doctor_bundle, "_real", lambda: None)
    monkeypatch.setenv("HOME", "/root")
    for ask in ("gethostname", "getfqdn"):
        monkeypatch.setattr(doctor_bundle.socket, ask, lambda: "pynq")
    monkeypatch.setenv("HOSTNAME", "pynq")
    assert doctor_bundle._private_names() == {}
    text = "pynq 3.1.2, xilinx.com, root_dir"
    assert Scrubber({})(text) == text


def test_the_command_writes_it(build: Path, tmp_path: Path) -> None:
    (build / "manifest.json").write_text(json.dumps({"board": {"key": "pynq-z2", "name": "PYNQ-Z2"}}))
    done = CliRunner().invoke(main, ["doctor", str(build), "--bundle", str(tmp_path / "report.zip"), "--json"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert data["bundle"] == str(tmp_path / "report.zip") and "build/synth/vivado.log" in data["files"]
    assert json.loads(contents(tmp_path / "report.zip")["doctor.json"])["chip"]["status"] == "failed"


def test_the_page_says_what_each_file_answers() -> None:
    page = (DOCS / "first-board.md").read_text()
    for wanted in (REPORT, *OF_BUILD, *OF_BOARD):
        assert f"`{wanted.pattern}`" in page, wanted.pattern
