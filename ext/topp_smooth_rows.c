/* The rows of a jerk-limited run: see topp_smooth.h. */
#include <math.h>
#include <string.h>

#include "topp_bernstein.h"
#include "topp_smooth.h"

static const double MARGIN = 1 - 2e-9;
static const double PLACES[SMOOTH_POINTS] = {0, 0.5, 1};

/* How x at the ends of interval k is mixed from the unknowns; beside the end pieces, from one alone. */
static void mix(const ToppSmooth *q, int k, double out[4]) {
    const double before = q->s[k] - q->s[k - 1], h = q->s[k + 1] - q->s[k], after = q->s[k + 2] - q->s[k + 1];
    out[0] = k > 1 ? h / (before + h) : 0;
    out[1] = k > 1 ? before / (before + h) : 1 / (1 + 2 * h / (3 * before));
    out[2] = k < q->n - 2 ? after / (h + after) : 1 / (1 + 2 * h / (3 * after));
    out[3] = k < q->n - 2 ? h / (h + after) : 0;
}

/* x, x' and x'' at tau of an interval as rows. */
static void forms(const double m[4], double h, double tau, double x[3], double dx[3], double ddx[3]) {
    const double a = (1 - tau) * (1 - tau), b = 2 * tau * (1 - tau), c = tau * tau;
    const double da = -2 * (1 - tau) / h, db = 2 * (1 - 2 * tau) / h, dc = 2 * tau / h, dd = 2 / (h * h);
    x[0] = a * m[0], x[1] = a * m[1] + b + c * m[2], x[2] = c * m[3];
    dx[0] = da * m[0], dx[1] = da * m[1] + db + dc * m[2], dx[2] = dc * m[3];
    ddx[0] = dd * m[0], ddx[1] = dd * (m[1] - 2 + m[2]), ddx[2] = dd * m[3];
}

/* The rows of all axes at a place: d are the path's derivatives there. Accelerations only where they are asked for.
   */
static void place_rows(const double *limits, int dof, double *const d[4], const double x[3], const double dx[3],
    const double ddx[3], ToppPlace *place, ToppRow **next, int accelerations,
    int jerks) {
    const double *low = limits + 2 * dof, *high = low + dof, *most = limits + 5 * dof;
    memcpy(place->x, x, sizeof place->x);
    place->most = INFINITY, place->accelerations = place->jerks = 0;
    for (int i = 0; i < dof; i++) {
        const double v = d[1][i] > 0 ? limits[dof + i] : -limits[i];
        place->most = fmin(place->most, MARGIN * v * v / (d[1][i] * d[1][i]));
        if (!accelerations || d[1][i] == 0) continue;
        /* Where one side has no limit, ten thousand times that of the other is one. */
        const double up = fmin(high[i], -1e4 * low[i]) * MARGIN, down = fmax(low[i], -1e4 * high[i]) * MARGIN;
        const double half = 0.5 * (up - down);
        if (half == INFINITY) continue;
        ToppRow *row = (*next)++;
        for (int k = 0; k < 3; k++) row->a[k] = (d[2][i] * x[k] + 0.5 * d[1][i] * dx[k]) / half;
        row->off = 0.5 * (up + down) / half;
        place->accelerations++;
    }
    for (int i = 0; i < dof; i++) {
        if (!jerks || most[i] == INFINITY || (d[1][i] == 0 && d[2][i] == 0 && d[3][i] == 0)) continue;
        ToppRow *row = (*next)++;
        for (int k = 0; k < 3; k++)
            row->a[k] = (d[3][i] * x[k] + 1.5 * d[2][i] * dx[k] + 0.5 * d[1][i] * ddx[k]) / (most[i] * MARGIN);
        row->off = 0;
        place->jerks++;
    }
}

/* The most that x may be where an end piece begins or ends: the jerk grows with its power 3/2. */
static double end_cap(const ToppPath *path, const double *limits, int piece, double sigma, double h) {
    const int dof = path->dof;
    double f[3][TOPP_TERMS * TOPP_DOF], cap = 1e100;
    int m[3];
    for (int d = 0; d < 3; d++) m[d] = topp_slopes(path, piece, d + 1, sigma, h, f[d]);
    for (int i = 0; i < dof; i++) {
        double size[3] = {0, 0, 0};
        for (int d = 0; d < 3; d++)
            for (int k = 0; k <= m[d]; k++) size[d] = fmax(size[d], fabs(f[d][k * dof + i]));
        const double jerk = size[0] * 2 / (9 * h * h) + 2 * size[1] / h + size[2];
        const double push = size[1] + 2 * size[0] / (3 * h), a = fmin(limits[3 * dof + i], -limits[2 * dof + i]);
        if (jerk > 0) cap = fmin(cap, pow(limits[5 * dof + i] * MARGIN / jerk, 2.0 / 3));
        if (push > 0) cap = fmin(cap, a * MARGIN / push);
    }
    return cap;
}

/* Whether the end of interval k has to be looked at from its own side: behind it are other limits, or none. */
static int ends_alone(const ToppSmooth *q, const ToppPath *path, const ToppLimits *limits, int k) {
    if (k == q->n - 2) return 1;
    const int piece = q->piece[k], next = q->piece[k + 1];
    return piece != next && (path->judged < path->dof || topp_group(limits, piece) != topp_group(limits, next));
}

void smooth_rows(const ToppPath *path, const ToppLimits *limits, ToppSmooth *q) {
    double room[4][TOPP_DOF], *const d[4] = {room[0], room[1], room[2], room[3]};
    double x[3], dx[3], ddx[3];
    ToppRow *next = q->row;
    q->rows = 2;
    for (int k = 1; k < q->n - 1; k++) {
        const int piece = q->piece[k], alone = ends_alone(q, path, limits, k);
        const double *limit = topp_limits(path, limits, piece);
        const double h = q->s[k + 1] - q->s[k];
        mix(q, k, q->mix + 4 * k);
        for (int p = 0; p < SMOOTH_POINTS; p++) {
            ToppPlace *place = &q->place[k * SMOOTH_POINTS + p];
            place->first = (int)(next - q->row);
            forms(q->mix + 4 * k, h, PLACES[p], x, dx, ddx);
            topp_at(path, piece, q->s[k] - path->s[piece] + PLACES[p] * h, d);
            place_rows(limit, path->dof, d, x, dx, ddx, place, &next, p < 2 || alone, p != 1);
            q->rows += 2 * (place->accelerations + place->jerks) + 1;
        }
    }
    const int n = q->n, last = q->piece[n - 1];
    q->cap[0] = end_cap(path, topp_limits(path, limits, q->piece[0]), q->piece[0], q->s[0] - path->s[q->piece[0]], q->s[1] - q->s[0]);
    q->cap[1] = end_cap(path, topp_limits(path, limits, last), last, q->s[n - 1] - path->s[last], q->s[n] - q->s[n - 1]);
    q->cap[0] /= q->mix[4 + 1], q->cap[1] /= q->mix[4 * (n - 2) + 2];
}
