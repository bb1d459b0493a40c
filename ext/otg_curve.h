/* How far an axis can get in a given time: the extremal curve of the third-order problem.

Units: the axis' own, scaled so that its jerk limit is 1. One direction only; the other one is the mirror
image. Among all motions from (v0, a0) to (vf, af) that take the time T and keep the limits of velocity,
acceleration and jerk, the one that gets furthest is

    jerk +1 up to the acceleration a1 | hold t2 if a1 is the limit | jerk -1 down to a2, waiting at
    acceleration zero for tc if the velocity limit is met there | hold t4 if a2 is the limit | jerk +1 up to af

Both ends are first prolonged along their ramps to acceleration zero: v0' = v0 - a0^2/2, vf' = vf - af^2/2,
and the time becomes u = T + a0 - af. Then, with w = a1 - a2 and c = vf' - v0', everything is closed form:

    no limit met      u = 2w             a1 = (w + c/w)/2,  a2 = (c/w - w)/2
    a1 = hi           u = (c + w^2)/hi   a2 = hi - w
    a2 = -lo          u = (w^2 - c)/lo   a1 = w - lo
    both              u - 2w = t2 + t4,  hi t2 - lo t4 = c - hi^2 + lo^2,  w = hi + lo
    velocity = top    a1^2 + hi t2 = top - v0',  a2^2 + lo t4 = top - vf',  tc takes the rest
    distance          v0' u + P (u - a1 - t2/2) + N (a2 - t4/2),  P = a1^2 + a1 t2,  N = a2^2 - a2 t4
    d distance / dT   v0' + P - a1 a2 / 2        (the Hamiltonian; with tc it is top)

The slope falls, then rises: one inflection, at w^4 = c^2/3, or a2 = hi/4, or a1 = -lo/4. So at most one
maximum lies before it and one up-crossing of any level behind it: roots are bracketed, never guessed. */
#ifndef OTG_CURVE_H
#define OTG_CURVE_H

typedef struct {
    double a0, af;        /* accelerations at the ends */
    double hi, lo, top;   /* limits: acceleration up, down (both > 0), velocity */
    double start, end, c; /* v0', vf' and their difference */
    double rise, fall;    /* top - v0', top - vf' */
    double offset;        /* what the prolonged ends add to the distance */
} OtgCurve;

typedef struct {
    double a1, t2, tc, a2, t4;
} OtgShape;

void otg_curve(OtgCurve *k, double v0, double a0, double vf, double af, double top, double hi, double lo);
/* The extremal motion of time T; its distance and slope where asked for (not NULL). */
void otg_shape(const OtgCurve *k, double T, OtgShape *s);
double otg_reach(const OtgCurve *k, double T, double *slope);
/* The time at which the slope stops falling. */
double otg_turn(const OtgCurve *k);
/* The first time in [from, until] at which the reach climbs to distance, which it has not reached at from; or
   INFINITY. */
double otg_crossing(const OtgCurve *k, double from, double until, double distance);

#endif
