/* Inverse kinematics of arms whose axes 2, 3 and 4 are parallel: the UR family.

The arm's own frame stands at the shoulder with z along axis 1; the point o5 where axes 5 and 6 cross is its tip. But
for the elbow everything is solved by directions, and no angle comes from an arc cosine, so that nothing loses digits
near a singularity:

    z3 = (sin q1, -cos q1, 0)             the normal of the plane that the arm moves in
    o5 . z3 = d4                                                                           -> q1
    R^T z3 = (s5 c6, -s5 s6, c5)                                                           -> q5, q6
    z4 = R (-s6, -c6, 0)                  in the plane it is (sin q234, -cos q234)            -> q234
    w = o5 - d5 z4                        in the plane: a2 (c2, s2) + a3 (c23, s23)          -> q3, q2

What is singular is told apart by size: the shoulder where o5 lies at d4 from axis 1, the elbow where it is straight or
folded, the wrist where s5 is zero and q6 may be anything. */
#ifndef PARALLEL_ARM_H
#define PARALLEL_ARM_H

#include <stddef.h>

#include "frame.h"

enum { PARALLEL_ROWS = 8 };

typedef struct {
    double a2, a3, d4, d5; /* m, all zero or above; names as in the Denavit-Hartenberg table */
    /* 0 but for near_arm.h. Frames that are off by so much (m, rad) count as within reach; and no way is nearer to a singular
       pose than blur (rad), so that it stands on one side of it. */
    double way, turn, blur;
    void (*atan2)(const double *y, const double *x, size_t n, double *out); /* of the kernel in use */
} ParallelArm;

/* Every way to reach the frame, six angles in (-pi, pi] a row; how many. Where any will do, q6, q2 and q1 are
   those of `wanted`. A frame less than 0.1 um out of reach is answered at the rim. */
int parallel_solve(const void *arm, const Frame *flange, const double *wanted, double *rows);
/* Which way shoulder, elbow and wrist are bent, by the sign; 0 where they are singular. */
void parallel_bends(const void *arm, const double *q, double bends[3]);

#endif
