# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the notebooks share: the board that is here, what heads look at, what a chip keeps, checksums."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hardwire
from hardwire import notebook
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference, new_state, step
from hardwire.driver.model import LanguageModel
from hardwire.errors import BoardError, BuildError
from hardwire.ops import attention as softmax
from hardwire.plan.capacity import demand

IDS = [1, 7, 3, 3, 9, 2, 11, 5]
# What a board with PYNQ 3 does not have.
ABSENT = ("onnx", "onnxruntime", "tokenizers", "click", "rich", "tomli", "tomllib", "jinja2", "hls4ml", "pyosys")
ON_A_BOARD = """
import sys
for name in {absent!r}:
    sys.modules[name] = None
from pathlib import Path
import hardwire
from hardwire.notebook import attention, engine_rate, here, picture, schedule_of, stored_bits, traced, watch
print(watch(hardwire.load(Path(sys.argv[1])), "ab", tokens=5, temperature=0.9, seed=4))
"""


def test_what_heads_look_at_makes_their_mixed_values(tiny_chip: Chip) -> None:
    """Exact: the sums of 10-bit exponentials that the probabilities come of, divided, are the observed stage."""
    looks, seen = notebook.attention(tiny_chip, IDS), {}
    step(tiny_chip, new_state(tiny_chip, 1, len(IDS)), np.array([IDS]), seen.__setitem__)
    s, f, t = tiny_chip.shape, tiny_chip.formats, len(IDS)
    assert looks.shape == (s.layers, s.heads, t, t)
    assert np.allclose(looks.sum(-1), 1) and not looks[..., ~np.tril(np.ones((t, t), bool))].any()
    for layer in range(s.layers):
        v = seen[f"L{layer}.v"][0].reshape(t, s.kv_heads, s.head_dim).swapaxes(0, 1)
        mixed = seen[f"L{layer}.attn"][0].reshape(t, s.heads, s.head_dim)
        for head in range(s.heads):
            top = looks[layer, head].max(-1, keepdims=True)
            p = np.rint(looks[layer, head] / top * (2**softmax.PROBABILITY_BITS - 1)).astype(np.int64)
            sums = softmax.weighted_values(p, v[head * s.kv_heads // s.heads], f.cache)
            tables, shift = tiny_chip.tables["reciprocal"], tiny_chip.value_shift[layer, head]
            assert np.array_equal(softmax.divide(sums, p.sum(-1), tables, shift, f.attention), mixed[:, head])


def test_bits_are_those_of_the_plan(tiny_chip: Chip, gpt_chip: Chip) -> None:
    for chip in (tiny_chip, gpt_chip):
        assert sum(notebook.stored_bits(chip).values()) == demand(chip).total_bits


def test_a_board_without_a_bitstream(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HARDWIRE_BITSTREAMS", raising=False)
    monkeypatch.setenv("BOARD", "Pynq-Z2")
    with pytest.raises(BoardError, match=r"no bitstream of 'bundled' for pynq-z2.*hardwire build bundled.chip"):
        notebook.here()


def test_what_only_a_board_has(chip_with_text: Chip) -> None:
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")
    with pytest.raises(BuildError, match="tiny is no board and counts no cycles"):
        notebook.engine_rate(model)
    with pytest.raises(BuildError, match="tiny: no geometry in its manifest"):
        notebook.traced(model, "ab", 2)


@pytest.mark.tools  # of IPython
def test_a_race_is_of_counted_cycles(chip_with_text: Chip) -> None:
    model = LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")
    with pytest.raises(BuildError, match="tiny does not count the cycles of one answer; race on a board with one stre"):
        notebook.race(model, "ab", "a", 2)


def test_the_cache_is_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARDWIRE_CACHE", str(tmp_path / "mine"))
    assert notebook.cache() == tmp_path / "mine"
    monkeypatch.delenv("HARDWIRE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert notebook.cache() == tmp_path / "hardwire"


@pytest.mark.tools
def test_it_imports_what_a_board_has(chip_with_text: Chip, tmp_path: Path) -> None:
    """With what a board lacks made impossible to import; the picture comes, as text, from IPython."""
    chip_with_text.save(tmp_path / "tiny.chip")
    program = [sys.executable, "-c", ON_A_BOARD.format(absent=ABSENT), str(tmp_path / "tiny.chip")]
    ran = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    wanted = hardwire.load(tmp_path / "tiny.chip").generate("ab", 5, temperature=0.9, seed=4)
    picture = "<IPython.core.display.Image object>\n"  # where the computer is slow, in the middle of the text too
    assert picture in ran.stdout and ran.stdout.replace(picture, "") == f"ab{wanted}\n{wanted}\n"


@pytest.mark.tools
def test_cycles_that_the_chip_counts_are_those_of_the_schedule(simulated_pynq: Path) -> None:
    with hardwire.load(simulated_pynq, backend="simulation") as model:
        made, hosted = notebook.schedule_of(model), model.hosted
        assert hosted is not None
        late = set()
        hosted.generate(model.encode("Once upon a time"), 1)
        for _ in range(3):
            at = hosted.position
            hosted.generate([], 1, clear=False)
            late.add(hosted.run_cycles() - made.cycles(at))
            hosted.generate([], 30, clear=False)
        assert len(late) == 1 and 0 <= late.pop() <= 8  # the token loop's own
        assert notebook.traced(model, "Once", 3).equal.all()


@pytest.mark.tools
def test_a_race_is_run_by_the_chip_s_own_cycles(simulated_pynq: Path) -> None:
    """A beam of one text feeds it anew for each token; attempts cost what their requests cost."""
    with hardwire.load(simulated_pynq, backend="simulation") as model:
        quick, careful = notebook.race(model, "Once", "Z", 3, attempts=2, width=1)
        assert not quick.passed and quick.attempts == 2 and quick.tokens == 6
        cycles = 0
        for seed in range(2):
            model.generate("Once", 3, 0.8, seed)
            model.count_cycles()
            cycles += model.last.total_cycles or 0
        assert quick.cycles == cycles > 0
        known = len(model.encode("Once"))
        assert careful.tokens == known + known + 1 + known + 2 and careful.text == model.generate("Once", 3)
        assert careful.cycles is not None and careful.cycles > cycles / 2


@pytest.mark.tools
def test_a_broken_chip_names_its_first_wrong_stage(simulated_pynq: Path, tmp_path: Path) -> None:
    model, fault = notebook.broken(tmp_path)
    with model:
        found = notebook.traced(model, "Once upon a time", 3)
        assert "weight" in fault and not found.equal.all()
        first = found.stages[int(np.argmin(found.equal[0]))]
        assert f"stage {first} is wrong first: its checksum is" in found.first()
        said = model.verify(2)
        # Of a prompt of its own, whose values the bit may reach later.
        named = re.search(r"stage (\S+) is wrong first", str(said.first_difference))
        assert not said and named and found.stages.index(named[1]) >= found.stages.index(first)
