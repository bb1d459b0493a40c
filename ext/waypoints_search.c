/* See waypoints.h. */
#include "waypoints_parts.h"

#include <math.h>
#include <string.h>

static const double LARGEST = 1, FIRST = 0.3, SMALLEST = 1e-4;

long waypoints_room(int points, int axes) {
    return 6L * points * axes + 3L * points + way_lp_room(points - 1, axes) + points * axes;
}

void waypoints_place(Waypoints *w, int points, int axes, double *block) {
    const long all = (long)points * axes;
    double **arrays[] = {&w->v, &w->a, &w->tried_v, &w->tried_a, &w->at_v, &w->at_a, &w->T, &w->tried_T, &w->at_T};
    w->points = points, w->axes = axes;
    for (int i = 0; i < 9; i++) *arrays[i] = block, block += i < 6 ? all : points;
    w->size = FIRST;
    way_lp_place(&w->lp, points - 1, axes, block);
}

static OtgRequest between(const Waypoints *w, const double *v, const double *a, int s, int k) {
    const int i = s * w->axes + k, j = i + w->axes;
    return (OtgRequest){.interface = OTG_POSITION, .p0 = w->at[i], .v0 = v[i], .a0 = a[i], .pf = w->at[j], .vf = v[j],
        .af = a[j], .vmax = w->vmax[k], .vmin = w->vmin[k], .amax = w->amax[k], .amin = w->amin[k], .jmax = w->jmax[k]};
}

static OtgStatus plan(Waypoints *w, const double *v, const double *a, int s, OtgAnswer *answer) {
    const int d = w->axes;
    const long i = (long)s * d, j = i + d;
    const OtgInput in = {.n = d, .field = {w->at + i, v + i, a + i, w->at + j, v + j, a + j, w->vmax, w->vmin, w->amax,
        w->amin, w->jmax}, .low = w->low, .high = w->high, .interface = w->choices, .sync = w->choices + d,
        .enabled = w->choices + 2 * d, .exact = NAN};
    return otg_plan(&in, w->axis, w->path, answer);
}

OtgStatus waypoints_segment(Waypoints *w, int s, OtgAnswer *answer) { return plan(w, w->v, w->a, s, answer); }

OtgStatus way_durations(Waypoints *w, const double *v, const double *a, OtgAnswer *answer) {
    for (int s = 0; s + 1 < w->points; s++) {
        const OtgStatus status = plan(w, v, a, s, answer);
        if (status != OTG_OK) return status;
        w->tried_T[s] = answer->duration;
    }
    return OTG_OK;
}

static double sum(const Waypoints *w, const double *T) {
    double total = 0;
    for (int s = 0; s + 1 < w->points; s++) total += T[s];
    return total;
}

/* The greatest acceleration, up or down, from and to which a velocity can be led without leaving its limits. */
static double rim(const Waypoints *w, int k, double v) {
    const double room = fmin(w->vmax[k] - v, v - w->vmin[k]);
    return (1 - 1e-9) * sqrt(fmax(0, 2 * w->jmax[k] * room));
}

void way_clip(Waypoints *w) {
    const int d = w->axes;
    for (int i = d; i < (w->points - 1) * d; i++) {
        const int k = i % d;
        const double v = w->tried_v[i] = fmin(w->vmax[k], fmax(w->vmin[k], w->tried_v[i])), most = rim(w, k, v);
        w->tried_a[i] = fmin(fmin(w->amax[k], most), fmax(fmax(w->amin[k], -most), w->tried_a[i]));
    }
}

int way_try(Waypoints *w) {
    OtgAnswer answer;
    return way_durations(w, w->tried_v, w->tried_a, &answer) == OTG_OK && sum(w, w->tried_T) < w->here * (1 - 1e-10);
}

static void copy(Waypoints *w, double *v, double *a, double *T, const double *from_v, const double *from_a,
    const double *from_T) {
    const size_t all = sizeof(double) * w->points * w->axes;
    memcpy(v, from_v, all);
    memcpy(a, from_a, all);
    memcpy(T, from_T, sizeof(double) * (w->points - 1));
}

void way_accept(Waypoints *w) {
    copy(w, w->at_v, w->at_a, w->at_T, w->tried_v, w->tried_a, w->tried_T);
    w->here = sum(w, w->at_T);
    if (!(w->here < w->total)) return;
    copy(w, w->v, w->a, w->T, w->at_v, w->at_a, w->at_T);
    w->total = w->here;
}

void way_return(Waypoints *w) {
    copy(w, w->at_v, w->at_a, w->at_T, w->v, w->a, w->T);
    copy(w, w->tried_v, w->tried_a, w->tried_T, w->v, w->a, w->T);
    w->here = w->total;
}

/* -- one round ---------------------------------------------------------------------------- */

/* What must not be below zero for an axis to take the time T: how much further it can get to either side, as a share of
   its full speed; and how much longer that is than its velocity and acceleration need to change so. By the time, so that
   they are nearly linear in the states and in 1/T: where waypoints are close, all else would ask for steps that are tiny. */
static int slacks(const OtgRequest *r, double T, double slack[WAY_ROWS]) {
    OtgAxis x;
    if (otg_axis_curves(&x, r)) return -1;
    const double t = fmax(T / x.second - x.braked, x.from[0]), pace = x.second / (T * fmin(x.up, x.down));
    slack[0] = (otg_reach(&x.fore, t, NULL) - x.d) * pace;
    slack[1] = (otg_reach(&x.back, t, NULL) + x.d) * pace;
    slack[2] = 1 - (x.from[0] + x.braked) * x.second / T;
    return 0;
}

/* How the slacks change with one number, for a change by the whole range of its limits. */
static void slope(const OtgRequest *r, double *number, double range, double T, double *to) {
    const double h = 1e-6, kept = *number;
    double after[WAY_ROWS], before[WAY_ROWS];
    *number = kept + h * range;
    const int above = slacks(r, T, after);
    *number = kept - h * range;
    const int below = slacks(r, T, before);
    *number = kept;
    for (int i = 0; i < WAY_ROWS; i++) to[i * WAY_SLOPES] = above || below ? 0 : -(after[i] - before[i]) / (2 * h);
}

/* The same with haste: a share more makes T as much shorter. */
static void slope_of_haste(const OtgRequest *r, double T, double *to) {
    const double h = 1e-6;
    double after[WAY_ROWS], before[WAY_ROWS];
    const int bad = slacks(r, T / (1 + h), after) || slacks(r, T / (1 - h), before);
    for (int i = 0; i < WAY_ROWS; i++) to[i * WAY_SLOPES] = bad ? 0 : -(after[i] - before[i]) / (2 * h);
}

static void linearise(Waypoints *w) {
    const int d = w->axes, last = w->points - 2;
    for (int s = 0; s <= last; s++) {
        const double T = w->lp.gain[s] = w->at_T[s];
        for (int k = 0; k < d; k++) {
            OtgRequest r = between(w, w->at_v, w->at_a, s, k);
            const long row = (long)(s * d + k) * WAY_ROWS;
            double *g = w->lp.slope + WAY_SLOPES * row, *rest = w->lp.rest + row;
            const double v = w->vmax[k] - w->vmin[k], a = w->amax[k] - w->amin[k];
            for (int i = 0; i < WAY_ROWS * WAY_SLOPES; i++) g[i] = 0;
            for (int i = 0; i < WAY_ROWS; i++) rest[i] = 0;
            if (!(T > 0) || slacks(&r, T, rest)) continue;
            if (s > 0) slope(&r, &r.v0, v, T, g), slope(&r, &r.a0, a, T, g + 1);
            if (s < last) slope(&r, &r.vf, v, T, g + 2), slope(&r, &r.af, a, T, g + 3);
            slope_of_haste(&r, T, g + 4);
        }
    }
}

/* The box around the states here: within the limits, and no larger than the search trusts its slopes. */
static void set_box(Waypoints *w) {
    const int d = w->axes, m = 2 * d + 1;
    for (int s = 0; s + 1 < w->points; s++) {
        double *low = w->lp.low + (long)s * m, *high = w->lp.high + (long)s * m;
        for (int k = 0; k < d; k++) {
            const int i = (s + 1) * d + k;
            const double v = w->vmax[k] - w->vmin[k], a = w->amax[k] - w->amin[k], thin = 1e-3 * w->size;
            high[k] = fmax(thin, fmin(w->size, (w->vmax[k] - w->at_v[i]) / v));
            low[k] = fmin(-thin, fmax(-w->size, (w->vmin[k] - w->at_v[i]) / v));
            high[d + k] = fmax(thin, fmin(w->size, (w->amax[k] - w->at_a[i]) / a));
            low[d + k] = fmin(-thin, fmax(-w->size, (w->amin[k] - w->at_a[i]) / a));
        }
        high[2 * d] = 1, low[2 * d] = -0.5;
    }
}

static void step(Waypoints *w, double share) {
    const int d = w->axes, m = 2 * d + 1;
    for (int i = 1; i + 1 < w->points; i++) {
        const double *x = w->lp.x + (i - 1) * m;
        for (int k = 0; k < d; k++) {
            w->tried_v[i * d + k] = w->at_v[i * d + k] + share * x[k] * (w->vmax[k] - w->vmin[k]);
            w->tried_a[i * d + k] = w->at_a[i * d + k] + share * x[d + k] * (w->amax[k] - w->amin[k]);
        }
    }
    way_clip(w);
}

/* The slopes are bent: what the slacks really are after the change takes the place of what they were said to be. */
static void correct(Waypoints *w) {
    const int d = w->axes;
    for (int s = 0; s + 1 < w->points; s++) {
        const double T = w->at_T[s] / (1 + w->lp.x[s * (2 * d + 1) + 2 * d]);
        for (int k = 0; k < d; k++) {
            const OtgRequest r = between(w, w->tried_v, w->tried_a, s, k);
            double slack[WAY_ROWS];
            if (!(T > 0) || slacks(&r, T, slack)) continue;
            for (int i = 0; i < WAY_ROWS; i++)
                w->lp.rest[(s * d + k) * WAY_ROWS + i] = slack[i] + way_lp_along(&w->lp, s, k, i);
        }
    }
}

static double uniform(Waypoints *w) {
    w->seed ^= w->seed << 13, w->seed ^= w->seed >> 7, w->seed ^= w->seed << 17; /* Marsaglia 2003 */
    return (double)(w->seed >> 11) / 9007199254740992.0 * 2 - 1;
}

/* Somewhere near the best: the state at one waypoint, or at all, is changed at random. */
static void disturb(Waypoints *w) {
    OtgAnswer answer;
    const int d = w->axes, inner = w->points - 2;
    const double size = pow(10, -1.2 + 0.7 * uniform(w));
    const int one = uniform(w) < 0.2 ? 1 + (int)((0.5 + 0.5 * uniform(w)) * inner * 0.999999) : 0;
    way_return(w);
    for (int i = d; i < (w->points - 1) * d; i++) {
        const int k = i % d;
        if (one && i / d != one) continue;
        w->tried_v[i] += size * uniform(w) * (w->vmax[k] - w->vmin[k]);
        w->tried_a[i] += size * uniform(w) * (w->amax[k] - w->amin[k]);
    }
    way_clip(w);
    if (way_durations(w, w->tried_v, w->tried_a, &answer) == OTG_OK) way_accept(w);
    w->size = FIRST;
}

int waypoints_improve(Waypoints *w) {
    static const double share[] = {1, 0.5, 0.2, 0.05};
    const double before = w->total;
    if (w->size < SMALLEST) disturb(w);
    linearise(w);
    set_box(w);
    way_lp_solve(&w->lp);
    int i = 0;
    for (int again = 0; i < 4; i++) {
        step(w, share[i]);
        if (!again && !way_try(w)) {
            correct(w);
            way_lp_solve(&w->lp);
            step(w, 1);
            again = 1;
        }
        if (!way_try(w)) continue;
        way_accept(w);
        break;
    }
    w->size = i == 0 ? fmin(LARGEST, 1.5 * w->size) : i < 4 ? w->size * fmax(share[i], 0.3) : 0.1 * w->size;
    return w->total < before;
}
