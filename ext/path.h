/* The path of one axis in time: pieces of constant jerk, one after the other, and the state at its end. */
#ifndef PATH_H
#define PATH_H

#include <stddef.h>

/* A piece starts at time t with position p, velocity v, acceleration a, and has constant jerk j for dt. Its own
   length counts: the difference of two late times would be rounded more coarsely. */
typedef struct {
    double t, dt, p, v, a, j;
} OtgPiece;

typedef struct {
    int n;
    double duration;
    OtgPiece *piece;
    double p, v, a; /* the state in which it ends; it goes on from there with the acceleration a */
} OtgPath;

/* The state at time t: position, velocity, acceleration, jerk. Before the start it is that of the start. */
void path_state(const OtgPath *path, double t, double out[4]);
/* The states at many times, wherever an output is not NULL; outputs advance by `stride` doubles a time. */
void path_sample(const OtgPath *path, const double *t, size_t n, size_t stride, double *p, double *v, double *a,
    double *j);
/* Least and greatest position, and when. */
void path_extrema(const OtgPath *path, double *least, double *t_least, double *greatest, double *t_greatest);
/* The first time of at least `after` at which the position is p; NAN if there is none. */
double path_first_time(const OtgPath *path, double p, double after);
/* Bounds of position, velocity, acceleration, jerk: out[2k] <= all values <= out[2k + 1], proven, rounding included, for
   all times up to `until`. */
void path_bounds(const OtgPath *path, double until, double out[8]);

#endif
