/* The ways next to a singular pose, by following a curve that all of them lie on.

Where two ways meet the Jacobian J loses a rank, and Newton's steps lose their way. So the frame is let go along the one
direction b that J does not reach: the joints that bring the flange to the frame shifted by mu b make a smooth curve in
(q, mu), also through the singular pose, since [J b] keeps its rank. The curve is followed both ways (predictor along the
tangent, corrector across it) while |mu| is less than what the nominal arm may be off by; wherever mu is zero is a way.
A curve that comes back before it gets there turns round at the rim of the reach. */
#ifndef NEAR_TRACE_H
#define NEAR_TRACE_H

#include "near_arm.h"

enum { TRACE_POINTS = 2048 };

typedef struct {
    double q[INVERSE_ROWS][POLISH_JOINTS];
    int n;
} Ways; /* each but once */

/* What was followed already, so that no curve is followed twice. */
typedef struct {
    double q[TRACE_POINTS][POLISH_JOINTS];
    int begins[TRACE_POINTS], n; /* whether a new piece begins at this point */
    double longest;              /* rad: of all pieces */
} Traced;

/* Adds the ways on the curve next to the seed. */
void near_trace(const NearArm *arm, const Frame *at, const double *seed, Traced *traced, Ways *ways);
void near_keep(Ways *ways, const double *q);
/* Whether joints differ by less than `most` (rad), full turns aside. */
int near_beside(const double *a, const double *b, double most);

#endif
