/* A motion of a given time between the two extremal ones.

First a cruise: to the speed vc as fast as possible, along, and to the final state as fast as possible. At a given
time its distance grows with vc, so Newton from the flat side finds it. Where no cruise of that time exists (both ends
pull the same way, and the time is too short to let go in between), the answer is the mean of the two extremal
motions, weighted to the distance: the limits are convex and both ends are the same, so the mean keeps them. It always
exists. */
#include "otg_axis.h"

#include <float.h>
#include <math.h>

enum { ROUNDS = 60 };

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

/* One end of a cruise: what its ramp adds to vc T, how that grows with vc, and the time it takes. */
typedef struct {
    double distance, slope, time;
} Ramp;

static double ramp_time(double change, double limit, int order) {
    if (order == 2) return change / limit;
    return change > limit * limit ? limit + change / limit : 2 * sqrt(change);
}

/* From velocity v at acceleration a to vc at acceleration zero; the limits are those of speeding up and slowing down.
   */
static Ramp ramp(double v, double a, double vc, double faster, double slower, int order) {
    const double neutral = v + 0.5 * a * fabs(a), s = vc >= neutral ? 1 : -1, limit = s > 0 ? faster : slower;
    const double change = larger(0, s * (vc - v) + 0.5 * a * a), t = ramp_time(change, limit, order);
    Ramp r;
    r.time = t - s * a;
    r.distance = a * (change - a * a / 6) - 0.5 * s * change * t;
    if (order == 2) r.slope = -t;
    else r.slope = s * a - (change > limit * limit ? t - 0.5 * limit : 0.75 * t);
    return r;
}

/* The distance of a cruise; its slope with vc, and the time left for cruising. */
static double cruise(const OtgAxis *x, double T, double vc, double *slope, double *spare) {
    const Ramp out = ramp(x->v0, x->a0, vc, x->hi, x->lo, x->order);
    const Ramp in = ramp(x->vf, -x->af, vc, x->lo, x->hi, x->order); /* seen backwards in time */
    *spare = T - out.time - in.time;
    *slope = T + out.slope + in.slope;
    return vc * T + out.distance + in.distance;
}

/* Newton towards `limit` from where the distance is short of it; 0 if the speed cannot be found there. The distance
   bends towards the start, so only the first step, from the corner where the ramps change their sense, can go too
   far. */
static int newton(const OtgAxis *x, double T, double limit, double *speed) {
    const double s = limit > *speed ? 1 : -1;
    double slope, spare, vc = *speed;
    for (int i = 0; i < ROUNDS; i++) {
        const double miss = x->d - cruise(x, T, vc, &slope, &spare);
        if (!(slope > 0)) return 0;
        double next = vc + miss / slope;
        if (s * (next - limit) > 0) {
            if (vc == limit) return s * miss <= otg_slack(x, T);
            next = limit;
        }
        const double step = fabs(next - vc);
        vc = next;
        if (step <= 2 * DBL_EPSILON * fabs(vc)) break;
    }
    *speed = vc;
    cruise(x, T, vc, &slope, &spare);
    return spare >= 0;
}

/* Between two speeds of which one is too slow and one too fast. */
static int between(const OtgAxis *x, double T, double slow, double fast, double *speed) {
    double slope, spare, vc = 0.5 * (slow + fast);
    for (int i = 0; i < 2 * ROUNDS; i++) {
        const double miss = x->d - cruise(x, T, vc, &slope, &spare);
        if (miss > 0) slow = vc;
        else fast = vc;
        double next = vc + miss / slope;
        if (!(next > slow && next < fast)) next = 0.5 * (slow + fast);
        const double step = fabs(next - vc);
        vc = next;
        if (step <= 2 * DBL_EPSILON * (fabs(slow) + fabs(fast))) break;
    }
    *speed = vc;
    cruise(x, T, vc, &slope, &spare);
    return spare >= 0;
}

int otg_cruise(const OtgAxis *x, double T, double *speed) {
    const double n0 = x->v0 + 0.5 * x->a0 * fabs(x->a0), nf = x->vf - 0.5 * x->af * fabs(x->af);
    const double low = larger(-x->down, smaller(n0, nf)), high = smaller(x->up, larger(n0, nf));
    double slope, spare;
    *speed = high;
    if (cruise(x, T, high, &slope, &spare) <= x->d) return spare >= 0 && newton(x, T, x->up, speed);
    *speed = low;
    if (cruise(x, T, low, &slope, &spare) >= x->d) return spare >= 0 && newton(x, T, -x->down, speed);
    return between(x, T, low, high, speed);
}

static void push_out(const OtgAxis *x, double vc, OtgSteps *s) {
    const double sense = vc >= x->v0 + 0.5 * x->a0 * fabs(x->a0) ? 1 : -1, limit = sense > 0 ? x->hi : x->lo;
    const double change = larger(0, sense * (vc - x->v0) + 0.5 * x->a0 * x->a0), a = smaller(limit, sqrt(change));
    otg_push(s, a - sense * x->a0, sense, x->a0);
    if (change > limit * limit) otg_push(s, change / limit - limit, 0, sense * a);
    otg_push(s, a, -sense, sense * a);
}

static void push_in(const OtgAxis *x, double vc, OtgSteps *s) {
    const double sense = vc >= x->vf - 0.5 * x->af * fabs(x->af) ? 1 : -1, limit = sense > 0 ? x->lo : x->hi;
    const double change = larger(0, sense * (vc - x->vf) + 0.5 * x->af * x->af), a = smaller(limit, sqrt(change));
    otg_push(s, a, -sense, 0);
    if (change > limit * limit) otg_push(s, change / limit - limit, 0, -sense * a);
    otg_push(s, a + sense * x->af, sense, -sense * a);
}

/* Where a motion is: in its piece i, with dt of it left. */
typedef struct {
    const OtgSteps *s;
    int i;
    double left;
} Place;

static Place begin(const OtgSteps *s) {
    const Place p = {s, 0, s->n ? s->dt[0] : 0};
    return p;
}

static int on(const Place *p) { return p->i < p->s->n; }

static void advance(Place *p, double dt) {
    p->left -= dt;
    if (!(p->left > 0) && ++p->i < p->s->n) p->left = p->s->dt[p->i];
}

static double jerk(const Place *p) { return on(p) ? p->s->u[p->i] : 0; }

static double acceleration(const Place *p, double af) {
    return on(p) ? p->s->a[p->i] + (p->s->dt[p->i] - p->left) * p->s->u[p->i] : af;
}

/* The mean of two motions of the same time; one may be a rounding longer. */
static void blend(const OtgSteps *one, const OtgSteps *other, double part, double af, OtgSteps *s) {
    Place p = begin(one), q = begin(other);
    while (on(&p) || on(&q)) {
        const double dt = !on(&p) ? q.left : !on(&q) ? p.left : smaller(p.left, q.left);
        const double a = part * acceleration(&p, af) + (1 - part) * acceleration(&q, af);
        otg_push(s, dt, part * jerk(&p) + (1 - part) * jerk(&q), a);
        if (on(&p)) advance(&p, dt);
        if (on(&q)) advance(&q, dt);
    }
}

static void mean(const OtgAxis *x, double T, OtgSteps *s) {
    OtgShape h;
    OtgSteps fore = {.n = 0}, back = {.n = 0};
    const double most = otg_reach(&x->fore, T, 0), least = -otg_reach(&x->back, T, 0);
    otg_shape(&x->fore, T, &h);
    otg_push_shape(&fore, &h, x->a0, x->af, x->up, 1);
    otg_shape(&x->back, T, &h);
    otg_push_shape(&back, &h, -x->a0, -x->af, x->down, -1);
    blend(&fore, &back, smaller(1, larger(0, (x->d - least) / (most - least))), x->af, s);
}

void otg_inside3(const OtgAxis *x, double T, OtgSteps *s) {
    double vc, slope, spare;
    if (!otg_cruise(x, T, &vc)) {
        mean(x, T, s);
        return;
    }
    cruise(x, T, vc, &slope, &spare);
    push_out(x, vc, s);
    s->cruise = s->n;
    s->speed = vc;
    otg_push(s, spare, 0, 0);
    push_in(x, vc, s);
}

/* To vf in exactly T with the velocity interface: up or down to a constant acceleration, and on to af. */
void otg_plateau(const OtgAxis *x, double T, OtgSteps *s) {
    const double least = smaller(x->a0, x->af), most = larger(x->a0, x->af), hold = T - (most - least);
    const double ramp = 0.5 * (x->af - x->a0) * (x->a0 + x->af) * (x->af > x->a0 ? 1 : -1), gain = x->vf - x->v0 - ramp;
    const double rounding = x->grain * (fabs(x->v0) + fabs(x->vf) + x->a0 * x->a0 + x->af * x->af);
    double a = 0;
    if (gain > most * hold + rounding || gain < least * hold - rounding) {
        const double sense = gain > most * hold ? 1 : -1, limit = sense > 0 ? x->hi : x->lo;
        const double sum = T + sense * (x->a0 + x->af), area = sense * (x->vf - x->v0) + 0.5 * (x->a0 * x->a0 +
            x->af * x->af);
        a = sense * smaller(limit, 2 * area / (sum + sqrt(larger(0, sum * sum - 4 * area))));
    } else {
        a = fmin(most, fmax(least, gain / hold)); /* hold may be rounding too */
    }
    otg_push(s, fabs(a - x->a0), a > x->a0 ? 1 : -1, x->a0);
    otg_push(s, T - fabs(a - x->a0) - fabs(x->af - a), 0, a);
    otg_push(s, fabs(x->af - a), x->af > a ? 1 : -1, a);
}
