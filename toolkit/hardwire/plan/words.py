# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the engine's RTL and Python must agree on, written once: codes, latencies, words of ROMs, ports, parameters.

``emit/rtl/packages.py`` makes SystemVerilog of it: ``rtl/engine_pkg.sv`` has what is the same in every build,
``rtl/plan_pkg.sv`` what a build decides, its structs included. ``emit/rtl/roms.py`` packs words through the structs
below, so that no order of fields stands a second time. The first field of a struct has the highest bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from ..ops.fixed import MULTIPLIER_BITS
from ..ops.softcap import CAP_BITS

Values = Mapping[str, int]  # parameters and what follows from them, by their name in SystemVerilog


class Code(IntEnum):
    """Codes in the order in which they are listed, from 0 on; each is given as what it means."""

    meaning: str

    def __new__(cls, meaning: str) -> Code:
        number = len(cls.__members__)
        code = int.__new__(cls, number)
        code._value_, code.meaning = number, meaning
        return code


class Kind(Code):
    """What becomes of a group of rows after its requantisation."""

    RESIDUAL = "the residual is set or added to"
    QUERY = "rotated, into the query buffer"
    KEY = "rotated, into the key cache"
    VALUE = "into the value cache"
    GATE = "index of the activation table, for the up projection that follows"
    UP = "times the activation, into the hidden buffer"
    PLAIN = "index of the activation table, whose entry goes into the hidden buffer"
    LOGIT = "to the sampler"


class Source(Code):
    """Where the lanes take their activations from."""

    NORM = "the residual, as the norm's shift leaves it"
    MIXED = "what attention mixed"
    HIDDEN = "the hidden values of the MLP"


class Status(Code):
    """Why a request ended, in the words of the reference."""

    BUDGET = "budget"
    STOP = "stop token"
    FULL = "context full"


class Style(Code):
    """How products are built."""

    FABRIC = "digits of the second factor, in LUTs"
    PACKED = "two products in one multiplier"
    APART = "a multiplier for each"


class Stage(Code):
    """Words of a segment of the trace: checksums of what a stage made."""

    X = "the residual as it was written"
    QUERY = "rotated queries"
    KEY = "rotated keys"
    VALUE = "values"
    MIXED = "what attention mixed"
    GATE = "indices of the activation table"
    HIDDEN = "the hidden values of the MLP"
    LOGIT = "logits"


CODES: tuple[type[Code], ...] = (Kind, Source, Status, Style, Stage)


class Constant(int):
    """A number with its name in SystemVerilog and its meaning."""

    name: str
    meaning: str

    def __new__(cls, name: str, number: int, meaning: str) -> Constant:
        constant = int.__new__(cls, number)
        constant.name, constant.meaning = name, meaning
        return constant


# Cycles, each a property of the RTL's pipelines. Names as A0, E0 and t0 are those of the comments in rtl/.
EMBED_READ = Constant("EmbedRead", 2, "fetch to E1 of the embedding's first read")
ROOT_LATE = Constant("RootLate", 6, "a complete residual to its root, which joins at E0")
WALK_TO_VALUE = Constant("WalkToValue", 7, "t0 to the address of the values, less a cap of scores")
RENORM_LATE = Constant("RenormLate", 9, "rows of a whole head to the same rows after its norm, less their rounding")
SOFT_CAP_LATE = Constant("SoftCapLate", 3, "a value to its soft cap")
SCORE_CAP_LATE = Constant("ScoreCapLate", SOFT_CAP_LATE + 2, "a score to its soft cap, the rounding in front included")
WALK_TO_MIXED = Constant("WalkToMixed", 17, "t0 of a walk's last block to its first quotient, less a cap of scores")
NOISE_LATE = Constant("NoiseLate", 17, "fetch to the first noise, less its own word")
SAMPLE_LATE = Constant("SampleLate", 4, "EZ of the last logits to the sampled token, less a cap of logits")
END = Constant("End", 1, "from a token's last word to the next fetch")
LEAST_RESET = Constant("LeastReset", 16, "of a reset, at least, as AXI asks: pipelines without one run empty meanwhile")
LONGEST_RUN_OUT = Constant("LongestRunOut", LEAST_RESET - 4, "of a pipeline that is left to run empty, at most")


def y_late(round_stages: int) -> int:
    """E0 to EY, where requantised rows are; so many from E1 until one is stored as it is."""
    return 3 + round_stages


def z_late(round_stages: int) -> int:
    """EY to EZ, where what post makes of them is."""
    return 1 + round_stages


CONSTANTS = (LEAST_RESET, LONGEST_RUN_OUT, ROOT_LATE, RENORM_LATE, SOFT_CAP_LATE, SCORE_CAP_LATE)  # that the RTL reads


@dataclass(frozen=True)
class Field:
    """Bits of a struct. ``bits``: a number, the name of a parameter, or a code. ``lanes``: so many side by side."""

    name: str
    bits: int | str | type[Code]
    meaning: str
    lanes: int | str = 1
    signed: bool = False  # to what packs it; the RTL says it where it reads it


@dataclass(frozen=True)
class Place:
    """Where a field lies in one build: value i has ``bits`` bits from ``low`` + i * ``bits`` on."""

    low: int
    bits: int
    lanes: int
    signed: bool = False


@dataclass(frozen=True)
class Struct:
    """A packed struct. A field of no bits in a build is at the top, reads as zero and is not stored."""

    name: str
    meaning: str
    fields: tuple[Field, ...]

    def places(self, values: Values) -> dict[str, Place]:
        """Every field's place in the stored word."""
        found, low = {}, 0
        for field in reversed(self.fields):
            place = Place(low, _number(field.bits, values), _number(field.lanes, values), field.signed)
            found[field.name] = place
            low += place.bits * place.lanes
        return found

    def bits(self, values: Values) -> int:
        """Bits of the stored word."""
        return sum(place.bits * place.lanes for place in self.places(values).values())


def code_bits(code: type[Code]) -> int:
    """Bits of the largest of these codes."""
    return (len(code) - 1).bit_length()


def _number(size: int | str | type[Code], values: Values) -> int:
    if isinstance(size, type):
        return code_bits(size)
    return size if isinstance(size, int) else values[size]


EMISSION = Struct(
    "emission_t",
    "What becomes of a read of the lanes: a word of emission.hex, in playing order.",
    (
        Field("bias", "BiasW", "of every row", lanes="Rows", signed=True),
        Field(
            "multiplier",
            MULTIPLIER_BITS,
            "of every row's requantisation; zero where the embedding brings its own",
            lanes="Rows",
        ),
        Field("dest", "DestW", "address in whatever `kind` writes"),
        Field("post", 6, "shift of the product behind the requantisation"),
        Field("shift", 6, "of the requantisation"),
        Field("mask", 1, "rows that exist", lanes="Rows"),
        Field("fold", 1, "the norm's root joins the multiplier"),
        Field("first", 1, "first of a new residual vector, or of the logits"),
        Field("set", 1, "of the residual: replace instead of add"),
        Field("kind", Kind, "what becomes of the rows"),
    ),
)

PROGRAM = Struct(
    "program_t",
    "What begins, and how long until the next word: a word of program.hex.",
    (
        Field("wait_cycles", "WaitW", "until the next word is played, less one"),
        Field("with_span", 1, "the wait grows by what a layer's attention takes"),
        Field("ends", 1, "the token ends; with `lanes` only one whose logits are not wanted"),
        Field("attend", 1, "attention begins"),
        Field("lanes", 1, "the lanes begin, with what follows"),
        Field("source", Source, "of the activations"),
        Field("steps", "StepW", "column steps of a pass"),
        Field("emits", "EmitW", "reads of all passes together"),
    ),
)

# Words of ROMs that one module alone reads: the struct is in that module, so that its widths are its parameters'.
SHIFTS = Struct(
    "shifts_t",
    "Of a head: a word of its file.",
    (
        Field("score", 5, "of a difference of scores, to steps of the exponential"),
        Field("value", 5, "of its mixed values"),
    ),
)

GAINS = Struct(
    "gains_t",
    "Of a turn: a word of the norm's file.",
    (
        Field("shift", 6, "of the product with gain and root"),
        Field("gain", MULTIPLIER_BITS, "of every row", lanes="Rows"),
    ),
)

LINE = Struct(
    "line_t",
    "A line of the cap: a word of its file.",
    (
        Field("rise", "SlopeW", "over its 128 values", signed=True),
        Field("base", CAP_BITS, "where it begins", signed=True),
    ),
)

WINDOW = Struct(
    "window_t",
    "How far back a layer sees: a word of window.hex.",
    (Field("blocks", "BlockW", "of the cache"), Field("banks", "BankW", "and so many positions more")),
)

ANGLES = Struct(
    "angles_t",
    "Of a position's part: a word of angle.hex.",
    (
        Field("sine", 16, "of every pair of rows, in units of 2**-14", lanes="Pairs", signed=True),
        Field("cosine", 16, "the same", lanes="Pairs", signed=True),
    ),
)

OF_MODULES = {"softmax": SHIFTS, "renorm": GAINS, "soft_cap": LINE, "window": WINDOW, "rope": ANGLES}

TAIL = Struct(
    "tail_t",
    "What of its word a row takes along, E0 to EY and on to EZ.",
    (
        Field("set", 1, "of the residual: replace instead of add"),
        Field("first", 1, "first of a new residual vector, or of the logits"),
        Field("branch", 1, "of the residual: a norm takes the row first"),
        Field("kind", Kind, "what becomes of the rows"),
        Field("post", 6, "shift of the product behind the requantisation"),
        Field("mask", 1, "rows that exist", lanes="Rows"),
        Field("dest", "DestW", "address in whatever `kind` writes"),
    ),
)

REQUEST = Struct(
    "request_t",
    "A request; it is held until it ends.",
    (
        Field("stream", "StreamW", "whose context it continues"),
        Field("clear", 1, "from an empty context"),
        Field("budget", 32, "tokens to produce at most"),
        Field("seed", 64, "of the sampling noise"),
        Field("inverse", 17, "1 / temperature in units of 2**-12; 0 is greedy"),
        Field("stop_valid", 1, "stop tokens that are used", lanes="Stops"),
        Field("stop", "IdW", "tokens that end the request and are not produced", lanes="Stops"),
    ),
)

PROGRESS = Struct(
    "progress_t",
    "How far a request is.",
    (
        Field("busy", 1, "it runs"),
        Field("status", Status, "why the last one ended"),
        Field("position", "PositionW", "tokens in the context"),
    ),
)

PROMPT = Struct(
    "prompt_t",
    "A token of the prompt.",
    (Field("id", "IdW", "the token"), Field("last", 1, "of its request")),
)

TOKEN = Struct("token_t", "A token that was produced.", (Field("id", "IdW", "the token"),))

LOGITS = Struct(
    "logits_t",
    "A row of logits.",
    (
        Field("row", "LogitA", "of ids Rows * row .."),
        Field("value", "LogitW", "of every id, in units of 2**-LogitFraction", lanes="Rows", signed=True),
    ),
)

WORDS = (EMISSION, PROGRAM, TAIL)
PORTS = (REQUEST, PROGRESS, PROMPT, TOKEN, LOGITS)


@dataclass(frozen=True)
class Parameter:
    """What a build decides. ``default`` is that of the checked-in rtl/plan_pkg.sv, which lint and benches take."""

    name: str
    default: int | str
    meaning: str
    type: str = "int"


@dataclass(frozen=True)
class Group:
    """Parameters of one subject."""

    title: str
    parameters: tuple[Parameter, ...]


def _flag(name: str, default: int, meaning: str) -> Parameter:
    return Parameter(name, default, meaning, "bit")


def named(code: Code) -> str:
    """A code as SystemVerilog writes it."""
    return type(code).__name__ + "".join(part.capitalize() for part in code.name.split("_"))


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
        "Norms, and those inside a layer: of heads (Renorm) and of branches (Branch). Soft caps.",
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
            Parameter("LaneStages", 2, "1: products and accumulator in one cycle"),
            Parameter("RoundStages", 2, "1: shift and rounding in one cycle"),
            _flag("Minus", 0, "carry chains in the form that AMD parts share with multiplexers"),
            Parameter("Uram", 0, "depths whose weights are in URAM"),
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
        ),
    ),
    Group(
        "Requests.",
        (
            Parameter("Streams", 1, "contexts that requests name; the engine has one today"),
            Parameter("Stops", 8, "stop tokens of a request"),
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
    Derived("YLate", "cycles from E0 to EY: the requantised rows", lambda v: y_late(v["RoundStages"])),
    Derived("ZLate", "cycles from EY to EZ: what post makes of them", lambda v: z_late(v["RoundStages"])),
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
    Derived("Blocks", "of the cache, Banks positions each", lambda v: -(-v["Context"] // v["Banks"])),
    Derived("BankW", "bits of a bank's number", lambda v: index_bits(v["Banks"])),
    Derived("BlockW", "bits of a count of blocks", lambda v: v["Blocks"].bit_length()),
    Derived("CacheN", "words of a bank", lambda v: v["Layers"] * v["KvWords"] * v["Blocks"]),
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
    """Every parameter's default."""
    return {parameter.name: parameter.default for group in GROUPS for parameter in group.parameters}


def complete(values: Mapping[str, int | str], derived: tuple[Derived, ...] = FOR_PORTS + FOR_WORDS) -> dict[str, int]:
    """Parameters that are numbers, and what follows from them."""
    numbers = {name: value for name, value in values.items() if isinstance(value, int)}
    for entry in derived:
        numbers[entry.name] = entry.of(numbers)
    return numbers
