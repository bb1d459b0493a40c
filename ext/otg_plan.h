/* Many axes: checks, synchronisation, and the trajectory as polynomial pieces in the caller's units. */
#ifndef OTG_PLAN_H
#define OTG_PLAN_H

#include "otg_room.h"

typedef enum { OTG_TIME, OTG_PHASE, OTG_NONE, OTG_IF_NECESSARY } OtgSync;

typedef enum {
    OTG_OK = 0,
    OTG_NOT_FINITE,    /* field of an axis is NaN or infinite */
    OTG_BAD_LIMIT,     /* a limit has the wrong sign or is zero */
    OTG_TARGET_LIMIT,  /* a target is beyond its limit */
    OTG_TARGET_RIM,    /* the target acceleration cannot be had at the target velocity without leaving the limits before */
    OTG_TOO_FAR_APART, /* the numbers leave the range of floating point */
    OTG_UNREACHABLE,   /* a velocity limit of zero is in the way */
    OTG_NOT_STRAIGHT,  /* the motion is not along one line */
    OTG_BLOCKED,       /* no motion of exactly that duration */
    OTG_BAD_DURATION,
    OTG_BAD_ROOM,       /* a position limit is NaN, or the lower one is above the upper one */
    OTG_TARGET_OUTSIDE, /* the target position is beyond a position limit */
    OTG_START_TOO_FAST, /* the axis cannot stop before a position limit */
    OTG_END_TOO_FAST,   /* the target cannot be come to without leaving a position limit before */
    OTG_NO_ROOM         /* no motion was found between the position limits */
} OtgStatus;

typedef enum { OTG_P0, OTG_V0, OTG_A0, OTG_PF, OTG_VF, OTG_AF, OTG_VMAX, OTG_VMIN, OTG_AMAX, OTG_AMIN, OTG_JMAX,
    OTG_FIELDS } OtgField;

typedef struct {
    int n;
    const double *field[OTG_FIELDS]; /* each n long */
    const double *low, *high;        /* position limits, each n long; NULL if there are none */
    const int *interface, *sync, *enabled;
    double least, exact; /* durations; exact is NaN if none is wanted */
    double cycle;        /* the fastest motion of so many whole cycles; 0: of any duration */
} OtgInput;

typedef struct {
    int axis, field;
    double duration;
    double overshoot; /* how far the axis must go beyond a position limit: field 0 is the lower one, 1 the upper one */
} OtgAnswer;

/* axes: room for n; paths: n, each with room for OTG_STEPS pieces, or with position limits OTG_ROOM_STEPS. The duration of the whole, or what is wrong, in
   answer. */
OtgStatus otg_plan(const OtgInput *in, OtgAxis *axes, OtgPath *paths, OtgAnswer *answer);
OtgStatus otg_check(const OtgInput *in, OtgAnswer *answer);
/* The room of an axis, if it has walls; and why there is no motion in it. */
OtgStatus otg_room_check(const OtgInput *in, int i, OtgRoom *room, int *walled, OtgAnswer *answer);
OtgStatus otg_room_blame(const OtgRequest *r, const OtgRoom *room, OtgAnswer *answer);
OtgRequest otg_request(const OtgInput *in, int i);
/* The next duration in whole cycles. */
double otg_whole(const OtgInput *in, double T);
OtgStatus otg_phase(const OtgInput *in, OtgAxis *line, OtgPath *paths, OtgAnswer *answer);
/* Whether the pieces lead to the target in the time T, as exactly as numbers of their size can, or to `slack`. */
int otg_arrives(int order, const OtgRequest *r, double T, double slack, const OtgPath *path);
/* The pieces of an axis from the steps of x, of which it does its share. */
void otg_pieces(OtgPath *path, const OtgSteps *s, const OtgAxis *x, double share, double p, double v, double a);

#endif
