# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a sheet says, section by section. What nothing told is "not run" or "not recorded", and stands in the errata."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..host.registers import REGISTERS, WINDOWS
from ..parts import present
from ..plan.budget import NAMES, budget_of
from ..plan.replay import prompt_cycles, throughput
from ..proof.verify import RUNGS
from ..targets.board import Serial, boards_folder
from . import drawing, engine
from .card import Card
from .measured import Measured
from .source import Source

NOT_RUN = "not run"
MOST_MODULES = 24
TRACED_POSITION = 100  # whose timeline is drawn


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells of a table; numbers: columns that are set to the right."""

    rows: Sequence[Sequence[str]]
    head: Sequence[str] = ()
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A title, sentences, tables; figure: SVG of ``drawing``, and nothing else."""

    title: str
    text: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figure: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A whole datasheet. features: the lines of its first page."""

    title: str
    subtitle: str
    code: str
    features: Sequence[str]
    sections: Sequence[Section]
    version: str = ""
    date: str = field(default="")


def sections(source: Source, card: Card | None, measured: Measured | None) -> list[Section]:
    """All of them, in the order of a page."""
    made: list[Callable[[], Section | None]] = [
        lambda: _model(source, card),
        lambda: _quality(source, measured),
        lambda: _outside(source),
        lambda: _diagram(source),
        lambda: _memories(source),
        lambda: _timing(source),
        lambda: _area(source),
        lambda: _clock(source),
        lambda: Section(title="Power", text=("Not run: no tool has reported the power of this build.",)),
        lambda: _ordering(source),
        lambda: _proofs(source),
        lambda: _errata(source, card, measured),
    ]
    return [section for make in made if (section := make()) is not None]


def ordering_code(source: Source) -> str:
    """Chip, board and build, in the first digits of their digests."""
    build = source.said.build or source.said.digest
    return f"HW-{source.chip.digest[:8]}-{source.said.board.key.upper()}-{build[:8]}"


# ---------------------------------------------------------------------------------------------------
# What it is.


def _model(source: Source, card: Card | None) -> Section:
    chip, s, about = source.chip, source.chip.shape, source.chip.about
    bits = sorted({b for name, b in chip.bits.items() if name not in ("embedding", "position")})
    extra = ", ".join(part.key for part in present(chip.wiring))
    said = about.get("onnx")
    onnx = said if isinstance(said, dict) else {}
    rows = [
        ("model", source.name),
        ("architecture", str(about.get("architecture", "not recorded"))),
        ("parameters", _count(about.get("parameters"))),
        ("layers, width, hidden", f"{s.layers}, {s.dim}, {s.hidden}"),
        ("heads, KV heads, head width", f"{s.heads}, {s.kv_heads}, {s.head_dim}"),
        ("vocabulary, context", f"{s.vocab:,} tokens, {s.context:,} positions"),
        ("activation", chip.activation),
        ("parts beside a plain decoder's", extra or "none"),
        ("bits of the weights", " to ".join(str(b) for b in (bits[0], bits[-1])) if len(bits) > 1 else str(bits[0])),
        ("exceptions from eight bits", "; ".join(chip.exceptions()) or "none"),
        ("ONNX", f"{onnx.get('file', 'not recorded')}, sha256 {str(onnx.get('sha256', 'not recorded'))[:16]}"),
        ("licence", _licence(card)),
        ("card", "none found" if card is None else f"{card.name}, sha256 {card.digest[:16]}"),
    ]
    return Section(title="Description", tables=(Table(rows=rows),))


def _licence(card: Card | None) -> str:
    if card is None:
        return "not recorded: no card of the model was found"
    return card.licence or "not stated in the model's card"


def _quality(source: Source, measured: Measured | None) -> Section:
    rows: list[tuple[str, ...]] = []
    text = []
    if measured is not None:
        for name, quality in (("float", measured.exact), ("integer", measured.integer)):
            if quality is not None:
                rows.append((name, f"{quality.bits_per_char:.4f}", f"{quality.perplexity:.4f}"))
        rise = "" if measured.rise is None else f" Perplexity rises by {measured.rise:+.2%} over the float model."
        text.append(f"hardwire evaluate, {measured.tokens:,} tokens, {measured.characters:,} characters.{rise}")
    else:
        text.append("Bits per character were not measured for this sheet.")
    error = source.chip.about.get("logit_error")
    if isinstance(error, dict) and isinstance(error.get("rms"), float):
        text.append(
            f"At calibration, logits of the integers were off those of the float model by {error['rms']:.3f} rms, over "
            f"{_count(error.get('rows'))} texts of {_count(error.get('row_tokens'))} tokens."
        )
    table = Table(head=("model", "bits per character", "perplexity"), rows=rows, numbers=frozenset({1, 2}))
    return Section(title="Quality", text=text, tables=(table,) if rows else ())


# ---------------------------------------------------------------------------------------------------
# What is outside: pins, or registers.


def _outside(source: Source) -> Section:
    if source.board.serial is not None and source.engine is not None:
        return _pins(source, source.board.serial)
    if source.board.zynq is not None and source.said.target == "bitstream":
        return _registers(source.board.zynq.base)
    text = "The build is a project without a host: nothing is outside it. Pins or registers are a bitstream's."
    return Section(title="Ports", text=(text,))


def _pins(source: Source, serial: Serial) -> Section:
    text = (boards_folder() / source.board.key / serial.pins).read_text(encoding="utf-8")
    modes = dict(re.findall(r'^IOBUF PORT "([^"]+)" ([^;]*);', text, re.MULTILINE))
    sites = re.findall(r'^LOCATE COMP "([^"]+)" SITE "([^"]+)";', text, re.MULTILINE)
    rows = [(port, site, modes.get(port, "")) for port, site in sites]
    said = (
        f"Top {serial.module}, oscillator {serial.oscillator_mhz:g} MHz. The host speaks over the serial line, 8N1, in "
        "frames that carry the registers below it (docs/serial.md).",
    )
    return Section(title="Pins", text=said, tables=(Table(head=("port", "site", "mode"), rows=rows),))


def _registers(base: int) -> Section:
    where = f"AXI4-Lite, 32 bits, from 0x{base:08X} of the processor's map. Offsets are in bytes."
    rows = [(f"0x{r.address:05X}", r.name, r.access, r.meaning) for r in REGISTERS]
    windows = [(f"0x{w.address:05X}", w.name, w.access, w.meaning) for w in WINDOWS]
    head = ("offset", "register", "access", "meaning")
    return Section(
        title="Registers",
        text=(where,),
        tables=(Table(head=head, rows=rows), Table(head=("offset", "window", "access", "meaning"), rows=windows)),
    )


# ---------------------------------------------------------------------------------------------------
# What is inside.


def _diagram(source: Source) -> Section:
    if source.engine is None:
        return Section(
            title="Block diagram",
            text=("The decoder is an HLS project, whose structure Vitis HLS decides. It was not run.",),
        )
    figure = drawing.block_diagram(engine.blocks(source.chip, source.engine, source.widths, source.board))
    return Section(title="Block diagram", text=("Drawn from the plan.",), figure=figure)


def _memories(source: Source) -> Section | None:
    if source.engine is None:
        return None
    table = Table(
        head=("memory", "holds", "words", "bits", "total bits", "block RAMs, planned"),
        rows=engine.memory_map(source.chip, source.engine, source.widths),
        numbers=frozenset({2, 3, 4, 5}),
    )
    return Section(title="Memory map", text=("All on the chip: no memory outside it is used.",), tables=(table,))


def _timing(source: Source) -> Section:
    program, made = source.engine, source.made
    if program is None:
        return Section(title="Timing of a token", text=("Not run: no tool has told the cycles of the HLS decoder.",))
    clock = made.clock_mhz if made is not None and made.clock_mhz is not None else source.plan_clock_mhz
    position = min(TRACED_POSITION, program.context - 1)
    mean = program.mean_cycles()
    last = min(255, program.context - 1)
    text = [
        f"Cycles of the engine from the fetch of a token to the next possible fetch; the schedule's, exact. Mean over "
        f"positions 0 to {last}: {mean:,.1f} cycles."
    ]
    if clock is not None:
        text.append(f"At {clock:.2f} MHz that is {1e6 * clock / mean:,.0f} tokens/s of the engine by itself.")
    if made is not None and made.tokens_per_second is not None:
        text.append(f"With the host's cycles beside it: {made.tokens_per_second:,.0f} tokens/s.")
    if program.geometry.streams > 1:
        over_all = throughput(program).cycles
        rate = "" if clock is None else f", {1e6 * clock / over_all:,.0f} tokens/s"
        text.append(f"All {program.geometry.streams} streams busy: a token every {over_all:,.1f} cycles{rate}.")
    if program.geometry.lends:
        text.append(
            "The table has a prompt's inner token by itself. While other streams are idle a prompt runs through their "
            f"passes too: with all of them, a token every {prompt_cycles(program):,.1f} cycles."
        )
    text.append(f"Drawn: a generated token at position {position}.")
    table = Table(
        head=("position", "cycles, generated", "microseconds", "cycles, inner token of a prompt"),
        rows=engine.cycles(program, clock),
        numbers=frozenset({0, 1, 2, 3}),
    )
    figure = drawing.timeline(program.timeline(position), program.cycles(position))
    return Section(title="Timing of a token", text=text, tables=(table,), figure=figure)


def _area(source: Source) -> Section:
    made, text = source.made, []
    used = {} if made is None else dict(made.resources or {})
    budget = budget_of(source.board) | ({} if made is None else dict(made.budget or {}))
    rows = []
    for name in sorted({*used, *source.predicted, *budget} & set(NAMES), key=list(NAMES).index):
        have = budget.get(name)
        share = f"{used[name] / have:.1%}" if name in used and have else ""
        counted = _count(used[name]) if name in used else NOT_RUN
        rows.append((NAMES[name], _count(source.predicted.get(name)), counted, _count(have), share))
    tools = "" if made is None else ", ".join(f"{name} {version}" for name, version in (made.tools or {}).items())
    text.append(
        f"Counted by {tools}." if used else "Not run: no tool has counted it. The plan's prediction stands alone."
    )
    tables = [
        Table(head=("resource", "predicted", "used", "budget", "share"), rows=rows, numbers=frozenset({1, 2, 3, 4}))
    ]
    if source.modules:
        shown = list(source.modules.items())[:MOST_MODULES]
        kinds = [kind for kind in NAMES if any(counts.get(kind) for _, counts in shown)]
        cells = [(name, *(f"{counts.get(kind, 0):,}" for kind in kinds)) for name, counts in shown]
        named = ("module", *(NAMES[kind] for kind in kinds))
        tables.append(Table(head=named, rows=cells, numbers=frozenset(range(1, len(named)))))
        if len(source.modules) > len(shown):
            text.append(f"The {len(shown)} largest of {len(source.modules)} modules, without what they contain.")
        else:
            text.append("Modules without what they contain.")
    else:
        text.append("Area by module is not recorded in this folder.")
    return Section(title="Area", text=text, tables=tables)


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "not recorded"


def _clock(source: Source) -> Section:
    made = source.made
    rows = [("asked for", _mhz(source.plan_clock_mhz))]
    if made is None or made.clock_mhz is None:
        rows.append(("source", "what is asked for; no tool has routed this build"))
        return Section(title="Clock", tables=(Table(rows=rows),))
    rows += [
        ("runs at", _mhz(made.clock_mhz)),
        ("source", f"{made.clock_source}; place and route: {made.place_and_route}"),
        ("the route would allow", _mhz(made.fmax_mhz)),
    ]
    rows += [(f"slack, {name}", f"{value:.3f} ns") for name, value in (made.slack_ns or {}).items()]
    path = made.critical_path or {}
    if path.get("text"):
        rows.append(("slowest path", str(path["text"])))
    return Section(title="Clock", tables=(Table(rows=rows),))


def _mhz(value: float | None) -> str:
    return "not recorded" if value is None else f"{value:.2f} MHz"


# ---------------------------------------------------------------------------------------------------
# Where it comes from, and what is not known.


def _ordering(source: Source) -> Section:
    said, made = source.said, source.made
    rows = [
        ("ordering code", ordering_code(source)),
        ("chip", source.chip.digest),
        ("register id", f"0x{source.said.told_identity[:8]}"),
        ("build", said.build or "not recorded"),
        ("sources of the bitstream", said.sources or "not recorded"),
        ("bitstream", said.bitstream_sha256 or "none"),
        ("part", f"{said.board.part} on {said.board.name}"),
        ("made", "not recorded" if made is None or made.when is None else made.when),
    ]
    return Section(title="Ordering code", text=("sha256 where nothing else is said.",), tables=(Table(rows=rows),))


def _proofs(source: Source) -> Section:
    rows = [
        (proof.when, name, rung.status, f"{rung.tokens:,}", f"{rung.logits:,}", rung.note)
        for proof in source.said.proofs or ()
        for name, rung in sorted(proof.rungs.items(), key=lambda item: _rank(item[0]))
    ]
    if not rows:
        return Section(title="Proofs", text=("Not run: the folder has no receipt of hardwire verify.",))
    head = ("date", "rung", "status", "tokens", "logits", "note")
    text = (f"The last verdict: {(source.said.proofs or ())[-1].verdict}.",)
    return Section(title="Proofs", text=text, tables=(Table(head=head, rows=rows, numbers=frozenset({3, 4})),))


def _rank(rung: str) -> int:
    """Place on the ladder; what this version does not know stands behind."""
    return RUNGS.index(rung) if rung in RUNGS else len(RUNGS)


def _errata(source: Source, card: Card | None, measured: Measured | None) -> Section:
    made, found = source.made, []
    for proof in source.said.proofs or ():
        if proof.first_difference is not None:
            found.append(f"A proof of {proof.when} found a difference: {_first(proof.first_difference)}.")
    ran = {
        name
        for proof in source.said.proofs or ()
        for name, rung in proof.rungs.items()
        if rung.status not in (NOT_RUN, "different")
    }
    found += [f"Rung {rung} of the proof: not run." for rung in RUNGS if rung not in ran]
    tools = {} if source.build is None else source.build.manifest.tools
    found += [f"{tool}: not run." for tool, version in tools.items() if version == NOT_RUN]
    if made is None or made.place_and_route in (None, NOT_RUN):
        found.append("Place and route: not run. The clock is what is asked for.")
    found.append("Power: not run.")
    found.append("On a board: not run, as far as this folder knows; it keeps no record of boards.")
    if measured is None:
        found.append("Quality on a held-out text: not measured for this sheet.")
    if card is None or card.licence is None:
        found.append("The licence of the model is not known to this sheet.")
    return Section(title="Errata", tables=(Table(rows=[(str(i), text) for i, text in enumerate(found, 1)]),))


def _first(difference: object) -> str:
    if not isinstance(difference, dict):
        return "of a kind that was not recorded"
    return ", ".join(
        f"{name} {difference.get(name)}" for name in ("rung", "stage", "token", "index", "expected", "got")
    )
