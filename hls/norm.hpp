// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// RMSNorm in two halves: the residual shifted until it fills A bits, which the lanes take at once, and the
// reciprocal root that joins when their sums are requantised. See ops/norm.py.
#ifndef HW_NORM_HPP
#define HW_NORM_HPP

#include "fixed.hpp"

namespace hw {

static const int RSQRT_LOW = 256, RSQRT_ENTRIES = 768;

// root = 2**(15 + bits) / sqrt(v): at most 17 bits. rsqrt: round(2**21 / sqrt(i + 0.5)), i in [256, 1024).
inline ap_uint<MULTIPLIER_BITS> reciprocal_root(int64_t v, int bits, const uint32_t rsqrt[RSQRT_ENTRIES]) {
#pragma HLS INLINE
    int even = (bit_length(uint64_t(v)) - 9) >> 1;
    if (even < bits - 6)
        even = bits - 6; // only the zero vector gets here: its root multiplies zeros
    int64_t index = v >> (2 * even);
    if (index < RSQRT_LOW)
        index = RSQRT_LOW;
    return round_shift(rsqrt[index - RSQRT_LOW], even - (bits - 6));
}

// a[D] of A bits from x[D] of X bits, and the root. eps[X]: dim * eps in units of a * a, by shift + A - 1.
// ROOM >= A is the width of the lane buffer that a is written to.
template <int D, int X, int A, int ROOM>
void shift_normalize(const ap_int<X> x[D], const uint32_t eps[X], const uint32_t rsqrt[RSQRT_ENTRIES],
                     ap_int<ROOM> a[D], ap_uint<MULTIPLIER_BITS> &root) {
#pragma HLS INLINE off
    ap_uint<X> any = 0; // the or of all magnitudes has the leading one of the largest
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t value = int64_t(x[i]);
        any |= ap_uint<X>(value ^ (value >> 63));
    }
    const int shift = bit_length(uint64_t(any)) - (A - 1);
    int64_t squares = 0;
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t value = int64_t(x[i]);
        const int64_t scaled = shift > 0 ? round_shift(value, shift) : value * (int64_t(1) << -shift);
        const int64_t filled = saturate(scaled, A);
        a[i] = filled;
        squares += filled * filled;
    }
    root = reciprocal_root(squares + int64_t(eps[shift + A - 1]), A, rsqrt);
}

} // namespace hw

#endif
