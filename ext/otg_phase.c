/* All axes along one line: one motion of the way along it, under the tightest of the axes' limits.

The motion stays on the line exactly, because every axis is the same motion times its share. It can be had where
displacement and the velocities and accelerations at both ends are parallel. Else the answer is that it cannot. */
#include "otg_plan.h"

#include <float.h>
#include <math.h>

static double larger(double a, double b) { return a > b ? a : b; }

typedef struct {
    const double *from, *to; /* the vector is to - from; from may be NULL */
    double rounding;         /* of the numbers themselves, relative */
} Vector;

static double component(const Vector *v, int i) { return v->from ? v->to[i] - v->from[i] : v->to[i]; }

/* The coordinate of a vector along the line, by the axis with the largest share; 0 in *fits if it is not parallel. */
static double along(const OtgInput *in, const Vector *v, const double *scale, const Vector *line, int lead, int *fits) {
    const double q = component(v, lead) / component(line, lead);
    for (int i = 0; i < in->n; i++) {
        if (!in->enabled[i]) continue;
        const double miss = component(v, i) - q * component(line, i);
        const double inputs = fabs(v->to[i]) + (v->from ? fabs(v->from[i]) : 0);
        const double most = isfinite(scale[i]) && !v->from ? scale[i] : fabs(component(v, i));
        if (fabs(miss) > v->rounding * inputs + 1e-10 * most) *fits = 0;
    }
    return q;
}

/* The axis that moves most of its limits, -1 if none moves; and how well it tells the direction: its size by what its
   rounding is a share of, the positions or the limit. */
static int leading(const OtgInput *in, const Vector *v, const double *scale, double *clear) {
    int lead = -1;
    double most = 0;
    *clear = 0;
    for (int i = 0; i < in->n; i++) {
        const double size = fabs(component(v, i)), inputs = fabs(v->to[i]) + (v->from ? fabs(v->from[i]) : 0);
        if (!in->enabled[i] || !(size > 4 * DBL_EPSILON * (v->from ? inputs : 0))) continue; /* no more than rounding */
        *clear = larger(*clear, v->from ? size / inputs : isfinite(scale[i]) && scale[i] > 0 ? size / scale[i] : 1);
        const double share = isfinite(scale[i]) && scale[i] > 0 ? size / scale[i] : size;
        if (share > most) most = share, lead = i;
    }
    return lead;
}

static double tighter(double limit, double above, double below, double share) {
    const double own = share > 0 ? above / share : share < 0 ? below / share : INFINITY;
    return own < limit ? own : limit;
}

/* The motion along the line, or 0 if there is no line. */
static int line_request(const OtgInput *in, OtgRequest *r, Vector *line, int *still) {
    const double *const *f = in->field;
    const Vector vectors[] = {{f[OTG_P0], f[OTG_PF], 1e-12}, {0, f[OTG_V0], 0}, {0, f[OTG_VF], 0},
                              {0, f[OTG_A0], 0}, {0, f[OTG_AF], 0}};
    const double *scales[] = {f[OTG_VMAX], f[OTG_VMAX], f[OTG_VMAX], f[OTG_AMAX], f[OTG_AMAX]};
    double q[5] = {0, 0, 0, 0, 0};
    const int first = in->interface[0] == OTG_VELOCITY ? 1 : 0;
    int lead = -1, chosen = 0, fits = 1;
    double clearest = 0;
    /* A displacement that is short, or a velocity that is small, has a direction that is rounding. */
    for (int k = first; k < 5; k++) {
        double clear;
        const int own = leading(in, &vectors[k], scales[k], &clear);
        if (own >= 0 && clear > clearest) lead = own, chosen = k, clearest = clear;
    }
    *still = lead < 0;
    if (lead < 0) return 1;
    *line = vectors[chosen];
    for (int k = first; k < 5; k++) q[k] = along(in, &vectors[k], scales[k], line, lead, &fits);
    *r = (OtgRequest){.interface = in->interface[0], .v0 = q[1], .a0 = q[3], .pf = q[0], .vf = q[2], .af = q[4],
        .vmax = INFINITY, .vmin = -INFINITY, .amax = INFINITY, .amin = -INFINITY, .jmax = INFINITY};
    for (int i = 0; i < in->n; i++) {
        if (!in->enabled[i]) continue;
        const double share = component(line, i);
        r->vmax = tighter(r->vmax, f[OTG_VMAX][i], f[OTG_VMIN][i], share);
        r->vmin = -tighter(-r->vmin, -f[OTG_VMIN][i], -f[OTG_VMAX][i], share);
        r->amax = tighter(r->amax, f[OTG_AMAX][i], f[OTG_AMIN][i], share);
        r->amin = -tighter(-r->amin, -f[OTG_AMIN][i], -f[OTG_AMAX][i], share);
        r->jmax = tighter(r->jmax, f[OTG_JMAX][i], -f[OTG_JMAX][i], share);
    }
    return fits;
}

/* A wall along the line; where the start is outside of it, as far as the motion must go. */
static double wall_along(const OtgRequest *r, double wall) {
    return wall < 0 ? otg_way_out(r) : wall;
}

/* The room along the line: where every axis is in its own; and whose walls bound it. */
static OtgStatus line_room(const OtgInput *in, const OtgRequest *r, const Vector *line, OtgRoom *room, int whose[2],
    OtgAnswer *answer) {
    const OtgRequest m = otg_mirrored(r);
    *room = (OtgRoom){-INFINITY, INFINITY, 0, NULL};
    whose[0] = whose[1] = -1;
    for (int i = 0; i < in->n && in->low; i++) {
        const double share = component(line, i), p0 = in->field[OTG_P0][i];
        OtgRoom own;
        int has_walls = 0;
        if (!in->enabled[i]) continue;
        answer->axis = i;
        const OtgStatus status = otg_room_check(in, i, &own, &has_walls, answer);
        if (status != OTG_OK) return status;
        if (!has_walls || share == 0) continue;
        const double high = wall_along(r, ((share > 0 ? in->high[i] : in->low[i]) - p0) / share);
        const double low = -wall_along(&m, -((share > 0 ? in->low[i] : in->high[i]) - p0) / share);
        if (high < room->high) room->high = high, whose[1] = i;
        if (low > room->low) room->low = low, whose[0] = i;
        room->slack = fmax(room->slack, own.slack / fabs(share));
    }
    answer->axis = -1;
    return OTG_OK;
}

/* Why there is no motion along the line: the wall that is in its way, as its axis has it. */
static OtgStatus blame(const OtgRequest *r, const OtgRoom *room, const Vector *line, const int whose[2],
    OtgAnswer *answer) {
    const OtgStatus status = otg_room_blame(r, room, answer);
    const int axis = whose[answer->field];
    if (status == OTG_NO_ROOM || axis < 0) return OTG_NO_ROOM;
    const double share = component(line, axis);
    answer->axis = axis;
    answer->overshoot *= fabs(share);
    if (share < 0) answer->field = !answer->field;
    return status;
}

/* An axis from the path along the line. */
static void scale(const OtgPath *one, double share, double p0, OtgPath *path) {
    path->n = one->n;
    for (int k = 0; k < one->n; k++) {
        const OtgPiece *q = &one->piece[k];
        path->piece[k] = (OtgPiece){q->t, q->dt, p0 + share * q->p, share * q->v, share * q->a, share * q->j};
    }
    path->duration = one->duration;
    path->p = p0 + share * one->p, path->v = share * one->v, path->a = share * one->a;
}

/* Every axis from the steps along the line, or from the path where there is one; 1 if all arrive. */
static int spread(const OtgInput *in, const OtgAxis *x, const OtgSteps *s, const OtgPath *one, const Vector *line,
    double T, OtgPath *paths) {
    int good = 1;
    for (int i = 0; i < in->n; i++) {
        const OtgRequest r = otg_request(in, i);
        const double share = in->enabled[i] ? component(line, i) : 0;
        if (one) scale(one, share, r.p0, &paths[i]);
        else otg_pieces(&paths[i], s, x, share, r.p0, r.v0, r.a0);
        if (!in->enabled[i]) paths[i].n = 0, paths[i].p = r.p0, paths[i].v = r.v0, paths[i].a = r.a0;
        if (paths[i].n > 0) good &= otg_arrives(x->order, &r, T, 0, &paths[i]);
        paths[i].duration = T;
        if (!in->enabled[i]) continue;
        if (r.interface == OTG_POSITION) paths[i].p = r.pf;
        paths[i].v = x->order == 1 ? 0 : r.vf;
        paths[i].a = x->order == 3 ? r.af : 0;
    }
    return good;
}

/* The least duration of at least T along the line. */
static double next_along(const OtgRequest *r, OtgAxis *x, const OtgRoom *room, double T, OtgLegs *legs) {
    if (room) return otg_room_next(r, room, T, legs);
    const double next = otg_axis_next(x, T);
    return next < INFINITY || !x->brief || otg_axis_brake(x, r) ? next : otg_axis_next(x, T);
}

static OtgStatus least_along(const OtgInput *in, const OtgRequest *r, OtgAxis *x, const OtgRoom *room, double least,
    OtgLegs *legs, double *T) {
    if (otg_axis_prepare(x, r)) return OTG_TOO_FAR_APART;
    if (room) x->first = otg_room_next(r, room, 0, legs);
    *T = otg_whole(in, larger(least, x->first));
    for (int round = 0; round < 8 && *T < INFINITY && *T > x->first; round++) { /* each leaves a blocked interval behind */
        const double next = next_along(r, x, room, *T, legs);
        if (!(next > *T)) break;
        *T = otg_whole(in, next);
    }
    if (!(*T < INFINITY)) return room ? OTG_NO_ROOM : OTG_UNREACHABLE;
    return in->exact >= 0 && *T > in->exact * (1 + 4 * DBL_EPSILON) ? OTG_BLOCKED : OTG_OK;
}

OtgStatus otg_phase(const OtgInput *in, OtgAxis *axis, OtgPath *paths, OtgAnswer *answer) {
    OtgRequest r;
    Vector line;
    OtgSteps s = {.n = 0, .cruise = -1};
    OtgRoom room;
    OtgLegs legs;
    OtgPiece pieces[OTG_ROOM_STEPS];
    OtgPath one = {.piece = pieces};
    int still = 0, fits = 1, walled = 0, whose[2];
    for (int i = 0; i < in->n; i++) {
        answer->axis = i;
        if (in->enabled[i] && (in->sync[i] != OTG_PHASE || in->interface[i] != in->interface[0]))
            return OTG_NOT_STRAIGHT;
    }
    fits = line_request(in, &r, &line, &still);
    answer->axis = -1;
    if (!fits) return OTG_NOT_STRAIGHT;
    const double least = in->exact >= 0 ? in->exact : in->least;
    double T = least;
    OtgAxis *x = axis;
    if (still) {
        const Vector nothing = {in->field[OTG_V0], in->field[OTG_V0], 0};
        x->order = 3, x->second = x->length = 1;
        line = nothing;
    } else {
        OtgStatus status = line_room(in, &r, &line, &room, whose, answer);
        walled = whose[0] >= 0 || whose[1] >= 0;
        if (status == OTG_OK) status = least_along(in, &r, x, walled ? &room : NULL, least, &legs, &T);
        answer->duration = T;
        if (status == OTG_NO_ROOM && walled) return blame(&r, &room, &line, whose, answer);
        if (status != OTG_OK) return status;
        if (!walled) otg_axis_fill(x, T, &s);
        else if (otg_room_fill(&legs, &one)) return OTG_NO_ROOM;
    }
    answer->duration = T;
    if (!spread(in, x, &s, walled ? &one : NULL, &line, T, paths)) return OTG_TOO_FAR_APART;
    const double alone = still ? 0 : x->first;
    for (int i = 0; i < in->n; i++) axis[i].first = alone; /* the axes have no time of their own */
    return OTG_OK;
}
