// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// One token per call, for an engine in RTL that keeps the token loop: a command in; logits, then the drawn token out.
// The KV cache is the decoder's static state; the command of position 0 clears it. rtl/streamed/streamed_engine.sv is
// the other side.
#ifndef HW_CORE_HPP
#define HW_CORE_HPP

#include "decoder.hpp"
#include "head.hpp"
#include "sampler.hpp"

#include "hls_stream.h"

namespace hw {

static const int COMMAND_BITS = 152; // whole bytes, as an AXI stream has them

// Bits of a command, from the lowest.
static const int COMMAND_ID = 0, COMMAND_POSITION = 32, COMMAND_SEED = 64, COMMAND_INVERSE_T = 128,
                 COMMAND_BRIEF = 145;

template <class Chip>
void core(hls::stream<ap_uint<COMMAND_BITS> > &command, hls::stream<ap_int<32> > &logits,
          hls::stream<ap_uint<32> > &token) {
#pragma HLS INLINE
    const ap_uint<COMMAND_BITS> word = command.read();
    const uint32_t id = uint32_t(word >> COMMAND_ID), position = uint32_t(word >> COMMAND_POSITION);
    const bool brief = ((word >> COMMAND_BRIEF) & 1) != 0; // a token of the prompt: nothing is drawn
    Sampling sampling;
    sampling.seed = uint64_t(word >> COMMAND_SEED);
    sampling.inverse_t = uint32_t(word >> COMMAND_INVERSE_T) & 0x1FFFF;
    ap_int<Chip::RESIDUAL> x[Chip::DIM];
    ap_int<Chip::LOGIT> all[Chip::VOCAB];
    uint32_t drawn = 0;
    embed_token<Chip>(id, position, x);
    decode<Chip>(x, int(position), position == 0, brief);
    if (!brief) {
        head<Chip>(x, all);
        for (int i = 0; i < Chip::VOCAB; i++) {
#pragma HLS PIPELINE II = 1
            logits.write(all[i]);
        }
        drawn = uint32_t(sample<Chip::VOCAB, Chip::LOGIT, Chip::LOGIT_FRACTION>(all, sampling, position,
                                                                               Chip::gumbel));
    }
    token.write(drawn);
}

} // namespace hw

#endif
