// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Soft cap, cap * tanh(x / cap): a table of 512 segments with a line through each. See ops/softcap.py.
#ifndef HW_SOFTCAP_HPP
#define HW_SOFTCAP_HPP

#include "fixed.hpp"

namespace hw {

static const int CAP_BITS = 16, SEGMENT_BITS = 7, CAP_ENTRIES = (1 << (CAP_BITS - SEGMENT_BITS)) + 1;

// The capped value of x, both of CAP_BITS bits.
inline int64_t soft_cap(int64_t x, const int16_t table[CAP_ENTRIES]) {
#pragma HLS INLINE
    const int index = int(x >> SEGMENT_BITS) + CAP_ENTRIES / 2;
    const int64_t rise = int64_t(table[index + 1]) - table[index];
    return table[index] + round_shift(rise * (x & ((1 << SEGMENT_BITS) - 1)), SEGMENT_BITS);
}

} // namespace hw

#endif
