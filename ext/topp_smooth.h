/* Path parametrisation with limited jerk, from rest to rest over a smooth section of a path.

x = s'^2 is a quadratic spline with continuous slope, on the intervals of a grid: its unknowns c are the middle
Bernstein coefficients of the intervals 1 .. n - 2, and its values between them are means of two neighbours. In the
first and the last interval x grows with the power 4/3 of the distance to the end, which is what a constant jerk
from rest does.

The time is convex in c and limits on velocity and acceleration are linear. A jerk sqrt(x) P(c) within its limit is
not convex: its barrier -log(1 - x P^2) is met with the nearest convex quadratic at each step of Newton's method.
Each row of a limit reaches over three unknowns, so that a step costs as much as a look at the rows. */
#ifndef TOPP_SMOOTH_H
#define TOPP_SMOOTH_H

#include "topp_grid.h"

enum { SMOOTH_POINTS = 3, SMOOTH_TIMES = 2 }; /* places in an interval for limits, for the time */

/* One row: g = a . (c[k - 1], c[k], c[k + 1]) - off. */
typedef struct {
    double a[3], off;
} ToppRow;

/* A place in an interval: x there, how much of it the velocities allow, and the rows of all axes, scaled so that
   |g| <= 1 for accelerations and x g^2 <= 1 for jerks. */
typedef struct {
    double x[3], most;
    int first, accelerations, jerks; /* rows */
} ToppPlace;

typedef struct {
    int n;               /* intervals */
    double *s;           /* n + 1 */
    int *piece;          /* n */
    ToppPlace *place;    /* (n, POINTS) */
    ToppRow *row;
    double *mix;         /* (n, 4): x at both ends of an interval from c[k - 1], c[k] and from c[k], c[k + 1] */
    double cap[2];       /* of c[1] and c[n - 2], by the end pieces */
    double *c, *step, *gradient, *hessian, *trial; /* n, n, n, (n, 3), n */
    double rows;         /* how many limits there are, both sides counted */
} ToppSmooth;

/* Sets up all rows. */
void smooth_rows(const ToppPath *path, const ToppLimits *limits, ToppSmooth *q);
/* Time and barrier at c with the weight of the time; INFINITY where a limit is broken. */
double smooth_value(const ToppSmooth *q, const double *c, double weight);
/* Newton's step at q->c into q->step; returns its decrement. */
double smooth_step(ToppSmooth *q, double weight);
/* The largest factor, at most 1, by which c has to be multiplied to be within the limits, and `part` of them at
   most. */
double smooth_fit(const ToppSmooth *q, const double *c, double part);
/* The table of the run: n pieces. Returns its duration. */
double smooth_table(const ToppSmooth *q, ToppPiece *table);

#endif
