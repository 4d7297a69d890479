// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The Verilator model behind a C interface: requests run here, cycle by cycle, so that Python calls once per request.
#include <cstdint>
#include <memory>

#include "Vhardwire_top.h"
#include "ports.hpp"
#include "verilated.h"

namespace {

// A struct is one number at a port, of up to 64 bits or of words of 32. Bit by bit: a field may lie across words.
template <typename T>
bool bit(const T& port, int at) {
  return (static_cast<uint64_t>(port) >> at) & 1;
}

template <std::size_t N>
bool bit(const VlWide<N>& port, int at) {
  return (port[at / 32] >> (at % 32)) & 1;
}

template <typename T>
void set(T& port, int at) {
  port |= static_cast<T>(1ull << at);
}

template <std::size_t N>
void set(VlWide<N>& port, int at) {
  port[at / 32] |= 1u << (at % 32);
}

template <typename T>
uint64_t get(const T& port, Place field, int lane = 0) {
  uint64_t value = 0;
  for (int i = 0; i < field.bits; i++) {
    value |= static_cast<uint64_t>(bit(port, field.low + lane * field.bits + i)) << i;
  }
  return value;
}

// Into a port that is zero there.
template <typename T>
void put(T& port, Place field, uint64_t value, int lane = 0) {
  for (int i = 0; i < field.bits; i++) {
    if ((value >> i) & 1) set(port, field.low + lane * field.bits + i);
  }
}

template <typename T>
void zero(T& port) {
  port = 0;
}

template <std::size_t N>
void zero(VlWide<N>& port) {
  for (std::size_t i = 0; i < N; i++) port[i] = 0;
}

struct Sim {
  std::unique_ptr<VerilatedContext> context = std::make_unique<VerilatedContext>();
  std::unique_ptr<Vhardwire_top> top;
  uint64_t cycle = 0;
  uint32_t noise = 1;

  void low() { top->clk_i = 0; top->eval(); }
  void high() { top->clk_i = 1; top->eval(); cycle++; }
  bool flip(uint32_t one_in) {  // xorshift: true once in one_in
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^= noise << 5;
    return noise % one_in == 0;
  }
};

}  // namespace

extern "C" {

struct Request {
  const uint32_t* prompt;
  uint32_t prompt_length, budget, clear;
  const uint32_t* stops;
  uint32_t stop_count, inverse;
  uint64_t seed;
  uint32_t stall;         // 0: never; otherwise the streams pause at random, seeded by this
  uint64_t abort_after;   // cycles until a reset, 0: none
  uint32_t vocab, groups;
};

struct Result {
  uint32_t* tokens;    // [token_room]
  uint32_t token_room;
  int32_t* logits;     // [logit_room, vocab] or null
  uint32_t logit_room;
  uint64_t* fetches;   // [fetch_room]: the cycle of each token's fetch
  uint32_t fetch_room;
  uint32_t token_count, logit_count, fetch_count, status, position;
  uint64_t cycles;
};

void* hw_new() {
  auto* sim = new Sim;
  sim->top = std::make_unique<Vhardwire_top>(sim->context.get());
  sim->low();  // reads the ROM files, named relative to the current directory
  return sim;
}

void hw_delete(void* handle) { delete static_cast<Sim*>(handle); }

void hw_reset(void* handle) {
  auto* sim = static_cast<Sim*>(handle);
  sim->top->rst_i = 1;
  sim->top->request_valid_i = 0;
  sim->top->prompt_valid_i = 0;
  for (int i = 0; i < LeastReset; i++) { sim->low(); sim->high(); }
  sim->top->rst_i = 0;
}

// 0 when the request ended, 1 when it was aborted by a reset, 2 when it did not end within the given cycles.
int hw_run(void* handle, const Request* request, Result* result, uint64_t limit) {
  auto* sim = static_cast<Sim*>(handle);
  auto& top = *sim->top;
  const uint64_t begin = sim->cycle;
  uint32_t fed = 0;
  bool finished = false;
  sim->noise = request->stall ? request->stall : 1;
  zero(top.request_i);
  put(top.request_i, request::clear, request->clear);
  put(top.request_i, request::budget, request->budget);
  put(top.request_i, request::seed, request->seed);
  put(top.request_i, request::inverse, request->inverse);
  for (uint32_t i = 0; i < request->stop_count; i++) {
    put(top.request_i, request::stop, request->stops[i], i);
    put(top.request_i, request::stop_valid, 1, i);
  }
  top.request_valid_i = 1;
  while (!finished) {
    const bool pause = request->stall && !sim->flip(4);
    top.token_ready_i = !pause;
    if (!top.prompt_valid_i || request->stall == 0) {
      top.prompt_valid_i = fed < request->prompt_length && !(request->stall && sim->flip(2));
    }
    zero(top.prompt_i);
    put(top.prompt_i, prompt::id, fed < request->prompt_length ? request->prompt[fed] : 0);
    put(top.prompt_i, prompt::last, fed + 1 == request->prompt_length);
    sim->low();
    const bool taken = top.prompt_valid_i && top.prompt_ready_o;
    if (top.fetch_o && result->fetch_count < result->fetch_room) result->fetches[result->fetch_count++] = sim->cycle - begin;
    if (top.token_valid_o && top.token_ready_i && result->token_count < result->token_room) {
      result->tokens[result->token_count++] = get(top.token_o, token::id);
    }
    if (top.logits_valid_o && result->logits && result->logit_count < result->logit_room) {
      int32_t* row = result->logits + static_cast<uint64_t>(result->logit_count) * request->vocab;
      const uint32_t base = get(top.logits_o, logits::row) * request->groups;
      for (uint32_t g = 0; g < request->groups && base + g < request->vocab; g++) {
        const int unused = 32 - logits::value.bits;
        row[base + g] = static_cast<int32_t>(get(top.logits_o, logits::value, g) << unused) >> unused;
      }
      if (base + request->groups >= request->vocab) result->logit_count++;
    }
    const bool busy = top.request_valid_i || get(top.progress_o, progress::busy);
    const bool idle = !busy && !(top.token_valid_o && !top.token_ready_i);
    sim->high();
    top.request_valid_i = 0;
    if (taken) { fed++; top.prompt_valid_i = 0; }
    finished = idle;
    if (request->abort_after && sim->cycle - begin >= request->abort_after) {
      hw_reset(handle);
      return 1;
    }
    if (sim->cycle - begin > limit) return 2;
  }
  result->status = get(top.progress_o, progress::status);
  result->position = get(top.progress_o, progress::position);
  result->cycles = sim->cycle - begin;
  return 0;
}

// The contents of the memories, of a build whose can be written: the chip is reset, then a word a cycle.
void hw_load(void* handle, const uint32_t* words, uint64_t count) {
  auto* sim = static_cast<Sim*>(handle);
  auto& top = *sim->top;
  hw_reset(handle);
  for (uint64_t i = 0; i < count; i++) {
    top.load_valid_i = 1;
    top.load_data_i = words[i];
    sim->low();
    sim->high();
  }
  top.load_valid_i = 0;
  for (int i = 0; i < 4; i++) { sim->low(); sim->high(); }
}

// A word of the trace window. What belongs to the last token is in it a few cycles behind the end of a request.
uint32_t hw_trace(void* handle, uint32_t word) {
  auto* sim = static_cast<Sim*>(handle);
  sim->top->trace_addr_i = word;
  for (int i = 0; i < 8; i++) { sim->low(); sim->high(); }
  return sim->top->trace_data_o;
}

}  // extern "C"
