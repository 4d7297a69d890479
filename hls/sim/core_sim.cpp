// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// Simulation only: the core of an HLS project as the functions that hardwire_chip_core.sv imports.
#include <cstdint>
#include <vector>

// Hidden, so that the kernels' static state, the KV cache, is one for each library that is loaded, not for the process.
#pragma GCC visibility push(hidden)
#include "hardwire_chip_core.hpp"
#pragma GCC visibility pop

namespace {
std::vector<int> last_logits;
}

extern "C" {

// Run one command of hw::COMMAND_BITS, in words of 32 bits from the lowest; the drawn token, and how many logits.
int hw_core_run(const uint32_t *command, int *count) {
    hls::stream<ap_uint<hw::COMMAND_BITS> > in;
    hls::stream<ap_int<32> > logits;
    hls::stream<ap_uint<32> > token;
    ap_uint<hw::COMMAND_BITS> word = 0;
    for (int i = (hw::COMMAND_BITS + 31) / 32 - 1; i >= 0; i--)
        word = (word << 32) | ap_uint<hw::COMMAND_BITS>(command[i]);
    in.write(word);
    hardwire_chip_core(in, logits, token);
    last_logits.clear();
    while (!logits.empty())
        last_logits.push_back(int(logits.read()));
    *count = int(last_logits.size());
    return int(token.read());
}

int hw_core_logit(int index) { return last_logits.at(index); }
}
