// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Compiled once for all benches, with Verilator's own C++: the clock's loop, and what $fatal, $stop and a failed
// assertion do, which is to end the run with a message instead of the process.
#include "bench.hpp"

#include <cstdarg>
#include <cstring>
#include <stdexcept>

namespace {

std::string printed;  // since the last evaluation began: the message of a failed assertion

int guarded(Model* model, void (*body)(Model*, void*), void* argument) {
  if (!model->error.empty()) return 1;
  printed.clear();
  try {
    body(model, argument);
  } catch (const std::exception& failure) {
    model->error = printed + failure.what();
    return 1;
  }
  return 0;
}

struct Run {
  const Column* in;
  const Column* out;
  uint64_t ins, outs, cycles;
  void* clock;
  uint64_t clock_bytes, clock_high;
};

void play(Model* model, void* argument) {
  const Run& run = *static_cast<Run*>(argument);
  const uint64_t low = 0;
  for (uint64_t cycle = 0; cycle < run.cycles; cycle++) {
    for (uint64_t i = 0; i < run.ins; i++)
      std::memcpy(run.in[i].port, run.in[i].samples + cycle * run.in[i].bytes, run.in[i].bytes);
    if (run.clock) std::memcpy(run.clock, &low, run.clock_bytes);
    model->eval();
    for (uint64_t i = 0; i < run.outs; i++)
      std::memcpy(run.out[i].samples + cycle * run.out[i].bytes, run.out[i].port, run.out[i].bytes);
    if (!run.clock) continue;
    std::memcpy(run.clock, &run.clock_high, run.clock_bytes);
    model->eval();
  }
}

}  // namespace

int bench_printf(const char* format, ...) {
  char line[4096];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  printed += line;
  return length;
}

namespace {
[[noreturn]] void stop(const char* file, int line, const char* message) {
  throw std::runtime_error(std::string(message) + " (" + file + ":" + std::to_string(line) + ")");
}
}  // namespace

void vl_finish(const char* file, int line, const char*) { stop(file, line, "$finish"); }
void vl_stop(const char* file, int line, const char*) { stop(file, line, "stopped"); }
void vl_fatal(const char* file, int line, const char*, const char* message) { stop(file, line, message); }
void vl_warn(const char* file, int line, const char*, const char* message) { stop(file, line, message); }  // a hex file

extern "C" {
const char* bench_error(Model* model) { return model->error.c_str(); }
void bench_delete(Model* model) { delete model; }
int bench_eval(Model* model) {
  return guarded(model, [](Model* each, void*) { each->eval(); }, nullptr);
}
int bench_run(Model* model, const Run* run) { return guarded(model, play, const_cast<Run*>(run)); }
}
