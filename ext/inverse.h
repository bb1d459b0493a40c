/* What all analytic solvers share: the arm's own angles and frames, full turns, and the way next to where it stands. */
#ifndef INVERSE_H
#define INVERSE_H

#include <stddef.h>

#include "frame.h"

enum { INVERSE_JOINTS = 6, INVERSE_ROWS = 16 };

/* A nominal arm (near_arm.h) has eight rows at most; beyond them, at this place + k, it says whether it moved row k off a
   singular pose. */
enum { INVERSE_MOVED = 8 * INVERSE_JOINTS };

typedef int (*InverseSolve)(const void *arm, const Frame *flange, const double *wanted, double *rows);
typedef void (*InverseBends)(const void *arm, const double *q, double bends[3]);

typedef struct {
    int n; /* joints */
    const void *arm;
    InverseSolve solve;
    InverseBends bends;
    Frame left, right; /* the frame that the solver takes is left T right */
    double sign[INVERSE_JOINTS], offset[INVERSE_JOINTS]; /* a joint is sign * the solver's angle + offset */
    double turn[INVERSE_JOINTS];                         /* after how much a joint is the same again; 0: never */
    double lower[INVERSE_JOINTS], upper[INVERSE_JOINTS];
    double slack; /* rad: a way so near to the seed is bent as the seed, whatever the nominal arm's bends say; else 0 */
} Inverse;

/* Every way to reach T, joints in (-pi, pi], limits left aside; how many rows, -1 where T
   is no rigid transform. */
int inverse_all(const Inverse *inverse, const Frame *T, const double *wanted, double *rows);
/* The way next to `seed` within the limits, full turns included; 0 where there is none. With `keep` the arm stays bent
   as it is where it can (between two configurations lies a singular pose); then the least squared way counts. */
int inverse_nearest(const Inverse *inverse, const Frame *T, const double *seed, int keep, double *out);

#endif
