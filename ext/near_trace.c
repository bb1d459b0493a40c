/* See near_trace.h. */
#include "near_trace.h"

#include <math.h>
#include <string.h>

#include "angle.h"
#include "near_curve.h"

static const double SAME = 1e-6;     /* rad: joints that differ by less are one way */
static const double RIM = 1e-7;      /* m: a frame so little out of reach is answered at the rim */
static const double BESIDE = 0.02;   /* rad: a seed so near to what was followed lies on it */
static const double STRIDE = 0.1, LONGEST = 0.15, SHORTEST = 2e-3; /* rad: steps along the curve */
static const double STRAIGHT = 0.9;  /* cosine between the tangents of one step */
static const double EXACT = 1e-12;   /* of the length, or rad: what is left on a way */
static const double NONE = 3e-16;     /* mu that is none but for rounding */
static const double LEVEL = 1e-10;    /* slope of mu where it turns round: mu then has all its digits */
static const double WIDE = 1.5;      /* how far the frame is let go, by what the nominal arm may be off */
enum { N = CURVE_JOINTS, M = CURVE_ALL, STEPS = 500, HALVINGS = 60 };

static Point ahead(const Point *from, double by) {
    Point p = *from;
    for (int i = 0; i < M; i++) p.z[i] += by * from->t[i];
    return p;
}

int near_beside(const double *a, const double *b, double most) {
    for (int i = 0; i < N; i++)
        if (!(fabs(angle_near(a[i] - b[i])) <= most)) return 0;
    return 1;
}

void near_keep(Ways *ways, const double *q) {
    for (int k = 0; k < ways->n; k++)
        if (near_beside(q, ways->q[k], SAME)) return;
    if (ways->n == INVERSE_ROWS) return;
    for (int i = 0; i < N; i++) ways->q[ways->n][i] = angle_near(q[i]);
    ways->n++;
}

/* The point within `span` of a where mu is zero or, if `turns`, turns round: by secants and halves. */
static Point between(Curve *curve, Point a, double span, int turns) {
    double low = 0, high = span, flow = turns ? a.t[N] : a.z[N], fhigh;
    Point best = a, p = ahead(&a, span);
    if (!curve_correct(curve, &p)) return a;
    fhigh = turns ? p.t[N] : p.z[N];
    for (int round = 0, side = 0; round < HALVINGS && flow != 0 && fhigh != 0; round++) {
        double middle = (low * fhigh - high * flow) / (fhigh - flow);
        if (!(middle > low && middle < high)) middle = (low + high) / 2;
        p = ahead(&a, middle);
        if (!curve_correct(curve, &p)) break;
        const double f = turns ? p.t[N] : p.z[N];
        best = p;
        if (fabs(f) < (turns ? LEVEL : NONE) || high - low < 1e-15) break;
        if ((f > 0) == (fhigh > 0)) {
            high = middle, fhigh = f;
            if (side == 1) flow /= 2; /* Illinois: neither end stays for ever */
            side = 1;
        } else {
            low = middle, flow = f;
            if (side == -1) fhigh /= 2;
            side = -1;
        }
    }
    return best;
}

/* A point where mu is zero is a way. */
static void keep_zero(const Point *p, Ways *ways) {
    if (fabs(p->z[N]) <= EXACT) near_keep(ways, p->z);
}

/* What lies on one step of the curve. */
static void harvest(Curve *curve, const Point *from, const Point *to, double span, Ways *ways) {
    const double here = from->z[N], there = to->z[N];
    if ((here > 0) != (there > 0)) {
        const Point p = between(curve, *from, span, 0);
        keep_zero(&p, ways);
        return;
    }
    if (!(here * from->t[N] < 0 && there * to->t[N] > 0)) return;
    /* it came nearer to zero, and turned */
    const Point bend = between(curve, *from, span, 1);
    if ((bend.z[N] > 0) == (here > 0)) {
        if (fabs(bend.z[N]) * curve->arm->length <= RIM) near_keep(ways, bend.z);
        return;
    }
    const double first = curve_dot(bend.z, from->t, M) - curve_dot(from->z, from->t, M);
    const Point one = between(curve, *from, first, 0), other = between(curve, bend, span - first, 0);
    keep_zero(&one, ways);
    keep_zero(&other, ways);
}

static double apart(const double *a, const double *b) {
    double square = 0;
    for (int i = 0; i < N; i++) square += angle_near(a[i] - b[i]) * angle_near(a[i] - b[i]);
    return sqrt(square);
}

/* How far q is from the piece between a and b. */
static double off(const double *q, const double *a, const double *b) {
    double way[N], at[N], along = 0, length = 0, square = 0;
    for (int i = 0; i < N; i++) {
        way[i] = angle_near(b[i] - a[i]), at[i] = angle_near(q[i] - a[i]);
        along += way[i] * at[i], length += way[i] * way[i];
    }
    const double part = length > 0 ? fmin(fmax(along / length, 0), 1) : 0;
    for (int i = 0; i < N; i++) square += (at[i] - part * way[i]) * (at[i] - part * way[i]);
    return sqrt(square);
}

static int followed(const Traced *traced, const double *q) {
    for (int k = 1; k < traced->n; k++)
        if (!traced->begins[k] && near_beside(q, traced->q[k], LONGEST + BESIDE) &&
            off(q, traced->q[k - 1], traced->q[k]) < BESIDE)
            return 1;
    return 0;
}

static void note(Traced *traced, const double *q, int begins) {
    if (traced->n == TRACE_POINTS) return;
    memcpy(traced->q[traced->n], q, N * sizeof(double));
    traced->begins[traced->n++] = begins;
}

/* From a point on; 1 if the curve came back to it. */
static int follow(Curve *curve, const Point *begin, Traced *traced, Ways *ways) {
    Point p = *begin;
    double span = STRIDE, length = 0;
    note(traced, p.z, 1);
    for (int k = 0, far = 0; k < STEPS && traced->n < TRACE_POINTS && fabs(p.z[N]) <= curve->most; k++) {
        Point next = ahead(&p, span);
        const int on = curve_correct(curve, &next) && curve_dot(next.t, p.t, M) > STRAIGHT;
        if (!on) {
            span /= 2;
            if (span < SHORTEST) return 0;
            continue;
        }
        harvest(curve, &p, &next, span, ways);
        note(traced, next.z, 0);
        length += span;
        traced->longest = fmax(traced->longest, length);
        far |= apart(next.z, begin->z) > 2 * LONGEST;
        if (far && off(begin->z, p.z, next.z) < BESIDE && curve_dot(next.t, begin->t, M) > 0) return 1;
        if (curve_dot(next.t, p.t, M) > 0.98) span = fmin(1.5 * span, LONGEST);
        p = next;
        curve_turn(curve, &p);
    }
    return 0;
}

void near_trace(const NearArm *arm, const Frame *at, const double *seed, Traced *traced, Ways *ways) {
    Curve curve = {.arm = arm, .at = at, .most = WIDE * (arm->way / arm->length + arm->turn)};
    Point p;
    memcpy(p.z, seed, N * sizeof(double));
    if (curve_start(&curve, &p) <= EXACT) near_keep(ways, p.z);
    if (!(fabs(p.z[N]) <= curve.most) || !curve_correct(&curve, &p) || followed(traced, p.z)) return;
    keep_zero(&p, ways);
    const Curve back = curve;
    if (follow(&curve, &p, traced, ways)) return;
    curve = back;
    for (int i = 0; i < M; i++) p.t[i] = -p.t[i];
    follow(&curve, &p, traced, ways);
}
