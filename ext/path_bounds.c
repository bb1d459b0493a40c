/* Proven bounds of a path.

A piece is a cubic, so it lies within the hull of its Bernstein coefficients; so do its derivatives. A piece is cut at
its standstills, where the hull of the position is tight, and halved where it is not. Every value that is computed is
widened by more than its rounding can be: with at most 12 operations on terms of the size m, by 16 epsilon m. */
#include "path.h"

#include <float.h>
#include <math.h>

enum { DEPTH = 12 };

typedef struct {
    double low, high;
} Range;

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

static void include(Range *r, double value, double error) {
    r->low = smaller(r->low, value - error);
    r->high = larger(r->high, value + error);
}

/* Position of the cubic of q over [from, to] of its own time. */
static void hull(const OtgPiece *q, double from, double to, double error, int depth, Range *r) {
    const double h = to - from, p = q->p + from * (q->v + from * (0.5 * q->a + from * (q->j / 6)));
    const double v = q->v + from * (q->a + from * (0.5 * q->j)), a = q->a + from * q->j;
    const double b1 = p + v * h / 3, b2 = b1 + h * (v + 0.5 * a * h) / 3, b3 = p + h * (v + h * (0.5 * a +
        h * (q->j / 6)));
    const double most = larger(p, b3), least = smaller(p, b3);
    const double over = larger(larger(b1, b2) - most, least - smaller(b1, b2));
    if (depth > 0 && over > error) {
        const double middle = from + 0.5 * h;
        hull(q, from, middle, error, depth - 1, r);
        hull(q, middle, to, error, depth - 1, r);
        return;
    }
    include(r, larger(most, larger(b1, b2)), error);
    include(r, smaller(least, smaller(b1, b2)), error);
}

static void position_range(const OtgPiece *q, double h, Range *r) {
    const double error = 16 * DBL_EPSILON * (fabs(q->p) + h * (fabs(q->v) + h * (fabs(q->a) + h * fabs(q->j))));
    double cut[4] = {0, h, h, h};
    const double under = q->a * q->a - 2 * q->j * q->v;
    if (q->j == 0 && q->a != 0) {
        cut[1] = -q->v / q->a;
    } else if (q->j != 0 && under >= 0) {
        const double root = sqrt(under), top = -(q->a + (q->a >= 0 ? root : -root)), one = top / q->j;
        const double other = top != 0 ? 2 * q->v / top : one;
        cut[1] = smaller(one, other), cut[2] = larger(one, other);
    }
    cut[1] = cut[1] > 0 && cut[1] < h ? cut[1] : 0;
    cut[2] = cut[2] > cut[1] && cut[2] < h ? cut[2] : cut[1];
    for (int i = 0; i < 3; i++)
        if (cut[i + 1] > cut[i] || h == 0) hull(q, cut[i], cut[i + 1], error, DEPTH, r);
}

/* The greatest and least of v + a s + j s^2 / 2: at the ends, or where a + j s = 0. */
static void velocity_range(const OtgPiece *q, double h, Range *r) {
    const double error = 16 * DBL_EPSILON * (fabs(q->v) + h * (fabs(q->a) + h * fabs(q->j)));
    include(r, q->v, 0);
    include(r, q->v + h * (q->a + 0.5 * h * q->j), error);
    if (q->j == 0) return;
    const double turn = -q->a / q->j;
    if (turn > -1e-12 * h && turn < h * (1 + 1e-12)) include(r, q->v - 0.5 * q->a * q->a / q->j, error);
}

void path_bounds(const OtgPath *path, double out[8]) {
    Range r[4];
    for (int k = 0; k < 4; k++) r[k] = (Range){INFINITY, -INFINITY};
    for (int i = 0; i < path->n; i++) {
        const OtgPiece *q = &path->piece[i];
        const double h = q->dt;
        position_range(q, h, &r[0]);
        velocity_range(q, h, &r[1]);
        include(&r[2], q->a, 0);
        include(&r[2], q->a + h * q->j, 4 * DBL_EPSILON * (fabs(q->a) + h * fabs(q->j)));
        include(&r[3], q->j, 0);
    }
    include(&r[0], path->p, 0);
    include(&r[1], path->v, 0);
    include(&r[2], path->a, 0);
    if (path->n == 0) include(&r[3], 0, 0);
    for (int k = 0; k < 4; k++) {
        out[2 * k] = r[k].low;
        out[2 * k + 1] = r[k].high;
    }
}
