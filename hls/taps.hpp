// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
//
// HW_TAP(stage, layer, array, count): in C-simulation, append `count` values to the trace buffer that the
// host gave, under the stage names of reference.py ("L{layer}.{stage}", or the stage alone for a negative
// layer). Under __SYNTHESIS__ it is nothing.
#ifndef HW_TAPS_HPP
#define HW_TAPS_HPP

#ifdef __SYNTHESIS__
#define HW_TAP(stage, layer, array, count)
#else
#define HW_TAP(stage, layer, array, count) hw::tap(stage, layer, array, count)

#include <stdint.h>
#include <stdio.h>

namespace hw {

struct Trace {
    int64_t *values; // null: nothing is recorded
    int64_t capacity, used;
    char *names; // lines "name count"
    int64_t name_capacity, name_used;
};

inline Trace &trace() {
    static Trace the_trace = {0, 0, 0, 0, 0, 0};
    return the_trace;
}

template <class T> void tap(const char *stage, int layer, const T *array, int count) {
    Trace &t = trace();
    if (!t.values || t.used + count > t.capacity || t.name_used + 64 > t.name_capacity)
        return;
    char *line = t.names + t.name_used;
    t.name_used += layer < 0 ? snprintf(line, 64, "%s %d\n", stage, count)
                             : snprintf(line, 64, "L%d.%s %d\n", layer, stage, count);
    for (int i = 0; i < count; i++)
        t.values[t.used++] = int64_t(array[i]);
}

} // namespace hw
#endif

#endif
