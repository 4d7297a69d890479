# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The driver on a board's processor, 32 bits and 64: from the zip to the story, against the integer reference here.

qemu runs Debian's Python and numpy of that processor; the chip is the RTL, or the register model, on this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from driver.model import ModelChip
from hosted import FIRST, RING, expected
from outlines import BLOOM, EVERY, EVERYTHING
from tokenizer_kinds import SHIPPED
from tokenizer_texts import texts

from hardwire.chip.model import Chip, Shape
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.quantize import random_chip

from .conftest import Processor, Served

pytestmark = [pytest.mark.tools, pytest.mark.slow]
LARGE_SEED = (1 << 64) - 1
FAR = {"2040": 2_208_988_800, "2110": 4_417_977_600}  # seconds: behind 31 bits, behind 32


@pytest.fixture(params=["model", "rtl"])
def bus(request: pytest.FixtureRequest, chip_with_text: Chip) -> Any:
    """A board that was just switched on; its ring's indices wrap behind the sixth token."""
    if request.param == "model":
        return ModelChip(chip_with_text, ring=RING, first_index=FIRST, cost=900)
    from hardwire.backends.axisim import AxiSim

    sim = AxiSim(request.getfixturevalue("axi_project"))
    sim.compile()
    return sim


def reference(chip: Chip, prompt: str, **options: Any) -> str:
    """What the command prints of a prompt."""
    return prompt + LanguageModel(chip, Reference(chip), "reference").generate(prompt, **options)


def test_versions(processor: Processor, deployed: Path) -> None:
    """What runs is that processor's, and the board's package; printed for the page that says so."""
    code = "import sys, platform, numpy, hardwire; print(platform.machine(), sys.maxsize.bit_length() + 1, "
    code += "sys.version.split()[0], numpy.__version__, hardwire.__file__)"
    machine, bits, python, numpy, there = processor.run("-c", code).stdout.split()
    print(f"{machine}: {bits} bits, Python {python}, numpy {numpy}")
    assert (machine, bits) == (processor.machine, "32" if machine == "armv7l" else "64")
    assert Path(there).is_relative_to(processor.site)


def test_the_commands_of_the_zip(
    processor: Processor, deployed: Path, bus: Any, serve: Served, chip_with_text: Chip
) -> None:
    """run, sampled too, verify and doctor, each a process of its own."""
    command = ("-m", "hardwire")
    sampled = ("--temperature", "0.8", "--seed", str(LARGE_SEED), "--tokens", "9")
    with serve(bus) as board:
        told = processor.run(*command, "run", "story", "--prompt", "abc", folder=deployed, **board)
        assert told.stdout == reference(chip_with_text, "abc") + "\n"
        assert "on story (pynq-z2); ended by: " in told.stderr
        told = processor.run(*command, "run", "story", "--prompt", "abc", *sampled, folder=deployed, **board)
        assert told.stdout == reference(chip_with_text, "abc", temperature=0.8, seed=LARGE_SEED, tokens=9) + "\n"
        told = processor.run(*command, "verify", "story", folder=deployed, **board)
        assert told.stdout == "20 tokens, 400 logits, 0 checksums compared (recorded)\nequal\n"
        report = json.loads(processor.run(*command, "doctor", "story", folder=deployed, **board).stdout)
    assert report["machine"] == processor.machine and report["board"] == "pynq-z2"
    assert report["chip"]["status"] == "equal" and report["chip"]["id"] == chip_with_text.digest[:8]
    assert report["chip"]["fabric_mhz"] == pytest.approx(100.0)


def test_the_reference_there(processor: Processor, deployed: Path, chip_with_text: Chip) -> None:
    told = processor.run("-m", "hardwire", "run", "story", "--prompt", "abc", "--backend", "reference", folder=deployed)
    assert told.stdout == reference(chip_with_text, "abc") + "\n"


REFERENCE = """
import hashlib, json, sys
from pathlib import Path
from hardwire.chip.model import load_chip
from hardwire.chip.reference import Reference
digests = {}
for path in sorted(Path(sys.argv[1]).glob("*.chip")):
    chip = load_chip(path)
    ids = [(7 * at + 3) % chip.shape.vocab for at in range(chip.shape.context)]
    digests[path.stem] = hashlib.sha256(Reference(chip).predict(ids).tobytes()).hexdigest()
print(json.dumps(digests))
"""


def test_logits_of_every_part(processor: Processor, deployed: Path, tmp_path: Path) -> None:
    """A processor's own integers have 32 bits, and numpy's too: ALiBi behind position 586 does not fit them."""
    far = replace(BLOOM, shape=replace(BLOOM.shape, layers=1, context=640))
    for name, outline in {**EVERY, "everything": EVERYTHING, "far": far}.items():
        random_chip(outline, seed=6).save(tmp_path / f"{name}.chip")
    here = subprocess.run([sys.executable, "-c", REFERENCE, tmp_path], capture_output=True, text=True, check=True)
    assert json.loads(processor.run("-c", REFERENCE, tmp_path).stdout) == json.loads(here.stdout)


INDICES = """
import json
import hardwire
from hardwire.host.requests import Request
with hardwire.load("story") as model:
    chip = model.hosted
    said = []
    for budget in (None, 1 << 32, 0, 3):
        said.append([list(chip.stream(Request(ids=(7, 7), budget=budget))), chip.index])
    stream = chip.stream(Request(ids=(7, 7)))
    heard = [next(stream) for _ in range(4)]
    from hardwire.driver.mmio import MappedChip
    other = MappedChip(chip.bus)
    said.append([heard + list(other.resume(chip.index)), other.index])
print(json.dumps(said))
"""


@pytest.mark.parametrize("first", [(1 << 31) - 3, (1 << 31) + 5, (1 << 32) - 3])
def test_indices(processor: Processor, deployed: Path, serve: Served, chip_with_text: Chip, first: int) -> None:
    """Tokens of a chip that ran for long: indices behind 31 bits, and around 32."""
    whole = expected(chip_with_text, [7, 7])[0]
    said, index = [], first
    for tokens in (whole, whole, [], whole[:3], whole):
        index = (index + len(tokens)) % (1 << 32)
        said.append([tokens, index])
    with serve(ModelChip(chip_with_text, ring=32, first_index=first)) as board:
        assert json.loads(processor.run("-c", INDICES, folder=deployed, **board).stdout) == said


@pytest.mark.parametrize("date", FAR)
def test_files_dated_after_2038(
    processor: Processor, deployed: Path, serve: Served, chip_with_text: Chip, tmp_path: Path, date: str
) -> None:
    """As a copy has them that kept the dates of a computer whose clock was wrong."""
    folder = tmp_path / "copied" / "story"
    shutil.copytree(deployed / "story", folder)
    for path in (*folder.iterdir(), folder):
        os.utime(path, (FAR[date], FAR[date]))
    named = tmp_path / "bitstreams" / "pynq-z2" / "story"
    shutil.copytree(folder, named)
    for path in (named, named.parent):
        os.utime(path, (FAR[date], FAR[date]))
    board = {"HARDWIRE_BITSTREAMS": str(tmp_path / "bitstreams")}
    for model in (folder, folder / "model.chip"):
        command = ("-m", "hardwire", "run", model, "--prompt", "abc", "--backend", "reference")
        assert processor.run(*command).stdout == reference(chip_with_text, "abc") + "\n"
    with serve(ModelChip(chip_with_text, ring=32)) as served:
        command = ("-m", "hardwire", "doctor", "story", "--bundle", tmp_path / "report.zip")
        report = json.loads(processor.run(*command, **board, **served).stdout)
    assert report["chip"]["status"] == "equal"
    assert {"build/hardwire.hwh", "build/manifest.json"} <= set(report["files"])


CODEC = """
import json, sys
from hardwire.driver.text import TextCodec
wrong = []
for kind in json.load(open(sys.argv[1])):
    codec = TextCodec(kind["tokenizer"])
    for text, ids, said in kind["texts"]:
        stream = codec.stream([])
        streamed = "".join(stream.feed(token) for token in ids) + stream.flush()
        if codec.encode(text, unknown="unk") != ids or codec.decode(ids) != said:
            wrong.append([kind["name"], text, ids, codec.encode(text, unknown="unk"), said, codec.decode(ids)])
        if "\\ufffd" not in said and streamed != codec.decode(ids):
            wrong.append([kind["name"], "streamed", text, streamed, codec.decode(ids)])
print(json.dumps(wrong))
"""
STRINGS = 60


def test_text(processor: Processor, deployed: Path, tmp_path: Path) -> None:
    """Every tokenizer as models are shipped with it, bytes and all scripts, against the ``tokenizers`` library here."""
    kinds = []
    for name, make in SHIPPED.items():
        library = make()
        strings = list(texts(5, STRINGS))
        ids = [encoding.ids for encoding in library.encode_batch_fast(strings)]
        said = list(zip(strings, ids, library.decode_batch(ids), strict=True))
        kinds.append({"name": name, "tokenizer": json.loads(library.to_str()), "texts": said})
    (tmp_path / "kinds.json").write_text(json.dumps(kinds))
    assert json.loads(processor.run("-c", CODEC, tmp_path / "kinds.json").stdout) == []
    assert len(kinds) > 8


def test_a_story_of_bytes_and_other_scripts(
    processor: Processor, install: Callable[[Chip, str], Path], serve: Served
) -> None:
    """Tokens are bytes and words of many scripts; a character comes as it becomes whole."""
    tokenizer = json.loads(SHIPPED["Llama 2, TinyLlama"]().to_str())
    vocab = len(tokenizer["model"]["vocab"])
    shape = Shape(vocab=vocab, dim=16, layers=1, heads=2, kv_heads=1, head_dim=8, hidden=16, context=96, rotary=8)
    chip = replace(random_chip(shape, seed=4), tokenizer=tokenizer, bos=1, eos=(2,))
    folder = install(chip, "scripts")
    prompt = "Маленький кот 小さな猫 שָׁלוֹם 😀"
    options: dict[str, Any] = {"temperature": 1.0, "seed": 0}
    wanted = reference(chip, prompt, **options)
    assert any(ord(char) > 0x3000 for char in wanted[len(prompt) :]) and "\ufffd" in wanted
    command = ("-m", "hardwire", "run", "scripts", "--prompt", prompt, "--temperature", "1")
    with serve(ModelChip(chip, ring=16, first_index=FIRST)) as board:
        assert processor.run(*command, folder=folder, **board).stdout == wanted + "\n"
