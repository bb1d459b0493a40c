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

static int refuse(InterceptAnswer *answer, int axis, int status) {
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

/* The target's own pieces, piece by piece: each lasts until the next one begins, whatever its times were rounded to. */
static void track(const OtgPath *target, double begin, double from, double until, OtgPath *path) {
    double state[3], t = from;
    for (int i = intercept_find(target, from, 0); i <= target->n && t < until; i++) {
        const double end = i < target->n ? fmin(until, intercept_piece(target, i + 1).t) : until;
        if (!(end > t)) continue;
        intercept_state(target, t, 0, state);
        path->piece[path->n++] = (OtgPiece){t, end - t, state[0], state[1], state[2], intercept_piece(target, i).j};
        t = end;
    }
    intercept_state(target, until, until > begin, state);
    path->duration = until;
    path->p = state[0], path->v = state[1], path->a = state[2];
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

static int leave(const InterceptInput *in, const InterceptRoom *room, InterceptAnswer *answer) {
    const int n = in->in.n;
    double *states = room->states;
    OtgInput on = in->in;
    OtgAnswer what = {-1, -1, NAN, NAN};
    for (int i = 0; i < n; i++) {
        const OtgPath *path = &room->paths[i];
        if (!intercept_on_rim(&room->axes[i].r, path->v, path->a)) return refuse(answer, i, INTERCEPT_NO_WAY_ON);
        states[i] = path->p, states[n + i] = path->v, states[2 * n + i] = path->a;
        room->ends[i].piece = path->piece + path->n;
    }
    for (int f = OTG_P0; f <= OTG_A0; f++) on.field[f] = states + f * n;
    const OtgStatus status = otg_plan(&on, room->leaving, room->ends, &what);
    answer->axis = what.axis, answer->field = what.field, answer->overshoot = what.overshoot;
    if (status == OTG_START_TOO_FAST) return INTERCEPT_NO_WAY_ON;
    if (status != OTG_OK) return status;
    for (int i = 0; i < n; i++) {
        OtgPath *path = &room->paths[i];
        for (int s = 0; s < room->ends[i].n; s++) room->ends[i].piece[s].t += answer->until;
        path->n += room->ends[i].n;
        path->p = room->ends[i].p, path->v = room->ends[i].v, path->a = room->ends[i].a;
        path->duration = answer->until + room->ends[i].duration;
    }
    answer->duration = answer->until + what.duration;
    return OTG_OK;
}

/* What comes of one stretch, in which going along may begin until `until`. */
static int attempt(const InterceptInput *in, const InterceptRoom *room, const InterceptSpan *span,
    InterceptAnswer *answer) {
    const int n = in->in.n;
    const double T = earliest(room->axes, n, span->from, span->until, &answer->axis);
    const int last = answer->axis;
    answer->time = T, answer->duration = answer->until = T + in->dwell;
    if (!(T <= span->until)) return INTERCEPT_LATE;
    for (int i = 0; i < n; i++)
        if (follow(&room->axes[i], T, answer->until, &room->paths[i])) return refuse(answer, i, OTG_TOO_FAR_APART);
    const int status = in->leaves ? leave(in, room, answer) : INTERCEPT_OK;
    if (status == INTERCEPT_OK) answer->axis = last;
    return status;
}

int intercept(const InterceptInput *in, const InterceptRoom *room, InterceptAnswer *answer) {
    InterceptSpan span, begin = {0, 0};
    for (int i = 0; i < in->in.n; i++) room->states[i] = 0;
    int status = check(in, room->states, answer);
    if (status != INTERCEPT_OK) return status;
    for (int i = 0; i < in->in.n; i++) intercept_prepare(&room->axes[i], in, i);
    double from = in->earliest;
    status = INTERCEPT_CLOSED;
    for (int k = 0; k < SPANS && from < INFINITY && intercept_common(in, room->axes, from, &span); k++) {
        const double until = fmin(span.until, in->latest) - in->dwell;
        from = span.until;
        if (!(until >= span.from)) {
            if (status == INTERCEPT_CLOSED) status = INTERCEPT_SHORT;
            continue;
        }
        begin = (InterceptSpan){span.from, until};
        status = attempt(in, room, &begin, answer);
        if (status != INTERCEPT_LATE && status != INTERCEPT_NO_WAY_ON) return status;
    }
    if (status == INTERCEPT_LATE) return intercept_blame_late(in, room->axes, &begin, answer);
    return status == INTERCEPT_NO_WAY_ON ? status : intercept_blame(in, room->axes, answer);
}
