// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// The kernels of hls/ behind plain C functions of int64 arrays, for test_hls_ops.py.
#include "attention.hpp"
#include "embedding.hpp"
#include "gate.hpp"
#include "matvec.hpp"
#include "norm.hpp"
#include "rope.hpp"
#include "choice_draw.hpp"
#include "sampler.hpp"
#include "softcap.hpp"

template <int W, int N> struct In { // int64 values in ap_int registers
    ap_int<W> v[N];
    explicit In(const int64_t *x) {
        for (int i = 0; i < N; i++)
            v[i] = x[i];
    }
};
template <int W, int N> void out(const ap_int<W> (&v)[N], int64_t *x) {
    for (int i = 0; i < N; i++)
        x[i] = int64_t(v[i]);
}

static const int LANES = 8, ROWS = 21, COLS = 13, BLOCKS = 3;

template <int BITS, int BIASES>
void run_matvec(const uint64_t *words, const uint32_t *multipliers, const int32_t *biases, int layer, int shift,
                int root, int rooted, const int64_t *a, int64_t *y) {
    typedef uint64_t Word[(LANES * BITS + 63) / 64];
    In<9, COLS> in(a);
    ap_int<16> rows[ROWS];
    hw::Job job = {uint32_t(layer * BLOCKS * COLS), uint32_t(layer * ROWS), ROWS, COLS, BLOCKS, uint8_t(shift), 16,
                   rooted != 0};
    hw::matvec<LANES, BITS, 9, 9 + BITS + 4, 16, COLS, ROWS, 2 * BLOCKS * COLS, 2 * ROWS, BIASES>(
        reinterpret_cast<const Word *>(words), multipliers, biases, job, in.v, root, rows);
    out(rows, y);
}

template <int R> void run_rope(const int64_t *x, const int16_t *cos, const int16_t *sin, int position, int64_t *y) {
    static const int ANGLES = R > 1 ? R / 2 : 1;
    typedef int16_t Row[ANGLES];
    In<16, 24> in(x);
    ap_int<9> turned[24];
    hw::rotate<3, 8, R, 6, ANGLES>(in.v, reinterpret_cast<const Row *>(cos), reinterpret_cast<const Row *>(sin),
                                   position, turned);
    out(turned, y);
}

template <int T, bool CAPPED, int ALIBI>
void run_attention(const int64_t *q, const int64_t *k, const int64_t *v, int start, int last,
                   const uint8_t *score_shift, const uint8_t *value_shift, const int16_t *cap, const uint32_t *alibi,
                   const uint16_t *exp, const uint16_t *reciprocal, int64_t *y) {
    static ap_int<8> keys[1][24][2][8], values[1][24][2][8];
    In<9, 32> query(q);
    ap_int<9> mixed[32];
    for (int i = 0; i < 24 * 16; i++) {
        keys[0][i / 16][i / 8 % 2][i % 8] = k[i];
        values[0][i / 16][i / 8 % 2][i % 8] = v[i];
    }
    for (int head = 0; head < 4; head += T)
        hw::attend<1, 4, 2, 8, T, 24, 9, 8, 8, CAPPED, ALIBI>(query.v, keys, values, 0, head, start, last,
                                                              score_shift, value_shift, cap, alibi, exp, reciprocal,
                                                              mixed);
    out(mixed, y);
}

extern "C" {

void round_shifts(const int64_t *x, const int64_t *s, int64_t *y, int n) {
    for (int i = 0; i < n; i++)
        y[i] = hw::round_shift(x[i], int(s[i]));
}

void requantizes(const int64_t *x, const int64_t *m, const int64_t *s, int bits, int64_t *y, int n) {
    for (int i = 0; i < n; i++)
        y[i] = hw::requantize(x[i], uint32_t(m[i]), int(s[i]), bits);
}

void bits(const int64_t *x, int64_t *lengths, int64_t *magnitudes, int64_t *clamped, int n) {
    for (int i = 0; i < n; i++) {
        lengths[i] = hw::bit_length(uint64_t(x[i] < 0 ? -x[i] : x[i]));
        magnitudes[i] = hw::magnitude_bits(x[i]);
        clamped[i] = hw::saturate(x[i], 8);
    }
}

#define MATVEC(B)                                                                                                \
    void matvec_##B(const uint64_t *w, const uint32_t *m, const int32_t *b, int layer, int s, int root, int rooted, \
                    const int64_t *a, int64_t *y) {                                                              \
        if (b)                                                                                                   \
            run_matvec<B, 2 * ROWS>(w, m, b, layer, s, root, rooted, a, y);                                      \
        else                                                                                                     \
            run_matvec<B, 0>(w, m, b, layer, s, root, rooted, a, y);                                             \
    }
MATVEC(2) MATVEC(3) MATVEC(4) MATVEC(5) MATVEC(6) MATVEC(7) MATVEC(8)

void embedding(const uint64_t *words, const uint32_t *multipliers, int shift, int id, int adds, int64_t *y) {
    typedef uint64_t Row[(COLS * 8 + 63) / 64];
    In<16, COLS> x(y);
    if (adds)
        hw::embed<5, COLS, 8, 16, true>(reinterpret_cast<const Row *>(words), multipliers, shift, uint32_t(id), x.v);
    else
        hw::embed<5, COLS, 8, 16, false>(reinterpret_cast<const Row *>(words), multipliers, shift, uint32_t(id), x.v);
    out(x.v, y);
}

void normalize(const int64_t *x, const uint32_t *eps, const uint32_t *rsqrt, int normalizes, int64_t *a,
               int64_t *root) {
    In<16, COLS> in(x);
    ap_int<9> filled[COLS];
    ap_uint<hw::MULTIPLIER_BITS> r;
    if (normalizes)
        hw::shift_normalize<COLS, 16, 9, true>(in.v, eps, rsqrt, filled, r);
    else
        hw::shift_normalize<COLS, 16, 9, false>(in.v, eps, rsqrt, filled, r);
    out(filled, a);
    *root = int64_t(r);
}

void write_back(const int64_t *a, int root, const uint32_t *multipliers, int shift, int64_t *y) {
    In<9, COLS> in(a);
    ap_int<16> x[COLS];
    hw::write_back<COLS, 16, 9>(in.v, uint32_t(root), multipliers, shift, x);
    out(x, y);
}

void renormalize(int64_t *x, const uint32_t *multipliers, int first, int shift, int eps, const uint32_t *rsqrt,
                 int bits) {
    In<18, 26> in(x); // two groups, with room beside RENORM_BITS
    hw::renormalize<13, 18, 26, 52>(in.v, 2, multipliers, uint32_t(first), shift, uint32_t(eps), rsqrt, bits);
    out(in.v, x);
}

void rope_8(const int64_t *x, const int16_t *c, const int16_t *s, int p, int64_t *y) { run_rope<8>(x, c, s, p, y); }
void rope_4(const int64_t *x, const int16_t *c, const int16_t *s, int p, int64_t *y) { run_rope<4>(x, c, s, p, y); }
void rope_0(const int64_t *x, const int16_t *c, const int16_t *s, int p, int64_t *y) { run_rope<0>(x, c, s, p, y); }

#define ATTENTION(T)                                                                                             \
    void attention_##T(const int64_t *q, const int64_t *k, const int64_t *v, int start, int last, const uint8_t *s, \
                       const uint8_t *o, const int16_t *cap, const uint32_t *alibi, const uint16_t *e,           \
                       const uint16_t *r, int64_t *y) {                                                          \
        if (cap)                                                                                                 \
            run_attention<T, true, 0>(q, k, v, start, last, s, o, cap, alibi, e, r, y);                          \
        else if (alibi)                                                                                          \
            run_attention<T, false, 36>(q, k, v, start, last, s, o, cap, alibi, e, r, y);                        \
        else                                                                                                     \
            run_attention<T, false, 0>(q, k, v, start, last, s, o, cap, alibi, e, r, y);                         \
    }
ATTENTION(1) ATTENTION(2)

void gate(const int64_t *g, const int64_t *u, const int16_t *table, int shift, int64_t *y) {
    In<11, 2048> gates(g);
    In<16, 2048> ups(u);
    ap_int<9> hidden[2048];
    hw::gated<2048, 11, 16, 8>(gates.v, ups.v, table, shift, hidden);
    out(hidden, y);
}

void activate(const int64_t *u, const int16_t *table, int64_t *y) {
    In<16, 2048> ups(u);
    ap_int<9> hidden[2048];
    hw::activated<2048, 11>(ups.v, table, hidden);
    out(hidden, y);
}

void soft_caps(const int64_t *x, const int16_t *table, int64_t *y, int n) {
    for (int i = 0; i < n; i++)
        y[i] = hw::soft_cap(x[i], table);
}

void threefry(const uint32_t *key, const uint32_t *counter, uint32_t *block) { hw::threefry(key, counter, block); }

void noise_indices(const int64_t *u, int64_t *y, int n) {
    for (int i = 0; i < n; i++)
        y[i] = hw::noise_index(uint32_t(u[i]));
}

int pick(const int64_t *logits, uint64_t seed, int inverse_t, int position, const int16_t *table) {
    In<16, 37> in(logits);
    const hw::Sampling how = {seed, uint32_t(inverse_t)};
    return hw::sample<37, 16, 10>(in.v, how, uint32_t(position), table);
}

// how: top_k, top_p, grow, shrink, window, masked; history: tokens by position; record: as ChoiceDraw tells.
void choose_one(const int64_t *logits, uint64_t seed, int inverse_t, int position, const uint32_t *how,
                const uint32_t *history, const uint32_t *allowed, const int16_t *table, const uint32_t *octave,
                int64_t *record) {
    In<16, 37> in(logits);
    const hw::Sampling sampling = {seed, uint32_t(inverse_t)};
    const hw::Narrowing narrowing = {how[0], how[1], how[2], how[3], how[4], how[5] != 0};
    ap_uint<32> seen[2], mask[2] = {allowed[0], allowed[1]};
    hw::Chosen<7> chosen;
    hw::mark_seen<37>(history, uint32_t(position), narrowing, seen);
    hw::choose<37, 16, 10, 7>(in.v, sampling, uint32_t(position), narrowing, seen, mask, table, octave, chosen);
    int64_t *at = record;
    *at++ = chosen.token;
    *at++ = chosen.logit;
    *at++ = chosen.total;
    *at++ = chosen.count;
    for (int i = 0; i < chosen.count; i++, at++) {
        at[0] = chosen.ids[i];
        at[7] = chosen.logits[i];
    }
}
}
