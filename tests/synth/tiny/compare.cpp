// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Prints a hash of every output of every cycle of `tiny` under random stimulus, so that two models can be compared.
//   compare CYCLES SEED        one line per cycle
#include <cstdio>
#include <cstdlib>
#include <random>
#include "Vtiny.h"
#include "verilated.h"

int main(int argc, char** argv) {
  VerilatedContext context;
  Vtiny dut(&context);
  std::mt19937 draw(argc > 2 ? std::atoi(argv[2]) : 1);
  const int cycles = argc > 1 ? std::atoi(argv[1]) : 1000;
  for (int cycle = 0; cycle < cycles; cycle++) {
    // Reset at the start, and once in the middle of the work.
    dut.rst_ni = cycle >= 4 && !(cycle > cycles / 2 && cycle < cycles / 2 + 3);
    dut.valid_i = draw() % 4 != 0;
    dut.keep_i = draw() % 2;
    dut.data_i = draw();
    dut.clk_i = 0;
    dut.eval();
    dut.clk_i = 1;
    dut.eval();
    if (cycle >= 4)
      std::printf("%d %d %06x %06x %02x\n", dut.ready_o, dut.valid_o, dut.high_o & 0xffffff, dut.low_o & 0xffffff,
                  dut.old_o);
  }
  return 0;
}
