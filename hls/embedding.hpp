// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Token or position embedding: a packed row and the row's own multiplier, scaled into residual units.
#ifndef HW_EMBEDDING_HPP
#define HW_EMBEDDING_HPP

#include "fixed.hpp"
#include "matvec.hpp"

namespace hw {

// x[D] = requantize(table[id]) to X bits; where it ADDS, x += that. A row is packed, BITS bits per value, in
// ceil(D * BITS / 64) words.
template <int V, int D, int BITS, int X, bool ADDS>
void embed(const uint64_t table[V][(D * BITS + 63) / 64], const uint32_t multipliers[V], int shift, uint32_t id,
           ap_int<X> x[D]) {
#pragma HLS INLINE off
    const ap_uint<MULTIPLIER_BITS> multiplier = multipliers[id];
    for (int i = 0; i < D; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t row = requantize(unpack<BITS>(table[id], i), uint32_t(multiplier), shift, X);
        x[i] = ADDS ? saturate(int64_t(x[i]) + row, X) : row;
    }
}

} // namespace hw

#endif
