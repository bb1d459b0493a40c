/* A path in joint space: pieces of polynomials of its parameter s, all axes alike. */
#ifndef TOPP_PATH_H
#define TOPP_PATH_H

#include <stddef.h>

enum { TOPP_DOF = 32, TOPP_TERMS = 6 }; /* axes at most; coefficients of a polynomial */

/* Piece k goes from s[k] to s[k + 1]; axis i is the sum of c[(k TERMS + n) dof + i] (s - s[k])^n. */
typedef struct {
    int pieces, dof;
    const double *s, *c;
    const int *degree; /* of each piece, at least 1 */
    const int *stop;   /* of each of the pieces + 1 breaks: 0, or how smooth it is not (ToppBreak) */
    int judged;        /* how many axes, the first ones, have to be smooth: what the others do is only limited */
} ToppPath;

/* Limits of velocity, acceleration and jerk, lower and upper: (3, 2, dof) for each group of pieces; of which group each
   piece is, or NULL where all are of the first. */
typedef struct {
    const double *table;
    const int *group;
} ToppLimits;

static inline int topp_group(const ToppLimits *limits, int piece) { return limits->group ? limits->group[piece] : 0; }

static inline const double *topp_limits(const ToppPath *path, const ToppLimits *limits, int piece) {
    return limits->table + (size_t)topp_group(limits, piece) * 6 * path->dof;
}

typedef enum { TOPP_SMOOTH, TOPP_BENT, TOPP_CORNER } ToppBreak; /* the second, the first derivative jumps */

/* The degree of each piece, and what jumps at the breaks by more than rounding. */
void topp_survey(const ToppPath *path, int *degree, int *stop);
/* Value and derivatives by s at `sigma` behind the start of a piece; outputs of dof numbers may be NULL. */
void topp_at(const ToppPath *path, int piece, double sigma, double *const out[4]);
/* The piece that holds s, looked for from `piece` on. */
int topp_find(const ToppPath *path, double s, int piece);
void topp_sample(const ToppPath *path, const double *s, size_t n, double *const out[4]);
/* Bernstein coefficients over [sigma, sigma + h] of a derivative of order 1 to 3: f[k dof + i], k up to degree -
   order. Returns that degree; a derivative that vanishes has the degree 0. */
int topp_slopes(const ToppPath *path, int piece, int order, double sigma, double h, double *f);
/* The sizes of the terms that those are summed up from, over a whole piece: one number an axis. */
void topp_sizes(const ToppPath *path, int piece, int order, double *size);
/* Least and greatest value of each axis over the whole path, rounded outward. */
void topp_range(const ToppPath *path, double *least, double *greatest);

#endif
