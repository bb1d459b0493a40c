/* See polish.h; included by one file a kernel. Whether a row goes on depends on that row alone, so that a row ends with
the same numbers whatever stands beside it. */
#include "polish.h"

enum { N = POLISH_JOINTS, NEWTON_ROUNDS = 5 };

static const double FINE = 2e-8;     /* rad: after so small a step the next one is below rounding */
static const double LARGE = 0.3;     /* rad: a first step of more is not to be trusted */
static const double SHRINKS = 0.2;   /* each of Newton's steps at most this part of the one before */

/* Columns of J, and what is left to go. */
typedef struct {
    Lane a[N][6], e[6];
} System;

INLINE Lane lanes_root(Lane x) {
    for (int k = 0; k < LANES; k++) x[k] = __builtin_sqrt(x[k]);
    return x;
}

INLINE Lane lanes_size(const Lane *x, int n) {
    const LaneBits sign = (LaneBits){0} + (-0x7fffffffffffffffLL - 1);
    LaneBits most = {0};
    for (int i = 0; i < n; i++) { /* compared as bits, by which what is no number is the largest */
        const LaneBits each = (LaneBits)x[i] & ~sign, larger = each > most;
        most = (larger & each) | (~larger & most);
    }
    return (Lane)most;
}

INLINE int lanes_any(LaneBits mask) {
    long long any = 0;
    for (int k = 0; k < LANES; k++) any |= mask[k];
    return any != 0;
}

INLINE void lanes_cross(const Lane *a, const Lane *b, Lane *out) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* The system at q. */
INLINE void system_at(const Chain *chain, const Frame *target, double scale, const Lane *q, System *s) {
    Turn t;
    Lane at[N][3], turn[3];
    spread(&chain->base, &t);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < 3; k++) s->a[i][3 + k] = t.z[k], at[i][k] = t.p[k];
        pass(&t, &chain->joint[i], &q[i]);
    }
    end(&t, &chain->tip);
    for (int i = 0; i < N; i++) {
        const Lane arm[3] = {t.p[0] - at[i][0], t.p[1] - at[i][1], t.p[2] - at[i][2]};
        lanes_cross(s->a[i] + 3, arm, s->a[i]);
        for (int k = 0; k < 3; k++) s->a[i][k] *= scale;
    }
    for (int k = 0; k < 3; k++) s->e[k] = (target->p[k] - t.p[k]) * scale, s->e[3 + k] = (Lane){0};
    for (int c = 0; c < 3; c++) {
        const Lane *own = c == 0 ? t.x : c == 1 ? t.y : t.z;
        const Lane to[3] = {(Lane){0} + target->r[c], (Lane){0} + target->r[3 + c], (Lane){0} + target->r[6 + c]};
        lanes_cross(own, to, turn);
        for (int k = 0; k < 3; k++) s->e[3 + k] += 0.5 * turn[k];
    }
}

/* x of a x = e; a and e are used up. */
INLINE void solve(System *s, Lane *x) {
    Lane r[N][N], over[N];
    for (int i = 0; i < N; i++) {
        Lane square = {0};
        for (int k = 0; k < 6; k++) square += s->a[i][k] * s->a[i][k];
        over[i] = 1.0 / lanes_root(square);
        for (int k = 0; k < 6; k++) s->a[i][k] *= over[i];
        for (int j = i + 1; j <= N; j++) {
            Lane *other = j < N ? s->a[j] : s->e, part = {0};
            for (int k = 0; k < 6; k++) part += s->a[i][k] * other[k];
            for (int k = 0; k < 6; k++) other[k] -= part * s->a[i][k];
            if (j < N) r[i][j] = part;
            else x[i] = part;
        }
    }
    for (int i = N - 1; i >= 0; i--) {
        for (int j = i + 1; j < N; j++) x[i] -= r[i][j] * x[j];
        x[i] *= over[i];
    }
}

INLINE void newton_some(const Chain *chain, const Frame *target, double length, size_t count, double *rows,
    Polished *out) {
    System s;
    Lane q[N], x[N], first = {0}, last = {0};
    LaneBits going = (LaneBits){0} - 1, sure = going;
    for (int i = 0; i < N; i++) q[i] = gather(rows, N, i, count);
    for (int round = 0; round < NEWTON_ROUNDS && lanes_any(going); round++) {
        system_at(chain, target, 1 / length, q, &s);
        solve(&s, x);
        const Lane size = lanes_size(x, N);
        if (round == 0) first = size;
        else sure &= ~going | (LaneBits)(size <= SHRINKS * last) | (LaneBits)(size <= FINE);
        for (int i = 0; i < N; i++) q[i] = PICK(going, q[i] + x[i], q[i]);
        going &= ~(LaneBits)(size <= FINE);
        last = size;
    }
    sure &= ~going & (LaneBits)(first < LARGE);
    for (size_t k = 0; k < count; k++) {
        for (int i = 0; i < N; i++) rows[k * N + (size_t)i] = q[i][k];
        out[k] = (Polished){first[k], going[k] == 0, sure[k] != 0};
    }
}

static void newton_all(const Chain *chain, const Frame *target, double length, size_t n, double *rows, Polished *out) {
    for (; n >= LANES; n -= LANES, rows += LANES * N, out += LANES)
        newton_some(chain, target, length, LANES, rows, out);
    if (n > 0) newton_some(chain, target, length, n, rows, out);
}
