// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Attention of one head in two passes: all scores and their maximum; exponentials, the sum of the rounded
// exponentials and the weighted values; one reciprocal at the end. No online rescaling, so the schedule
// cannot change a bit. See ops/attention.py.
#ifndef HW_ATTENTION_HPP
#define HW_ATTENTION_HPP

#include "fixed.hpp"

namespace hw {

static const int EXP_ENTRIES = 1024, RECIPROCAL_ENTRIES = 1024, PROBABILITY_BITS = 12;

// ceil(log2(n)): how many bits a sum of n terms grows by.
constexpr int growth(int n) { return n <= 1 ? 0 : 1 + growth((n + 1) / 2); }

// Unsigned exponential of a score `below` the maximum, shifted into table steps.
inline ap_uint<PROBABILITY_BITS> exponential(int64_t below, int shift, const uint16_t table[EXP_ENTRIES]) {
#pragma HLS INLINE
    const int64_t step = round_shift(below, shift);
    return step < EXP_ENTRIES ? table[step] : 0;
}

// sum / total * 2**shift, rounded to `bits` bits. total >= 2**12 - 1, so its leading one is bit 11 or above.
inline int64_t divide(int64_t sum, int64_t total, int shift, int bits,
                      const uint16_t table[RECIPROCAL_ENTRIES]) {
#pragma HLS INLINE
    const int lead = bit_length(uint64_t(total)) - 1;
    const int64_t t = round_shift(sum, lead - 11);
    const int64_t inverse = table[(total >> (lead - 10)) - 1024];
    return saturate(round_shift(t * inverse, 27 - shift), bits);
}

// out[head * C ..] of A bits from the query of `head`, q[H * C] of Q bits, over positions 0 .. last of the
// cache, keys and values [L][CONTEXT][G][C] of K bits. ROOM >= A: width of the lane buffer out is written to.
template <int L, int H, int G, int C, int CONTEXT, int Q, int K, int A, int ROOM>
void attend(const ap_int<Q> q[H * C], const ap_int<K> keys[L][CONTEXT][G][C],
            const ap_int<K> values[L][CONTEXT][G][C], int layer, int head, int last, int score_shift,
            int value_shift, const uint16_t exp[EXP_ENTRIES], const uint16_t reciprocal[RECIPROCAL_ENTRIES],
            ap_int<ROOM> out[H * C]) {
#pragma HLS INLINE off
#pragma HLS ARRAY_RESHAPE variable = keys complete dim = 4
#pragma HLS ARRAY_RESHAPE variable = values complete dim = 4
    static const int SCORE = Q + K + growth(C), SUM = PROBABILITY_BITS + 1 + K + growth(CONTEXT);
    ap_int<SCORE> scores[CONTEXT];
    ap_int<SUM> sums[C];
    ap_int<Q> query[C];
#pragma HLS ARRAY_PARTITION variable = sums complete
#pragma HLS ARRAY_PARTITION variable = query complete
    const int group = head / (H / G);
    for (int c = 0; c < C; c++) {
#pragma HLS PIPELINE II = 1
        query[c] = q[head * C + c];
        sums[c] = 0;
    }
    ap_int<SCORE> top = 0;
    for (int p = 0; p <= last; p++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = CONTEXT
#pragma HLS PIPELINE II = 1
        int64_t score = 0;
        for (int c = 0; c < C; c++) {
#pragma HLS UNROLL
            score += int(query[c]) * int(keys[layer][p][group][c]); // Q + K bits
        }
        scores[p] = score;
        if (p == 0 || score > int64_t(top))
            top = score;
    }
    ap_uint<PROBABILITY_BITS + growth(CONTEXT)> total = 0;
    for (int p = 0; p <= last; p++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = CONTEXT
#pragma HLS PIPELINE II = 1
        const int weight = int(exponential(int64_t(top) - int64_t(scores[p]), score_shift, exp));
        total += weight;
        for (int c = 0; c < C; c++) {
#pragma HLS UNROLL
            sums[c] += weight * int(values[layer][p][group][c]); // 13 + K bits
        }
    }
    for (int c = 0; c < C; c++) {
#pragma HLS PIPELINE II = 1
        out[head * C + c] = divide(int64_t(sums[c]), int64_t(total), value_shift, A, reciprocal);
    }
}

} // namespace hw

#endif
