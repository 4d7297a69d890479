// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The token loop's draws by the extended sampler: which tokens of the context count as seen, and a record of each draw.
#ifndef HW_CHOICE_DRAW_HPP
#define HW_CHOICE_DRAW_HPP

#include "choice.hpp"

#include "hls_stream.h"

namespace hw {

// Bits of the tokens among the last of a context's; `history` has its tokens by position.
template <int V>
void mark_seen(const uint32_t history[], uint32_t position, const Narrowing &how, ap_uint<32> seen[(V + 31) / 32]) {
#pragma HLS INLINE off
    static const int WORDS = (V + 31) / 32;
    for (int word = 0; word < WORDS; word++) {
#pragma HLS PIPELINE II = 1
        seen[word] = 0;
    }
    const uint32_t all = position + 1;
    const uint32_t count = how.window == 0 || how.window > all ? all : how.window;
    for (uint32_t back = 0; back < count; back++) {
#pragma HLS PIPELINE II = 2
        const uint32_t id = history[position - back];
        seen[id / 32] = uint32_t(seen[id / 32]) | (1u << (id % 32));
    }
}

// What token_loop draws with: the extended sampler, or without options the plain one. `told` has 2 BEST + 4 words of a draw: token, logit, total, count, ids, logits.
template <class Chip, int BEST> struct ChoiceDraw {
    const Sampling &sampling;
    const Narrowing &how;
    const ap_uint<32> *allowed;
    const uint32_t *octave;
    hls::stream<ap_int<64> > &told;
    bool tells, extended;
    uint32_t *history;

    void fed(uint32_t token, uint32_t position) {
#pragma HLS INLINE
        history[position] = token;
    }

    int operator()(const ap_int<Chip::LOGIT> logits[Chip::VOCAB], uint32_t position) {
#pragma HLS INLINE
        if (!extended)
            return sample<Chip::VOCAB, Chip::LOGIT, Chip::LOGIT_FRACTION>(logits, sampling, position, Chip::gumbel);
        ap_uint<32> seen[(Chip::VOCAB + 31) / 32];
        Chosen<BEST> chosen;
        mark_seen<Chip::VOCAB>(history, position, how, seen);
        choose<Chip::VOCAB, Chip::LOGIT, Chip::LOGIT_FRACTION, BEST>(logits, sampling, position, how, seen, allowed,
                                                                     Chip::gumbel, octave, chosen);
        if (tells)
            tell(chosen);
        return chosen.token;
    }

    void tell(const Chosen<BEST> &chosen) {
#pragma HLS INLINE off
        told.write(chosen.token);
        told.write(chosen.logit);
        told.write(chosen.total);
        told.write(chosen.count);
        static const int TOLD = 2 * BEST;
        for (int i = 0; i < TOLD; i++) {
#pragma HLS PIPELINE II = 1
            const int64_t entry = i < BEST ? int64_t(chosen.ids[i]) : chosen.logits[i - BEST];
            told.write(i % BEST < chosen.count ? entry : int64_t(0));
        }
    }
};

} // namespace hw

#endif
