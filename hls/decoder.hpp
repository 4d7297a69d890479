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

// The norm behind the embedding, in place.
template <class Chip> void embedding_norm(ap_int<Chip::RESIDUAL> x[Chip::DIM]) {
#pragma HLS INLINE off
    ap_int<Chip::NORM> a[Chip::DIM];
    ap_uint<MULTIPLIER_BITS> root;
    shift_normalize<Chip::DIM, Chip::RESIDUAL, Chip::NORM, true>(x, Chip::eps, Chip::rsqrt, a, root);
    write_back<Chip::DIM, Chip::RESIDUAL, Chip::NORM>(a, root, Chip::embedding_multipliers, Chip::EMBEDDING_SHIFT, x);
}

// The residual of token `id` at `position`.
template <class Chip> void embed_token(uint32_t id, uint32_t position, ap_int<Chip::RESIDUAL> x[Chip::DIM]) {
#pragma HLS INLINE
    typedef typename Chip::Embedding E;
    typedef typename Chip::Position P;
    embed<Chip::VOCAB, Chip::DIM, E::BITS, Chip::RESIDUAL, false>(E::words, E::multipliers, E::SHIFT, id, x);
    if (Chip::POSITIONS)
        embed<Chip::CONTEXT, Chip::DIM, P::BITS, Chip::RESIDUAL, true>(P::words, P::multipliers, P::SHIFT, position, x);
    if (Chip::EMBEDDING_NORM)
        embedding_norm<Chip>(x);
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
           Chip::MULTIPLIERS, Chip::BIASES>(Rom::words, Chip::multipliers, Chip::biases, job, in, root, out);
}

// Norm R of `layer` over each of `groups` groups of C values of x, in place; results of `bits` bits.
template <class Chip, class R, int C>
void normalize_again(int layer, int groups, int bits, ap_int<Chip::OUTPUT> x[Chip::ROWS]) {
#pragma HLS INLINE
    renormalize<C, Chip::OUTPUT, Chip::ROWS, Chip::RENORMED>(x, groups, Chip::renorm_multipliers,
                                                             R::FIRST + uint32_t(layer * groups * C), R::shift[layer],
                                                             R::eps[layer], Chip::rsqrt, bits);
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

// Queries or keys of `layer` by matrix M, through norm R where it is there, turned to `position`. KEYS: for the taps.
template <class Chip, class M, class R, int H, bool KEYS, int BITS>
void turned(int layer, int position, const ap_int<Chip::INPUT> in[Chip::COLS], ap_uint<MULTIPLIER_BITS> root,
            ap_int<Chip::OUTPUT> out[Chip::ROWS], ap_int<BITS> x[H * Chip::HEAD_DIM]) {
#pragma HLS INLINE
    static const int SIZE = Chip::HEAD_DIM;
    apply<Chip, M>(layer, ROPE_INPUT_BITS, true, in, root, out);
    if (R::THERE) {
        HW_TAP(KEYS ? "k_raw" : "q_raw", layer, out, H * SIZE);
        normalize_again<Chip, R, SIZE>(layer, H, ROPE_INPUT_BITS, out);
    }
    const int row = Chip::ROPE_SETS > 1 ? int(Chip::rope[layer]) * Chip::CONTEXT + position : position;
    rotate<H, SIZE, Chip::ROTARY, Chip::ROPE_SETS * Chip::CONTEXT, Chip::ANGLES>(out, Chip::cos, Chip::sin, row, x);
    HW_TAP(KEYS ? "k" : "q", layer, x, H * SIZE);
}

// What a branch adds to the residual: matrix M of `in`, through norm R where it is there. MLP: for the tap.
template <class Chip, class M, class R, bool MLP>
void branch(int layer, const ap_int<Chip::INPUT> in[Chip::COLS], ap_uint<MULTIPLIER_BITS> root,
            ap_int<Chip::OUTPUT> out[Chip::ROWS]) {
#pragma HLS INLINE
    apply<Chip, M>(layer, R::THERE ? RENORM_BITS : Chip::RESIDUAL, false, in, root, out);
    if (R::THERE) {
        HW_TAP(MLP ? "mlp_raw" : "attention_raw", layer, out, Chip::DIM);
        normalize_again<Chip, R, Chip::DIM>(layer, 1, Chip::RESIDUAL, out);
    }
}

// The middle of an MLP with a gate: hidden values, in place of the normalised vector that they come from.
template <class Chip>
void gated_middle(int layer, ap_int<Chip::INPUT> in[Chip::COLS], ap_uint<MULTIPLIER_BITS> root,
                  ap_int<Chip::OUTPUT> out[Chip::ROWS]) {
#pragma HLS INLINE
    ap_int<Chip::GATE> gate[Chip::HIDDEN];
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
}

// And of one without.
template <class Chip>
void plain_middle(int layer, ap_int<Chip::INPUT> in[Chip::COLS], ap_uint<MULTIPLIER_BITS> root,
                  ap_int<Chip::OUTPUT> out[Chip::ROWS]) {
#pragma HLS INLINE
    apply<Chip, typename Chip::Up>(layer, Chip::GATE, true, in, root, out);
    HW_TAP("up", layer, out, Chip::HIDDEN);
    activated<Chip::HIDDEN, Chip::GATE, Chip::OUTPUT, Chip::INPUT>(out, Chip::activation, in);
}

// The residual, normalised for the MLP.
template <class Chip>
void normalize_for_mlp(int layer, const ap_int<Chip::RESIDUAL> x[Chip::DIM], ap_int<Chip::INPUT> in[Chip::COLS],
                       ap_uint<MULTIPLIER_BITS> &root) {
#pragma HLS INLINE
    shift_normalize<Chip::DIM, Chip::RESIDUAL, Chip::NORM, true>(x, Chip::eps, Chip::rsqrt, in, root);
    HW_TAP("mlp_norm", layer, in, Chip::DIM);
    HW_TAP("mlp_root", layer, &root, 1);
}

// The first position that `layer` sees from `position`.
template <class Chip> int first_seen(int layer, int position) {
#pragma HLS INLINE
    if (!Chip::WINDOWED)
        return 0;
    const int window = int(Chip::windows[layer]);
    return window != 0 && position >= window ? position + 1 - window : 0;
}

// x through every layer at `position`, which is below Chip::CONTEXT. An inner token of a prompt leaves keys and values
// alone: it ends where the last layer has stored its own.
template <class Chip> void decode(ap_int<Chip::RESIDUAL> x[Chip::DIM], int position, bool reset, bool inner) {
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
    ap_uint<MULTIPLIER_BITS> root;
    if (reset)
        clear<Chip>(keys, values);
    for (int layer = 0; layer < Chip::LAYERS; layer++) {
        shift_normalize<Chip::DIM, Chip::RESIDUAL, Chip::NORM, true>(x, Chip::eps, Chip::rsqrt, in, root);
        HW_TAP("attn_norm", layer, in, Chip::DIM);
        HW_TAP("attn_root", layer, &root, 1);
        turned<Chip, typename Chip::Q, typename Chip::RenormQ, Chip::HEADS, false>(layer, position, in, root, out,
                                                                                   query);
        turned<Chip, typename Chip::K, typename Chip::RenormK, Chip::KV_HEADS, true>(layer, position, in, root, out,
                                                                                     key);
        store<Chip>(key, layer, position, keys);
        apply<Chip, typename Chip::V>(layer, Chip::CACHE, true, in, root, out);
        HW_TAP("v", layer, out, Chip::KV_ROWS);
        store<Chip>(out, layer, position, values);
        if (inner && layer == Chip::LAYERS - 1)
            break;
        const int start = first_seen<Chip>(layer, position);
        for (int head = 0; head < Chip::HEADS; head += Chip::TOGETHER) {
            attend<Chip::LAYERS, Chip::HEADS, Chip::KV_HEADS, Chip::HEAD_DIM, Chip::TOGETHER, Chip::CONTEXT,
                   Chip::QUERY, Chip::CACHE, Chip::ATTENTION, Chip::SCORE_CAP, Chip::ALIBI, Chip::INPUT>(
                query, keys, values, layer, head, start, position, Chip::score_shift[layer], Chip::value_shift[layer],
                Chip::score_cap, Chip::alibi, Chip::exp, Chip::reciprocal, in);
        }
        HW_TAP("attn", layer, in, Chip::QUERY_ROWS);
        branch<Chip, typename Chip::O, typename Chip::RenormAttention, false>(layer, in, root, out);
        if (Chip::PARALLEL) // the MLP reads what attention read: nothing is added yet
            normalize_for_mlp<Chip>(layer, x, in, root);
        accumulate<Chip>(x, out);
        HW_TAP("attn_x", layer, x, Chip::DIM);

        if (!Chip::PARALLEL)
            normalize_for_mlp<Chip>(layer, x, in, root);
        if (Chip::GATED)
            gated_middle<Chip>(layer, in, root, out);
        else
            plain_middle<Chip>(layer, in, root, out);
        HW_TAP("hidden", layer, in, Chip::HIDDEN);
        branch<Chip, typename Chip::Down, typename Chip::RenormMlp, true>(layer, in, root, out);
        accumulate<Chip>(x, out);
        HW_TAP("x", layer, x, Chip::DIM);
    }
}

} // namespace hw

#endif
