# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A bus threaded through sources: which modules change, and how; frozen builds know nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardwire.build.collect import sources_digest
from hardwire.chip.model import Chip
from hardwire.emit.rtl import loads
from hardwire.emit.rtl.contents import Pour
from hardwire.emit.rtl.project import rtl_folder, write_rtl
from hardwire.emit.rtl.thread import End, connected, threaded, with_port
from hardwire.errors import BuildError
from hardwire.plan.geometry import Geometry

RTL = rtl_folder()
SOURCES = {
    "top": (
        "module top (\n  input logic clk_i\n);\n  // a leaf #(.A(1)) u_not (\n  middle u_middle (.clk_i);\nendmodule\n"
    ),
    "middle": (
        'module middle\n  import a_pkg::*;\n#(\n  parameter int W = (3)\n) (\n  input logic clk_i\n);\n'
        '  leaf #(.File({Folder, "leaf #(x) u_y ("}), .W($clog2(W))) u_one (\n    .clk_i);\n'
        "  if (W > 1) begin : gen_two\n    other u_other (.clk_i);\n  end\nendmodule\n"
    ),
    "other": "module other (input logic clk_i);\n  logic leaf;\n  assign leaf = clk_i;\nendmodule\n",
}  # fmt: skip


def test_what_is_on_the_way_changes() -> None:
    made = threaded(SOURCES, {"leaf": End("written_leaf", more=("rst_i",))}, "input bus_t bus_i", "bus_i")
    assert sorted(made) == ["middle", "top"]
    top, middle = made["top"], made["middle"]
    assert "module top (\n  input bus_t bus_i,\n  input logic clk_i\n);" in top
    assert "middle u_middle (.bus_i, .clk_i);" in top and "// a leaf #(.A(1)) u_not (" in top
    assert top.count("assign unused_bus_i = ^bus_i;") == 1
    one = 'written_leaf #(.File({Folder, "leaf #(x) u_y ("}), .W($clog2(W))) u_one (\n    .bus_i, .rst_i, .clk_i);'
    assert one in middle and "other u_other (.clk_i)" in middle
    assert "parameter int W = (3)\n) (\n  input bus_t bus_i,\n" in middle


def test_signals_of_another_name_and_sources_that_are_none() -> None:
    assert connected("a #(.X(1)) u_a (\n  .b);", "a", {"c_o": "c", "d_o": "d_o"}) == (
        "a #(.X(1)) u_a (\n  .c_o(c), .d_o, .b);"
    )
    with pytest.raises(BuildError, match="no module a in its source"):
        with_port("module b (input c);", "a", "input d")
    with pytest.raises(BuildError, match="a parenthesis that does not close"):
        with_port("module a #(parameter b = (1) (input c);", "a", "input d")


def test_a_host_that_cannot_be_joined_is_refused() -> None:
    """Rather than a chip that loads nothing."""
    boards = Path(__file__).parents[1] / "boards"
    for name in ("zynq/hardwire_axi.sv", "serial/serial_board.sv"):
        text = (boards / name).read_text()
        made = loads.threaded_board(text)
        assert made.count("load_valid") >= 3 and "load_valid_i(1'b0)" not in made
        with pytest.raises(BuildError, match="a board's top: nothing in it to join"):
            loads.threaded_board(text.replace(".load_valid_i(1'b0)", ".load_valid_i( 1'b0)"))
    link = (rtl_folder() / "serial_host.sv").read_text()
    assert "loading_registers" in loads.threaded_link(link)
    with pytest.raises(BuildError, match="serial_host: nothing in it to join"):
        loads.threaded_link(link.replace("u_registers", "registers"))


def test_requests_end_where_the_register_says() -> None:
    """No loop and no register compares with the built context; where there is nothing to replace, it is refused."""
    sources = {path.stem: path.read_text() for path in (*RTL.glob("*.sv"), *(RTL / "reprint").glob("*.sv"))}
    loop = loads.threaded_engine(sources)["token_loop"]
    assert "written_positions u_positions (.contents_i, .clk_i, .positions_o(positions));" in loop
    assert "Context)" not in loop and "Context -" not in loop
    host = loads.threaded_registers(sources)
    assert sorted(host) == ["host_registers", "host_request", "host_settings", "loading_registers"]
    assert "PositionW'(Context)" not in host["host_request"] and "Context" not in host["host_settings"]
    assert ".positions_i(positions), .clk_i" in host["loading_registers"]
    for module in ("token_loop", "host_settings"):
        made = loads.threaded_engine if module == "token_loop" else loads.threaded_registers
        with pytest.raises(BuildError, match=f"{module}: nothing in it to join"):
            made({**sources, module: sources[module].replace("(Context", "( Context")})


def test_every_memory_is_reached(tiny_chip: Chip, tmp_path: Path) -> None:
    """No frozen memory is left in a reprintable build, and nothing else has changed but what is on the way."""
    write_rtl(tiny_chip, tmp_path / "all", Geometry(trace=True), pour=Pour.ALL)
    left = {path.stem: path.read_text() for path in (tmp_path / "all" / "rtl").glob("*.sv")}
    for name, end in loads.ENDS.items():
        assert name not in left and end.module in left
        assert all(connected(text, name, {"x": "x"}) == text for text in left.values()), name
    same = {path.stem for path in rtl_folder().glob("*.sv") if left.get(path.stem) == path.read_text()}
    assert {"requant", "uram_pair", "host_counters", "rows", "kv_cache"} <= same
    assert not {"engine", "softmax", "weights", "serial_host", "token_loop", "host_request", "host_settings"} & same


@pytest.mark.parametrize("pour", [Pour.URAM, Pour.ALL])
def test_frozen_builds_know_nothing_of_it(tiny_chip: Chip, tmp_path: Path, pour: Pour) -> None:
    geometry = Geometry(uram=2)
    write_rtl(tiny_chip, tmp_path / "before", geometry)
    write_rtl(tiny_chip, tmp_path / "written", geometry, pour=pour)
    write_rtl(tiny_chip, tmp_path / "written", geometry)
    assert sources_digest(tmp_path / "written") == sources_digest(tmp_path / "before")
    frozen = {path.name: path.read_bytes() for path in (tmp_path / "before" / "rtl").iterdir()}
    for name, data in frozen.items():
        source = rtl_folder() / name
        assert name in ("plan_pkg.sv", "ports.hpp") or source.read_bytes() == data


def test_the_packages_are_those_of_their_table() -> None:
    for path, text in loads.generated(Path(__file__).parents[1]).items():
        assert path.read_text() == text, f"{path.name}: run python -m hardwire.emit.rtl.loads"
