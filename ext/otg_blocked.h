/* The durations above its least one that an axis cannot do. */
#ifndef OTG_BLOCKED_H
#define OTG_BLOCKED_H

#include "otg_axis.h"

/* Their ends, in the caller's unit of time, in order; how many there are (at most `room` are written). */
int otg_blocked(const OtgAxis *x, double (*intervals)[2], int room);

#endif
