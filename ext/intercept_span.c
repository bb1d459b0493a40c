/* When an axis can go along with a path: see intercept_span.h. */
#include "intercept_span.h"

#include <float.h>
#include <math.h>

enum { CUTS = 16, ROUNDS = 100 };

static const double RIM = 1e-12;

static double value(const double c[4], double s) { return c[0] + s * (c[1] + s * (c[2] + s * c[3])); }

OtgPiece intercept_piece(const OtgPath *path, int i) {
    if (i < path->n) return path->piece[i];
    return (OtgPiece){path->duration, INFINITY, path->p, path->v, path->a, 0};
}

int intercept_find(const OtgPath *path, double t, int before) {
    int low = 0, high = path->n + 1;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        const double start = middle < path->n ? path->piece[middle].t : path->duration;
        if (before ? start < t : start <= t) low = middle;
        else high = middle;
    }
    return low;
}

void intercept_state(const OtgPath *path, double t, int before, double state[3]) {
    const OtgPiece q = intercept_piece(path, intercept_find(path, t, before));
    const double s = t > q.t ? t - q.t : 0;
    state[0] = q.p + s * (q.v + s * (0.5 * q.a + s * (q.j / 6)));
    state[1] = q.v + s * (q.a + 0.5 * s * q.j);
    state[2] = q.a + s * q.j;
}

static int add(double *cut, int n, double s, double h) {
    int i = n;
    if (!(s > 0 && s < h) || n >= CUTS) return n;
    for (; i > 0 && cut[i - 1] > s; i--) cut[i] = cut[i - 1];
    cut[i] = s;
    return n + 1;
}

/* The roots of c0 + c1 s + c2 s^2, without the loss of the small one. */
static int quadratic(double c0, double c1, double c2, double root[2]) {
    const double under = c1 * c1 - 4 * c2 * c0;
    if (!(under >= 0)) return 0;
    const double q = -0.5 * (c1 + (c1 >= 0 ? sqrt(under) : -sqrt(under)));
    root[0] = q / c2;
    root[1] = c0 / q;
    return 2;
}

static double bisect(const double c[4], double low, double high) {
    const int under = value(c, low) < 0;
    for (int i = 0; i < ROUNDS && high - low > DBL_EPSILON * high; i++) {
        const double middle = 0.5 * (low + high);
        if ((value(c, middle) < 0) == under) low = middle;
        else high = middle;
    }
    return 0.5 * (low + high);
}

/* Adds where c is zero within (0, h). */
static int cross(double *cut, int n, const double c[4], double h) {
    double root[2], stop[4] = {0};
    int stops = 1;
    if (!isfinite(c[0])) return n;
    if (c[3] == 0) {
        for (int m = quadratic(c[0], c[1], c[2], root), i = 0; i < m; i++) n = add(cut, n, root[i], h);
        return n;
    }
    for (int m = quadratic(c[1], 2 * c[2], 3 * c[3], root), i = 0; i < m; i++) stops = add(stop, stops, root[i], h);
    stop[stops++] = h;
    for (int i = 0; i + 1 < stops; i++)
        if ((value(c, stop[i]) < 0) != (value(c, stop[i + 1]) < 0)) n = add(cut, n, bisect(c, stop[i], stop[i + 1]), h);
    return n;
}

static int within(double x, double low, double high, double rim) { return x >= low - rim && x <= high + rim; }

static double wider(double low, double high) {
    return fmax(isfinite(low) ? fabs(low) : 0, isfinite(high) ? fabs(high) : 0);
}

static int holds(const OtgPiece *q, const InterceptBand *b, double s) {
    const double p = q->p + s * (q->v + s * (0.5 * q->a + s * (q->j / 6)));
    const double v = q->v + s * (q->a + 0.5 * s * q->j), a = q->a + s * q->j;
    return within(a, b->amin, b->amax, RIM * wider(b->amin, b->amax)) &&
           within(v, b->vmin, b->vmax, RIM * wider(b->vmin, b->vmax)) &&
           within(p, b->low, b->high, 4e-13 * wider(b->low, b->high)) && fabs(q->j) <= b->jmax * (1 + RIM);
}

/* The times within a piece at which a limit is passed, in order, between its two ends. */
static int cuts(const OtgPiece *q, const InterceptBand *b, double from, double cut[CUTS + 2]) {
    const double low[3] = {b->low, b->vmin, b->amin}, high[3] = {b->high, b->vmax, b->amax};
    double c[3][4] = {{q->p, q->v, 0.5 * q->a, q->j / 6}, {q->v, q->a, 0.5 * q->j, 0}, {q->a, q->j, 0, 0}};
    double found[CUTS];
    int n = 0, m = 0;
    for (int k = 0; k < 3; k++) {
        const double still = c[k][0];
        if (c[k][1] == 0 && c[k][2] == 0 && c[k][3] == 0) continue;
        c[k][0] = still - low[k];
        n = cross(found, n, c[k], q->dt);
        c[k][0] = still - high[k];
        n = cross(found, n, c[k], q->dt);
    }
    cut[m++] = from;
    for (int i = 0; i < n; i++)
        if (found[i] > from) cut[m++] = found[i];
    cut[m++] = q->dt;
    return m;
}

/* Whether the path jumps at the start of a piece, by more than rounding, in what the axis cannot. */
static int jumps(const OtgPiece *last, const OtgPiece *q, const InterceptBand *b) {
    const double h = last->dt;
    const double p = last->p + h * (last->v + h * (0.5 * last->a + h * (last->j / 6)));
    const double v = last->v + h * (last->a + 0.5 * h * last->j), a = last->a + h * last->j;
    const double length = fabs(p) + h * (fabs(v) + h * fabs(a)), speed = fabs(v) + h * fabs(a);
    if (fabs(q->p - p) > RIM * length) return 1;
    if (isfinite(b->amax) && fabs(q->v - v) > RIM * fmax(speed, wider(b->vmin, b->vmax))) return 1;
    return isfinite(b->jmax) && fabs(q->a - a) > 1e-10 * fmax(fabs(a), wider(b->amin, b->amax));
}

int intercept_span(const OtgPath *path, const InterceptBand *band, double from, InterceptSpan *span) {
    double cut[CUTS + 2];
    OtgPiece last = {0};
    int open = 0;
    for (int i = intercept_find(path, from, 0); i <= path->n; i++) {
        const OtgPiece q = intercept_piece(path, i);
        if (open && jumps(&last, &q, band)) {
            span->until = q.t;
            if (span->until > span->from) return 1;
            open = 0;
        }
        const int m = cuts(&q, band, fmax(0, from - q.t), cut);
        for (int k = 0; k + 1 < m; k++) {
            if (!(cut[k + 1] - cut[k] > 8 * DBL_EPSILON * (q.t + cut[k]))) continue;
            const double middle = isinf(cut[k + 1]) ? 2 * cut[k] + 1 : 0.5 * (cut[k] + cut[k + 1]);
            const int good = holds(&q, band, middle);
            if (good && !open) span->from = k ? q.t + cut[k] : fmax(from, q.t);
            if (open && !good) {
                span->until = q.t + cut[k];
                return 1;
            }
            open = good;
        }
        last = q;
    }
    span->until = INFINITY;
    return open;
}
