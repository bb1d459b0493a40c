/* Rigid-body dynamics of a chain of joints: what torques a motion takes, and how heavy the arm is for them.

Every joint has its axis along z of its own frame, and the link behind it is told in that frame. Per joint, with R and p
the frame in the one before, w, a the link's rotation and its acceleration, f and n what the link takes from the joint:

    outward   w_i = R^T w_{i-1} + z v        a_w and a_p, their derivatives, with gravity as an acceleration of the base
    inward    f_i = m a_c + R f_{i+1}         n_i = I a_w + w x I w + c x m a_c + R n_{i+1} + p x R f_{i+1}
    torque    z . n_i, or z . f_i where the joint slides

The mass matrix is that of composite bodies: what hangs behind joint i moves with it as one body; its momentum for unit
speed of joint i, carried inward, is column i. Both take O(n) and O(n^2) steps and no memory.

(Luh, Walker, Paul 1980; Featherstone, Rigid Body Dynamics Algorithms, 2008, 5.3 and 6.2.) Units SI. */
#ifndef NEWTON_EULER_H
#define NEWTON_EULER_H

#include "frame.h"

enum { BODIES_MOST = 16 };

typedef struct {
    Frame placement;   /* in the frame of the joint before, at zero */
    int slides;
    double mass;
    double moment[3];  /* mass times centre */
    double inertia[6]; /* about the frame's origin: xx, xy, xz, yy, yz, zz */
} Body;

typedef struct {
    int count;
    double gravity[3]; /* m/s^2, in the base */
    Body body[BODIES_MOST];
} Bodies;

/* Torques (N m) and forces (N) for joint values, speeds and accelerations; either of the last two may be NULL: zeros. */
void bodies_torques(const Bodies *arm, const double *q, const double *v, const double *a, double *out);
/* The mass matrix; row-major, count by count. */
void bodies_mass(const Bodies *arm, const double *q, double *out);
/* Kinetic energy, and potential energy, which is zero for a mass at the base's origin (J). */
void bodies_energy(const Bodies *arm, const double *q, const double *v, double out[2]);

#endif
