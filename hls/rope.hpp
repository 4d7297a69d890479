// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rotary position embedding of one head, and its final rounding. Inputs carry FRACTION bits below the unit of
// the output. i pairs with i + R / 2; dimensions beyond the R rotated ones pass with the same rounding.
#ifndef HW_ROPE_HPP
#define HW_ROPE_HPP

#include "fixed.hpp"

namespace hw {

static const int ROPE_INPUT_BITS = 16, ROPE_FRACTION = 6, ANGLE_BITS = 14;

// x[C] of 16 bits to out[C] of OUT bits, by angles cos, sin [R / 2] in units of 2**-14.
template <int C, int R, int OUT>
void rotate(const ap_int<ROPE_INPUT_BITS> x[C], const int16_t *cos, const int16_t *sin, ap_int<OUT> out[C]) {
#pragma HLS INLINE off
    const int half = R / 2;
    for (int i = 0; i < C; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t own = int64_t(x[i]);
        int64_t turned = own * (int64_t(1) << ANGLE_BITS);
        if (i < half)
            turned = own * cos[i] - int64_t(x[i + half]) * sin[i];
        else if (i < R)
            turned = own * cos[i - half] + int64_t(x[i - half]) * sin[i - half];
        out[i] = saturate(round_shift(turned, ANGLE_BITS + ROPE_FRACTION), OUT);
    }
}

} // namespace hw

#endif
