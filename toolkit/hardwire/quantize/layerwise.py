# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Decoder and calibration tokens to Chip, layer by layer.

Each matrix is rounded against the inputs it will really see: the integer reference itself runs the layers
that are done, so what one layer got wrong the next can make up for. Units (the real value of one integer
step) come from the float reference on the same tokens. Shapes as in ``decoder.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..chip.model import LOOKED_UP, Chip, matrix_names
from ..chip.reference import Observer, attention_block, embedding_block, mlp_block, new_state
from ..decoder import (
    DEGREES,
    Array,
    Block,
    Decoder,
    Linear,
    Mlp,
    Norm,
    forward_block,
    forward_embedding,
    forward_head,
    normalize,
)
from ..ops import attention, gate, norm, rope, sampler, softcap
from ..ops.fixed import Ints, limits, scale_pair
from ..ops.matvec import ROOT_SHIFT, Matrix
from ..parts import present
from ..parts.attention import rope_sets
from ..progress import Stage
from .calibrate import MARGIN, POOLED, Ranges, batches, token_weights, unit_of_largest, unit_of_least_error
from .layers import empty_layer, shape_of, stacked
from .options import Options
from .parts import (
    Part,
    angles,
    as_scale,
    by_head,
    flat,
    gain_of,
    scaled_matrix,
    whole_bias,
    wiring_of,
    with_part,
)
from .rounding import Moments, Place, Rounded, Rounding, on_grid, round_plain, round_weights, within
from .widths import formats_of

Floats = NDArray[np.float64]
LEAST_RELATIVE = 0.25  # of a hidden channel's unit beside the mean one, where a table stands in between

if TYPE_CHECKING:
    from .tune import Tuned


@dataclass(frozen=True)
class Rows:
    """Integer residuals [B, T, D] that a one-layer chip can be tried on."""

    x: Ints

    def attend(self, chip: Chip, observe: Observer = lambda stage, value: None) -> Ints:
        return attention_block(chip, new_state(chip, len(self.x), self.x.shape[1]), 0, self.x, observe)


class Quantizer:
    """State shared by the layers: formats, units, tables. ``float_stages``: values of the layer at
    work in the float model, by stage.

    What was ``tuned`` stands; ``rounded`` is what was made of every matrix.
    """

    def __init__(
        self,
        decoder: Decoder,
        options: Options,
        rows: Ints,
        ranges: Ranges,
        tuned: Tuned | None = None,
    ) -> None:
        self.decoder, self.options, self.rows, self.ranges = decoder, options, rows, ranges
        self.tuned, self.rounded, self.float_stages = tuned, dict[Place, Rounding](), dict[str, Array]()
        self.given = 0  # weights that gave way by a step, for a sum of so many bits
        self.shifted = 0  # shifts of heads that are kept, and that this model alone would have otherwise
        self.ropes = rope_sets(decoder)
        self.wiring = wiring_of(decoder)
        self.shape = replace(shape_of(decoder), layers=1)
        self.alone = formats_of(decoder, ranges, options)  # what this model needs
        self.formats = self.alone if options.like is None else options.like.formats
        self.unit_x = ranges.unit("residual", self.formats.residual)
        self.tables = self._tables(decoder.blocks[0])
        self.units: dict[str, Any] = {"embed": self.unit_x, "logits": 2.0**-self.formats.logit_fraction}
        if decoder.logit_softcap is not None:
            self.units["logits_raw"] = ranges.unit("logits_raw", softcap.CAP_BITS)
            self.tables["logit_cap"] = softcap.cap_table(
                decoder.logit_softcap, self.units["logits_raw"], self.units["logits"]
            )

    def _tables(self, block: Block) -> dict[str, Ints]:
        cos, sin = rope.angle_tables(*angles(self.ropes, self.shape.context))
        tables: dict[str, Ints] = {}
        for part in present(self.wiring):
            tables |= part.quantized(self.decoder)
        return tables | {
            "exp": attention.exp_table(),
            "reciprocal": attention.reciprocal_table(),
            "rsqrt": norm.rsqrt_table(),
            "eps": self._eps(block.attention_norm.eps),
            "activation": self._activation(block.mlp),
            "cos": cos,
            "sin": sin,
            "gumbel": sampler.gumbel_table(),
        }

    def _eps(self, eps: float) -> Ints:
        self.eps_alone = norm.eps_table(eps, self.shape.dim, self.unit_x)
        return self.eps_alone if self.options.like is None else np.array([self.options.like.eps], np.int64)

    def _activation(self, mlp: Mlp) -> Ints:
        """The table, and the units that all layers share: of its index, and of its entries."""
        f, stages = self.formats, [f"L{n}" for n in range(len(self.decoder.blocks))]
        if self.wiring.gated:
            self.unit_gate = max(self.ranges.unit(f"{stage}.gate", f.gate) for stage in stages)
            table, self.unit_activation = gate.activation_table(mlp.activation, self.unit_gate, f.gate)
            return table
        hidden, self.unit_gate = [], 0.0
        for stage, block in zip(stages, self.decoder.blocks, strict=True):
            spread = np.sqrt(self.ranges.square[stage].astype(np.float64) / self.rows.size)
            relative = self._relative(spread, block.mlp).astype(np.float32)
            index = relative ** (1 / DEGREES.get(block.mlp.activation, 1))
            self.unit_gate = max(self.unit_gate, unit_of_largest(self.ranges.index[stage] / index, f.gate))
            hidden += [part / relative for part in self.ranges.hidden[stage]]
        self.unit_activation = float(unit_of_least_error(np.concatenate(hidden).reshape(1, -1), f.hidden)[0])
        return gate.hidden_table(mlp.activation, self.unit_gate, self.unit_activation, f.gate, f.hidden)

    # -- the parts of the model, in order ------------------------------------------------------------

    def run(self, progress: Stage) -> Chip:
        """Quantise layer by layer, then the head, and assemble the chip."""
        x, exact = self.embed(), forward_embedding(self.decoder, self.rows)
        parts = []
        for layer, block in enumerate(self.decoder.blocks):
            progress(f"layer {layer + 1} of {len(self.decoder.blocks)}")
            self.float_stages = {"before": exact}
            exact = forward_block(block, exact, f"L{layer}", self.float_stages.__setitem__)
            part, x = self.layer(layer, block, x)
            parts.append(part)
        progress("head")
        return self.assemble(parts, self.head(x, exact))

    def embed(self) -> Ints:
        """Make the tables of embeddings and their norm's scale; residual vectors of the calibration rows."""
        d, self.lookups = self.decoder, {}
        embedding = d.embedding if self.tuned is None else self.tuned.embedding
        for name, table in (("embedding", embedding), ("position", d.positions)):
            if table is not None:
                bits = self.options.bits_of(name)
                height = self.shape.context if name == "position" else self.shape.vocab
                rounded = round_plain(table[:height].astype(np.float64), bits)
                self.lookups[name] = scaled_matrix(rounded, rounded.scale / self.unit_x, bits)
        self.embedding_scale = None
        if d.embedding_norm is not None:
            gain = gain_of(d.embedding_norm, d.dim)
            self.embedding_scale = norm.Scale(*scale_pair(gain * self._root_unit() * 2.0**ROOT_SHIFT / self.unit_x))
        return embedding_block(self._empty(), self.rows, 0)

    def layer(self, index: int, block: Block, x: Ints) -> tuple[Chip, Ints]:
        """Quantise one block against integer residuals x [B, T, D]; the one-layer chip and the new x."""
        self.index = index
        stage, before = f"L{index}", self.float_stages["before"]
        chip = self._empty(index)
        chip = self._attention_inputs(chip, stage, block, self._normed(x, before))
        rows = Rows(x)
        chip = self._attention_output(chip, stage, block, rows)
        after = rows.attend(chip)
        source, exact = (x, before) if block.parallel else (after, self.float_stages[f"{stage}.attn_x"])
        chip = self._mlp_inputs(chip, stage, block, self._normed(source, exact))
        caught: dict[str, Ints] = {}
        mlp_block(chip, 0, after, caught.__setitem__, source)
        chip = self._mlp_output(chip, stage, block, caught["L0.hidden"])
        return chip, mlp_block(chip, 0, after, source=source)

    def head(self, x: Ints, exact: Array) -> Part:
        """Quantise the head against the last residuals, and record how far the logits are from the float ones."""
        self.index, before = 0, self.decoder.final_norm
        unit = np.full(self.shape.vocab, self.units.get("logits_raw", self.units["logits"]))
        head, bias = self._normed_matrix("head", self.decoder.head, self._normed(x, exact, before is not None), unit)
        squares = np.concatenate(
            [self._logit_errors(head, bias, x[p], exact[p]) for p in batches(self.decoder, self.rows)]
        )
        self.logit_error = {
            "rms": float(np.sqrt(squares.mean())),
            "largest_row": float(np.sqrt(squares.max())),
            "rows": len(squares),
            "row_tokens": x.shape[1],
        }
        return head, bias

    def _logit_errors(self, head: Matrix, bias: Ints | None, x: Ints, exact: Array) -> Floats:
        """Mean square of each row's logit errors [B], of integer residuals x [B, T, D] and float ones."""
        a, root = self._shifted(x, self.decoder.final_norm is not None)
        logits = head.apply(0, a, self.formats.norm, self.formats.logit, root, bias)
        if self.wiring.logit_cap:
            logits = softcap.soft_cap(logits, self.tables["logit_cap"])
        return np.square(logits * self.units["logits"] - forward_head(self.decoder, exact)).mean((1, 2))

    # -- attention -----------------------------------------------------------------------------------

    def _attention_inputs(self, chip: Chip, stage: str, block: Block, moments: Moments) -> Chip:
        a, f, s = block.attention, self.formats, self.shape
        unit_k = unit_of_least_error(by_head(self.float_stages[f"{stage}.k"]), f.cache)
        unit_v = unit_of_least_error(by_head(self.float_stages[f"{stage}.v"]), f.cache)
        least_q = unit_of_least_error(by_head(self.float_stages[f"{stage}.q"]), f.query)
        per_step = attention.EXP_STEPS_PER_NAT * np.repeat(unit_k, s.heads // s.kv_heads) * a.scale
        shift = np.maximum(np.floor(-np.log2(per_step * least_q)), 0)
        shift = self._kept_shift(0, shift)
        unit_q = 2.0**-shift / per_step
        self.units[f"{stage}.q"], self.units[f"{stage}.k"] = unit_q.tolist(), unit_k.tolist()
        self.units[f"{stage}.v"] = unit_v.tolist()
        for name, source, unit in (
            ("q", a.q, unit_q / 2**rope.FRACTION),
            ("k", a.k, unit_k / 2**rope.FRACTION),
            ("v", a.v, unit_v),
        ):
            unit = np.repeat(unit, s.head_dim)
            inner = {"q": a.q_norm, "k": a.k_norm}.get(name)
            if inner is not None:
                gain = np.tile(gain_of(inner, s.head_dim), len(unit) // s.head_dim)
                chip, unit = self._renorm(chip, name, stage, inner.eps, gain, unit)
            chip = with_part(chip, name, self._normed_matrix(name, source, moments, unit))
        return replace(chip, score_shift=shift.astype(np.int64)[None])

    def _kept_shift(self, kind: int, alone: Floats) -> Floats:
        """Of the layer's heads: those that are kept, or else what this model alone would have."""
        if self.options.shifts is not None:
            kept = self.options.shifts[kind][self.index].astype(np.float64)
        elif self.options.shifted is not None:
            kept = np.minimum(alone, self.options.shifted[kind])
        else:
            return alone
        self.shifted += int((kept != alone).sum())
        return kept

    def _attention_output(self, chip: Chip, stage: str, block: Block, rows: Rows) -> Chip:
        s, exact = self.shape, self.float_stages[f"{stage}.attn"]
        heads = exact.reshape(-1, s.heads, s.head_dim).swapaxes(0, 1).reshape(s.heads, -1)
        least = unit_of_least_error(heads, self.formats.attention)
        unit_v = np.repeat(np.array(self.units[f"{stage}.v"]), s.heads // s.kv_heads)
        shift = np.floor(np.log2(unit_v / least)).clip(0, 8)
        shift = self._kept_shift(1, shift)
        chip = replace(chip, value_shift=shift.astype(np.int64)[None])
        unit = np.repeat(unit_v / 2.0**shift, s.head_dim)
        self.units[f"{stage}.attn"] = (unit_v / 2.0**shift).tolist()
        self.units[f"{stage}.attn_x"] = self.unit_x
        caught: dict[str, Ints] = {}
        rows.attend(chip, caught.__setitem__)
        chip, out = self._branch(chip, "attention", stage, block.attention_post_norm)
        sources = (block.attention.o, unit, caught["L0.attn"], exact, self._weights(stage, "attn_x"), out)
        return with_part(chip, "o", self._residual_matrix("o", *sources))

    # -- MLP -----------------------------------------------------------------------------------------

    def _mlp_inputs(self, chip: Chip, stage: str, block: Block, moments: Moments) -> Chip:
        mlp = block.mlp
        units, shift = self._gated_units(stage, mlp) if self.wiring.gated else self._plain_units(stage, mlp)
        self.units |= {f"{stage}.{name}": as_scale(unit) for name, unit in units.items()} | {f"{stage}.x": self.unit_x}
        for name, source in (("gate", mlp.gate), ("up", mlp.up)):
            if source is not None:
                chip = with_part(chip, name, self._normed_matrix(name, source, moments, units[name]))
        return replace(chip, gate_shift=np.array([shift]))

    def _gated_units(self, stage: str, mlp: Mlp) -> tuple[dict[str, Floats], int]:
        """Units [F] of gate, up and hidden; the shift behind the product."""
        relative = self._relative(self._spread(stage), mlp)
        stride = -(-self.float_stages[f"{stage}.hidden"].size // POOLED)
        hidden, weights = (
            flat(self.float_stages[f"{stage}.hidden"])[::stride] / relative,
            self._weights(stage, "x")[::stride],
        )
        common = unit_of_least_error(hidden.reshape(1, -1), self.formats.hidden, np.repeat(weights, self.shape.hidden))
        unit_h = relative * common[0]
        largest_up = np.abs(flat(self.float_stages[f"{stage}.up"])).max(0) * MARGIN
        room = limits(self.formats.up)[1] * unit_h / np.maximum(largest_up, 1e-9) / self.unit_activation
        shift = int(np.floor(np.log2(room.min())).clip(0, 26))
        unit_u = unit_h / 2.0**shift / self.unit_activation
        return {"gate": np.full(self.shape.hidden, self.unit_gate), "up": unit_u, "hidden": unit_h}, shift

    def _plain_units(self, stage: str, mlp: Mlp) -> tuple[dict[str, Floats], int]:
        """Units [F] of up and hidden, those of the table; no shift."""
        spread = np.sqrt(self.ranges.square[stage].astype(np.float64) / self.rows.size)  # as the table was made
        relative = self._relative(spread, mlp)
        index = relative ** (1 / DEGREES.get(mlp.activation, 1))
        return {"up": index * self.unit_gate, "hidden": relative * self.unit_activation}, 0

    def _spread(self, stage: str) -> Floats:
        """Root mean square of each hidden channel [F]."""
        return np.asarray(np.sqrt(np.square(flat(self.float_stages[f"{stage}.hidden"])).mean(0)))

    def _relative(self, spread: Floats, mlp: Mlp) -> Floats:
        """Unit of each hidden channel [F] of this spread beside the others': large channels get larger ones, half
        the way (SmoothQuant, Xiao et al., 2023).

        The up projection's rows and the down projection's columns absorb them at no cost. Without a gate a table stands
        between the two, the same for all channels: then only ReLU and its square, which scale with their input, allow
        it. Channels that are hardly ever above zero keep a quarter there, since what is below zero has its range too.
        """
        if not self.wiring.gated and mlp.activation not in DEGREES:
            return np.ones(self.shape.hidden)
        spread = np.maximum(spread, 1e-6)
        trained = on_grid(mlp.down.weight.astype(np.float64), self.options.bits_of("down"))  # scaled columns leave it
        relative = np.asarray((spread / spread.mean()) ** (0.0 if trained else self.options.smoothing))
        return relative if self.wiring.gated else np.maximum(relative, LEAST_RELATIVE)

    def _mlp_output(self, chip: Chip, stage: str, block: Block, hidden: Ints) -> Chip:
        unit, exact = np.array(self.units[f"{stage}.hidden"]), self.float_stages[f"{stage}.hidden"]
        chip, out = self._branch(chip, "mlp", stage, block.mlp_post_norm)
        sources = (block.mlp.down, unit, hidden, exact, self._weights(stage, "x"), out)
        return with_part(chip, "down", self._residual_matrix("down", *sources))

    def _weights(self, stage: str, residual: str) -> Floats:
        """Of each token [tokens], what its error counts in what is added to that residual."""
        name = f"{stage}.{residual}"
        return token_weights(self.float_stages[name if name in self.float_stages else f"{stage}.x"])

    # -- matrices ------------------------------------------------------------------------------------

    def _normed(self, x: Ints, exact: Array, normalizes: bool = True) -> Moments:
        """Moments of the normalised vectors, in real units, of integer residuals x and float ones."""
        a, root = self._shifted(x, normalizes)
        real = a * (root * self._root_unit(normalizes))[..., None]
        eps = self.decoder.blocks[0].attention_norm.eps
        return Moments.of(flat(real), flat(normalize(exact, Norm("rms", eps)) if normalizes else exact))

    def _shifted(self, x: Ints, normalizes: bool) -> tuple[Ints, Ints]:
        """What the chip's norm, or what stands for it, makes of integer residuals: shifted vectors and their roots."""
        a, energy, m = norm.shift_normalize(x, self.tables["eps"], self.formats.norm)
        if not normalizes:
            return a, norm.plain_root(m, self.formats.residual)
        return a, norm.reciprocal_root(energy, m, self.tables["rsqrt"])

    def _root_unit(self, normalizes: bool = True) -> float:
        """Real value of one unit of a root: a * root * this is the vector that the matrix takes."""
        f = self.formats
        if not normalizes:
            return self.unit_x / norm.plain_scale(f.norm, f.residual)
        return float(np.sqrt(self.shape.dim)) / norm.root_scale(f.norm)

    def _normed_matrix(self, name: str, source: Linear, moments: Moments, unit: Floats) -> Part:
        """A matrix behind a norm, or behind what stands for it; ``unit`` [out] is that of each output row."""
        normalizes = name != "head" or self.decoder.final_norm is not None
        rounded = self._round(name, source, np.ones(source.weight.shape[1]), moments)
        scale = rounded.scale * self._root_unit(normalizes) * 2.0**ROOT_SHIFT / unit
        return scaled_matrix(rounded, scale, self.options.bits_of(name)), whole_bias(name, source, unit)

    def _branch(self, chip: Chip, branch: str, stage: str, behind: Norm | None) -> tuple[Chip, float]:
        """The unit of what ends a branch: of the residual, or of the norm behind it, which the chip then has."""
        if behind is None:
            return chip, self.unit_x
        gain, unit = gain_of(behind, self.shape.dim), np.full(self.shape.dim, self.unit_x)
        chip, raw = self._renorm(chip, branch, stage, behind.eps, gain, unit)
        return chip, float(raw[0])

    def _renorm(self, chip: Chip, name: str, stage: str, eps: float, gain: Floats, unit: Floats) -> tuple[Chip, Floats]:
        """The chip with a norm inside a layer, and the units [out] of what it takes.

        ``gain`` and ``unit``, of what it makes, are per row of the matrix in front.
        """
        size = self.shape.head_dim if name in ("q", "k") else self.shape.dim
        raw = unit_of_largest(self.float_stages[f"{stage}.{name}_raw"], norm.RENORM_BITS)
        scale = gain * size**0.5 / norm.root_scale(norm.RENORM_BITS) * 2.0**ROOT_SHIFT / unit
        multiplier, shift = scale_pair(scale)
        renorm = norm.Renorm(multiplier[None], np.array([shift]), norm.eps_table(eps, size, raw))
        self.units[f"{stage}.{name}_raw"] = raw
        return replace(chip, renorms={**chip.renorms, name: renorm}), np.full(len(unit), raw)

    def _residual_matrix(
        self, name: str, source: Linear, unit: Floats, inputs: Ints, exact: Array, weights: Floats, out: float
    ) -> Part:
        """A matrix that ends a branch, in units of ``out``; its integer ``inputs`` are in ``unit`` [in].

        ``weights`` [tokens] are those of ``calibrate.token_weights``.
        """
        rounded = self._round(name, source, unit, Moments.of(flat(inputs), flat(exact) / unit, weights))
        return scaled_matrix(rounded, rounded.scale / out, self.options.bits_of(name)), whole_bias(name, source, out)

    def _round(self, name: str, source: Linear, columns: Floats, moments: Moments) -> Rounded:
        """``source`` with each column times its unit [in], rounded."""
        place, bits = (name, self.index), self.options.bits_of(name)
        weight = source.weight.astype(np.float64) * columns
        if self.tuned is not None:
            rounded = self.tuned.rounded[place]
        elif self.options.rounding == "plain":
            rounded = round_plain(weight, bits)
        else:
            rounded = round_weights(weight, moments, bits)
        if self.options.sums is not None:
            inputs = {"o": self.formats.attention, "down": self.formats.hidden}.get(name, self.formats.norm)
            rounded, given = within(rounded, weight, ((1 << self.options.sums - 1) - 1) // -limits(inputs)[0])
            self.given += given
        self.rounded[place] = Rounding(rounded, columns, bits)
        return rounded

    def skeleton(self, bits: Mapping[str, int]) -> Chip:
        """A chip of these dimensions and tables whose weights are all zero, for counting what it takes."""
        self.lookups, self.embedding_scale = {}, None
        layers = [self._empty(index) for index in range(len(self.decoder.blocks))]
        skeleton = stacked(layers, self.wiring)
        once = {name: layers[0].matrices[name] for name in ("head", *LOOKED_UP) if name in layers[0].matrices}
        matrices = {name: replace(m, bits=bits.get(name, m.bits)) for name, m in (skeleton.matrices | once).items()}
        return replace(skeleton, matrices=matrices)

    def _empty(self, index: int = 0) -> Chip:
        """A one-layer chip of zero matrices, to be filled: layer ``index``."""
        bits = {name: self.options.bits_of(name) for name in matrix_names(self.wiring)}
        activation = self.decoder.blocks[0].mlp.activation
        chip = empty_layer(self.shape, self.formats, self.wiring, index, bits, self.tables, activation)
        return replace(chip, matrices=chip.matrices | self.lookups, embedding_scale=self.embedding_scale)

    def assemble(self, parts: list[Chip], head: Part) -> Chip:
        """Stack the layers into one chip."""
        chip = stacked(parts, self.wiring)
        biases = chip.biases if head[1] is None else {**chip.biases, "head": head[1]}
        return replace(
            chip,
            matrices=chip.matrices | {"head": head[0]} | self.lookups,
            biases=biases,
            scales=self.units,
            about={"logit_error": self.logit_error},
        )
