/* The earliest time at which all axes can be with a moving target, and the motion there, along with it, and away.

Being with it means position, velocity and acceleration of the target. What can be with it at T and go along with it
until T' can be with it at T': while an axis can go along with the target, the times at which it can be there have no
gaps. They begin at one time, before which there is none and after which there is every one. So in each stretch in which
all axes can go along (intercept_span.h) and the pick window is open:

    a target at constant velocity, seen from the target: it stands, the velocity limits are shifted by its velocity,
        and the first time is the least duration of the planner: no search at all;
    else "can it be there at T" goes from no to yes once, and is bisected.

The stretches are few, and are gone through in order; the first one with a time in it has the earliest one. */
#ifndef INTERCEPT_H
#define INTERCEPT_H

#include "intercept_span.h"
#include "otg_plan.h"

typedef enum {
    INTERCEPT_OK = 0,
    /* up to 99: as OtgStatus, of the state and its limits */
    INTERCEPT_BAD_TIMES = 100, /* NaN or out of order */
    INTERCEPT_BAD_TARGET,      /* the target's numbers */
    INTERCEPT_CLOSED,          /* the target is not in its window between the two times */
    INTERCEPT_CANNOT_FOLLOW,   /* an axis cannot go along with the target while the window is open */
    INTERCEPT_APART,           /* each axis could, but not all at the same time */
    INTERCEPT_SHORT,           /* not for so long */
    INTERCEPT_LATE,            /* an axis is not there in time */
    INTERCEPT_NO_WAY_ON        /* going along ends where an axis cannot leave within its limits */
} InterceptStatus;

typedef struct {
    OtgInput in; /* the state, the limits, and as a target where to go afterwards */
    const OtgPath *target;
    const OtgPath *along; /* a coordinate of the target, which is between low and high in the window; NULL: none */
    double low, high;
    double earliest, latest; /* all the time of going along lies between them */
    double dwell;
    int leaves;
} InterceptInput;

/* One axis and its target. */
typedef struct {
    OtgRequest r;
    OtgRoom room;
    int walled;
    InterceptBand band;
    const OtgPath *target;
    double begin;    /* of the stretch: here the target is what it is afterwards */
    double own;      /* when this axis can be there at the earliest, or at the end of what came before it */
    double spare;    /* between walls: the time left at the last time looked at, if below zero */
    int seen;        /* the axis is prepared as seen from a target without acceleration */
    double p, v;     /* which is here at time zero, and so fast */
    OtgRequest from; /* the request as seen from it */
    OtgAxis x;
} InterceptAxis;

typedef struct {
    int status, axis, field;
    double value, limit;   /* of the field that cannot follow */
    double time, until;    /* when they are with the target; until when they go along with it */
    double needed, factor; /* LATE: the earliest time of this axis, and how many times as fast it would have to be */
    double overshoot, duration;
} InterceptAnswer;

/* What is worked in, for n axes: n of each, 3 n numbers in states; each path with room for all its pieces. */
typedef struct {
    InterceptAxis *axes;
    OtgAxis *leaving;
    double *states;
    OtgPath *paths, *ends;
} InterceptRoom;

/* The motion in room->paths and its duration in the answer, or what is wrong. */
int intercept(const InterceptInput *in, const InterceptRoom *room, InterceptAnswer *answer);

/* Shared by the files of this kernel: one axis, and the first stretch from `from` on that is common to all. */
void intercept_prepare(InterceptAxis *k, const InterceptInput *in, int i);
/* The least time of at least T, up to `until`, at which it can be there; a later one or INFINITY if there is none. */
double intercept_earliest(InterceptAxis *k, double T, double until);
int intercept_can(InterceptAxis *k, double T);
/* Whether the velocity that the acceleration is ramped down to from here is within its limits; with the acceleration
   turned round, the one that it is ramped up from. */
int intercept_on_rim(const OtgRequest *r, double v, double a);
/* The way to the target in exactly T; 0, or -1 where there is none. */
int intercept_approach(InterceptAxis *k, double T, OtgPath *path);
int intercept_common(const InterceptInput *in, const InterceptAxis *axes, double from, InterceptSpan *span);
/* Why there is none: with no stretch long enough, and with an axis that comes late to the last one. */
int intercept_blame(const InterceptInput *in, const InterceptAxis *axes, InterceptAnswer *answer);
int intercept_blame_late(const InterceptInput *in, InterceptAxis *axes, const InterceptSpan *late,
    InterceptAnswer *answer);

#endif
