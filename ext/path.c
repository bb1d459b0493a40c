/* Evaluating a path: see path.h. */
#include "path.h"

#include <float.h>
#include <math.h>

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

static double position(const OtgPiece *q, double s) { return q->p + s * (q->v + s * (0.5 * q->a + s * (q->j / 6))); }
static double velocity(const OtgPiece *q, double s) { return q->v + s * (q->a + s * (0.5 * q->j)); }

/* The piece that holds t (which is before the end), looked for from i on. */
static int find(const OtgPath *path, double t, int i) {
    if (t < path->piece[i].t) i = 0;
    while (i + 1 < path->n && path->piece[i + 1].t <= t) i++;
    return i;
}

static int find_among_many(const OtgPath *path, double t) {
    int low = 0, high = path->n;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (path->piece[middle].t <= t) low = middle;
        else high = middle;
    }
    return low;
}

static void after_end(const OtgPath *path, double t, double out[4]) {
    const double s = t - path->duration;
    out[0] = path->p + s * (path->v + 0.5 * s * path->a);
    out[1] = path->v + s * path->a;
    out[2] = path->a;
    out[3] = 0;
}

static void at(const OtgPath *path, int i, double t, double out[4]) {
    const OtgPiece *q = &path->piece[i];
    const double s = smaller(q->dt, larger(0, t - q->t));
    out[0] = position(q, s);
    out[1] = velocity(q, s);
    out[2] = q->a + s * q->j;
    out[3] = q->j;
}

void path_state(const OtgPath *path, double t, double out[4]) {
    if (t >= path->duration || path->n == 0) after_end(path, larger(t, path->duration), out);
    else at(path, find_among_many(path, t), t, out);
}

void path_sample(const OtgPath *path, const double *t, size_t n, size_t stride, double *p, double *v, double *a,
    double *j) {
    int i = 0;
    double out[4];
    for (size_t k = 0; k < n; k++) {
        if (t[k] >= path->duration || path->n == 0) {
            after_end(path, larger(t[k], path->duration), out);
        } else {
            i = path->n > 32 && t[k] < path->piece[i].t ? find_among_many(path, t[k]) : find(path, t[k], i);
            at(path, i, t[k], out);
        }
        if (p) p[k * stride] = out[0];
        if (v) v[k * stride] = out[1];
        if (a) a[k * stride] = out[2];
        if (j) j[k * stride] = out[3];
    }
}

/* The times in (0, h) at which a piece stands still, in order. */
static int standstills(const OtgPiece *q, double h, double s[2]) {
    const double b = q->a, c = q->v, j = q->j;
    double roots[2];
    int n = 0, kept = 0;
    if (j == 0) {
        if (b != 0) roots[n++] = -c / b;
    } else {
        const double under = b * b - 2 * j * c;
        if (under < 0) return 0;
        const double top = -(b + (b >= 0 ? sqrt(under) : -sqrt(under)));
        roots[n++] = top / j;
        if (top != 0) roots[n++] = 2 * c / top;
        if (n == 2 && roots[0] > roots[1]) {
            const double swap = roots[0];
            roots[0] = roots[1];
            roots[1] = swap;
        }
    }
    for (int i = 0; i < n; i++)
        if (roots[i] > 0 && roots[i] < h) s[kept++] = roots[i];
    return kept;
}

static void look(double p, double t, double *least, double *t_least, double *greatest, double *t_greatest) {
    if (p < *least) *least = p, *t_least = t;
    if (p > *greatest) *greatest = p, *t_greatest = t;
}

void path_extrema(const OtgPath *path, double *least, double *t_least, double *greatest, double *t_greatest) {
    *least = INFINITY, *greatest = -INFINITY, *t_least = *t_greatest = 0;
    for (int i = 0; i < path->n; i++) {
        const OtgPiece *q = &path->piece[i];
        double s[2];
        look(q->p, q->t, least, t_least, greatest, t_greatest);
        for (int n = standstills(q, q->dt, s), k = 0; k < n; k++)
            look(position(q, s[k]), q->t + s[k], least, t_least, greatest, t_greatest);
    }
    look(path->p, path->duration, least, t_least, greatest, t_greatest);
}

/* The time at which a piece that only rises or only falls from `low` to `high` (times) is at p. */
static double cross(const OtgPiece *q, double low, double high, double p) {
    const double sign = position(q, high) >= position(q, low) ? 1 : -1;
    double s = 0.5 * (low + high);
    for (int i = 0; i < 100 && high - low > DBL_EPSILON * high; i++) {
        const double miss = sign * (position(q, s) - p), slope = sign * velocity(q, s);
        if (miss == 0) return s;
        if (miss > 0) high = s;
        else low = s;
        double next = s - miss / slope;
        if (!(next > low && next < high) || (i > 8 && i % 3 == 0)) next = 0.5 * (low + high);
        if (fabs(next - s) <= 0.5 * DBL_EPSILON * s) return next;
        s = next;
    }
    return s;
}

double path_first_time(const OtgPath *path, double p, double after) {
    for (int i = 0; i < path->n; i++) {
        const OtgPiece *q = &path->piece[i];
        const double h = q->dt, from = smaller(h, larger(0, after - q->t));
        double s[4] = {from};
        if (q->t + h < after) continue;
        int n = 1;
        double still[2];
        for (int m = standstills(q, h, still), k = 0; k < m; k++)
            if (still[k] > from) s[n++] = still[k];
        s[n++] = h;
        for (int k = 0; k + 1 < n; k++) {
            const double one = position(q, s[k]) - p, other = position(q, s[k + 1]) - p;
            if (one == 0) return q->t + s[k];
            if (one * other < 0 || (one < 0) != (other < 0)) return other == 0 ? q->t + s[k + 1] : q->t + cross(q,
                s[k], s[k + 1], p);
        }
    }
    return path->duration >= after && path->p == p ? path->duration : NAN;
}
