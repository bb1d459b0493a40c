/* How far an axis must go: the hardest stop, and one that ends with a given acceleration. See otg_room.h. */
#include "otg_plan.h"

#include <float.h>
#include <math.h>

OtgRequest otg_mirrored(const OtgRequest *r) {
    OtgRequest m = *r;
    m.p0 = -r->p0, m.v0 = -r->v0, m.a0 = -r->a0, m.pf = -r->pf, m.vf = -r->vf, m.af = -r->af;
    m.vmax = -r->vmin, m.vmin = -r->vmax, m.amax = -r->amin, m.amin = -r->amax;
    return m;
}

/* Backwards in time: from the target to the start. */
OtgRequest otg_reversed(const OtgRequest *r) {
    OtgRequest m = *r;
    m.p0 = r->pf, m.v0 = -r->vf, m.a0 = r->af, m.pf = r->p0, m.vf = -r->v0, m.af = r->a0;
    m.vmax = -r->vmin, m.vmin = -r->vmax;
    return m;
}

double otg_stop(const OtgRequest *r, double a) {
    OtgPiece pieces[OTG_STEPS];
    OtgPath path = {.piece = pieces};
    OtgRequest stop = *r;
    OtgAxis x;
    stop.interface = OTG_VELOCITY;
    stop.pf = r->p0, stop.vf = 0, stop.af = a;
    if (otg_axis_prepare(&x, &stop) || otg_leg(&stop, x.first, &path)) return INFINITY;
    return path.n ? path.p : r->p0;
}

static double at_once(const OtgRequest *r) { return r->v0 > 0 ? r->p0 + 0.5 * r->v0 * r->v0 / -r->amin : r->p0; }

/* Whether it turns back however soon its acceleration is let go: at the top that is still more than `most`. */
static int turns_by_itself(const OtgRequest *r, double most, double *a) {
    const double turned = r->a0 * r->a0 - 2 * r->jmax * r->v0;
    if (!(r->v0 > 0 && r->a0 < 0 && turned >= most * most)) return 0;
    *a = -sqrt(turned);
    return 1;
}

/* The top at which it turns by itself with acceleration a. */
static double turning_point(const OtgRequest *r, double a) {
    const double t = 2 * r->v0 / -(r->a0 + a);
    return r->p0 + t * (r->v0 + t * (0.5 * r->a0 + t * r->jmax / 6));
}

double otg_peak(const OtgRequest *r, double *a) {
    *a = 0;
    if (isinf(r->jmax)) return isinf(r->amin) ? r->p0 : at_once(r);
    const double turned = r->a0 * r->a0 + 2 * r->jmax * r->v0; /* the square of the acceleration at the peak */
    const double most = r->interface == OTG_VELOCITY ? -r->amin : fmin(-r->amin, sqrt(2 * r->jmax * -r->vmin));
    if (!(r->v0 > 0) && !(r->a0 > 0 && turned > 0)) return r->p0;
    if (turns_by_itself(r, most, a)) return turning_point(r, *a);
    *a = -fmin(most, sqrt(turned));
    return fmax(r->p0, otg_stop(r, *a));
}

double otg_way_out(const OtgRequest *r) {
    double a;
    if (isfinite(r->jmax) && turns_by_itself(r, 0, &a)) return turning_point(r, a);
    return fmax(otg_peak(r, &a), otg_stop(r, 0));
}

int otg_room(OtgRoom *room, const OtgRequest *r, double low, double high) {
    *room = (OtgRoom){low, high, 0, NULL};
    if (isinf(low) && isinf(high)) return 0;
    const double far = fmax(fabs(r->p0), r->interface == OTG_POSITION ? fabs(r->pf) : 0);
    room->slack = 4e-13 * fmax(far, fmax(isfinite(low) ? fabs(low) : 0, isfinite(high) ? fabs(high) : 0));
    if (r->p0 > high) room->high = otg_way_out(r);
    if (r->p0 < low) {
        const OtgRequest m = otg_mirrored(r);
        room->low = -otg_way_out(&m);
    }
    return 1;
}

/* One wall: how far the axis must go beyond it, forwards from its start and backwards from its target. */
static OtgStatus check_wall(const OtgRequest *r, const OtgRoom *room, OtgAnswer *answer) {
    double a, over = otg_peak(r, &a) - room->high;
    const OtgRequest back = otg_reversed(r);
    answer->overshoot = over;
    if (over > room->slack) return OTG_START_TOO_FAST;
    if (r->interface == OTG_VELOCITY) return OTG_OK;
    answer->overshoot = over = otg_peak(&back, &a) - room->high;
    return over > room->slack ? OTG_END_TOO_FAST : OTG_OK;
}

OtgStatus otg_room_check(const OtgInput *in, int i, OtgRoom *room, int *walled, OtgAnswer *answer) {
    const OtgRequest r = otg_request(in, i);
    const double low = in->low[i], high = in->high[i], over = r.pf - high, under = low - r.pf;
    if (!(low <= high)) return OTG_BAD_ROOM;
    *walled = otg_room(room, &r, low, high);
    if (!*walled || r.interface == OTG_VELOCITY || !(fmax(over, under) > room->slack)) return OTG_OK;
    answer->field = over > under;
    answer->overshoot = fmax(over, under);
    return OTG_TARGET_OUTSIDE;
}

OtgStatus otg_room_blame(const OtgRequest *r, const OtgRoom *room, OtgAnswer *answer) {
    const OtgRequest m = otg_mirrored(r);
    const OtgRoom turned = {-room->high, -room->low, room->slack, NULL};
    OtgStatus status = OTG_OK;
    answer->field = 1;
    if (isfinite(room->high)) status = check_wall(r, room, answer);
    if (status != OTG_OK) return status;
    answer->field = 0;
    if (isfinite(room->low)) status = check_wall(&m, &turned, answer);
    return status == OTG_OK ? OTG_NO_ROOM : status;
}
