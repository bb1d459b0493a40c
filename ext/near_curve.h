/* A curve of joints that bring the flange to frames next to the one asked for: see near_trace.h. */
#ifndef NEAR_CURVE_H
#define NEAR_CURVE_H

#include "near_arm.h"

enum { CURVE_JOINTS = POLISH_JOINTS, CURVE_ALL = CURVE_JOINTS + 1 };

typedef struct {
    const NearArm *arm;
    const Frame *at;
    double b[6], most;         /* the direction that the frame is let go along, of length 1, and how far */
    double J[6][CURVE_JOINTS]; /* next to the last point that was corrected */
} Curve;

/* A point (q, mu) of the curve and the direction that it goes in. */
typedef struct {
    double z[CURVE_ALL], t[CURVE_ALL];
} Point;

/* From the seed in p: its mu, b and a first tangent; how far the seed is from the frame. */
double curve_start(Curve *curve, Point *p);
/* Onto the curve, across the tangent, which then is that of the point; 0 where that fails. */
int curve_correct(Curve *curve, Point *p);
/* b becomes anew what J reaches least: along a curve it turns. */
void curve_turn(Curve *curve, Point *p);

static inline double curve_dot(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

#endif
