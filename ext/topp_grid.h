/* Path parametrisation on a grid: x = s'^2 at the gridpoints, and in between

    x(tau) = x (1 - tau) + y tau + bulge (x + y) / 2 tau (1 - tau)        tau from 0 to 1

from x to y over an interval of length h. The bulge of each interval is given beforehand, so that x, and with it the
acceleration f' x + f x' / 2 of an axis with the slope f = dq/ds, is linear in x and y. It is a polynomial of tau,
whose Bernstein coefficients bound it over the whole interval, not only on the grid: these are held to the limits.

A first run on half the gridpoints, without bulges, tells how x bends; a second one has it so. */
#ifndef TOPP_GRID_H
#define TOPP_GRID_H

#include "topp_path.h"
#include "topp_profile.h"

/* A limit on an acceleration as bounds of y by x: low + e x <= y <= high + e x. */
typedef struct {
    int intervals, room;          /* room: strips kept for an interval */
    int *piece, *strips;          /* of each interval */
    double *bulge;                /* of each interval */
    double *s, *most;             /* gridpoints, and the most that x may be there (n + 1) */
    double *low, *high, *e;       /* (n, room) */
    double *least, *greatest, *x; /* the x from which the end can be reached, and the x chosen (n + 1) */
} ToppGrid;

/* No such start or end; a standstill between; nothing that limits the speed somewhere. */
typedef enum { TOPP_OK, TOPP_START, TOPP_END, TOPP_ENDLESS, TOPP_FREE } ToppStatus;

#define TOPP_MOST 1e100 /* x where nothing limits it */

/* How many intervals a grid of about `wanted` has in the end: at least some in each piece of the path. */
int topp_intervals(const ToppPath *path, int wanted);
/* Half as many, without bulges. */
void topp_coarse(const ToppPath *path, int wanted, ToppGrid *grid);
/* Each interval halved, bulging as the x of the coarse grid tell. */
void topp_fine(ToppGrid *grid);
/* Fills most and the strips. */
void topp_rows(const ToppPath *path, const ToppLimits *limits, ToppGrid *grid);
/* The fastest x from start to end; where there is none, the values that could be had are in bound. */
ToppStatus topp_pass(ToppGrid *grid, double start, double end, double bound[2]);
/* The time over h where s'' = u + w s, by the sum of the speeds at both ends. */
double topp_time(double h, double sum, double w);
/* The table of the result: as many pieces as intervals. Returns its duration. */
double topp_table(const ToppGrid *grid, ToppPiece *table);

#endif
