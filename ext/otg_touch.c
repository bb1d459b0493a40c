/* Where the upper wall may be touched: see otg_touch.h. */
#include "otg_touch.h"

#include <math.h>

enum { ROUNDS = 64 };

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

OtgTouch otg_touch(const OtgRequest *r, double wall, double a) {
    OtgTouch t = {*r, *r};
    t.to.strict = t.on.strict = 1;
    if (r->interface == OTG_VELOCITY) t.to.vmax = INFINITY, t.to.vmin = -INFINITY;
    t.to.interface = OTG_POSITION;
    t.to.pf = t.on.p0 = wall;
    t.to.vf = t.on.v0 = 0;
    t.to.af = t.on.a0 = a;
    return t;
}

/* The largest acceleration, inward, that a touch may need to have. */
static double hardest(const OtgRequest *r, double wall) {
    const double ways = fabs(wall - r->p0) + (r->interface == OTG_POSITION ? fabs(wall - r->pf) : 0);
    const double scale = 4 * (cbrt(r->jmax * r->jmax * ways) + sqrt(r->jmax * (fabs(r->v0) + fabs(r->vf))) +
                              fabs(r->a0) + fabs(r->af));
    const double limit = smaller(-r->amin, scale);
    if (r->interface == OTG_VELOCITY) return limit;
    return smaller(limit, sqrt(2 * r->jmax * smaller(r->vmax, -r->vmin)));
}

/* The softest touch that does not go through the wall: where the stop with acceleration a ends at it. */
static double softest(const OtgRequest *r, double wall, double peak) {
    double low = peak, high = 0;
    if (otg_stop(r, 0) <= wall) return 0;
    for (int i = 0; i < ROUNDS && high - low > 1e-15 * fabs(peak); i++) {
        const double middle = 0.5 * (low + high);
        if (otg_stop(r, middle) <= wall) low = middle;
        else high = middle;
    }
    return low;
}

int otg_touches(const OtgRequest *r, double *wall, double slack, double nodes[OTG_NODES]) {
    const OtgRequest back = otg_reversed(r);
    double marks[6] = {-hardest(r, *wall), 0, 0, 0, 0, 0};
    int n = 1, count = 0;
    for (int end = 0; end < (r->interface == OTG_POSITION ? 2 : 1); end++) {
        const OtgRequest *one = end ? &back : r;
        const double peak = otg_peak(one, &marks[n]);
        if (!(peak > one->p0 || marks[n] < 0)) continue;
        if (fabs(peak - *wall) <= slack) *wall = peak; /* it can only just stop */
        marks[n + 1] = softest(one, *wall, marks[n]);
        n += 2;
    }
    marks[n++] = 0;
    for (int i = 1; i < n; i++) { /* sorted by insertion */
        const double mark = larger(marks[i], marks[0]);
        int k = i;
        for (; k > 0 && marks[k - 1] > mark; k--) marks[k] = marks[k - 1];
        marks[k] = mark;
    }
    for (int i = 0; i + 1 < n; i++) {
        for (int k = 0; k < OTG_PARTS && marks[i + 1] > marks[i]; k++)
            nodes[count++] = marks[i] + (marks[i + 1] - marks[i]) * k / OTG_PARTS;
    }
    nodes[count++] = marks[n - 1];
    return count;
}
