// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Loss and gradient of a small Llama on one row of tokens, for one CPU core; library.py compiles it.
// A row's activations stay in the caches, which makes this some times faster than torch on models this small.
//
// Names: T tokens, D width, V vocabulary, H heads over G key/value heads of C channels, M MLP width.
// Matrices come as torch keeps them, [out, in], with the norms' gains multiplied in; all dimensions are multiples of 16.

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16
#define ROWS 6      // of a tile: 6 x 4 sums, 4 columns and a factor fill 32 vector registers
#define QUERIES 16  // whose scores are in the first cache at a time
#define HEADED 64   // tokens whose logits are in the second cache at a time
#define inlined static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

typedef struct {
    int32_t vocab, dim, layers, heads, groups, channels, hidden;
    float eps;
} Shape;

inlined vec load(const float *p) { return *(const vec *)p; }
inlined void store(float *p, vec v) { *(vec *)p = v; }
inlined vec all(float x) { return x - (vec){0}; }

inlined float sum(vec v) {
    float total = 0;
    for (int i = 0; i < LANES; i++) total += v[i];
    return total;
}

inlined vec larger(vec a, vec b) {
    ivec mask = a > b;
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

inlined float maximum(vec v) {
    float most = v[0];
    for (int i = 1; i < LANES; i++) most = v[i] > most ? v[i] : most;
    return most;
}

// e to the x, within 2 units in the last place; x is at most 88, and at least -87 or taken for it
inlined vec exponential(vec x) {
    x = larger(x, all(-87.0f));
    ivec whole = __builtin_convertvector(x * 1.44269504f + 127.5f, ivec) - 127;
    vec n = __builtin_convertvector(whole, vec);
    vec f = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec p = all(1.9875691500e-4f);
    p = p * f + 1.3981999507e-3f;
    p = p * f + 8.3334519073e-3f;
    p = p * f + 4.1665795894e-2f;
    p = p * f + 1.6666665459e-1f;
    p = p * f + 5.0000001201e-1f;
    p = p * f * f + f + 1.0f;
    return p * (vec)((whole + 127) << 23);
}

// ---- Products, of float32 factors and, where the processor has them, of pairs of bfloat16.

#define NAME(x) x
#define UNIT float
#define FUSED(c, a, b) ((c) + (a) * (b))
#include "product.h"

static void turn(int rows, int columns, const float *from, long ld, float *to) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) to[j * rows + i] = from[i * ld + j];
}

// The linear layers: forward y[T, out] (+)= x[T, in] * w^T; backward dx[T, in] = dy[T, out] * w, dw[out, in] += dy^T * x.
// packed is x as the way back wants it, work is scratch: T * (in or out) units each; T is even.
// ready holds a matrix twice, as pack_weight leaves it: for the way forward, and total units later for the way back.

#ifdef __AVX512BF16__
#include <immintrin.h>
typedef int32_t unit;  // two neighbours along the sum, in bfloat16

inlined vec fused_pairs(vec c, int32_t a, vec b) {
    return (vec)_mm512_dpbf16_ps((__m512)c, (__m512bh)_mm512_set1_epi32(a), (__m512bh)b);
}
#define NAME(x) x##_pairs
#define UNIT int32_t
#define FUSED(c, a, b) fused_pairs(c, a, b)
#include "product.h"

inlined __m256i halved(const float *x) { return (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x)); }

// [rows, columns] with pairs along a row
static void pack_rows(int rows, int columns, const float *x, unit *to) {
    for (long i = 0; i < (long)rows * columns; i += LANES) _mm256_storeu_si256((void *)(to + i / 2), halved(x + i));
}

// [rows / 2, columns] with pairs along a column
static void pack_columns(int rows, int columns, const float *x, unit *to) {
    for (int i = 0; i < rows; i += 2, x += 2 * columns, to += columns)
        for (int j = 0; j < columns; j += LANES) {
            __m512i even = _mm512_cvtepu16_epi32(halved(x + j)), odd = _mm512_cvtepu16_epi32(halved(x + columns + j));
            _mm512_storeu_si512(to + j, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
        }
}

static void pack_weight(int out, int in, const float *w, unit *ready, long total, float *work) {
    turn(out, in, w, in, work);
    pack_columns(in, out, work, ready);
    pack_columns(out, in, w, ready + total);
}

static void forward(int T, int in, int out, const float *x, unit *packed, const unit *ready, float *y, int add,
                    unit *work) {
    pack_rows(T, in, x, work);
    pack_columns(T, in, x, packed);
    product_pairs(T, out, in / 2, work, in / 2, 1, ready, out, y, out, add);
}

static void backward(int T, int in, int out, const float *dy, const unit *packed, const unit *ready, long total,
                     float *dx, float *dw, unit *work) {
    pack_rows(T, out, dy, work);
    product_pairs(T, in, out / 2, work, out / 2, 1, ready + total, in, dx, in, 0);
    pack_columns(T, out, dy, work);
    product_pairs(out, in, T / 2, work, 1, out, packed, in, dw, in, 1);
}
#else
typedef float unit;

static void pack_weight(int out, int in, const float *w, unit *ready, long total, float *work) {
    (void)work;
    turn(out, in, w, in, ready);
    memcpy(ready + total, w, 4L * out * in);
}

static void forward(int T, int in, int out, const float *x, unit *packed, const unit *ready, float *y, int add,
                    unit *work) {
    (void)work;
    memcpy(packed, x, 4L * T * in);
    product(T, out, in, x, in, 1, ready, out, y, out, add);
}

static void backward(int T, int in, int out, const float *dy, const unit *packed, const unit *ready, long total,
                     float *dx, float *dw, unit *work) {
    (void)work;
    product(T, in, out, dy, out, 1, ready + total, in, dx, in, 0);
    product(out, in, T, dy, 1, out, packed, in, dw, in, 1);
}
#endif

// ---- The parts of a block.

static void norm(int T, int D, float eps, const float *x, float *root, float *n) {
    for (int t = 0; t < T; t++, x += D, n += D) {
        vec squares = {0};
        for (int j = 0; j < D; j += LANES) squares += load(x + j) * load(x + j);
        root[t] = 1 / sqrtf(sum(squares) / D + eps);
        for (int j = 0; j < D; j += LANES) store(n + j, load(x + j) * root[t]);
    }
}

// dx += what dn [T, D] asks of x; n is the norm's result
static void norm_backward(int T, int D, const float *n, const float *root, const float *dn, float *dx) {
    for (int t = 0; t < T; t++, n += D, dn += D, dx += D) {
        vec along = {0};
        for (int j = 0; j < D; j += LANES) along += load(dn + j) * load(n + j);
        float mean = sum(along) / D;
        for (int j = 0; j < D; j += LANES) store(dx + j, load(dx + j) + root[t] * (load(dn + j) - mean * load(n + j)));
    }
}

// Rotate x [T, heads * C] (within rows of ld) in place; sign -1 turns back
static void rotate(int T, int heads, int C, long ld, const float *cosine, const float *sine, float sign, float *x) {
    int half = C / 2;
    for (int t = 0; t < T; t++)
        for (int h = 0; h < heads; h++) {
            float *first = x + t * ld + h * C, *second = first + half;
            for (int c = 0; c < half; c++) {
                float u = first[c], v = second[c], k = cosine[t * half + c], s = sign * sine[t * half + c];
                first[c] = u * k - v * s;
                second[c] = v * k + u * s;
            }
        }
}

typedef struct {  // one head's keys and values, turned, and where its queries lie in qkv rows
    const float *q, *k, *v, *kt, *vt;
    int T, C, ld;
    float scale;
} Head;

static int up_to(int n, int step) { return (n + step - 1) / step * step; }

// Scores [rows, width] of the queries from first on, those of later keys far below all others
static void scores_of(Head h, int first, int rows, int width, float *p) {
    product(rows, width, h.C, h.q + (long)first * h.ld, h.ld, 1, h.kt, h.T, p, width, 0);
    for (int i = 0; i < rows; i++)
        for (int j = first + i + 1; j < width; j++) p[i * width + j] = -1e30f;
}

// out [T, C] in rows of ldo; logsum [T] is kept for the way back
static void attend(Head h, float *logsum, float *out, long ldo, float *p) {
    for (int first = 0; first < h.T; first += QUERIES) {
        int rows = h.T - first < QUERIES ? h.T - first : QUERIES, width = up_to(first + rows, LANES);
        scores_of(h, first, rows, width, p);
        for (int i = first; i < first + rows; i++) {
            float *row = p + (i - first) * width, most;
            vec top = load(row), total = {0};
            for (int j = LANES; j < width; j += LANES) top = larger(top, load(row + j));
            most = h.scale * maximum(top);
            for (int j = 0; j < width; j += LANES) {
                vec e = exponential(load(row + j) * h.scale - most);
                store(row + j, e);
                total += e;
            }
            float all_of_it = sum(total);
            logsum[i] = most + logf(all_of_it);
            for (int j = 0; j < width; j += LANES) store(row + j, load(row + j) * (1 / all_of_it));
        }
        product(rows, h.C, width, p, width, 1, h.v, h.ld, out + first * ldo, ldo, 0);
    }
}

// Gradients of q, k, v (in rows of h.ld; those of k and v are added) from dout
static void attend_backward(Head h, float *logsum, const float *out, const float *dout, long ldo, float *dq, float *dk,
                            float *dv, float *p) {
    float *dp = p + QUERIES * h.T;
    for (int i = 0; i < h.T; i += QUERIES) {
        int rows = h.T - i < QUERIES ? h.T - i : QUERIES, width = up_to(i + rows, LANES);
        const float *o = out + i * ldo, *d = dout + i * ldo;
        scores_of(h, i, rows, width, p);
        product(rows, width, h.C, d, ldo, 1, h.vt, h.T, dp, width, 0);
        for (int r = 0; r < rows; r++) {
            float drop = 0;
            for (int c = 0; c < h.C; c++) drop += o[r * ldo + c] * d[r * ldo + c];
            for (int j = r * width; j < (r + 1) * width; j += LANES) {
                vec e = exponential(load(p + j) * h.scale - logsum[i + r]);
                store(p + j, e);
                store(dp + j, e * (load(dp + j) - drop) * h.scale);
            }
        }
        product(width, h.C, rows, p, 1, width, d, ldo, dv, h.ld, 1);
        product(rows, h.C, width, dp, width, 1, h.k, h.ld, dq + i * h.ld, h.ld, 0);
        product(width, h.C, rows, dp, 1, width, h.q + i * h.ld, h.ld, dk, h.ld, 1);
    }
}

static void gate(int T, int M, const float *h, float *act) {
    for (int t = 0; t < T; t++)
        for (int j = 0; j < M; j += LANES) {
            vec g = load(h + t * 2 * M + j), u = load(h + t * 2 * M + M + j);
            store(act + t * M + j, g / (1.0f + exponential(-larger(g, all(-80.0f)))) * u);
        }
}

static void gate_backward(int T, int M, const float *h, const float *dact, float *dh) {
    for (int t = 0; t < T; t++)
        for (int j = 0; j < M; j += LANES) {
            vec g = load(h + t * 2 * M + j), u = load(h + t * 2 * M + M + j), d = load(dact + t * M + j);
            vec s = 1.0f / (1.0f + exponential(-larger(g, all(-80.0f))));
            store(dh + t * 2 * M + j, d * u * s * (1.0f + g * (1.0f - s)));
            store(dh + t * 2 * M + M + j, d * g * s);
        }
}

#define NO_TARGET INT32_MIN

// Logits [T, V] become their gradient in place; returns the sum of the losses. A target is a token, whose likelihood
// is wanted; ~token, whose unlikelihood is (Welleck et al., 2019); or NO_TARGET.
static double cross_entropy(int T, int V, const int32_t *targets, float weight, float *logits) {
    double loss = 0;
    for (int t = 0; t < T; t++, logits += V) {
        if (targets[t] == NO_TARGET) {
            memset(logits, 0, 4L * V);
            continue;
        }
        int target = targets[t] < 0 ? ~targets[t] : targets[t];
        vec most = load(logits), total = {0};
        for (int j = LANES; j < V; j += LANES) most = larger(most, load(logits + j));
        float top = maximum(most);
        float chosen = logits[target] - top;
        for (int j = 0; j < V; j += LANES) {
            vec e = exponential(load(logits + j) - top);
            total += e;
            store(logits + j, e);
        }
        float all_of_it = sum(total);
        float share = weight;
        if (targets[t] >= 0) {
            loss += logf(all_of_it) - chosen;
        } else {
            float other = fmaxf(1 - expf(chosen) / all_of_it, 1e-4f);
            loss -= logf(other);
            share *= -(1 - other) / other;
        }
        for (int j = 0; j < V; j += LANES) store(logits + j, load(logits + j) * (share / all_of_it));
        logits[target] -= share;
    }
    return loss;
}

// Logits [T, V] become log probabilities in place
static void log_probabilities(int T, int V, float *logits) {
    for (int t = 0; t < T; t++, logits += V) {
        vec most = load(logits), total = {0};
        for (int j = LANES; j < V; j += LANES) most = larger(most, load(logits + j));
        float top = maximum(most);
        for (int j = 0; j < V; j += LANES) total += exponential(load(logits + j) - top);
        float logsum = top + logf(sum(total));
        for (int j = 0; j < V; j += LANES) store(logits + j, load(logits + j) - logsum);
    }
}

// Logits [T, V] become the gradient of their divergence from wanted [T, V] in place; returns the sum of divergences
static double divergence(int T, int V, const float *wanted, float weight, float *logits) {
    double loss = 0;
    log_probabilities(T, V, logits);
    for (int t = 0; t < T; t++, logits += V, wanted += V) {
        vec total = {0};
        for (int j = 0; j < V; j += LANES) {
            vec p = exponential(load(wanted + j));
            total += p * (load(wanted + j) - load(logits + j));
            store(logits + j, (exponential(load(logits + j)) - p) * weight);
        }
        loss += sum(total);
    }
    return loss;
}

#include "kernel_model.h"
