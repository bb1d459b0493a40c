/* Solving for a jerk-limited run: see topp_smooth.h. */
#ifndef TOPP_SOLVE_H
#define TOPP_SOLVE_H

#include "topp_smooth.h"

/* Intervals of the mesh for so many of the grid, at most. */
int smooth_most(int intervals);
/* The mesh: the grid with its first and last interval divided, ever finer towards the ends. */
void smooth_mesh(const ToppPath *path, const ToppLimits *limits, const ToppGrid *grid, ToppSmooth *q);
/* Solves, from the run without a jerk limit; returns how many steps of Newton's method that took, or -1. */
int smooth_solve(const ToppGrid *grid, ToppSmooth *q);
/* Slows a run down as a whole, by what its proven bounds are beyond the limits between the places looked at.
   Returns its duration then. */
double topp_slow(const ToppPath *path, const ToppLimits *limits, ToppPiece *table, int pieces);

#endif
