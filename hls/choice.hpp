// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The extended sampler: allowed tokens, repetition penalty, top-k, top-p, and what log probabilities are made of. Its
// arithmetic and its order are those of ops/choice.py. A walk over the ids draws, and keeps the BEST of them in order; a
// second one, over allowed ids too, sums their weights.
#ifndef HW_CHOICE_HPP
#define HW_CHOICE_HPP

#include "fixed.hpp"
#include "sampler.hpp"

namespace hw {

static const int PENALTY_FRACTION = 12, TOP_P_FRACTION = 16, WEIGHT_FRACTION = 24, STEP_BITS = 10;
static const int LOG2E = 94548, LOG2E_FRACTION = 16; // log2(e)
static const int OCTAVE_ENTRIES = 1024;              // 2**-(i / 1024) in units of 2**-24
static const int NO_TOKEN = -1;

// What a request says beyond temperature and seed.
struct Narrowing {
    uint32_t top_k;        // 0: all
    uint32_t top_p;        // of the best top_k, in units of 2**-16
    uint32_t grow, shrink; // of seen tokens' logits, in units of 2**-12
    uint32_t window;       // tokens of the context that count as seen; 0: all
    bool masked;           // only allowed tokens are drawn
};

// What a draw gave; `total` in units of 2**-24. `count` of the lists are used.
template <int BEST> struct Chosen {
    int token, count;
    int64_t logit, total;
    int32_t ids[BEST];
    int64_t logits[BEST];
};

// exp(-behind) in units of 2**-24, of a distance that is not negative, in units of 2**-FRACTION.
template <int FRACTION> int64_t weight(int64_t behind, const uint32_t octave[OCTAVE_ENTRIES]) {
#pragma HLS INLINE
    const int64_t steps = round_shift(behind * LOG2E, LOG2E_FRACTION + FRACTION - STEP_BITS);
    const int64_t octaves = steps >> STEP_BITS;
    const int shift = octaves > WEIGHT_FRACTION + 2 ? WEIGHT_FRACTION + 2 : int(octaves);
    return round_shift(int64_t(octave[steps & (OCTAVE_ENTRIES - 1)]), shift);
}

// The best ids so far in order, with what each is drawn by.
template <int BEST> struct Best {
    int count;
    int32_t id[BEST];
    int64_t logit[BEST], scaled[BEST], value[BEST];

    // Ids come in order, so an equal logit stands behind those that are there.
    void insert(int new_id, int64_t new_logit, int64_t new_scaled, int64_t new_value) {
#pragma HLS INLINE
        bool behind[BEST]; // an entry that the new one does not pass
        for (int i = 0; i < BEST; i++) {
#pragma HLS UNROLL
            behind[i] = i < count && logit[i] >= new_logit;
        }
        for (int place = 0; place < BEST; place++) {
#pragma HLS UNROLL
            const int i = BEST - 1 - place; // the last first, so that it takes what is still in front of it
            if (behind[i])
                continue;
            const bool here = i == 0 || behind[i - 1];
            const int from = i == 0 ? 0 : i - 1;
            id[i] = here ? new_id : id[from];
            logit[i] = here ? new_logit : logit[from];
            scaled[i] = here ? new_scaled : scaled[from];
            value[i] = here ? new_value : value[from];
        }
        if (count < BEST)
            count++;
    }
};

// A logit as the penalty leaves it.
template <int LOGIT> int64_t penalised(int64_t logit, bool seen, const Narrowing &how) {
#pragma HLS INLINE
    const int64_t factor = logit > 0 ? how.shrink : how.grow;
    return seen ? saturate(round_shift(logit * factor, PENALTY_FRACTION), LOGIT) : logit;
}

inline bool bit_of(const ap_uint<32> *words, int id) {
#pragma HLS INLINE
    return (uint32_t(words[id / 32]) >> (id % 32)) & 1u;
}

// Draw among the best top_k, or the part of them that top_p keeps.
template <int BEST>
int of_the_best(const Best<BEST> &best, const Sampling &sampling, const Narrowing &how,
                const uint32_t octave[OCTAVE_ENTRIES]) {
#pragma HLS INLINE off
    const int kept = uint32_t(best.count) < how.top_k ? best.count : int(how.top_k);
    const bool whole = how.top_p >> TOP_P_FRACTION || sampling.inverse_t == 0;
    int64_t sum = 0, before = 0;
    for (int i = 0; i < BEST; i++) {
#pragma HLS PIPELINE II = 1
        if (i < kept)
            sum += weight<NOISE_FRACTION>(best.scaled[0] - best.scaled[i], octave);
    }
    int found = 0;
    for (int i = 0; i < BEST; i++) {
#pragma HLS PIPELINE II = 1
        const bool in = i < kept && (whole || before << TOP_P_FRACTION < int64_t(how.top_p) * sum);
        const bool wins = best.value[i] > best.value[found] ||
                          (best.value[i] == best.value[found] && best.id[i] < best.id[found]);
        if (in && wins)
            found = i;
        if (i < kept)
            before += weight<NOISE_FRACTION>(best.scaled[0] - best.scaled[i], octave);
    }
    return found;
}

// The next id of logits[V] of LOGIT bits, FRACTION of them below the point. seen, allowed: a bit for each id.
template <int V, int LOGIT, int FRACTION, int BEST>
void choose(const ap_int<LOGIT> logits[V], const Sampling &sampling, uint32_t position, const Narrowing &how,
            const ap_uint<32> seen[(V + 31) / 32], const ap_uint<32> allowed[(V + 31) / 32],
            const int16_t gumbel[GUMBEL_ENTRIES], const uint32_t octave[OCTAVE_ENTRIES], Chosen<BEST> &chosen) {
#pragma HLS INLINE off
    static const int SHIFT = FRACTION + TEMPERATURE_FRACTION - NOISE_FRACTION;
    const uint32_t key[2] = {uint32_t(sampling.seed), uint32_t(sampling.seed >> 32)};
    Best<BEST> best;
    best.count = 0;
    chosen.token = NO_TOKEN;
    chosen.logit = chosen.total = 0;
    int64_t largest = 0;
    uint32_t block[2] = {0, 0};
    for (int id = 0; id < V; id++) {
#pragma HLS PIPELINE II = 1
        if (id % 2 == 0) { // ids 2j and 2j + 1 share the block of counter (position, j)
            const uint32_t counter[2] = {position, uint32_t(id / 2)};
            threefry(key, counter, block);
        }
        const int64_t logit = penalised<LOGIT>(int64_t(logits[id]), bit_of(seen, id), how);
        int64_t scaled = logit, value = logit;
        if (sampling.inverse_t != 0) {
            scaled = round_shift(logit * int64_t(sampling.inverse_t), SHIFT);
            value = scaled + gumbel[noise_index(block[id % 2])];
        }
        if (how.masked && !bit_of(allowed, id))
            continue;
        best.insert(id, logit, scaled, value);
        if (chosen.token == NO_TOKEN || value > largest) {
            chosen.token = id;
            chosen.logit = logit;
            largest = value;
        }
    }
    if (how.top_k && best.count) {
        const int found = of_the_best<BEST>(best, sampling, how, octave);
        chosen.token = best.id[found];
        chosen.logit = best.logit[found];
    }
    for (int id = 0; id < V; id++) {
#pragma HLS PIPELINE II = 1
        const int64_t logit = penalised<LOGIT>(int64_t(logits[id]), bit_of(seen, id), how);
        if (!how.masked || bit_of(allowed, id))
            chosen.total += weight<FRACTION>(best.logit[0] - logit, octave);
    }
    chosen.count = best.count;
    for (int i = 0; i < BEST; i++) {
#pragma HLS UNROLL
        chosen.ids[i] = best.id[i];
        chosen.logits[i] = best.logit[i];
    }
}

} // namespace hw

#endif
