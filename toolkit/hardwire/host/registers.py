# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The chip's register map, written once.

From this table come ``rtl/host_pkg.sv``, the table in ``docs/serial.md`` (both by ``python -m
hardwire.emit.top.registers``, both tested to be what it makes) and the names that the driver uses.
Addresses are in bytes; every register and every word of a window has 32 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

ADDRESS_BITS = 19
VERSION = 3  # of this map
KNOWN_VERSIONS = (2, 3)  # that a driver takes; 2 is a map of one stream
MAGIC = 0x68775231  # "hwR1"
BURST = 16  # words of a command or an answer at most
SEQUENCE_BITS = 12  # of a token slot, above its id; where a chip has several streams, the upper ones name the slot's
STREAM_BITS = 2  # of a stream's number
ID_BITS = 20


@dataclass(frozen=True)
class Field:
    """Bits of a register, from ``low`` on."""

    name: str
    low: int
    bits: int
    meaning: str

    def of(self, word: int) -> int:
        """The field's value in a register's."""
        return (word >> self.low) & ((1 << self.bits) - 1)

    @property
    def mask(self) -> int:
        return ((1 << self.bits) - 1) << self.low


@dataclass(frozen=True)
class Register:
    """One register, or ``count`` of them one behind the other."""

    name: str
    address: int
    access: str  # "ro", "rw", "wo"; "w1c": reads, and ones that are written clear
    meaning: str
    fields: tuple[Field, ...] = ()
    count: int = 1

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A memory: word i is at ``address`` + 4 i."""

    name: str
    address: int
    words: int  # that the address space leaves room for; how many there are says a register
    access: str
    meaning: str


_IRQ = (
    Field("token", 0, 1, "a token was published"),
    Field("ended", 1, 1, "a request ended"),
    Field("error", 2, 1, "an error arose"),
)

REGISTERS = (
    Register("magic", 0x00, "ro", f"0x{MAGIC:08x}, the letters hwR1"),
    Register("version", 0x04, "ro", f"of this map: {VERSION}"),
    Register("id", 0x08, "ro", "the first 32 bits of the chip's digest: which model this is"),
    Register("vocab", 0x0C, "ro", "token ids are below it"),
    Register("context", 0x10, "ro", "positions; also the words of the prompt window"),
    Register("ring", 0x14, "ro", "slots of the token ring, a power of two"),
    Register(
        "shape",
        0x18,
        "ro",
        "what else a driver must know",
        (
            Field("stops", 0, 8, "stop tokens that it takes"),
            Field("logit_bits", 8, 8, "of a logit, which is signed; 0: there is no logit window"),
            Field("logit_lanes", 16, 8, "logits per row of the logit window"),
            Field("logit_fraction", 24, 8, "a logit's unit is 2**-this"),
        ),
    ),
    Register("clock_khz", 0x1C, "ro", "the frequency that `cycles` counts"),
    Register(
        "control",
        0x20,
        "wo",
        "ones act, once",
        (
            Field("start", 0, 1, "begin a request; only while idle, and while no error stands"),
            Field("clear", 1, 1, "with start: from an empty context; without it the request continues"),
            Field("stop", 2, 1, "end the request behind the token that is being computed"),
            Field("reset", 3, 1, "end the request at once and empty the context; tokens in the ring stay"),
        ),
    ),
    Register("stream", 0x24, "rw", "bit 0: push tokens as they come, from `read_index` on"),
    Register(
        "error",
        0x28,
        "w1c",
        "sticky; a one that is written clears",
        (
            Field("framing", 0, 1, "a byte without its stop bit; its frame was dropped"),
            Field("checksum", 1, 1, "a frame that came with a wrong checksum; it was dropped"),
            Field("overrun", 2, 1, "a command before the answer to the last but one; it was dropped, unanswered"),
            Field("malformed", 3, 1, "a length, operation, count or escape that no frame has; it was dropped"),
            Field("address", 4, 1, "no such register; nothing was written, zero was read"),
            Field("range", 5, 1, "a value that the chip has no use for; it was not stored"),
            Field("refused", 6, 1, "a start, or a write while a request runs, that cannot be; it did nothing"),
            Field("partial", 7, 1, "a write of less than a word, over AXI; nothing was written"),
        ),
    ),
    Register(
        "status",
        0x2C,
        "ro",
        "also the last byte but one of every frame from the chip",
        (
            Field("busy", 0, 1, "a request runs"),
            Field("stalled", 1, 1, "it waits for room in the ring"),
            Field("error", 2, 1, "`error` is not zero"),
            Field("pending", 3, 1, "the last token has not been fed; a request that continues begins with it"),
            Field(
                "reason",
                4,
                3,
                "why the last request ended: 0 none has, 1 budget, 2 stop token, 3 context full, 4 stop, 5 reset",
            ),
            Field("stream", 7, 1, "tokens are pushed"),
        ),
    ),
    Register("write_index", 0x30, "ro", "tokens published since power-up, modulo 2**32; behind the slot itself"),
    Register("read_index", 0x34, "rw", "tokens that the host is done with; between its value and `write_index`"),
    Register("start_index", 0x38, "ro", "`write_index` when the last request began"),
    Register("requests", 0x3C, "ro", "requests that began"),
    Register("position", 0x40, "ro", "tokens in the context"),
    Register("produced", 0x44, "ro", "tokens of the last request"),
    Register("run_cycles", 0x48, "ro", "cycles that the engine worked on it; waiting for the host is not work"),
    Register("cycles_low", 0x4C, "ro", "cycles since power-up; reading it latches the upper half"),
    Register("cycles_high", 0x50, "ro", "the upper half, as latched"),
    Register(
        "irq_enable",
        0x54,
        "rw",
        "what of `irq` raises the interrupt line",
        _IRQ,
    ),
    Register(
        "irq",
        0x58,
        "w1c",
        "what happened since it was cleared; a one that is written clears",
        _IRQ,
    ),
    Register(
        "features",
        0x5C,
        "ro",
        "what the build has beside the engine",
        (
            Field("segments", 0, 8, "of the trace window; 0: there is none"),
            Field(
                "others", 28, STREAM_BITS, "streams beside one; stream s has this whole map s * 0x80000 bytes behind"
            ),
            Field("stream", 30, STREAM_BITS, "which of them this map is of"),
        ),
    ),
    Register("length", 0x60, "rw", "prompt tokens of the next request, from the window's first on; at most `context`"),
    Register("budget", 0x64, "rw", "tokens that it may produce; 0xffffffff is as good as no limit"),
    Register("inverse", 0x68, "rw", "1 / temperature in units of 2**-12, 17 bits; 0 is greedy"),
    Register("seed_low", 0x6C, "rw", "of the sampling noise"),
    Register("seed_high", 0x70, "rw", "its upper half"),
    Register(
        "stop_token",
        0x74,
        "rw",
        "a token that ends the request and is not published",
        (Field("id", 0, ID_BITS, "the token"), Field("valid", 31, 1, "0: this one is not used")),
        count=8,
    ),
)

WINDOWS = (
    Window(
        name="trace",
        address=0x08000,
        words=0x2000,
        access="ro",
        meaning="checksums of the last token's stages: stage s of segment n is word 8 n + s; they change while a "
        "request runs",
    ),
    Window(
        name="prompt",
        address=0x10000,
        words=0x4000,
        access="wo",
        meaning="the prompt's token ids; not while a request runs",
    ),
    Window(
        name="tokens",
        address=0x20000,
        words=0x8000,
        access="ro",
        meaning="the ring: slot i modulo `ring` holds token i, its id in 20 bits and i modulo 4096 in 12, or, of "
        "several streams, i modulo 1024 in 10 and the stream in 2; reading does not pop",
    ),
    Window(
        name="logits",
        address=0x40000,
        words=0x10000,
        access="ro",
        meaning="logits of the last token sampled, sign-extended; id i is at (i / lanes) * P + i mod lanes, P the "
        "power of two not below `logit_lanes`; they change while a request runs",
    ),
)

# Of builds whose memories can be written, in front of the registers: `features` then has LOADS. Chips without it have
# nothing at these addresses.
LOADER = (
    Register(
        "contents_state",
        0x5000,
        "rw",
        "writing 1 begins a load, and resets the engine",
        (
            Field("whole", 0, 1, "the memories hold a chip, baked or loaded and checked; without it nothing starts"),
            Field("loading", 1, 1, "a load has begun, and not ended"),
            Field("ready", 2, 1, "it takes words"),
            Field("foreign", 3, 1, "the last load was of another mould; it changed nothing. The next begin clears"),
            Field("damaged", 4, 1, "the last load came with a wrong CRC-32; the memories hold no chip. As `foreign`"),
        ),
    ),
    Register("contents_taken", 0x5004, "ro", "words of the image that were taken since the load began"),
    Register("contents_length", 0x5008, "ro", "words of an image"),
    Register("mould", 0x500C, "ro", "the first word of every image that goes into this chip"),
)
LOADS = Field("loads", 8, 1, "of `features`: the memories can be written")
LOADER_WINDOW = Window(
    name="contents",
    address=0x4000,
    words=0x400,
    access="wo",
    meaning="the image, word i at i modulo 1024. A word that is not the next does nothing, so that a command which is "
    "sent again does no harm",
)

# Of builds with the extended sampler, in front of the registers: `features` then has CHOOSES. Chips without it have
# nothing at these addresses.
CHOICE = (
    Register("choice_best", 0x6000, "ro", "tokens that the sampler keeps in order"),
    Register(
        "choice_how",
        0x6004,
        "rw",
        "how the next request draws; not while one runs, as all that is written here",
        (
            Field("active", 0, 1, "by the extended sampler; otherwise by temperature and seed alone"),
            Field("masked", 1, 1, "from the tokens of the mask alone"),
            Field("sums", 2, 1, "with the sum of weights"),
            Field("guided", 3, 1, "from the tokens that the automaton allows, where there is room for one"),
            Field("top_k", 8, 8, "from the best so many; 0: from all"),
        ),
    ),
    Register("choice_top_p", 0x6008, "rw", "from that part of the best top_k, in units of 2**-16; 65,536 is all"),
    Register(
        "choice_penalty",
        0x600C,
        "rw",
        "of tokens that were seen, in units of 2**-12",
        (
            Field("grow", 0, 16, "what a negative logit is multiplied by"),
            Field("shrink", 16, 16, "what a positive one is"),
        ),
    ),
    Register("choice_window", 0x6010, "rw", "tokens of the context that count as seen, the last; 0: all"),
    Register(
        "drawn",
        0x6014,
        "ro",
        "of the last draw by the extended sampler",
        (
            Field("none", 0, 1, "no token was allowed: the request ended as by a stop token"),
            Field("count", 8, 8, "best tokens that there are"),
        ),
    ),
    Register("drawn_logit", 0x6018, "ro", "of the token drawn, behind the penalty; sign-extended"),
    Register("total_low", 0x601C, "ro", "the sum of weights of all allowed tokens, in units of 2**-24"),
    Register("total_high", 0x6020, "ro", "its upper half"),
)
CHOOSES = Field("chooses", 9, 1, "of `features`: there is an extended sampler")

# Of extended samplers with room for an automaton: `features` then has GUIDES. Others have nothing at these addresses.
GUIDE = (
    Register(
        "guide_room",
        0x6024,
        "ro",
        "what of an automaton fits",
        (
            Field("words", 0, 24, "entries of its table, a power of two"),
            Field("class_bits", 24, 8, "of a class of tokens"),
        ),
    ),
    Register(
        "guide_page",
        0x6028,
        "rw",
        "what the window `guide` shows; not while a request runs, as all that is written here",
        (
            Field("page", 0, 10, "1,024 words from 1,024 times it on"),
            Field("classes", 31, 1, "of the classes, one for each token; otherwise of the table"),
        ),
    ),
    Register("guide_tag", 0x602C, "rw", "a number of the host's for what was written; writing the window makes it 0"),
    Register(
        "guide_state",
        0x6030,
        "rw",
        "where the row of the state begins that the next token is drawn in; behind a request, of the one it ended in",
    ),
)
GUIDES = Field("guides", 10, 1, "of `features`: its extended sampler has room for an automaton")
GUIDE_WINDOW = Window(
    name="guide",
    address=0x7000,
    words=0x400,
    access="wo",
    meaning="a page of the table, [15:0] of an entry where the row of the next state begins, [31:16] the class of its "
    "tokens; or a page of the classes. What is beyond the room is cut off",
)
CHOICE_WINDOWS = (
    Window(
        name="best",
        address=0x6100,
        words=0x40,
        access="ro",
        meaning="the best tokens of the last draw in their order: word 2 i is an id, word 2 i + 1 its logit, "
        "sign-extended",
    ),
    Window(
        name="mask",
        address=0x2000,
        words=0x800,
        access="wo",
        meaning="allowed tokens of the next request: id i is bit i mod 32 of word i / 32",
    ),
)

# Of builds with drafts: `features` then has DRAFTS. Chips without it have nothing at this address.
DRAFT = (
    Register(
        "drafts",
        0x94,
        "rw",
        "of the next request; not while one runs",
        (Field("on", 0, 1, "its next token may be guessed, in the pass of an idle stream; 0 at power-up"),),
    ),
)
DRAFTS = Field("drafts", 11, 1, "of `features`: it guesses tokens, from a table")

REASONS = ("none", "budget", "stop token", "context full", "stopped", "reset")

_BY_NAME: dict[str, Register | Window] = {
    entry.name: entry
    for entry in (
        *(*REGISTERS, *WINDOWS, *LOADER, LOADER_WINDOW, *DRAFT),
        *(*CHOICE, *CHOICE_WINDOWS, *GUIDE, GUIDE_WINDOW),
    )
}


def aperture(streams: int) -> int:
    """Bytes that the maps of so many streams take, one behind the other: a power of two."""
    return 1 << ADDRESS_BITS + (streams - 1).bit_length()


def sequence_bits(streams: int) -> int:
    """Bits of a token's index in its slot; of several streams the upper ones of ``SEQUENCE_BITS`` name the stream."""
    return SEQUENCE_BITS if streams == 1 else SEQUENCE_BITS - STREAM_BITS


def address(name: str, index: int = 0) -> int:
    """The byte address of a register, or of word ``index`` of a window or of a row of registers."""
    return _BY_NAME[name].address + 4 * index


def field(register: str, name: str) -> Field:
    """A field of a register that is no window, by both names."""
    entry = _BY_NAME[register]
    assert isinstance(entry, Register)
    return entry.field(name)


def fields_in(register: str, word: int) -> set[str]:
    """Names of the fields of a register that are not zero in a word."""
    entry = _BY_NAME[register]
    assert isinstance(entry, Register)
    return {part.name for part in entry.fields if part.of(word)}
