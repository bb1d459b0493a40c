/* One axis: what it shall do, in its own units, and how it does that in a given time.

Third order (jerk limited) axes are scaled to jerk 1 and the larger acceleration limit 1, so that no unit system
is better than another. Second order axes (no jerk limit) and first order ones (no acceleration limit either)
are homogeneous formulas and keep their units. */
#ifndef OTG_AXIS_H
#define OTG_AXIS_H

#include "otg_curve.h"

enum { OTG_STEPS = 24 };

/* How much of a motion's own size may be taken for rounding, at most. */
#define OTG_ROUGH 1e-9

/* The control (jerk, acceleration or velocity, by the order of the axis) piece by piece; with jerk also the
   acceleration that each piece starts from, because the sum of many ramps would be a rounding away from the limit, or
   from zero in a long cruise. */
typedef struct {
    int n;
    double dt[OTG_STEPS], u[OTG_STEPS], a[OTG_STEPS];
    int cruise; /* the piece that runs at constant velocity, at its limit; -1 if there is none */
    double speed;
} OtgSteps;

typedef enum { OTG_POSITION, OTG_VELOCITY } OtgInterface;

/* A request in the caller's units; limits with their signs. Infinite jerk or acceleration: not limited. */
typedef struct {
    OtgInterface interface;
    double p0, v0, a0, pf, vf, af;
    double vmax, vmin, amax, amin, jmax;
    int strict; /* a leg that is sought, not given: what may be rounding is not to be used up */
} OtgRequest;

typedef struct {
    OtgInterface interface;
    int order;
    double second, length; /* the axis' units, as the caller's */
    OtgSteps brake;        /* what brings the initial state back within the limits */
    double braked;         /* how long that takes; all times below count from its end */
    double d, v0, a0, vf, af, up, down, hi, lo;
    double slack, grain; /* what may be rounding: of the numbers given, and of those computed, relative */
    double rough, loose; /* of a longer motion that this one is the rest of: in the distance, and in velocities */
    double early, late;  /* what that makes of the distance at both ends of the first stretch */
    OtgCurve fore, back;
    OtgShape direct; /* the fastest way from (v0, a0) to (vf, af), wherever that ends */
    int sense, stretches;
    int rest;                 /* from rest to rest: every time above the least will do, and one curve is enough */
    int brief;                /* only the first stretch is there, without a brake; otg_axis_brake gives the rest */
    double from[2], until[2]; /* the times in which (vf, af) can be reached: one or two stretches */
    int patient;              /* it may be a rounding too early */
    int walled;               /* it has a room of its own, and its times are those of otg_room_next */
    double first;             /* the least duration, braking included */
} OtgAxis;

/* 0, or -1 where the limits are too far apart for floating point. */
int otg_axis_prepare(OtgAxis *x, const OtgRequest *r);
/* For an axis that is `brief` and needs more time than that. */
int otg_axis_brake(OtgAxis *x, const OtgRequest *r);
/* Only what a third-order axis can reach in a given time: no least duration is looked for. */
int otg_axis_curves(OtgAxis *x, const OtgRequest *r);
/* The least duration of at least T that the axis can do, in the caller's unit; INFINITY if there is none. */
double otg_axis_next(const OtgAxis *x, double T);
/* The motion of exactly T, which must be one that otg_axis_next has answered. */
void otg_axis_fill(const OtgAxis *x, double T, OtgSteps *steps);

/* Shared by the files of the core. */
void otg_push(OtgSteps *s, double dt, double u, double a);
void otg_push_shape(OtgSteps *s, const OtgShape *h, double a0, double af, double top, double sense);
void otg_direct(OtgAxis *x);
void otg_brake_acceleration(OtgAxis *x);
void otg_brake_velocity(OtgAxis *x);
double otg_slack(const OtgAxis *x, double T);
void otg_inside3(const OtgAxis *x, double T, OtgSteps *s);
void otg_prepare2(OtgAxis *x);
double otg_next2(const OtgAxis *x, double T);
void otg_fill2(const OtgAxis *x, double T, OtgSteps *s);
double otg_reach2(const OtgAxis *x, double T, int side, double *slope);
double otg_slack2(const OtgAxis *x, double T);
void otg_plateau(const OtgAxis *x, double T, OtgSteps *s);
int otg_cruise(const OtgAxis *x, double T, double *speed);

#endif
