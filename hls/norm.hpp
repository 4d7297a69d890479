// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// RMSNorm in two halves: the residual shifted until it fills A bits, which the lanes take at once, and the
// reciprocal root that joins when their sums are requantised. See ops/norm.py.
#ifndef HW_NORM_HPP
#define HW_NORM_HPP

#include "fixed.hpp"
#include "matvec.hpp"

namespace hw {

static const int RSQRT_LOW = 256, RSQRT_ENTRIES = 768;
static const int RENORM_BITS = 16; // of what a norm inside a layer takes, and of its shifted form

// root = 2**(16 + m) / sqrt(energy): at most 17 bits. rsqrt: round(2**21 / sqrt(i + 0.5)), i in [256, 1024).
// energy > 4**(m - 1), so the last shift is never to the left.
inline ap_uint<MULTIPLIER_BITS> reciprocal_root(int64_t energy, int m, const uint32_t rsqrt[RSQRT_ENTRIES]) {
#pragma HLS INLINE
    const int even = (bit_length(uint64_t(energy)) - 1) >> 1, down = 2 * even - 8;
    const int64_t index = down > 0 ? energy >> down : energy << -down;
    return round_shift(rsqrt[index - RSQRT_LOW], even - m + 1);
}

// What stands for the root where nothing is normalised: it undoes the shift by m of residuals of X bits.
template <int X> ap_uint<MULTIPLIER_BITS> plain_root(int m) {
#pragma HLS INLINE
    const int up = m + 17 - X; // X is more than m
    return uint32_t(1) << (up > 0 ? up : 0);
}

// Of the D values of X bits from x[first] on: the energy, beginning at `energy`, and the magnitude bits m of the
// largest. The or of all magnitudes has its leading one.
template <int D, int X, int ROOM> int64_t measure(const ap_int<ROOM> *x, int first, int64_t energy, int &m) {
#pragma HLS INLINE
    ap_uint<X> any = 0;
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t value = int64_t(x[first + i]);
        any |= ap_uint<X>(value ^ (value >> 63));
        energy += value * value;
    }
    m = bit_length(uint64_t(any));
    return energy;
}

// A value, shifted as its vector's largest entry of m magnitude bits is to fill A bits.
inline int64_t filled(int64_t value, int m, int bits) {
#pragma HLS INLINE
    const int shift = m - (bits - 1);
    return saturate(shift > 0 ? round_shift(value, shift) : value * (int64_t(1) << -shift), bits);
}

// a[D] of A bits from x[D] of X bits, and the root: the reciprocal one where it NORMALIZES, else what undoes the shift.
// eps[0]: dim * eps in units of x * x. ROOM >= A is the width of the lane buffer that a is written to.
template <int D, int X, int A, bool NORMALIZES, int ROOM>
void shift_normalize(const ap_int<X> x[D], const uint32_t eps[1], const uint32_t rsqrt[RSQRT_ENTRIES],
                     ap_int<ROOM> a[D], ap_uint<MULTIPLIER_BITS> &root) {
#pragma HLS INLINE off
    int m = 0;
    const int64_t energy = measure<D, X>(x, 0, eps[0], m);
    root = NORMALIZES ? reciprocal_root(energy, m, rsqrt) : plain_root<X>(m);
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        a[i] = filled(int64_t(x[i]), m, A);
    }
}

// x[D] of X bits: a normalised vector (a, root) in residual units, for a norm that no matrix stands behind.
template <int D, int X, int A>
void write_back(const ap_int<A> a[D], ap_uint<MULTIPLIER_BITS> root, const uint32_t multipliers[D], int shift,
                ap_int<X> x[D]) {
#pragma HLS INLINE off
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        const ap_uint<MULTIPLIER_BITS> own = multipliers[i];
        x[i] = requantize(int64_t(a[i]), fold_root(uint32_t(own), uint32_t(root)), shift, X);
    }
}

// A norm inside a layer: x, groups of C values of RENORM_BITS bits, each group normalised, times multipliers[first ..],
// in `bits` bits. ROOM and ROWS: of the lanes' output buffer. One instance serves all norms of C values.
template <int C, int ROOM, int ROWS, int RENORMED>
void renormalize(ap_int<ROOM> x[ROWS], int groups, const uint32_t multipliers[RENORMED], uint32_t first, int shift,
                 uint32_t eps, const uint32_t rsqrt[RSQRT_ENTRIES], int bits) {
#pragma HLS INLINE off
    static const int GROUPS = ROWS / C;
    for (int group = 0; group < groups; group++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = GROUPS
        const int start = group * C;
        int m = 0;
        const int64_t energy = measure<C, RENORM_BITS>(x, start, eps, m);
        const ap_uint<MULTIPLIER_BITS> root = reciprocal_root(energy, m, rsqrt);
        for (int i = 0; i < C; i++) {
#pragma HLS PIPELINE II = 1
            const ap_uint<MULTIPLIER_BITS> own = multipliers[first + uint32_t(start + i)];
            const int64_t a = filled(int64_t(x[start + i]), m, RENORM_BITS);
            x[start + i] = requantize(a, fold_root(uint32_t(own), uint32_t(root)), shift, bits);
        }
    }
}

} // namespace hw

#endif
