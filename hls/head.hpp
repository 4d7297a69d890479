// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The head: final norm, one matrix of VOCAB rows on lanes of its own, and the logits' cap, as the model has them.
#ifndef HW_HEAD_HPP
#define HW_HEAD_HPP

#include "matvec.hpp"
#include "norm.hpp"
#include "softcap.hpp"
#include "taps.hpp"

namespace hw {

// The logits, capped softly in their own units.
template <class Chip> void cap_logits(ap_int<Chip::LOGIT> logits[Chip::VOCAB]) {
#pragma HLS INLINE off
    for (int i = 0; i < Chip::VOCAB; i++) {
#pragma HLS PIPELINE II = 1
        logits[i] = soft_cap(int64_t(logits[i]), Chip::logit_cap);
    }
}

template <class Chip>
void head(const ap_int<Chip::RESIDUAL> x[Chip::DIM], ap_int<Chip::LOGIT> logits[Chip::VOCAB]) {
#pragma HLS INLINE off
    typedef typename Chip::Head M;
    typedef typename M::Rom Rom;
    ap_int<Chip::NORM> in[Chip::DIM];
    ap_uint<MULTIPLIER_BITS> root;
    shift_normalize<Chip::DIM, Chip::RESIDUAL, Chip::NORM, Chip::FINAL_NORM>(x, Chip::eps, Chip::rsqrt, in, root);
    HW_TAP("final_norm", -1, in, Chip::DIM);
    HW_TAP("final_root", -1, &root, 1);
    Job job;
    job.address = M::ADDRESS;
    job.first_row = M::FIRST_ROW;
    job.rows = M::ROWS;
    job.cols = M::COLS;
    job.blocks = M::BLOCKS;
    job.shift = M::shift[0];
    job.bits = Chip::LOGIT;
    job.rooted = true;
    matvec<Chip::LANES, Rom::BITS, Chip::NORM, Rom::SUM, Chip::LOGIT, Chip::DIM, Chip::VOCAB, Rom::STEPS,
           Chip::VOCAB, Chip::HEAD_BIASES>(Rom::words, M::multipliers, Chip::head_biases, job, in, root, logits);
    if (Chip::LOGIT_CAP)
        cap_logits<Chip>(logits);
    HW_TAP("logits", -1, logits, Chip::VOCAB);
}

} // namespace hw

#endif
