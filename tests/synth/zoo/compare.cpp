// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Prints every output of every cycle of `zoo` under random stimulus.
//   compare CYCLES SEED        one line per cycle, a word per lane
#include <cstdio>
#include <cstdlib>
#include <random>
#include "Vzoo.h"
#include "verilated.h"

int main(int argc, char** argv) {
  VerilatedContext context;
  Vzoo dut(&context);
  std::mt19937 draw(argc > 2 ? std::atoi(argv[2]) : 1);
  const int cycles = argc > 1 ? std::atoi(argv[1]) : 1000;
  for (int cycle = 0; cycle < cycles; cycle++) {
    // Few addresses, so that reads meet writes; now and then any address.
    const unsigned mask = draw() % 8 ? 0xf00f : 0xffff;
    dut.waddr_i = draw() & mask;
    dut.raddr_i = draw() % 4 ? draw() & mask : dut.waddr_i;
    dut.we_i = draw() % 2;
    dut.en_i = draw() % 4 != 0;
    dut.rst_i = draw() % 8 == 0;
    dut.be_i = draw();
    for (int i = 0; i < 3; i++) dut.data_i[i] = draw();
    dut.data_i[2] &= 0xff;
    dut.clk_i = 0;
    dut.eval();
    dut.clk_i = 1;
    dut.eval();
    for (int lane = 0; lane < 19; lane++) std::printf("%08x ", dut.out_o[lane]);
    std::printf("\n");
  }
  return 0;
}
