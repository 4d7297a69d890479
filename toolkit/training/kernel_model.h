// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The model out of kernel.c's parts: one row forward and back.

typedef struct {  // of one layer, over the row
    float *root1, *n1, *qkv, *logsum, *mixed, *root2, *n2, *h, *act;
} Kept;

typedef struct {  // offsets into the flat weights: embedding, per layer qkv, o, gate and up, down; head
    long qkv, o, gu, down, layer, head, total;
} Places;

static Places places(const Shape *s) {
    long Q = (s->heads + 2 * s->groups) * s->channels, O = s->heads * s->channels, D = s->dim, M = s->hidden;
    Places p;
    p.qkv = 0, p.o = Q * D, p.gu = p.o + D * O, p.down = p.gu + 2 * M * D, p.layer = p.down + D * M;
    p.head = s->vocab * D + s->layers * p.layer;
    p.total = p.head + s->vocab * D;
    return p;
}

static float *take(float **from, long count) {
    float *part = *from;
    *from += up_to(count, LANES);
    return part;
}

// Weights [out, in] of a batch, turned to [in, out] at the same offsets
void turned_weights(const Shape *s, const float *w, float *to) {
    Places p = places(s);
    int Q = (s->heads + 2 * s->groups) * s->channels, O = s->heads * s->channels, D = s->dim, M = s->hidden;
    for (int l = 0; l < s->layers; l++) {
        long at = (long)s->vocab * D + l * p.layer;
        turn(Q, D, w + at + p.qkv, D, to + at + p.qkv);
        turn(D, O, w + at + p.o, O, to + at + p.o);
        turn(2 * M, D, w + at + p.gu, D, to + at + p.gu);
        turn(D, M, w + at + p.down, M, to + at + p.down);
    }
    turn(s->vocab, D, w + p.head, D, to + p.head);
}

// Floats of scratch that a row of T tokens needs
long scratch_floats(const Shape *s, int T) {
    long Q = (s->heads + 2 * s->groups) * s->channels, O = s->heads * s->channels, D = s->dim, M = s->hidden;
    long layer = T * (4 * D + Q + O + 3 * M + 2 + s->heads), back = T * (3 * D + Q + O + 3 * M);
    return s->layers * layer + back + T * (D + 1) + 2L * T * s->channels + 2L * QUERIES * up_to(T, LANES)
           + (long)QUERIES * s->vocab + 1024 + 16L * 32 * (s->layers + 2);
}

static Head head_of(const Shape *s, int T, int h, const float *qkv, float *kt, float *vt) {
    int C = s->channels, g = h / (s->heads / s->groups), ld = (s->heads + 2 * s->groups) * C;
    Head head = {.q = qkv + h * C, .k = qkv + (s->heads + g) * C, .v = qkv + (s->heads + s->groups + g) * C,
                 .kt = kt, .vt = vt, .T = T, .C = C, .ld = ld, .scale = 1 / sqrtf(C)};
    turn(T, C, head.k, ld, kt);
    turn(T, C, head.v, ld, vt);
    return head;
}

// Adds the gradient of weight * (sum of the losses of ids[1..T]) to dw, laid out like w; returns that sum.
// ids [T + 1]; T a multiple of 16; cosine and sine [T, C / 2]; turned from turned_weights.
double row_gradient(const Shape *s, int T, const int32_t *ids, float weight, const float *w, const float *turned,
                    const float *cosine, const float *sine, float *dw, float *scratch) {
    const Places p = places(s);
    const int D = s->dim, C = s->channels, Q = (s->heads + 2 * s->groups) * C, O = s->heads * C, M = s->hidden;
    const int V = s->vocab;
    Kept kept[s->layers];
    for (int l = 0; l < s->layers; l++)
        kept[l] = (Kept){take(&scratch, T), take(&scratch, T * D), take(&scratch, T * Q),
                         take(&scratch, T * s->heads), take(&scratch, T * O),
                         take(&scratch, T), take(&scratch, T * D), take(&scratch, T * 2 * M), take(&scratch, T * M)};
    float *x = take(&scratch, T * D), *root = take(&scratch, T), *n = take(&scratch, T * D);
    float *dx = take(&scratch, T * D), *dn = take(&scratch, T * D), *dqkv = take(&scratch, T * Q);
    float *dmixed = take(&scratch, T * O), *dact = take(&scratch, T * M), *dh = take(&scratch, T * 2 * M);
    float *kt = take(&scratch, T * C), *vt = take(&scratch, T * C), *scores = take(&scratch, 2 * QUERIES * T);
    float *logits = take(&scratch, QUERIES * V);

    for (int t = 0; t < T; t++) memcpy(x + t * D, w + ids[t] * D, 4 * D);
    for (int l = 0; l < s->layers; l++) {
        Kept k = kept[l];
        const float *m = turned + (long)V * D + l * p.layer;
        norm(T, D, s->eps, x, k.root1, k.n1);
        forward(T, D, Q, k.n1, m + p.qkv, k.qkv, 0);
        rotate(T, s->heads + s->groups, C, Q, cosine, sine, 1, k.qkv);
        for (int h = 0; h < s->heads; h++)
            attend(head_of(s, T, h, k.qkv, kt, vt), k.logsum + h * T, k.mixed + h * C, O, scores);
        forward(T, O, D, k.mixed, m + p.o, x, 1);
        norm(T, D, s->eps, x, k.root2, k.n2);
        forward(T, D, 2 * M, k.n2, m + p.gu, k.h, 0);
        gate(T, M, k.h, k.act);
        forward(T, M, D, k.act, m + p.down, x, 1);
    }
    norm(T, D, s->eps, x, root, n);

    double loss = 0;
    for (int t = 0; t < T; t += QUERIES) {
        forward(QUERIES, D, V, n + t * D, turned + p.head, logits, 0);
        loss += cross_entropy(QUERIES, V, ids + 1 + t, weight, logits);
        backward(QUERIES, D, V, logits, n + t * D, w + p.head, dn + t * D, dw + p.head, 0);
    }
    memset(dx, 0, 4 * T * D);
    norm_backward(T, D, n, root, dn, dx);
    for (int l = s->layers - 1; l >= 0; l--) {
        Kept k = kept[l];
        long at = (long)V * D + l * p.layer;
        const float *m = w + at;
        float *d = dw + at;
        backward(T, M, D, dx, k.act, m + p.down, dact, d + p.down, 0);
        gate_backward(T, M, k.h, dact, dh);
        backward(T, D, 2 * M, dh, k.n2, m + p.gu, dn, d + p.gu, 0);
        norm_backward(T, D, k.n2, k.root2, dn, dx);
        backward(T, O, D, dx, k.mixed, m + p.o, dmixed, d + p.o, 0);
        memset(dqkv, 0, 4 * T * Q);
        for (int h = 0; h < s->heads; h++) {
            int g = h / (s->heads / s->groups);
            attend_backward(head_of(s, T, h, k.qkv, kt, vt), k.logsum + h * T, k.mixed + h * C, dmixed + h * C, O,
                            dqkv + h * C, dqkv + (s->heads + g) * C, dqkv + (s->heads + s->groups + g) * C, scores);
        }
        rotate(T, s->heads + s->groups, C, Q, cosine, sine, -1, dqkv);
        backward(T, D, Q, dqkv, k.n1, m + p.qkv, dn, d + p.qkv, 0);
        norm_backward(T, D, k.n1, k.root1, dn, dx);
    }
    for (int t = 0; t < T; t++)
        for (int j = 0; j < D; j++) dw[ids[t] * D + j] += dx[t * D + j];
    return loss;
}
