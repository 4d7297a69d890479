// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A board at its wires: the clock is toggled, and bits go in and out on the serial line at a rate of their own. Only pins
// are used, so the same code drives the RTL and a netlist.
#include <cstdint>
#include <deque>
#include <memory>

#include "Vboard.h"
#include "verilated.h"

namespace {

// What the host puts onto the wire: levels, each for a time in clock cycles.
struct Driver {
  struct Piece { bool level; double cycles; };
  std::deque<Piece> pieces;
  double end = 0;  // of the piece that is on the wire
  bool level = true;

  bool at(uint64_t cycle) {
    while (static_cast<double>(cycle) >= end) {
      if (pieces.empty()) {
        level = true;
        end = static_cast<double>(cycle) + 1;
        break;
      }
      level = pieces.front().level;
      end += pieces.front().cycles;
      pieces.pop_front();
    }
    return level;
  }
};

// What the host hears: every bit sampled in its middle.
struct Listener {
  std::deque<uint8_t> bytes;
  uint32_t errors = 0;    // stop bits that were low
  int state = -1;         // -1: idle; -2: after an error, until the line is high; otherwise samples taken
  double next = 0;
  uint32_t shift = 0;

  void at(uint64_t cycle, bool level, double bit) {
    const double now = static_cast<double>(cycle);
    if (state == -2) {
      if (level) state = -1;
    } else if (state == -1) {
      if (level) return;
      state = 0;
      next = now + bit / 2;
    } else if (now >= next) {
      next += bit;
      if (state == 0 && level) {
        state = -1;
      } else if (state == 9) {
        if (level) bytes.push_back(static_cast<uint8_t>(shift));
        errors += !level;
        state = level ? -1 : -2;
      } else {
        if (state > 0) shift = (shift >> 1) | (level ? 0x80 : 0);
        state++;
      }
    }
  }
};

struct Board {
  std::unique_ptr<VerilatedContext> context = std::make_unique<VerilatedContext>();
  std::unique_ptr<Vboard> top;
  Driver driver;
  Listener listener;
  double bit = 1;
  uint32_t released = 0;  // levels of the buttons when none is pressed
  uint64_t cycle = 0;

  void step() {
    top->clk_i = 0;
    top->rxd_i = driver.at(cycle);
    top->eval();
    listener.at(cycle, top->txd_o, bit);
    top->clk_i = 1;
    top->eval();
    cycle++;
  }
};

}  // namespace

extern "C" {

// bit: clock cycles per bit on the host's side; it need not be a whole number, nor quite what the chip takes.
// released: levels of the buttons when none is pressed.
void* board_new(double bit, uint32_t released) {
  auto* board = new Board;
  board->bit = bit;
  board->released = released;
  board->top = std::make_unique<Vboard>(board->context.get());
  board->top->clk_i = 0;
  board->top->rxd_i = 1;
  board->top->button_i = released;
  board->top->eval();   // reads the ROM files, named relative to the current directory
  return board;
}

void board_delete(void* handle) { delete static_cast<Board*>(handle); }

void board_send(void* handle, const uint8_t* bytes, uint32_t count) {
  auto* board = static_cast<Board*>(handle);
  for (uint32_t i = 0; i < count; i++) {
    board->driver.pieces.push_back({false, board->bit});
    for (int b = 0; b < 8; b++) board->driver.pieces.push_back({((bytes[i] >> b) & 1) != 0, board->bit});
    board->driver.pieces.push_back({true, board->bit});
  }
}

// A level on the wire for a time, behind what is being sent: noise, breaks, pauses.
void board_level(void* handle, int level, double bits) {
  auto* board = static_cast<Board*>(handle);
  board->driver.pieces.push_back({level != 0, bits * board->bit});
}

// Cycles until `wanted` bytes wait to be received, `limit` of them at most.
void board_run(void* handle, uint64_t limit, uint32_t wanted) {
  auto* board = static_cast<Board*>(handle);
  for (uint64_t i = 0; i < limit && !(wanted && board->listener.bytes.size() >= wanted); i++) board->step();
}

uint32_t board_receive(void* handle, uint8_t* bytes, uint32_t room) {
  auto& waiting = static_cast<Board*>(handle)->listener.bytes;
  uint32_t count = 0;
  for (; count < room && !waiting.empty(); count++) {
    bytes[count] = waiting.front();
    waiting.pop_front();
  }
  return count;
}

void board_button(void* handle, uint32_t pressed) {
  auto* board = static_cast<Board*>(handle);
  board->top->button_i = pressed ^ board->released;
}
uint32_t board_lights(void* handle) { return static_cast<Board*>(handle)->top->light_o; }
uint64_t board_cycle(void* handle) { return static_cast<Board*>(handle)->cycle; }
uint32_t board_errors(void* handle) { return static_cast<Board*>(handle)->listener.errors; }
uint32_t board_waiting(void* handle) { return static_cast<uint32_t>(static_cast<Board*>(handle)->listener.bytes.size()); }
uint32_t board_unsent(void* handle) { return static_cast<uint32_t>(static_cast<Board*>(handle)->driver.pieces.size()); }

}  // extern "C"
