/* The angles of many turns at once: see wrist.h. Nothing is computed in a branch, so that it runs on several at a time.

The angle is brought to |z| <= tan(22.5°): atan(z) = z + z³ P(z²), where P is of the tenth degree, through the values at
Chebyshev's points; it is exact to 1e-17. */
#include <math.h>

#include "wrist.h"

static const double P[11] = {-0.33333333333333331, 0.19999999999995521, -0.14285714284666653, 0.11111111015262622,
    -0.090909045783128403, 0.076921831942136101, -0.066645114856415458, 0.058581491898512285, -0.050854509934836936,
    0.039231690844108963, -0.019176924018565245};
static const double TAN_22_5 = 0.41421356237309503;

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math") /* or comparisons are branches, which may not be left out */
#endif

/* Two machines in one where the compiler and the loader can: the same operations, so the same digits. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

WIDE void wrist_angles(const double *c, const double *s, const double *offset, int n, double *restrict out) {
    for (int i = 0; i < n; i++) {
        const double x = fabs(c[i]), y = fabs(s[i]), most = x > y ? x : y, least = x > y ? y : x;
        const double minus = least - most, plus = least + most, bound = TAN_22_5 * most;
        const double above = least > bound ? minus : least, below = least > bound ? plus : most;
        const double z = above / below, w = z * z;
        double p = P[10];
        for (int k = 9; k >= 0; k--) p = p * w + P[k];
        const double octant = z + z * w * p + (least > bound ? M_PI_4 : 0), other = M_PI_2 - octant;
        const double quarter = y > x ? other : octant, behind = M_PI - quarter;
        const double half = c[i] < 0 ? behind : quarter, back = -half;
        const double angle = (s[i] < 0 ? back : half) - offset[i];
        const double turn = (angle > M_PI ? -2 * M_PI : 0) + (angle <= -M_PI ? 2 * M_PI : 0);
        out[i] = angle + turn;
    }
}
