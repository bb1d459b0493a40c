/* The durations above its least one that an axis cannot do. */
#ifndef OTG_BLOCKED_H
#define OTG_BLOCKED_H

#include "otg_axis.h"

/* Their ends, in the caller's unit of time, in order, and the least duration; how many there are (at most `room` are
   written), or -1 where the limits are too far apart for floating point. */
int otg_blocked(const OtgRequest *r, double *first, double (*intervals)[2], int room);
/* Where the intervals of possible durations begin, the least one first; how many there are. */
enum { OTG_STARTS = 4 };
int otg_starts(const OtgAxis *x, double starts[OTG_STARTS]);

#endif
