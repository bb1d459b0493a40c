/* Back within the limits: what comes first when the initial state is outside of them.

The acceleration is brought to its limit; then the velocity to its own, as soon as jerk and acceleration allow and
without leaving the other side: at the end of the brake the velocity is on the limit and can still stop at the other
one. */
#include "otg_axis.h"

#include <float.h>
#include <math.h>

static double larger(double a, double b) { return a > b ? a : b; }

static void apply(OtgAxis *x, double dt, double j) {
    if (!(dt > 0)) return;
    otg_push(&x->brake, dt, j, x->a0);
    x->d -= dt * (x->v0 + dt * (0.5 * x->a0 + dt * j / 6));
    x->v0 += dt * (x->a0 + 0.5 * dt * j);
    x->a0 += dt * j;
    x->braked += dt;
}

/* Down to the upper velocity limit; for the lower one, everything is mirrored by s = -1. */
static void brake_velocity(OtgAxis *x, double s) {
    const double top = s > 0 ? x->up : x->down, room = x->up + x->down, lo = s > 0 ? x->lo : x->hi;
    const double v = s * x->v0, a = s * x->a0, excess = v + 0.5 * a * a - top;
    const double straight = sqrt(larger(0, 2 * excess)), reversible = sqrt(2 * room);
    double end;
    if (straight <= lo && straight <= reversible) {
        end = straight;
        apply(x, a + straight, -s);
    } else if (reversible >= lo) {
        end = lo;
        apply(x, a + lo, -s);
        apply(x, (excess - 0.5 * lo * lo) / lo, 0);
    } else {
        const double wanted = excess + room, deepest = wanted > lo * lo ? lo : sqrt(wanted);
        end = reversible;
        apply(x, a + deepest, -s);
        if (wanted > lo * lo) apply(x, (wanted - lo * lo) / lo, 0);
        apply(x, deepest - reversible, s);
    }
    x->a0 = -s * end;
    x->v0 = s * top;
}

void otg_brake_acceleration(OtgAxis *x) {
    if (x->a0 > x->hi) {
        apply(x, x->a0 - x->hi, -1);
        x->a0 = x->hi;
    } else if (x->a0 < -x->lo) {
        apply(x, -x->lo - x->a0, 1);
        x->a0 = -x->lo;
    }
}

void otg_brake_velocity(OtgAxis *x) {
    const double stop = 0.5 * x->a0 * x->a0, slack = 256 * DBL_EPSILON * (fabs(x->v0) + larger(x->up, x->down) + stop);
    if (x->a0 > 0 && x->v0 + stop > x->up + slack) brake_velocity(x, 1);
    else if (x->a0 < 0 && x->v0 - stop < -x->down - slack) brake_velocity(x, -1);
    else if (x->v0 > x->up + slack) brake_velocity(x, 1);
    else if (x->v0 < -x->down - slack) brake_velocity(x, -1);
}
