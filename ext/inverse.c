/* Full turns, limits and the nearest way: see inverse.h. */
#include "inverse.h"

#include <math.h>

#include "angle.h"

static const double EDGE = 1e-9;     /* rad, m: a joint that is beyond its limit by less is at the limit */
static const double STRAIGHT = 1e-9; /* bends whose product is smaller are not told apart */

static void to_own(const Inverse *inverse, const double *q, double *own) {
    for (int i = 0; i < inverse->n; i++) own[i] = inverse->sign[i] * (q[i] - inverse->offset[i]);
}

int inverse_all(const Inverse *inverse, const Frame *T, const double *wanted, double *rows) {
    Frame part, own;
    double aim[INVERSE_JOINTS];
    if (!frame_rigid(T)) return -1;
    frame_compose(&inverse->left, T, &part);
    frame_compose(&part, &inverse->right, &own);
    to_own(inverse, wanted, aim);
    const int count = inverse->solve(inverse->arm, &own, aim, rows);
    for (int k = 0; k < count; k++) {
        double *row = rows + k * inverse->n;
        for (int i = 0; i < inverse->n; i++) {
            row[i] = inverse->sign[i] * row[i] + inverse->offset[i];
            if (inverse->turn[i] > 0) row[i] = angle_near(row[i]);
        }
    }
    return count > 0 ? count : 0;
}

/* The same joints, by full turns next to the seed and within the limits; 0 where they are outside of them. */
static int bring(const Inverse *inverse, const double *seed, double *q) {
    for (int i = 0; i < inverse->n; i++) {
        const double turn = inverse->turn[i], low = inverse->lower[i], high = inverse->upper[i];
        if (turn > 0) {
            q[i] += turn * rint((seed[i] - q[i]) / turn);
            if (q[i] > high + EDGE) q[i] -= turn * ceil((q[i] - high - EDGE) / turn);
            if (q[i] < low - EDGE) q[i] += turn * ceil((low - EDGE - q[i]) / turn);
        }
        if (!(q[i] >= low - EDGE && q[i] <= high + EDGE)) return 0;
        q[i] = fmin(fmax(q[i], low), high);
    }
    return 1;
}

static int changed(const Inverse *inverse, const double *bent, const double *q) {
    double own[INVERSE_JOINTS], now[3];
    int count = 0;
    to_own(inverse, q, own);
    inverse->bends(inverse->arm, own, now);
    for (int i = 0; i < 3; i++) count += now[i] * bent[i] < -STRAIGHT;
    return count;
}

int inverse_nearest(const Inverse *inverse, const Frame *T, const double *seed, int keep, double *out) {
    double rows[INVERSE_ROWS * INVERSE_JOINTS], own[INVERSE_JOINTS], bent[3] = {0, 0, 0}, least = INFINITY;
    int fewest = 4, found = 0;
    const int count = inverse_all(inverse, T, seed, rows);
    keep = keep && inverse->bends;
    if (keep) {
        to_own(inverse, seed, own);
        inverse->bends(inverse->arm, own, bent);
    }
    for (int k = 0; k < count; k++) {
        double *q = rows + k * inverse->n, cost = 0;
        if (!bring(inverse, seed, q)) continue;
        for (int i = 0; i < inverse->n; i++) cost += (q[i] - seed[i]) * (q[i] - seed[i]);
        const int bends = keep && cost > inverse->slack * inverse->slack ? changed(inverse, bent, q) : 0;
        if (bends > fewest || (bends == fewest && !(cost < least))) continue;
        fewest = bends, least = cost, found = 1;
        for (int i = 0; i < inverse->n; i++) out[i] = q[i];
    }
    return found;
}
