/* Shared by the files of the search through waypoints. */
#ifndef WAYPOINTS_PARTS_H
#define WAYPOINTS_PARTS_H

#include "waypoints.h"

/* Durations of all segments with these states, in tried_T. */
OtgStatus way_durations(Waypoints *w, const double *v, const double *a, OtgAnswer *answer);
/* Puts the states to be tried within the limits: of velocity, acceleration, and of both together. */
void way_clip(Waypoints *w);
/* Whether the states to be tried are better than those here. */
int way_try(Waypoints *w);
/* Goes where was tried; the best so far is kept. */
void way_accept(Waypoints *w);
/* Back to the best so far. */
void way_return(Waypoints *w);

#endif
