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

// root = 2**(16 + m) / sqrt(energy): at most 17 bits. rsqrt: round(2**21 / sqrt(i + 0.5)), i in [256, 1024).
// energy > 4**(m - 1), so the last shift is never to the left.
inline ap_uint<MULTIPLIER_BITS> reciprocal_root(int64_t energy, int m, const uint32_t rsqrt[RSQRT_ENTRIES]) {
#pragma HLS INLINE
    const int even = (bit_length(uint64_t(energy)) - 1) >> 1, down = 2 * even - 8;
    const int64_t index = down > 0 ? energy >> down : energy << -down;
    return round_shift(rsqrt[index - RSQRT_LOW], even - m + 1);
}

// a[D] of A bits from x[D] of X bits, and the root. eps[0]: dim * eps in units of x * x.
// ROOM >= A is the width of the lane buffer that a is written to.
template <int D, int X, int A, int ROOM>
void shift_normalize(const ap_int<X> x[D], const uint32_t eps[1], const uint32_t rsqrt[RSQRT_ENTRIES],
                     ap_int<ROOM> a[D], ap_uint<MULTIPLIER_BITS> &root) {
#pragma HLS INLINE off
    ap_uint<X> any = 0; // the or of all magnitudes has the leading one of the largest
    int64_t energy = eps[0];
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t value = int64_t(x[i]);
        any |= ap_uint<X>(value ^ (value >> 63));
        energy += value * value;
    }
    const int m = bit_length(uint64_t(any)), shift = m - (A - 1);
    root = reciprocal_root(energy, m, rsqrt);
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t value = int64_t(x[i]);
        const int64_t scaled = shift > 0 ? round_shift(value, shift) : value * (int64_t(1) << -shift);
        a[i] = saturate(scaled, A);
    }
}

} // namespace hw

#endif
