# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The chip's interrupt through an AXI INTC to pynq's own Interrupt: a program that waits does not read the bus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hardwire
from hardwire.backends.simintc import CIE, IAR, IER, IPR, ISR, IVR, MER, SIE, AxiIntc
from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.targets.board import load_board

pytestmark = pytest.mark.tools
PYNQ31 = Path(os.environ.get("HARDWIRE_PYNQ31", Path(__file__).parents[2] / ".venv-pynq31"))
VERSIONS = ["3.1.2", "4.0.0"]


@pytest.fixture(scope="module")
def build(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("interrupt")
    chip_with_text.save(folder / "tiny.chip")
    return make_build(folder / "tiny.chip", load_board("pynq-z2"), folder / "tiny", target="bitstream")


SCRIPT = """
import asyncio, json, sys, time
from pathlib import Path
import pynq, pynq.interrupt
from hardwire.backends.simboard import open_simulated, simulated_board
from hardwire.build.folder import open_build
from hardwire.host.registers import address
from hardwire.driver.overlay import open_board

seen = {"awaiting": 0, "waits": 0, "looks": 0, "looks while waiting": 0, "ticks while waiting": 0}
wait = pynq.interrupt.Interrupt.wait


async def noted(self):
    seen["waits"] += 1
    seen["awaiting"] += 1
    try:
        await wait(self)
    finally:
        seen["awaiting"] -= 1


pynq.interrupt.Interrupt.wait = noted
model = open_simulated(Path(FOLDER))
board = model.hosted.bus.mmio.device
read = board.read_registers


def looked(at, length):
    if at == board.base + address("write_index"):
        seen["looks"] += 1
        seen["looks while waiting"] += seen["awaiting"]
    return read(at, length)


board.read_registers = looked


async def others():
    while True:
        seen["ticks while waiting"] += seen["awaiting"]
        await asyncio.sleep(0.001)


async def story():
    tick = asyncio.create_task(others())
    text = "".join([piece async for piece in model.astream("ab", 12, stops=())])
    tick.cancel()
    return text


if WITHOUT_UIO:
    pynq.interrupt.get_uio_irq = lambda irq: None
texts, interrupts = [asyncio.run(story())], [model.info()["interrupt"]]
woken = board.uio.count
first = dict(seen)


async def cancelled_then_whole():
    async def some():
        async for piece in model.astream("ab", 12, stops=()):
            pass

    task = asyncio.create_task(some())
    while len(model.last.tokens) < 3:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled() and not model.hosted.busy
    return await story()


texts.append(asyncio.run(cancelled_then_whole()))  # an event loop of its own
interrupts.append(model.info()["interrupt"])
print(json.dumps({
    "pynq": pynq.__version__, "first": first, "woken": woken, "texts": texts, "interrupts": interrupts,
    "second": board.uio.count - woken, "enabled": read(board.base + address("irq_enable"), 4)[0],
}))
board.close()
"""


def story(build: Build, version: str, without_uio: bool = False) -> dict[str, object]:
    said = _python(f"FOLDER, WITHOUT_UIO = {str(build.folder)!r}, {without_uio}\n{SCRIPT}", version)
    assert said["pynq"] == version
    return said


def _python(code: str, version: str) -> dict[str, object]:
    env = dict(os.environ)
    if version == "3.1.2":
        assert (PYNQ31 / "pynq").is_dir(), f"no pynq 3.1.2 in {PYNQ31}; make test installs it"
        env["PYTHONPATH"] = os.pathsep.join([str(PYNQ31), *sys.path])
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    said: dict[str, object] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("version", VERSIONS)
def test_a_program_that_waits_does_not_poll(build: Build, version: str) -> None:
    said = story(build, version)
    wanted = hardwire.load(build.folder, backend="reference").generate("ab", 12, stops=())
    assert said["texts"] == [wanted, wanted] and said["interrupts"] == ["awaited", "awaited"]
    first = said["first"]
    assert isinstance(first, dict)
    # Where a waiting program is late, one wake tells of two tokens: what came before the line was lowered is found by
    # the look behind that. So wakes are compared with looks, not with tokens.
    assert first["looks while waiting"] == 0 and first["looks"] <= first["waits"] + 4, "it looks when it was woken"
    assert first["ticks while waiting"] > 0, "other tasks went on meanwhile"
    assert said["woken"] >= 2, "pynq was woken by its UIO device"
    assert said["second"] >= 2, "in a second event loop, too, and behind a request that was cancelled while it waited"
    assert said["enabled"] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kernel_without_the_device_is_polled_and_says_so(build: Build, version: str) -> None:
    said = story(build, version, without_uio=True)
    wanted = hardwire.load(build.folder, backend="reference").generate("ab", 12, stops=())
    reason = "polled: Could not find UIO device for interrupt pin for IRQ number 61"
    assert said["texts"] == [wanted, wanted] and said["interrupts"] == [reason, reason] and said["woken"] == 0


HANDOFFS = """
import json
from pathlib import Path
import pynq
from hardwire.backends.simboard import RuntimeMetadataParser
from hardwire.targets.board import load_board
from hardwire.emit.top.hwh import write_hwh
from pynqmetadata.frontends import Metadata
found = {}
for board in ("pynq-z2", "kv260"):
    path = Path(FOLDER) / f"{board}.hwh"
    write_hwh(path, load_board(board))
    parsed = RuntimeMetadataParser(Metadata(input=str(path)))
    pin, controller = parsed.interrupt_pins["chip/irq"], parsed.interrupt_controllers["intc"]
    found[board] = [pin["controller"], pin["index"], controller["parent"], controller["raw_irq"]]
    found[board] += [parsed.ip_dict[name]["phys_addr"] for name in ("chip", "intc")]
print(json.dumps(found))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_pynq_finds_the_pin_behind_its_controller(tmp_path: Path, version: str) -> None:
    assert _python(f"FOLDER = {str(tmp_path)!r}\n{HANDOFFS}", version) == {
        "pynq-z2": ["intc", 0, "", 61, 0x43C0_0000, 0x43C8_0000],
        "kv260": ["intc", 0, "", 121, 0xA000_0000, 0xA008_0000],
    }


def test_the_controller_remembers_a_level_until_it_is_acknowledged() -> None:
    level = [False]
    intc = AxiIntc(lambda: level[0])
    intc.write(SIE, 1)
    level[0] = True
    assert not intc.output and intc.read(ISR) == 0, "hardware interrupts are off"
    intc.write(ISR, 1)  # software's own
    assert intc.read(IPR) == 1 and intc.read(IVR) == 0
    intc.write(IAR, 1)
    intc.write(MER, 3)
    assert intc.output and intc.listens and (intc.read(IPR), intc.read(IVR)) == (1, 0)
    intc.write(CIE, 1)
    assert not intc.output and (intc.read(ISR), intc.read(IPR), intc.read(IVR)) == (1, 0, 0xFFFF_FFFF)
    intc.write(IAR, 1)
    assert intc.read(ISR) == 1, "the level still stands"
    level[0] = False
    intc.write(IER, 1)
    assert intc.output, "and is remembered when it has fallen"
    intc.write(IAR, 1)
    assert not intc.output and intc.read(ISR) == 0
    intc.write(ISR, 1)
    assert intc.read(ISR) == 0, "software's are off since hardware's are on"
    intc.write(MER, 0)
    assert intc.read(MER) == 2 and not intc.listens
