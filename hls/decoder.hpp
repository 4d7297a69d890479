// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The decoder stack: every layer on one instance of one block, the layer a leading index of its weights.
// The KV cache is static state in here; a reset clears it. The order of steps is reference.py's.
//
// `Chip` is the generated chip/chip.hpp: constants, ROMs and tables of one model.
#ifndef HW_DECODER_HPP
#define HW_DECODER_HPP

#include "attention.hpp"
#include "embedding.hpp"
#include "gate.hpp"
#include "matvec.hpp"
#include "norm.hpp"
#include "rope.hpp"
#include "taps.hpp"

namespace hw {

// The residual of token `id`.
template <class Chip> void embed_token(uint32_t id, ap_int<Chip::RESIDUAL> x[Chip::DIM]) {
#pragma HLS INLINE
    typedef typename Chip::Embedding E;
    embed<Chip::VOCAB, Chip::DIM, E::BITS, Chip::RESIDUAL>(E::words, E::multipliers, E::SHIFT, id, x);
    HW_TAP("embed", -1, x, Chip::DIM);
}

// Matrix M of `layer` on the shared lanes; outputs of `bits` bits. Calls of one ROM share one instance.
template <class Chip, class M>
void apply(int layer, int bits, bool rooted, const ap_int<Chip::INPUT> in[Chip::COLS],
           ap_uint<MULTIPLIER_BITS> root, ap_int<Chip::OUTPUT> out[Chip::ROWS]) {
#pragma HLS INLINE
    typedef typename M::Rom Rom;
    Job job;
    job.address = M::ADDRESS + uint32_t(layer) * M::BLOCKS * M::COLS;
    job.first_row = M::FIRST_ROW + uint32_t(layer) * M::ROWS;
    job.rows = M::ROWS;
    job.cols = M::COLS;
    job.blocks = M::BLOCKS;
    job.shift = M::shift[layer];
    job.bits = uint8_t(bits);
    job.rooted = rooted;
    matvec<Chip::LANES, Rom::BITS, Chip::INPUT, Rom::SUM, Chip::OUTPUT, Chip::COLS, Chip::ROWS, Rom::STEPS,
           Chip::MULTIPLIERS>(Rom::words, Chip::multipliers, job, in, root, out);
}

// x += y, saturated to the residual's bits.
template <class Chip>
void accumulate(ap_int<Chip::RESIDUAL> x[Chip::DIM], const ap_int<Chip::OUTPUT> y[Chip::ROWS]) {
#pragma HLS INLINE off
    for (int i = 0; i < Chip::DIM; i++) {
#pragma HLS PIPELINE II = 1
        x[i] = saturate(int64_t(x[i]) + int64_t(y[i]), Chip::RESIDUAL);
    }
}

// One row of the cache: x[G * C] to cache[layer][position]. A head's values are gathered first: the cache is
// reshaped to one word per head, and a word is written whole, once.
template <class Chip, class T>
void store(const T x[Chip::KV_ROWS], int layer, int position,
           ap_int<Chip::CACHE> cache[Chip::LAYERS][Chip::CONTEXT][Chip::KV_HEADS][Chip::HEAD_DIM]) {
#pragma HLS INLINE off
    ap_int<Chip::CACHE> word[Chip::HEAD_DIM];
#pragma HLS ARRAY_PARTITION variable = word complete
    for (int group = 0; group < Chip::KV_HEADS; group++) {
        for (int c = 0; c < Chip::HEAD_DIM; c++) {
#pragma HLS PIPELINE II = 1
            word[c] = x[group * Chip::HEAD_DIM + c];
        }
        for (int c = 0; c < Chip::HEAD_DIM; c++) {
#pragma HLS UNROLL
            cache[layer][position][group][c] = word[c];
        }
    }
}

// Zero every position, as a new State of the reference has it.
template <class Chip>
void clear(ap_int<Chip::CACHE> keys[Chip::LAYERS][Chip::CONTEXT][Chip::KV_HEADS][Chip::HEAD_DIM],
           ap_int<Chip::CACHE> values[Chip::LAYERS][Chip::CONTEXT][Chip::KV_HEADS][Chip::HEAD_DIM]) {
#pragma HLS INLINE off
    for (int layer = 0; layer < Chip::LAYERS; layer++) {
        for (int position = 0; position < Chip::CONTEXT; position++) {
            for (int group = 0; group < Chip::KV_HEADS; group++) {
#pragma HLS PIPELINE II = 1
                for (int c = 0; c < Chip::HEAD_DIM; c++) {
#pragma HLS UNROLL
                    keys[layer][position][group][c] = 0;
                    values[layer][position][group][c] = 0;
                }
            }
        }
    }
}

// x through every layer at `position`, which is below Chip::CONTEXT.
template <class Chip> void decode(ap_int<Chip::RESIDUAL> x[Chip::DIM], int position, bool reset) {
#pragma HLS INLINE off
    static ap_int<Chip::CACHE> keys[Chip::LAYERS][Chip::CONTEXT][Chip::KV_HEADS][Chip::HEAD_DIM];
    static ap_int<Chip::CACHE> values[Chip::LAYERS][Chip::CONTEXT][Chip::KV_HEADS][Chip::HEAD_DIM];
#pragma HLS ARRAY_RESHAPE variable = keys complete dim = 4
#pragma HLS ARRAY_RESHAPE variable = values complete dim = 4
#pragma HLS BIND_STORAGE variable = keys type = ram_s2p
#pragma HLS BIND_STORAGE variable = values type = ram_s2p
    ap_int<Chip::INPUT> in[Chip::COLS];    // what the lanes read
    ap_int<Chip::OUTPUT> out[Chip::ROWS];  // what they wrote
    ap_int<Chip::QUERY> query[Chip::QUERY_ROWS];
    ap_int<Chip::CACHE> key[Chip::KV_ROWS];
    ap_int<Chip::GATE> gate[Chip::HIDDEN];
    ap_uint<MULTIPLIER_BITS> root;
    if (reset)
        clear<Chip>(keys, values);
    for (int layer = 0; layer < Chip::LAYERS; layer++) {
        shift_normalize<Chip::DIM, Chip::RESIDUAL, Chip::NORM>(x, Chip::eps, Chip::rsqrt, in, root);
        HW_TAP("attn_norm", layer, in, Chip::DIM);
        HW_TAP("attn_root", layer, &root, 1);
        apply<Chip, typename Chip::Q>(layer, ROPE_INPUT_BITS, true, in, root, out);
        rotate<Chip::HEADS, Chip::HEAD_DIM, Chip::ROTARY, Chip::CONTEXT, Chip::ANGLES>(out, Chip::cos, Chip::sin,
                                                                                      position, query);
        HW_TAP("q", layer, query, Chip::QUERY_ROWS);
        apply<Chip, typename Chip::K>(layer, ROPE_INPUT_BITS, true, in, root, out);
        rotate<Chip::KV_HEADS, Chip::HEAD_DIM, Chip::ROTARY, Chip::CONTEXT, Chip::ANGLES>(out, Chip::cos, Chip::sin,
                                                                                         position, key);
        HW_TAP("k", layer, key, Chip::KV_ROWS);
        store<Chip>(key, layer, position, keys);
        apply<Chip, typename Chip::V>(layer, Chip::CACHE, true, in, root, out);
        HW_TAP("v", layer, out, Chip::KV_ROWS);
        store<Chip>(out, layer, position, values);
        for (int head = 0; head < Chip::HEADS; head += Chip::TOGETHER) {
            attend<Chip::LAYERS, Chip::HEADS, Chip::KV_HEADS, Chip::HEAD_DIM, Chip::TOGETHER, Chip::CONTEXT,
                   Chip::QUERY, Chip::CACHE, Chip::ATTENTION, Chip::INPUT>(
                query, keys, values, layer, head, position, Chip::score_shift[layer], Chip::value_shift[layer],
                Chip::exp, Chip::reciprocal, in);
        }
        HW_TAP("attn", layer, in, Chip::QUERY_ROWS);
        apply<Chip, typename Chip::O>(layer, Chip::RESIDUAL, false, in, root, out);
        accumulate<Chip>(x, out);
        HW_TAP("attn_x", layer, x, Chip::DIM);

        shift_normalize<Chip::DIM, Chip::RESIDUAL, Chip::NORM>(x, Chip::eps, Chip::rsqrt, in, root);
        HW_TAP("mlp_norm", layer, in, Chip::DIM);
        HW_TAP("mlp_root", layer, &root, 1);
        apply<Chip, typename Chip::Gate>(layer, Chip::GATE, true, in, root, out);
        HW_TAP("gate", layer, out, Chip::HIDDEN);
        for (int i = 0; i < Chip::HIDDEN; i++) {
#pragma HLS PIPELINE II = 1
            gate[i] = out[i];
        }
        apply<Chip, typename Chip::Up>(layer, Chip::UP, true, in, root, out);
        HW_TAP("up", layer, out, Chip::HIDDEN);
        gated<Chip::HIDDEN, Chip::GATE, Chip::OUTPUT, Chip::MIDDLE, Chip::INPUT>(gate, out, Chip::activation,
                                                                               Chip::gate_shift[layer], in);
        HW_TAP("hidden", layer, in, Chip::HIDDEN);
        apply<Chip, typename Chip::Down>(layer, Chip::RESIDUAL, false, in, root, out);
        accumulate<Chip>(x, out);
        HW_TAP("x", layer, x, Chip::DIM);
    }
}

} // namespace hw

#endif
