/* The first motion: along splines through the waypoints, as fast as they let each waypoint be passed.

The splines' parameter is at first the time that each segment would take at full speed, then the time that it has taken.
Along a spline q(u) the speed du/dt = sqrt(x) is led from waypoint to waypoint: no velocity, and no more than a share of the
acceleration, is above its limit (a forward and a backward pass). Shares of that speed are tried, with bends and without. */
#include "waypoints_parts.h"

#include <math.h>
#include <string.h>

enum { SPLINES = 4 };

static const double TAKEN = 0.6; /* of the acceleration; the rest is for the jerk */

typedef struct {
    double *first, *second; /* derivatives of the spline by u; points x axes */
    double *x, *pivot;      /* squares of the speed; points */
} Start;

/* Slopes of the cubic spline of one axis (tridiagonal); the ends are free, or have the velocities given. */
static void spline(const Waypoints *w, const Start *b, int k, const double *u, int given) {
    const int n = w->points, d = w->axes;
    double *v = b->first + k, *pivot = b->pivot, upper = 0, before = 0;
    for (int i = 0; i < n; i++) {
        const double left = i > 0 ? u[i - 1] : 0, right = i + 1 < n ? u[i] : 0;
        const double down = i > 0 ? (w->at[i * d + k] - w->at[(i - 1) * d + k]) / left : 0;
        const double up = i + 1 < n ? (w->at[(i + 1) * d + k] - w->at[i * d + k]) / right : 0;
        const int end = i == 0 || i == n - 1;
        double lower = end ? !given && i > 0 : right, sum = end ? 3 * (up + down) : 3 * (right * down + left * up);
        if (end && given) sum = w->v[i * d + k];
        pivot[i] = (end ? given ? 1 : 2 : 2 * (left + right)) - lower * upper;
        v[i * d] = (sum - lower * before) / pivot[i];
        before = v[i * d];
        upper = (end ? !given && i == 0 : left) / pivot[i];
        pivot[i] = upper; /* all that is still needed */
    }
    for (int i = n - 2; i >= 0; i--) v[i * d] -= pivot[i] * v[(i + 1) * d];
    for (int i = 0; i < n; i++) {
        const int j = i > 0 ? i - 1 : 0;
        const double slope = (w->at[(j + 1) * d + k] - w->at[j * d + k]) / u[j];
        b->second[i * d + k] = i > 0 ? (2 * v[j * d] + 4 * v[i * d] - 6 * slope) / u[j] :
            (6 * slope - 4 * v[0] - 2 * v[d]) / u[0];
    }
}

/* The greatest x at a waypoint, and the greatest change of x by u there. */
static double fastest(const Waypoints *w, const Start *b, int i) {
    double most = INFINITY;
    for (int k = 0; k < w->axes; k++) {
        const double v = b->first[i * w->axes + k], a = fabs(b->second[i * w->axes + k]);
        const double top = (v > 0 ? w->vmax[k] : w->vmin[k]) / v;
        most = fmin(most, fmin(top * top, TAKEN * fmin(w->amax[k], -w->amin[k]) / a));
    }
    return most;
}

static double change(const Waypoints *w, const Start *b, int i) {
    double most = INFINITY;
    for (int k = 0; k < w->axes; k++) {
        const double v = fabs(b->first[i * w->axes + k]), a = fabs(b->second[i * w->axes + k]) * b->x[i];
        most = fmin(most, 2 * fmax(0, TAKEN * fmin(w->amax[k], -w->amin[k]) - a) / v);
    }
    return most;
}

/* Speeds at the waypoints, from rest to rest. */
static void lead(const Waypoints *w, const Start *b, const double *u) {
    const int n = w->points;
    for (int i = 0; i < n; i++) b->x[i] = i == 0 || i == n - 1 ? 0 : fastest(w, b, i);
    for (int i = 1; i < n; i++) b->x[i] = fmin(b->x[i], b->x[i - 1] + change(w, b, i - 1) * u[i - 1]);
    for (int i = n - 2; i > 0; i--) b->x[i] = fmin(b->x[i], b->x[i + 1] + change(w, b, i + 1) * u[i]);
}

/* A share of the speeds as states to be tried. */
static void states(Waypoints *w, const Start *b, const double *u, double f, int bent) {
    const int d = w->axes;
    for (int i = 1; i + 1 < w->points; i++) {
        const double speed = f * sqrt(b->x[i]), pull = 0.5 * f * f * (b->x[i + 1] - b->x[i - 1]) / (u[i - 1] + u[i]);
        for (int k = i * d; k < (i + 1) * d; k++) {
            w->tried_v[k] = speed * b->first[k];
            w->tried_a[k] = bent ? speed * speed * b->second[k] + pull * b->first[k] : 0;
        }
    }
    way_clip(w);
}

/* The best share of a spline; whether there is one. */
static int best_share(Waypoints *w, const Start *b, const double *u) {
    static const double share[] = {0.3, 0.45, 0.6, 0.8, 1, 1.2};
    w->here = INFINITY;
    for (int i = 0; i < 12; i++) {
        states(w, b, u, share[i / 2], i % 2);
        if (way_try(w)) way_accept(w);
    }
    return w->here < INFINITY;
}

static double at_full_speed(const Waypoints *w, int s) {
    double most = 0;
    for (int k = 0; k < w->axes; k++) {
        const double way = w->at[(s + 1) * w->axes + k] - w->at[s * w->axes + k];
        most = fmax(most, way / (way > 0 ? w->vmax[k] : w->vmin[k]));
    }
    return most;
}

OtgStatus waypoints_begin(Waypoints *w, OtgAnswer *answer) {
    const int n = w->points, d = w->axes;
    const size_t all = sizeof(double) * n * d;
    double *room = w->lp.diagonal; /* not yet in use, and large enough */
    const Start b = {room, room + n * d, w->lp.step, w->lp.x};
    double *u = w->lp.rest;
    memcpy(w->tried_v, w->v, all);
    memcpy(w->tried_a, w->a, all);
    w->here = w->total = INFINITY;
    const OtgStatus status = way_durations(w, w->tried_v, w->tried_a, answer);
    if (status != OTG_OK) return status;
    way_accept(w);
    for (int round = 0; round < SPLINES; round++) {
        int good = n > 2;
        for (int s = 0; s + 1 < n; s++) good &= (u[s] = round ? w->at_T[s] : at_full_speed(w, s)) > 0;
        if (!good) break; /* two points are one, or an axis moves one way only */
        for (int k = 0; k < d; k++) spline(w, &b, k, u, round > 1);
        lead(w, &b, u);
        if (!best_share(w, &b, u)) break;
    }
    way_return(w);
    return OTG_OK;
}
