/* The gridpoints, and how x bends between them: see topp_grid.h. */
#include <math.h>

#include "topp_grid.h"

/* How many intervals of the coarse grid piece k has. */
static int share(const ToppPath *path, int wanted, int k) {
    const double whole = path->s[path->pieces] - path->s[0], part = (path->s[k + 1] - path->s[k]) / whole;
    const int even = wanted / (4 * path->pieces), least = even < 2 ? 2 : even > 4 ? 4 : even;
    const int fair = (int)(0.5 * part * wanted + 0.5);
    return fair > least ? fair : least;
}

int topp_intervals(const ToppPath *path, int wanted) {
    int n = 0;
    for (int k = 0; k < path->pieces; k++) n += share(path, wanted, k);
    return 2 * n + 1;
}

void topp_coarse(const ToppPath *path, int wanted, ToppGrid *grid) {
    int n = 0;
    for (int k = 0; k < path->pieces; k++) {
        const double from = path->s[k], length = path->s[k + 1] - from;
        const int parts = share(path, wanted, k);
        for (int i = 0; i < parts; i++, n++) {
            grid->s[n] = from + length * i / parts;
            grid->piece[n] = k;
            grid->bulge[n] = 0;
        }
    }
    grid->s[n] = path->s[path->pieces];
    grid->intervals = n;
}

/* Half the second derivative of x at gridpoint k, from the two intervals that meet there. */
static double bend(const ToppGrid *grid, int k) {
    const double *s = grid->s + k, *x = grid->x + k;
    return ((x[1] - x[0]) / (s[1] - s[0]) - (x[0] - x[-1]) / (s[0] - s[-1])) / (s[1] - s[-1]);
}

/* How interval k bends: as both its ends tell, by the one that tells less; not at all where they differ, for there
   x has a kink. How much the ends disagree with what lies beyond them is returned in `doubt`. */
static double bend_of(const ToppGrid *grid, int k, double *doubt) {
    const int n = grid->intervals;
    if (k < 2 || k + 2 >= n) {
        const double h = grid->s[k + 1] - grid->s[k];
        *doubt = 0.1 * fabs(grid->x[k + 1] - grid->x[k]) / (h * h);
        return 0;
    }
    const double left = bend(grid, k), right = bend(grid, k + 1);
    const double before = fabs(left - bend(grid, k - 1)), after = fabs(right - bend(grid, k + 2));
    *doubt = fmax(fabs(left - right), fmax(before, after));
    if (!(left * right > 0)) return 0;
    return fabs(left) < fabs(right) ? left : right;
}

static double bulge(double bent, double h, double x, double y) {
    const double mean = 0.5 * (x + y);
    return mean > 0 ? fmin(0.5, fmax(-0.5, -bent * h * h / mean)) : 0;
}

/* Sets bulge[k] to how interval k bends, most[k] to its share of the parts to be handed out: it grows with the time
   that the doubt may cost (the power 3/4 was found by trying). Returns the sum of the shares. */
static double shares(ToppGrid *grid) {
    double sum = 0;
    for (int k = 0; k < grid->intervals; k++) {
        const double h = grid->s[k + 1] - grid->s[k], x = 0.5 * (grid->x[k] + grid->x[k + 1]);
        double doubt;
        grid->bulge[k] = bend_of(grid, k, &doubt);
        const double root = x > 0 ? sqrt(doubt * h * h * h / (x * sqrt(x))) : 0;
        grid->most[k] = root * sqrt(root);
        sum += grid->most[k];
    }
    return sum;
}

/* Divides interval k of the coarse grid into the fine ones from `first` on. */
static void divide(ToppGrid *grid, int k, int first, int parts) {
    const double w = grid->bulge[k], from = grid->s[k], whole = grid->s[k + 1] - from, h = whole / parts;
    const double x = grid->x[k], slope = (grid->x[k + 1] - x) / whole - w * whole;
    const int piece = grid->piece[k];
    for (int i = parts - 1; i >= 0; i--) {
        const double a = h * i, b = a + h;
        grid->s[first + i] = from + a;
        grid->piece[first + i] = piece;
        grid->bulge[first + i] = bulge(w, h, x + a * (slope + w * a), x + b * (slope + w * b));
    }
}

void topp_fine(ToppGrid *grid) {
    const int n = grid->intervals;
    const double sum = shares(grid), each = sum > 0 ? n / sum : 0;
    double handed = 0;
    int last = 0;
    for (int k = 0; k < n; k++) {
        handed += 1 + each * grid->most[k];
        const int until = sum > 0 ? (int)fmin(handed + 1e-6, 2 * n) : 2 * (k + 1);
        grid->most[k] = until > last ? until : last + 1;
        last = (int)grid->most[k];
    }
    grid->s[last] = grid->s[n];
    for (int k = n - 1; k >= 0; k--) {
        const int first = k > 0 ? (int)grid->most[k - 1] : 0;
        divide(grid, k, first, (int)grid->most[k] - first);
    }
    grid->intervals = last;
}
