/* See topp_spline.h. The unknowns are the derivatives at the waypoints; each waypoint links its two neighbours, so
   that the equations are solved forth and back. */
#include "topp_spline.h"

#include "topp_path.h"

/* The cubic of one piece from values and first derivatives. */
static void cubic_piece(int dof, double h, const double *q0, const double *q1, const double *v0, const double *v1,
    double *c) {
    for (int i = 0; i < dof; i++) {
        const double mean = (q1[i] - q0[i]) / h;
        c[i] = q0[i];
        c[dof + i] = v0[i];
        c[2 * dof + i] = (3 * mean - 2 * v0[i] - v1[i]) / h;
        c[3 * dof + i] = (v0[i] + v1[i] - 2 * mean) / (h * h);
        c[4 * dof + i] = c[5 * dof + i] = 0;
    }
}

void topp_cubic(int n, int dof, const double *s, const double *q, double *c, double *room) {
    double *above = room, *v = room + n; /* v[k] = what is known of it - above[k] v[k + 1] */
    for (int k = 0; k < n; k++) {
        const double left = k > 0 ? 1 / (s[k] - s[k - 1]) : 0, right = k + 1 < n ? 1 / (s[k + 1] - s[k]) : 0;
        const double pivot = 2 * (left + right) - (k > 0 ? left * above[k - 1] : 0), *at = q + k * dof;
        above[k] = right / pivot;
        for (int i = 0; i < dof; i++) {
            const double fore = k + 1 < n ? (at[i + dof] - at[i]) * right * right : 0;
            const double back = k > 0 ? (at[i] - at[i - dof]) * left * left : 0;
            const double known = k > 0 ? left * v[(k - 1) * dof + i] : 0;
            v[k * dof + i] = (3 * (fore + back) - known) / pivot;
        }
    }
    for (int k = n - 2; k >= 0; k--)
        for (int i = 0; i < dof; i++) v[k * dof + i] -= above[k] * v[(k + 1) * dof + i];
    for (int k = 0; k + 1 < n; k++)
        cubic_piece(dof, s[k + 1] - s[k], q + k * dof, q + (k + 1) * dof, v + k * dof, v + (k + 1) * dof,
            c + (size_t)k * TOPP_TERMS * dof);
}

void topp_hermite(int dof, double h, const double *const from[3], const double *const to[3], double *c) {
    for (int i = 0; i < dof; i++) {
        const double v0 = from[1][i] * h, v1 = to[1][i] * h, a0 = 0.5 * h * h * from[2][i], a1 = 0.5 * h * h * to[2][i];
        const double way = to[0][i] - from[0][i] - v0 - a0, slope = v1 - v0 - 2 * a0, bend = a1 - a0;
        c[i] = from[0][i];
        c[dof + i] = from[1][i];
        c[2 * dof + i] = 0.5 * from[2][i];
        c[3 * dof + i] = (10 * way - 4 * slope + bend) / (h * h * h);
        c[4 * dof + i] = (-15 * way + 7 * slope - 2 * bend) / (h * h * h * h);
        c[5 * dof + i] = (6 * way - 3 * slope + bend) / (h * h * h * h * h);
    }
}

typedef struct {
    double a, b, c, d; /* (a b; c d) */
} Block;

static Block times(Block x, Block y) {
    return (Block){x.a * y.a + x.b * y.c, x.a * y.b + x.b * y.d, x.c * y.a + x.d * y.c, x.c * y.b + x.d * y.d};
}

static Block inverse(Block x) {
    const double det = x.a * x.d - x.b * x.c;
    return (Block){x.d / det, -x.b / det, -x.c / det, x.a / det};
}

/* The third and fourth derivative of a quintic at its start, by v = q' and w = q'' there and at its end. Of length
   1: q''' = 60 d - 36 v0 - 24 v1 - 9 w0 + 3 w1, q'''' = -360 d + 192 v0 + 168 v1 + 36 w0 - 24 w1. At its end: the
   same mirrored. */
static Block here(double h, double sign) {
    return (Block){-36 / (h * h), -sign * 9 / h, sign * 192 / (h * h * h), 36 / (h * h)};
}

static Block there(double h, double sign) {
    return (Block){-24 / (h * h), sign * 3 / h, sign * 168 / (h * h * h), -24 / (h * h)};
}

static Block minus(Block x, Block y) { return (Block){x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d}; }

/* One waypoint: the third and fourth derivative of its two pieces agree, the waypoint before eliminated. */
static void quintic_row(int k, int n, int dof, const double *s, const double *q, Block *above, double *v, double *w) {
    const double back = k > 0 ? 1 / (s[k] - s[k - 1]) : 0, fore = k + 1 < n ? 1 / (s[k + 1] - s[k]) : 0;
    const Block none = {0, 0, 0, 0}, left = k > 0 ? there(1 / back, -1) : none;
    const Block right = k + 1 < n ? there(1 / fore, 1) : none, own = k + 1 < n ? here(1 / fore, 1) : none;
    const Block middle = minus(own, k > 0 ? here(1 / back, -1) : none);
    const Block pivot = inverse(k > 0 ? minus(middle, times(minus(none, left), above[k - 1])) : middle);
    above[k] = times(pivot, right);
    for (int i = k * dof; i < (k + 1) * dof; i++) {
        const double one = k + 1 < n ? (q[i + dof] - q[i]) * fore * fore * fore : 0;
        const double other = k > 0 ? (q[i] - q[i - dof]) * back * back * back : 0;
        double third = 60 * (other - one), fourth = 360 * (one * fore + other * back);
        if (k > 0) {
            third += left.a * v[i - dof] + left.b * w[i - dof];
            fourth += left.c * v[i - dof] + left.d * w[i - dof];
        }
        v[i] = pivot.a * third + pivot.b * fourth;
        w[i] = pivot.c * third + pivot.d * fourth;
    }
}

void topp_quintic(int n, int dof, const double *s, const double *q, double *c, double *room) {
    Block *above = (Block *)room; /* (v, w)[k] = what is known of it - above[k] (v, w)[k + 1] */
    double *v = room + 4 * n, *w = v + n * dof;
    for (int k = 0; k < n; k++) quintic_row(k, n, dof, s, q, above, v, w);
    for (int k = n - 2; k >= 0; k--)
        for (int i = k * dof; i < (k + 1) * dof; i++) {
            v[i] -= above[k].a * v[i + dof] + above[k].b * w[i + dof];
            w[i] -= above[k].c * v[i + dof] + above[k].d * w[i + dof];
        }
    for (int k = 0; k + 1 < n; k++) {
        const double *const from[3] = {q + k * dof, v + k * dof, w + k * dof};
        const double *const to[3] = {from[0] + dof, from[1] + dof, from[2] + dof};
        topp_hermite(dof, s[k + 1] - s[k], from, to, c + (size_t)k * TOPP_TERMS * dof);
    }
}
