# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Soft caps: of attention scores, and of the logits (Gemma 2)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..chip.wiring import Formats, Shape, Wiring
from ..decoder import Decoder
from ..ops.attention import EXP_STEPS_PER_NAT
from ..ops.fixed import Ints, limits
from ..ops.softcap import CAP_BITS, CAP_ENTRIES, cap_table
from ..targets.blocks import multipliers
from ..targets.family import Fabric
from .part import Array, Extra, IntegerModel, Kernel, Layout, Part, Program, Words

SOFT_CAP_LATE = 3  # engine_pkg::SoftCapLate
SCORE_CAP_LATE = SOFT_CAP_LATE + 2  # engine_pkg::ScoreCapLate
RANDOM_SCORE_CAP, RANDOM_LOGIT_CAP = 3.0, 5.0


def slope_bits(table: Ints) -> int:
    """Signed bits of what a soft cap's lines rise by."""
    rise = np.diff(table)
    return int(max(rise.max(), ~rise.min())).bit_length() + 1


def cap_lines(table: Ints) -> Words:
    """A soft cap's lines: where each begins, and how far it rises."""
    return Words(
        struct="line_t", widths={"SlopeW": slope_bits(table)}, columns={"base": table[:-1], "rise": np.diff(table)}
    )


def _cost(capped: int, fabric: Fabric) -> Extra:
    """Of so many values per cycle that pass a cap: a multiplier each."""
    return Extra(ff=capped * 64, dsp=capped * multipliers(fabric, 18, 8))


def _block_rams(capped: int) -> int:
    """Two values to a table; a line and its slope pass the 18 bits of a port."""
    return 2 * -(-capped // 2)


def _cpp_array(chip: IntegerModel, name: str) -> list[Array]:
    return [("int16_t", name, f"[{CAP_ENTRIES}]", chip.tables[name])]


# ---------------------------------------------------------------------------------------------------
# Of scores, in steps of the exponential.


def _score_table(decoder: Decoder) -> dict[str, Ints]:
    cap, step = decoder.blocks[0].attention.softcap, 1 / EXP_STEPS_PER_NAT
    assert cap is not None
    return {"score_cap": cap_table(cap, step, step)}


def _cap_scores(decoder: Decoder) -> Decoder:
    blocks = decoder.blocks
    return replace(
        decoder,
        blocks=tuple(replace(b, attention=replace(b.attention, softcap=RANDOM_SCORE_CAP)) for b in blocks),
    )


def _score_geometry(program: Program) -> str:
    if not program.geometry.scores_lack_a_constant:
        return ""
    return (
        "scores that are all made in LUTs lack a constant, which a softmax does not see but a soft cap does; "
        f"choose score_style packed or apart and score_fabric of at most {program.geometry.banks - 1}"
    )


def _score_roms(chip: IntegerModel, program: Program) -> dict[str, Words]:
    """The cap, and in front of it the shifts of the heads: a file for each of those that share a walk."""
    heads = {f"cap{h:02}": chip.score_shift[:, h :: program.shared].reshape(-1) for h in range(program.shared)}
    shifts = {
        name: Words(struct="shift_t", widths={}, columns={"shift": head_shifts}) for name, head_shifts in heads.items()
    }
    return {"score_cap": cap_lines(chip.tables["score_cap"]), **shifts}


SCORE_CAP = Part(
    key="score cap",
    one_stream="a cap of scores",
    there=lambda wiring: wiring.score_cap,
    read=lambda decoder: {"score_cap": decoder.blocks[0].attention.softcap is not None},
    outline=lambda block: block.attention.softcap,
    invent=_cap_scores,
    quantized=_score_table,
    since=3,
    fields=("score_cap",),
    tables={"score_cap": lambda shape, formats: ((CAP_ENTRIES,), *limits(CAP_BITS))},
    constants=lambda chip: ["static constexpr bool SCORE_CAP = true;"] if chip.wiring.score_cap else [],
    cpp_arrays=lambda chip: _cpp_array(chip, "score_cap"),
    cpp_roms=lambda layout: [("score_cap", CAP_ENTRIES, 16, 1)],
    score_products=1,
    table_reads=True,
    score_bits=lambda chip, bits: CAP_BITS,
    geometry_lacks=_score_geometry,
    whole_scores=True,
    score_late=SCORE_CAP_LATE,
    extra=lambda program, fabric, shifter: _cost(program.shared * program.geometry.banks, fabric),
    block_rams=lambda program: _block_rams(program.shared * program.geometry.banks),
    switches=lambda shape, wiring: {"ScoreCap": int(wiring.score_cap)},
    widths=lambda chip, program: {"ScoreSlopeW": slope_bits(chip.tables["score_cap"])},
    roms=_score_roms,
    takes_shift=True,
)

# ---------------------------------------------------------------------------------------------------
# Of the logits, in their own units.


def _check_logits(s: Shape, f: Formats, wiring: Wiring) -> str:
    if f.logit <= CAP_BITS:
        return ""
    return f"formats.logit is {f.logit}, but a cap takes logits of {CAP_BITS} bits or fewer"


def _cap_kernels(layout: Layout) -> list[Kernel]:
    v = layout.shape.vocab
    loops = (("cap", v, 1),)
    return [
        Kernel(after="head", name="cap of logits", source="head.hpp", calls=1, loops=loops, multipliers=1, products=v)
    ]


LOGIT_CAP = Part(
    key="logit cap",
    there=lambda wiring: wiring.logit_cap,
    read=lambda decoder: {"logit_cap": decoder.logit_softcap is not None},
    invent=lambda decoder: replace(decoder, logit_softcap=RANDOM_LOGIT_CAP),
    since=3,
    fields=("logit_cap",),
    tables={"logit_cap": lambda shape, formats: ((CAP_ENTRIES,), *limits(min(formats.logit, CAP_BITS)))},
    check=_check_logits,
    constants=lambda chip: ["static constexpr bool LOGIT_CAP = true;"] if chip.wiring.logit_cap else [],
    cpp_arrays=lambda chip: _cpp_array(chip, "logit_cap"),
    cpp_roms=lambda layout: [("logit_cap", CAP_ENTRIES, 16, 1)],
    kernels=_cap_kernels,
    logit_late=SOFT_CAP_LATE,
    extra=lambda program, fabric, shifter: _cost(program.geometry.rows, fabric),
    block_rams=lambda program: _block_rams(program.geometry.rows),
    switches=lambda shape, wiring: {"LogitCap": int(wiring.logit_cap)},
    widths=lambda chip, program: {"LogitSlopeW": slope_bits(chip.tables["logit_cap"])},
    roms=lambda chip, program: {"logit_cap": cap_lines(chip.tables["logit_cap"])},
)
