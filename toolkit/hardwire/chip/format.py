# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a ``.chip`` may hold: dimensions, formats, wiring, and the type, shape and range of every array.

The file is not trusted: ``check_header`` believes no number before its type and range are checked, and
``array_specs`` says of every array what it must be before it is read. numpy and the standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ..errors import ChipError
from ..ops.attention import PROBABILITY_BITS
from ..ops.fixed import BIAS_BITS, MULTIPLIER_BITS, limits
from ..ops.norm import LARGEST_ENERGY, LARGEST_EPS, largest_energy
from ..ops.softcap import CAP_BITS, CAP_ENTRIES

FORMAT_VERSION = 3
FEWEST_BITS, MOST_BITS = 2, 8  # of a weight
PLAIN_VERSION = 2  # of a chip with no part that version 3 added: older programs read it too


@dataclass(frozen=True)
class Shape:
    """Dimensions of a decoder."""

    vocab: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    context: int
    rotary: int  # rotated dimensions of each head, even; 0 without rotary positions

    @property
    def query_rows(self) -> int:
        return self.heads * self.head_dim

    @property
    def kv_rows(self) -> int:
        return self.kv_heads * self.head_dim


@dataclass(frozen=True)
class Formats:
    """Bits of every kind of value; all signed but where the name of its op says otherwise."""

    residual: int = 16
    norm: int = 9  # shifted residual into q, k, v, gate, up, head: a dynamic scale per token
    query: int = 9
    cache: int = 8  # keys and values
    attention: int = 8  # mixed values into o
    hidden: int = 8  # gated values into down
    gate: int = 10  # index of the activation table
    up: int = 16  # of the up projection where there is a gate; without one it is the index
    logit: int = 16
    logit_fraction: int = 10  # logits in units of 2**-logit_fraction


@dataclass(frozen=True)
class Wiring:
    """Which parts a decoder has. As they stand: a Llama-like one."""

    gated: bool = True  # MLP is down(act(gate) * up); otherwise down(act(up)), and there is no matrix "gate"
    positions: bool = False  # learned positions, added to the embedding: matrix "position"
    embedding_norm: bool = False  # RMSNorm behind the embedding, written back to the residual
    final_norm: bool = True  # otherwise the head reads the residual as it is
    # From here on: format version 3.
    parallel: bool = False  # attention and MLP read the same residual, and both are added to it
    score_cap: bool = False  # attention scores are capped softly: table "score_cap"
    logit_cap: bool = False  # so are the logits: table "logit_cap"
    windows: tuple[int, ...] = ()  # of each layer: it sees so many positions, itself included; 0 sees all. (): all 0
    rope: tuple[int, ...] = ()  # of each layer: which of the sets of angles turns its heads. (): one set for all
    renorms: tuple[str, ...] = ()  # norms inside a layer, some of RENORMS

    @property
    def rope_sets(self) -> int:
        return max(self.rope, default=0) + 1

    def later_parts(self) -> list[str]:
        """Names of the parts that format version 3 added, for those who do not have them."""
        parts = (
            (self.parallel, "parallel attention and MLP"),
            (self.score_cap, "soft cap on attention scores"),
            (self.logit_cap, "soft cap on the logits"),
            (bool(self.windows), "sliding window"),
            (bool(self.rope), "rotary positions that differ between layers"),
            ("q" in self.renorms or "k" in self.renorms, "norm of queries or keys"),
            ("attention" in self.renorms or "mlp" in self.renorms, "norm behind a branch"),
        )
        return [name for there, name in parts if there]


RENORMS = ("q", "k", "attention", "mlp")  # of query heads and key heads; of what attention and MLP add
PLAIN_WIRING = ("gated", "positions", "embedding_norm", "final_norm")  # what format version 2 has


LOOKED_UP = ("embedding", "position")  # tables of rows that the residual takes; no lane reads them
TABLES = ("exp", "reciprocal", "rsqrt", "eps", "activation", "cos", "sin", "gumbel")
SHIFTS = ("score_shift", "value_shift", "gate_shift")


def table_names(wiring: Wiring) -> tuple[str, ...]:
    """The tables of a chip, in the order of the file."""
    caps = (("score_cap", wiring.score_cap), ("logit_cap", wiring.logit_cap))
    return (*TABLES, *(name for name, there in caps if there))


def matrix_names(wiring: Wiring) -> tuple[str, ...]:
    """The matrices of a chip, in the order of the file."""
    gate, position = ("gate",) if wiring.gated else (), ("position",) if wiring.positions else ()
    return ("q", "k", "v", "o", *gate, "up", "down", "head", "embedding", *position)


def expected_shapes(s: Shape, wiring: Wiring = Wiring()) -> dict[str, tuple[int, ...]]:
    """Shape of each matrix's weights."""
    each = {
        "q": (s.layers, s.query_rows, s.dim),
        "k": (s.layers, s.kv_rows, s.dim),
        "v": (s.layers, s.kv_rows, s.dim),
        "o": (s.layers, s.dim, s.query_rows),
        "gate": (s.layers, s.hidden, s.dim),
        "up": (s.layers, s.hidden, s.dim),
        "down": (s.layers, s.dim, s.hidden),
        "head": (1, s.vocab, s.dim),
        "embedding": (1, s.vocab, s.dim),
        "position": (1, s.context, s.dim),
    }
    return {name: each[name] for name in matrix_names(wiring)}


@dataclass(frozen=True)
class ArraySpec:
    """Type, shape and range of one array of the file."""

    dtype: str
    shape: tuple[int, ...]
    low: int
    high: int


def array_specs(s: Shape, f: Formats, bits: dict[str, int], wiring: Wiring, biased: list[str]) -> dict[str, ArraySpec]:
    """Every array that a chip of these dimensions has, by its name in the file."""
    specs: dict[str, ArraySpec] = {}
    shapes = expected_shapes(s, wiring)
    for name, shape in shapes.items():
        specs[f"matrices/{name}/weight"] = ArraySpec("int8", shape, *limits(bits[name]))
        specs[f"matrices/{name}/multiplier"] = ArraySpec("uint32", shape[:2], 0, (1 << MULTIPLIER_BITS) - 1)
        specs[f"matrices/{name}/shift"] = ArraySpec("uint8", shape[:1], 0, 47)
    specs |= {f"biases/{name}": ArraySpec("int32", shapes[name][:2], *limits(BIAS_BITS)) for name in biased}
    if wiring.embedding_norm:
        specs["embedding_scale/multiplier"] = ArraySpec("uint32", (s.dim,), 0, (1 << MULTIPLIER_BITS) - 1)
        specs["embedding_scale/shift"] = ArraySpec("uint8", (1,), 0, 47)
    for name in wiring.renorms:
        wide = {"q": s.query_rows, "k": s.kv_rows}.get(name, s.dim)
        specs[f"renorms/{name}/multiplier"] = ArraySpec("uint32", (s.layers, wide), 0, (1 << MULTIPLIER_BITS) - 1)
        specs[f"renorms/{name}/shift"] = ArraySpec("uint8", (s.layers,), 0, 47)
        specs[f"renorms/{name}/eps"] = ArraySpec("int32", (s.layers,), 1, LARGEST_EPS)
    angles = (wiring.rope_sets * s.context, s.rotary // 2)
    tables = {
        "exp": ((1024,), 0, (1 << PROBABILITY_BITS) - 1),
        "reciprocal": ((1024,), 1, (1 << 16) - 1),
        "rsqrt": ((768,), 1, (1 << MULTIPLIER_BITS) - 1),
        "eps": ((1,), 1, LARGEST_EPS),
        "activation": ((1 << f.gate,), *limits(16 if wiring.gated else f.hidden)),
        "cos": (angles, *limits(16)),
        "sin": (angles, *limits(16)),
        "gumbel": ((2048,), *limits(16)),
    }
    caps = {"score_cap": CAP_BITS, "logit_cap": min(f.logit, CAP_BITS)}
    tables |= {name: ((CAP_ENTRIES,), *limits(caps[name])) for name in table_names(wiring) if name not in TABLES}
    specs |= {f"tables/{name}": ArraySpec("int32", *spec) for name, spec in tables.items()}
    per_head = (s.layers, s.heads)
    shifts = {name: ArraySpec("uint8", per_head, 0, 26) for name in ("score_shift", "value_shift")}
    return specs | shifts | {"gate_shift": ArraySpec("uint8", (s.layers,), 0, 26 if wiring.gated else 0)}


# ---------------------------------------------------------------------------------------------------
# The header.

DIMENSIONS = {"vocab": 1 << 20, "layers": 1 << 10, "heads": 1 << 10, "kv_heads": 1 << 10, "head_dim": 1 << 10}
LARGEST_DIMENSION = 1 << 17  # of dim, hidden and context
FORMAT_RANGES = {
    "residual": (12, 24),
    "norm": (6, 12),
    "query": (4, 12),
    "cache": (4, 8),
    "attention": (4, 12),
    "hidden": (4, 12),
    "gate": (6, 14),
    "up": (8, 18),
    "logit": (8, 24),
    "logit_fraction": (0, 14),  # one more is a temperature that the sampler has no sign for
}


def check_header(header: Any, where: str) -> None:
    """Raise ChipError unless every part of ``chip.json`` has its type and every number is in its range."""
    if not isinstance(header, dict) or header.get("format") not in (PLAIN_VERSION, FORMAT_VERSION):
        found = header.get("format") if isinstance(header, dict) else type(header).__name__
        raise ChipError(
            f"{where}: format {found!r}, this version reads {PLAIN_VERSION} and {FORMAT_VERSION}; "
            "run hardwire quantize again"
        )
    wiring = _check_wiring(header, where)
    ranges = {
        f"shape.{f.name}": (0 if f.name == "rotary" else 1, DIMENSIONS.get(f.name, LARGEST_DIMENSION))
        for f in fields(Shape)
    }
    ranges |= {f"formats.{name}": span for name, span in FORMAT_RANGES.items()}
    ranges |= {f"bits.{name}": (FEWEST_BITS, MOST_BITS) for name in matrix_names(wiring)}
    for group in ("shape", "formats", "bits"):
        _check_keys(header, group, {name.split(".")[1] for name in ranges if name.startswith(group + ".")}, where)
    for name, (low, high) in ranges.items():
        group, key = name.split(".")
        value = header[group][key]
        if type(value) is not int or not low <= value <= high:
            raise ChipError(f"{where}: {name} is {value!r}, not an integer from {low} to {high}")
    s = Shape(**header["shape"])
    if s.heads % s.kv_heads or s.rotary % 2 or s.rotary > s.head_dim:
        raise ChipError(f"{where}: {s.heads} heads over {s.kv_heads} KV heads, rotary {s.rotary} of {s.head_dim}")
    bits = header["formats"]["residual"]
    if largest_energy(s.dim, bits) > LARGEST_ENERGY:
        raise ChipError(f"{where}: the energy of {s.dim} residuals of {bits} bits could pass 2**62; use fewer bits")
    logit = header["formats"]["logit"]
    if wiring.logit_cap and logit > CAP_BITS:
        raise ChipError(f"{where}: formats.logit is {logit}, but a cap takes logits of {CAP_BITS} bits or fewer")
    _check_layers(wiring, s, where)
    _check_words(header, s.vocab, where)


def wiring_of(data: dict[str, Any]) -> Wiring:
    """The wiring of a checked header: JSON has lists for tuples."""
    parts: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    return Wiring(**parts)


def _check_layers(wiring: Wiring, s: Shape, where: str) -> None:
    """What the wiring says of each layer."""
    for name, largest in (("windows", s.context), ("rope", s.layers - 1)):
        values = getattr(wiring, name)
        if values and (len(values) != s.layers or any(type(v) is not int or not 0 <= v <= largest for v in values)):
            raise ChipError(
                f"{where}: wiring.{name} is {str(values)[:80]}, not {s.layers} integers from 0 to {largest}"
            )
    if wiring.rope and sorted(set(wiring.rope)) != list(range(wiring.rope_sets)):
        raise ChipError(f"{where}: wiring.rope is {str(wiring.rope)[:80]}, which leaves out a set")


def _check_keys(header: dict[str, Any], group: str, expected: set[str], where: str) -> None:
    if not isinstance(header[group], dict) or set(header[group]) != expected:
        raise ChipError(f"{where}: the keys of {group} are {sorted(header[group])[:12]}; quantize again")


def _check_wiring(header: dict[str, Any], where: str) -> Wiring:
    """The parts that the decoder has, and which of its matrices have biases."""
    plain = header["format"] == PLAIN_VERSION
    _check_keys(header, "wiring", set(PLAIN_WIRING) if plain else {f.name for f in fields(Wiring)}, where)
    for name, value in header["wiring"].items():
        if name in ("windows", "rope", "renorms"):
            if not isinstance(value, list):
                raise ChipError(f"{where}: wiring.{name} is {str(value)[:80]}, not a list")
        elif type(value) is not bool:
            raise ChipError(f"{where}: wiring.{name} is {value!r}, not true or false")
    wiring = wiring_of(header["wiring"])
    if list(wiring.renorms) != [name for name in RENORMS if name in wiring.renorms]:
        raise ChipError(f"{where}: wiring.renorms is {str(wiring.renorms)[:80]}, not a part of {', '.join(RENORMS)}")
    able = [name for name in matrix_names(wiring) if name not in LOOKED_UP]
    biased = header["biases"]
    if not isinstance(biased, list) or biased != [name for name in able if name in biased]:
        raise ChipError(f"{where}: biases is {str(biased)[:80]}, not a part of {', '.join(able)} in this order")
    return wiring


def _check_words(header: dict[str, Any], vocab: int, where: str) -> None:
    """The parts of the header that are not dimensions: special tokens and free-form records."""
    specials = [*header["eos"], *([] if header["bos"] is None else [header["bos"]])]
    for token in specials:
        if type(token) is not int or not 0 <= token < vocab:
            raise ChipError(f"{where}: special token {token!r} is not one of the {vocab} of the vocabulary")
    for name in ("scales", "about", *(["tokenizer"] if header["tokenizer"] is not None else [])):
        if not isinstance(header[name], dict):
            raise ChipError(f"{where}: {name} is {type(header[name]).__name__}, not an object")
    if header["activation"] not in ("silu", "gelu", "gelu_tanh", "relu"):
        raise ChipError(f"{where}: activation {header['activation']!r} is none that this version knows")
