/* A motion in a room that takes a given time.

What is tried, until one stays inside: the motion without walls; the fastest one in the room with one of its legs made
longer; any other touch with one of its two legs made longer; a rest at a wall. From the time on at which the axis can
rest at a wall every duration is possible. */
#include "otg_touch.h"

#include <float.h>
#include <math.h>

enum { SCAN = 24, ROUNDS = 40, DEPTH = 2 };

/* What is found once for all durations: the fastest motion, and the soonest one that rests (its time is NAN until it
   is asked for). */
typedef struct {
    OtgLegs least, rest;
    double rested;
} Known;

static const double SAME = 1 + 4 * DBL_EPSILON;

static double total(const OtgLegs *legs) {
    double T = 0;
    for (int i = 0; i < legs->n; i++) T += legs->T[i];
    return T;
}

static int all_within(const OtgLegs *legs, const OtgRoom *room) {
    for (int i = 0; i < legs->n; i++)
        if (!otg_leg_within(&legs->r[i], room, legs->T[i])) return 0;
    return legs->n > 0;
}

static int too_fast(const OtgRequest *r, double wall, double slack) {
    double a;
    return otg_peak(r, &a) > wall + slack;
}

/* Whether the start, or the target seen backwards, cannot stop before a wall: then no touch can help. */
static int must_leave(const OtgRequest *r, const OtgRoom *room) {
    const OtgRequest back = otg_reversed(r), m = otg_mirrored(r), m_back = otg_reversed(&m);
    if (too_fast(r, room->high, room->slack) || too_fast(&m, -room->low, room->slack)) return 1;
    if (r->interface == OTG_VELOCITY) return 0;
    return too_fast(&back, room->high, room->slack) || too_fast(&m_back, -room->low, room->slack);
}

/* The fastest motion. One with a touch of one wall, found without the other wall, is the fastest if it meets that one
   too; else both walls take part. */
static double fastest(const OtgRequest *r, const OtgRoom *room, OtgLegs *legs) {
    legs->n = 0;
    if (must_leave(r, room)) return otg_least_within(r, room, 0, legs);
    for (int side = 0; side < 2; side++) {
        const OtgRoom half = {side ? room->low : -INFINITY, side ? INFINITY : room->high, room->slack, room->effort};
        if (isinf(half.low) && isinf(half.high)) continue;
        legs->n = 0;
        if (otg_least_within(r, &half, 1, legs) < INFINITY && all_within(legs, room)) return total(legs);
    }
    legs->n = 0;
    return otg_least_within(r, room, DEPTH, legs) < INFINITY ? total(legs) : INFINITY;
}

/* With the velocity interface the motion may also end at a wall. */
static int at_wall(const OtgRequest *r, double wall, OtgRequest *to) {
    *to = *r;
    to->interface = OTG_POSITION;
    to->pf = wall;
    to->vmax = INFINITY, to->vmin = -INFINITY;
    return isfinite(wall);
}

static double fastest_to_velocity(const OtgRequest *r, const OtgRoom *room, OtgLegs *legs) {
    double T = fastest(r, room, legs);
    for (int side = 0; side < 2; side++) {
        OtgRequest to;
        OtgLegs other;
        if (!at_wall(r, side ? room->low : room->high, &to)) continue;
        const double t = fastest(&to, room, &other);
        if (t < T) T = t, *legs = other;
    }
    return T;
}

/* Makes one leg longer, so that the whole takes T; 1 if that stays inside. */
static int lengthen(OtgLegs *legs, const OtgRoom *room, double T) {
    const double rest = T - total(legs);
    if (rest < 0) return 0;
    for (int i = legs->n - 1; i >= 0; i--) {
        if (!otg_leg_within(&legs->r[i], room, legs->T[i] + rest)) continue;
        legs->T[i] += rest;
        return 1;
    }
    return 0;
}

/* To rest at the position p and on from there; the least time for that. */
static double resting(const OtgRequest *r, const OtgRoom *room, double p, OtgLegs *legs) {
    const OtgTouch t = otg_touch(r, p, 0);
    OtgRequest wait = t.to;
    legs->n = 0;
    if (!(fabs(p) < INFINITY) || !(otg_least_within(&t.to, room, 1, legs) < INFINITY)) return INFINITY;
    wait.p0 = p, wait.v0 = wait.a0 = 0;
    otg_add_leg(legs, &wait, 0);
    return otg_least_within(&t.on, room, 1, legs) < INFINITY ? total(legs) : INFINITY;
}

/* Where the target can be come to from; a velocity as late as that, at the wall that it is directed to. */
static double departure(const OtgRequest *r, const OtgRoom *room) {
    OtgPiece pieces[OTG_STEPS];
    OtgPath path = {.piece = pieces};
    OtgRequest back = otg_reversed(r), on = *r;
    OtgAxis x;
    if (r->interface == OTG_POSITION) return otg_stop(&back, 0);
    on.p0 = on.v0 = on.a0 = 0;
    if (otg_axis_prepare(&x, &on) || otg_leg(&on, x.first, &path) || path.n == 0) return INFINITY;
    return (path.p > 0 ? room->high : room->low) - path.p;
}

/* The soonest rest: at a wall, where the start can stop, or where the target can be come to from. */
static double soonest_rest(const OtgRequest *r, const OtgRoom *room, OtgLegs *legs) {
    const double places[4] = {room->high, room->low, otg_stop(r, 0), departure(r, room)};
    double best = INFINITY;
    for (int i = 0; i < 4; i++) {
        OtgLegs one;
        const double T = resting(r, room, places[i], &one);
        if (T < best) best = T, *legs = one;
    }
    return best;
}

static double soonest(const OtgRequest *r, const OtgRoom *room, Known *known) {
    if (isnan(known->rested)) known->rested = soonest_rest(r, room, &known->rest);
    return known->rested;
}

static int wait(const OtgRequest *r, const OtgRoom *room, double T, Known *known, OtgLegs *legs) {
    const double least = soonest(r, room, known);
    if (!(least <= T * SAME)) return 0;
    *legs = known->rest;
    for (int i = 0; i < legs->n; i++) {
        if (legs->T[i] > 0) continue;
        legs->T[i] = fmax(0, T - least);
        break;
    }
    return 1;
}

/* Any touch of the upper wall. */
static int by_touch(const OtgRequest *r, const OtgRoom *room, double T, OtgLegs *legs) {
    double nodes[OTG_NODES], wall = room->high;
    if (isinf(wall) || isinf(r->jmax)) return 0;
    for (int n = otg_touches(r, &wall, room->slack, nodes), i = 0; i < n; i++) {
        const OtgTouch t = otg_touch(r, wall, nodes[i]);
        legs->n = 0;
        if (!(otg_least_within(&t.to, room, 0, legs) < INFINITY)) continue;
        if (!(otg_least_within(&t.on, room, 0, legs) < INFINITY)) continue;
        if (lengthen(legs, room, T)) return 1;
    }
    return 0;
}

/* A motion of exactly T: 1 if one was found. */
static int exactly(const OtgRequest *r, const OtgRoom *room, double T, Known *known, OtgLegs *legs) {
    legs->n = 0;
    otg_add_leg(legs, r, T);
    if (otg_leg_within(r, room, T)) return 1;
    *legs = known->least;
    if (lengthen(legs, room, T) || by_touch(r, room, T, legs)) return 1;
    const OtgRequest m = otg_mirrored(r);
    const OtgRoom turned = otg_mirrored_room(room);
    if (!by_touch(&m, &turned, T, legs)) return wait(r, room, T, known, legs);
    otg_mirror_legs(legs, 0);
    return 1;
}

/* The first time from T on at which a motion is found; the rest at a wall is one. */
static double search(const OtgRequest *r, const OtgRoom *room, double T, Known *known, OtgLegs *legs) {
    const double end = soonest(r, room, known);
    double fails = T, works = end;
    if (!(end < INFINITY)) return INFINITY;
    for (int i = 1; i <= SCAN; i++) {
        works = i < SCAN && *room->effort > 0 ? T + (end - T) * i / SCAN : end;
        if (works == end || exactly(r, room, works, known, legs)) break;
        fails = works;
    }
    for (int i = 0; i < ROUNDS && works - fails > 1e-12 * works && *room->effort > 0; i++) {
        const double middle = 0.5 * (fails + works);
        if (exactly(r, room, middle, known, legs)) works = middle;
        else fails = middle;
    }
    return exactly(r, room, works, known, legs) ? works : INFINITY;
}

/* The least duration above T, which itself is not to be had. */
static double later(const OtgRequest *r, const OtgRoom *room, double T, Known *known, OtgLegs *legs) {
    double best = search(r, room, T, known, legs);
    for (int side = 0; side < 2 && r->interface == OTG_VELOCITY && best > T; side++) {
        OtgRequest to;
        OtgLegs other;
        if (!at_wall(r, side ? room->low : room->high, &to)) continue;
        const double t = otg_room_next(&to, room, T, &other);
        if (t < best) best = t, *legs = other;
    }
    return best < INFINITY ? best : otg_softly(r, room, T, legs);
}

/* The least duration of at least T that the axis could do without walls. */
static double without_walls(const OtgRequest *r, double T) {
    OtgAxis x;
    if (otg_axis_prepare(&x, r)) return INFINITY;
    const double next = otg_axis_next(&x, T);
    if (next < INFINITY || !x.brief || otg_axis_brake(&x, r)) return next;
    return otg_axis_next(&x, T);
}

static double next(const OtgRequest *r, const OtgRoom *room, double T, OtgLegs *legs) {
    const double free = without_walls(r, T);
    legs->n = 0;
    if (!(free < INFINITY)) return INFINITY;
    if (otg_leg_within(r, room, free)) {
        otg_add_leg(legs, r, free);
        return free;
    }
    Known known = {.rested = NAN};
    const double first = r->interface == OTG_VELOCITY ? fastest_to_velocity(r, room, &known.least) :
        fastest(r, room, &known.least);
    if (!(first < INFINITY)) return otg_softly(r, room, T, legs);
    if (T <= first * SAME) {
        *legs = known.least;
        return first;
    }
    return exactly(r, room, free, &known, legs) ? free : later(r, room, free, &known, legs);
}

double otg_room_next(const OtgRequest *r, const OtgRoom *room, double T, OtgLegs *legs) {
    OtgRoom counted = *room;
    int effort = OTG_EFFORT;
    if (!room->effort) counted.effort = &effort;
    return next(r, &counted, T, legs);
}
