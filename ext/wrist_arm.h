/* Every way for an arm with a spherical wrist to reach a pose: six revolute joints, the last three through one point.

The arm is the chain of cellctl/motion/lines.py,

    T(q) = base · Π [Rz(theta_i) Tz(d_i) Tx(a_i) Rx(alpha_i)] · tip,      theta_i = turn_i + q_i,   a_i >= 0

The point W where axes 4, 5 and 6 meet moves with the first three joints only (Pieper, 1968). It turns about axis 3 on
a circle of radius rho at the height h; so, told in the frames of axis 2 (g) and of axis 1 (W),

    g = (a2, 0, d2) + Rx(alpha2) Rz(theta3) (rho, 0, h)
    (X, Y, gz) = Rz(theta2) g,      W = Rz(theta1) [(a1, 0, 0) + Rx(alpha1) (X, Y, gz)]

theta3 and (X, Y) tell a whole place of the arm: theta2 turns (gx, gy) to (X, Y), theta1 what comes out to (Wx, Wy).
wrist_place.c finds them: by triangles and circles where two neighbours of the first three axes are parallel or meet,
and else from the quartic in tan(theta3 / 2) (wrist_conic.c). The wrist then turns the tool (wrist_rows.c):

    Rz(theta4) Rx(alpha4) Rz(theta5) Rx(alpha5) Rz(theta6) = what the first three joints leave of the rotation

No angle comes from an arc cosine. A place that is not exact, as at the rim of the reach where digits are lost, is
polished by damped Newton steps (wrist_polish.c), and given up if it stays further than `rim` from the pose; where
the wrist is singular too it is settled there (wrist_settle.c). */
#ifndef WRIST_ARM_H
#define WRIST_ARM_H

#include <stddef.h>

#include "frame.h"

enum { WRIST_PLACES = 4, WRIST_ROWS = 8 };

static const double WRIST_FREE = 1e-10;   /* m, or a sine: what is nearer to an axis may turn about it as one likes */

/* How the first three axes lie; what is first in this list is looked for first. */
typedef enum {
    WRIST_PARALLEL_23, /* most arms in industry */
    WRIST_MEET_12,
    WRIST_PARALLEL_12,
    WRIST_MEET_23,
    WRIST_SKEW
} WristKind;

typedef struct {
    double c, s;
} Turn;

typedef struct {
    WristKind kind;
    int mirrored; /* the first three axes meet: this is the arm seen from its flange, joints and rows turned round */
    int square;   /* alpha4 and alpha5 are right angles */
    Frame unbase, untip;
    double turn[6];
    double a1, a2, d2, rho, h, size; /* m; size: about its reach */
    Turn alpha1, alpha2, alpha4, alpha5;
    double rim, rough, twist; /* m, m, rad: what may be missed at the rim, what is tried, how far axes 4 and 6 may be off */
    double blur; /* rad: no way is nearer to a singular pose, so that it stands on one side of it; 0 but for near_arm.h */
    double rest[9];     /* what of the rotation is constant between axes 3 and 4 */
    Turn folded, bent;  /* between axes 4 and 6 at theta5 = 0 and 180°: alpha4 + alpha5, alpha4 - alpha5; sines >= 0 */
    void (*atan2)(const double *y, const double *x, size_t n, double *out); /* of the kernel in use */
} WristArm;

/* The first three joints, as turns theta, and what W is missed by (m). */
typedef struct {
    Turn turn[3];
    double miss;
} Place;

/* From a chain: turn, d, a, alpha of six joints, base and tip as rows of 4 x 4. False if this solves no such arm. */
int wrist_arm(WristArm *arm, const double *links, const double *base, const double *tip, int mirrored);

/* All rows of joint angles, in (-pi, pi], for the flange's frame in the base; -1 if that is no frame. `wanted` are six
   angles: where a joint may stand as one likes it stands like there. Room for 8 rows of 6. */
int wrist_inverse(const void *arm, const Frame *flange, const double *wanted, double *rows);
/* Which way shoulder, elbow and wrist are bent, by the sign; 0 where they are singular, or cannot be told apart. */
/* From now on a pose that is off by so much (m, rad) counts as within reach: for near_arm.h. */
void wrist_loosen(WristArm *arm, double way, double turn, double blur);
void wrist_bends(const void *arm, const double *q, double bends[3]);

/* The parts. All places for W at w. */
int wrist_places(const WristArm *arm, const double *w, const double *wanted, Place *out);
/* W by damped Newton steps; the distance (m) that is left. */
double wrist_polish(const WristArm *arm, const double *w, Place *place);
/* What W misses w by, and its length; and where each joint moves it. */
double wrist_miss(const WristArm *arm, const double *w, const Place *place, double *e, double j[3][3]);
/* (J Jt + d dt + damping) x = what is in x. */
void wrist_solve(double j[3][3], const double *d, double damping, double *x);
void wrist_move(Place *place, const double *x);
/* Into the wrist's singular pose next to this one, with W where it is; false if it cannot be. */
int wrist_settle(const WristArm *arm, const Frame *at, Place *place);
/* What the first three joints leave of the rotation r, for the wrist. */
void wrist_left(const WristArm *arm, const Place *place, const double *r, double *out);
/* x and y of the points of the unit circle where cc x² + cs xy + ss y² + c x + s y + k (in this order) is zero, or
   nearly so where it only touches; at most 4 are written. */
int wrist_conic(const double *q, Turn *out);

static inline Turn turn_of(double y, double x, double length) {
    const Turn t = {x / length, y / length};
    return t;
}
/* The turn from b to a. */
static inline Turn turn_back(Turn a, Turn b) {
    const Turn t = {a.c * b.c + a.s * b.s, a.s * b.c - a.c * b.s};
    return t;
}
static inline Turn turn_on(Turn a, Turn b) {
    const Turn t = {a.c * b.c - a.s * b.s, a.s * b.c + a.c * b.s};
    return t;
}

#endif
