# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler in RTL: what it and Python must agree on, and its cycles. ``rtl/choice/`` has its modules.

A build has it where its geometry's ``best`` is not 0. It stands around the engine, which does not change: a request
without options passes through to the engine's own sampler; of one with options the engine computes a token at a time,
and the logits that it shows are drawn from here, an id per cycle.
"""

from __future__ import annotations

from ..host.sampling import Sampling
from ..ops.choice import ALL
from .words import Constant, Field, Struct, Values

CHOICE = Struct(
    "choice_t",
    "How a request draws, beyond temperature and seed; it is held until the request ends.",
    (
        Field("active", 1, "the extended sampler draws"),
        Field("masked", 1, "only tokens of the mask are drawn"),
        Field("guided", 1, "only those that the automaton allows, which every draw takes a step on"),
        Field("sums", 1, "the sum of weights is wanted"),
        Field("top_k", "BestW", "from the best so many; 0: from all"),
        Field("top_p", 17, "from that part of them, in units of 2**-16"),
        Field("grow", 16, "of seen tokens' negative logits, in units of 2**-12"),
        Field("shrink", 16, "of their positive ones"),
        Field("window", "PositionW", "the last so many tokens are seen; 0: all of the context"),
    ),
)

BEST = Struct(
    "best_t",
    "One of the best tokens, in their order.",
    (
        Field("id", "IdW", "the token"),
        Field("logit", "LogitW", "behind the penalty", signed=True),
        Field("scaled", "PostW", "over the temperature", signed=True),
        Field("noise", 16, "Gumbel's, of this draw", signed=True),
    ),
)

DRAWN = Struct(
    "drawn_t",
    "What a draw gave, until the next one begins.",
    (
        Field("none", 1, "no token was allowed"),
        Field("id", "IdW", "the token"),
        Field("logit", "LogitW", "its logit, behind the penalty", signed=True),
        Field("count", "BestW", "best tokens that there are"),
        Field("total", "TotalW", "sum of weights in units of 2**-24, where it was asked for"),
    ),
)

GUIDE = Struct(
    "guide_t",
    "What the host writes of an automaton, not while a token is drawn.",
    (
        Field("puts_entry", 1, "an entry of the table"),
        Field("puts_class", 1, "a token's class"),
        Field("puts_state", 1, "the state that the next draw is of"),
        Field("place", "GuidePlaceW", "which entry, or which token"),
        Field("token_class", "ClassW", "of the entry, or of the token; 0: of tokens that no state allows"),
        Field("row", "GuideA", "where the row of the next state begins, or of the one that is set"),
    ),
)

ENTRY = Struct(
    "guide_entry_t",
    "A transition: where a state's row begins, plus a class, is the place of its entry, if that is of the same class.",
    (
        Field("token_class", "ClassW", "whose it is; 0: of none"),
        Field("row", "GuideA", "where the row of the next state begins"),
    ),
)

STRUCTS = (CHOICE, BEST, DRAWN, GUIDE, ENTRY)

# Cycles, each a property of the RTL's pipelines.
LOGIT_LATE = Constant("LogitLate", 5, "an id's turn to its penalised logit")
SCALE_LATE = Constant("ScaleLate", 3, "a penalised logit to the same over the temperature")
NOISE_LATE = Constant("NoiseLate", 16, "an id's turn to its noise")
WEIGHT_LATE = Constant("WeightLate", 4, "a distance to its weight")
CONSTANTS = (LOGIT_LATE, SCALE_LATE, NOISE_LATE, WEIGHT_LATE)


CLASS_BITS = 9  # of a class of tokens at the most: a block RAM's width
GUIDE_DEFAULT = 1024  # of benches
GUIDE_WORDS = (512, 16384)  # entries of an automaton's table, the fewest and the most: no fewer than classes


def class_bits(vocab: int) -> int:
    """Bits of a class of tokens."""
    return min((vocab - 1).bit_length(), CLASS_BITS)


def choice_values(values: Values, best: int, guide_words: int = 0) -> dict[str, int]:
    """Numbers of the package, from those of an engine's, the tokens that are kept in order, and an automaton's
    entries."""
    token, entry = (values["Vocab"] - 1).bit_length(), max((guide_words - 1).bit_length(), 1)
    own = {
        "Best": best,
        "BestW": best.bit_length(),
        "TotalW": 25 + token,
        "BestA": max((best - 1).bit_length(), 1),
        "MaskWords": (words := -(-values["Vocab"] // 32)),
        "MaskA": max((words - 1).bit_length(), 1),
        "GuideWords": guide_words,
        "GuideA": entry,
        "ClassW": class_bits(values["Vocab"]),
        "GuidePlaceW": max(token, entry),
    }
    return {**values, **own}


def draw_cycles(vocab: int, position: int, how: Sampling, inverse: int) -> int:
    """Cycles that a draw behind the token at ``position`` adds to those of the token.

    The walk over the ids; with a penalty each token of the window twice; with log probabilities the ids once more; with
    top_k the tokens that it keeps, and with top_p these twice. Where no token is allowed, the first two alone.
    """
    numbers, allowed = how.narrowing, vocab if how.allowed is None else int(how.allowed.sum())
    cycles = vocab + NOISE_LATE + 9
    if numbers.grow != numbers.shrink:
        cycles += 2 * (min(how.window or position + 1, position + 1) + 3)
    if how.logprobs is not None and allowed:
        cycles += vocab + LOGIT_LATE + WEIGHT_LATE + 2
    if numbers.top_k and allowed:
        kept = min(numbers.top_k, allowed) + WEIGHT_LATE + 2
        cycles += 2 + kept * (2 if numbers.top_p < ALL and inverse else 1)
    return cycles
