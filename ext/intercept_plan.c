/* The earliest interception: see intercept.h. */
#include "intercept.h"

#include <math.h>

enum { SPANS = 4096 };

/* The first stretch from `from` on in which every axis can go along and the window is open. */
int intercept_common(const InterceptInput *in, const InterceptAxis *axes, double from, InterceptSpan *span) {
    const InterceptBand window = {in->low, in->high, -INFINITY, INFINITY, -INFINITY, INFINITY, INFINITY};
    for (int round = 0; round < SPANS; round++) {
        InterceptSpan one = {from, INFINITY};
        *span = one;
        if (in->along && !intercept_span(in->along, &window, from, &one)) return 0;
        for (int i = -1; i < in->in.n; i++) {
            if (i >= 0 && !intercept_span(axes[i].target, &axes[i].band, from, &one)) return 0;
            span->from = fmax(span->from, one.from);
            span->until = fmin(span->until, one.until);
        }
        if (span->from > in->latest) return 0;
        if (span->from == from) return 1;
        from = span->from;
    }
    return 0;
}

static InterceptStatus refuse(InterceptAnswer *answer, int axis, InterceptStatus status) {
    answer->axis = axis;
    return status;
}

static int finite_path(const OtgPath *path) {
    double sum = path->duration + path->p + path->v + path->a;
    for (int i = 0; i < path->n; i++) {
        const OtgPiece *q = &path->piece[i];
        sum += q->t + q->dt + q->p + q->v + q->a + q->j;
    }
    return isfinite(sum);
}

static int check(const InterceptInput *in, double *zeros, InterceptAnswer *answer) {
    OtgInput here = in->in;
    OtgAnswer what = {-1, -1, NAN, NAN};
    if (!in->leaves) here.field[OTG_PF] = here.field[OTG_VF] = here.field[OTG_AF] = zeros;
    const OtgStatus status = otg_check(&here, &what);
    answer->axis = what.axis, answer->field = what.field;
    if (status != OTG_OK) return status;
    for (int i = 0; i < in->in.n; i++) {
        if (!finite_path(&in->target[i])) return refuse(answer, i, INTERCEPT_BAD_TARGET);
        if (in->in.low == NULL) continue;
        const double low = in->in.low[i], high = in->in.high[i], on = here.field[OTG_PF][i], slack = 4e-13 * fabs(on);
        if (!(low <= high)) return refuse(answer, i, OTG_BAD_ROOM);
        if (in->leaves && (on < low - slack || on > high + slack)) return refuse(answer, i, OTG_TARGET_OUTSIDE);
    }
    if (in->along && !finite_path(in->along)) return refuse(answer, -1, INTERCEPT_BAD_TARGET);
    const int good = in->earliest >= 0 && in->earliest < INFINITY && in->latest >= in->earliest && in->dwell >= 0 &&
                     in->dwell < INFINITY && (!in->along || in->low < in->high);
    return good ? INTERCEPT_OK : refuse(answer, -1, INTERCEPT_BAD_TIMES);
}

/* The earliest time in a stretch, in which going along may begin until `until`; the axis that comes last in *axis. */
static double earliest(InterceptAxis *axes, int n, double from, double until, int *axis) {
    double T = from;
    *axis = -1;
    for (int i = 0; i < n; i++) {
        axes[i].begin = from;
        const double own = intercept_earliest(&axes[i], T, until);
        if (own > T) *axis = i;
        if (!(own <= until)) return own;
        axes[i].own = T = own;
    }
    return T;
}

static void track(const OtgPath *target, double begin, double from, double until, OtgPath *path) {
    for (double t = from; t < until;) {
        double h, state[3];
        const OtgPiece q = intercept_piece(target, t, 0, &h);
        const double end = fmin(until, q.t + h);
        intercept_state(target, t, 0, state);
        path->piece[path->n++] = (OtgPiece){t, end - t, state[0], state[1], state[2], q.j};
        t = end;
    }
    double end[3];
    intercept_state(target, until, until > begin, end);
    path->duration = until;
    path->p = end[0], path->v = end[1], path->a = end[2];
}

/* There, and along with the target until `until`. */
static int follow(InterceptAxis *k, double T, double until, OtgPath *path) {
    double from = T;
    if (intercept_approach(k, T, path)) {
        from = k->own;
        if (!(k->own < T) || !(intercept_earliest(k, k->own, T) <= k->own) || intercept_approach(k, k->own, path))
            return OTG_TOO_FAR_APART;
    }
    track(k->target, k->begin, from, until, path);
    return OTG_OK;
}

static int leave(const InterceptInput *in, const InterceptAxis *axes, OtgAxis *leaving, double *states, OtgPath *paths,
    OtgPath *ends, InterceptAnswer *answer) {
    const int n = in->in.n;
    OtgInput on = in->in;
    OtgAnswer what = {-1, -1, NAN, NAN};
    for (int i = 0; i < n; i++) {
        const OtgPath *path = &paths[i];
        if (!intercept_on_rim(&axes[i].r, path->v, path->a)) return refuse(answer, i, INTERCEPT_NO_WAY_ON);
        states[i] = path->p, states[n + i] = path->v, states[2 * n + i] = path->a;
        ends[i].piece = path->piece + path->n;
    }
    for (int f = OTG_P0; f <= OTG_A0; f++) on.field[f] = states + f * n;
    const OtgStatus status = otg_plan(&on, leaving, ends, &what);
    answer->axis = what.axis, answer->field = what.field, answer->overshoot = what.overshoot;
    if (status == OTG_START_TOO_FAST) return INTERCEPT_NO_WAY_ON;
    if (status != OTG_OK) return status;
    for (int i = 0; i < n; i++) {
        OtgPath *path = &paths[i];
        for (int s = 0; s < ends[i].n; s++) ends[i].piece[s].t += answer->until;
        path->n += ends[i].n;
        path->p = ends[i].p, path->v = ends[i].v, path->a = ends[i].a;
        path->duration = answer->until + ends[i].duration;
    }
    answer->duration = answer->until + what.duration;
    return OTG_OK;
}

/* What comes of one stretch, in which going along may begin until `until`. */
static int attempt(const InterceptInput *in, InterceptAxis *axes, OtgAxis *leaving, double *states, OtgPath *paths,
    OtgPath *ends, double from, double until, InterceptAnswer *answer) {
    const int n = in->in.n;
    const double T = earliest(axes, n, from, until, &answer->axis);
    const int last = answer->axis;
    answer->time = T, answer->duration = answer->until = T + in->dwell;
    if (!(T <= until)) return INTERCEPT_LATE;
    for (int i = 0; i < n; i++)
        if (follow(&axes[i], T, answer->until, &paths[i])) return refuse(answer, i, OTG_TOO_FAR_APART);
    const int status = in->leaves ? leave(in, axes, leaving, states, paths, ends, answer) : INTERCEPT_OK;
    if (status == INTERCEPT_OK) answer->axis = last;
    return status;
}

int intercept(const InterceptInput *in, InterceptAxis *axes, OtgAxis *leaving, double *states, OtgPath *paths,
    OtgPath *ends, InterceptAnswer *answer) {
    InterceptSpan span, late = {0, 0};
    for (int i = 0; i < in->in.n; i++) states[i] = 0;
    int status = check(in, states, answer);
    if (status != INTERCEPT_OK) return status;
    for (int i = 0; i < in->in.n; i++) intercept_prepare(&axes[i], in, i);
    double from = in->earliest;
    status = INTERCEPT_CLOSED;
    for (int k = 0; k < SPANS && from < INFINITY && intercept_common(in, axes, from, &span); k++, from = span.until) {
        const double until = fmin(span.until, in->latest) - in->dwell;
        if (!(until >= span.from)) {
            if (status == INTERCEPT_CLOSED) status = INTERCEPT_SHORT;
            continue;
        }
        status = attempt(in, axes, leaving, states, paths, ends, span.from, until, answer);
        if (status != INTERCEPT_LATE && status != INTERCEPT_NO_WAY_ON) return status;
        late = (InterceptSpan){span.from, until};
    }
    if (status == INTERCEPT_LATE) return intercept_blame_late(in, axes, &late, answer);
    return status < INTERCEPT_CLOSED || status > INTERCEPT_SHORT ? status : intercept_blame(in, axes, answer);
}
