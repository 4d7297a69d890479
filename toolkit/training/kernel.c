// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Loss and gradient of llama.py's model on one row of tokens, for one CPU core; kernel.py compiles and calls it.
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

// ---- Products: C[i, j] (+)= sum over k of A(i, k) * B[k, j], A(i, k) at a[i * across + k * along].

inlined void tile(int rows, int columns, int depth, const float *a, long across, long along, const float *b, long ldb,
                  float *c, long ldc, int add) {
    vec sums[2 * ROWS][4];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < columns; j++) sums[i][j] = add ? load(c + i * ldc + j * LANES) : (vec){0};
    for (int k = 0; k < depth; k++) {
        vec right[4];
#pragma GCC unroll 4
        for (int j = 0; j < columns; j++) right[j] = load(b + k * ldb + j * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
            for (int j = 0; j < columns; j++) sums[i][j] += a[i * across + k * along] * right[j];
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < columns; j++) store(c + i * ldc + j * LANES, sums[i][j]);
}

#define TILES(R, COLUMNS) \
    for (; i + R <= rows; i += R) tile(R, COLUMNS, depth, a + i * across, across, along, b, ldb, c + i * ldc, ldc, add);

static void strip4(int rows, int depth, const float *a, long across, long along, const float *b, long ldb, float *c,
                   long ldc, int add) {
    int i = 0;
    TILES(ROWS, 4) TILES(4, 4) TILES(1, 4)
}

static void strip2(int rows, int depth, const float *a, long across, long along, const float *b, long ldb, float *c,
                   long ldc, int add) {
    int i = 0;
    TILES(2 * ROWS, 2) TILES(4, 2) TILES(1, 2)
}

static void strip1(int rows, int depth, const float *a, long across, long along, const float *b, long ldb, float *c,
                   long ldc, int add) {
    int i = 0;
    TILES(2 * ROWS, 1) TILES(4, 1) TILES(1, 1)
}

static void product(int rows, int columns, int depth, const float *a, long across, long along, const float *b,
                    long ldb, float *c, long ldc, int add) {
    int j = 0;
    for (; j + 4 * LANES <= columns; j += 4 * LANES)
        strip4(rows, depth, a, across, along, b + j, ldb, c + j, ldc, add);
    for (; j + 2 * LANES <= columns; j += 2 * LANES)
        strip2(rows, depth, a, across, along, b + j, ldb, c + j, ldc, add);
    for (; j < columns; j += LANES) strip1(rows, depth, a, across, along, b + j, ldb, c + j, ldc, add);
}

// y[T, out] (+)= x[T, in] * turned[in, out]
static void forward(int T, int in, int out, const float *x, const float *turned, float *y, int add) {
    product(T, out, in, x, in, 1, turned, out, y, out, add);
}

// dx[T, in] (+)= dy[T, out] * w[out, in]; dw[out, in] += dy^T * x
static void backward(int T, int in, int out, const float *dy, const float *x, const float *w, float *dx, float *dw,
                     int add) {
    product(T, in, out, dy, out, 1, w, in, dx, in, add);
    product(out, in, T, dy, 1, out, x, in, dw, in, 1);
}

static void turn(int rows, int columns, const float *from, long ld, float *to) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) to[j * rows + i] = from[i * ld + j];
}

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

// Probabilities [QUERIES, width] of queries from first on; logsum [T] is written (fresh) or read
static void probabilities(Head h, int first, int rows, int width, float *logsum, int fresh, float *p) {
    product(rows, width, h.C, h.q + (long)first * h.ld, h.ld, 1, h.kt, h.T, p, width, 0);
    for (int i = 0; i < rows; i++, p += width) {
        int end = first + i + 1;
        if (fresh) {
            float most = p[0], total = 0;
            for (int j = 1; j < end; j++) most = p[j] > most ? p[j] : most;
            int j = 0;
            vec part = {0};
            for (; j + LANES <= end; j += LANES) part += exponential((load(p + j) - most) * h.scale);
            for (; j < end; j++) total += expf((p[j] - most) * h.scale);
            logsum[first + i] = most * h.scale + logf(total + sum(part));
        }
        for (int j = end; j < width; j++) p[j] = -1e30f;
        for (int j = 0; j < width; j += LANES) store(p + j, exponential(load(p + j) * h.scale - logsum[first + i]));
        for (int j = end; j < width; j++) p[j] = 0;
    }
}

static int up_to(int n, int step) { return (n + step - 1) / step * step; }

static void attend(Head h, float *logsum, float *out, long ldo, float *p) {
    for (int i = 0; i < h.T; i += QUERIES) {
        int rows = h.T - i < QUERIES ? h.T - i : QUERIES, width = up_to(i + rows, LANES);
        probabilities(h, i, rows, width, logsum, 1, p);
        product(rows, h.C, width, p, width, 1, h.v, h.ld, out + i * ldo, ldo, 0);
    }
}

// Gradients of q, k, v (like h's, in rows of h.ld; those of k and v are added) from that of the output
static void attend_backward(Head h, float *logsum, const float *out, const float *dout, long ldo, float *dq, float *dk,
                            float *dv, float *p) {
    float *dp = p + QUERIES * h.T;
    for (int i = 0; i < h.T; i += QUERIES) {
        int rows = h.T - i < QUERIES ? h.T - i : QUERIES, width = up_to(i + rows, LANES);
        const float *o = out + i * ldo, *d = dout + i * ldo;
        probabilities(h, i, rows, width, logsum, 0, p);
        product(rows, width, h.C, d, ldo, 1, h.vt, h.T, dp, width, 0);
        product(width, h.C, rows, p, 1, width, d, ldo, dv, h.ld, 1);
        for (int r = 0; r < rows; r++) {
            float drop = 0;
            for (int c = 0; c < h.C; c++) drop += o[r * ldo + c] * d[r * ldo + c];
            for (int j = r * width; j < (r + 1) * width; j += LANES)
                store(dp + j, load(p + j) * (load(dp + j) - drop) * h.scale);
        }
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

// Logits [T, V] become their gradient in place; returns the sum of the losses
static double cross_entropy(int T, int V, const int32_t *target, float weight, float *logits) {
    double loss = 0;
    for (int t = 0; t < T; t++, logits += V) {
        vec most = load(logits), total = {0};
        for (int j = LANES; j < V; j += LANES) most = larger(most, load(logits + j));
        float top = most[0];
        for (int i = 1; i < LANES; i++) top = most[i] > top ? most[i] : top;
        loss += top - logits[target[t]];
        for (int j = 0; j < V; j += LANES) {
            vec e = exponential(load(logits + j) - top);
            total += e;
            store(logits + j, e);
        }
        float all_of_it = sum(total);
        loss += logf(all_of_it);
        for (int j = 0; j < V; j += LANES) store(logits + j, load(logits + j) * (weight / all_of_it));
        logits[target[t]] -= weight;
    }
    return loss;
}

#include "kernel_model.h"
