// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rotary position embedding of queries or keys, and their final rounding. Inputs carry FRACTION bits below the unit of
// the output. i pairs with i + R / 2; dimensions beyond the R rotated ones pass with the same rounding.
#ifndef HW_ROPE_HPP
#define HW_ROPE_HPP

#include "fixed.hpp"

namespace hw {

static const int ROPE_INPUT_BITS = 16, ROPE_FRACTION = 6, ANGLE_BITS = 14;

// x[H * C] of IN bits (16 significant) to out[H * C] of OUT bits, by the angles of `row` of cos, sin
// [ROWS][R / 2], in units of 2**-14. ANGLES = max(R / 2, 1): an array has at least one entry.
template <int H, int C, int R, int ROWS, int ANGLES, int IN, int OUT>
void rotate(const ap_int<IN> x[H * C], const int16_t cos[ROWS][ANGLES], const int16_t sin[ROWS][ANGLES], int row,
            ap_int<OUT> out[H * C]) {
#pragma HLS INLINE off
    static const int HALF = R / 2;
    for (int head = 0; head < H; head++) {
        for (int i = 0; i < C; i++) {
#pragma HLS PIPELINE II = 1
            const int at = head * C + i;
            const int64_t own = int64_t(x[at]);
            int64_t turned = own * (int64_t(1) << ANGLE_BITS);
            if (i < HALF)
                turned = own * cos[row][i] - int64_t(x[at + HALF]) * sin[row][i];
            else if (i < R)
                turned = own * cos[row][i - HALF] + int64_t(x[at - HALF]) * sin[row][i - HALF];
            out[at] = saturate(round_shift(turned, ANGLE_BITS + ROPE_FRACTION), OUT);
        }
    }
}

} // namespace hw

#endif
