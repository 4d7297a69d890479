# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A build with --ip hls: the same registers and driver in front of the HLS core, and the way through both tools."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hardwire.backends import of_build
from hardwire.build.collect import check, collect
from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.cli.main import main
from hardwire.emit.hls import project as hls
from hardwire.emit.hls.project import kernel_folder
from hardwire.emit.top.hwh import write_hwh
from hardwire.errors import BuildError
from hardwire.manifest import read_manifest
from hardwire.plan.geometry import Geometry
from hardwire.proof.plant import plant
from hardwire.targets.board import load_board
from hardwire.tools.verilator import lint

from . import fake
from .conftest import run
from .vitis import VitisHls

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def made(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build around an HLS core; do not change it."""
    folder = tmp_path_factory.mktemp("hls")
    chip_with_text.save(folder / "tiny.chip")
    return make_build(
        folder / "tiny.chip", load_board("pynq-z2"), folder / "tiny", target="bitstream", ip="hls", lanes=8
    )


@pytest.fixture
def build(made: Build, tmp_path: Path) -> Build:
    """A copy of it."""
    left = shutil.ignore_patterns("synth", "obj_dir", "simulated", "*.so")
    return open_build(Path(shutil.copytree(made.folder, tmp_path / "build", ignore=left)))


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs called vivado and vitis-run, first on the PATH."""
    folder = tmp_path / "bin"
    for name in ("vivado", "vitis-run"):
        fake.install(folder, name)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def synth(*arguments: str | Path) -> tuple[Result, dict[str, Any]]:
    result = CliRunner().invoke(main, ["synth", *map(str, arguments), "--json"])
    return result, json.loads(result.stdout)[0]


def test_every_rung_is_equal_around_the_hls_core(made: Build) -> None:
    result = CliRunner().invoke(main, ["verify", str(made.folder), "--tokens", "8", "--json"])
    answer = json.loads(result.stdout)
    assert answer["verdict"] == "incomplete: float not run", answer  # a random chip has no float model
    assert [answer["rungs"][name]["status"] for name in ("csim", "rtl")] == ["equal", "equal"]
    assert "netlist" not in answer["rungs"]
    assert answer["rungs"]["rtl"]["logits"] >= 16 * made.chip.shape.vocab
    assert "the HLS core as C++ behind its ports" in answer["rungs"]["rtl"]["note"]


def test_stops_pauses_continuations_and_resets_are_the_references(made: Build) -> None:
    sim, chip = of_build.rtlsim(made), made.chip
    for sampling in ({}, {"temperature": 0.8, "seed": 11}):
        want = Reference(chip).generate([1, 5], 9, **sampling)
        assert sim.simulate([1, 5], 9, stall=3, **sampling).tokens == want
        halted = sim.simulate([1, 5], 9, stops=[want[4]], **sampling)
        assert (halted.tokens, halted.status) == (want[: want.index(want[4])], "stop token")
        first = sim.simulate([1, 5], 4, **sampling)
        assert first.tokens + sim.simulate([first.tokens[-1]], 5, clear=False, **sampling).tokens == want
        for cycles in range(3, 120, 9):  # with a command waiting, in the logits, before the token, between two
            assert sim.simulate([1, 5], 9, stall=cycles, abort_after=cycles, **sampling).status == "reset"
            assert sim.simulate([1, 5], 2, **sampling).tokens == want[:2]
        assert sim.simulate([1, 5], None, **sampling).status == "context full"
        assert sim.simulate([1, 5], 9, **sampling).tokens == want


def test_two_simulations_have_a_cache_each(made: Build) -> None:
    one, two = of_build.rtlsim(made), of_build.rtlsim(made)
    alone = one.simulate([1, 5], 9).tokens
    first = one.simulate([1, 5], 4).tokens
    two.simulate([7, 9, 11], 6)
    assert first + one.simulate([first[-1]], 5, clear=False).tokens == alone


def test_the_driver_sees_the_same_chip(made: Build) -> None:
    import hardwire

    with hardwire.load(made.folder, backend="simulation") as model:
        wanted = hardwire.load(made.folder, backend="reference")
        assert model.generate("ab", 12, temperature=0.9, seed=5) == wanted.generate("ab", 12, temperature=0.9, seed=5)
        assert model.verify()


def test_both_tools_in_turn_make_a_bitstream_that_is_kept(
    build: Build, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, row = synth(build.folder)
    assert result.exit_code == 0 and row["status"] == "done", row["error"]
    assert row["warnings"] == []
    assert row["cycles_per_token"] is row["tokens_per_second"] is None and row["clock_source"] == "routed"
    manifest = read_manifest(build.folder)
    assert {"vitis_hls": "2023.2", "vivado": "2024.1"}.items() <= manifest.tools.items()
    monkeypatch.setenv("FAKE_VITIS", json.dumps({"fails": True}))
    assert synth(build.folder)[1]["status"] == "kept"
    put = collect(open_build(build.folder), tmp_path / "bitstreams")
    assert check(put).ip == "hls"
    kernels = shutil.copytree(kernel_folder(), tmp_path / "kernels")
    (kernels / "attention.hpp").write_text((kernels / "attention.hpp").read_text() + "\n")
    monkeypatch.setattr(hls, "kernel_folder", lambda: kernels)
    with pytest.raises(BuildError, match="its bitstream is of other sources than today's"):
        check(put)


def test_a_loop_that_is_slower_than_asked_is_told(build: Build, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_VITIS", json.dumps({"slow": True}))
    row = synth(build.folder)[1]
    assert row["status"] == "done", row["error"]
    assert row["warnings"] == ["HLS: KEYS starts every 2 cycles: slower than its report expected (csynth.rpt)"]


def test_one_tool_of_the_two_does_its_part(build: Build, tools: Path) -> None:
    (tools / "vivado").unlink()
    row = synth(build.folder)[1]
    assert row["status"] == "not run" and row["error"].startswith("vivado is not run")
    assert (build.folder / "synth" / "vitis" / "result.txt").is_file()


def test_what_needs_our_own_engine_says_so(build: Build, tmp_path: Path) -> None:
    row = synth(build.folder, "--no-route")[1]
    assert row["status"] == "failed" and "only Vitis HLS makes, so Yosys cannot take it" in row["error"]
    with pytest.raises(BuildError, match="has no ROMs, its decoder is an HLS core"):
        plant(build, "rom", tmp_path / "planted")


def test_without_the_tools_it_is_not_run_and_says_what_to_run(
    build: Build, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tools / "vitis-run").unlink()
    row = synth(build.folder)[1]
    script = build.folder / "hls" / "build_core.tcl"
    assert row["status"] == "not run" and f"run: vitis-run --mode hls --tcl {script}; then copy" in row["error"]
    assert "vivado is not run" not in row["error"]
    (tools / "vivado").unlink()
    row = synth(build.folder)[1]
    assert row["status"] == "not run" and str(script) in row["error"] and "vivado is not run" in row["error"]
    assert read_manifest(build.folder).tools["vitis_hls"] == "not run"


def test_what_vitis_gets_wrong_ends_in_its_reason(build: Build, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for behaviour, said in (
        ({"fails": True}, "[HLS 200-70] Synthesizability check failed"),
        ({"catalog": True}, "the core wants IP of the catalog"),
        ({"forgets": True}, "ROM_AUTO_1R.dat, which is not in"),
        ({"clash": "token_ring"}, "token_ring.v of the core has the name of a module of the engine"),
    ):
        shutil.rmtree(build.folder / "synth", ignore_errors=True)
        monkeypatch.setenv("FAKE_VITIS", json.dumps(behaviour))
        row = synth(build.folder)[1]
        assert row["status"] == "failed" and said in row["error"], (said, row)


def test_verilog_of_other_sources_is_refused(build: Build) -> None:
    vitis_hls = VitisHls()
    assert vitis_hls.run(build.folder / "hls" / "build_core.tcl") == 0, vitis_hls.output
    receipt = build.folder / "synth" / "vitis" / "result.txt"
    receipt.write_text(receipt.read_text().replace("stamp ", "stamp 0"))
    code, vivado = run(build.folder)
    assert code == 1 and any("is of other sources than the build's" in line for line in vivado.output)
    receipt.unlink()
    assert any(
        "run build_core.tcl of the HLS project in Vitis HLS first" in line for line in run(build.folder)[1].output
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-flow_target vivado", "-flow_target kernel", "give -flow_target vivado"),
        ("set_part xc", "# xc", "csynth_design: no part yet"),
        ("create_clock -period 10 -name default", "create_clock -freq 100", "create_clock: no option -freq"),
        ("$core.cpp]", "$core.c]", "hardwire_chip_core.c does not exist"),
        ("set_top $core", "set_top hardwire_core", "there is no function hardwire_core"),
        ("csynth_design\n", "csynth\n", 'invalid command name "csynth"'),
    ],
)
def test_broken_scripts_for_vitis_fail_for_their_reason(build: Build, old: str, new: str, said: str) -> None:
    script = build.folder / "hls" / "build_core.tcl"
    text = script.read_text()
    assert old in text
    script.write_text(text.replace(old, new))
    vitis_hls = VitisHls()
    assert vitis_hls.run(script) == 1 and any(said in line for line in vitis_hls.output), vitis_hls.output
    assert not (build.folder / "synth" / "vitis" / "result.txt").exists()


def test_a_block_with_a_handshake_or_a_plain_port_is_refused(build: Build) -> None:
    header = build.folder / "hls" / "firmware" / "hardwire_chip_core.hpp"
    text = header.read_text()
    for old, said in (
        ("#pragma HLS INTERFACE ap_ctrl_none port = return\n", "ap_start would be left open"),
        ("#pragma HLS INTERFACE axis port = logits\n", "logits is no AXI stream"),
    ):
        header.write_text(text.replace(old, ""))
        vitis_hls = VitisHls()
        assert vitis_hls.run(build.folder / "hls" / "build_core.tcl") == 1
        assert any(said in line for line in vitis_hls.output), vitis_hls.output


def test_the_packaged_ip_is_whole_and_the_handoff_the_same(build: Build, tmp_path: Path) -> None:
    """Another tool elaborates the packaged files: the core's ports are those that the engine joins."""
    vitis_hls = VitisHls()
    assert vitis_hls.run(build.folder / "hls" / "build_core.tcl") == 0, vitis_hls.output
    code, vivado = run(build.folder)
    assert code == 0, vivado.output
    core = vivado.cores[str(build.folder / "synth" / "vivado" / "ip")]
    flags = ["-Wno-lint", "-DSYNTHESIS", "-Werror-WIDTH", "-Werror-PINMISSING"]
    assert lint(core.top, core.sources, Path(core.root), tmp_path / "log", flags) == ""
    write_hwh(tmp_path / "hardwire.hwh", load_board("pynq-z2"))
    ours = (tmp_path / "hardwire.hwh").read_text()
    assert 'INSTANCE="chip"' in ours and (build.folder / "synth/vivado/hardwire.hwh").is_file()


def test_options_that_make_no_sense_are_refused(made: Build, tmp_path: Path) -> None:
    chip, board = made.folder / "model.chip", load_board("pynq-z2")
    for more, said in (
        ({"target": "rtl", "ip": "hls"}, "--ip hls is what a bitstream is made with; with --target rtl leave it out"),
        ({"target": "bitstream", "ip": "hls", "geometry": Geometry()}, "--geometry is of the RTL engine"),
        ({"target": "bitstream", "ip": "vhdl"}, "no core 'vhdl'; choose rtl or hls"),
    ):
        with pytest.raises(BuildError, match=said):
            make_build(chip, board, tmp_path / "b", **more)  # type: ignore[arg-type]
