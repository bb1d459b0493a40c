/* A chain of joints and links, forward: where the tip is, and how it moves with the joints.

    T(q) = base Π [Rz(turn + q) Tz(d) Tx(a) Rz(twist) Rx(alpha)] tip;    a sliding joint adds q to d instead of turning

Every arm comes down to this form (cellctl/motion/lines.py); twist is zero but between axes that are all but parallel,
whose common normal lies too far away to count with. The Jacobian is the geometric one in the base: column i is
the velocity (m/s) of the tip's origin and its turning speed (rad/s) for a unit speed of joint i. */
#ifndef CHAIN_H
#define CHAIN_H

#include "frame.h"

enum { CHAIN_MOST = 16 };

typedef struct {
    double turn, d, a, c, s; /* c, s: of alpha */
    double twist_c, twist_s;
    int slides, twists;
} ChainJoint;

typedef struct {
    int n;
    Frame base, tip;
    ChainJoint joint[CHAIN_MOST];
} Chain;

/* One set: the tip's frame, and where `jacobian` is not NULL the Jacobian (6, joints). */
typedef void (*ChainState)(const Chain *chain, const double *q, Frame *tip, double *jacobian);
void chain_state(const Chain *chain, const double *q, Frame *tip, double *jacobian);

#endif
