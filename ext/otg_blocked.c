/* The durations that an axis cannot do: where they begin and end. Not in the hot path: found by bisection. */
#include "otg_blocked.h"

#include <math.h>

enum { ROUNDS = 200, MOST = 32 };

typedef struct {
    const OtgAxis *x;
    int side;  /* +1: the furthest motion, -1: the furthest one backwards */
    int slope; /* the slope of its distance with time, or how far it is beyond the distance wanted */
} Function;

static double reach(const OtgAxis *x, int side, double T, double *slope) {
    if (x->order == 3) return otg_reach(side > 0 ? &x->fore : &x->back, T, slope);
    return otg_reach2(x, T, side, slope);
}

static double value(const Function *f, double T) {
    double slope;
    const double miss = reach(f->x, f->side, T, &slope) - f->side * f->x->d;
    return f->slope ? slope : miss;
}

static double bisect(const Function *f, double low, double high) {
    const double sign = value(f, low) < 0 ? 1 : -1;
    for (int i = 0; i < ROUNDS; i++) {
        const double middle = 0.5 * (low + high);
        if (!(middle > low && middle < high)) break;
        if (sign * value(f, middle) < 0) low = middle;
        else high = middle;
    }
    return high;
}

static int changes(const Function *f, double low, double high) { return (value(f, low) < 0) != (value(f, high) < 0); }

static double turn(const OtgAxis *x, int side) {
    return x->order == 3 ? otg_turn(side > 0 ? &x->fore : &x->back) : 0;
}

/* All times in [from, until] at which the extremal motion passes the distance wanted. */
static int levels(const OtgAxis *x, int side, double from, double until, double *times, int n) {
    const Function steepness = {x, side, 1}, miss = {x, side, 0};
    const double middle = fmin(until, fmax(from, turn(x, side)));
    double cut[5] = {from};
    int cuts = 1;
    if (changes(&steepness, from, middle)) cut[cuts++] = bisect(&steepness, from, middle);
    cut[cuts++] = middle;
    if (changes(&steepness, middle, until)) cut[cuts++] = bisect(&steepness, middle, until);
    cut[cuts++] = until;
    for (int i = 0; i + 1 < cuts; i++)
        if (cut[i + 1] > cut[i] && changes(&miss, cut[i], cut[i + 1]) && n < MOST) times[n++] = bisect(&miss,
            cut[i], cut[i + 1]);
    return n;
}

/* A time by which all that blocks is over: every loop that the limits ask for fits in. */
static double horizon(const OtgAxis *x) {
    double T = 2 * x->from[x->stretches - 1];
    if (!(T > 0)) T = 1;
    for (int i = 0; i < ROUNDS; i++, T *= 2) {
        double up, down;
        const double most = reach(x, 1, T, &up), least = -reach(x, -1, T, &down);
        if (T > turn(x, 1) && T > turn(x, -1) && most > x->d && least < x->d && up >= 0 && down >= 0) break;
    }
    return T;
}

static int possible(const OtgAxis *x, double T) {
    const double slack = x->order == 3 ? otg_slack(x, T) : otg_slack2(x, T);
    for (int i = 0; i < x->stretches; i++) {
        if (T < x->from[i] || T > x->until[i]) continue;
        if (x->interface == OTG_VELOCITY) return 1;
        return x->d <= reach(x, 1, T, 0) + slack && x->d >= -reach(x, -1, T, 0) - slack;
    }
    return 0;
}

static int insert(double *times, int n, double t) {
    int i = n;
    if (n >= MOST) return n;
    for (; i > 0 && times[i - 1] > t; i--) times[i] = times[i - 1];
    times[i] = t;
    return n + 1;
}

/* Every time after the first at which possible may turn into impossible or back, in order. */
static int candidates(const OtgAxis *x, double first, double times[MOST]) {
    double found[MOST];
    int n = 0, sorted = 0;
    const double end = x->brief ? INFINITY : x->interface == OTG_POSITION ? horizon(x) : 2 * x->from[x->stretches - 1];
    for (int i = 0; i < x->stretches; i++) {
        const double until = fmin(end, x->until[i]);
        if (n < MOST) found[n++] = x->from[i];
        if (x->until[i] < end && n < MOST) found[n++] = x->until[i];
        if (x->interface == OTG_VELOCITY) continue;
        n = levels(x, 1, x->from[i], until, found, n);
        n = levels(x, -1, x->from[i], until, found, n);
    }
    for (int i = 0; i < n; i++)
        if (found[i] > first) sorted = insert(times, sorted, found[i]);
    return sorted;
}

static int blocked(const OtgAxis *x, double (*intervals)[2], int room) {
    double times[MOST], before = x->first / x->second - x->braked;
    int count = 0, joined = 0;
    if (x->order == 1 || x->rest) return 0;
    const int n = candidates(x, before, times);
    for (int i = 0; i < n; before = times[i++]) {
        const double middle = 0.5 * (before + times[i]), low = (before + x->braked) * x->second;
        if (!(times[i] > before * (1 + 1e-12)) || possible(x, middle)) {
            joined = 0;
            continue;
        }
        if (!joined && count == room) break;
        if (!joined) intervals[count++][0] = low;
        intervals[count - 1][1] = (times[i] + x->braked) * x->second;
        joined = 1;
    }
    return count;
}

/* What comes after the one stretch of a brief axis: nothing until the motions that brake first. */
static int after_brief(const OtgRequest *r, OtgAxis *x, double (*intervals)[2], int count, int room) {
    const double last = x->until[0] * x->second;
    const int open = count && intervals[count - 1][1] >= last;
    if (otg_axis_brake(x, r) || count + !open > room) return count;
    if (!open) intervals[count++][0] = last;
    intervals[count - 1][1] = x->first;
    return count + blocked(x, intervals + count, room - count);
}

int otg_blocked(const OtgRequest *r, double *first, double (*intervals)[2], int room) {
    OtgAxis x;
    *first = INFINITY;
    if (otg_axis_prepare(&x, r)) return -1;
    *first = x.first;
    if (!(x.first < INFINITY)) return 0;
    const int count = blocked(&x, intervals, room);
    return x.brief ? after_brief(r, &x, intervals, count, room) : count;
}
