/* All that a kernel is made of, for LANES numbers at once; included by one file a kernel. */
#include "chain_lanes.h"
#include "kernel.h"
#include "polish_lanes.h"

INLINE void atan2_some(const double *y, const double *x, size_t n, double *out) {
    Lane above = {0}, along = {0}, angle;
    memcpy(&above, y, n * sizeof(double));
    memcpy(&along, x, n * sizeof(double));
    lanes_atan2(&above, &along, &angle);
    memcpy(out, &angle, n * sizeof(double));
}

static void atan2_all(const double *y, const double *x, size_t n, double *out) {
    for (; n >= LANES; n -= LANES, y += LANES, x += LANES, out += LANES) atan2_some(y, x, LANES, out);
    if (n > 0) atan2_some(y, x, n, out);
}
