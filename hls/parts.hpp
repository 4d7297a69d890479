// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The parts that a decoder may have or lack, as a Llama-like one has them. The generated Chip derives from Parts and
// hides what is otherwise in its model. A table that it lacks has one entry here, which is named and never read, so it
// costs nothing. See Wiring in chip_format.py.
#ifndef HW_PARTS_HPP
#define HW_PARTS_HPP

#include <stdint.h>

namespace hw {

// A norm inside a layer that the decoder lacks.
template <class Unused> struct NoRenorm {
    static constexpr bool THERE = false;
    static constexpr uint32_t FIRST = 0; // of its multipliers
    static const uint8_t shift[1];
    static const uint32_t eps[1];
};

// A template, because a header can define the tables of one.
template <class Unused> struct PlainParts {
    static constexpr bool GATED = true;           // the MLP is down(act(gate) * up), otherwise down(act(up))
    static constexpr bool POSITIONS = false;      // learned, added to the embedding
    static constexpr bool EMBEDDING_NORM = false; // behind the embedding, written back to the residual
    static constexpr bool FINAL_NORM = true;      // otherwise the head reads the residual as it is
    static constexpr bool PARALLEL = false;       // attention and MLP read the same residual
    static constexpr bool SCORE_CAP = false, LOGIT_CAP = false, WINDOWED = false;
    static constexpr int ALIBI = 0;                   // bits of a score with the bias that its place gives it
    static constexpr int BIASES = 0, HEAD_BIASES = 0; // entries of biases and head_biases
    static constexpr int ROPE_SETS = 1;               // sets of angles, CONTEXT rows each
    static constexpr int RENORMED = 1;                // entries of renorm_multipliers
    static constexpr int EMBEDDING_SHIFT = 0;         // of embedding_multipliers
    typedef NoRenorm<Unused> RenormQ, RenormK, RenormAttention, RenormMlp;
    static const uint8_t gate_shift[1];
    static const int32_t biases[1], head_biases[1];
    static const uint32_t embedding_multipliers[1], renorm_multipliers[1];
    static const int16_t score_cap[1], logit_cap[1];
    static const uint32_t alibi[1];   // of each head: the bias per position, in steps of exp, ALIBI_FRACTION bits behind
    static const uint32_t windows[1]; // of each layer: positions that it sees, itself included; 0: all
    static const uint16_t rope[1];    // of each layer: its set of angles
};

template <class Unused> const uint8_t NoRenorm<Unused>::shift[1] = {0};
template <class Unused> const uint32_t NoRenorm<Unused>::eps[1] = {0};
template <class Unused> const uint8_t PlainParts<Unused>::gate_shift[1] = {0};
template <class Unused> const int32_t PlainParts<Unused>::biases[1] = {0};
template <class Unused> const int32_t PlainParts<Unused>::head_biases[1] = {0};
template <class Unused> const uint32_t PlainParts<Unused>::embedding_multipliers[1] = {0};
template <class Unused> const uint32_t PlainParts<Unused>::renorm_multipliers[1] = {0};
template <class Unused> const int16_t PlainParts<Unused>::score_cap[1] = {0};
template <class Unused> const int16_t PlainParts<Unused>::logit_cap[1] = {0};
template <class Unused> const uint32_t PlainParts<Unused>::alibi[1] = {0};
template <class Unused> const uint32_t PlainParts<Unused>::windows[1] = {0};
template <class Unused> const uint16_t PlainParts<Unused>::rope[1] = {0};

typedef PlainParts<void> Parts;

} // namespace hw

#endif
