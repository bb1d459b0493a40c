/* See near_trace.h. */
#include "near_trace.h"

#include <math.h>
#include <string.h>

#include "angle.h"

static const double SAME = 1e-6;     /* rad: joints that differ by less are one way */
static const double RIM = 1e-7;      /* m: a frame so little out of reach is answered at the rim */
static const double BESIDE = 0.02;   /* rad: a seed so near to what was followed lies on it */
static const double STRIDE = 0.1, LONGEST = 0.2, SHORTEST = 2e-3; /* rad: steps along the curve */
static const double STRAIGHT = 0.9;  /* cosine between the tangents of one step */
static const double DONE = 3e-8;     /* rad, lengths: after a correction of this size the next is below rounding */
static const double EXACT = 1e-12;   /* of the length, or rad: what is left on a way */
static const double WIDE = 1.5;       /* how far the frame is let go, by what the nominal arm may be off */
enum { N = POLISH_JOINTS, M = N + 1, CORRECTIONS = 8, STEPS = 200, HALVINGS = 60 };

typedef struct {
    const NearArm *arm;
    const Frame *at;
    double b[6], most;
    double J[6][N]; /* next to the last point that was corrected */
} Curve;

/* A point (q, mu) of the curve and the direction that it goes in. */
typedef struct {
    double z[M], t[M];
} Point;

static double dot(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* a x = each of `many` columns in place, by elimination with row exchange; a zero pivot becomes a tiny one. */
static void eliminate(int n, double a[M][M], int many, double x[2][M]) {
    for (int i = 0; i < n; i++) {
        int top = i;
        for (int k = i + 1; k < n; k++)
            if (fabs(a[k][i]) > fabs(a[top][i])) top = k;
        for (int k = 0; k < n && top != i; k++) {
            const double swap = a[i][k];
            a[i][k] = a[top][k], a[top][k] = swap;
        }
        for (int c = 0; c < many && top != i; c++) {
            const double swap = x[c][i];
            x[c][i] = x[c][top], x[c][top] = swap;
        }
        if (!(fabs(a[i][i]) > 1e-17)) a[i][i] = 1e-17;
        for (int k = i + 1; k < n; k++) {
            const double part = a[k][i] / a[i][i];
            for (int m = i + 1; m < n; m++) a[k][m] -= part * a[i][m];
            for (int c = 0; c < many; c++) x[c][k] -= part * x[c][i];
        }
    }
    for (int c = 0; c < many; c++) {
        for (int i = n - 1; i >= 0; i--) {
            for (int m = i + 1; m < n; m++) x[c][i] -= a[i][m] * x[c][m];
            x[c][i] /= a[i][i];
        }
    }
}

/* The Jacobian, and what is left to the frame: the way by the length, and the sine of the turn. */
static void measure(const Curve *curve, const double *q, double J[6][N], double e[6]) {
    const NearArm *arm = curve->arm;
    const double *to = curve->at->r, scale = 1 / arm->length;
    double flat[6 * N];
    Frame tip;
    arm->state(&arm->chain, q, &tip, flat);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < N; k++) J[i][k] = flat[N * i + k] * (i < 3 ? scale : 1);
    const double *r = tip.r;
    for (int i = 0; i < 3; i++) e[i] = (curve->at->p[i] - tip.p[i]) * scale, e[3 + i] = 0;
    for (int c = 0; c < 3; c++) {
        e[3] += 0.5 * (r[3 + c] * to[6 + c] - r[6 + c] * to[3 + c]);
        e[4] += 0.5 * (r[6 + c] * to[c] - r[c] * to[6 + c]);
        e[5] += 0.5 * (r[c] * to[3 + c] - r[3 + c] * to[c]);
    }
}

/* Onto the curve, across `t`; then t is its tangent there. 0 where that fails. */
static int correct(Curve *curve, Point *p) {
    double a[M][M], (*const J)[N] = curve->J, e[6], x[2][M], last = INFINITY;
    for (int round = 0; round < CORRECTIONS; round++) {
        double size = 0;
        measure(curve, p->z, J, e);
        for (int i = 0; i < 6; i++) {
            memcpy(a[i], J[i], sizeof J[i]);
            a[i][N] = curve->b[i];
            x[0][i] = e[i] - p->z[N] * curve->b[i];
            x[1][i] = 0;
        }
        memcpy(a[N], p->t, sizeof p->t);
        x[0][N] = 0, x[1][N] = 1;
        eliminate(M, a, 2, x);
        for (int i = 0; i < M; i++) p->z[i] += x[0][i], size = fmax(size, fabs(x[0][i]));
        if (!(size < 1) || (round > 2 && size > last)) return 0;
        last = size;
        if (size < DONE) break;
    }
    const double length = sqrt(dot(x[1], x[1], M));
    for (int i = 0; i < M; i++) p->t[i] = x[1][i] / length;
    return last < DONE && length > 0;
}

static Point ahead(const Point *from, double by) {
    Point p = *from;
    for (int i = 0; i < M; i++) p.z[i] += by * from->t[i];
    return p;
}

/* b becomes the direction that J reaches least, its left singular vector, by one round of iteration; v the right one. */
static void aim(Curve *curve, double *v) {
    double a[M][M], x[2][M];
    memcpy(x[0], curve->b, sizeof curve->b);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < 6; i++)
            for (int k = 0; k < 6; k++) a[i][k] = side ? curve->J[k][i] : curve->J[i][k];
        eliminate(6, a, 1, x);
        const double length = sqrt(dot(x[0], x[0], 6));
        for (int i = 0; i < 6; i++) x[0][i] /= length;
        memcpy(side ? curve->b : v, x[0], sizeof curve->b);
    }
}

/* The point of the seed, b and a first tangent; what is left to the frame. */
static double start(Curve *curve, Point *p) {
    const double any[6] = {0.3, -0.5, 0.7, 0.4, -0.6, 0.2};
    double e[6];
    memcpy(curve->b, any, sizeof any);
    measure(curve, p->z, curve->J, e);
    for (int round = 0; round < 4; round++) aim(curve, p->t);
    p->t[N] = 0;
    p->z[N] = dot(curve->b, e, 6);
    return sqrt(dot(e, e, 6));
}

/* Aims anew at a point of the curve: on a long one b turns. */
static void turn(Curve *curve, Point *p) {
    double before[6], v[6];
    memcpy(before, curve->b, sizeof before);
    aim(curve, v);
    const double same = dot(before, curve->b, 6);
    for (int i = 0; i < 6 && same < 0; i++) curve->b[i] = -curve->b[i];
    p->z[N] *= fabs(same);
    p->t[N] = 0;
    for (int i = 0; i < 6; i++) p->t[N] -= curve->b[i] * dot(curve->J[i], p->t, N);
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

/* Where mu is zero (`which` N), or turns round (its tangent is zero), between two points that `span` is between: by halves
   and secants. The point that comes nearest. */
static Point between(Curve *curve, Point a, double span, int turns) {
    double low = 0, high = span, flow = turns ? a.t[N] : a.z[N], fhigh;
    Point best = a, p = ahead(&a, span);
    if (!correct(curve, &p)) return a;
    fhigh = turns ? p.t[N] : p.z[N];
    for (int round = 0, side = 0; round < HALVINGS && flow != 0 && fhigh != 0; round++) {
        double middle = (low * fhigh - high * flow) / (fhigh - flow);
        if (!(middle > low && middle < high)) middle = (low + high) / 2;
        p = ahead(&a, middle);
        if (!correct(curve, &p)) break;
        const double f = turns ? p.t[N] : p.z[N];
        best = p;
        if (fabs(f) < 1e-17 || high - low < 1e-15) break;
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
    const double first = dot(bend.z, from->t, M) - dot(from->z, from->t, M);
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
        const int on = correct(curve, &next) && dot(next.t, p.t, M) > STRAIGHT;
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
        if (far && off(begin->z, p.z, next.z) < BESIDE && dot(next.t, begin->t, M) > 0) return 1;
        if (dot(next.t, p.t, M) > 0.98) span = fmin(1.5 * span, LONGEST);
        p = next;
        turn(curve, &p);
    }
    return 0;
}

void near_trace(const NearArm *arm, const Frame *at, const double *seed, Traced *traced, Ways *ways) {
    Curve curve = {.arm = arm, .at = at, .most = WIDE * (arm->way / arm->length + arm->turn)};
    Point p;
    memcpy(p.z, seed, N * sizeof(double));
    if (start(&curve, &p) <= EXACT) near_keep(ways, p.z);
    if (!(fabs(p.z[N]) <= curve.most) || !correct(&curve, &p) || followed(traced, p.z)) return;
    keep_zero(&p, ways);
    const Curve back = curve;
    if (follow(&curve, &p, traced, ways)) return;
    curve = back;
    for (int i = 0; i < M; i++) p.t[i] = -p.t[i];
    follow(&curve, &p, traced, ways);
}
