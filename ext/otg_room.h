/* One axis in its room: the fastest motion between two walls (position limits).

A triple integrator meets a position limit only where it touches it, with velocity 0 and an acceleration that points
inward, or while it rests there. So the fastest motion in a room is a chain of legs, each one the fastest (locally: it
begins one of the intervals of possible durations, otg_starts) without walls, joined at touches (wall, 0, a). Only the
accelerations a are unknown; the sum of the legs' durations is minimised over them. Without a jerk limit there is not
even that: the touch is (wall, 0).

Whether there is any motion at all is decided by how far the axis must go: the highest point of its hardest stop, and
the same seen backwards in time from the target (otg_peak).

All in the caller's units. The upper wall is the case that is coded; the lower one is its mirror image. */
#ifndef OTG_ROOM_H
#define OTG_ROOM_H

#include "otg_axis.h"
#include "path.h"

enum { OTG_LEGS = 8, OTG_ROOM_STEPS = OTG_LEGS * OTG_STEPS };

typedef struct {
    double low, high, slack; /* slack: what may be rounding in a position */
    int *effort;             /* how many more legs may be tried; NULL: not counted */
} OtgRoom;

/* Leg after leg, each with its duration. */
typedef struct {
    int n;
    OtgRequest r[OTG_LEGS];
    double T[OTG_LEGS];
} OtgLegs;

/* Whether there are walls at all for this request, and where they count: a start that lies outside may come back. */
int otg_room(OtgRoom *room, const OtgRequest *r, double low, double high);
/* The highest point that the motion must reach on its hardest stop; the acceleration at it in *a. */
double otg_peak(const OtgRequest *r, double *a);
/* How far a start outside may go on before it comes back: as far as it takes to stop. */
double otg_way_out(const OtgRequest *r);
/* The point at which it can stop with acceleration a, as fast as possible. */
double otg_stop(const OtgRequest *r, double a);
OtgRequest otg_mirrored(const OtgRequest *r);
OtgRequest otg_reversed(const OtgRequest *r);

/* The least duration of at least T within the room, and its legs; INFINITY if there is none. */
double otg_room_next(const OtgRequest *r, const OtgRoom *room, double T, OtgLegs *legs);
/* The pieces of the legs, one after the other; path has room for OTG_ROOM_STEPS. 0, or -1 if they do not fit. */
int otg_room_fill(const OtgLegs *legs, OtgPath *path);
/* One leg of the duration T without walls, or -1 where there is none; and whether a path stays in the room. */
int otg_leg(const OtgRequest *r, double T, OtgPath *path);
int otg_within(const OtgRoom *room, const OtgPath *path);

#endif
