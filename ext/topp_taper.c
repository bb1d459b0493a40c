/* The mesh of a jerk-limited run, and its table: see topp_solve.h. */
#include <math.h>

#include "topp_solve.h"

/* An interval grows with its distance to the end by this part: sqrt(x) may not change much over one, for it makes
   the jerk of a constant x''. The first one, as parts of the path: at least, at most. Then TAPER is how many are
   added at an end. */
static const double GROW = 0.2, SHORTEST = 1e-6, SHORT = 1e-4;
enum { TAPER = 90 };

int smooth_most(int intervals) { return intervals + 2 * TAPER; }

/* The length of the first interval: a part of how far the jerk goes from rest until the acceleration or the
   velocity is at its limit, or of the path. */
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
    const double whole = path->s[path->pieces] - path->s[0];
    return fmax(SHORTEST * whole, fmin(0.01 / 6 * j * t * t * t, SHORT * whole));
}

/* Divides the stretch from a to b, seen from an end at 0, and adds the places behind a to s. Returns how many there
   are. */
static int divide(double a, double b, double first, double *s) {
    int n = 0;
    while (n < TAPER) {
        const double step = fmax(first, GROW * a);
        if (!(b - a > 1.4 * step)) break;
        s[n++] = a += step;
    }
    s[n++] = b;
    return n;
}

/* The half of the grid next to one end, as distances from that end; returns how many intervals. */
static int half(const ToppGrid *grid, int end, int from, int until, double first, double *s, int *piece) {
    const int n = grid->intervals;
    int k = 0;
    for (int i = from; i < until; i++) {
        const int at = end ? n - 1 - i : i;
        const double a = end ? grid->s[n] - grid->s[at + 1] : grid->s[at] - grid->s[0];
        const double b = end ? grid->s[n] - grid->s[at] : grid->s[at + 1] - grid->s[0];
        for (int m = divide(a, b, first, s + k); m > 0; m--) piece[k++] = grid->piece[at];
    }
    return k;
}

void smooth_mesh(const ToppPath *path, const ToppLimits *limits, const ToppGrid *grid, ToppSmooth *q) {
    const int n = grid->intervals, last = grid->piece[n - 1];
    int middle = 0;
    while (grid->s[middle] - grid->s[0] < grid->s[n] - grid->s[middle]) middle++;
    double *s = q->s;
    s[0] = 0;
    const double begin = first_step(path, topp_limits(path, limits, grid->piece[0]), grid->piece[0], 0);
    const double first = first_step(path, topp_limits(path, limits, last), last, grid->s[n] - path->s[last]);
    const int k = half(grid, 0, 0, middle, begin, s + 1, q->piece);
    const int m = half(grid, 1, 0, n - middle, first, s + k + 1, q->piece + k);
    for (int i = 1; i <= k; i++) s[i] += grid->s[0];
    s[0] = grid->s[0];
    /* The other half is told from its end on, and without the middle, where it begins. */
    for (int i = 0; i < m / 2; i++) {
        const int one = k + i, other = k + m - 1 - i, swap = q->piece[one];
        q->piece[one] = q->piece[other], q->piece[other] = swap;
    }
    for (int i = 0, j = m - 2; i < j; i++, j--) {
        const double swap = s[k + 1 + i];
        s[k + 1 + i] = s[k + 1 + j], s[k + 1 + j] = swap;
    }
    for (int i = k + 1; i < k + m; i++) s[i] = grid->s[n] - s[i];
    s[k] = grid->s[middle];
    s[k + m] = grid->s[n];
    q->n = k + m;
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

/* By what factor a part of a run has to be slower to be within the limits of its group. */
static double too_fast(const ToppPath *path, const double *limits, const ToppPiece *table, int pieces) {
    const int dof = path->dof;
    double bounds[6 * TOPP_DOF], slower = 1;
    topp_bounds(path, table, pieces, bounds);
    for (int order = 1; order <= 3; order++)
        for (int i = 0; i < 2 * dof; i++) {
            const int at = 2 * (order - 1) * dof + i;
            const double over = bounds[at] / limits[at];
            if (over > 1 && over < INFINITY) slower = fmax(slower, pow(over, 1.0 / order) * (1 + 1e-12));
        }
    return slower;
}

double topp_slow(const ToppPath *path, const ToppLimits *limits, ToppPiece *table, int pieces) {
    double slower = 1, t = 0;
    for (int k = 0, until; k < pieces; k = until) {
        const int piece = (int)table[k].piece, group = topp_group(limits, piece);
        for (until = k + 1; until < pieces && topp_group(limits, (int)table[until].piece) == group; until++) {}
        slower = fmax(slower, too_fast(path, topp_limits(path, limits, piece), table + k, until - k));
    }
    for (int k = 0; k < pieces; k++) {
        ToppPiece *q = &table[k];
        q->t = t, q->dt *= slower;
        q->v /= slower, q->u /= slower * slower, q->w /= slower * slower, q->j /= slower * slower * slower;
        t += q->dt;
    }
    return t;
}
