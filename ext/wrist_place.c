/* Where the first three joints stand so that W is where it should be: see wrist_arm.h. */
#include <math.h>

#include "wrist_arm.h"

static const double FINE = 1e-14;  /* of the arm's size: a place that misses W by more is polished */
static const double SLIGHT = 1e-3; /* a1 (of the size) and sin alpha1 below this leave few digits to X and Y */
static const double EQUAL = 5e-8;  /* places nearer to each other than this are one: half the digits, as at a rim */
static const double EXACT = 1e-10; /* m */
static const double MOVED = EXACT / 2; /* m: instead of the miss, where a place was moved off a singular one */
static const double BESIDE = 0.1;
enum { TRIED = 12 };

typedef struct {
    const WristArm *arm;
    const double *w, *wanted;
    double r; /* of W from axis 1 */
    int n;
    Place found[TRIED];
} Search;

static double larger(double a, double b) { return a > b ? a : b; }
static double length(double x, double y) { return sqrt(x * x + y * y); }

/* cos and sin (of either sign) of the angle that makes a length between `near` and `far`: length² is their mean square
   plus half the difference of their squares times the cosine. How many signs: 0, 1, 2. Up to `rough` beyond it is the rim. */
static int triangle(const WristArm *arm, double side, double near, double far, Turn *out) {
    if (!(side <= far + arm->rough && side >= near - arm->rough)) return 0;
    const double over = larger(0, (far - side) * (far + side)), under = larger(0, (side - near) * (side + near));
    const double span = over + under;
    out->c = span > 0 ? (under - over) / span : 1;
    out->s = span > 0 ? 2 * sqrt(over * under) / span : 0;
    if (out->s < arm->blur) {
        out->s = arm->blur;
        out->c = out->c < 0 ? -1 : 1;
    }
    return out->s > 0 ? 2 : 1;
}

/* x (of either sign) of the point at y on a circle. */
static int circle(const WristArm *arm, double radius, double y, double *x) {
    if (!(fabs(y) <= radius + arm->rough)) return 0;
    *x = sqrt(larger(0, (radius - y) * (radius + y)));
    *x = larger(*x, arm->blur * radius);
    return *x > 0 ? 2 : 1;
}

static Turn wanted_turn(const Search *f, int joint) {
    const double theta = f->wanted[joint] + f->arm->turn[joint];
    const Turn t = {cos(theta), sin(theta)};
    return t;
}

static int beside(const Place *a, const Place *b, double most) {
    for (int i = 2; i >= 0; i--)
        if (fabs(a->turn[i].s - b->turn[i].s) > most || fabs(a->turn[i].c - b->turn[i].c) > most) return 0;
    return 1;
}

/* g for theta3. */
static void swing(const WristArm *arm, Turn third, double *g) {
    const double y = arm->rho * third.s;
    g[0] = arm->a2 + arm->rho * third.c;
    g[1] = arm->alpha2.c * y - arm->alpha2.s * arm->h;
    g[2] = arm->alpha2.s * y + arm->alpha2.c * arm->h + arm->d2;
}

/* One place, told by theta3 and (X, Y). What it misses W by is seen in three lengths. */
static void put(Search *f, Turn third, const double *g, double X, double Y) {
    const WristArm *arm = f->arm;
    const double reach = length(X, Y), G = length(g[0], g[1]);
    const double x = X + arm->a1, y = arm->alpha1.c * Y - arm->alpha1.s * g[2], r = length(x, y);
    const double miss = fabs(reach - G) + fabs(r - f->r) + fabs(arm->alpha1.s * Y + arm->alpha1.c * g[2] - f->w[2]);
    Place *p = &f->found[f->n];
    if (f->n == TRIED) return;
    p->turn[2] = third;
    if (G < WRIST_FREE || reach < WRIST_FREE) p->turn[1] = wanted_turn(f, 1);
    else p->turn[1] = turn_back(turn_of(Y, X, reach), turn_of(g[1], g[0], G));
    if (r < WRIST_FREE || f->r < WRIST_FREE) p->turn[0] = wanted_turn(f, 0);
    else p->turn[0] = turn_back(turn_of(f->w[1], f->w[0], f->r), turn_of(y, x, r));
    p->miss = miss <= FINE * arm->size ? 0 : arm->blur > 0 ? MOVED : wrist_polish(arm, f->w, p);
    if (!(p->miss <= arm->rim)) return;
    for (int i = 0; i < f->n; i++)
        if (beside(p, &f->found[i], EQUAL)) return;
    f->n++;
}

/* W keeps its height along axis 2 whatever joints 2 and 3 do: that is theta1. The rest is a triangle of a2 and rho. */
static void parallel_23(Search *f) {
    const WristArm *arm = f->arm;
    const double height = arm->alpha2.c * arm->h + arm->d2;
    const double y = (arm->alpha1.c * f->w[2] - height) / arm->alpha1.s;
    const double Y = arm->alpha1.c * y + arm->alpha1.s * f->w[2];
    const double far = arm->a2 + arm->rho, near = fabs(arm->a2 - arm->rho);
    double x, g[3];
    int shoulders = circle(arm, f->r, y, &x);
    if (f->r < WRIST_FREE && shoulders) shoulders = 1;
    for (int i = 0; i < shoulders; i++, x = -x) {
        Turn third;
        for (int j = triangle(arm, length(x - arm->a1, Y), near, far, &third); j > 0; j--, third.s = -third.s) {
            swing(arm, third, g);
            put(f, third, g, x - arm->a1, Y);
        }
    }
}

/* The distance of W from where axes 1 and 2 meet tells theta3, its height along axis 1 then Y. */
static void meet_12(Search *f) {
    const WristArm *arm = f->arm;
    const double side = arm->d2 * arm->alpha2.s, off = length(arm->a2, side), v = arm->h + arm->d2 * arm->alpha2.c;
    const Turn lean = turn_of(side, arm->a2, off);
    Turn bend;
    double g[3], X;
    for (int i = triangle(arm, length(f->r, f->w[2]), length(off - arm->rho, v), length(off + arm->rho, v), &bend); i > 0;
         i--, bend.s = -bend.s) {
        const Turn third = turn_on(bend, lean);
        swing(arm, third, g);
        const double Y = (f->w[2] - arm->alpha1.c * g[2]) / arm->alpha1.s, y = arm->alpha1.c * Y - arm->alpha1.s * g[2];
        const double G = length(g[0], g[1]);
        for (int j = f->r < G ? circle(arm, f->r, y, &X) : circle(arm, G, Y, &X); j > 0; j--, X = -X) put(f, third, g, X, Y);
    }
}

/* The height of W along axes 1 and 2 tells theta3; then there is a triangle about them. */
static void parallel_12(Search *f) {
    const WristArm *arm = f->arm;
    const double height = arm->alpha1.c * f->w[2] - arm->alpha2.c * arm->h - arm->d2, y = height / arm->alpha2.s;
    double x, g[3];
    for (int i = circle(arm, arm->rho, y, &x); i > 0; i--, x = -x) {
        const Turn third = turn_of(y, x, length(x, y));
        swing(arm, third, g);
        const double G = length(g[0], g[1]);
        Turn bend;
        for (int j = triangle(arm, f->r, fabs(arm->a1 - G), arm->a1 + G, &bend); j > 0; j--, bend.s = -bend.s)
            put(f, third, g, G * bend.c, G * bend.s);
    }
}

/* Axes 2 and 3 meet at a point Q, from which W keeps its distance: that is theta1. Its height along axis 2 then is
theta3. */
static void meet_23(Search *f) {
    const WristArm *arm = f->arm;
    const Turn a1 = arm->alpha1, a2 = arm->alpha2;
    const double qx = arm->a1, qy = -arm->d2 * a1.s, q = length(qx, qy), dz = f->w[2] - arm->d2 * a1.c;
    const double near = length(f->r - q, dz), far = length(f->r + q, dz);
    double g[3], X;
    Turn bend;
    int shoulders = triangle(arm, length(arm->rho, arm->h), near, far, &bend);
    if (f->r < WRIST_FREE && shoulders) shoulders = 1;
    for (int i = 0; i < shoulders; i++, bend.s = -bend.s) {
        const Turn apart = {-bend.c, bend.s}, at = turn_on(turn_of(qy, qx, q), apart);
        const double x = f->r * at.c - arm->a1, y = f->r * at.s;
        const double Y = a1.c * y + a1.s * f->w[2], height = a1.c * f->w[2] - a1.s * y - arm->d2;
        const double side = (height - a2.c * arm->h) / a2.s;
        for (int j = circle(arm, arm->rho, side, &X); j > 0; j--, X = -X) {
            const Turn third = turn_of(side, X, length(X, side));
            swing(arm, third, g);
            put(f, third, g, x, Y);
        }
    }
}

/* Both X and Y follow from theta3, by the distance of W and its height along axis 1:

    2 a1 X = |W|² - a1² - |g|²,      sin alpha1 · Y = Wz - cos alpha1 · gz,      X² + Y² = gx² + gy²

which is a conic in cos theta3 and sin theta3 (both sides times (2 a1 sin alpha1)²). Where axes 1 and 2 nearly meet, X
has few digits, and theta3 is nearly the same for X and -X: so both are tried; where they are nearly parallel, Y. */
static void skew(Search *f) {
    const WristArm *arm = f->arm;
    const double sa = arm->alpha1.s, twice = 2 * arm->a1, v = arm->alpha2.c * arm->h + arm->d2;
    const double gs = arm->alpha2.s * arm->rho; /* gz = v + gs s */
    const double lc = 2 * arm->a2 * arm->rho, ls = 2 * arm->d2 * gs; /* |g|² = l + lc c + ls s */
    const double l = arm->a2 * arm->a2 + arm->rho * arm->rho + arm->h * arm->h + arm->d2 * (2 * v - arm->d2);
    const double e = f->r * f->r + f->w[2] * f->w[2] - arm->a1 * arm->a1 - l; /* 2 a1 X = e - lc c - ls s */
    const double u = f->w[2] - arm->alpha1.c * v, us = -arm->alpha1.c * gs;   /* sin alpha1 · Y = u + us s */
    const double m = sa * sa, n = twice * twice, both = m * n;
    const double conic[6] = {m * lc * lc, 2 * m * lc * ls, m * ls * ls + n * us * us + both * gs * gs,
        -2 * m * e * lc - both * lc, -2 * m * e * ls + 2 * n * u * us - both * (ls - 2 * v * gs),
        m * e * e + n * u * u - both * (l - v * v)};
    Turn third[4];
    double g[3];
    for (int k = 0, found = wrist_conic(conic, third); k < found; k++) {
        swing(arm, third[k], g);
        const double X = (e - lc * third[k].c - ls * third[k].s) / twice, Y = (u + us * third[k].s) / sa;
        double other;
        put(f, third[k], g, X, Y);
        if (fabs(arm->a1) > SLIGHT * arm->size && fabs(sa) > SLIGHT) continue;
        const int meet = fabs(arm->a1) < fabs(sa) * arm->size;
        for (int i = circle(arm, length(g[0], g[1]), meet ? Y : X, &other); i > 0; i--, other = -other)
            put(f, third[k], g, meet ? other : X, meet ? Y : other);
    }
}

/* The exact places, and then those at the rim. Halfway between two exact ones that lie close to each other there may be
one that nearly is: that is no rim. */
static int sorted(const Search *f, Place *out) {
    int exact = 0;
    for (int i = 0; i < f->n && exact < WRIST_PLACES; i++)
        if (f->found[i].miss <= EXACT) out[exact++] = f->found[i];
    int n = exact;
    for (int i = 0; i < f->n && n < WRIST_PLACES; i++) {
        int rim = f->found[i].miss > EXACT;
        for (int k = 0; k < exact && rim; k++) rim = !beside(&f->found[i], &out[k], BESIDE);
        if (rim) out[n++] = f->found[i];
    }
    return n;
}

int wrist_places(const WristArm *arm, const double *w, const double *wanted, Place *out) {
    Search f;
    f.arm = arm;
    f.w = w;
    f.wanted = wanted;
    f.r = length(w[0], w[1]);
    f.n = 0;
    switch (arm->kind) {
    case WRIST_PARALLEL_23: parallel_23(&f); break;
    case WRIST_MEET_12: meet_12(&f); break;
    case WRIST_PARALLEL_12: parallel_12(&f); break;
    case WRIST_MEET_23: meet_23(&f); break;
    case WRIST_SKEW: skew(&f); break;
    }
    return sorted(&f, out);
}
