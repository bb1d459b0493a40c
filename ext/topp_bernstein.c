/* See topp_bernstein.h. */
#include "topp_bernstein.h"

#include <math.h>

enum { DEPTH = 16 };

#define ROW(...) {__VA_ARGS__}
const double BINOMIAL[BERNSTEIN_DEGREE + 1][BERNSTEIN_DEGREE + 1] = {
    ROW(1),
    ROW(1, 1),
    ROW(1, 2, 1),
    ROW(1, 3, 3, 1),
    ROW(1, 4, 6, 4, 1),
    ROW(1, 5, 10, 10, 5, 1),
    ROW(1, 6, 15, 20, 15, 6, 1),
    ROW(1, 7, 21, 35, 35, 21, 7, 1),
    ROW(1, 8, 28, 56, 70, 56, 28, 8, 1),
    ROW(1, 9, 36, 84, 126, 126, 84, 36, 9, 1),
    ROW(1, 10, 45, 120, 210, 252, 210, 120, 45, 10, 1),
    ROW(1, 11, 55, 165, 330, 462, 462, 330, 165, 55, 11, 1),
    ROW(1, 12, 66, 220, 495, 792, 924, 792, 495, 220, 66, 12, 1),
};
#undef ROW

void bernstein_of_powers(double *b, int degree) {
    for (int k = 1; k <= degree; k++) b[k] /= BINOMIAL[degree][k];
    for (int round = 1; round <= degree; round++)
        for (int k = degree; k >= round; k--) b[k] += b[k - 1];
}

void bernstein_product(const double *a, int m, const double *b, int n, double *out) {
    for (int k = 0; k <= m + n; k++) {
        double sum = 0;
        for (int i = k > n ? k - n : 0; i <= m && i <= k; i++)
            sum += BINOMIAL[m][i] * BINOMIAL[n][k - i] * a[i] * b[k - i];
        out[k] = sum / BINOMIAL[m + n][k];
    }
}

static void halve(const double *b, int degree, double *left, double *right) {
    for (int k = 0; k <= degree; k++) right[k] = b[k];
    for (int round = 0; round <= degree; round++) {
        left[round] = right[0];
        for (int k = 0; k < degree - round; k++) right[k] = 0.5 * (right[k] + right[k + 1]);
    }
}

static void range(const double *b, int degree, double error, int depth, double *low, double *high) {
    double least = b[0], most = b[0];
    for (int k = 1; k <= degree; k++) least = fmin(least, b[k]), most = fmax(most, b[k]);
    *low = fmin(*low, fmin(b[0], b[degree]) - error);
    *high = fmax(*high, fmax(b[0], b[degree]) + error);
    if (depth == 0 || (least - error >= *low && most + error <= *high)) {
        *low = fmin(*low, least - error);
        *high = fmax(*high, most + error);
        return;
    }
    double left[BERNSTEIN_DEGREE + 1], right[BERNSTEIN_DEGREE + 1];
    halve(b, degree, left, right);
    range(left, degree, error, depth - 1, low, high);
    range(right, degree, error, depth - 1, low, high);
}

void bernstein_range(const double *b, int degree, double error, double *low, double *high) {
    range(b, degree, error, DEPTH, low, high);
}
