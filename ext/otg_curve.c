/* The extremal curve of the third-order problem: see otg_curve.h. */
#include "otg_curve.h"

#include <float.h>
#include <math.h>

#define RIM (1 + 8 * DBL_EPSILON) /* at a limit by rounding is not beyond it */

enum { ROUNDS = 100 }; /* bound of every iteration; bisection alone needs fewer than that */

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

void otg_curve(OtgCurve *k, double v0, double a0, double vf, double af, double top, double hi, double lo) {
    k->a0 = a0;
    k->af = af;
    k->hi = hi;
    k->lo = lo;
    k->top = top;
    k->start = v0 - 0.5 * a0 * a0;
    k->end = vf - 0.5 * af * af;
    k->c = (vf - v0) + 0.5 * (a0 - af) * (a0 + af);
    /* At the rim of what is allowed rounding must not take away the ramps that the ends need. */
    k->rise = larger(top - k->start, a0 > 0 ? a0 * a0 : 0);
    k->fall = larger(top - k->end, af < 0 ? af * af : 0);
    k->offset = a0 * (k->start + a0 * a0 / 6) - af * (k->end + af * af / 6);
}

static void cruise(const OtgCurve *k, double u, OtgShape *s) {
    s->a1 = smaller(k->hi, sqrt(k->rise));
    s->t2 = k->rise > k->hi * k->hi ? k->rise / k->hi - k->hi : 0;
    s->a2 = -smaller(k->lo, sqrt(k->fall));
    s->t4 = k->fall > k->lo * k->lo ? k->fall / k->lo - k->lo : 0;
    s->tc = larger(0, u - 2 * (s->a1 - s->a2) - s->t2 - s->t4);
}

static void at_top_limit(const OtgCurve *k, double u, OtgShape *s) {
    const double w = sqrt(larger(0, k->hi * u - k->c));
    s->a1 = k->hi;
    s->a2 = k->hi - w;
    s->t2 = larger(0, u - 2 * w);
    s->t4 = 0;
}

static void at_bottom_limit(const OtgCurve *k, double u, OtgShape *s) {
    const double w = sqrt(larger(0, k->lo * u + k->c));
    s->a2 = -k->lo;
    s->a1 = w - k->lo;
    s->t2 = 0;
    s->t4 = larger(0, u - 2 * w);
}

static void at_both_limits(const OtgCurve *k, double t2, double t4, OtgShape *s) {
    s->a1 = k->hi;
    s->a2 = -k->lo;
    s->t2 = t2;
    s->t4 = t4;
}

/* A limit is met: one of them or both. */
static void limited(const OtgCurve *k, double u, OtgShape *s) {
    const double w = k->hi + k->lo, rest = u - 2 * w;
    const double t2 = (k->c - (k->hi - k->lo) * w + k->lo * rest) / w, t4 = rest - t2;
    if (t2 >= 0 && t4 >= 0) at_both_limits(k, t2, t4, s);
    else if (t2 > t4) at_top_limit(k, u, s);
    else at_bottom_limit(k, u, s);
}

/* The shape in prolonged time; 1 if the velocity limit is met. */
static int shape(const OtgCurve *k, double u, OtgShape *s) {
    const double w = 0.5 * u;
    s->tc = 0;
    if (w > 0) {
        /* a1 >= a0 and a2 <= af hold by themselves; but near a single ramp c and w are nothing but rounding */
        s->a1 = smaller(larger(0.5 * (w + k->c / w), k->a0), k->af + w);
        s->a2 = s->a1 - w;
        s->t2 = s->t4 = 0;
        if (s->a1 > k->hi * RIM || s->a2 < -k->lo * RIM) limited(k, u, s);
    } else { /* a single ramp from a0 to af, or nothing at all */
        s->a1 = s->a2 = k->af;
        s->t2 = s->t4 = 0;
    }
    if (s->a1 > 0 && s->a2 < 0 && s->a1 * (s->a1 + s->t2) > k->rise) {
        cruise(k, u, s);
        return 1;
    }
    return 0;
}

static double reach(const OtgCurve *k, double u, double *slope) {
    OtgShape s;
    if (shape(k, u, &s)) {
        *slope = k->top;
        return k->top * u - 0.5 * (k->rise * (2 * s.a1 + s.t2) + k->fall * (s.t4 - 2 * s.a2));
    }
    const double gained = s.a1 * (s.a1 + s.t2), lost = s.a2 * (s.a2 - s.t4);
    *slope = k->start + gained - 0.5 * s.a1 * s.a2;
    return k->start * u + gained * (u - s.a1 - 0.5 * s.t2) + lost * (s.a2 - 0.5 * s.t4);
}

static double prolonged(const OtgCurve *k, double T) { return larger(0, T + (k->a0 - k->af)); }

void otg_shape(const OtgCurve *k, double T, OtgShape *s) {
    shape(k, prolonged(k, T), s);
    s->a1 = larger(s->a1, k->a0);
    s->a2 = smaller(s->a2, k->af);
}

double otg_reach(const OtgCurve *k, double T, double *slope) {
    double unused;
    return reach(k, prolonged(k, T), slope ? slope : &unused) - k->offset;
}

/* Where the slope stops to fall. */
static double inflection(const OtgCurve *k) {
    const double root = sqrt(fabs(k->c));
    if (k->c > 0 && 1.037955 * root > k->hi) return (k->c + 0.5625 * k->hi * k->hi) / k->hi;
    if (k->c < 0 && 1.037955 * root > k->lo) return (0.5625 * k->lo * k->lo - k->c) / k->lo;
    return 1.519671 * root;
}

/* The root of reach(u) = distance between a point below it and one at or above it. */
static double bracketed(const OtgCurve *k, double below, double above, double distance) {
    double u = above, step = INFINITY, before = INFINITY;
    for (int i = 0; i < ROUNDS && above - below > 2 * DBL_EPSILON * above; i++) {
        double slope, miss = reach(k, u, &slope) - distance;
        if (miss < 0) below = u;
        else above = u;
        if (miss == 0) return u;
        double next = u - miss / slope;
        step = fabs(next - u);
        if (!(next > below && next < above)) {
            if (step <= 4 * DBL_EPSILON * u) return u;
            next = 0.5 * (below + above);
            step = above - below;
        } else if (step > 0.5 * before) { /* Newton is not gaining: halve */
            next = 0.5 * (below + above);
            step = 0.5 * (above - below);
        } else if (step <= DBL_EPSILON * u) {
            return next;
        }
        before = step;
        u = next;
    }
    return u;
}

/* The maximum of the reach where its slope falls from positive to negative. */
static double summit(const OtgCurve *k, double climbing, double falling) {
    for (int i = 0; i < ROUNDS && falling - climbing > 2 * DBL_EPSILON * falling; i++) {
        double slope;
        const double u = 0.5 * (climbing + falling);
        reach(k, u, &slope);
        if (slope > 0) climbing = u;
        else falling = u;
    }
    return climbing;
}

/* Where no limit is met: the largest root of w^4 + 4 s w^2 - 4 D w - c^2, s = v0' + vf', from its right. */
static double free_root(const OtgCurve *k, double distance) {
    const double s = k->start + k->end, cc = k->c * k->c, d = 4 * distance;
    double w = cbrt(larger(d, 0)) + sqrt(fabs(k->c)) + (s < 0 ? 2 * sqrt(-s) : 0);
    for (int i = 0; i < ROUNDS; i++) {
        const double w2 = w * w, value = w * (w * (w2 + 4 * s) - d) - cc, slope = 4 * w * (w2 + 2 * s) - d;
        if (!(slope > 0)) break;
        const double next = w - value / slope;
        if (!(next < w)) break;
        if (w - next <= 4 * DBL_EPSILON * w) return next;
        w = next;
    }
    return w;
}

/* Where both acceleration limits are met: a parabola from u on. */
static double both_root(const OtgCurve *k, double u, double missing, double slope) {
    const double bend = k->hi * k->lo / (k->hi + k->lo);
    const double root = sqrt(slope * slope + 2 * bend * missing);
    return u + (slope > 0 ? 2 * missing / (slope + root) : (root - slope) / bend);
}

/* The stretch on which no acceleration limit is met; 0 if there is none. */
static int free_stretch(const OtgCurve *k, double *begin, double *end) {
    const double above = k->hi * k->hi - k->c, below = k->lo * k->lo + k->c;
    if (!(above > 0 && below > 0)) return 0;
    const double high = sqrt(above), low = sqrt(below);
    *begin = 2 * larger(0, k->c > 0 ? k->hi - high : k->lo - low);
    *end = 2 * smaller(k->hi + high, k->lo + low);
    return *end > *begin;
}

/* The up-crossing where the slope rises and the velocity limit is not met: below < u <= above. */
static double rising(const OtgCurve *k, double below, double above, double distance) {
    const double w = k->hi + k->lo, spare = k->c - (k->hi - k->lo) * w;
    const double u_both = 2 * w + (spare > 0 ? spare / k->hi : -spare / k->lo);
    double slope;
    if (u_both < above) {
        const double from = larger(u_both, below), missing = distance - reach(k, from, &slope);
        if (missing >= 0) return smaller(above, both_root(k, from, missing, slope));
        above = from;
    }
    double begin, end;
    if (!free_stretch(k, &begin, &end) || end <= below || begin >= above) return bracketed(k, below, above, distance);
    if (end < above) {
        if (reach(k, end, &slope) < distance) return bracketed(k, end, above, distance);
        above = end;
    }
    if (begin > below && reach(k, begin, &slope) >= distance) return bracketed(k, below, begin, distance);
    return larger(below, smaller(above, 2 * free_root(k, distance)));
}

static double waiting(const OtgCurve *k, double missing) {
    return missing <= 0 ? 0 : k->top > 0 ? missing / k->top : INFINITY;
}

static double crossing(const OtgCurve *k, double from, double until, double distance) {
    const double turn = inflection(k);
    double slope, ignored;
    if (from < turn) {
        double end = smaller(turn, until);
        reach(k, from, &slope);
        if (slope > 0) {
            double peak = end, at_end;
            reach(k, end, &at_end);
            if (at_end < 0) peak = summit(k, from, end);
            if (reach(k, peak, &ignored) >= distance) return bracketed(k, from, peak, distance);
        }
        if (until <= turn) return INFINITY;
        from = turn;
    }
    if (until < INFINITY && reach(k, until, &ignored) < distance) return INFINITY;
    OtgShape s;
    cruise(k, 0, &s);
    const double full = 2 * (s.a1 - s.a2) + s.t2 + s.t4;
    if (full <= from) return from + waiting(k, distance - reach(k, from, &ignored));
    const double at_full = k->top * full - 0.5 * (k->rise * (2 * s.a1 + s.t2) + k->fall * (s.t4 - 2 * s.a2));
    if (distance >= at_full) return full + waiting(k, distance - at_full);
    return rising(k, from, full, distance);
}

double otg_crossing(const OtgCurve *k, double from, double until, double distance) {
    const double shift = k->a0 - k->af;
    const double u = crossing(k, prolonged(k, from), until + shift, distance + k->offset);
    return larger(from, u - shift);
}

double otg_turn(const OtgCurve *k) { return inflection(k) - (k->a0 - k->af); }
