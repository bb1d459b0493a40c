/* Proven bounds of velocity, acceleration and jerk.

In a piece x = s'^2 is a quadratic of s, and the slope f of an axis a polynomial of s, so that these are as well:

    v^2 = f^2 x        a = f' x + f x' / 2        (jerk)^2 = x P^2,  P = f'' x + 3/2 f' x' + 1/2 f x''

Every polynomial lies within the hull of its Bernstein coefficients, which are widened by more than rounding can be.
*/
#include <float.h>
#include <math.h>

#include "topp_bernstein.h"
#include "topp_profile.h"

enum { TERMS = BERNSTEIN_DEGREE + 1, SPAN = TOPP_TERMS * TOPP_DOF };

/* Accelerations that differ by less, as a part of what they are summed up from, are the same: a path whose pieces
   are as short as 1e-9 of its length is not known better. */
static const double JUMP = 1e-6;

/* A coefficient of a slope is summed up in at most 25 operations, each within DBL_EPSILON of the sum of its terms. */
static const double ROUNDING = 40 * DBL_EPSILON;

typedef struct {
    double low, high;
} Range;

/* x and its derivatives by s over a piece, as Bernstein coefficients, and the sizes of what they are summed up
   from. */
typedef struct {
    double x[3], dx[2], ddx, size, dsize;
} Speed;

/* An axis over a piece: its first three derivatives by s, their degrees, and the sizes of their terms. */
typedef struct {
    double f[3][TOPP_TERMS], size[3];
    int m[3];
} Axis;

/* All axes over a piece. */
typedef struct {
    double f[3][SPAN], size[3][TOPP_DOF];
    int m[3], piece;
} Slopes;

static void include(Range *r, double low, double high) {
    r->low = fmin(r->low, low);
    r->high = fmax(r->high, high);
}

/* The error of a square of something that is known to +-ROUNDING size. */
static double of_square(const double *b, int degree, double size) {
    double most = ROUNDING * size;
    for (int k = 0; k <= degree; k++) most = fmax(most, fabs(b[k]));
    return 4 * ROUNDING * size * most;
}

static double spread(double high) { return sqrt(fmax(0, high)) * (1 + 8 * DBL_EPSILON); }

/* The velocity: its square, on the sides to which the slope has coefficients. */
static void velocity(const Axis *a, const Speed *q, Range *r) {
    double f2[TERMS], square[TERMS], unused = -INFINITY, high;
    const int m = a->m[0];
    const double error = ROUNDING * a->size[0];
    int up = 0, down = 0;
    for (int k = 0; k <= m; k++) up |= a->f[0][k] > error, down |= a->f[0][k] < -error;
    if (!up || !down) include(r, up ? -error * spread(q->size) : 0, down ? error * spread(q->size) : 0);
    const double known = fmin(up ? r->high : INFINITY, down ? -r->low : INFINITY);
    if (!up && !down) return include(r, -2 * error * spread(q->size), 2 * error * spread(q->size));
    bernstein_product(a->f[0], m, a->f[0], m, f2);
    bernstein_product(f2, 2 * m, q->x, 2, square);
    high = known * known; /* only what goes beyond is looked at closely */
    bernstein_range(square, 2 * m + 2, of_square(a->f[0], m, a->size[0]) * q->size, &unused, &high);
    if (high > known * known) include(r, down ? -spread(high) : 0, up ? spread(high) : 0);
}

static void acceleration(const Axis *a, const Speed *q, Range *r) {
    double bend[TERMS], push[TERMS];
    const int m = a->m[0];
    const double error = 4 * ROUNDING * (a->size[1] * q->size + a->size[0] * q->dsize);
    bernstein_product(a->f[0], m, q->dx, 1, push);
    if (m > 0) bernstein_product(a->f[1], m - 1, q->x, 2, bend);
    for (int k = 0; k <= m + 1; k++) push[k] = 0.5 * push[k] + (m > 0 ? bend[k] : 0);
    bernstein_range(push, m + 1, error, &r->low, &r->high);
}

static void jerk(const Axis *a, const Speed *q, Range *r) {
    double P[TERMS], part[TERMS], square[TERMS], unused = -INFINITY;
    const int m = a->m[0];
    const double size = a->size[2] * q->size + 3 * a->size[1] * q->dsize + a->size[0] * fabs(q->ddx);
    for (int k = 0; k <= m; k++) P[k] = 0.5 * q->ddx * a->f[0][k];
    if (m > 0) bernstein_product(a->f[1], m - 1, q->dx, 1, part);
    for (int k = 0; k <= m && m > 0; k++) P[k] += 1.5 * part[k];
    if (m > 1) bernstein_product(a->f[2], m - 2, q->x, 2, part);
    for (int k = 0; k <= m && m > 1; k++) P[k] += part[k];
    const double error = of_square(P, m, 4 * size);
    bernstein_product(P, m, P, m, part);
    bernstein_product(part, 2 * m, q->x, 2, square);
    double high = r->high * r->high;
    bernstein_range(square, 2 * m + 2, error * q->size, &unused, &high);
    if (high > r->high * r->high) include(r, -spread(high), spread(high));
}

static Range times(Range a, Range b) {
    const double p = a.low * b.low, q = a.low * b.high, s = a.high * b.low, t = a.high * b.high;
    return (Range){fmin(fmin(p, q), fmin(s, t)), fmax(fmax(p, q), fmax(s, t))};
}

static Range hull(const double *f, int m, double error) {
    Range r = {INFINITY, -INFINITY};
    for (int k = 0; k <= m; k++) include(&r, f[k] - error, f[k] + error);
    return r;
}

/* A piece of constant jerk of s, from rest or to rest: by the ranges of its factors, which are short. */
static void by_ranges(const Axis *a, const ToppPiece *q, Range r[3]) {
    const double wide = 1 + 32 * DBL_EPSILON, end = q->v + q->dt * (q->u + 0.5 * q->dt * q->j);
    const double v = fmax(q->v, end) * wide, last = q->u + q->dt * q->j;
    const Range u = {fmin(0, fmin(q->u, last)) * wide, fmax(0, fmax(q->u, last)) * wide};
    const Range f = hull(a->f[0], a->m[0], ROUNDING * a->size[0]), g = hull(a->f[1], a->m[1], ROUNDING * a->size[1]);
    const Range b = hull(a->f[2], a->m[2], ROUNDING * a->size[2]);
    const Range one = times(f, (Range){0, v}), two = times(g, (Range){0, v * v}), three = times(f, u);
    const Range four = times(b, (Range){0, v * v * v}), five = times(g, (Range){3 * v * u.low, 3 * v * u.high});
    const Range six = times(f, (Range){q->j, q->j});
    const double low = (four.low + five.low + six.low), high = four.high + five.high + six.high;
    include(&r[0], one.low * wide, one.high * wide);
    include(&r[1], (two.low + three.low) * wide, (two.high + three.high) * wide);
    include(&r[2], fmin(low, -high) * wide, fmax(high, -low) * wide);
}

static Speed speed_of(const ToppPiece *q) {
    const double x = q->v * q->v, rise = q->u * q->h, bend = q->w * q->h * q->h;
    return (Speed){{x, x + rise, x + 2 * rise + bend}, {2 * q->u, 2 * (q->u + q->w * q->h)}, 2 * q->w,
        x + 2 * fabs(rise) + fabs(bend), 2 * (fabs(q->u) + fabs(q->w * q->h))};
}

static void slopes_of(const ToppPath *path, const ToppPiece *q, Slopes *all) {
    const int piece = (int)q->piece;
    for (int d = 0; d < 3; d++) {
        all->m[d] = topp_slopes(path, piece, d + 1, q->s - path->s[piece], q->h, all->f[d]);
        if (piece != all->piece) topp_sizes(path, piece, d + 1, all->size[d]);
    }
    all->piece = piece;
}

static void axis_of(const Slopes *all, int dof, int i, Axis *a) {
    for (int d = 0; d < 3; d++) {
        for (int k = 0; k <= all->m[d]; k++) a->f[d][k] = all->f[d][k * dof + i];
        a->m[d] = all->m[d], a->size[d] = all->size[d][i];
    }
}

/* The acceleration of axis i where a piece begins (at 0) or ends (at 1), and the size of what it is summed up from.
   */
static double edge(const Slopes *all, int dof, int i, const ToppPiece *q, int at, double *size) {
    double c[4];
    topp_clock(q, at ? q->dt : 0, c);
    const double bend = all->f[1][at * all->m[1] * dof + i] * c[1] * c[1];
    const double push = all->f[0][at * all->m[0] * dof + i] * c[2];
    *size = fmax(*size, fabs(bend) + fabs(push));
    return bend + push;
}

void topp_bounds(const ToppPath *path, const ToppPiece *table, int pieces, double *out) {
    const int dof = path->dof;
    Range r[TOPP_DOF][3] = {{{0, 0}}};
    double last[TOPP_DOF] = {0}, jump[TOPP_DOF] = {0}, size[TOPP_DOF] = {0};
    Slopes all = {.piece = -1};
    Axis a;
    for (int n = 0; n < pieces; n++) {
        const ToppPiece *q = &table[n];
        const Speed speed = speed_of(q);
        slopes_of(path, q, &all);
        for (int i = 0; i < dof; i++) {
            axis_of(&all, dof, i, &a);
            if (q->j != 0) by_ranges(&a, q, r[i]);
            else velocity(&a, &speed, &r[i][0]), acceleration(&a, &speed, &r[i][1]), jerk(&a, &speed, &r[i][2]);
            const double now = edge(&all, dof, i, q, 0, &size[i]);
            if (n > 0) jump[i] = fmax(jump[i], fabs(now - last[i]));
            last[i] = edge(&all, dof, i, q, 1, &size[i]);
        }
    }
    for (int i = 0; i < dof; i++) {
        if (jump[i] > JUMP * size[i]) r[i][2] = (Range){-INFINITY, INFINITY};
        for (int k = 0; k < 3; k++) out[2 * k * dof + i] = r[i][k].low, out[(2 * k + 1) * dof + i] = r[i][k].high;
    }
}
