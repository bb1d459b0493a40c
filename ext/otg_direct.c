/* The fastest way from one velocity and acceleration to others, wherever that ends, and the stretches of time in which
they can be reached.

On a single ramp the least time jumps: with both accelerations on one side, a velocity beyond what the ramp gives asks
for a way through zero; and what is taken for a velocity to be gained costs its square root in time. Who plans anew on
the last ramp of a motion meets this every time, with numbers that are rounded as the velocities of that motion were. So
what may be rounding is taken for the ramp. */
#include "otg_axis.h"

#include <math.h>

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

/* What the rounding of velocities makes of the distance at a time that is the root of their difference. */
static double edge(const OtgAxis *x, double root) {
    const double speed = fabs(x->v0) + fabs(x->vf) + x->a0 * x->a0 + x->af * x->af;
    const double change = x->grain / 32 * speed / larger(root, 1e-8); /* of the time */
    return smaller(change, OTG_ROUGH * (fabs(x->af - x->a0) + root)) * speed;
}

/* The time at which the way through the slowest point is over, and the one from which the way through zero is. */
static void find_stretches(OtgAxis *x, double a0, double af, double lo, double dip) {
    x->until[0] = INFINITY;
    x->stretches = 1;
    if (!(a0 > 0 && af > 0 && dip > 0)) return;
    const double z = smaller(sqrt(dip), smaller(a0, af)), far = smaller(sqrt(dip), lo);
    x->until[0] = larger(x->from[0], (a0 - z) + (af - z));
    x->late = edge(x, z);
    x->from[1] = (a0 + far) + (af + far) + larger(0, dip / lo - lo) * (dip > lo * lo);
    x->until[1] = INFINITY;
    x->stretches = 2;
}

/* Turns the problem so that the fastest change of velocity begins with jerk +1. */
void otg_direct(OtgAxis *x) {
    const double dv = x->vf - x->v0, ramp = 0.5 * fabs(x->af - x->a0) * (x->af + x->a0);
    const double speed = fabs(x->v0) + fabs(x->vf) + x->a0 * x->a0 + x->af * x->af;
    x->loose = x->grain * speed;
    if (x->interface == OTG_POSITION)
        x->loose += smaller(x->grain / 32 * smaller(1, larger(x->up, x->down)), OTG_ROUGH * speed);
    const double s = x->sense = dv >= ramp + (x->a0 + x->af < 0 ? x->loose : -x->loose) ? 1 : -1;
    const double a0 = s * x->a0, af = s * x->af, gain = s * dv, hi = s > 0 ? x->hi : x->lo, lo = s > 0 ? x->lo : x->hi;
    const double mean = 0.5 * (a0 * a0 + af * af), least = larger(a0, af);
    const double peak = fabs(dv - ramp) <= x->loose ? least * fabs(least) : gain + mean;
    x->direct.tc = x->direct.t4 = x->direct.t2 = 0;
    x->direct.a1 = larger(least, sqrt(larger(0, peak)));
    if (x->direct.a1 > hi) {
        x->direct.a1 = larger(hi, least);
        x->direct.t2 = larger(0, peak / hi - hi);
    }
    x->direct.a2 = af;
    x->from[0] = (x->direct.a1 - a0) + (x->direct.a1 - af) + x->direct.t2;
    find_stretches(x, a0, af, lo, mean - gain);
    x->early = edge(x, sqrt(larger(0, peak)));
}
