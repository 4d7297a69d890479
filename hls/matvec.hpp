// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Integer matrix times vector on LANES multipliers, output-stationary: every cycle one input column meets
// LANES rows. Requantising is folded into the same loop: while a block of rows is summed, the block before
// it is scaled and written, one row per cycle.
//
// Weight words: the rows of a matrix are cut into blocks of LANES (the last one padded with zero rows). One
// ROM word per (layer, block, column), in this order, holds the LANES weights of that column, BITS bits
// each, two's complement, dense, lane 0 in the lowest bits of the first uint64_t.
#ifndef HW_MATVEC_HPP
#define HW_MATVEC_HPP

#include "fixed.hpp"

namespace hw {

static const int ROOT_SHIFT = 17;

// Value `index` of a dense little-endian string of BITS-bit two's complement values.
template <int BITS> int unpack(const uint64_t *words, int index) {
#pragma HLS INLINE
    const int first = index * BITS, word = first >> 6, offset = first & 63;
    uint64_t value = words[word] >> offset;
    if (64 % BITS != 0 && offset + BITS > 64)
        value |= words[word + 1] << (64 - offset);
    return int(int64_t(value << (64 - BITS)) >> (64 - BITS)); // sign extension
}

// A row's multiplier times a norm's reciprocal root, both at most 17 bits, in 17 bits again.
inline uint32_t fold_root(uint32_t multiplier, uint32_t root) {
#pragma HLS INLINE
    const int64_t folded = round_shift(int64_t(multiplier) * int64_t(root), ROOT_SHIFT);
    const int64_t top = (int64_t(1) << MULTIPLIER_BITS) - 1;
    return uint32_t(folded < top ? folded : top);
}

// One matrix of one layer, as the engine sees it.
struct Job {
    uint32_t address;   // of its first ROM word
    uint32_t first_row; // of its first multiplier, and bias
    uint32_t rows, cols, blocks;
    uint8_t shift;
    uint8_t bits;  // of an output
    bool rooted;   // a norm's root joins the multiplier
};

// y[rows] = requantize(W a[cols]), a row's bias added before saturation. IN: bits of an input; ACC: bits of a
// sum, its worst case, so it cannot overflow; OUT: bits of the output buffer, at least job.bits. COLS, ROWS,
// STEPS, MULTIPLIERS: sizes of the buffers and ROMs. BIASES: 0, or as many as multipliers; where another matrix
// has biases, those of one without are zeros. One instance serves every matrix of BITS bits. A multiplier is
// stored in 32 bits and read as the 17 that it has, which is what the multiplications need to know; so is a bias.
template <int LANES, int BITS, int IN, int ACC, int OUT, int COLS, int ROWS, int STEPS, int MULTIPLIERS, int BIASES>
void matvec(const uint64_t rom[STEPS][(LANES * BITS + 63) / 64], const uint32_t multipliers[MULTIPLIERS],
            const int32_t biases[BIASES == 0 ? 1 : BIASES], Job job, const ap_int<IN> a[COLS],
            ap_uint<MULTIPLIER_BITS> root, ap_int<OUT> y[ROWS]) {
#pragma HLS INLINE off
#pragma HLS ARRAY_RESHAPE variable = rom complete dim = 2
    static const int BLOCKS = (ROWS + LANES - 1) / LANES;
    ap_int<ACC> sums[LANES], done[LANES];
#pragma HLS ARRAY_PARTITION variable = sums complete
#pragma HLS ARRAY_PARTITION variable = done complete
    const uint32_t drain = job.rows < uint32_t(LANES) ? job.rows : uint32_t(LANES);
    const uint32_t full = job.cols > drain ? job.cols : drain;
    uint32_t address = job.address;
    uint32_t row = 0;
    for (int lane = 0; lane < LANES; lane++) {
#pragma HLS UNROLL
        sums[lane] = 0;
        done[lane] = 0;
    }
    for (uint32_t block = 0; block <= job.blocks; block++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = BLOCKS
        const uint32_t steps = block < job.blocks ? full : drain;
        for (uint32_t step = 0; step < steps; step++) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = COLS
#pragma HLS PIPELINE II = 1
            if (block < job.blocks && step < job.cols) {
                const int column = int(a[step]);
                for (int lane = 0; lane < LANES; lane++) {
#pragma HLS UNROLL
                    const int product = column * unpack<BITS>(rom[address], lane); // IN + BITS bits
                    sums[lane] += product;
                }
                address++;
            }
            if (block > 0 && step < drain && row < job.rows) {
                const ap_uint<MULTIPLIER_BITS> own = multipliers[job.first_row + row];
                const ap_uint<MULTIPLIER_BITS> multiplier =
                    job.rooted ? fold_root(uint32_t(own), uint32_t(root)) : uint32_t(own);
                const int64_t rounded = round_shift(int64_t(done[step]) * int64_t(multiplier), job.shift);
                ap_int<BIAS_BITS> bias = 0;
                if (BIASES != 0)
                    bias = biases[job.first_row + row];
                y[row] = saturate(rounded + int64_t(bias), job.bits);
                row++;
            }
            if (step + 1 == steps) {
                for (int lane = 0; lane < LANES; lane++) {
#pragma HLS UNROLL
                    done[lane] = sums[lane];
                    sums[lane] = 0;
                }
            }
        }
    }
}

} // namespace hw

#endif
