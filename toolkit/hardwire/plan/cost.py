# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What an engine takes of a device, before any tool has seen it.

Structure gives the form (how many adders of which width, which memory in which shape), a few constants its scale; they
were fitted to Yosys, whose own numbers ``hardwire synth`` puts beside these with the error. Counts are LUT6 for AMD,
LUT4 and carry halves together (TRELLIS_COMB) for ECP5.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from ..chip.model import Chip
from ..ops import attention
from ..parts import present
from ..targets.blocks import bram18, multipliers, tail_words
from ..targets.families import family_of
from ..targets.family import Fabric
from .choice import class_bits
from .drafts import Hash, bigram_bits, bigram_words, trigram_bits
from .geometry import Geometry, Style
from .latency import ceil_div
from .program import Schedule
from .widths import Widths, tails, weight_words


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Predicted resources: counts of a device's LUTs, flip-flops, multiplier blocks, block RAMs of 18 Kbit, URAMs."""

    lut: int
    ff: int
    dsp: int
    bram18: int
    uram: int

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return {"lut": self.lut, "ff": self.ff, "dsp": self.dsp, "bram18": self.bram18, "uram": self.uram}

    def beside(self, other: Cost) -> Cost:
        """What this and another design take together."""
        return Cost(**{name: count + other.as_dict()[name] for name, count in self.as_dict().items()})


def digits(bits: int) -> int:
    """Digits of two bits that a factor of ``bits`` has; a product in LUTs has a partial product for each."""
    return (bits + 1) // 2


def bits_of(count: int) -> int:
    """Bits that count 0 .. count - 1."""
    return max(count - 1, 0).bit_length()


def dot_luts(f: Fabric, terms: int, act: int, weight: int, settled: bool = False) -> float:
    """LUTs of rtl/dot.sv: the sum of ``terms`` products of ``act`` by ``weight`` bits, made digit by digit.

    ``settled``: nothing of the sum is left to the caller to add.
    """
    n, part = digits(weight), act + 1 + bits_of(terms)
    first, later = act + 1, (terms - 1) * (part + 1) * f.bit
    if not f.shared_mux:
        later += (terms - 1) * (act + 1)
    joins = sum(part + 2 * (n - d) for d in range(1, n))
    return n * (first + later) + joins + (act + 2 if settled else 0)


def tree_luts(count: int, width: int) -> float:
    """LUTs of rtl/adder_tree.sv over ``count`` values of ``width`` bits, which grow by one a level."""
    total, level = 0.0, width
    while count > 1:
        total += (count // 2) * (level + 2)
        count, level = count - count // 2, level + 1
    return total


def score_cost(f: Fabric, style: Style, banks: int, channels: int, query: int, cache: int) -> tuple[float, int]:
    """LUTs and multipliers of the score products of one head on ``banks``."""
    if not banks:
        return 0.0, 0
    if style == "fabric":
        full, rest = divmod(channels, 4)
        chains = [4] * full + [rest] * (rest > 0)
        chain = sum(dot_luts(f, t, query, cache, True) for t in chains)
        return banks * (chain + tree_luts(len(chains), query + 2 + 2 + 2 * digits(cache))), 0
    tree = tree_luts(channels, query + cache)
    pairs = banks // 2 if style == "packed" and f.pairs else 0
    luts = banks * tree + pairs * channels * (query + cache) * 0.6
    return luts, (pairs + banks - 2 * pairs) * channels * multipliers(f, query, cache)


def mix_cost(f: Fabric, style: Style, channels: int, banks: int, cache: int) -> tuple[float, int]:
    """LUTs and multipliers of ``channels`` weighted sums of one head over a block."""
    if not channels:
        return 0.0, 0
    p = attention.PROBABILITY_BITS
    if style == "fabric":
        full, rest = divmod(banks, 4)
        chains = [4] * full + [rest] * (rest > 0)
        chain = sum(dot_luts(f, t, p + 1, cache, True) for t in chains)
        return channels * (chain + tree_luts(len(chains), p + 3 + 2 * digits(cache))), 0
    tree = tree_luts(banks, p + cache)
    pairs = channels // 2 if style == "packed" and f.weighted_pairs else 0
    luts = channels * tree + pairs * banks * (p + 2)
    return luts, (pairs + channels - 2 * pairs) * banks * multipliers(f, p + 1, cache)


def lane_cost(f: Fabric, g: Geometry, weight: int, act: int, acc: int) -> tuple[float, int, int]:
    """LUTs, registers and multipliers of all lanes."""
    units = g.rows * g.depth * (g.groups - g.packed_groups)  # in fabric
    unit_luts = dot_luts(f, g.terms, act, weight) * 0.94 + (acc + 1) * f.bit
    luts, ff = units * unit_luts, units * (acc + g.terms * weight + (g.lane_stages - 1) * (act + 2 * weight))
    pairs = g.rows // 2 * g.depth * g.packed_groups
    blocks = pairs * g.terms * multipliers(f, acc + weight + 1, act)
    luts += pairs * g.terms * (weight + 2)
    if g.terms > 1 or not f.accumulates:
        luts += pairs * (tree_luts(g.terms, acc + weight + act) + 2 * acc)
        ff += pairs * (2 * acc + g.terms * (acc + weight))
    return luts, int(ff), blocks


def predict(chip: Chip, program: Schedule, family: str, widths: Widths, memory: dict[str, int] | None = None) -> Cost:
    """Cost of the engine that plays ``program``. ``memory``: as memories gives it, where it is known already."""
    f, g, s, w = family_of(family).fabric, program.geometry, chip.formats, chip.shape
    acc, weight = widths.accumulator, widths.weight
    act = max(s.norm, s.attention, s.hidden)
    lanes, ff, dsp = lane_cost(f, g, weight, act, acc)
    rows, row_dsp = _row_cost(chip, program, f, acc)
    heads, head_dsp = _attention_cost(chip, program, f)
    extras = [part.extra(program, f, shifter_luts(f, acc)) for part in present(chip.wiring)]
    row_dsp += sum(extra.dsp for extra in extras)
    sampling = 1063 + 190 + g.rows * 60 + (0 if f.shared_mux else 600)
    rows += g.rows * sum(extra.row_lut for extra in extras)
    lut = (lanes + rows + heads + sampling + f.fixed + sum(extra.lut for extra in extras)) * f.scale
    lut += stream_luts(f, g)
    memory = memory or memories(chip, program, widths)
    lut += memory["tail"] * (1 if f.shared_mux else 2)  # a bit of the few words, and the choice
    in_score = g.banks if g.score_style == "fabric" else g.score_fabric
    ff += program.shared * in_score * ceil_div(w.head_dim, 4) * digits(s.cache) * (s.query + 3)  # between chains
    ff += sum(extra.ff for extra in extras)
    if not f.pairs:  # no registers in the multiplier blocks, as Yosys maps them
        ff += (dsp + row_dsp + head_dsp) * 26
    ff += 1600 + g.columns * g.depth * act + g.rows * 260 + program.shared * g.banks * (60 + w.head_dim * 6)
    engine = Cost(lut=ceil(lut), ff=int(ff), dsp=dsp + row_dsp + head_dsp, bram18=memory["bram18"], uram=memory["uram"])
    return engine.beside(choice_cost(chip, g, f)).beside(draft_cost(chip, g, f))


def draft_cost(chip: Chip, g: Geometry, f: Fabric) -> Cost:
    """Cost of drafts: the table, and of each stream what follows its guess; nothing without them.

    Block RAMs are those of the two memories; LUTs and registers are counted from the form of rtl/drafts.sv, and not
    fitted to any tool's numbers yet.
    """
    if not g.drafts:
        return Cost(lut=0, ff=0, dsp=0, bram18=0, uram=0)
    v = chip.shape.vocab
    name, tag = bits_of(v), Hash.of(v, g.drafts).tag
    ram = bram18(bigram_bits(v), bigram_words(v)) + bram18(trigram_bits(v, g.drafts), g.drafts)
    lut = g.streams * (60 + 4 * name) + 2 * (name + tag) + 3 * bits_of(g.drafts)
    ff = g.streams * (40 + 4 * name) + 2 * name
    return Cost(lut=ceil(lut if f.shared_mux else 1.4 * lut), ff=ff, dsp=0, bram18=ram, uram=0)


def choice_cost(chip: Chip, g: Geometry, f: Fabric) -> Cost:
    """Cost of the extended sampler around an engine, rtl/choice/, one for each stream: a list of the best, and what
    walks the logits; nothing where samplers are plain.

    Fitted to Yosys of choice.sv alone at a vocabulary, rows and best of 512, 8, 20: for ECP5 5272 LUTs, 3248 registers
    and 6 multipliers, for xc7 4063, 2685 and 5, for both 11 block RAMs. One size; at others it follows its form. Memory
    for an automaton of 4,096 transitions adds 52 LUTs, 77 registers and 7 block RAMs for ECP5, 51, 50 and 7 for xc7.
    """
    if not g.best:
        return Cost(lut=0, ff=0, dsp=0, bram18=0, uram=0)
    name, logit, words = bits_of(chip.shape.vocab), chip.formats.logit, ceil_div(chip.shape.vocab, g.rows)
    entry = name + logit + (logit + 19 - (chip.formats.logit_fraction + 2)) + 16  # id, logit, scaled, noise
    kind, rows = class_bits(chip.shape.vocab), g.guide_words
    memories_of = (
        (words, g.rows * logit),  # logits
        (ceil_div(chip.shape.vocab, 32), 32),  # mask
        (chip.shape.vocab, 1),  # marks of seen tokens
        (chip.shape.context, name),  # tokens by position
        (1024, 25),  # weights
        (2048, 16),  # noise
        *(((chip.shape.vocab, kind), (rows, kind + bits_of(rows))) if rows else ()),  # classes, table
    )
    ram = g.streams * sum(bram18(width, depth) for depth, width in memories_of)
    if f.shared_mux:
        lut, ff, dsp = 1119 + ceil(2.3 * entry * g.best), 1405 + entry * g.best, 5
    else:
        lut, ff, dsp = 1432 + 3 * entry * g.best, 1968 + entry * g.best, 6
    if rows:
        lut, ff = lut + 60, ff + 80
    return Cost(lut=g.streams * lut, ff=g.streams * ff, dsp=g.streams * dsp, bram18=ram, uram=0)


def axi_cost(chip: Chip, program: Schedule, ring: int = 512) -> Cost:
    """Cost of what stands beside an engine behind AXI4-Lite: boards/zynq, rtl/host_*.sv, and a trace if it is built.

    Fitted to Yosys (synth_xilinx): hardwire_axi around an engine that is a black box, with a ring of 512, for xc7 at
    vocabulary, rows and logit bits of 512, 8, 16 (857 LUTs, 884 registers, 6 block RAMs), of 32000, 32, 18 (1173, 943,
    34) and of 50257, 64, 20 (1633, 953, 74), for xcup at 4096, 16, 16 (985, 909, 10); rtl/trace.sv by itself, for xc7
    at 8 rows (1366, 1167, and 8 multipliers) and 32 rows (4058, 3385, 8). Interconnect, interrupt controller and reset
    of the block design are Xilinx's, and in no open tool: not counted. Every further stream has registers of its own.
    """
    from .trace import segments

    g, bits, vocab = program.geometry, chip.formats.logit, chip.shape.vocab
    name = bits_of(vocab)  # of a token's id: stop tokens, prompt and ring
    lut, ff = g.streams * (738 + 5 * name + 0.64 * g.rows * bits), g.streams * (795.0 + 10 * name)
    ram = g.streams * axi_memory(chip, g.rows, ring)
    dsp = 0
    if g.trace:
        folded = 3 * g.rows + program.shared * g.divides
        lut, ff, dsp = lut + 37.4 * folded + 222 + 172 * ceil_div(segments(program), 32), ff + 30.8 * folded + 366, 8
    return Cost(lut=ceil(lut), ff=int(ff), dsp=dsp, bram18=ram, uram=0)


def axi_memory(chip: Chip, rows: int, ring: int = 512) -> int:
    """BRAM18 of what stands beside an engine of so many rows behind AXI4-Lite: prompt, ring and the last logits."""
    name, vocab = bits_of(chip.shape.vocab), chip.shape.vocab
    prompt = bram18(name, chip.shape.context)
    return prompt + bram18(32, ring) + bram18(rows * chip.formats.logit, ceil_div(vocab, rows))


def stream_luts(f: Fabric, g: Geometry) -> float:
    """LUTs of what several streams have for themselves: loop, program, position, and deeper memories in LUTs."""
    return 0.0 if g.streams == 1 else (350 + 850 * (g.streams - 1)) * (1.0 if f.shared_mux else 1.4)


def _row_cost(chip: Chip, program: Schedule, f: Fabric, acc: int) -> tuple[float, int]:
    """From the lanes' sums to rows, with the residual, the norm and what post does."""
    g, s = program.geometry, chip.formats
    fabric = g.groups - g.packed_groups
    read = g.groups * g.rows * acc * (g.depth - 1) * f.mux
    read += g.rows * acc * (fabric + (2 if fabric else 0) + 2 * g.packed_groups + (2 if g.packed_groups else 0))
    shifter = shifter_luts(f, acc)
    post = (s.residual + 19) * 6 * f.barrel + 60
    row = shifter + post + 42 + 42 + 60 + (24 if chip.biases else 0)
    row += 2 * s.residual * (0.67 if f.shared_mux else 2.0) + s.residual * 2
    column = 107 if f.shared_mux else 150
    turning = 2 if chip.shape.rotary else 1
    dsp = g.rows * (multipliers(f, acc, 18) + multipliers(f, 18, 18) + turning * multipliers(f, 16, 18))
    dsp += g.rows * multipliers(f, s.residual, s.residual)
    return read + g.rows * row + g.columns * column + 350, dsp


def _attention_cost(chip: Chip, program: Schedule, f: Fabric) -> tuple[float, int]:
    g, s, c = program.geometry, chip.formats, chip.shape.head_dim
    score_bits = s.query + s.cache + bits_of(c + 1)
    in_score = g.banks if g.score_style == "fabric" else g.score_fabric
    in_mix = c if g.mix_style == "fabric" else g.mix_fabric
    parts = [
        score_cost(f, "fabric", in_score, c, s.query, s.cache),
        score_cost(f, g.score_style, g.banks - in_score, c, s.query, s.cache),
        mix_cost(f, "fabric", in_mix, g.banks, s.cache),
        mix_cost(f, g.mix_style, c - in_mix, g.banks, s.cache),
    ]
    sums = attention.PROBABILITY_BITS + bits_of(chip.shape.context + 1) + s.cache
    lut = sum(p[0] for p in parts)
    if 0 < in_score < g.banks:  # what those in fabric are short of is added to them
        lut += (in_score + 2) * score_bits + tree_luts(c, s.query)
    if in_mix:
        lut += (in_mix + 2) * sums
    lut += g.banks * (score_bits * 3 + score_bits * 5 * f.barrel * 0.5 + score_bits * 2)  # softmax, maximum
    pieces = ceil_div(buffer_depth(program), f.ram_bits)
    if not buffer_in_block_ram(program):
        lut += g.banks * score_bits * pieces * f.ram_lut * (1 if pieces == 1 else 1.25)
    lut += tree_luts(g.banks, attention.PROBABILITY_BITS + 1) + 3 * c * sums  # totals, sums, the divider's shift
    lut += g.divides * 2 * (sums * 4 * f.barrel + 40) + 250
    dsp = sum(p[1] for p in parts) + g.divides * multipliers(f, max(s.attention + 13, 22), 18)
    return program.shared * lut, program.shared * dsp


def shifter_luts(f: Fabric, acc: int) -> float:
    """A row's sum times its root, shifted and rounded."""
    return (acc + 19) * 6 * f.barrel + 60


def buffer_depth(program: Schedule) -> int:
    """Words of the score buffer, as rtl/scores.sv has them: two heads'."""
    return 2 << program.blocks.bit_length()


def buffer_in_block_ram(program: Schedule) -> bool:
    """Whether the score buffer is deep enough for block RAM; otherwise it is in LUTs."""
    return buffer_depth(program) >= 128


def memories(chip: Chip, program: Schedule, widths: Widths, words: list[int] | None = None) -> dict[str, int]:
    """Block RAMs and URAMs of every memory that is not distributed: all of them, and block RAMs by what they hold.

    "tail" are bits a word of weights' tails, which lie in LUTs. ``words``: of ``weight_words``, where known.
    """
    g, s, shape = program.geometry, chip.formats, chip.shape
    words = words or weight_words(program)
    width = g.rows * g.columns * widths.weight
    tail = tails(g, words)
    weights = sum(bram18(width, words[e] - tail[e]) for e in range(g.uram, g.depth))
    uram = sum(ceil_div(width, 72) * ceil_div(words[e] + words[e + 1], 4096) for e in range(0, g.uram, 2))
    depth = g.streams * shape.layers * program.kv_words * program.blocks
    part = min(g.rows, program.shared * shape.head_dim)
    depth -= tail_words(depth)  # rtl/block_ram.sv distributes the rest
    cache = 2 * g.banks * ceil_div(program.shared * shape.head_dim, part) * bram18(part * s.cache, depth)
    entries = shape.vocab + (shape.context if chip.wiring.positions else 0)
    embedding = bram18(g.rows * widths.embedding, entries * ceil_div(shape.dim, g.rows)) + bram18(17, entries)
    emission = bram18(g.rows * (18 + widths.bias) + 30, program.emission_count)
    gate = g.rows // 2 * bram18(18 if chip.wiring.gated else s.hidden, 1 << s.gate)
    exp = program.shared * ceil_div(g.banks, 2)
    if buffer_in_block_ram(program):
        exp += program.shared * bram18(
            g.banks * (s.query + s.cache + bits_of(shape.head_dim + 1)), buffer_depth(program)
        )
    angle = bram18(g.rows * 16, shape.context * chip.wiring.rope_sets * program.parts) if shape.rotary else 0
    extra = sum(part.block_rams(program) for part in present(chip.wiring))
    tables = gate + exp + angle + extra + bram18(18, 2048) + 1 + program.shared
    held = {"weights": weights, "cache": cache, "embedding": embedding, "emission": emission, "tables": tables}
    return {"bram18": sum(held.values()), "uram": uram, "tail": width * sum(f > 0 for f in tail), **held}
