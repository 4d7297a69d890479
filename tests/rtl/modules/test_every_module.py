# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every module of rtl/ has a bench of its own name; those that only wire others together say where they are tested."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS, RTL = HERE.parents[1], HERE.parents[2] / "rtl"

# Modules that are wiring alone: nothing to compare with but the whole, which these tests do.
WIRING = {
    "attention": "rtl/test_engine.py",
    "branch_norm": "rtl/test_engine.py",
    "choice_engine": "rtl/test_choice_engine.py",
    "choice_registers": "axi/test_choice_port.py",
    "cached_attention": "rtl/test_engine.py",
    "engine": "rtl/test_engine.py",
    "head_norm": "rtl/test_engine.py",
    "host_registers": "axi/test_port.py",
    "host_streams": "axi/test_streams.py",
    "loading_registers": "axi/test_reprint.py",
    "logit_cap": "rtl/test_engine.py",
    "serial_host": "uart/test_wire.py",
    "serial_link": "uart/test_wire.py",
    "streamed_engine": "vivado/test_hls_core.py",
    "DP16KD": "synth/test_netlist.py",
    "RAMB18E1": "synth/test_netlist.py",
    "RAMB36E1": "synth/test_netlist.py",
}


def sources() -> dict[str, str]:
    """Module to its text, without comments."""
    found = {}
    for path in sorted(RTL.rglob("*.sv")):
        text = re.sub(r"//.*", "", path.read_text())
        modules = re.findall(r"^\s*module\s+(\w+)", text, re.M)
        assert modules in ([path.stem], []), f"{path.name} holds {modules}: a module, a file, one name"
        assert modules or f"package {path.stem};" in text, f"{path.name} holds neither its module nor its package"
        found |= {name: text for name in modules}
    return found


def instances(text: str, names: set[str]) -> set[str]:
    """The modules that one's text instantiates: a name, its parameters or none, the instance's name and its ports."""
    return {name for name in re.findall(r"\b(\w+)\s*(?:#\s*\(|u_\w+\s*\()", text) if name in names}


def test_instances_are_found() -> None:
    text = (
        "module a; rom #(.Depth(3)) u_a (.b); for (;;) begin delay u_b (.*); end crc8 u_c (.x); requant\n  #(.A(1)) u_d"
    )
    names = {"rom", "delay", "crc8", "requant", "dot", "a"}
    assert instances(text, names) == names - {"dot", "a"}


def test_every_module_has_a_bench() -> None:
    modules = sources()
    assert len(modules) > 70
    benches = {path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")} - {"every_module"}
    missing = sorted(set(modules) - benches - set(WIRING))
    assert not missing, f"without tests/rtl/modules/test_<module>.py: {', '.join(missing)}"
    assert benches <= set(modules), f"benches of no module: {benches - set(modules)}"


def test_a_bench_is_of_the_module_it_names() -> None:
    for path in HERE.glob("test_*.py"):
        name = path.stem.removeprefix("test_")
        if name != "every_module":
            text = path.read_text()
            assert re.search(rf'Bench\(\s*"{name}"', text), f"{path.name} does not simulate {name}"
            assert "pytestmark = pytest.mark.tools" in text and text.split('"""')[1].startswith(f"{name}: ")


def test_a_leaf_is_not_excused() -> None:
    """What instantiates nothing, or memories and delays alone, does something of its own."""
    modules = sources()
    within = {name: instances(text, set(modules)) - {name} for name, text in modules.items()}
    leaves = {name for name, inner in within.items() if all(not within[i] for i in inner)}
    assert {"requant", "uart_rx", "streamer", "leading_one", "gate"} <= leaves and "engine" not in leaves
    excused = (leaves & set(WIRING)) - {"DP16KD", "RAMB18E1", "RAMB36E1", "streamed_engine"}
    assert not excused, f"these are leaves: {excused}"
    assert set(WIRING) <= set(modules) and not benches_of(WIRING), "a module with a bench is not excused"


def benches_of(names: dict[str, str]) -> set[str]:
    for test in names.values():
        assert (TESTS / test).is_file(), f"{test} is not there"
    return {name for name in names if (HERE / f"test_{name}.py").is_file()}
