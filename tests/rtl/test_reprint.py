# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Two chips of one mould, one engine: A, then B poured in, then A again. All logits and cycles, against the plan and
both references."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from outlines import BIASED, GEMMA2, GPT, QWEN3, TINY

from hardwire.backends.rtlsim import RtlSim
from hardwire.chip.excerpt import excerpt
from hardwire.chip.model import Chip, Shape
from hardwire.chip.mould import Mould
from hardwire.chip.reference import Reference
from hardwire.emit.rtl.contents import Cast, Pour, with_word
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import BuildError
from hardwire.host.requests import Request
from hardwire.ops.fixed import Ints
from hardwire.plan.geometry import Geometry
from hardwire.plan.schedule import schedule
from hardwire.quantize import Options, Outline, quantize, random_chip, random_decoder

pytestmark = pytest.mark.tools

SMALL = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, trace=True)
CASES: dict[str, tuple[Outline, Geometry]] = {
    "llama": (Outline(shape=TINY), SMALL),
    "uram": (Outline(shape=TINY), Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, uram=2)),
    "gpt": (GPT, Geometry(columns=8, rows=4, depth=2, terms=2, banks=3)),
    "a depth in two memories": (GPT, Geometry(columns=2, rows=2, depth=5, terms=2, banks=3, split=True)),
    "biased": (BIASED, SMALL),
    "norms of heads": (QWEN3, SMALL),
    "caps and norms of branches": (GEMMA2, SMALL),
}


def another(chip: Chip, outline: Outline, seed: int = 17) -> Chip:
    """A chip of other weights in the same mould."""
    draw = np.random.default_rng(seed)
    stories = [row.tolist() for row in draw.integers(0, outline.shape.vocab, (4, outline.shape.context))]
    options = Options(rounding="plain", tokens=96, length=24, widen=False, like=Mould.of(chip))
    return quantize(random_decoder(outline, seed), stories, options)


def scored(sim: RtlSim, ids: tuple[int, ...]) -> tuple[Ints, tuple[int, ...]]:
    """Logits behind every token [N, V], and the cycles of all but the last."""
    outcome = sim.run(Request(ids=ids, budget=1, rows=len(ids)))
    assert outcome.prompt_cycles is not None
    return outcome.logits, outcome.prompt_cycles


def wanted(chip: Chip, ids: tuple[int, ...]) -> Ints:
    return Reference(chip).run(Request(ids=ids, budget=1, rows=len(ids))).logits


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Chip, Chip, RtlSim, Cast]]:
    kept: dict[str, tuple[Chip, Chip, RtlSim, Cast]] = {}

    def make(name: str) -> tuple[Chip, Chip, RtlSim, Cast]:
        if name not in kept:
            outline, geometry = CASES[name]
            first, folder = random_chip(outline, seed=3), tmp_path_factory.mktemp("reprint")
            write_rtl(first, folder, geometry, pour=Pour.ALL)
            sim = RtlSim(folder, first)
            sim.compile()
            kept[name] = first, another(first, outline), sim, Cast.of(first, geometry, Pour.ALL)
        return kept[name]

    return make


@pytest.mark.parametrize("name", CASES)
def test_one_engine_is_either_chip(made: Callable[[str], tuple[Chip, Chip, RtlSim, Cast]], name: str) -> None:
    first, second, sim, _ = made(name)
    context = first.shape.context
    ids = tuple(np.random.default_rng(5).integers(0, first.shape.vocab, context).tolist())
    assert not np.array_equal(wanted(first, ids), wanted(second, ids))
    plan, counts = schedule(first, CASES[name][1]), []
    for chip in (first, second, first):
        if counts:
            sim.reprint(chip)
        logits, cycles = scored(sim, ids)
        np.testing.assert_array_equal(logits, wanted(chip, ids))
        counts.append(cycles)
        drawn = sim.run(Request(ids=ids[:3], temperature=0.8, seed=9))
        assert drawn.ids == Reference(chip).run(Request(ids=ids[:3], temperature=0.8, seed=9)).ids
        assert drawn.cycles == tuple(plan.cycles(position) for position in range(2, context))
    assert counts[0] == counts[1] == counts[2]


@pytest.mark.parametrize("name", ["llama", "gpt"])
def test_a_chip_of_fewer_positions(made: Callable[[str], tuple[Chip, Chip, RtlSim, Cast]], name: str) -> None:
    """Its requests end where its own context does, in a prompt and behind one, at the cycles of the plan; its tables of
    positions are its own, also where positions have rows."""
    first, other, sim, cast = made(name)
    few, plan = excerpt(other, 0, other.shape.layers, context=9), schedule(first, CASES[name][1])
    sim.load_image(cast.image(first))
    for chip in (few, first, few):
        sim.reprint(chip)
        context, reference = chip.shape.context, Reference(chip)
        assert sim.limits.context == context
        for ids in ((3, 1), tuple(range(context - 1)), tuple(range(context))):
            request = Request(ids=ids, rows=1)
            got, wanted_ = sim.run(request), reference.run(request)
            assert (got.ids, got.status, got.position) == (wanted_.ids, "context full", context)
            np.testing.assert_array_equal(got.logits, wanted_.logits)
            assert got.cycles == tuple(plan.cycles(position) for position in range(len(ids) - 1, context))
        np.testing.assert_array_equal(scored(sim, tuple(range(context)))[0], wanted(chip, tuple(range(context))))
        for ids, budget, clear in (((3, 1), 4, True), (tuple(range(6)), 9, False)):
            request = Request(ids=ids, budget=budget, clear=clear)
            got, wanted_ = sim.run(request), reference.run(request)
            assert (got.ids, got.status, got.position) == (wanted_.ids, wanted_.status, wanted_.position)


def test_a_wrong_word_changes_what_it_says(made: Callable[[str], tuple[Chip, Chip, RtlSim, Cast]]) -> None:
    """Without the checksum's help: wherever a word of weights or of the embedding is wrong, the proof differs.

    A wrong word of a program stops a simulation by its own assertions; the noise is read by requests that draw.
    """
    _, second, sim, cast = made("llama")
    ids = tuple(range(1, 24))
    image, right, differs, at = cast.image(second), wanted(second, ids), set(), 1
    for section in cast.sections:
        middle, at = at + section.size // 2, at + section.size
        if section.file not in ("program.hex", "emission.hex"):
            sim.load_image(with_word(image, middle, int(image[middle]) ^ 0x33, crc=True))
            if not np.array_equal(scored(sim, ids)[0], right):
                differs.add(section.file)
    assert {"weight00.hex", "weight01.hex", "weight02.hex", "embedding.hex"} <= differs and "gumbel.hex" not in differs
    sim.load_image(image)
    np.testing.assert_array_equal(scored(sim, ids)[0], right)


def test_chips_of_another_mould_are_named(made: Callable[[str], tuple[Chip, Chip, RtlSim, Cast]]) -> None:
    _, _, sim, cast = made("llama")
    other = random_chip(Shape(**{**vars(TINY), "vocab": 48}), seed=3)
    with pytest.raises(BuildError, match=r"does not go into mould .*Vocab: 48, not 40.*quantize with --like"):
        sim.reprint(other)
    wide = random_chip(TINY, seed=3, options=Options(weights=8, rounding="plain"))
    assert any(entry.startswith("WeightW: 8, not 4") for entry in cast.obstacles(wide))
    assert any(entry.startswith("AccW: ") and "of" in entry for entry in cast.obstacles(wide))


def test_a_frozen_build_says_so(tmp_path: Path, tiny_chip: Chip) -> None:
    write_rtl(tiny_chip, tmp_path, SMALL)
    with pytest.raises(BuildError, match="a frozen build, its memories cannot be written; build with --reprintable"):
        RtlSim(tmp_path).reprint(tiny_chip)
