// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Stories from a small Llama on one CPU core, STREAMS at a time; library.py compiles it.
// Activations are [channel, stream]; the caches are [stream, layer, channel, position].

#include "kernel.c"

#define STREAMS 32

static uint64_t draw(uint64_t *state) {  // splitmix64 (Steele et al., 2014)
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void matrix(int rows, int depth, const float *w, const float *x, float *y, int add) {
    product(rows, STREAMS, depth, w, depth, 1, x, STREAMS, y, STREAMS, add);
}

static void norm_streams(int D, float eps, const float *x, float *n) {
    for (int s = 0; s < STREAMS; s += LANES) {
        vec squares = {0}, root;
        for (int j = 0; j < D; j++) squares += load(x + j * STREAMS + s) * load(x + j * STREAMS + s);
        for (int i = 0; i < LANES; i++) root[i] = 1 / sqrtf(squares[i] / D + eps);
        for (int j = 0; j < D; j++) store(n + j * STREAMS + s, load(x + j * STREAMS + s) * root);
    }
}

// One head of one stream over positions 0..at; keys and values [C, room]; q and out [C] in steps of STREAMS
static void attend_stream(int C, int room, int at, const float *q, const float *keys, const float *values,
                          float *out, float *p) {
    int width = up_to(at + 1, LANES);
    float scale = 1 / sqrtf(C), most = -1e30f;
    for (int j = 0; j < width; j += LANES) {
        vec score = {0};
        for (int c = 0; c < C; c++) score += q[c * STREAMS] * load(keys + c * room + j);
        store(p + j, score * scale);
    }
    for (int j = at + 1; j < width; j++) p[j] = -1e30f;
    for (int j = 0; j <= at; j++) most = p[j] > most ? p[j] : most;
    vec total = {0};
    for (int j = 0; j < width; j += LANES) {
        vec e = exponential(load(p + j) - most);
        store(p + j, e);
        total += e;
    }
    float share = 1 / sum(total);
    for (int c = 0; c < C; c++) {
        vec mixed = {0};
        for (int j = 0; j < width; j += LANES) mixed += load(p + j) * load(values + c * room + j);
        out[c * STREAMS] = sum(mixed) * share;
    }
}

// The next token of each stream from logits [V, STREAMS]; at temperature 0 the likeliest
static void choose(int V, float temperature, const uint64_t *seeds, float *logits, int32_t *token) {
    for (int s = 0; s < STREAMS; s++) {
        float most = -1e30f;
        int best = 0;
        for (int v = 0; v < V; v++)
            if (logits[v * STREAMS + s] > most) most = logits[v * STREAMS + s], best = v;
        token[s] = best;
        if (temperature == 0) continue;
        double total = 0, below = 0;
        for (int v = 0; v < V; v++)
            total += logits[v * STREAMS + s] = expf((logits[v * STREAMS + s] - most) / temperature);
        double mark = total * (seeds[s] >> 11) * 0x1p-53;
        for (int v = 0; v < V; v++) {
            below += logits[v * STREAMS + s];
            if (below > mark) {
                token[s] = v;
                break;
            }
        }
    }
}

typedef struct {
    int story, at, given;  // which is written, tokens so far, tokens of the prompt
} Stream;

// Writes stories [wanted, context + 1], each begun by its prompt of lengths[i] tokens, until a token of end1, end2 or
// limit tokens; lengths[i] becomes its tokens, the end not counted, or -(tokens) where it did not end.
// cosine and sine [context, C / 2]; scratch of sampler_floats.
void sample(const Shape *s, int context, int limit, float temperature, uint64_t seed, int end1, int end2, int wanted,
            const float *w, const float *cosine, const float *sine, int32_t *stories, int32_t *lengths,
            float *scratch) {
    const Places p = places(s);
    const int D = s->dim, C = s->channels, H = s->heads, G = s->groups, M = s->hidden, V = s->vocab, half = C / 2;
    float *x = take(&scratch, D * STREAMS), *n = take(&scratch, D * STREAMS);
    float *qkv = take(&scratch, (H + 2 * G) * C * STREAMS), *mixed = take(&scratch, H * C * STREAMS);
    float *h = take(&scratch, 2 * M * STREAMS), *logits = take(&scratch, V * STREAMS), *scores = take(&scratch, context);
    const long room = context + LANES;  // not a power of two: the channels of a position share no cache set
    long cache = G * C * room, one = 2 * s->layers * cache;
    float *caches = take(&scratch, STREAMS * one);
    Stream streams[STREAMS];
    int32_t token[STREAMS];
    uint64_t seeds[STREAMS];
    int next = 0, busy = 0;
    for (int i = 0; i < STREAMS; i++) streams[i] = (Stream){next < wanted ? next++ : -1, 0, 0}, busy += streams[i].story >= 0;
    for (int i = 0; i < STREAMS; i++) if (streams[i].story >= 0) streams[i].given = lengths[streams[i].story];
    while (busy) {
        for (int i = 0; i < STREAMS; i++) {
            Stream *of = streams + i;
            int id = of->story < 0 ? 0 : stories[(long)of->story * (context + 1) + of->at];
            for (int j = 0; j < D; j++) x[j * STREAMS + i] = w[(long)id * D + j];
        }
        for (int l = 0; l < s->layers; l++) {
            const float *m = w + (long)V * D + l * p.layer;
            norm_streams(D, s->eps, x, n);
            matrix((H + 2 * G) * C, D, m + p.qkv, n, qkv, 0);
            for (int i = 0; i < STREAMS; i++) {
                if (streams[i].story < 0) continue;
                int at = streams[i].at;
                float *keys = caches + i * one + 2 * l * cache, *values = keys + cache;
                for (int k = 0; k < H + G; k++)
                    for (int c = 0; c < half; c++) {
                        float *a = qkv + (k * C + c) * STREAMS + i, *b = a + half * STREAMS, u = *a, v = *b;
                        float co = cosine[at * half + c], si = sine[at * half + c];
                        *a = u * co - v * si, *b = v * co + u * si;
                    }
                for (int c = 0; c < G * C; c++) {
                    keys[c * room + at] = qkv[(H * C + c) * STREAMS + i];
                    values[c * room + at] = qkv[((H + G) * C + c) * STREAMS + i];
                }
                for (int k = 0; k < H; k++) {
                    long group = k / (H / G) * C * room;
                    attend_stream(C, room, at, qkv + k * C * STREAMS + i, keys + group, values + group,
                                  mixed + k * C * STREAMS + i, scores);
                }
            }
            matrix(D, H * C, m + p.o, mixed, x, 1);
            norm_streams(D, s->eps, x, n);
            matrix(2 * M, D, m + p.gu, n, h, 0);
            for (int j = 0; j < M * STREAMS; j += LANES) {
                vec g = load(h + j);
                store(h + j, g / (1.0f + exponential(-larger(g, all(-80.0f)))) * load(h + M * STREAMS + j));
            }
            matrix(D, M, m + p.down, h, x, 1);
        }
        norm_streams(D, s->eps, x, n);
        matrix(V, D, w + p.head, n, logits, 0);
        for (int i = 0; i < STREAMS; i++) {  // a story's draws depend on the seed, its number and the position alone
            uint64_t state = seed ^ (uint64_t)streams[i].story << 32 ^ (uint64_t)streams[i].at << 1;
            draw(&state);
            seeds[i] = draw(&state);
        }
        choose(V, temperature, seeds, logits, token);
        for (int i = 0; i < STREAMS; i++) {
            Stream *of = streams + i;
            if (of->story < 0) continue;
            of->at++;
            if (of->at < of->given) continue;
            stories[(long)of->story * (context + 1) + of->at] = token[i];
            int ended = token[i] == end1 || token[i] == end2;
            if (!ended && of->at < limit) continue;
            lengths[of->story] = ended ? of->at : -of->at - 1;
            busy -= next >= wanted;
            *of = (Stream){next < wanted ? next++ : -1, 0, 0};
            if (of->story >= 0) of->given = lengths[of->story];
        }
    }
}

long sampler_floats(const Shape *s, int context) {
    long C = s->channels, H = s->heads, G = s->groups;
    return STREAMS * (2L * s->dim + (2 * H + 2 * G) * C + 2 * s->hidden + s->vocab + 2 * s->layers * G * C * (context + LANES))
           + context + 16 * 16;
}
