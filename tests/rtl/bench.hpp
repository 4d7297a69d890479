// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What every bench's library has in common: a module behind a face without types, and its clock. See bench.py.
#pragma once
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

int bench_printf(const char* format, ...);
#define VL_PRINTF bench_printf

#include "verilated.h"

struct Port {
  const char* name;
  void* data;
  uint32_t bits, bytes, input;
};

struct Model {
  VerilatedContext context;
  std::string error;  // why it stopped
  explicit Model(int seed) {
    Verilated::threadContextp(&context);
    context.randReset(2);  // what nothing initialises is random
    context.randSeed(seed);
  }
  virtual ~Model() = default;
  virtual void eval() = 0;
};

// A port of the module, whatever type Verilator gave it.
struct Column {
  void* port;
  uint8_t* samples;  // [cycles, bytes]
  uint64_t bytes;
};
