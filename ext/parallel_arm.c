/* The ways of a UR-type arm to a frame: see parallel_arm.h.

Angles are kept as sine and cosine while the branches are found; the arcs of all of them are taken together at the end,
because an arc costs more than all the rest. */
#include "parallel_arm.h"

#include <math.h>

#include "angle.h"
#include "inverse.h"

static const double RIM = 1e-7;   /* m: a frame so little out of reach is answered at the rim */
static const double FREE = 1e-10; /* s5 below this: q6 may be anything */
static const double SLACK = 1e-9; /* rad: how far the tip may turn for a q6 that brings the wrist into reach */
static const double IN_LINE = 1e-3; /* s5 below this: the wrist is all but singular */
static const double SHIFT = 1e-9; /* m: how far o5 may move for a q1 that brings the wrist into reach */

typedef struct {
    double s, c;
} Arc;

typedef struct {
    Arc q1;
    double p, u;    /* o5 in the arm's plane: along it, and up */
    int moved;      /* off a singular shoulder, by blur */
    double m[3];    /* R^T z3 */
    double s5;      /* without its sign */
    int free;       /* whether q6 may be anything */
    Arc q6, q234;   /* with q5 bent to the positive side */
} Wrist;

typedef struct {
    int branches, moved;
    Arc q1, q5, q6, q234;
    double wp, wu, over, under; /* the wrist from the shoulder; tan^2(q3 / 2) = over / under */
    double beyond;              /* how far out of reach it is */
    double s3, c3;
} Way;

static Arc arc_of(double angle) { return (Arc){sin(angle), cos(angle)}; }
static Arc opposite(Arc a) { return (Arc){-a.s, -a.c}; }

static double inner(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

/* The q234 next to the given one that brings the wrist, d5 from (p, u), into the elbow's reach. */
static Arc reaching(const ParallelArm *arm, double p, double u, Arc q234) {
    const double far = arm->a2 + arm->a3, near = fabs(arm->a2 - arm->a3), d5 = arm->d5;
    const double length = hypot(p - d5 * q234.s, u + d5 * q234.c), middle = hypot(p, u);
    if ((near <= length && length <= far) || !(middle > 0) || !(d5 > 0)) return q234;
    const double wanted = length > far ? far : near;
    const double cosine = inner((middle * middle + d5 * d5 - wanted * wanted) / (2 * middle * d5), -1, 1);
    const double towards = atan2(u, p) + PI / 2; /* z4 at q234 points along q234 - pi/2 */
    const double half = atan2(sqrt(1 - cosine * cosine), cosine);
    return arc_of(towards + (angle_near(atan2(q234.s, q234.c) - towards) > 0 ? half : -half));
}

static double turn_between(Arc from, Arc to) {
    return atan2(to.s * from.c - to.c * from.s, to.c * from.c + to.s * from.s);
}

static Arc turned(Arc a, double by) {
    const Arc b = arc_of(by);
    return (Arc){a.s * b.c + a.c * b.s, a.c * b.c - a.s * b.s};
}

/* q234 from q6, by z4. */
static Arc lean(const Frame *f, Arc q1, Arc q6) {
    const double *r = f->r;
    return (Arc){-q6.s * (r[0] * q1.c + r[3] * q1.s) - q6.c * (r[1] * q1.c + r[4] * q1.s),
                 q6.s * r[6] + q6.c * r[7]};
}

/* A wrist that is all but in line may turn so far that the tip still turns less than SLACK. */
static void ease(const ParallelArm *arm, Wrist *w) {
    const Arc better = reaching(arm, w->p, w->u, w->q234);
    const double by = turn_between(w->q234, better);
    if (by == 0 || fabs(by) * w->s5 > SLACK + 2 * arm->turn) return;
    /* the tip's turn in the plane is q234 + q6 where c5 = 1, q234 - q6 where c5 = -1 */
    w->q6 = turned(w->q6, w->m[2] > 0 ? -by : by);
    w->q234 = better;
}

/* The wrist for a shoulder at q1, bent to the positive side. */
static void find_wrist(const Frame *f, Arc q1, double wanted, Wrist *w) {
    const double *r = f->r;
    for (int i = 0; i < 3; i++) w->m[i] = r[i] * q1.s - r[3 + i] * q1.c;
    w->q1 = q1;
    w->p = f->p[0] * q1.c + f->p[1] * q1.s;
    w->u = f->p[2];
    w->s5 = sqrt(w->m[0] * w->m[0] + w->m[1] * w->m[1]);
    w->free = w->s5 < FREE;
    w->q6 = w->free ? arc_of(wanted) : (Arc){-w->m[1] / w->s5, w->m[0] / w->s5};
    w->q234 = lean(f, q1, w->q6);
}

/* The same wrist bent to the other side. */
static Wrist flipped(const Wrist *w) {
    Wrist other = *w;
    other.q6 = opposite(w->q6);
    other.q234 = opposite(w->q234);
    return other;
}

/* How far the wrist may be out of reach, if the frame is off by `way` and `turn`: next to a singular pose that moves
   joints 1 and 6, and so the wrist, by more. */
static double rim(const ParallelArm *arm, const Wrist *w) {
    if (arm->way == 0) return RIM;
    const double turn = arm->way / fabs(w->p);
    return RIM + arm->way + arm->d4 * turn + arm->d5 * (arm->turn + turn) / w->s5;
}

/* An elbow that is straight or folded bends by blur; whether anything is moved. */
static void move(const ParallelArm *arm, const Wrist *w, Way *way) {
    const double part = arm->blur / 2;
    way->moved = w->moved || w->s5 < arm->blur || way->over < part * way->under || way->under < part * way->over;
    way->branches = 2;
    way->over = fmax(way->over, part * way->under);
    way->under = fmax(way->under, part * way->over);
}

/* The elbow for a wrist, with joint 2 as wanted where it may be anything; 0 where it is out of reach. */
static int find_elbow(const ParallelArm *arm, const Wrist *w, int flip, double wanted, Way *way) {
    const double far = arm->a2 + arm->a3, near = fabs(arm->a2 - arm->a3);
    way->wp = w->p - arm->d5 * w->q234.s;
    way->wu = w->u + arm->d5 * w->q234.c;
    const double square = way->wp * way->wp + way->wu * way->wu, length = sqrt(square);
    way->beyond = length > far ? length - far : near - length;
    if (!(way->beyond <= rim(arm, w))) return 0;
    /* exact digits at both ends */
    const double over = (far - length) * (far + length), under = (length - near) * (length + near);
    way->over = over > 0 ? sqrt(over) : 0;
    way->under = under > 0 ? sqrt(under) : 0;
    way->branches = over > 0 && under > 0 ? 2 : 1;
    if (length < FREE) { /* folded onto the shoulder: joint 2 may be anything */
        way->branches = 1, way->under = 0, way->over = 1;
        way->wp = cos(wanted), way->wu = sin(wanted);
    }
    if (arm->blur > 0) move(arm, w, way);
    const double sum = way->over * way->over + way->under * way->under;
    way->s3 = 2 * way->over * way->under / sum;
    way->c3 = (way->under - way->over) * (way->under + way->over) / sum;
    way->q1 = w->q1;
    const double s5 = fmax(w->free ? 0 : w->s5, arm->blur);
    way->q5 = (Arc){flip ? -s5 : s5, w->m[2]};
    way->q6 = w->q6;
    way->q234 = w->q234;
    return 1;
}

/* The q1 next to the given one that has the wrist within the elbow's reach; the given one if there is none.

   With o5 at d4 from axis 1 q1 keeps half its digits, and the wrist loses those again by 1 / s5. There q1 may turn by so
   much that o5 moves less than SHIFT against the plane; it is found from the q234 wanted, by z4 . z6 = 0. */
static Arc shifted(const ParallelArm *arm, const Frame *f, Arc q1, Arc q234, int *moved) {
    const double *r = f->r, start = atan2(q1.s, q1.c);
    double angle = start;
    for (int i = 0; i < 3; i++) {
        const Arc a = arc_of(angle), to = reaching(arm, f->p[0] * a.c + f->p[1] * a.s, f->p[2], q234);
        angle -= (to.s * (a.c * r[2] + a.s * r[5]) - to.c * r[8]) / (to.s * (a.c * r[5] - a.s * r[2]));
    }
    const Arc found = arc_of(angle);
    *moved = fabs(f->p[0] * (found.s - q1.s) - f->p[1] * (found.c - q1.c)) <= SHIFT && angle != start;
    return *moved ? found : q1; /* also where q1 has no part in it, and the angle is not a number */
}

/* The elbow once more, with the shoulder where it brings the wrist into reach. */
static int find_shifted(const ParallelArm *arm, const Frame *f, const Wrist *w, const double *wanted, Way *way) {
    /* q1 may turn by about SHIFT / p, the wrist by that over s5 */
    if (!(way->beyond * w->s5 * (fabs(w->p) + 1e-5) <= 16 * arm->d5 * SHIFT)) return 0;
    int moved;
    const Arc q1 = shifted(arm, f, w->q1, w->q234, &moved);
    if (!moved) return 0;
    const Arc to = reaching(arm, f->p[0] * q1.c + f->p[1] * q1.s, f->p[2], w->q234);
    Wrist other;
    find_wrist(f, q1, wanted[5], &other);
    other.moved = 1;
    const int flip = other.q234.c * to.c + other.q234.s * to.s < 0; /* s5 may have gone through zero */
    if (flip && !other.free) other = flipped(&other);
    if (other.s5 < IN_LINE + 4 * arm->turn) ease(arm, &other);
    return find_elbow(arm, &other, flip, wanted[1], way);
}

static int find_way(const ParallelArm *arm, const Frame *f, Wrist w, int flip, const double *wanted, Way *way) {
    if (w.s5 < IN_LINE + 4 * arm->turn) ease(arm, &w);
    return find_elbow(arm, &w, flip, wanted[1], way) || find_shifted(arm, f, &w, wanted, way);
}

/* The one or two q1 for which o5 lies at d4 from the arm's plane. */
static int shoulders(const ParallelArm *arm, const Frame *f, double wanted, Arc q1[2], int *moved) {
    const double x = f->p[0], y = f->p[1], d4 = arm->d4, square = x * x + y * y, radius = sqrt(square);
    if (!(radius >= d4 - RIM - arm->way)) return 0;
    if (radius < FREE) { /* only where d4 is zero: any q1 will do */
        q1[0] = arc_of(wanted), q1[1] = opposite(q1[0]);
        *moved = 1;
        return 2;
    }
    double along = radius > d4 ? sqrt((radius - d4) * (radius + d4)) : 0, across = radius > d4 ? d4 : radius;
    *moved = along < arm->blur * radius;
    if (*moved) {
        along = arm->blur * radius;
        across = sqrt((radius - along) * (radius + along));
    }
    q1[0] = (Arc){(y * along + x * across) / square, (x * along - y * across) / square};
    q1[1] = (Arc){(x * across - y * along) / square, -(x * along + y * across) / square};
    return along > 0 ? 2 : 1;
}

/* The angles of all ways: seven arcs each. */
static int rows_of(const ParallelArm *arm, const Way *ways, int n, double *rows) {
    double y[4 * 7], x[4 * 7], angle[4 * 7], *row = rows;
    for (int k = 0; k < n; k++) {
        const Way *w = &ways[k];
        const double ys[7] = {w->q1.s, w->q5.s, w->q6.s, w->q234.s, w->over, w->wu, arm->a3 * w->s3};
        const double xs[7] = {w->q1.c, w->q5.c, w->q6.c, w->q234.c, w->under, w->wp, arm->a2 + arm->a3 * w->c3};
        for (int i = 0; i < 7; i++) y[7 * k + i] = ys[i], x[7 * k + i] = xs[i];
    }
    arm->atan2(y, x, 7 * (size_t)n, angle);
    for (int k = 0; k < n; k++) {
        const double *a = angle + 7 * k;
        for (int side = 1; side >= (ways[k].branches == 2 ? -1 : 1); side -= 2, row += 6) {
            const double q3 = side * 2 * a[4], q2 = a[5] - side * a[6];
            if (arm->blur > 0) rows[INVERSE_MOVED + (row - rows) / 6] = ways[k].moved;
            row[0] = angle_near(a[0]);
            row[1] = angle_near(q2);
            row[2] = angle_near(q3);
            row[3] = angle_near(a[3] - q2 - q3);
            row[4] = angle_near(a[1]);
            row[5] = angle_near(a[2]);
        }
    }
    return (int)(row - rows) / 6;
}

int parallel_solve(const void *geometry, const Frame *f, const double *wanted, double *rows) {
    const ParallelArm *arm = geometry;
    Arc q1[2];
    Way ways[4];
    int n = 0, moved;
    const int sides = shoulders(arm, f, wanted[0], q1, &moved);
    for (int k = 0; k < sides; k++) {
        Wrist w;
        find_wrist(f, q1[k], wanted[5], &w);
        w.moved = moved;
        n += find_way(arm, f, w, 0, wanted, &ways[n]);
        if (!w.free || arm->blur > 0) n += find_way(arm, f, flipped(&w), 1, wanted, &ways[n]);
    }
    return n ? rows_of(arm, ways, n, rows) : 0;
}

void parallel_bends(const void *geometry, const double *q, double bends[3]) {
    const ParallelArm *arm = geometry;
    bends[0] = arm->a2 * cos(q[1]) + arm->a3 * cos(q[1] + q[2]) + arm->d5 * sin(q[1] + q[2] + q[3]);
    bends[1] = sin(q[2]);
    bends[2] = sin(q[4]);
}
