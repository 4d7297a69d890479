# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a part of a decoder is: everything that the toolkit asks about one, from the float model to the RTL.

A part answers with plain data. What it looks at it sees through the protocols below, so that this folder stands under
the chip, the plan and the emitters, whose own types fit them. A question that a part does not answer has a default:
nothing to add. What only the order of steps decides (where a norm stands, when a run starts) is not here: the
reference, the schedule, the kernels and ``rtl/engine.sv`` say it, each on its own page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..chip.wiring import ArraySpec, Formats, Shape, Wiring
from ..decoder import Block, Decoder
from ..ops.fixed import Ints
from ..ops.matvec import Matrix
from ..ops.norm import Renorm, Scale
from ..targets.family import Fabric

Range = tuple[tuple[int, ...], int, int]  # shape of a table, its lowest and its highest value
Array = tuple[str, str, str, NDArray[Any]]  # type, name, dimensions and values of a C++ array
Rom = tuple[str, int, int, int]  # name, depth, width and copies of a ROM of an HLS project


@dataclass(frozen=True, kw_only=True)
class Words:
    """Words of a ROM of the RTL: of each field of ``plan.words``' struct its values, [words] or [words, lanes].

    ``widths``: the parameters that the struct's fields have their bits of.
    """

    struct: str
    widths: Mapping[str, int]
    columns: Mapping[str, Ints]


class IntegerModel(Protocol):
    """What parts see of a ``chip.model.Chip``."""

    @property
    def shape(self) -> Shape: ...
    @property
    def formats(self) -> Formats: ...
    @property
    def wiring(self) -> Wiring: ...
    @property
    def matrices(self) -> Mapping[str, Matrix]: ...
    @property
    def tables(self) -> Mapping[str, Ints]: ...
    @property
    def biases(self) -> Mapping[str, Ints]: ...
    @property
    def renorms(self) -> Mapping[str, Renorm]: ...
    @property
    def embedding_scale(self) -> Scale | None: ...
    @property
    def score_shift(self) -> Ints: ...
    @property
    def gate_shift(self) -> Ints: ...


class Layout(Protocol):
    """What parts see of an ``emit.hls.constants.Layout``."""

    @property
    def shape(self) -> Shape: ...
    @property
    def wiring(self) -> Wiring: ...
    @property
    def position_bits(self) -> int: ...
    @property
    def biased(self) -> tuple[str, ...]: ...
    @property
    def biases(self) -> int: ...
    @property
    def engines(self) -> int: ...


class Lanes(Protocol):
    """What parts see of a ``plan.geometry.Geometry``."""

    @property
    def rows(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def banks(self) -> int: ...
    @property
    def round_stages(self) -> int: ...
    @property
    def scores_lack_a_constant(self) -> bool: ...


class Read(Protocol):
    """What parts see of a ``plan.program.Emission``."""

    @property
    def kind(self) -> int: ...
    @property
    def layer(self) -> int: ...
    @property
    def rows(self) -> tuple[tuple[str, int] | None, ...]: ...
    @property
    def matrix(self) -> str: ...


class Program(Protocol):
    """What parts see of a ``plan.program.Schedule``."""

    @property
    def shape(self) -> Shape: ...
    @property
    def formats(self) -> Formats: ...
    @property
    def wiring(self) -> Wiring: ...
    @property
    def geometry(self) -> Lanes: ...
    @property
    def emissions(self) -> Sequence[Read]: ...
    @property
    def shared(self) -> int: ...
    @property
    def walks(self) -> int: ...
    @property
    def kv_words(self) -> int: ...
    @property
    def parts(self) -> int: ...
    @property
    def blocks(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """A kernel of an HLS project that runs for a part, behind ``after``.

    ``loops``: name, iterations and how often it is entered, per call; ``products``: useful multiplications per call.
    """

    after: Literal["projections", "head"]
    name: str
    source: str
    calls: int
    loops: tuple[tuple[str, int, int], ...]
    multipliers: int
    products: int
    instance: str = ""  # kernels that name the same one share its hardware


@dataclass(frozen=True, kw_only=True)
class Extra:
    """What a part adds to an engine: LUTs of each row and in all, registers, multipliers."""

    row_lut: float = 0
    lut: float = 0
    ff: int = 0
    dsp: int = 0


def _nothing(*_: Any) -> dict[str, Any]:
    return {}


def _none(*_: Any) -> tuple[Any, ...]:
    return ()


def _fine(*_: Any) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One optional part of a decoder.

    ``key`` names it in the table, ``there`` says whether a wiring has it. All else is asked only of parts that are
    there, but for ``read``, ``lacks`` and ``switches``, which tell what there is, and for ``constants`` and
    ``matrices``, which also say what a part leaves out.
    """

    key: str
    there: Callable[[Wiring], bool]

    # The float model.
    read: Callable[[Decoder], dict[str, Any]] = _nothing  # fields of a wiring
    outline: Callable[[Block], object] = _nothing  # what all layers must have alike
    lacks: Callable[[Decoder], Sequence[str]] = _none  # what a decoder has of it that no chip does
    invent: Callable[[Decoder], Decoder] = lambda decoder: decoder  # a decoder with it, for random weights
    quantized: Callable[[Decoder], dict[str, Ints]] = _nothing  # tables that follow from the float model alone

    # The file of a chip.
    since: int = 2  # the version of the file's format that has it
    fields: tuple[str, ...] = ()  # of a wiring, that are its own
    matrices: tuple[str, ...] = ()  # that a chip has with it only
    arrays: Callable[[Shape, Wiring], dict[str, ArraySpec]] = _nothing  # beside matrices, biases and tables
    tables: Mapping[str, Callable[[Shape, Formats], Range]] = field(default_factory=dict)
    check: Callable[[Shape, Formats, Wiring], str] = _fine  # what is wrong with it, in words

    # HLS: hls/parts.hpp has what a chip without it is given.
    constants: Callable[[IntegerModel], Sequence[str]] = _none  # members of the generated struct Chip
    cpp_arrays: Callable[[IntegerModel], Sequence[Array]] = _none
    cpp_roms: Callable[[Layout], Sequence[Rom]] = _none  # the same arrays, for the report
    kernels: Callable[[Layout], Sequence[Kernel]] = _none
    score_products: int = 0  # multipliers of an attention score
    table_reads: bool = False  # each score reads a table, whose ports one head takes
    score_bits: Callable[[IntegerModel, int], int] = lambda chip, bits: bits  # of a score that had so many

    # The plan.
    engine_lacks: Callable[[Wiring], Sequence[str]] = _none  # names of what the RTL engine has no form for
    geometry_lacks: Callable[[Program], str] = _fine  # and of what this one has none for, in words
    one_stream: str = ""  # what the RTL engine has for a single stream alone, in words
    fits_lanes: Callable[[Shape, int, int], bool] = lambda shape, rows, depth: True
    whole_scores: bool = False  # it sees a constant that all scores of a query have or lack
    score_late: int = 0  # cycles by which scores come later
    logit_late: int = 0  # and logits
    turned_late: Callable[[Wiring, int], int] = lambda wiring, stages: 0  # and queries and keys
    added_late: Callable[[Wiring, int, int], int] = lambda wiring, stages, reads: 0  # and a branch's output
    extra: Callable[[Program, Fabric, float], Extra] = lambda program, fabric, shifter: (
        Extra()
    )  # LUTs of a row's shifter
    block_rams: Callable[[Program], int] = lambda program: 0  # of 18 Kbit

    # RTL.
    switches: Callable[[Shape, Wiring], dict[str, int]] = _nothing  # parameters of rtl/engine.sv, with it or without
    widths: Callable[[IntegerModel, Program], dict[str, int]] = _nothing  # more of them, with it only
    roms: Callable[[IntegerModel, Program], dict[str, Words]] = _nothing  # files of ROMs, without their suffix
    takes_shift: bool = False  # of a head's scores, so that the exponential has none left


def ints(values: Sequence[int]) -> Ints:
    """An array of the integers' own type, int64."""
    return np.array(values, np.int64)
