/* The fastest motion of one axis in its room: see otg_room.h. */
#include "otg_blocked.h"
#include "otg_touch.h"

#include <math.h>

enum { ROUNDS = 64 }; /* golden sections: an acceleration to the last bit */

static double smaller(double a, double b) { return a < b ? a : b; }

static int spent(const OtgRoom *room) { return room->effort && *room->effort <= 0; }

/* The fastest single leg that stays in the room, and whether it is the fastest one of all. */
static double direct(const OtgRequest *r, const OtgRoom *room, int *first) {
    OtgAxis x;
    double starts[OTG_STARTS];
    *first = 1;
    if (room->effort) --*room->effort;
    if (otg_axis_prepare(&x, r)) return INFINITY;
    for (int braked = 0; braked <= x.brief; braked++) {
        if (braked && otg_axis_brake(&x, r)) break;
        for (int n = otg_starts(&x, starts), i = 0; i < n; i++, *first = 0)
            if (otg_axis_within(&x, r, room, starts[i])) return starts[i];
    }
    return INFINITY;
}

static double both(const OtgRequest *r, const OtgRoom *room, double wall, double a, int depth, OtgLegs *legs) {
    const OtgTouch t = otg_touch(r, wall, a);
    const double one = otg_least_within(&t.to, room, depth, legs);
    return one < INFINITY ? one + otg_least_within(&t.on, room, depth, legs) : INFINITY;
}

/* The best touch near one that is at least as good as its neighbours: golden section, where anything may be INFINITY. */
static double refine(const OtgRequest *r, const OtgRoom *room, double wall, int depth, double low, double *a,
    double high, double T) {
    for (int i = 0; i < ROUNDS && high - low > 1e-15 * fabs(low) && !spent(room); i++) {
        const double next = high - *a > *a - low ? *a + 0.381966 * (high - *a) : *a - 0.381966 * (*a - low);
        const double value = both(r, room, wall, next, depth, NULL);
        if (value < T) {
            if (next > *a) low = *a;
            else high = *a;
            *a = next, T = value;
        } else if (next > *a) {
            high = next;
        } else {
            low = next;
        }
    }
    return T;
}

/* The fastest motion that touches the upper wall; the acceleration there in *best. */
static double touching(const OtgRequest *r, const OtgRoom *room, double *wall, int depth, double *best) {
    double nodes[OTG_NODES], T[OTG_NODES], least_time = INFINITY;
    if (isinf(*wall)) return INFINITY;
    if (isinf(r->jmax)) {
        *best = 0;
        return both(r, room, *wall, 0, depth, NULL);
    }
    const int n = otg_touches(r, wall, room->slack, nodes);
    for (int i = 0; i < n; i++) {
        T[i] = spent(room) ? INFINITY : both(r, room, *wall, nodes[i], depth, NULL);
        if (T[i] < least_time) least_time = T[i], *best = nodes[i];
    }
    const double good = 1.2 * least_time;
    for (int i = 0; i < n; i++) {
        if (!(T[i] < INFINITY) || T[i] > good || (i > 0 && T[i - 1] < T[i]) || (i + 1 < n && T[i + 1] < T[i])) continue;
        double a = nodes[i];
        const double t = refine(r, room, *wall, depth, nodes[i > 0 ? i - 1 : i], &a, nodes[i + 1 < n ? i + 1 : i], T[i]);
        if (t < least_time) least_time = t, *best = a;
    }
    return least_time;
}

/* The two legs of a touch, found once more to be written down, whatever effort is left. */
static void write(const OtgRequest *r, const OtgRoom *room, double wall, double a, int depth, OtgLegs *legs) {
    OtgRoom fresh = *room;
    int effort = OTG_EFFORT;
    fresh.effort = &effort;
    both(r, &fresh, wall, a, depth, legs);
}

/* The fastest motion with at most 2^depth - 1 touches; its legs are added where wanted. */
double otg_least_within(const OtgRequest *r, const OtgRoom *room, int depth, OtgLegs *legs) {
    int fastest;
    const double straight = direct(r, room, &fastest);
    double up = INFINITY, down = INFINITY, best[2] = {0, 0}, wall[2] = {room->high, -room->low};
    const OtgRequest mirror = otg_mirrored(r);
    const OtgRoom mirrored = otg_mirrored_room(room);
    if (depth > 0 && !(fastest && straight < INFINITY) && !spent(room)) {
        up = touching(r, room, &wall[0], depth - 1, &best[0]);
        down = touching(&mirror, &mirrored, &wall[1], depth - 1, &best[1]);
    }
    if (legs == NULL || (isinf(straight) && isinf(up) && isinf(down))) {
        /* nothing to write */
    } else if (straight <= smaller(up, down)) {
        otg_add_leg(legs, r, straight);
    } else if (up <= down) {
        write(r, room, wall[0], best[0], depth - 1, legs);
    } else {
        const int first = legs->n;
        write(&mirror, &mirrored, wall[1], best[1], depth - 1, legs);
        otg_mirror_legs(legs, first);
    }
    return smaller(straight, smaller(up, down));
}
