/* The delta robot (Clavel 1988): three arms, a third of a turn apart, carry a platform that never tilts.

Arm i lies in the vertical plane at the angle 2 pi i / 3. In that plane, with x outward and z up:

    hip (base, 0)    knee (base + upper cos q, -upper sin q)    platform joint p + (platform, 0)

A forearm is a parallelogram, so it holds the knee and the platform's joint at one distance and lets the platform move
only in parallel. Seen from the middle of the platform, the knees move inward by its radius: with

    c_i = (base - platform + upper cos q_i, -upper sin q_i)      |p - c_i| = fore

the platform is where three spheres of one radius meet. They meet at two points, above and below the plane of the
knees; the platform hangs below.

    forward    the middle m of the circle through c_1, c_2, c_3, and from there down along its axis by
               sqrt(fore^2 - |m - c_1|^2)
    inverse    each arm alone: a triangle of upper, the forearm's shadow in the arm's plane, and the line from the hip
               to the platform's joint; its angle at the hip by tan^2 of the half, which loses no digits at either end
    Jacobian   (p - c_i) . v = (p - c_i) . dc_i/dq_i  dq_i/dt, the closure equation differentiated

(Clavel, Conception d'un robot parallèle rapide à 4 degrés de liberté, EPFL thesis 925, 1991.) Lengths m, angles rad. */
#ifndef DELTA_ARM_H
#define DELTA_ARM_H

typedef struct {
    double base, platform, upper, fore;
} Delta;

typedef enum {
    DELTA_OK,
    DELTA_APART,    /* the forearms do not meet */
    DELTA_IN_LINE,  /* the knees lie on one line: no point, or a circle of them */
    DELTA_LOOSE,    /* the forearms lie in one plane, or two are parallel: the platform gives way with all arms held */
} DeltaStatus;

enum { DELTA_MOST = 8 };

/* The platform for three angles. */
DeltaStatus delta_forward(const Delta *arm, const double q[3], double p[3]);
/* All angles for which delta_forward answers p: rows of three, all knees outward first; returns how many. */
int delta_inverse(const Delta *arm, const double p[3], double rows[3 * DELTA_MOST]);
/* Velocity of the platform at p by joint speeds; row-major. */
DeltaStatus delta_jacobian(const Delta *arm, const double q[3], const double p[3], double out[9]);
/* The size of the Jacobian's determinant; infinite where the platform is loose. */
double delta_manipulability(const Delta *arm, const double q[3], const double p[3]);

#endif
