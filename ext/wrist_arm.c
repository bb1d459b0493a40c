/* The constants of an arm with a spherical wrist: see wrist_arm.h. */
#include <math.h>
#include <string.h>

#include "wrist_arm.h"

static const double RIM = 1.5e-7; /* m: a pose so little out of reach is answered at the rim */
static const double ROUGH = 1e-3; /* m: what is further out of reach is not tried. Near two rims at once the square
                                     root of a miss at the one is missing at the other */
static const double TWIST = 1e-9; /* rad: axes 4 and 6 may stand so much nearer or further apart than they can */

enum { TURN, D, A, ALPHA };

static Turn exact(double angle) {
    Turn t = {cos(angle), sin(angle)};
    if (fabs(t.c) < 1e-15) t.c = 0;
    if (fabs(t.s) < 1e-15) t.s = 0;
    return t;
}

static void frame_of(const double *m, Frame *out) {
    for (int i = 0; i < 3; i++) {
        memcpy(out->r + 3 * i, m + 4 * i, 3 * sizeof(double));
        out->p[i] = m[4 * i + 3];
    }
}

/* False where W cannot move in three directions, or the tool cannot turn in three. */
static int kind_of(WristArm *arm) {
    if (arm->alpha4.s == 0 || arm->alpha5.s == 0 || arm->rho == 0) return 0;
    if (arm->alpha2.s == 0) {
        arm->kind = WRIST_PARALLEL_23;
        return arm->alpha1.s != 0 && arm->a2 != 0;
    }
    if (arm->a1 == 0) {
        arm->kind = WRIST_MEET_12;
        return arm->alpha1.s != 0 && (arm->a2 != 0 || arm->d2 != 0);
    }
    arm->kind = arm->alpha1.s == 0 ? WRIST_PARALLEL_12 : arm->a2 == 0 ? WRIST_MEET_23 : WRIST_SKEW;
    return 1;
}

void wrist_loosen(WristArm *arm, double way, double turn, double blur) {
    arm->blur = blur;
    arm->rim = RIM + way;
    arm->rough = fmax(ROUGH, sqrt(way * arm->size));
    arm->twist = TWIST + sqrt(turn);
}

int wrist_arm(WristArm *arm, const double *links, const double *base, const double *tip, int mirrored) {
    const double *const first = links, *const second = links + 4, *const third = links + 8;
    const double *const fourth = links + 12, *const fifth = links + 16;
    const Turn alpha3 = exact(third[ALPHA]);
    const double across = -fourth[D] * alpha3.s, phase = atan2(across, third[A]), c = cos(phase), s = sin(phase);
    Frame frame;
    if (fourth[A] != 0 || fifth[A] != 0 || fifth[D] != 0) return 0;
    arm->mirrored = mirrored;
    frame_of(base, &frame);
    for (int i = 0; i < 3; i++) frame.p[i] += frame.r[3 * i + 2] * first[D];
    frame_invert(&frame, &arm->unbase);
    frame_of(tip, &frame);
    frame_invert(&frame, &arm->untip);
    for (int i = 0; i < 6; i++) arm->turn[i] = remainder(links[4 * i + TURN] + (i == 2 ? phase : 0), 2 * M_PI);
    arm->a1 = first[A];
    arm->a2 = second[A];
    arm->d2 = second[D];
    arm->rho = hypot(third[A], across);
    arm->h = third[D] + fourth[D] * alpha3.c;
    if (arm->rho < 1e-9) arm->rho = 0;
    arm->size = fabs(arm->a1) + fabs(arm->a2) + fabs(arm->d2) + arm->rho + fabs(arm->h);
    wrist_loosen(arm, 0, 0, 0);
    arm->alpha1 = exact(first[ALPHA]);
    arm->alpha2 = exact(second[ALPHA]);
    arm->alpha4 = exact(fourth[ALPHA]);
    arm->alpha5 = exact(fifth[ALPHA]);
    arm->folded = turn_on(arm->alpha4, arm->alpha5);
    arm->bent = turn_back(arm->alpha4, arm->alpha5);
    arm->folded.s = fabs(arm->folded.s);
    arm->bent.s = fabs(arm->bent.s);
    const double rest[9] = {c, -s, 0, alpha3.c * s, alpha3.c * c, alpha3.s, -alpha3.s * s, -alpha3.s * c, alpha3.c};
    memcpy(arm->rest, rest, sizeof rest);
    return kind_of(arm);
}
