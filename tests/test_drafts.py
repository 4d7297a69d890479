# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Drafts: the table, the text that it is learnt from, what a build does with it, and what a request says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from driver.model import ModelChip

from hardwire.build import drafts as building
from hardwire.build import engine_plan
from hardwire.build.engine_plan import Wanted, plan_engine
from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.cli.main import main
from hardwire.driver.mmio import MappedChip
from hardwire.driver.model import LanguageModel
from hardwire.emit.rtl.project import drafts_of, write_rtl
from hardwire.emit.rtl.roms import draft_lines
from hardwire.errors import BuildError
from hardwire.host.registers import DRAFTS, address
from hardwire.host.requests import Request
from hardwire.manifest import PlanRecord, read_manifest
from hardwire.ops import sampler
from hardwire.plan.cost import draft_cost
from hardwire.plan.drafts import ENTRIES, NONE, DraftTable, Hash, bigram_bits, bigram_words, learn, trigram_bits
from hardwire.plan.geometry import Geometry, geometry_of, parse_geometry
from hardwire.plan.replay import replay
from hardwire.plan.schedule import schedule
from hardwire.proof.streams import turns
from hardwire.quality.own_text import write_texts
from hardwire.targets.board import load_board

TWO = Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2)


def equal(one: DraftTable, other: DraftTable) -> bool:
    older, newer = np.divmod(np.arange(one.vocab**2), one.vocab)
    return bool((one.lookups(older, newer) == other.lookups(older, newer)).all())


# -- the table ----------------------------------------------------------------------------------------


def test_a_trigram_goes_before_a_bigram() -> None:
    table = learn([[1, 2, 3], [1, 2, 3], [5, 2, 4], [6, 2, 4], [7, 2, 4]], 16, 16)
    assert table.lookup(1, 2) == 3  # of the pair
    assert table.lookup(9, 2) == 4  # what mostly follows a 2
    assert table.lookup(1, 3) is None
    assert table.guesses([1, 2, 3, 2]).tolist() == [NONE, 3, NONE, 4]  # the first token has none in front of it


def test_of_two_pairs_in_one_place_the_one_that_gains_most_stays() -> None:
    vocab, entries, first = 40, 16, (1, 2)
    h = Hash.of(vocab, entries)
    place = h.index_of(np.array(first[0]), np.array(first[1]))
    other = next((a, 6) for a in range(2, vocab) if h.index_of(np.array(a), np.array(6)) == place)
    filler = next(a for a in range(40) if not {place} & set(h.index_of(np.full(2, a), np.array([2, 6])).tolist()))
    texts = [[*first, 7]] * 3 + [[*other, 8]] * 5 + [[filler, first[1], 9]] * 4 + [[filler, other[1], 9]] * 6
    table = learn(texts, vocab, entries)
    assert (table.lookup(*first), table.lookup(*other)) == (9, 8)  # 9: the bigram's
    assert learn(texts[:3] + texts[8:], vocab, entries).lookup(*first) == 7


def test_what_is_seldom_true_and_what_ends_a_text_is_no_guess() -> None:
    texts = [[1, 2, after] for after in (3, 3, 4, 5, 6)]
    assert learn(texts, 16, 16, least=0.4).lookup(1, 2) == 3
    assert learn(texts, 16, 16, least=0.5).lookup(1, 2) is None
    assert learn(texts, 16, 16, ends=[3]).lookup(1, 2) == 4  # of equals the lowest
    assert learn([], 16, 16).lookup(1, 2) is None and learn([[1], []], 16, 16).lookup(1, 2) is None


@pytest.mark.parametrize("entries", [1024, 2048, 32768])
def test_index_and_tag_name_a_pair_of_512_tokens(entries: int) -> None:
    h = Hash.of(512, entries)
    older, newer = np.divmod(np.arange(512**2), 512)
    index, tag = h.index_of(older, newer), h.tag_of(older, newer)
    assert index.max() < entries and tag.max() < 1 << h.tag
    assert len(np.unique(index << h.tag | tag)) == 512**2
    assert np.bincount(index, minlength=entries).max() == 512**2 // entries


@pytest.mark.parametrize(("vocab", "entries"), [(2, 16), (27, 1024), (3, 32768), (32000, 2048), (50257, 8192)])
def test_pairs_of_any_vocabulary_spread(vocab: int, entries: int) -> None:
    h = Hash.of(vocab, entries)
    older, newer = np.random.default_rng(0).integers(0, vocab, (2, 100_000))
    key = h.index_of(older, newer) << h.tag | h.tag_of(older, newer)
    room = min(vocab**2, entries << h.tag)
    pairs = len(np.unique(older * vocab + newer))
    assert key.min() >= 0 and key.max() < entries << h.tag and 1 <= h.tag <= 8
    assert len(np.unique(key)) > 0.98 * room * (1 - np.exp(-pairs / room))  # as many as chance leaves apart, or more


def test_memories_hold_the_table() -> None:
    rng, vocab, entries = np.random.default_rng(4), 40, 64
    table = learn(rng.integers(0, vocab, (60, 20)).tolist(), vocab, entries)
    lines = draft_lines(table)
    widths = {"draft_bigram.hex": bigram_bits(vocab), "draft_trigram.hex": trigram_bits(vocab, entries)}
    words = {name: [int(line, 16) for line in lines[name]] for name in widths}
    assert {name: len(found) for name, found in words.items()} == {"draft_bigram.hex": 40, "draft_trigram.hex": 64}
    assert all(max(found) < 1 << widths[name] for name, found in words.items())
    assert table.bits == 40 * 7 + 64 * 13  # 6 bits of a token, of a pair 6 more, and whether there is one
    assert equal(table, DraftTable.of_words(vocab, *words.values()))


def test_large_vocabularies_have_bigrams_of_the_lower_ids() -> None:
    table = learn([[50000, 4095, 7], [50000, 4096, 7]] * 3, 50257, 1024)
    assert len(table.bigram) == bigram_words(50257) == 4096
    assert table.lookup(1, 4095) == 7 and table.lookup(1, 4096) is None and table.lookup(50000, 4096) == 7


# -- the model's own text -----------------------------------------------------------------------------


def test_many_samples_are_each_the_samplers() -> None:
    rng = np.random.default_rng(1)
    logits, table = rng.integers(-9000, 9000, (6, 41)), sampler.gumbel_table()
    inverses = np.array([0, 5120, 4096, 0, 2048, 131071])
    seeds = rng.integers(0, 1 << 62, 6)
    for position in (0, 3, 500):
        want = [
            sampler.sample(row, 10, int(i), int(s), position, table)
            for row, i, s in zip(logits, inverses, seeds, strict=True)
        ]
        assert sampler.samples(logits, 10, inverses, seeds, position, table).tolist() == want


@pytest.mark.parametrize("name", ["tiny_chip", "micro_chip"])
def test_texts_are_what_the_chip_writes(name: str, request: pytest.FixtureRequest) -> None:
    chip: Chip = replace(request.getfixturevalue(name), bos=3, eos=(5,))
    texts = write_texts(chip, [0.0, 0.8] * 40, 77, 256)
    assert {text.ended for text in texts} == {True, False}
    for text in texts[:30]:
        assert text.tokens[0] == 3 and len(text.tokens) <= chip.shape.context
        asked = Request(
            ids=text.tokens[: text.opening],
            budget=text.written + 1,
            temperature=text.temperature,
            seed=text.seed,
            stops=(3, 5),
        )
        assert not text.written or Reference(chip).run(asked).ids[: text.written] == tuple(text.tokens[text.opening :])
    again = write_texts(chip, [0.8], 77 + 41, 256)[0]  # whatever else is written beside it
    assert again == texts[41]


# -- builds -------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little text, so that it takes no time."""
    monkeypatch.setattr(building, "LEARNT", 64)
    monkeypatch.setattr(building, "FEWEST", 64)


def built(chip: Chip, folder: Path, **options: Any) -> Build:
    """For a board with a serial line, whose build needs no hls4ml, where no HLS is asked for."""
    chip.save(folder / "a.chip")
    board = load_board("pynq-z2" if "target" in options else "ulx3s-85f")
    return make_build(folder / "a.chip", board, folder / "b", **{"target": "rtl", **options})


def test_a_geometry_without_drafts_is_written_as_ever() -> None:
    assert "drafts" not in TWO.as_dict() and geometry_of(TWO.as_dict(), Path()) == TWO
    drafted = replace(TWO, drafts=64)
    assert drafted.as_dict()["drafts"] == 64 and geometry_of(drafted.as_dict(), Path()) == drafted
    assert parse_geometry("drafts=64", TWO) == drafted


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"drafts": 100}, "drafts 100: a table has a power of two of entries, 16 to 32,768; 0 is none"),
        ({"drafts": 8}, "16 to 32,768"),
        ({"drafts": 64, "streams": 1}, "1 streams, best 0: a draft runs in a pass that an idle stream lends"),
        ({"drafts": 64, "best": 20}, "2 streams, best 20: a draft runs in a pass .* whose samplers are plain"),
    ],
)
def test_geometries_that_cannot_have_drafts_are_refused(fields: dict[str, int], why: str) -> None:
    with pytest.raises(BuildError, match=why):
        replace(TWO, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "--drafts 64 runs in the pass of an idle stream; give --streams 2 or more"),
        ({"streams": None}, "give --streams 2 or more"),
        ({"target": "hls"}, "--drafts 64 is of the RTL engine; give --target rtl or bitstream"),
        ({"target": "bitstream", "ip": "hls", "streams": 2}, "of the RTL engine"),
        ({"streams": 2, "best": 20}, "frozen engines with plain samplers; leave out --sampler extended"),
        ({"streams": 2, "reprintable": True}, "leave out .*--reprintable"),
        ({"streams": 2, "drafts": 65}, "drafts 65: a table has a power of two"),
        ({"geometry": TWO}, "--drafts 64 plans a geometry; with --geometry say drafts in it, as in drafts=4096"),
    ],
)
def test_builds_that_cannot_have_drafts_are_refused(
    tiny_chip: Chip, tmp_path: Path, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(BuildError, match=why):
        built(tiny_chip, tmp_path, **{"drafts": 64, **options})
    assert [path.name for path in tmp_path.iterdir()] == ["a.chip"]


def test_a_table_that_is_asked_for_is_learnt_measured_and_there(tiny_chip: Chip, tmp_path: Path, small: None) -> None:
    build = built(tiny_chip, tmp_path, streams=2, drafts=64)
    plan = read_manifest(build.folder).plan
    assert plan.geometry is not None and plan.geometry["drafts"] == 64 and plan.drafts is not None
    found, table = plan.drafts, drafts_of(build.folder / "rtl")
    assert found.entries == 64 and table is not None and found.bits == table.bits == 40 * 7 + 64 * 13
    assert found.greedy is not None and found.sampled is not None and "pay" in found.why
    for gain in (found.greedy, found.sampled):
        assert gain.texts == 20 and gain.tokens >= gain.guessed >= gain.kept > 0
    # Random weights write much the same whatever the temperature; where guesses come true, cycles are saved.
    assert found.greedy.cycles < found.greedy.plain_cycles
    text = building.own_text(tiny_chip, 24)
    assert equal(table, text.table(64))  # as often as it is built
    openings = {tuple(t.tokens[: t.opening]) for t in text.learnt}
    assert not any(tuple(t.tokens[: t.opening]) in openings for texts in text.held_out for t in texts)
    whole = make_build(
        tmp_path / "a.chip", load_board("ulx3s-85f"), tmp_path / "c", target="rtl",
        geometry=geometry_of(plan.geometry, tmp_path),
    )  # fmt: skip
    assert whole.manifest.plan.drafts is None
    roms = [(one.folder / "rtl" / "hardwire_rtl.json").read_bytes() for one in (build, whole)]
    assert roms[0] == roms[1]


def test_auto_takes_drafts_that_pay_and_says_why(tiny_chip: Chip, tmp_path: Path, small: None) -> None:
    record = built(tiny_chip, tmp_path, streams=2, drafts=None).manifest.plan.drafts
    assert record is not None and record.entries in (0, *building.ENTRIES)
    assert record.why.startswith("they pay" if record.entries else "they do not pay")


def test_auto_leaves_out_drafts_that_do_not_pay(
    tiny_chip: Chip, tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building.OwnText, "table", lambda self, entries: learn([], tiny_chip.shape.vocab, entries))
    build = built(tiny_chip, tmp_path, streams=2, drafts=None)
    record, plan = build.manifest.plan.drafts, build.manifest.plan
    assert record is not None and record.entries == 0
    assert record.why == (
        "they do not pay: a user alone has 1.000 times the tokens, all streams together 1.000 times; left out"
    )
    assert plan.geometry is not None and "drafts" not in plan.geometry and drafts_of(build.folder / "rtl") is None


def test_auto_says_so_where_no_table_fits(tiny_chip: Chip, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_plan, "_room_for_drafts", lambda *_: None)
    asked = PlanRecord(clock_mhz=50.0, clock_source="asked")
    planned = plan_engine(asked, tiny_chip, load_board("pynq-z2"), "a", Wanted(streams=2, drafts=None))
    assert planned.table is None and planned.record.drafts is not None
    assert planned.record.drafts.why == "no engine fits beside a table; left out"


def test_a_board_without_room_has_a_smaller_table(tiny_chip: Chip) -> None:
    board = load_board("pynq-z2")
    fitting = engine_plan._fit(tiny_chip, board, Wanted(streams=2)).geometry
    assert fitting is not None
    planned = Geometry(**fitting)
    taken = engine_plan._cost(tiny_chip, board, planned, bitstream=False).bram18
    fabric = board.device_family.fabric
    for entries in (4096, 1024):
        room = draft_cost(tiny_chip, replace(planned, drafts=entries), fabric).bram18
        tight = replace(board, bram18=taken + room)
        found = engine_plan._room_for_drafts(tiny_chip, tight, Wanted(streams=2), planned)
        assert found is not None and found == replace(planned, drafts=found.drafts) and found.drafts >= entries
    assert draft_cost(tiny_chip, planned, fabric).bram18 == 0


def test_the_engine_takes_a_table_of_its_size(tiny_chip: Chip, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="drafts 64: the engine takes a table of as many entries"):
        write_rtl(tiny_chip, tmp_path / "a", replace(TWO, drafts=64))
    with pytest.raises(BuildError, match="drafts 0"):
        write_rtl(tiny_chip, tmp_path / "a", TWO, table=learn([], 40, 64))


def test_the_command_tells_what_it_found(tiny_chip: Chip, tmp_path: Path, small: None) -> None:
    tiny_chip.save(tmp_path / "a.chip")
    asked = [
        "build",
        str(tmp_path / "a.chip"),
        "-o",
        str(tmp_path / "b"),
        "--board",
        "ulx3s-85f",
        "--target",
        "rtl",
        "--json",
    ]
    said = CliRunner().invoke(main, [*asked, "--streams", "2", "--drafts", "64"])
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["drafts"] == json.loads((tmp_path / "b/manifest.json").read_text())["plan"]["drafts"]
    refused = CliRunner().invoke(main, [*asked, "--drafts", "auto"])
    assert refused.exit_code != 0 and "--drafts auto runs in the pass of an idle stream" in refused.output
    assert CliRunner().invoke(main, [*asked, "--drafts", "many"]).exit_code == 1


# -- cycles -------------------------------------------------------------------------------------------


def test_drafts_change_only_what_one_stream_alone_takes(tiny_chip: Chip) -> None:
    texts = write_texts(tiny_chip, [0.0] * 20, 3, 24)
    right = learn([text.tokens for text in texts], 40, 4096)
    plain, drafted = (schedule(tiny_chip, replace(TWO, drafts=entries)) for entries in (0, 4096))
    for text in texts[:6]:
        none, some = (building.written_cycles(drafted, text, table) for table in (None, right))
        assert none == building.written_cycles(plain, text, None) and some < none


def test_turns_leave_out_what_is_not_guessed(tiny_chip: Chip) -> None:
    from hardwire.backends.rtlsim import Asked, Simulated

    program = schedule(tiny_chip, replace(TWO, drafts=64))
    table = learn([[1, 2, 3, 4, 5]], 40, 64)

    def guesses(request: Request, tokens: list[int]) -> list[bool | None]:
        count = len(request.ids) + len(tokens) - 1
        found = Simulated(
            tokens=tokens, logits=np.zeros((0, 40), np.int64), fetches=np.zeros(count, np.int64), status="", position=0,
            cycles=0,
        )  # fmt: skip
        return [turn.guess for turn in turns(program, Asked(request), found, table)]

    assert guesses(Request(ids=(1, 2), budget=3), [3, 4, 5]) == [None, True, True, None]
    assert guesses(Request(ids=(1, 2), budget=9), [3, 7, 4]) == [None, True, False, None]
    assert guesses(Request(ids=(1, 2), budget=9, stops=(4,)), [3, 5]) == [None, True, None]
    assert guesses(Request(ids=(1, 2), budget=3, drafts=False), [3, 4, 5]) == [None] * 4
    assert list(replay(program, [iter(()), iter(())])) == []


# -- requests -----------------------------------------------------------------------------------------


class Drafting(ModelChip):
    """A chip with drafts behind its registers. ``told``: what was written to the register."""

    def __init__(self, chip: Chip) -> None:
        super().__init__(chip)
        self.told: list[int] = []

    def _register(self, name: str, index: int) -> int:
        return super()._register(name, index) | (DRAFTS.mask if name == "features" else 0)

    def write(self, at: int, word: int) -> None:
        if at == address("drafts"):
            self.told.append(word)
        else:
            super().write(at, word)


def test_a_request_is_drafted_unless_it_says_otherwise(tiny_chip: Chip) -> None:
    bus = Drafting(tiny_chip)
    chip = MappedChip(bus, chip_id=tiny_chip.id)
    assert chip.drafts
    want = Reference(tiny_chip).generate([1, 2], 5)
    assert [chip.generate([1, 2], 5), chip.generate([1, 2], 5, drafts=False)] == [want, want]
    model = LanguageModel(tiny_chip, chip, "tiny")
    assert model.generate([1, 2], 5, drafts=False) == model.generate([1, 2], 5)
    assert bus.told == [1, 0, 0, 1]


def test_a_chip_without_drafts_is_not_told(tiny_chip: Chip) -> None:
    chip = MappedChip(ModelChip(tiny_chip), chip_id=tiny_chip.id)
    assert not chip.drafts and chip.generate([1, 2], 5, drafts=False) == Reference(tiny_chip).generate([1, 2], 5)


def test_sizes_that_a_build_chooses_are_sizes_of_a_table() -> None:
    assert all(ENTRIES[0] <= entries <= ENTRIES[1] and not entries & entries - 1 for entries in building.ENTRIES)
