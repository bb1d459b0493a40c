/* What may be asked: every number is looked at before anything is computed with it. */
#include "otg_plan.h"

#include <math.h>

static OtgStatus say(OtgAnswer *answer, int axis, OtgField field, OtgStatus status) {
    answer->axis = axis;
    answer->field = field;
    return status;
}

static OtgStatus check_limits(const OtgRequest *r, int i, OtgAnswer *answer) {
    const int wants_speed = r->interface == OTG_POSITION;
    if (!(r->jmax > 0)) return say(answer, i, OTG_JMAX, OTG_BAD_LIMIT);
    if (!(r->amax > 0)) return say(answer, i, OTG_AMAX, OTG_BAD_LIMIT);
    if (!(r->amin < 0)) return say(answer, i, OTG_AMIN, OTG_BAD_LIMIT);
    if (wants_speed && !(r->vmax >= 0)) return say(answer, i, OTG_VMAX, OTG_BAD_LIMIT);
    if (wants_speed && !(r->vmin <= 0)) return say(answer, i, OTG_VMIN, OTG_BAD_LIMIT);
    /* Without a jerk limit the acceleration is the control: both sides of it or none. */
    if (isinf(r->jmax) && isfinite(r->amax) != isfinite(r->amin)) return say(answer, i, OTG_AMIN, OTG_BAD_LIMIT);
    if (isinf(r->jmax) && isinf(r->amax) && r->interface == OTG_VELOCITY) return say(answer, i, OTG_AMAX,
        OTG_BAD_LIMIT);
    if (isinf(r->jmax) && isinf(r->amax) && isinf(r->vmax)) return say(answer, i, OTG_VMAX, OTG_BAD_LIMIT);
    if (isinf(r->jmax) && isinf(r->amax) && isinf(r->vmin)) return say(answer, i, OTG_VMIN, OTG_BAD_LIMIT);
    return OTG_OK;
}

static OtgStatus check_target(const OtgRequest *r, int i, OtgAnswer *answer) {
    const double slack = 1 + 1e-12;
    if (isfinite(r->jmax) && !(r->af <= r->amax * slack && r->af >= r->amin * slack)) return say(answer, i, OTG_AF,
        OTG_TARGET_LIMIT);
    if (r->interface == OTG_VELOCITY || (isinf(r->jmax) && isinf(r->amax))) return OTG_OK;
    if (!(r->vf <= r->vmax * slack && r->vf >= r->vmin * slack)) return say(answer, i, OTG_VF, OTG_TARGET_LIMIT);
    if (isinf(r->jmax)) return OTG_OK;
    const double before = r->vf - 0.5 * r->af * fabs(r->af) / r->jmax; /* where the last ramp left acceleration zero */
    const double room = 1e-12 * (fabs(r->vf) + fabs(r->vf - before));
    if (before > r->vmax + room || before < r->vmin - room) return say(answer, i, OTG_AF, OTG_TARGET_RIM);
    return OTG_OK;
}

OtgRequest otg_request(const OtgInput *in, int i) {
    const double *const *f = in->field;
    OtgRequest r = {in->interface[i] == OTG_VELOCITY ? OTG_VELOCITY : OTG_POSITION,
                    f[OTG_P0][i], f[OTG_V0][i], f[OTG_A0][i], f[OTG_PF][i], f[OTG_VF][i], f[OTG_AF][i],
                    f[OTG_VMAX][i], f[OTG_VMIN][i], f[OTG_AMAX][i], f[OTG_AMIN][i], f[OTG_JMAX][i], 0};
    return r;
}

OtgStatus otg_check(const OtgInput *in, OtgAnswer *answer) {
    if (!(in->least >= 0) || isinf(in->least) || in->exact < 0 || isinf(in->exact)) return say(answer, -1, 0,
        OTG_BAD_DURATION);
    for (int i = 0; i < in->n; i++) {
        for (int k = OTG_P0; k <= OTG_AF; k++) {
            const int unused = k == OTG_PF && in->interface[i] == OTG_VELOCITY;
            if (!unused && !isfinite(in->field[k][i])) return say(answer, i, k, OTG_NOT_FINITE);
        }
        const OtgRequest r = otg_request(in, i);
        OtgStatus status = check_limits(&r, i, answer);
        if (status == OTG_OK && in->enabled[i]) status = check_target(&r, i, answer);
        if (status != OTG_OK) return status;
    }
    return OTG_OK;
}
