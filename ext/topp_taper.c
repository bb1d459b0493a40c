/* The mesh of a jerk-limited run, and its table: see topp_solve.h. */
#include <math.h>

#include "topp_solve.h"

enum { TAPER = 40 }; /* intervals that an end is divided into at most */

static const double RATIO = 1.5;

int smooth_most(int intervals) { return intervals + 2 * TAPER; }

/* The length of the first interval: a part of how far the jerk goes from rest until the acceleration or the velocity is at
   its limit. */
static double first_step(const ToppPath *path, const double *limits, int piece, double sigma) {
    const int dof = path->dof;
    double slope[TOPP_DOF], v = INFINITY, a = INFINITY, j = INFINITY;
    topp_at(path, piece, sigma, (double *[4]){NULL, slope, NULL, NULL});
    for (int i = 0; i < dof; i++) {
        const double f = fabs(slope[i]);
        if (!(f > 0)) continue;
        v = fmin(v, fmin(limits[dof + i], -limits[i]) / f);
        a = fmin(a, fmin(limits[3 * dof + i], -limits[2 * dof + i]) / f), j = fmin(j, limits[5 * dof + i] / f);
    }
    const double t = fmin(a / j, sqrt(v / j));
    return 0.01 / 6 * j * t * t * t;
}

/* The lengths of the parts of an interval h, from the end on; returns how many. */
static int taper(double h, double first, double *part) {
    int n = 3;
    double sum = 1 + RATIO + RATIO * RATIO, power = RATIO * RATIO;
    while (n < TAPER && first > 0 && h / sum > first) power *= RATIO, sum += power, n++;
    for (int i = n - 1; i >= 0; i--, power /= RATIO) part[i] = h / sum * power;
    return n;
}

void smooth_mesh(const ToppPath *path, const double *limits, const ToppGrid *grid, ToppSmooth *q) {
    const int n = grid->intervals, one = grid->piece[0], last = grid->piece[n - 1];
    double part[TAPER], *s = q->s;
    int k = 0, parts = taper(grid->s[1] - grid->s[0], first_step(path, limits, one, 0), part);
    s[0] = grid->s[0];
    for (int i = 0; i < parts; i++, k++) s[k + 1] = s[k] + part[i], q->piece[k] = one;
    s[k] = grid->s[1];
    for (int i = 1; i < n - 1; i++, k++) s[k + 1] = grid->s[i + 1], q->piece[k] = grid->piece[i];
    parts = taper(grid->s[n] - grid->s[n - 1], first_step(path, limits, last, grid->s[n] - path->s[last]), part);
    for (int i = parts - 1; i >= 0; i--, k++) s[k + 1] = s[k] + part[i], q->piece[k] = last;
    s[k] = grid->s[n];
    q->n = k;
}

double smooth_table(const ToppSmooth *q, ToppPiece *table) {
    const int n = q->n;
    double t = 0;
    for (int k = 0; k < n; k++) {
        const double h = q->s[k + 1] - q->s[k];
        const double *m = q->mix + 4 * k, *c = q->c + k;
        ToppPiece *p = &table[k];
        *p = (ToppPiece){.t = t, .s = q->s[k], .h = h, .piece = q->piece[k]};
        if (k == 0 || k == n - 1) {
            const double x = k == 0 ? q->mix[4 + 1] * c[1] : q->mix[4 * (n - 2) + 2] * c[-1];
            p->dt = 3 * h / sqrt(x);
            p->j = 2 * x * sqrt(x) / (9 * h * h);
            if (k > 0) p->v = sqrt(x), p->u = -2 * x / (3 * h);
        } else {
            const double x = m[0] * c[-1] + m[1] * c[0], y = m[2] * c[0] + m[3] * c[1];
            p->v = sqrt(x), p->u = (c[0] - x) / h, p->w = (x - 2 * c[0] + y) / (h * h);
            p->dt = topp_time(h, p->v + sqrt(y), p->w);
        }
        t += p->dt;
    }
    return t;
}

double topp_slow(const ToppPath *path, const double *limits, ToppPiece *table, int pieces) {
    const int dof = path->dof;
    double bounds[6 * TOPP_DOF], slower = 1, t = 0;
    topp_bounds(path, table, pieces, bounds);
    for (int order = 1; order <= 3; order++)
        for (int i = 0; i < 2 * dof; i++) {
            const int at = 2 * (order - 1) * dof + i;
            const double over = bounds[at] / limits[at];
            if (over > 1 && over < INFINITY) slower = fmax(slower, pow(over, 1.0 / order) * (1 + 1e-12));
        }
    for (int k = 0; k < pieces; k++) {
        ToppPiece *q = &table[k];
        q->t = t, q->dt *= slower;
        q->v /= slower, q->u /= slower * slower, q->w /= slower * slower, q->j /= slower * slower * slower;
        t += q->dt;
    }
    return t;
}
