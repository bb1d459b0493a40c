/* See waypoints_lp.h. */
#include "waypoints_lp.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 30 };

static int width(const WayLp *lp) { return 2 * lp->axes + 1; }

static long sizes(int segments, int axes, long size[17]) {
    const long m = 2 * axes + 1, s = segments, rows = WAY_ROWS * s * axes, sides = s * m;
    const long all[17] = {WAY_SLOPES * rows, rows, s, sides, sides, sides, sides, sides * m, sides * m, rows, rows, rows, rows, rows,
        2 * sides, 2 * sides, 2 * sides};
    long total = 2 * sides;
    for (int i = 0; i < 17; i++) total += size[i] = all[i];
    return total;
}

long way_lp_room(int segments, int axes) {
    long size[17];
    return sizes(segments, axes, size);
}

void way_lp_place(WayLp *lp, int segments, int axes, double *block) {
    double **arrays[] = {&lp->slope, &lp->rest, &lp->gain, &lp->low, &lp->high, &lp->x, &lp->step, &lp->diagonal, &lp->beside,
        &lp->gap, &lp->dual, &lp->gap_step, &lp->dual_step, &lp->miss, &lp->box, &lp->box_dual, &lp->box_step};
    long size[17];
    sizes(segments, axes, size);
    lp->segments = segments, lp->axes = axes;
    for (int i = 0; i < 17; i++) *arrays[i] = block, block += size[i];
    lp->box_dual_step = block;
}

/* slope . change of row r, which belongs to segment s and axis k. */
static double along(const WayLp *lp, int s, int k, int r, const double *x) {
    const int m = width(lp), n = lp->axes;
    const double *g = lp->slope + WAY_SLOPES * r, *end = x + s * m, *start = end - m;
    return (s > 0 ? g[0] * start[k] + g[1] * start[n + k] : 0) + g[2] * end[k] + g[3] * end[n + k] + g[4] * end[2 * n];
}

double way_lp_along(const WayLp *lp, int s, int k, int row) {
    return along(lp, s, k, (s * lp->axes + k) * WAY_ROWS + row, lp->x);
}

/* Adds f times the row to a vector. */
static void add_row(const WayLp *lp, int s, int k, int r, double f, double *to) {
    const int m = width(lp), n = lp->axes;
    const double *g = lp->slope + WAY_SLOPES * r;
    double *end = to + s * m, *start = end - m;
    if (s > 0) start[k] += f * g[0], start[n + k] += f * g[1];
    end[k] += f * g[2], end[n + k] += f * g[3], end[2 * n] += f * g[4];
}

static void add_square(const WayLp *lp, int s, int k, int r, double f) {
    const int m = width(lp), n = lp->axes, at[3] = {k, n + k, 2 * n};
    const double *g = lp->slope + WAY_SLOPES * r, *end = g + 2;
    double *own = lp->diagonal + (long)s * m * m, *before = own - m * m, *beside = lp->beside + (long)s * m * m;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) own[at[i] * m + at[j]] += f * end[i] * end[j];
    for (int i = 0; i < 2 && s > 0; i++) {
        for (int j = 0; j < 2; j++) before[at[i] * m + at[j]] += f * g[i] * g[j];
        for (int j = 0; j < 3; j++) beside[at[j] * m + at[i]] += f * end[j] * g[i];
    }
}

/* The normal matrix, as its blocks on the diagonal and those to the left of them. */
static void assemble(WayLp *lp) {
    const int m = width(lp), n = lp->axes;
    const long all = (long)lp->segments * m;
    memset(lp->diagonal, 0, sizeof(double) * all * m);
    memset(lp->beside, 0, sizeof(double) * all * m);
    for (long b = 0; b < all; b++)
        lp->diagonal[b * m + b % m] = lp->box_dual[b] / lp->box[b] + lp->box_dual[all + b] / lp->box[all + b];
    for (int r = 0; r < lp->segments * n * WAY_ROWS; r++)
        add_square(lp, r / (n * WAY_ROWS), r / WAY_ROWS % n, r, lp->dual[r] / lp->gap[r]);
}

/* A = L L' in place (lower triangle). */
static void cholesky(double *a, int m) {
    for (int j = 0; j < m; j++) {
        double *row = a + j * m;
        for (int k = 0; k < j; k++) {
            double *other = a + k * m, sum = row[k];
            for (int i = 0; i < k; i++) sum -= row[i] * other[i];
            row[k] = sum / other[k];
        }
        double left = row[j];
        for (int i = 0; i < j; i++) left -= row[i] * row[i];
        row[j] = left > 1e-300 ? sqrt(left) : 1e150; /* a direction that nothing holds is left alone */
    }
}

/* The rows of b become those of b L'^-1. */
static void divide(double *b, const double *l, int m) {
    for (int r = 0; r < m; r++, b += m)
        for (int j = 0; j < m; j++) {
            double sum = b[j];
            for (int i = 0; i < j; i++) sum -= b[i] * l[j * m + i];
            b[j] = sum / l[j * m + j];
        }
}

static void factorise(WayLp *lp) {
    const int m = width(lp);
    for (int s = 0; s < lp->segments; s++) {
        double *own = lp->diagonal + (long)s * m * m, *b = lp->beside + (long)s * m * m;
        if (s > 0) {
            divide(b, own - m * m, m);
            for (int i = 0; i < m; i++)
                for (int j = 0; j <= i; j++) {
                    double sum = 0;
                    for (int k = 0; k < m; k++) sum += b[i * m + k] * b[j * m + k];
                    own[i * m + j] -= sum;
                }
        }
        cholesky(own, m);
    }
}

static void solve(const WayLp *lp, double *x) {
    const int m = width(lp);
    for (int s = 0; s < lp->segments; s++) {
        const double *l = lp->diagonal + (long)s * m * m, *b = lp->beside + (long)s * m * m;
        double *own = x + s * m;
        for (int i = 0; i < m; i++) {
            double sum = own[i];
            for (int k = 0; k < m && s > 0; k++) sum -= b[i * m + k] * own[k - m];
            for (int k = 0; k < i; k++) sum -= l[i * m + k] * own[k];
            own[i] = sum / l[i * m + i];
        }
    }
    for (int s = lp->segments - 1; s >= 0; s--) {
        const double *l = lp->diagonal + (long)s * m * m, *b = lp->beside + (long)(s + 1) * m * m;
        double *own = x + s * m;
        for (int i = m - 1; i >= 0; i--) {
            double sum = own[i];
            for (int k = 0; k < m && s + 1 < lp->segments; k++) sum -= b[k * m + i] * own[m + k];
            for (int k = i + 1; k < m; k++) sum -= l[k * m + i] * own[k];
            own[i] = sum / l[i * m + i];
        }
    }
}

/* What a product of gap and dual shall change by: to `wanted`, less what the step before has shown to come on top. */
static double rest(double wanted, int second, double gap_step, double dual_step) {
    return second ? wanted - gap_step * dual_step : wanted;
}

/* The sum of the gradients, in step. */
static void gather(WayLp *lp, double wanted, int second) {
    const int m = width(lp), n = lp->axes;
    const long all = (long)lp->segments * m;
    for (long b = 0; b < all; b++) {
        const long u = all + b;
        lp->step[b] = rest(wanted, second, lp->box_step[b], lp->box_dual_step[b]) / lp->box[b] -
                      rest(wanted, second, lp->box_step[u], lp->box_dual_step[u]) / lp->box[u];
        if (b % m == 2 * n) lp->step[b] += lp->gain[b / m];
    }
    for (int r = 0; r < lp->segments * n * WAY_ROWS; r++) {
        const double f = rest(wanted, second, lp->gap_step[r], lp->dual_step[r]) - lp->dual[r] * lp->miss[r];
        add_row(lp, r / (n * WAY_ROWS), r / WAY_ROWS % n, r, -f / lp->gap[r], lp->step);
    }
}

/* A step towards products of gaps and duals that are all `wanted`. */
static void find_step(WayLp *lp, double wanted, int second) {
    const int m = width(lp), n = lp->axes;
    const long all = (long)lp->segments * m;
    gather(lp, wanted, second);
    solve(lp, lp->step);
    for (int r = 0; r < lp->segments * n * WAY_ROWS; r++) {
        const double aim = rest(wanted, second, lp->gap_step[r], lp->dual_step[r]) - lp->dual[r] * lp->gap[r];
        lp->gap_step[r] = lp->miss[r] - along(lp, r / (n * WAY_ROWS), r / WAY_ROWS % n, r, lp->step);
        lp->dual_step[r] = (aim - lp->dual[r] * lp->gap_step[r]) / lp->gap[r];
    }
    for (long b = 0; b < 2 * all; b++) {
        const double aim = rest(wanted, second, lp->box_step[b], lp->box_dual_step[b]) - lp->box_dual[b] * lp->box[b];
        lp->box_step[b] = b < all ? lp->step[b] : -lp->step[b - all];
        lp->box_dual_step[b] = (aim - lp->box_dual[b] * lp->box_step[b]) / lp->box[b];
    }
}

/* The share of a step, at most `most`, by which nothing falls below zero. */
static double share(const double *value, const double *step, long n, double most) {
    for (long i = 0; i < n; i++)
        if (value[i] + most * step[i] < 0) most = -value[i] / step[i];
    return most;
}

static double product(const double *a, const double *b, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* The same a share of a step on. */
static double later(const double *a, const double *da, double sa, const double *b, const double *db, double sb, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++) sum += (a[i] + sa * da[i]) * (b[i] + sb * db[i]);
    return sum;
}

static void advance(double *value, const double *step, double by, long n) {
    for (long i = 0; i < n; i++) value[i] += by * step[i];
}

/* No change, or in the middle where the box has no zero in it; gaps that are not there yet are told as missing. */
static void begin(WayLp *lp) {
    const int m = width(lp), n = lp->axes, rows = lp->segments * n * WAY_ROWS;
    const long all = (long)lp->segments * m;
    double size = 0;
    for (long b = 0; b < all; b++) {
        lp->x[b] = lp->low[b] < 0 && lp->high[b] > 0 ? 0 : 0.5 * (lp->low[b] + lp->high[b]);
        lp->box[b] = lp->x[b] - lp->low[b];
        lp->box[all + b] = lp->high[b] - lp->x[b];
    }
    for (int s = 0; s < lp->segments; s++) size += 0.05 * lp->gain[s] / lp->segments;
    for (int r = 0; r < rows; r++) {
        const double gap = lp->rest[r] - along(lp, r / (n * WAY_ROWS), r / WAY_ROWS % n, r, lp->x);
        lp->gap[r] = fmax(gap, 0.05);
        lp->miss[r] = gap - lp->gap[r];
        lp->dual[r] = size / n / lp->gap[r];
    }
    for (long b = 0; b < 2 * all; b++) lp->box_dual[b] = size / n / lp->box[b];
}

static double mean_later(const WayLp *lp, double p, double d, long rows, long sides) {
    return (later(lp->gap, lp->gap_step, p, lp->dual, lp->dual_step, d, rows) +
            later(lp->box, lp->box_step, p, lp->box_dual, lp->box_dual_step, d, sides)) / (rows + sides);
}

/* The predictor, and from what it comes to the corrector; how far it may go. */
static void find_steps(WayLp *lp, double here, long rows, long sides, double *p, double *d) {
    double wanted = 0;
    for (int second = 0; second < 2; second++) {
        find_step(lp, wanted, second);
        *p = share(lp->box, lp->box_step, sides, share(lp->gap, lp->gap_step, rows, 1));
        *d = share(lp->box_dual, lp->box_dual_step, sides, share(lp->dual, lp->dual_step, rows, 1));
        const double left = second ? 1 : mean_later(lp, *p, *d, rows, sides) / here;
        wanted = here * left * left * left;
    }
    *p = fmin(1, 0.99 * *p), *d = fmin(1, 0.99 * *d);
}

void way_lp_solve(WayLp *lp) {
    const long rows = (long)lp->segments * lp->axes * WAY_ROWS, sides = 2L * lp->segments * width(lp);
    begin(lp);
    double first = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const double here = (product(lp->gap, lp->dual, rows) + product(lp->box, lp->box_dual, sides)) / (rows + sides);
        double p, d;
        if (round == 0) first = here;
        if (!(here > 1e-5 * first)) break;
        assemble(lp);
        factorise(lp);
        find_steps(lp, here, rows, sides, &p, &d);
        if (!(p > 1e-9)) break;
        advance(lp->gap, lp->gap_step, p, rows);
        advance(lp->dual, lp->dual_step, d, rows);
        advance(lp->box, lp->box_step, p, sides);
        advance(lp->box_dual, lp->box_dual_step, d, sides);
        advance(lp->x, lp->step, p, sides / 2);
        for (long r = 0; r < rows; r++) lp->miss[r] *= 1 - p;
    }
}
