// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The whole token loop on the chip: prompt in, tokens out, until the budget, a stop token or a full context.
// A full context stops with a status; it never wraps. Position and KV cache survive a call, so a call
// without reset continues: its prompt is what is not cached yet, such as the last token that came out.
// The stop token itself is not put out. All but the last prompt token end with the last layer's keys and values.
#ifndef HW_TOKEN_LOOP_HPP
#define HW_TOKEN_LOOP_HPP

#include "decoder.hpp"
#include "head.hpp"
#include "sampler.hpp"

#include "hls_stream.h"

namespace hw {

static const int STOPS = 8; // stop tokens that a request can name

enum Status {
    BUDGET_SPENT = 0, // as many tokens as asked for
    STOPPED = 1,      // a stop token was drawn
    CONTEXT_FULL = 2, // no position left for what has to be fed next
    BAD_PROMPT = 3,   // empty, or an id that the vocabulary does not have; nothing was fed
    NONE_ALLOWED = 4  // no token is allowed; of the extended sampler
};

struct Request {
    uint32_t prompt_length, budget;
    uint32_t stops[STOPS];
    uint32_t stop_count;
    Sampling sampling;
    bool reset; // forget everything before the prompt
    bool debug; // put the logits of every drawn token on the logit stream
};

struct Outcome {
    uint32_t status, produced, position;
};

// Read the prompt into `pending`: false when it is empty, too long for what is left, or has a bad id.
template <class Chip>
Status read_prompt(hls::stream<ap_uint<32> > &prompt, uint32_t length, uint32_t room,
                   ap_uint<32> pending[Chip::CONTEXT]) {
#pragma HLS INLINE off
    static const int CONTEXT = Chip::CONTEXT;
    Status status = length == 0 ? BAD_PROMPT : BUDGET_SPENT;
    for (uint32_t i = 0; i < length; i++) { // a refused prompt is drained too
#pragma HLS LOOP_TRIPCOUNT min = 1 max = CONTEXT
#pragma HLS PIPELINE II = 1
        const ap_uint<32> id = prompt.read();
        if (uint32_t(id) >= uint32_t(Chip::VOCAB))
            status = BAD_PROMPT;
        if (i < uint32_t(CONTEXT))
            pending[i] = id;
    }
    return status == BUDGET_SPENT && length > room ? CONTEXT_FULL : status;
}

// Draws by temperature and seed alone.
template <class Chip> struct PlainDraw {
    const Sampling &sampling;

    void fed(uint32_t, uint32_t) {}

    int operator()(const ap_int<Chip::LOGIT> logits[Chip::VOCAB], uint32_t position) {
#pragma HLS INLINE
        return sample<Chip::VOCAB, Chip::LOGIT, Chip::LOGIT_FRACTION>(logits, sampling, position, Chip::gumbel);
    }
};

// draw: is told every token that is fed, and gives the next id of logits; a negative one is none.
template <class Chip, class Draw>
void token_loop(hls::stream<ap_uint<32> > &prompt, const Request &request, hls::stream<ap_uint<32> > &tokens,
                hls::stream<ap_int<Chip::LOGIT> > &debug, Outcome &outcome, Draw &draw) {
    static const int CONTEXT = Chip::CONTEXT;
    static uint32_t position = 0;
    ap_uint<32> pending[CONTEXT];
    ap_int<Chip::RESIDUAL> x[Chip::DIM];
    ap_int<Chip::LOGIT> logits[Chip::VOCAB];
    if (request.reset)
        position = 0;
    const uint32_t room = uint32_t(CONTEXT) - position;
    Status status = read_prompt<Chip>(prompt, request.prompt_length, room, pending);
    bool clear = request.reset, running = status == BUDGET_SPENT && request.budget != 0;
    uint32_t fed = 0, produced = 0, token = 0;
    while (running) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = CONTEXT
        const bool from_prompt = fed < request.prompt_length;
        const uint32_t feeds = from_prompt ? uint32_t(pending[fed]) : token;
        draw.fed(feeds, position);
        embed_token<Chip>(feeds, position, x);
        decode<Chip>(x, int(position), clear, fed + 1 < request.prompt_length);
        clear = false;
        position++;
        fed++;
        if (fed < request.prompt_length)
            continue;
        head<Chip>(x, logits);
        const int drawn = draw(logits, position - 1);
        token = uint32_t(drawn);
        for (int i = 0; request.debug && i < Chip::VOCAB; i++) {
#pragma HLS PIPELINE II = 1
            debug.write(logits[i]);
        }
        if (drawn < 0)
            status = NONE_ALLOWED;
        for (uint32_t i = 0; i < uint32_t(STOPS); i++) {
#pragma HLS UNROLL
            if (drawn >= 0 && i < request.stop_count && request.stops[i] == token)
                status = STOPPED;
        }
        if (status != STOPPED && status != NONE_ALLOWED) {
            tokens.write(token);
            produced++;
            if (produced < request.budget && position == uint32_t(CONTEXT))
                status = CONTEXT_FULL;
        }
        running = status == BUDGET_SPENT && produced < request.budget;
    }
    outcome.status = status;
    outcome.produced = produced;
    outcome.position = position;
}

template <class Chip>
void token_loop(hls::stream<ap_uint<32> > &prompt, const Request &request, hls::stream<ap_uint<32> > &tokens,
                hls::stream<ap_int<Chip::LOGIT> > &debug, Outcome &outcome) {
    PlainDraw<Chip> draw = {request.sampling};
    token_loop<Chip>(prompt, request, tokens, debug, outcome, draw);
}

} // namespace hw

#endif
