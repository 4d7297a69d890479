// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
/* What one CPU core does: a Llama-like decoder in float32, token by token, with a KV cache. The order of things is that of
 * toolkit/hardwire/decoder.py; tests/baseline/llama.py writes the weights, compiles this and checks its logits.
 *
 *   llama WEIGHTS logits TOKEN...          logits [tokens, vocab] of a text, as raw floats
 *   llama WEIGHTS greedy TOKEN COUNT RUNS  COUNT tokens after TOKEN, then the seconds of each of RUNS such runs
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  int32_t magic, vocab, dim, layers, heads, kv_heads, head_dim, hidden, context, rotary;
} Shape;

enum { MAGIC = 0x3143574c };

static Shape s;
static const float *embedding, *head;     // [vocab, dim]
static const float *cosine, *sine;        // [context, rotary / 2]
static const float *layers, *final_norm;  // as in the file; eps, gain [dim]
static float *keys, *values;              // [layers, kv_heads, context, head_dim]
static float *x, *a;                      // [dim]: the residual; what is added to it, or its norm
static float *q, *mixed, *score;          // [heads, head_dim] twice, [context]
static float *gate, *hidden, *logits;     // [hidden] twice, [vocab]

static const float *take(const float **at, size_t count) {
  const float *here = *at;
  *at += count;
  return here;
}

// Sum of products of u [n] and v [n].
static float dot(const float *restrict u, const float *restrict v, int n) {
  float sum = 0;
  for (int i = 0; i < n; i++) sum += u[i] * v[i];
  return sum;
}

// y [rows] = weight [rows, columns] times v [columns].
static void matvec(float *restrict y, const float *weight, const float *v, int rows, int columns) {
  for (int r = 0; r < rows; r++) y[r] = dot(weight + (size_t)r * columns, v, columns);
}

// RMSNorm of v [dim]; norm: eps, gain [dim].
static void normalize(float *restrict y, const float *restrict v, const float *restrict norm) {
  const float factor = 1 / sqrtf(dot(v, v, s.dim) / s.dim + norm[0]);
  for (int i = 0; i < s.dim; i++) y[i] = v[i] * factor * norm[1 + i];
}

// One head, its partners side by side.
static void rotate(float *v, int position) {
  const float *c = cosine + (size_t)position * (s.rotary / 2), *d = sine + (size_t)position * (s.rotary / 2);
  for (int i = 0; i < s.rotary / 2; i++) {
    const float first = v[2 * i], second = v[2 * i + 1];
    v[2 * i] = first * c[i] - second * d[i];
    v[2 * i + 1] = second * c[i] + first * d[i];
  }
}

// Sets mixed from q and one layer's cache, positions 0 to position.
static void attend(const float *key, const float *value, float scale, int position) {
  const int c = s.head_dim, seen = position + 1;
  for (int h = 0; h < s.heads; h++) {
    const size_t of = (size_t)(h / (s.heads / s.kv_heads)) * s.context * c;
    const float *query = q + h * c;
    float *out = mixed + h * c;
    for (int p = 0; p < seen; p++) score[p] = dot(query, key + of + (size_t)p * c, c) * scale;
    float most = score[0], total = 0;
    for (int p = 1; p < seen; p++) most = score[p] > most ? score[p] : most;
    for (int p = 0; p < seen; p++) score[p] = expf(score[p] - most);
    for (int p = 0; p < seen; p++) total += score[p];
    memset(out, 0, c * sizeof *out);
    for (int p = 0; p < seen; p++) {
      for (int i = 0; i < c; i++) out[i] += score[p] * value[of + (size_t)p * c + i];
    }
    for (int i = 0; i < c; i++) out[i] /= total;
  }
}

// y [dim] += v [dim]
static void add(float *restrict y, const float *restrict v) {
  for (int i = 0; i < s.dim; i++) y[i] += v[i];
}

// Sets logits for a token at a position; earlier positions are in the cache.
static void forward(int token, int position) {
  const int c = s.head_dim, wide = s.heads * c, narrow = s.kv_heads * c;
  const float *at = layers;
  memcpy(x, embedding + (size_t)token * s.dim, s.dim * sizeof *x);
  for (int l = 0; l < s.layers; l++) {
    float *key = keys + (size_t)l * s.context * narrow, *value = values + (size_t)l * s.context * narrow;
    normalize(a, x, take(&at, 1 + s.dim));
    matvec(q, take(&at, (size_t)wide * s.dim), a, wide, s.dim);
    const float *k = take(&at, (size_t)narrow * s.dim), *v = take(&at, (size_t)narrow * s.dim);
    for (int g = 0; g < s.kv_heads; g++) {
      const size_t to = ((size_t)g * s.context + position) * c, from = (size_t)g * c * s.dim;
      matvec(key + to, k + from, a, c, s.dim);
      matvec(value + to, v + from, a, c, s.dim);
      rotate(key + to, position);
    }
    for (int h = 0; h < s.heads; h++) rotate(q + h * c, position);
    attend(key, value, *take(&at, 1), position);
    matvec(a, take(&at, (size_t)s.dim * wide), mixed, s.dim, wide);
    add(x, a);

    normalize(a, x, take(&at, 1 + s.dim));
    matvec(gate, take(&at, (size_t)s.hidden * s.dim), a, s.hidden, s.dim);
    matvec(hidden, take(&at, (size_t)s.hidden * s.dim), a, s.hidden, s.dim);
    for (int i = 0; i < s.hidden; i++) hidden[i] *= gate[i] / (1 + expf(-gate[i]));
    matvec(a, take(&at, (size_t)s.dim * s.hidden), hidden, s.dim, s.hidden);
    add(x, a);
  }
  normalize(a, x, final_norm);
  matvec(logits, head, a, s.vocab, s.dim);
}

// The token of the largest logit, the lowest of equals.
static int largest(void) {
  int best = 0;
  for (int i = 1; i < s.vocab; i++) best = logits[i] > logits[best] ? i : best;
  return best;
}

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "llama: %s\n", what);
  exit(1);
}

static float *room(size_t count) {
  float *made = calloc(count, sizeof *made);
  if (!made) fail("out of memory");
  return made;
}

static void load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fread(&s, sizeof s, 1, file) != 1 || s.magic != MAGIC) fail("no weights of this program's format");
  const size_t wide = (size_t)s.heads * s.head_dim, narrow = (size_t)s.kv_heads * s.head_dim, d = s.dim;
  const size_t layer = 2 * (1 + d) + 1 + 2 * d * wide + 2 * d * narrow + 3 * d * s.hidden;
  const size_t turns = (size_t)s.context * (s.rotary / 2);
  const size_t count = 2 * s.vocab * d + 2 * turns + s.layers * layer + 1 + d;
  float *all = room(count);
  const float *at = all;
  if (fread(all, sizeof *all, count, file) != count || fgetc(file) != EOF) fail("the weights are not of their shape");
  fclose(file);
  embedding = take(&at, s.vocab * d);
  cosine = take(&at, turns), sine = take(&at, turns);
  layers = take(&at, s.layers * layer);
  final_norm = take(&at, 1 + d);
  head = take(&at, s.vocab * d);
  x = room(d), a = room(d), q = room(wide), mixed = room(wide), hidden = room(s.hidden), gate = room(s.hidden);
  score = room(s.context), logits = room(s.vocab);
  keys = room(s.layers * s.context * narrow), values = room(s.layers * s.context * narrow);
}

static void greedy(int token, int count, int runs) {
  for (int run = 0; run < runs; run++) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int position = 0, next = token; position < count; position++) {
      forward(next, position);
      next = largest();
      if (run == 0) printf("%d\n", next);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.9f\n", (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec));
  }
}

int main(int count, char **given) {
  if (count < 4) fail("usage: llama WEIGHTS logits TOKEN... | llama WEIGHTS greedy TOKEN COUNT RUNS");
  load(given[1]);
  if (strcmp(given[2], "greedy") == 0 && count == 6) {
    greedy(atoi(given[3]), atoi(given[4]), atoi(given[5]));
    return 0;
  }
  for (int i = 3; i < count; i++) {
    forward(atoi(given[i]), i - 3);
    fwrite(logits, sizeof *logits, s.vocab, stdout);
  }
  return 0;
}
