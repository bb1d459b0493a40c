/* Levenberg's damped Newton steps for W: see wrist_arm.h. The damping is the miss itself, which keeps steps short at the
rim, where W cannot move towards its place, and leaves Newton's steps where it can. */
#include <math.h>

#include "wrist_arm.h"

enum { STEPS = 40 };

static void about_z(Turn t, double *v) {
    const double x = t.c * v[0] - t.s * v[1];
    v[1] = t.s * v[0] + t.c * v[1];
    v[0] = x;
}
static void about_x(Turn t, double *v) {
    const double y = t.c * v[1] - t.s * v[2];
    v[2] = t.s * v[1] + t.c * v[2];
    v[1] = y;
}

double wrist_miss(const WristArm *arm, const double *w, const Place *p, double *e, double j[3][3]) {
    double at[3] = {arm->rho, 0, arm->h};
    about_z(p->turn[2], at);
    j[2][0] = -at[1], j[2][1] = at[0], j[2][2] = 0;
    about_x(arm->alpha2, at);
    about_x(arm->alpha2, j[2]);
    at[0] += arm->a2;
    at[2] += arm->d2;
    about_z(p->turn[1], at);
    about_z(p->turn[1], j[2]);
    j[1][0] = -at[1], j[1][1] = at[0], j[1][2] = 0;
    about_x(arm->alpha1, at);
    about_x(arm->alpha1, j[2]);
    about_x(arm->alpha1, j[1]);
    at[0] += arm->a1;
    about_z(p->turn[0], at);
    about_z(p->turn[0], j[2]);
    about_z(p->turn[0], j[1]);
    j[0][0] = -at[1], j[0][1] = at[0], j[0][2] = 0;
    for (int i = 0; i < 3; i++) e[i] = w[i] - at[i];
    return sqrt(e[0] * e[0] + e[1] * e[1] + e[2] * e[2]);
}

static double dot(const double *a, const double *b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

void wrist_solve(double j[3][3], const double *d, double damping, double *x) {
    double l[3][3];
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k <= i; k++) {
            double sum = dot(j[i], j[k]) + d[i] * d[k] + (i == k ? damping : 0);
            for (int m = 0; m < k; m++) sum -= l[i][m] * l[k][m];
            l[i][k] = i == k ? sqrt(fmax(sum, damping)) : sum / l[k][k];
        }
    }
    for (int i = 0; i < 3; i++) {
        for (int m = 0; m < i; m++) x[i] -= l[i][m] * x[m];
        x[i] /= l[i][i];
    }
    for (int i = 2; i >= 0; i--) {
        for (int m = i + 1; m < 3; m++) x[i] -= l[m][i] * x[m];
        x[i] /= l[i][i];
    }
}

void wrist_move(Place *place, const double *x) {
    for (int i = 0; i < 3; i++) {
        const Turn by = {cos(x[i]), sin(x[i])};
        place->turn[i] = turn_on(place->turn[i], by);
    }
}

double wrist_polish(const WristArm *arm, const double *w, Place *place) {
    const double none[3] = {0, 0, 0}, size = arm->size, small = 1e-15 * size;
    double e[3], j[3][3], x[3];
    double left = wrist_miss(arm, w, place, e, j);
    for (int i = 0; i < STEPS && left > small; i++) {
        Place next = *place;
        for (int k = 0; k < 3; k++) x[k] = dot(j[k], e);
        wrist_solve(j, none, left * size + small * small, x);
        wrist_move(&next, x);
        const double now = wrist_miss(arm, w, &next, e, j);
        if (!(now < 0.99 * left)) break;
        left = now;
        *place = next;
    }
    return left;
}
