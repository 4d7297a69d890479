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

typedef struct {  // what a row of T tokens needs, in scratch
    Kept *kept;
    float *x, *root, *n, *dx, *dn, *dqkv, *dmixed, *dact, *dh, *kt, *vt, *scores, *logits;
    unit *work, *work_head, *n_packed;
} Row;

static Row row_in(const Shape *s, int T, Kept *kept, float *scratch) {
    const int D = s->dim, C = s->channels, Q = (s->heads + 2 * s->groups) * C, O = s->heads * C, M = s->hidden;
    const long most = 2 * M > Q ? 2 * M : Q;
#define TAKE(count) take(&scratch, count)
    for (int l = 0; l < s->layers; l++)
        kept[l] = (Kept){TAKE(T), TAKE(T * D), TAKE(T * Q), TAKE(T * s->heads), TAKE(T * O), TAKE(T), TAKE(T * D),
                         TAKE(T * 2 * M), TAKE(T * M), (unit *)TAKE(T * D), (unit *)TAKE(T * O), (unit *)TAKE(T * D),
                         (unit *)TAKE(T * M)};
    Row r = {.kept = kept};
    r.x = TAKE(T * D), r.root = TAKE(T), r.n = TAKE(T * D), r.dx = TAKE(T * D), r.dn = TAKE(T * D);
    r.dqkv = TAKE(T * Q), r.dmixed = TAKE(T * O), r.dact = TAKE(T * M), r.dh = TAKE(T * 2 * M);
    r.kt = TAKE(T * C), r.vt = TAKE(T * C), r.scores = TAKE(2 * QUERIES * T), r.logits = TAKE(HEADED * s->vocab);
    r.work = (unit *)TAKE(T * most), r.work_head = (unit *)TAKE(HEADED * s->vocab), r.n_packed = (unit *)TAKE(T * D);
#undef TAKE
    return r;
}

// The normalised inputs n of the head, and on the way there what the way back needs
static void row_forward(const Shape *s, int T, const int32_t *ids, const float *w, const unit *ready,
                        const float *cosine, const float *sine, Row r) {
    const Places p = places(s);
    const int D = s->dim, C = s->channels, Q = (s->heads + 2 * s->groups) * C, O = s->heads * C, M = s->hidden;
    for (int t = 0; t < T; t++) memcpy(r.x + t * D, w + ids[t] * D, 4 * D);
    for (int l = 0; l < s->layers; l++) {
        Kept k = r.kept[l];
        const unit *m = ready + (long)s->vocab * D + l * p.layer;
        norm(T, D, s->eps, r.x, k.root1, k.n1);
        forward(T, D, Q, k.n1, k.n1_packed, m + p.qkv, k.qkv, 0, r.work);
        rotate(T, s->heads + s->groups, C, Q, cosine, sine, 1, k.qkv);
        for (int h = 0; h < s->heads; h++)
            attend(head_of(s, T, h, k.qkv, r.kt, r.vt), k.logsum + h * T, k.mixed + h * C, O, r.scores);
        forward(T, O, D, k.mixed, k.mixed_packed, m + p.o, r.x, 1, r.work);
        norm(T, D, s->eps, r.x, k.root2, k.n2);
        forward(T, D, 2 * M, k.n2, k.n2_packed, m + p.gu, k.h, 0, r.work);
        gate(T, M, k.h, k.act);
        forward(T, M, D, k.act, k.act_packed, m + p.down, r.x, 1, r.work);
    }
    norm(T, D, s->eps, r.x, r.root, r.n);
}

// Adds to dw what the gradient dn of the head's inputs asks of the layers and the embedding
static void row_backward(const Shape *s, int T, const int32_t *ids, const unit *ready, const float *cosine,
                         const float *sine, float *dw, Row r) {
    const Places p = places(s);
    const int D = s->dim, C = s->channels, Q = (s->heads + 2 * s->groups) * C, O = s->heads * C, M = s->hidden;
    memset(r.dx, 0, 4 * T * D);
    norm_backward(T, D, r.n, r.root, r.dn, r.dx);
    for (int l = s->layers - 1; l >= 0; l--) {
        Kept k = r.kept[l];
        long at = (long)s->vocab * D + l * p.layer;
        const unit *m = ready + at;
        float *d = dw + at;
        backward(T, M, D, r.dx, k.act_packed, m + p.down, p.total, r.dact, d + p.down, r.work);
        gate_backward(T, M, k.h, r.dact, r.dh);
        backward(T, D, 2 * M, r.dh, k.n2_packed, m + p.gu, p.total, r.dn, d + p.gu, r.work);
        norm_backward(T, D, k.n2, k.root2, r.dn, r.dx);
        backward(T, O, D, r.dx, k.mixed_packed, m + p.o, p.total, r.dmixed, d + p.o, r.work);
        memset(r.dqkv, 0, 4 * T * Q);
        for (int h = 0; h < s->heads; h++) {
            int g = h / (s->heads / s->groups);
            float *dk = r.dqkv + (s->heads + g) * C;
            attend_backward(head_of(s, T, h, k.qkv, r.kt, r.vt), k.logsum + h * T, k.mixed + h * C, r.dmixed + h * C,
                            O, r.dqkv + h * C, dk, dk + s->groups * C, r.scores);
        }
        rotate(T, s->heads + s->groups, C, Q, cosine, sine, -1, r.dqkv);
        backward(T, D, Q, r.dqkv, k.n1_packed, m + p.qkv, p.total, r.dn, d + p.qkv, r.work);
        norm_backward(T, D, k.n1, k.root1, r.dn, r.dx);
    }
    for (int t = 0; t < T; t++)
        for (int j = 0; j < D; j++) dw[ids[t] * D + j] += r.dx[t * D + j];
}

// The loss of a row against targets [T] or, where those are NULL, against log probabilities [T, V]
static double row_loss(const Shape *s, int T, const int32_t *ids, const int32_t *targets, const float *wanted,
                       float weight, const float *w, const unit *ready, const float *cosine, const float *sine,
                       float *dw, float *scratch) {
    const Places p = places(s);
    const int D = s->dim, V = s->vocab;
    Kept kept[s->layers];
    Row r = row_in(s, T, kept, scratch);
    row_forward(s, T, ids, w, ready, cosine, sine, r);
    double loss = 0;
    for (int t = 0; t < T; t += HEADED) {
        int rows = T - t < HEADED ? T - t : HEADED;
        forward(rows, D, V, r.n + t * D, r.n_packed, ready + p.head, r.logits, 0, r.work);
        loss += targets ? cross_entropy(rows, V, targets + t, weight, r.logits)
                        : divergence(rows, V, wanted + (long)t * V, weight, r.logits);
        backward(rows, D, V, r.logits, r.n_packed, ready + p.head, p.total, r.dn + t * D, dw + p.head, r.work_head);
    }
    row_backward(s, T, ids, ready, cosine, sine, dw, r);
    return loss;
}

// Adds the gradient of weight * (sum of the losses of the targets) to dw, laid out like w; returns that sum.
// ids and targets [T], T a multiple of 16; cosine and sine [T, C / 2]; ready from ready_weights.
double row_gradient(const Shape *s, int T, const int32_t *ids, const int32_t *targets, float weight, const float *w,
                    const unit *ready, const float *cosine, const float *sine, float *dw, float *scratch) {
    return row_loss(s, T, ids, targets, NULL, weight, w, ready, cosine, sine, dw, scratch);
}

// The same of the Kullback-Leibler divergences from wanted [T, V], log probabilities
double row_divergence(const Shape *s, int T, const int32_t *ids, const float *wanted, float weight, const float *w,
                      const unit *ready, const float *cosine, const float *sine, float *dw, float *scratch) {
    return row_loss(s, T, ids, NULL, wanted, weight, w, ready, cosine, sine, dw, scratch);
}

// The normalised inputs [T, D] of the head
void row_states(const Shape *s, int T, const int32_t *ids, const float *w, const unit *ready, const float *cosine,
                const float *sine, float *out, float *scratch) {
    Kept kept[s->layers];
    Row r = row_in(s, T, kept, scratch);
    row_forward(s, T, ids, w, ready, cosine, sine, r);
    memcpy(out, r.n, 4L * T * s->dim);
}

// Log probabilities [T, V] of the tokens that follow, of what row_states left
void log_probabilities_of(const Shape *s, int T, const float *states, const unit *ready, float *out, float *scratch) {
    const Places p = places(s);
    const int D = s->dim, V = s->vocab;
    Kept kept[s->layers];
    Row r = row_in(s, T, kept, scratch);
    for (int t = 0; t < T; t += HEADED) {
        int rows = T - t < HEADED ? T - t : HEADED;
        float *logits = out + (long)t * V;
        forward(rows, D, V, states + t * D, r.n_packed, ready + p.head, logits, 0, r.work);
        log_probabilities(rows, V, logits);
    }
}
