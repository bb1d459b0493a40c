/* See frame.h. */
#include "frame.h"

#include <math.h>

int frame_rigid(const Frame *f) {
    const double *r = f->r;
    double off = 0;
    for (int i = 0; i < 3; i++) {
        const double *a = r + 3 * i, *b = r + 3 * ((i + 1) % 3);
        off += fabs(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] - 1) + fabs(a[0] * b[0] + a[1] * b[1] + a[2] * b[2]);
    }
    const double handed = r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
                          r[2] * (r[3] * r[7] - r[4] * r[6]);
    return off < 1e-6 && handed > 0 && isfinite(f->p[0]) && isfinite(f->p[1]) && isfinite(f->p[2]);
}
