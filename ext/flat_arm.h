/* Inverse kinematics of arms that reach without bending out of a plane, in closed form: SCARA arms and gantries.

SCARA. Three parallel axes and a slide along them, in any order: the slide commutes with the turns, so only the order of
the turns counts. In a frame with z along the axes, the origin on the first and x towards the second, everything but
the height is plane:

    theta = q1 + q2 + q3                        the turn of the flange since zero (each joint with its sign)
    o = p - Rz(theta) (p0 - w)                  where the third axis w is
    o = l1 (cos q1, sin q1) + l2 (cos q12, sin q12)     two links: the elbow by tan^2 of half its angle
    height = the flange's z

Gantry. Three independent slides carry up to three turns. The turns alone make the rotation, whatever axes they have;
then the slides make up what is left of the position:

    R R0^T = e1 e2 e3                           turns about w1, w2, w3 (Paden and Kahan's subproblems)
    chi = the angle of w1 and R R0^T w3         one side of a spherical triangle; the others are those of w1, w2
                                                and of w2, w3; its angle at w2 gives q2
    D q = p - e1 e2 e3 p0                       D: the slides' directions

A slide may also come behind turns, if it runs along their axes. (Murray, Li, Sastry, A Mathematical Introduction to
Robotic Manipulation, 3.3.) Lengths m, angles rad. */
#ifndef FLAT_ARM_H
#define FLAT_ARM_H

#include "frame.h"

enum { FLAT_MOST = 2, FLAT_JOINTS = 6 };

typedef enum { FLAT_SCARA, FLAT_GANTRY } FlatKind;

typedef struct {
    Frame plane;          /* the base in the frame described above */
    Frame home;           /* the flange at zero, in that frame */
    int turn[3], slide;   /* which joints these are */
    double sign[3], rise; /* 1 where a joint's axis points along z, -1 where against it */
    double first, second; /* lengths of the links */
    double bend;          /* the angle at the elbow, at zero */
    double wrist[2];      /* the third axis, at zero */
} FlatScara;

typedef struct {
    Frame home;                    /* the flange at zero, in the base */
    int turns, turn[3], slide[3];   /* which joints these are */
    double axis[3][3], point[3][3]; /* of the turns, at zero */
    double undo[9];                 /* the inverse of D */
} FlatGantry;

typedef union {
    FlatScara scara;
    FlatGantry gantry;
} FlatShape;

typedef struct {
    FlatKind kind;
    FlatShape shape;
} FlatArm;

/* Every way to the flange's pose in the base: rows of joint values, turns in [-pi, pi]; returns how many, at most
   FLAT_MOST. None where it is out of reach, or the rotation is. Where a joint may have any value it has that of the row
   wanted. */
int flat_solve(const void *arm, const Frame *flange, const double *wanted, double *rows);

#endif
