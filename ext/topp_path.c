/* Evaluating a path: see topp_path.h. */
#include "topp_path.h"

#include <float.h>
#include <math.h>

#include "topp_bernstein.h"

void topp_at(const ToppPath *path, int piece, double sigma, double *const out[4]) {
    const int dof = path->dof, degree = path->degree[piece];
    const double *c = path->c + (size_t)piece * TOPP_TERMS * dof;
    for (int d = 0; d < 4; d++) {
        if (!out[d]) continue;
        for (int i = 0; i < dof; i++) out[d][i] = 0;
        for (int n = degree; n >= d; n--) {
            const double factor = d == 0 ? 1 : d == 1 ? n : d == 2 ? n * (n - 1) : n * (n - 1) * (n - 2);
            for (int i = 0; i < dof; i++) out[d][i] = out[d][i] * sigma + factor * c[n * dof + i];
        }
    }
}

int topp_find(const ToppPath *path, double s, int piece) {
    if (piece + 1 < path->pieces && s >= path->s[piece + 1]) piece++;
    if (s >= path->s[piece] && (piece + 1 == path->pieces || s < path->s[piece + 1])) return piece;
    int low = 0, high = path->pieces;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (path->s[middle] <= s) low = middle;
        else high = middle;
    }
    return low;
}

void topp_sample(const ToppPath *path, const double *s, size_t n, double *const out[4]) {
    int piece = 0;
    for (size_t k = 0; k < n; k++) {
        double *row[4];
        for (int d = 0; d < 4; d++) row[d] = out[d] ? out[d] + k * path->dof : NULL;
        const double at = fmin(path->s[path->pieces], fmax(path->s[0], s[k]));
        piece = topp_find(path, at, piece);
        topp_at(path, piece, at - path->s[piece], row);
    }
}

/* n (n - 1) ... over `order` factors. */
static double falling(int n, int order) {
    double product = 1;
    for (int k = 0; k < order; k++) product *= n - k;
    return product;
}

/* The Taylor terms of a derivative around sigma, in units of h: g[k dof + i], k up to m. */
static void terms(const ToppPath *path, int piece, int order, int m, double sigma, double h, double *g) {
    const int dof = path->dof;
    const double *c = path->c + ((size_t)piece * TOPP_TERMS + order) * dof;
    double power = 1;
    for (int k = 0; k <= m; k++, power *= h) {
        for (int i = 0; i < dof; i++) g[k * dof + i] = 0;
        for (int n = m; n >= k; n--) {
            const double factor = falling(n + order, order) * BINOMIAL[n][k];
            for (int i = 0; i < dof; i++) g[k * dof + i] = g[k * dof + i] * sigma + factor * c[n * dof + i];
        }
        for (int i = 0; i < dof; i++) g[k * dof + i] *= power;
    }
}

int topp_slopes(const ToppPath *path, int piece, int order, double sigma, double h, double *f) {
    const int dof = path->dof, degree = path->degree[piece] - order, m = degree > 0 ? degree : 0;
    terms(path, piece, order, m, sigma, h, f);
    for (int k = 1; k <= m; k++)
        for (int i = 0; i < dof; i++) f[k * dof + i] /= BINOMIAL[m][k];
    for (int round = 1; round <= m; round++) /* differences summed up again: every coefficient from the terms below */
        for (int k = m; k >= round; k--)
            for (int i = 0; i < dof; i++) f[k * dof + i] += f[(k - 1) * dof + i];
    return m;
}

void topp_sizes(const ToppPath *path, int piece, int order, double *size) {
    const int dof = path->dof;
    const double h = path->s[piece + 1] - path->s[piece], *c = path->c + (size_t)piece * TOPP_TERMS * dof;
    for (int i = 0; i < dof; i++) size[i] = 0;
    for (int n = path->degree[piece]; n >= order; n--)
        for (int i = 0; i < dof; i++) size[i] = size[i] * h + falling(n, order) * fabs(c[n * dof + i]);
}

/* The degree of a piece: its highest coefficient that is not zero. */
static int degree_of(const ToppPath *path, int piece) {
    const int dof = path->dof;
    const double *c = path->c + (size_t)piece * TOPP_TERMS * dof;
    for (int n = TOPP_TERMS - 1; n > 1; n--)
        for (int i = 0; i < dof; i++)
            if (c[n * dof + i] != 0) return n;
    return 1;
}

/* What jumps at the break before piece k. A jump is told from rounding by the size of what was subtracted. */
static int jump_at(const ToppPath *path, int k) {
    double side[2][3][TOPP_DOF], jump[3] = {0}, size[3] = {0};
    const double before = path->s[k] - path->s[k - 1], after = path->s[k + 1] - path->s[k], h = fmin(before, after);
    topp_at(path, k - 1, before, (double *[4]){side[0][0], side[0][1], side[0][2], NULL});
    topp_at(path, k, 0, (double *[4]){side[1][0], side[1][1], side[1][2], NULL});
    for (int d = 0; d < 3; d++)
        for (int i = 0; i < path->judged; i++) {
            const double one = side[0][d][i], other = side[1][d][i];
            jump[d] = fmax(jump[d], fabs(one - other));
            size[d] = fmax(size[d], fmax(fabs(one), fabs(other)));
        }
    const double slope = fmax(1e-9 * size[1], 1e-13 * size[0] / h);
    if (jump[1] > slope) return TOPP_CORNER;
    return jump[2] > fmax(1e-9 * size[2], slope / h) ? TOPP_BENT : TOPP_SMOOTH;
}

void topp_survey(const ToppPath *path, int *degree, int *stop) {
    const ToppPath known = {path->pieces, path->dof, path->s, path->c, degree, stop, path->judged};
    for (int k = 0; k < path->pieces; k++) degree[k] = degree_of(path, k);
    stop[0] = stop[path->pieces] = TOPP_SMOOTH;
    for (int k = 1; k < path->pieces; k++) stop[k] = jump_at(&known, k);
}

void topp_range(const ToppPath *path, double *least, double *greatest) {
    const int dof = path->dof;
    for (int i = 0; i < dof; i++) {
        double low = INFINITY, high = -INFINITY;
        for (int k = 0; k < path->pieces; k++) {
            const double *c = path->c + (size_t)k * TOPP_TERMS * dof + i;
            double b[TOPP_TERMS], h = path->s[k + 1] - path->s[k], size = 0, power = 1;
            for (int n = 0; n < TOPP_TERMS; n++, power *= h) b[n] = c[n * dof] * power, size += fabs(b[n]);
            bernstein_of_powers(b, TOPP_TERMS - 1);
            bernstein_range(b, TOPP_TERMS - 1, 64 * DBL_EPSILON * size, &low, &high);
        }
        least[i] = low, greatest[i] = high;
    }
}
