/* Several numbers at once, LANES of them: the same source makes the scalar, the baseline and the AVX2 kernels.

Only operations that IEEE 754 defines to the last bit are used, products and sums are kept apart, and sine and cosine
are our own: a pose is the same number on every processor, alone or among many. */
#ifndef LANES_H
#define LANES_H

#include <stddef.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef double Lane __attribute__((vector_size(8 * LANES)));
typedef long long LaneBits __attribute__((vector_size(8 * LANES)));

/* Wherever a bit of the mask is set a, else b. */
#define PICK(mask, a, b) ((Lane)(((mask) & (LaneBits)(a)) | (~(mask) & (LaneBits)(b))))

/* Sine and cosine to a unit in the last place, for |x| < 1e5: x less the nearest multiple k of pi/2 (pi/2 in two parts,
   of which k times the first is exact), then the polynomials of fdlibm's kernels, and the quadrant by the bits of k. */
INLINE void lanes_sincos(const Lane *angle, Lane *sine, Lane *cosine) {
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
    const Lane shifted = *angle * 0.63661977236758134308 + magic, k = shifted - magic;
    const LaneBits n = (LaneBits)shifted;
    const Lane y = (*angle - k * 1.57079632673412561417) - k * 6.07710050650619224932e-11, z = y * y;
    const Lane s = y + y * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03 +
                   z * (-1.98412698298579493134e-04 + z * (2.75573137070700676789e-06 +
                   z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
    const Lane c = 1.0 - (0.5 * z - z * z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 +
                   z * (2.48015872894767294178e-05 + z * (-2.75573143513906633035e-07 +
                   z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11))))));
    const LaneBits odd = -(n & 1), sign = (LaneBits){0} + (-0x7fffffffffffffffLL - 1);
    *sine = (Lane)((LaneBits)PICK(odd, c, s) ^ ((n << 62) & sign));
    *cosine = (Lane)((LaneBits)PICK(odd, s, c) ^ (((n + 1) << 62) & sign));
}

/* The first `count` lanes of a, b, c, d as rows of four, `stride` doubles apart. */
INLINE void lanes_store4(const Lane *a, const Lane *b, const Lane *c, const Lane *d, double *to, size_t stride,
    size_t count) {
#if LANES == 4
    if (count == 4) {
        const Lane low = __builtin_shufflevector(*a, *b, 0, 4, 2, 6), high = __builtin_shufflevector(*a, *b, 1, 5, 3, 7);
        const Lane lo = __builtin_shufflevector(*c, *d, 0, 4, 2, 6), hi = __builtin_shufflevector(*c, *d, 1, 5, 3, 7);
        const Lane rows[4] = {__builtin_shufflevector(low, lo, 0, 1, 4, 5), __builtin_shufflevector(high, hi, 0, 1, 4, 5),
                              __builtin_shufflevector(low, lo, 2, 3, 6, 7), __builtin_shufflevector(high, hi, 2, 3, 6, 7)};
        for (size_t k = 0; k < 4; k++) memcpy(to + k * stride, &rows[k], sizeof rows[k]);
        return;
    }
#endif
    for (size_t k = 0; k < count; k++, to += stride) to[0] = (*a)[k], to[1] = (*b)[k], to[2] = (*c)[k], to[3] = (*d)[k];
}

/* The angle of the point (x, y) in [-pi, pi] to two units in the last place; 0 for the origin. The ratio is brought
   below tan(pi/8) by atan(r) = pi/4 + atan((r - 1)/(r + 1)); then the rational form of Cephes' atan. */
INLINE void lanes_atan2(const Lane *y, const Lane *x, Lane *out) {
    const LaneBits sign = (LaneBits){0} + (-0x7fffffffffffffffLL - 1);
    const Lane ax = (Lane)((LaneBits)*x & ~sign), ay = (Lane)((LaneBits)*y & ~sign), none = {0}, one = none + 1.0;
    const LaneBits steep = ay > ax;
    const Lane low = PICK(steep, ax, ay), high = PICK(steep, ay, ax);
    const LaneBits wide = low * 2.41421356237309504880 > high;
    const Lane top = PICK(wide, low - high, low), bottom = PICK(wide, low + high, high);
    const Lane r = top / PICK((LaneBits)(bottom == 0), one, bottom), z = r * r;
    const Lane p = z * ((((-8.750608600031904122785e-1 * z - 1.615753718733365076637e1) * z - 7.500855792314704667340e1) *
                   z - 1.228866684490136173410e2) * z - 6.485021904942025371773e1);
    const Lane q = ((((z + 2.485846490142306297962e1) * z + 1.650270098316988542046e2) * z + 4.328810604912902668951e2) *
                   z + 4.853903996359136964868e2) * z + 1.945506571482613964425e2;
    Lane angle = r * (p / q) + r;
    angle = PICK(wide, angle + 7.85398163397448309616e-1, angle);
    angle = PICK(steep, (1.57079632679489661923 - angle) + 6.12323399573676588613e-17, angle);
    angle = PICK((LaneBits)(*x < 0), (3.14159265358979323846 - angle) + 1.22464679914735317723e-16, angle);
    *out = (Lane)((LaneBits)angle | ((LaneBits)*y & sign));
}

#endif
