/* Axes without a jerk limit: the control is the acceleration, or the velocity itself where that is not limited either.

The furthest motion of time T speeds up by hi for t1, cruises at the limit if it gets there, and slows down by lo:
hi t1 - lo t4 = vf - v0, t1 + t4 = T. The slope of its distance with T is its greatest velocity, which only grows. */
#include "otg_axis.h"

#include <float.h>
#include <math.h>

static double larger(double a, double b) { return a > b ? a : b; }

static void brake(OtgAxis *x) {
    const double s = x->v0 > x->up ? 1 : x->v0 < -x->down ? -1 : 0;
    if (s == 0) return;
    const double top = s > 0 ? x->up : x->down, slower = s > 0 ? x->lo : x->hi, dt = (s * x->v0 - top) / slower;
    otg_push(&x->brake, dt, -s * slower, 0);
    x->d -= 0.5 * (x->v0 + s * top) * dt;
    x->v0 = s * top;
    x->braked = dt;
}

void otg_prepare2(OtgAxis *x) {
    const double dv = x->vf - x->v0;
    x->stretches = 1;
    x->from[0] = 0;
    x->until[0] = INFINITY;
    if (x->order == 1) return;
    if (x->interface == OTG_POSITION) brake(x);
    if (x->interface == OTG_POSITION) {
        const double weaker = x->hi < x->lo ? x->hi : x->lo, speeds = fabs(x->v0) + fabs(x->vf);
        x->rough = x->grain / 8 * speeds * speeds / weaker; /* as in otg_axis.c */
    }
    x->from[0] = dv > 0 ? (x->vf - x->v0) / x->hi : (x->v0 - x->vf) / x->lo;
}

/* The furthest motion, seen in direction s: its times, and its distance. */
typedef struct {
    double t1, t2, t4, distance, fastest;
} Far;

static Far furthest(const OtgAxis *x, double T, double s) {
    const double hi = s > 0 ? x->hi : x->lo, lo = s > 0 ? x->lo : x->hi, top = s > 0 ? x->up : x->down;
    const double v0 = s * x->v0, vf = s * x->vf;
    Far f;
    f.t1 = larger(0, (vf - v0 + lo * T) / (hi + lo));
    f.t2 = 0;
    f.t4 = larger(0, T - f.t1);
    f.fastest = v0 + hi * f.t1;
    if (f.fastest > top) {
        f.t1 = larger(0, (top - v0) / hi);
        f.t4 = larger(0, (top - vf) / lo);
        f.t2 = larger(0, T - f.t1 - f.t4);
        f.fastest = top;
    }
    f.distance = 0.5 * (v0 + f.fastest) * f.t1 + f.fastest * f.t2 + 0.5 * (f.fastest + vf) * f.t4;
    return f;
}

double otg_reach2(const OtgAxis *x, double T, int side, double *slope) {
    const Far f = furthest(x, T, side);
    if (slope) *slope = f.fastest;
    return f.distance;
}

static double climb(const OtgAxis *x, double T, double s) {
    const double hi = s > 0 ? x->hi : x->lo, lo = s > 0 ? x->lo : x->hi, top = s > 0 ? x->up : x->down;
    const Far f = furthest(x, T, s);
    const double missing = s * x->d - f.distance, full = larger(0, (top - s * x->v0) / hi) + larger(0,
        (top - s * x->vf) / lo);
    if (T < full) {
        const double bend = hi * lo / (hi + lo), root = sqrt(f.fastest * f.fastest + 2 * bend * missing);
        const double t = T + (f.fastest > 0 ? 2 * missing / (f.fastest + root) : (root - f.fastest) / bend);
        if (t <= full) return t;
        const double rest = s * x->d - furthest(x, full, s).distance;
        return full + (rest <= 0 ? 0 : top > 0 ? rest / top : INFINITY);
    }
    return top > 0 ? T + missing / top : INFINITY;
}

static double next1(const OtgAxis *x, double T) {
    if (x->d == 0) return T;
    const double top = x->d > 0 ? x->up : x->down, least = top > 0 ? fabs(x->d) / top : INFINITY;
    return larger(T, least);
}

double otg_slack2(const OtgAxis *x, double T) {
    const double gained = larger(x->hi, x->lo) * T, most = larger(x->up, x->down);
    const double way = fabs(x->d) + (fabs(x->v0) + fabs(x->vf) + (gained < most ? gained : most)) * T;
    return x->slack + x->grain * way + (x->rough < OTG_ROUGH * way ? x->rough : OTG_ROUGH * way);
}

double otg_next2(const OtgAxis *x, double T) {
    const double t = larger(T, x->from[0]);
    if (x->interface == OTG_VELOCITY) return t;
    if (x->order == 1) return next1(x, T);
    if (x->d > furthest(x, t, 1).distance + otg_slack2(x, t)) return climb(x, t, 1);
    if (x->d < -furthest(x, t, -1).distance - otg_slack2(x, t)) return climb(x, t, -1);
    return t;
}

static void push_far(const OtgAxis *x, double T, double s, OtgSteps *steps) {
    const Far f = furthest(x, T, s);
    otg_push(steps, f.t1, s * (s > 0 ? x->hi : x->lo), 0);
    if (f.t2 > 0) steps->cruise = steps->n, steps->speed = s * f.fastest;
    otg_push(steps, f.t2, 0, 0);
    otg_push(steps, f.t4, -s * (s > 0 ? x->lo : x->hi), 0);
}

static void push_cruise(const OtgAxis *x, double T, double vc, OtgSteps *s) {
    const double out = vc > x->v0 ? (vc - x->v0) / x->hi : (x->v0 - vc) / x->lo;
    const double in = vc > x->vf ? (vc - x->vf) / x->lo : (x->vf - vc) / x->hi;
    otg_push(s, out, vc > x->v0 ? x->hi : -x->lo, 0);
    if (T - out - in > 0) s->cruise = s->n, s->speed = vc;
    otg_push(s, T - out - in, 0, 0);
    otg_push(s, in, vc > x->vf ? -x->lo : x->hi, 0);
}

void otg_fill2(const OtgAxis *x, double T, OtgSteps *s) {
    double vc;
    if (x->order == 1) {
        otg_push(s, T, T > 0 ? x->d / T : 0, 0);
    } else if (x->interface == OTG_VELOCITY) {
        otg_push(s, T, T > 0 ? (x->vf - x->v0) / T : 0, 0);
    } else if (x->d >= furthest(x, T, 1).distance - otg_slack2(x, T)) {
        push_far(x, T, 1, s);
    } else if (x->d <= otg_slack2(x, T) - furthest(x, T, -1).distance) {
        push_far(x, T, -1, s);
    } else if (otg_cruise(x, T, &vc)) {
        push_cruise(x, T, vc, s);
    } else {
        push_far(x, T, x->d > 0 ? 1 : -1, s);
    }
}
