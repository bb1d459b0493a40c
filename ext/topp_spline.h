/* Splines through waypoints, as pieces of a path (topp_path.h). */
#ifndef TOPP_SPLINE_H
#define TOPP_SPLINE_H

/* Cubic, C2; the second derivative is zero at the ends. Waypoints q (n, dof) at rising s (n), at least two; out
   c (n - 1, TERMS, dof); room for n (1 + dof) doubles. */
void topp_cubic(int n, int dof, const double *s, const double *q, double *c, double *room);
/* Quintic, C4; the third and fourth derivative are zero at the ends. At least three waypoints, room for n (4 + 2
   dof). */
void topp_quintic(int n, int dof, const double *s, const double *q, double *c, double *room);
/* The quintic with given value, first and second derivative at both ends, dof numbers each, of one piece of length
   h. */
void topp_hermite(int dof, double h, const double *const from[3], const double *const to[3], double *c);

#endif
