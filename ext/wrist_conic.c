/* A conic and the unit circle: see wrist_arm.h.

With x = (1 - t²) / (1 + t²), y = 2 t / (1 + t²) the conic is a quartic in t. First the circle is turned so that the
conic is furthest from zero where t is infinite; so all roots are of moderate size, and the leading term never fades.
Between the zeros of its derivative a polynomial only rises or only falls, which separates all real roots, however near
to each other; those of the derivatives are found in the same way, from the line up. */
#include <math.h>

#include "wrist_arm.h"

static const double TOUCH = 1e-5; /* of the conic's size: nearer to zero at an extremum may be a touch */
enum { STEPS = 80 };

static double value(const double *p, int degree, double t) {
    double v = p[degree];
    for (int i = degree - 1; i >= 0; i--) v = v * t + p[i];
    return v;
}

/* The root between low and high, where the signs of the polynomial differ: Newton steps kept within by halving. */
static double between(const double *p, const double *slope, int degree, double low, double high, int rises) {
    double t = 0.5 * (low + high), before = high - low;
    for (int i = 0; i < STEPS; i++) {
        const double v = value(p, degree, t);
        if (v == 0) return t;
        if ((v > 0) == rises) high = t;
        else low = t;
        double next = t - v / value(slope, degree - 1, t);
        if (!(next > low && next < high) || fabs(next - t) > 0.5 * before) next = 0.5 * (low + high);
        before = fabs(next - t);
        t = next;
        if (before <= 1e-16 * (1 + fabs(t))) return t;
    }
    return t;
}

/* Roots where the polynomial changes its sign, in order, from those of its derivative. */
static int crossings(const double *p, const double *slope, int degree, double bound, const double *still, int n,
    double *out) {
    double low = -bound, at_low = value(p, degree, low);
    int found = 0;
    for (int i = 0; i <= n; i++) {
        const double high = i < n ? still[i] : bound, at_high = value(p, degree, high);
        if ((at_low < 0) != (at_high < 0)) out[found++] = between(p, slope, degree, low, high, at_high >= 0);
        low = high;
        at_low = at_high;
    }
    return found;
}

static double on_circle(const double *q, Turn t) {
    return q[0] * t.c * t.c + q[1] * t.c * t.s + q[2] * t.s * t.s + q[3] * t.c + q[4] * t.s + q[5];
}

/* The conic in coordinates turned by t. */
static void turned(const double *q, Turn t, double *out) {
    out[0] = q[0] * t.c * t.c + q[1] * t.c * t.s + q[2] * t.s * t.s;
    out[1] = 2 * (q[2] - q[0]) * t.c * t.s + q[1] * (t.c * t.c - t.s * t.s);
    out[2] = q[0] * t.s * t.s - q[1] * t.c * t.s + q[2] * t.c * t.c;
    out[3] = q[3] * t.c + q[4] * t.s;
    out[4] = q[4] * t.c - q[3] * t.s;
    out[5] = q[5];
}

/* The turn by which the conic's largest value, of eight, comes to t = infinity. */
static Turn furthest(const double *q, double *most) {
    const double d = 0.70710678118654752;
    const Turn eight[8] = {{1, 0}, {d, d}, {0, 1}, {-d, d}, {-1, 0}, {-d, -d}, {0, -1}, {d, -d}};
    Turn best = eight[0];
    *most = 0;
    for (int i = 0; i < 8; i++) {
        const double v = fabs(on_circle(q, eight[i]));
        if (v > *most) {
            *most = v;
            best.c = -eight[i].c;
            best.s = -eight[i].s;
        }
    }
    return best;
}

int wrist_conic(const double *conic, Turn *out) {
    double most, q[6], p[4][5], still[2][4], root[4], bound = 0;
    const Turn turn = furthest(conic, &most);
    turned(conic, turn, q);
    const double quartic[5] = {q[0] + q[3] + q[5], 2 * (q[1] + q[4]), 4 * q[2] - 2 * q[0] + 2 * q[5], 2 * (q[4] - q[1]),
        q[0] - q[3] + q[5]};
    if (!(most > 0)) return 0;
    for (int i = 0; i < 5; i++) p[3][i] = quartic[i] / quartic[4];
    for (int i = 0; i < 4; i++) bound = fmax(bound, fabs(p[3][i]));
    bound += 1; /* Cauchy's, of all roots, and so of the derivatives' roots (Gauss and Lucas) */
    for (int k = 2; k >= 0; k--)
        for (int i = 0; i <= k + 1; i++) p[k][i] = (i + 1) * p[k + 1][i + 1];
    still[0][0] = -p[0][0] / p[0][1];
    int n = 1, now = 0;
    for (int k = 1; k < 3; k++, now = !now) n = crossings(p[k], p[k - 1], k + 1, bound, still[now], n, still[!now]);
    const double *extremum = still[now];
    int found = crossings(p[3], p[2], 4, bound, extremum, n, root);
    for (int i = 0; i < n && found < 4; i++) { /* the quartic is positive outside of all roots */
        const double t = extremum[i], v = value(p[3], 4, t), scale = (1 + t * t) * (1 + t * t);
        const int least = i % 2 == 0;
        if ((v >= 0) == least && fabs(v) <= TOUCH * scale) root[found++] = t;
    }
    for (int i = 0; i < found; i++) {
        const double t = root[i], u = 1 + t * t;
        const Turn here = {(1 - t) * (1 + t) / u, 2 * t / u};
        out[i] = turn_on(here, turn);
    }
    return found;
}
