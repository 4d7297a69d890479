# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Decoder and calibration tokens to Chip, layer by layer.

Each matrix is rounded against the inputs it will really see: the integer reference itself runs the layers
that are done, so what one layer got wrong the next can make up for. Units (the real value of one integer
step) come from the float reference on the same tokens. Shapes as in ``decoder.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chip import MATRICES, SHIFTS, Chip, Formats, Shape, check_chip, expected_shapes, with_matrix
from ..decoder import Array, Attention, Block, Decoder, Linear, Mlp, Norm, Rope, normalize, rope_tables
from ..errors import QuantizeError
from ..fixed import Ints, limits, scale_pair
from ..ops import attention, embedding, gate, norm, rope, sampler
from ..ops.matvec import ROOT_SHIFT, Matrix
from ..reference import Observer, attention_block, mlp_block, new_state
from .calibrate import MARGIN, calibration_rows, observe_all, unit_of_largest, unit_of_least_error
from .rounding import Moments, Rounded, on_grid, round_plain, round_weights
from .supported import require_supported

Floats = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What the user may choose. ``weights`` are the bits of every matrix but the embedding table."""

    weights: int = 4
    activations: int = 8
    embedding: int = 8
    tokens: int = 16384  # calibration tokens
    length: int = 256  # of a calibration row
    smoothing: float = 0.5  # how far a large hidden channel's unit follows its size
    rounding: str = "calibrated"  # or "plain": nearest, no calibration of weights
    matrix_bits: dict[str, int] = field(default_factory=dict)  # exceptions by matrix name

    def bits_of(self, matrix: str) -> int:
        return self.matrix_bits.get(matrix, self.embedding if matrix == "embedding" else self.weights)


def quantize(
    decoder: Decoder,
    stories: Sequence[Sequence[int]],
    options: Options = Options(),
    *,
    progress: Progress = lambda stage: None,
    tokenizer: dict[str, Any] | None = None,
    bos: int | None = None,
    eos: tuple[int, ...] = (),
    about: dict[str, Any] | None = None,
) -> Chip:
    """The integer model. ``stories`` are token ids of calibration text, each with its BOS.

    Raises QuantizeError where the decoder has a part that the chip's arithmetic does not have.
    """
    require_supported(decoder)
    for name, low, value in (("weights", 2, options.weights), ("activations", 4, options.activations)):
        high = 8 if name == "weights" else 12
        if not low <= value <= high:
            raise QuantizeError(f"--{name} {value}: {low} to {high} bits are possible")
    rows = calibration_rows(stories, options.tokens, min(options.length, decoder.context))
    progress("float reference")
    seen = observe_all(decoder, rows)
    work = _Quantizer(decoder, options, seen)
    x = work.embed(rows)
    parts = []
    for layer, block in enumerate(decoder.blocks):
        progress(f"layer {layer}")
        one, x = work.layer(layer, block, x)
        parts.append(one)
    progress("head")
    head = work.head(x)
    chip = work.assemble(parts, head, tokenizer, bos, eos, about or {})
    check_chip(chip, "the quantizer's result")
    return chip


@dataclass(frozen=True)
class Rows:
    """Integer residuals [B, T, D] that a one-layer chip can be tried on."""

    x: Ints

    def attend(self, one: Chip, observe: Observer = lambda stage, value: None) -> Ints:
        return attention_block(one, new_state(one, len(self.x), self.x.shape[1]), 0, self.x, observe)


class _Quantizer:
    """State shared by the layers: formats, units, tables."""

    def __init__(self, decoder: Decoder, options: Options, seen: dict[str, Array]) -> None:
        self.decoder, self.options, self.seen = decoder, options, seen
        first = decoder.blocks[0]
        assert first.attention.rope is not None
        self.shape = Shape(
            vocab=decoder.vocab,
            dim=decoder.dim,
            layers=1,
            heads=first.attention.heads,
            kv_heads=first.attention.kv_heads,
            head_dim=first.attention.head_dim,
            hidden=first.mlp.up.weight.shape[0],
            context=decoder.context,
            rotary=2 * len(first.attention.rope.inv_freq),
        )
        logit = np.abs(seen["logits"]).max() * MARGIN
        formats = Formats(attention=options.activations, hidden=options.activations)
        fraction = int(np.floor(np.log2(limits(formats.logit)[1] / max(float(logit), 1e-6))))
        self.formats = replace(formats, logit_fraction=min(max(fraction, 0), 14))
        residual = [seen["embed"], *(seen[f"L{n}.{s}"] for n in range(len(decoder.blocks)) for s in ("attn_x", "x"))]
        self.unit_x = max(unit_of_largest(v, self.formats.residual) for v in residual)
        self.unit_gate = max(unit_of_largest(seen[f"L{n}.gate"], self.formats.gate) for n in range(len(decoder.blocks)))
        self.tables, self.unit_activation = self._tables(first)
        self.units: dict[str, Any] = {"embed": self.unit_x, "logits": 2.0**-self.formats.logit_fraction}

    def _tables(self, block: Block) -> tuple[dict[str, Ints], float]:
        f = self.formats
        assert block.attention.rope is not None
        cos, sin = rope.angle_tables(*rope_tables(block.attention.rope, self.shape.context))
        activation, unit = gate.activation_table(block.mlp.activation, self.unit_gate, f.gate)
        eps = norm.eps_table(block.attention_norm.eps, self.shape.dim, self.unit_x)
        return {
            "exp": attention.exp_table(),
            "reciprocal": attention.reciprocal_table(),
            "rsqrt": norm.rsqrt_table(),
            "eps": eps,
            "activation": activation,
            "cos": cos,
            "sin": sin,
            "gumbel": sampler.gumbel_table(),
        }, unit

    # -- the parts of the model, in order ------------------------------------------------------------

    def embed(self, rows: Ints) -> Ints:
        """Make the embedding table; residual vectors of the calibration rows."""
        bits = self.options.bits_of("embedding")
        rounded = round_plain(self.decoder.embedding.astype(np.float64), bits)
        self.embedding = _matrix(rounded, rounded.scale / self.unit_x, bits)
        return embedding.embed(self.embedding, rows, self.formats.residual)

    def layer(self, index: int, block: Block, x: Ints) -> tuple[Chip, Ints]:
        """Quantise one block against integer residuals x [B, T, D]; the one-layer chip and the new x."""
        stage = f"L{index}"
        before = self.seen["embed"] if index == 0 else self.seen[f"L{index - 1}.x"]
        one = self._empty_layer()
        one = self._attention_inputs(one, stage, block, self._normed(x, before))
        rows = Rows(x)
        one = self._attention_output(one, stage, block, rows)
        x = rows.attend(one)
        one = self._mlp_inputs(one, stage, block, self._normed(x, self.seen[f"{stage}.attn_x"]))
        caught: dict[str, Ints] = {}
        mlp_block(one, 0, x, caught.__setitem__)
        one = self._mlp_output(one, stage, block, caught["L0.hidden"])
        return one, mlp_block(one, 0, x)

    def head(self, x: Ints) -> Matrix:
        """Quantise the head against the last residuals, and record how far the logits are from the float ones."""
        last = self.seen[f"L{len(self.decoder.blocks) - 1}.x"]
        unit = np.full(self.shape.vocab, self.units["logits"])
        moments = self._normed(x, last)
        head = self._normed_matrix("head", self.decoder.head, self.decoder.final_norm, moments, unit)
        a, root = self._shifted(x)
        logits = head.apply(0, a, self.formats.norm, self.formats.logit, root)
        rows = np.sqrt(np.square(logits * self.units["logits"] - self.seen["logits"]).mean((1, 2)))
        self.logit_error = {
            "rms": float(np.sqrt(np.square(rows).mean())),
            "largest_row": float(rows.max()),
            "rows": len(rows),
            "row_tokens": x.shape[1],
        }
        return head

    # -- attention -----------------------------------------------------------------------------------

    def _attention_inputs(self, one: Chip, stage: str, block: Block, moments: Moments) -> Chip:
        a, f, s = block.attention, self.formats, self.shape
        assert a.rope is not None
        unit_k = unit_of_least_error(_by_head(self.seen[f"{stage}.k"]), f.cache)
        unit_v = unit_of_least_error(_by_head(self.seen[f"{stage}.v"]), f.cache)
        least_q = unit_of_least_error(_by_head(self.seen[f"{stage}.q"]), f.query)
        per_step = attention.EXP_STEPS_PER_NAT * np.repeat(unit_k, s.heads // s.kv_heads) * a.scale
        shift = np.maximum(np.floor(-np.log2(per_step * least_q)), 0)
        unit_q = 2.0**-shift / per_step
        self.units[f"{stage}.q"], self.units[f"{stage}.k"] = unit_q.tolist(), unit_k.tolist()
        self.units[f"{stage}.v"] = unit_v.tolist()
        order = _half_split_order(a.rope.interleaved, s.rotary, s.head_dim)
        matrices = dict(one.matrices)
        for name, source, unit, turned in (
            ("q", a.q, unit_q / 2**rope.FRACTION, True),
            ("k", a.k, unit_k / 2**rope.FRACTION, True),
            ("v", a.v, unit_v, False),
        ):
            weight = source.weight.reshape(len(unit), s.head_dim, -1)
            weight = (weight[:, order] if turned else weight).reshape(source.weight.shape)
            matrices[name] = self._normed_matrix(
                name, Linear(weight), block.attention_norm, moments, np.repeat(unit, s.head_dim)
            )
        return replace(one, matrices=matrices, score_shift=shift.astype(np.int64)[None])

    def _attention_output(self, one: Chip, stage: str, block: Block, rows: Rows) -> Chip:
        s, exact = self.shape, self.seen[f"{stage}.attn"]
        heads = exact.reshape(-1, s.heads, s.head_dim).swapaxes(0, 1).reshape(s.heads, -1)
        least = unit_of_least_error(heads, self.formats.attention)
        unit_v = np.repeat(np.array(self.units[f"{stage}.v"]), s.heads // s.kv_heads)
        shift = np.floor(np.log2(unit_v / least)).clip(0, 8)
        one = replace(one, value_shift=shift.astype(np.int64)[None])
        unit = np.repeat(unit_v / 2.0**shift, s.head_dim)
        self.units[f"{stage}.attn"] = (unit_v / 2.0**shift).tolist()
        self.units[f"{stage}.attn_x"] = self.unit_x
        caught: dict[str, Ints] = {}
        rows.attend(one, caught.__setitem__)
        weight = block.attention.o.weight.astype(np.float64) * unit
        o = self._residual_matrix("o", weight, caught["L0.attn"], _flat(exact) / unit)
        return with_matrix(one, "o", o)

    # -- MLP -----------------------------------------------------------------------------------------

    def _mlp_inputs(self, one: Chip, stage: str, block: Block, moments: Moments) -> Chip:
        mlp, f = block.mlp, self.formats
        assert mlp.gate is not None and block.mlp_norm is not None
        unit_h = self._hidden_units(stage, mlp.down.weight)
        largest_up = np.abs(_flat(self.seen[f"{stage}.up"])).max(0) * MARGIN
        room = limits(f.up)[1] * unit_h / np.maximum(largest_up, 1e-9) / self.unit_activation
        shift = int(np.floor(np.log2(room.min())).clip(0, 26))
        unit_u = unit_h / 2.0**shift / self.unit_activation
        self.units |= {
            f"{stage}.hidden": unit_h.tolist(),
            f"{stage}.up": unit_u.tolist(),
            f"{stage}.gate": self.unit_gate,
            f"{stage}.x": self.unit_x,
        }
        gate_units = np.full(self.shape.hidden, self.unit_gate)
        matrices = {
            **one.matrices,
            "gate": self._normed_matrix("gate", mlp.gate, block.mlp_norm, moments, gate_units),
            "up": self._normed_matrix("up", mlp.up, block.mlp_norm, moments, unit_u),
        }
        return replace(one, matrices=matrices, gate_shift=np.array([shift]))

    def _hidden_units(self, stage: str, down: Array) -> Floats:
        """Unit of each hidden channel [F]: large channels get larger units, half the way (SmoothQuant).

        The up projection's rows and the down projection's columns absorb them at no cost.
        """
        hidden = _flat(self.seen[f"{stage}.hidden"])
        spread = np.maximum(np.sqrt(np.square(hidden).mean(0)), 1e-6)
        trained = on_grid(down.astype(np.float64), self.options.bits_of("down"))  # its columns must not be scaled
        relative = (spread / spread.mean()) ** (0.0 if trained else self.options.smoothing)
        common = unit_of_least_error((hidden / relative).reshape(1, -1), self.formats.hidden)[0]
        return np.asarray(relative * common)

    def _mlp_output(self, one: Chip, stage: str, block: Block, hidden: Ints) -> Chip:
        unit = np.array(self.units[f"{stage}.hidden"])
        weight = block.mlp.down.weight.astype(np.float64) * unit
        down = self._residual_matrix("down", weight, hidden, _flat(self.seen[f"{stage}.hidden"]) / unit)
        return with_matrix(one, "down", down)

    # -- matrices ------------------------------------------------------------------------------------

    def _normed(self, x: Ints, exact: Array) -> Moments:
        """Moments of the normalised vectors, in real units, of integer residuals x and float ones."""
        a, root = self._shifted(x)
        real = a * (root * self._root_unit())[..., None]
        plain = normalize(exact, Norm("rms", self.decoder.final_norm.eps))
        return Moments.of(_flat(real), _flat(plain))

    def _shifted(self, x: Ints) -> tuple[Ints, Ints]:
        """What the chip's norm makes of integer residuals: shifted vectors and their roots."""
        a, energy, m = norm.shift_normalize(x, self.tables["eps"], self.formats.norm)
        return a, norm.reciprocal_root(energy, m, self.tables["rsqrt"])

    def _root_unit(self) -> float:
        """Real value of one unit of a norm's root: a * root * this is the normalised vector."""
        return float(np.sqrt(self.shape.dim)) / norm.root_scale(self.formats.norm)

    def _normed_matrix(self, name: str, source: Linear, before: Norm, moments: Moments, unit: Floats) -> Matrix:
        """A matrix behind a norm, the gain folded in; ``unit`` [out] is that of each output row."""
        weight = source.weight.astype(np.float64)
        if before.gain is not None:
            weight = weight * before.gain
        bits = self.options.bits_of(name)
        rounded = self._round(weight, moments, bits)
        return _matrix(rounded, rounded.scale * self._root_unit() * 2.0**ROOT_SHIFT / unit, bits)

    def _residual_matrix(self, name: str, weight: Floats, inputs: Ints, exact: Floats) -> Matrix:
        """A matrix that adds to the residual; ``weight`` takes ``inputs`` in their integer units."""
        bits = self.options.bits_of(name)
        rounded = self._round(weight, Moments.of(_flat(inputs), exact), bits)
        return _matrix(rounded, rounded.scale / self.unit_x, bits)

    def _round(self, weight: Floats, moments: Moments, bits: int) -> Rounded:
        if self.options.rounding == "plain":
            return round_plain(weight, bits)
        return round_weights(weight, moments, bits)

    def _empty_layer(self) -> Chip:
        """A one-layer chip of zero matrices, to be filled."""
        matrices = {
            name: Matrix(
                np.zeros(shape, np.int8),
                np.zeros(shape[:2], np.int64),
                np.zeros(1, np.int64),
                self.options.bits_of(name),
            )
            for name, shape in expected_shapes(self.shape).items()
        }
        per_head = np.zeros((1, self.shape.heads), np.int64)
        return Chip(
            self.shape,
            self.formats,
            matrices,
            self.tables,
            per_head,
            per_head,
            np.zeros(1, np.int64),
            self.decoder.blocks[0].mlp.activation,
        )

    def assemble(
        self,
        parts: list[Chip],
        head: Matrix,
        tokenizer: dict[str, Any] | None,
        bos: int | None,
        eos: tuple[int, ...],
        about: dict[str, Any],
    ) -> Chip:
        """Stack the layers into one chip."""
        matrices = {name: _stack([p.matrices[name] for p in parts]) for name in MATRICES}
        matrices |= {"head": head, "embedding": self.embedding}
        stacked = {name: np.concatenate([getattr(p, name) for p in parts]) for name in SHIFTS}
        return replace(
            parts[0],
            shape=replace(self.shape, layers=len(parts)),
            matrices=matrices,
            **stacked,
            tokenizer=tokenizer,
            bos=bos,
            eos=eos,
            scales=self.units,
            about={
                "architecture": self.decoder.architecture,
                "parameters": self.decoder.parameters,
                "logit_error": self.logit_error,
                **about,
            },
        )


def _stack(matrices: list[Matrix]) -> Matrix:
    return Matrix(
        np.concatenate([m.weight for m in matrices]),
        np.concatenate([m.multiplier for m in matrices]),
        np.concatenate([m.shift for m in matrices]),
        matrices[0].bits,
    )


def _matrix(rounded: Rounded, scale: Floats, bits: int) -> Matrix:
    """A one-layer Matrix whose rows scale by ``scale`` [out]."""
    multiplier, shift = scale_pair(scale)
    return Matrix(rounded.weight[None], multiplier[None], np.array([shift]), bits)


def _flat(x: NDArray[Any]) -> Floats:
    """[..., N] to [tokens, N] in float64."""
    return x.reshape(-1, x.shape[-1]).astype(np.float64)


def _by_head(x: Array) -> Array:
    """[B, heads, T, C] to [heads, everything else]."""
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)


def _half_split_order(interleaved: bool, rotary: int, head_dim: int) -> NDArray[np.int64]:
    """Row order within a head that turns interleaved rotary pairs into (i, i + rotary / 2) pairs."""
    order = np.arange(head_dim)
    if interleaved:
        order[:rotary] = np.concatenate([np.arange(0, rotary, 2), np.arange(1, rotary, 2)])
    return order


def random_chip(shape: Shape, seed: int, options: Options = Options(rounding="plain")) -> Chip:
    """A chip of ``shape`` with random weights, for hardware work: as quantize would make it, not trained."""
    draw = np.random.default_rng(seed)

    def linear(rows: int, columns: int) -> Linear:
        return Linear(draw.standard_normal((rows, columns), np.float32) * np.float32(columns**-0.5))

    def block() -> Block:
        q, k, v = (linear(n, shape.dim) for n in (shape.query_rows, shape.kv_rows, shape.kv_rows))
        heads = Attention(
            q,
            k,
            v,
            linear(shape.dim, shape.query_rows),
            shape.heads,
            shape.kv_heads,
            shape.head_dim,
            shape.head_dim**-0.5,
            Rope(frequencies),
        )
        mlp = Mlp(
            linear(shape.hidden, shape.dim), linear(shape.dim, shape.hidden), "silu", linear(shape.hidden, shape.dim)
        )
        return Block(Norm("rms", 1e-5), heads, mlp, Norm("rms", 1e-5))

    frequencies = 10000.0 ** (-np.arange(0, shape.rotary, 2) / max(shape.rotary, 1))
    table = draw.standard_normal((shape.vocab, shape.dim), np.float32)
    decoder = Decoder(
        table,
        tuple(block() for _ in range(shape.layers)),
        Norm("rms", 1e-5),
        linear(shape.vocab, shape.dim),
        shape.context,
        architecture="random",
    )
    length = min(32, shape.context)
    stories = draw.integers(0, shape.vocab, (4, length)).tolist()
    return quantize(decoder, stories, replace(options, tokens=4 * length, length=length), about={"seed": seed})
