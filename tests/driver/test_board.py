# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A bitstream's folder, pynq's own Overlay and MMIO, and text: on a board that a chip's bus stands in for."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hosted import GEOMETRY, expected
from outlines import TINY

import hardwire
from hardwire.chip.model import Chip
from hardwire.cli.doctor import report
from hardwire.driver.mmio import Bus, MappedChip
from hardwire.driver.selftest import selftest
from hardwire.errors import BoardError, BuildError, LinkError, PromptError, ToolMissing
from hardwire.host.registers import address
from hardwire.plan.schedule import schedule
from hardwire.plan.trace import stages
from hardwire.quantize import random_chip

from .board import hwh, make_bundle, make_device, seal

pytestmark = pytest.mark.tools
TESTS = Path(__file__).parents[1]
one = pytest.mark.parametrize("bus", ["fast"], indirect=True)  # what streams nothing needs no other bus
PYNQ31 = Path(os.environ.get("HARDWIRE_PYNQ31", TESTS.parent / ".venv-pynq31"))


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARDWIRE_LOCKS", str(tmp_path))
    monkeypatch.delenv("BOARD", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(chip_with_text: Chip, tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bitstreams" / "pynq-z2" / "story", chip_with_text)


@pytest.fixture
def reference(chip_with_text: Chip, tmp_path: Path) -> hardwire.LanguageModel:
    chip_with_text.save(tmp_path / "m.chip")
    return hardwire.load(tmp_path / "m.chip")


def test_from_the_overlay_to_text(bus: Bus, folder: Path, reference: hardwire.LanguageModel) -> None:
    device = make_device(bus)
    with hardwire.load("story", device=device) as board:  # by its name: the device says which board
        assert device.downloads == [str(folder.resolve() / "hardwire.bit")]
        for options in ({}, {"temperature": 0.9, "seed": 4, "stops": ()}, {"tokens": 3, "stops": (4, 5)}):
            assert board.generate("abc", **options) == reference.generate("abc", **options)
            assert (board.last.tokens, board.last.status) == (reference.last.tokens, reference.last.status)
        pieces = list(board.stream("abc", 4, stops=()))
        assert [piece.id for piece in pieces] == board.last.tokens and all(
            isinstance(p, hardwire.Token) for p in pieces
        )
        said = board.info()
        assert said["board"] == "pynq-z2" and said["id"] == board.chip.digest[:8] and said["reads"] > 0
        assert said["interrupt"].startswith("polled: pynq finds no interrupt controller behind chip/irq"), "an old .hwh"
        json.dumps(said)
    with pytest.raises(BuildError, match="was closed; load it again"):
        board.generate("abc")


def test_asyncio_text(bus: Bus, folder: Path, reference: hardwire.LanguageModel) -> None:
    board = hardwire.load(folder, device=make_device(bus))

    async def collect(model: hardwire.LanguageModel) -> str:
        return "".join([piece async for piece in model.astream("abc", stops=())])

    wanted = reference.generate("abc", stops=())
    assert asyncio.run(collect(board)) == asyncio.run(collect(reference)) == wanted


def test_chat_continues_with_the_cache(bus: Bus, folder: Path, reference: hardwire.LanguageModel) -> None:
    board = hardwire.load(folder, device=make_device(bus))
    assert isinstance(board.hosted, MappedChip)
    for text in ("ab", "c", "de"):
        before = board.hosted.position
        pieces = [list(model.chat(text, 2, stops=())) for model in (board, reference)]
        assert pieces[0] == pieces[1] and board.last.tokens == reference.last.tokens
        if before:
            assert bus.read(address("position")) > before, "the context went on"
            assert board.last.prompt == reference.last.prompt[-len(board.last.prompt) :]
    stream = board.chat("f", 3, stops=())
    next(stream)
    stream.close()  # heard one of what was computed: all that was said is fed again
    again = [reference.codec.decode(reference._history)]
    list(reference.chat("f", 1, stops=()))
    assert again and board._history == reference._history
    assert "".join(board.chat("g", 1, stops=())) == "".join(reference.chat("g", 1, stops=()))
    with pytest.raises(PromptError, match="positions are left; shorten it, or begin anew with reset"):
        board.chat("a" * 20)
    board.reset()
    assert "".join(board.chat("ab", 2, stops=())) == reference.generate("ab", 2, stops=())


@one
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 4}, "^top_k: this board samples by temperature and seed alone; build it with --sampler extended"),
        ({"penalty": 1.1}, "^penalty: this board samples by temperature and seed alone"),
        (
            {"beams": 2, "top_k": 1},
            "^beams: there is no such option; there are tokens, temperature, seed, stops, drafts, and of",
        ),
    ],
)
def test_an_option_that_the_chip_does_not_have(bus: Bus, folder: Path, options: dict[str, Any], message: str) -> None:
    board = hardwire.load(folder, device=make_device(bus))
    for ask in (board.stream, board.generate, board.astream, board.chat):
        with pytest.raises(PromptError, match=message):
            ask("abc", **options)


BAD = {
    "temperature nan": ({"temperature": float("nan")}, "temperature nan is not usable"),
    "no such stop": ({"stops": (41,)}, "stop token 41 is not one of the 40"),
    "a negative stop": ({"stops": (-1,)}, "stop token -1 is not one of the 40"),
    "a negative budget": ({"tokens": -1}, "a budget of -1 tokens"),
    "too long": ({"prompt": "a" * 22}, "the prompt has 24 tokens; the context of 24 leaves no room"),
}


@one
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_served_is_refused_at_once(bus: Bus, folder: Path, name: str) -> None:
    options, message = BAD[name]
    board = hardwire.load(folder, device=make_device(bus))
    with pytest.raises(PromptError, match=message):
        board.stream(**{"prompt": "abc", **options})
    assert not board.hosted.busy


# -- what is checked before a bitstream is trusted ----------------------------------------------------


@one
def test_another_board(bus: Bus, folder: Path) -> None:
    device = make_device(bus, board="KV260")
    with pytest.raises(
        BoardError, match=r"story is for PYNQ-Z2, this is kv260; make it on .*--board kv260 --target bit"
    ):
        hardwire.load(folder, device=device)
    with pytest.raises(BoardError) as raised:
        hardwire.load("story", device=device)
    said = str(raised.value)
    assert "no bitstream of 'story' for kv260 (there is one for pynq-z2)" in said
    assert "hardwire build story.chip --board kv260 --target bitstream -o story && hardwire synth story" in said
    assert "on a computer with Vivado on its PATH" in said
    assert 'backend="reference"' in said and device.downloads == []


def test_the_reference_meanwhile(folder: Path, reference: hardwire.LanguageModel) -> None:
    assert hardwire.load("story", backend="reference").generate("abc") == reference.generate("abc")


@one
def test_the_board_by_its_environment(bus: Bus, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device(bus, board="some")
    monkeypatch.setenv("BOARD", "Pynq-Z1")
    with pytest.raises(BoardError, match="story is for PYNQ-Z2, this is pynq-z1"):
        hardwire.load(folder, device=device)
    monkeypatch.setenv("BOARD", "Pynq-Z2")
    assert hardwire.load(folder, device=device).info()["board"] == "pynq-z2"


def test_no_board_at_all(folder: Path) -> None:
    with pytest.raises(
        BoardError, match=r"is no board that hardwire knows, so no bitstream of 'story' is for it \(there"
    ):
        hardwire.load("story")
    with pytest.warns(UserWarning), pytest.raises(BoardError, match="pynq finds no FPGA here"):
        hardwire.load(folder)


def _edit(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"clock_mhz": 100.0', '"clock_mhz": 200.0'))


def _other_hwh(folder: Path) -> None:
    (folder / "hardwire.hwh").write_text(hwh(base=0xA000_0000))


def _other_chip(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    random_chip(_tiny(), seed=9).save(folder / "model.chip")
    seal(folder, manifest)


def _tiny(**changed: int) -> Any:
    return replace(TINY, **changed)


def _outside(folder: Path) -> None:
    from hardwire.manifest import manifest_digest

    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {"../../hardwire.bit": "0", **manifest["files"]}
    manifest["digest"] = manifest_digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


FOLDERS = {
    "manifest edited": (_edit, "manifest.json was edited: its digest is not that of its contents"),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "no readable manifest.json"),
    "not json": (lambda f: (f / "manifest.json").write_text("{"), "manifest.json: malformed, JSONDecodeError"),
    "a list": (lambda f: (f / "manifest.json").write_text("[]"), "manifest.json: malformed, it is no object"),
    "empty": (lambda f: (f / "manifest.json").write_text("{}"), "malformed"),
    ".hwh missing": (lambda f: (f / "hardwire.hwh").unlink(), "hardwire.hwh is missing; copy the whole folder"),
    ".bit missing": (lambda f: (f / "hardwire.bit").unlink(), "hardwire.bit is missing"),
    ".hwh of another build": (
        _other_hwh,
        "hardwire.hwh is not the one of its manifest: it was changed, or is of another",
    ),
    ".bit of another build": (
        lambda f: (f / "hardwire.bit").write_bytes(b"x"),
        "hardwire.bit is not the one of its man",
    ),
    "another chip": (_other_chip, r"model.chip is chip \w{8}, not \w{8}; deploy again"),
    "a file outside": (_outside, "names '../../hardwire.bit', which is outside the folder"),
}


@one
@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_not_whole(bus: Bus, folder: Path, name: str) -> None:
    spoil, message = FOLDERS[name]
    spoil(folder)
    device = make_device(bus)
    with pytest.raises((BuildError, BoardError), match=message):
        hardwire.load(folder, device=device)
    assert device.downloads == [], "nothing was loaded"


DESCRIPTIONS = {
    "no IP of ours": ({"vlnv": "xilinx.com:ip:axi_gpio:2.0"}, r"has 0 IPs hardwire:hardwire:hardwire_chip:\*, not one"),
    "a small window": ({"size": 1 << 16}, "chip has 0x10000 bytes, not 0x80000"),
    "other registers": ({"shift": 4}, "register magic is at 0x4, this driver's at 0x0; take the driver of the build"),
}


@one
@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_that_does_not_go_with_the_driver(
    bus: Bus, chip_with_text: Chip, tmp_path: Path, name: str
) -> None:
    description, message = DESCRIPTIONS[name]
    folder = make_bundle(tmp_path / "x", chip_with_text, **description)
    with pytest.raises(BuildError, match=message):
        hardwire.load(folder, device=make_device(bus))


@one
def test_a_bitstream_that_is_another_model(bus: Bus, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "x", random_chip(_tiny(), seed=9))
    with pytest.raises(LinkError, match=r"the board holds chip \w{8}, not \w{8}; load the right bitstream"):
        hardwire.load(folder, device=make_device(bus))


@one
def test_only_root_may(bus: Bus, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device(bus)

    def refuse(*_: object) -> None:
        raise OSError("Root permissions required.")

    monkeypatch.setattr(device, "download", refuse)
    with pytest.raises(
        LinkError, match=r"pynq may not reach the FPGA \(Root permissions required.\); run in the board"
    ):
        hardwire.load(folder, device=device)


@one
def test_without_pynq(bus: Bus, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device(bus)
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(ToolMissing, match="boards with a Zynq need pynq .*on a PYNQ image run in Jupyter"):
        hardwire.load(folder, device=device)


def test_a_cell_that_is_run_twice(bus: Bus, folder: Path, chip_with_text: Chip) -> None:
    device = make_device(bus)
    first = hardwire.load(folder, device=device)
    second = hardwire.load(folder, device=device)
    assert second.hosted.generate([7, 7]) == expected(chip_with_text, [7, 7])[0]
    with pytest.raises(BuildError, match="was closed; load it again"):
        first.generate("abc")


# -- is it the model? ---------------------------------------------------------------------------------


def test_verify(bus: Bus, folder: Path) -> None:
    board = hardwire.load(folder, device=make_device(bus))
    for tokens, source in ((10, "recorded"), (12, "reference")):
        found = board.verify(tokens)
        assert found and (found.tokens, found.logits, found.source) == (2 * tokens, 40 * tokens, source)


def test_verify_names_the_first_difference(bus: Bus, folder: Path) -> None:
    class Bent:
        """One bit of the logit window is stuck."""

        def __init__(self) -> None:
            self.write, self.run = bus.write, bus.run  # type: ignore[attr-defined]

        def read(self, at: int) -> int:
            return bus.read(at) ^ (16 if at == address("logits", 1) else 0)

    found = hardwire.load(folder, device=make_device(Bent())).verify()
    assert not found and found.tokens == 0 and "token 0, logit 1: " in str(found.first_difference)
    assert "(1 of 40 differ)" in str(found.first_difference)


@pytest.mark.parametrize("bus", ["rtl"], indirect=True)
def test_verify_names_the_first_wrong_stage(bus: Bus, chip_with_text: Chip) -> None:
    """The trace window of the RTL against the reference; then with a bit of layer 1's queries bent."""

    class Bent:
        def __init__(self, word: int) -> None:
            self.write, self.run, self.word = bus.write, bus.run, word  # type: ignore[attr-defined]

        def read(self, at: int) -> int:
            return bus.read(at) ^ (at == address("trace", self.word))

    geometry = asdict(GEOMETRY)
    found = selftest(MappedChip(bus), chip_with_text, 5, geometry=geometry)
    assert found and found.stages > 5 * 10 and found.logits == 5 * 40
    made = stages(chip_with_text, schedule(chip_with_text, GEOMETRY))
    query = next(stage for stage in made if stage.name == "L1.q")
    found = selftest(MappedChip(Bent(query.word)), chip_with_text, 5, geometry=geometry)
    assert str(found.first_difference).startswith("token 0: stage L1.q is wrong first, its checksum ")
    with pytest.raises(
        BuildError, match=r"the chip traces \d+ segments, its manifest says \d+; deploy the build again"
    ):
        selftest(MappedChip(Bent(0)), random_chip(_tiny(layers=1), seed=9), 5, geometry=geometry)


def test_verify_is_of_a_board(reference: hardwire.LanguageModel) -> None:
    with pytest.raises(BuildError, match="is no board; hardwire verify proves the other steps"):
        reference.verify()


def test_the_doctor_on_a_board(bus: Bus, folder: Path) -> None:
    data = json.loads(json.dumps(report(folder, make_device(bus))))
    assert data["board"] == "pynq-z2" and data["packages"]["pynq"]
    chip = data["chip"]
    assert (chip["status"], chip["first_difference"]) == ("equal", None)
    assert chip["compared"] == {"tokens": 20, "logits": 400, "checksums": 0, "with": "recorded"}
    assert chip["clock_mhz"] == 100 and chip["fabric_mhz"] == 100 and chip["id"] == chip["digest"][:8]
    assert chip["clock"]["built_for_mhz"] == 100 and chip["clock"]["registers_mhz"] == 100
    assert chip["clock"]["status"] == "not measured: its time is simulated"
    (folder / "hardwire.hwh").unlink()
    failed = report(folder, make_device(bus))["chip"]
    assert failed["status"] == "failed" and "hardwire.hwh is missing" in failed["error"]


# -- the real packages --------------------------------------------------------------------------------

USED = """
import inspect, json, pynq
print(json.dumps({
    "version": pynq.__version__,
    "Overlay": list(inspect.signature(pynq.Overlay.__init__).parameters),
    "download": list(inspect.signature(pynq.Overlay.download).parameters),
    "set_pl_clk": list(inspect.signature(type(pynq.Clocks).set_pl_clk).parameters),
    "fclk0_mhz": isinstance(inspect.getattr_static(type(pynq.Clocks), "fclk0_mhz"), property),
    "MMIO": list(inspect.signature(pynq.MMIO.__init__).parameters),
    "read": list(inspect.signature(pynq.MMIO.read).parameters)[:3],
    "write": list(inspect.signature(pynq.MMIO.write_reg).parameters),
    "Interrupt": list(inspect.signature(pynq.Interrupt.__init__).parameters),
    "wait": inspect.iscoroutinefunction(pynq.Interrupt.wait),
}))
"""
WANTED = {
    "Overlay": ["self", "bitfile_name", "dtbo", "download", "ignore_version", "device", "gen_cache"],
    "download": ["self", "dtbo"],
    "set_pl_clk": ["cls", "clk_idx", "div0", "div1", "clk_mhz"],
    "fclk0_mhz": True,
    "MMIO": ["self", "base_addr", "length", "device", "kwargs"],
    "read": ["self", "offset", "length"],
    "write": ["self", "offset", "data"],
    "Interrupt": ["self", "pinname"],
    "wait": True,
}
STORY = """
import sys
sys.path.insert(0, {tests!r})
import hardwire, pynq
from driver.board import make_device
from driver.model import ModelChip
from hardwire.chip.model import load_chip
bus = ModelChip(load_chip({folder!r} + "/model.chip"), ring=64, cost=900)
with hardwire.load({folder!r}, device=make_device(bus)) as chip:
    print(pynq.__version__, bool(chip.verify()), chip.generate("abc", stops=()), sep="|")
"""


def _python(code: str, version: str) -> str:
    env = dict(os.environ)
    if version == "3.1.2":
        assert (PYNQ31 / "pynq").is_dir(), f"no pynq 3.1.2 in {PYNQ31}; make test installs it"
        env["PYTHONPATH"] = str(PYNQ31)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("version", ["3.1.2", "4.0.0"])
def test_what_is_used_of_pynq_is_there(version: str) -> None:
    said = json.loads(_python(USED, version))
    assert said.pop("version") == version and said == WANTED


@pytest.mark.parametrize("version", ["3.1.2", "4.0.0"])
def test_a_story_with_each_pynq(folder: Path, reference: hardwire.LanguageModel, version: str) -> None:
    wanted = reference.generate("abc", stops=())
    assert _python(STORY.format(tests=str(TESTS), folder=str(folder)), version).strip() == f"{version}|True|{wanted}"


CLOCKS = """
import sys
sys.path.insert(0, {tests!r})
import hardwire, pynq
from driver.board import make_device
from driver.model import ModelChip
from hardwire.chip.model import load_chip
device = make_device(ModelChip(load_chip({folder!r} + "/model.chip")))
bare = pynq.Overlay({folder!r} + "/hardwire.bit", download=False, device=device)
assert bare.clock_dict[0]["enable"] == 1 and bare.clock_dict[0]["frequency"] is None
try:
    bare.download()
except TypeError:
    print("pynq alone fails")
hardwire.load({folder!r}, device=device)
print(device.clocks.mhz())
"""


def test_the_clocks_of_a_zynq_7000_are_filled_in(folder: Path) -> None:
    """pynq 4.0 reads no frequency from its metadata, and alone it fails there."""
    said = _python(CLOCKS.format(tests=str(TESTS), folder=str(folder)), "4.0.0")
    assert said.splitlines() == ["pynq alone fails", "100.0"]


def test_a_name_of_which_there_is_nothing_says_how_to_make_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOARD", "Pynq-Z2")
    with pytest.raises(BoardError, match=r"no bitstream of 'poems' for pynq-z2; make it .*hardwire build poems"):
        hardwire.load("poems")
