/* Why there is no interception: see intercept.h. Not in the hot path. */
#include "intercept.h"

#include <math.h>

enum { SPANS = 4096, ROUNDS = 60 };

static const double FASTEST = 1024;

static int window_span(const InterceptInput *in, double from, InterceptSpan *span) {
    const InterceptBand window = {in->low, in->high, -INFINITY, INFINITY, -INFINITY, INFINITY, INFINITY};
    if (in->along) return intercept_span(in->along, &window, from, span);
    *span = (InterceptSpan){from, INFINITY};
    return 1;
}

/* Which limit the target breaks at t. */
static void broken(const InterceptAxis *k, double t, InterceptAnswer *answer) {
    double state[3];
    const InterceptBand *b = &k->band;
    const double low[3] = {b->low, b->vmin, b->amin}, high[3] = {b->high, b->vmax, b->amax};
    const double jerk = intercept_piece(k->target, intercept_find(k->target, t, 0)).j;
    intercept_state(k->target, t, 0, state);
    double worst = fabs(jerk) / b->jmax;
    answer->field = 3, answer->value = jerk, answer->limit = jerk > 0 ? b->jmax : -b->jmax;
    for (int f = 0; f < 3; f++) {
        const double over = fmax(state[f] - high[f], low[f] - state[f]);
        const double size = fmax(isfinite(low[f]) ? fabs(low[f]) : 0, isfinite(high[f]) ? fabs(high[f]) : 0);
        if (!(over > 0) || !(1 + over / size >= worst)) continue;
        worst = 1 + over / size;
        answer->field = f, answer->value = state[f], answer->limit = state[f] > high[f] ? high[f] : low[f];
    }
}

/* When the target is in its window, before the earliest time or behind the latest: field 1, 2; 0 if never. */
static int closed(const InterceptInput *in, InterceptAnswer *answer) {
    InterceptSpan span;
    double from = 0;
    answer->axis = -1, answer->field = 0, answer->time = NAN;
    if (window_span(in, in->earliest, &span)) {
        answer->field = 2, answer->time = span.from;
        return INTERCEPT_CLOSED;
    }
    for (int i = 0; i < SPANS && from < in->earliest && window_span(in, from, &span); i++, from = span.until)
        answer->field = 1, answer->time = span.until;
    return INTERCEPT_CLOSED;
}

static int too_short(const InterceptInput *in, const InterceptAxis *axes, InterceptAnswer *answer) {
    InterceptSpan span;
    double from = in->earliest;
    answer->axis = -1, answer->needed = 0;
    for (int i = 0; i < SPANS && intercept_common(in, axes, from, &span); i++, from = span.until) {
        const double lasts = fmin(span.until, in->latest) - span.from;
        if (lasts >= answer->needed) answer->needed = lasts, answer->time = span.from;
    }
    return INTERCEPT_SHORT;
}

int intercept_blame(const InterceptInput *in, const InterceptAxis *axes, InterceptAnswer *answer) {
    InterceptSpan span, one;
    if (intercept_common(in, axes, in->earliest, &span)) return too_short(in, axes, answer);
    if (!window_span(in, in->earliest, &span) || span.from > in->latest) return closed(in, answer);
    for (int i = 0; i < in->in.n; i++) {
        if (intercept_span(axes[i].target, &axes[i].band, span.from, &one) && one.from < fmin(span.until, in->latest))
            continue;
        answer->axis = i, answer->time = span.from;
        broken(&axes[i], span.from, answer);
        return INTERCEPT_CANNOT_FOLLOW;
    }
    answer->axis = -1, answer->time = span.from, answer->until = fmin(span.until, in->latest);
    return INTERCEPT_APART;
}

static InterceptAxis faster(const InterceptAxis *k, double factor) {
    InterceptAxis quick = *k;
    OtgRequest *r = &quick.r;
    r->vmax *= factor, r->vmin *= factor;
    r->amax *= factor * factor, r->amin *= factor * factor;
    r->jmax *= factor * factor * factor;
    return quick;
}

static int would_do(const InterceptAxis *k, double factor, double T) {
    InterceptAxis quick = faster(k, factor);
    return intercept_can(&quick, T);
}

/* How many times as fast the axis would have to be to be there at T; INFINITY if that does not help. */
static double factor_for(const InterceptAxis *k, double T) {
    double low = 1, high = 2;
    if (would_do(k, 1, T)) return 1;
    for (; !would_do(k, high, T); low = high, high *= 2)
        if (high >= FASTEST) return INFINITY;
    for (int i = 0; i < ROUNDS && high - low > 1e-9 * high; i++) {
        const double middle = 0.5 * (low + high);
        if (would_do(k, middle, T)) high = middle;
        else low = middle;
    }
    return high;
}

/* Whether the axis cannot stop before a wall, wherever the target is. */
static int too_fast(const InterceptAxis *k, InterceptAnswer *answer) {
    OtgRequest r = k->r;
    OtgRoom room;
    double a;
    if (!k->walled) return 0;
    otg_room(&room, &r, k->band.low, k->band.high);
    const OtgRequest m = otg_mirrored(&r);
    const double over = otg_peak(&r, &a) - room.high, under = room.low + otg_peak(&m, &a);
    answer->field = over > under;
    answer->overshoot = fmax(over, under);
    return answer->overshoot > room.slack;
}

int intercept_blame_late(const InterceptInput *in, InterceptAxis *axes, const InterceptSpan *late,
    InterceptAnswer *answer) {
    answer->factor = 0, answer->until = late->until;
    for (int i = 0; i < in->in.n; i++) {
        axes[i].begin = late->from;
        answer->axis = i;
        if (too_fast(&axes[i], answer)) return OTG_START_TOO_FAST;
    }
    for (int i = 0; i < in->in.n; i++) {
        const double factor = factor_for(&axes[i], late->until);
        if (!(factor > answer->factor)) continue;
        answer->factor = factor, answer->axis = i;
        answer->needed = intercept_earliest(&axes[i], late->from, late->until);
    }
    answer->overshoot = NAN;
    return INTERCEPT_LATE;
}
