/* The limits of the axes on the grid: see topp_grid.h. */
#include <float.h>
#include <math.h>

#include "topp_bernstein.h"
#include "topp_grid.h"

/* What is asked for is a little less than the limits, so that no rounding is seen beyond them. */
static const double MARGIN = 1 - 2e-9;

/* The squares of the velocities that an axis may have in an interval, by the sign of its slope. */
static double square_limit(const double *limit, int dof, const double *f, int m, int i) {
    int up = 0, down = 0;
    for (int k = 0; k <= m; k++) up |= f[k * dof + i] > 0, down |= f[k * dof + i] < 0;
    const double v = up && down ? fmin(limit[dof + i], -limit[i]) : down ? -limit[i] : limit[dof + i];
    return v * v * MARGIN * MARGIN;
}

/* How much too fast an axis can be in an interval, as a factor of x. */
static double overshoot(const double *f, int dof, int m, int i, const double x[3], double square) {
    double own[TOPP_TERMS], f2[2 * TOPP_TERMS], v2[2 * TOPP_TERMS + 2], most = square;
    for (int k = 0; k <= m; k++) own[k] = f[k * dof + i];
    bernstein_product(own, m, own, m, f2);
    bernstein_product(f2, 2 * m, x, 2, v2);
    for (int k = 0; k <= 2 * m + 2; k++) most = fmax(most, v2[k]);
    return most / square;
}

/* Lowers `most` so that the velocity limits hold over interval k too. Where a slope vanishes at one end only, nothing
   would limit x there; it is held to what gives four times the speed at the steepest place of the interval. */
static void velocity_rows(const ToppPath *path, const double *limit, const double *f, int m, int k, ToppGrid *grid) {
    const int dof = path->dof;
    double *x = grid->most + k, *y = x + 1, over = 1, square[TOPP_DOF], steepest[TOPP_DOF];
    for (int i = 0; i < dof; i++) {
        double most = 0;
        square[i] = square_limit(limit, dof, f, m, i);
        for (int c = 0; c <= m; c++) most = fmax(most, fabs(f[c * dof + i]));
        steepest[i] = most * most;
        if (!(most > 0)) continue;
        const double a = fabs(f[i]), b = fabs(f[m * dof + i]);
        *x = fmin(*x, square[i] / (4 * a > most ? a * a : steepest[i] / 16));
        *y = fmin(*y, square[i] / (4 * b > most ? b * b : steepest[i] / 16));
    }
    const double speeds[3] = {*x, 0.5 * (*x + *y) * (1 + 0.5 * grid->bulge[k]), *y};
    const double fastest = fmax(speeds[0], fmax(speeds[1], speeds[2]));
    for (int i = 0; i < dof; i++)
        if (fastest * steepest[i] > square[i] && square[i] > 0)
            over = fmax(over, overshoot(f, dof, m, i, speeds, square[i]));
    if (over > 1) *x /= over, *y /= over;
}

static double smaller(double a, double b) { return a < b ? a : b; }

/* One strip: down <= p x + r y <= up. Where y does not count it is a limit of x alone. */
static int strip(double p, double r, double down, double up, double *low, double *high, double *e, double *x) {
    const double turn = 1 / r, one = up * turn, other = down * turn;
    *e = -p * turn;
    *low = r > 0 ? other : one, *high = r > 0 ? one : other;
    if (fabs(turn) * smaller(up, -down) < 1e200 && fabs(*e) < 1e100) return 1;
    if (p > 0) *x = smaller(*x, up / p);
    else if (p < 0) *x = smaller(*x, down / p);
    return 0;
}

/* The strips of interval k. With d = (m f[c+1] - m f[c]) / h as f', x as [x, e (x + y), y] and x' h / 2 as
   [e (x + y) - x, y - e (x + y)], the weights of the two products: p of x, r of y. */
static void acceleration_rows(const ToppPath *path, const double *limit, const double *f, int m, double h, int k,
    ToppGrid *grid) {
    const int dof = path->dof;
    const size_t at = (size_t)k * grid->room;
    const double e = 0.5 + 0.25 * grid->bulge[k];
    int n = 0;
    for (int c = 0; c <= m + 1; c++) {
        const double all = BINOMIAL[m + 1][c] * h, here = c <= m ? BINOMIAL[m][c] / all : 0;
        const double before = c > 0 ? BINOMIAL[m][c - 1] / all : 0;
        const double b0 = c < m ? m * BINOMIAL[m - 1][c] / all : 0;
        const double b1 = c > 0 && c <= m ? 2 * m * BINOMIAL[m - 1][c - 1] / all : 0;
        const double b2 = c > 1 ? m * BINOMIAL[m - 1][c - 2] / all : 0;
        const double *F = f + c * dof;
        for (int i = 0; i < dof; i++) {
            const double up = limit[dof + i] * MARGIN, down = limit[i] * MARGIN;
            if (up == INFINITY && down == -INFINITY) continue;
            double p = 0, r = 0;
            if (c <= m) p += here * (e - 1) * F[i], r += here * e * F[i];
            if (c > 0) p -= before * e * F[i - dof], r += before * (1 - e) * F[i - dof];
            if (c < m) p += b0 * (F[i + dof] - F[i]);
            if (c > 0 && c <= m) p += b1 * e * (F[i] - F[i - dof]), r += b1 * e * (F[i] - F[i - dof]);
            if (c > 1) r += b2 * (F[i - dof] - F[i - 2 * dof]);
            n += strip(p, r, down, up, grid->low + at + n, grid->high + at + n, grid->e + at + n, grid->most + k);
        }
    }
    grid->strips[k] = n;
}

void topp_rows(const ToppPath *path, const ToppLimits *limits, ToppGrid *grid) {
    double f[TOPP_TERMS * TOPP_DOF];
    const int n = grid->intervals;
    for (int k = 0; k <= n; k++) grid->most[k] = TOPP_MOST;
    for (int k = 0; k < n; k++) {
        const int piece = grid->piece[k];
        const double h = grid->s[k + 1] - grid->s[k];
        const int m = topp_slopes(path, piece, 1, grid->s[k] - path->s[piece], h, f);
        const double *limit = topp_limits(path, limits, piece);
        velocity_rows(path, limit, f, m, k, grid);
        acceleration_rows(path, limit + 2 * path->dof, f, m, h, k, grid);
        if (grid->s[k] == path->s[piece] && path->stop[piece] == TOPP_CORNER) grid->most[k] = 0;
    }
}
