# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the engine's RTL and Python must agree on, written once: codes, latencies, words of ROMs, structs of ports.
Parameters are in ``parameters.py``.

``emit/rtl/packages.py`` makes SystemVerilog of both: ``rtl/engine_pkg.sv`` has what is the same in every build,
``rtl/plan_pkg.sv`` what a build decides, its structs included. ``emit/rtl/roms.py`` packs words through the structs
below, so that no order of fields stands a second time. The first field of a struct has the highest bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from ..ops.fixed import MULTIPLIER_BITS
from ..ops.softcap import CAP_BITS
from ..parts import alibi, renorms, softcap

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


def named(code: Code) -> str:
    """A code as SystemVerilog writes it."""
    return type(code).__name__ + "".join(part.capitalize() for part in code.name.split("_"))


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
ROOT_LATE = Constant("RootLate", 6, "a complete residual to its root, which joins at E0, less its further stages")
WALK_TO_VALUE = Constant("WalkToValue", 7, "t0 to the address of the values, less what parts and further stages take")
RENORM_LATE = Constant(
    "RenormLate",
    renorms.RENORM_LATE,
    "rows of a whole head to the same rows after its norm, less the same and rounding",
)
SOFT_CAP_LATE = Constant("SoftCapLate", softcap.SOFT_CAP_LATE, "a value to its soft cap")
SCORE_CAP_LATE = Constant(
    "ScoreCapLate", softcap.SCORE_CAP_LATE, "a score to its soft cap, the rounding in front included"
)
WALK_TO_MIXED = Constant("WalkToMixed", 17, "t0 of a walk's last block to its first quotient, less the same")
NOISE_LATE = Constant("NoiseLate", 17, "fetch to the first noise, less its own word")
SAMPLE_LATE = Constant("SampleLate", 4, "EZ of the last logits to the sampled token, less a cap of logits")
END = Constant("End", 1, "from a token's last word to the next fetch")
PROMPT_LATE = Constant(
    "PromptLate", 3, "of several streams: from an inner token's fetch until the prompt's next is there"
)
LENT_LATE = Constant("LentLate", 1, "from what lets a stream have another's pass to a fetch into it, at least")
LEND_AFTER = Constant("LendAfter", 16, "from a stream's end until its pass is lent: a host that goes on asks sooner")
DRAFT_LATE = Constant(
    "DraftLate", 7, "from a token's fetch until the guess of the next one is there to be fetched as a draft"
)
LEAST_RESET = Constant("LeastReset", 16, "of a reset, at least, as AXI asks: pipelines without one run empty meanwhile")
ALIBI_LATE = Constant("AlibiLate", alibi.ALIBI_LATE, "a score to one with the bias of its position")
LONGEST_RUN_OUT = Constant("LongestRunOut", LEAST_RESET - 5, "of a pipeline that is left to run empty, at most")


def y_late(factor_stages: int, round_stages: int) -> int:
    """E0 to EY, where requantised rows are; so many from E1 until one is stored as it is."""
    return 2 + factor_stages + round_stages


def z_late(factor_stages: int, round_stages: int) -> int:
    """EY to EZ, where what post makes of them is."""
    return factor_stages + round_stages


CONSTANTS = (
    LEAST_RESET,
    LONGEST_RUN_OUT,
    ROOT_LATE,
    RENORM_LATE,
    SOFT_CAP_LATE,
    SCORE_CAP_LATE,
    ALIBI_LATE,
    LEND_AFTER,
)  # that the RTL reads


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

    @property
    def range(self) -> tuple[int, int]:
        """The least and the largest value."""
        if self.bits == 0:
            return 0, 0
        return (-(1 << self.bits - 1), (1 << self.bits - 1) - 1) if self.signed else (0, (1 << self.bits) - 1)


@dataclass(frozen=True)
class Struct:
    """A packed struct. A field of no bits in a build is at the top, reads as zero and is not stored."""

    name: str
    meaning: str
    fields: tuple[Field, ...]

    def places(self, values: Values) -> dict[str, Place]:
        """Every field's place in the stored word."""
        places, low = {}, 0
        for field in reversed(self.fields):
            place = Place(low, _number(field.bits, values), _number(field.lanes, values), field.signed)
            places[field.name] = place
            low += place.bits * place.lanes
        return places

    def bits(self, values: Values) -> int:
        """Bits of the stored word, whose fields have no gaps between them."""
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
        Field("taken", "TakenW", "cycles until the lanes are free for another run, less one"),
        Field("reads_from", "TakenW", "cycles until the read-out is taken"),
        Field("reads_until", "TakenW", "cycles until it is free again, less one"),
        Field("wait_cycles", "WaitW", "until the next word is played, less one"),
        Field("with_span", 1, "the wait grows by what a layer's attention takes"),
        Field("ends", 1, "the token ends; with `attend` only an inner token of a prompt, and after InnerWait"),
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

# Words of a single number, which the RTL reads as they are.
EPS = Struct("eps_t", "Of a turn of a norm.", (Field("eps", "EpsW", "of its head"),))
SHIFT = Struct(
    "shift_t", "Of a head, in front of a cap.", (Field("shift", 5, "of a score, to steps of the exponential"),)
)
SLOPE = Struct("slope_t", "Of a head with ALiBi.", (Field("slope", "AlibiSlopeW", "of a score's bias per position"),))

OF_PARTS = {struct.name: struct for struct in (GAINS, LINE, WINDOW, EPS, SHIFT, SLOPE)}  # by the name that parts give
OF_MODULES = {"softmax": SHIFTS, "renorm": GAINS, "soft_cap": LINE, "window": WINDOW, "rope": ANGLES}

TAIL = Struct(
    "tail_t",
    "What of its word a row takes along, E0 to EY and on to EZ.",
    (
        Field("stream", "StreamW", "whose it is"),
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
        Field("drafts", 1, "what is guessed may be computed; low: a draft that is there is dropped"),
        Field("follows", 1, "with `drafts`: a request like this one goes on behind its last token"),
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
        Field("stream", "StreamW", "whose they are"),
        Field("row", "LogitA", "of ids Rows * row .."),
        Field("value", "LogitW", "of every id, in units of 2**-LogitFraction", lanes="Rows", signed=True),
    ),
)

WORDS = (EMISSION, PROGRAM, TAIL)
PORTS = (REQUEST, PROGRESS, PROMPT, TOKEN, LOGITS)
