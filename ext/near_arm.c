/* See near_arm.h. */
#include "near_arm.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "angle.h"
#include "near_trace.h"
#include "rotation.h"

static const double CLEAR = 3; /* first steps: nearer to a sure way than so many there is no other */
static const double LONG = 0.5; /* rad: along a longer curve b turns, and other curves may be beside it */
static const double WIDE = 2;  /* how far around the frame the nominal arm is asked, by what both arms differ */
enum { N = POLISH_JOINTS, AROUND = 8 };

typedef struct {
    const NearArm *arm;
    const Frame *at;
    Ways ways;
    int sure; /* so many of the ways, the first ones, came out of Newton's steps */
    double clear[INVERSE_ROWS];
    Traced traced;
} Search;

static void seek(Search *s, const double *rows, int count) {
    double polished[INVERSE_ROWS * N];
    Polished end[INVERSE_ROWS];
    if (count <= 0) return;
    memcpy(polished, rows, (size_t)count * N * sizeof(double));
    s->arm->newton(&s->arm->chain, s->at, s->arm->length, (size_t)count, polished, end);
    for (int k = 0; k < count; k++)
        if (end[k].on) near_keep(&s->ways, polished + N * k);
    for (int k = 0; k < count; k++) {
        int clear = 1;
        for (int m = 0; m < s->sure && clear; m++) clear = !near_beside(rows + N * k, s->ways.q[m], s->clear[m]);
        if (clear) near_trace(s->arm, s->at, rows + N * k, &s->traced, &s->ways);
    }
}

/* xorshift64*: uniform in [-1, 1). */
static double uniform(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 0x2545F4914F6CDD1DULL) >> 11) * 0x1p-52 - 1;
}

static void seek_around(Search *s, const double *wanted) {
    const NearArm *arm = s->arm;
    double rows[INVERSE_ROWS * N], turn[3];
    uint64_t random = 88172645463325252ULL; /* the same question has the same answer */
    Frame by, there;
    for (int k = 0; k < AROUND; k++) {
        for (int i = 0; i < 3; i++) by.p[i] = WIDE * arm->way * uniform(&random);
        for (int i = 0; i < 3; i++) turn[i] = WIDE * arm->turn * uniform(&random);
        rotation_from_vector(turn, by.r);
        frame_compose(s->at, &by, &there);
        seek(s, rows, inverse_all(&arm->nominal, &there, wanted, rows));
    }
}

/* Every way, where not all of the polished rows are sure. */
static int search(const NearArm *arm, const Frame *at, const double *wanted, const double *nominal, int count,
    const Polished *end, double *rows) {
    Search s; /* large: set up only as far as it is used */
    double near[N];
    s.arm = arm, s.at = at;
    s.ways.n = s.sure = s.traced.n = 0;
    s.traced.longest = 0;
    for (int k = 0; k < count; k++) {
        if (!end[k].sure) continue;
        s.clear[s.sure] = CLEAR * end[k].step;
        for (int i = 0; i < N; i++) s.ways.q[s.sure][i] = angle_near(rows[N * k + i]);
        s.ways.n = ++s.sure;
    }
    for (int i = 0; i < N; i++) near[i] = angle_near(wanted[i]);
    near_trace(arm, at, near, &s.traced, &s.ways);
    seek(&s, nominal, count);
    if (s.traced.longest > LONG) seek_around(&s, wanted);
    memcpy(rows, s.ways.q, (size_t)s.ways.n * sizeof s.ways.q[0]);
    return s.ways.n;
}

int near_solve(const void *geometry, const Frame *flange, const double *wanted, double *rows) {
    const NearArm *arm = geometry;
    double nominal[INVERSE_ROWS * N];
    Polished end[INVERSE_ROWS];
    const int count = inverse_all(&arm->nominal, flange, wanted, nominal);
    if (count <= 0) return count;
    memcpy(rows, nominal, (size_t)count * N * sizeof(double));
    arm->newton(&arm->chain, flange, arm->length, (size_t)count, rows, end);
    int sure = 1;
    for (int k = 0; k < count; k++) sure &= end[k].sure &= nominal[INVERSE_MOVED + k] == 0;
    return sure ? count : search(arm, flange, wanted, nominal, count, end, rows);
}

void near_bends(const void *geometry, const double *q, double bends[3]) {
    const Inverse *nominal = &((const NearArm *)geometry)->nominal;
    double own[INVERSE_JOINTS];
    for (int i = 0; i < N; i++) own[i] = nominal->sign[i] * (q[i] - nominal->offset[i]);
    nominal->bends(nominal->arm, own, bends);
}
