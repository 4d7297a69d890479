// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The Verilator model behind a C interface: requests run here, cycle by cycle, so that Python calls once per request.
#include <cstdint>
#include <memory>
#include <vector>

#include "Vhardwire_top.h"
#include "ports.hpp"
#if __has_include("choice_ports.hpp")
#include "choice_ports.hpp"  // of a build with the extended sampler
#define HW_CHOICE
#endif
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

  void low() { top->clk_i = 0; top->eval(); }
  void high() { top->clk_i = 1; top->eval(); cycle++; }
};

// Of a stream, where a port has a struct for each.
Place of(Place field, int size, int stream) { return {field.low + size * stream, field.bits}; }

}  // namespace

extern "C" {

struct Request {
  uint32_t stream;
  uint64_t after;         // cycles until it begins
  const uint32_t* prompt;
  uint32_t prompt_length, budget, clear;
  const uint32_t* stops;
  uint32_t stop_count, inverse;
  uint64_t seed;
  uint32_t stall;         // 0: never; otherwise the streams pause at random, seeded by this
  uint64_t abort_after;   // cycles until a reset, 0: none
  uint32_t vocab, groups;
  const uint32_t* choice;  // fields of choice_t in their order, of a request that has options, or null
  const uint32_t* mask;    // of allowed tokens, or null
  const uint32_t* classes; // of a guide that is to be written first: each token's class, or null
  const uint32_t* table;   // [table_words] its entries, a class above 16 bits of a row
  uint32_t table_words, guide_state;
  uint32_t drafts;        // may be made
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
  int64_t* drawn;      // [token_room][3 + 2 Best] of each token, where asked for, or null: logit, total, count, best
  uint32_t none;       // of the last draw no token was allowed
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

}  // extern "C"

namespace {

// A request while it runs.
struct Running {
  const Request& request;
  Result& result;
  uint32_t noise, fed = 0;
  bool begun = false, offered = false, finished = false, over = false;
  int reading = 0;  // best tokens of the last one drawn that are still to be read

  Running(const Request& asked, Result& given)
      : request(asked), result(given), noise(asked.stall ? asked.stall : 1) {}

  bool flip(uint32_t one_in) {  // xorshift: true once in one_in
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^= noise << 5;
    return noise % one_in == 0;
  }

  void ask(Vhardwire_top& top) {
    const auto field = [this](Place place) { return of(place, request::size, request.stream); };
    put(top.request_i, field(request::stream), request.stream);
    put(top.request_i, field(request::clear), request.clear);
    put(top.request_i, field(request::drafts), request.drafts);
    put(top.request_i, field(request::budget), request.budget);
    put(top.request_i, field(request::seed), request.seed);
    put(top.request_i, field(request::inverse), request.inverse);
    for (uint32_t i = 0; i < request.stop_count; i++) {
      put(top.request_i, field(request::stop), request.stops[i], i);
      put(top.request_i, field(request::stop_valid), 1, i);
    }
  }

  // Inputs of a cycle; whether the request begins in it.
  void drive(Vhardwire_top& top, uint64_t now) {
    const uint32_t here = 1u << request.stream;
    const bool pause = request.stall && !flip(4);
    if (!pause) top.token_ready_i |= here;
    if (!begun && now >= request.after) top.request_valid_i |= here;
    if (!offered || request.stall == 0) offered = fed < request.prompt_length && !(request.stall && flip(2));
    if (offered) top.prompt_valid_i |= here;
    const auto field = [this](Place place) { return of(place, prompt::size, request.stream); };
    put(top.prompt_i, field(prompt::id), fed < request.prompt_length ? request.prompt[fed] : 0);
    put(top.prompt_i, field(prompt::last), fed + 1 == request.prompt_length);
  }

  // Outputs of the same cycle.
  void sample(Vhardwire_top& top, uint64_t now) {
    const int s = request.stream;
    if (offered && bit(top.prompt_ready_o, s)) { fed++; offered = false; }
    if (bit(top.fetch_o, s) && result.fetch_count < result.fetch_room) result.fetches[result.fetch_count++] = now;
    const bool token = bit(top.token_valid_o, s), ready = bit(top.token_ready_i, s);
    if (token && ready && result.token_count < result.token_room) {
      result.tokens[result.token_count++] = get(top.token_o, of(token::id, token::size, s));
    }
    if (top.logits_valid_o && get(top.logits_o, logits::stream) == request.stream) row(top);
    begun = begun || bit(top.request_valid_i, s);
#ifdef HW_CHOICE
    read_drawn(top, token && ready);
#endif
    const bool ends = begun && !bit(top.request_valid_i, s) && !get(top.progress_o, of(progress::busy, progress::size, s))
                      && !(token && !ready);
    finished = (over || ends) && reading == 0;
    if (over || !ends) return;
    over = true;
#ifdef HW_CHOICE
    result.none = get(top.drawn_o, of(drawn::none, drawn::size, s));
#endif
    result.status = get(top.progress_o, of(progress::status, progress::size, s));
    result.position = get(top.progress_o, of(progress::position, progress::size, s));
    result.cycles = now + 1;
  }

#ifdef HW_CHOICE
  static constexpr Place choice_fields[] = {choice::active, choice::masked, choice::guided, choice::sums,  choice::top_k,
                                            choice::top_p,  choice::grow,   choice::shrink, choice::window};

  void choose(Vhardwire_top& top) {
    for (int i = 0; request.choice && i < 9; i++)
      put(top.choice_i, of(choice_fields[i], choice::size, request.stream), request.choice[i]);
  }

  // A word of the mask, where there is one.
  void allow(Vhardwire_top& top, int word) {
    if (!request.mask) return;
    const int s = request.stream;
    put(top.mask_we_i, {s, 1}, 1);
    put(top.mask_addr_i, {MaskA * s, MaskA}, word);
    put(top.mask_i, {32 * s, 32}, request.mask[word]);
  }

  // A word of the automaton: the classes, the table, then the state in which the first draw is.
  bool guide(Vhardwire_top& top, uint32_t word) {
    if (!request.choice || !request.choice[2]) return false;
    const auto field = [this](Place place) { return of(place, guide::size, request.stream); };
    const uint32_t classes = request.classes ? request.vocab : 0, table = request.classes ? request.table_words : 0;
    if (word < classes) {
      put(top.guide_i, field(guide::puts_class), 1);
      put(top.guide_i, field(guide::place), word);
      put(top.guide_i, field(guide::token_class), request.classes[word]);
    } else if (word < classes + table) {
      put(top.guide_i, field(guide::puts_entry), 1);
      put(top.guide_i, field(guide::place), word - classes);
      put(top.guide_i, field(guide::token_class), request.table[word - classes] >> 16);
      put(top.guide_i, field(guide::row), request.table[word - classes] & 0xffff);
    } else {
      put(top.guide_i, field(guide::puts_state), 1);
      put(top.guide_i, field(guide::row), request.guide_state);
    }
    return word < classes + table;
  }

  // What a draw left, which stands until the next: its numbers at once, the best tokens one in a cycle.
  void read_drawn(Vhardwire_top& top, bool token) {
    if (!result.drawn || !result.token_count) return;
    int64_t* record = result.drawn + static_cast<uint64_t>(result.token_count - 1) * (3 + 2 * Best);
    const int s = request.stream, unused = 64 - drawn::logit.bits;
    const auto told = [&](Place place) { return get(top.drawn_o, of(place, drawn::size, s)); };
    const auto whole = [unused](uint64_t logit) { return static_cast<int64_t>(logit << unused) >> unused; };
    if (reading > 0) {
      const int place = Best - reading--;
      record[3 + place] = get(top.best_id_o, {IdW * s, IdW});
      record[3 + Best + place] = whole(get(top.best_logit_o, {drawn::logit.bits * s, drawn::logit.bits}));
    }
    if (token) {
      record[0] = whole(told(drawn::logit));
      record[1] = told(drawn::total);
      record[2] = told(drawn::count);
      reading = Best;
    }
    if (reading > 0) put(top.best_addr_i, {BestA * s, BestA}, Best - reading);
  }
#endif

  void row(Vhardwire_top& top) {
    if (!result.logits || result.logit_count >= result.logit_room) return;
    int32_t* row = result.logits + static_cast<uint64_t>(result.logit_count) * request.vocab;
    const uint32_t base = get(top.logits_o, logits::row) * request.groups;
    for (uint32_t g = 0; g < request.groups && base + g < request.vocab; g++) {
      const int unused = 32 - logits::value.bits;
      row[base + g] = static_cast<int32_t>(get(top.logits_o, logits::value, g) << unused) >> unused;
    }
    if (base + request.groups >= request.vocab) result.logit_count++;
  }
};

}  // namespace

extern "C" {

// Requests of different streams, together: cycles count from the call. 0 when all ended, 1 when they were aborted by a
// reset, as the first asks, 2 when one did not end within the given cycles.
int hw_run(void* handle, const Request* requests, Result* results, uint32_t count, uint64_t limit) {
  auto* sim = static_cast<Sim*>(handle);
  auto& top = *sim->top;
  std::vector<Running> running;
  top.request_valid_i = top.prompt_valid_i = top.token_ready_i = 0;
  zero(top.request_i);
  for (uint32_t i = 0; i < count; i++) {
    running.emplace_back(requests[i], results[i]);
    running.back().ask(top);
  }
#ifdef HW_CHOICE
  bool masked = false;
  zero(top.choice_i);
  for (auto& one : running) {
    one.choose(top);
    masked = masked || one.request.mask;
  }
  for (int i = 0; masked && i < MaskWords; i++) {
    zero(top.mask_we_i);
    zero(top.mask_addr_i);
    zero(top.mask_i);
    for (auto& one : running) one.allow(top, i);
    sim->low();
    sim->high();
  }
  zero(top.mask_we_i);
  bool writes = true;
  for (uint32_t i = 0; writes; i++) {
    writes = false;
    zero(top.guide_i);
    for (auto& one : running) writes |= one.guide(top, i);
    sim->low();
    sim->high();
  }
  zero(top.guide_i);
#endif
  const uint64_t begin = sim->cycle;
  bool finished = false;
  while (!finished) {
    const uint64_t now = sim->cycle - begin;
    top.request_valid_i = top.prompt_valid_i = top.token_ready_i = 0;
    zero(top.prompt_i);
    for (auto& one : running) {
      if (!one.finished) one.drive(top, now);
    }
    sim->low();
    finished = true;
#ifdef HW_CHOICE
    zero(top.best_addr_i);
#endif
    for (auto& one : running) {
      if (!one.finished) one.sample(top, now);
      finished = finished && one.finished;
    }
    sim->high();
    if (requests->abort_after && sim->cycle - begin >= requests->abort_after) {
      hw_reset(handle);
      return 1;
    }
    if (sim->cycle - begin > limit) return 2;
  }
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
