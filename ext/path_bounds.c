/* Proven bounds of a path.

A piece is a cubic, so it lies within the hull of its Bernstein coefficients; so do its derivatives. A piece is cut at
its standstills, where the hull of the position is tight, and halved where it is not. Every value that is computed is
widened by more than its rounding can be: with at most 12 operations on terms of the size m, by 16 epsilon m.

Where one piece does not go on from the one before, beyond what is rounding, the next derivative is infinite. */
#include "path.h"

#include <float.h>
#include <math.h>

enum { DEPTH = 12 };

static const double ROUNDING = 1e-9; /* of the largest value: the end of a piece against the start of the next */

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

static void piece_ranges(const OtgPiece *q, Range r[4]) {
    const double h = q->dt;
    position_range(q, h, &r[0]);
    velocity_range(q, h, &r[1]);
    include(&r[2], q->a, 0);
    include(&r[2], q->a + h * q->j, 4 * DBL_EPSILON * (fabs(q->a) + h * fabs(q->j)));
    include(&r[3], q->j, 0);
}

static double size(const Range *r) { return larger(fabs(r->low), fabs(r->high)); }

static void jump(const OtgPiece *q, double t, const double state[3], double duration, Range r[4]) {
    const double h = q->dt, a = q->a + h * q->j;
    const double end[3] = {q->p + h * (q->v + h * (0.5 * q->a + h * (q->j / 6))), q->v + h * (q->a + 0.5 * h * q->j), a};
    if (!(fabs(t - (q->t + h)) <= ROUNDING * duration)) r[0] = (Range){-INFINITY, INFINITY};
    for (int k = 0; k < 3; k++) {
        const double by = state[k] - end[k];
        if (fabs(by) <= ROUNDING * size(&r[k])) continue;
        for (int next = k + 1; next < 4; next++) r[next] = (Range){-INFINITY, INFINITY};
    }
}

/* From piece to piece, and to the end. */
static void jumps(const OtgPath *path, Range r[4]) {
    for (int i = 0; i < path->n; i++) {
        const int last = i + 1 == path->n;
        const OtgPiece *next = &path->piece[i + !last];
        const double state[3] = {last ? path->p : next->p, last ? path->v : next->v, last ? path->a : next->a};
        jump(&path->piece[i], last ? path->duration : next->t, state, path->duration, r);
    }
}

void path_bounds(const OtgPath *path, double until, double out[8]) {
    const OtgPiece after = {path->duration, until - path->duration, path->p, path->v, path->a, 0};
    Range r[4];
    for (int k = 0; k < 4; k++) r[k] = (Range){INFINITY, -INFINITY};
    for (int i = 0; i < path->n; i++) piece_ranges(&path->piece[i], r);
    if (until > path->duration) piece_ranges(&after, r);
    include(&r[0], path->p, 0);
    include(&r[1], path->v, 0);
    include(&r[2], path->a, 0);
    if (path->n == 0) include(&r[3], 0, 0);
    jumps(path, r);
    for (int k = 0; k < 4; k++) {
        out[2 * k] = r[k].low;
        out[2 * k + 1] = r[k].high;
    }
}
