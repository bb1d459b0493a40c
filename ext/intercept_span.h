/* When an axis can go along with a path: the stretches of time in which the path keeps within its limits.

A stretch ends where a limit is passed, or where the path jumps in what the axis cannot: position, velocity, and with
a jerk limit acceleration. Behind its last piece a path goes on with constant acceleration. Limits are passed at roots
of polynomials up to the third degree, so nothing is sampled. */
#ifndef INTERCEPT_SPAN_H
#define INTERCEPT_SPAN_H

#include "path.h"

typedef struct {
    double from, until;
} InterceptSpan;

/* Limits; infinite ones are none. Each tells how much may be rounding. */
typedef struct {
    double low, high, vmin, vmax, amin, amax, jmax;
} InterceptBand;

/* The first stretch that lies at or behind `from`, as far as it lies behind it; 0 if there is none. */
int intercept_span(const OtgPath *path, const InterceptBand *band, double from, InterceptSpan *span);

/* The piece that holds t, the last one if `before` and t is where two meet; *h is how long it lasts (the last one for
   ever). */
OtgPiece intercept_piece(const OtgPath *path, double t, int before, double *h);
void intercept_state(const OtgPath *path, double t, int before, double state[3]);

#endif
