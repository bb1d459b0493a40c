/* Motion through given waypoints in the least time: all axes pass each waypoint together, with velocities and accelerations
   that are free.

Between two waypoints every axis has its fastest motion from state to state (otg_axis.h), and the slowest axis tells the
segment's duration. How fast each axis is depends smoothly, nearly everywhere, on the states at both ends. So each round
takes the slopes of all durations and solves a linear programme for the best change of all states within a box
(waypoints_lp.h); a change that is better is kept, one that is not makes the box smaller. Where the box has become
too small the search goes on from a disturbed state. What has been found is a whole motion at every time. */
#ifndef WAYPOINTS_H
#define WAYPOINTS_H

#include "otg_plan.h"
#include "waypoints_lp.h"

typedef struct {
    int points, axes;
    const double *at;                      /* points x axes */
    const double *vmax, *vmin, *amax, *amin, *jmax;
    const double *low, *high;              /* position limits, or NULL */
    double *v, *a, *T;                     /* the best so far: points x axes, points x axes, segments */
    double total;
    /* the search */
    double *tried_v, *tried_a, *tried_T, *at_v, *at_a, *at_T, here;
    double size, least_size;               /* of the box, as a share of the limits */
    unsigned long long seed;
    OtgAxis *axis;
    OtgPath *path;
    int *choices;                          /* interface, synchronisation, enabled of each axis */
    WayLp lp;
} Waypoints;

/* How many doubles the arrays take; and hands them out. at, limits, axis, path, choices are the caller's. */
long waypoints_room(int points, int axes);
void waypoints_place(Waypoints *w, int points, int axes, double *block);

/* First motion: the best of standing still at each point and of some splines. First and last rows of v and a are given. */
OtgStatus waypoints_begin(Waypoints *w, OtgAnswer *answer);
/* One round. Whether it was better. */
int waypoints_improve(Waypoints *w);
/* The plan of a segment of the best motion into w->path. */
OtgStatus waypoints_segment(Waypoints *w, int s, OtgAnswer *answer);

#endif
