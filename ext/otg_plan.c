/* Many axes: see otg_plan.h. */
#include "otg_plan.h"

#include <float.h>
#include <math.h>

void otg_pieces(OtgPath *path, const OtgSteps *s, const OtgAxis *x, double share, double p, double v, double a) {
    const int order = x->order;
    const double pull = order == 3 ? x->length / (x->second * x->second) * share : share, push = order == 3 ?
        pull / x->second : share;
    const double speed = order == 3 ? pull * x->second : share;
    double t = 0;
    if (order < 3) a = 0;
    path->n = s->n;
    for (int i = 0; i < s->n; i++) {
        const double dt = s->dt[i] * x->second, u = s->u[i] * push, j = order == 3 ? u : 0;
        if (order == 3 && i > 0) a = s->a[i] * pull;
        if (i == s->cruise) v = s->speed * speed;
        if (order == 2) a = u;
        if (order == 1) v = u;
        path->piece[i] = (OtgPiece){t, dt, p, v, a, j};
        p += dt * (v + dt * (0.5 * a + dt * j / 6));
        v += dt * (a + 0.5 * dt * j);
        a += dt * j;
        t += dt;
    }
    path->duration = t;
    path->p = p, path->v = v, path->a = a;
}

/* An axis that is switched off stays as it is. */
static void stand(OtgPath *path, const OtgRequest *r) {
    path->n = 0;
    path->duration = 0;
    path->p = r->p0, path->v = r->v0, path->a = r->a0;
}

static double larger(double a, double b) { return a > b ? a : b; }

int otg_arrives(int order, const OtgRequest *r, double T, double slack, const OtgPath *path) {
    double p = fabs(r->p0), v = fabs(r->v0), a = fabs(r->a0);
    for (int i = 0; i < path->n; i++) {
        const OtgPiece *q = &path->piece[i];
        p = larger(p, fabs(q->p) + q->dt * (fabs(q->v) + q->dt * fabs(q->a)));
        v = larger(v, fabs(q->v) + q->dt * fabs(q->a));
        a = larger(a, fabs(q->a));
    }
    if (!(p + v + a < INFINITY)) return 0;
    const double there = r->interface == OTG_POSITION ? fabs(path->p - r->pf) : 0;
    if (!(there <= larger(1e-6 * larger(p, fabs(r->pf)), slack)) || !(fabs(path->duration - T) <= 1e-6 * T)) return
        T == 0 && there == 0;
    if (order >= 2 && !(fabs(path->v - r->vf) <= 1e-6 * larger(v, fabs(r->vf)))) return 0;
    return order < 3 || fabs(path->a - r->af) <= 1e-6 * larger(a, fabs(r->af));
}

static int joins(const OtgInput *in, int i) {
    if (!in->enabled[i]) return 0;
    if (in->sync[i] == OTG_IF_NECESSARY) return in->field[OTG_VF][i] != 0 || in->field[OTG_AF][i] != 0;
    return in->sync[i] != OTG_NONE;
}

static double next_in_room(const OtgInput *in, int i, double T, OtgLegs *legs) {
    const OtgRequest r = otg_request(in, i);
    OtgRoom room;
    otg_room(&room, &r, in->low[i], in->high[i]);
    return otg_room_next(&r, &room, T, legs);
}

static double next_of(const OtgInput *in, OtgAxis *axes, int i, double T) {
    OtgLegs legs;
    if (axes[i].walled) return next_in_room(in, i, T, &legs);
    const double next = otg_axis_next(&axes[i], T);
    if (next < INFINITY || !axes[i].brief) return next;
    const OtgRequest r = otg_request(in, i);
    const double first = axes[i].first;
    if (otg_axis_brake(&axes[i], &r)) return INFINITY;
    axes[i].first = first;
    return otg_axis_next(&axes[i], T);
}

/* A motion smaller than the rounding of the axis ends where it can. */
static int as_exactly(const OtgPath *path, const OtgRequest *r) {
    const double most = larger(fabs(r->pf), larger(fabs(r->p0), fabs(r->pf - r->p0)));
    return path->n == 0 || fabs(path->p - r->pf) <= 1e-6 * most;
}

/* The second half of the pieces from their end, but none before a cruise: what is rounded on the way there must not be
   in the way of who plans anew from a state near the target. */
static void anchor(const OtgRequest *r, const OtgAxis *x, OtgPath *path) {
    double p = r->pf, v = r->vf;
    if (x->order < 2) return;
    for (int i = path->n - 1; i > (path->n - 1) / 2; i--) {
        OtgPiece *q = &path->piece[i];
        if (q->j == 0 && q->a == 0) break;
        q->v = v - q->dt * (q->a + 0.5 * q->dt * q->j);
        if (r->interface == OTG_POSITION) q->p = p - q->dt * (q->v + q->dt * (0.5 * q->a + q->dt * q->j / 6));
        p = q->p, v = q->v;
    }
}

static int finish(const OtgInput *in, int i, const OtgAxis *x, const OtgRequest *r, double T, OtgPath *path) {
    OtgSteps s;
    OtgLegs legs;
    if (x->walled) {
        if (!(next_in_room(in, i, T, &legs) < INFINITY) || otg_room_fill(&legs, path)) return 0;
    } else {
        otg_axis_fill(x, T, &s);
        otg_pieces(path, &s, x, 1, r->p0, r->v0, r->a0);
    }
    const double slack = x->order == 3 && !x->walled ? otg_slack(x, T / x->second) * x->length : 0;
    const int good = path->n == 0 || otg_arrives(x->order, r, T, slack, path), exact = as_exactly(path, r);
    if (r->interface == OTG_VELOCITY || exact) anchor(r, x, path);
    path->duration = T;
    if (r->interface == OTG_POSITION && exact) path->p = r->pf;
    path->v = x->order == 1 ? 0 : r->vf;
    path->a = x->order == 3 ? r->af : 0;
    return good;
}

double otg_whole(const OtgInput *in, double T) {
    if (!(in->cycle > 0) || in->exact >= 0) return T;
    const double whole = ceil(T / in->cycle) * in->cycle;
    return whole < T ? whole + in->cycle : whole;
}

/* The same for an axis that arrives alone. Each round leaves a blocked interval behind. */
static double alone(const OtgInput *in, OtgAxis *axes, int i, double least) {
    double T = otg_whole(in, least > axes[i].first ? least : axes[i].first);
    for (int round = 0; round < 8 && T > axes[i].first; round++) {
        const double next = next_of(in, axes, i, T);
        if (!(next > T)) break;
        T = otg_whole(in, next);
    }
    return T;
}

/* The least duration of at least `least` that every synchronised axis can do. */
static double common(const OtgInput *in, OtgAxis *axes, double least, int *blocker) {
    double T = least;
    for (int i = 0; i < in->n; i++) {
        if (joins(in, i) && axes[i].first > T) T = axes[i].first, *blocker = i;
    }
    T = otg_whole(in, T);
    /* Each axis blocks two intervals at most besides its first, and each jump leaves one behind. */
    for (int round = 0, agreed = 0; round < 4 * in->n + 4 && !agreed; round++) {
        agreed = 1;
        for (int i = 0; i < in->n; i++) {
            if (!joins(in, i) || axes[i].first == T) continue;
            const double next = next_of(in, axes, i, T);
            if (next > T) T = otg_whole(in, next), *blocker = i, agreed = 0;
        }
    }
    return T;
}

static int too_long(const OtgInput *in, double T) {
    return in->exact >= 0 && T > in->exact * (1 + 4 * DBL_EPSILON);
}

static OtgStatus prepare(const OtgInput *in, int i, OtgAxis *x, OtgAnswer *answer) {
    const OtgRequest r = otg_request(in, i);
    OtgRoom room;
    OtgLegs legs;
    int walled = 0;
    answer->axis = i;
    if (otg_axis_prepare(x, &r)) return OTG_TOO_FAR_APART;
    if (!(x->first < INFINITY)) return OTG_UNREACHABLE;
    if (in->low == NULL) return OTG_OK;
    const OtgStatus status = otg_room_check(in, i, &room, &walled, answer);
    if (status != OTG_OK || !walled) return status;
    x->first = otg_room_next(&r, &room, 0, &legs);
    x->walled = 1;
    return x->first < INFINITY ? OTG_OK : otg_room_blame(&r, &room, answer);
}

OtgStatus otg_plan(const OtgInput *in, OtgAxis *axes, OtgPath *paths, OtgAnswer *answer) {
    OtgStatus status = otg_check(in, answer);
    if (status != OTG_OK) return status;
    int phased = 0;
    for (int i = 0; i < in->n; i++) phased |= in->enabled[i] && in->sync[i] == OTG_PHASE;
    if (phased) return otg_phase(in, axes, paths, answer);
    for (int i = 0; i < in->n; i++) {
        if (in->enabled[i] && (status = prepare(in, i, &axes[i], answer)) != OTG_OK) return status;
    }
    const double least = in->exact >= 0 ? in->exact : in->least;
    const double T = common(in, axes, least, &answer->axis);
    answer->duration = T;
    if (!(T < INFINITY)) return in->low ? OTG_NO_ROOM : OTG_UNREACHABLE;
    if (too_long(in, T)) return OTG_BLOCKED;
    for (int i = 0; i < in->n; i++) {
        const OtgRequest r = otg_request(in, i);
        if (!in->enabled[i]) {
            stand(&paths[i], &r);
            continue;
        }
        const double own = joins(in, i) ? T : alone(in, axes, i, least);
        answer->axis = i;
        if (!(own < INFINITY)) return axes[i].walled ? OTG_NO_ROOM : OTG_UNREACHABLE;
        if (own > answer->duration) answer->duration = own;
        if (too_long(in, own)) return OTG_BLOCKED;
        if (!finish(in, i, &axes[i], &r, own, &paths[i])) return OTG_TOO_FAR_APART;
    }
    return OTG_OK;
}
