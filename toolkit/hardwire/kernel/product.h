// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Products: C[i, j] (+)= sum over k of A(i, k) * B[k, j], with A(i, k) at a[i * across + k * along].
// Included once for each kind of factor, with NAME(x), UNIT (its type) and FUSED(c, a, b) (c + a * b in vectors).

inlined void NAME(tile)(int rows, int columns, int depth, const UNIT *a, long across, long along, const UNIT *b,
                        long ldb, float *c, long ldc, int add) {
    vec sums[2 * ROWS][4];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < columns; j++) sums[i][j] = add ? load(c + i * ldc + j * LANES) : (vec){0};
    for (int k = 0; k < depth; k++) {
        vec right[4];
#pragma GCC unroll 4
        for (int j = 0; j < columns; j++) right[j] = load((const float *)(b + k * ldb + j * LANES));
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
            for (int j = 0; j < columns; j++) sums[i][j] = FUSED(sums[i][j], a[i * across + k * along], right[j]);
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < columns; j++) store(c + i * ldc + j * LANES, sums[i][j]);
}

#define TILES(R, COLUMNS)         \
    for (; i + R <= rows; i += R) \
        NAME(tile)(R, COLUMNS, depth, a + i * across, across, along, b, ldb, c + i * ldc, ldc, add);
#define STRIP(COLUMNS, R)                                                                                       \
    static void NAME(strip##COLUMNS)(int rows, int depth, const UNIT *a, long across, long along, const UNIT *b, \
                                     long ldb, float *c, long ldc, int add) {                                   \
        int i = 0;                                                                                              \
        TILES(R, COLUMNS) TILES(4, COLUMNS) TILES(1, COLUMNS)                                                   \
    }
STRIP(4, ROWS)
STRIP(2, 2 * ROWS)
STRIP(1, 2 * ROWS)
#undef STRIP
#undef TILES

static void NAME(product)(int rows, int columns, int depth, const UNIT *a, long across, long along, const UNIT *b,
                          long ldb, float *c, long ldc, int add) {
    int j = 0;
    for (; j + 4 * LANES <= columns; j += 4 * LANES)
        NAME(strip4)(rows, depth, a, across, along, b + j, ldb, c + j, ldc, add);
    for (; j + 2 * LANES <= columns; j += 2 * LANES)
        NAME(strip2)(rows, depth, a, across, along, b + j, ldb, c + j, ldc, add);
    for (; j < columns; j += LANES) NAME(strip1)(rows, depth, a, across, along, b + j, ldb, c + j, ldc, add);
}
#undef NAME
#undef UNIT
#undef FUSED
