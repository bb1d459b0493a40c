/* The durations above its least one that an axis cannot do. */
#ifndef OTG_BLOCKED_H
#define OTG_BLOCKED_H

#include "otg_axis.h"

/* Their ends, in the caller's unit of time, in order; how many there are (at most `room` are written). */
int otg_blocked(const OtgAxis *x, double (*intervals)[2], int room);

/* Where the intervals of possible durations begin, the least one first; how many there are. */
enum { OTG_STARTS = 4 };
int otg_starts(const OtgAxis *x, double starts[OTG_STARTS]);

#endif
