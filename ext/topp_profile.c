/* Running a path by its table: see topp_profile.h. */
#include "topp_profile.h"

#include <math.h>

/* s'' = u + w (s - s0) has the solution v S + u C with S = sinh(r t) / r, C = (cosh(r t) - 1) / r^2 and r^2 = w, or
   sin and cos where w is negative; as series where w t^2 is small, as it nearly always is. */
static void waves(double w, double t, double *S, double *C) {
    const double z = w * t * t;
    if (fabs(z) < 0.25) {
        *S = t * (1 + z / 6 * (1 + z / 20 * (1 + z / 42 * (1 + z / 72 * (1 + z / 110 * (1 + z / 156))))));
        *C = 0.5 * t * t * (1 + z / 12 * (1 + z / 30 * (1 + z / 56 * (1 + z / 90 * (1 + z / 132 * (1 + z / 182))))));
        return;
    }
    const double r = sqrt(fabs(w)), half = w > 0 ? sinh(0.5 * r * t) : sin(0.5 * r * t);
    *S = (w > 0 ? sinh(r * t) : sin(r * t)) / r;
    *C = 2 * half * half / fabs(w);
}

void topp_clock(const ToppPiece *q, double tau, double out[4]) {
    const double v = q->v, u = q->u;
    if (q->j != 0) {
        out[0] = tau * (v + tau * (0.5 * u + tau * (q->j / 6)));
        out[1] = v + tau * (u + 0.5 * tau * q->j);
        out[2] = u + tau * q->j;
        out[3] = q->j;
    } else if (q->w == 0) {
        out[0] = tau * (v + 0.5 * u * tau);
        out[1] = v + u * tau;
        out[2] = u;
        out[3] = 0;
    } else {
        double S, C;
        waves(q->w, tau, &S, &C);
        out[0] = v * S + u * C;
        out[1] = v * (1 + q->w * C) + u * S;
        out[2] = u + q->w * out[0];
        out[3] = q->w * out[1];
    }
    out[0] = fmin(q->h, fmax(0, out[0]));
    out[1] = fmax(0, out[1]);
}

int topp_piece(const ToppPiece *table, int pieces, double t, int at) {
    if (at + 1 < pieces && table[at + 1].t <= t) at++;
    if (table[at].t <= t && (at + 1 == pieces || t < table[at + 1].t)) return at;
    int low = 0, high = pieces;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (table[middle].t <= t) low = middle;
        else high = middle;
    }
    return low;
}

/* From derivatives by s to derivatives by time, in place: d[0..3] of dof numbers each. */
static void chain(int dof, const double c[4], double *const d[4], int order) {
    const double v = c[1], u = c[2], j = c[3];
    for (int i = 0; i < dof; i++) {
        const double f = d[1][i], g = order > 1 ? d[2][i] : 0, b = order > 2 ? d[3][i] : 0;
        d[1][i] = f * v;
        if (order > 1) d[2][i] = g * v * v + f * u;
        if (order > 2) d[3][i] = v * (b * v * v + 3 * g * u) + f * j;
    }
}

void topp_run(const ToppPath *path, const ToppPiece *table, int pieces, const double *t, size_t n,
    double *const out[4]) {
    int at = 0;
    const int order = out[3] ? 3 : out[2] ? 2 : 1;
    for (size_t k = 0; k < n; k++) {
        double scratch[4][TOPP_DOF], c[4], *row[4];
        for (int d = 0; d < 4; d++) row[d] = out[d] ? out[d] + k * path->dof : d <= order ? scratch[d] : NULL;
        at = topp_piece(table, pieces, t[k], at);
        const ToppPiece *q = &table[at];
        topp_clock(q, fmin(q->dt, fmax(0, t[k] - q->t)), c);
        topp_at(path, (int)q->piece, q->s - path->s[(int)q->piece] + c[0], row);
        chain(path->dof, c, row, order);
    }
}
