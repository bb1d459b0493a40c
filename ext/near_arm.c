/* See near_arm.h. */
#include "near_arm.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "angle.h"
#include "rotation.h"

static const double SAME = 1e-6;   /* rad: joints that differ by less are one way */
static const double EXACT = 1e-12; /* of the length, or rad: what ends so near is a way */
static const double RIM = 1e-7;    /* m: what ends so near is one if no other way is beside it: the reach ends there */
static const double BESIDE = 0.1;  /* rad */
static const double OTHER = 0.05;  /* rad: seeds that differ by less lead to the same way */
static const double CLEAR = 4;     /* first steps: nearer to a sure way than so many there is no other */
static const double WIDE = 3;      /* how far around the frame the nominal arm is asked, by what both arms differ */
enum { N = POLISH_JOINTS, AROUND = 24, MOST_SEEDS = 128 };

typedef struct {
    double q[INVERSE_ROWS][N], clear[INVERSE_ROWS];
    int n;
} Ways;

typedef struct {
    double q[MOST_SEEDS * N];
    int n;
} Seeds;

static int beside(const double *a, const double *b, double most) {
    for (int i = 0; i < N; i++)
        if (!(fabs(angle_near(a[i] - b[i])) <= most)) return 0;
    return 1;
}

static int known(const Ways *ways, const double *q, double most) {
    for (int k = 0; k < ways->n; k++)
        if (beside(q, ways->q[k], most)) return 1;
    return 0;
}

static void keep(Ways *ways, const double *q, double clear) {
    if (ways->n == INVERSE_ROWS) return;
    for (int i = 0; i < N; i++) ways->q[ways->n][i] = angle_near(q[i]);
    ways->clear[ways->n++] = clear;
}

/* Where a search may begin, but next to a way that is sure. */
static void sow(Seeds *seeds, const Ways *sure, const double *q) {
    if (seeds->n == MOST_SEEDS) return;
    for (int k = 0; k < sure->n; k++)
        if (beside(q, sure->q[k], sure->clear[k])) return;
    for (int k = 0; k < seeds->n; k++)
        if (beside(q, seeds->q + N * k, OTHER)) return;
    memcpy(seeds->q + N * seeds->n++, q, N * sizeof(double));
}

/* xorshift64*: uniform in [-1, 1). */
static double uniform(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 0x2545F4914F6CDD1DULL) >> 11) * 0x1p-52 - 1;
}

static void sow_around(const NearArm *arm, const Frame *at, const double *wanted, const Ways *sure, Seeds *seeds) {
    double rows[INVERSE_ROWS * N], turn[3];
    uint64_t random = 88172645463325252ULL; /* the same question has the same answer */
    Frame by, there;
    for (int k = 0; k < AROUND; k++) {
        for (int i = 0; i < 3; i++) by.p[i] = WIDE * arm->way * uniform(&random);
        for (int i = 0; i < 3; i++) turn[i] = WIDE * arm->turn * uniform(&random);
        rotation_from_vector(turn, by.r);
        frame_compose(at, &by, &there);
        for (int m = inverse_all(&arm->nominal, &there, wanted, rows) - 1; m >= 0; m--) sow(seeds, sure, rows + N * m);
    }
}

/* What the seeds lead to. */
static void reap(const NearArm *arm, const Frame *at, Seeds *seeds, Ways *ways) {
    Polished end[MOST_SEEDS];
    arm->descend(&arm->chain, at, arm->length, (size_t)seeds->n, seeds->q, end);
    for (int k = 0; k < seeds->n; k++)
        if (end[k].left <= EXACT && !known(ways, seeds->q + N * k, SAME)) keep(ways, seeds->q + N * k, 0);
    for (int k = 0; k < seeds->n; k++)
        if (end[k].left > EXACT && end[k].left * arm->length <= RIM && !known(ways, seeds->q + N * k, BESIDE))
            keep(ways, seeds->q + N * k, 0);
}

static int seek(const NearArm *arm, const Frame *at, const double *wanted, const Ways *sure, const double *rows,
    int count, double *out) {
    Seeds seeds = {.n = 0};
    Ways ways = *sure;
    double near[N];
    for (int i = 0; i < N; i++) near[i] = angle_near(wanted[i]);
    sow(&seeds, sure, near);
    for (int k = 0; k < count; k++) sow(&seeds, sure, rows + N * k);
    sow_around(arm, at, wanted, sure, &seeds);
    reap(arm, at, &seeds, &ways);
    memcpy(out, ways.q, (size_t)ways.n * sizeof ways.q[0]);
    return ways.n;
}

int near_solve(const void *geometry, const Frame *flange, const double *wanted, double *rows) {
    const NearArm *arm = geometry;
    double nominal[INVERSE_ROWS * N];
    Polished end[INVERSE_ROWS];
    Ways sure = {.n = 0};
    const int count = inverse_all(&arm->nominal, flange, wanted, rows);
    if (count <= 0) return count;
    memcpy(nominal, rows, (size_t)count * N * sizeof(double));
    arm->newton(&arm->chain, flange, arm->length, (size_t)count, rows, end);
    int all = 1;
    for (int k = 0; k < count; k++) all &= end[k].sure;
    if (all) return count;
    for (int k = 0; k < count; k++)
        if (end[k].sure) keep(&sure, rows + N * k, CLEAR * end[k].step);
    return seek(arm, flange, wanted, &sure, nominal, count, rows);
}

void near_bends(const void *geometry, const double *q, double bends[3]) {
    const Inverse *nominal = &((const NearArm *)geometry)->nominal;
    double own[INVERSE_JOINTS];
    for (int i = 0; i < N; i++) own[i] = nominal->sign[i] * (q[i] - nominal->offset[i]);
    nominal->bends(nominal->arm, own, bends);
}
