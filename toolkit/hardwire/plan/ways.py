# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of paths from register to register that an engine has: which cells are on each, by its geometry and stages.

``KINDS`` is the table; ``clock.py`` makes a clock of it. A path is its steps in order, the first a register or a memory
that is read, the last what is written; between two steps is a net. Carry chains follow from the RTL, and levels of LUTs
are those that Yosys 0.70 makes of these expressions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..targets.delays import Roles
from ..targets.family import Family
from .cost import bits_of, digits
from .geometry import Geometry
from .latency import ceil_div
from .program import Schedule
from .widths import Widths

Part = Literal["register", "memory", "small memory", "product", "cascade", "lut", "carry"]


@dataclass(frozen=True)
class Step:
    """One or more cells of a kind behind each other. ``product``: a multiplier and the register behind it; as the first
    step, that register alone. ``cascade``: from multiplier to multiplier by the sums inside. ``bits``: of carry chains,
    all that the path runs along."""

    part: Part
    count: int = 1
    bits: int = 0


@dataclass(frozen=True)
class Site:
    """What a kind is asked of."""

    program: Schedule
    widths: Widths
    family: Family

    @property
    def roles(self) -> Roles:
        """Of the family's cells."""
        assert self.family.delays is not None
        return self.family.delays.roles

    @property
    def g(self) -> Geometry:
        """The geometry, by a short name: the table is full of it."""
        return self.program.geometry


Steps = tuple[Step, ...]


@dataclass(frozen=True)
class Kind:
    """Paths of one kind. ``fields``: stages of a geometry that shorten it. ``steps``: None where an engine has none."""

    name: str
    fields: tuple[str, ...]
    steps: Callable[[Site], Steps | None]


REGISTER, MEMORY, PRODUCT = Step("register"), Step("memory"), Step("product")
SMALL_MEMORY = Step("small memory")
ROW_BITS = 16  # that a carry of a rounding runs along before it decides


def luts(count: int) -> Step:
    """So many levels."""
    return Step("lut", count)


def shift(site: Site, less: int = 0) -> Step:
    """Of six bits, in the levels that a family has it in; of fewer bits in ``less``."""
    return luts(site.roles.shift - less)


def clamp(site: Site, alone: bool = False) -> Step:
    """What is beyond the limit, and the choice. Alone: its mapper has nothing to join it with."""
    return luts(site.roles.clamp + 2 * alone)


def carry(count: int, bits: int) -> Steps:
    """Chains behind each other; none is no step."""
    return (Step("carry", count, bits),) if count else ()


def tree(count: int, width: int) -> Steps:
    """Sums of ``count`` values, two at a time: each level carries on where the one before has come to."""
    levels = bits_of(count)
    return carry(levels, width + levels)


def read(site: Site) -> Step:
    """A block RAM whose word goes on: from its own register where reads have two stages."""
    return REGISTER if site.g.read_stages > 1 else MEMORY


# -- lanes -------------------------------------------------------------------------------------------


def _lane_sums(site: Site) -> Steps | None:
    """Activations to a lane's sum in LUTs: a digit, its chains, those of all digits, the accumulator."""
    g, w = site.g, site.widths
    if g.packed_groups == g.groups:
        return None
    joins = bits_of(digits(w.weight))
    chains = {1: g.terms - 1 + joins + 1, 2: g.terms - 1 + joins}.get(g.lane_stages, max(g.terms - 2, 1) + joins - 1)
    return (REGISTER, luts(1), *carry(max(chains, 1), w.accumulator + 4), REGISTER)


def _lane_blocks(site: Site) -> Steps | None:
    """The same in multiplier blocks."""
    g, w = site.g, site.widths
    if not g.packed_groups:
        return None
    return (
        (REGISTER, PRODUCT) if g.lane_stages > 1 else (REGISTER, PRODUCT, *tree(g.terms, 2 * w.accumulator), REGISTER)
    )


def _block_sums(site: Site) -> Steps | None:
    """Products of multiplier blocks, summed and accumulated."""
    g, w = site.g, site.widths
    if not g.packed_groups or g.lane_stages < 2 or (g.terms == 1 and site.family.fabric.accumulates):
        return None
    return (PRODUCT, *carry(bits_of(g.terms) + 1, 2 * w.accumulator), REGISTER)


def _readout(site: Site) -> Steps:
    """Lanes to the sum of a row: the depth's, the sum over groups, the difference to the last read.

    What chooses the depth goes to every bit of every row: two routes had 6.5 ns for that net.
    """
    g, w = site.g, site.widths
    chosen, groups = luts(max(ceil_div(bits_of(g.depth), 2), 1) + 2), bits_of(g.groups - g.packed_groups or 1)
    more = 2 + (0 < g.packed_groups < g.groups)
    if g.lane_stages > 3:
        return (REGISTER, luts(1), *carry(more, w.accumulator), REGISTER)
    return (REGISTER, chosen, *carry(max(groups, 0) + more, w.accumulator), REGISTER)


# -- rows --------------------------------------------------------------------------------------------


def _factor(site: Site) -> Steps:
    """A row's multiplier out of the emission ROM, times the norm's root."""
    return (REGISTER if site.g.factor_stages > 1 else MEMORY, PRODUCT)


def _row_product(site: Site) -> Steps:
    """A sum, or the embedding's row, times that."""
    return (REGISTER, PRODUCT) if site.g.factor_stages > 1 else (REGISTER, luts(1), PRODUCT)


def _rounding(site: Site, first: Step, behind: Steps = (), biased: bool = False) -> Steps:
    """The longest cycle of a shift, a rounding and a clamp; the clamp is beside the rounding unless that has a bias."""
    rounded = carry(1, ROW_BITS) if biased else ()
    if site.g.round_stages == 1:
        return (first, *behind, shift(site), *rounded, clamp(site), REGISTER)
    if site.g.round_stages == 2:
        return (REGISTER, *rounded, clamp(site, alone=True), REGISTER)
    return (REGISTER, clamp(site, alone=True), REGISTER)


def _first_shift(site: Site) -> Step:
    """All of it, or its steps of eight."""
    return shift(site, int(site.g.round_stages > 2))


def _row_rounding(site: Site) -> Steps:
    return _rounding(site, PRODUCT, biased=site.widths.bias > 0)


def _row_shift(site: Site) -> Steps | None:
    return None if site.g.round_stages == 1 else (PRODUCT, _first_shift(site), REGISTER)


def _post_shift(site: Site) -> Steps | None:
    """A rotation's two products, summed and shifted."""
    width = site.program.formats.residual + 19
    return None if site.g.round_stages == 1 else (PRODUCT, *_turn(site, width), _first_shift(site), REGISTER)


def _turn(site: Site, width: int) -> Steps:
    return carry(1, width) if site.program.shape.rotary else ()


def _post_factor(site: Site) -> Steps:
    """An activation out of its table, or an angle, into the product behind the rows."""
    return (REGISTER, PRODUCT) if site.g.factor_stages > 1 else (MEMORY, luts(2), PRODUCT)


# -- attention ---------------------------------------------------------------------------------------


def _in_fabric(site: Site) -> tuple[int, int]:
    """Banks whose scores, and channels whose mixed values, are made in LUTs."""
    g, channels = site.g, site.program.shape.head_dim
    scores = g.banks if g.score_style == "fabric" else g.score_fabric
    return scores, channels if g.mix_style == "fabric" else g.mix_fabric


def _score_chains(site: Site) -> Steps | None:
    if not _in_fabric(site)[0]:
        return None
    return _chains(site, site.program.formats.query, min(4, site.program.shape.head_dim))


def _mix_chains(site: Site) -> Steps | None:
    return _chains(site, 11, min(4, site.g.banks)) if _in_fabric(site)[1] else None


def _chains(site: Site, width: int, terms: int) -> Steps:
    """Digits of a word of the cache, each times its factors: chains up to their register."""
    count = ceil_div(terms, 2) if site.g.sum_stages > 2 else terms
    return (read(site), luts(1), *carry(count, width + 3), REGISTER)


def _chain_sums(site: Site, chains: int, width: int, added: int) -> Steps:
    """Chains of all digits, four times heavier each, then sums over all chains."""
    joins, width = bits_of(digits(site.program.formats.cache)), width + 2 * digits(site.program.formats.cache)
    if site.g.sum_stages > 1:
        count = max(joins, bits_of(chains) + added)
        return (REGISTER, *carry(count, width), REGISTER)
    return (REGISTER, *carry(joins + bits_of(chains) + added, width + 2), REGISTER)


def _score_chain_sums(site: Site) -> Steps | None:
    banks, shape = _in_fabric(site)[0], site.program.shape
    if not banks:
        return None
    return _chain_sums(site, ceil_div(shape.head_dim, 4), site.program.formats.query, int(banks < site.g.banks))


def _mix_chain_sums(site: Site) -> Steps | None:
    return _chain_sums(site, ceil_div(site.g.banks, 4), 11, 0) if _in_fabric(site)[1] else None


def _score_product(site: Site) -> Steps | None:
    return (read(site), PRODUCT) if _in_fabric(site)[0] < site.g.banks else None


def _mix_product(site: Site) -> Steps | None:
    """An exponential out of its table, times a value."""
    if _in_fabric(site)[1] == site.program.shape.head_dim:
        return None
    return (REGISTER, PRODUCT) if site.g.read_stages > 1 else (MEMORY, luts(1), PRODUCT)


def _product_sums(site: Site, count: int, packed: bool) -> Steps:
    """Products, two to a block told apart by a carry, then their sum."""
    width = site.program.formats.query + site.program.formats.cache
    apart = (luts(1), *carry(1, width)) if packed else ()
    if site.g.sum_stages == 1:
        return (PRODUCT, *apart, *tree(count, width), REGISTER)
    levels = bits_of(count) if site.g.sum_stages == 2 else ceil_div(bits_of(count), 2)
    first, second = (PRODUCT, *apart, REGISTER), (REGISTER, *carry(levels, width + levels), REGISTER)
    return second if levels > 2 or not packed else first


def _score_product_sums(site: Site) -> Steps | None:
    if _in_fabric(site)[0] == site.g.banks:
        return None
    return _product_sums(site, site.program.shape.head_dim, site.g.score_style == "packed")


def _mix_product_sums(site: Site) -> Steps | None:
    if _in_fabric(site)[1] == site.program.shape.head_dim:
        return None
    return _product_sums(site, site.g.banks, site.g.mix_style == "packed")


def _peak(site: Site) -> Steps:
    """The largest of a block's scores, and of all blocks': a comparison and a choice for each level."""
    g, f = site.g, site.program.formats
    width = f.query + f.cache + bits_of(site.program.shape.head_dim + 1)
    fours = ceil_div(g.banks, 4)
    levels = max(2, bits_of(min(fours, 4))) if g.sum_stages > 1 else max(2, bits_of(fours) + 1)
    return (REGISTER, *(step for _ in range(levels) for step in (*carry(1, width // 2), luts(1))), luts(1), REGISTER)


def _exponent(site: Site) -> Steps:
    """How far a score is below that, in steps of the table of exponentials."""
    return (REGISTER, shift(site, 1), luts(3), REGISTER)


def _mixed_lack(site: Site) -> Steps | None:
    """What digits leave out of mixed values, a multiple of the sum of exponentials, added to them."""
    if not _in_fabric(site)[1]:
        return None
    chains = carry(3, 28) if site.g.sum_stages == 1 else carry(2, 24)
    return (REGISTER, *chains, REGISTER)


def _quotient(site: Site) -> Steps:
    """A mixed value's leading bits, on the way to its division."""
    if site.g.read_stages > 1:
        return (REGISTER, clamp(site, alone=True), REGISTER)
    return (REGISTER, shift(site, 1), clamp(site, alone=True), REGISTER)


def _reciprocal(site: Site) -> Steps:
    return (read(site), PRODUCT)


# -- norm, residual, sampler -------------------------------------------------------------------------


def _root(site: Site) -> Steps:
    """A reciprocal root out of its table, shifted and rounded."""
    return (read(site), shift(site), *carry(int(site.g.round_stages < 3), 18), REGISTER)


def _octave(site: Site) -> Steps:
    """An energy's leading bits, and its shift by as much in steps of 16."""
    return (REGISTER, luts(6), REGISTER)


def _energy(site: Site) -> Steps:
    """Squares of a read of the residual, added to the vector's energy."""
    if site.g.sum_stages > 1:
        return (PRODUCT, *tree(site.g.rows, 32), REGISTER)
    if site.roles.cascade:
        return (PRODUCT, Step("cascade", site.g.rows - 1), *carry(1, 40), REGISTER)
    return (PRODUCT, *carry(bits_of(site.g.rows) + 1, 40), REGISTER)


def _residual(site: Site) -> Steps:
    """What is added to the residual, saturated, and its largest magnitude over a read."""
    return (SMALL_MEMORY, *carry(1, 17), luts(1 + bits_of(site.g.rows) // 2), REGISTER)


def _activation(site: Site) -> Steps:
    """The residual's magnitude to its shift, and the residual shifted by its steps of eight."""
    return (REGISTER, luts(6), REGISTER)


def _draw(site: Site) -> Steps:
    """Logits with their noise, compared four at a time."""
    return (REGISTER, *(step for _ in range(2) for step in (*carry(1, 12), luts(1))), REGISTER)


def _control(site: Site) -> Steps:
    """Programs, noise, addresses and the host's registers: what no stage shortens. Of several streams whose token is
    next is chosen too."""
    return (REGISTER, luts(6 + 2 * (site.g.streams > 1)), REGISTER)


def _host_logits(site: Site) -> Steps:
    """The last logits out of the host's block RAM, one of them chosen for a read."""
    return (MEMORY, luts(max(2, bits_of(site.g.rows))), REGISTER)


KINDS = (
    Kind("activations to lanes' sums, in LUTs", ("lane_stages",), _lane_sums),
    Kind("activations to lanes' products, in multipliers", ("lane_stages",), _lane_blocks),
    Kind("lanes' products to their sums", (), _block_sums),
    Kind("lanes to the sum of a row", ("lane_stages",), _readout),
    Kind("a row's multiplier to its product with a root", ("factor_stages",), _factor),
    Kind("a row's sum to its product", ("factor_stages",), _row_product),
    Kind("a row's product to the rounded row", ("round_stages",), _row_rounding),
    Kind("a row's product to its shift", ("round_stages",), _row_shift),
    Kind(
        "rotated products to the rounded value",
        ("round_stages",),
        lambda site: _rounding(site, PRODUCT, _turn(site, site.program.formats.residual + 19)),
    ),
    Kind("rotated products to their shift", ("round_stages",), _post_shift),
    Kind("an activation's table to its product", ("factor_stages",), _post_factor),
    Kind("keys to chains of scores, in LUTs", ("read_stages", "sum_stages"), _score_chains),
    Kind("chains to scores", ("sum_stages",), _score_chain_sums),
    Kind("keys to products of scores, in multipliers", ("read_stages",), _score_product),
    Kind("products to scores", ("sum_stages",), _score_product_sums),
    Kind("scores to the largest", ("sum_stages",), _peak),
    Kind("scores to exponents", (), _exponent),
    Kind("values to chains of mixed values, in LUTs", ("read_stages", "sum_stages"), _mix_chains),
    Kind("chains to mixed values", ("sum_stages",), _mix_chain_sums),
    Kind("exponentials to products of mixed values, in multipliers", ("read_stages",), _mix_product),
    Kind("products to mixed values", ("sum_stages",), _mix_product_sums),
    Kind("the sum of exponentials to mixed values", ("sum_stages",), _mixed_lack),
    Kind("mixed values to their leading bits", ("read_stages",), _quotient),
    Kind("a reciprocal to the quotient", ("read_stages",), _reciprocal),
    Kind("a root's table to the root", ("read_stages", "round_stages"), _root),
    Kind("squares to the energy", ("sum_stages",), _energy),
    Kind("the energy to its octave", (), _octave),
    Kind("the residual, added to", (), _residual),
    Kind("the residual to activations", (), _activation),
    Kind("logits to the largest", (), _draw),
    Kind("programs, noise and registers", (), _control),
    Kind("the host's logits to its registers", (), _host_logits),
)
