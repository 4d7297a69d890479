# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Norms inside a layer: of query heads and key heads (Qwen 3), and of what attention and MLP add (Gemma 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..chip.wiring import RENORMS, ArraySpec, Formats, Shape, Wiring
from ..decoder import Block, Decoder, Norm
from ..ops.fixed import MULTIPLIER_BITS
from ..ops.norm import LARGEST_EPS, RENORM_BITS, Renorm, largest_energy
from ..targets.blocks import bram18, multipliers
from ..targets.family import Fabric
from .part import Array, Extra, IntegerModel, Kernel, Layout, Part, Program, Read, Rom, Words

RENORM_LATE = 9  # rows of a whole head to the same rows after its norm, less their rounding


def channels(shape: Shape, wiring: Wiring) -> dict[str, int]:
    """Of the norms that there are, the channels: of all heads, or of the residual."""
    wide = {"q": shape.query_rows, "k": shape.kv_rows}
    return {name: wide.get(name, shape.dim) for name in wiring.renorms}


def normed_heads(wiring: Wiring) -> bool:
    """Whether queries and keys have norms that the engine takes: both, and no row of a gated MLP that comes beside."""
    return {"q", "k"} <= set(wiring.renorms) and not (wiring.parallel and wiring.gated)


def normed_branches(wiring: Wiring) -> bool:
    """Whether what the branches add has norms that the engine takes: both."""
    return {"attention", "mlp"} <= set(wiring.renorms)


# ---------------------------------------------------------------------------------------------------
# The float model and the chip's file.


def _norms(block: Block) -> dict[str, Norm | None]:
    a = block.attention
    norms = {"q": a.q_norm, "k": a.k_norm, "attention": block.attention_post_norm, "mlp": block.mlp_post_norm}
    assert tuple(norms) == RENORMS
    return norms


def _read(decoder: Decoder) -> dict[str, Any]:
    return {"renorms": tuple(name for name, norm in _norms(decoder.blocks[0]).items() if norm is not None)}


def _names(renorms: Sequence[str]) -> list[str]:
    parts = ((("q", "k"), "norm of queries or keys"), (("attention", "mlp"), "norm behind a branch"))
    return [name for group, name in parts if set(group) & set(renorms)]


def _arrays(s: Shape, wiring: Wiring) -> dict[str, ArraySpec]:
    specs: dict[str, ArraySpec] = {}
    for name, wide in channels(s, wiring).items():
        specs[f"renorms/{name}/multiplier"] = ArraySpec("uint32", (s.layers, wide), 0, (1 << MULTIPLIER_BITS) - 1)
        specs[f"renorms/{name}/shift"] = ArraySpec("uint8", (s.layers,), 0, 47)
        specs[f"renorms/{name}/eps"] = ArraySpec("int32", (s.layers,), 1, LARGEST_EPS)
    return specs


def _check(s: Shape, f: Formats, wiring: Wiring) -> str:
    if list(wiring.renorms) == [name for name in RENORMS if name in wiring.renorms]:
        return ""
    return f"wiring.renorms is {str(wiring.renorms)[:80]}, not a part of {', '.join(RENORMS)}"


# ---------------------------------------------------------------------------------------------------
# HLS.


def _multipliers(shape: Shape, wiring: Wiring) -> int:
    return shape.layers * sum(channels(shape, wiring).values())


def _constants(chip: IntegerModel) -> list[str]:
    if not chip.wiring.renorms:
        return []
    return [f"static constexpr int RENORMED = {_multipliers(chip.shape, chip.wiring):d};"]


def _cpp_arrays(chip: IntegerModel) -> list[Array]:
    gains = [chip.renorms[name].multiplier.reshape(-1) for name in chip.wiring.renorms]
    return [("uint32_t", "renorm_multipliers", "[RENORMED]", np.concatenate(gains))]


def instances(wiring: Wiring) -> int:
    """Of the norms' kernel: one for the heads' channels, one for a branch's."""
    return len(_names(wiring.renorms))


def _cpp_roms(layout: Layout) -> list[Rom]:
    s, w = layout.shape, layout.wiring
    roms: list[Rom] = [("renorm_multipliers", _multipliers(s, w), 32, instances(w))]
    for name in w.renorms:
        roms.append((f"Renorm{name.capitalize()}::shift", s.layers, 8, 1))
        roms.append((f"Renorm{name.capitalize()}::eps", s.layers, 32, 1))
    return roms


def _kernels(layout: Layout) -> list[Kernel]:
    """Group by group: a square, a root per channel, the rounding."""
    s, kernels = layout.shape, []
    for name, wide in channels(s, layout.wiring).items():
        groups = {"q": s.heads, "k": s.kv_heads}.get(name, 1)
        size = wide // groups
        kernels.append(
            Kernel(
                after="projections",
                name=f"norm of {name}",
                source="norm.hpp",
                calls=s.layers,
                loops=(("largest and energy", size, groups), ("round", size, groups)),
                multipliers=3,
                products=3 * wide,
                instance=f"norm of {size} channels",
            )
        )
    return kernels


# ---------------------------------------------------------------------------------------------------
# The plan.


def _engine_lacks(wiring: Wiring) -> list[str]:
    supported = (("q", "k") if normed_heads(wiring) else ()) + (("attention", "mlp") if normed_branches(wiring) else ())
    return _names([name for name in wiring.renorms if name not in supported])


def _turned_late(wiring: Wiring, stages: int) -> int:
    return RENORM_LATE + stages if normed_heads(wiring) else 0


def _added_late(wiring: Wiring, stages: int, reads: int) -> int:
    return RENORM_LATE + stages + reads - 1 if normed_branches(wiring) else 0


def _extra(program: Program, f: Fabric, shifter: float) -> Extra:
    """Each a second shift, root and rounding of rows."""
    norms = normed_heads(program.wiring) + normed_branches(program.wiring)
    products = multipliers(f, 16, 16) + multipliers(f, 18, 18) + multipliers(f, 16, 18)
    return Extra(row_lut=norms * (shifter + 16 * 4 * f.barrel + 60), dsp=norms * program.geometry.rows * products)


def _block_rams(program: Program) -> int:
    s, rows, blocks = program.shape, program.geometry.rows, 0
    if normed_heads(program.wiring):
        turned = s.layers * (program.walks + program.kv_words) * program.parts
        blocks += bram18(rows * 17 + 6, turned) + bram18(18, turned) + program.shared
    if normed_branches(program.wiring):
        added = s.layers * 2 * -(-s.dim // rows)
        blocks += bram18(rows * 17 + 6, added) + bram18(18, added) + 1
    return blocks


# ---------------------------------------------------------------------------------------------------
# RTL.


def renormed(program: Program) -> dict[str, list[Read]]:
    """Reads that a norm inside a layer takes, by the name of its tables: of queries and keys, of the branches."""
    reads: dict[str, list[Read]] = {}
    if normed_heads(program.wiring):
        reads["renorm"] = [e for e in program.emissions if e.matrix in ("q", "k")]
    if normed_branches(program.wiring):
        reads["branch"] = [e for e in program.emissions if e.matrix in ("o", "down")]
    return reads


def _renorm_of(chip: IntegerModel, e: Read) -> Renorm:
    return chip.renorms[{"o": "attention", "down": "mlp"}.get(e.matrix, e.matrix)]


def _eps_bits(chip: IntegerModel, listed: list[Read]) -> int:
    return max(int(_renorm_of(chip, e).eps[e.layer]) for e in listed).bit_length()


def _roms(chip: IntegerModel, program: Program) -> dict[str, Words]:
    """For every read: its rows' gains and their shift, and its heads' eps."""
    roms: dict[str, Words] = {}
    for name, listed in renormed(program).items():
        gain, shift, eps = (np.zeros((len(listed), n), np.int64) for n in (len(listed[0].rows), 1, 1))
        for i, e in enumerate(listed):
            renorm = _renorm_of(chip, e)
            shift[i], eps[i] = renorm.shift[e.layer], renorm.eps[e.layer]
            gain[i] = [0 if row is None else renorm.multiplier[e.layer, row[1]] for row in e.rows]
        columns = {"gain": gain, "shift": shift}
        roms[name] = Words(struct="gains_t", widths={"Rows": gain.shape[1]}, columns=columns)
        widths = {"EpsW": _eps_bits(chip, listed)}
        roms[f"{name}_eps"] = Words(struct="eps_t", widths=widths, columns={"eps": eps})
    return roms


def _widths(chip: IntegerModel, program: Program) -> dict[str, int]:
    """Parameters of each rtl/renorm.sv."""
    widths: dict[str, int] = {}
    for name, listed in renormed(program).items():
        size = chip.shape.head_dim if name == "renorm" else chip.shape.dim
        widths |= {
            f"{name.capitalize()}Words": len(listed),
            f"{name.capitalize()}EpsW": _eps_bits(chip, listed),
            f"{name.capitalize()}EnergyW": largest_energy(size, RENORM_BITS).bit_length(),
        }
    return widths


RENORMS_PART = Part(
    key="renorms",
    one_stream="norms inside a layer",
    there=lambda wiring: bool(wiring.renorms),
    read=_read,
    outline=lambda block: tuple(norm is None for norm in _norms(block).values()),
    since=3,
    fields=("renorms",),
    arrays=_arrays,
    check=_check,
    constants=_constants,
    cpp_arrays=_cpp_arrays,
    cpp_roms=_cpp_roms,
    kernels=_kernels,
    engine_lacks=_engine_lacks,
    turned_late=_turned_late,
    added_late=_added_late,
    extra=_extra,
    block_rams=_block_rams,
    switches=lambda shape, w: {"Renorms": int(normed_heads(w)), "Branches": int(normed_branches(w))},
    widths=_widths,
    roms=_roms,
)
