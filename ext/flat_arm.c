/* Two links in a plane, and turns carried by slides. */
#include "flat_arm.h"

#include <math.h>

static const double RIM = 1e-7;   /* m: what is so little out of reach is answered at the rim */
static const double TILT = 1e-7;  /* rad: a rotation so little out of reach is answered by the next one */
static const double EVEN = 4e-15; /* what rounding takes from a length of 1: ways not further apart are one */
static const double FREE = 1e-10; /* m, or a sine: below it a joint may have any value */

static double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static void cross(const double a[3], const double b[3], double out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* What is left to the rim of the reach; none where rounding could have taken it. */
static double room(double left, double size) { return left > EVEN * size ? left : 0; }

static double wrap(double angle) { return remainder(angle, 2 * M_PI); }

static double between(const double a[3], const double b[3]) {
    double n[3];
    cross(a, b, n);
    return atan2(sqrt(dot(n, n)), dot(a, b));
}

/* v turned by an angle about the unit vector w (Rodrigues). */
static void turned(const double w[3], double angle, const double v[3], double out[3]) {
    const double c = cos(angle), s = sin(angle), along = dot(w, v) * (1 - c);
    double across[3];
    cross(w, v, across);
    for (int k = 0; k < 3; k++) out[k] = c * v[k] + s * across[k] + along * w[k];
}

/* The angle about w that takes u to v, as far as a turn about w can. */
static double angle_to(const double w[3], const double u[3], const double v[3]) {
    double across_u[3], across_v[3], n[3];
    cross(w, u, across_u); /* no digits are lost where both are nearly along w */
    cross(w, v, across_v);
    cross(across_u, across_v, n);
    return atan2(dot(n, w), dot(across_u, across_v));
}

/* The columns of to since those of home: what takes home to to, as three vectors. */
static void since(const double to[9], const double home[9], double columns[3][3]) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) columns[j][i] = dot(to + 3 * i, home + 3 * j);
}

static void applied(double columns[3][3], const double v[3], double out[3]) {
    for (int i = 0; i < 3; i++) out[i] = columns[0][i] * v[0] + columns[1][i] * v[1] + columns[2][i] * v[2];
}

/* The rotation as one about w: its angle, and how far it is from being one. */
static double about(const double w[3], double columns[3][3], double *off) {
    double kept[3];
    applied(columns, w, kept);
    for (int i = 0; i < 3; i++) kept[i] -= w[i];
    *off = sqrt(dot(kept, kept));
    const double twice[3] = {columns[1][2] - columns[2][1], columns[2][0] - columns[0][2],
                             columns[0][1] - columns[1][0]};
    return atan2(dot(twice, w), columns[0][0] + columns[1][1] + columns[2][2] - 1);
}

static int scara(const FlatScara *arm, const Frame *flange, const double *wanted, double *rows) {
    static const double up[3] = {0, 0, 1};
    Frame at;
    double columns[3][3], off;
    frame_compose(&arm->plane, flange, &at);
    since(at.r, arm->home.r, columns);
    const double theta = about(up, columns, &off), c = cos(theta), s = sin(theta);
    if (!(off <= TILT)) return 0;
    const double x = arm->home.p[0] - arm->wrist[0], y = arm->home.p[1] - arm->wrist[1];
    const double ox = at.p[0] - (c * x - s * y), oy = at.p[1] - (s * x + c * y), length = hypot(ox, oy);
    const double far = arm->first + arm->second, near = fabs(arm->first - arm->second);
    if (!(length <= far + RIM && length >= near - RIM && isfinite(at.p[2]))) return 0;
    const double over = room(far - length, far) * (far + length), under = room(length - near, far) * (length + near);
    const int count = over > 0 && under > 0 ? 2 : 1;
    double elbow = 2 * atan2(sqrt(over), sqrt(under));
    for (int k = 0; k < count; k++, elbow = -elbow) {
        double *row = rows + 4 * k, q1 = arm->sign[0] * wanted[arm->turn[0]];
        if (length > FREE) q1 = atan2(oy, ox) - atan2(arm->second * sin(elbow), arm->first + arm->second * cos(elbow));
        row[arm->turn[0]] = arm->sign[0] * wrap(q1);
        row[arm->turn[1]] = arm->sign[1] * wrap(elbow - arm->bend);
        row[arm->turn[2]] = arm->sign[2] * wrap(theta - q1 - elbow + arm->bend);
        row[arm->slide] = arm->rise * (at.p[2] - arm->home.p[2]);
    }
    return count;
}

/* Both turns about the second of three axes that bring the third to u; how many there are. */
static int middle(const FlatGantry *arm, const double u[3], double out[2]) {
    const double *w1 = arm->axis[0], *w2 = arm->axis[1], *w3 = arm->axis[2];
    const double a = between(w1, w2), b = between(w2, w3), chi = between(w1, u);
    const double least = fabs(a - b), most = a + b < M_PI ? a + b : 2 * M_PI - a - b;
    if (!(chi <= most + TILT && chi >= least - TILT)) return 0;
    const double over = sin((chi + least) / 2) * sin(room(chi - least, 1) / 2);
    const double under = sin((most + chi) / 2) * sin(room(most - chi, 1) / 2);
    double side[3];
    cross(w2, w3, side);
    const double zero = atan2(dot(w1, side), dot(w1, w3) - dot(w1, w2) * dot(w2, w3));
    const double angle = 2 * atan2(sqrt(over), sqrt(under));
    out[0] = zero + angle;
    out[1] = zero - angle;
    return over > 0 && under > 0 && sin(chi) > FREE ? 2 : 1;
}

/* All turns, the second of three being given; 0 where they do not make the rotation. */
static int turns(const FlatGantry *arm, double columns[3][3], const double *wanted, double second, double q[3]) {
    const int last = arm->turns - 1;
    const double *end = arm->axis[last];
    double off, u[3], v[3], left[3][3];
    applied(columns, end, u);
    if (last == 1) q[0] = angle_to(arm->axis[0], end, u);
    if (last == 2) {
        q[1] = second;
        turned(arm->axis[1], second, end, v);
        q[0] = sin(between(arm->axis[0], u)) > FREE ? angle_to(arm->axis[0], v, u) : wanted[arm->turn[0]];
    }
    for (int i = 0; i < 3; i++) { /* what is left for the last one */
        for (int m = 0; m < 3; m++) left[i][m] = columns[i][m];
        for (int k = 0; k < last; k++) {
            turned(arm->axis[k], -q[k], left[i], v);
            for (int m = 0; m < 3; m++) left[i][m] = v[m];
        }
    }
    q[last] = about(end, left, &off);
    return off <= TILT;
}

/* The slides, with the turns q: they carry the rest of the way. */
static int slides(const FlatGantry *arm, const double p[3], const double q[3], double *row) {
    double at[3] = {arm->home.p[0], arm->home.p[1], arm->home.p[2]}, from[3], v[3];
    for (int k = arm->turns - 1; k >= 0; k--) {
        for (int i = 0; i < 3; i++) from[i] = at[i] - arm->point[k][i];
        turned(arm->axis[k], q[k], from, v);
        for (int i = 0; i < 3; i++) at[i] = arm->point[k][i] + v[i];
        row[arm->turn[k]] = wrap(q[k]);
    }
    for (int i = 0; i < 3; i++) v[i] = p[i] - at[i];
    for (int i = 0; i < 3; i++) row[arm->slide[i]] = dot(arm->undo + 3 * i, v);
    return isfinite(row[arm->slide[0]]) && isfinite(row[arm->slide[1]]) && isfinite(row[arm->slide[2]]);
}

static int gantry(const FlatGantry *arm, const Frame *flange, const double *wanted, double *rows) {
    double columns[3][3], second[2] = {0, 0}, q[3], off;
    int branches = 1, count = 0;
    since(flange->r, arm->home.r, columns);
    if (arm->turns == 0) {
        static const double x[3] = {1, 0, 0};
        if (!(fabs(about(x, columns, &off)) <= TILT && off <= TILT)) return 0;
    }
    if (arm->turns == 3) {
        double u[3];
        applied(columns, arm->axis[2], u);
        branches = middle(arm, u, second);
    }
    for (int k = 0; k < branches; k++) {
        if (arm->turns && !turns(arm, columns, wanted, second[k], q)) continue;
        count += slides(arm, flange->p, q, rows + (3 + arm->turns) * count);
    }
    return count;
}

int flat_solve(const void *geometry, const Frame *flange, const double *wanted, double *rows) {
    const FlatArm *arm = geometry;
    if (arm->kind == FLAT_SCARA) return scara(&arm->shape.scara, flange, wanted, rows);
    return gantry(&arm->shape.gantry, flange, wanted, rows);
}
