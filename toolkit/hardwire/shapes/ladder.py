# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Llama-like shapes from 4,656 parameters to a hundred million, each no smaller than the one before in any matrix.

All dimensions are multiples of 16, as lanes and the compiled training kernel like them; the MLP is three times as
wide as the residual. The bundled model's shape is one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from ..chip.wiring import Shape
from ..errors import HardwireError

CONTEXT = 512


@dataclass(frozen=True)
class LlamaShape:
    """Dimensions of a Llama decoder with a tied embedding."""

    vocab: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    context: int
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5

    @property
    def parameters(self) -> int:
        """Parameters, the tied embedding counted once."""
        attention = self.dim * self.head_dim * 2 * (self.heads + self.kv_heads)
        block = attention + 3 * self.dim * self.hidden + 2 * self.dim
        return self.vocab * self.dim + self.layers * block + self.dim

    def as_dict(self) -> dict[str, float | int]:
        """The dimensions by name."""
        return asdict(self)

    def on_chip(self) -> Shape:
        """The same dimensions as a chip names them."""
        return Shape(
            vocab=self.vocab, dim=self.dim, layers=self.layers, heads=self.heads, kv_heads=self.kv_heads,
            head_dim=self.head_dim, hidden=self.hidden, context=self.context, rotary=self.head_dim,
        )  # fmt: skip

    def words(self) -> str:
        """The dimensions as people say them."""
        return (
            f"vocabulary {self.vocab:,}, width {self.dim}, {self.layers} layers, {self.heads} heads over "
            f"{self.kv_heads} of keys and values of {self.head_dim}, MLP {self.hidden}, context {self.context}"
        )


# width, numbers of layers, vocabulary, heads, heads of keys and values, head_dim
WIDTHS: tuple[tuple[int, tuple[int, ...], int, int, int, int], ...] = (
    (16, (1,), 128, 1, 1, 16),
    (32, (1,), 128, 2, 1, 16),
    (32, (2, 3), 256, 2, 1, 16),
    (48, (3,), 256, 3, 1, 16),
    (48, (3, 4), 512, 3, 1, 16),
    (64, (4, 5, 6), 512, 4, 2, 16),
    (80, (6, 7), 512, 4, 2, 16),
    (96, (7, 8), 512, 6, 3, 16),
    (112, (8,), 512, 6, 3, 16),
    (128, (8,), 1024, 8, 4, 16),
    (160, (8,), 1024, 10, 5, 16),
    (192, (8,), 1024, 6, 3, 32),
    (224, (8,), 1024, 8, 4, 32),
    (256, (8, 10), 2048, 8, 4, 32),
    (320, (10,), 2048, 10, 5, 32),
    (384, (10, 12), 2048, 12, 6, 32),
    (512, (12,), 4096, 16, 8, 32),
    (640, (12,), 4096, 20, 10, 32),
    (768, (12, 14), 4096, 24, 12, 32),
)
SMALLEST_HIDDEN = 32  # MLP of the first rung, which is to be tiny; all others have three times their width


def rungs(context: int = CONTEXT, vocab: int | None = None) -> list[LlamaShape]:
    """All shapes of the ladder, the smallest first; with another vocabulary where one is given."""
    return list(_rungs(context, vocab))


def _rungs(context: int, vocab: int | None) -> Iterator[LlamaShape]:
    for width, depths, usual, heads, kv_heads, head_dim in WIDTHS:
        for layers in depths:
            hidden = SMALLEST_HIDDEN if width == 16 else 3 * width
            yield LlamaShape(vocab or usual, width, layers, heads, kv_heads, head_dim, hidden, context)


def within(parameters: int, context: int = CONTEXT, vocab: int | None = None) -> LlamaShape:
    """The largest shape of at most so many parameters. Raises HardwireError where even the smallest has more.

    ``vocab`` is another vocabulary than the ladder's.
    """
    ladder = rungs(context, vocab)
    able = [shape for shape in ladder if shape.parameters <= parameters]
    if not able:
        raise HardwireError(
            f"--parameters {parameters:,}: the smallest shape has {ladder[0].parameters:,}; give that or more"
        )
    return able[-1]
