// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rounding, saturation and leading ones: the only home of each in C++, as fixed.py is in Python.
// A scale on the chip is a pair (m, s): multiply, add half, shift right, saturate. Ties go toward plus
// infinity; a shift of zero adds nothing. Operands arrive from ap_int registers, so their widths bound
// every intermediate below 2**62 and the tool can narrow the 64-bit expressions to what is used.
#ifndef HW_FIXED_HPP
#define HW_FIXED_HPP

#include "ap_int.h"
#include <stdint.h>

namespace hw {

static const int MULTIPLIER_BITS = 17; // unsigned: fits the signed 18-bit port of a DSP
static const int BIAS_BITS = 20;       // signed, in output units

// Clamp to the range of a signed integer of `bits` bits.
inline int64_t saturate(int64_t x, int bits) {
#pragma HLS INLINE
    const int64_t high = (int64_t(1) << (bits - 1)) - 1;
    const int64_t low = -high - 1;
    return x > high ? high : x < low ? low : x;
}

// (x + 2**(shift - 1)) >> shift, and x itself where the shift is zero.
inline int64_t round_shift(int64_t x, int shift) {
#pragma HLS INLINE
    const int64_t half = (int64_t(1) << shift) >> 1;
    return (x + half) >> shift;
}

// Scale an accumulator by multiplier / 2**shift, round, saturate to `bits` bits.
inline int64_t requantize(int64_t x, uint32_t multiplier, int shift, int bits) {
#pragma HLS INLINE
    return saturate(round_shift(x * int64_t(multiplier), shift), bits);
}

// Position of the leading one plus 1, and 0 for 0: a priority encoder.
inline int bit_length(uint64_t x) {
#pragma HLS INLINE
    int length = 0;
    for (int step = 32; step > 0; step >>= 1) {
#pragma HLS UNROLL
        if (x >> step) {
            x >>= step;
            length += step;
        }
    }
    return length + int(x);
}

// Bits that a signed integer needs beside its sign.
inline int magnitude_bits(int64_t x) {
#pragma HLS INLINE
    return bit_length(uint64_t(x ^ (x >> 63)));
}

} // namespace hw

#endif
