// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Attention of a head, or of two that share their keys, in two passes: all scores and their maximum; exponentials, the sum of the rounded
// exponentials and the weighted values; one reciprocal at the end. No online rescaling, so the schedule
// cannot change a bit. See ops/attention.py.
#ifndef HW_ATTENTION_HPP
#define HW_ATTENTION_HPP

#include "fixed.hpp"
#include "softcap.hpp"

namespace hw {

static const int EXP_ENTRIES = 1024, RECIPROCAL_ENTRIES = 1024, PROBABILITY_BITS = 10, ALIBI_FRACTION = 10;

// ceil(log2(n)): how many bits a sum of n terms grows by.
constexpr int growth(int n) { return n <= 1 ? 0 : 1 + growth((n + 1) / 2); }

// Unsigned exponential of a score `below` the maximum, shifted into table steps.
inline ap_uint<PROBABILITY_BITS> exponential(int64_t below, int shift, const uint16_t table[EXP_ENTRIES]) {
#pragma HLS INLINE
    const int64_t step = round_shift(below, shift);
    return step < EXP_ENTRIES ? table[step] : 0;
}

// sum / total * 2**shift, rounded to `bits` bits. total >= 2**9; two bits up, exactly, its leading one is bit 11 or
// above.
inline int64_t divide(int64_t sum, int64_t total, int shift, int bits,
                      const uint16_t table[RECIPROCAL_ENTRIES]) {
#pragma HLS INLINE
    const int64_t total4 = total << 2;
    const int lead = bit_length(uint64_t(total4)) - 1;
    const int64_t t = round_shift(sum * 4, lead - 11);
    const int64_t inverse = table[(total4 >> (lead - 10)) - 1024];
    return saturate(round_shift(t * inverse, 27 - shift), bits);
}

// out[(first + t) * C ..] of A bits for the T heads from `first` on, which share one head of the cache, so that
// each of its words is read once for all of them: from their queries, q[H * C] of Q bits, over positions
// start .. last of keys and values [L][CONTEXT][G][C] of K bits. Where they are CAPPED, scores are capped in units of
// the steps of exp. T is at most 2, the read ports of the table exp; 1 where CAPPED, which reads two entries of its
// table. ALIBI: bits of scores that have a bias for their place, `alibi` per position; 0 without. ROOM >= A: width of the
// lane buffer out is written to.
template <int L, int H, int G, int C, int T, int CONTEXT, int Q, int K, int A, bool CAPPED, int ALIBI, int ROOM>
void attend(const ap_int<Q> q[H * C], const ap_int<K> keys[L][CONTEXT][G][C],
            const ap_int<K> values[L][CONTEXT][G][C], int layer, int first, int start, int last,
            const uint8_t score_shift[H], const uint8_t value_shift[H], const int16_t cap[CAP_ENTRIES],
            const uint32_t alibi[ALIBI ? H : 1], const uint16_t exp[EXP_ENTRIES], const uint16_t reciprocal[RECIPROCAL_ENTRIES], ap_int<ROOM> out[H * C]) {
#pragma HLS INLINE off
#pragma HLS ARRAY_RESHAPE variable = keys complete dim = 4
#pragma HLS ARRAY_RESHAPE variable = values complete dim = 4
    static_assert((H / G) % T == 0, "heads taken together share a head of the cache");
    static_assert(!CAPPED || !ALIBI, "a cap and a bias of scores do not go together");
    static const int SCORE = CAPPED ? CAP_BITS : ALIBI ? ALIBI : Q + K + growth(C);
    static const int SUM = PROBABILITY_BITS + 1 + K + growth(CONTEXT);
    static const int TOTAL = PROBABILITY_BITS + growth(CONTEXT);
    ap_int<SCORE> scores[T][CONTEXT];
    ap_int<SUM> sums[T][C];
    ap_int<Q> query[T][C];
    ap_int<SCORE> top[T];
    ap_uint<TOTAL> total[T];
#pragma HLS ARRAY_PARTITION variable = scores complete dim = 1
#pragma HLS ARRAY_PARTITION variable = sums complete dim = 0
#pragma HLS ARRAY_PARTITION variable = query complete dim = 0
#pragma HLS ARRAY_PARTITION variable = top complete
#pragma HLS ARRAY_PARTITION variable = total complete
    const int group = first / (H / G);
    for (int t = 0; t < T; t++) {
        for (int c = 0; c < C; c++) {
#pragma HLS PIPELINE II = 1
            query[t][c] = q[(first + t) * C + c];
            sums[t][c] = 0;
            total[t] = 0;
        }
    }
    for (int p = start; p <= last; p++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = CONTEXT
#pragma HLS PIPELINE II = 1
        for (int t = 0; t < T; t++) {
#pragma HLS UNROLL
            int64_t score = 0;
            for (int c = 0; c < C; c++) {
#pragma HLS UNROLL
                score += int(query[t][c]) * int(keys[layer][p][group][c]); // Q + K bits
            }
            if (CAPPED)
                score = soft_cap(saturate(round_shift(score, score_shift[first + t]), CAP_BITS), cap);
            if (ALIBI)
                score += round_shift((int64_t(alibi[first + t]) << score_shift[first + t]) * p, ALIBI_FRACTION);
            scores[t][p] = score;
            if (p == start || score > int64_t(top[t]))
                top[t] = score;
        }
    }
    for (int p = start; p <= last; p++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = CONTEXT
#pragma HLS PIPELINE II = 1
        for (int t = 0; t < T; t++) {
#pragma HLS UNROLL
            const int64_t below = int64_t(top[t]) - int64_t(scores[t][p]);
            const int weight = int(exponential(below, CAPPED ? 0 : int(score_shift[first + t]), exp));
            total[t] += weight;
            for (int c = 0; c < C; c++) {
#pragma HLS UNROLL
                sums[t][c] += weight * int(values[layer][p][group][c]); // 11 + K bits
            }
        }
    }
    for (int t = 0; t < T; t++) {
        for (int c = 0; c < C; c++) {
#pragma HLS PIPELINE II = 1
            out[(first + t) * C + c] =
                divide(int64_t(sums[t][c]), int64_t(total[t]), value_shift[first + t], A, reciprocal);
        }
    }
}

} // namespace hw

#endif
