/* Spheres, triangles and the closure equation of the delta robot. */
#include "delta_arm.h"

#include <math.h>

static const double RIM = 1e-7;      /* m: what is so little out of reach is answered at the rim */
static const double EVEN = 4e-15;    /* what rounding takes from a length of 1: ways not further apart are one */
static const double IN_LINE = 1e-18; /* squared sine of a triangle that is none */
static const double POINT = 1e-24;   /* squared side of one, for forearms of length 1 */
static const double LOOSE = 1e-12;   /* volume that three forearms of length 1 span */

static const double COS[3] = {1, -0.5, -0.5}, SIN[3] = {0, 0.86602540378443864676, -0.86602540378443864676};

static double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static void cross(const double a[3], const double b[3], double out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static double root(double square) { return square > 0 ? sqrt(square) : 0; }

/* The knee of arm i as seen from the middle of the platform. */
static void knee(const Delta *arm, int i, double q, double c[3]) {
    const double out = arm->base - arm->platform + arm->upper * cos(q);
    c[0] = COS[i] * out;
    c[1] = SIN[i] * out;
    c[2] = -arm->upper * sin(q);
}

typedef struct {
    double a[3], b[3], n[3]; /* two sides, from the first knee; their normal, which points up */
} Triangle;

/* The triangle of the knees; 0 where they lie on one line. */
static int triangle(const Delta *arm, const double *first, const double *second, const double *third, Triangle *t) {
    for (int k = 0; k < 3; k++) {
        t->a[k] = second[k] - first[k];
        t->b[k] = third[k] - first[k];
    }
    cross(t->a, t->b, t->n);
    if (t->n[2] < 0)
        for (int k = 0; k < 3; k++) t->n[k] = -t->n[k];
    const double aa = dot(t->a, t->a), bb = dot(t->b, t->b), least = POINT * arm->fore * arm->fore;
    return aa > least && bb > least && dot(t->n, t->n) > IN_LINE * aa * bb;
}

DeltaStatus delta_forward(const Delta *arm, const double q[3], double p[3]) {
    double c[3][3], across[3], outward[3], middle[3];
    Triangle t;
    for (int i = 0; i < 3; i++) knee(arm, i, q[i], c[i]);
    if (!triangle(arm, c[0], c[1], c[2], &t)) return DELTA_IN_LINE;
    const double aa = dot(t.a, t.a), bb = dot(t.b, t.b), nn = dot(t.n, t.n);
    for (int k = 0; k < 3; k++) across[k] = aa * t.b[k] - bb * t.a[k];
    cross(t.a, t.b, outward);
    cross(across, outward, middle);
    for (int k = 0; k < 3; k++) middle[k] /= 2 * nn;
    const double radius = sqrt(dot(middle, middle));
    if (!(radius <= arm->fore + RIM)) return DELTA_APART;
    const double depth = root((arm->fore - radius) * (arm->fore + radius)) / sqrt(nn);
    for (int k = 0; k < 3; k++) p[k] = c[0][k] + middle[k] - depth * t.n[k];
    return DELTA_OK;
}

/* What is left to the rim of the reach; none where rounding could have taken it. */
static double room(double left, double size) { return left > EVEN * size ? left : 0; }

/* Both angles of arm i, the one with the knee outward first; returns how many there are. */
static int angles(const Delta *arm, int i, const double p[3], double out[2]) {
    const double ahead = COS[i] * p[0] + SIN[i] * p[1] + arm->platform - arm->base;
    const double beside = COS[i] * p[1] - SIN[i] * p[0], far = hypot(ahead, p[2]);
    if (!(fabs(beside) <= arm->fore + RIM)) return 0;
    const double shadow = root((arm->fore - beside) * (arm->fore + beside)), upper = arm->upper;
    if (!(far <= upper + shadow + RIM && far >= fabs(upper - shadow) - RIM)) return 0;
    const double size = upper + shadow, over = room(size - far, size) * room(shadow + far - upper, size);
    const double under = room(far + upper - shadow, size) * (far + size);
    const double towards = atan2(-p[2], ahead), half = 2 * atan2(sqrt(over), sqrt(under));
    out[0] = remainder(towards - half, 2 * M_PI);
    out[1] = remainder(towards + half, 2 * M_PI);
    return over > 0 && under > 0 ? 2 : 1;
}

/* Whether p is below the plane of the knees, so that delta_forward answers it. */
static int hangs(const Delta *arm, const double *first, const double *second, const double *third, const double p[3]) {
    Triangle t;
    if (!triangle(arm, first, second, third, &t)) return 0;
    const double from[3] = {p[0] - first[0], p[1] - first[1], p[2] - first[2]};
    return dot(from, t.n) <= RIM * sqrt(dot(t.n, t.n));
}

int delta_inverse(const Delta *arm, const double p[3], double rows[3 * DELTA_MOST]) {
    double q[3][2], c[3][2][3];
    int many[3], count = 0;
    for (int i = 0; i < 3; i++) {
        if (!(many[i] = angles(arm, i, p, q[i]))) return 0;
        for (int k = 0; k < many[i]; k++) knee(arm, i, q[i][k], c[i][k]);
    }
    for (int branch = 0; branch < DELTA_MOST; branch++) {
        const int i = branch >> 2, j = branch >> 1 & 1, k = branch & 1;
        if (i >= many[0] || j >= many[1] || k >= many[2] || !hangs(arm, c[0][i], c[1][j], c[2][k], p)) continue;
        double *row = rows + 3 * count++;
        row[0] = q[0][i];
        row[1] = q[1][j];
        row[2] = q[2][k];
    }
    return count;
}

/* The forearms from the knees to p, and how each joint moves its knee along its forearm. Both as lengths of 1. */
static void forearms(const Delta *arm, const double q[3], const double p[3], double s[3][3], double lever[3]) {
    for (int i = 0; i < 3; i++) {
        double c[3];
        knee(arm, i, q[i], c);
        for (int k = 0; k < 3; k++) s[i][k] = (p[k] - c[k]) / arm->fore;
        const double moved[3] = {-sin(q[i]) * COS[i], -sin(q[i]) * SIN[i], -cos(q[i])};
        lever[i] = dot(s[i], moved);
    }
}

DeltaStatus delta_jacobian(const Delta *arm, const double q[3], const double p[3], double out[9]) {
    double s[3][3], lever[3], column[3];
    forearms(arm, q, p, s, lever);
    cross(s[1], s[2], column);
    const double volume = dot(s[0], column);
    if (!(fabs(volume) > LOOSE)) return DELTA_LOOSE;
    for (int i = 0; i < 3; i++) { /* the columns of the inverse are the cross products of the rows */
        cross(s[(i + 1) % 3], s[(i + 2) % 3], column);
        for (int k = 0; k < 3; k++) out[3 * k + i] = column[k] * arm->upper * lever[i] / volume;
    }
    return DELTA_OK;
}

double delta_manipulability(const Delta *arm, const double q[3], const double p[3]) {
    double s[3][3], lever[3], across[3];
    forearms(arm, q, p, s, lever);
    cross(s[1], s[2], across);
    const double volume = fabs(dot(s[0], across)), length = arm->upper;
    return volume > LOOSE ? fabs(lever[0] * lever[1] * lever[2]) * length * length * length / volume : INFINITY;
}
