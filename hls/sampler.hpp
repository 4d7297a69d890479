// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sampling: argmax, or temperature by Gumbel-max with noise from a counter-based generator. The noise of a
// token id depends on (seed, position, id) alone. See ops/sampler.py.
#ifndef HW_SAMPLER_HPP
#define HW_SAMPLER_HPP

#include "fixed.hpp"

namespace hw {

static const int NOISE_FRACTION = 10, TEMPERATURE_FRACTION = 12, MANTISSA_BITS = 6, GUMBEL_ENTRIES = 2048;

// How the next token is drawn.
struct Sampling {
    uint64_t seed;
    uint32_t inverse_t; // 1 / T in units of 2**-12, 17 bits; 0: greedy
};

// Threefry-2x32 of 13 rounds (Salmon et al., 2011): a block of two 32-bit words from key and counter.
inline void threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t block[2]) {
#pragma HLS INLINE
    static const int ROUNDS = 13;
    static const int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
    const uint32_t schedule[3] = {key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAu};
    uint32_t x0 = counter[0] + schedule[0], x1 = counter[1] + schedule[1];
    for (int i = 0; i < ROUNDS; i++) {
#pragma HLS UNROLL
        const int turn = rotations[i % 8];
        x0 += x1;
        x1 = ((x1 << turn) | (x1 >> (32 - turn))) ^ x0;
        if (i % 4 == 3) {
            const int step = i / 4 + 1;
            x0 += schedule[step % 3];
            x1 += schedule[(step + 1) % 3] + uint32_t(step);
        }
    }
    block[0] = x0;
    block[1] = x1;
}

// Gumbel table index of a uniform word: side of 1/2, octave from that end, six bits below its leading one.
inline int noise_index(uint32_t u) {
#pragma HLS INLINE
    const bool upper = (u >> 31) != 0;
    const uint32_t small = upper ? ~u : u; // distance from the nearer end, 31 bits
    const int lowest = upper ? 23 : 7;
    int octave = 31 - bit_length(small);
    if (octave > lowest)
        octave = lowest;
    const uint64_t aligned = (uint64_t(small) << octave) >> (30 - MANTISSA_BITS);
    const int mantissa = int(aligned & ((1u << MANTISSA_BITS) - 1));
    return ((upper ? octave : 24 + octave) << MANTISSA_BITS) + mantissa;
}

// The next id of logits[V] of LOGIT bits, FRACTION of them below the point; ties go to the lowest id.
template <int V, int LOGIT, int FRACTION>
int sample(const ap_int<LOGIT> logits[V], const Sampling &how, uint32_t position,
           const int16_t gumbel[GUMBEL_ENTRIES]) {
#pragma HLS INLINE off
    static const int SHIFT = FRACTION + TEMPERATURE_FRACTION - NOISE_FRACTION;
    const uint32_t key[2] = {uint32_t(how.seed), uint32_t(how.seed >> 32)};
    int best = 0;
    int64_t largest = 0;
    uint32_t block[2] = {0, 0};
    for (int id = 0; id < V; id++) {
#pragma HLS PIPELINE II = 1
        if (id % 2 == 0) { // ids 2j and 2j + 1 share the block of counter (position, j)
            const uint32_t counter[2] = {position, uint32_t(id / 2)};
            threefry(key, counter, block);
        }
        int64_t value = int64_t(logits[id]);
        if (how.inverse_t != 0)
            value = round_shift(value * int64_t(how.inverse_t), SHIFT) + gumbel[noise_index(block[id % 2])];
        if (id == 0 || value > largest) {
            best = id;
            largest = value;
        }
    }
    return best;
}

} // namespace hw

#endif
