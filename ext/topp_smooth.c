/* The run of limited jerk: from the run without to a feasible start, to the optimum, to the proof. See
   topp_smooth.h. */
#include <math.h>
#include <string.h>

#include "topp_solve.h"

enum { STEPS = 200, HALVINGS = 30 };

/* The weight of the time against all limits at first, its growth, and the part of the time that they may cost at
   last. */
static const double FIRST = 10, GROWTH = 10, GAP = 1e-4;

/* x of the coarse run at s, looked for from interval *at on. */
static double level(const ToppGrid *grid, double s, int *at) {
    while (*at + 1 < grid->intervals && grid->s[*at + 1] <= s) ++*at;
    const double from = grid->s[*at], tau = (s - from) / (grid->s[*at + 1] - from);
    return grid->x[*at] + tau * (grid->x[*at + 1] - grid->x[*at]);
}

/* The least of c within r places, and then twice the mean over as many. */
static void smooth(const double *c, int first, int last, int r, double *out, double *scratch) {
    for (int k = first; k <= last; k++) {
        scratch[k] = c[k];
        for (int i = k - r < first ? first : k - r; i <= last && i <= k + r; i++) scratch[k] = fmin(scratch[k], c[i]);
    }
    for (int round = 0; round < 2; round++) {
        const double *from = round ? out : scratch;
        double *to = round ? scratch : out;
        for (int k = first; k <= last; k++) {
            const int half = k - first < r ? k - first : last - k < r ? last - k : r;
            double sum = 0;
            for (int i = k - half; i <= k + half; i++) sum += from[i];
            to[k] = sum / (2 * half + 1);
        }
    }
    memcpy(out + first, scratch + first, (last - first + 1) * sizeof(double));
}

/* No more than what a constant jerk from or to rest allows. */
static void hold(const ToppSmooth *q, double *c) {
    const double h0 = q->s[1] - q->s[0], h1 = q->s[q->n] - q->s[q->n - 1], whole = q->s[q->n];
    for (int k = 1; k < q->n - 1; k++) {
        const double s = 0.5 * (q->s[k] + q->s[k + 1]), one = (s - q->s[0]) / h0, other = (whole - s) / h1;
        c[k] = fmin(c[k], 0.5 * fmin(q->cap[0] * one * cbrt(one), q->cap[1] * other * cbrt(other)));
    }
}

/* A start within all limits: the faster run, smoothed as much as makes it the fastest once it is slow enough. */
static void begin(const ToppGrid *grid, ToppSmooth *q) {
    int at = 0;
    double best = INFINITY, *raw = q->gradient, *tried = q->trial;
    for (int k = 1; k < q->n - 1; k++) raw[k] = level(grid, 0.5 * (q->s[k] + q->s[k + 1]), &at);
    for (int r = 1; r <= 32; r *= 2) {
        smooth(raw, 1, q->n - 2, r, tried, q->step);
        hold(q, tried);
        const double factor = smooth_fit(q, tried, 0.9);
        double time = 0;
        for (int k = 1; k < q->n - 1; k++) {
            tried[k] *= factor;
            time += (q->s[k + 1] - q->s[k]) / sqrt(tried[k]);
        }
        if (!(time < best)) continue;
        best = time;
        memcpy(q->c, tried, q->n * sizeof(double));
    }
    q->c[0] = q->c[q->n - 1] = 0;
}

/* One step of Newton's method, shortened until the value falls. Returns how much was hoped for, and sets what was
   done. */
static double improve(ToppSmooth *q, double weight, double *value) {
    const double decrement = smooth_step(q, weight);
    double length = 1;
    if (!(decrement > 0)) return 0;
    q->trial[0] = q->trial[q->n - 1] = 0;
    for (int i = 0; i < HALVINGS; i++, length *= 0.5) {
        for (int k = 1; k < q->n - 1; k++) q->trial[k] = q->c[k] + length * q->step[k];
        const double now = smooth_value(q, q->trial, weight);
        if (!(now < *value - 0.01 * length * decrement)) continue;
        memcpy(q->c, q->trial, q->n * sizeof(double));
        *value = now;
        return decrement;
    }
    return 0;
}

/* The path from the start to the optimum: the time counts ever more, the limits ever less. */
int smooth_solve(const ToppGrid *grid, ToppSmooth *q) {
    int steps = 0;
    begin(grid, q);
    const double time = smooth_value(q, q->c, 1);
    if (!(time < INFINITY && time > 0)) return -1;
    const double last = q->rows / (GAP * time);
    for (double weight = FIRST * q->rows / time;; weight = fmin(last, weight * GROWTH)) {
        double value = smooth_value(q, q->c, weight);
        while (steps++ < STEPS && improve(q, weight, &value) > (weight < last ? 1 : 0.1)) {}
        if (weight >= last || steps >= STEPS) return steps;
    }
}
