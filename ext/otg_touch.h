/* Touches of the upper wall: the two legs that one splits a motion into, and which ones to try. */
#ifndef OTG_TOUCH_H
#define OTG_TOUCH_H

#include "otg_room.h"

/* OTG_EFFORT: the legs that a search may try, so that it ends in some milliseconds. */
enum { OTG_EFFORT = 4000, OTG_PARTS = 8, OTG_NODES = 5 * OTG_PARTS + 1 };

typedef struct {
    OtgRequest to, on;
} OtgTouch;

OtgTouch otg_touch(const OtgRequest *r, double wall, double a);
/* Accelerations to try, in order: an even spread between those at which something changes. The wall is moved to where
   the axis can only just stop, if that differs by no more than rounding. How many they are. */
int otg_touches(const OtgRequest *r, double *wall, double slack, double nodes[OTG_NODES]);

/* Whether one leg of the duration T stays in the room. */
int otg_leg_within(const OtgRequest *r, const OtgRoom *room, double T);
int otg_axis_within(const OtgAxis *x, const OtgRequest *r, const OtgRoom *room, double T);
/* The fastest motion of up to 2^depth - 1 touches, its legs added where wanted; INFINITY if there is none. */
double otg_least_within(const OtgRequest *r, const OtgRoom *room, int depth, OtgLegs *legs);
/* The same as otg_room_next for a start beyond the velocity limits that must come back gently. */
double otg_softly(const OtgRequest *r, const OtgRoom *room, double T, OtgLegs *legs);
void otg_add_leg(OtgLegs *legs, const OtgRequest *r, double T);
void otg_mirror_legs(OtgLegs *legs, int first);
OtgRoom otg_mirrored_room(const OtgRoom *room);

#endif
