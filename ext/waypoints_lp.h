/* The linear programme of a step of the search through waypoints (waypoints.h): by how much to change the states at the
   waypoints and how fast the segments are passed, within a box, so that most time is saved:

       maximise  sum of gain_s haste_s   subject to   slope . (change at both ends, haste_s) <= rest,   low <= change <= high

   with some rows for each axis on each segment. By an interior-point method (Mehrotra 1992). The normal equations are
   block tridiagonal: a block is the state at the end of a segment and the segment's haste. */
#ifndef WAYPOINTS_LP_H
#define WAYPOINTS_LP_H

enum { WAY_ROWS = 3, WAY_SLOPES = 5 }; /* v and a at the start, v and a at the end, haste */

typedef struct {
    int segments, axes; /* a block has 2 axes + 1 numbers: velocities, accelerations, haste */
    double *slope;      /* of each segment, axis and row */
    double *rest;       /* of each segment, axis and row */
    double *gain;       /* of each segment */
    double *low, *high; /* box of each block; the last block's state is given, its slopes are zero */
    double *x;          /* the answer, block by block */
    /* room to compute in */
    double *step, *diagonal, *beside;
    double *gap, *dual, *gap_step, *dual_step, *miss;  /* of the rows; miss: what the gap is not yet */
    double *box, *box_dual, *box_step, *box_dual_step; /* of both sides of the box, low ones first */
} WayLp;

/* How many numbers the arrays take in all; and hands them out of a block of that size. */
long way_lp_room(int segments, int axes);
void way_lp_place(WayLp *lp, int segments, int axes, double *block);
/* What the slopes of a row make of the changes x. */
double way_lp_along(const WayLp *lp, int s, int k, int row);
/* Finds the changes x. */
void way_lp_solve(WayLp *lp);

#endif
