# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""ALiBi (Press et al., 2022): a bias of each score, linear in how far its key is back, with a slope for each head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..chip.wiring import Formats, Shape, Wiring
from ..decoder import Decoder
from ..ops.attention import ALIBI_BITS, LARGEST_SLOPE, alibi, alibi_slopes
from ..ops.fixed import Ints
from ..targets.family import Fabric
from .part import Array, Extra, IntegerModel, Part, Program, Words

ALIBI_LATE = 2  # AlibiLate of rtl/scores.sv


def _lacks(decoder: Decoder) -> Sequence[str]:
    slopes, cap = decoder.blocks[0].attention.alibi, decoder.blocks[0].attention.softcap
    if slopes is None:
        return ()
    lacks = ["ALiBi where scores are capped"] if cap is not None else []
    if not 0 <= slopes.min() <= slopes.max() <= LARGEST_SLOPE:
        lacks.append(f"ALiBi slope of {slopes.min():.3g} to {slopes.max():.3g}, beyond 0 to {LARGEST_SLOPE:.3g}")
    return lacks


def _slopes(decoder: Decoder) -> dict[str, Ints]:
    slopes = decoder.blocks[0].attention.alibi
    assert slopes is not None
    return {"alibi": alibi_slopes(slopes)}


def _invent(decoder: Decoder) -> Decoder:
    """Slopes 1/2, 1/4.. for random weights."""
    slopes = 0.5 ** np.arange(1, decoder.blocks[0].attention.heads + 1, dtype=np.float32)
    blocks = decoder.blocks
    return replace(decoder, blocks=tuple(replace(b, attention=replace(b.attention, alibi=slopes)) for b in blocks))


def _check(s: Shape, f: Formats, wiring: Wiring) -> str:
    return "wiring.alibi goes with no cap of scores" if wiring.score_cap else ""


def _steep(chip: IntegerModel) -> Ints:
    """The slopes of all layers' heads [L, H] in units of their own scores, less the fraction."""
    return chip.tables["alibi"] << chip.score_shift


def _score_bits(chip: IntegerModel, bits: int) -> int:
    most = int(alibi(chip.tables["alibi"], chip.score_shift, np.array(chip.shape.context - 1)).max())
    return ((1 << (bits - 1)) + most).bit_length() + 1


def _cpp_arrays(chip: IntegerModel) -> list[Array]:
    return [("uint32_t", "alibi", "[HEADS]", chip.tables["alibi"])]


def _constants(chip: IntegerModel) -> list[str]:
    if not chip.wiring.alibi:
        return []
    s, f = chip.shape, chip.formats
    bits = _score_bits(chip, f.query + f.cache + (s.head_dim - 1).bit_length())
    return [f"static constexpr int ALIBI = {bits:d};"]


def _extra(program: Program, fabric: Fabric, shifter: float) -> Extra:
    """Of each bank a slope times its place, the block's added, the score's added.

    Fitted to Yosys: rtl/score_alibi.sv of 12 banks and a slope of 20 bits takes 709 LUTs and 812 registers of ECP5.
    """
    s, f, banks = program.shape, program.formats, program.shared * program.geometry.banks
    wide = f.query + f.cache + s.head_dim.bit_length() + 2
    return Extra(lut=banks * 2.5 * wide * fabric.bit, ff=banks * 3 * wide)


def _widths(chip: IntegerModel, program: Program) -> dict[str, int]:
    f = chip.formats
    plain = f.query + f.cache + chip.shape.head_dim.bit_length()  # ScoreW of rtl/attention.sv
    return {"AlibiW": _score_bits(chip, plain), "AlibiSlopeW": int(_steep(chip).max()).bit_length() or 1}


def _roms(chip: IntegerModel, program: Program) -> dict[str, Words]:
    """Slopes of the heads, a file for each of those that share a walk."""
    steep = _steep(chip)
    bits = int(steep.max()).bit_length() or 1
    heads = {f"alibi{h:02}": steep[:, h :: program.shared].reshape(-1) for h in range(program.shared)}
    return {
        name: Words(struct="slope_t", widths={"AlibiSlopeW": bits}, columns={"slope": slopes})
        for name, slopes in heads.items()
    }


ALIBI = Part(
    key="alibi",
    one_stream="ALiBi",
    there=lambda wiring: wiring.alibi,
    read=lambda decoder: {"alibi": decoder.blocks[0].attention.alibi is not None},
    outline=lambda block: None if block.attention.alibi is None else tuple(block.attention.alibi.tolist()),
    lacks=_lacks,
    invent=_invent,
    quantized=_slopes,
    since=4,
    fields=("alibi",),
    tables={"alibi": lambda shape, formats: ((shape.heads,), 0, (1 << ALIBI_BITS) - 1)},
    check=_check,
    constants=_constants,
    cpp_arrays=_cpp_arrays,
    cpp_roms=lambda layout: [("alibi", layout.shape.heads, 32, 1)],
    score_products=1,
    score_bits=_score_bits,
    score_late=ALIBI_LATE,
    extra=_extra,
    widths=_widths,
    roms=_roms,
)
