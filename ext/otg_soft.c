/* A start beyond the velocity limits, in a room where the hardest way back within them goes through a wall.

The hardest brake ends with an acceleration that carries the axis on, the other way perhaps. A softer one ends with
less of it, or with none; it takes longer, and there may be room for it. */
#include "otg_touch.h"

#include <float.h>
#include <math.h>

enum { SHARES = 8 };

/* The state at the end of the hardest brake, if it is one of the velocity. */
static int hardest(const OtgRequest *r, double *v, double *a) {
    OtgAxis x;
    if (r->interface == OTG_VELOCITY || !isfinite(r->jmax) || otg_axis_prepare(&x, r)) return 0;
    if (x.brief && otg_axis_brake(&x, r)) return 0;
    if (x.brake.n == 0 || (x.v0 != x.up && x.v0 != -x.down)) return 0;
    *v = x.v0 == x.up ? r->vmax : r->vmin;
    *a = x.a0 * x.length / (x.second * x.second);
    return 1;
}

/* The brake to velocity v with acceleration a, and what is left to do behind it; its time, or INFINITY if it goes
   through a wall, or through the limit and back. */
static double brake(const OtgRequest *r, const OtgRoom *room, double v, double a, OtgRequest *leg, OtgRequest *rest) {
    OtgPiece pieces[OTG_STEPS];
    OtgPath path = {.piece = pieces};
    OtgAxis x;
    *leg = *rest = *r;
    leg->interface = OTG_VELOCITY;
    leg->pf = r->p0, leg->vf = v, leg->af = a;
    if (otg_axis_prepare(&x, leg) || otg_leg(leg, x.first, &path) || !otg_within(room, &path)) return INFINITY;
    const double last = path.n ? path.piece[path.n - 1].a : a; /* towards the limit, not away from it again */
    if (v == r->vmax ? last > 0 : last < 0) return INFINITY;
    rest->p0 = path.n ? path.p : r->p0, rest->v0 = v, rest->a0 = a;
    return x.first;
}

double otg_softly(const OtgRequest *r, const OtgRoom *room, double T, OtgLegs *legs) {
    double v, a, best = INFINITY;
    if (!hardest(r, &v, &a)) return INFINITY;
    for (int i = 0; i < SHARES && best > T * (1 + 4 * DBL_EPSILON); i++) {
        OtgRequest leg, rest;
        OtgLegs behind;
        const double t = brake(r, room, v, a * i / SHARES, &leg, &rest);
        const double total = t < INFINITY ? t + otg_room_next(&rest, room, fmax(0, T - t), &behind) : INFINITY;
        if (!(total < best) || behind.n >= OTG_LEGS) continue;
        best = total;
        legs->n = 0;
        otg_add_leg(legs, &leg, t);
        for (int k = 0; k < behind.n; k++) otg_add_leg(legs, &behind.r[k], behind.T[k]);
    }
    return best;
}
