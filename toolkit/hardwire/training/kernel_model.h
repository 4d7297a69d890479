// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The model out of kernel.c's parts: one row forward and back.

typedef struct {  // of one layer, over the row
    float *root1, *n1, *qkv, *logsum, *mixed, *root2, *n2, *h, *act;
    unit *n1_packed, *mixed_packed, *n2_packed, *act_packed;
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

// The weights of a batch as the linear layers want them: ready [2 * total]; work holds the largest matrix
void ready_weights(const Shape *s, const float *w, unit *ready, float *work) {
    Places p = places(s);
    int Q = (s->heads + 2 * s->groups) * s->channels, O = s->heads * s->channels, D = s->dim, M = s->hidden;
    for (int l = 0; l < s->layers; l++) {
        long at = (long)s->vocab * D + l * p.layer;
        pack_weight(Q, D, w + at + p.qkv, ready + at + p.qkv, p.total, work);
        pack_weight(D, O, w + at + p.o, ready + at + p.o, p.total, work);
        pack_weight(2 * M, D, w + at + p.gu, ready + at + p.gu, p.total, work);
        pack_weight(D, M, w + at + p.down, ready + at + p.down, p.total, work);
    }
    pack_weight(s->vocab, D, w + p.head, ready + p.head, p.total, work);
}

// Floats of scratch that a row of T tokens needs
long scratch_floats(const Shape *s, int T) {
    long Q = (s->heads + 2 * s->groups) * s->channels, O = s->heads * s->channels, D = s->dim, M = s->hidden;
    long layer = T * (4 * D + Q + 2 * O + 4 * M + 2 + s->heads), back = T * (5 * D + Q + O + 3 * M + 1);
    long most = 2 * M > Q ? 2 * M : Q;
    return s->layers * layer + back + T * most + 2L * T * s->channels + 2L * QUERIES * T + 2L * HEADED * s->vocab
           + 16L * 16 * (s->layers + 2);
}

static Head head_of(const Shape *s, int T, int h, const float *qkv, float *kt, float *vt) {
    int C = s->channels, g = h / (s->heads / s->groups), ld = (s->heads + 2 * s->groups) * C;
    Head head = {.q = qkv + h * C, .k = qkv + (s->heads + g) * C, .v = qkv + (s->heads + s->groups + g) * C,
                 .kt = kt, .vt = vt, .T = T, .C = C, .ld = ld, .scale = 1 / sqrtf(C)};
    turn(T, C, head.k, ld, kt);
    turn(T, C, head.v, ld, vt);
    return head;
}

// Adds the gradient of weight * (sum of the losses of the targets) to dw, laid out like w; returns that sum.
// ids and targets [T], T a multiple of 16; cosine and sine [T, C / 2]; ready from ready_weights.
double row_gradient(const Shape *s, int T, const int32_t *ids, const int32_t *targets, float weight, const float *w,
                    const unit *ready, const float *cosine, const float *sine, float *dw, float *scratch) {
    const Places p = places(s);
    const int D = s->dim, C = s->channels, Q = (s->heads + 2 * s->groups) * C, O = s->heads * C, M = s->hidden;
    const int V = s->vocab;
    const long most = 2 * M > Q ? 2 * M : Q;
#define TAKE(count) take(&scratch, count)
    Kept kept[s->layers];
    for (int l = 0; l < s->layers; l++)
        kept[l] = (Kept){TAKE(T), TAKE(T * D), TAKE(T * Q), TAKE(T * s->heads), TAKE(T * O), TAKE(T), TAKE(T * D),
                         TAKE(T * 2 * M), TAKE(T * M), (unit *)TAKE(T * D), (unit *)TAKE(T * O), (unit *)TAKE(T * D),
                         (unit *)TAKE(T * M)};
    float *x = TAKE(T * D), *root = TAKE(T), *n = TAKE(T * D), *dx = TAKE(T * D), *dn = TAKE(T * D);
    float *dqkv = TAKE(T * Q), *dmixed = TAKE(T * O), *dact = TAKE(T * M), *dh = TAKE(T * 2 * M);
    float *kt = TAKE(T * C), *vt = TAKE(T * C), *scores = TAKE(2 * QUERIES * T), *logits = TAKE(HEADED * V);
    unit *work = (unit *)TAKE(T * most), *work_head = (unit *)TAKE(HEADED * V), *n_packed = (unit *)TAKE(T * D);

    for (int t = 0; t < T; t++) memcpy(x + t * D, w + ids[t] * D, 4 * D);
    for (int l = 0; l < s->layers; l++) {
        Kept k = kept[l];
        const unit *m = ready + (long)V * D + l * p.layer;
        norm(T, D, s->eps, x, k.root1, k.n1);
        forward(T, D, Q, k.n1, k.n1_packed, m + p.qkv, k.qkv, 0, work);
        rotate(T, s->heads + s->groups, C, Q, cosine, sine, 1, k.qkv);
        for (int h = 0; h < s->heads; h++)
            attend(head_of(s, T, h, k.qkv, kt, vt), k.logsum + h * T, k.mixed + h * C, O, scores);
        forward(T, O, D, k.mixed, k.mixed_packed, m + p.o, x, 1, work);
        norm(T, D, s->eps, x, k.root2, k.n2);
        forward(T, D, 2 * M, k.n2, k.n2_packed, m + p.gu, k.h, 0, work);
        gate(T, M, k.h, k.act);
        forward(T, M, D, k.act, k.act_packed, m + p.down, x, 1, work);
    }
    norm(T, D, s->eps, x, root, n);

    double loss = 0;
    for (int t = 0; t < T; t += HEADED) {
        int rows = T - t < HEADED ? T - t : HEADED;
        forward(rows, D, V, n + t * D, n_packed, ready + p.head, logits, 0, work);
        loss += cross_entropy(rows, V, targets + t, weight, logits);
        backward(rows, D, V, logits, n_packed, ready + p.head, p.total, dn + t * D, dw + p.head, work_head);
    }
    memset(dx, 0, 4 * T * D);
    norm_backward(T, D, n, root, dn, dx);
    for (int l = s->layers - 1; l >= 0; l--) {
        Kept k = kept[l];
        long at = (long)V * D + l * p.layer;
        const unit *m = ready + at;
        float *d = dw + at;
        backward(T, M, D, dx, k.act_packed, m + p.down, p.total, dact, d + p.down, work);
        gate_backward(T, M, k.h, dact, dh);
        backward(T, D, 2 * M, dh, k.n2_packed, m + p.gu, p.total, dn, d + p.gu, work);
        norm_backward(T, D, k.n2, k.root2, dn, dx);
        backward(T, O, D, dx, k.mixed_packed, m + p.o, p.total, dmixed, d + p.o, work);
        memset(dqkv, 0, 4 * T * Q);
        for (int h = 0; h < s->heads; h++) {
            int g = h / (s->heads / s->groups);
            attend_backward(head_of(s, T, h, k.qkv, kt, vt), k.logsum + h * T, k.mixed + h * C, dmixed + h * C, O,
                            dqkv + h * C, dqkv + (s->heads + g) * C, dqkv + (s->heads + s->groups + g) * C, scores);
        }
        rotate(T, s->heads + s->groups, C, Q, cosine, sine, -1, dqkv);
        backward(T, D, Q, dqkv, k.n1_packed, m + p.qkv, p.total, dn, d + p.qkv, work);
        norm_backward(T, D, k.n1, k.root1, dn, dx);
    }
    for (int t = 0; t < T; t++)
        for (int j = 0; j < D; j++) dw[ids[t] * D + j] += dx[t * D + j];
    return loss;
}
