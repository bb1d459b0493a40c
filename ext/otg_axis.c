/* One axis from request to motion: see otg_axis.h. */
#include "otg_axis.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

void otg_push(OtgSteps *s, double dt, double u, double a) {
    if (!(dt > 0) || s->n >= OTG_STEPS) return;
    s->dt[s->n] = dt;
    s->a[s->n] = a;
    s->u[s->n++] = u;
}

void otg_push_shape(OtgSteps *s, const OtgShape *h, double a0, double af, double top, double sense) {
    const double a1 = sense * h->a1, a2 = sense * h->a2;
    otg_push(s, h->a1 - a0, sense, sense * a0);
    otg_push(s, h->t2, 0, a1);
    if (h->tc > 0) {
        otg_push(s, h->a1, -sense, a1);
        s->cruise = s->n;
        s->speed = sense * top;
        otg_push(s, h->tc, 0, 0);
        otg_push(s, -h->a2, -sense, 0);
    } else {
        otg_push(s, h->a1 - h->a2, -sense, a1);
    }
    otg_push(s, h->t4, 0, a2);
    otg_push(s, af - h->a2, sense, a2);
}

/* What rounding may have cost a distance that is computed for the time T. */
double otg_slack(const OtgAxis *x, double T) {
    const double gained = smaller(0.25 * T * T, larger(x->up, x->down));
    const double speed = fabs(x->v0) + fabs(x->vf) + x->a0 * x->a0 + x->af * x->af + gained;
    const double way = fabs(x->d) + speed * T;
    return x->slack + x->grain * way + smaller(x->rough, OTG_ROUGH * way);
}

/* Limits that nobody set are put where this motion does not meet them. */
static void close_limits(OtgRequest *r, double d) {
    const double reach = (fabs(r->a0) + fabs(r->af)) / r->jmax + sqrt(fabs(r->v0) / r->jmax) +
                         sqrt(fabs(r->vf) / r->jmax) + cbrt(fabs(d) / r->jmax);
    const double span = reach > 0 ? reach : 1;
    r->amax = smaller(r->amax, 1e3 * r->jmax * span);
    r->amin = larger(r->amin, -1e3 * r->jmax * span);
    r->vmax = smaller(r->vmax, 1e6 * r->jmax * span * span);
    r->vmin = larger(r->vmin, -1e6 * r->jmax * span * span);
}

static int usable(double scale) { return scale > 1e-280 && scale < 1e280; }

static void find_curves(OtgAxis *x) {
    otg_direct(x);
    if (x->interface == OTG_VELOCITY) return;
    otg_curve(&x->fore, x->v0, x->a0, x->vf, x->af, x->up, x->hi, x->lo);
    otg_curve(&x->back, -x->v0, -x->a0, -x->vf, -x->af, x->down, x->lo, x->hi);
}

/* The least time of at least T, counted from the end of the brake. */
static double next3(const OtgAxis *x, double T) {
    for (int i = 0; i < x->stretches; i++) {
        if (T > x->until[i] * (1 + 8 * DBL_EPSILON)) continue; /* a time that was changed to another unit and back */
        const double t = smaller(larger(T, x->from[i]), x->until[i]);
        if (x->interface == OTG_VELOCITY) return t;
        const double slack = otg_slack(x, t) + (t > x->from[i] ? 0 : i == 0 ? x->early : x->late);
        const double most = otg_reach(&x->fore, t, NULL);
        double next = t;
        if (x->d > most + slack) next = otg_crossing(&x->fore, t, x->until[i], x->d);
        else if (x->d < -otg_reach(&x->back, t, NULL) - slack) next = otg_crossing(&x->back, t, x->until[i], -x->d);
        if (next < INFINITY) return next;
        const double last = x->until[i], room = last < INFINITY ? otg_slack(x, last) + x->late : 0;
        if (last < INFINITY && x->d <= otg_reach(&x->fore, last, NULL) + room && x->d >= -otg_reach(&x->back, last,
            NULL) - room) return last;
    }
    return INFINITY;
}

static double next(const OtgAxis *x, double T) { return x->order == 3 ? next3(x, T) : otg_next2(x, T); }

/* T, or where it cannot be had an end of the first stretch just before: axes that shall arrive together, each on its
   last ramp, agree no better than times are rounded. Who is early waits. */
static double prompt(const OtgAxis *x, double T) {
    const double ends[2] = {x->from[0], x->until[0]};
    for (int i = 0; i < 2 && x->patient; i++)
        if (T > ends[i] && T <= ends[i] * (1 + OTG_ROUGH) && next(x, T) > T && next(x, ends[i]) == ends[i]) return ends[i];
    return T;
}

/* A velocity that will leave its limits later does not matter if the target comes first: with the acceleration on one
   side all the time the velocity goes from v0 to vf and nowhere else. */
static int arrives_before(OtgAxis *x) {
    const double stop = 0.5 * x->a0 * x->a0;
    const int above = x->a0 > 0 && x->v0 <= x->up && x->v0 + stop > x->up;
    const int below = x->a0 < 0 && -x->v0 <= x->down && x->v0 - stop < -x->down;
    if (x->interface == OTG_VELOCITY || !(above || below)) return 0;
    find_curves(x);
    if (x->stretches < 2 || x->a0 * x->af < 0) return 0;
    x->stretches = 1;
    x->brief = next3(x, 0) < INFINITY;
    return x->brief;
}

static void prepare_rest(OtgAxis *x) {
    const double s = x->sense = x->d < 0 ? -1 : 1;
    x->rest = 1;
    x->stretches = 1;
    x->from[0] = 0;
    x->until[0] = INFINITY;
    if (s > 0) otg_curve(&x->fore, 0, 0, 0, 0, x->up, x->hi, x->lo);
    else otg_curve(&x->back, 0, 0, 0, 0, x->down, x->lo, x->hi);
    x->from[0] = x->d == 0 ? 0 : otg_crossing(s > 0 ? &x->fore : &x->back, 0, INFINITY, fabs(x->d));
}

/* brake: 0 where that may be spared, 1 always, 2 always and both curves too. */
static int prepare3(OtgAxis *x, const OtgRequest *request, int brake) {
    OtgRequest q = *request;
    const double d = x->interface == OTG_POSITION ? q.pf - q.p0 : 0;
    if (x->interface == OTG_VELOCITY) q.vmax = INFINITY, q.vmin = -INFINITY;
    const double largest = larger(q.amax, -q.amin);
    x->second = largest / q.jmax;
    x->length = largest * x->second * x->second;
    if (!isfinite(q.amax) || !isfinite(q.amin) || !isfinite(q.vmax) || !isfinite(q.vmin) || !usable(x->length)) {
        close_limits(&q, d);
        x->second = larger(q.amax, -q.amin) / q.jmax;
        x->length = q.jmax * x->second * x->second * x->second;
    }
    if (!usable(x->second) || !usable(x->length)) return -1;
    const double length = 1 / x->length, speed = x->second * length, pull = x->second * speed;
    if (!usable(speed) || !usable(pull)) return -1;
    x->d = d * length;
    x->slack = x->grain * (fabs(q.p0) + fabs(q.pf)) * length;
    x->v0 = q.v0 * speed, x->vf = q.vf * speed, x->up = q.vmax * speed, x->down = -q.vmin * speed;
    x->a0 = q.a0 * pull, x->af = q.af * pull, x->hi = q.amax * pull, x->lo = -q.amin * pull;
    if (brake < 2 && x->interface == OTG_POSITION && x->v0 == 0 && x->vf == 0 && x->a0 == 0 && x->af == 0) {
        prepare_rest(x);
        return 0;
    }
    const double fastest = larger(x->up, x->down);
    /* a state that comes from a longer motion is rounded as that motion was: its ramps, and the time of such speeds */
    const double ramps = smaller(1, sqrt(fastest)), speeds = fabs(x->v0) + fabs(x->vf);
    if (x->interface == OTG_POSITION) x->rough = 0.25 * x->grain * ramps * smaller(fastest, 1 + speeds);
    otg_brake_acceleration(x);
    if (!brake && arrives_before(x)) return 0;
    if (x->interface == OTG_POSITION) otg_brake_velocity(x);
    find_curves(x);
    return 0;
}

static int prepare_simple(OtgAxis *x, const OtgRequest *q) {
    x->second = x->length = 1;
    x->d = x->interface == OTG_POSITION ? q->pf - q->p0 : 0;
    x->slack = x->grain * (fabs(q->p0) + fabs(q->pf));
    x->v0 = q->v0, x->vf = q->vf, x->up = q->vmax, x->down = -q->vmin;
    x->a0 = x->af = 0, x->hi = q->amax, x->lo = -q->amin;
    otg_prepare2(x);
    return 0;
}

static int prepare(OtgAxis *x, const OtgRequest *r, int brake) {
    x->interface = r->interface;
    x->order = isfinite(r->jmax) ? 3 : isfinite(r->amax) ? 2 : 1;
    x->brake.n = 0;
    x->braked = 0;
    x->brief = x->rest = x->walled = 0;
    x->rough = x->early = x->late = x->loose = 0;
    x->patient = r->interface == OTG_POSITION && !r->strict;
    x->grain = (r->strict ? 8 : 256) * DBL_EPSILON;
    const int bad = x->order == 3 ? prepare3(x, r, brake) : prepare_simple(x, r);
    if (bad) return bad;
    x->first = brake < 2 ? otg_axis_next(x, 0) : NAN;
    return 0;
}

int otg_axis_prepare(OtgAxis *x, const OtgRequest *r) { return prepare(x, r, 0); }

int otg_axis_brake(OtgAxis *x, const OtgRequest *r) { return prepare(x, r, 1); }

int otg_axis_curves(OtgAxis *x, const OtgRequest *r) { return prepare(x, r, 2); }

double otg_axis_next(const OtgAxis *x, double T) {
    if (x->rest) return larger(T, x->from[0] * x->second);
    const double after = larger(0, T / x->second - x->braked);
    if (prompt(x, after) < after) return T;
    const double t = next(x, after);
    return t <= after && T >= x->braked * x->second ? T : (t + x->braked) * x->second;
}

/* Exactly T from the end of the brake on. */
static void fill3(const OtgAxis *x, double T, OtgSteps *s) {
    OtgShape h;
    if (T <= x->from[0] * (1 + 4 * DBL_EPSILON)) {
        otg_push_shape(s, &x->direct, x->sense * x->a0, x->sense * x->af, 0, x->sense);
        return;
    }
    if (x->interface == OTG_VELOCITY) {
        otg_plateau(x, T, s);
        return;
    }
    const double slack = otg_slack(x, T);
    if (x->d >= otg_reach(&x->fore, T, NULL) - slack) {
        otg_shape(&x->fore, T, &h);
        otg_push_shape(s, &h, x->a0, x->af, x->up, 1);
    } else if (x->d <= slack - otg_reach(&x->back, T, NULL)) {
        otg_shape(&x->back, T, &h);
        otg_push_shape(s, &h, -x->a0, -x->af, x->down, -1);
    } else {
        otg_inside3(x, T, s);
    }
}

/* From rest to rest the fastest motion is stretched: the gentlest way to take longer. */
static void fill_rest(const OtgAxis *x, double T, OtgSteps *s) {
    const OtgCurve *curve = x->sense > 0 ? &x->fore : &x->back;
    const double least = x->from[0], k = T > least ? T / least : 1;
    OtgShape h;
    if (!(least > 0)) return;
    otg_shape(curve, least, &h);
    otg_push_shape(s, &h, 0, 0, curve->top, x->sense);
    s->speed /= k;
    for (int i = 0; k > 1 && i < s->n; i++) {
        s->dt[i] *= k;
        s->a[i] /= k * k;
        s->u[i] /= k * k * k;
    }
}

void otg_axis_fill(const OtgAxis *x, double T, OtgSteps *s) {
    s->n = x->brake.n;
    s->cruise = -1;
    for (int i = 0; i < s->n; i++) {
        s->dt[i] = x->brake.dt[i];
        s->u[i] = x->brake.u[i];
        s->a[i] = x->brake.a[i];
    }
    const double after = prompt(x, larger(0, T / x->second - x->braked));
    if (x->order != 3) otg_fill2(x, after, s);
    else if (x->rest) fill_rest(x, after, s);
    else fill3(x, after, s);
}
