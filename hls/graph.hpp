// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the layers of the hls4ml graph call: each unpacks its streams, runs a kernel and packs the result. A
// tensor travels one value per beat, so no stream is wider than a value.
#ifndef HW_GRAPH_HPP
#define HW_GRAPH_HPP

#include "decoder.hpp"
#include "head.hpp"
#include "sampler.hpp"

#include "hls_stream.h"

namespace hw {

template <class T, int N, class V> void read_all(hls::stream<T> &from, V to[N]) {
#pragma HLS INLINE off
    for (int i = 0; i < N; i++) {
#pragma HLS PIPELINE II = 1
        const T beat = from.read();
        to[i] = V(int64_t(beat[0]));
    }
}

template <class T, int N, class V> void write_all(const V from[N], hls::stream<T> &to) {
#pragma HLS INLINE off
    for (int i = 0; i < N; i++) {
#pragma HLS PIPELINE II = 1
        T beat;
        beat[0] = from[i];
        to.write(beat);
    }
}

// Token id to residual. An id beyond the vocabulary reads row 0; the host checks ids.
template <class Token, class X, class Config> void embedding_layer(hls::stream<Token> &token, hls::stream<X> &x) {
    typedef typename Config::Chip Chip;
    ap_int<Chip::RESIDUAL> residual[Chip::DIM];
    const uint32_t id = uint32_t(token.read()[0]);
    embed_token<Chip>(id < uint32_t(Chip::VOCAB) ? id : 0, 0, residual);
    write_all<X, Chip::DIM>(residual, x);
}

// The same where positions are learned. One beyond the context reads row 0: no layer computes anything there.
template <class Token, class Position, class X, class Config>
void embedding_at_layer(hls::stream<Token> &token, hls::stream<Position> &position, hls::stream<X> &x) {
    typedef typename Config::Chip Chip;
    ap_int<Chip::RESIDUAL> residual[Chip::DIM];
    const uint32_t id = uint32_t(token.read()[0]), at = uint32_t(position.read()[0]);
    embed_token<Chip>(id < uint32_t(Chip::VOCAB) ? id : 0, at < uint32_t(Chip::CONTEXT) ? at : 0, residual);
    write_all<X, Chip::DIM>(residual, x);
}

// Residual through all layers. Beyond the context nothing is computed, and nothing is cached.
template <class X, class Position, class Reset, class Y, class Config>
void decoder_layer(hls::stream<X> &x, hls::stream<Position> &position, hls::stream<Reset> &reset,
                   hls::stream<Y> &y) {
    typedef typename Config::Chip Chip;
    ap_int<Chip::RESIDUAL> residual[Chip::DIM];
    const uint32_t at = uint32_t(position.read()[0]);
    const bool fresh = reset.read()[0] != 0;
    read_all<X, Chip::DIM>(x, residual);
    if (at < uint32_t(Chip::CONTEXT))
        decode<Chip>(residual, int(at), fresh, false);
    write_all<Y, Chip::DIM>(residual, y);
}

template <class X, class Logit, class Config> void head_layer(hls::stream<X> &x, hls::stream<Logit> &logits) {
    typedef typename Config::Chip Chip;
    ap_int<Chip::RESIDUAL> residual[Chip::DIM];
    ap_int<Chip::LOGIT> all[Chip::VOCAB];
    read_all<X, Chip::DIM>(x, residual);
    head<Chip>(residual, all);
    write_all<Logit, Chip::VOCAB>(all, logits);
}

// Next id of the logits; VOCAB, which is no id, beyond the context. draw: 1 / T, then the seed's 16-bit words
// from the lowest, each of which a float32 of hls4ml's predict() carries exactly.
template <class Logit, class Position, class Draw, class Token, class Config>
void sampler_layer(hls::stream<Logit> &logits, hls::stream<Position> &position, hls::stream<Draw> &draw,
                   hls::stream<Token> &token) {
    typedef typename Config::Chip Chip;
    ap_int<Chip::LOGIT> all[Chip::VOCAB];
    const uint32_t at = uint32_t(position.read()[0]);
    const Draw words = draw.read();
    Sampling sampling;
    sampling.inverse_t = uint32_t(words[0]);
    sampling.seed = 0;
    for (int i = 0; i < 4; i++) {
#pragma HLS UNROLL
        sampling.seed |= uint64_t(words[1 + i]) << (16 * i);
    }
    read_all<Logit, Chip::VOCAB>(logits, all);
    const int drawn = sample<Chip::VOCAB, Chip::LOGIT, Chip::LOGIT_FRACTION>(all, sampling, at, Chip::gumbel);
    Token beat;
    beat[0] = at < uint32_t(Chip::CONTEXT) ? drawn : Chip::VOCAB;
    token.write(beat);
}

} // namespace hw

#endif
