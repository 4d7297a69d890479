// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip at its AXI4-Lite port: whole transactions, one at a time, as a processor's loads and stores of device memory
// are. tests/axi takes the port apart.
#include <cstdint>
#include <memory>

#include "Vhardwire_chip.h"
#include "verilated.h"

namespace {

constexpr int kReset = 16;  // cycles, as AXI asks
constexpr int kPatience = 1000;  // cycles until a handshake counts as lost

struct Chip {
  std::unique_ptr<VerilatedContext> context = std::make_unique<VerilatedContext>();
  std::unique_ptr<Vhardwire_chip> top;
  uint64_t cycle = 0;

  void low() { top->s_axi_aclk = 0; top->eval(); }
  void high() { top->s_axi_aclk = 1; top->eval(); cycle++; }
  void step() { low(); high(); }
  void reset(int cycles) {
    top->s_axi_aresetn = 0;
    for (int i = 0; i < cycles; i++) step();
    top->s_axi_aresetn = 1;
    for (int i = 0; i < 8; i++) step();
  }
};

}  // namespace

extern "C" {

void* chip_new() {
  auto* chip = new Chip;
  chip->top = std::make_unique<Vhardwire_chip>(chip->context.get());
  chip->reset(8);  // its first cycle reads the ROM files, named relative to the current directory
  return chip;
}

void chip_reset(void* handle) { static_cast<Chip*>(handle)->reset(kReset); }

void chip_delete(void* handle) { delete static_cast<Chip*>(handle); }

void chip_run(void* handle, uint64_t cycles) {
  for (uint64_t i = 0; i < cycles; i++) static_cast<Chip*>(handle)->step();
}

uint64_t chip_cycle(void* handle) { return static_cast<Chip*>(handle)->cycle; }
uint32_t chip_irq(void* handle) { return static_cast<Chip*>(handle)->top->irq; }

// Cycles until the interrupt is high, `limit` of them at most.
void chip_await(void* handle, uint64_t limit) {
  auto* chip = static_cast<Chip*>(handle);
  for (uint64_t i = 0; i < limit && !chip->top->irq; i++) chip->step();
}

// 0, or 1 when a handshake was lost, or 2 + the response when it is not OKAY.
int chip_read(void* handle, uint32_t address, uint32_t* word) {
  auto* chip = static_cast<Chip*>(handle);
  auto& top = *chip->top;
  bool asked = false;
  top.s_axi_araddr = address;
  top.s_axi_arvalid = 1;
  top.s_axi_rready = 1;
  for (int i = 0; i < kPatience; i++) {
    chip->low();
    const bool taken = top.s_axi_arvalid && top.s_axi_arready;
    const bool there = asked && top.s_axi_rvalid;
    const uint32_t data = top.s_axi_rdata, response = top.s_axi_rresp;
    chip->high();
    if (taken) {
      top.s_axi_arvalid = 0;
      asked = true;
    }
    if (there) {
      top.s_axi_rready = 0;
      *word = data;
      return response ? 2 + static_cast<int>(response) : 0;
    }
  }
  return 1;
}

int chip_write(void* handle, uint32_t address, uint32_t word, uint32_t strobe) {
  auto* chip = static_cast<Chip*>(handle);
  auto& top = *chip->top;
  top.s_axi_awaddr = address;
  top.s_axi_awvalid = 1;
  top.s_axi_wdata = word;
  top.s_axi_wstrb = strobe;
  top.s_axi_wvalid = 1;
  top.s_axi_bready = 1;
  for (int i = 0; i < kPatience; i++) {
    chip->low();
    const bool address_taken = top.s_axi_awvalid && top.s_axi_awready;
    const bool data_taken = top.s_axi_wvalid && top.s_axi_wready;
    const bool done = top.s_axi_bvalid;
    const uint32_t response = top.s_axi_bresp;
    chip->high();
    if (address_taken) top.s_axi_awvalid = 0;
    if (data_taken) top.s_axi_wvalid = 0;
    if (done) {
      top.s_axi_bready = 0;
      return response ? 2 + static_cast<int>(response) : 0;
    }
  }
  return 1;
}

}  // extern "C"
