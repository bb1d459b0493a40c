/* Where the intervals of possible durations begin: the motions that are the fastest ones of their kind.

An interval begins where the target first comes into reach: at the least duration, behind the gap between the two
stretches, and behind the dip of a reach that falls and rises again. */
#include "otg_blocked.h"

#include <float.h>
#include <math.h>

enum { ROUNDS = 100 };

static double reach3(const OtgAxis *x, int side, double T, double *slope) {
    return otg_reach(side > 0 ? &x->fore : &x->back, T, slope);
}

/* The time after which the reach to one side does not fall any more. */
static double dip3(const OtgAxis *x, int side) {
    double low = fmax(0, otg_turn(side > 0 ? &x->fore : &x->back)), high, slope;
    reach3(x, side, low, &slope);
    if (slope >= 0) return low;
    high = low > 0 ? 2 * low : 1;
    for (int i = 0; i < ROUNDS; i++, high *= 2) {
        reach3(x, side, high, &slope);
        if (slope >= 0) break;
    }
    for (int i = 0; i < ROUNDS && high - low > DBL_EPSILON * high; i++) {
        const double middle = 0.5 * (low + high);
        reach3(x, side, middle, &slope);
        if (slope < 0) low = middle;
        else high = middle;
    }
    return high;
}

/* Without a jerk limit the reach is least where its greatest velocity is zero. */
static double dip2(const OtgAxis *x, int side) {
    const double v0 = side * x->v0, vf = side * x->vf, hi = side > 0 ? x->hi : x->lo, lo = side > 0 ? x->lo : x->hi;
    return v0 < 0 && vf < 0 ? -v0 / hi - vf / lo : 0;
}

static int add(double *starts, int n, double t) {
    int i = n;
    for (int k = 0; k < n; k++)
        if (fabs(starts[k] - t) <= 8 * DBL_EPSILON * t) return n;
    for (; i > 0 && starts[i - 1] > t; i--) starts[i] = starts[i - 1];
    starts[i] = t;
    return n + 1;
}

int otg_starts(const OtgAxis *x, double starts[OTG_STARTS]) {
    double after[3];
    int gaps = 0, n = 0;
    if (!(x->first < INFINITY)) return 0;
    n = add(starts, n, x->first);
    if (x->rest || x->order == 1) return n;
    if (x->stretches > 1) after[gaps++] = x->until[0] * (1 + 4 * DBL_EPSILON);
    for (int side = -1; side <= 1 && x->interface == OTG_POSITION; side += 2)
        after[gaps++] = x->order == 3 ? dip3(x, side) : dip2(x, side);
    for (int i = 0; i < gaps; i++) {
        const double T = (after[i] + x->braked) * x->second, next = otg_axis_next(x, T);
        if (next < INFINITY && next > x->first && (next > T || (i == 0 && x->stretches > 1))) n = add(starts, n, next);
    }
    return n;
}
