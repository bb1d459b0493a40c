/* The wrist, and the rows: see wrist_arm.h.

With m what the first three joints leave of the rotation, axis 6 is its last column and axis 4 its last row:

    m22 = cos(angle between axes 4 and 6) = cos alpha4 cos alpha5 - sin alpha4 sin alpha5 cos theta5
    (m20, m21) = Rz(-theta6) (sin alpha4 sin theta5, cos alpha5 sin alpha4 cos theta5 + sin alpha5 cos alpha4)

theta4 is what then is left, told from all of the matrix: so an error in theta6, which has few digits where axes 4
and 6 are nearly in line, is made good by it. */
#include "wrist_arm.h"

#include "angle.h"
#include "inverse.h"

#include <math.h>

static const double LOST = 1e-5;  /* rad: the same, or their angle, where a rim of joints 1 to 3 may be to blame */
static const double RIGID = 1e-5; /* what a rotation's rows may miss their lengths and right angles by */

static double larger(double a, double b) { return a > b ? a : b; }

static int is_frame(const Frame *f) {
    const double *r = f->r;
    double worst = 0;
    for (int i = 0; i < 3; i++) {
        const double *a = r + 3 * i, *b = r + 3 * ((i + 1) % 3);
        worst += fabs(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] - 1) + fabs(a[0] * b[0] + a[1] * b[1] + a[2] * b[2]);
    }
    const double sides = r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
        r[2] * (r[3] * r[7] - r[4] * r[6]);
    return worst <= RIGID && sides > 0 && fabs(f->p[0]) + fabs(f->p[1]) + fabs(f->p[2]) < 1e100;
}

/* Rz(-t) m and Rx(-t) m. */
static void undo_z(Turn t, double *m) {
    for (int j = 0; j < 3; j++) {
        const double x = t.c * m[j] + t.s * m[3 + j];
        m[3 + j] = t.c * m[3 + j] - t.s * m[j];
        m[j] = x;
    }
}
static void undo_x(Turn t, double *m) { undo_z(t, m + 3); }

void wrist_left(const WristArm *arm, const Place *p, const double *r, double *out) {
    double m[9];
    for (int i = 0; i < 9; i++) m[i] = r[i];
    undo_z(p->turn[0], m);
    undo_x(arm->alpha1, m);
    undo_z(p->turn[1], m);
    undo_x(arm->alpha2, m);
    undo_z(p->turn[2], m);
    for (int i = 0; i < 3; i++) {
        const double *a = arm->rest + 3 * i;
        for (int j = 0; j < 3; j++) out[3 * i + j] = a[0] * m[j] + a[1] * m[3 + j] + a[2] * m[6 + j];
    }
}

/* cos a - cos b, from the sines (of no sign) where the cosines are nearly the same and large. */
static double difference(Turn a, Turn b) {
    const double sum = a.c + b.c;
    return fabs(sum) > 1 ? (b.s - a.s) * (b.s + a.s) / sum : a.c - b.c;
}

/* theta5, one of two signs; by how much (rad) axes 4 and 6 are beyond where they can stand. */
static double fifth(const WristArm *arm, Turn between, Turn *out) {
    const double sign = arm->alpha4.s * arm->alpha5.s > 0 ? 1 : -1;
    const double up = sign * difference(between, arm->folded), down = sign * difference(arm->bent, between);
    const double over = larger(0, down), under = larger(0, up);
    out->c = (over - under) / (over + under);
    out->s = 2 * sqrt(over * under) / (over + under);
    return larger(0, larger(-up, -down)) / larger(between.s, WRIST_FREE);
}

static Turn fourth(const WristArm *arm, const double *m, Turn t5, Turn t6) {
    const Turn a = arm->alpha4, b = arm->alpha5;
    const double u[6] = {t5.c, -t5.s * b.c, t5.s * b.s, a.c * t5.s, a.c * t5.c * b.c - a.s * b.s,
        -a.c * t5.c * b.s - a.s * b.c};
    Turn sum = {0, 0};
    for (int i = 0; i < 2; i++) {
        const double *row = m + 3 * i, *one = u + 3 * i, *other = u + 3 * (1 - i);
        const double n[3] = {row[0] * t6.c - row[1] * t6.s, row[0] * t6.s + row[1] * t6.c, row[2]};
        sum.c += n[0] * one[0] + n[1] * one[1] + n[2] * one[2];
        sum.s += (i ? 1 : -1) * (n[0] * other[0] + n[1] * other[1] + n[2] * other[2]);
    }
    return sum;
}

static Turn between_4_and_6(const double *m) {
    const Turn t = {m[8], sqrt(m[6] * m[6] + m[7] * m[7])};
    return t;
}

/* Rows as turns theta, before their angles are taken all at once. */
typedef struct {
    double c[6 * WRIST_ROWS], s[6 * WRIST_ROWS], offset[6 * WRIST_ROWS];
    int moved[WRIST_ROWS], n;
} Turns;

static void add(const WristArm *arm, Turns *all, const Place *place, Turn t4, Turn t5, Turn t6, int moved) {
    const Turn row[6] = {place->turn[0], place->turn[1], place->turn[2], t4, t5, t6};
    for (int i = 0; i < 6; i++) {
        const int k = 6 * all->n + i;
        all->c[k] = row[i].c;
        all->s[k] = row[i].s;
        all->offset[k] = arm->turn[i];
    }
    all->moved[all->n++] = moved;
}

/* The rows of one place. */
static void wrist(const WristArm *arm, const Frame *at, Place *place, const double *wanted, Turns *all) {
    const Turn a = arm->alpha4, b = arm->alpha5;
    double m[9];
    Turn t5, t6;
    wrist_left(arm, place, at->r, m);
    Turn between = between_4_and_6(m);
    double beyond = fifth(arm, between, &t5);
    const int lost = (beyond > arm->twist && beyond < LOST) || (between.s > WRIST_FREE && between.s < LOST);
    if (lost && arm->blur == 0 && wrist_settle(arm, at, place)) {
        wrist_left(arm, place, at->r, m);
        between = between_4_and_6(m);
        beyond = fifth(arm, between, &t5);
    }
    if (!(beyond <= arm->twist)) return;
    const int free = between.s < WRIST_FREE, moved = free || t5.s < arm->blur || place->miss > 0;
    t5.s = larger(free ? 0 : t5.s, arm->blur);
    for (int k = t5.s == 0 ? 1 : 2; k > 0; k--, t5.s = -t5.s) {
        if (free) {
            const double sixth = wanted[5] + arm->turn[5];
            t6 = (Turn){cos(sixth), sin(sixth)};
            add(arm, all, place, fourth(arm, m, t5, t6), t5, t6, moved);
            continue;
        }
        const Turn v = {a.s * t5.s, b.c * a.s * t5.c + b.s * a.c}, row = {m[6], m[7]};
        const Turn back = turn_back(v, row);
        t6 = turn_of(back.s, back.c, sqrt(back.c * back.c + back.s * back.s));
        add(arm, all, place, fourth(arm, m, t5, t6), t5, t6, moved);
    }
}

static void turn_round(double *row) {
    for (int i = 0; i < 3; i++) {
        const double swap = row[i];
        row[i] = row[5 - i];
        row[5 - i] = swap;
    }
}

int wrist_inverse(const void *geometry, const Frame *flange, const double *wanted, double *rows) {
    const WristArm *arm = geometry;
    Frame from_tip, seen, at;
    Place place[WRIST_PLACES];
    Turns all;
    double seed[6];
    if (!is_frame(flange)) return -1;
    for (int i = 0; i < 6; i++) {
        const double angle = wanted[arm->mirrored ? 5 - i : i];
        seed[i] = isfinite(angle) ? angle : 0;
    }
    if (arm->mirrored) frame_invert(flange, &seen);
    frame_compose(arm->mirrored ? &seen : flange, &arm->untip, &from_tip);
    frame_compose(&arm->unbase, &from_tip, &at);
    all.n = 0;
    for (int k = 0, places = wrist_places(arm, at.p, seed, place); k < places; k++)
        wrist(arm, &at, &place[k], seed, &all);
    arm->atan2(all.s, all.c, 6 * (size_t)all.n, rows);
    for (int i = 0; i < 6 * all.n; i++) rows[i] = angle_near(rows[i] - all.offset[i]);
    for (int k = 0; k < all.n && arm->mirrored; k++) turn_round(rows + 6 * k);
    for (int k = 0; k < all.n && arm->blur > 0; k++) rows[INVERSE_MOVED + k] = all.moved[k];
    return all.n;
}

void wrist_bends(const void *geometry, const double *q, double bends[3]) {
    const WristArm *arm = geometry;
    const double origin[3] = {0, 0, 0};
    double e[3], j[3][3], angle[6];
    Place place;
    for (int i = 0; i < 6; i++) angle[i] = q[arm->mirrored ? 5 - i : i] + arm->turn[i];
    for (int i = 0; i < 3; i++) place.turn[i] = (Turn){cos(angle[i]), sin(angle[i])};
    wrist_miss(arm, origin, &place, e, j);
    bends[0] = j[0][0] * (j[1][1] * j[2][2] - j[1][2] * j[2][1]) - j[0][1] * (j[1][0] * j[2][2] - j[1][2] * j[2][0]) +
               j[0][2] * (j[1][0] * j[2][1] - j[1][1] * j[2][0]);
    bends[1] = arm->kind == WRIST_PARALLEL_23 ? place.turn[2].s : 0;
    bends[2] = arm->alpha4.s * arm->alpha5.s * sin(angle[4]);
}
