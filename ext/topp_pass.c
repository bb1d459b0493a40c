/* The fastest way along the grid: back from the end for what can still reach it, then forth as fast as that allows.

What can be reached from x in one interval is the y between the highest lower bound and the lowest upper bound, so
that the gap between these two, and that to the set to be reached, is a concave, piecewise straight function of x:
its ends are found by going down the straight lines, in as many steps as it has lines, of which two or three do
nearly always. */
#include <float.h>
#include <math.h>

#include "topp_grid.h"

typedef struct {
    double miss, slope; /* how far the lower bound of y at x is above the upper, and how that grows with x */
    double level;       /* x where the two lines meet */
} Gap;

/* Written so that the compiler takes two strips at a time. */
static void tightest(const ToppGrid *grid, int k, double x, double *low, double *high) {
    const size_t at = (size_t)k * grid->room;
    const double *restrict up = grid->high + at, *restrict down = grid->low + at, *restrict e = grid->e + at;
    double h[2] = {*high, *high}, l[2] = {*low, *low};
    const int n = grid->strips[k];
    for (int i = 0; i + 1 < n; i += 2)
        for (int j = 0; j < 2; j++) {
            const double a = up[i + j] + e[i + j] * x, b = down[i + j] + e[i + j] * x;
            h[j] = a < h[j] ? a : h[j];
            l[j] = b > l[j] ? b : l[j];
        }
    if (n % 2) {
        const double a = up[n - 1] + e[n - 1] * x, b = down[n - 1] + e[n - 1] * x;
        h[0] = a < h[0] ? a : h[0];
        l[0] = b > l[0] ? b : l[0];
    }
    *high = h[0] < h[1] ? h[0] : h[1];
    *low = l[0] > l[1] ? l[0] : l[1];
}

/* The bounds of y at x, and which lines they are. */
static Gap gap_at(const ToppGrid *grid, int k, double x) {
    const size_t at = (size_t)k * grid->room;
    double high = grid->greatest[k + 1], low = grid->least[k + 1], up = high, down = low, rise = 0, fall = 0;
    for (int i = 0; i < grid->strips[k]; i++) {
        const double e = grid->e[at + i], one = grid->high[at + i] + e * x, other = grid->low[at + i] + e * x;
        if (one < high) high = one, rise = e, up = grid->high[at + i];
        if (other > low) low = other, fall = e, down = grid->low[at + i];
    }
    return (Gap){low - high, fall - rise, (down - up) / (rise - fall)};
}

/* The end of the x that have a gap, looked for from x on in the direction `sign`; NAN if there are none up to stop.
   */
static double edge(const ToppGrid *grid, int k, double x, double sign, double stop) {
    for (int round = 0; round < 2 * grid->room + 4; round++) {
        const Gap g = gap_at(grid, k, x);
        if (g.miss <= 0) return x;
        if (!(sign * g.slope < 0) || sign * (g.level - stop) > 0) return NAN;
        /* What is left is rounding. A steep line, one that hardly counts y, makes much of it: a little further. */
        x = sign * (g.level - x) > 0 ? g.level : x * (1 + 4 * sign * DBL_EPSILON);
    }
    return x;
}

/* A part of what can be reached at gridpoint k from a standstill before it. */
static double little(const ToppGrid *grid, int k) {
    double low = 0, high = grid->greatest[k];
    tightest(grid, k - 1, 0, &low, &high);
    return 0.01 * high;
}

static int back(ToppGrid *grid, int k, int floor) {
    const double most = grid->most[k];
    double low = grid->least[k + 1], high = grid->greatest[k + 1];
    tightest(grid, k, most, &low, &high);
    grid->greatest[k] = low <= high ? most : edge(grid, k, most, -1, 0);
    grid->least[k] = grid->least[k + 1] > 0 ? edge(grid, k, 0, 1, most) : 0;
    if (!(grid->greatest[k] >= grid->least[k])) return 0;
    if (floor && k > 0) grid->least[k] = fmax(grid->least[k], little(grid, k));
    return 1;
}

static ToppStatus both_ways(ToppGrid *grid, double start, double end, double bound[2], int floor) {
    const int n = grid->intervals;
    grid->least[n] = grid->greatest[n] = end;
    for (int k = n - 1; k >= 0; k--)
        if (!back(grid, k, floor)) return TOPP_ENDLESS;
    bound[0] = grid->least[0], bound[1] = grid->greatest[0];
    if (!(start >= bound[0] && start <= bound[1])) return TOPP_START;
    grid->x[0] = start;
    for (int k = 0; k < n; k++) {
        double low = grid->least[k + 1], high = grid->greatest[k + 1];
        tightest(grid, k, grid->x[k], &low, &high);
        grid->x[k + 1] = high > 0 ? high : 0;
        if (!(grid->x[k] > 0) && !(grid->x[k + 1] > 0)) return TOPP_ENDLESS;
        if (grid->x[k + 1] >= 0.5 * TOPP_MOST) return TOPP_FREE;
    }
    return TOPP_OK;
}

/* On a coarse grid the fastest x may be one from which nothing goes on but a stop at the next gridpoint: then there
   is a second try, in which x does not fall to nothing between the ends and the corners. */
ToppStatus topp_pass(ToppGrid *grid, double start, double end, double bound[2]) {
    bound[0] = 0, bound[1] = grid->most[grid->intervals];
    if (end > bound[1]) return TOPP_END;
    const ToppStatus status = both_ways(grid, start, end, bound, 0);
    return status == TOPP_ENDLESS ? both_ways(grid, start, end, bound, 1) : status;
}

/* The time over h from one speed to the other, where s'' = u + w s: there h = (v + v') tanh(r t / 2) / r with r^2 =
   w. */
double topp_time(double h, double sum, double w) {
    const double r = sqrt(fabs(w)), part = r * h / sum;
    if (!(part > 1e-9)) return 2 * h / sum;
    return 2 * (w > 0 ? atanh(part) : atan(part)) / r;
}

double topp_table(const ToppGrid *grid, ToppPiece *table) {
    double t = 0;
    for (int k = 0; k < grid->intervals; k++) {
        const double h = grid->s[k + 1] - grid->s[k], x = grid->x[k], y = grid->x[k + 1];
        const double bulge = 0.5 * grid->bulge[k] * (x + y), u = 0.5 * (y - x + bulge) / h;
        const double w = -bulge / (h * h), dt = topp_time(h, sqrt(x) + sqrt(y), w);
        table[k] = (ToppPiece){t, dt, grid->s[k], h, sqrt(x), u, w, 0, grid->piece[k]};
        t += dt;
    }
    return t;
}
