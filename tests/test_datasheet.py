# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The datasheet says what the manifest, the chip and the plan say, escapes all of it, and says what was not run."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from outlines import TINY

from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.datasheet import page, write_datasheet, write_pdf
from hardwire.datasheet.drawing import BOX, COLUMNS, PLACES, ROWS, WIRES, block_diagram, timeline
from hardwire.datasheet.source import open_source
from hardwire.errors import BuildError, HardwireError, ToolMissing
from hardwire.host.registers import REGISTERS, WINDOWS
from hardwire.manifest import MANIFEST, SYNTH, SynthesisReceipt, read_bundle_manifest, write_manifest
from hardwire.plan.cost import memories
from hardwire.plan.geometry import Geometry
from hardwire.proof.receipts import record
from hardwire.proof.verify import verify
from hardwire.quantize import random_chip
from hardwire.synth import receipt
from hardwire.targets.board import load_board

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "bitstreams" / "ulx3s-85f" / "bundled"
GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4)
TITLES = (
    "Description", "Quality", "Pins", "Block diagram", "Memory map", "Timing of a token", "Area", "Clock", "Power",
    "Ordering code", "Proofs", "Errata",
)  # fmt: skip


class Page(HTMLParser):
    """Titles, cells by section, tags and attributes of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.cells: dict[str, list[list[str]]] = {}
        self.words: dict[str, str] = {}
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._in = ""
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._in = tag
        if tag == "tr":
            self.cells[self.titles[-1]].append([])
        elif tag in ("td", "th"):
            self.cells[self.titles[-1]][-1].append("")

    def handle_data(self, data: str) -> None:
        if self._in == "h2" and data.strip():
            self.titles.append(data.split(". ", 1)[1])
            self.cells[self.titles[-1]] = []
            self.words[self.titles[-1]] = ""
        elif self._in in ("td", "th"):
            self.cells[self.titles[-1]][-1][-1] += data
        elif self.titles:
            self.words[self.titles[-1]] += data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def row(self, title: str, first: str) -> list[str]:
        (found,) = [row for row in self.cells[title] if row and row[0] == first]
        return found[1:]


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(write_datasheet(COMMITTED, tmp_path_factory.mktemp("sheet") / "s.html"))


@pytest.fixture(scope="module")
def zynq(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("zynq")
    random_chip(TINY, seed=3).save(folder / "m.chip")
    geometry = replace(GEOMETRY, trace=True)
    board = load_board("pynq-z2")
    return make_build(folder / "m.chip", board, folder / "tiny", target="bitstream", geometry=geometry, lanes=1)


@pytest.fixture
def serial(tmp_path: Path) -> Build:
    random_chip(TINY, seed=3).save(tmp_path / "m.chip")
    return make_build(tmp_path / "m.chip", load_board("ulx3s-85f"), tmp_path / "tiny", target="rtl", geometry=GEOMETRY)


def test_the_committed_bitstream(committed: Page) -> None:
    said = read_bundle_manifest(COMMITTED)
    assert tuple(committed.titles) == TITLES
    assert committed.row("Description", "parameters") == ["279,232"]
    assert committed.row("Description", "licence")[0].startswith("Apache-2.0 for the weights")
    assert committed.row("Clock", "runs at") == ["56.25 MHz"] and committed.row("Clock", "asked for") == ["56.25 MHz"]
    assert committed.row("Clock", "source") == [f"routed; place and route: {said.place_and_route}"]
    assert said.resources is not None and said.cycles is not None
    assert committed.row("Area", "LUTs")[1] == f"{said.resources['lut']:,}"
    for place in (0, 100, 255):
        assert committed.row("Timing of a token", f"{place}")[0] == f"{said.cycles[place]:,}"  # of the build's own
    assert "2 x 256 positions, 512 tokens of vocabulary" in committed.text  # two streams share the cache
    assert committed.cells["Timing of a token"][-1][0] == "255"
    assert "All 2 streams busy: a token every 1,2" in committed.words["Timing of a token"]
    assert committed.row("Ordering code", "bitstream") == [said.bitstream_sha256]
    assert committed.row("Pins", "clk_i")[0] == "G2" and len(committed.cells["Pins"]) == 20
    errata = [row[1] for row in committed.cells["Errata"]]
    assert "Rung rtl of the proof: not run." in errata and "Rung netlist of the proof: not run." not in errata
    assert "Not run" in committed.words["Power"]


def test_it_is_one_file_with_nothing_outside(committed: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & committed.tags
    assert not {"src", "href", "onload", "xlink:href"} & committed.attributes
    assert "default-src 'none'" in committed.text
    outside = committed.text.replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in outside and "https:" not in outside and "url(" not in outside.replace("url(#tip)", "")


def test_memories_are_the_plans(committed: Page) -> None:
    source = open_source(COMMITTED)
    assert source.engine is not None
    planned = memories(source.chip, source.engine, source.widths)
    blocks = [int(row[-1].replace(",", "")) for row in committed.cells["Memory map"][1:]]
    assert sum(blocks) == planned["bram18"]
    stored = sum(m.weight.size * m.bits for name, m in source.chip.matrices.items() if name != "embedding")
    weights = [int(cell.replace(",", "")) for cell in committed.cells["Memory map"][1][2:5]]
    assert weights[0] * weights[1] == weights[2] >= stored


@pytest.mark.tools  # hls4ml, for the HLS project beside the RTL
def test_a_board_with_a_processor_has_registers(zynq: Build, tmp_path: Path) -> None:
    sheet = Page(write_datasheet(zynq.folder, tmp_path / "s.html"))
    assert "Registers" in sheet.titles and "Pins" not in sheet.titles
    names = {row[1] for row in sheet.cells["Registers"]}
    assert {entry.name for entry in (*REGISTERS, *WINDOWS)} <= names and "0x43C00000" in sheet.words["Registers"]
    errata = [row[1] for row in sheet.cells["Errata"]]
    assert "vivado: not run." in errata and "Place and route: not run. The clock is what is asked for." in errata
    assert "The licence of the model is not known to this sheet." in errata
    assert sheet.row("Description", "licence") == ["not recorded: no card of the model was found"]
    assert "no tool has counted it" in sheet.words["Area"] and sheet.row("Clock", "source")[0].startswith(
        "what is asked for"
    )


@pytest.mark.tools
def test_a_project_without_a_host_has_no_registers(tmp_path: Path) -> None:
    random_chip(TINY, seed=3).save(tmp_path / "m.chip")
    made = make_build(
        tmp_path / "m.chip", load_board("zcu104"), tmp_path / "b", target="rtl", geometry=GEOMETRY, lanes=1
    )
    sheet = Page(write_datasheet(made.folder, tmp_path / "s.html"))
    assert "Registers" not in sheet.titles and "without a host" in sheet.words["Ports"]


@pytest.mark.tools
def test_an_hls_project_has_no_cycles(tmp_path: Path) -> None:
    random_chip(TINY, seed=3).save(tmp_path / "m.chip")
    made = make_build(tmp_path / "m.chip", load_board("pynq-z2"), tmp_path / "b", target="hls")
    sheet = Page(write_datasheet(made.folder, tmp_path / "s.html"))
    assert "Not run: no tool has told the cycles" in sheet.words["Timing of a token"]
    assert "Memory map" not in sheet.titles and "It was not run." in sheet.words["Block diagram"]


def test_proofs_have_their_dates(serial: Build, tmp_path: Path) -> None:
    proved = verify(serial, ["int"], tokens=4)
    record(serial, proved)
    sheet = Page(write_datasheet(serial.folder, tmp_path / "s.html"))
    (row,) = sheet.cells["Proofs"][1:]
    assert row[:3] == [proved.when, "int", "equal"] and "incomplete: " in sheet.words["Proofs"]
    errata = [row[1] for row in sheet.cells["Errata"]]
    assert "Rung int of the proof: not run." not in errata and "Rung rtl of the proof: not run." in errata


def test_area_by_module_is_that_of_synthesis(serial: Build, tmp_path: Path) -> None:
    work = serial.folder / SYNTH
    work.mkdir()
    (work / "netlist.json").write_text("{}")
    modules = {"matvec": {"lut": 70, "dsp": 4}, "scores": {"lut": 900, "dsp": 0}}
    receipt.save(work / "synth.receipt", "a" * 64, {"usage": {"modules": modules}}, ["netlist.json"])
    made = SynthesisReceipt(
        status="done", when="2026-01-02T03:04:05Z", tools={"pyosys": "0.70"}, top="t", digest="a" * 64, files={},
        family="x", resources={"lut": 970, "dsp": 4}, budget={"lut": 1000, "dsp": 8}, share={}, predicted={},
        place_and_route="not run", clock_mhz=42.0, clock_source="asked", target_mhz=None, fmax_mhz=None,
        critical_path=None, cycles_per_token=None, tokens_per_second=None, seconds=1.0, error=None,
    )  # fmt: skip
    write_manifest(serial.folder, replace(serial.manifest, synthesis=made))
    sheet = Page(write_datasheet(serial.folder, tmp_path / "s.html"))
    assert sheet.row("Area", "scores") == ["900", "0"] and sheet.row("Area", "matvec") == ["70", "4"]
    assert sheet.row("Area", "LUTs")[1:] == ["970", "1,000", "97.0%"] and "pyosys 0.70" in sheet.words["Area"]
    (work / "netlist.json").write_text("another")  # no longer what the receipt is of
    sheet = Page(write_datasheet(serial.folder, tmp_path / "s.html"))
    assert "Area by module is not recorded in this folder." in sheet.words["Area"]


def test_an_evaluation_is_quoted(tmp_path: Path) -> None:
    score = {"bits_per_char": 1.25, "perplexity": 8.5}
    data = {"float": score, "integer": score, "tokens": 1000, "characters": 4000, "rise": 0.0, "unknown_tokens": 0}
    (tmp_path / "e.json").write_text(json.dumps(data))
    sheet = Page(write_datasheet(COMMITTED, tmp_path / "s.html", evaluation=tmp_path / "e.json"))
    assert sheet.row("Quality", "integer") == ["1.2500", "8.5000"] and "1,000 tokens" in sheet.words["Quality"]
    assert "not measured" not in " ".join(row[1] for row in sheet.cells["Errata"])
    for change, message in (({"tokens": "many"}, "tokens is 'many'"), ({"integer": None}, "integer is None")):
        (tmp_path / "e.json").write_text(json.dumps({**data, **change}))
        with pytest.raises(BuildError, match=message):
            write_datasheet(COMMITTED, tmp_path / "s.html", evaluation=tmp_path / "e.json")


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("---\nlicense: mit\n---\n# A model\n", "mit"),
        ("# A model\n\n| licence | CC BY 4.0, text too |\n", "CC BY 4.0, text too"),
        ("---\nlicense: '<script>alert(1)</script>'\n---\n", "<script>alert(1)</script>"),
        ("# A model\n\nIt has a licence.\n", "not stated in the model's card"),
    ],
)
def test_a_card_states_its_licence(tmp_path: Path, text: str, licence: str) -> None:
    (tmp_path / "card.md").write_text(text)
    sheet = Page(write_datasheet(COMMITTED, tmp_path / "s.html", card=tmp_path / "card.md"))
    assert sheet.row("Description", "licence") == [licence]
    assert "script" not in sheet.tags


def test_cards_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_bytes(b"\xff\xfe")
    with pytest.raises(HardwireError, match="not UTF-8 at byte 0; give the model's card"):
        write_datasheet(COMMITTED, tmp_path / "s.html", card=tmp_path / "card.md")
    with pytest.raises(HardwireError, match="cannot be read"):
        write_datasheet(COMMITTED, tmp_path / "s.html", card=tmp_path / "absent.md")


def test_what_a_folder_says_is_text_and_never_markup(tmp_path: Path) -> None:
    folder = tmp_path / "<b>bold"
    folder.mkdir()
    for path in COMMITTED.iterdir():
        os.link(path, folder / path.name)
    said = read_bundle_manifest(folder)
    hostile = "<img src=x onerror=alert(1)>\"'"
    (folder / MANIFEST).unlink()
    board = replace(said.board, name=hostile)
    changed = replace(said, board=board, place_and_route=hostile, tools={hostile: hostile}, when=hostile)
    write_manifest(folder, changed.sealed())
    sheet = Page(write_datasheet(folder, tmp_path / "s.html"))
    assert "img" not in sheet.tags and "b" not in sheet.tags and "onerror" not in sheet.attributes
    assert hostile in sheet.words["Area"] and hostile in sheet.row("Clock", "source")[0]


def test_a_folder_that_was_edited_is_refused(tmp_path: Path) -> None:
    for path in COMMITTED.iterdir():
        os.link(path, tmp_path / path.name)
    (tmp_path / "ulx3s_top.bit.gz").unlink()
    with pytest.raises(BuildError, match="ulx3s_top.bit.gz: missing, or not what its manifest says"):
        write_datasheet(tmp_path, tmp_path / "s.html")
    with pytest.raises(BuildError, match=r"no readable manifest.json .*; give a folder"):
        write_datasheet(tmp_path / "absent", tmp_path / "s.html")
    assert not (tmp_path / "s.html").exists()


# ---------------------------------------------------------------------------------------------------
# Drawings.


def test_wires_run_between_blocks_and_not_through_them() -> None:
    boxes = [(COLUMNS[c], ROWS[r], COLUMNS[c] + BOX[0], ROWS[r] + BOX[1]) for c, r in PLACES.values()]
    for corners, _, _ in WIRES:
        for (x1, y1), (x2, y2) in zip(corners, corners[1:], strict=False):
            assert x1 == x2 or y1 == y2, "wires turn at right angles"
            for left, top, right, bottom in boxes:
                across = min(x1, x2) < right and max(x1, x2) > left and min(y1, y2) < bottom and max(y1, y2) > top
                assert not across, (corners, (left, top))
        for x, y in (corners[0], corners[-1]):
            assert any(
                (x in (left, right) and top <= y <= bottom) or (y in (top, bottom) and left <= x <= right)
                for left, top, right, bottom in boxes
            ), f"an end of {corners} hangs in the air"


def test_text_of_a_drawing_is_escaped() -> None:
    svg = block_diagram({"lanes": ["<script>", "a & b"]})
    texts = [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert "<script>" in texts and "a & b" in texts


def test_bars_are_where_the_plan_has_them() -> None:
    source = open_source(COMMITTED)
    assert source.engine is not None
    busy, cycles = source.engine.timeline(100), source.engine.cycles(100)
    bars = list(ElementTree.fromstring(timeline(busy, cycles)).iter("{http://www.w3.org/2000/svg}rect"))
    assert len(bars) == len(busy)
    scale = (850 - 86) / cycles
    for bar, job in zip(bars, busy, strict=True):
        assert float(bar.get("x", "")) == pytest.approx(86 + job.start * scale, abs=0.06)
        assert float(bar.get("width", "")) == pytest.approx(max((job.end - job.start) * scale, 0.5), abs=0.06)


# ---------------------------------------------------------------------------------------------------
# PDF.


def test_a_pdf_needs_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"no browser on PATH \(chromium, .*apt-get install chromium"):
        write_pdf(tmp_path / "s.html", tmp_path / "s.pdf")
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\necho 'no display' >&2\nexit 3\n")
    browser.chmod(0o755)
    with pytest.raises(BuildError, match="made no PDF and said 'no display'"):
        write_pdf(tmp_path / "s.html", tmp_path / "s.pdf")
    browser.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    monkeypatch.setattr(page, "LIMIT", 0.2)
    with pytest.raises(BuildError, match="printed nothing in 0.2 s"):
        write_pdf(tmp_path / "s.html", tmp_path / "s.pdf")
    assert not (tmp_path / "s.pdf").exists()
