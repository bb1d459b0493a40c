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

/* The pieces by number; the last one, of number path->n, is what goes on behind the end, for ever. */
OtgPiece intercept_piece(const OtgPath *path, int i);
/* The number of the piece that holds t; of two that meet there the first one if `before`. */
int intercept_find(const OtgPath *path, double t, int before);
/* The state at t, position, velocity and acceleration, in that piece. */
void intercept_state(const OtgPath *path, double t, int before, double state[3]);

#endif
