/* See near_curve.h. */
#include "near_curve.h"

#include <math.h>
#include <string.h>

static const double DONE = 3e-8; /* rad, lengths: after a correction of this size the next is below rounding */
enum { N = CURVE_JOINTS, M = CURVE_ALL, CORRECTIONS = 8 };

/* a x = each of `many` columns in place, by elimination with row exchange; a zero pivot becomes a tiny one. */
static void eliminate(int n, double a[M][M], int many, double x[2][M]) {
    for (int i = 0; i < n; i++) {
        int top = i;
        for (int k = i + 1; k < n; k++)
            if (fabs(a[k][i]) > fabs(a[top][i])) top = k;
        for (int k = 0; k < n && top != i; k++) {
            const double swap = a[i][k];
            a[i][k] = a[top][k], a[top][k] = swap;
        }
        for (int c = 0; c < many && top != i; c++) {
            const double swap = x[c][i];
            x[c][i] = x[c][top], x[c][top] = swap;
        }
        if (!(fabs(a[i][i]) > 1e-17)) a[i][i] = 1e-17;
        for (int k = i + 1; k < n; k++) {
            const double part = a[k][i] / a[i][i];
            for (int m = i + 1; m < n; m++) a[k][m] -= part * a[i][m];
            for (int c = 0; c < many; c++) x[c][k] -= part * x[c][i];
        }
    }
    for (int c = 0; c < many; c++) {
        for (int i = n - 1; i >= 0; i--) {
            for (int m = i + 1; m < n; m++) x[c][i] -= a[i][m] * x[c][m];
            x[c][i] /= a[i][i];
        }
    }
}

/* The Jacobian, and what is left to the frame: the way by the length, and the sine of the turn. */
static void measure(const Curve *curve, const double *q, double J[6][N], double e[6]) {
    const NearArm *arm = curve->arm;
    const double *to = curve->at->r, scale = 1 / arm->length;
    double flat[6 * N];
    Frame tip;
    arm->state(&arm->chain, q, &tip, flat);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < N; k++) J[i][k] = flat[N * i + k] * (i < 3 ? scale : 1);
    const double *r = tip.r;
    double along = 0;
    for (int i = 0; i < 3; i++) e[i] = (curve->at->p[i] - tip.p[i]) * scale, e[3 + i] = 0;
    for (int i = 0; i < 9; i++) along += r[i] * to[i];
    for (int c = 0; c < 3; c++) {
        e[3] += 0.5 * (r[3 + c] * to[6 + c] - r[6 + c] * to[3 + c]);
        e[4] += 0.5 * (r[6 + c] * to[c] - r[c] * to[6 + c]);
        e[5] += 0.5 * (r[c] * to[3 + c] - r[3 + c] * to[c]);
    }
    if (!(along > 1)) e[3] += 2; /* more than a right angle: far, though the sine may be small */
}

int curve_correct(Curve *curve, Point *p) {
    double a[M][M], (*const J)[N] = curve->J, e[6], x[2][M], last = INFINITY;
    for (int round = 0; round < CORRECTIONS; round++) {
        double size = 0;
        measure(curve, p->z, J, e);
        for (int i = 0; i < 6; i++) {
            memcpy(a[i], J[i], sizeof J[i]);
            a[i][N] = curve->b[i];
            x[0][i] = e[i] - p->z[N] * curve->b[i];
            x[1][i] = 0;
        }
        memcpy(a[N], p->t, sizeof p->t);
        x[0][N] = 0, x[1][N] = 1;
        eliminate(M, a, 2, x);
        for (int i = 0; i < M; i++) p->z[i] += x[0][i], size = fmax(size, fabs(x[0][i]));
        if (!(size < 1) || (round > 2 && size > last)) return 0;
        last = size;
        if (size < DONE) break;
    }
    const double length = sqrt(curve_dot(x[1], x[1], M));
    for (int i = 0; i < M; i++) p->t[i] = x[1][i] / length;
    return last < DONE && length > 0;
}

/* b becomes the direction that J reaches least, its left singular vector, by one round of iteration; v the right one. */
static void aim(Curve *curve, double *v) {
    double a[M][M], x[2][M];
    memcpy(x[0], curve->b, sizeof curve->b);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < 6; i++)
            for (int k = 0; k < 6; k++) a[i][k] = side ? curve->J[k][i] : curve->J[i][k];
        eliminate(6, a, 1, x);
        const double length = sqrt(curve_dot(x[0], x[0], 6));
        for (int i = 0; i < 6; i++) x[0][i] /= length;
        memcpy(side ? curve->b : v, x[0], sizeof curve->b);
    }
}

double curve_start(Curve *curve, Point *p) {
    const double any[6] = {0.3, -0.5, 0.7, 0.4, -0.6, 0.2};
    double e[6];
    memcpy(curve->b, any, sizeof any);
    measure(curve, p->z, curve->J, e);
    for (int round = 0; round < 4; round++) aim(curve, p->t);
    p->t[N] = 0;
    p->z[N] = curve_dot(curve->b, e, 6);
    return sqrt(curve_dot(e, e, 6));
}

void curve_turn(Curve *curve, Point *p) {
    double before[6], v[6];
    memcpy(before, curve->b, sizeof before);
    aim(curve, v);
    const double same = curve_dot(before, curve->b, 6);
    for (int i = 0; i < 6 && same < 0; i++) curve->b[i] = -curve->b[i];
    p->z[N] *= fabs(same);
    p->t[N] = 0;
    for (int i = 0; i < 6; i++) p->t[N] -= curve->b[i] * curve_dot(curve->J[i], p->t, N);
}
