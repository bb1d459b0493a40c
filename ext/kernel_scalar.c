/* One set of joint values at a time. */
#define LANES 1
#include "kernel_lanes.h"

void chain_state(const Chain *chain, const double *q, Frame *tip, double *out) {
    double row[16];
    if (out) {
        Turn t;
        jacobian(chain, q, 1, out, &t);
        for (int i = 0; i < 3; i++) {
            tip->r[3 * i] = t.x[i][0];
            tip->r[3 * i + 1] = t.y[i][0];
            tip->r[3 * i + 2] = t.z[i][0];
            tip->p[i] = t.p[i][0];
        }
        return;
    }
    forward(chain, q, 1, row);
    for (int i = 0; i < 3; i++) {
        memcpy(tip->r + 3 * i, row + 4 * i, 3 * sizeof(double));
        tip->p[i] = row[4 * i + 3];
    }
}

const Kernel kernel_scalar = {"scalar", forward_all, jacobian_all, atan2_all, newton_all, chain_state};
