# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of an engine by subject, each with its meaning and a default, and what follows from them.

``emit/rtl/packages.py`` makes ``rtl/plan_pkg.sv`` of them; ``emit/rtl/project.py`` has a build's values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .words import EMISSION, PROGRAM, Style, Values, named, y_late, z_late


@dataclass(frozen=True)
class Parameter:
    """What a build decides. ``default`` is that of the checked-in rtl/plan_pkg.sv, which lint and benches take."""

    name: str
    default: int | str
    meaning: str
    type: str = "int"


@dataclass(frozen=True)
class Group:
    """Parameters of one subject, which stand together under ``title`` in rtl/plan_pkg.sv."""

    title: str
    parameters: tuple[Parameter, ...]


def _flag(name: str, default: int, meaning: str) -> Parameter:
    return Parameter(name, default, meaning, "bit")


GROUPS = (
    Group(
        "The decoder's shape.",
        (
            Parameter("Vocab", 512, "token ids are below it"),
            Parameter("Context", 512, "positions"),
            Parameter("Words", 8, "reads of Rows entries that make the residual"),
            Parameter("HiddenWords", 22, "the same of the hidden values"),
            Parameter("Layers", 5, "of attention and MLP"),
            Parameter("Heads", 8, "of queries"),
            Parameter("KvHeads", 4, "of keys and values"),
            Parameter("HeadDim", 8, "channels of a head"),
            Parameter("Positions", 0, "rows of the position embedding; 0: there is none"),
            Parameter("RopeSets", 1, "of angles: layers may differ"),
        ),
    ),
    Group(
        "Parts that not every decoder has.",
        (
            _flag("Gated", 1, "the MLP has a gate"),
            _flag("Turns", 1, "queries and keys are rotated"),
            _flag("FinalNorm", 1, "there is a norm in front of the head"),
            _flag("Windowed", 0, "some layers see a window of positions only"),
            _flag("Renorms", 0, "heads of queries and keys have norms"),
            _flag("Branches", 0, "what a branch adds has a norm"),
            _flag("ScoreCap", 0, "scores have a soft cap"),
            _flag("LogitCap", 0, "logits have a soft cap"),
        ),
    ),
    Group(
        "Bits of values, all signed.",
        (
            Parameter("ResidualW", 16, "an entry of the residual"),
            Parameter("NormW", 9, "the same as the lanes take it"),
            Parameter("QueryW", 9, "a query"),
            Parameter("CacheW", 8, "a key or a value"),
            Parameter("AttentionW", 8, "a mixed value"),
            Parameter("GateW", 11, "an index of the activation table"),
            Parameter("UpW", 16, "a row of the up projection"),
            Parameter("HiddenW", 8, "a hidden value"),
            Parameter("LogitW", 16, "a logit"),
            Parameter("LogitFraction", 10, "its unit is 2**-this"),
            Parameter("EmbeddingW", 8, "an entry of the embedding"),
            Parameter("BiasW", 0, "a bias; 0: there is none"),
            Parameter("WeightW", 4, "a weight"),
            Parameter("AccW", 20, "a sum of the lanes"),
        ),
    ),
    Group(
        "Norms, and those inside a layer: of heads (Renorm) and of branches (Branch). Soft caps, ALiBi.",
        (
            Parameter("Eps", 1, "in units of the sum of squares"),
            Parameter("EnergyW", 40, "bits of that sum, eps included"),
            Parameter("RenormWords", 2, "reads of a token that the norms of heads take"),
            Parameter("RenormEpsW", 1, "bits of their eps"),
            Parameter("RenormEnergyW", 36, "bits of their sums"),
            Parameter("BranchWords", 2, "reads of a token that the norms of branches take"),
            Parameter("BranchEpsW", 1, "bits of their eps"),
            Parameter("BranchEnergyW", 36, "bits of their sums"),
            Parameter("ScoreSlopeW", 9, "bits of what a line of the scores' cap rises by"),
            Parameter("LogitSlopeW", 9, "the same of the logits'"),
            Parameter("AlibiW", 0, "bits of a score with the bias of its position; 0: there is none"),
            Parameter("AlibiSlopeW", 17, "bits of that bias per position"),
        ),
    ),
    Group(
        "The lanes: Rows * Depth * Columns of them.",
        (
            Parameter("Columns", 8, "of a matrix per step; a multiple of Rows"),
            Parameter("Rows", 8, "of a matrix per read"),
            Parameter("Depth", 8, "reads of a pass"),
            Parameter("Terms", 4, "columns that a lane sums per step"),
            Parameter("PackedGroups", 0, "of Columns / Terms: two rows to a multiplier; the others are in LUTs"),
            Parameter(
                "LaneStages", 2, "1: products and accumulator in one cycle; 3: products in two; 4: read-outs too"
            ),
            Parameter("FactorStages", 1, "2: a register in front of the multipliers of rows"),
            Parameter("RoundStages", 2, "1: shift and rounding in one cycle; 3: the clamp in one of its own"),
            _flag("Minus", 0, "carry chains in the form that AMD parts share with multiplexers"),
            Parameter("Uram", 0, "depths whose weights are in URAM"),
            _flag("SplitWeights", 0, "the few words by which a depth's weights pass a power of two are in LUTs"),
            Parameter("WeightWords", "{Depth{16'd256}}", "weights of each depth, in steps", "logic [Depth-1:0][15:0]"),
        ),
    ),
    Group(
        "Attention.",
        (
            Parameter("Banks", 12, "positions of the cache per cycle"),
            Parameter("Shared", 1, "heads of one walk of the cache"),
            Parameter("Divides", 2, "quotients of a head per cycle"),
            Parameter("Spacing", 4, "least cycles from walk to walk"),
            Parameter(
                "ReadStages", 1, "2: a register behind the block RAMs of cache, exponentials, reciprocals, roots"
            ),
            Parameter("SumStages", 1, "2: products, sums, maxima, a norm's squares in one more; 3: sums in two"),
            Parameter("Slack", 0, "cycles of attention that pass beside other work of the lanes"),
            Parameter("ScoreStyle", named(Style.PACKED), "of the scores' products", "style_e"),
            Parameter("MixStyle", named(Style.PACKED), "of the mixed values' products", "style_e"),
            Parameter("ScoreFabric", 0, "banks whose scores are in LUTs whatever the style"),
            Parameter("MixFabric", 0, "channels whose mixed values are"),
        ),
    ),
    Group(
        "Words of the ROMs: how many, and bits of fields whose size the plan decides.",
        (
            Parameter("EmissionWords", 512, "reads of a token"),
            Parameter("ProgramWords", 32, "of the control program"),
            Parameter("DestW", 8, "a read's destination"),
            Parameter("WaitW", 12, "a wait"),
            Parameter("SpanW", 12, "what a layer's attention adds to it"),
            Parameter("StepW", 8, "column steps of a pass"),
            Parameter("EmitW", 8, "reads of a matrix"),
            Parameter("TakenW", 0, "the time for which a run has lanes and read-out; 0: nobody else asks"),
            Parameter(
                "InnerWait", 12, "cycles from where the last attention would begin to an inner token's end, less one"
            ),
        ),
    ),
    Group(
        "Requests.",
        (
            Parameter("Streams", 1, "contexts in flight, which requests name"),
            _flag("Lends", 0, "an idle stream lends its pass through the decoder to the prompts of others"),
            Parameter("Stops", 8, "stop tokens of a request"),
            Parameter("Drafts", 0, "trigrams of the table that guesses the next token; 0: none is guessed"),
            Parameter("Bigrams", 512, "words of its other memory: token ids below it have one"),
            Parameter("DropWait", 0, "cycles from where a dropped draft would go on to its end, less one"),
        ),
    ),
    Group(
        "The trace for a host that looks for the first wrong stage.",
        (
            _flag("Trace", 0, "there is one"),
            Parameter("Segments", 12, "of a token: from one norm to the next"),
        ),
    ),
)


@dataclass(frozen=True)
class Derived:
    """What follows from parameters: computed here, and nowhere else."""

    name: str
    meaning: str
    of: Callable[[Values], int]


def index_bits(count: int) -> int:
    """Bits of an index below ``count``, at least one."""
    return max((count - 1).bit_length(), 1)


def _up(count: int, to: int) -> int:
    return -(-count // to) * to


# In this order: each may use those before it.
FOR_PORTS = (
    Derived("IdW", "bits of a token's id", lambda v: index_bits(v["Vocab"])),
    Derived("PositionW", "bits of a count of positions", lambda v: v["Context"].bit_length()),
    Derived("StreamW", "bits of a stream's number", lambda v: index_bits(v["Streams"])),
    Derived("LogitRows", "rows of logits", lambda v: -(-v["Vocab"] // v["Rows"])),
    Derived("LogitA", "bits of a row's number", lambda v: index_bits(v["LogitRows"])),
)

FOR_WORDS = (
    Derived("EmissionW", "bits of an emission word", EMISSION.bits),
    Derived("ProgramW", "bits of a program word", PROGRAM.bits),
    Derived(
        "YLate", "cycles from E0 to EY: the requantised rows", lambda v: y_late(v["FactorStages"], v["RoundStages"])
    ),
    Derived(
        "ZLate", "cycles from EY to EZ: what post makes of them", lambda v: z_late(v["FactorStages"], v["RoundStages"])
    ),
    Derived("Slices", "reads of a column step", lambda v: v["Columns"] // v["Rows"]),
    Derived(
        "Padded",
        "channels of a head, with its padding to whole reads",
        lambda v: v["HeadDim"] if v["Shared"] > 1 else _up(v["HeadDim"], v["Rows"]),
    ),
    Derived("Parts", "reads of a head's channels", lambda v: 1 if v["Shared"] > 1 else v["Padded"] // v["Rows"]),
    Derived("PartW", "bits of a part's number", lambda v: index_bits(v["Parts"])),
    Derived(
        "PartB",
        "bits of a destination that name the part and the angles",
        lambda v: v["PartW"] + (v["RopeSets"] - 1).bit_length(),
    ),
    Derived("Walks", "of the cache, per layer", lambda v: v["Heads"] // v["Shared"]),
    Derived("WalkW", "bits of a walk's number", lambda v: index_bits(v["Walks"])),
    Derived("KvWords", "words of the cache that a position takes in a layer", lambda v: v["KvHeads"] // v["Shared"]),
    Derived("Blocks", "of a stream's cache, Banks positions each", lambda v: -(-v["Context"] // v["Banks"])),
    Derived("BankW", "bits of a bank's number", lambda v: index_bits(v["Banks"])),
    Derived("BlockW", "bits of a count of blocks", lambda v: v["Blocks"].bit_length()),
    Derived(
        "CacheN", "words of a bank, every stream's", lambda v: v["Streams"] * v["Layers"] * v["KvWords"] * v["Blocks"]
    ),
    Derived("CacheA", "bits of such a word's address", lambda v: index_bits(v["CacheN"])),
    Derived("WordsP", "Words, in whole column steps", lambda v: _up(v["Words"], v["Slices"])),
    Derived(
        "MixedP",
        "reads of the mixed values, in whole column steps",
        lambda v: _up(v["Walks"] * v["Parts"], v["Slices"]),
    ),
    Derived("HiddenP", "HiddenWords, in whole column steps", lambda v: _up(v["HiddenWords"], v["Slices"])),
    Derived("WordsA", "bits of an address of the residual", lambda v: index_bits(v["WordsP"])),
    Derived("StepsA", "bits of a column step's number", lambda v: index_bits(v["WordsP"] // v["Slices"])),
    Derived("HiddenA", "bits of an address of the hidden values", lambda v: index_bits(v["HiddenP"])),
    Derived(
        "MixedA",
        "bits of an address of the mixed values",
        lambda v: index_bits(v["Walks"] * v["Padded"] // v["Divides"]),
    ),
    Derived("SideW", "bits of a mixed or hidden value", lambda v: max(v["AttentionW"], v["HiddenW"])),
    Derived("ActW", "bits of an activation of any source", lambda v: max(v["NormW"], v["SideW"])),
    Derived("RowW", "bits of a requantised row of any kind", lambda v: max(v["ResidualW"], 16)),
    Derived("TableW", "bits of an entry of the activation table", lambda v: 16 if v["Gated"] else v["HiddenW"]),
    Derived("LogitShift", "of a logit's product with 1 / temperature", lambda v: v["LogitFraction"] + 2),
    Derived("PostW", "bits of what post makes", lambda v: max(v["LogitW"] + 19 - v["LogitShift"], 16)),
)


def defaults() -> dict[str, int | str]:
    """Every parameter's default by name, in the order of GROUPS."""
    return {parameter.name: parameter.default for group in GROUPS for parameter in group.parameters}


def complete(values: Mapping[str, int | str], derived: tuple[Derived, ...] = FOR_PORTS + FOR_WORDS) -> dict[str, int]:
    """Parameters that are numbers, and what follows from them."""
    numbers = {name: value for name, value in values.items() if isinstance(value, int)}
    for entry in derived:
        numbers[entry.name] = entry.of(numbers)
    return numbers
