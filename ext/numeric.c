/* Damped least squares within limits: see numeric.h. */
#include "numeric.h"

#include <math.h>
#include <string.h>

#include "angle.h"
#include "rotation.h"

static const double DAMPING = 0.1;  /* share of the squared error */
static const double STRIDE = 1.0;   /* rad, or lengths: the most that a joint goes in one round */
static const double SAME = 1e-6;    /* rad, m: joints that differ by less are the same way */
enum { PATIENCE = 12 };             /* rounds without the error falling to half: this seed leads nowhere */

/* xorshift64*: uniform in [0, 1). */
static double uniform(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * 0x2545F4914F6CDD1DULL) >> 11) * 0x1p-53;
}

typedef struct {
    double e[6];                 /* in the tip's frame, weighed, the way divided by the length */
    double J[6 * CHAIN_MOST];    /* so is this */
    double way, turn, square;
} Error;

/* A vector of the base in the tip's frame. */
static void into(const Frame *f, const double *v, double *out) {
    for (int i = 0; i < 3; i++) out[i] = f->r[i] * v[0] + f->r[3 + i] * v[1] + f->r[6 + i] * v[2];
}

static void weigh(const NumericTask *task, double *six) {
    for (int i = 0; i < 3; i++) six[i] *= task->weight[i] / task->length, six[3 + i] *= task->weight[3 + i];
}

static void measure(const Chain *chain, const NumericTask *task, const Frame *target, const double *q, Error *error) {
    Frame tip;
    double J[6 * CHAIN_MOST], turn[9], v[6], local[6];
    const int n = chain->n;
    chain_state(chain, q, &tip, J);
    for (int i = 0; i < 3; i++) {
        v[i] = target->p[i] - tip.p[i];
        for (int k = 0; k < 3; k++) /* target times the transpose of tip: what is left to turn, in the base */
            turn[3 * i + k] = target->r[3 * i] * tip.r[3 * k] + target->r[3 * i + 1] * tip.r[3 * k + 1] +
                              target->r[3 * i + 2] * tip.r[3 * k + 2];
    }
    rotation_to_vector(turn, v + 3);
    into(&tip, v, local);
    into(&tip, v + 3, local + 3);
    error->way = error->turn = error->square = 0;
    for (int i = 0; i < 3; i++) {
        if (task->weight[i] > 0) error->way = hypot(error->way, local[i]);
        if (task->weight[3 + i] > 0) error->turn = hypot(error->turn, local[3 + i]);
    }
    weigh(task, local);
    for (int i = 0; i < 6; i++) error->e[i] = local[i], error->square += local[i] * local[i];
    for (int k = 0; k < n; k++) {
        double column[6], own[6];
        for (int i = 0; i < 6; i++) column[i] = J[i * n + k];
        into(&tip, column, own);
        into(&tip, column + 3, own + 3);
        weigh(task, own);
        for (int i = 0; i < 6; i++) error->J[i * n + k] = own[i];
    }
}

/* Solves the symmetric positive A y = b in place (Cholesky); 0 where A is not positive. */
static int solve6(double A[36], double *b) {
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k <= i; k++) {
            double sum = A[6 * i + k];
            for (int m = 0; m < k; m++) sum -= A[6 * i + m] * A[6 * k + m];
            if (i != k) A[6 * i + k] = sum / A[6 * k + k];
            else if (sum > 0) A[6 * i + i] = sqrt(sum);
            else return 0;
        }
    }
    for (int i = 0; i < 6; i++) {
        for (int m = 0; m < i; m++) b[i] -= A[6 * i + m] * b[m];
        b[i] /= A[6 * i + i];
    }
    for (int i = 5; i >= 0; i--) {
        for (int m = i + 1; m < 6; m++) b[i] -= A[6 * m + i] * b[m];
        b[i] /= A[6 * i + i];
    }
    return 1;
}

/* The step of the joints that are free; `span` is how much each joint is worth. */
static int step_of(const Error *error, int n, const double *span, double *step) {
    double A[36], y[6];
    const double damping = DAMPING * error->square + 1e-14;
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k <= i; k++) {
            double sum = 0;
            for (int m = 0; m < n; m++) sum += error->J[i * n + m] * error->J[k * n + m] * span[m] * span[m];
            A[6 * i + k] = sum;
        }
        A[6 * i + i] += damping;
        y[i] = error->e[i];
    }
    if (!solve6(A, y)) return 0;
    for (int m = 0; m < n; m++) {
        step[m] = 0;
        for (int i = 0; i < 6; i++) step[m] += error->J[i * n + m] * y[i];
        step[m] *= span[m] * span[m];
    }
    return 1;
}

/* One round: the joints after it; 0 where none can move. */
static int go(const Chain *chain, const NumericTask *task, const Error *error, double *q) {
    double span[CHAIN_MOST], step[CHAIN_MOST];
    const int n = chain->n;
    for (int i = 0; i < n; i++) span[i] = chain->joint[i].slides ? task->length : 1;
    for (int round = 0; round <= n; round++) {
        int pressed = 0;
        if (!step_of(error, n, span, step)) return 0;
        for (int i = 0; i < n; i++) {
            const int low = q[i] <= task->lower[i] && step[i] < 0, high = q[i] >= task->upper[i] && step[i] > 0;
            if (span[i] > 0 && (low || high)) span[i] = 0, pressed = 1;
        }
        if (!pressed) break;
    }
    double most = 0;
    for (int i = 0; i < n; i++) {
        const double size = fabs(step[i]) / (chain->joint[i].slides ? task->length : 1);
        most = size > most ? size : most;
    }
    if (!(most > 0)) return 0;
    const double part = most > STRIDE ? STRIDE / most : 1;
    for (int i = 0; i < n; i++) {
        const double next = q[i] + part * step[i];
        q[i] = next < task->lower[i] ? task->lower[i] : next > task->upper[i] ? task->upper[i] : next;
    }
    return 1;
}

/* From q on: 1 if near enough. The rounds go up to `task->rounds` in all. */
static int descend(const Chain *chain, const NumericTask *task, const Frame *target, double *q, Error *error,
    int *rounds) {
    double mark = INFINITY, last[CHAIN_MOST];
    int since = 0;
    const size_t bytes = (size_t)chain->n * sizeof(double);
    measure(chain, task, target, q, error);
    while (*rounds < task->rounds) {
        if (error->way <= task->way && error->turn <= task->turn) { /* one more: it costs little and doubles the digits */
            Error polished;
            memcpy(last, q, bytes);
            if (go(chain, task, error, q)) {
                measure(chain, task, target, q, &polished);
                if (polished.square <= error->square) *error = polished;
                else memcpy(q, last, bytes);
            }
            return 1;
        }
        if (error->square < 0.5 * mark) mark = error->square, since = 0;
        else if (++since > PATIENCE) return 0;
        ++*rounds;
        if (!go(chain, task, error, q)) return 0;
        measure(chain, task, target, q, error);
    }
    return error->way <= task->way && error->turn <= task->turn;
}

static void scatter(const Chain *chain, const NumericTask *task, uint64_t *random, double *q) {
    for (int i = 0; i < chain->n; i++) {
        const double most = chain->joint[i].slides ? task->length : PI;
        double low = task->lower[i], high = task->upper[i];
        if (!chain->joint[i].slides && high - low > TWO_PI) { /* one turn holds every way */
            const double middle = low <= 0 && high >= 0 ? 0 : isfinite(low) ? low + PI : high - PI;
            low = middle - PI > low ? middle - PI : low;
            high = low + TWO_PI < high ? low + TWO_PI : high;
        }
        if (!isfinite(low)) low = isfinite(high) ? high - 2 * most : -most;
        if (!isfinite(high)) high = low + 2 * most;
        q[i] = low + (high - low) * uniform(random);
    }
}

/* By full turns next to the seed, within the limits. */
static void bring(const Chain *chain, const NumericTask *task, const double *seed, double *q) {
    for (int i = 0; i < chain->n; i++) {
        if (chain->joint[i].slides || !isfinite(seed[i])) continue;
        double near = q[i] + TWO_PI * rint((seed[i] - q[i]) / TWO_PI);
        if (near > task->upper[i]) near -= TWO_PI * ceil((near - task->upper[i]) / TWO_PI);
        if (near < task->lower[i]) near += TWO_PI * ceil((task->lower[i] - near) / TWO_PI);
        if (near <= task->upper[i]) q[i] = near;
    }
}

static void clamp(const Chain *chain, const NumericTask *task, const double *seed, double *q) {
    for (int i = 0; i < chain->n; i++)
        q[i] = seed[i] < task->lower[i] ? task->lower[i] : seed[i] > task->upper[i] ? task->upper[i] : seed[i];
}

int numeric_solve(const Chain *chain, const NumericTask *task, const Frame *target, const double *seed, double *q,
    NumericReport *report) {
    double now[CHAIN_MOST], least = INFINITY;
    uint64_t random = task->random | 1;
    Error error;
    *report = (NumericReport){INFINITY, INFINITY, 0, 0};
    clamp(chain, task, seed, now);
    memcpy(q, now, (size_t)chain->n * sizeof(double));
    for (int k = 0; k < task->tries; k++) {
        int rounds = 0;
        const int found = descend(chain, task, target, now, &error, &rounds);
        report->rounds += rounds;
        report->tries = k + 1;
        if (error.square < least) {
            least = error.square;
            memcpy(q, now, (size_t)chain->n * sizeof(double));
            report->way = error.way, report->turn = error.turn;
        }
        if (found) {
            bring(chain, task, seed, q);
            return 1;
        }
        scatter(chain, task, &random, now);
    }
    return 0;
}

static int known(const Chain *chain, const double *rows, int count, const double *q) {
    for (int k = 0; k < count; k++) {
        double apart = 0;
        for (int i = 0; i < chain->n; i++) {
            const double by = q[i] - rows[k * chain->n + i];
            const double off = fabs(chain->joint[i].slides ? by : angle_near(by));
            apart = off > apart ? off : apart;
        }
        if (apart < SAME) return 1;
    }
    return 0;
}

int numeric_all(const Chain *chain, const NumericTask *task, const Frame *target, const double *seed, double *rows) {
    double now[CHAIN_MOST];
    uint64_t random = task->random | 1;
    int count = 0;
    Error error;
    clamp(chain, task, seed, now);
    for (int k = 0; k < task->tries && count < NUMERIC_ROWS; k++) {
        int rounds = 0;
        if (descend(chain, task, target, now, &error, &rounds)) {
            bring(chain, task, seed, now);
            if (!known(chain, rows, count, now))
                memcpy(rows + count++ * chain->n, now, (size_t)chain->n * sizeof(double));
        }
        scatter(chain, task, &random, now);
    }
    return count;
}
