/* How well a plan does what was asked: the proven bounds against the limits, and the end against the target. */
#include "otg_audit.h"

#include <math.h>

static void worse(double *worst, double value) {
    if (!(value <= *worst)) *worst = value; /* a NaN counts */
}

/* The limits, or what the initial state cannot help to leave them by. */
static void allowed(const OtgRequest *r, double limit[6]) {
    const double stop = isfinite(r->jmax) ? 0.5 * r->a0 * r->a0 / r->jmax : 0;
    const int first = isinf(r->jmax) && isinf(r->amax), third = isfinite(r->jmax);
    limit[0] = first ? r->vmin : fmin(r->vmin, r->v0 - (r->a0 < 0 ? stop : 0));
    limit[1] = first ? r->vmax : fmax(r->vmax, r->v0 + (r->a0 > 0 ? stop : 0));
    limit[2] = third ? fmin(r->amin, r->a0) : r->amin;
    limit[3] = third ? fmax(r->amax, r->a0) : r->amax;
    limit[4] = -r->jmax;
    limit[5] = r->jmax;
}

/* The position limits, relative to the largest position there is: a motion that must go far from a wall and comes back
   to it is as exact as the numbers of its far end. */
static void check_room(const OtgRoom *room, const OtgPath *path, double *excess) {
    double bounds[8];
    path_bounds(path, path->duration, bounds);
    const double size = fmax(room->slack / 4e-13, fmax(fabs(bounds[0]), fabs(bounds[1])));
    worse(excess, (room->low - bounds[0]) / size);
    worse(excess, (bounds[1] - room->high) / size);
}

static void check_axis(const OtgRequest *r, const OtgPath *path, double T, double *excess, double *miss) {
    double bounds[8], limit[6];
    path_bounds(path, path->duration, bounds);
    allowed(r, limit);
    for (int k = r->interface == OTG_VELOCITY; k < 3; k++) {
        const double span = fmax(fabs(limit[2 * k]), fabs(limit[2 * k + 1]));
        if (isinf(span)) continue;
        worse(excess, (limit[2 * k] - bounds[2 * k + 2]) / span);
        worse(excess, (bounds[2 * k + 3] - limit[2 * k + 1]) / span);
    }
    double p = r->p0, v = r->v0, a = r->a0, t = 0;
    const double length = fmax(fmax(fabs(bounds[0]), fabs(bounds[1])), bounds[1] - bounds[0]);
    const double speed = fmax(fabs(bounds[2]), fabs(bounds[3])), pull = fmax(fabs(bounds[4]), fabs(bounds[5]));
    for (int i = 0; i < path->n; i++) { /* no jumps, and time adds up */
        const OtgPiece *q = &path->piece[i];
        if (length > 0) worse(miss, fabs(q->p - p) / length);
        if (speed > 0 && (isfinite(r->amax) || isfinite(r->jmax))) worse(miss, fabs(q->v - v) / speed);
        if (pull > 0 && isfinite(r->jmax)) worse(miss, fabs(q->a - a) / pull);
        if (T > 0) worse(miss, fabs(q->t - t) / T);
        p = q->p + q->dt * (q->v + q->dt * (0.5 * q->a + q->dt * q->j / 6));
        v = q->v + q->dt * (q->a + 0.5 * q->dt * q->j);
        a = q->a + q->dt * q->j;
        t = q->t + q->dt;
    }
    if (T > 0 && path->n > 0) worse(miss, fabs(t - path->duration) / T); /* one that stands has no pieces */
    if (length > 0) worse(miss, fabs(path->p - p) / length);
    if (speed > 0 && (isfinite(r->amax) || isfinite(r->jmax))) worse(miss, fabs(path->v - v) / speed);
    if (pull > 0 && isfinite(r->jmax)) worse(miss, fabs(path->a - a) / pull);
}

void otg_audit(const OtgInput *in, const OtgPath *paths, double T, double *excess, double *miss) {
    *excess = *miss = 0;
    for (int i = 0; i < in->n; i++) {
        const OtgRequest r = otg_request(in, i);
        OtgRoom room;
        if (in->enabled[i]) check_axis(&r, &paths[i], T, excess, miss);
        if (in->enabled[i] && in->low && otg_room(&room, &r, in->low[i], in->high[i]) && room.slack > 0)
            check_room(&room, &paths[i], excess);
    }
}
