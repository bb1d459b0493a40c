/* Inverse kinematics of arms that are nearly, not exactly, of a kind that has a closed form.

The exact arm next to it, the nominal one, gives rows for the frame; Newton's steps with the true Jacobian bring each onto
the true arm. Far from singular poses the steps shrink fast, and then rows and ways are one to one: the way from the one
arm to the other meets no pose where two ways become one. A nominal arm answers at the rim of its reach whatever is out of
it by less than the two arms differ, so that a way that only the true arm has is seen as a row whose steps do not shrink.

Where that happens all ways are searched for by near_trace.h, from the nominal rows of this frame and of some around it. */
#ifndef NEAR_ARM_H
#define NEAR_ARM_H

#include "inverse.h"
#include "polish.h"

typedef struct {
    Inverse nominal;
    Chain chain;        /* the true one, to the flange */
    Polish newton;      /* of the kernel in use */
    ChainState state;
    double length;      /* m: what one radian of turn is worth */
    double way, turn;   /* m, rad: how far apart the flanges of both may be with the same joints */
} NearArm;

/* Every way to reach the frame, six angles a row; how many, at most INVERSE_ROWS. One less than 0.1 um out of reach is
   answered at the rim. Where a pose is singular, the search starts at `wanted` too. */
int near_solve(const void *arm, const Frame *flange, const double *wanted, double *rows);
/* Which way the nominal arm is bent: see inverse.h. */
void near_bends(const void *arm, const double *q, double bends[3]);

#endif
