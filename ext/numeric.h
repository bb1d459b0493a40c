/* Inverse kinematics of any chain by iteration: damped least squares within the joints' limits.

Each round solves (J W J^T + damping) y = e for the error e (way and turning vector, the way divided by `length` so that
both weigh alike), and goes W J^T y; the damping is a share of the squared error (S. Chan and P. Lawrence, 1988), so
that far away it is careful and at the end it is Newton's method. A joint that is pressed against its limit is taken out
and the step solved again. From a seed that leads nowhere it starts again at random joints, from a given random state:
the same question has the same answer. */
#ifndef NUMERIC_H
#define NUMERIC_H

#include <stdint.h>

#include "chain.h"

enum { NUMERIC_ROWS = 32 };

typedef struct {
    double lower[CHAIN_MOST], upper[CHAIN_MOST]; /* rad or m; may be infinite */
    double weight[6]; /* of x, y, z and the turns about them, in the tip's frame; 0: that part may be anything */
    double length;    /* m: what one radian of turn is worth */
    double way, turn; /* m, rad: near enough */
    int rounds, tries;
    uint64_t random;
} NumericTask;

typedef struct {
    double way, turn; /* what is left, of the parts that count */
    int rounds, tries;
} NumericReport;

/* From the seed, and from random joints if that fails: 1 if q is near enough. q is the best found in any case. */
int numeric_solve(const Chain *chain, const NumericTask *task, const Frame *target, const double *seed, double *q,
    NumericReport *report);
/* Different ways that `tries` random starts lead to, the seed's first; how many (at most NUMERIC_ROWS). */
int numeric_all(const Chain *chain, const NumericTask *task, const Frame *target, const double *seed, double *rows);

#endif
