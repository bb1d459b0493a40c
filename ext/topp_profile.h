/* How a path is run through: its parameter by time, in pieces. */
#ifndef TOPP_PROFILE_H
#define TOPP_PROFILE_H

#include "topp_path.h"

/* From time t for dt, s moves on from s0 = s with the speed v and the acceleration u. Then s'' grows by w (s - s0),
   so that s'^2 is quadratic in s; or, if j is not zero, by j a second, v = u = 0 at the start or at the end. h is
   how far it goes. */
typedef struct {
    double t, dt, s, h, v, u, w, j;
    double piece; /* of the path; a double, so that a table of these is one of numbers */
} ToppPiece;

enum { TOPP_COLUMNS = sizeof(ToppPiece) / sizeof(double) };

/* s and its first three derivatives at time tau of a piece. */
void topp_clock(const ToppPiece *q, double tau, double out[4]);
/* The piece that holds t, looked for from `at` on. */
int topp_piece(const ToppPiece *table, int pieces, double t, int at);
/* Values and derivatives by time of all axes at many times; outputs (n, dof) may be NULL. */
void topp_run(const ToppPath *path, const ToppPiece *table, int pieces, const double *t, size_t n,
    double *const out[4]);
/* Proven bounds of velocity, acceleration and jerk: out (3, 2, dof), lower and upper. Jumps of the acceleration
   count as infinite jerk where they are more than rounding. */
void topp_bounds(const ToppPath *path, const ToppPiece *table, int pieces, double *out);

#endif
