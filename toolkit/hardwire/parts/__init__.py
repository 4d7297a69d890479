# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The optional parts of a decoder, in one table.

| part           | what it is                                                             | where            |
| -------------- | ---------------------------------------------------------------------- | ---------------- |
| positions      | learned positions, added to the embedding                              | ``ends.py``      |
| gated          | the MLP is down(act(gate) * up), otherwise down(act(up))               | ``mlp.py``       |
| embedding norm | a norm behind the embedding, written back to the residual              | ``ends.py``      |
| rope           | rotary positions, whose angles may differ between layers               | ``attention.py`` |
| final norm     | a norm in front of the head                                            | ``ends.py``      |
| parallel       | attention and MLP read the same residual                               | ``blocks.py``    |
| windows        | layers that see the last so many positions                             | ``attention.py`` |
| biases         | of matrices, in units of their outputs                                 | ``blocks.py``    |
| renorms        | norms of query and key heads, norms behind attention and MLP           | ``renorms.py``   |
| score cap      | cap * tanh(x / cap) of attention scores                                | ``softcap.py``   |
| logit cap      | and of the logits                                                      | ``softcap.py``   |
| alibi          | a bias of attention scores, linear in the distance                     | ``alibi.py``     |

Whoever needs something of the parts asks the table, as ``part.py`` lists the questions; none is asked for by name but
where the order of steps is said. The order of rows is that of arrays in a chip's file and of parameters of the RTL.
"""

from __future__ import annotations

from ..chip.wiring import Wiring
from .alibi import ALIBI
from .attention import ROPE, WINDOWS
from .blocks import BIASES, PARALLEL
from .ends import EMBEDDING_NORM, FINAL_NORM, POSITIONS
from .mlp import GATED
from .part import IntegerModel, Part
from .renorms import RENORMS_PART
from .softcap import LOGIT_CAP, SCORE_CAP

PARTS: tuple[Part, ...] = (
    POSITIONS,
    GATED,
    EMBEDDING_NORM,
    ROPE,
    FINAL_NORM,
    PARALLEL,
    WINDOWS,
    BIASES,
    RENORMS_PART,
    SCORE_CAP,
    LOGIT_CAP,
    ALIBI,
)


def score_bits(chip: IntegerModel, bits: int) -> int:
    """Bits of an attention score whose products alone have ``bits``, behind what parts make of it."""
    for part in present(chip.wiring):
        bits = part.score_bits(chip, bits)
    return bits


def present(wiring: Wiring) -> tuple[Part, ...]:
    """The parts that a decoder of this wiring has."""
    return tuple(part for part in PARTS if part.there(wiring))
