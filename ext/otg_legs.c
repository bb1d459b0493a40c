/* Legs of a motion in a room: see otg_room.h. */
#include "otg_plan.h"
#include "otg_touch.h"

#include <float.h>
#include <math.h>

/* Whether the axis can do T, which may have been rounded. */
static int can_do(const OtgAxis *x, double T) {
    const double most = T * (1 + 4 * DBL_EPSILON);
    return otg_axis_next(x, T) <= most || otg_axis_next(x, T * (1 - 8 * DBL_EPSILON)) <= most;
}

int otg_leg(const OtgRequest *r, double T, OtgPath *path) {
    OtgAxis x;
    OtgSteps s;
    if (otg_axis_prepare(&x, r)) return -1;
    if (x.brief && !can_do(&x, T) && otg_axis_brake(&x, r)) return -1;
    if (!can_do(&x, T)) return -1;
    otg_axis_fill(&x, T, &s);
    otg_pieces(path, &s, &x, 1, r->p0, r->v0, r->a0);
    return 0;
}

/* The same where the axis is prepared already, and can do T. */
int otg_axis_within(const OtgAxis *x, const OtgRequest *r, const OtgRoom *room, double T) {
    OtgPiece pieces[OTG_STEPS];
    OtgPath path = {.piece = pieces};
    OtgSteps s;
    otg_axis_fill(x, T, &s);
    otg_pieces(&path, &s, x, 1, r->p0, r->v0, r->a0);
    return otg_within(room, &path);
}

int otg_within(const OtgRoom *room, const OtgPath *path) {
    double least, greatest, when;
    path_extrema(path, &least, &when, &greatest, &when);
    /* what comes back from far away is rounded as the numbers there are */
    const double slack = room->slack + 64 * DBL_EPSILON * fmax(fabs(least), fabs(greatest));
    return path->n == 0 || (least >= room->low - slack && greatest <= room->high + slack);
}

int otg_leg_within(const OtgRequest *r, const OtgRoom *room, double T) {
    OtgPiece pieces[OTG_STEPS];
    OtgPath path = {.piece = pieces};
    return otg_leg(r, T, &path) == 0 && otg_within(room, &path);
}

void otg_add_leg(OtgLegs *legs, const OtgRequest *r, double T) {
    if (legs->n >= OTG_LEGS) return;
    legs->r[legs->n] = *r;
    legs->T[legs->n++] = T;
}

void otg_mirror_legs(OtgLegs *legs, int first) {
    for (int i = first; i < legs->n; i++) legs->r[i] = otg_mirrored(&legs->r[i]);
}

OtgRoom otg_mirrored_room(const OtgRoom *room) { return (OtgRoom){-room->high, -room->low, room->slack, room->effort}; }

static int stands(const OtgRequest *r) {
    return r->interface == OTG_POSITION && r->p0 == r->pf && r->v0 == 0 && r->vf == 0 && r->a0 == 0 && r->af == 0;
}

int otg_room_fill(const OtgLegs *legs, OtgPath *path) {
    OtgPiece *all = path->piece;
    double t = 0;
    int n = 0;
    for (int k = 0; k < legs->n; k++) {
        const OtgRequest *r = &legs->r[k];
        OtgPath one = {.piece = all + n};
        if (n + OTG_STEPS > OTG_ROOM_STEPS) return -1;
        if (stands(r)) {
            one.n = legs->T[k] > 0;
            one.p = r->p0;
            all[n] = (OtgPiece){0, legs->T[k], r->p0, 0, 0, 0};
        } else if (otg_leg(r, legs->T[k], &one)) {
            return -1;
        }
        for (int i = 0; i < one.n; i++, n++) all[n].t += t;
        path->p = one.p, path->v = one.v, path->a = one.a;
        t += legs->T[k];
    }
    path->n = n;
    path->duration = t;
    return 0;
}
