# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a ``.chip`` may hold: dimensions, formats, wiring, and the type, shape and range of every array.

The file is not trusted: ``check_header`` believes no number before its type and range are checked, and
``array_specs`` says of every array what it must be before it is read. numpy and the standard library only.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

from ..decoder import Activation
from ..errors import ChipError
from ..ops.attention import PROBABILITY_BITS
from ..ops.fixed import BIAS_BITS, MULTIPLIER_BITS, limits
from ..ops.norm import LARGEST_ENERGY, LARGEST_EPS, largest_energy
from ..parts import PARTS, present
from ..parts.mlp import entry_bits
from .wiring import LOOKED_UP, MATRICES, ArraySpec, Formats, Shape, Wiring

__all__ = [
    "LOOKED_UP",
    "ArraySpec",
    "Formats",
    "Shape",
    "Wiring",
    "array_specs",
    "check_header",
    "expected_shapes",
    "matrix_names",
    "table_names",
    "version_of",
    "wiring_fields",
    "wiring_of",
]

FIRST_VERSION = 2
LAST_VERSION = max(part.since for part in PARTS)
FEWEST_BITS, MOST_BITS = 2, 8  # of a weight


TABLES = ("exp", "reciprocal", "rsqrt", "eps", "activation", "cos", "sin", "gumbel")
SHIFTS = ("score_shift", "value_shift", "gate_shift")


def version_of(wiring: Wiring) -> int:
    """The first version of the format that has all its parts: the oldest programs that can read it do."""
    return max([FIRST_VERSION, *(part.since for part in present(wiring))])


def wiring_fields(version: int) -> tuple[str, ...]:
    """The fields of a wiring in a file of this version."""
    return tuple(name for part in PARTS if part.since <= version for name in part.fields)


def table_names(wiring: Wiring) -> tuple[str, ...]:
    """The tables of a chip, in the order of the file."""
    return (*TABLES, *(name for part in present(wiring) for name in part.tables))


def matrix_names(wiring: Wiring) -> tuple[str, ...]:
    """The matrices of a chip, in the order of the file."""
    absent = {name for part in PARTS if not part.there(wiring) for name in part.matrices}
    return tuple(name for name in MATRICES if name not in absent)


def expected_shapes(s: Shape, wiring: Wiring = Wiring()) -> dict[str, tuple[int, ...]]:
    """Of each matrix that such a decoder has, the shape of its weights: (layers, rows, columns)."""
    shapes = {
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
    return {name: shapes[name] for name in matrix_names(wiring)}


def array_specs(s: Shape, f: Formats, bits: dict[str, int], wiring: Wiring, biased: list[str]) -> dict[str, ArraySpec]:
    """Every array that a chip of these dimensions has, by its name in the file."""
    specs: dict[str, ArraySpec] = {}
    shapes = expected_shapes(s, wiring)
    for name, shape in shapes.items():
        specs[f"matrices/{name}/weight"] = ArraySpec("int8", shape, *limits(bits[name]))
        specs[f"matrices/{name}/multiplier"] = ArraySpec("uint32", shape[:2], 0, (1 << MULTIPLIER_BITS) - 1)
        specs[f"matrices/{name}/shift"] = ArraySpec("uint8", shape[:1], 0, 47)
    specs |= {f"biases/{name}": ArraySpec("int32", shapes[name][:2], *limits(BIAS_BITS)) for name in biased}
    for part in present(wiring):
        specs |= part.arrays(s, wiring)
    angles = (wiring.rope_sets * s.context, s.rotary // 2)
    tables = {
        "exp": ((1024,), 0, (1 << PROBABILITY_BITS) - 1),
        "reciprocal": ((1024,), 1, (1 << 16) - 1),
        "rsqrt": ((768,), 1, (1 << MULTIPLIER_BITS) - 1),
        "eps": ((1,), 1, LARGEST_EPS),
        "activation": ((1 << f.gate,), *limits(entry_bits(f, wiring))),
        "cos": (angles, *limits(16)),
        "sin": (angles, *limits(16)),
        "gumbel": ((2048,), *limits(16)),
    }
    for part in present(wiring):
        tables |= {name: spec(s, f) for name, spec in part.tables.items()}
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
    versions = range(FIRST_VERSION, LAST_VERSION + 1)
    if not isinstance(header, dict) or type(header.get("format")) is not int or header["format"] not in versions:
        version = header.get("format") if isinstance(header, dict) else type(header).__name__
        raise ChipError(
            f"{where}: format {version!r}, this version reads {FIRST_VERSION} to {LAST_VERSION}; "
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
    _check_parts(wiring, s, Formats(**header["formats"]), where)
    _check_words(header, s.vocab, where)


def wiring_of(data: dict[str, Any]) -> Wiring:
    """The wiring of a checked header: JSON has lists for tuples."""
    parts: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    return Wiring(**parts)


def _check_parts(wiring: Wiring, s: Shape, f: Formats, where: str) -> None:
    for part in present(wiring):
        if wrong := part.check(s, f, wiring):
            raise ChipError(f"{where}: {wrong}")


def _check_keys(header: dict[str, Any], group: str, expected: set[str], where: str) -> None:
    if not isinstance(header[group], dict) or set(header[group]) != expected:
        raise ChipError(f"{where}: the keys of {group} are {sorted(header[group])[:12]}; quantize again")


def _check_wiring(header: dict[str, Any], where: str) -> Wiring:
    """The parts that the decoder has, and which of its matrices have biases."""
    _check_keys(header, "wiring", set(wiring_fields(header["format"])), where)
    lists = {f.name for f in fields(Wiring) if isinstance(f.default, tuple)}
    for name, value in header["wiring"].items():
        if name in lists:
            if not isinstance(value, list):
                raise ChipError(f"{where}: wiring.{name} is {str(value)[:80]}, not a list")
        elif type(value) is not bool:
            raise ChipError(f"{where}: wiring.{name} is {value!r}, not true or false")
    wiring = wiring_of(header["wiring"])
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
    if header["activation"] not in get_args(Activation):
        raise ChipError(f"{where}: activation {header['activation']!r} is none that this version knows")
