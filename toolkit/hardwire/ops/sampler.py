# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Sampling: argmax, or temperature by Gumbel-max with noise from a counter-based generator.

argmax(logit / T + g) with Gumbel noise g draws from softmax(logit / T) (Gumbel, 1954; Maddison et al., 2014).
The noise of a token id depends on (seed, position, id) alone, so the order in which ids are visited is free.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import PromptError
from .fixed import Ints, bit_length, round_shift

NOISE_FRACTION = 10  # Gumbel noise and scaled logits in units of 2**-10
TEMPERATURE_FRACTION = 12  # 1 / T in units of 2**-12, at most 17 bits: T of 1/31 or more
MANTISSA_BITS = 6
SEGMENTS = 32  # 24 octaves of 1 - u from the top, then 8 octaves of u from the bottom
ROUNDS = 13
ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)


def threefry(key: NDArray[np.uint64], counter: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Threefry-2x32 of 13 rounds (Salmon et al., 2011): 32-bit words key [2] and counter [..., 2]."""
    mask = np.uint64(0xFFFFFFFF)
    schedule = [key[0], key[1], key[0] ^ key[1] ^ np.uint64(0x1BD11BDA)]
    x0, x1 = (counter[..., 0] + schedule[0]) & mask, (counter[..., 1] + schedule[1]) & mask
    for i in range(ROUNDS):
        turn = np.uint64(ROTATIONS[i % 8])
        x0 = (x0 + x1) & mask
        x1 = ((x1 << turn) | (x1 >> (np.uint64(32) - turn))) & mask ^ x0
        if i % 4 == 3:
            step = i // 4 + 1
            x0 = (x0 + schedule[step % 3]) & mask
            x1 = (x1 + schedule[(step + 1) % 3] + np.uint64(step)) & mask
    return np.stack([x0, x1], axis=-1)


def uniforms(seed: int, position: int, vocab: int) -> Ints:
    """32-bit uniform words [vocab]: ids 2j and 2j + 1 share the block of counter (position, j)."""
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint64)
    pairs = np.arange((vocab + 1) // 2, dtype=np.uint64)
    counter = np.stack([np.full_like(pairs, position), pairs], axis=-1)
    return threefry(key, counter).reshape(-1)[:vocab].astype(np.int64)


def gumbel_table() -> Ints:
    """-ln(-ln(u)) at the middle of each segment, in units of 2**-10, [2048] indexed by ``noise_index``."""
    mantissa = 1 + (np.arange(1 << MANTISSA_BITS) + 0.5) / (1 << MANTISSA_BITS)
    near_one = mantissa * 2.0 ** -(np.arange(24)[:, None] + 2.0)  # 1 - u, octave by octave below 1/2
    near_zero = mantissa * 2.0 ** -(np.arange(8)[:, None] + 2.0)  # u, likewise
    exponential = np.concatenate([-np.log1p(-near_one), -np.log(near_zero)])
    return np.rint(-np.log(exponential) * 2**NOISE_FRACTION).astype(np.int64).reshape(-1)


def noise_index(u: Ints) -> Ints:
    """Table index of 32-bit words: which side of 1/2, which octave from that end, six bits below its leading one.

    The last octave of either side takes everything beyond it.
    """
    upper = u >> 31 == 1
    small = np.where(upper, u ^ 0xFFFFFFFF, u)  # distance from the nearer end, 31 bits
    octave = np.minimum(31 - bit_length(small), np.where(upper, 23, 7))
    mantissa = (small << octave >> (30 - MANTISSA_BITS)) & ((1 << MANTISSA_BITS) - 1)
    return (np.where(upper, octave, 24 + octave) << MANTISSA_BITS) + mantissa


def inverse_temperature(temperature: float) -> int:
    """1 / T in units of 2**-12; 0 stands for greedy."""
    if temperature == 0:
        return 0
    if not (math.isfinite(temperature) and 1 / 31 <= temperature <= 100):
        raise PromptError(f"temperature {temperature} is not usable; give 0 (greedy) or 0.04 to 100")
    return round(2**TEMPERATURE_FRACTION / temperature)


def sample(logits: Ints, fraction: int, inverse_t: int, seed: int, position: int, table: Ints) -> int:
    """The next token id of logits [V], each in units of 2**-fraction; ties go to the lowest id.

    ``inverse_t`` as from inverse_temperature; ``position`` is that of the token whose logits these are.
    """
    if inverse_t == 0:
        return int(np.argmax(logits))
    shift = fraction + TEMPERATURE_FRACTION - NOISE_FRACTION
    noise = table[noise_index(uniforms(seed, position, len(logits)))]
    return int(np.argmax(round_shift(logits * inverse_t, shift) + noise))


def samples(logits: Ints, fraction: int, inverses: Ints, seeds: Ints, position: int, table: Ints) -> Ints:
    """What ``sample`` gives for each of logits [B, V], with the inverse temperatures and seeds [B] of each."""
    drawn = logits.argmax(-1)
    warm = np.flatnonzero(inverses)
    if not len(warm):
        return drawn
    key = np.stack([seeds[warm, None] & 0xFFFFFFFF, seeds[warm, None] >> 32]).astype(np.uint64)
    pairs = np.arange((logits.shape[1] + 1) // 2, dtype=np.uint64)
    counter = np.stack([np.full_like(pairs, position), pairs], axis=-1)
    words = threefry(key, counter).reshape(len(warm), -1)[:, : logits.shape[1]].astype(np.int64)
    scaled = round_shift(logits[warm] * inverses[warm, None], fraction + TEMPERATURE_FRACTION - NOISE_FRACTION)
    drawn[warm] = (scaled + table[noise_index(words)]).argmax(-1)
    return drawn
