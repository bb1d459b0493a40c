/* See rotation.h: both ways lead over the unit quaternion. */
#include "rotation.h"

#include <math.h>

void rotation_from_vector(const double v[3], double r[9]) {
    const double angle = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    const double scale = angle > 1e-12 ? sin(angle / 2) / angle : 0.5;
    const double w = cos(angle / 2), a = v[0] * scale, b = v[1] * scale, c = v[2] * scale;
    r[0] = 1 - 2 * (b * b + c * c);
    r[1] = 2 * (a * b - w * c);
    r[2] = 2 * (a * c + w * b);
    r[3] = 2 * (a * b + w * c);
    r[4] = 1 - 2 * (a * a + c * c);
    r[5] = 2 * (b * c - w * a);
    r[6] = 2 * (a * c - w * b);
    r[7] = 2 * (b * c + w * a);
    r[8] = 1 - 2 * (a * a + b * b);
}

/* By Shepperd's choice of the largest component of the quaternion. */
void rotation_to_vector(const double r[9], double v[3]) {
    const double trace = r[0] + r[4] + r[8];
    double w, x, y, z;
    if (trace >= r[0] && trace >= r[4] && trace >= r[8]) {
        w = 1 + trace, x = r[7] - r[5], y = r[2] - r[6], z = r[3] - r[1];
    } else if (r[0] >= r[4] && r[0] >= r[8]) {
        w = r[7] - r[5], x = 1 + r[0] - r[4] - r[8], y = r[1] + r[3], z = r[2] + r[6];
    } else if (r[4] >= r[8]) {
        w = r[2] - r[6], x = r[1] + r[3], y = 1 - r[0] + r[4] - r[8], z = r[5] + r[7];
    } else {
        w = r[3] - r[1], x = r[2] + r[6], y = r[5] + r[7], z = 1 - r[0] - r[4] + r[8];
    }
    const double s = w < 0 ? -1 : 1, norm = sqrt(x * x + y * y + z * z);
    const double scale = norm > 1e-14 ? s * 2 * atan2(norm, s * w) / norm : 0;
    v[0] = x * scale;
    v[1] = y * scale;
    v[2] = z * scale;
}
