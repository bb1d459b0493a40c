/* Outward with the motion, inward with the forces. */
#include "newton_euler.h"

#include <math.h>

static void cross(const double a[3], const double b[3], double out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/* out += a x b */
static void add_cross(const double a[3], const double b[3], double out[3]) {
    double n[3];
    cross(a, b, n);
    for (int k = 0; k < 3; k++) out[k] += n[k];
}

/* A vector of the frame before in this one, and back. */
static void into(const Frame *f, const double v[3], double out[3]) {
    for (int k = 0; k < 3; k++) out[k] = f->r[k] * v[0] + f->r[3 + k] * v[1] + f->r[6 + k] * v[2];
}

static void back(const Frame *f, const double v[3], double out[3]) {
    for (int k = 0; k < 3; k++) out[k] = dot(f->r + 3 * k, v);
}

/* A symmetric tensor times a vector. */
static void times(const double t[6], const double v[3], double out[3]) {
    out[0] = t[0] * v[0] + t[1] * v[1] + t[2] * v[2];
    out[1] = t[1] * v[0] + t[3] * v[1] + t[4] * v[2];
    out[2] = t[2] * v[0] + t[4] * v[1] + t[5] * v[2];
}

/* The joint's frame in the one before. */
static void placed(const Body *body, double q, Frame *out) {
    *out = body->placement;
    if (body->slides) {
        for (int k = 0; k < 3; k++) out->p[k] += q * out->r[3 * k + 2];
        return;
    }
    const double c = cos(q), s = sin(q);
    for (int k = 0; k < 3; k++) {
        double *row = out->r + 3 * k;
        const double x = row[0], y = row[1];
        row[0] = c * x + s * y;
        row[1] = c * y - s * x;
    }
}

typedef struct {
    double w[3], dw[3], dp[3]; /* rotation, its derivative, and the acceleration of the origin, in the frame itself */
} Motion;

/* The motion of a frame that moves with the joint, from that of the frame before. */
static void outward(const Frame *at, int slides, double v, double a, const Motion *before, Motion *now) {
    double lever[3], whirl[3], dp[3];
    cross(before->w, at->p, lever);
    cross(before->w, lever, whirl);
    cross(before->dw, at->p, dp);
    for (int k = 0; k < 3; k++) dp[k] += before->dp[k] + whirl[k];
    into(at, before->w, now->w);
    into(at, before->dw, now->dw);
    into(at, dp, now->dp);
    if (slides) { /* Coriolis: twice w x z v */
        now->dp[0] += 2 * now->w[1] * v;
        now->dp[1] -= 2 * now->w[0] * v;
        now->dp[2] += a;
    } else {
        now->dw[0] += now->w[1] * v;
        now->dw[1] -= now->w[0] * v;
        now->dw[2] += a;
        now->w[2] += v;
    }
}

/* What the link takes to move so: force, and torque about the frame's origin. */
static void effort(const Body *body, const Motion *m, double f[3], double n[3]) {
    double spin[3], lever[3];
    for (int k = 0; k < 3; k++) f[k] = body->mass * m->dp[k];
    cross(m->w, body->moment, lever);
    add_cross(m->w, lever, f);
    add_cross(m->dw, body->moment, f);
    times(body->inertia, m->dw, n);
    times(body->inertia, m->w, spin);
    add_cross(m->w, spin, n);
    add_cross(body->moment, m->dp, n);
}

void bodies_torques(const Bodies *arm, const double *q, const double *v, const double *a, double *out) {
    Frame at[BODIES_MOST];
    double f[BODIES_MOST][3], n[BODIES_MOST][3];
    Motion motion[2] = {{{0}, {0}, {-arm->gravity[0], -arm->gravity[1], -arm->gravity[2]}}, {{0}, {0}, {0}}};
    for (int i = 0; i < arm->count; i++) {
        const Body *body = arm->body + i;
        Motion *now = motion + (i + 1) % 2;
        placed(body, q[i], at + i);
        outward(at + i, body->slides, v ? v[i] : 0, a ? a[i] : 0, motion + i % 2, now);
        effort(body, now, f[i], n[i]);
    }
    for (int i = arm->count - 1; i >= 0; i--) {
        double force[3], torque[3];
        out[i] = arm->body[i].slides ? f[i][2] : n[i][2];
        if (i == 0) break;
        back(at + i, f[i], force);
        back(at + i, n[i], torque);
        add_cross(at[i].p, force, torque);
        for (int k = 0; k < 3; k++) {
            f[i - 1][k] += force[k];
            n[i - 1][k] += torque[k];
        }
    }
}

/* Adds a body, told in the frame at, to one that is told in the frame before. */
static void join(const Frame *at, const Body *body, Body *whole) {
    const double *t = body->inertia, *p = at->p;
    double h[3], half[9], full[9];
    back(at, body->moment, h);
    for (int i = 0; i < 3; i++) times(t, at->r + 3 * i, half + 3 * i); /* R I */
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) full[3 * i + j] = dot(half + 3 * i, at->r + 3 * j);
    const double twice = 2 * dot(p, h) + body->mass * dot(p, p); /* Steiner's theorem, from origin to origin */
    for (int i = 0, k = 0; i < 3; i++)
        for (int j = i; j < 3; j++, k++)
            whole->inertia[k] += full[3 * i + j] + (i == j ? twice : 0) - p[i] * h[j] - h[i] * p[j]
                - body->mass * p[i] * p[j];
    for (int k = 0; k < 3; k++) whole->moment[k] += h[k] + body->mass * p[k];
    whole->mass += body->mass;
}

void bodies_mass(const Bodies *arm, const double *q, double *out) {
    const int n = arm->count;
    Frame at[BODIES_MOST];
    Body whole[BODIES_MOST];
    for (int i = 0; i < n; i++) {
        placed(arm->body + i, q[i], at + i);
        whole[i] = arm->body[i];
    }
    for (int i = n - 1; i >= 0; i--) {
        const Body *body = whole + i;
        if (i) join(at + i, body, whole + i - 1);
        /* linear and angular momentum of what hangs behind joint i, for its unit speed */
        const double *h = body->moment, *t = body->inertia;
        double p[3] = {-h[1], h[0], 0}, l[3] = {t[2], t[4], t[5]}, moved[3], turned[3];
        if (body->slides) {
            p[0] = p[1] = 0;
            p[2] = body->mass;
            l[0] = h[1];
            l[1] = -h[0];
            l[2] = 0;
        }
        for (int j = i;; j--) {
            out[n * i + j] = out[n * j + i] = arm->body[j].slides ? p[2] : l[2];
            if (j == 0) break;
            back(at + j, p, moved);
            back(at + j, l, turned);
            add_cross(at[j].p, moved, turned);
            for (int k = 0; k < 3; k++) {
                p[k] = moved[k];
                l[k] = turned[k];
            }
        }
    }
}

void bodies_energy(const Bodies *arm, const double *q, const double *v, double out[2]) {
    double w[3] = {0}, u[3] = {0}, down[3], origin = 0;
    for (int k = 0; k < 3; k++) down[k] = arm->gravity[k];
    out[0] = out[1] = 0;
    for (int i = 0; i < arm->count; i++) {
        const Body *body = arm->body + i;
        Frame at;
        double speed[3], spin[3], lever[3];
        placed(body, q[i], &at);
        origin += dot(down, at.p); /* how far the frame lies along gravity, times gravity */
        for (int k = 0; k < 3; k++) speed[k] = u[k];
        add_cross(w, at.p, speed);
        into(&at, speed, u);
        into(&at, w, spin);
        into(&at, down, lever);
        for (int k = 0; k < 3; k++) {
            w[k] = spin[k];
            down[k] = lever[k];
        }
        if (body->slides) u[2] += v[i];
        else w[2] += v[i];
        times(body->inertia, w, spin);
        cross(w, body->moment, lever);
        out[0] += 0.5 * body->mass * dot(u, u) + dot(u, lever) + 0.5 * dot(w, spin);
        out[1] -= body->mass * origin + dot(down, body->moment);
    }
}
