/* The chain for LANES sets of joint values at once; included by one file a kernel. */
#include "chain.h"
#include "lanes.h"

#include <math.h>
#include <string.h>

/* x, y, z: the columns of the rotation; p: the position. */
typedef struct {
    Lane x[3], y[3], z[3], p[3];
} Turn;

INLINE void spread(const Frame *f, Turn *t) {
    for (int i = 0; i < 3; i++) {
        t->x[i] = (Lane){0} + f->r[3 * i];
        t->y[i] = (Lane){0} + f->r[3 * i + 1];
        t->z[i] = (Lane){0} + f->r[3 * i + 2];
        t->p[i] = (Lane){0} + f->p[i];
    }
}

/* Through joint and link. */
INLINE void pass(Turn *t, const ChainJoint *joint, const Lane *value) {
    Lane sine, cosine;
    const Lane angle = joint->slides ? (Lane){0} + joint->turn : *value + joint->turn;
    const Lane along = joint->slides ? *value + joint->d : (Lane){0} + joint->d;
    lanes_sincos(&angle, &sine, &cosine);
    for (int i = 0; i < 3; i++) {
        Lane x = t->x[i] * cosine + t->y[i] * sine, y = t->y[i] * cosine - t->x[i] * sine, z = t->z[i];
        t->p[i] += z * along + x * joint->a;
        if (joint->twists) {
            const Lane straight = x;
            x = x * joint->twist_c + y * joint->twist_s;
            y = y * joint->twist_c - straight * joint->twist_s;
        }
        t->x[i] = x;
        t->y[i] = y * joint->c + z * joint->s;
        t->z[i] = z * joint->c - y * joint->s;
    }
}

INLINE void end(Turn *t, const Frame *tip) {
    const Turn f = *t;
    for (int i = 0; i < 3; i++) {
        const Lane x = f.x[i], y = f.y[i], z = f.z[i];
        t->x[i] = x * tip->r[0] + y * tip->r[3] + z * tip->r[6];
        t->y[i] = x * tip->r[1] + y * tip->r[4] + z * tip->r[7];
        t->z[i] = x * tip->r[2] + y * tip->r[5] + z * tip->r[8];
        t->p[i] = f.p[i] + x * tip->p[0] + y * tip->p[1] + z * tip->p[2];
    }
}

/* Joint i of `count` sets; the lanes beyond them stay at zero. */
INLINE Lane gather(const double *q, int joints, int i, size_t count) {
    Lane value = {0};
    for (size_t k = 0; k < count; k++) value[k] = q[k * (size_t)joints + (size_t)i];
    return value;
}

/* Far angles are brought near, where the sine is exact; the set as it is where none is far. */
INLINE const double *nearby(const Chain *chain, const double *q, size_t count, double *room) {
    const size_t all = count * (size_t)chain->n;
    int far = 0;
    for (size_t k = 0; k < all; k++) far |= !(fabs(q[k]) < 1e5);
    if (!far) return q;
    for (size_t k = 0; k < all; k++)
        room[k] = chain->joint[k % (size_t)chain->n].slides ? q[k] : remainder(q[k], 6.283185307179586477);
    return room;
}

INLINE void forward(const Chain *chain, const double *q, size_t count, double *out) {
    double room[LANES * CHAIN_MOST];
    Turn t;
    q = nearby(chain, q, count, room);
    spread(&chain->base, &t);
    for (int i = 0; i < chain->n; i++) {
        const Lane value = gather(q, chain->n, i, count);
        pass(&t, &chain->joint[i], &value);
    }
    end(&t, &chain->tip);
    for (int i = 0; i < 3; i++) lanes_store4(&t.x[i], &t.y[i], &t.z[i], &t.p[i], out + 4 * i, 16, count);
    for (size_t k = 0; k < count; k++) {
        const double last[4] = {0, 0, 0, 1};
        memcpy(out + 16 * k + 12, last, sizeof last);
    }
}

/* Columns i ... i + many - 1 of `count` Jacobians. */
INLINE void put_columns(const Lane (*column)[6], int i, int many, int n, size_t count, double *out) {
    for (int row = 0; row < 6; row++) {
        double *to = out + row * n + i;
        if (many == 4) {
            lanes_store4(&column[0][row], &column[1][row], &column[2][row], &column[3][row], to, 6 * (size_t)n, count);
            continue;
        }
        for (size_t k = 0; k < count; k++)
            for (int m = 0; m < many; m++) to[6 * k * (size_t)n + (size_t)m] = column[m][row][k];
    }
}

INLINE void jacobian(const Chain *chain, const double *q, size_t count, double *out, Turn *t) {
    double room[LANES * CHAIN_MOST];
    Lane column[CHAIN_MOST][6];
    const int n = chain->n;
    q = nearby(chain, q, count, room);
    spread(&chain->base, t);
    for (int i = 0; i < n; i++) { /* first the axis, and a point on it */
        const Lane value = gather(q, n, i, count);
        for (int k = 0; k < 3; k++) column[i][3 + k] = t->z[k], column[i][k] = t->p[k];
        pass(t, &chain->joint[i], &value);
    }
    end(t, &chain->tip);
    for (int i = 0; i < n; i++) {
        Lane *c = column[i];
        const Lane z[3] = {c[3], c[4], c[5]}, r[3] = {t->p[0] - c[0], t->p[1] - c[1], t->p[2] - c[2]};
        if (chain->joint[i].slides) {
            for (int k = 0; k < 3; k++) c[k] = z[k], c[3 + k] = (Lane){0};
        } else {
            c[0] = z[1] * r[2] - z[2] * r[1];
            c[1] = z[2] * r[0] - z[0] * r[2];
            c[2] = z[0] * r[1] - z[1] * r[0];
        }
    }
    for (int i = 0; i < n; i += 4) put_columns(column + i, i, n - i < 4 ? n - i : 4, n, count, out);
}

static void forward_all(const Chain *chain, const double *q, size_t n, double *out) {
    for (; n >= LANES; n -= LANES, q += LANES * (size_t)chain->n, out += LANES * 16) forward(chain, q, LANES, out);
    if (n > 0) forward(chain, q, n, out);
}

static void jacobian_all(const Chain *chain, const double *q, size_t n, double *out) {
    const size_t joints = (size_t)chain->n;
    Turn t;
    for (; n >= LANES; n -= LANES, q += LANES * joints, out += LANES * 6 * joints)
        jacobian(chain, q, LANES, out, &t);
    if (n > 0) jacobian(chain, q, n, out, &t);
}
