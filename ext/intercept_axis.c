/* One axis and its moving target: see intercept.h. */
#include "intercept.h"
#include "otg_touch.h"

#include <float.h>
#include <math.h>

enum { ROUNDS = 200 };

static const double SAME = 1 + 4 * DBL_EPSILON, NOISE = 32 * DBL_EPSILON;

void intercept_prepare(InterceptAxis *k, const InterceptInput *in, int i) {
    k->r = otg_request(&in->in, i);
    k->target = &in->target[i];
    k->band = (InterceptBand){-INFINITY, INFINITY, k->r.vmin, k->r.vmax, k->r.amin, k->r.amax, k->r.jmax};
    k->walled = 0;
    k->begin = k->own = 0;
    if (in->in.low == NULL) return;
    k->band.low = in->in.low[i], k->band.high = in->in.high[i];
    k->walled = isfinite(k->band.low) || isfinite(k->band.high);
}

static void aim(InterceptAxis *k, double T) {
    double state[3];
    intercept_state(k->target, T, T > k->begin, state);
    k->r.pf = state[0], k->r.vf = state[1], k->r.af = state[2];
    if (k->walled) otg_room(&k->room, &k->r, k->band.low, k->band.high);
}

static int can_do(const OtgAxis *x, double T) {
    const double most = T * SAME;
    return otg_axis_next(x, T) <= most || otg_axis_next(x, T * (1 - 8 * DBL_EPSILON)) <= most;
}

int intercept_on_rim(const OtgRequest *r, double v, double a) {
    if (isinf(r->jmax)) return 1;
    const double far = v + 0.5 * a * fabs(a) / r->jmax, room = 1e-12 * (fabs(v) + fabs(far - v));
    return far <= r->vmax + room && far >= r->vmin - room;
}

static int can_in_room(InterceptAxis *k, double T) {
    OtgLegs legs;
    if (otg_axis_within(&k->x, &k->r, &k->room, T)) return 1;
    const double next = otg_room_next(&k->r, &k->room, T, &legs);
    k->spare = T - next;
    return next <= T * SAME;
}

int intercept_can(InterceptAxis *k, double T) {
    k->seen = 0;
    k->spare = 0;
    aim(k, T);
    if (!intercept_on_rim(&k->r, k->r.vf, -k->r.af) || otg_axis_prepare(&k->x, &k->r)) return 0;
    const int can = can_do(&k->x, T) || (k->x.brief && !otg_axis_brake(&k->x, &k->r) && can_do(&k->x, T));
    return can && (!k->walled || can_in_room(k, T));
}

/* Between walls: the time that is left, below zero where it cannot be there. */
static double time_left(const InterceptAxis *k, double T) {
    OtgLegs legs;
    const double left = k->spare < 0 ? k->spare : T - otg_room_next(&k->r, &k->room, 0, &legs);
    return left > -INFINITY ? left : NAN;
}

/* Below zero where it cannot be there at T, above where it can: by how much the way is too long or too short. NAN where
   that is no matter of distance. For the request that was prepared last. */
static double margin(const InterceptAxis *k, double T) {
    const OtgAxis *x = &k->x;
    if (k->walled) return time_left(k, T);
    if (x->rest || x->order == 1 || x->stretches != 1) return NAN;
    const double after = T / x->second - x->braked;
    if (!(after >= x->from[0] && after <= x->until[0])) return NAN;
    const double up = x->order == 3 ? otg_reach(&x->fore, after, NULL) : otg_reach2(x, after, 1, NULL);
    const double down = x->order == 3 ? otg_reach(&x->back, after, NULL) : otg_reach2(x, after, -1, NULL);
    return fmin(up - x->d, x->d + down) * x->length;
}

/* The first time between one at which it cannot be there and one at which it can: regula falsi on the margin, halving
   where there is none or it gains too little. */
static double first(InterceptAxis *k, double low, double m_low, double high) {
    double m_high = NAN;
    int side = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const double least = (k->walled ? 1e-13 : 4 * DBL_EPSILON) * high;
        if (!(high - low > least)) break;
        double T = 0.5 * (low + high);
        if (m_low < 0 && m_high > 0 && i % 4 != 3) {
            T = low + (high - low) * (m_low / (m_low - m_high));
            T = fmin(fmax(T, low + 0.5 * least), high - 0.5 * least);
        }
        if (!(T > low && T < high)) break;
        if (intercept_can(k, T)) {
            if (side > 0) m_low *= 0.5;
            high = T, m_high = margin(k, T), side = 1;
        } else {
            if (side < 0) m_high *= 0.5;
            low = T, m_low = margin(k, T), side = -1;
        }
    }
    return high;
}

/* A time from which on it can be there, at most `until`; INFINITY if there is none. */
static double some(InterceptAxis *k, double T, double until) {
    if (until < INFINITY) return intercept_can(k, until) ? until : INFINITY;
    double step = T > 0 ? T : 1;
    for (int i = 0; i < ROUNDS; i++, step *= 2)
        if (intercept_can(k, T + step)) return T + step;
    return INFINITY;
}

static double search(InterceptAxis *k, double T, double until) {
    if (intercept_can(k, T)) return T;
    const double m = margin(k, T), soon = T * (1 + 1e-14);
    if (soon <= until && intercept_can(k, soon)) return soon;
    const double high = some(k, T, until);
    return high < INFINITY ? first(k, T, m, high) : INFINITY;
}

/* The request as seen from a target that moves as in the piece q at all times. With acceleration there are no velocity
   limits in it: they would move. 0 where that is no request. */
static int see(InterceptAxis *k, const OtgPiece *q) {
    OtgRequest s = k->r;
    const double t = -q->t;
    k->v = q->v + t * q->a;
    k->p = q->p + t * (q->v + 0.5 * t * q->a);
    s.p0 -= k->p, s.v0 -= k->v, s.a0 -= q->a;
    s.pf = s.vf = s.af = 0;
    s.vmax -= k->v, s.vmin -= k->v, s.amax -= q->a, s.amin -= q->a;
    if (q->a != 0) s.vmax = INFINITY, s.vmin = -INFINITY;
    if (q->a != 0 && isinf(s.amax)) return 0;
    if (!(s.vmax >= 0 && s.vmin <= 0 && s.amax > 0 && s.amin < 0)) return 0;
    k->from = s;
    return otg_axis_prepare(&k->x, &s) == 0;
}

static void from_target(const InterceptAxis *k, OtgPath *path) {
    for (int i = 0; i < path->n; i++) {
        OtgPiece *q = &path->piece[i];
        q->p += k->p + k->v * q->t;
        q->v += k->v;
    }
}

/* The motion of exactly T that is prepared, whatever walls there are. */
static void straight(const InterceptAxis *k, double T, OtgPath *path) {
    OtgSteps s;
    const OtgRequest *r = k->seen ? &k->from : &k->r;
    otg_axis_fill(&k->x, T, &s);
    otg_pieces(path, &s, &k->x, 1, r->p0, r->v0, r->a0);
    if (!k->seen) return;
    from_target(k, path);
    path->p += k->p + k->v * path->duration, path->v += k->v;
}

/* Whether the walls are kept on the way that is prepared as seen from the target. */
static int seen_within(InterceptAxis *k, double T) {
    OtgPiece pieces[OTG_STEPS];
    OtgPath path = {.piece = pieces};
    if (!k->walled) return 1;
    aim(k, T);
    straight(k, T, &path);
    return otg_within(&k->room, &path);
}

/* A target that stands, and walls on the way to it. */
static double at_rest(InterceptAxis *k, double T) {
    OtgLegs legs;
    k->seen = 0;
    return otg_room_next(&k->r, &k->room, T, &legs);
}

static int same(double one, double other) { return fabs(one - other) <= NOISE * (fabs(one) + fabs(other)); }

/* Whether it is with the target from the start, as far as numbers of that size tell: making up for a rounding of the
   position with a limited jerk would take the cube root of it. */
static int there(InterceptAxis *k, double T) {
    const OtgRequest *r = &k->r;
    if (T > 0) return 0;
    aim(k, 0);
    return same(r->p0, r->pf) && (isinf(r->amax) || same(r->v0, r->vf)) && (isinf(r->jmax) || same(r->a0, r->af));
}

double intercept_earliest(InterceptAxis *k, double T, double until) {
    k->seen = 0;
    if (there(k, T)) return T;
    const OtgPiece q = intercept_piece(k->target, intercept_find(k->target, T, T > k->begin));
    if (q.j == 0 && until <= q.t + q.dt && see(k, &q)) {
        if (!(k->x.first < INFINITY)) return INFINITY;
        T = fmax(T, k->x.first);
        if (T > until) return T;
        k->seen = q.a == 0;
        if (k->seen && seen_within(k, T)) return T;
        if (k->seen && k->v == 0) return at_rest(k, T);
    }
    return search(k, T, until);
}

/* Whether the pieces lead to the target, as exactly as numbers of their size can. */
static int arrives(const InterceptAxis *k, double T, const OtgPath *path) {
    double p = fabs(k->r.p0), v = fabs(k->r.v0), a = fabs(k->r.a0);
    for (int i = 0; i < path->n; i++) {
        const OtgPiece *q = &path->piece[i];
        p = fmax(p, fabs(q->p) + q->dt * (fabs(q->v) + q->dt * fabs(q->a)));
        v = fmax(v, fabs(q->v) + q->dt * fabs(q->a));
        a = fmax(a, fabs(q->a));
    }
    if (!(fabs(path->p - k->r.pf) <= 1e-9 * p) || !(fabs(path->duration - T) <= 1e-9 * T)) return path->n == 0;
    if (k->x.order >= 2 && !(fabs(path->v - k->r.vf) <= 1e-8 * v)) return 0;
    return k->x.order < 3 || fabs(path->a - k->r.af) <= 1e-7 * a;
}

int intercept_approach(InterceptAxis *k, double T, OtgPath *path) {
    OtgLegs legs;
    if (there(k, T)) {
        path->n = 0;
        path->duration = 0;
        path->p = k->r.pf, path->v = k->r.vf, path->a = k->r.af;
        return 0;
    }
    if (!k->seen && !intercept_can(k, T)) return -1;
    if (k->seen) aim(k, T);
    straight(k, T, path);
    if (k->walled && !otg_within(&k->room, path)) {
        if (!(otg_room_next(&k->r, &k->room, T, &legs) <= T * SAME) || otg_room_fill(&legs, path)) return -1;
    }
    return arrives(k, T, path) ? 0 : -1;
}
