# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Generated HLS projects, compiled and run by hls4ml: stages, logits and tokens equal the reference's."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outlines import BIASED, EVERYTHING, GEMMA2, GEMMA3, GPT, MICRO, MISTRAL, NEOX, PROOFS, QWEN3

from hardwire.backends.csim import CSim
from hardwire.chip.model import Chip, Formats, Shape
from hardwire.chip.reference import Reference, new_state, pick, step
from hardwire.emit import render
from hardwire.emit.hls.constants import chip_context, ints_text, lane_words, layout_of, pack, words_text
from hardwire.emit.hls.graph import build_graph
from hardwire.emit.hls.project import NOT_RUN, _render, write_project
from hardwire.errors import BuildError, PromptError, ToolMissing
from hardwire.host.requests import Request, RequestState
from hardwire.quantize import Options, Outline, random_chip

OPTIONS = {"part": "xc7z020clg400-1", "clock_mhz": 100.0}
SEED = 0xFEDC_BA98_7654_3210


def write(chip: Chip, folder: Path, lanes: int = 16) -> Path:
    write_project(chip, folder, lanes=lanes, **OPTIONS)
    return folder


def compiled(chip: Chip, folder: Path) -> CSim:
    csim = CSim(folder, chip)
    csim.compile()
    return csim


@pytest.fixture(scope="module")
def tiny(tiny_chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> CSim:
    return compiled(tiny_chip, write(tiny_chip, tmp_path_factory.mktemp("tiny") / "hls"))


def reference_stages(chip: Chip, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Every stage [T, N] of ids [T] from an empty context."""
    seen: dict[str, np.ndarray] = {}
    step(chip, new_state(chip), ids[None], lambda name, value: seen.__setitem__(name, value[0]))
    return seen


def assert_stages_equal(chip: Chip, csim: CSim, ids: np.ndarray) -> None:
    want = reference_stages(chip, ids)
    outcome = csim.run(Request(ids=ids, budget=1, rows=len(ids), stages=True))
    assert len(outcome.stages) == len(ids)
    for position, got in enumerate(outcome.stages):
        assert set(got) == set(want)
        for stage, values in want.items():
            assert np.array_equal(got[stage], values[position]), (stage, position)


@pytest.mark.tools
def test_every_stage_is_equal_over_the_full_context(tiny_chip: Chip, tiny: CSim, draw: np.random.Generator) -> None:
    ids = draw.integers(0, tiny_chip.shape.vocab, tiny_chip.shape.context)
    assert_stages_equal(tiny_chip, tiny, ids)
    assert np.array_equal(tiny.predict(ids), reference_stages(tiny_chip, ids)["logits"])


WIRINGS = {
    "gpt": GPT,
    "micro": MICRO,
    "biased": BIASED,
    "mistral": MISTRAL,
    "neox": NEOX,
    "qwen3": QWEN3,
    "gemma2": GEMMA2,
    "gemma3": GEMMA3,
    "everything": EVERYTHING,
    **{name: outline for name, (outline, _) in PROOFS.items()},
}


@pytest.mark.tools
@pytest.mark.parametrize("outline", WIRINGS.values(), ids=WIRINGS)
def test_every_stage_of_every_wiring_is_equal(outline: Outline, tmp_path: Path, draw: np.random.Generator) -> None:
    """Over a full context, beyond every window; then the token loop's own top, which feeds positions by itself."""
    chip, context = random_chip(outline, seed=8), outline.shape.context
    csim = compiled(chip, write(chip, tmp_path / "hls", lanes=7))
    ids = draw.integers(0, chip.shape.vocab, context)
    assert_stages_equal(chip, csim, ids)
    want = Reference(chip).generate(ids[:4].tolist())
    assert csim.generate(ids[:4].tolist()) == want and len(want) == context - 3


@pytest.mark.tools
def test_odd_dimensions_are_equal(odd_chip: Chip, tmp_path: Path, draw: np.random.Generator) -> None:
    csim = compiled(odd_chip, write(odd_chip, tmp_path / "hls", lanes=7))
    assert_stages_equal(odd_chip, csim, draw.integers(0, odd_chip.shape.vocab, odd_chip.shape.context))


@pytest.mark.tools
def test_heads_taken_together_are_equal(tmp_path: Path, draw: np.random.Generator) -> None:
    """Four heads over each of two KV heads: two pairs in turn read the same words."""
    shape = Shape(vocab=23, dim=24, layers=2, heads=8, kv_heads=2, head_dim=6, hidden=20, context=12, rotary=6)
    chip = random_chip(shape, seed=9, options=Options(rounding="plain"))
    assert layout_of(chip, 16).together == 2
    csim = compiled(chip, write(chip, tmp_path / "hls"))
    assert_stages_equal(chip, csim, draw.integers(0, shape.vocab, shape.context))


@pytest.mark.tools
def test_all_weight_widths_are_equal_in_one_chip(tmp_path: Path, draw: np.random.Generator) -> None:
    """Each matrix with its own bits, 2 to 8; the embedding with 5."""
    bits = {"q": 2, "k": 3, "v": 4, "o": 5, "gate": 6, "up": 7, "down": 8, "head": 3, "embedding": 5}
    shape = Shape(vocab=19, dim=16, layers=1, heads=2, kv_heads=2, head_dim=8, hidden=24, context=8, rotary=8)
    chip = random_chip(shape, seed=7, options=Options(rounding="plain", matrix_bits=bits))
    assert chip.bits == bits
    csim = compiled(chip, write(chip, tmp_path / "hls", lanes=24))
    assert_stages_equal(chip, csim, draw.integers(0, shape.vocab, shape.context))


@pytest.mark.tools
def test_reset_in_the_middle_starts_over(tiny_chip: Chip, tiny: CSim) -> None:
    ids = [3, 1, 4, 1, 5]
    first = tiny.predict(ids)
    tiny.predict([9, 2, 6])
    assert np.array_equal(tiny.predict(ids), first)
    fresh, _ = tiny.step(7, 2, True)  # position 2 behind two positions that a reset cleared
    state = new_state(tiny_chip)
    state.position = 2
    assert np.array_equal(fresh, step(tiny_chip, state, np.array([[7]]))[0, 0])


@pytest.mark.tools
@pytest.mark.parametrize("temperature", (0.0, 1 / 31, 0.7, 1.0, 100.0))
def test_sampled_tokens_are_equal(tiny_chip: Chip, tiny: CSim, temperature: float) -> None:
    request = Request(temperature=temperature, seed=SEED)
    for position, token in enumerate((5, 6, 7, 8)):
        logits, drawn = tiny.step(token, position, position == 0, request)
        assert drawn == pick(tiny_chip, logits, position, request)


@pytest.mark.tools
@pytest.mark.parametrize("sampling", ({}, {"temperature": 0.9, "seed": SEED}))
def test_token_loop_equals_reference_up_to_the_full_context(
    tiny_chip: Chip, tiny: CSim, sampling: dict[str, Any]
) -> None:
    context = tiny_chip.shape.context
    for prompt, budget in (([1, 2, 3], None), ([4], 5), ([7] * context, None), ([7] * context, 1), ([5], 0)):
        for stops in ((), None):
            if stops is None:  # the third token of the free run
                stops = tuple(Reference(tiny_chip).generate(prompt, 3, **sampling))[2:]
            request = Request(ids=prompt, budget=budget, stops=stops, **sampling)
            want, state = Reference(tiny_chip).run(request), RequestState()
            assert tuple(tiny.stream(request, state)) == want.ids and state.status == want.status
            got = tiny.run(request)
            assert (got.ids, got.status, got.position) == (want.ids, want.status, want.position)


@pytest.mark.tools
def test_token_loop_puts_out_the_logits_of_every_draw(tiny_chip: Chip, tiny: CSim) -> None:
    outcome = tiny.run(Request(ids=(1, 2, 3), budget=6, rows=1))
    want = reference_stages(tiny_chip, np.array([1, 2, 3, *outcome.ids[:-1]]))["logits"]
    assert np.array_equal(outcome.logits, want[2:])


@pytest.mark.tools
def test_bad_requests_are_refused(tiny: CSim) -> None:
    for call in (
        lambda: tiny.step(40, 0, True),
        lambda: tiny.step(0, 24, True),
        lambda: tiny.generate([], 1),
        lambda: tiny.generate([0] * 25, 1),
        lambda: tiny.generate([40], 1),
        lambda: tiny.generate([0], 1, stops=range(9)),
    ):
        with pytest.raises(PromptError):
            call()


@pytest.mark.tools
def test_a_flipped_weight_is_noticed_and_a_second_compile_is_not_needed(
    tiny_chip: Chip, tiny: CSim, tmp_path: Path
) -> None:
    said: list[str] = []
    tiny.compile(said.append)
    assert said == []
    broken = tmp_path / "hls"
    shutil.copytree(tiny.folder, broken)
    source = broken / "firmware/chip/down.inc"
    text = source.read_text()
    digit = text[17]
    source.write_text(text[:17] + ("1" if digit == "0" else "0") + text[18:])
    other = CSim(broken, tiny_chip)
    other.compile(said.append)
    assert said == ["C++"]
    assert not np.array_equal(other.predict([1, 2, 3]), tiny.predict([1, 2, 3]))


@pytest.mark.tools
def test_a_compiled_library_runs_without_hls4ml(tiny_chip: Chip, tiny: CSim, monkeypatch: pytest.MonkeyPatch) -> None:
    want = tiny.predict([1, 2])

    def missing() -> None:
        raise ToolMissing("hls4ml is not installed")

    monkeypatch.setattr("hardwire.backends.csim.require_hls4ml", missing)
    alone = CSim(tiny.folder, tiny_chip)
    alone.compile()
    assert alone._graph is None
    assert np.array_equal(alone.predict([1, 2]), want)


@pytest.mark.tools
def test_compiler_errors_and_missing_tools_are_named(
    tiny: CSim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "hls"
    shutil.copytree(tiny.folder, broken, ignore=shutil.ignore_patterns("*.so", "*.sources"))
    (broken / "firmware/csim.hpp").write_text("#error planted\n")
    with pytest.raises(BuildError, match="planted"):
        CSim(broken).compile()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="g\\+\\+"):
        CSim(broken).compile()
    with pytest.raises(BuildError, match="hardwire_hls.json"):
        CSim(tmp_path)


@pytest.mark.tools
def test_the_project_is_deterministic_complete_and_holds_no_path(tiny_chip: Chip, tmp_path: Path) -> None:
    contents = []
    for number in "12":
        folder = write(tiny_chip, tmp_path / number / "hls")
        contents.append({p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()})
    assert contents[0] == contents[1]
    assert {p.name for p in tmp_path.iterdir()} == {"1", "2"}
    assert not [name for name, data in contents[0].items() if str(tmp_path).encode() in data]
    for script in NOT_RUN:
        assert b"NOT RUN" in contents[0][script].upper(), script
    meta = json.loads(contents[0]["hardwire_hls.json"])
    assert meta["not_run"] == list(NOT_RUN)
    top = contents[0]["build_top.tcl"].decode()
    assert "set_part xc7z020clg400-1" in top and "create_clock -period 10 " in top and "export_design" in top
    assert "report.json" in contents[0]


@pytest.mark.tools
def test_graph_shows_the_four_parts_with_their_precisions(tiny_chip: Chip, tiny: CSim, tmp_path: Path) -> None:
    meta = json.loads((tiny.folder / "hardwire_hls.json").read_text())
    for _ in range(2):  # registration happens once
        graph = build_graph(tmp_path, meta)
    kinds = {node.name: node.class_name for node in graph.get_layers()}
    assert [kinds[n] for n in ("embedding", "decoder", "head", "sampler")] == [
        "HWEmbedding",
        "HWDecoderStack",
        "HWHead",
        "HWSampler",
    ]
    widths = {node.name: node.get_output_variable().type.precision.width for node in graph.get_layers()}
    f = tiny_chip.formats
    assert (widths["embedding"], widths["decoder"], widths["head"]) == (f.residual, f.residual, f.logit)


def test_kernels_are_legal_for_synthesis() -> None:
    """No dynamic memory, no containers, no recursion by name; LOOP_TRIPCOUNT on every data-dependent loop."""
    from hardwire.emit.hls.project import kernel_paths

    for path in kernel_paths():
        code = re.sub(r"//.*", "", path.read_text())
        if path.stem != "taps":  # simulation only
            assert not re.search(r"\bnew\b|malloc|std::|#include <(vector|map|string)>", code), path.name
        for found in re.finditer(r"for \([^;]*;([^;]*);[^)]*\) \{\n([^\n]*)", code):
            bound = re.split(r"<=?", found[1])[-1].strip()
            fixed = re.fullmatch(r"(uint32_t\()?((Chip::)?[A-Z_0-9]+|\d+)\)?|count|step > 0", bound)
            assert fixed or "LOOP_TRIPCOUNT" in found[2], (path.name, found[0])


def test_packing_is_dense_and_little_endian() -> None:
    values = np.array([[1, -1, 3, -4]], np.int8)
    assert pack(values, 3).tolist() == [[0b100_011_111_001]]
    wide = np.arange(-4, 4, dtype=np.int8).repeat(8)[None]  # 64 values of 3 bits: three words
    words = pack(wide, 3)
    total = sum(int(w) << 64 * i for i, w in enumerate(words[0]))
    assert [((total >> 3 * i & 7) ^ 4) - 4 for i in range(64)] == wide[0].tolist()
    assert lane_words(np.array([[[1, 2], [3, 4], [5, 6]]], np.int8), 2, 8).tolist() == [
        [0x0301],
        [0x0402],
        [0x0005],
        [0x0006],
    ]
    assert words_text(np.array([[1, 2]], np.uint64)) == b"0x0000000000000001, 0x0000000000000002,\n"


@pytest.mark.tools
@pytest.mark.parametrize(
    ("group", "key"), [*(("formats", f.name) for f in fields(Formats)), *(("shape", f.name) for f in fields(Shape))]
)
def test_text_in_a_chips_numbers_is_refused(tiny_chip: Chip, tmp_path: Path, group: str, key: str) -> None:
    evil = "16; system(0)"
    chip = replace(tiny_chip, **{group: replace(getattr(tiny_chip, group), **{key: evil})})
    with pytest.raises(BuildError, match=f"value of {key} in the chip is '16; system"):
        write_project(chip, tmp_path / "hls", lanes=16, **OPTIONS)
    assert not (tmp_path / "hls").exists()


@pytest.mark.tools
def test_templates_paste_numbers_as_numbers(tiny_chip: Chip) -> None:
    """Beside names that were checked and initialisers made from integers, templates take integers alone."""
    layout = layout_of(tiny_chip, 16)
    context = chip_context(tiny_chip, layout) | {"f": replace(tiny_chip.formats, logit="16; system(0)")}
    common = {"name": "x", "part": "y", "period": "10", "best": 20}
    for template in ("chip.hpp.j2", "top.hpp.j2", "csim.hpp.j2"):
        with pytest.raises(BuildError, match="'16; system"):
            _render(template, context | common)
    checked = {"name", "part", "period", "digest", "file", "stamp"}  # by write_project; hexadecimal; ours
    # A line is a part's: tests/test_parts.py holds each to a name and a number.
    ours = {"line", "m.type", "t.type", "t.name", "t.dims", "t['values']", "r.type", "r.size", "r.file"}
    made = {"head.multipliers", "r.multipliers", "m.shift", "head.shift", "r.shift", "r.eps"}  # by ints_text
    names = (
        "build_core.tcl",
        "build_top.tcl",
        "chip.hpp",
        "core.cpp",
        "core.hpp",
        "csim.hpp",
        "top.cpp",
        "top.hpp",
    )  # those of Vivado: tests/vivado
    for path in (Path(render.__file__).parent / "templates" / f"{each}.j2" for each in names):
        for found in re.findall(r"\{\{(.*?)\}\}", path.read_text()):
            assert found.endswith(" | int ") or found.strip() in checked | ours | made, (path.name, found)
    with pytest.raises(BuildError, match="not an integer"):
        ints_text(np.array(["1}; evil"]))
    with pytest.raises(BuildError, match="part 'xc7; exec rm' is no part number"):
        write_project(tiny_chip, Path("nowhere"), part="xc7; exec rm", clock_mhz=100.0, lanes=16)
