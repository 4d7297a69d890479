// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The gated MLP's middle: activation of the gate, by table, times the up projection.
#ifndef HW_GATE_HPP
#define HW_GATE_HPP

#include "fixed.hpp"

namespace hw {

// hidden[F] = round(table[gate] * up / 2**shift) to H bits. gate of G bits indexes table[2**G], the lowest
// value first; up of U bits. ROOM >= H is the width of the lane buffer.
template <int F, int G, int U, int H, int ROOM>
void gated(const ap_int<G> gate[F], const ap_int<U> up[F], const int16_t table[1 << G], int shift,
           ap_int<ROOM> hidden[F]) {
#pragma HLS INLINE off
    for (int i = 0; i < F; i++) {
#pragma HLS PIPELINE II = 1
        const int64_t active = table[int(gate[i]) + (1 << (G - 1))];
        hidden[i] = saturate(round_shift(active * int64_t(up[i]), shift), H);
    }
}

// hidden[F] = table[up], the middle of an MLP without a gate: its entries are the hidden values. up of G bits.
template <int F, int G, int U, int ROOM>
void activated(const ap_int<U> up[F], const int16_t table[1 << G], ap_int<ROOM> hidden[F]) {
#pragma HLS INLINE off
    for (int i = 0; i < F; i++) {
#pragma HLS PIPELINE II = 1
        hidden[i] = table[int(up[i]) + (1 << (G - 1))];
    }
}

} // namespace hw

#endif
