/* Two singular poses at once: see wrist_arm.h.

At a rim the first three joints keep half their digits: some 1e-8 rad, by which W does not move. If the wrist is
singular too, it is bent by that much for no reason, with angles of its own for joints 4 and 6, or cannot reach the pose
at all. So joints 1 to 3 are moved along what leaves W in place, until axes 4 and 6 stand as in the singular pose:

    least (STIFF J x)² + (d x - error)²,      d_i = axis_i · n,      n = axis 4 x axis 6, of length 1 */
#include <math.h>

#include "wrist_arm.h"

static const double STIFF = 1e4;
static const double STILL = 4e-15; /* of the arm's size: how little W may move */
static const double SETTLED = 1e-11; /* rad, less than WRIST_FREE */
enum { STEPS = 4 };

static double angle(Turn t) { return atan2(t.s, t.c); }

/* The axes' parts along n. */
static void parts(const WristArm *arm, const Place *p, const double *n, double *d) {
    const Turn *t = p->turn, a1 = arm->alpha1, a2 = arm->alpha2;
    const double x = t[1].s * a2.s, y = -t[1].c * a2.s; /* axis 3 in the frame of axis 2 */
    const double y1 = a1.c * y - a1.s * a2.c, z1 = a1.s * y + a1.c * a2.c;
    d[0] = n[2];
    d[1] = n[0] * t[0].s * a1.s - n[1] * t[0].c * a1.s + n[2] * a1.c;
    d[2] = n[0] * (t[0].c * x - t[0].s * y1) + n[1] * (t[0].s * x + t[0].c * y1) + n[2] * z1;
}

/* How far axes 4 and 6 are from the nearer of their singular poses (rad), and n. */
static double off(const WristArm *arm, const double *r, const Place *p, double *n) {
    double m[9];
    wrist_left(arm, p, r, m);
    /* in the tool's frame axis 6 is z, axis 4 the last row of m */
    const Turn between = {m[8], sqrt(m[6] * m[6] + m[7] * m[7])};
    for (int i = 0; i < 3; i++) n[i] = between.s > 0 ? (r[3 * i] * m[7] - r[3 * i + 1] * m[6]) / between.s : 0;
    const double to_folded = angle(turn_back(between, arm->folded)), to_bent = angle(turn_back(between, arm->bent));
    return fabs(to_folded) < fabs(to_bent) ? to_folded : to_bent;
}

int wrist_settle(const WristArm *arm, const Frame *at, Place *place) {
    Place p = *place;
    double e[3], j[3][3], d[3], x[3], n[3];
    double error = off(arm, at->r, &p, n);
    for (int i = 0; i < STEPS && fabs(error) > SETTLED; i++) {
        wrist_miss(arm, at->p, &p, e, j);
        parts(arm, &p, n, d);
        for (int k = 0; k < 3; k++) {
            for (int c = 0; c < 3; c++) j[k][c] *= STIFF;
            x[k] = d[k] * error;
        }
        wrist_solve(j, d, 1e-12, x);
        wrist_move(&p, x);
        error = off(arm, at->r, &p, n);
    }
    if (!(fabs(error) <= SETTLED && wrist_miss(arm, at->p, &p, e, j) <= STILL * arm->size)) return 0;
    *place = p;
    return 1;
}
