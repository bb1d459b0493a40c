/* Newton's method on the time and the barriers: see topp_smooth.h. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "topp_smooth.h"

/* Gauss' two places and the weights of Bernstein coefficients there. */
static const double GAUSS[SMOOTH_TIMES][3] = {
    {0.62200846792814621559, 0.33333333333333333333, 0.04465819873852045108},
    {0.04465819873852045108, 0.33333333333333333333, 0.62200846792814621559},
};

/* x at a place for the time, as a row. */
static void time_form(const double m[4], int place, double x[3]) {
    const double *g = GAUSS[place];
    x[0] = g[0] * m[0], x[1] = g[0] * m[1] + g[1] + g[2] * m[2], x[2] = g[2] * m[3];
}

static double dot(const double a[3], const double *c) { return a[0] * c[-1] + a[1] * c[0] + a[2] * c[1]; }

/* The time of an end piece from x = m c where it meets the rest: 3 h / sqrt(x). */
static double end_time(const ToppSmooth *q, int end, double *m, double *h) {
    const int k = end ? q->n - 2 : 1;
    *m = q->mix[4 * k + (end ? 2 : 1)];
    *h = end ? q->s[q->n] - q->s[q->n - 1] : q->s[1] - q->s[0];
    return 3 * *h;
}

/* The product of what the limits at a place leave; 0 or below where one is broken. */
static double left_at(const ToppSmooth *q, const ToppPlace *p, const double *c) {
    const double x = dot(p->x, c);
    double product = 1 - x / p->most, least = fmin(x, product);
    const ToppRow *row = q->row + p->first;
    for (int i = 0; i < p->accelerations; i++, row++) {
        const double g = dot(row->a, c) - row->off, left = 1 - g * g;
        product *= left;
        least = left < least ? left : least;
    }
    for (int i = 0; i < p->jerks; i++, row++) {
        const double g = dot(row->a, c), left = 1 - x * g * g;
        product *= left;
        least = left < least ? left : least;
    }
    return least > 0 ? product : 0;
}

double smooth_value(const ToppSmooth *q, const double *c, double weight) {
    double time = 0, barrier = 0;
    for (int end = 0; end < 2; end++) {
        double m, h;
        const double at = c[end ? q->n - 2 : 1], left = 1 - at / q->cap[end], part = end_time(q, end, &m, &h);
        if (!(left > 0 && at > 0)) return INFINITY;
        time += part / sqrt(m * at);
        barrier -= log(left);
    }
    for (int k = 1; k < q->n - 1; k++) {
        const double h = q->s[k + 1] - q->s[k];
        if (!(c[k] > 0)) return INFINITY;
        for (int p = 0; p < SMOOTH_POINTS; p++) {
            const double left = left_at(q, &q->place[k * SMOOTH_POINTS + p], c + k);
            if (!(left > 0)) return INFINITY;
            barrier -= log(left);
        }
        for (int p = 0; p < SMOOTH_TIMES; p++) {
            double x[3];
            time_form(q->mix + 4 * k, p, x);
            time += 0.5 * h / sqrt(dot(x, c + k));
        }
    }
    return weight * time + barrier;
}

/* Sums for one interval: gradient of the three unknowns, and the upper half of their hessian. */
typedef struct {
    double g[3], h[6];
} Sums;

static void add(Sums *sum, const double a[3], double first, double second) {
    sum->g[0] += first * a[0], sum->g[1] += first * a[1], sum->g[2] += first * a[2];
    const double s0 = second * a[0], s1 = second * a[1], s2 = second * a[2];
    sum->h[0] += s0 * a[0], sum->h[1] += s0 * a[1], sum->h[2] += s0 * a[2];
    sum->h[3] += s1 * a[1], sum->h[4] += s1 * a[2], sum->h[5] += s2 * a[2];
}

/* -log(1 - x g^2) with D = 1 - x g^2 = 1 - e: its hessian in (x, g) is made convex by what lacks in the part of x
   alone, which leaves (2 x (1 + e) / D^2) (dg + g / (x (1 + e)) dx)^2. */
static void sum_place(const ToppSmooth *q, const ToppPlace *p, const double *c, Sums *sum) {
    const double x = dot(p->x, c), over = 1 / x, room = 1 / (p->most - x);
    double along = room;
    const ToppRow *row = q->row + p->first;
    for (int i = 0; i < p->accelerations; i++, row++) {
        const double g = dot(row->a, c) - row->off, e = g * g, inv = 1 / (1 - e);
        add(sum, row->a, 2 * g * inv, 2 * (1 + e) * inv * inv);
    }
    for (int i = 0; i < p->jerks; i++, row++) {
        const double g = dot(row->a, c), e = x * g * g, both = 1 / ((1 - e) * (1 + e)), inv = (1 + e) * both;
        const double bend = g * over * (1 - e) * both;
        const double a[3] = {row->a[0] + bend * p->x[0], row->a[1] + bend * p->x[1], row->a[2] + bend * p->x[2]};
        const double first = 2 * x * g * inv;
        along += g * g * inv - first * bend;
        add(sum, a, first, 2 * x * (1 + e) * inv * inv);
    }
    add(sum, p->x, along, room * room);
}

static void sum_time(const ToppSmooth *q, int k, double weight, Sums *sum) {
    const double h = q->s[k + 1] - q->s[k];
    for (int p = 0; p < SMOOTH_TIMES; p++) {
        double form[3];
        time_form(q->mix + 4 * k, p, form);
        const double x = dot(form, q->c + k), part = 0.5 * weight * h / (x * sqrt(x));
        add(sum, form, -0.5 * part, 0.75 * part / x);
    }
}

static void sum_end(ToppSmooth *q, int end, double weight) {
    double m, h;
    const int k = end ? q->n - 2 : 1;
    const double x = q->c[k], room = 1 / (q->cap[end] - x);
    const double part = weight * end_time(q, end, &m, &h) / (sqrt(m * x) * x);
    q->gradient[k] += room - 0.5 * part;
    q->hessian[3 * k] += room * room + 0.75 * part / x;
}

/* Solves hessian step = -gradient: five diagonals, of which (n, 3) hold the upper three. Returns the decrement. */
static double solve(ToppSmooth *q) {
    double *h = q->hessian, *y = q->step, decrement = 0;
    const int last = q->n - 2;
    for (int k = 1; k <= last; k++) {
        double *r = h + 3 * k;
        double value = -q->gradient[k];
        if (k > 1) {
            const double f = r[-2] * r[-3];
            r[0] -= f * r[-2], r[1] -= f * r[-1];
            value -= f * y[k - 1];
        }
        if (k > 2) {
            const double f = r[-4] * r[-6];
            r[0] -= f * r[-4];
            value -= f * y[k - 2];
        }
        if (!(r[0] > DBL_MIN)) return NAN;
        y[k] = value;
        decrement += value * value / r[0];
        r[0] = 1 / r[0];
    }
    for (int k = last; k >= 1; k--) {
        const double *r = h + 3 * k;
        double value = y[k];
        if (k < last) value -= r[1] * y[k + 1];
        if (k < last - 1) value -= r[2] * y[k + 2];
        y[k] = value * r[0];
    }
    return decrement;
}

double smooth_step(ToppSmooth *q, double weight) {
    memset(q->gradient, 0, q->n * sizeof(double));
    memset(q->hessian, 0, 3 * q->n * sizeof(double));
    for (int k = 1; k < q->n - 1; k++) {
        Sums sum = {{0}, {0}};
        for (int p = 0; p < SMOOTH_POINTS; p++) sum_place(q, &q->place[k * SMOOTH_POINTS + p], q->c + k, &sum);
        sum_time(q, k, weight, &sum);
        double *g = q->gradient + k, *h = q->hessian + 3 * k;
        g[-1] += sum.g[0], g[0] += sum.g[1], g[1] += sum.g[2];
        h[-3] += sum.h[0], h[-2] += sum.h[1], h[-1] += sum.h[2];
        h[0] += sum.h[3], h[1] += sum.h[4], h[3] += sum.h[5];
    }
    sum_end(q, 0, weight);
    sum_end(q, 1, weight);
    return solve(q);
}

double smooth_fit(const ToppSmooth *q, const double *c, double part) {
    double most = fmax(c[1] / q->cap[0], c[q->n - 2] / q->cap[1]), jerk = 0;
    for (int k = 1; k < q->n - 1; k++)
        for (int p = 0; p < SMOOTH_POINTS; p++) {
            const ToppPlace *place = &q->place[k * SMOOTH_POINTS + p];
            const ToppRow *row = q->row + place->first;
            const double x = dot(place->x, c + k);
            most = fmax(most, x / place->most);
            for (int i = 0; i < place->accelerations; i++, row++) {
                const double g = dot(row->a, c + k), here = g > 0 ? g / (1 + row->off) : -g / (1 - row->off);
                most = here > most ? here : most;
            }
            for (int i = 0; i < place->jerks; i++, row++) {
                const double g = dot(row->a, c + k), here = x * g * g;
                jerk = here > jerk ? here : jerk;
            }
        }
    most = fmax(most, cbrt(jerk));
    return most > part ? part / most : 1;
}
